//! Reads lines that are disguised as a whole: letters set apart by whatever stands between them,
//! turned upside down, written as character references or in signs that look like letters.
//!
//! Such a line is put into plain letters first and folded then, so that it reads like any other and
//! two disguises on top of each other come off together. Words that are disguised within an ordinary
//! line are for [`append_decoded_forms`](super::token::append_decoded_forms).

use std::sync::LazyLock;

use crate::normalize::token::leet_letter;
use crate::normalize::{FoldStats, Script, Trace, entry};

/// Longest line that is looked at, in bytes; longer ones are prose or data.
const MOST_BYTES: usize = 1200;
/// Fewest letters and digits set apart, and fewest letters among them.
const APART: (usize, usize) = (4, 3);
/// Fewest characters that are written as references.
const REFERENCES: usize = 4;
/// Fewest signs that stand for letters.
const SIGNS: usize = 3;
/// Fewest accents that hide what is below them.
const ACCENTS: usize = 8;
/// Fewest letters turned upside down, and one in how many letters.
const TURNED: (usize, usize) = (2, 5);
/// Runs of letters by which a line shows whether they are set apart, and by what.
const ENOUGH: usize = 16;
/// Most letters of a word in scripts that put spaces between words.
const LONGEST: usize = 24;
/// Digits and signs for letters, and words with them, that make a line one in leet.
const LEET: usize = 4;
const LEET_WORDS: usize = 3;
/// Pictures from which a line is searched for letters that they set apart.
const PICTURES: u32 = 3;

/// Signs of currencies in the place of letters.
const CURRENCIES: &str = "₳a฿b₿b₵c¢c€e₣f₲g₭k£l₥m₦n₱p₴s₮t₩w¥y";
/// Ideographs, kana and strokes that look like Latin letters.
const STROKES: &str = "卂a丹a乃b日b匚c㔾c刀d巳e乇e三e千f厶g厂g卄h廾h工i丨i丁j亅j片k长k乚l冂n几n爪m冊m口o回o卩p尸p甲q尺r\
    丂s丁t丅t十t凵u山w屮v人v乂x丫y乙zﾑaᄃcりdｷfムgんhﾉiﾌjズkﾚlﾶm刀nのoｱpゐq尺r丂sｲtひu√vﾒxﾘy";
/// Letters turned upside down that are no letters of their own, and what they are.
const UPSIDE_DOWN: &str = "ɐaɔcǝeɟfƃgɥhᴉiɾjʞkɯmɹrʇtʌvʍwʎy∀aƆcƎeℲf⅁g˥l⊥t⅄yᴚrԀp";

/// Signs and the letters they stand for, in order of the signs.
pub(super) type Pairs = LazyLock<Vec<(char, char)>>;

static CURRENCY: Pairs = LazyLock::new(|| pairs(CURRENCIES));
static STROKE: Pairs = LazyLock::new(|| pairs(STROKES));
static TURN: Pairs = LazyLock::new(|| pairs(UPSIDE_DOWN));

pub(super) fn pairs(list: &str) -> Vec<(char, char)> {
    let mut characters = list.chars();
    let mut pairs: Vec<_> = std::iter::from_fn(|| Some((characters.next()?, characters.next()?))).collect();
    pairs.sort_by_key(|pair| pair.0);
    // Of two meanings the first counts.
    pairs.dedup_by_key(|pair| pair.0);
    pairs
}

/// What a character stands for.
pub(super) fn partner(pairs: &[(char, char)], character: char) -> Option<char> {
    let place = pairs.binary_search_by_key(&character, |pair| pair.0).ok()?;
    Some(pairs[place].1)
}

