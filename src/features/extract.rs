//! Fills the rows of the matrix.

use crate::features::brand::{self, BRAND_LIKE};
use crate::features::glance::key_of_token;
use crate::features::phrase::is_unspaced;
use crate::features::registry::Feature as F;
use crate::features::signs::Sign;
use crate::features::view::{LineView, NONE, View, ends_sentence};
use crate::features::{Resources, Row};
use crate::label::{Class, Label};
use crate::normalize::{Script, Trace};

/// Counts go in as logarithms: the second comma says less than the first.
fn ln1(count: u32) -> f32 {
    static SMALL: std::sync::LazyLock<[f32; 512]> =
        std::sync::LazyLock::new(|| std::array::from_fn(|count| (count as f32).ln_1p()));
    SMALL.get(count as usize).copied().unwrap_or_else(|| (count as f32).ln_1p())
}

fn flag(value: bool) -> f32 {
    f32::from(u8::from(value))
}

fn share(part: u32, whole: u32) -> f32 {
    part as f32 / whole.max(1) as f32
}

fn log_length(chars: u32) -> f32 {
    ln1(chars) / 6.0
}

/// Where a line, or a piece of one, stands in its document.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Place<'t> {
    /// The document.
    pub(crate) text: &'t str,
    /// Number of the line.
    pub(crate) line: usize,
    /// Whether the line is judged as a part of a longer one.
    pub(crate) piece: bool,
    /// Whether a sentence runs on into the piece from before it, and from it behind it.
    pub(crate) joined: (bool, bool),
}

impl<'t> Place<'t> {
    /// A line as a whole.
    pub(crate) fn line(text: &'t str, line: usize) -> Self {
        Self { text, line, piece: false, joined: (false, false) }
    }

    /// A part of a line.
    pub(crate) fn piece(text: &'t str, line: usize, joined: (bool, bool)) -> Self {
        Self { text, line, piece: true, joined }
    }
}

/// Writes the features of the first pass of line `place.line`, seen as `line`, into `row`.
pub(crate) fn first_pass_row(view: &View, line: &LineView, place: Place<'_>, resources: Resources<'_>, row: &mut Row) {
    *row = [0.0; super::FEATURE_COUNT];
    let base = &view.symbols[line.from..line.base];
    let all = &view.symbols[line.from..line.to];
    shape(line, base, row);
    let links = resources.links.find(base, &line.signs);
    row[F::DateLike as usize] = flag(links.date);
    row[F::TimeLike as usize] = flag(links.time);
    row[F::MostlyDate as usize] = flag((links.date || links.time) && line.chars() <= 40);
    row[F::Url as usize] = flag(links.url);
    row[F::UrlShare as usize] = share(links.url_symbols, base.len() as u32);
    row[F::BareDomain as usize] = flag(links.bare_domain);
    row[F::Anchor as usize] = flag(links.anchor);
    row[F::Markup as usize] = flag(links.markup);
    row[F::Email as usize] = flag(links.email);
    row[F::Handle as usize] = flag(links.handle);
    if line.signs.count(Sign::Hash) > 0 {
        let tags = base.windows(3).filter(|three| {
            three[0] == b' ' && three[1] == b'#' && (three[2].is_ascii_alphabetic() || three[2] >= 0x80)
        });
        row[F::Hashtags as usize] = ln1(tags.count() as u32);
    }
    row[F::Phone as usize] = flag(links.phone);
    row[F::Messenger as usize] = flag(links.messenger);
    row[F::Shortener as usize] = flag(links.shortener);
    row[F::FileName as usize] = flag(links.file_name);

    let context = context(view, line, place, base, row);
    lexical(line, all, &context, resources, row);
    brands(view, line, place, all, &context, resources, row);
    scripts(view, line, &context, row);
    language(view, base, place, &context, resources, row);
    belonging(view, line, place, &context, row);
}

