//! Reads words that were written to be seen and not to be found: `s l o t`, `s.l.o.t`, `sl0t`.

use crate::eight;
use crate::normalize::{FoldStats, Script, Trace};

/// Letters that digits and signs stand for inside words.
pub(super) fn leet_letter(symbol: u8) -> Option<u8> {
    Some(match symbol {
        b'0' => b'o',
        b'1' | b'!' => b'i',
        b'3' => b'e',
        b'4' | b'@' => b'a',
        b'5' | b'$' => b's',
        b'7' | b'+' => b't',
        b'8' => b'b',
        b'9' => b'g',
        _ => return None,
    })
}

const TOKEN: u8 = 1;
const LETTER: u8 = 2;
const LEET: u8 = 4;

/// What each symbol can be part of.
const CLASS: [u8; 256] = {
    let mut table = [0; 256];
    let mut symbol = 0;
    while symbol < 256 {
        let byte = symbol as u8;
        if byte.is_ascii_alphanumeric() {
            table[symbol] |= TOKEN;
        }
        if byte.is_ascii_lowercase() {
            table[symbol] |= LETTER;
        }
        if matches!(byte, b'0' | b'1' | b'3' | b'4' | b'5' | b'7' | b'8' | b'9' | b'@' | b'$' | b'!' | b'+') {
            table[symbol] |= LEET;
        }
        symbol += 1;
    }
    table
};

/// Fewest letters set apart that count as a spaced word.
const SPACED_MIN: usize = 4;
/// Longest token that leet decoding looks at; longer ones are data.
const LEET_MAX: usize = 24;
/// Lines beyond this length are prose or data and are not searched for disguised words.
const DECODE_MAX: usize = 400;

/// Appends the decoded forms of disguised words in `out[start..]`, each after a space.
///
/// `alternates` says that letters take turns with other symbols.
pub(super) fn append_decoded_forms(out: &mut Vec<u8>, start: usize, stats: &mut FoldStats, alternates: bool) {
    let end = out.len();
    if end - start > DECODE_MAX {
        return;
    }
    if alternates {
        append_spaced(out, start, end, stats);
    }
    if stats.script(Script::Emoji) > 0 && stats.letters() == stats.script(Script::Latin) {
        append_parted(out, start, end, stats);
    }
    // Leet needs a letter beside a digit or sign that stands for one.
    let signs = |line: &[u8]| memchr::memchr3(b'@', b'$', b'!', line).or_else(|| memchr::memchr(b'+', line));
    if stats.scripts[Script::Digit as usize] == 0 && signs(&out[start..end]).is_none() {
        return;
    }
    let leet = out[start..end].windows(2).any(|pair| {
        let (one, two) = (CLASS[usize::from(pair[0])], CLASS[usize::from(pair[1])]);
        (one | two) & (LEET | LETTER) == LEET | LETTER
    });
    if leet {
        append_leet(out, start, end, stats);
    }
}

/// Appends words that pictures part, without them; `out[start..end]` holds no letters but Latin ones.
fn append_parted(out: &mut Vec<u8>, start: usize, end: usize, stats: &mut FoldStats) {
    let mut at = start;
    let mut parted = 0;
    while at < end {
        let to = out[at..end].iter().position(|&symbol| symbol == b' ').map_or(end, |len| at + len);
        let word = &out[at..to];
        let letter = |symbol: &u8| symbol.is_ascii_alphanumeric();
        let (first, last) = (word.iter().position(letter), word.iter().rposition(letter));
        if let (Some(first), Some(last)) = (first, last) {
            let inner = &word[first..=last];
            let letters = inner.iter().filter(|symbol| symbol.is_ascii_lowercase()).count();
            if letters >= SPACED_MIN && inner.iter().any(|&symbol| symbol >= 0x80) {
                let joined: Vec<u8> = inner.iter().copied().filter(|&symbol| symbol < 0x80).collect();
                out.push(b' ');
                out.extend(joined);
                parted += 1;
            }
        }
        at = to + 1;
    }
    stats.add_trace(Trace::Spaced as usize, parted);
}

/// Whether letters or digits and other symbols take turns for as long as in a spaced word:
/// six changes in a row. `LETTERS` says whether symbols that are not ASCII are letters.
pub(super) fn alternates<const LETTERS: bool>(symbols: &[u8]) -> bool {
    // One bit a symbol; the end of the line is no letter, and neither is what stands before it.
    let mut before = false;
    let mut earlier = 0u64;
    let mut parts = symbols.chunks(64);
    loop {
        let part = parts.next();
        let mut tokens = 0u64;
        let mut shift = 0;
        eight::words(part.unwrap_or_default()).for_each(|word| {
            let high = if LETTERS { eight::high(word) } else { 0 };
            tokens |= eight::bits(eight::letters(word) | eight::digits(word) | high) << shift;
            shift += 8;
        });
        let changes = tokens ^ (tokens << 1 | u64::from(before));
        before = tokens >> 63 == 1;
        let all = u128::from(changes) << 64 | u128::from(earlier);
        let two = all & all >> 1;
        if two & two >> 2 & two >> 4 != 0 {
            return true;
        }
        if part.is_none() {
            return false;
        }
        earlier = changes;
    }
}

