//! What holds for every text, whatever it is and whatever the model makes of it.

use std::borrow::Cow;
use std::sync::LazyLock;
use std::thread;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use unspam::normalize::Normalizer;
use unspam::segment::Segmenter;
use unspam::{Action, Class, Cleaner, Detector, Document, Label, LabelSet, Policy, Preset, Report, Verdict};

use crate::corpus::{CASES, DETECTOR};
use crate::support::{CLEAN, Dice};

/// Removes whatever is more likely junk than not, so that many texts lose much.
static EAGER: LazyLock<Detector> = LazyLock::new(|| {
    let junk = Label::ALL.iter().filter(|label| label.class() != Class::Content);
    let junk = junk.fold(LabelSet::EMPTY, |set, &label| set.with(label));
    let policy = Policy::preset(Preset::Recall).with_remove(junk).with_threshold(junk, 0.0).unwrap();
    let policy = policy.with_max_loss_share(1.0).unwrap();
    Detector::builder().model(DETECTOR.model().clone()).policy(policy).build().unwrap()
});

/// Lines of all fixtures, promos of several kinds and lines that are hard to fold.
static LINES: LazyLock<Vec<String>> = LazyLock::new(|| {
    let mut lines: Vec<String> =
        CASES.iter().flat_map(|case| case.source.lines()).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    lines.sort();
    lines.dedup();
    lines
});

const PROMOS: [&str; 18] = [
    "sbobet88",
    "By gacor88",
    "Situs slot gacor hari ini, daftar sekarang dan klaim bonus 100%",
    "https://slot-hoki.example/daftar?ref=77",
    "<a href=\"https://togel.example\">bandar togel</a>",
    "[cheap viagra](https://pills.example)",
    "[url=https://casino.example]casino[/url]",
    "Hubungi WA 0812-3456-7890 untuk pinjaman cepat cair",
    "🎰🎰 J A C K P O T 🎰🎰",
    "𝗦𝗟𝗢𝗧 𝗚𝗔𝗖𝗢𝗥 𝟴𝟴",
    "s.l.o.t g4c0r",
    "cаsinо\u{200b}88 bоnus",
    "\u{202e}rocag tols\u{202c}",
    "Baca juga: Lima fakta tentang banjir",
    "Subscribe to our newsletter",
    "© 2024 All rights reserved",
    "Share this: Facebook Twitter WhatsApp",
    "线上赌场 注册送58元",
];

/// Text of characters that stages treat in a way of their own.
fn odd_text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        6 => any::<char>().prop_map(String::from),
        6 => "[a-z0-9]{1,8}",
        4 => Just(" ".to_owned()),
        4 => prop::sample::select(vec!["\n", "\r\n", "\r", "\n\n", "\r\r\n", "\t", "\u{a0}", "\u{3000}", "\u{2028}", "\u{85}"])
            .prop_map(str::to_owned),
        // Invisible ones, marks, overrides, joiners, byte order marks, NUL.
        3 => prop::sample::select(vec![
            "\u{200b}", "\u{200c}", "\u{200d}", "\u{200e}", "\u{202a}", "\u{202c}", "\u{202d}", "\u{202e}", "\u{2066}",
            "\u{2069}", "\u{2060}", "\u{feff}", "\u{ad}", "\u{336}", "\u{20e3}", "\u{301}", "\u{0}", "\u{1a}", "\u{7f}",
            "\u{e0041}", "\u{fe0f}", "\u{180e}",
        ])
        .prop_map(str::to_owned),
        // Letters in disguise: mathematical, fullwidth, circled, regional, look-alikes, cut to 16 bits.
        4 => "[\u{1d400}-\u{1d7ff}\u{ff01}-\u{ff5e}\u{24b6}-\u{24e9}\u{1f130}-\u{1f1ff}\u{400}-\u{45f}\u{391}-\u{3c9}\u{d400}-\u{d7a3}]{1,6}",
        2 => "[\u{4e00}-\u{4e20}\u{3041}-\u{3060}\u{ac00}-\u{ac20}\u{e01}-\u{e20}\u{621}-\u{640}\u{915}-\u{930}]{1,6}",
        2 => prop::sample::select(vec!["<a ", "</a>", "[url", "[/url]", "[", "](", ")", ".", "..", "。", "!", "?", "\"", "»", "…", "۔"])
            .prop_map(str::to_owned),
        2 => prop::sample::select(PROMOS.to_vec()).prop_map(str::to_owned),
    ];
    prop::collection::vec(part, 0..60).prop_map(|parts| parts.concat())
}

