//! No bytes make the detector panic; findings are in order, inside the text, and the same
//! for text and for bytes.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use unspam::Detector;

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::builtin);

fuzz_target!(|data: &[u8]| {
    let report = DETECTOR.scan_bytes(data);
    let mut behind = 0;
    for finding in &report.findings {
        assert!(finding.span.start() >= behind && !finding.span.is_empty() && finding.span.end() <= data.len());
        behind = finding.span.end();
    }
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(report, DETECTOR.scan(text));
        for finding in &report.findings {
            assert!(text.is_char_boundary(finding.span.start()) && text.is_char_boundary(finding.span.end()));
        }
        DETECTOR.explain(text);
    }
});
