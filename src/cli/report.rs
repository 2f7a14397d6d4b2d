//! The page that shows a run: what went, from where, and why.
//!
//! One file without scripts that loads nothing: it can be mailed, archived and opened
//! anywhere. It says nothing that differs between two runs over the same input.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use unspam::stats::{GroupCounts, SCORE_BARS, Sample, Samples, Stats, UNKNOWN};
use unspam::{Class, Label, Verdict};

use crate::cli::config::Settings;
use crate::cli::show::{count, thousands};

/// Sites and languages shown.
const GROUPS: usize = 25;
/// Removed lines shown.
const LINES: usize = 50;

/// Returns the page: one file that needs nothing else.
pub(crate) fn page(stats: &Stats, samples: &Samples, settings: &Settings, problems: u64) -> String {
    let mut page = String::with_capacity(64 << 10);
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<title>unspam: what was removed</title>\n<style>\n");
    page.push_str(STYLE);
    page.push_str("</style>\n</head>\n<body>\n<main>\n<h1>What was removed</h1>\n");
    put(
        &mut page,
        format_args!(
            "<p class=\"quiet\">model {}, policy {}</p>\n",
            escape(settings.detector.model_id()),
            escape(&settings.policy_hash)
        ),
    );
    cards(&mut page, stats, problems);
    labels(&mut page, stats);
    groups(&mut page, "Sites", "site", &stats.sites);
    groups(&mut page, "Languages", "language", &stats.languages);
    scores(&mut page, samples);
    lines(&mut page, samples);
    section(&mut page, "Samples", "Some findings of each label, picked at random, with what stands round them.");
    for (label, list) in &samples.samples {
        put(&mut page, format_args!("<h3>{}</h3>\n", tag(*label)));
        show_samples(&mut page, list);
    }
    if samples.samples.is_empty() {
        nothing(&mut page);
    }
    page.push_str("</section>\n");
    changed(&mut page, samples);
    section(
        &mut page,
        "Nearly kept",
        "Removed, and nearest to the threshold: look here for article text that was lost.",
    );
    show_samples(&mut page, &samples.nearly_kept);
    page.push_str("</section>\n");
    section(&mut page, "Nearly removed", "Kept, and nearest to the threshold: look here for junk that is left.");
    show_samples(&mut page, &samples.nearly_removed);
    page.push_str("</section>\n</main>\n</body>\n</html>\n");
    page
}

fn put(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = page.write_fmt(text);
}

fn section(page: &mut String, title: &str, about: &str) {
    let id = title.to_lowercase().replace(' ', "-");
    put(page, format_args!("<section id=\"{id}\">\n<h2>{title}</h2>\n<p class=\"quiet\">{about}</p>\n"));
}

fn nothing(page: &mut String) {
    page.push_str("<p>Nothing.</p>\n");
}

fn cards(page: &mut String, stats: &Stats, problems: u64) {
    page.push_str("<div class=\"cards\">\n");
    let verdict = |verdict| thousands(stats.verdict(verdict));
    let share = format!("{:.2} %", stats.removed_share() * 100.0);
    for (value, name) in [
        (thousands(stats.records), "records"),
        (thousands(stats.changed), "changed"),
        (share, "of the characters removed"),
        (thousands(stats.removed_chars), "characters removed"),
        (verdict(Verdict::Spam), "spam as a whole"),
        (verdict(Verdict::Unsure), "unsure"),
        (thousands(problems), "not handled"),
    ] {
        put(page, format_args!("<div class=\"card\"><b>{value}</b><span>{name}</span></div>\n"));
    }
    page.push_str("</div>\n");
}

fn labels(page: &mut String, stats: &Stats) {
    section(page, "Labels", "Characters removed, and how many findings were removed and kept.");
    let removed: Vec<_> = stats.labels.iter().filter(|(_, counts)| counts.removed + counts.kept > 0).collect();
    let most = removed.iter().map(|(_, counts)| counts.chars).max().unwrap_or(0).max(1);
    page.push_str("<table>\n<tr><th>label<th class=\"wide\">characters<th>removed<th>kept\n");
    for (label, counts) in removed {
        put(
            page,
            format_args!(
                "<tr><td>{}<td>{}<td class=\"n\">{}<td class=\"n\">{}\n",
                tag(*label),
                bar(counts.chars, most, class(*label), &thousands(counts.chars)),
                thousands(counts.removed),
                thousands(counts.kept)
            ),
        );
    }
    page.push_str("</table>\n</section>\n");
}