fn shape(line: &LineView, base: &[u8], row: &mut Row) {
    let stats = &line.stats;
    let signs = &line.signs;
    let chars = stats.chars;
    let letters = stats.letters();
    row[F::Length as usize] = log_length(chars);
    let bin = match chars {
        0..=2 => F::Length2,
        3..=5 => F::Length5,
        6..=10 => F::Length10,
        11..=20 => F::Length20,
        21..=40 => F::Length40,
        41..=80 => F::Length80,
        81..=160 => F::Length160,
        161..=320 => F::Length320,
        _ => F::LengthLong,
    };
    row[bin as usize] = 1.0;
    match stats.words {
        0..=1 => row[F::OneWord as usize] = 1.0,
        2 => row[F::TwoWords as usize] = 1.0,
        3..=5 => row[F::FewWords as usize] = 1.0,
        6..=12 => row[F::SomeWords as usize] = 1.0,
        _ => {}
    }
    row[F::LetterShare as usize] = share(letters, chars).min(1.0);
    row[F::DigitShare as usize] = share(signs.count(Sign::Digit), base.len() as u32);
    row[F::CapitalShare as usize] = share(stats.capitals, letters).min(1.0);
    row[F::CapitalWords as usize] = share(stats.capital_words, stats.words).min(1.0);
    row[F::AllCapitals as usize] = flag(letters >= 4 && stats.capitals >= letters);
    row[F::NoLetters as usize] = flag(letters == 0);
    row[F::PunctuationShare as usize] = share(signs.punctuation(), base.len() as u32);
    row[F::SentenceEnd as usize] = flag(ends_sentence(base));
    row[F::InnerSentences as usize] = ln1(signs.sentence_breaks());
    row[F::Commas as usize] = ln1(signs.count(Sign::Comma));
    if let (Some(&first), Some(&last)) = (base.first(), base.last()) {
        row[F::EndsColon as usize] = flag(last == b':');
        row[F::EndsEllipsis as usize] = flag(base.ends_with(b"...") || base.ends_with(b"[...]"));
        row[F::EndsComma as usize] = flag(matches!(last, b',' | b';'));
        row[F::StartsLower as usize] = flag(
            first.is_ascii_lowercase() && stats.ascii && stats.capital_words == 0
                || first.is_ascii_lowercase() && stats.capitals == 0,
        );
        row[F::StartsDigit as usize] = flag(first.is_ascii_digit());
        row[F::StartsBullet as usize] = flag(matches!(first, b'*' | b'-' | b'+'));
        row[F::StartsArrow as usize] = flag(first == b'>');
        row[F::StartsQuote as usize] = flag(matches!(first, b'"' | b'\''));
        let second = base.get(1).copied().unwrap_or(b' ');
        row[F::StartsHash as usize] = flag(first == b'#' && (second.is_ascii_alphabetic() || second >= 0x80));
        row[F::StartsHashSpace as usize] = flag(first == b'#' && matches!(second, b'#' | b' '));
        row[F::Bracketed as usize] = flag(matches!((first, last), (b'(', b')') | (b'[', b']') | (b'<', b'>')));
    }
    row[F::Quotes as usize] = ln1(signs.count(Sign::Quote));
    row[F::Pipes as usize] = ln1(signs.count(Sign::Pipe));
    row[F::Slashes as usize] = ln1(signs.count(Sign::Slash));
    row[F::Arrows as usize] = ln1(signs.count(Sign::Greater));
    row[F::Stars as usize] = ln1(signs.count(Sign::Star));
    row[F::Dashes as usize] = ln1(signs.count(Sign::Dash));
    row[F::Colons as usize] = ln1(signs.count(Sign::Colon));
    row[F::Parentheses as usize] = ln1(signs.count(Sign::Round));
    row[F::CodeSigns as usize] =
        share(signs.count(Sign::Code) + signs.count(Sign::Brace) + signs.count(Sign::Less), base.len() as u32);
    row[F::Exclamations as usize] = ln1(signs.count(Sign::Exclamation));
    row[F::Questions as usize] = ln1(signs.count(Sign::Question));
    row[F::Percents as usize] = ln1(signs.count(Sign::Percent));
    row[F::Money as usize] = flag(signs.count(Sign::Money) > 0);
    row[F::Numbers as usize] = ln1(signs.number_runs());
    if base.len() <= 400 {
        let longest = base.split(|&symbol| symbol == b' ').map(<[u8]>::len).max().unwrap_or(0);
        row[F::LongestToken as usize] = log_length(longest as u32);
    }
    row[F::WordLength as usize] = (share(chars, stats.words) / 10.0).min(3.0);
    // The copyright sign folds to a symbol of its own or stands as (c).
    row[F::Copyright as usize] = flag(
        base.len() <= 400
            && (base.contains(&(0x80 | 0x29)) && line.stats.script(Script::Common) > 0 && has_copyright(base)
                || signs.count(Sign::Round) > 0 && stands_in(base, b"(c)")
                || stands_in(base, b"copyright")),
    );
}

