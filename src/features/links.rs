//! Finds addresses, contacts, markup and dates in folded lines.
//!
//! Each pattern is a small scanner that starts at the sign its matches cannot do without: most
//! lines hold few of those, and a process that reads one text would spend longer on compiling
//! regular expressions than on judging. The patterns are written down as expressions in the
//! tests, which hold the scanners to them.

use memchr::{memchr_iter, memchr2_iter, memrchr};

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

/// Looks for links and the like.
#[derive(Debug, Clone, Default)]
pub struct LinkFinder;

impl LinkFinder {
    /// Returns what stands in a folded line whose signs were counted.
    pub fn find(&self, symbols: &[u8], signs: &Signs) -> Links {
        let mut links = Links::default();
        let dots = signs.count(Sign::Dot) > 0;
        let digits = signs.count(Sign::Digit) > 0;
        let slashes = signs.count(Sign::Slash) > 0;
        if dots {
            if slashes || memchr_iter(b'.', symbols).any(|dot| symbols[..dot].ends_with(b"www")) {
                let urls = Urls { symbols, at: 0 };
                for len in urls {
                    links.url = true;
                    links.url_symbols += len as u32;
                }
                links.shortener = has_shortener(symbols);
            }
            if signs.inner_dots() > 0 {
                links.bare_domain = !links.url && has_domain(symbols);
                links.shortener |= links.bare_domain && has_shortener(symbols);
                links.file_name = has_file_name(symbols);
            }
        }
        if signs.count(Sign::At) > 0 {
            links.email = dots && has_email(symbols);
            links.handle = has_handle(symbols);
        }
        if signs.count(Sign::Less) > 0 || signs.count(Sign::Square) > 0 || signs.count(Sign::Brace) > 0 {
            links.anchor = has_anchor(symbols);
            links.markup = has_markup(symbols);
        } else if signs.count(Sign::Ampersand) > 0 {
            links.markup = has_markup(symbols);
        }
        if digits {
            let count = signs.count(Sign::Digit);
            links.phone = count >= 8 && has_phone(symbols);
            links.date = count >= 3 && has_date(symbols);
            links.time = count >= 3 && (signs.count(Sign::Colon) > 0 || dots) && has_time(symbols);
        }
        let addressed = digits || slashes || dots || signs.count(Sign::Colon) + signs.count(Sign::At) > 0;
        if addressed && symbols.len() <= 400 || links.url || links.phone {
            links.messenger = has_messenger(symbols);
        }
        links
    }
}

/// Symbols of words as far as the ends of words go: ASCII letters, digits and the underscore.
fn is_word(symbol: u8) -> bool {
    symbol.is_ascii_alphanumeric() || symbol == b'_'
}

/// Whether a word begins or ends in front of `at`.
fn boundary(symbols: &[u8], at: usize) -> bool {
    let before = at > 0 && is_word(symbols[at - 1]);
    before != symbols.get(at).is_some_and(|&symbol| is_word(symbol))
}

/// Length of the run of symbols of a class that begins at `at`.
fn run(symbols: &[u8], at: usize, class: impl Fn(u8) -> bool) -> usize {
    symbols.get(at..).unwrap_or_default().iter().take_while(|&&symbol| class(symbol)).count()
}

/// Length of the run of symbols of a class that ends in front of `end`, at most `most`.
fn run_before(symbols: &[u8], end: usize, most: usize, class: impl Fn(u8) -> bool) -> usize {
    symbols[..end].iter().rev().take(most).take_while(|&&symbol| class(symbol)).count()
}

fn starts(symbols: &[u8], at: usize, text: &[u8]) -> bool {
    symbols.get(at..).is_some_and(|rest| rest.starts_with(text))
}

fn is_host(symbol: u8) -> bool {
    symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || symbol == b'-'
}

fn is_printable(symbol: u8) -> bool {
    matches!(symbol, b'!'..=b'~')
}

fn is_high_letter(symbol: u8) -> bool {
    symbol.is_ascii_lowercase() || symbol >= 0x80
}