/// Lines of fixtures and promos in any order, with any line ends, some glued to each other.
fn scraped_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        8 => prop::sample::select(&LINES[..]),
        4 => prop::sample::select(PROMOS.to_vec()).prop_map(str::to_owned),
        2 => (prop::sample::select(&LINES[..]), prop::sample::select(PROMOS.to_vec()))
            .prop_map(|(line, promo)| format!("{line} {promo}")),
        1 => (prop::sample::select(&LINES[..]), prop::sample::select(PROMOS.to_vec()))
            .prop_map(|(line, promo)| format!("{promo}{line}")),
        1 => (prop::sample::select(&LINES[..]), 2usize..40).prop_map(|(line, times)| format!("{line} ").repeat(times)),
        1 => "[\u{1f300}-\u{1f64f}\u{200d}\u{fe0f} ]{1,12}",
        1 => odd_text(),
        1 => prop::sample::select(vec!["", " ", "\u{a0}", "\u{200b}", "\u{200b}\u{200c}\u{2060}", "\u{feff}", "\0", "*", "—"])
            .prop_map(str::to_owned),
    ];
    let end =
        prop::sample::select(vec!["\n", "\n", "\n\n", "\n\n", "\r\n", "\r\n\r\n", "\r", "\n \n", "\n\n\n\n", "\n\t"]);
    (prop::collection::vec((line, end), 0..24), any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |(lines, one_end, open, mark)| {
            let first = lines.first().map_or("\n", |(_, end)| end);
            let mut text = String::from(if mark { "\u{feff}" } else { "" });
            for (index, (line, end)) in lines.iter().enumerate() {
                text.push_str(line);
                if !open || index + 1 < lines.len() {
                    text.push_str(if one_end { first } else { end });
                }
            }
            text
        },
    )
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![2 => odd_text(), 3 => scraped_text(), 1 => any::<String>()]
}

fn shows(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}')
}