fn groups(page: &mut String, title: &str, noun: &str, groups: &BTreeMap<String, GroupCounts>) {
    let mut sorted: Vec<_> = groups.iter().collect();
    sorted.sort_by(|a, b| b.1.removed_chars.cmp(&a.1.removed_chars).then(a.0.cmp(b.0)));
    let about = format!("Where most was removed: {} in all.", count(groups.len() as u64, noun));
    section(page, title, &about);
    if groups.keys().all(|name| name == UNKNOWN) {
        put(page, format_args!("<p>The records do not say their {noun}.</p>\n</section>\n"));
        return;
    }
    let most = sorted.first().map_or(0, |(_, counts)| counts.removed_chars).max(1);
    put(
        page,
        format_args!("<table>\n<tr><th>{noun}<th class=\"wide\">characters removed<th>share<th>records<th>changed\n"),
    );
    for (name, counts) in sorted.iter().take(GROUPS) {
        let share = counts.removed_chars as f64 * 100.0 / (counts.chars as f64).max(1.0);
        put(
            page,
            format_args!(
                "<tr><td>{}<td>{}<td class=\"n\">{share:.2} %<td class=\"n\">{}<td class=\"n\">{}\n",
                escape(name),
                bar(counts.removed_chars, most, "plain", &thousands(counts.removed_chars)),
                thousands(counts.records),
                thousands(counts.changed)
            ),
        );
    }
    page.push_str("</table>\n</section>\n");
}

fn bar(value: u64, most: u64, class: &str, text: &str) -> String {
    let width = value as f64 * 100.0 / most as f64;
    format!("<div class=\"bar\"><i class=\"{class}\" style=\"width:{width:.1}%\"></i><span>{text}</span></div>")
}

/// Findings by probability, as stacked columns on a scale of square roots: the rare ones in the
/// middle are what there is to see.
fn scores(page: &mut String, samples: &Samples) {
    section(
        page,
        "Scores",
        "How probable findings are, removed ones in colour and kept ones in grey; heights are square roots of counts.",
    );
    let mut sums = [[0_u64; 2]; SCORE_BARS];
    for bars in samples.scores.values() {
        for (sum, bar) in sums.iter_mut().zip(bars) {
            sum[0] += bar[0];
            sum[1] += bar[1];
        }
    }
    let root = |count: u64| (count as f64).sqrt();
    let most = sums.iter().map(|bar| root(bar[0] + bar[1])).fold(1.0, f64::max);
    page.push_str("<svg viewBox=\"0 0 640 200\" role=\"img\" aria-label=\"findings by probability\">\n");
    for (index, [removed, kept]) in sums.into_iter().enumerate() {
        let x = 20.0 + index as f64 * 30.0;
        let total = root(removed + kept) * 160.0 / most;
        let part = if removed + kept == 0 { 0.0 } else { total * removed as f64 / (removed + kept) as f64 };
        let (from, to) = (index as f64 / SCORE_BARS as f64, (index + 1) as f64 / SCORE_BARS as f64);
        put(
            page,
            format_args!(
                "<g><title>{from:.2} to {to:.2}: {} removed, {} kept</title>\
             <rect class=\"kept\" x=\"{x:.0}\" y=\"{:.1}\" width=\"26\" height=\"{:.1}\"/>\
             <rect class=\"gone\" x=\"{x:.0}\" y=\"{:.1}\" width=\"26\" height=\"{part:.1}\"/></g>\n",
                thousands(removed),
                thousands(kept),
                170.0 - total,
                total - part,
                170.0 - part,
            ),
        );
    }
    for tick in 0..=4 {
        let value = f64::from(tick) / 4.0;
        put(
            page,
            format_args!(
                "<text x=\"{:.0}\" y=\"188\" text-anchor=\"middle\">{value:.2}</text>\n",
                20.0 + value * 596.0
            ),
        );
    }
    page.push_str("</svg>\n</section>\n");
}

fn lines(page: &mut String, samples: &Samples) {
    section(page, "Most frequent", "What was removed most often.");
    if samples.lines.is_empty() {
        nothing(page);
    } else {
        page.push_str("<table>\n<tr><th>times<th>label<th class=\"wide\">text\n");
        for (line, count, label) in samples.top_lines(LINES) {
            let (count, label, line) = (thousands(count), tag(label), escape(line));
            put(page, format_args!("<tr><td class=\"n\">{count}<td>{label}<td class=\"text\"><del>{line}</del>\n"));
        }
        page.push_str("</table>\n");
        if samples.lines_error > 0 {
            let error = thousands(samples.lines_error);
            put(page, format_args!("<p class=\"quiet\">Each may have been removed up to {error} times more.</p>\n"));
        }
    }
    page.push_str("</section>\n");
}

