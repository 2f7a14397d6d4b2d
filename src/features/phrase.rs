//! Finds listed phrases in folded lines.
//!
//! Lists are features, never verdicts: they tell the classifier in one number what it would
//! need many n-grams for, in languages that training text is thin for.
//!
//! Phrases begin where words begin, so only word starts are looked up, by their first symbols
//! in a hash table. An automaton over ten thousand phrases would take longer to build than
//! most runs take, and a step at every symbol.

use crate::error::ModelError;
use crate::label::{Class, Label};
use crate::model::ngram::WORD_SYMBOL;
use crate::normalize::{FoldStats, Normalizer, Script};

/// Longest line that is searched; longer ones are prose.
pub(crate) const MAX_LINE: usize = 240;

#[derive(Debug, Clone, Copy)]
struct Phrase {
    label: Label,
    /// Must begin the line.
    start: bool,
    /// Must end the line.
    end: bool,
    /// Written without spaces between words, so no word boundary is asked for.
    unspaced: bool,
    /// Where its symbols stand.
    from: u32,
    to: u32,
}

/// Symbols that a phrase is looked up by.
const KEY: usize = 4;
const BUCKET_BITS: u32 = 16;
/// Bits of the filter of keys: several times as many as there are phrases.
const FILTER_BITS: u32 = 18;
const FILTER: usize = 1 << FILTER_BITS;

/// What tells for little that a phrase does not stand in a place.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Entry {
    key: u32,
    /// The symbols behind the key, as far as there are any, and the bits they take.
    tail: u32,
    mask: u32,
    number: u32,
}

/// A set of phrases by label.
#[derive(Debug, Clone)]
pub struct PhraseSet {
    phrases: Vec<Phrase>,
    /// Symbols of all phrases, one behind the other.
    symbols: Vec<u8>,
    /// Where the phrases of each bucket begin in `order`; one entry more than buckets.
    buckets: Vec<u32>,
    /// Keys and numbers of phrases, by bucket.
    order: Vec<Entry>,
    /// Bit set of the lengths of the keys that begin with each symbol.
    lengths: Box<[u8; 256]>,
    /// Bit set of hashed keys: most words begin no phrase, and this says so for one load.
    known: Box<[u64; FILTER / 64]>,
}

/// The bucket of first symbols; those of phrases shorter than the key are padded with zeros.
fn bucket_of(key: u32) -> usize {
    (key.wrapping_mul(0x9e37_79b1) >> (32 - BUCKET_BITS)) as usize
}

/// The first four symbols as a number; missing ones are zeros.
#[inline(always)]
fn four(symbols: &[u8]) -> u32 {
    u32::from_le_bytes(match symbols.first_chunk() {
        Some(&four) => four,
        None => std::array::from_fn(|index| symbols.get(index).copied().unwrap_or(0)),
    })
}

