//! Makes documents to learn from: articles with something put in, as injectors and page
//! templates do it.
//!
//! The real articles carry the context, the put-in lines the labels. Places, frames, brands
//! and disguises vary at random, so that what is learnt is the pattern and not the instance.

use std::collections::{BTreeMap, HashMap};

use crate::features::phrase::PhraseSet;
use crate::label::{Class, Label};
use crate::normalize::Normalizer;
use crate::span::Span;
use crate::train::corpus::{Article, Mark, Origin, TrainDoc};
use crate::train::disguise::disguise;
use crate::train::material::Material;
use crate::train::rng::{Rng, hash_text};
use crate::train::technical;

/// A stretch of a document under construction.
#[derive(Debug, Clone)]
struct Part {
    text: String,
    /// `None` is content.
    target: Option<Target>,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    class: Option<Class>,
    kind: Option<Label>,
    weight: f32,
}

impl Part {
    fn content(text: impl Into<String>) -> Self {
        Self { text: text.into(), target: None }
    }

    fn junk(label: Label, text: impl Into<String>) -> Self {
        Self { text: text.into(), target: Some(Target { class: Some(label.class()), kind: Some(label), weight: 1.0 }) }
    }

    fn neutral(text: impl Into<String>) -> Self {
        Self { text: text.into(), target: Some(Target { class: None, kind: None, weight: 0.0 }) }
    }
}

/// A line of a document under construction: parts that stand beside each other.
type DraftLine = Vec<Part>;

/// Puts lines together to a document.
fn assemble(lines: &[DraftLine], gap: &str, key: u64, origin: Origin) -> TrainDoc {
    let mut text = String::new();
    let mut marks = Vec::new();
    for (number, line) in lines.iter().enumerate() {
        if number > 0 {
            text.push_str(gap);
        }
        for part in line {
            let start = text.len();
            text.push_str(&part.text);
            if let Some(target) = part.target {
                marks.push(Mark {
                    span: Span::new(start, text.len()),
                    class: target.class,
                    kind: target.kind,
                    weight: target.weight,
                });
            }
        }
    }
    TrainDoc { text, marks, fold_key: key, origin }
}

/// Finds lines that recur in many articles of a source: what a template puts there.
#[derive(Debug)]
pub(crate) struct Recurring {
    counts: HashMap<(u64, u64), u32>,
}

fn shape_of(line: &str) -> u64 {
    let folded: String = line.trim().chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    hash_text(&folded)
}

impl Recurring {
    pub(crate) fn count(articles: &[Article]) -> Self {
        let mut counts: HashMap<(u64, u64), u32> = HashMap::new();
        for article in articles.iter().filter(|article| !article.clean) {
            let source = site_of(&article.source);
            let mut seen: Vec<u64> = article.text.lines().filter(|line| line.len() <= 300).map(shape_of).collect();
            seen.sort_unstable();
            seen.dedup();
            for shape in seen {
                *counts.entry((source, shape)).or_default() += 1;
            }
        }
        Self { counts }
    }

    fn of(&self, source: &str, line: &str) -> u32 {
        self.counts.get(&(site_of(source), shape_of(line))).copied().unwrap_or(0)
    }
}

/// The collection an article is from; what stands behind the colon is a file of it.
fn site_of(source: &str) -> u64 {
    hash_text(source.split(':').next().unwrap_or(source))
}

/// Whether a line of an article as scraped is sure to be what extraction left: a stray sign or
/// the place of a picture.
fn is_leftover(line: &str) -> bool {
    let inner = line.trim_matches(['*', '\\']);
    let named = inner.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).is_some_and(|name| {
        let (kind, rest) = name.split_at(name.find(['.', ':']).unwrap_or(0));
        kind.len() >= 3 && kind.bytes().all(|byte| byte.is_ascii_alphabetic()) && !rest[1..].contains(' ')
    });
    let signs = line.chars().count() <= 40
        && line.chars().all(|sign| matches!(sign, '\\' | '.' | ',' | '-' | '|' | ':' | ')' | '(' | '_' | ' '))
        // Three dots and a rule can be meant.
        && !matches!(line, "..." | "---");
    named || signs
}

