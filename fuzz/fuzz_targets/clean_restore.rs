//! What cleaning takes out brings the text back, and cleaning twice changes nothing more.
//!
//! The policy removes whatever is more likely junk than not, so that much is cut.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use unspam::{Class, Cleaner, Detector, Label, LabelSet, Policy, Preset};

static DETECTOR: LazyLock<Detector> = LazyLock::new(|| {
    let junk = Label::ALL.iter().filter(|label| label.class() != Class::Content);
    let junk = junk.fold(LabelSet::EMPTY, |set, &label| set.with(label));
    let policy = Policy::preset(Preset::Recall).with_remove(junk).with_threshold(junk, 0.0).unwrap();
    Detector::builder().policy(policy.with_max_loss_share(1.0).unwrap()).build().unwrap()
});

fuzz_target!(|data: &[u8]| {
    let report = DETECTOR.scan_bytes(data);
    let edits = Cleaner::edits(data, &report);
    assert_eq!(report.changes_text(), !edits.is_empty());
    let removed: Vec<(usize, &[u8])> = edits.iter().map(|edit| (edit.span.start(), &data[edit.span.range()])).collect();
    let cleaned = Cleaner::apply(data, &edits);
    assert_eq!(Cleaner::restore(&cleaned, &removed).as_deref(), Ok(data));
    let again = DETECTOR.scan_bytes(&cleaned);
    assert_eq!(Cleaner::apply(&cleaned, &Cleaner::edits(&cleaned, &again)), cleaned);
    if let Ok(text) = std::str::from_utf8(data) {
        assert_eq!(DETECTOR.clean(text).text.as_bytes(), cleaned);
    }
});
