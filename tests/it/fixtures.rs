//! The built-in detector on every fixture: what must go goes, what must stay stays.
//!
//! Cases it is known to get wrong stand in `fixtures/known_failures.txt`; each other one must
//! come out exactly. `UNSPAM_BLESS=1` writes the list anew, and the floors hold all the same.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;

use unspam::{Class, Finding};

use crate::corpus::{CASES, Case, DETECTOR, GROUPS, folder};

// Floors lie a little below what the shipped model reaches: raise them with it, never lower them.

/// Least share of keep cases whose text comes back whole.
const KEEP_WHOLE: f64 = 0.96;
/// Least share of cases restored exactly in the other groups.
const RESTORED: [(&str, f64); 3] = [("spam", 0.68), ("boilerplate", 0.77), ("mixed", 0.52)];
/// Least share of spans to be removed that are, by group.
const RECALL: [(&str, f64); 3] = [("spam", 0.77), ("boilerplate", 0.92), ("mixed", 0.88)];

/// How one case came out.
#[derive(Debug)]
struct Outcome {
    /// The text is what it should be.
    exact: bool,
    /// Spans that must go, went, and did so as their class and as their kind.
    wanted: usize,
    removed: usize,
    right_class: usize,
    right_kind: usize,
    /// Byline spans, and those of them that are called bylines.
    bylines: usize,
    called_bylines: usize,
    /// Bytes that show and should have stayed.
    lost: usize,
}

impl Outcome {
    fn of(case: &Case) -> Self {
        let cleaned = DETECTOR.clean(&case.source);
        let mut gone = vec![false; case.source.len()];
        for edit in &cleaned.edits {
            gone[edit.span.range()].fill(true);
        }
        let shows = |at: &usize| !case.source.as_bytes()[*at].is_ascii_whitespace();
        let mut outcome = Self {
            exact: cleaned.text == case.expected,
            wanted: 0,
            removed: 0,
            right_class: 0,
            right_kind: 0,
            bylines: 0,
            called_bylines: 0,
            lost: 0,
        };
        let mut may_go = vec![false; case.source.len()];
        for &(span, label) in &case.spans {
            let found: Option<&Finding> = cleaned
                .report
                .findings
                .iter()
                .filter(|finding| finding.span.overlaps(span))
                .max_by_key(|finding| finding.span.end().min(span.end()) - finding.span.start().max(span.start()));
            if label.class() == Class::Byline {
                outcome.bylines += 1;
                outcome.called_bylines += usize::from(found.is_some_and(|finding| finding.label == label));
                continue;
            }
            may_go[span.range()].fill(true);
            outcome.wanted += 1;
            if span.range().filter(shows).all(|at| gone[at]) {
                outcome.removed += 1;
                let found = found.map(|finding| finding.label);
                outcome.right_class += usize::from(found.is_some_and(|found| found.class() == label.class()));
                outcome.right_kind += usize::from(found == Some(label));
            }
        }
        outcome.lost = (0..gone.len()).filter(shows).filter(|&at| gone[at] && !may_go[at]).count();
        outcome
    }

    /// The text is right and each removed span went as what it is; kinds are not asked for.
    fn passes(&self) -> bool {
        self.exact && self.right_class == self.removed
    }
}

