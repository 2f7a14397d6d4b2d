//! The library's gate, and the line that always fires.

use std::thread;

use unspam::{Because, Cleaner, Detector, Gate, LabelSet, Outcome, Policy, Report, TEST_LINE, Verdict, When};

use crate::support::{CLEAN, dirty};

fn found(setting: &str) -> When {
    setting.parse().unwrap()
}

#[test]
fn without_rules_spam_is_rejected_doubt_reviewed_and_junk_cleaned() {
    let gate = Gate::builtin();
    let text = dirty();
    let decision = gate.decide(text.as_str());
    assert_eq!((decision.outcome(), decision.because()), (Outcome::Clean, Because::Removals));
    assert_eq!(decision.text().unwrap(), CLEAN);
    let decision = gate.decide(CLEAN);
    assert_eq!((decision.outcome(), decision.because()), (Outcome::Accept, Because::Nothing));
    assert_eq!(decision.text().as_deref(), Some(CLEAN));
    let mut report = Report::empty(CLEAN.len());
    report.verdict = Verdict::Unsure;
    let decision = gate.decide_on(CLEAN, report);
    assert_eq!((decision.outcome(), decision.text()), (Outcome::Review, None));
    let mut report = Report::empty(CLEAN.len());
    report.verdict = Verdict::Spam;
    assert_eq!(gate.decide_on(CLEAN, report).outcome(), Outcome::Reject);
}

#[test]
fn the_first_rule_that_applies_decides() {
    let text = dirty();
    let outcome = |rules: &[(When, Outcome)]| {
        let builder = rules.iter().fold(Gate::builder(), |gate, &(when, then)| gate.rule(when, then));
        builder.build().decide(text.as_str()).outcome()
    };
    assert_eq!(outcome(&[(found("spam/gambling:0.5"), Outcome::Reject)]), Outcome::Reject);
    assert_eq!(outcome(&[(found("spam"), Outcome::Review), (found("spam"), Outcome::Reject)]), Outcome::Review);
    assert_eq!(outcome(&[(found("spam/pharma"), Outcome::Reject)]), Outcome::Clean);
    assert_eq!(outcome(&[(When::RemovedMoreThan(0.01), Outcome::Reject)]), Outcome::Reject);
    assert_eq!(outcome(&[(When::RemovedMoreThan(0.5), Outcome::Reject)]), Outcome::Clean);
    assert_eq!(outcome(&[(When::LeftLessThan(10_000), Outcome::Review)]), Outcome::Review);
    assert_eq!(outcome(&[(When::SpamProbability(0.5), Outcome::Reject)]), Outcome::Reject);
    assert_eq!(outcome(&[(When::Verdict(Verdict::Dirty), Outcome::Accept)]), Outcome::Accept);
}

#[test]
fn rules_are_read_from_text_and_say_what_they_mean() {
    assert_eq!(found("spam/gambling:0.9").to_string(), "found spam/gambling with probability 0.9 or more");
    assert_eq!(found("spam/gambling,spam/adult").to_string(), "found spam/gambling,spam/adult to remove");
    for wrong in ["", ":0.5", "spam:2", "spam:x", "content", "nonsense:0.5"] {
        assert!(wrong.parse::<When>().is_err(), "{wrong}");
    }
}

#[test]
fn shares_and_lengths_count_what_can_be_seen() {
    let gate = Gate::builtin();
    let text = format!("{CLEAN}\n\n\n   {TEST_LINE}\n");
    let decision = gate.decide(text.as_str());
    let seen = |text: &str| text.chars().filter(|c| !c.is_whitespace()).count();
    assert_eq!(decision.left_chars(), seen(CLEAN));
    let share = TEST_LINE.len() as f32 / (seen(CLEAN) + TEST_LINE.len()) as f32;
    assert!((decision.removed_share() - share).abs() < 1e-6);
    assert_eq!(gate.decide("").left_chars(), 0);
    assert!(gate.decide("").removed_share().abs() < 1e-6);
}

#[test]
fn one_gate_serves_many_threads() {
    fn shared<T: Send + Sync + Clone>(_: &T) {}
    let gate = Gate::builtin();
    shared(&gate);
    let text = dirty();
    let alone = gate.decide(text.as_str());
    thread::scope(|scope| {
        for _ in 0..4 {
            let gate = gate.clone();
            scope.spawn({
                let (alone, text) = (&alone, &text);
                move || assert_eq!(&gate.decide(text.as_str()), alone)
            });
        }
    });
}

#[test]
fn the_test_line_always_fires() {
    let nothing = Policy::default().with_remove(LabelSet::EMPTY);
    let strict = Policy::default().with_threshold(LabelSet::parse("spam").unwrap(), 1.0).unwrap();
    for policy in [Policy::default(), nothing, strict] {
        let detector = Detector::builder().policy(policy).build().unwrap();
        let gate = Gate::builder()
            .detector(detector.clone())
            .rule(When::Verdict(Verdict::Spam), Outcome::Accept)
            .rule(When::Verdict(Verdict::Dirty), Outcome::Accept)
            .without_default_rules()
            .build();
        let alone = gate.decide(TEST_LINE);
        assert_eq!((alone.outcome(), alone.because()), (Outcome::Reject, Because::TestLine));
        assert_eq!((alone.report().verdict, &*alone.cleaned()), (Verdict::Spam, ""));
        let inside = format!("{CLEAN}\r\n  {TEST_LINE}\t\r\n");
        let decision = gate.decide(inside.as_str());
        assert_eq!((decision.report().verdict, decision.outcome()), (Verdict::Dirty, Outcome::Reject));
        assert_eq!(detector.scan_bytes(&[inside.as_bytes(), b"\xFF"].concat()).verdict, Verdict::Dirty);
        let line = detector.explain(&inside).into_iter().find(|line| line.span.of(&inside) == TEST_LINE).unwrap();
        assert_eq!(line.label.as_str(), "spam/scam");
        assert_eq!(line.reasons[0].code, unspam::TEST_LINE_REASON);
    }
}

#[test]
fn the_test_line_disturbs_nothing_else() {
    let detector = Detector::builtin();
    for text in [dirty(), CLEAN.to_owned()] {
        let without = detector.scan(text.as_str());
        // In front, so that all other spans move by the same number of bytes.
        let with_line = format!("{TEST_LINE}\n\n{text}");
        let shift = with_line.len() - text.len();
        let with = detector.scan(with_line.as_str());
        assert_eq!(with.findings.len(), without.findings.len() + 1);
        for (moved, finding) in with.findings[1..].iter().zip(&without.findings) {
            assert_eq!(
                (moved.span.start(), moved.span.end()),
                (finding.span.start() + shift, finding.span.end() + shift)
            );
            assert_eq!((moved.label, moved.score, moved.action), (finding.label, finding.score, finding.action));
        }
        assert_eq!(Cleaner::clean(&with_line, with).text, Cleaner::clean(&text, without).text);
    }
    let quoted = format!("{CLEAN}\nThe line {TEST_LINE} is for tests.\n");
    assert!(!detector.scan(quoted.as_str()).has_test_line());
}
