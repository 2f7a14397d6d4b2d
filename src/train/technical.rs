//! Makes lines of technical text: what looks most like junk and must stay.
//!
//! Checksums look like brands, paths and commands like menus, tables like link lists. No
//! training set has them in number, so they are generated: shapes, not texts.

use crate::train::rng::Rng;

const WORDS: &[&str] = &[
    "core", "net", "disk", "cache", "queue", "socket", "kernel", "driver", "module", "parser", "buffer", "thread",
    "mutex", "index", "shard", "proxy", "router", "daemon", "config", "logger", "timer", "token", "header", "packet",
    "session", "cluster", "replica", "volume", "mount", "device", "signal", "worker", "stream", "vector", "matrix",
    "render", "shader", "layout", "widget", "filter",
];
const EXTENSIONS: &[&str] = &[
    "c", "h", "rs", "py", "rb", "js", "conf", "txt", "log", "tar.gz", "zip", "so", "deb", "yml", "json", "html", "png",
];

const GIVEN_NAMES: &[&str] = &["Ada", "Tomas", "Leila", "Jun", "Marta", "Piotr", "Sofie", "Emeka", "Nils", "Chloé"];
const FAMILY_NAMES: &[&str] =
    &["Lindqvist", "Okafor", "Moreau", "Tanaka", "Kowalska", "Haddad", "Schröder", "Pereira", "Novak", "O'Neill"];

fn word(rng: &mut Rng) -> &'static str {
    WORDS[rng.below(WORDS.len())]
}

fn hex(length: usize, rng: &mut Rng) -> String {
    (0..length).map(|_| char::from(*rng.pick(b"0123456789abcdef"))).collect()
}

fn version(rng: &mut Rng) -> String {
    format!("{}.{}.{}", rng.below(12), rng.below(30), rng.below(20))
}

fn path(rng: &mut Rng) -> String {
    let root = *rng.pick(&[
        "/etc",
        "/usr/lib",
        "/var/log",
        "/home/user",
        "src",
        "./build",
        "/dev",
        "/proc/sys",
        "C:\\Program Files",
    ]);
    let mut out = root.to_owned();
    for _ in 0..=rng.below(3) {
        out.push('/');
        out.push_str(word(rng));
    }
    if rng.chance(0.6) {
        out.push('.');
        out.push_str(EXTENSIONS[rng.below(EXTENSIONS.len())]);
    }
    out
}

fn package(rng: &mut Rng) -> String {
    match rng.below(4) {
        0 => format!("lib{}{}", word(rng), rng.below(9)),
        1 => format!("{}-{}", word(rng), word(rng)),
        2 => format!("{}{}", word(rng), rng.below(30)),
        _ => format!("{}-{}", word(rng), version(rng)),
    }
}