/// Everything a report and the edits made from it promise.
fn check(detector: &Detector, text: &str) -> Result<Report, TestCaseError> {
    let cleaned = detector.clean(text);
    let report = &cleaned.report;
    prop_assert_eq!(report, &detector.scan(text), "another report the second time");
    prop_assert_eq!(report, &detector.scan(Document::new(text).with_id("x")));
    prop_assert_eq!(report.text_len, text.len());
    prop_assert!((0.0..=1.0).contains(&report.spam_probability.get()));
    let mut behind = 0;
    for finding in &report.findings {
        let (start, end) = (finding.span.start(), finding.span.end());
        prop_assert!(start >= behind && start < end && end <= text.len(), "{finding:?} behind {behind}");
        prop_assert!(text.is_char_boundary(start) && text.is_char_boundary(end), "{finding:?}");
        prop_assert!(finding.label != Label::Content && (0.0..=1.0).contains(&finding.score.get()), "{finding:?}");
        prop_assert!(finding.reasons.windows(2).all(|two| two[0].weight >= two[1].weight), "{finding:?}");
        if finding.action == Action::Remove {
            prop_assert!(detector.policy().removes(finding.label), "{finding:?}");
        }
        behind = end;
    }
    match report.verdict {
        Verdict::Ok | Verdict::Unsure => prop_assert!(!report.changes_text(), "{report:?}"),
        _ => prop_assert!(report.changes_text(), "{report:?}"),
    }

    let mut gone = vec![false; text.len()];
    let mut behind = 0;
    for edit in &cleaned.edits {
        prop_assert!(edit.span.start() >= behind && !edit.span.is_empty() && edit.span.end() <= text.len());
        prop_assert!(text.is_char_boundary(edit.span.start()) && text.is_char_boundary(edit.span.end()));
        prop_assert!(report.findings[edit.finding].action == Action::Remove);
        behind = edit.span.end();
        gone[edit.span.range()].fill(true);
    }
    for (at, c) in text.char_indices().filter(|&(_, c)| shows(c)) {
        let wanted = report.removals().any(|finding| finding.span.range().contains(&at));
        prop_assert_eq!(gone[at], wanted, "{:?} at {}", c, at);
    }
    let kept: String = text.char_indices().filter(|&(at, _)| !gone[at]).map(|(_, c)| c).collect();
    prop_assert_eq!(&*cleaned.text, &*kept);
    prop_assert_eq!(Cleaner::apply(text.as_bytes(), &cleaned.edits), kept.as_bytes());
    if !report.changes_text() {
        prop_assert!(matches!(cleaned.text, Cow::Borrowed(same) if same.as_ptr() == text.as_ptr() && same == text));
    }
    let removed: Vec<(usize, &[u8])> =
        cleaned.edits.iter().map(|edit| (edit.span.start(), &text.as_bytes()[edit.span.range()])).collect();
    prop_assert_eq!(Cleaner::restore(kept.as_bytes(), &removed).ok(), Some(text.as_bytes().to_vec()));

    let again = detector.clean(&cleaned.text);
    prop_assert_eq!(&*again.text, &*cleaned.text, "cleaned twice");
    prop_assert_eq!(report, &detector.scan_bytes(text.as_bytes()));
    Ok(cleaned.report)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn any_text_keeps_the_promises(text in any_text()) {
        check(&DETECTOR, &text)?;
    }

    #[test]
    fn any_text_keeps_them_when_nearly_all_goes(text in any_text()) {
        check(&EAGER, &text)?;
    }

    #[test]
    fn any_text_can_be_explained(text in any_text()) {
        let mut behind = 0;
        for line in DETECTOR.explain(&text) {
            prop_assert!(line.span.start() >= behind && line.span.end() <= text.len());
            prop_assert!(!line.span.of(&text).is_empty());
            let sum: f32 = line.probabilities.iter().map(|probability| probability.get()).sum();
            prop_assert!((sum - 1.0).abs() < 1e-3, "probabilities sum to {sum}");
            behind = line.span.end();
        }
    }

    #[test]
    fn any_bytes_can_be_scanned(parts in prop::collection::vec(
        prop_oneof![
            2 => any::<Vec<u8>>(),
            2 => prop::sample::select(PROMOS.to_vec()).prop_map(|promo| promo.as_bytes().to_vec()),
            1 => prop::sample::select(vec![&b"\xff"[..], b"\xc3", b"\xe2\x82", b"\xf0\x9f\x98", b"\xed\xa0\x80", b"\xc0\x80"])
                .prop_map(<[u8]>::to_vec),
            2 => prop::sample::select(vec![&b"\n"[..], b"\r\n", b" ", b"\n\n"]).prop_map(<[u8]>::to_vec),
        ],
        0..12,
    )) {
        let bytes = parts.concat();
        for detector in [&*DETECTOR, &*EAGER] {
            let report = detector.scan_bytes(&bytes);
            prop_assert_eq!(report.text_len, bytes.len());
            let mut behind = 0;
            for finding in &report.findings {
                prop_assert!(finding.span.start() >= behind && finding.span.end() <= bytes.len());
                behind = finding.span.end();
            }
            let edits = Cleaner::edits(&bytes, &report);
            let removed: Vec<(usize, &[u8])> =
                edits.iter().map(|edit| (edit.span.start(), &bytes[edit.span.range()])).collect();
            let cleaned = Cleaner::apply(&bytes, &edits);
            prop_assert_eq!(Cleaner::restore(&cleaned, &removed).ok(), Some(bytes.clone()));
            let next = detector.scan_bytes(&cleaned);
            prop_assert_eq!(Cleaner::apply(&cleaned, &Cleaner::edits(&cleaned, &next)), cleaned, "cleaned twice");
            if let Ok(text) = std::str::from_utf8(&bytes) {
                prop_assert_eq!(report, detector.scan(text));
            }
        }
    }

    #[test]
    fn segments_tile_any_text(text in any_text()) {
        let mut segments = Vec::new();
        Segmenter.segments(&text, &mut segments);
        let mut at = 0;
        let mut pieces = Vec::new();
        for segment in &segments {
            prop_assert_eq!(segment.span.start(), at);
            prop_assert!(!segment.span.is_empty());
            at = segment.span.end();
            prop_assert!(text.is_char_boundary(at));
            let line = segment.span.of(&text);
            let content = line.strip_suffix("\r\n").or(line.strip_suffix(['\n', '\r'])).unwrap_or(line);
            prop_assert!(!content.contains(['\n', '\r']), "{line:?} is more than one line");
            prop_assert!(segment.body.start() >= segment.span.start() && segment.body.end() <= segment.span.end());
            let body = segment.body.of(&text);
            let inner = content.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
            prop_assert_eq!(body, if inner.contains(shows) { inner } else { "" });

            pieces.clear();
            Segmenter.pieces(&text, segment.body, &mut pieces);
            let mut inside = segment.body.start();
            for piece in &pieces {
                prop_assert!(piece.start() == inside && !piece.is_empty() && text.is_char_boundary(piece.end()));
                inside = piece.end();
            }
            prop_assert_eq!(inside, segment.body.end());
        }
        prop_assert_eq!(at, text.len());
    }

    #[test]
    fn folding_takes_any_text(line in any_text(), before in "[a-z ]{0,9}") {
        let mut symbols = Vec::new();
        let (base, stats) = Normalizer.fold(&line, &mut symbols);
        prop_assert!(base <= symbols.len());
        prop_assert_eq!(stats.chars as usize, line.chars().count());
        // A buffer that is in use already makes no difference.
        let mut used = before.clone().into_bytes();
        prop_assert_eq!(Normalizer.fold(&line, &mut used), (base, stats));
        prop_assert_eq!(&used[before.len()..], &symbols[..]);
        prop_assert_eq!(&Normalizer.fold_phrase(&line).0[..], &symbols[..base]);
        let mut last = 0;
        for symbol in (0..symbols.len() + 2).step_by(1 + symbols.len() / 64) {
            let at = Normalizer.byte_offset(&line, symbol);
            prop_assert!(line.is_char_boundary(at), "byte {at} of symbol {symbol}");
            prop_assert!(at >= last, "symbol {symbol} stands before the one before it");
            last = at;
        }
        prop_assert_eq!(Normalizer.byte_offset(&line, usize::MAX), line.len());
    }
}

