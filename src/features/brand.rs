//! Looks for brand-shaped tokens at the places where they are put.

use crate::model::brand::{BrandTable, MAX_TOKEN};

/// Log-odds from which a token counts as brand-like.
pub(crate) const BRAND_LIKE: f32 = 0.5;
/// Lines up to this many symbols are searched whole, longer ones at both ends.
const WHOLE_LINE: usize = 160;
const EDGE: usize = 48;

/// What the tokens of one line look like.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct BrandView {
    /// Highest log-odds of any token, at least 0.
    pub(crate) best: f32,
    /// Symbols of that token, relative to the line.
    pub(crate) best_at: (usize, usize),
    /// Highest log-odds of a token without digits, at least 0.
    pub(crate) best_plain: f32,
    /// Log-odds of the last token, at least 0.
    pub(crate) last: f32,
    /// Symbols in brand-like tokens.
    pub(crate) symbols: u32,
    /// Number of tokens.
    pub(crate) tokens: u32,
    /// Tokens that are not brand-like.
    pub(crate) others: u32,
    /// Whether a token joins letters and a number behind them.
    pub(crate) mixed: bool,
    /// Whether the first word is a byline frame.
    pub(crate) frame: bool,
}

/// Whether a token is a first word of bylines in front of a name.
fn is_frame(token: &[u8]) -> bool {
    matches!(
        token,
        b"by"
            | b"oleh"
            | b"penulis"
            | b"author"
            | b"autor"
            | b"auteur"
            | b"por"
            | b"par"
            | b"von"
            | b"di"
            | b"yazar"
            | b"editor"
            | b"posted"
            | b"written"
            | b"reporter"
            | b"admin"
            | b"od"
            | b"door"
            | b"av"
            | b"kirjoittaja"
            | b"scritto"
            | b"autore"
            | b"escrito"
            | b"publicado"
            | b"ditulis"
            | b"laporan"
            | b"tac"
            | b"ni"
            | b"from"
    )
}

fn is_token(symbol: u8) -> bool {
    symbol.is_ascii_alphanumeric()
}

/// Bytes of plain text, which folding leaves alone but for case.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b' ' | b',' | b'.' | b';' | b':' | b'!' | b'?' | b'"' | b'\'' | b'(' | b')')
}

/// Whether [`look`] could find a brand at the very end of a short text; folding is not needed to
/// say no of plain text.
pub(crate) fn may_end(text: &str, table: &BrandTable) -> bool {
    let bytes = text.as_bytes();
    if !bytes.iter().copied().all(is_plain) {
        return true;
    }
    let Some(end) = bytes.iter().rposition(|&byte| is_token(byte)) else { return false };
    let word_before = |end: usize| {
        let start = bytes[..end].iter().rposition(|&byte| !is_token(byte)).map_or(0, |at| at + 1);
        &bytes[start..end]
    };
    let last = word_before(end + 1);
    let start = end + 1 - last.len();
    let before = start.checked_sub(1).map_or(&bytes[..0], word_before);
    // Letters set apart fold to a word.
    if last.len() == 1 || before.len() == 1 || last.len() + before.len() > MAX_TOKEN {
        return true;
    }
    let mut token = [0; MAX_TOKEN];
    let number = last.iter().all(u8::is_ascii_digit);
    let parts = [if number { before } else { &[] }, last];
    for (symbol, byte) in token.iter_mut().zip(parts.into_iter().flatten()) {
        *symbol = byte.to_ascii_lowercase();
    }
    table.score(&token[..parts[0].len() + last.len()]) >= BRAND_LIKE
}

/// Scores the tokens of a folded line.
pub(crate) fn look(symbols: &[u8], table: &BrandTable) -> BrandView {
    let mut view = BrandView::default();
    if symbols.len() <= WHOLE_LINE {
        scan(symbols, 0, symbols.len(), table, &mut view);
    } else {
        scan(symbols, 0, EDGE, table, &mut view);
        scan(symbols, symbols.len() - EDGE, symbols.len(), table, &mut view);
    }
    view
}

