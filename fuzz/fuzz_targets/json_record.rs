//! A JSON line is read as `serde_json` reads it; cutting its text cuts the line's own bytes,
//! and what is left is the line with the shorter text.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use std::sync::LazyLock;
use unspam::io::{Fields, Format};
use unspam::{Action, Cleaner, Detector};

static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::builtin);

fuzz_target!(|data: &[u8]| {
    let fields = Fields::default();
    let Ok(view) = Format::Jsonl.view(data, &fields) else { return };
    let text = view.text().as_bytes().to_vec();
    view.id();
    view.url();
    let value: Option<Value> = serde_json::from_slice(data).ok();
    if let Some(value) = &value {
        // Lone surrogates, which `serde_json` does not read, have no reference.
        assert_eq!(value["text"].as_str().map(str::as_bytes), Some(&text[..]));
    }
    let mut same = Vec::new();
    view.clone().write_without(&[], &mut same);
    assert_eq!(same, data);

    // Cut what the detector finds, whether or not the policy would.
    let mut report = view.scan(&DETECTOR);
    for finding in &mut report.findings {
        finding.action = Action::Remove;
    }
    let edits = Cleaner::edits(&text, &report);
    let mut cut = Vec::new();
    view.clone().write_without(&edits, &mut cut);
    let again = Format::Jsonl.view(&cut, &fields).expect("a cut line is a line");
    if value.is_some() {
        assert_eq!(again.text().as_bytes(), Cleaner::apply(&text, &edits));
    }
    assert_eq!(again.id_json(), view.id_json());
});
