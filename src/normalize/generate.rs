//! Makes `fold.bin` from Unicode data; run the test with `UNSPAM_BLESS=1` to write it anew.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script as UnicodeScript, UnicodeScript as _};

use super::unmask::{Pairs, pairs, partner};
use super::{BLOCK, LIMIT, Script, Trace};

fn script_of(character: char) -> Script {
    let code = character as u32;
    match character.script() {
        UnicodeScript::Latin => Script::Latin,
        UnicodeScript::Cyrillic => Script::Cyrillic,
        UnicodeScript::Greek => Script::Greek,
        UnicodeScript::Arabic => Script::Arabic,
        UnicodeScript::Hebrew => Script::Hebrew,
        UnicodeScript::Devanagari => Script::Devanagari,
        UnicodeScript::Bengali => Script::Bengali,
        UnicodeScript::Gurmukhi
        | UnicodeScript::Gujarati
        | UnicodeScript::Oriya
        | UnicodeScript::Tamil
        | UnicodeScript::Telugu
        | UnicodeScript::Kannada
        | UnicodeScript::Malayalam
        | UnicodeScript::Sinhala => Script::Indic,
        UnicodeScript::Thai => Script::Thai,
        UnicodeScript::Lao | UnicodeScript::Khmer | UnicodeScript::Myanmar | UnicodeScript::Tibetan => {
            Script::SoutheastAsian
        }
        UnicodeScript::Han | UnicodeScript::Bopomofo => Script::Han,
        UnicodeScript::Hiragana | UnicodeScript::Katakana => Script::Kana,
        UnicodeScript::Hangul => Script::Hangul,
        UnicodeScript::Armenian | UnicodeScript::Georgian => Script::Caucasian,
        UnicodeScript::Ethiopic => Script::Ethiopic,
        UnicodeScript::Common | UnicodeScript::Inherited | UnicodeScript::Unknown => {
            if character.is_numeric() && character.to_string().nfkc().all(|c| c.is_ascii_digit()) {
                Script::Digit
            } else if matches!(code, 0x2600..=0x27bf | 0x2b00..=0x2bff | 0x1f000..=0x1fbff | 0x2190..=0x21ff) {
                Script::Emoji
            } else {
                Script::Common
            }
        }
        _ => Script::Other,
    }
}

const SMALL_CAPITALS: &str = "ᴀaʙbᴄcᴅdᴇeꜰfɢgʜhɪiᴊjᴋkʟlᴍmɴnᴏoᴘpꞯqʀrꜱsᴛtᴜuᴠvᴡwʏyᴢz";

fn small_capital(character: char) -> Option<char> {
    static PAIRS: Pairs = LazyLock::new(|| pairs(SMALL_CAPITALS));
    partner(&PAIRS, character)
}

/// Lisu is written in the shapes of Latin capitals, upright and turned; these are the upright ones.
const LISU: &str = "ꓐbꓑpꓓdꓔtꓖgꓗkꓙjꓚcꓜzꓝfꓟmꓠnꓡlꓢsꓣrꓦvꓧhꓪwꓫxꓬyꓮaꓰeꓲiꓳoꓴu";

fn lisu(character: char) -> Option<char> {
    static PAIRS: Pairs = LazyLock::new(|| pairs(LISU));
    partner(&PAIRS, character)
}

/// Letters in filled circles and squares have no compatibility mapping.
fn filled_letter(code: u32) -> Option<char> {
    let offset = match code {
        0x1f150..=0x1f169 => code - 0x1f150,
        0x1f170..=0x1f189 => code - 0x1f170,
        0x1f1e6..=0x1f1ff => code - 0x1f1e6,
        _ => return None,
    };
    char::from_u32('a' as u32 + offset)
}

/// Digits in filled circles have no compatibility mapping either.
fn filled_digit(code: u32) -> Option<char> {
    let digit = match code {
        0x24ff => 0,
        0x24f5..=0x24fd => code - 0x24f4,
        0x2776..=0x277e => code - 0x2775,
        0x2780..=0x2788 => code - 0x277f,
        0x278a..=0x2792 => code - 0x2789,
        _ => return None,
    };
    char::from_digit(digit, 10)
}

fn is_invisible(code: u32) -> bool {
    matches!(
        code,
        0xad | 0x34f | 0x61c | 0x115f | 0x1160 | 0x17b4 | 0x17b5 | 0x180b..=0x180e | 0x200b..=0x200f
            | 0x202a..=0x202e | 0x2060..=0x206f | 0x3164 | 0xfeff | 0xffa0 | 0x1bca0..=0x1bca3 | 0x1d173..=0x1d17a
    )
}