/// Lengths of the addresses in a line, from left to right.
struct Urls<'s> {
    symbols: &'s [u8],
    at: usize,
}

impl Iterator for Urls<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while self.at < self.symbols.len() {
            if let Some(len) = url_at(self.symbols, self.at) {
                self.at += len;
                return Some(len);
            }
            self.at += 1;
        }
        None
    }
}

/// Schemes of addresses, two of them as spammers and defusers spell them.
const SCHEMES: [&[u8]; 5] = [b"http://", b"https://", b"hxxp://", b"hxxps://", b"ftp://"];

/// Returns the length of the address that begins at `at`.
fn url_at(symbols: &[u8], at: usize) -> Option<usize> {
    match symbols[at] {
        b'h' | b'f' => {
            let scheme = SCHEMES.into_iter().find(|scheme| starts(symbols, at, scheme))?;
            let rest = run(symbols, at + scheme.len(), |symbol| is_printable(symbol) || symbol >= 0x80);
            (rest > 0).then_some(scheme.len() + rest)
        }
        b'w' if starts(symbols, at, b"www.") && boundary(symbols, at) => {
            let host = run(symbols, at + 4, is_host);
            let dot = at + 4 + host;
            let rest = run(symbols, dot + 1, is_printable);
            (host > 0 && symbols.get(dot) == Some(&b'.') && rest > 0).then_some(4 + host + 1 + rest)
        }
        _ => None,
    }
}

/// Whether the word that begins at `at` is one of `words`, longest first or not.
fn is_one_of(symbols: &[u8], at: usize, words: &[&[u8]]) -> bool {
    let word = &symbols[at..at + run(symbols, at, is_word)];
    words.contains(&word)
}

const TOP_LEVEL: &[&[u8]] = &[
    b"com", b"net", b"org", b"info", b"biz", b"xyz", b"top", b"site", b"online", b"club", b"shop", b"vip", b"win",
    b"bet", b"casino", b"poker", b"fun", b"live", b"link", b"pro", b"app", b"icu", b"cc", b"co", b"io", b"me", b"tv",
    b"ru", b"cn", b"id", b"vn", b"tr", b"br", b"in", b"uk", b"de", b"fr", b"ly", b"gg", b"asia", b"store", b"click",
    b"website", b"tech", b"space", b"cfd", b"sbs", b"lol",
];

/// Whether a name of a host stands in the line, of two or three parts with a known last one.
fn has_domain(symbols: &[u8]) -> bool {
    memchr_iter(b'.', symbols).any(|dot| {
        let name = run_before(symbols, dot, 41, is_host);
        // A name of 2 to 41 symbols that begins where a word does.
        let named = (2..=name).any(|len| symbols[dot - len] != b'-' && boundary(symbols, dot - len));
        named && {
            let middle = run(symbols, dot + 1, is_host);
            let next = dot + 1 + middle;
            is_one_of(symbols, dot + 1, TOP_LEVEL)
                || (2..=30).contains(&middle)
                    && symbols.get(next) == Some(&b'.')
                    && is_one_of(symbols, next + 1, TOP_LEVEL)
        }
    })
}

/// Whether an anchor in HTML, Markdown or BBCode stands in the line.
fn has_anchor(symbols: &[u8]) -> bool {
    memchr_iter(b'<', symbols)
        .any(|at| starts(symbols, at, b"<a ") && memchr::memchr(b'>', upto(symbols, at + 3, 601)).is_some())
        || memchr_iter(b']', symbols).any(|at| {
            let from = at + 2;
            starts(symbols, at, b"](") && {
                let target = upto(symbols, from, 601);
                let target = &target[..run(target, 0, is_printable)];
                memrchr(b')', target).is_some_and(|close| close >= 4)
            }
        })
        || memchr_iter(b'[', symbols)
            .any(|at| starts(symbols, at, b"[url") && matches!(symbols.get(at + 4), Some(b'=' | b']')))
}

/// The part of a line from `from` on, at most `len` symbols.
fn upto(symbols: &[u8], from: usize, len: usize) -> &[u8] {
    let rest = symbols.get(from..).unwrap_or_default();
    &rest[..rest.len().min(len)]
}