fn changed(page: &mut String, samples: &Samples) {
    section(page, "Changed most", "The documents that lost most.");
    if samples.changed.is_empty() {
        nothing(page);
    } else {
        page.push_str("<table>\n<tr><th>file<th>record<th>id<th class=\"wide\">bytes removed<th>of\n");
        for found in &samples.changed {
            put(
                page,
                format_args!(
                    "<tr><td>{}<td class=\"n\">{}<td>{}<td>{}<td class=\"n\">{}\n",
                    escape(&found.file),
                    thousands(found.record),
                    escape(found.id.as_deref().unwrap_or_default()),
                    bar(found.removed, found.bytes.max(1), "plain", &thousands(found.removed)),
                    thousands(found.bytes)
                ),
            );
        }
        page.push_str("</table>\n");
    }
    page.push_str("</section>\n");
}

fn show_samples(page: &mut String, samples: &[Sample]) {
    if samples.is_empty() {
        return nothing(page);
    }
    for sample in samples {
        let mark = if sample.removed { "del" } else { "mark" };
        put(
            page,
            format_args!(
                "<figure><figcaption>{} <b>{:.3}</b> {} record {} <span class=\"quiet\">{}</span></figcaption>\
             <blockquote dir=\"auto\">{}<{mark}>{}</{mark}>{}</blockquote></figure>\n",
                tag(sample.label),
                sample.score,
                escape(&sample.file),
                thousands(sample.record),
                escape(&sample.reasons.join(", ")),
                escape(&sample.before),
                escape(&sample.text),
                escape(&sample.after)
            ),
        );
    }
}

fn class(label: Label) -> &'static str {
    match label.class() {
        Class::Spam => "spam",
        Class::Boilerplate => "boilerplate",
        _ => "plain",
    }
}

fn tag(label: Label) -> String {
    format!("<span class=\"tag {}\">{label}</span>", class(label))
}

/// Returns text that a page shows and does not obey. Marks that turn the direction of what
/// follows are kept apart by the elements round them.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            '\n' | '\t' => escaped.push(c),
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => escaped.push('\u{fffd}'),
            c if c.is_control() => escaped.push('\u{fffd}'),
            c => escaped.push(c),
        }
    }
    escaped
}

const STYLE: &str = "\
:root { color-scheme: light dark; --back: #fbfaf8; --card: #fff; --ink: #1d1f22; --quiet: #666c75; --line: #e2dfda;
  --spam: #c2362b; --boiler: #b7791f; --plain: #3b6fb5; --kept: #b9bec6; --del: #fbdad6; --mark: #fdf0c4; }
@media (prefers-color-scheme: dark) { :root { --back: #15171a; --card: #1d2024; --ink: #e6e4e0; --quiet: #9aa1ab;
  --line: #31353b; --spam: #ef6b5f; --boiler: #e0a84a; --plain: #6fa3e8; --kept: #555c66; --del: #55231f; --mark: #4d4316; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--back); color: var(--ink); font: 15px/1.5 system-ui, sans-serif; }
main { max-width: 1100px; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { margin: 0; font-size: 1.7rem; } h2 { margin: 0; font-size: 1.2rem; } h3 { margin: 1rem 0 .4rem; font-size: 1rem; }
.quiet { color: var(--quiet); margin: .2rem 0 .8rem; font-size: .9em; }
section { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 1.1rem 1.3rem; margin-top: 1.2rem;
  overflow-x: auto; }
.cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(130px, 1fr)); gap: .7rem; }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: .8rem 1rem; }
.card b { display: block; font-size: 1.4rem; font-variant-numeric: tabular-nums; } .card span { color: var(--quiet); font-size: .85em; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; color: var(--quiet); font-weight: 500; font-size: .85em; }
th, td { padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; } .wide { width: 45%; }
.bar { position: relative; } .bar i { display: block; height: 1.35em; border-radius: 3px; opacity: .35; min-width: 2px; }
.bar span { position: absolute; left: .4em; top: 0; font-variant-numeric: tabular-nums; }
i.spam { background: var(--spam); } i.boilerplate { background: var(--boiler); } i.plain { background: var(--plain); }
.tag { font-size: .85em; white-space: nowrap; border-left: 4px solid var(--plain); padding-left: .45em; }
.tag.spam { border-color: var(--spam); } .tag.boilerplate { border-color: var(--boiler); }
svg { width: 100%; height: auto; } svg text { fill: var(--quiet); font-size: 9px; }
rect.gone { fill: var(--spam); } rect.kept { fill: var(--kept); }
figure { margin: 0 0 .9rem; } figcaption { font-size: .85em; }
blockquote { margin: .25rem 0 0; padding: .5rem .8rem; border-left: 3px solid var(--line); white-space: pre-wrap; overflow-wrap: anywhere;
  font-size: .92em; max-height: 16em; overflow-y: auto; }
del { background: var(--del); text-decoration-color: var(--spam); } mark { background: var(--mark); color: inherit; }
";