fn scan(symbols: &[u8], from: usize, end: usize, table: &BrandTable, view: &mut BrandView) {
    let mut at = from;
    // A token cut by the window is passed over.
    if at > 0 {
        while at < end && is_token(symbols[at]) {
            at += 1;
        }
    }
    let mut buffer = [0u8; MAX_TOKEN];
    let mut last = (0.0, end);
    while at < end {
        if !is_token(symbols[at]) {
            at += 1;
            continue;
        }
        let start = at;
        while at < symbols.len() && is_token(symbols[at]) {
            at += 1;
        }
        let mut stop = at;
        let token = &symbols[start..at];
        let high_neighbour = start > 0 && symbols[start - 1] >= 0x80 && token.len() < 3;
        if token.len() > MAX_TOKEN || high_neighbour {
            view.tokens += 1;
            view.others += 1;
            continue;
        }
        let letters = token.iter().filter(|symbol| symbol.is_ascii_lowercase()).count();
        let digits = token.len() - letters;
        if view.tokens == 0 && start < 8 && is_frame(token) {
            view.frame = true;
        }
        view.tokens += 1;
        if letters == 0 || token.len() < 3 {
            view.others += 1;
            continue;
        }
        let mut score = table.score(token);
        let mut mixed = digits > 0 && token.last().is_some_and(u8::is_ascii_digit);
        if digits == 0 {
            view.best_plain = view.best_plain.max(score);
            // A name and a number apart: agen 88.
            let number_at = at + 1;
            if number_at < symbols.len() && matches!(symbols[at], b' ' | b'-' | b'.' | b'_') {
                let number = symbols[number_at..].iter().take_while(|symbol| symbol.is_ascii_digit()).count();
                let closed = symbols.get(number_at + number).is_none_or(|&symbol| !is_token(symbol) || symbol == b'd');
                if (1..=5).contains(&number) && closed && token.len() + number <= MAX_TOKEN && letters >= 3 {
                    buffer[..token.len()].copy_from_slice(token);
                    buffer[token.len()..token.len() + number].copy_from_slice(&symbols[number_at..number_at + number]);
                    let joined = table.score(&buffer[..token.len() + number]);
                    if joined > score {
                        score = joined;
                        stop = number_at + number;
                        mixed = true;
                        at = stop;
                    }
                }
            }
        }
        view.mixed |= mixed && letters >= 2;
        if score > view.best {
            view.best = score;
            view.best_at = (start, stop);
        }
        if score >= BRAND_LIKE {
            view.symbols += (stop - start) as u32;
        } else {
            view.others += 1;
        }
        last = (score.max(0.0), stop);
    }
    // Only the last token of all is the last.
    let (score, stop) = last;
    view.last = if symbols[stop..].iter().any(|&symbol| is_token(symbol) || symbol >= 0x80) { 0.0 } else { score };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::Normalizer;

    proptest::proptest! {
        /// The short way never says no where the long one finds a brand at the end.
        #[test]
        fn what_ends_in_a_brand_may(
            text in "([a-zA-Z]{1,9}[0-9]{0,3}|[0-9]{1,6}|[ .,;:!?\"'()]{1,2}|[a-z] [a-z] [0-9]){0,9}[ .!]{0,2}",
            seed in 0u32..1000,
        ) {
            let weights = (0..1 << 12).map(|n: u32| ((n ^ seed).wrapping_mul(0x9e37_79b1) >> 24) as i8).collect();
            let table = BrandTable::new(12, weights, 0.05, 0.0).unwrap();
            let mut symbols = Vec::new();
            let (base, _) = Normalizer.fold(&text, &mut symbols);
            let found = look(&symbols[..base], &table);
            let (from, to) = found.best_at;
            let at_end = to > from && !symbols[to..base].iter().any(|&symbol| is_token(symbol) || symbol >= 0x80);
            let ends = found.best >= BRAND_LIKE && at_end && base <= WHOLE_LINE;
            proptest::prop_assert!(!ends || may_end(&text, &table), "{text:?} {symbols:?} {found:?}");
        }
    }
}