/// Whether a tag, an entity, a shortcode or doubled braces stand in the line.
fn has_markup(symbols: &[u8]) -> bool {
    memchr_iter(b'<', symbols).any(|at| is_tag(symbols, at))
        || memchr_iter(b'&', symbols).any(|at| {
            let name = run(symbols, at + 1, |symbol| symbol.is_ascii_lowercase());
            (2..=6).contains(&name) && symbols.get(at + 1 + name) == Some(&b';')
        })
        || memchr_iter(b'[', symbols).any(|at| is_shortcode(symbols, at))
        || memchr2_iter(b'{', b'}', symbols).any(|at| symbols.get(at + 1) == Some(&symbols[at]))
}

fn is_tag(symbols: &[u8], at: usize) -> bool {
    let name = at + 1 + usize::from(symbols.get(at + 1) == Some(&b'/'));
    let len = run(symbols, name, |symbol| symbol.is_ascii_lowercase() || symbol.is_ascii_digit());
    if !(1..=13).contains(&len) || symbols[name].is_ascii_digit() {
        return false;
    }
    let behind = name + len;
    match symbols.get(behind) {
        Some(b'>') => true,
        Some(b'/') => symbols.get(behind + 1) == Some(&b'>'),
        Some(b' ') => {
            // Up to 400 symbols, and one slash more.
            let inner = upto(symbols, behind + 1, 402);
            match memchr::memchr2(b'<', b'>', inner) {
                Some(end) if inner[end] == b'>' => end <= 400 || inner[end - 1] == b'/',
                _ => false,
            }
        }
        _ => false,
    }
}

fn is_shortcode(symbols: &[u8], at: usize) -> bool {
    let name = at + 1 + usize::from(symbols.get(at + 1) == Some(&b'/'));
    let len = run(symbols, name, |symbol| symbol.is_ascii_lowercase() || symbol == b'_');
    (3..=20).contains(&len)
        && match symbols.get(name + len) {
            Some(b']') => true,
            Some(b' ') => upto(symbols, name + len + 1, 301).contains(&b']'),
            _ => false,
        }
}

/// Whether a mail address stands in the line.
fn has_email(symbols: &[u8]) -> bool {
    memchr_iter(b'@', symbols).any(|at| {
        let own = at > 0 && {
            let symbol = symbols[at - 1];
            is_host(symbol) || matches!(symbol, b'.' | b'_' | b'%' | b'+')
        };
        let host = run(symbols, at + 1, is_host);
        let dot = at + 1 + host;
        own && (1..=60).contains(&host)
            && symbols.get(dot) == Some(&b'.')
            && run(symbols, dot + 1, |symbol| symbol.is_ascii_lowercase()) >= 2
    })
}

/// Whether a handle stands in the line: `@name`.
fn has_handle(symbols: &[u8]) -> bool {
    memchr_iter(b'@', symbols).any(|at| {
        let name = |symbol: u8| is_host(symbol) && symbol != b'-' || matches!(symbol, b'_' | b'.');
        (at == 0 || matches!(symbols[at - 1], b' ' | b'(' | b'[' | b':' | b',')) && run(symbols, at + 1, name) >= 3
    })
}

/// Whether a telephone number stands in the line: digits and what stands between their groups.
fn has_phone(symbols: &[u8]) -> bool {
    (0..symbols.len()).any(|at| {
        if !symbols[at].is_ascii_digit() || !boundary(symbols, at) {
            return false;
        }
        let part = |symbol: u8| symbol.is_ascii_digit() || matches!(symbol, b' ' | b'(' | b')' | b'.' | b'-');
        let len = run(upto(symbols, at, 20), 0, part);
        (at + 8..at + len).any(|end| symbols[end].is_ascii_digit() && boundary(symbols, end + 1))
    })
}

