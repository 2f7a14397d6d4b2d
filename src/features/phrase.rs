//! Finds listed phrases in folded lines.
//!
//! Lists are features, never verdicts: they tell the classifier in one number what it would
//! need many n-grams for, in languages that training text is thin for.

use aho_corasick::{AhoCorasick, AhoCorasickKind, MatchKind};

use crate::error::ModelError;
use crate::label::Label;
use crate::normalize::{Normalizer, Script};

/// Longest line that is searched; longer ones are prose.
pub(crate) const MAX_LINE: usize = 400;

#[derive(Debug, Clone, Copy)]
struct Phrase {
    label: Label,
    /// Must begin the line.
    start: bool,
    /// Must end the line.
    end: bool,
    /// Written without spaces between words, so no word boundary is asked for.
    unspaced: bool,
}

/// A set of phrases by label.
#[derive(Debug, Clone)]
pub struct PhraseSet {
    phrases: Vec<Phrase>,
    automaton: AhoCorasick,
}

/// What was found in one line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PhraseHits {
    /// Bit set of the labels that were hit, by label index.
    pub labels: u32,
    /// Whether a boilerplate or byline phrase is the whole line.
    pub whole: bool,
    /// Whether a boilerplate or byline phrase begins the line.
    pub start: bool,
    /// Symbols covered by boilerplate and byline phrases.
    pub covered: u32,
    /// Number of spam phrases.
    pub spam: u32,
}

/// Whether a line of a list names a language: `[id]`, `[zh-TW]`.
fn is_header(line: &str) -> bool {
    line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|name| {
        let lang = name.split('-').next().unwrap_or_default();
        name.len() <= 6 && (2..=3).contains(&lang.len()) && lang.bytes().all(|byte| byte.is_ascii_lowercase())
    })
}

fn is_word(symbol: u8) -> bool {
    symbol.is_ascii_alphanumeric() || symbol >= 0x80
}

impl PhraseSet {
    /// Reads lists: pairs of label and text with `[lang]` headers, `#` comments and one phrase
    /// a line, `^` in front for the start of a line and `$` behind for its end.
    ///
    /// # Errors
    /// If the automaton cannot be built.
    pub fn parse<'a>(lists: impl IntoIterator<Item = (Label, &'a str)>) -> Result<Self, ModelError> {
        let mut phrases = Vec::new();
        let mut patterns: Vec<Vec<u8>> = Vec::new();
        for (label, text) in lists {
            for line in text.lines() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') || is_header(line) {
                    continue;
                }
                let (line, start) = line.strip_prefix('^').map_or((line, false), |rest| (rest, true));
                let (line, end) = line.strip_suffix('$').map_or((line, false), |rest| (rest, true));
                let pattern = Normalizer.fold_phrase(line.trim());
                if pattern.len() < 2 && !(start && end) || pattern.is_empty() {
                    continue;
                }
                let mut symbols = Vec::new();
                let (_, stats) = Normalizer.fold(line, &mut symbols);
                let main = stats.main_script();
                let unspaced = [Script::Thai, Script::SoutheastAsian, Script::Han, Script::Kana, Script::Hangul]
                    .iter()
                    .any(|&script| script as usize == main);
                phrases.push(Phrase { label, start, end, unspaced });
                patterns.push(pattern);
            }
        }
        let automaton = AhoCorasick::builder()
            .match_kind(MatchKind::Standard)
            .kind(Some(AhoCorasickKind::ContiguousNFA))
            .build(&patterns)
            .map_err(|error| ModelError::malformed(format!("phrase lists: {error}")))?;
        Ok(Self { phrases, automaton })
    }

    /// Number of phrases.
    pub fn len(&self) -> usize {
        self.phrases.len()
    }

    /// Whether there is no phrase.
    pub fn is_empty(&self) -> bool {
        self.phrases.is_empty()
    }

    /// Returns what stands in a folded line.
    pub fn find(&self, symbols: &[u8]) -> PhraseHits {
        let mut hits = PhraseHits::default();
        if symbols.len() > MAX_LINE {
            return hits;
        }
        let lead = symbols.iter().position(|&symbol| is_word(symbol)).unwrap_or(0);
        let trail = symbols.iter().rposition(|&symbol| is_word(symbol)).map_or(0, |last| last + 1);
        let mut reach = 0;
        for found in self.automaton.find_overlapping_iter(symbols) {
            let phrase = self.phrases[found.pattern().as_usize()];
            let (from, to) = (found.start(), found.end());
            let at_start = from <= lead;
            let at_end = to >= trail;
            if phrase.start && !at_start || phrase.end && !at_end {
                continue;
            }
            if !phrase.unspaced {
                let glued_before = from > 0 && is_word(symbols[from]) && is_word(symbols[from - 1]);
                let glued_behind = to < symbols.len() && is_word(symbols[to - 1]) && is_word(symbols[to]);
                if glued_before || glued_behind {
                    continue;
                }
            }
            hits.labels |= 1 << phrase.label.index();
            if phrase.label.group() == "spam" {
                hits.spam += 1;
            } else {
                hits.whole |= at_start && at_end;
                hits.start |= at_start;
                let from = from.max(reach);
                if to > from {
                    hits.covered += (to - from) as u32;
                    reach = to;
                }
            }
        }
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn anchors_and_word_boundaries_hold() {
        let set = PhraseSet::parse([
            (Label::Related, "[id]\n^baca juga\n"),
            (Label::Advert, "^advertisement$\n"),
            (Label::Gambling, "slot gacor\n注册送彩金\n"),
        ])
        .unwrap();
        let find = |line: &str| {
            let mut symbols = Vec::new();
            Normalizer.fold(line, &mut symbols);
            set.find(&symbols)
        };
        assert_eq!(find("» Baca juga: Harga cabai").labels, 1 << Label::Related.index());
        assert_eq!(find("Dia baca juga buku").labels, 0);
        assert!(find("- ADVERTISEMENT -").whole);
        assert_eq!(find("Advertisement rates rose").labels, 0);
        assert_eq!(find("main 𝐬𝐥𝐨𝐭 𝐠𝐚𝐜𝐨𝐫 yuk").spam, 1);
        assert_eq!(find("mesin slot gacorku").spam, 0);
        assert_eq!(find("新用户注册送彩金58元").spam, 1);
    }
}