fn append_spaced(out: &mut Vec<u8>, start: usize, end: usize, stats: &mut FoldStats) {
    let mut at = start;
    while at + 2 * SPACED_MIN - 1 <= end {
        let separator = out[at + 1];
        let single = |out: &[u8], index: usize| {
            out[index].is_ascii_alphanumeric() && (index == start || !out[index - 1].is_ascii_alphanumeric())
        };
        if !single(out, at) || separator.is_ascii_alphanumeric() || separator >= 0x80 {
            at += 1;
            continue;
        }
        let mut last = at;
        while last + 2 < end && out[last + 1] == separator && out[last + 2].is_ascii_alphanumeric() {
            last += 2;
        }
        // The final letter must stand alone as well.
        if last > at && last + 1 < end && out[last + 1].is_ascii_alphanumeric() {
            last -= 2;
        }
        let count = (last - at) / 2 + 1;
        let letters = (at..=last).step_by(2).filter(|&index| out[index].is_ascii_lowercase()).count();
        if count >= SPACED_MIN && letters >= 3 {
            out.push(b' ');
            for index in (at..=last).step_by(2) {
                let symbol = out[index];
                out.push(symbol);
            }
            stats.add_trace(Trace::Spaced as usize, 1);
            at = last + 1;
        } else {
            at = last.max(at) + 1;
        }
    }
}

fn append_leet(out: &mut Vec<u8>, start: usize, end: usize, stats: &mut FoldStats) {
    let mut at = start;
    while at < end {
        let part = |out: &[u8], at: usize| match out[at] {
            b'@' | b'$' | b'!' => true,
            b'+' => at > start && out[at - 1].is_ascii_alphanumeric(),
            symbol => symbol.is_ascii_alphanumeric(),
        };
        if !part(out, at) {
            at += 1;
            continue;
        }
        let mut to = at;
        while to < end && part(out, to) {
            to += 1;
        }
        let token = &out[at..to];
        let letters = token.iter().filter(|symbol| symbol.is_ascii_lowercase()).count();
        // A plus alone adds things up; beside other signs it is a t, and may be the last letter.
        let other = token.iter().any(|&symbol| symbol != b'+' && leet_letter(symbol).is_some());
        let last = |symbol: &u8| symbol.is_ascii_lowercase() || *symbol == b'+' && other;
        let last_letter = token.iter().rposition(last).unwrap_or(0);
        let inner = token[..last_letter].iter().filter(|&&symbol| symbol != b'+' && leet_letter(symbol).is_some());
        let inner = inner.count();
        if (5..=LEET_MAX).contains(&token.len()) && letters >= 2 && inner >= 1 && inner <= letters * 2 {
            // A one is an i or an l.
            let ways: &[u8] = if token[..last_letter].contains(&b'1') { b"il" } else { b"i" };
            for &one in ways {
                out.push(b' ');
                for index in at..to {
                    let symbol = out[index];
                    // A zero behind the last letter is an o when a number follows: c451n068.
                    let zero = symbol == b'0' && index == at + last_letter + 1 && index + 1 < to;
                    let plus = symbol == b'+' && index == at + last_letter;
                    let decoded = leet_letter(symbol).filter(|_| index - at < last_letter || zero || plus);
                    out.push(if symbol == b'1' && decoded.is_some() { one } else { decoded.unwrap_or(symbol) });
                }
            }
            stats.add_trace(Trace::Leet as usize, 1);
        }
        at = to;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn six_changes_in_a_row_are_found_anywhere(
            line in proptest::collection::vec(proptest::sample::select(&b"a1 .a1 .\x80"[..]), 0..200)
        ) {
            for high in [false, true] {
                let token =
                    |symbol: u8| symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || high && symbol >= 0x80;
                let mut changes = 0;
                let mut expected = false;
                let mut before = false;
                for &symbol in line.iter().chain(b" ") {
                    changes = if token(symbol) != before { changes + 1 } else { 0 };
                    before = token(symbol);
                    expected |= changes >= 2 * SPACED_MIN - 2;
                }
                let found = if high { alternates::<true>(&line) } else { alternates::<false>(&line) };
                proptest::prop_assert_eq!(found, expected);
            }
        }
    }
}
