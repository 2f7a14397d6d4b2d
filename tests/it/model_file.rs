//! The model file: whatever is wrong with it is said, and nothing that is wrong is used.

use std::fs;
use std::mem::discriminant;
use std::path::Path;
use std::sync::LazyLock;

use serde_json::{Value, json};
use unspam::model::Model;
use unspam::{Detector, ModelError};

use crate::support::{CLEAN, Dice, dirty, stderr, stdout};

static WHOLE: LazyLock<Vec<u8>> =
    LazyLock::new(|| fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default.unspam")).unwrap());

/// A model taken apart, to be put together another way.
struct Parts {
    header: Value,
    sections: Vec<(String, Vec<u8>)>,
}

impl Parts {
    fn of_default() -> Self {
        let mut at = header_len();
        let header: Value = serde_json::from_slice(&WHOLE[..at - CHECKSUM - 1]).unwrap();
        let sections = header["sections"]
            .as_array()
            .unwrap()
            .iter()
            .map(|section| {
                let from = at;
                at += usize::try_from(section["bytes"].as_u64().unwrap()).unwrap();
                (section["name"].as_str().unwrap().to_owned(), WHOLE[from..at].to_vec())
            })
            .collect();
        assert_eq!(at, WHOLE.len());
        Self { header, sections }
    }

    /// The file, with the lengths and checksums of the sections as they are now.
    fn whole(&mut self) -> Vec<u8> {
        self.header["sections"] = self
            .sections
            .iter()
            .map(|(name, body)| json!({"name": name, "bytes": body.len(), "crc32": crc32fast::hash(body)}))
            .collect();
        self.file()
    }

    /// The file with the header as it stands.
    fn file(&self) -> Vec<u8> {
        let mut bytes = self.header.to_string().into_bytes();
        let checksum = crc32fast::hash(&bytes);
        bytes.extend(format!("\n{checksum:08x}\n").into_bytes());
        for (_, body) in &self.sections {
            bytes.extend_from_slice(body);
        }
        bytes
    }
}

fn error(bytes: &[u8]) -> ModelError {
    Model::from_bytes(bytes).map(|model| model.id().to_owned()).expect_err("a model that is not whole")
}

/// The checksum of the header line with its line break.
const CHECKSUM: usize = 9;

/// Bytes in front of the first section.
fn header_len() -> usize {
    WHOLE.iter().position(|&byte| byte == b'\n').unwrap() + 1 + CHECKSUM
}

#[test]
fn a_model_put_together_again_is_the_same() {
    let mut parts = Parts::of_default();
    let again = Model::from_bytes(&parts.whole()).unwrap();
    assert_eq!(again.header(), Model::builtin().unwrap().header());
    let detector = Detector::builder().model_bytes(parts.whole()).build().unwrap();
    assert_eq!(detector.scan(dirty().as_str()), Detector::builtin().scan(dirty().as_str()));
}

#[test]
fn no_model_cut_short_is_read() {
    let header = header_len();
    let mut dice = Dice::new(1);
    let mut lens: Vec<usize> = (0..64).chain(header - 40..header + 40).collect();
    lens.extend((0..60).map(|_| dice.roll(header)));
    lens.extend((0..60).map(|_| dice.roll(WHOLE.len())));
    lens.extend(WHOLE.len() - 40..WHOLE.len());
    for len in lens {
        match error(&WHOLE[..len]) {
            ModelError::NotAModel { .. } => assert!(len < header - CHECKSUM, "{len} bytes"),
            ModelError::Truncated { needed, found, section } => {
                assert_eq!(section == "header", len < header, "{len} bytes");
                assert!(needed > found, "{len} bytes");
            }
            other => panic!("{len} bytes: {other}"),
        }
    }
}

#[test]
fn no_flipped_bit_goes_unseen() {
    let header = header_len();
    let mut dice = Dice::new(2);
    let mut damaged = WHOLE.clone();
    for round in 0..600 {
        // Every other flip in the header, which is a small part of the file.
        let len = if round % 2 == 0 { header } else { WHOLE.len() };
        let (place, bit) = (dice.roll(len), 1 << dice.roll(8));
        damaged[place] ^= bit;
        match error(&damaged) {
            ModelError::Checksum { expected, found, .. } => assert_ne!(expected, found),
            // What is no header line any more cannot be checked.
            ModelError::NotAModel { .. } | ModelError::Format { .. } if place < header - CHECKSUM => {}
            // The line break behind a checksum.
            ModelError::Truncated { section, .. } if section == "header" => assert!(place < header, "byte {place}"),
            other => panic!("byte {place}: {other}"),
        }
        damaged[place] ^= bit;
    }
}

#[test]
fn each_fault_is_an_error_of_its_own() {
    let changed = |change: &dyn Fn(&mut Parts)| {
        let mut parts = Parts::of_default();
        change(&mut parts);
        error(&parts.file())
    };
    let magic = changed(&|parts| parts.header["magic"] = json!("unspam-modal"));
    let newer = changed(&|parts| parts.header["format"] = json!(99));
    let older = changed(&|parts| parts.header["format"] = json!(0));
    let schema = changed(&|parts| parts.header["schema"] = json!("00000000"));
    let checksum = changed(&|parts| parts.header["sections"][0]["crc32"] = json!(1));
    let truncated = changed(&|parts| parts.sections.last_mut().unwrap().1.truncate(5));
    let labels = changed(&|parts| parts.header["labels"][3] = json!("boilerplate/other"));
    assert!(matches!(&magic, ModelError::NotAModel { .. }), "{magic}");
    assert!(matches!(&newer, ModelError::Format { found: 99, .. }), "{newer}");
    assert!(matches!(&older, ModelError::Format { found: 0, .. }), "{older}");
    assert!(matches!(&schema, ModelError::Schema { found, .. } if found == "00000000"), "{schema}");
    assert!(matches!(&checksum, ModelError::Checksum { expected: 1, .. }), "{checksum}");
    assert!(matches!(&truncated, ModelError::Truncated { found: 5, .. }), "{truncated}");
    assert!(matches!(&labels, ModelError::Labels { found } if found.contains("boilerplate/other")), "{labels}");

    let mut trailing = WHOLE.clone();
    trailing.extend_from_slice(b"xyz");
    let trailing = error(&trailing);
    assert!(matches!(&trailing, ModelError::Trailing { found: 3 }), "{trailing}");

    let names: Vec<String> = Parts::of_default().sections.into_iter().map(|(name, _)| name).collect();
    for name in &names {
        let mut parts = Parts::of_default();
        parts.sections.retain(|(other, _)| other != name);
        let missing = error(&parts.whole());
        assert!(matches!(&missing, ModelError::MissingSection { section } if section == name), "{missing}");
    }

    let kinds = [magic, newer, schema, checksum, truncated, trailing, labels].map(|error| discriminant(&error));
    for (place, kind) in kinds.iter().enumerate() {
        assert!(!kinds[..place].contains(kind), "two faults are one error");
    }
}

#[test]
fn a_header_that_lies_is_refused() {
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut parts = Parts::of_default();
        change(&mut parts.header);
        error(&parts.file())
    };
    let huge = changed(&|header| header["sections"][0]["bytes"] = json!(u64::MAX));
    assert!(matches!(huge, ModelError::Truncated { needed: u64::MAX, .. }), "{huge}");
    let earlier = changed(&|header| header["sections"][0]["bytes"] = json!(3));
    assert!(matches!(earlier, ModelError::Checksum { .. }), "{earlier}");
    for (key, value) in [
        ("sections", json!({})),
        ("sections", json!([{"name": "ngrams"}])),
        ("sections", json!([{"name": "ngrams", "bytes": -1, "crc32": 0}])),
        ("labels", json!(7)),
        ("name", json!(null)),
    ] {
        let found = changed(&|header| header[key] = value.clone());
        assert!(matches!(found, ModelError::Malformed { .. }), "{key}: {found}");
    }
    let none = changed(&|header| header["sections"] = json!([]));
    assert!(matches!(none, ModelError::Trailing { .. }), "{none}");
    for bytes in
        [&b""[..], b"\n", b"{}\n", b"null\n", b"[]\n", b"\xff\n", b"{\"magic\":\"unspam-model\"", b"PK\x03\x04"]
    {
        assert!(!matches!(error(bytes), ModelError::Malformed { .. }), "{bytes:?}");
    }
    let deep = [vec![b'['; 100_000], b"\n".to_vec()].concat();
    assert!(matches!(error(&deep), ModelError::NotAModel { .. }));
}