/// Whether a messenger is named in the line.
fn has_messenger(symbols: &[u8]) -> bool {
    // The name, with a space left out or not, and one of the signs behind it.
    let sign = |at: usize, signs: &[u8]| {
        let at = at + usize::from(symbols.get(at) == Some(&b' '));
        symbols.get(at).is_some_and(|symbol| signs.contains(symbol))
    };
    let word = |at: usize, name: &[u8]| starts(symbols, at, name) && boundary(symbols, at + name.len());
    (0..symbols.len()).any(|at| match symbols[at] {
        b'@' => word(at, b"@tg"),
        b'w' if starts(symbols, at, b"whats") => starts(symbols, at, b"whatsapp") || starts(symbols, at, b"whats app"),
        b'w' | b't' | b'l' | b'v' | b'k' | b'z' | b'i' | b's' | b'q' if boundary(symbols, at) => match symbols[at] {
            b'w' => word(at, b"wa.me") || word(at, b"wechat"),
            b't' => word(at, b"t.me") || word(at, b"telegram") || starts(symbols, at, b"tg") && sign(at + 2, b":@"),
            b'l' => {
                starts(symbols, at, b"line")
                    && (sign(at + 4, b"@:") || starts(symbols, at + 4, b"id") || starts(symbols, at + 4, b" id"))
            }
            b'v' => word(at, b"viber"),
            b'k' => starts(symbols, at, b"kakao"),
            b'z' => word(at, b"zalo"),
            b'i' => word(at, b"icq"),
            b's' => word(at, b"skype") || starts(symbols, at, b"signal") && sign(at + 6, b":"),
            _ => starts(symbols, at, b"qq") && sign(at + 2, b":0123456789"),
        },
        _ => false,
    })
}

const SHORTENERS: &[&[u8]] = &[
    b"bit.ly",
    b"tinyurl.com",
    b"goo.gl",
    b"t.co",
    b"ow.ly",
    b"is.gd",
    b"cutt.ly",
    b"rebrand.ly",
    b"s.id",
    b"rb.gy",
    b"shorturl.at",
    b"linktr.ee",
    b"heylink.me",
    b"lynk.id",
    b"tiny.cc",
    b"v.gd",
    b"clck.ru",
    b"vk.cc",
];

/// Whether a shortener of addresses stands in the line.
fn has_shortener(symbols: &[u8]) -> bool {
    memchr_iter(b'.', symbols).any(|dot| {
        SHORTENERS.iter().any(|host| {
            let name = memchr::memchr(b'.', host).unwrap_or(0);
            dot >= name
                && starts(symbols, dot - name, host)
                && boundary(symbols, dot - name)
                && boundary(symbols, dot - name + host.len())
        })
    })
}

const EXTENSIONS: &[&[u8]] = &[
    b"jpg", b"jpeg", b"png", b"gif", b"webp", b"svg", b"bmp", b"mp4", b"mp3", b"avi", b"js", b"css", b"php", b"pdf",
    b"doc", b"docx", b"ttf", b"woff", b"woff2",
];

/// Whether the name of a file stands in the line.
fn has_file_name(symbols: &[u8]) -> bool {
    memchr_iter(b'.', symbols).any(|dot| {
        let name = |symbol: u8| is_host(symbol) || matches!(symbol, b'_' | b'(' | b')');
        is_one_of(symbols, dot + 1, EXTENSIONS) && run_before(symbols, dot, 2, name) == 2
    })
}

/// Whether a time of day stands in the line.
fn has_time(symbols: &[u8]) -> bool {
    memchr2_iter(b':', b'.', symbols).any(|at| {
        let hour = run_before(symbols, at, 2, |symbol| symbol.is_ascii_digit());
        let starts = hour > 0 && boundary(symbols, at - 1)
            || hour == 2 && matches!(symbols[at - 2], b'0'..=b'2') && boundary(symbols, at - 2);
        starts && matches!(symbols.get(at + 1..at + 3), Some([b'0'..=b'5', b'0'..=b'9'])) && boundary(symbols, at + 3)
    })
}

/// Whether a date stands in the line.
fn has_date(symbols: &[u8]) -> bool {
    (0..symbols.len()).any(|at| {
        let symbol = symbols[at];
        if symbol.is_ascii_digit() {
            is_year(symbols, at) && is_year_first(symbols, at + 4)
                || boundary(symbols, at) && (is_date_of_numbers(symbols, at) || is_day_first(symbols, at))
        } else {
            is_high_letter(symbol) && boundary(symbols, at) && is_month_first(symbols, at)
        }
    })
}

