//! Decides about one document at a time: accept, clean, reject or review.
//!
//! A [`Detector`] says what is in a text, a [`Policy`](crate::Policy) which of it goes; a
//! [`Gate`] adds what becomes of the document, by rules that are read from the first to the
//! last. Rules see the finished report only, so the same text gives the same findings with
//! any rules.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Serialize, Serializer};

use crate::clean::{Cleaner, Edit};
use crate::detector::Detector;
use crate::document::Document;
use crate::label::LabelSet;
use crate::report::{Action, Report, Verdict};

/// What becomes of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// Goes on as it is.
    Accept,
    /// Goes on without what the policy removes.
    Clean,
    /// Does not go on.
    Reject,
    /// Waits for a person.
    Review,
}

impl Outcome {
    /// All outcomes.
    pub const ALL: [Self; 4] = [Self::Accept, Self::Clean, Self::Reject, Self::Review];

    /// The outcome as written in replies.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Clean => "clean",
            Self::Reject => "reject",
            Self::Review => "review",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a rule asks of a report.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum When {
    /// The verdict is this one.
    Verdict(Verdict),
    /// Something with one of these labels was found: with a probability of `at_least`, or,
    /// without one, such that the policy removes it.
    Found {
        /// The labels looked for.
        labels: LabelSet,
        /// Least probability, `0..=1`.
        at_least: Option<f32>,
    },
    /// The probability that the document is or carries spam is at least this.
    SpamProbability(f32),
    /// Cleaning removes more than this share of what can be seen, `0..=1`.
    RemovedMoreThan(f32),
    /// Cleaning leaves fewer characters that can be seen.
    LeftLessThan(usize),
}

impl When {
    fn applies(self, text: &[u8], report: &Report, edits: &[Edit]) -> bool {
        match self {
            Self::Verdict(verdict) => report.verdict == verdict,
            Self::Found { labels, at_least } => report.findings.iter().any(|finding| {
                labels.contains(finding.label)
                    && match at_least {
                        Some(least) => finding.score.get() >= least,
                        None => finding.action == Action::Remove,
                    }
            }),
            Self::SpamProbability(least) => report.spam_probability.get() >= least,
            Self::RemovedMoreThan(share) => removed_share(text, edits) > share,
            Self::LeftLessThan(chars) => left_chars(text, edits) < chars,
        }
    }
}

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Verdict(verdict) => write!(f, "verdict is {verdict}"),
            Self::Found { labels, at_least } => {
                f.write_str("found ")?;
                for (place, label) in labels.iter().enumerate() {
                    write!(f, "{}{label}", if place == 0 { "" } else { "," })?;
                }
                match at_least {
                    Some(least) => write!(f, " with probability {least} or more"),
                    None => f.write_str(" to remove"),
                }
            }
            Self::SpamProbability(least) => write!(f, "spam probability is {least} or more"),
            Self::RemovedMoreThan(share) => write!(f, "more than {share} of the text would be removed"),
            Self::LeftLessThan(chars) => write!(f, "fewer than {chars} characters would be left"),
        }
    }
}

impl FromStr for When {
    type Err = String;

    /// Parses `LABELS` or `LABELS:P`: `spam`, `spam/gambling:0.9`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (list, at_least) = match text.rsplit_once(':') {
            Some((list, number)) => {
                let number: f32 = number.parse().map_err(|_| format!("\"{number}\" is not a number"))?;
                if !(0.0..=1.0).contains(&number) {
                    return Err(format!("{number} is not a probability: give a number from 0 to 1"));
                }
                (list, Some(number))
            }
            None => (text, None),
        };
        let labels = LabelSet::parse(list).map_err(|error| error.to_string())?;
        if labels.is_empty() {
            return Err("name a label: spam, boilerplate/legal, spam/gambling:0.9".to_owned());
        }
        Ok(Self::Found { labels, at_least })
    }
}

/// One rule of a gate: if this, then that.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rule {
    /// The question.
    pub when: When,
    /// What becomes of the document if the answer is yes.
    pub then: Outcome,
}

impl Rule {
    /// What a gate does if it is told nothing: spam is rejected, what is unsure is reviewed.
    ///
    /// What none of these rules catches is cleaned if the policy removes anything, else accepted.
    pub const DEFAULT: [Self; 2] = [
        Self { when: When::Verdict(Verdict::Spam), then: Outcome::Reject },
        Self { when: When::Verdict(Verdict::Unsure), then: Outcome::Review },
    ];
}

/// Why a document was decided about as it was.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Because {
    /// It holds [`TEST_LINE`](crate::TEST_LINE).
    TestLine,
    /// This applied.
    Rule(When),
    /// No rule applied, and the policy removes something.
    Removals,
    /// No rule applied, and there is nothing to remove.
    Nothing,
}

impl fmt::Display for Because {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TestLine => f.write_str("holds the test line"),
            Self::Rule(when) => when.fmt(f),
            Self::Removals => f.write_str("something to remove"),
            Self::Nothing => f.write_str("nothing to remove"),
        }
    }
}

impl Serialize for Because {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Decides about documents; cheap to clone, shareable between threads.
///
/// ```
/// use unspam::{Gate, Outcome, Verdict, When};
///
/// let gate = Gate::builder()
///     .rule("spam/gambling:0.9".parse::<When>()?, Outcome::Reject)
///     .rule(When::LeftLessThan(200), Outcome::Review)
///     .build();
/// let decision = gate.decide("Hujan deras mengguyur kota sejak pagi.\n\nsbobet88\n");
/// assert_eq!(decision.outcome(), Outcome::Reject);
/// # Ok::<(), String>(())
/// ```
#[derive(Debug, Clone)]
pub struct Gate {
    detector: Detector,
    rules: Arc<[Rule]>,
}

/// Sets up a [`Gate`].
#[derive(Debug)]
pub struct GateBuilder {
    detector: Option<Detector>,
    rules: Vec<Rule>,
    defaults: bool,
}

impl GateBuilder {
    /// Uses this detector instead of [`Detector::builtin`].
    pub fn detector(mut self, detector: Detector) -> Self {
        self.detector = Some(detector);
        self
    }