#[test]
fn sections_made_wrong_with_right_checksums_never_panic() {
    let mut dice = Dice::new(4);
    let mut seen = [0; 2];
    for round in 0..80 {
        let mut parts = Parts::of_default();
        let place = round % parts.sections.len();
        let body = &mut parts.sections[place].1;
        match dice.roll(4) {
            0 => body.truncate(dice.roll(body.len())),
            1 => body.extend((0..=dice.roll(9)).map(|byte| byte as u8)),
            // Near the start stand the sizes.
            2 => body[dice.roll(4)] = dice.roll(256) as u8,
            _ => {
                for _ in 0..20 {
                    let at = dice.roll(body.len() / 4) * 4;
                    let word = *dice.pick(&[f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, -1e30, 1e-40]);
                    body[at..at + 4].copy_from_slice(&word.to_le_bytes());
                }
            }
        }
        match Detector::builder().model_bytes(parts.whole()).build() {
            // A model can be bad and still be one: what it does must hold all promises.
            Ok(detector) => {
                seen[0] += 1;
                for text in [CLEAN, dirty().as_str(), "x"] {
                    let cleaned = detector.clean(text);
                    assert_eq!(detector.clean(&cleaned.text).text, cleaned.text);
                    let bounds = 0.0..=1.0;
                    assert!(cleaned.report.findings.iter().all(|finding| bounds.contains(&finding.score.get())));
                    detector.explain(text);
                }
            }
            Err(ModelError::Malformed { .. }) => seen[1] += 1,
            Err(other) => panic!("{}: {other}", parts.sections[place].0),
        }
    }
    assert!(seen.iter().all(|&count| count > 10), "read and refused: {seen:?}");
}