/// A block of lines of one sort.
pub(crate) fn block(rng: &mut Rng) -> Vec<String> {
    let most = if rng.chance(0.2) { 30 } else { 10 };
    let count = 2 + rng.below(most);
    let sort = rng.below(SORTS);
    let bullet = *rng.pick(&["* ", "- ", "", "  ", "• "]);
    let first = word(rng);
    (0..count)
        .map(|line| match sort {
            0 => format!(
                "{bullet}{}: {}",
                *rng.pick(&["SHA1", "SHA256", "SHA512", "MD5", "SHA-256", "sha512sum"]),
                hex(40, rng)
            ),
            1 => match line % 4 {
                0 => format!("{bullet}<https://downloads.example.org/{}/{}-{}.tar.gz>", word(rng), first, version(rng)),
                1 => format!("{bullet}SIZE: {} bytes", 100_000 + rng.below(99_999_999)),
                2 => format!("{bullet}SHA1: {}", hex(40, rng)),
                _ => format!("{bullet}SHA256: {}", hex(64, rng)),
            },
            2 => format!("{bullet}{}", package(rng)),
            3 => format!(
                "$ {} {} --{}={} {}",
                *rng.pick(&["git", "apt", "systemctl", "docker", "cargo", "kubectl", "ls", "grep", "curl"]),
                word(rng),
                word(rng),
                rng.below(99),
                path(rng)
            ),
            4 => format!("{}=\"{}\"", word(rng).to_uppercase(), hex(6, rng)),
            5 => format!("ATTRS{{{}}}==\"{}\"", word(rng), rng.below(9999)),
            6 => format!(
                "{} {} {} {} {}G {}",
                path(rng),
                rng.below(99_999_999),
                rng.below(99_999_999),
                rng.below(9_999_999),
                rng.below(900),
                *rng.pick(&["Linux RAID", "Linux LVM", "EFI System", "ext4", "swap"])
            ),
            7 => format!("│{} │V:{}, │{} │{} │", word(rng), rng.below(300), rng.below(3000), word(rng)),
            8 => format!(
                "[{}] {:02}:{:02}:{:02} {}: {} {} failed with code {}",
                *rng.pick(&["INFO", "WARN", "ERROR", "debug"]),
                rng.below(24),
                rng.below(60),
                rng.below(60),
                word(rng),
                word(rng),
                word(rng),
                rng.below(255)
            ),
            9 => format!(
                "{bullet}Fix {} in {} ([#{}](https://github.com/{}/{}/issues/{}))",
                word(rng),
                word(rng),
                rng.below(9999),
                first,
                word(rng),
                rng.below(9999)
            ),
            10 => format!(
                "  * {} {} {}. (Closes: #{})",
                *rng.pick(&["Update", "Drop", "Add", "Refresh", "Fix"]),
                word(rng),
                word(rng),
                100_000 + rng.below(899_999)
            ),
            11 => format!(
                "{}.{}.{}.{} - - {} {} {}",
                1 + rng.below(254),
                rng.below(255),
                rng.below(255),
                rng.below(255),
                *rng.pick(&["GET", "POST", "UDP", "TCP"]),
                path(rng),
                200 + rng.below(300)
            ),
            12 => format!("    {} = {}({}, {});", word(rng), word(rng), word(rng), rng.below(256)),
            13 => format!("{:08x}  {}  {}", line * 16, hex(16, rng), hex(16, rng)),
            14 => format!(
                "{bullet}{} {} [{}]",
                word(rng),
                version(rng),
                *rng.pick(&["amd64", "all", "x86_64", "arm64", "i386"])
            ),
            15 => format!("|{}|{}|{}|{}%|", word(rng), rng.below(900), rng.below(900), rng.below(100)),
            16 => (*rng.pick(&["[...]", "(...)", "{", "}", "*", "```", "---", "end", "done", "esac", "</div>", "};"]))
                .to_owned(),
            17 => format!(
                "{}: {} ({})",
                capital(word(rng)),
                version(rng),
                *rng.pick(&["stable", "testing", "amd64", "deprecated", "since 2.1"])
            ),
            18 => preprocessor(rng),
            19 => format!("# {}", remark(rng)),
            20 => format!("#{}_{} {}", word(rng).to_uppercase(), word(rng).to_uppercase(), rng.below(60)),
            21 => match line % 3 {
                0 => format!("# {}", remark(rng)),
                1 => "#".to_owned(),
                _ => format!("{}_{}=\"{}\"", word(rng).to_uppercase(), word(rng).to_uppercase(), word(rng)),
            },
            22 => format!(
                "# {} {} -{} {} {}",
                word(rng),
                word(rng),
                *rng.pick(&["a", "l", "d", "R", "x"]),
                first,
                path(rng)
            ),
            23 => match line % 5 {
                0 => "#".repeat(20 + rng.below(60)),
                1 => "## <summary>".to_owned(),
                2 => format!("## {}", remark(rng)),
                3 => "## </summary>".to_owned(),
                _ => format!("## <param name=\"{}\">", word(rng)),
            },
            24 => format!(
                "{} http://{}.example.org/{} {} {} {}",
                *rng.pick(&["deb", "deb-src", "repo", "wget", "curl -O"]),
                word(rng),
                word(rng),
                *rng.pick(&["stable", "testing", "bookworm", "jammy", "main"]),
                word(rng),
                word(rng)
            ),
            25 => format!(
                "#[{}({})]",
                *rng.pick(&["derive", "cfg", "allow", "inline", "must_use", "test", "serde"]),
                word(rng)
            ),
            26 => format!("/// {}", remark(rng)),
            27 => (*rng.pick(&["/*", "*/", " *", "#", "//", "\"\"\"", "--", "%%", "<!--", "-->", "#!/bin/sh", "..."]))
                .to_owned(),
            28 => format!(
                "{bullet}{} {} {}. [[{} #{}]](https://{}.example.org/issues/{})",
                capital(word(rng)),
                word(rng),
                word(rng),
                *rng.pick(&["Bug", "Feature", "Issue", "PR", "GH"]),
                rng.below(20_000),
                first,
                rng.below(20_000)
            ),
            34 => format!(
                "{} {} {} {}. [[{} #{}]](https://{}.example.org/issues/{}) [[{} #{}]](https://{}.example.org/issues/{})",
                bullet,
                capital(word(rng)),
                word(rng),
                word(rng),
                *rng.pick(&["Bug", "Feature", "Función", "Misc", "PR"]),
                rng.below(20_000),
                first,
                rng.below(20_000),
                *rng.pick(&["Bug", "Feature", "Issue", "Característica", "GH"]),
                rng.below(20_000),
                first,
                rng.below(20_000)
            ),
            35 => format!(
                "{}: {} {} {}, {} {}! [{}] {} {} {}.",
                *rng.pick(&["SPEAKER", "Anna", "Q", "HOST", "Dr. K", "A"]),
                word(rng),
                word(rng),
                word(rng),
                word(rng),
                word(rng),
                *rng.pick(&["laughs", "laughter", "applause", "music", "inaudible", "pause", "crosstalk"]),
                word(rng),
                word(rng),
                word(rng)
            ),
            29 => format!(
                "Copyright: {}-{} {} {}",
                1995 + rng.below(15),
                2011 + rng.below(14),
                capital(word(rng)),
                capital(word(rng))
            ),
            30 => match line % 4 {
                0 => format!("Files: {}/*", word(rng)),
                1 => format!("License: {}", *rng.pick(&["MIT", "GPL-2+", "BSD-3-clause", "Apache-2.0"])),
                2 => "All rights reserved.".to_owned(),
                _ => format!(" {}", remark(rng)),
            },
            31 => (0..3 + rng.below(8))
                .map(|n| format!("{}{:02}", char::from(b'a' + (line % 26) as u8), n))
                .collect::<Vec<_>>()
                .join(" "),
            32 => format!(
                "__{}__ {}_u s{}-s{}:c{}.c{} *",
                word(rng),
                word(rng),
                rng.below(3),
                rng.below(3),
                rng.below(9),
                rng.below(1024)
            ),
            // Tables whose columns are numbers of things.
            37 if line % 4 == 0 => format!(
                "{} {}",
                word(rng).to_uppercase(),
                (0..2 + rng.below(4))
                    .map(|_| match rng.below(3) {
                        0 => format!("#{}", &word(rng).to_uppercase()[..2]),
                        1 => format!("%{}", &word(rng).to_uppercase()[..3]),
                        _ => capital(&word(rng)[..3]),
                    })
                    .collect::<Vec<_>>()
                    .join(" ")
            ),
            37 => format!("{first}_{} {} {} {} {}.{:02}g", word(rng), rng.below(9), rng.below(9), rng.below(99), rng.below(99), rng.below(99)),
            // Names of packages, as a control file lists them.
            38 => format!(
                "{}{}",
                *rng.pick(&["", "", "Provides: ", "Replaces: ", "Conflicts: ", "Depends: "]),
                (0..=rng.below(4))
                    .map(|_| match rng.below(3) {
                        0 => format!("{}:i386", package(rng)),
                        1 => format!("{first}-{}", word(rng)),
                        _ => format!("{} (>= {})", package(rng), version(rng)),
                    })
                    .collect::<Vec<_>>()
                    .join(", ")
            ),
            // Names of commands and functions, one a line.
            39 => match rng.below(3) {
                0 => format!("{first}_{}", word(rng)),
                1 => format!("{first}_{}_{}", word(rng), word(rng)),
                _ => format!("{first}_{}{}", word(rng), word(rng)),
            },
            40 => format!(
                "{} {} {}={}.{} UUID={}:{}:{} name={first}:{line}",
                first.to_uppercase(),
                path(rng),
                word(rng),
                rng.below(3),
                rng.below(9),
                hex(8, rng),
                hex(8, rng),
                hex(8, rng)
            ),
            // Devices, files of a package, reports by number.
            42 => format!(
                "Bus {:03} Device {:03}: ID {}:{} {} {} {} {}",
                rng.below(9),
                rng.below(20),
                hex(4, rng),
                hex(4, rng),
                capital(word(rng)),
                *rng.pick(&["Corp.", "Inc.", "Technology", "Semiconductor", "Ltd"]),
                *rng.pick(&["HD", "USB", "Wireless", "LED", "Pro", "Mini"]),
                *rng.pick(&["WebCam", "Hub", "Mouse", "Touchscreen", "Card Reader", "Live Camera", "Receiver"])
            ),
            43 => format!("/usr/share/{first}/{}{}", path(rng).trim_start_matches('/'), if line == 0 { "" } else { "/README" }),
            44 => format!("{} {} {} {} {}", 100_000 + rng.below(400_000), capital(word(rng)), word(rng), remark(rng), word(rng)),
            45 => (*rng.pick(&["[ ]", "[x]", "[...]", "[Y/n]", "[1]", "(*)", "[-]", "( )"])).to_owned(),
            // What to read: titles with the names of those who wrote them.
            41 => {
                let title: Vec<String> = (0..2 + rng.below(6)).map(|_| capital(word(rng))).collect();
                let [given, family] = [rng.pick(GIVEN_NAMES), rng.pick(FAMILY_NAMES)];
                format!("{bullet}{}{}{given} {family}", title.join(" "), rng.pick(&[", ", " - ", " by ", ": "]))
            }
            33 => format!(
                "https://{}.example.org/{}/{}-{}/{}",
                word(rng),
                word(rng),
                word(rng),
                word(rng),
                rng.below(99_999)
            ),
            _ => format!("{bullet}`{} --{}` {} {} {}", first, word(rng), word(rng), word(rng), word(rng)),
        })
        .collect()
}