/// Whether a short text stands in a line. A searcher made for the text would cost more than
/// it saves on one line.
fn stands_in(line: &[u8], text: &[u8]) -> bool {
    let Some((&first, rest)) = text.split_first() else { return true };
    memchr::memchr_iter(first, line).any(|at| line[at + 1..].starts_with(rest))
}

/// The folded copyright sign in front of a space or a year.
fn has_copyright(base: &[u8]) -> bool {
    base.windows(2).any(|pair| pair[0] == 0x80 | 0x29 && (pair[1] == b' ' || pair[1].is_ascii_digit()))
}

/// What several groups of features need to know of a line's place.
struct Context {
    only: bool,
    behind: bool,
    inside: bool,
    outside: bool,
    short: bool,
    long: bool,
}

fn context(view: &View, line: &LineView, place: Place<'_>, base: &[u8], row: &mut Row) -> Context {
    let count = view.lines.len();
    let number = place.line;
    let own_prose = view.lines[number].prose && !place.piece;
    let behind = view.last_prose.is_some_and(|last| number > last);
    let before = view.first_prose.is_some_and(|first| number < first);
    let inside =
        view.first_prose.is_some_and(|first| number > first) && view.last_prose.is_some_and(|last| number < last);
    let only = count == 1 && !place.piece;
    let chars = line.chars();
    let context =
        Context { only, behind, inside, outside: !inside && !own_prose, short: chars <= 20, long: chars > 160 };
    row[F::OnlyLine as usize] = flag(only);
    row[F::FewLines as usize] = flag((2..=5).contains(&count));
    row[F::ManyLines as usize] = flag(count > 60);
    row[F::HugeDocument as usize] = flag(count > 200);
    row[F::ProseShare as usize] = view.prose_lines as f32 / count.max(1) as f32;
    row[F::ProseCharacters as usize] = (view.prose_chars as f64 / view.chars.max(1) as f64) as f32;
    match number {
        0 => row[F::First as usize] = 1.0,
        1 => row[F::Second as usize] = 1.0,
        2..=5 => row[F::Early as usize] = 1.0,
        _ => {}
    }
    match count - number {
        1 => row[F::Last as usize] = 1.0,
        2 => row[F::BeforeLast as usize] = 1.0,
        3..=6 => row[F::Late as usize] = 1.0,
        _ => {}
    }
    row[F::Position as usize] = number as f32 / count.max(1) as f32;
    row[F::CharacterPosition as usize] = (view.chars_before[number] as f64 / view.chars.max(1) as f64) as f32;
    row[F::BehindBody as usize] = flag(behind);
    row[F::BeforeBody as usize] = flag(before);
    row[F::InsideBody as usize] = flag(inside);
    row[F::Prose as usize] = flag(line.prose);
    let previous = view.previous_prose[number];
    let next = view.next_prose[number];
    let distance = |other: u32| {
        if other == NONE { 6.0 } else { ln1((i64::from(other) - number as i64).unsigned_abs() as u32).min(6.0) }
    };
    row[F::FromBody as usize] = distance(previous);
    row[F::ToBody as usize] = distance(next);
    row[F::Isolated as usize] =
        flag(previous != NONE && next != NONE && previous as usize + 1 == number && next as usize == number + 1);
    row[F::BlankBefore as usize] = flag(view.lines[number].blank_before);
    let after = view.lines.get(number + 1);
    row[F::BlankAfter as usize] = flag(after.is_some_and(|line| line.blank_before));
    let earlier = number.checked_sub(1).map(|index| &view.lines[index]);
    row[F::PreviousLength as usize] = earlier.map_or(0.0, |line| log_length(line.chars()));
    row[F::NextLength as usize] = after.map_or(0.0, |line| log_length(line.chars()));
    row[F::PreviousColon as usize] =
        flag(earlier.is_some_and(|line| line.body.of(place.text).ends_with([':', '\u{ff1a}'])));
    let run = ln1(view.short_run[number]).min(6.0);
    row[F::ShortRun as usize] = run;
    row[F::ShortRunOutside as usize] = if inside { 0.0 } else { run };
    let similar = |other: Option<&LineView>| {
        other.is_some_and(|other| {
            let (one, two) = (other.chars().min(chars), other.chars().max(chars));
            one * 10 >= two * 8
        })
    };
    row[F::SimilarBefore as usize] = flag(similar(earlier));
    row[F::SimilarAfter as usize] = flag(similar(after));
    row[F::ShortBehindBody as usize] = flag(behind && chars <= 80);
    if place.piece {
        row[F::PieceFirst as usize] = flag(line.body.start() == view.lines[number].body.start());
        row[F::PieceLast as usize] = flag(line.body.end() == view.lines[number].body.end());
        let (before, behind) = place.joined;
        row[F::PieceJoinedBefore as usize] = flag(before);
        row[F::PieceJoinedBehind as usize] = flag(behind);
        row[F::PieceWithin as usize] = flag(before && behind);
        row[F::PieceShare as usize] = share(chars, view.lines[number].chars()).min(1.0);
    }
    let sentence = ends_sentence(base);
    row[F::SentenceOutside as usize] = flag(sentence && !inside);
    row[F::SentenceInside as usize] = flag(sentence && inside);
    if !place.piece {
        let own = &view.lines[number];
        row[F::Repeated as usize] = flag(own.copies > 1);
        row[F::RepeatedOften as usize] = flag(own.copies > 2);
        row[F::SameStartBefore as usize] = flag(earlier.is_some_and(|line| line.first_word == own.first_word));
        row[F::SameStartAfter as usize] = flag(after.is_some_and(|line| line.first_word == own.first_word));
    }
    context
}

