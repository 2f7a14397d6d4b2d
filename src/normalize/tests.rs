use super::*;

fn folded(text: &str) -> (String, FoldStats) {
    let mut out = Vec::new();
    let (_, stats) = Normalizer.fold(text, &mut out);
    (out.iter().map(|&b| b as char).collect(), stats)
}

#[test]
fn styled_letters_read_as_plain_ones() {
    for (text, trace) in [
        ("𝐬𝐥𝐨𝐭𝟖𝟖", Trace::Mathematical),
        ("ｓｌｏｔ８８", Trace::Fullwidth),
        ("ⓢⓛⓞⓣ88", Trace::Enclosed),
        ("🅂🄻🄾🅃88", Trace::Enclosed),
        ("🆂🅻🅾🆃88", Trace::Enclosed),
        ("ꜱʟᴏᴛ88", Trace::SmallCapital),
        ("s\u{200b}lot88", Trace::Invisible),
        ("s\u{336}l\u{336}o\u{336}t\u{336}88", Trace::Overlay),
        ("🇸🇱🇴🇹88", Trace::Regional),
        ("slоt88", Trace::MixedWord),
        ("s\u{200b}lо\u{200b}t88", Trace::MixedWord),
        ("\u{202e}88tols\u{202c}", Trace::Reversed),
        ("SLOT8\u{fe0f}\u{20e3}8\u{fe0f}\u{20e3}", Trace::Overlay),
    ] {
        let (symbols, stats) = folded(text);
        assert!(symbols.starts_with("slot88"), "{text}: {symbols}");
        assert!(stats.trace(trace) > 0, "{text}: {:?}", stats.traces);
    }
}

#[test]
fn letters_cut_to_16_bits_are_read() {
    let cut: String = "𝐬𝐥𝐨𝐭".chars().filter_map(|c| char::from_u32(c as u32 - 0x1_0000)).collect();
    let (symbols, stats) = folded(&cut);
    assert!(symbols.starts_with("slot"), "{symbols}");
    assert_eq!(stats.trace(Trace::Truncated), 1);
    let (_, korean) = folded("하하하하 한국은 흥행했다");
    assert_eq!(korean.trace(Trace::Truncated), 0);
}

#[test]
fn spaced_and_leet_words_are_appended_decoded() {
    assert!(folded("s l o t 8 8").0.ends_with(" slot88"));
    assert!(folded("s.l.o.t.8.8").0.ends_with(" slot88"));
    assert!(folded("main c451n068 yuk").0.ends_with(" casino68 caslno68"));
    assert!(folded("9@c0r qorb3+").0.contains(" gacor qorbet"));
    for text in ["Boeing 747 and G20 in the U.S.", "let sum = width+height;", "Disney+ and Google+"] {
        assert_eq!(folded(text).1.traces, [0; Trace::COUNT], "{text}");
    }
}

/// What both ways to fold give: the symbols, how many stand for the line, and what was counted.
fn both_ways(line: &str) -> [(Vec<u8>, usize, FoldStats); 2] {
    let way = |fold: fn(Normalizer, &str, &mut Vec<u8>) -> (usize, FoldStats)| {
        let mut out = Vec::new();
        let (base, stats) = fold(Normalizer, line, &mut out);
        (out, base, stats)
    };
    [way(Normalizer::fold), way(Normalizer::read)]
}

proptest::proptest! {
    #[test]
    fn lines_that_are_not_disguised_as_a_whole_are_read_as_they_are(
        line in "([a-zé]{2,9}[ ,.]|[А-я]{2,8} |[0-9]{2,4} |ก[าะ]น |中文|₦5 |&amp; |⭐){1,30}"
    ) {
        let [folded, read] = both_ways(&line);
        proptest::prop_assert_eq!(folded, read);
    }

    #[test]
    fn reading_takes_any_line(line in "([a-z]|&#x?[0-9a-f]{1,9};?|[ _.·🔥]|[ɐɔǝɹʇ]|[₳₦฿ł]|[卂乃ﾑ中]|\u{301}){0,60}") {
        let [_, (symbols, base, _)] = both_ways(&line);
        proptest::prop_assert!(base <= symbols.len());
    }
}

#[test]
fn ordinary_text_leaves_no_trace() {
    for text in [
        "Đây là một câu tiếng Việt bình thường.",
        "Это обычное предложение о погоде.",
        "هذه جملة عادية عن الطقس اليوم.",
        "यह मौसम के बारे में एक साधारण वाक्य है।",
        "これは天気についての普通の文です。",
        "이것은 날씨에 관한 평범한 문장입니다.",
        "Ein ganz gewöhnlicher Satz über Straßen.",
        "می‌خواهم بدانم",
    ] {
        assert_eq!(folded(text).1.traces, [0; Trace::COUNT], "{text}");
    }
}

#[test]
fn symbol_offsets_point_at_their_characters() {
    let line = "Kết thúc. sbobet88";
    let mut out = Vec::new();
    let (base, _) = Normalizer.fold(line, &mut out);
    let at = out[..base].windows(6).position(|w| w == b"sbobet").unwrap();
    assert_eq!(&line[Normalizer.byte_offset(line, at)..], "sbobet88");
    assert_eq!(Normalizer.byte_offset(line, base), line.len());
}

fn reference(text: &str) -> (Vec<u8>, FoldStats) {
    let (mut out, mut stats) = (Vec::new(), FoldStats::default());
    reference::fold_line(text, &mut out, &mut stats);
    (out, stats)
}

#[test]
fn fast_folding_equals_a_step_per_character() {
    for text in [
        "",
        "é",
        "слово за слово, и ещё одно: «цитата» № 5…",
        "Một dòng tiếng Việt có nhiều dấu, và một đoạn ASCII that is long enough for vectors.",
        "1234слово 1234 slоt88。slоt 12д ab\u{200b}cд",
        "하하하하 하하하하하 한국은 흥행했다 훐훐훐훐 훐훐훐훐훐",
        "\u{202e}88tols\u{202c} и \u{202e}88tols",
        "½ cup™ of ﬁne ไม่มีคำ กำ, कि, かがガ、漢字。𠀀 🎉🎉 𝐬𝐥𝐨𝐭 ｓｌｏｔ",
        "\0\u{7f}\t a\u{a0}b\u{3000}c",
    ] {
        for repeats in [1, 2, 40] {
            let text = text.repeat(repeats);
            assert_eq!(Normalizer.fold_phrase(&text), reference(&text), "{text}");
        }
    }
    // Counts by lane must not run over.
    let long = "A1 b".repeat(20_000);
    for from in 0..40 {
        assert_eq!(Normalizer.fold_phrase(&long[from..]), reference(&long[from..]));
        assert_eq!(Normalizer.fold_phrase(&long[..from]), reference(&long[..from]));
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(2000))]
    #[test]
    fn fast_folding_equals_a_step_per_character_on_any_text(
        text in "([ -~]{0,40}|[a-zа-яё .,]{0,20}|[à-ỹ A-Z0-9]{0,9}|[가-힣]{0,9}|[\u{d400}-\u{d7a3}]{0,6} |[一-龠ぁ-ん。]{0,9}|[ก-๛]{0,9}|\\PC{0,9}|.{0,5}){0,8}"
    ) {
        proptest::prop_assert_eq!(Normalizer.fold_phrase(&text), reference(&text));
    }
}
