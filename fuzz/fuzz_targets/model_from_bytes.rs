//! No bytes make reading a model panic, and a model that is read never makes a scan panic.
//!
//! Checksums would stop nearly all changes at the door. So the input is read three ways: as
//! a file, as bytes put over the sections of the shipped model with checksums set right, and
//! as bytes put over its header.

#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use unspam::Detector;
use unspam::model::Model;

static WHOLE: &[u8] = include_bytes!("../../models/default.unspam");
static HEADER: LazyLock<(usize, Value)> = LazyLock::new(|| {
    let end = WHOLE.iter().position(|&byte| byte == b'\n').unwrap();
    (end, serde_json::from_slice(&WHOLE[..end]).unwrap())
});

fn with_sections_changed(place: usize, patch: &[u8]) -> Vec<u8> {
    let (end, header) = &*HEADER;
    let mut header = header.clone();
    let mut body = WHOLE[end + 1..].to_vec();
    let from = place % body.len();
    let len = patch.len().min(body.len() - from);
    body[from..from + len].copy_from_slice(&patch[..len]);
    let mut at = 0;
    for section in header["sections"].as_array_mut().unwrap() {
        let len = section["bytes"].as_u64().unwrap() as usize;
        section["crc32"] = crc32fast::hash(&body[at..at + len]).into();
        at += len;
    }
    [header.to_string().into_bytes(), b"\n".to_vec(), body].concat()
}

fuzz_target!(|data: &[u8]| {
    let _ = Model::from_bytes(data);
    let Some((place, patch)) = data.split_at_checked(4) else { return };
    let place = u32::from_le_bytes([place[0], place[1], place[2], place[3]]) as usize;
    let mut header = WHOLE.to_vec();
    let from = place % HEADER.0;
    let len = patch.len().min(HEADER.0 - from);
    header[from..from + len].copy_from_slice(&patch[..len]);
    let _ = Model::from_bytes(&header);
    if let Ok(detector) = Detector::builder().model_bytes(with_sections_changed(place, patch)).build() {
        let text = "Hujan deras mengguyur kota sejak pagi.\n\nsbobet88 https://slot.example\n";
        let cleaned = detector.clean(text);
        assert_eq!(detector.clean(&cleaned.text).text, cleaned.text);
        detector.explain(text);
    }
});
