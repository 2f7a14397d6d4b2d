//! The fixtures, read.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use unspam::{Detector, Label, Span};

/// The folders of `fixtures/` with cases in them.
pub(crate) const GROUPS: [&str; 4] = ["spam", "boilerplate", "mixed", "keep"];

/// The detector of the program, read once.
pub(crate) static DETECTOR: LazyLock<Detector> = LazyLock::new(Detector::builtin);

/// All cases in the order of their paths.
pub(crate) static CASES: LazyLock<Vec<Case>> = LazyLock::new(|| {
    let mut paths: Vec<String> = GROUPS
        .iter()
        .flat_map(|group| {
            let entries = fs::read_dir(folder().join(group)).expect("a group of fixtures");
            entries.map(move |entry| format!("{group}/{}", entry.expect("a case").file_name().to_string_lossy()))
        })
        .collect();
    paths.sort();
    paths.into_iter().map(Case::read).collect()
});

/// One text and what must become of it.
#[derive(Debug)]
pub(crate) struct Case {
    /// `group/language-slug`.
    pub(crate) path: String,
    pub(crate) source: String,
    pub(crate) expected: String,
    /// Labelled spans in order, bylines included.
    pub(crate) spans: Vec<(Span, Label)>,
}

impl Case {
    fn read(path: String) -> Self {
        let at = folder().join(&path);
        let source = fs::read_to_string(at.join("source.txt")).expect("source.txt in UTF-8");
        let expected = fs::read_to_string(at.join("expected.txt")).expect("expected.txt in UTF-8");
        let labels = fs::read_to_string(at.join("labels.tsv")).unwrap_or_default();
        let mut spans = Vec::new();
        let mut from = 0;
        for line in labels.lines() {
            let (label, part) = line.split_once('\t').expect("a label, a tab, a text");
            let start = from + source[from..].find(part).unwrap_or_else(|| panic!("{path}: {part:?} is not there"));
            from = start + part.len();
            spans.push((Span::new(start, from), label.parse().expect("a label")));
        }
        Self { path, source, expected, spans }
    }

    pub(crate) fn group(&self) -> &str {
        self.path.split('/').next().unwrap_or_default()
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}