fn trace_of(code: u32) -> u8 {
    let trace = match code {
        // Zero-width joiners and non-joiners belong to the spelling of Indic and Persian
        // words, direction marks to Arabic and Hebrew text: folded away without a trace.
        // So are soft hyphens, which whole newspapers print in every long word.
        0xad | 0x200c..=0x200f | 0x61c | 0x34f | 0x17b4 | 0x17b5 => return 0,
        _ if is_invisible(code) => Trace::Invisible,
        0x1d400..=0x1d7ff => Trace::Mathematical,
        0xff10..=0xff19 | 0xff21..=0xff3a | 0xff41..=0xff5a => Trace::Fullwidth,
        0x249c..=0x24e9 | 0x1f110..=0x1f189 => Trace::Enclosed,
        0x1f1e6..=0x1f1ff => Trace::Regional,
        0x335..=0x338 | 0x20d0..=0x20f0 | 0x489 => Trace::Overlay,
        0x1d00..=0x1d6a | 0xa730..=0xa731 | 0x2c7c | 0x207f | 0x2071 => Trace::SmallCapital,
        _ if char::from_u32(code).and_then(small_capital).is_some() => Trace::SmallCapital,
        _ => return 0,
    };
    trace as u8
}

fn punctuation(character: char) -> Option<&'static str> {
    Some(match character {
        '‘' | '’' | '‚' | '‛' | '′' | '‹' | '›' | 'ʼ' | '´' | '`' => "'",
        '“' | '”' | '„' | '‟' | '″' | '«' | '»' | '「' | '」' | '『' | '』' | '《' | '》' | '〈' | '〉' => {
            "\""
        }
        '–' | '—' | '―' | '‐' | '‑' | '‒' | '−' | '־' | '⁃' => "-",
        '•' | '·' | '∙' | '●' | '▪' | '■' | '◆' | '○' | '▶' | '►' | '▸' | '◾' | '⦁' | '・' => {
            "*"
        }
        '。' | '।' | '॥' | '።' | '։' | '۔' | '။' => ".",
        '、' | '،' | '，' | '၊' => ",",
        '؟' => "?",
        '؛' => ";",
        '：' | '፡' => ":",
        '【' | '〔' | '［' | '〖' => "[",
        '】' | '〕' | '］' | '〗' => "]",
        '→' | '»'.. if matches!(character, '→' | '➜' | '➤' | '➔' | '⇒' | '❯' | '▷') => ">",
        _ => return None,
    })
}

/// Marks that change no letter: accents, Arabic and Hebrew vowel points, strokes.
fn is_dropped_mark(code: u32) -> bool {
    matches!(
        code,
        0x300..=0x36f | 0x483..=0x489 | 0x591..=0x5bd | 0x5bf..=0x5c7 | 0x610..=0x61a | 0x640 | 0x64b..=0x65f | 0x670
            | 0x6d6..=0x6ed | 0x1ab0..=0x1aff | 0x1dc0..=0x1dff | 0x20d0..=0x20ff | 0xfe00..=0xfe0f | 0xfe20..=0xfe2f
            | 0x3099 | 0x309a
    )
}

fn letter_symbols(character: char, out: &mut Vec<u8>) {
    let code = character as u32;
    if is_dropped_mark(code) || is_invisible(code) {
        return;
    }
    if let Some(text) = punctuation(character) {
        out.extend(text.bytes());
        return;
    }
    if character.is_ascii() {
        let lower = character.to_ascii_lowercase() as u8;
        out.push(if lower < 32 || lower == 127 { b' ' } else { lower });
        return;
    }
    if character.is_whitespace() {
        out.push(b' ');
        return;
    }
    let latin = match character {
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ł' => "l",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ħ' => "h",
        'ŧ' => "t",
        'ı' | 'ɩ' => "i",
        'ŋ' => "n",
        'ɓ' => "b",
        'ɗ' | 'ɖ' => "d",
        'ƙ' => "k",
        'ƴ' => "y",
        'ə' | 'ɛ' | 'ǝ' => "e",
        'ɔ' => "o",
        // Hooks and strokes that are worn for show; those of spelling and phonetics read as well without.
        'ƈ' | 'ȼ' => "c",
        'ʄ' => "f",
        'ɠ' | 'ǥ' => "g",
        'ɦ' | 'ⱨ' => "h",
        'ʝ' | 'ɉ' => "j",
        'ʅ' | 'ⱡ' => "l",
        'ɱ' => "m",
        'ƥ' => "p",
        'ʠ' => "q",
        'ɾ' | 'ɽ' => "r",
        'ʂ' => "s",
        'ƭ' | 'ʈ' => "t",
        'ʉ' => "u",
        'ɏ' => "y",
        'ʐ' | 'ⱬ' | 'ƶ' => "z",
        'ƀ' => "b",
        'ɇ' => "e",
        'ⱪ' => "k",
        'ɡ' => "g",
        'ɑ' => "a",
        'ʋ' => "v",
        'ɐ' => "a",
        _ => "",
    };
    if !latin.is_empty() {
        out.extend(latin.bytes());
        return;
    }
    if matches!(code, 0x3400..=0x9fff | 0xf900..=0xfaff | 0xac00..=0xd7a3 | 0x1f000..=0x1ffff) {
        out.extend(super::folder::pair_of(code));
        return;
    }
    // Alphabets lie in blocks of 128 code points or fewer, so the low bits tell letters apart.
    out.push(0x80 | (code & 0x7f) as u8);
}