/// Returns what a disguised line says, and the trace that the disguise leaves; `None` for a line that
/// is not disguised as a whole. `alternates` says that letters take turns with other signs.
pub(super) fn unmask(line: &str, alternates: bool, stats: &FoldStats) -> Option<(String, Trace)> {
    let bytes = line.as_bytes();
    if bytes.len() > MOST_BYTES {
        return None;
    }
    if let Some(text) = references(line) {
        // What was written so may be disguised once more.
        return Some((joined(&text).unwrap_or(text), Trace::Leet));
    }
    if !stats.ascii {
        if memchr::memchr2(0xcc, 0xcd, bytes).is_some() {
            if let Some(text) = without_marks(line) {
                return Some((text, Trace::Overlay));
            }
        }
        if memchr::memchr2(0xc9, 0xca, bytes).is_some() {
            if let Some(text) = turned(line) {
                return Some((text, Trace::Reversed));
            }
        }
        if may_hold_currencies(bytes) {
            if let Some(text) = of_currencies(line) {
                return Some((text, Trace::Leet));
            }
        }
        if stats.script(Script::Han) + stats.script(Script::Kana) > 0 {
            if let Some(text) = of_strokes(line) {
                return Some((text, Trace::Leet));
            }
        }
    }
    if alternates || stats.script(Script::Emoji) >= PICTURES {
        if let Some(text) = joined(line) {
            return Some((text, Trace::Spaced));
        }
    }
    Some((of_leet(line)?, Trace::Leet))
}

/// Puts numeric character references of HTML into the characters they stand for, if enough of them
/// are letters or digits, for which nobody else needs them.
fn references(line: &str) -> Option<String> {
    memchr::memmem::find(line.as_bytes(), b"&#")?;
    let mut out = String::with_capacity(line.len());
    let mut found = 0;
    let mut rest = line;
    while let Some(at) = rest.find("&#") {
        out.push_str(&rest[..at]);
        rest = &rest[at + 2..];
        let (digits, radix) = match rest.strip_prefix(['x', 'X']) {
            Some(digits) => (digits, 16),
            None => (rest, 10),
        };
        let len = digits.bytes().take(7).take_while(|&byte| char::from(byte).is_digit(radix)).count();
        let character = u32::from_str_radix(&digits[..len], radix).ok().and_then(char::from_u32);
        let Some(character) = character else {
            out.push_str("&#");
            continue;
        };
        found += usize::from(character.is_alphanumeric());
        out.push(character);
        rest = &digits[len..];
        rest = rest.strip_prefix(';').unwrap_or(rest);
    }
    out.push_str(rest);
    (found >= REFERENCES).then_some(out)
}

/// Takes the accents away where there are more of them than any language has.
fn without_marks(line: &str) -> Option<String> {
    let accent = |character: &char| matches!(character, '\u{300}'..='\u{36f}');
    let accents = line.chars().filter(accent).count();
    let letters = line.chars().filter(|character| character.is_alphabetic()).count();
    (accents >= ACCENTS && accents >= letters).then(|| line.chars().filter(|character| !accent(character)).collect())
}

/// Turns a line whose letters are upside down, which reads from its end.
fn turned(line: &str) -> Option<String> {
    let (mut letters, mut upside_down) = (0, 0);
    for character in line.chars() {
        if partner(&TURN, character).is_some() {
            upside_down += 1;
        } else if character.is_alphabetic() && !character.is_ascii() {
            // Transcriptions of sounds have others beside them.
            return None;
        }
        letters += usize::from(character.is_alphabetic());
    }
    let plain = |character| partner(&TURN, character).or_else(|| turnable(character));
    (upside_down >= TURNED.0 && upside_down * TURNED.1 >= letters)
        .then(|| line.chars().rev().map(|character| plain(character).unwrap_or(character)).collect())
}

/// Letters that are others upside down.
fn turnable(character: char) -> Option<char> {
    Some(match character {
        'b' => 'q',
        'q' => 'b',
        'd' => 'p',
        'p' => 'd',
        'n' => 'u',
        'u' => 'n',
        _ => return None,
    })
}

fn may_hold_currencies(bytes: &[u8]) -> bool {
    // The block of currencies, and the baht, which lies with the Thai letters.
    memchr::memchr_iter(0xe2, bytes).any(|at| bytes.get(at + 1) == Some(&0x82))
        || memchr::memmem::find(bytes, "฿".as_bytes()).is_some()
}

