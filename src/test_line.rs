//! A line that is always found, for testing that a pipeline is wired up.
//!
//! What EICAR's file is to virus scanners and GTUBE to mail filters: whoever puts the line into
//! an article must see it flagged at the other end. It is looked for byte by byte, before and
//! apart from the model, so that no model, threshold or policy can miss it, and the rest of the
//! text is judged as if the line were not there.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::label::Label;
use crate::report::{Action, Evidence, Finding, Probability};
use crate::span::Span;

/// A line that is flagged and removed wherever it stands alone on its line, white space around
/// it aside: as `spam/scam`, with probability 1 and the reason [`TEST_LINE_REASON`].
pub const TEST_LINE: &str = "UNSPAM-TEST-LINE:8c1f5e0b7a9d4f26:ALWAYS-FOUND:DO-NOT-PUBLISH";

/// The reason given for [`TEST_LINE`].
pub const TEST_LINE_REASON: &str = "test_line";

static FINDER: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(TEST_LINE));

/// Returns the test lines of a text as findings, in order; without one nothing is allocated.
pub(crate) fn findings(text: &str) -> Vec<Finding> {
    let is_break = |c: char| c == '\n' || c == '\r';
    FINDER
        .find_iter(text.as_bytes())
        .map(|start| Span::new(start, start + TEST_LINE.len()))
        .filter(|span| {
            let before = text[..span.start()].rsplit(is_break).next().unwrap_or_default();
            let behind = text[span.end()..].split(is_break).next().unwrap_or_default();
            blank(before) && blank(behind)
        })
        .map(finding)
        .collect()
}

/// Whether there is nothing but white space; a byte order mark before the first line counts as such.
pub(crate) fn blank(text: &str) -> bool {
    text.trim_start_matches('\u{feff}').trim().is_empty()
}

fn finding(span: Span) -> Finding {
    Finding {
        span,
        label: Label::Scam,
        score: Probability::new(1.0),
        action: Action::Remove,
        reasons: vec![Evidence { code: TEST_LINE_REASON, weight: f32::MAX }],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_is_found_only_alone_on_its_line() {
        let found = |text: &str| findings(text).iter().map(|finding| finding.span.start()).collect::<Vec<_>>();
        assert_eq!(found(TEST_LINE), [0]);
        assert_eq!(found(&format!("a\r\n\t{TEST_LINE} \r\nb\n{TEST_LINE}\n")), [4, 4 + TEST_LINE.len() + 5]);
        assert_eq!(found(&format!("\u{feff}{TEST_LINE}")), [3]);
        assert!(found(&format!("He wrote {TEST_LINE} there.\n{TEST_LINE}.")).is_empty());
        assert!(found(&TEST_LINE.to_lowercase()).is_empty());
    }
}