/// Whether four digits from 1900 to 2099 begin at `at`.
fn is_year(symbols: &[u8], at: usize) -> bool {
    matches!(symbols.get(at..at + 4), Some([b'1', b'9', rest @ ..] | [b'2', b'0', rest @ ..]) if rest.iter().all(u8::is_ascii_digit))
}

/// The same with years from 2500 to 2599, of the Buddhist era.
fn is_any_year(symbols: &[u8], at: usize) -> bool {
    is_year(symbols, at)
        || matches!(symbols.get(at..at + 4), Some([b'2', b'5', rest @ ..]) if rest.iter().all(u8::is_ascii_digit))
}

/// Returns where the day or month of one or two digits at `at` ends.
fn behind_number(symbols: &[u8], at: usize) -> Option<usize> {
    let len = run(symbols, at, |symbol| symbol.is_ascii_digit());
    (1..=2).contains(&len).then_some(at + len)
}

/// Returns the place behind `text` if it stands at `at`, else `at`.
fn skip(symbols: &[u8], at: usize, text: &[u8]) -> usize {
    if starts(symbols, at, text) { at + text.len() } else { at }
}

/// Returns the place behind the first of `texts` that stands at `at`, else `at`.
fn skip_any(symbols: &[u8], at: usize, texts: &[&[u8]]) -> usize {
    at + texts.iter().find(|text| starts(symbols, at, text)).map_or(0, |text| text.len())
}

/// Behind a year: up to three other symbols, a number, the same again: `2024-05-01`.
fn is_year_first(symbols: &[u8], at: usize) -> bool {
    let behind_gap = |at: usize| {
        let gap = run(upto(symbols, at, 4), 0, |symbol| !symbol.is_ascii_digit());
        ((1..=3).contains(&gap) && at + gap < symbols.len()).then_some(at + gap)
    };
    behind_gap(at).and_then(|at| behind_number(symbols, at)).and_then(behind_gap).is_some()
}

/// `1.5.2024`, `01 / 05 / 24`.
fn is_date_of_numbers(symbols: &[u8], at: usize) -> bool {
    let behind_sign = |at: usize| {
        let at = skip(symbols, at, b" ");
        matches!(symbols.get(at), Some(b'.' | b'/' | b'-')).then(|| skip(symbols, at + 1, b" "))
    };
    let two = |at: usize| behind_number(symbols, at).and_then(behind_sign);
    two(at).and_then(two).is_some_and(|year| {
        let len = run(symbols, year, |symbol| symbol.is_ascii_digit());
        (len == 2 || len == 4) && boundary(symbols, year + len)
    })
}

/// `1st May 2024`, `1 de mayo de 2024`.
fn is_day_first(symbols: &[u8], at: usize) -> bool {
    const SUFFIXES: &[&[u8]] = &[b"st", b"nd", b"rd", b"th", b"er", b"."];
    let Some(at) = behind_number(symbols, at) else { return false };
    let at = skip(symbols, skip_any(symbols, at, SUFFIXES), b",");
    if symbols.get(at) != Some(&b' ') {
        return false;
    }
    let month = skip(symbols, at + 1, b"de ");
    let len = run(upto(symbols, month, 21), 0, is_high_letter);
    if !(3..=20).contains(&len) {
        return false;
    }
    let at = skip(symbols, skip(symbols, month + len, b"."), b",");
    let year = skip(symbols, at + 1, b"de ");
    symbols.get(at) == Some(&b' ') && is_any_year(symbols, year) && boundary(symbols, year + 4)
}