#[test]
fn the_command_names_the_file_and_the_fault() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("a.txt"), dirty()).unwrap();
    let header = header_len();
    let mut flipped = WHOLE.clone();
    flipped[header + 1000] ^= 4;
    let mut trailing = WHOLE.clone();
    trailing.push(0);
    let mut newer = Parts::of_default();
    newer.header["format"] = json!(99);
    let mut schema = Parts::of_default();
    schema.header["schema"] = json!("00000000");
    for (bytes, fault) in [
        (b"%PDF-1.7\n".to_vec(), "not an unspam model: the header is not JSON"),
        (newer.file(), "model has format 99; this build reads"),
        (schema.file(), "model was trained on feature schema 00000000"),
        (WHOLE[..header + 1000].to_vec(), "model is cut short: section"),
        (flipped, "model is damaged: checksum of section"),
        (trailing, "1 bytes follow the last section"),
    ] {
        fs::write(at.join("broken"), bytes).unwrap();
        for args in [
            &["model", "verify", "broken"][..],
            &["model", "inspect", "broken"],
            &["clean", "a.txt", "--model", "broken", "-o", "b.txt"],
            &["scan", "a.txt", "--model", "broken"],
            &["check", "a.txt", "--model", "broken"],
            &["explain", "a.txt", "--model", "broken"],
        ] {
            let said = stderr(at, args, 2);
            assert!(said.contains("model file \"broken\": ") && said.contains(fault), "{args:?}: {said}");
            assert_eq!(stdout(at, args, 2), "", "{args:?}");
        }
        assert!(!at.join("b.txt").exists(), "an output without a model");
    }
    assert!(stderr(at, &["model", "verify", "none"], 2).contains("model file \"none\": "));
}