/// The word and bit of a key in the filter.
#[inline(always)]
fn filter_of(key: u32) -> (usize, u64) {
    let hash = key.wrapping_mul(0x9e37_79b1) >> (32 - FILTER_BITS);
    (hash as usize / 64 % (FILTER / 64), 1 << (hash % 64))
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

/// Whether text holds letters of scripts written without spaces between words, or with
/// particles joined to them as in Korean.
pub(crate) fn is_unspaced(stats: &FoldStats) -> bool {
    [Script::Thai, Script::SoutheastAsian, Script::Han, Script::Kana, Script::Hangul]
        .iter()
        .any(|&script| stats.script(script) > 0)
}

fn is_word(symbol: u8) -> bool {
    WORD_SYMBOL[usize::from(symbol)]
}

impl PhraseSet {
    /// Reads lists: pairs of label and text with `[lang]` headers, `#` comments and one phrase
    /// a line, `^` in front for the start of a line and `$` behind for its end.
    ///
    /// # Errors
    /// If the lists are larger than 4 GB.
    pub fn parse<'a>(lists: impl IntoIterator<Item = (Label, &'a str)>) -> Result<Self, ModelError> {
        Self::parse_some(lists, |_| true)
    }

    /// The same with only the phrases that `wanted` says yes to.
    pub(crate) fn parse_some<'a>(
        lists: impl IntoIterator<Item = (Label, &'a str)>,
        wanted: impl Fn(&str) -> bool,
    ) -> Result<Self, ModelError> {
        let mut phrases = Vec::new();
        let mut symbols = Vec::new();
        for (label, text) in lists {
            for line in text.lines() {
                let line = line.trim();
                if line.is_empty() || line.starts_with('#') || is_header(line) || !wanted(line) {
                    continue;
                }
                let (line, start) = line.strip_prefix('^').map_or((line, false), |rest| (rest, true));
                let (line, end) = line.strip_suffix('$').map_or((line, false), |rest| (rest, true));
                let (pattern, stats) = Normalizer.fold_phrase(line.trim());
                if pattern.len() < 2 && !(start && end) || pattern.is_empty() || pattern.len() > MAX_LINE {
                    continue;
                }
                let unspaced = is_unspaced(&stats);
                let from = symbols.len() as u32;
                symbols.extend(pattern);
                phrases.push(Phrase { label, start, end, unspaced, from, to: symbols.len() as u32 });
            }
        }
        Self::index(phrases, symbols)
    }

    /// Builds the table of first symbols.
    fn index(phrases: Vec<Phrase>, symbols: Vec<u8>) -> Result<Self, ModelError> {
        if u32::try_from(symbols.len()).is_err() {
            return Err(ModelError::malformed("phrase lists of more than 4 GB"));
        }
        let of = |phrase: &Phrase| &symbols[phrase.from as usize..phrase.to as usize];
        let keys: Vec<u32> = phrases.iter().map(|phrase| four(of(phrase))).collect();
        let mut buckets = vec![0u32; (1 << BUCKET_BITS) + 1];
        for &key in &keys {
            buckets[bucket_of(key) + 1] += 1;
        }
        for at in 1..buckets.len() {
            buckets[at] += buckets[at - 1];
        }
        let mut next = buckets.clone();
        let mut order = vec![Entry::default(); keys.len()];
        for ((&key, phrase), number) in keys.iter().zip(&phrases).zip(0..) {
            let place = &mut next[bucket_of(key)];
            let tail = of(phrase).get(KEY..).unwrap_or_default();
            let bits = 8 * (KEY - KEY.min(tail.len()));
            let mask = u32::MAX.checked_shr(bits as u32).unwrap_or(0);
            order[*place as usize] = Entry { key, tail: four(tail), mask, number };
            *place += 1;
        }
        let mut lengths = Box::new([0; 256]);
        let mut known: Box<[u64; FILTER / 64]> =
            vec![0; FILTER / 64].into_boxed_slice().try_into().expect("as long as the filter");
        for (phrase, &key) in phrases.iter().zip(&keys) {
            lengths[(key & 0xff) as usize] |= 1 << KEY.min((phrase.to - phrase.from) as usize);
            let (word, bit) = filter_of(key);
            known[word] |= bit;
        }
        Ok(Self { phrases, symbols, buckets, order, lengths, known })
    }

    /// Writes the set as a model holds it: folded, so that reading costs no folding.
    ///
    /// The number of phrases; two bytes a phrase (label, flags) and two for its length; all
    /// symbols.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4 + 4 * self.phrases.len() + self.symbols.len());
        out.extend((self.phrases.len() as u32).to_le_bytes());
        for phrase in &self.phrases {
            let flags = u8::from(phrase.start) | u8::from(phrase.end) << 1 | u8::from(phrase.unspaced) << 2;
            out.extend([phrase.label.index() as u8, flags]);
            out.extend(((phrase.to - phrase.from) as u16).to_le_bytes());
        }
        out.extend(&self.symbols);
        out
    }

    /// Reads what [`encode`](Self::encode) wrote.
    ///
    /// # Errors
    /// If lengths do not fit or a label or flag is unknown.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, ModelError> {
        let wrong = || ModelError::malformed("the phrases are not as long as they say");
        let (count, rest) = bytes.split_first_chunk::<4>().ok_or_else(wrong)?;
        let count = u32::from_le_bytes(*count) as usize;
        let (records, symbols) = count.checked_mul(4).and_then(|size| rest.split_at_checked(size)).ok_or_else(wrong)?;
        let mut phrases = Vec::with_capacity(count);
        let mut from = 0u32;
        for record in records.chunks_exact(4) {
            let label = Label::ALL.get(usize::from(record[0])).copied();
            let (Some(label), 0..8) = (label, record[1]) else {
                return Err(ModelError::malformed("a phrase has a label or flag that this build does not know"));
            };
            let to = from + u32::from(u16::from_le_bytes([record[2], record[3]]));
            if to == from {
                return Err(ModelError::malformed("an empty phrase"));
            }
            let flag = |bit: u8| record[1] >> bit & 1 == 1;
            phrases.push(Phrase { label, start: flag(0), end: flag(1), unspaced: flag(2), from, to });
            from = to;
        }
        if from as usize != symbols.len() {
            return Err(wrong());
        }
        Self::index(phrases, symbols.to_vec())
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
    ///
    /// `unspaced` says that the line holds letters of a script written without spaces, in which a
    /// phrase may begin anywhere.
    pub fn find(&self, symbols: &[u8], unspaced: bool) -> PhraseHits {
        let mut hits = PhraseHits::default();
        if symbols.len() > MAX_LINE {
            return hits;
        }
        let lead = symbols.iter().position(|&symbol| is_word(symbol)).unwrap_or(0);
        let trail = symbols.iter().rposition(|&symbol| is_word(symbol)).map_or(0, |last| last + 1);
        let mut reach = 0;
        let mut before = false;
        for (from, &first) in symbols.iter().enumerate() {
            // Phrases of scripts without spaces may begin anywhere, others where a word does.
            let word = WORD_SYMBOL[usize::from(first)];
            let inside = before & word;
            before = word;
            if inside && !(unspaced && first >= 0x80) {
                continue;
            }
            let lengths = self.lengths[usize::from(first)];
            if lengths == 0 {
                continue;
            }
            let rest = &symbols[from..];
            let (head, tail) = (four(rest), four(rest.get(KEY..).unwrap_or_default()));
            // Whole keys first, then phrases shorter than a key.
            for length in (1..=KEY.min(rest.len())).rev() {
                if lengths >> length & 1 == 0 {
                    continue;
                }
                let key = head & (u32::MAX >> (8 * (KEY - length)));
                let (word, bit) = filter_of(key);
                if self.known[word] & bit == 0 {
                    continue;
                }
                let bucket = bucket_of(key);
                let range = self.buckets[bucket] as usize..self.buckets[bucket + 1] as usize;
                for entry in &self.order[range] {
                    if entry.key != key || entry.tail != tail & entry.mask {
                        continue;
                    }
                    let phrase = self.phrases[entry.number as usize];
                    let pattern = &self.symbols[phrase.from as usize..phrase.to as usize];
                    if !rest.starts_with(pattern) {
                        continue;
                    }
                    let to = from + pattern.len();
                    if !phrase.unspaced {
                        let glued_behind = to < symbols.len() && is_word(symbols[to - 1]) && is_word(symbols[to]);
                        if inside || glued_behind {
                            continue;
                        }
                    }
                    let at_start = from <= lead;
                    let at_end = to >= trail;
                    if phrase.start && !at_start || phrase.end && !at_end {
                        continue;
                    }
                    hits.add(phrase.label, from, to, at_start, at_end, &mut reach);
                }
            }
        }
        hits
    }
}