fn lexical(line: &LineView, all: &[u8], context: &Context, resources: Resources<'_>, row: &mut Row) {
    let logits = resources.ngrams.logits(&line.sums);
    let [_, byline, boilerplate, spam] = logits.map(|logit| (logit / 4.0).clamp(-3.0, 3.0));
    row[F::NgramByline as usize] = byline;
    row[F::NgramBoilerplate as usize] = boilerplate;
    row[F::NgramSpam as usize] = spam;
    if context.short {
        row[F::NgramBylineShort as usize] = byline;
        row[F::NgramBoilerplateShort as usize] = boilerplate;
        row[F::NgramSpamShort as usize] = spam;
    }
    if context.long {
        row[F::NgramBylineLong as usize] = byline;
        row[F::NgramBoilerplateLong as usize] = boilerplate;
        row[F::NgramSpamLong as usize] = spam;
    }
    row[F::NgramBoilerplatePositive as usize] = boilerplate.max(0.0);
    row[F::NgramSpamPositive as usize] = spam.max(0.0);
    if context.only {
        row[F::NgramBoilerplateAlone as usize] = boilerplate;
        row[F::NgramSpamAlone as usize] = spam;
    } else if context.inside {
        row[F::NgramBoilerplateInside as usize] = boilerplate;
        row[F::NgramSpamInside as usize] = spam;
    } else if context.outside {
        row[F::NgramBoilerplateEdge as usize] = boilerplate;
        row[F::NgramSpamEdge as usize] = spam;
    }
    let hits = resources.phrases.find(all, is_unspaced(&line.stats));
    if hits.labels != 0 {
        for &label in Label::ALL {
            if hits.labels >> label.index() & 1 == 1 && !label.is_content() {
                // The phrase features stand in the order of the labels.
                row[F::PhraseNavigation as usize + label.index() - 1] = 1.0;
            }
        }
        row[F::PhraseWhole as usize] = flag(hits.whole);
        row[F::PhraseStart as usize] = flag(hits.start);
        row[F::PhraseCover as usize] = share(hits.covered, all.len() as u32);
        row[F::SpamPhrases as usize] = ln1(hits.spam);
        row[F::PhraseSpamShort as usize] = flag(hits.spam > 0 && line.chars() <= 80);
    }
}