/// Number of sorts of blocks.
const SORTS: usize = 47;

/// The address of a page, as people paste it.
pub(crate) fn address(rng: &mut Rng) -> String {
    const SLUGS: &[&str] = &[
        "gobierno",
        "harga",
        "berita",
        "polisi",
        "kasus",
        "bank",
        "judi",
        "online",
        "casino",
        "prices",
        "loan",
        "viagra",
        "election",
        "minister",
        "pinjol",
        "penipuan",
        "bitcoin",
        "news",
        "report",
        "city",
        "banjir",
        "sekolah",
        "world",
        "cup",
        "slot",
        "apuestas",
        "medicamentos",
        "prisión",
        "crypto",
        "scam",
        "warning",
        "health",
        "study",
    ];
    let words: Vec<&str> = (0..3 + rng.below(7)).map(|_| *rng.pick(SLUGS)).collect();
    let slug = words.join("-");
    let host = *rng.pick(&[
        "www.example-news.com",
        "harian.example.id",
        "diario.example.es",
        "example.org",
        "m.example.co.uk",
    ]);
    match rng.below(4) {
        0 => format!("https://{host}/{}/{}/d-{}/{slug}", word(rng), word(rng), 1_000_000 + rng.below(8_000_000)),
        1 => format!("https://{host}/{}/{:02}/{slug}.html", 2008 + rng.below(18), 1 + rng.below(12)),
        2 => format!("http://{host}/{slug}/"),
        _ => format!("https://{host}/{}/{slug}-{}", word(rng), rng.below(999_999)),
    }
}