/// Puts signs into letters in words in which they stand beside letters or each other.
fn of_currencies(line: &str) -> Option<String> {
    let mut found = 0;
    let plain = |character| partner(&CURRENCY, character).or_else(|| matches!(character, 'ł' | 'Ł').then_some('i'));
    let words = line.split(' ').map(|word| {
        let signs = word.chars().filter(|&character| partner(&CURRENCY, character).is_some()).count();
        let letters = word.chars().filter(|character| character.is_alphabetic()).count();
        let digits = word.chars().filter(char::is_ascii_digit).count();
        // A sum of money has its sign once, beside digits.
        if signs == 0 || signs + letters < 3 || signs == 1 && digits > 0 {
            return word.to_owned();
        }
        found += signs;
        word.chars().map(|character| plain(character).unwrap_or(character)).collect()
    });
    let words: Vec<String> = words.collect();
    (found >= SIGNS).then(|| words.join(" "))
}

/// Puts ideographs and kana into the letters they look like, if there are no others in the line.
fn of_strokes(line: &str) -> Option<String> {
    let mut found = 0;
    for character in line.chars().filter(|character| !character.is_ascii()) {
        if partner(&STROKE, character).is_some() {
            found += 1;
        } else if character >= '\u{900}' && character.is_alphabetic() && !folds_to_latin(character) {
            return None;
        }
    }
    let runs =
        line.split(|character: char| !character.is_ascii_alphanumeric() && partner(&STROKE, character).is_none());
    let longest = runs.map(|run| run.chars().count()).max().unwrap_or(0);
    (found >= SIGNS && longest > SIGNS)
        .then(|| line.chars().map(|character| partner(&STROKE, character).unwrap_or(character)).collect())
}

/// Whether a character is a Latin letter or digit in another shape.
fn folds_to_latin(character: char) -> bool {
    entry(character.into())[0].is_ascii_alphanumeric()
}

/// Whether folding drops a character that is no letter: marks and invisible ones, which belong to the
/// letter before them.
fn is_dropped(character: char) -> bool {
    !character.is_ascii() && entry(character.into())[..3] == [0; 3]
}

/// Puts signs and digits into the letters they stand for, if they do so throughout a line: in several
/// words, and hardly anywhere is one of these letters written as itself. Digits alone do not make
/// such a line: words with them are read both ways.
fn of_leet(line: &str) -> Option<String> {
    let bytes = line.as_bytes();
    if memchr::memchr3_iter(b'@', b'$', b'!', bytes).take(LEET / 2).count() < LEET / 2 {
        return None;
    }
    // Where there is an exclamation mark for the i, a one is an l.
    let plain = |letter: u8| bytes.iter().any(|byte| byte.eq_ignore_ascii_case(&letter));
    let marked = bytes.windows(2).any(|pair| pair[0] == b'!' && (pair[1].is_ascii_alphabetic() || is_leet(pair[1])));
    let one = if (marked || plain(b'i')) && !plain(b'l') { b'l' } else { b'i' };
    let mut out = bytes.to_vec();
    let (mut words, mut found) = (0, 0);
    // Signs within words: before one, they are a price, a handle, an addition; behind it, punctuation.
    let mut inner = [0usize; 256];
    let mut stood_for = [0usize; 26];
    let mut at = 0;
    for word in bytes.split(|&byte| byte == b' ') {
        let start = at;
        at += word.len() + 1;
        let own_signs = word.iter().filter(|byte| is_leet(**byte) && !byte.is_ascii_digit()).count();
        let letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
        let (first, last) = (word.iter().position(letter), word.iter().rposition(letter));
        if first.is_none() && own_signs < 2 {
            continue;
        }
        let (first, last) = (first.unwrap_or(0), last.unwrap_or(word.len()));
        let before = found;
        let mut index = 0;
        for run in word.chunk_by(|&a, &b| is_leet(a) == is_leet(b)) {
            let from = index;
            index += run.len();
            // Numbers before and behind the letters stay, 100x and slot88, and the mark at the end.
            let number = run.len() > 1 && run.iter().all(u8::is_ascii_digit);
            let behind = from > last && (number || matches!(run[0], b'!' | b'8' | b'9'));
            let alike = number && run[0] >= b'7' && run.iter().all(|&digit| digit == run[0]);
            let taken = match run {
                // An o before the number: casin088.
                [b'0', _, _, ..] if behind => 1,
                _ if index <= first && number || behind || alike => 0,
                _ => run.len(),
            };
            for (place, &sign) in run[..taken].iter().enumerate() {
                let Some(letter) = leet_letter(sign) else { continue };
                let letter = if sign == b'1' { one } else { letter };
                out[start + from + place] = letter;
                stood_for[usize::from(letter - b'a')] += 1;
                found += 1;
            }
        }
        for &byte in word.get(1..word.len() - 1).unwrap_or_default() {
            inner[usize::from(byte)] += usize::from(is_leet(byte) && !byte.is_ascii_digit());
        }
        words += usize::from(found > before && word.len() >= LEET);
    }
    let as_itself = |letter: u8| letter.is_ascii_lowercase() && stood_for[usize::from(letter - b'a')] > 0;
    let themselves = bytes.iter().filter(|byte| as_itself(byte.to_ascii_lowercase())).count();
    let (kinds, signs) = (inner.iter().filter(|&&count| count > 0).count(), inner.iter().sum::<usize>());
    let disguised = words >= LEET_WORDS && kinds > 1 && signs >= LEET && themselves * 8 <= found;
    disguised.then(|| String::from_utf8(out).ok())?
}