fn brands(
    view: &View,
    line: &LineView,
    place: Place<'_>,
    all: &[u8],
    context: &Context,
    resources: Resources<'_>,
    row: &mut Row,
) {
    let brand = brand::look(all, resources.brands);
    let best = (brand.best / 4.0).clamp(0.0, 3.0);
    row[F::BrandMixed as usize] = flag(brand.mixed);
    row[F::BrandPlainWord as usize] = (brand.best_plain / 4.0).clamp(0.0, 3.0);
    if best <= 0.0 {
        return;
    }
    row[F::BrandBest as usize] = best;
    row[F::BrandShare as usize] = share(brand.symbols, all.len() as u32);
    row[F::BrandLast as usize] = (brand.last / 4.0).clamp(0.0, 3.0);
    row[F::BrandOnly as usize] = flag(brand.best >= BRAND_LIKE && brand.others <= 2 && line.chars() <= 60);
    if brand.best >= BRAND_LIKE && view.lines.len() > 1 && view.prose_lines > 0 {
        let token = &all[brand.best_at.0..brand.best_at.1];
        let word = token.split(|symbol| !symbol.is_ascii_alphanumeric()).next().unwrap_or(token);
        row[F::BrandMentioned as usize] = flag(view.vocabulary.holds(key_of_token(word), place.line));
    }
    if context.behind {
        row[F::BrandTail as usize] = best;
    }
    if context.only {
        row[F::BrandAlone as usize] = best;
    }
    if context.inside {
        row[F::BrandInside as usize] = best;
    }
    if brand.frame && brand.tokens <= 4 {
        row[F::BrandByline as usize] = best;
    }
    let main = line.stats.main_script();
    if main == Script::Latin as usize && view.main_script != main && view.main_script != 0 && view.lines.len() > 1 {
        row[F::BrandForeign as usize] = best;
    }
    if line.stats.traces.iter().any(|&count| count > 0) {
        row[F::DisguisedBrand as usize] = best;
    }
}

fn scripts(view: &View, line: &LineView, context: &Context, row: &mut Row) {
    let stats = &line.stats;
    let letters = stats.letters();
    let several = view.lines.len() > 1;
    if several && view.main_script != 0 && letters > 0 {
        let own = stats.scripts[view.main_script];
        // Japanese mixes Han and kana; Han lines in it are at home.
        let kin = if view.main_script == Script::Kana as usize {
            stats.script(Script::Han)
        } else if view.main_script == Script::Han as usize {
            stats.script(Script::Kana)
        } else {
            0
        };
        let foreign = share(letters - (own + kin).min(letters), letters);
        row[F::ForeignShare as usize] = foreign;
        row[F::ScriptMismatch as usize] = flag(foreign > 0.5);
        if context.behind {
            row[F::ForeignTail as usize] = foreign;
        }
    }
    row[F::EmojiShare as usize] = share(stats.script(Script::Emoji), stats.chars);
    row[F::Emoji as usize] = ln1(stats.script(Script::Emoji));
    let count = |traces: &[Trace]| traces.iter().map(|&trace| u32::from(stats.trace(trace))).sum::<u32>();
    let wide = stats.script(Script::Han) + stats.script(Script::Kana) + stats.script(Script::Hangul) > 0;
    let fullwidth = if wide { 0 } else { count(&[Trace::Fullwidth]) };
    let styled = count(&[Trace::Mathematical, Trace::Enclosed, Trace::SmallCapital, Trace::Regional, Trace::Truncated]);
    row[F::Styled as usize] = ln1(styled);
    row[F::FullwidthLatin as usize] = ln1(fullwidth);
    row[F::Invisible as usize] = ln1(count(&[Trace::Invisible, Trace::Reversed]));
    row[F::Overlaid as usize] = ln1(count(&[Trace::Overlay]));
    row[F::MixedWords as usize] = ln1(count(&[Trace::MixedWord]));
    row[F::Leet as usize] = flag(count(&[Trace::Leet]) > 0);
    row[F::Spaced as usize] = flag(count(&[Trace::Spaced]) > 0);
    let invisible = count(&[Trace::Invisible]);
    row[F::Disguise as usize] = flag(
        styled > 2
            || fullwidth > 2
            || invisible > 1
            || count(&[Trace::Overlay, Trace::MixedWord, Trace::Spaced, Trace::Reversed]) > 0,
    );
}

