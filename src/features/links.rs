//! Finds addresses, contacts, markup and dates in folded lines.
//!
//! All patterns work on bytes with ASCII classes: Unicode `\b` and `\w` would make the
//! matcher give up at the first letter that is not ASCII. Each runs only on lines that hold
//! the sign it cannot do without.

use std::sync::OnceLock;

use regex_automata::meta::{FindMatches, Regex};
use regex_automata::util::syntax;

use super::signs::{Sign, Signs};

/// What stands in one line.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[allow(missing_docs)]
pub struct Links {
    pub url: bool,
    pub url_symbols: u32,
    pub bare_domain: bool,
    pub anchor: bool,
    pub markup: bool,
    pub email: bool,
    pub handle: bool,
    pub phone: bool,
    pub messenger: bool,
    pub shortener: bool,
    pub file_name: bool,
    pub date: bool,
    pub time: bool,
}

/// A pattern that is compiled when it is first needed: most texts need few of them.
#[derive(Debug, Clone)]
struct Pattern {
    text: &'static str,
    compiled: OnceLock<Regex>,
}

impl Pattern {
    fn regex(&self) -> &Regex {
        self.compiled.get_or_init(|| {
            Regex::builder()
                .syntax(syntax::Config::new().unicode(false).utf8(false))
                .configure(Regex::config().utf8_empty(false))
                .build(self.text)
                .expect("the patterns of this file are valid")
        })
    }

    fn is_match(&self, symbols: &[u8]) -> bool {
        self.regex().is_match(symbols)
    }

    fn find_iter<'p>(&'p self, symbols: &'p [u8]) -> FindMatches<'p, 'p> {
        self.regex().find_iter(symbols)
    }
}

/// The patterns.
#[derive(Debug, Clone)]
pub struct LinkFinder {
    url: Pattern,
    domain: Pattern,
    anchor: Pattern,
    markup: Pattern,
    email: Pattern,
    handle: Pattern,
    phone: Pattern,
    messenger: Pattern,
    shortener: Pattern,
    file_name: Pattern,
    date: Pattern,
    time: Pattern,
}

fn compile(text: &'static str) -> Pattern {
    Pattern { text, compiled: OnceLock::new() }
}

impl Default for LinkFinder {
    fn default() -> Self {
        Self {
            url: compile(r"(?:h(?:tt|xx)ps?|ftp)://[!-~\x80-\xff]+|\bwww\.[a-z0-9-]+\.[!-~]+"),
            domain: compile(
                r"\b[a-z0-9][a-z0-9-]{1,40}\.(?:[a-z0-9-]{2,30}\.)?(?:com|net|org|info|biz|xyz|top|site|online|club|shop|vip|win|bet|casino|poker|fun|live|link|pro|app|icu|cc|co|io|me|tv|ru|cn|id|vn|tr|br|in|uk|de|fr|ly|gg|asia|store|click|website|tech|space|cfd|sbs|lol)\b",
            ),
            anchor: compile(r"<a [^>]{0,600}>|\]\([!-~]{4,600}\)|\[url[=\]]"),
            markup: compile(
                r"</?[a-z][a-z0-9]{0,12}(?: [^<>]{0,400})?/?>|&[a-z]{2,6};|\[/?[a-z_]{3,20}(?: [^\]]{0,300})?\]|\{\{|\}\}",
            ),
            email: compile(r"[a-z0-9._%+-]{1,60}@[a-z0-9-]{1,60}\.[a-z]{2,10}"),
            handle: compile(r"(?:^|[ (\[:,])@[a-z0-9_.]{3,40}"),
            phone: compile(r"(?:\+|\b)[0-9][0-9 ().-]{7,18}[0-9]\b"),
            messenger: compile(
                r"\bwa\.me\b|\bt\.me\b|whats ?app|\btelegram\b|\bline ?(?:id|@|:)|\bwechat\b|\bviber\b|\bkakao|\bzalo\b|@tg\b|\btg ?[:@]|\bicq\b|\bskype\b|\bsignal ?:|\bqq ?[:0-9]",
            ),
            shortener: compile(
                r"\b(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|cutt\.ly|rebrand\.ly|s\.id|rb\.gy|shorturl\.at|linktr\.ee|heylink\.me|lynk\.id|tiny\.cc|v\.gd|clck\.ru|vk\.cc)\b",
            ),
            file_name: compile(
                r"[a-z0-9_()-]{2,80}\.(?:jpe?g|png|gif|webp|svg|bmp|mp4|mp3|avi|js|css|php|pdf|docx?|ttf|woff2?)\b",
            ),
            date: compile(
                r"\b[0-9]{1,2} ?[./-] ?[0-9]{1,2} ?[./-] ?(?:[0-9]{4}|[0-9]{2})\b|\b(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2}|\b[0-9]{1,2}(?:st|nd|rd|th|er|\.)?,? (?:de )?[a-z\x80-\xff]{3,20}\.?,? (?:de )?(?:19|20|25)[0-9]{2}\b|\b[a-z\x80-\xff]{3,12}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? (?:19|20)[0-9]{2}\b|(?:19|20)[0-9]{2}[^0-9]{1,3}[0-9]{1,2}[^0-9]{1,3}[0-9]{1,2}",
            ),
            time: compile(r"\b[0-2]?[0-9][:.][0-5][0-9]\b(?: ?[ap]\.?m\b)?"),
        }
    }
}

impl LinkFinder {
    /// Returns what stands in a folded line whose signs were counted.
    pub fn find(&self, symbols: &[u8], signs: &Signs) -> Links {
        let mut links = Links::default();
        let dots = signs.count(Sign::Dot) > 0;
        let digits = signs.count(Sign::Digit) > 0;
        let slashes = signs.count(Sign::Slash) > 0;
        if dots {
            if slashes || memchr::memmem::find(symbols, b"www.").is_some() {
                for found in self.url.find_iter(symbols) {
                    links.url = true;
                    links.url_symbols += found.len() as u32;
                }
                links.shortener = self.shortener.is_match(symbols);
            }
            if signs.inner_dots() > 0 {
                links.bare_domain = !links.url && self.domain.is_match(symbols);
                links.shortener |= links.bare_domain && self.shortener.is_match(symbols);
                links.file_name = self.file_name.is_match(symbols);
            }
        }
        if signs.count(Sign::At) > 0 {
            links.email = dots && self.email.is_match(symbols);
            links.handle = self.handle.is_match(symbols);
        }
        if signs.count(Sign::Less) > 0 || signs.count(Sign::Square) > 0 || signs.count(Sign::Brace) > 0 {
            links.anchor = self.anchor.is_match(symbols);
            links.markup = self.markup.is_match(symbols);
        } else if signs.count(Sign::Ampersand) > 0 {
            links.markup = self.markup.is_match(symbols);
        }
        if digits {
            let count = signs.count(Sign::Digit);
            links.phone = count >= 8 && self.phone.is_match(symbols);
            links.date = count >= 3 && self.date.is_match(symbols);
            links.time = count >= 3 && (signs.count(Sign::Colon) > 0 || dots) && self.time.is_match(symbols);
        }
        let addressed = digits || slashes || dots || signs.count(Sign::Colon) + signs.count(Sign::At) > 0;
        if addressed && symbols.len() <= 400 || links.url || links.phone {
            links.messenger = self.messenger.is_match(symbols);
        }
        links
    }
}