fn is_leet(byte: u8) -> bool {
    leet_letter(byte).is_some()
}

/// Joins letters that are set apart throughout a line: by spaces, dots, pictures or whatever else most
/// often stands between two of them. Anything else between two is a space.
fn joined(line: &str) -> Option<String> {
    // Runs of letters and digits: where each begins and ends, and whether it is a single one.
    let mut runs: Vec<(usize, usize, bool)> = Vec::new();
    let mut inside = false;
    let mut letters = 0;
    for (at, character) in line.char_indices() {
        let end = at + character.len_utf8();
        // Of the scripts of South Asia, marks are written one by one as well.
        let own = character.is_alphanumeric() || matches!(character, '\u{900}'..='\u{fff}');
        if !own && is_dropped(character) {
            if let (true, Some(last)) = (inside, runs.last_mut()) {
                last.1 = end;
            }
            continue;
        }
        if own && !inside && runs.len() == ENOUGH && runs.iter().filter(|run| run.2).count() * 2 < ENOUGH {
            return None;
        }
        match runs.last_mut().filter(|_| own && inside) {
            Some(last) => (last.1, last.2) = (end, false),
            None if own => runs.push((at, end, true)),
            None => {}
        }
        inside = own;
        letters += usize::from(character.is_alphabetic());
    }
    let single = runs.iter().filter(|run| run.2).count();
    if single < APART.0 || letters < APART.1 || single * 10 < runs.len() * 8 {
        return None;
    }
    let gaps = || runs.windows(2).map(|pair| &line[pair[0].1..pair[1].0]);
    let often = |gap: &str| gaps().filter(|&other| other == gap).count();
    let first = gaps().take(ENOUGH).max_by_key(|&gap| often(gap))?;
    if often(first) * 10 < (runs.len() - 1) * 6 {
        return None;
    }
    let mut out = String::with_capacity(line.len());
    for (index, &(from, to, _)) in runs.iter().enumerate() {
        if index > 0 && &line[runs[index - 1].1..from] != first {
            out.push(' ');
        }
        out.push_str(&line[from..to]);
    }
    // Typesetting sets letters apart as well; a line of it without a gap between words says nothing.
    let spaced = |word: &str| word.chars().all(|character| character < '\u{900}');
    let readable = |word: &str| word.chars().count() <= LONGEST || !spaced(word);
    out.split(' ').all(readable).then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::Normalizer;

    fn read(line: &str) -> String {
        let mut out = Vec::new();
        let (base, _) = Normalizer.read(line, &mut out);
        String::from_utf8_lossy(&out[..base]).into_owned()
    }

    #[test]
    fn letters_set_apart_are_joined() {
        for line in [
            "S l o t  G a c o r  7 7",
            "S.l.o.t  G.a.c.o.r  7.7",
            "S_l_o_t  G_a_c_o_r  7_7",
            "S·l·o·t  G·a·c·o·r  7·7",
            "S\u{2009}l\u{2009}o\u{2009}t  G\u{2009}a\u{2009}c\u{2009}o\u{2009}r  7\u{2009}7",
            "S🔥l🔥o🔥t  G🔥a🔥c🔥o🔥r  7🔥7",
            "»S-l-o-t / G-a-c-o-r / 7-7«",
        ] {
            assert_eq!(read(line), "slot gacor 77", "{line}");
        }
        assert_eq!(read("q o r b e t 8 8"), "qorbet88");
        assert_eq!(read("ส ล ็ อ ต  8 8"), read("สล็อต 88"));
        // Cyrillic letters among them.
        assert_eq!(read("S l о t  g а c о r"), "slot gacor");
    }

    #[test]
    fn other_disguises_are_read() {
        assert_eq!(read("&#x53;&#108;&#x6F;&#116; 88 &amp; bonus"), "slot 88 &amp; bonus");
        assert_eq!(
            read(
                "s\u{324}\u{303}l\u{31b}\u{32d}o\u{32d}\u{30a}t\u{31b}\u{303} g\u{324}\u{303}a\u{31b}\u{346}c\u{346}o\u{32d}\u{30a}r\u{33e}\u{315}"
            ),
            "slot gacor"
        );
        assert_eq!(read("88 ɹoɔɐƃ ʇols"), "slot gacor 88");
        assert_eq!(read("₴ⱠØ₮ ₲₳₵ØⱤ ₥łⱠł₦"), "slot gacor milin");
        assert_eq!(read("丂乚口丅 厶卂匚口尺"), "slot gacor");
        assert_eq!(read("ꓢꓡꓳꓔ ꓖꓮꓚꓳꓣ"), "slot gacor");
        for line in ["$i+u$ $l0+ h@r!@n 9@c0r 88", "$!+u$ $10+ h@r!@n 9@c0r 88", "$1+U$ $L0+ H@R!@N 9@C0R 88"] {
            assert_eq!(read(line), "situs slot harian gacor 88", "{line}");
        }
        assert_eq!(read("8u0n@ d@f+@r 0n1!n3 !n c@$!n088"), "buona daftar online in casino88");
    }

    #[test]
    fn what_is_no_disguise_stays() {
        for line in [
            "The price rose to ₦5,000 from ₦3,500 and then ₱40.",
            "a plan for C D and E",
            "x + y = 12",
            "It is pronounced [ɹɪˈsɜːtʃ] or [ˈɹiːsɜːtʃ].",
            "Don&#8217;t say &#8220;never&#8221; again &#8212; she said.",
            "1 2 3 4 5 6 7 8",
            "Finals: 4x100m, 4x200m and 4x400m, then 3x3 and 5x5",
            "3f5a 9c0e 4b1d 77aa 1e0f 5d3c",
            "5pm, 8am, 10am, 11am and 9:30am",
            "4K TV, 8K TV, 5G, 3G, h264, mp4 and x86 are names of 1980s to 2020s things",
            "Flights 4U9525, 5J814 and 3K685 left at 7am",
            "$5m, $10m, +3c and @4pm",
            "info@xyz.com; help@xyz.com; jobs@xyz.com; news@xyz.com",
            "if !$found || !$user { $count++; $next = @$list[$i]; }",
            "(b) d e n g a n m e m a d a m k a n t a n d a n o k t a h d i h u j u n g",
        ] {
            assert_eq!(unmask(line, true, &FoldStats::default()), None, "{line}");
        }
        let stats = FoldStats { scripts: std::array::from_fn(|_| 8), ..FoldStats::default() };
        for line in ["三人 十口", "の口 はいりぐち", "人工知能", "W ł Ł ó d ź złoty łąka", "€1, ¥2, £3"]
        {
            assert_eq!(unmask(line, false, &stats), None, "{line}");
        }
    }
}