fn language(view: &View, base: &[u8], place: Place<'_>, context: &Context, resources: Resources<'_>, row: &mut Row) {
    let other = (resources.languages.mismatch(base, &view.language) / 8.0).min(3.0);
    row[F::OtherLanguage as usize] = other;
    if context.behind {
        row[F::OtherLanguageTail as usize] = other;
    } else if context.inside || place.piece {
        row[F::OtherLanguageInside as usize] = other;
    }
}

fn belonging(view: &View, line: &LineView, place: Place<'_>, context: &Context, row: &mut Row) {
    if !view.vocabulary.is_loaded() {
        row[F::NoBody as usize] = 1.0;
        return;
    }
    let (from, to) = line.glance.keys;
    let (overlap, count) = view.vocabulary.overlap(&view.keys[from as usize..to as usize], place.line);
    row[F::Overlap as usize] = overlap;
    row[F::OverlapLow as usize] = flag(count >= 4 && overlap < 0.1);
    row[F::OverlapHigh as usize] = flag(count >= 4 && overlap > 0.5);
    if context.behind {
        row[F::OverlapForeignTail as usize] = if count >= 2 { 1.0 - overlap } else { 0.5 };
    }
    let number = place.line;
    let edge = number < 3 || number + 6 >= view.lines.len();
    if edge && !place.piece && (12..=200).contains(&line.body.byte_len()) {
        row[F::OfPrevious as usize] =
            flag(stands_in_other(view, place.text, number, line, view.vocabulary.rules_out_prose(overlap)));
    }
}

/// Whether a line stands as a part in another one, prose left out or not.
fn stands_in_other(view: &View, text: &str, number: usize, line: &LineView, without_prose: bool) -> bool {
    let own = line.body.of(text).as_bytes();
    let mut others = view.lines.iter().enumerate().filter(|&(index, other)| {
        index != number && other.body.byte_len() > own.len() && !(without_prose && other.prose)
    });
    others.any(|(_, other)| stands_in(other.body.of(text).as_bytes(), own))
}

/// Writes the features of the second pass: what the first pass says of the other lines.
///
/// `first` holds the first pass's probabilities of every line, `logits` the log-odds of this one.
pub(crate) fn fill_neighbours(
    view: &View,
    number: usize,
    first: &Summary<'_>,
    logits: [f32; Class::COUNT],
    row: &mut Row,
) {
    let probabilities = first.probabilities;
    let count = probabilities.len();
    let at = |offset: i64| {
        let index = number as i64 + offset;
        (0..count as i64).contains(&index).then(|| &probabilities[index as usize])
    };
    let (byline, boilerplate, spam) = (Class::Byline.index(), Class::Boilerplate.index(), Class::Spam.index());
    if let Some(previous) = at(-1) {
        row[F::PreviousByline as usize] = previous[byline];
        row[F::PreviousBoilerplate as usize] = previous[boilerplate];
        row[F::PreviousSpam as usize] = previous[spam];
    }
    if let Some(next) = at(1) {
        row[F::NextByline as usize] = next[byline];
        row[F::NextBoilerplate as usize] = next[boilerplate];
        row[F::NextSpam as usize] = next[spam];
    }
    let mut around = [0.0f32; Class::COUNT];
    let mut seen = 0.0f32;
    for offset in (-4..=4).filter(|&offset| offset != 0) {
        if let Some(other) = at(offset) {
            for (sum, part) in around.iter_mut().zip(other) {
                *sum += part;
            }
            seen += 1.0;
        }
    }
    if seen > 0.0 {
        row[F::AroundBoilerplate as usize] = around[boilerplate] / seen;
        row[F::AroundSpam as usize] = around[spam] / seen;
        row[F::AroundByline as usize] = around[byline] / seen;
    }
    let before = first.before(number);
    let behind = first.behind(number);
    row[F::BehindContent as usize] = behind.content_share();
    row[F::BehindSpam as usize] = behind.mean(spam);
    row[F::BehindBoilerplate as usize] = behind.mean(boilerplate);
    row[F::BeforeContent as usize] = before.content_share();
    row[F::BeforeBoilerplate as usize] = before.mean(boilerplate);
    let others = (count - 1).max(1) as f32;
    row[F::DocumentBoilerplate as usize] = (before.sums[boilerplate] + behind.sums[boilerplate]) / others;
    row[F::DocumentSpam as usize] = if first.most_spam.1 == number { first.second_spam } else { first.most_spam.0 };
    row[F::DocumentContent as usize] = first.total.content_share();
    row[F::OwnByline as usize] = (logits[byline] / 4.0).clamp(-3.0, 3.0);
    row[F::OwnBoilerplate as usize] = (logits[boilerplate] / 4.0).clamp(-3.0, 3.0);
    row[F::OwnSpam as usize] = (logits[spam] / 4.0).clamp(-3.0, 3.0);
    if let (Some(previous), Some(next)) = (at(-1), at(1)) {
        row[F::BoilerplateBothSides as usize] = previous[boilerplate] * next[boilerplate];
        row[F::ContentBothSides as usize] = previous[0] * next[0];
    }
    let near = |offsets: [i64; 3]| {
        offsets
            .iter()
            .filter_map(|&offset| {
                at(offset).map(|p| p[0] * log_length(view.lines[(number as i64 + offset) as usize].chars()).min(1.0))
            })
            .fold(0.0, f32::max)
    };
    row[F::NearContentBefore as usize] = near([-1, -2, -3]);
    row[F::NearContentBehind as usize] = near([1, 2, 3]);
    row[F::BehindLeadIn as usize] = flag(first.before(number).lead_in);
}