fn symbols_of(code: u32) -> [u8; 4] {
    let Some(character) = char::from_u32(code) else { return [0; 4] };
    let class = script_of(character) as u8 | trace_of(code) << 5;
    let mut symbols = Vec::new();
    if !is_invisible(code) && !is_dropped_mark(code) {
        let latin = || small_capital(character).or_else(|| lisu(character));
        if let Some(letter) = filled_letter(code).or_else(|| filled_digit(code)).or_else(latin) {
            symbols.push(letter as u8);
        } else if let Some(text) = punctuation(character) {
            symbols.extend(text.bytes());
        } else {
            let folded: String = character.to_string().nfkc().flat_map(char::to_lowercase).collect();
            for part in folded.nfkd() {
                letter_symbols(part, &mut symbols);
            }
            if matches!(code, 0x249c..=0x24b5 | 0x1f110..=0x1f129) {
                // (a) in one character: the letter is what counts.
                symbols.retain(u8::is_ascii_alphanumeric);
            }
        }
    }
    // A letter keeps the script it is shown in, styled letters count as what they stand for.
    let styled = trace_of(code) != 0 && symbols.first().is_some_and(u8::is_ascii_alphabetic);
    let digit = symbols.len() == 1 && symbols[0].is_ascii_digit();
    let script = if styled {
        Script::Latin as u8
    } else if digit {
        Script::Digit as u8
    } else {
        class & 31
    };
    symbols.truncate(3);
    symbols.resize(3, 0);
    [symbols[0], symbols[1], symbols[2], class & 0xe0 | script]
}

fn lookalikes() -> BTreeMap<u32, u8> {
    let mut pairs = BTreeMap::new();
    for code in 0x80..LIMIT as u32 {
        let Some(character) = char::from_u32(code) else { continue };
        if matches!(script_of(character), Script::Common | Script::Latin | Script::Digit | Script::Emoji | Script::Han)
        {
            continue;
        }
        let lower: String = character.to_lowercase().collect();
        for form in [character.to_string(), lower] {
            let skeleton: String = unicode_security::skeleton(&form).collect();
            let mut parts = skeleton.nfkd().filter(|c| !is_dropped_mark(*c as u32));
            if let (Some(first), None) = (parts.next(), parts.next()) {
                if first.is_ascii_alphanumeric() {
                    // A bar that stands for I has l as its skeleton.
                    let bar = first == 'l' && matches!(character, 'І' | 'Ι' | 'Ӏ' | 'ꓲ');
                    pairs.entry(code).or_insert(if bar { b'i' } else { first.to_ascii_lowercase() as u8 });
                    break;
                }
            }
        }
    }
    // Letters that pass for a Latin one in running text though the data set has them apart.
    for (from, to) in "кkКkмmтtнnвbуyгrиnпnзeчyбbьbΒbвbηnκkτtμuωwβbγyεeλlπnσoδdѕsјjςsχxҳxԼlᎶgᏉv"
        .chars()
        .collect::<Vec<_>>()
        .chunks(2)
        .map(|p| (p[0], p[1]))
    {
        pairs.entry(from as u32).or_insert(to as u8);
    }
    pairs
}

fn generate() -> Vec<u8> {
    let mut blocks: Vec<[[u8; 4]; BLOCK]> = Vec::new();
    let mut index = Vec::new();
    for first in (0..LIMIT).step_by(BLOCK) {
        let mut block = [[0; 4]; BLOCK];
        for (offset, entry) in block.iter_mut().enumerate() {
            let code = (first + offset) as u32;
            let algorithmic = code < 0x80 || matches!(code, 0x3400..=0x4dbf | 0x4e00..=0x9fff | 0xac00..=0xd7a3);
            if !algorithmic {
                *entry = symbols_of(code);
            }
        }
        let number = blocks.iter().position(|known| *known == block).unwrap_or_else(|| {
            blocks.push(block);
            blocks.len() - 1
        });
        index.extend((number as u16).to_le_bytes());
    }
    let mut bytes = index;
    bytes.extend(blocks.iter().flatten().flatten());
    let pairs = lookalikes();
    for (&code, &letter) in &pairs {
        let low = code.to_le_bytes();
        bytes.extend([low[0], low[1], low[2], letter]);
    }
    bytes.extend((pairs.len() as u32).to_le_bytes());
    bytes
}

#[test]
fn the_table_is_what_unicode_data_give() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/normalize/fold.bin");
    let made = generate();
    if std::env::var_os("UNSPAM_BLESS").is_some() {
        std::fs::write(path, &made).unwrap();
    }
    let kept = std::fs::read(path).unwrap();
    assert!(made == kept, "src/normalize/fold.bin is stale: run `UNSPAM_BLESS=1 cargo test the_table`");
}