/// A line for the C preprocessor.
fn preprocessor(rng: &mut Rng) -> String {
    match rng.below(7) {
        0 | 1 => format!("#include <{}/{}.h>", word(rng), word(rng)),
        2 => format!("# include \"./{}/{}/{}.h\"", word(rng), word(rng), word(rng)),
        3 => format!("#ifdef {}_{}", word(rng).to_uppercase(), word(rng).to_uppercase()),
        4 => format!("#elif defined(__{}__) && defined(__{}_{}__)", word(rng), word(rng), rng.below(64)),
        5 => (*rng.pick(&["#else", "#endif", "# endif", "#pragma once", "#undef EOF"])).to_owned(),
        _ => format!(
            "#define {}_{} ({} + {})",
            word(rng).to_uppercase(),
            word(rng).to_uppercase(),
            word(rng),
            rng.below(99)
        ),
    }
}

/// What stands in comments: a few words about a part of a program.
fn remark(rng: &mut Rng) -> String {
    const VERBS: &[&str] = &[
        "set",
        "use",
        "needed for",
        "see",
        "default for",
        "path to",
        "additional options to pass to",
        "started before",
        "requires",
        "do not change",
        "list of",
        "number of",
        "enable",
        "disable",
        "where to find",
        "testing",
    ];
    let mut out = format!("{} the {} {}", VERBS[rng.below(VERBS.len())], word(rng), word(rng));
    if rng.chance(0.4) {
        out.push_str(" of ");
        out.push_str(word(rng));
        out.push(' ');
        let ends: &[&str] = &["if not empty", "at boot", "(see manual)", "by default"];
        out.push_str(ends[rng.below(ends.len())]);
    }
    if rng.chance(0.4) {
        out = capital(&out);
    }
    if rng.chance(0.4) {
        out.push('.');
    }
    out
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