/// Texts of all sorts, always the same.
fn texts() -> Vec<String> {
    let mut dice = Dice::new(88);
    let mut texts: Vec<String> = CASES.iter().map(|case| case.source.clone()).collect();
    for _ in 0..150 {
        let mut text = String::new();
        for _ in 0..dice.roll(30) {
            let promo = dice.roll(3) == 0;
            text.push_str(if promo { PROMOS[dice.roll(PROMOS.len())] } else { &LINES[dice.roll(LINES.len())] });
            text.push_str(["\n", "\n\n", "\r\n", " ", "\n \n"][dice.roll(5)]);
        }
        texts.push(text);
    }
    texts
}

#[test]
fn reports_are_the_same_on_any_thread_in_any_order_and_from_any_detector() {
    let texts = texts();
    let expected: Vec<Report> = texts.iter().map(|text| DETECTOR.scan(text.as_str())).collect();
    let fresh = Detector::builtin();
    assert_eq!(fresh.model_id(), DETECTOR.model_id());
    thread::scope(|scope| {
        for number in 0..8usize {
            let (texts, expected, fresh) = (&texts, &expected, &fresh);
            scope.spawn(move || {
                let detector = if number % 2 == 0 { fresh } else { &*DETECTOR };
                for step in 0..texts.len() {
                    // Each thread meets the texts in an order of its own, so that what its
                    // buffers still hold is another text each time.
                    let place = (step * [1, 7, 11, 13][number / 2] + number * 31) % texts.len();
                    assert_eq!(detector.scan(texts[place].as_str()), expected[place], "text {place}");
                }
            });
        }
    });
    for (text, expected) in texts.iter().zip(&expected).rev() {
        assert_eq!(&DETECTOR.clone().scan(text.as_str()), expected);
    }
}

/// What [`DETECTOR`] leaves of an article into whose last paragraph something was put.
fn left_of_paragraph(behind: &str) -> String {
    DETECTOR.clean(&format!("{}{behind}", CLEAN.trim_end())).text.into_owned()
}

#[test]
fn what_is_put_behind_the_last_sentence_of_a_paragraph_goes_as_a_whole() {
    for promo in [
        // A name that no list knows, a name of several words, the number of an item, several sentences.
        "tovarik88",
        "king slot 138",
        "12. Slot gacor maxwin 88",
        "#### 3. Daftar situs slot gacor",
        "Slot gacor hari ini! Klaim bonus 100% sekarang juga. Daftar di https://slot.example/daftar",
    ] {
        assert_eq!(left_of_paragraph(&format!(" {promo}")), CLEAN.trim_end(), "{promo}");
    }
    for kept in ["Rapat ditutup pukul 12.", "(ANTARA)", "Nomornya 12. Bus berangkat pukul 7."] {
        let text = left_of_paragraph(&format!(" {kept}"));
        assert!(text.ends_with(kept), "{kept}");
    }
}

