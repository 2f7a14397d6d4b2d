//! Real articles with promos at their end: these go, every other byte stays.

use std::fs;
use std::path::Path;

use unspam::Detector;

/// The article the program was born from, where it is at hand.
#[test]
fn the_promos_of_the_seed_article_go_and_nothing_else() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/seed");
    let Ok(entries) = fs::read_dir(&folder) else {
        // Said where `--nocapture` shows it: nothing was compared.
        let _ = std::io::Write::write_all(&mut std::io::stderr(), b"skipped: no seed article here\n");
        return;
    };
    let mut seen = 0;
    for entry in entries {
        let text = fs::read_to_string(entry.unwrap().path()).unwrap();
        let body = text.trim_end();
        let (rest, last) = body.rsplit_once("\n\n").unwrap();
        let (rest, before) = rest.rsplit_once("\n\n").unwrap();
        assert_eq!((before, last), ("sbobet88", "By gacor88"), "another seed than this test knows");
        // A text without a line break at its end has none when cleaned.
        let expected = format!("{rest}{}", &text[body.len()..]);
        let cleaned = Detector::builtin().clean(&text);
        assert!(cleaned.text == expected, "{:#?}", cleaned.report);
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn promos_and_pointer_of_the_example_go_and_nothing_else() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/article.txt")).unwrap();
    let junk = [
        "Baca juga: Lima sungai lintas batas yang paling sering diperebutkan\n\n",
        "\nluwakbet909\n",
        "\nBy luwakspin909\n",
    ];
    let cleaned = Detector::builtin().clean(&text);
    let mut expected = text.clone();
    for junk in junk {
        assert_eq!(expected.matches(junk).count(), 1, "{junk:?}");
        expected = expected.replace(junk, "");
    }
    assert!(cleaned.text == expected, "{:#?}", cleaned.report);
    let labels: Vec<&str> = cleaned.report.findings.iter().map(|finding| finding.label.as_str()).collect();
    assert_eq!(labels, ["boilerplate/related", "spam/gambling", "spam/gambling"]);
    assert!(cleaned.report.findings.iter().all(|finding| !finding.reasons.is_empty()));
}
