//! Makes scraped text fit to be shown on a terminal.
//!
//! Text from the web may hold escape sequences that move the cursor or rename the window,
//! and marks that turn the direction of what follows: both could make a report say what it
//! does not say.

use std::fmt::Write as _;

/// Returns `text` with everything that acts instead of showing written as an escape, cut
/// after `max_chars` characters.
pub(crate) fn sanitize(text: &str, max_chars: usize) -> String {
    let mut shown = String::with_capacity(text.len().min(4 * max_chars));
    for (count, c) in text.chars().enumerate() {
        if count == max_chars {
            shown.push('…');
            break;
        }
        match c {
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            _ if acts(c) => {
                // Writing to a string does not fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            _ => shown.push(c),
        }
    }
    shown
}

fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_on_a_terminal_is_shown_instead() {
        assert_eq!(sanitize("a\u{1b}[31mb\u{7}\n", 99), "a\\u{1b}[31mb\\u{7}\\n");
        assert_eq!(sanitize("x\u{202e}y\u{9b}z", 99), "x\\u{202e}y\\u{9b}z");
        assert_eq!(sanitize("não 慈 می‌خواهم", 99), "não 慈 می‌خواهم");
    }

    #[test]
    fn long_text_is_cut() {
        assert_eq!(sanitize("abcdef", 3), "abc…");
        assert_eq!(sanitize("abc", 3), "abc");
    }
}
