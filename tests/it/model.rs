//! `unspam model`, and model files that are not whole.

use std::fs;
use std::path::Path;

use crate::support::{Dice, stderr, stdout};

fn shipped() -> Vec<u8> {
    fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("models/default.unspam")).unwrap()
}

#[test]
fn the_built_in_model_and_its_file_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::write(at.join("my.model"), shipped()).unwrap();
    let id = |said: &str| said.split(": ").nth(1).map(str::to_owned);
    let built_in = stdout(at, &["model", "verify"], 0);
    let file = stdout(at, &["model", "verify", "my.model"], 0);
    assert!(built_in.starts_with("built-in model: ") && file.starts_with("model file \"my.model\": "), "{file}");
    assert_eq!(id(&built_in), id(&file));
    let header: serde_json::Value = serde_json::from_str(&stdout(at, &["model", "inspect"], 0)).unwrap();
    assert!(header.is_object());
    assert_eq!(stdout(at, &["model", "inspect"], 0), stdout(at, &["model", "inspect", "my.model"], 0));
}

#[test]
fn a_model_cut_short_is_refused_everywhere() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let whole = shipped();
    fs::write(at.join("a.txt"), "x").unwrap();
    for len in [0, 1, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(at.join("my.model"), &whole[..len]).unwrap();
        for args in [&["model", "verify", "my.model"][..], &["check", "a.txt", "--model", "my.model"]] {
            let said = stderr(at, args, 2);
            assert!(said.contains("model file \"my.model\": "), "{len} bytes: {said}");
        }
    }
}

#[test]
fn a_model_with_a_flipped_bit_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let whole = shipped();
    let header = whole.iter().position(|&byte| byte == b'\n').unwrap();
    let mut dice = Dice::new(3);
    for _ in 0..12 {
        let mut damaged = whole.clone();
        let place = header + 1 + dice.roll(whole.len() - header - 1);
        damaged[place] ^= 1 << dice.roll(8);
        fs::write(at.join("my.model"), damaged).unwrap();
        let said = stderr(at, &["model", "verify", "my.model"], 2);
        assert!(said.contains("model file \"my.model\": "), "byte {place}: {said}");
    }
}

#[test]
fn other_files_are_no_models() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    for bytes in [&b"{}\n"[..], b"PAR1", b"{\"magic\":\"other\"}\nxx", b"\xff\xff\n"] {
        fs::write(at.join("my.model"), bytes).unwrap();
        assert!(stderr(at, &["model", "inspect", "my.model"], 2).contains("not an unspam model"), "{bytes:?}");
    }
}