#[test]
fn lines_of_spam_draw_in_what_is_likely_spam_beside_them_unless_told_otherwise() {
    let text =
        format!("{CLEAN}\nSitus slot gacor hari ini, daftar sekarang\nKlaim hadiah sekarang\nslot gacor maxwin\n");
    let removed = |detector: &Detector| detector.scan(text.as_str()).removals().count();
    assert_eq!(removed(&DETECTOR), 3);
    let precise = DETECTOR.with_policy(Policy::preset(Preset::Precision));
    assert!(removed(&precise) <= removed(&DETECTOR));
}

/// Longer texts are judged in sections; spans, rounds and the way back must not notice.
#[test]
fn texts_of_many_sections_keep_the_promises() {
    let mut text = String::new();
    let mut promos = Vec::new();
    let mut number = 0;
    while text.len() < 3_500_000 {
        for paragraph in CLEAN.lines() {
            text.push_str(paragraph);
            if !paragraph.is_empty() {
                number += 1;
                text.extend([" Lembar ", &number.to_string(), " dari laporan panjang itu disimpan di kantor desa."]);
            }
            text.push('\n');
        }
        if text.len() / 600_000 > promos.len() {
            promos.push(text.len());
            text.push_str("Situs slot gacor hari ini, daftar sekarang dan klaim bonus 100%\n\n");
        }
    }
    let report = check(&DETECTOR, &text).unwrap();
    let removed: Vec<usize> = report.removals().map(|finding| finding.span.start()).collect();
    assert_eq!(removed, promos);
    assert_eq!(report.verdict, Verdict::Dirty);
    let explained = DETECTOR.explain(&text);
    assert!(promos.iter().all(|&promo| explained.iter().any(|line| line.span.start() == promo)));
}

#[test]
fn a_line_that_is_too_long_to_be_read_is_kept_and_makes_unsure() {
    let long = "harga ".repeat(1_500_000);
    let report = check(&DETECTOR, &format!("{CLEAN}{long}\n")).unwrap();
    assert_eq!((report.verdict, report.findings.len()), (Verdict::Unsure, 0));
    // The lines beside it are read all the same.
    let report = check(&DETECTOR, &format!("{CLEAN}{long}\n{CLEAN}\nsbobet88\n")).unwrap();
    assert_eq!((report.verdict, report.removals().count()), (Verdict::Dirty, 1));
}

#[test]
fn texts_of_extreme_shape_are_read_in_time() {
    let promo = "Situs slot gacor https://slot.example daftar. ";
    let shapes: [(&str, String); 14] = [
        ("nothing", String::new()),
        ("line breaks", "\n".repeat(300_000)),
        ("carriage returns", "\r".repeat(300_000)),
        ("spaces", " ".repeat(500_000)),
        ("one word", "a".repeat(500_000)),
        ("one line of promos", promo.repeat(10_000)),
        ("one line just short enough to be cut", promo.repeat(2100)),
        ("lines of promos", format!("{promo}\n").repeat(10_000)),
        ("promos between paragraphs", CLEAN.replace("\n\n", "\n\nsbobet88\n\n").repeat(400)),
        ("brackets", "[".repeat(90_000)),
        ("glued sentences", format!("slot {}", "Ab.Cde".repeat(15_000))),
        ("open links", "<a [url ".repeat(11_000)),
        ("spaced letters", "s l o t ".repeat(60_000)),
        ("overrides", "\u{202e}а\u{202c}b".repeat(40_000)),
    ];
    let mut slow = Vec::new();
    for (name, text) in &shapes {
        let started = Instant::now();
        let cleaned = DETECTOR.clean(text);
        let took = started.elapsed();
        if took > Duration::from_secs(10) {
            slow.push(format!("{name}: {took:.1?} for {} bytes", text.len()));
        }
        assert_eq!(DETECTOR.clean(&cleaned.text).text, cleaned.text, "{name}");
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

#[test]
fn a_document_that_is_all_junk_becomes_empty_or_stays() {
    for text in ["sbobet88", "sbobet88\n", "\u{feff}sbobet88\r\n", "sbobet88\n\nBy gacor88\n\nslot gacor 88 daftar\n"] {
        let cleaned = DETECTOR.clean(text);
        assert!(cleaned.text == text || cleaned.text.trim_start_matches('\u{feff}').is_empty(), "{:?}", cleaned.text);
    }
}
