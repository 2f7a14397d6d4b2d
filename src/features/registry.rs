//! The one list of features: code, group, meaning, range and direction.
//!
//! Everything else (the matrix, explanations, the schema digest in model files, the help) is
//! derived from it. Adding a feature is adding a line here and filling it in `extract`.

/// What a feature looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Group {
    /// The form of the line: length, case, punctuation.
    Shape,
    /// Addresses, anchors, contacts.
    Links,
    /// Words and n-grams.
    Lexical,
    /// Tokens shaped like brands.
    Brand,
    /// Writing systems and disguise.
    Script,
    /// What the line has in common with the document.
    Belonging,
    /// Position and neighbours.
    Context,
    /// What the first pass says of the neighbours.
    Neighbours,
}

/// One entry of the registry.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct FeatureInfo {
    /// Stable code, as explanations show it.
    pub code: &'static str,
    /// What the feature looks at.
    pub group: Group,
    /// One line: what it is, its range, which way it points.
    pub doc: &'static str,
}

macro_rules! registry {
    ($($group:ident { $($name:ident = $code:literal : $doc:literal;)+ })+) => {
        /// Index of a feature in a row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[repr(usize)]
        #[allow(missing_docs)]
        pub enum Feature { $($(#[doc = $doc] $name,)+)+ }

        /// All features in row order.
        pub const FEATURES: &[FeatureInfo] = &[
            $($(FeatureInfo { code: $code, group: Group::$group, doc: $doc },)+)+
        ];
    };
}

registry! {
    Shape {
        Length = "length": "ln(1 + characters) / 6, 0..2; longer is more likely content.";
        Length2 = "length_le_2": "1 if at most 2 characters.";
        Length5 = "length_le_5": "1 if 3 to 5 characters.";
        Length10 = "length_le_10": "1 if 6 to 10 characters.";
        Length20 = "length_le_20": "1 if 11 to 20 characters.";
        Length40 = "length_le_40": "1 if 21 to 40 characters.";
        Length80 = "length_le_80": "1 if 41 to 80 characters.";
        Length160 = "length_le_160": "1 if 81 to 160 characters.";
        Length320 = "length_le_320": "1 if 161 to 320 characters.";
        LengthLong = "length_gt_320": "1 if more than 320 characters; content.";
        OneWord = "one_word": "1 if a single word.";
        TwoWords = "two_words": "1 if two words.";
        FewWords = "few_words": "1 if three to five words.";
        SomeWords = "some_words": "1 if six to twelve words.";
        LetterShare = "letter_share": "Letters among characters, 0..1; higher is more like text.";
        DigitShare = "digit_share": "Digits among characters, 0..1; higher is more like data.";
        CapitalShare = "capital_share": "Capitals among letters, 0..1; higher is more like headings and buttons.";
        CapitalWords = "capital_words": "Words that begin with a capital, 0..1; higher is more like titles and names.";
        AllCapitals = "all_capitals": "1 if at least 4 letters and all are capitals.";
        NoLetters = "no_letters": "1 if the line has no letter.";
        PunctuationShare = "punctuation_share": "Punctuation and symbols among characters, 0..1.";
        SentenceEnd = "sentence_end": "1 if it ends like a sentence; content.";
        EndsColon = "ends_colon": "1 if it ends in a colon.";
        EndsEllipsis = "ends_ellipsis": "1 if it ends in an ellipsis; cut teasers.";
        EndsComma = "ends_comma": "1 if it ends in a comma or semicolon; verse and lists.";
        InnerSentences = "inner_sentences": "ln(1 + sentence ends inside), 0..4; higher is content.";
        Commas = "commas": "ln(1 + commas), 0..4; higher is content.";
        StartsLower = "starts_lower": "1 if it begins with a small Latin letter.";
        StartsDigit = "starts_digit": "1 if it begins with a digit.";
        StartsBullet = "starts_bullet": "1 if it begins with a bullet, dash or star.";
        StartsArrow = "starts_arrow": "1 if it begins with an arrow or >.";
        StartsQuote = "starts_quote": "1 if it begins with a quotation mark; content.";
        StartsHash = "starts_hash": "1 if it begins with # and a letter; tags, directives of programs.";
        StartsHashSpace = "starts_hash_space": "1 if it begins with #, more of them or a space behind; headings, comments in code.";
        Bracketed = "bracketed": "1 if the whole line stands in brackets.";
        Quotes = "quotes": "ln(1 + quotation marks), 0..4; content.";
        Pipes = "pipes": "ln(1 + vertical bars), 0..4; menus and footers.";
        Slashes = "slashes": "ln(1 + slashes), 0..4; paths, dates, menus.";
        Arrows = "arrows": "ln(1 + > and arrows), 0..4; breadcrumbs.";
        Stars = "stars": "ln(1 + stars and bullets), 0..4.";
        Dashes = "dashes": "ln(1 + dashes), 0..4.";
        Colons = "colons": "ln(1 + colons), 0..4.";
        Parentheses = "parentheses": "ln(1 + opening brackets), 0..4.";
        CodeSigns = "code_signs": "Braces, equals signs, backslashes, underscores among characters, 0..1; code.";
        Exclamations = "exclamations": "ln(1 + exclamation marks), 0..4; promotion.";
        Questions = "questions": "ln(1 + question marks), 0..4.";
        Percents = "percents": "ln(1 + percent signs), 0..4.";
        Money = "money": "1 if a currency sign stands in it.";
        Numbers = "numbers": "ln(1 + runs of digits), 0..4.";
        LongestToken = "longest_token": "ln(1 + longest run without a space) / 6, 0..2.";
        WordLength = "word_length": "Mean characters a word / 10, 0..3.";
        DateLike = "date_like": "1 if it holds what reads like a date.";
        TimeLike = "time_like": "1 if it holds a time of day such as 10:44.";
        MostlyDate = "mostly_date": "1 if it is short and holds a date or time.";
    }
    Links {
        Url = "url": "1 if it holds an address with scheme or www.";
        UrlShare = "url_share": "Characters in addresses, 0..1.";
        BareDomain = "bare_domain": "1 if it holds a domain name without a scheme.";
        Anchor = "anchor": "1 if it holds an HTML, Markdown or BBCode link.";
        Markup = "markup": "1 if it holds HTML tags or shortcodes.";
        Email = "email": "1 if it holds an e-mail address.";
        Handle = "handle": "1 if it holds an @handle.";
        Hashtags = "hashtags": "ln(1 + signs # behind a space with a letter behind), 0..4; not the first sign of a line.";
        Phone = "phone": "1 if it holds what reads like a phone number.";
        Messenger = "messenger": "1 if a messenger is named or linked (wa.me, t.me, line id).";
        Shortener = "shortener": "1 if it holds an address of a link shortener.";
        Copyright = "copyright": "1 if it holds a copyright sign.";
        FileName = "file_name": "1 if it holds a name of an image, script or media file.";
    }
    Lexical {
        NgramByline = "ngram:byline": "Log-odds of the n-grams for byline against content / 4.";
        NgramBoilerplate = "ngram:boilerplate": "Log-odds of the n-grams for boilerplate against content / 4.";
        NgramSpam = "ngram:spam": "Log-odds of the n-grams for spam against content / 4.";
        NgramBylineShort = "ngram_short:byline": "The same if the line has at most 20 characters.";
        NgramBoilerplateShort = "ngram_short:boilerplate": "The same if the line has at most 20 characters.";
        NgramSpamShort = "ngram_short:spam": "The same if the line has at most 20 characters.";
        NgramBylineLong = "ngram_long:byline": "The same if the line has more than 160 characters.";
        NgramBoilerplateLong = "ngram_long:boilerplate": "The same if the line has more than 160 characters.";
        NgramSpamLong = "ngram_long:spam": "The same if the line has more than 160 characters.";
        NgramBoilerplatePositive = "ngram_positive:boilerplate": "Part above 0 of the n-grams for boilerplate.";
        NgramSpamPositive = "ngram_positive:spam": "Part above 0 of the n-grams for spam.";
        NgramBoilerplateAlone = "ngram_alone:boilerplate": "The n-grams for boilerplate if the document is one line.";
        NgramSpamAlone = "ngram_alone:spam": "The n-grams for spam if the document is one line.";
        NgramBoilerplateEdge = "ngram_edge:boilerplate": "The n-grams for boilerplate outside the body of prose.";
        NgramSpamEdge = "ngram_edge:spam": "The n-grams for spam outside the body of prose.";
        NgramBoilerplateInside = "ngram_inside:boilerplate": "The n-grams for boilerplate between two prose lines.";
        NgramSpamInside = "ngram_inside:spam": "The n-grams for spam between two prose lines.";
        PhraseNavigation = "phrase:navigation": "1 if a navigation phrase stands in it.";
        PhraseRelated = "phrase:related": "1 if a related-articles phrase stands in it.";
        PhraseShare = "phrase:share": "1 if a share phrase stands in it.";
        PhraseSubscribe = "phrase:subscribe": "1 if a subscribe phrase stands in it.";
        PhraseLegal = "phrase:legal": "1 if a legal phrase stands in it.";
        PhraseByline = "phrase:byline": "1 if a byline phrase stands in it.";
        PhraseAdvert = "phrase:advert": "1 if an advertising phrase stands in it.";
        PhraseComments = "phrase:comments": "1 if a comments phrase stands in it.";
        PhraseResidue = "phrase:residue": "1 if an extraction residue phrase stands in it.";
        PhraseGambling = "phrase:gambling": "1 if a gambling promotion phrase stands in it.";
        PhraseAdult = "phrase:adult": "1 if an adult promotion phrase stands in it.";
        PhrasePharma = "phrase:pharma": "1 if a pharma promotion phrase stands in it.";
        PhraseFinance = "phrase:finance": "1 if a finance promotion phrase stands in it.";
        PhraseGoods = "phrase:goods": "1 if a goods promotion phrase stands in it.";
        PhraseServices = "phrase:services": "1 if a services promotion phrase stands in it.";
        PhraseDownload = "phrase:download": "1 if a download promotion phrase stands in it.";
        PhraseScam = "phrase:scam": "1 if a scam phrase stands in it.";
        PhraseWhole = "phrase_whole": "1 if a boilerplate phrase is the whole line.";
        PhraseStart = "phrase_start": "1 if a boilerplate phrase begins the line.";
        PhraseCover = "phrase_cover": "Characters in boilerplate phrases, 0..1.";
        SpamPhrases = "spam_phrases": "ln(1 + spam phrases), 0..4.";
        PhraseSpamShort = "phrase_short:spam": "1 if a spam phrase stands in at most 80 characters.";
    }
    Brand {
        BrandBest = "brand_shape": "Log-odds of the most brand-like token / 4, at least 0.";
        BrandShare = "brand_share": "Characters in brand-like tokens, 0..1.";
        BrandOnly = "brand_only": "1 if the line is a brand-like token and at most a frame of two words.";
        BrandLast = "brand_last": "Brand log-odds of the last token / 4, at least 0.";
        BrandMixed = "brand_mixed": "1 if a token joins letters and a number behind them.";
        BrandMentioned = "brand_mentioned": "1 if the most brand-like token also stands in the body; content.";
        BrandTail = "tail_position": "Brand log-odds / 4 behind the last prose line.";
        BrandAlone = "brand_alone_document": "Brand log-odds / 4 if the document is one line.";
        BrandByline = "brand_byline": "Brand log-odds / 4 behind a byline frame such as By or Oleh.";
        BrandForeign = "brand_foreign": "Brand log-odds / 4 in another script than the document's.";
        BrandInside = "brand_inside": "Brand log-odds / 4 between two prose lines.";
        BrandPlainWord = "brand_plain_word": "Brand log-odds / 4 of a token without a digit.";
    }
    Script {
        ForeignShare = "foreign_script": "Letters outside the document's main script, 0..1; higher is more suspicious.";
        ScriptMismatch = "script_mismatch": "1 if the line's main script is not the document's.";
        ForeignTail = "foreign_tail": "foreign_script behind the last prose line.";
        OtherLanguage = "other_language": "Lead of another language over the document's, 0..3; higher is more suspicious.";
        OtherLanguageTail = "other_language_tail": "other_language behind the last prose line.";
        OtherLanguageInside = "other_language_inside": "other_language between two prose lines, or within one.";
        EmojiShare = "emoji_share": "Emoji among characters, 0..1.";
        Emoji = "emoji": "ln(1 + emoji), 0..4.";
        Styled = "styled": "ln(1 + mathematical, circled, squared, small-capital letters), 0..6; disguise.";
        FullwidthLatin = "fullwidth": "ln(1 + fullwidth letters) in a line that is not Chinese, Japanese or Korean.";
        Invisible = "invisible": "ln(1 + zero-width and bidirectional controls), 0..4; disguise.";
        Overlaid = "overlaid": "ln(1 + combining strokes and keycaps), 0..4; disguise.";
        MixedWords = "mixed_words": "ln(1 + words that mix look-alike scripts), 0..4; disguise.";
        Leet = "leet": "1 if a word has digits in the place of letters.";
        Spaced = "spaced": "1 if letters are set apart.";
        Disguise = "was_stylised": "1 if folding had to undo anything.";
        DisguisedBrand = "disguised_brand": "Brand log-odds / 4 of a line whose words were disguised.";
    }
    Belonging {
        Overlap = "vocabulary_overlap": "Character 4-grams shared with the document's prose, 0..1; higher is content.";
        OverlapLow = "vocabulary_foreign": "1 if the line has 12 or more letters and shares less than a tenth.";
        OverlapHigh = "vocabulary_own": "1 if at least 12 letters and it shares more than half.";
        NoBody = "no_body": "1 if the document has no prose to compare with.";
        OverlapForeignTail = "foreign_vocabulary_tail": "1 - vocabulary_overlap behind the last prose line.";
        Repeated = "repeated": "1 if the same line stands elsewhere in the document.";
        RepeatedOften = "repeated_often": "1 if the same line stands at least three times.";
        SameStartBefore = "same_start_before": "1 if the line before begins with the same word.";
        SameStartAfter = "same_start_after": "1 if the line after begins with the same word.";
        OfPrevious = "contained_in_body": "1 if the line's text stands inside a longer line.";
    }
    Context {
        OnlyLine = "only_line": "1 if the document is this line.";
        FewLines = "few_lines": "1 if the document has two to five lines.";
        ManyLines = "many_lines": "1 if the document has more than 60 lines.";
        HugeDocument = "huge_document": "1 if the document has more than 200 lines.";
        ProseShare = "prose_share": "Prose lines among lines, 0..1; low for whole pages.";
        ProseCharacters = "prose_characters": "Characters in prose lines, 0..1; low for menus and lists.";
        First = "first_line": "1 for the first line; headlines.";
        Second = "second_line": "1 for the second line.";
        Early = "early_line": "1 for lines three to six.";
        Last = "last_line": "1 for the last line.";
        BeforeLast = "before_last_line": "1 for the last line but one.";
        Late = "late_line": "1 for the last six lines but two.";
        Position = "position": "Lines before among all lines, 0..1.";
        CharacterPosition = "character_position": "Characters before among all, 0..1.";
        BehindBody = "behind_body": "1 behind the last prose line.";
        BeforeBody = "before_body": "1 before the first prose line.";
        InsideBody = "inside_body": "1 between prose lines.";
        Prose = "prose": "1 if the line itself is prose.";
        FromBody = "from_body": "ln(1 + lines since the last prose line), 0..6.";
        ToBody = "to_body": "ln(1 + lines until the next prose line), 0..6.";
        Isolated = "isolated": "1 if both neighbours are prose.";
        BlankBefore = "blank_before": "1 behind a blank line.";
        BlankAfter = "blank_after": "1 before a blank line.";
        PreviousLength = "previous_length": "ln(1 + characters of the line before) / 6.";
        NextLength = "next_length": "ln(1 + characters of the line after) / 6.";
        PreviousColon = "previous_colon": "1 if the line before ends in a colon; lists and lead-ins.";
        ShortRun = "short_run": "ln(1 + short lines in the run it stands in), 0..6; menus, lists.";
        ShortRunOutside = "short_run_outside": "short_run outside the body of prose.";
        SimilarBefore = "similar_before": "1 if the line before is about as long.";
        SimilarAfter = "similar_after": "1 if the line after is about as long.";
        ShortBehindBody = "short_behind_body": "1 if at most 80 characters and behind the body.";
        SentenceOutside = "sentence_outside": "1 if it ends like a sentence outside the body.";
        PieceFirst = "piece_first": "1 if it is the head of a longer line.";
        PieceLast = "piece_last": "1 if it is the tail of a longer line.";
        PieceShare = "piece_share": "Characters of its line that it holds, 0..1; 0 for whole lines.";
        PieceJoinedBefore = "piece_joined_before": "1 if it is a part of a line and a sentence runs on into it.";
        PieceJoinedBehind = "piece_joined_behind": "1 if it is a part of a line and its sentence runs on behind it.";
        PieceWithin = "piece_within": "1 if it is a part of a line within one sentence.";
        SentenceInside = "sentence_inside": "1 if it ends like a sentence inside the body.";
    }
    Neighbours {
        PreviousByline = "previous:byline": "First-pass probability that the line before is a byline.";
        PreviousBoilerplate = "previous:boilerplate": "First-pass probability that the line before is boilerplate.";
        PreviousSpam = "previous:spam": "First-pass probability that the line before is spam.";
        NextByline = "next:byline": "First-pass probability that the line after is a byline.";
        NextBoilerplate = "next:boilerplate": "First-pass probability that the line after is boilerplate.";
        NextSpam = "next:spam": "First-pass probability that the line after is spam.";
        AroundBoilerplate = "around:boilerplate": "Mean over four lines on either side, boilerplate.";
        AroundSpam = "around:spam": "Mean over four lines on either side, spam.";
        AroundByline = "around:byline": "Mean over four lines on either side, byline.";
        BehindContent = "behind:content": "Mean content probability of all lines behind, by characters.";
        BehindSpam = "behind:spam": "Mean spam probability of all lines behind.";
        BehindBoilerplate = "behind:boilerplate": "Mean boilerplate probability of all lines behind.";
        BeforeContent = "before:content": "Mean content probability of all lines before, by characters.";
        BeforeBoilerplate = "before:boilerplate": "Mean boilerplate probability of all lines before.";
        DocumentBoilerplate = "document:boilerplate": "Mean boilerplate probability of the other lines.";
        DocumentSpam = "document:spam": "Largest spam probability of the other lines.";
        DocumentContent = "document:content": "Content characters among all, first pass.";
        OwnByline = "own:byline": "First-pass log-odds of the line itself, byline / 4.";
        OwnBoilerplate = "own:boilerplate": "First-pass log-odds of the line itself, boilerplate / 4.";
        OwnSpam = "own:spam": "First-pass log-odds of the line itself, spam / 4.";
        BoilerplateBothSides = "both_sides:boilerplate": "Product of both neighbours' boilerplate probabilities.";
        ContentBothSides = "both_sides:content": "Product of both neighbours' content probabilities.";
        NearContentBefore = "near_content_before": "Largest content probability of the three lines before, weighted by length.";
        NearContentBehind = "near_content_behind": "Largest content probability of the three lines behind, weighted by length.";
        BehindLeadIn = "behind_lead_in": "1 if the line before is a short one with a listed phrase that points to other articles.";
    }
}

/// Number of features.
pub const FEATURE_COUNT: usize = FEATURES.len();

/// Number of features of the first pass: all before the group [`Group::Neighbours`].
pub const FIRST_PASS_COUNT: usize = Feature::PreviousByline as usize;

/// Digest of the registry: a model fits a build when both digests are the same.
pub fn schema_digest() -> String {
    let mut hash = crc32fast::Hasher::new();
    for feature in FEATURES {
        hash.update(feature.code.as_bytes());
        hash.update(b"\0");
    }
    hash.update(&super::REVISION.to_le_bytes());
    format!("{:08x}", hash.finalize())
}
