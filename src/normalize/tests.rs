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
    assert!(folded("main c451n068 yuk").0.ends_with(" casino68"));
    assert_eq!(folded("Boeing 747 and G20 in the U.S.").1.traces, [0; Trace::COUNT]);
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