    /// Adds a rule behind those that are there; the first that applies decides.
    pub fn rule(mut self, when: When, then: Outcome) -> Self {
        self.rules.push(Rule { when, then });
        self
    }

    /// Leaves out [`Rule::DEFAULT`], which otherwise comes behind all other rules.
    pub fn without_default_rules(mut self) -> Self {
        self.defaults = false;
        self
    }

    /// Returns the gate.
    pub fn build(self) -> Gate {
        let mut rules = self.rules;
        if self.defaults {
            rules.extend(Rule::DEFAULT);
        }
        Gate { detector: self.detector.unwrap_or_else(Detector::builtin), rules: rules.into() }
    }
}

impl Gate {
    /// Returns a gate with the built-in model, the default policy and the default rules.
    pub fn builtin() -> Self {
        Self::builder().build()
    }

    /// Starts setting up a gate.
    pub fn builder() -> GateBuilder {
        GateBuilder { detector: None, rules: Vec::new(), defaults: true }
    }

    /// The detector that looks at the texts.
    pub fn detector(&self) -> &Detector {
        &self.detector
    }

    /// The rules, in the order in which they are asked.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Looks at a document and decides.
    pub fn decide<'t>(&self, document: impl Into<Document<'t>>) -> Decision<'t> {
        let document = document.into();
        self.decide_on(document.text, self.detector.scan(document))
    }

    /// Decides about a text that was looked at before.
    pub fn decide_on<'t>(&self, text: &'t str, report: Report) -> Decision<'t> {
        let edits = if report.changes_text() { Cleaner::edits(text.as_bytes(), &report) } else { Vec::new() };
        let (outcome, because) = self.apply_rules(text.as_bytes(), &report, &edits);
        Decision { text, outcome, because, report, edits }
    }

    /// Asks the rules about a text that was looked at before and need not be valid UTF-8.
    ///
    /// `edits` are those that [`Cleaner::edits`] makes of the report.
    pub fn apply_rules(&self, text: &[u8], report: &Report, edits: &[Edit]) -> (Outcome, Because) {
        // The test line fires whatever the rules are: that is what it is for.
        if report.has_test_line() {
            return (Outcome::Reject, Because::TestLine);
        }
        match self.rules.iter().find(|rule| rule.when.applies(text, report, edits)) {
            Some(rule) => (rule.then, Because::Rule(rule.when)),
            None if report.changes_text() => (Outcome::Clean, Because::Removals),
            None => (Outcome::Accept, Because::Nothing),
        }
    }
}

/// What a gate says of one document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Decision<'t> {
    text: &'t str,
    outcome: Outcome,
    because: Because,
    report: Report,
    edits: Vec<Edit>,
}

impl<'t> Decision<'t> {
    /// What becomes of the document.
    pub fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// Why.
    pub fn because(&self) -> Because {
        self.because
    }

    /// What was found.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// What was found, without the decision.
    pub fn into_report(self) -> Report {
        self.report
    }

    /// The runs of bytes that cleaning takes out.
    pub fn edits(&self) -> &[Edit] {
        &self.edits
    }

    /// Returns the text that goes on: as it came if it is accepted, cleaned if it is to be
    /// cleaned, none if it is rejected or to be reviewed.
    pub fn text(&self) -> Option<Cow<'t, str>> {
        match self.outcome {
            Outcome::Accept => Some(Cow::Borrowed(self.text)),
            Outcome::Clean => Some(self.cleaned()),
            Outcome::Reject | Outcome::Review => None,
        }
    }

    /// Returns the text without what the policy removes, whatever becomes of it.
    pub fn cleaned(&self) -> Cow<'t, str> {
        if self.edits.is_empty() {
            return Cow::Borrowed(self.text);
        }
        let cleaned = Cleaner::apply(self.text.as_bytes(), &self.edits);
        Cow::Owned(String::from_utf8(cleaned).expect("edits begin and end between characters"))
    }

    /// Share of the characters that can be seen which cleaning takes out, `0..=1`; 0 if there
    /// are none.
    pub fn removed_share(&self) -> f32 {
        removed_share(self.text.as_bytes(), &self.edits)
    }

    /// Characters that can be seen which cleaning leaves.
    pub fn left_chars(&self) -> usize {
        left_chars(self.text.as_bytes(), &self.edits)
    }
}

fn removed_share(text: &[u8], edits: &[Edit]) -> f32 {
    if edits.is_empty() {
        return 0.0;
    }
    let total = seen(text);
    if total == 0 { 0.0 } else { removed_chars(text, edits) as f32 / total as f32 }
}

fn left_chars(text: &[u8], edits: &[Edit]) -> usize {
    seen(text) - removed_chars(text, edits)
}

fn removed_chars(text: &[u8], edits: &[Edit]) -> usize {
    edits.iter().map(|edit| seen(&text[edit.span.range()])).sum()
}

/// Characters that are not white space; a run of bytes that are not UTF-8 is one.
fn seen(text: &[u8]) -> usize {
    text.utf8_chunks()
        .map(|chunk| {
            let valid = chunk.valid().chars().filter(|c| !c.is_whitespace()).count();
            valid + usize::from(!chunk.invalid().is_empty())
        })
        .sum()
}
