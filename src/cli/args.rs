//! Flags that the verbs share.

use std::path::PathBuf;

use clap::ValueEnum;
use unspam::io::Format;
use unspam::{LabelSet, Preset};

/// What to read, and how to judge it.
#[derive(Debug, Default, clap::Args)]
pub(crate) struct Common {
    /// Files or folders; none, or -, is standard input.
    #[arg(value_name = "INPUT")]
    pub(crate) inputs: Vec<PathBuf>,

    #[command(flatten)]
    pub(crate) judge: Judge,

    #[command(flatten)]
    pub(crate) read: Read,

    /// Read web pages too: the text of their article takes the place of the page.
    #[arg(long, help_heading = "Reading")]
    pub(crate) extract: bool,
}

/// How to judge.
#[derive(Debug, Default, Clone, clap::Args)]
#[command(next_help_heading = "Judgement")]
pub(crate) struct Judge {
    /// Trade-off between junk left in and article lost: balanced, precision or recall.
    #[arg(long, value_name = "NAME")]
    pub(crate) preset: Option<Preset>,

    /// Labels to remove, instead of spam/* and boilerplate/* except boilerplate/byline.
    #[arg(long, value_name = "LABELS", value_parser = labels)]
    pub(crate) remove: Option<LabelSet>,

    /// Labels to keep.
    #[arg(long, value_name = "LABELS", value_parser = labels)]
    pub(crate) keep: Option<LabelSet>,

    /// Least probability at which a label is removed; may be given again.
    #[arg(long, value_name = "LABEL=P", value_parser = threshold)]
    pub(crate) threshold: Vec<(LabelSet, f32)>,

    /// Nats added to the log-odds of every threshold: above 0 removes less, below 0 more; see
    /// unspam calibrate.
    #[arg(long, value_name = "NATS", allow_negative_numbers = true)]
    pub(crate) caution: Option<f32>,

    /// Share of a text, 0 to 1, above which nothing is removed unless the document is spam.
    #[arg(long, value_name = "SHARE")]
    pub(crate) max_loss_share: Option<f32>,

    /// Model to use instead of the built-in one.
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,

    /// What sites repeat, as `unspam profile` learns it.
    #[arg(long, value_name = "FILE")]
    pub(crate) profile: Option<PathBuf>,

    /// Settings; flags go before them.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,

    /// Print the settings in force as a settings file, and stop.
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// How to read, and with how many hands.
#[derive(Debug, Default, clap::Args)]
#[command(next_help_heading = "Reading")]
pub(crate) struct Read {
    /// Threads that work; the output is the same for any number. All cores by default.
    #[arg(long, short, value_name = "N")]
    pub(crate) jobs: Option<usize>,

    /// Format of the inputs instead of what names and contents say: text, jsonl, csv, tsv,
    /// warc, parquet, or html with --extract.
    #[arg(long, value_name = "FORMAT")]
    pub(crate) input_format: Option<Format>,

    /// Read the names of inputs from a file, one a line; - is standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) files_from: Option<PathBuf>,

    /// Field or column that holds the text [default: text].
    #[arg(long, value_name = "FIELD")]
    pub(crate) text_field: Option<String>,

    /// Field or column that holds the identifier [default: id].
    #[arg(long, value_name = "FIELD")]
    pub(crate) id_field: Option<String>,

    /// Field or column that holds the address [default: url].
    #[arg(long, value_name = "FIELD")]
    pub(crate) url_field: Option<String>,

    /// Field or column that holds the language, for counts only [default: lang].
    #[arg(long, value_name = "FIELD")]
    pub(crate) lang_field: Option<String>,

    /// Character between the columns of a table, \t for a tab; found out by default.
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub(crate) delimiter: Option<u8>,

    /// Tables have no row of names: columns are named by number, such as --text-field 2, and
    /// separated by commas, or tabs in TSV, unless --delimiter says otherwise.
    #[arg(long)]
    pub(crate) no_header: bool,

    /// Stop after N records.
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u64>,

    /// Pass on each record as soon as it is read, from files and named pipes too; what comes from
    /// standard input and goes to standard output always is.
    #[arg(long)]
    pub(crate) line_buffered: bool,

    /// Most bytes of a record, with K, M or G if you like [default: 64M].
    #[arg(long, value_name = "SIZE", value_parser = size)]
    pub(crate) max_record: Option<usize>,

    /// Most times that compressed input may grow [default: 1000].
    #[arg(long, value_name = "TIMES")]
    pub(crate) max_expansion: Option<u64>,

    /// Bytes read at once, approximately.
    #[arg(long, value_name = "SIZE", value_parser = size, hide = true)]
    pub(crate) chunk_bytes: Option<usize>,

    /// Judge nothing: what reading and writing take alone.
    #[arg(long, hide = true)]
    pub(crate) no_judgement: bool,

    /// Bytes of input after which finished inputs need not be looked at again by --resume.
    #[arg(long, value_name = "SIZE", value_parser = size, hide = true)]
    pub(crate) checkpoint_bytes: Option<usize>,

    /// Say nothing but errors.
    #[arg(long, short)]
    pub(crate) quiet: bool,

    /// Use colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value_t)]
    pub(crate) color: When,
}

/// When to use colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum When {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    Always,
    Never,
}

fn labels(list: &str) -> Result<LabelSet, String> {
    LabelSet::parse(list).map_err(|error| error.to_string())
}

fn threshold(setting: &str) -> Result<(LabelSet, f32), String> {
    let (list, probability) = setting.split_once('=').ok_or("write LABEL=P, for example spam=0.9")?;
    let probability = probability.parse().map_err(|_| format!("\"{probability}\" is not a number"))?;
    Ok((labels(list)?, probability))
}

fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        b"\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !matches!(byte, b'"' | b'\n' | b'\r') => Ok(*byte),
        _ => Err("write one ASCII character, or \\t for a tab".to_owned()),
    }
}

/// Parses a size in bytes: `1000`, `64K`, `64M`, `64MB`, `64MiB`, `2G`; K is 1024.
pub(crate) fn size(text: &str) -> Result<usize, String> {
    let wrong = || format!("\"{text}\" is not a size: write bytes, or 64K, 64M, 2G");
    let upper = text.trim().to_ascii_uppercase();
    let digits = upper.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let shift = match &upper[digits.len()..] {
        "" | "B" => 0,
        "K" | "KB" | "KIB" => 10,
        "M" | "MB" | "MIB" => 20,
        "G" | "GB" | "GIB" => 30,
        _ => return Err(wrong()),
    };
    let number: usize = digits.trim().parse().map_err(|_| wrong())?;
    number.checked_shl(shift).filter(|size| size >> shift == number && *size > 0).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_with_and_without_units() {
        assert_eq!(size("1000"), Ok(1000));
        assert_eq!(size("64M"), Ok(64 << 20));
        assert_eq!(size("2 GiB"), Ok(2 << 30));
        assert!(size("0").is_err() && size("x").is_err() && size("99999999999G").is_err());
    }
}
