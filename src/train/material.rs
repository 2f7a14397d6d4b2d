//! The training texts written for this project: promos, page furniture, texts to keep.

use std::collections::BTreeMap;

use crate::label::Label;
use crate::train::fold_of;
use crate::train::rng::{Rng, hash_text};

macro_rules! file {
    ($path:literal) => {
        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/models/", $path))
    };
}

/// The phrase lists that go into the model, by label.
pub(crate) const PHRASES: &[(Label, &str)] = &[
    (Label::Navigation, file!("phrases/boilerplate-navigation.txt")),
    (Label::Related, file!("phrases/boilerplate-related.txt")),
    (Label::Share, file!("phrases/boilerplate-share.txt")),
    (Label::Subscribe, file!("phrases/boilerplate-subscribe.txt")),
    (Label::Legal, file!("phrases/boilerplate-legal.txt")),
    (Label::Byline, file!("phrases/boilerplate-byline.txt")),
    (Label::Advert, file!("phrases/boilerplate-advert.txt")),
    (Label::Comments, file!("phrases/boilerplate-comments.txt")),
    (Label::Residue, file!("phrases/boilerplate-residue.txt")),
    (Label::Gambling, file!("phrases/spam-gambling.txt")),
    (Label::Adult, file!("phrases/spam-adult.txt")),
    (Label::Pharma, file!("phrases/spam-pharma.txt")),
    (Label::Finance, file!("phrases/spam-finance.txt")),
    (Label::Goods, file!("phrases/spam-goods.txt")),
    (Label::Services, file!("phrases/spam-services.txt")),
    (Label::Download, file!("phrases/spam-download.txt")),
    (Label::Scam, file!("phrases/spam-scam.txt")),
];

const PROMOS: &[(Label, &str)] = &[
    (Label::Gambling, file!("material/promos/gambling.txt")),
    (Label::Adult, file!("material/promos/adult.txt")),
    (Label::Pharma, file!("material/promos/pharma.txt")),
    (Label::Finance, file!("material/promos/finance.txt")),
    (Label::Goods, file!("material/promos/goods.txt")),
    (Label::Services, file!("material/promos/services.txt")),
    (Label::Download, file!("material/promos/download.txt")),
    (Label::Scam, file!("material/promos/scam.txt")),
];

const BOILERPLATE: &[(Label, &str)] = &[
    (Label::Navigation, file!("material/boilerplate/navigation.txt")),
    (Label::Related, file!("material/boilerplate/related.txt")),
    (Label::Share, file!("material/boilerplate/share.txt")),
    (Label::Subscribe, file!("material/boilerplate/subscribe.txt")),
    (Label::Legal, file!("material/boilerplate/legal.txt")),
    (Label::Byline, file!("material/boilerplate/byline.txt")),
    (Label::Advert, file!("material/boilerplate/advert.txt")),
    (Label::Comments, file!("material/boilerplate/comments.txt")),
    (Label::Residue, file!("material/boilerplate/residue.txt")),
];

const KEEP: &[&str] = &[
    file!("material/keep/bills.txt"),
    file!("material/keep/brands_digits.txt"),
    file!("material/keep/changelogs.txt"),
    file!("material/keep/code.txt"),
    file!("material/keep/commands.txt"),
    file!("material/keep/crypto_loans_news.txt"),
    file!("material/keep/dialogue.txt"),
    file!("material/keep/drugs_news.txt"),
    file!("material/keep/fortunes.txt"),
    file!("material/keep/gambling_news.txt"),
    file!("material/keep/headings.txt"),
    file!("material/keep/legal_privacy.txt"),
    file!("material/keep/links.txt"),
    file!("material/keep/lists.txt"),
    file!("material/keep/lyrics.txt"),
    file!("material/keep/manuals.txt"),
    file!("material/keep/multilingual.txt"),
    file!("material/keep/opinions.txt"),
    file!("material/keep/poems.txt"),
    file!("material/keep/recipes.txt"),
    file!("material/keep/scam_warnings.txt"),
    file!("material/keep/sms.txt"),
    file!("material/keep/tables.txt"),
    file!("material/keep/trade_texts.txt"),
];

/// Lines by language.
pub(crate) type ByLang = BTreeMap<String, Vec<String>>;