/// Longest line that only leads to what stands behind it.
const LEAD_IN: u32 = 40;

/// Running sums of first-pass probabilities.
#[derive(Debug, Clone, Copy, Default)]
struct Sums {
    sums: [f32; Class::COUNT],
    lines: f32,
    chars: f32,
    content_chars: f32,
    /// Whether the last line of them points to other articles and holds none itself.
    lead_in: bool,
}

impl Sums {
    fn mean(&self, class: usize) -> f32 {
        if self.lines == 0.0 { 0.0 } else { self.sums[class] / self.lines }
    }

    fn content_share(&self) -> f32 {
        if self.chars == 0.0 { 0.0 } else { self.content_chars / self.chars }
    }
}

/// First-pass probabilities of a document with their running sums.
pub(crate) struct Summary<'p> {
    probabilities: &'p [[f32; Class::COUNT]],
    running: Vec<Sums>,
    total: Sums,
    most_spam: (f32, usize),
    second_spam: f32,
}

impl<'p> Summary<'p> {
    pub(crate) fn new(view: &View, rows: &[Row], probabilities: &'p [[f32; Class::COUNT]]) -> Self {
        let mut running = Vec::with_capacity(probabilities.len());
        let mut total = Sums::default();
        let (mut most_spam, mut second_spam) = ((0.0, usize::MAX), 0.0);
        for (index, ((line, row), probability)) in view.lines.iter().zip(rows).zip(probabilities).enumerate() {
            running.push(total);
            let chars = line.chars() as f32;
            for (sum, part) in total.sums.iter_mut().zip(probability) {
                *sum += part;
            }
            total.lines += 1.0;
            total.chars += chars;
            total.content_chars += chars * probability[0];
            total.lead_in = line.chars() <= LEAD_IN && row[F::PhraseRelated as usize] > 0.0;
            let spam = probability[Class::Spam.index()];
            if spam > most_spam.0 {
                second_spam = most_spam.0;
                most_spam = (spam, index);
            } else if spam > second_spam {
                second_spam = spam;
            }
        }
        Self { probabilities, running, total, most_spam, second_spam }
    }

    fn before(&self, number: usize) -> Sums {
        self.running[number]
    }

    fn behind(&self, number: usize) -> Sums {
        let upto = self.running.get(number + 1).copied().unwrap_or(self.total);
        let mut rest = self.total;
        for (sum, part) in rest.sums.iter_mut().zip(upto.sums) {
            *sum = (*sum - part).max(0.0);
        }
        rest.lines -= upto.lines;
        rest.chars -= upto.chars;
        rest.content_chars = (rest.content_chars - upto.content_chars).max(0.0);
        rest
    }
}
