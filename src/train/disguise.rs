//! Writes text as spammers disguise it, to learn from and to attack with.

use crate::train::rng::Rng;

/// Ways to disguise letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[allow(missing_docs)]
pub enum Disguise {
    MathBold,
    MathItalic,
    MathBoldItalic,
    MathScript,
    MathFraktur,
    MathDouble,
    MathSans,
    MathSansBold,
    MathMono,
    Fullwidth,
    Circled,
    FilledCircled,
    Squared,
    FilledSquared,
    SmallCapital,
    Regional,
    Cyrillic,
    Greek,
    Leet,
    ZeroWidth,
    SoftHyphen,
    Reversed,
    Overlay,
    Spaced,
    Dotted,
    Slashed,
    Keycap,
    EmojiInside,
    Truncated,
    MixedPerLetter,
}

impl Disguise {
    /// All of them.
    pub const ALL: [Self; 30] = [
        Self::MathBold,
        Self::MathItalic,
        Self::MathBoldItalic,
        Self::MathScript,
        Self::MathFraktur,
        Self::MathDouble,
        Self::MathSans,
        Self::MathSansBold,
        Self::MathMono,
        Self::Fullwidth,
        Self::Circled,
        Self::FilledCircled,
        Self::Squared,
        Self::FilledSquared,
        Self::SmallCapital,
        Self::Regional,
        Self::Cyrillic,
        Self::Greek,
        Self::Leet,
        Self::ZeroWidth,
        Self::SoftHyphen,
        Self::Reversed,
        Self::Overlay,
        Self::Spaced,
        Self::Dotted,
        Self::Slashed,
        Self::Keycap,
        Self::EmojiInside,
        Self::Truncated,
        Self::MixedPerLetter,
    ];

    /// Returns `text` disguised; characters it has no form for stay.
    pub fn apply(self, text: &str) -> String {
        match self {
            Self::ZeroWidth => between(text, "\u{200b}"),
            Self::SoftHyphen => between(text, "\u{ad}"),
            Self::Overlay => after_each(text, '\u{336}'),
            Self::Spaced => separated(text, " "),
            Self::Dotted => separated(text, "."),
            Self::Slashed => separated(text, "/"),
            Self::EmojiInside => between_words(text, "⭐"),
            Self::Reversed => format!("\u{202e}{}\u{202c}", text.chars().rev().collect::<String>()),
            Self::Keycap => text
                .chars()
                .flat_map(|c| if c.is_ascii_digit() { vec![c, '\u{fe0f}', '\u{20e3}'] } else { vec![c] })
                .collect(),
            Self::MixedPerLetter => text
                .chars()
                .enumerate()
                .map(|(index, c)| {
                    [Self::MathBold, Self::Fullwidth, Self::MathSans, Self::Cyrillic][index % 4].letter(c)
                })
                .collect(),
            _ => text.chars().map(|c| self.letter(c)).collect(),
        }
    }