/// Whether a line is a section header: `[en]`, `[zh-TW]`, `[und]`.
fn header(line: &str) -> Option<&str> {
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    let (lang, region) = name.split_once('-').unwrap_or((name, "XX"));
    let valid = (2..=3).contains(&lang.len())
        && lang.bytes().all(|byte| byte.is_ascii_lowercase())
        && region.len() == 2
        && region.bytes().all(|byte| byte.is_ascii_uppercase());
    (valid || matches!(name, "prefix" | "core" | "suffix" | "number")).then_some(name)
}

fn sections(text: &str) -> ByLang {
    let mut lang = "und".to_owned();
    let mut out = ByLang::new();
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(name) = header(line.trim()) {
            name.clone_into(&mut lang);
        } else {
            out.entry(lang.clone()).or_default().push(line.to_owned());
        }
    }
    out
}

/// A document in which all is content.
#[derive(Debug, Clone)]
pub(crate) struct KeepText {
    pub(crate) lang: String,
    pub(crate) text: String,
    pub(crate) key: u64,
}

/// All material, parsed.
#[derive(Debug, Clone)]
pub(crate) struct Material {
    promos: Vec<(Label, ByLang)>,
    frames: ByLang,
    parts: ByLang,
    boilerplate: Vec<(Label, ByLang)>,
    headlines: ByLang,
    sections: ByLang,
    sites: ByLang,
    names: ByLang,
    places: ByLang,
    tags: ByLang,
    /// Language and text of every document in which all is content.
    pub(crate) keep: Vec<KeepText>,
    /// Names of listed gambling domains, without the ending.
    pub(crate) domains: Vec<String>,
    /// The fold all this is of, if it is not everything.
    fold: Option<usize>,
}

impl Material {
    pub(crate) fn load() -> Self {
        let mut keep = Vec::new();
        for file in KEEP {
            for part in format!("\n{file}").split("\n=== ").skip(1) {
                let (lang, text) = part.split_once('\n').unwrap_or((part, ""));
                let text = text.trim_matches('\n');
                if !text.trim().is_empty() {
                    let (lang, key) = (lang.trim().to_owned(), hash_text(text));
                    keep.push(KeepText { lang, text: text.to_owned(), key });
                }
            }
        }
        Self {
            promos: PROMOS.iter().map(|&(label, text)| (label, sections(text))).collect(),
            frames: sections(file!("material/promos/frames.txt")),
            parts: sections(file!("material/promos/brand_parts.txt")),
            boilerplate: BOILERPLATE.iter().map(|&(label, text)| (label, sections(text))).collect(),
            headlines: sections(file!("material/boilerplate/headlines.txt")),
            sections: sections(file!("material/boilerplate/sections.txt")),
            sites: sections(file!("material/boilerplate/sites.txt")),
            names: sections(file!("material/boilerplate/names.txt")),
            places: sections(file!("material/boilerplate/places.txt")),
            tags: sections(file!("material/boilerplate/tags.txt")),
            keep,
            domains: Vec::new(),
            fold: None,
        }
    }

    /// The part that documents of a fold are made from.
    ///
    /// A promo that stood in documents of every fold would be known to every table: its scores
    /// would be those of a line learnt by heart, and what is trained on them would trust the
    /// tables more than new promos deserve.
    pub(crate) fn of_fold(&self, fold: usize) -> Self {
        let lines = |lists: &ByLang| -> ByLang {
            lists
                .iter()
                .map(|(lang, lines)| {
                    let own: Vec<String> =
                        lines.iter().filter(|line| fold_of(hash_text(line)) == fold).cloned().collect();
                    (lang.clone(), if own.is_empty() { lines.clone() } else { own })
                })
                .collect()
        };
        let labelled = |lists: &[(Label, ByLang)]| lists.iter().map(|(label, by)| (*label, lines(by))).collect();
        Self {
            promos: labelled(&self.promos),
            boilerplate: labelled(&self.boilerplate),
            headlines: lines(&self.headlines),
            keep: self.keep.iter().filter(|kept| fold_of(kept.key) == fold).cloned().collect(),
            domains: self.domains.iter().filter(|name| fold_of(hash_text(name)) == fold).cloned().collect(),
            fold: Some(fold),
            ..self.clone()
        }
    }