/// What stands alone in front of a pointer to another article.
fn lead_in(lang: &str, rng: &mut Rng) -> &'static str {
    let own: &[&str] = match lang {
        "id" | "ms" => {
            &["Baca juga:", "Baca juga", "BACA JUGA:", "Simak juga:", "Lihat juga:", "Baca Juga :", "Artikel terkait:"]
        }
        "es" => &["Lee también:", "Te puede interesar:", "Lea además:", "Ver también", "Relacionado:"],
        "pt" => &["Leia também:", "Veja também:", "Leia mais:", "Saiba mais"],
        "fr" => &["Lire aussi :", "À lire aussi", "Voir aussi :", "Sur le même sujet"],
        "de" => &["Lesen Sie auch:", "Mehr zum Thema:", "Auch interessant:", "Siehe auch"],
        "it" => &["Leggi anche:", "Potrebbe interessarti:", "Vedi anche"],
        "ru" => &["Читайте также:", "Читать также", "По теме:", "Смотрите также:"],
        "uk" => &["Читайте також:", "Дивіться також:", "За темою"],
        "tr" => &["Ayrıca okuyun:", "İlgili haber:", "Bunlar da ilginizi çekebilir:"],
        "ur" => &["یہ بھی پڑھیے", "مزید پڑھیں:", "یہ بھی پڑھیں"],
        "ar" => &["اقرأ أيضا:", "اقرأ أيضًا", "مواضيع ذات صلة:"],
        "hi" => &["यह भी पढ़ें:", "ये भी पढ़ें", "संबंधित खबरें:"],
        "bn" => &["আরও পড়ুন:", "আরো পড়ুন", "সম্পর্কিত খবর"],
        "vi" => &["Xem thêm:", "Đọc thêm:", "Tin liên quan:", ">> Xem thêm"],
        "th" => &["อ่านเพิ่มเติม:", "ข่าวที่เกี่ยวข้อง", "อ่านข่าวเพิ่มเติม"],
        "zh" | "zh-TW" => &["延伸阅读：", "相关阅读", "相关新闻：", "推荐阅读："],
        "ja" => &["関連記事：", "あわせて読みたい", "関連ニュース"],
        "ko" => &["관련기사", "함께 읽으면 좋은 기사:", "관련 기사:"],
        "pl" => &["Czytaj także:", "Zobacz też:", "Przeczytaj również:"],
        "cs" | "sk" => &["Čtěte také:", "Přečtěte si také:", "Související:"],
        _ => &["Read also:", "Also read:", "READ MORE:", "See also:", "Related:", "More on this story"],
    };
    own[rng.below(own.len())]
}

/// Names that stand in Latin letters in texts of any language.
const NAMES: &[&str] = &[
    "Bitcoin",
    "Ethereum",
    "Associated Press",
    "Reuters",
    "Bloomberg",
    "Facebook",
    "YouTube",
    "Instagram",
    "Telegram",
    "WhatsApp",
    "VPN",
    "PR",
    "HR",
    "UTC",
    "GMT",
    "issue",
    "homepage",
    "commit",
    "pull request",
    "API",
    "Wi-Fi",
    "iPhone",
    "Android",
    "Windows 10",
    "Google",
    "Microsoft",
    "NATO",
    "FIFA",
    "UEFA",
    "NBA",
    "CNN",
    "BBC",
    "Netflix",
    "Tesla",
    "SpaceX",
    "ChatGPT",
    "GPS",
    "USB",
    "PDF",
    "Excel",
    "COVID-19",
    "Airbus A320",
    "Boeing 737",
    "Galaxy S21",
    "The New York Times",
    "Washington Post",
    "Interfax",
    "Xinhua",
    "AFP",
    "Wade",
    "Smith",
    "live",
    "online",
    "startup",
    "CEO",
    "e-mail",
    "www.example.org",
];

/// How long ago something was, as lists of other articles say it.
fn ago(lang: &str, rng: &mut Rng) -> String {
    let number = 1 + rng.below(23);
    let form = match lang {
        "id" | "ms" => *rng.pick(&["# jam lalu", "# jam yang lalu", "# menit lalu", "# hari lalu"]),
        "es" => "Hace # horas",
        "pt" => "Há # horas",
        "fr" => "Il y a # heures",
        "de" => "vor # Stunden",
        "it" => "# ore fa",
        "ru" => "# часов назад",
        "uk" => "# годин тому",
        "tr" => "# saat önce",
        "vi" => "# giờ trước",
        "th" => "# ชั่วโมงที่แล้ว",
        "ar" => "منذ # ساعات",
        "hi" => "# घंटे पहले",
        "bn" => "# ঘণ্টা আগে",
        "ur" => "# گھنٹے پہلے",
        "zh" | "zh-TW" => "#小时前",
        "ja" => "#時間前",
        "ko" => "#시간 전",
        "pl" => "# godz. temu",
        "sv" => "# timmar sedan",
        "nl" => "# uur geleden",
        _ => *rng.pick(&["# hours ago", "#h ago", "# minutes ago", "# days ago"]),
    };
    form.replace('#', &number.to_string())
}