    fn letter(self, c: char) -> char {
        // Starts of the alphabets of Unicode's mathematical block: capitals, smalls, digits.
        let block = |capital: u32, small: u32, digit: u32| {
            let code = match c {
                'A'..='Z' => capital + (c as u32 - 'A' as u32),
                'a'..='z' => small + (c as u32 - 'a' as u32),
                '0'..='9' if digit != 0 => digit + (c as u32 - '0' as u32),
                _ => return c,
            };
            char::from_u32(code).unwrap_or(c)
        };
        match self {
            Self::MathBold => block(0x1d400, 0x1d41a, 0x1d7ce),
            Self::MathItalic if c != 'h' => block(0x1d434, 0x1d44e, 0),
            Self::MathBoldItalic => block(0x1d468, 0x1d482, 0x1d7ce),
            Self::MathScript => block(0x1d4d0, 0x1d4ea, 0),
            Self::MathFraktur => block(0x1d56c, 0x1d586, 0),
            Self::MathDouble if !matches!(c, 'C' | 'H' | 'N' | 'P' | 'Q' | 'R' | 'Z') => {
                block(0x1d538, 0x1d552, 0x1d7d8)
            }
            Self::MathSans => block(0x1d5a0, 0x1d5ba, 0x1d7e2),
            Self::MathSansBold => block(0x1d5d4, 0x1d5ee, 0x1d7ec),
            Self::MathMono => block(0x1d670, 0x1d68a, 0x1d7f6),
            Self::Fullwidth => block(0xff21, 0xff41, 0xff10),
            Self::Circled => match c {
                '1'..='9' => char::from_u32(0x2460 + (c as u32 - '1' as u32)).unwrap_or(c),
                _ => block(0x24b6, 0x24d0, 0),
            },
            Self::FilledCircled => block(0x1f150, 0x1f150, 0),
            Self::Squared => block(0x1f130, 0x1f130, 0),
            Self::FilledSquared => block(0x1f170, 0x1f170, 0),
            Self::Regional => block(0x1f1e6, 0x1f1e6, 0),
            Self::Truncated => {
                let cut = Self::MathBold.letter(c) as u32;
                if cut > 0x1_0000 { char::from_u32(cut - 0x1_0000).unwrap_or(c) } else { c }
            }
            Self::SmallCapital => table(c, "aᴀbʙcᴄdᴅeᴇfꜰgɢhʜiɪjᴊkᴋlʟmᴍnɴoᴏpᴘrʀsꜱtᴛuᴜvᴠwᴡyʏzᴢ"),
            Self::Cyrillic => table(c, "aаcсeеoоpрxхyуiіjјsѕAАBВCСEЕHНKКMМOОPРTТXХ"),
            Self::Greek => table(c, "oοvνAΑBΒEΕHΗIΙKΚMΜNΝOΟPΡTΤXΧYΥZΖ"),
            Self::Leet => table(c, "a4e3i1o0s5t7A4E3I1O0S5T7"),
            _ => c,
        }
    }
}

fn table(c: char, pairs: &str) -> char {
    let mut letters = pairs.chars();
    while let (Some(from), Some(to)) = (letters.next(), letters.next()) {
        if from == c {
            return to;
        }
    }
    c
}

/// Puts `mark` between letters of words.
fn between(text: &str, mark: &str) -> String {
    let mut out = String::new();
    let mut last_word = false;
    for c in text.chars() {
        let word = c.is_alphanumeric();
        if word && last_word {
            out.push_str(mark);
        }
        out.push(c);
        last_word = word;
    }
    out
}

fn between_words(text: &str, mark: &str) -> String {
    text.split(' ')
        .map(|word| {
            let half = word.char_indices().nth(word.chars().count() / 2).map_or(0, |(at, _)| at);
            if half == 0 { word.to_owned() } else { format!("{}{mark}{}", &word[..half], &word[half..]) }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn after_each(text: &str, mark: char) -> String {
    text.chars().flat_map(|c| if c.is_alphanumeric() { vec![c, mark] } else { vec![c] }).collect()
}

fn separated(text: &str, mark: &str) -> String {
    text.split(' ')
        .map(|word| word.chars().map(String::from).collect::<Vec<_>>().join(mark))
        .collect::<Vec<_>>()
        .join("  ")
}

/// Disguises a text at random; in longer lines only some words, as spammers do.
pub(crate) fn disguise(text: &str, rng: &mut Rng) -> String {
    let way = *rng.pick(&Disguise::ALL);
    if text.chars().count() <= 24 {
        return way.apply(text);
    }
    let words: Vec<&str> = text.split(' ').collect();
    let first = rng.below(words.len());
    let last = (first + 1 + rng.below(3)).min(words.len());
    words
        .iter()
        .enumerate()
        .map(|(index, word)| if (first..last).contains(&index) { way.apply(word) } else { (*word).to_owned() })
        .collect::<Vec<_>>()
        .join(" ")
}
