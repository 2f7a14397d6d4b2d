//! The attack suite: promos put into articles, disguised, and how many of them are found.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};

use unspam::{Action, Detector};

use super::transform::Transformation;

/// Share of a promo's characters that must be removed for it to be found.
const FOUND: f64 = 0.9;

/// Where in its article a promo stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    Middle,
    ParagraphEnd,
    Tail,
}

impl Place {
    fn name(self) -> &'static str {
        match self {
            Self::Head => "head",
            Self::Middle => "middle",
            Self::ParagraphEnd => "paragraph-end",
            Self::Tail => "tail",
        }
    }
}

/// A promo and the article it is put into.
#[derive(Debug)]
pub struct Promo {
    /// Language of both.
    pub lang: String,
    /// `brand`, `byline`, `prose` or `contact`.
    pub shape: String,
    /// Its label.
    pub label: String,
    text: String,
    article: Vec<String>,
    place: Place,
}

/// A document with one disguised promo in it.
#[derive(Debug)]
pub struct Attacked {
    /// The whole text.
    pub text: String,
    /// Bytes of the promo.
    pub promo: Range<usize>,
}

/// What came of the attack.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Promos that the transformation changes.
    pub promos: usize,
    /// Those of them found as they are.
    pub plain: usize,
    /// Those of them found disguised.
    pub found: usize,
    /// Documents that lost anything of the article.
    pub damaged: usize,
}

impl Outcome {
    /// Recall of the disguised form.
    pub fn recall(self) -> f64 {
        self.found as f64 / self.promos.max(1) as f64
    }

    /// Points of recall lost to the disguise.
    pub fn points_lost(self) -> f64 {
        100.0 * (self.plain as f64 - self.found as f64) / self.promos.max(1) as f64
    }
}

/// The folder of the suite.
pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/attacks")
}

/// Reads the promos and their articles.
///
/// # Panics
/// If a file of the suite is missing or not as `fixtures/attacks/README.md` says.
pub fn promos() -> Vec<Promo> {
    let read = |path: &Path| fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let lines = read(&folder().join("promos.tsv"));
    let mut counts = [0; 4];
    lines
        .lines()
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            let &[lang, shape, label, text] = &cells[..] else { panic!("not four cells: {line}") };
            let article = read(&folder().join("articles").join(format!("{lang}.txt")));
            // Places take turns, by shape: brands and bylines stand at ends, prose anywhere.
            let (index, places): (usize, &[Place]) = match shape {
                "brand" => (0, &[Place::Tail, Place::Tail, Place::Tail, Place::Middle]),
                "byline" => (1, &[Place::Tail, Place::Tail, Place::Head]),
                "prose" => (2, &[Place::Tail, Place::Middle, Place::ParagraphEnd, Place::Tail, Place::Head]),
                "contact" => (3, &[Place::Tail, Place::ParagraphEnd, Place::Middle]),
                _ => panic!("no shape: {line}"),
            };
            counts[index] += 1;
            Promo {
                lang: lang.to_owned(),
                shape: shape.to_owned(),
                label: label.to_owned(),
                text: text.to_owned(),
                article: article.lines().map(str::to_owned).collect(),
                place: places[(counts[index] - 1) % places.len()],
            }
        })
        .collect()
}

impl Promo {
    /// Where it stands, in a word.
    pub fn place(&self) -> &'static str {
        self.place.name()
    }

    /// Returns the document with the promo as it is.
    pub fn plain(&self) -> Attacked {
        self.document(&self.text)
    }

    /// Returns the document with the promo disguised; `None` if that changes nothing.
    pub fn attacked(&self, way: &Transformation) -> Option<Attacked> {
        let text = way.apply(&self.text);
        (text != self.text).then(|| self.document(&text))
    }

    fn document(&self, promo: &str) -> Attacked {
        let (before, glue, after) = match self.place {
            Place::Head => (String::new(), "", format!("\n{}\n", self.article.join("\n"))),
            Place::Tail => (format!("{}\n", self.article.join("\n")), "", "\n".to_owned()),
            Place::Middle | Place::ParagraphEnd => {
                let half = self.article.len() / 2;
                let (first, second) = self.article.split_at(half);
                let glue = if self.place == Place::Middle { "\n" } else { " " };
                (first.join("\n"), glue, format!("\n{}\n", second.join("\n")))
            }
        };
        let start = before.len() + glue.len();
        Attacked { text: format!("{before}{glue}{promo}{after}"), promo: start..start + promo.len() }
    }
}

impl Attacked {
    /// Returns whether the promo is removed, and whether anything else is.
    pub fn judge(&self, detector: &Detector) -> (bool, bool) {
        let report = detector.scan(self.text.as_str());
        let gone = |at: usize| {
            report.findings.iter().any(|finding| {
                finding.action == Action::Remove && finding.span.start() <= at && at < finding.span.end()
            })
        };
        let (mut signs, mut hit, mut damaged) = (0, 0, false);
        for (at, _) in self.text.char_indices().filter(|(_, c)| !c.is_whitespace()) {
            if self.promo.contains(&at) {
                signs += 1;
                hit += usize::from(gone(at));
            } else {
                damaged |= gone(at);
            }
        }
        (hit as f64 >= FOUND * f64::from(signs), damaged)
    }
}

/// Returns what came of each transformation, in order; works on several threads.
pub fn measure(detector: &Detector, promos: &[Promo], ways: &[Transformation]) -> Vec<Outcome> {
    let plain: Vec<bool> = promos.iter().map(|promo| promo.plain().judge(detector).0).collect();
    let one = |way: &Transformation| {
        let mut outcome = Outcome::default();
        for (promo, &plain) in promos.iter().zip(&plain) {
            let Some(attacked) = promo.attacked(way) else { continue };
            let (found, damaged) = attacked.judge(detector);
            outcome.promos += 1;
            outcome.plain += usize::from(plain);
            outcome.found += usize::from(found);
            outcome.damaged += usize::from(damaged);
        }
        outcome
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let share = ways.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let parts: Vec<_> =
            ways.chunks(share).map(|ways| scope.spawn(|| ways.iter().map(one).collect::<Vec<Outcome>>())).collect();
        parts.into_iter().flat_map(|part| part.join().expect("a detector does not panic")).collect()
    })
}

/// The legitimate texts with the same characters, by name.
///
/// # Panics
/// If the folder cannot be read.
pub fn keep() -> Vec<(String, String)> {
    let folder = folder().join("keep");
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut texts: Vec<(String, String)> = entries
        .map(|entry| {
            let path = entry.expect("an entry of the folder").path();
            let name = path.file_stem().expect("a name").to_string_lossy().into_owned();
            (name, fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        })
        .collect();
    texts.sort();
    texts
}

/// What the detector removes from a text that should stay whole.
pub fn lost<'t>(detector: &Detector, text: &'t str) -> Vec<&'t str> {
    let report = detector.scan(text);
    let removed = report.findings.iter().filter(|finding| finding.action == Action::Remove);
    removed.map(|finding| finding.span.of(text)).collect()
}