/// `May 1, 2024`.
fn is_month_first(symbols: &[u8], at: usize) -> bool {
    const SUFFIXES: &[&[u8]] = &[b"st", b"nd", b"rd", b"th"];
    let len = run(upto(symbols, at, 13), 0, is_high_letter);
    let day = skip(symbols, at + len, b".") + 1;
    if !(3..=12).contains(&len) || symbols.get(day - 1) != Some(&b' ') {
        return false;
    }
    behind_number(symbols, day).is_some_and(|at| {
        let at = skip(symbols, skip_any(symbols, at, SUFFIXES), b",");
        symbols.get(at) == Some(&b' ') && is_year(symbols, at + 1) && boundary(symbols, at + 5)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;
    use regex_automata::meta::Regex;
    use regex_automata::util::syntax;

    const URL: &str = r"(?:h(?:tt|xx)ps?|ftp)://[!-~\x80-\xff]+|\bwww\.[a-z0-9-]+\.[!-~]+";
    /// Every scanner with the expression it stands for.
    const SCANNERS: [(&str, fn(&[u8]) -> bool); 11] = [
        (
            r"\b[a-z0-9][a-z0-9-]{1,40}\.(?:[a-z0-9-]{2,30}\.)?(?:com|net|org|info|biz|xyz|top|site|online|club|shop|vip|win|bet|casino|poker|fun|live|link|pro|app|icu|cc|co|io|me|tv|ru|cn|id|vn|tr|br|in|uk|de|fr|ly|gg|asia|store|click|website|tech|space|cfd|sbs|lol)\b",
            has_domain,
        ),
        (r"<a [^>]{0,600}>|\]\([!-~]{4,600}\)|\[url[=\]]", has_anchor),
        (
            r"</?[a-z][a-z0-9]{0,12}(?: [^<>]{0,400})?/?>|&[a-z]{2,6};|\[/?[a-z_]{3,20}(?: [^\]]{0,300})?\]|\{\{|\}\}",
            has_markup,
        ),
        (r"[a-z0-9._%+-]{1,60}@[a-z0-9-]{1,60}\.[a-z]{2,10}", has_email),
        (r"(?:^|[ (\[:,])@[a-z0-9_.]{3,40}", has_handle),
        (r"(?:\+|\b)[0-9][0-9 ().-]{7,18}[0-9]\b", has_phone),
        (
            r"\bwa\.me\b|\bt\.me\b|whats ?app|\btelegram\b|\bline ?(?:id|@|:)|\bwechat\b|\bviber\b|\bkakao|\bzalo\b|@tg\b|\btg ?[:@]|\bicq\b|\bskype\b|\bsignal ?:|\bqq ?[:0-9]",
            has_messenger,
        ),
        (
            r"\b(?:bit\.ly|tinyurl\.com|goo\.gl|t\.co|ow\.ly|is\.gd|cutt\.ly|rebrand\.ly|s\.id|rb\.gy|shorturl\.at|linktr\.ee|heylink\.me|lynk\.id|tiny\.cc|v\.gd|clck\.ru|vk\.cc)\b",
            has_shortener,
        ),
        (
            r"[a-z0-9_()-]{2,80}\.(?:jpe?g|png|gif|webp|svg|bmp|mp4|mp3|avi|js|css|php|pdf|docx?|ttf|woff2?)\b",
            has_file_name,
        ),
        (
            r"\b[0-9]{1,2} ?[./-] ?[0-9]{1,2} ?[./-] ?(?:[0-9]{4}|[0-9]{2})\b|\b(?:19|20)[0-9]{2}[./-][0-9]{1,2}[./-][0-9]{1,2}|\b[0-9]{1,2}(?:st|nd|rd|th|er|\.)?,? (?:de )?[a-z\x80-\xff]{3,20}\.?,? (?:de )?(?:19|20|25)[0-9]{2}\b|\b[a-z\x80-\xff]{3,12}\.? [0-9]{1,2}(?:st|nd|rd|th)?,? (?:19|20)[0-9]{2}\b|(?:19|20)[0-9]{2}[^0-9]{1,3}[0-9]{1,2}[^0-9]{1,3}[0-9]{1,2}",
            has_date,
        ),
        (r"\b[0-2]?[0-9][:.][0-5][0-9]\b(?: ?[ap]\.?m\b)?", has_time),
    ];

    fn compile(text: &str) -> Regex {
        Regex::builder()
            .syntax(syntax::Config::new().unicode(false).utf8(false))
            .configure(Regex::config().utf8_empty(false))
            .build(text)
            .unwrap()
    }

    fn compiled() -> &'static (Regex, Vec<Regex>) {
        static COMPILED: std::sync::OnceLock<(Regex, Vec<Regex>)> = std::sync::OnceLock::new();
        COMPILED.get_or_init(|| (compile(URL), SCANNERS.iter().map(|(text, _)| compile(text)).collect()))
    }

    fn check(line: &[u8]) {
        let (url, others) = compiled();
        let expected: Vec<usize> = url.find_iter(line).map(|found| found.len()).collect();
        let shown = String::from_utf8_lossy(line);
        assert_eq!(Urls { symbols: line, at: 0 }.collect::<Vec<_>>(), expected, "addresses in {shown:?}");
        for (regex, (text, scanner)) in others.iter().zip(SCANNERS) {
            assert_eq!(scanner(line), regex.is_match(line), "{text} in {shown:?}");
        }
    }

    #[test]
    fn scanners_equal_their_expressions_at_the_limits() {
        for count in [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 19, 20, 21, 29, 30, 31, 39, 40, 41, 42, 60, 61, 80, 81] {
            let a = "a".repeat(count);
            let one = "1".repeat(count);
            for line in [
                format!("-{a}.com"),
                format!("x {a}-.{a}.com."),
                format!("ab.{a}.com"),
                format!("{a}_.com"),
                format!("{a}@{a}.{a}"),
                format!("@{a}"),
                format!("+{one}x"),
                format!("+{one}"),
                format!("1{}1", "-".repeat(count)),
                format!("<{a}>"),
                format!("</{a} />"),
                format!("[/{a}]"),
                format!("[{a} x]"),
                format!("&{a};"),
                format!("]({a})"),
                format!("{a} 1, 2020"),
                format!("{a}. 1st 2020"),
                format!("1 {a}., de 2520"),
                format!("1 de {a}, 2020"),
                format!("{a}.jpg"),
                format!("1.{one}.{one}"),
                format!("2020{}1{}1", "-".repeat(count), "-".repeat(count)),
            ] {
                check(line.as_bytes());
            }
        }
        for count in [296, 300, 301, 302, 399, 400, 401, 402, 403, 599, 600, 601, 602] {
            let a = "a".repeat(count);
            for line in [
                format!("<a {a}>"),
                format!("<b {a}>"),
                format!("<b {a}/>"),
                format!("[abc {a}]"),
                format!("]({a})"),
                format!("]({a}))"),
                format!("](a) {a})"),
            ] {
                check(line.as_bytes());
            }
        }
    }

    /// Parts that matches are made of, so that random lines hold some.
    fn parts() -> impl Strategy<Value = Vec<u8>> {
        const PARTS: &[&str] = &[
            " ", " ", " ", ".", ".", ",", ":", "/", "-", "_", "@", "+", "(", ")", "[", "]", "<", ">", "&", ";", "=",
            "{", "}", "://", "http", "https", "hxxp", "ftp", "www", "www.", "com", "co", "net", "jpg", "jpeg", "woff2",
            "mp3", "whats", "app", "telegram", "line", "id", "tg", "qq", "signal", "kakao", "t", "me", "wa", "bit",
            "ly", "goo.gl", "s.id", "19", "20", "25", "2024", "1999", "12", "05", "1", "7", "st", "nd", "th", "er",
            "de ", "may", "p.m", "am", "a", "b", "url", "[url", "<a ", "](", "quot", "div", "/>", "\n", "A",
        ];
        prop_oneof![
            8 => proptest::sample::select(PARTS).prop_map(|part| part.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..4),
            1 => proptest::collection::vec(b'a'..=b'z', 1..6),
            1 => proptest::collection::vec(b'0'..=b'9', 1..6),
            1 => proptest::collection::vec(0x80..=0xffu8, 1..6),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn scanners_equal_their_expressions(line in proptest::collection::vec(parts(), 0..14)) {
            check(&line.concat());
        }
    }
}