    /// A line of a language if the lists have it, else of any.
    fn line<'a>(lists: &'a ByLang, lang: &str, rng: &mut Rng) -> &'a str {
        let fallback = || lists.get("und").or_else(|| lists.get("en"));
        match lists.get(lang).or_else(fallback) {
            Some(lines) if !lines.is_empty() => &lines[rng.below(lines.len())],
            _ => "",
        }
    }

    fn any_lang<'a>(lists: &'a ByLang, rng: &mut Rng) -> &'a str {
        let count = lists.len().max(1);
        lists.keys().nth(rng.below(count)).map_or("en", String::as_str)
    }

    /// A new gambling brand: composed, or the name of a listed domain.
    pub(crate) fn brand(&self, rng: &mut Rng) -> String {
        loop {
            let brand = self.any_brand(rng);
            if self.fold.is_none_or(|fold| fold_of(brand_key(&brand)) == fold) {
                return brand;
            }
        }
    }

    fn any_brand(&self, rng: &mut Rng) -> String {
        let part =
            |name: &str, rng: &mut Rng| self.parts.get(name).map_or("", |list| rng.pick(list.as_slice()).as_str());
        let mut brand = if rng.chance(0.06) {
            handle(rng)
        } else if !self.domains.is_empty() && rng.chance(0.6) {
            rng.pick(&self.domains).clone()
        } else {
            let mut brand = String::new();
            if rng.chance(0.25) {
                brand.push_str(part("prefix", rng));
            }
            brand.push_str(part("core", rng));
            let ending = rng.unit();
            if ending < 0.35 {
                brand.push_str(part("number", rng));
            } else if ending < 0.7 {
                brand.push_str(part("suffix", rng));
            } else {
                brand.push_str(part("suffix", rng));
                brand.push_str(part("number", rng));
            }
            brand
        };
        match rng.below(10) {
            0..=3 => {}
            4..=6 => brand = capitalised(&brand),
            7..=8 => brand = brand.to_uppercase(),
            _ => {
                // A space in front of the number.
                let digits = brand.bytes().rev().take_while(u8::is_ascii_digit).count();
                if digits > 0 && digits < brand.len() && brand.is_ascii() {
                    brand.insert(brand.len() - digits, ' ');
                }
            }
        }
        brand
    }

    /// A promo line of any kind and language, with its label.
    pub(crate) fn promo(&self, lang: &str, rng: &mut Rng) -> (Label, String) {
        let which = if rng.chance(0.55) { 0 } else { 1 + rng.below(self.promos.len() - 1) };
        self.promo_of(which, lang, rng)
    }

    fn promo_of(&self, which: usize, lang: &str, rng: &mut Rng) -> (Label, String) {
        let (label, lists) = &self.promos[which];
        // Injected promotion is often in another language than its article.
        let chosen = match rng.below(10) {
            0..=2 => lang,
            3..=4 => "id",
            5..=6 => "en",
            _ => Self::any_lang(lists, rng),
        };
        let template = Self::line(lists, chosen, rng);
        (*label, self.fill(template, chosen, rng))
    }

    /// A bare brand in a short frame such as `By {brand}`.
    pub(crate) fn framed_brand(&self, brand: &str, rng: &mut Rng) -> String {
        let lang =
            if rng.chance(0.6) { if rng.chance(0.5) { "en" } else { "id" } } else { Self::any_lang(&self.frames, rng) };
        Self::line(&self.frames, lang, rng).replace("{brand}", brand)
    }

    /// A line of page furniture of a kind, in the article's language nearly always.
    pub(crate) fn furniture(&self, label: Label, lang: &str, rng: &mut Rng) -> String {
        let lists = self.boilerplate.iter().find(|(known, _)| *known == label).map(|(_, lists)| lists);
        let Some(lists) = lists else { return String::new() };
        let lang = match rng.below(20) {
            0 => Self::any_lang(lists, rng),
            1 => "en",
            2..=3 => "und",
            _ if lists.contains_key(lang) => lang,
            _ => "en",
        };
        let template = Self::line(lists, lang, rng);
        self.fill(template, lang, rng)
    }

    /// Kinds of page furniture.
    pub(crate) fn furniture_kinds(&self) -> impl Iterator<Item = Label> {
        self.boilerplate.iter().map(|(label, _)| *label)
    }

    /// A headline, for lists of related articles and for headings.
    pub(crate) fn headline(&self, lang: &str, rng: &mut Rng) -> String {
        Self::line(&self.headlines, lang, rng).to_owned()
    }

    /// A date as a language writes it.
    pub(crate) fn date(&self, lang: &str, rng: &mut Rng) -> String {
        self.value("date", lang, rng).unwrap_or_default()
    }

    /// A person's name.
    pub(crate) fn name(&self, lang: &str, rng: &mut Rng) -> String {
        Self::line(&self.names, lang, rng).to_owned()
    }

    /// Every line that is written in a language, with it.
    pub(crate) fn written_lines(&self) -> impl Iterator<Item = (&str, &str)> {
        let lists = self.promos.iter().chain(&self.boilerplate).map(|(_, lists)| lists);
        lists
            .chain([&self.headlines])
            .flatten()
            .flat_map(|(lang, lines)| lines.iter().map(move |line| (lang.as_str(), line.as_str())))
    }

    /// All lines of all kinds as templates filled once, each with its fold, for the n-gram table.
    pub(crate) fn every_line(&self, rng: &mut Rng) -> Vec<(Label, String, usize)> {
        let mut out = Vec::new();
        for (label, lists) in self.promos.iter().chain(&self.boilerplate) {
            for (lang, lines) in lists {
                for line in lines {
                    out.push((*label, self.fill(line, lang, rng), fold_of(hash_text(line))));
                }
            }
        }
        out
    }

    /// Puts values in place of `{name}` placeholders; braces of other kinds stay.
    fn fill(&self, template: &str, lang: &str, rng: &mut Rng) -> String {
        let mut out = String::with_capacity(template.len() + 32);
        let mut rest = template;
        while let Some(open) = rest.find('{') {
            out.push_str(&rest[..open]);
            let close = rest[open..].find('}').map(|at| open + at);
            let value = close.and_then(|close| self.value(&rest[open + 1..close], lang, rng));
            if let (Some(close), Some(value)) = (close, value) {
                out.push_str(&value);
                rest = &rest[close + 1..];
            } else {
                out.push('{');
                rest = &rest[open + 1..];
            }
        }
        out.push_str(rest);
        out
    }

    fn value(&self, name: &str, lang: &str, rng: &mut Rng) -> Option<String> {
        let pick = |list: &[&str], rng: &mut Rng| (*rng.pick(list)).to_owned();
        Some(match name {
            "brand" => self.brand(rng),
            "url" => self.url(rng),
            "contact" => match rng.below(4) {
                0 => format!("@{}_{}", self.brand(rng).replace(' ', "").to_lowercase(), rng.below(99)),
                1 => format!("+{} {}-{}", 1 + rng.below(98), 100 + rng.below(899), 1_000_000 + rng.below(8_999_999)),
                2 => format!("08{}", 100_000_000 + rng.below(899_999_999)),
                _ => format!("https://t.me/{}", self.brand(rng).replace(' ', "").to_lowercase()),
            },
            "num" => (10 + rng.below(99_000)).to_string(),
            "n" => (1 + rng.below(40)).to_string(),
            "pct" => format!("{}%", 5 + rng.below(295)),
            "price" => format!("{}{}", pick(&["$", "€", "£", "Rp ", "₹", "¥", "R$ "], rng), 5 + rng.below(2000)),
            "drug" => pick(
                &[
                    "viagra",
                    "cialis",
                    "tramadol",
                    "xanax",
                    "ozempic",
                    "levitra",
                    "modafinil",
                    "amoxicillin",
                    "phentermine",
                    "ivermectin",
                    "kamagra",
                    "oxycodone",
                    "clomid",
                    "valium",
                    "semaglutide",
                ],
                rng,
            ),
            "product" => pick(
                &[
                    "Rolex Submariner",
                    "Louis Vuitton bag",
                    "Nike Air Max",
                    "Jordan 1",
                    "Ray-Ban",
                    "iPhone 15",
                    "Gucci belt",
                    "Moncler jacket",
                    "NFL jersey",
                    "Yeezy 350",
                    "Michael Kors",
                    "Pandora charm",
                    "Canada Goose",
                    "AirPods Pro",
                ],
                rng,
            ),
            "city" | "place" => Self::line(&self.places, lang, rng).to_owned(),
            "name" => Self::line(&self.names, lang, rng).to_owned(),
            "names" => format!("{}, {}", Self::line(&self.names, lang, rng), Self::line(&self.names, lang, rng)),
            "initials" => pick(&["dai", "mae", "rzr", "ant", "ibh", "fdl", "kri", "lus", "tor", "hns"], rng),
            "site" => Self::line(&self.sites, lang, rng).to_owned(),
            "domain" => format!(
                "{}.{}",
                Self::line(&self.sites, "en", rng).to_lowercase().replace(' ', ""),
                pick(&["com", "co.id", "net", "org", "news", "de", "fr"], rng)
            ),
            "headline" => self.headline(lang, rng),
            "section" => Self::line(&self.sections, lang, rng).to_owned(),
            "tag" => Self::line(&self.tags, lang, rng).to_owned(),
            "tags" => {
                let count = 2 + rng.below(4);
                (0..count).map(|_| Self::line(&self.tags, lang, rng)).collect::<Vec<_>>().join(if rng.chance(0.7) {
                    ", "
                } else {
                    " | "
                })
            }
            "agency" => pick(
                &["Reuters", "AFP", "AP", "Antara", "dpa", "EFE", "Xinhua", "ANSA", "TASS", "PTI", "Lusa", "Yonhap"],
                rng,
            ),
            "year" => (2005 + rng.below(21)).to_string(),
            "time" => format!("{:02}:{:02}", rng.below(24), rng.below(60)),
            "date" => {
                let (day, month, year) = (1 + rng.below(28), 1 + rng.below(12), 2008 + rng.below(18));
                let english = [
                    "January",
                    "February",
                    "March",
                    "April",
                    "May",
                    "June",
                    "July",
                    "August",
                    "September",
                    "October",
                    "November",
                    "December",
                ];
                let indonesian = [
                    "Januari",
                    "Februari",
                    "Maret",
                    "April",
                    "Mei",
                    "Juni",
                    "Juli",
                    "Agustus",
                    "September",
                    "Oktober",
                    "November",
                    "Desember",
                ];
                match (lang, rng.below(4)) {
                    ("zh" | "zh-TW" | "ja", 0..=2) => format!("{year}年{month}月{day}日"),
                    ("ko", 0..=2) => format!("{year}.{month:02}.{day:02}"),
                    ("id" | "ms", 0..=2) => format!("{day} {} {year}", indonesian[month - 1]),
                    (_, 0) => format!("{day:02}/{month:02}/{year}"),
                    (_, 1) => format!("{day:02}.{month:02}.{year}"),
                    (_, 2) => format!("{year}-{month:02}-{day:02}"),
                    _ => format!("{} {day}, {year}", english[month - 1]),
                }
            }
            "email" => format!(
                "{}@{}",
                pick(&["redaksi", "news", "editor", "info", "contact", "press"], rng),
                self.value("domain", lang, rng)?
            ),
            "handle" => format!("@{}", Self::line(&self.sites, "en", rng).to_lowercase().replace(' ', "")),
            "file" => format!(
                "{}{}.{}",
                pick(&["IMG_", "image-", "foto-", "photo_", "cover-", "DSC"], rng),
                rng.below(9999),
                pick(&["jpg", "png", "webp", "jpeg"], rng)
            ),
            "duration" => format!("{:02}:{:02}", rng.below(30), rng.below(60)),
            _ => return None,
        })
    }

    fn url(&self, rng: &mut Rng) -> String {
        let host = self.brand(rng).replace(' ', "").to_lowercase();
        let ending = *rng.pick(&[
            "com", "xyz", "net", "top", "site", "vip", "bet", "online", "org", "info", "cc", "ru", "co", "link",
        ]);
        let path = *rng.pick(&["", "", "/", "/daftar", "/login", "/?ref=12", "/bonus", "/en/buy"]);
        let scheme = *rng.pick(&["https://", "http://", "https://www.", "www.", ""]);
        format!("{scheme}{host}.{ending}{path}")
    }
}

/// What decides the fold of a brand: its letters and digits.
pub(crate) fn brand_key(brand: &str) -> u64 {
    hash_text(&brand.to_lowercase().replace(' ', ""))
}

/// A name that means nothing, with a number: `tavolo77`, `nbd57`.
fn handle(rng: &mut Rng) -> String {
    const LETTERS: &[char] =
        &['b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w', 'y', 'z'];
    const VOWELS: &[&str] = &["a", "e", "i", "o", "u", "a", "i", "an", "ar", "en", "on", "is"];
    const NUMBERS: &[&str] = &["88", "77", "99", "138", "168", "188", "303", "365", "777", "888", "4d"];
    let mut name = String::new();
    let bare = rng.chance(0.25);
    for _ in 0..if bare { 3 } else { 2 + rng.below(3) } {
        name.push(*rng.pick(LETTERS));
        if !bare {
            name.extend([*rng.pick(VOWELS)]);
        }
    }
    if rng.chance(0.5) { name + *rng.pick(NUMBERS) } else { format!("{name}{}", 1 + rng.below(999)) }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