/// Times a line of a template counts, at most, however often it recurs.
const MOST_COPIES: f32 = 200.0;

/// Everything augmentation draws from for the documents of one fold.
pub(crate) struct Sources<'a> {
    pub(crate) material: &'a Material,
    pub(crate) phrases: &'a PhraseSet,
    pub(crate) recurring: &'a Recurring,
    pub(crate) spam_lines: Vec<(Label, &'a str)>,
    pub(crate) spam_comments: Vec<(Label, &'a str)>,
    /// Titles of articles by language.
    pub(crate) titles: BTreeMap<&'a str, Vec<&'a str>>,
}

/// How texts end that thank those who read or listened, by language.
const THANKS: &[(&str, &str)] = &[
    ("en", "Thank you"),
    ("id", "Terima kasih"),
    ("ms", "Terima kasih"),
    ("ko", "감사합니다"),
    ("ja", "ありがとうございました"),
    ("zh", "谢谢大家"),
    ("ru", "Спасибо за внимание"),
    ("uk", "Дякую за увагу"),
    ("tr", "Teşekkürler"),
    ("vi", "Xin cảm ơn"),
    ("th", "ขอบคุณครับ"),
    ("es", "Muchas gracias"),
    ("pt", "Obrigado a todos"),
    ("fr", "Merci à tous"),
    ("de", "Vielen Dank"),
    ("it", "Grazie a tutti"),
    ("pl", "Dziękuję za uwagę"),
    ("ar", "شكرا لكم"),
    ("fa", "با تشکر"),
    ("hi", "धन्यवाद"),
    ("bn", "ধন্যবাদ"),
    ("ur", "شکریہ"),
];

/// A line with the marks of a heading, an item or emphasis, which say nothing of what it is.
fn dressed(text: &str, rng: &mut Rng) -> String {
    match rng.below(8) {
        0 => format!("**{text}**"),
        1 => format!("{0}{text}{0}", rng.pick(&["*", "_", "__", "***", "\""])),
        2 | 3 => format!("{} {text}", &"#####"[rng.below(4)..]),
        4 => format!("{} {text}", rng.pick(&["-", "•", "*", ">", "–", "➤", "✅", "►"])),
        5 => {
            let tag = *rng.pick(&["b", "strong", "p", "h2", "h3", "li", "em"]);
            format!("<{tag}>{text}</{tag}>")
        }
        6 => text.to_uppercase(),
        _ => format!("{}. {text}", 1 + rng.below(12)),
    }
}

impl Sources<'_> {
    /// Splits an article into lines with what can be said of each.
    fn lines_of(&self, article: &Article) -> Vec<DraftLine> {
        let mut lines = Vec::new();
        let mut after_lead_in = false;
        for line in article.text.lines() {
            let trimmed = line.trim();
            if trimmed.is_empty() {
                continue;
            }
            let mut symbols = Vec::new();
            let (_, stats) = Normalizer.fold(trimmed, &mut symbols);
            let long = stats.chars >= 120;
            if article.clean || long {
                lines.push(vec![Part::content(trimmed)]);
                after_lead_in = false;
                continue;
            }
            let hits = self.phrases.find(&symbols, crate::features::phrase::is_unspaced(&stats));
            let repeated = self.recurring.of(&article.source, trimmed);
            let label = Label::ALL
                .iter()
                .copied()
                .find(|label| label.group() == "boilerplate" && hits.labels >> label.index() & 1 == 1);
            let sure = hits.whole || hits.start && (repeated >= 2 || hits.covered as usize * 3 >= symbols.len());
            let mut part = match label {
                Some(label) if sure => {
                    after_lead_in = label == Label::Related && stats.chars <= 20;
                    Part::junk(label, trimmed)
                }
                Some(label) if hits.start && label == Label::Related => Part::junk(label, trimmed),
                _ if after_lead_in && stats.chars >= 20 => {
                    after_lead_in = false;
                    Part::junk(Label::Related, trimmed)
                }
                _ if repeated >= 8 && stats.chars <= 40 => {
                    Part { text: trimmed.to_owned(), target: Some(Target { class: None, kind: None, weight: 0.0 }) }
                }
                _ if stats.chars >= 60
                    && repeated < 3
                    && symbols.last().is_some_and(|&s| matches!(s, b'.' | b'"' | b'?' | b'!')) =>
                {
                    Part::content(trimmed)
                }
                _ if is_leftover(trimmed) => Part::junk(Label::Residue, trimmed),
                _ => Part::neutral(trimmed),
            };
            if let Some(target) = &mut part.target {
                target.weight *= (MOST_COPIES / repeated.max(1) as f32).min(1.0);
            }
            lines.push(vec![part]);
        }
        lines
    }

    /// A headline of another article: a real title, or one of ours.
    fn headline(&self, lang: &str, rng: &mut Rng) -> String {
        match self.titles.get(lang) {
            Some(titles) if !titles.is_empty() && rng.chance(0.65) => (*rng.pick(titles)).to_owned(),
            _ => self.material.headline(lang, rng),
        }
    }

    /// A list of other articles, with or without dates, as it stands behind an article.
    fn listed(&self, lines: &mut Vec<DraftLine>, lang: &str, rng: &mut Rng) {
        let related = |text: String| vec![Part::junk(Label::Related, text)];
        let count = 3 + rng.below(6);
        let mark = *rng.pick(&["", "", "", "- ", "• ", ">> ", "» "]);
        let stamp = |rng: &mut Rng| {
            if rng.chance(0.35) {
                return ago(lang, rng);
            }
            let date = self.material.date(lang, rng);
            if rng.chance(0.5) { format!("{date} {:02}:{:02}", rng.below(24), rng.below(60)) } else { date }
        };
        match rng.below(4) {
            // Headlines, then their dates.
            0 => {
                for _ in 0..count {
                    lines.push(related(format!("{mark}{}", self.headline(lang, rng))));
                }
                for _ in 0..count {
                    lines.push(related(stamp(rng)));
                }
            }
            // Each with its date.
            1 => {
                let first = rng.chance(0.5);
                for _ in 0..count {
                    let (date, title) = (stamp(rng), format!("{mark}{}", self.headline(lang, rng)));
                    lines.push(related(if first { date.clone() } else { title.clone() }));
                    lines.push(related(if first { title } else { date }));
                }
            }
            // Dates alone: the headlines were links and are gone.
            2 => {
                for _ in 0..count + rng.below(8) {
                    lines.push(related(stamp(rng)));
                }
            }
            _ => {
                for _ in 0..count {
                    lines.push(related(format!("{mark}{}", self.headline(lang, rng))));
                }
            }
        }
    }

    /// A spam line from real ones or our own.
    fn spam_line(&self, lang: &str, rng: &mut Rng) -> (Label, String) {
        if !self.spam_lines.is_empty() && rng.chance(0.45) {
            let (label, text) = rng.pick(&self.spam_lines);
            let text = text.lines().next().unwrap_or_default().trim().to_owned();
            if !text.is_empty() {
                return (*label, text);
            }
        }
        self.material.promo(lang, rng)
    }

    fn brand_line(&self, rng: &mut Rng) -> String {
        let brand = self.material.brand(rng);
        if rng.chance(0.55) { brand } else { self.material.framed_brand(&brand, rng) }
    }

    /// One promo of any sort, sometimes disguised.
    fn promo(&self, lang: &str, rng: &mut Rng) -> Part {
        let (label, mut text) =
            if rng.chance(0.4) { (Label::Gambling, self.brand_line(rng)) } else { self.spam_line(lang, rng) };
        if rng.chance(0.2) {
            text = disguise(&text, rng);
        } else if rng.chance(0.1) {
            text = dressed(&text, rng);
        }
        Part::junk(label, text)
    }

    /// Inserts spam into an article; returns the document.
    pub(crate) fn injected(&self, article: &Article, key: u64, rng: &mut Rng) -> TrainDoc {
        let mut lines = self.lines_of(article);
        if rng.chance(0.15) && !article.title.is_empty() {
            lines.insert(0, vec![Part::content(article.title.clone())]);
        }
        self.vary(&mut lines, &article.text, &article.lang, rng);
        if rng.chance(0.35) {
            self.furnish(&mut lines, &article.lang, rng);
        }
        let lang = &article.lang;
        match rng.below(20) {
            0 | 1 => lines.push(vec![Part::junk(Label::Gambling, self.material.brand(rng))]),
            2 => {
                lines.push(vec![Part::junk(Label::Gambling, self.material.brand(rng))]);
                let brand = self.material.brand(rng);
                lines.push(vec![Part::junk(Label::Gambling, Self::byline(&brand, rng))]);
            }
            3 => {
                let brand = self.material.brand(rng);
                lines.push(vec![Part::junk(Label::Gambling, Self::byline(&brand, rng))]);
            }
            4 | 17 => {
                let text = disguise(&self.brand_line(rng), rng);
                lines.push(vec![Part::junk(Label::Gambling, text)]);
            }
            5 | 18 => lines.push(vec![self.promo(lang, rng)]),
            6 => {
                for _ in 0..2 + rng.below(5) {
                    lines.push(vec![self.promo(lang, rng)]);
                }
            }
            7 | 8 | 14 => {
                for _ in 0..=rng.below(2) {
                    let at = 1 + rng.below(lines.len().max(1));
                    lines.insert(at.min(lines.len()), vec![self.promo(lang, rng)]);
                }
            }
            15 => {
                let at = 1 + rng.below(lines.len().max(1));
                lines.insert(at.min(lines.len()), vec![Part::junk(Label::Gambling, self.brand_line(rng))]);
            }
            9..=11 | 16 => self.inline(&mut lines, lang, 2, rng),
            12 => {
                for _ in 0..=rng.below(5) {
                    let wild = self.wild(lang, rng);
                    lines.push(vec![wild]);
                }
            }
            // A comment in whatever language, behind the article or between two of its paragraphs.
            19 => {
                let at = if rng.chance(0.4) { lines.len() } else { 1 + rng.below(lines.len().max(1)) };
                let wild = self.wild(lang, rng);
                lines.insert(at.min(lines.len()), vec![wild]);
            }
            _ => lines.insert(0, vec![self.promo(lang, rng)]),
        }
        let gap = if rng.chance(0.5) { "\n" } else { "\n\n" };
        assemble(&lines, gap, key, Origin::Article)
    }

    /// A spam comment as one line, or a promo if there is none.
    fn wild(&self, lang: &str, rng: &mut Rng) -> Part {
        if self.spam_comments.is_empty() {
            return self.promo(lang, rng);
        }
        let (label, text) = rng.pick(&self.spam_comments);
        Part::junk(*label, text.split_whitespace().collect::<Vec<_>>().join(" "))
    }

    /// Puts promos into paragraphs only, into several of them; returns the document.
    pub(crate) fn glued(&self, article: &Article, key: u64, rng: &mut Rng) -> TrainDoc {
        let mut lines = self.lines_of(article);
        self.inline(&mut lines, &article.lang, 6, rng);
        assemble(&lines, "\n", key, Origin::Article)
    }

    /// Adds lines that look like junk and are none, and lists of tags.
    fn vary(&self, lines: &mut Vec<DraftLine>, text: &str, lang: &str, rng: &mut Rng) {
        if rng.chance(0.1) {
            let at = 1 + rng.below(lines.len().max(1));
            let at = if rng.chance(0.4) { lines.len() } else { at.min(lines.len()) };
            // Lines of a text to keep in the middle of another one, in its language: a stretch of
            // prose in another language does not belong to an article.
            let kin: Vec<&str> =
                self.material.keep.iter().filter(|kept| kept.lang == lang).map(|kept| kept.text.as_str()).collect();
            let block = if kin.is_empty() || rng.chance(0.6) {
                technical::block(rng)
            } else {
                let kept = rng.pick(&kin);
                let kept: Vec<&str> = kept.lines().filter(|line| !line.trim().is_empty()).collect();
                let start = rng.below(kept.len());
                kept[start..(start + 1 + rng.below(8)).min(kept.len())].iter().map(|&line| line.to_owned()).collect()
            };
            let tail = lines.split_off(at);
            lines.extend(block.into_iter().map(|line| vec![Part::content(line)]));
            lines.extend(tail);
        }
        if rng.chance(0.02) {
            let thanks = THANKS.iter().find(|thanks| thanks.0 == lang).unwrap_or(&THANKS[0]);
            lines.push(vec![Part::content(format!("{}{}", thanks.1, rng.pick(&["!", ".", "", "!!"])))]);
        }
        if rng.chance(0.05) {
            Self::headings(lines, rng);
        }
        if rng.chance(0.35) {
            self.mentions(lines, lang, rng);
        }
        if rng.chance(0.07) {
            Self::tags(lines, text, rng);
        }
    }

    /// Puts headings above some paragraphs, made of the words these begin with.
    fn headings(lines: &mut Vec<DraftLine>, rng: &mut Rng) {
        for _ in 0..=rng.below(3) {
            let at = rng.below(lines.len().max(1));
            let Some([part]) = lines.get(at).map(Vec::as_slice) else { return };
            if part.target.is_some() || part.text.len() < 120 {
                continue;
            }
            let words: Vec<&str> = part.text.split(' ').take(2 + rng.below(5)).collect();
            let heading = words.join(" ");
            let heading = heading.trim_matches(|sign: char| !sign.is_alphanumeric());
            if (3..60).contains(&heading.chars().count()) {
                let heading = if rng.chance(0.7) { dressed(heading, rng) } else { heading.to_owned() };
                lines.insert(at, vec![Part::content(heading)]);
            }
        }
    }

    /// Puts names, codes, handles and hashtags into sentences, where they are content, and sets
    /// letters of a line apart, as print and speech do.
    fn mentions(&self, lines: &mut [DraftLine], lang: &str, rng: &mut Rng) {
        let content: Vec<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.len() == 1 && line[0].target.is_none() && line[0].text.len() > 60)
            .map(|(index, _)| index)
            .collect();
        if content.is_empty() {
            return;
        }
        for _ in 0..=rng.below(3) {
            let text = &mut lines[*rng.pick(&content)][0].text;
            let within = |at: usize| {
                let before = text[..at].trim_end().chars().next_back();
                let behind = text[at..].trim_start().chars().next();
                before.is_some_and(char::is_alphanumeric) && behind.is_some_and(char::is_alphanumeric)
            };
            let spaced = text.matches(' ').count() * 20 > text.chars().count();
            let places: Vec<usize> = text
                .char_indices()
                .filter(|&(at, sign)| at > 0 && (sign == ' ' || !spaced && !sign.is_ascii()))
                .map(|(at, _)| at)
                .filter(|&at| within(at))
                .collect();
            if places.is_empty() {
                continue;
            }
            let at = *rng.pick(&places);
            let name = match rng.below(12) {
                0..=2 => Self::code(rng),
                3 => format!("@{}", self.material.name("en", rng).to_lowercase().replace(' ', "")),
                4 | 5 => {
                    let word = text.split_whitespace().find(|word| word.chars().count() > 5).unwrap_or("update");
                    format!("#{}", word.trim_matches(|sign: char| !sign.is_alphanumeric()))
                }
                6 => {
                    let brand = self.material.brand(rng);
                    if rng.chance(0.5) { format!("\"{brand}\"") } else { brand }
                }
                7 => {
                    let word: Vec<String> = "plurals".chars().take(3 + rng.below(4)).map(String::from).collect();
                    word.join(*rng.pick(&["-", " ", "."])).to_uppercase()
                }
                _ => (*rng.pick(NAMES)).to_owned(),
            };
            let mark = if rng.chance(0.15) { "," } else { "" };
            text.insert_str(at, &format!(" {name}{mark}"));
            let behind = at + 1 + name.len() + mark.len();
            if !text[behind..].starts_with(' ') {
                text.insert(behind, ' ');
            }
        }
        if rng.chance(0.05) && !matches!(lang, "zh" | "zh-TW" | "ja" | "th") {
            let text = &mut lines[*rng.pick(&content)][0].text;
            let apart: Vec<String> = text.chars().take(60).filter(|&sign| sign != ' ').map(String::from).collect();
            *text = apart.join(" ");
        }
    }

    /// A model or file number: `BR23C`, `XR-450`.
    fn code(rng: &mut Rng) -> String {
        let letter = |rng: &mut Rng| char::from(*rng.pick(b"ABCDEFGHKLMNPRSTVXZ"));
        let head: String = (0..=rng.below(3)).map(|_| letter(rng)).collect();
        let dash = *rng.pick(&["", "", "-", " "]);
        let tail = if rng.chance(0.3) { letter(rng).to_string() } else { String::new() };
        let most = *rng.pick(&[9, 99, 999]);
        format!("{head}{dash}{}{tail}", 1 + rng.below(most))
    }

    /// A list of tags as news sites print it below an article: words of the article, a line each.
    fn tags(lines: &mut Vec<DraftLine>, text: &str, rng: &mut Rng) {
        let words: Vec<&str> = text.split_whitespace().filter(|word| word.chars().count() > 2).collect();
        if words.len() < 20 {
            return;
        }
        if rng.chance(0.6) {
            let header = *rng.pick(&[
                "Tags:",
                "Tags",
                "Tag:",
                "Topik:",
                "Keywords:",
                "Etiketler:",
                "Теги:",
                "Etiquetas:",
                "标签：",
                "Mots-clés :",
                "Schlagwörter:",
            ]);
            lines.push(vec![Part::junk(Label::Byline, header)]);
        }
        for _ in 0..2 + rng.below(7) {
            let start = rng.below(words.len());
            let end = (start + 1 + rng.below(3)).min(words.len());
            let tag = words[start..end].join(" ");
            let tag = tag.trim_matches(|c: char| !c.is_alphanumeric());
            let tag = if rng.chance(0.5) { tag.to_lowercase() } else { tag.to_owned() };
            if !tag.is_empty() && tag.chars().count() < 50 {
                lines.push(vec![Part::junk(Label::Byline, tag)]);
            }
        }
    }

    fn byline(brand: &str, rng: &mut Rng) -> String {
        const FRAMES: &[&str] = &[
            "By ",
            "Oleh: ",
            "Oleh ",
            "Penulis ",
            "Author: ",
            "Penulis: ",
            "by ",
            "Posted by ",
            "Por ",
            "Par ",
            "Автор: ",
            "作者：",
            "Editor: ",
            "Reporter: ",
        ];
        format!("{}{brand}", rng.pick(FRAMES))
    }

    /// Puts a promo, or a pointer or marker of the publisher, into a paragraph.
    fn inline(&self, lines: &mut [DraftLine], lang: &str, most: usize, rng: &mut Rng) {
        let long: Vec<usize> = lines
            .iter()
            .enumerate()
            .filter(|(_, line)| line.len() == 1 && line[0].target.is_none() && line[0].text.len() > 120)
            .map(|(index, _)| index)
            .collect();
        if long.is_empty() {
            return;
        }
        let count = 1 + rng.below(most);
        for _ in 0..count {
            let index =
                if rng.chance(if most > 2 { 0.2 } else { 0.5 }) { long[long.len() - 1] } else { *rng.pick(&long) };
            if lines[index].len() > 1 {
                continue;
            }
            let junk = match rng.below(10) {
                0..=2 => Part::junk(Label::Gambling, self.material.brand(rng)),
                3 => Part::junk(Label::Gambling, self.brand_line(rng)),
                4..=6 => self.promo(lang, rng),
                7 => Part::junk(Label::Related, format!("{} {}", lead_in(lang, rng), self.headline(lang, rng))),
                8 => Part::junk(Label::Related, self.material.furniture(Label::Related, lang, rng)),
                _ if rng.chance(0.4) => Part::junk(Label::Byline, self.material.furniture(Label::Byline, lang, rng)),
                _ => Part::junk(Label::Advert, self.material.furniture(Label::Advert, lang, rng)),
            };
            if junk.text.is_empty() {
                continue;
            }
            let text = lines[index][0].text.clone();
            let glue = |rng: &mut Rng| if rng.chance(0.85) { " " } else { "" };
            match rng.below(5) {
                0 => {
                    let join = glue(rng);
                    lines[index] = vec![junk, Part::content(format!("{join}{text}"))];
                }
                1 => {
                    // Between two sentences.
                    let ends: Vec<usize> = text.match_indices(". ").map(|(at, _)| at + 1).collect();
                    if ends.is_empty() {
                        continue;
                    }
                    let at = *rng.pick(&ends);
                    lines[index] =
                        vec![Part::content(format!("{} ", &text[..at])), junk, Part::content(text[at..].to_owned())];
                }
                _ => {
                    let join = glue(rng);
                    lines[index] = vec![Part::content(format!("{text}{join}")), junk];
                }
            }
        }
    }

    /// Puts page furniture round and between the lines of an article.
    fn furnish(&self, lines: &mut Vec<DraftLine>, lang: &str, rng: &mut Rng) {
        let kinds: Vec<Label> = self.material.furniture_kinds().collect();
        let piece = |rng: &mut Rng, kinds: &[Label]| {
            let label = *rng.pick(kinds);
            vec![Part::junk(label, self.material.furniture(label, lang, rng))]
        };
        if rng.chance(0.5) {
            let head = [Label::Byline, Label::Byline, Label::Byline, Label::Navigation, Label::Share];
            for _ in 0..=rng.below(3) {
                let line = piece(rng, &head);
                lines.insert(0, line);
            }
        }
        if rng.chance(0.6) {
            let inner = [Label::Advert, Label::Related, Label::Related, Label::Residue, Label::Subscribe];
            for _ in 0..=rng.below(3) {
                let at = 1 + rng.below(lines.len().max(1));
                let line = piece(rng, &inner);
                lines.insert(at.min(lines.len()), line);
            }
        }
        if rng.chance(0.04) {
            Self::line_breaks(lines, rng);
        }
        if rng.chance(0.25) {
            // A pointer on two lines between paragraphs: lead-in, then the other article's title.
            let at = (1 + rng.below(lines.len().max(1))).min(lines.len());
            let tail = lines.split_off(at);
            for _ in 0..=rng.below(2) {
                lines.push(vec![Part::junk(Label::Related, lead_in(lang, rng))]);
                lines.push(vec![Part::junk(Label::Related, self.headline(lang, rng))]);
            }
            lines.extend(tail);
        }
        if rng.chance(0.7) {
            if rng.chance(0.3) {
                let count = 1 + rng.below(5);
                lines.push(vec![Part::junk(Label::Related, self.material.furniture(Label::Related, lang, rng))]);
                for _ in 0..count {
                    lines.push(vec![Part::junk(Label::Related, self.headline(lang, rng))]);
                }
            }
            if rng.chance(0.22) {
                self.listed(lines, lang, rng);
            }
            for _ in 0..=rng.below(6) {
                let line = piece(rng, &kinds);
                lines.push(line);
            }
        }
        lines.retain(|line| line.iter().any(|part| !part.text.trim().is_empty()));
    }

    /// Leaves what a converter makes of line breaks between paragraphs, on lines of its own.
    fn line_breaks(lines: &mut Vec<DraftLine>, rng: &mut Rng) {
        const BREAKS: &[&str] = &["\\", "\\", "-", ".", "|", "&nbsp;", "\\n", "_", "<br>", "....", "----", "\u{a0}."];
        let sign = *rng.pick(BREAKS);
        let share = if rng.chance(0.5) { 0.9 } else { 0.1 };
        let old = std::mem::take(lines);
        for line in old {
            lines.push(line);
            if rng.chance(share) {
                lines.push(vec![Part::junk(Label::Residue, sign)]);
            }
        }
    }

    /// An article with page furniture only.
    pub(crate) fn furnished(&self, article: &Article, key: u64, rng: &mut Rng) -> TrainDoc {
        let mut lines = self.lines_of(article);
        if rng.chance(0.3) && !article.title.is_empty() {
            lines.insert(0, vec![Part::content(article.title.clone())]);
        }
        self.vary(&mut lines, &article.text, &article.lang, rng);
        self.furnish(&mut lines, &article.lang, rng);
        let gap = if rng.chance(0.5) { "\n" } else { "\n\n" };
        assemble(&lines, gap, key, Origin::Article)
    }

    /// An article as it is, unlabelled lines neutral.
    pub(crate) fn plain(&self, article: &Article, key: u64, rng: &mut Rng) -> TrainDoc {
        let mut lines = self.lines_of(article);
        if rng.chance(0.3) && !article.title.is_empty() {
            lines.insert(0, vec![Part::content(article.title.clone())]);
        }
        self.vary(&mut lines, &article.text, &article.lang, rng);
        let gap = if rng.chance(0.5) { "\n" } else { "\n\n" };
        assemble(&lines, gap, key, Origin::Article)
    }

    /// A document of technical lines, with a sentence here and there.
    pub(crate) fn technical(&self, key: u64, rng: &mut Rng) -> TrainDoc {
        let mut lines = Vec::new();
        for _ in 0..=rng.below(5) {
            let kept = &rng.pick(&self.material.keep).text;
            if rng.chance(0.6) {
                lines.extend(
                    kept.lines()
                        .filter(|line| line.chars().count() > 30)
                        .take(1 + rng.below(2))
                        .map(|line| vec![Part::content(line)]),
                );
            }
            lines.extend(technical::block(rng).into_iter().map(|line| vec![Part::content(line)]));
        }
        assemble(&lines, if rng.chance(0.6) { "\n" } else { "\n\n" }, key, Origin::Keep)
    }

    /// A text to keep, sometimes with a promo behind it.
    pub(crate) fn kept(&self, lang: &str, text: &str, key: u64, junk: bool, rng: &mut Rng) -> TrainDoc {
        let mut lines: Vec<DraftLine> =
            text.lines().filter(|line| !line.trim().is_empty()).map(|line| vec![Part::content(line)]).collect();
        if junk {
            for _ in 0..=rng.below(2) {
                lines.push(vec![self.promo(lang, rng)]);
            }
        } else if rng.chance(0.3) && lines.len() > 3 {
            // A part of a text is a text: short documents are the hard ones.
            let start = rng.below(lines.len());
            let end = (start + 1 + rng.below(6)).min(lines.len());
            lines = lines[start..end].to_vec();
        }
        assemble(&lines, if rng.chance(0.8) { "\n" } else { "\n\n" }, key, Origin::Keep)
    }

    /// One line of a text to keep, or a headline, as a document of its own.
    pub(crate) fn single(text: &str, key: u64) -> TrainDoc {
        assemble(&[vec![Part::content(text.trim())]], "\n", key, Origin::Keep)
    }

    /// A page of nothing but promos.
    pub(crate) fn spam_page(&self, key: u64, rng: &mut Rng) -> TrainDoc {
        let lang = *rng.pick(&["id", "en", "th", "vi", "ru", "tr", "zh", "ko", "pt", "es"]);
        let count = 1 + rng.below(10);
        let lines: Vec<DraftLine> = (0..count).map(|_| vec![self.promo(lang, rng)]).collect();
        assemble(&lines, "\n", key, Origin::Comment)
    }
}