impl PhraseHits {
    fn add(&mut self, label: Label, from: usize, to: usize, at_start: bool, at_end: bool, reach: &mut usize) {
        self.labels |= 1 << label.index();
        if label.class() == Class::Spam {
            self.spam += 1;
            return;
        }
        self.whole |= at_start && at_end;
        self.start |= at_start;
        let from = from.max(*reach);
        if to > from {
            self.covered += (to - from) as u32;
            *reach = to;
        }
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
            set.find(&symbols, true)
        };
        assert_eq!(find("» Baca juga: Harga cabai").labels, 1 << Label::Related.index());
        assert_eq!(find("Dia baca juga buku").labels, 0);
        assert!(find("- ADVERTISEMENT -").whole);
        assert_eq!(find("Advertisement rates rose").labels, 0);
        assert_eq!(find("main 𝐬𝐥𝐨𝐭 𝐠𝐚𝐜𝐨𝐫 yuk").spam, 1);
        assert_eq!(find("mesin slot gacorku").spam, 0);
        assert_eq!(find("新用户注册送彩金58元").spam, 1);
    }

    #[test]
    fn a_set_comes_back_as_it_was_written() {
        let set = PhraseSet::parse([
            (Label::Related, "[id]\n^baca juga\n^x$\n"),
            (Label::Advert, "^advertisement$\n"),
            (Label::Gambling, "slot gacor\n注册送彩金\nบาคาร่าออนไลน์\n"),
        ])
        .unwrap();
        let bytes = set.encode();
        let again = PhraseSet::decode(&bytes).unwrap();
        assert_eq!(again.encode(), bytes);
        assert_eq!((again.len(), &again.buckets, &again.order), (set.len(), &set.buckets, &set.order));
        for len in 0..bytes.len() {
            assert!(PhraseSet::decode(&bytes[..len]).is_err(), "{len} bytes");
        }
    }
}