#[test]
fn fixtures_come_out_as_they_should() {
    let outcomes: Vec<(&Case, Outcome)> = CASES.iter().map(|case| (case, Outcome::of(case))).collect();
    let table = table(&outcomes);
    // Shown with `--nocapture`.
    let _ = std::io::Write::write_all(&mut std::io::stderr(), table.as_bytes());

    let mut faults = String::new();
    let share = |group: &str, part: fn(&Outcome) -> usize, whole: fn(&Outcome) -> usize| {
        let sum = |count: fn(&Outcome) -> usize| -> usize {
            outcomes.iter().filter(|(case, _)| case.group() == group).map(|(_, outcome)| count(outcome)).sum()
        };
        sum(part) as f64 / sum(whole) as f64
    };
    let mut floor = |what: &str, group: &str, found: f64, least: f64| {
        if found < least {
            let _ = writeln!(faults, "{group}: {what} {found:.3}, must be at least {least}");
        }
    };
    let exact = |outcome: &Outcome| usize::from(outcome.exact);
    floor("texts that come back whole", "keep", share("keep", exact, |_| 1), KEEP_WHOLE);
    for (group, least) in RESTORED {
        floor("texts restored exactly", group, share(group, exact, |_| 1), least);
    }
    for (group, least) in RECALL {
        floor("spans removed", group, share(group, |o| o.removed, |o| o.wanted), least);
    }

    let failing: BTreeSet<&str> =
        outcomes.iter().filter(|(_, outcome)| !outcome.passes()).map(|(case, _)| case.path.as_str()).collect();
    let list = folder().join("known_failures.txt");
    if std::env::var_os("UNSPAM_BLESS").is_some() {
        let lines: String = failing.iter().flat_map(|path| [*path, "\n"]).collect();
        fs::write(&list, lines).unwrap();
    }
    let known = fs::read_to_string(&list).unwrap();
    let mut sorted: Vec<&str> = known.lines().collect();
    sorted.sort_unstable();
    sorted.dedup();
    assert!(
        known.lines().eq(sorted.iter().copied()),
        "known_failures.txt is not sorted: UNSPAM_BLESS=1 writes it anew"
    );
    let known: BTreeSet<&str> = sorted.into_iter().collect();
    for path in known.difference(&failing) {
        let passes = CASES.iter().any(|case| case.path == *path);
        let state = if passes { "passes now" } else { "is no case" };
        let _ = writeln!(faults, "{path} {state}: remove it from the list");
    }
    for path in failing.difference(&known) {
        let case = CASES.iter().find(|case| case.path == *path).unwrap();
        let _ = writeln!(faults, "{path} fails and is not on the list:\n{}", differences(case));
    }
    assert!(faults.is_empty(), "{faults}\n{table}UNSPAM_BLESS=1 writes fixtures/known_failures.txt anew");
}

#[test]
fn spans_of_the_fixtures_make_their_expected_texts() {
    // Guards the reading of labels here: what stays in expected.txt is not what goes.
    for case in CASES.iter() {
        let kept: usize = case.spans.iter().filter(|(_, label)| label.class() == Class::Byline).count();
        assert_eq!(case.source == case.expected, case.spans.len() == kept, "{}", case.path);
        let shows = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
        let gone: usize = case
            .spans
            .iter()
            .filter(|(_, label)| label.class() != Class::Byline)
            .map(|(span, _)| shows(span.of(&case.source)))
            .sum();
        assert_eq!(shows(&case.source) - gone, shows(&case.expected), "{}", case.path);
    }
}

fn table(outcomes: &[(&Case, Outcome)]) -> String {
    let mut out = String::from(
        "group        cases   pass  exact  spans  removed    class     kind  bylines  called  bytes lost\n",
    );
    for group in GROUPS.into_iter().chain(["all"]) {
        let of_group: Vec<&Outcome> =
            outcomes.iter().filter(|(case, _)| group == "all" || case.group() == group).map(|(_, o)| o).collect();
        let sum = |count: fn(&Outcome) -> usize| -> usize { of_group.iter().map(|outcome| count(outcome)).sum() };
        let _ = writeln!(
            out,
            "{group:<11} {:>6} {:>6} {:>6} {:>6} {:>8} {:>8} {:>8} {:>8} {:>7} {:>11}",
            of_group.len(),
            sum(|o| usize::from(o.passes())),
            sum(|o| usize::from(o.exact)),
            sum(|o| o.wanted),
            sum(|o| o.removed),
            sum(|o| o.right_class),
            sum(|o| o.right_kind),
            sum(|o| o.bylines),
            sum(|o| o.called_bylines),
            sum(|o| o.lost),
        );
    }
    out
}

/// What a case lost, what it still holds, and what went under another class.
fn differences(case: &Case) -> String {
    let cleaned = DETECTOR.clean(&case.source);
    let mut out = String::new();
    for finding in cleaned.report.removals() {
        let expected = case.spans.iter().find(|(span, _)| span.overlaps(finding.span)).map(|&(_, label)| label);
        let text = finding.span.of(&case.source);
        match expected {
            Some(label) if label.class() == finding.label.class() => {}
            Some(label) => {
                let _ = writeln!(out, "    {} taken for {}: {text:?}", label.as_str(), finding.label.as_str());
            }
            None => {
                let _ = writeln!(out, "    lost as {}: {text:?}", finding.label.as_str());
            }
        }
    }
    for &(span, label) in case.spans.iter().filter(|(_, label)| label.class() != Class::Byline) {
        let covered = cleaned.edits.iter().any(|edit| edit.span.overlaps(span));
        if !covered {
            let _ = writeln!(out, "    still there, {}: {:?}", label.as_str(), span.of(&case.source));
        }
    }
    if out.is_empty() {
        let _ = writeln!(out, "    text after cleaning: {:?}", cleaned.text);
    }
    out
}
