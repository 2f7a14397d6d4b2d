//! Where results go: one output, or a folder that mirrors the inputs' tree.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use unspam::io::{ColumnWriter, Compression, Format, NewCell, RecordWriter, Source};

use crate::cli::talk::say;

/// What kind of results they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The records themselves: a file makes a file of the same format.
    Records,
    /// Lines about the records: they can follow each other whatever they are about.
    Lines,
}

/// Results of a run of records, ready to be written.
#[derive(Debug)]
pub(crate) enum Payload {
    Bytes(Vec<u8>),
    /// Compressed already.
    Members(Vec<Piece>),
    /// Cells of a text column.
    Cells(Vec<NewCell>),
}

#[derive(Debug)]
pub(crate) enum Piece {
    Members(Vec<u8>),
    /// Part of a member, plain; whether the member ends with it.
    Part(Vec<u8>, bool),
}

impl Payload {
    fn is_empty(&self) -> bool {
        match self {
            Self::Bytes(bytes) => bytes.is_empty(),
            Self::Members(pieces) => pieces.is_empty(),
            Self::Cells(cells) => cells.is_empty(),
        }
    }
}

/// The output of a run.
pub(crate) struct Output {
    kind: Kind,
    target: Target,
    several: bool,
    /// The column that holds the text, in columnar files.
    text_field: String,
    /// Whether records may be left out.
    partial: bool,
    /// Whether what comes from files is passed on at once, as what comes from a pipe is.
    flushes: bool,
}

enum Target {
    /// Nothing is written.
    Nothing,
    /// All results go to one place, which is opened when the first are there.
    One { place: Option<PathBuf>, writer: Option<Writer>, ends_in_line: bool, last: Option<usize>, broken: bool },
    /// Each source has its own file.
    Folder { root: PathBuf, current: Option<(usize, Writer)> },
}

enum Writer {
    Records(Box<RecordWriter>),
    Columns(ColumnWriter),
}

impl Writer {
    fn open(
        path: Option<&Path>,
        source: &Source,
        format: Format,
        kind: Kind,
        (text_field, partial): (&str, bool),
    ) -> Result<Self> {
        let columnar = format == Format::Parquet && kind == Kind::Records;
        Ok(match (path, source.path()) {
            (Some(path), Some(source)) if columnar => {
                Self::Columns(ColumnWriter::create(path, source, text_field, partial)?)
            }
            _ if columnar => bail!("Parquet cannot be written to standard output: name a file with -o FILE"),
            (Some(path), _) if kind == Kind::Records => Self::Records(Box::new(RecordWriter::create_members(path)?)),
            (Some(path), _) => Self::Records(Box::new(RecordWriter::create(path)?)),
            (None, _) => Self::Records(Box::new(RecordWriter::stdout())),
        })
    }

    fn write(&mut self, payload: Payload) -> Result<()> {
        match (self, payload) {
            (Self::Records(writer), Payload::Bytes(bytes)) => writer.write_all(&bytes)?,
            (Self::Records(writer), Payload::Members(pieces)) => {
                for piece in pieces {
                    match piece {
                        Piece::Members(bytes) => writer.write_members(&bytes)?,
                        Piece::Part(bytes, is_last) => writer.write_in_member(&bytes, is_last)?,
                    }
                }
            }
            (Self::Columns(writer), Payload::Cells(cells)) => writer.push(cells)?,
            (_, payload) if payload.is_empty() => {}
            _ => bail!("files of different kinds cannot be written to one output: name a folder with -o FOLDER"),
        }
        Ok(())
    }

    /// Gives an output its name, or another one if its input broke off: what looks complete
    /// must be complete.
    fn close(self, whole: bool) -> Result<()> {
        match self {
            Self::Records(writer) if whole => writer.commit()?,
            Self::Records(writer) => {
                if let Some(path) = writer.leave_incomplete()? {
                    say(&format!("what could be read was written to {}", path.display()));
                }
            }
            Self::Columns(writer) if whole => writer.commit()?,
            // Half a columnar file is none.
            Self::Columns(writer) => drop(writer),
        }
        Ok(())
    }
}

impl Output {
    /// Returns an output that writes nothing.
    pub(crate) fn nothing() -> Self {
        Self::new(Kind::Lines, Target::Nothing, false, "")
    }

    fn new(kind: Kind, target: Target, several: bool, text_field: &str) -> Self {
        Self { kind, target, several, text_field: text_field.to_owned(), partial: false, flushes: false }
    }

    /// Returns an output that goes to another program.
    pub(crate) fn pipe(writer: RecordWriter) -> Self {
        let target = Target::One {
            place: None,
            writer: Some(Writer::Records(Box::new(writer))),
            ends_in_line: true,
            last: None,
            broken: false,
        };
        Self::new(Kind::Lines, target, false, "")
    }

    /// Plans for standard output, a file, or a folder if there are files for it; with `extract`,
    /// texts of web pages go to files of other names.
    pub(crate) fn open(
        kind: Kind,
        path: Option<&Path>,
        inputs: &[PathBuf],
        sources: &[Source],
        text_field: &str,
        extract: bool,
    ) -> Result<Self> {
        let several = sources.len() > 1 || inputs.iter().any(|input| input.is_dir());
        let one = |place: Option<&Path>| Target::One {
            place: place.map(Path::to_owned),
            writer: None,
            ends_in_line: true,
            last: None,
            broken: false,
        };
        let target = match path.filter(|path| path.as_os_str() != "-") {
            None => one(None),
            Some(path) if is_folder(kind, path, inputs, several) => {
                check_folder(kind, path, sources, extract)?;
                Target::Folder { root: path.to_owned(), current: None }
            }
            Some(path) => {
                // A place that cannot be written to is better known before the work.
                drop(RecordWriter::create(path)?);
                one(Some(path))
            }
        };
        Ok(Self::new(kind, target, several, text_field))
    }

    /// Returns the output of a run that leaves records out.
    pub(crate) fn partial(self, partial: bool) -> Self {
        Self { partial, ..self }
    }

    /// Returns the output of a run somebody may be waiting for.
    pub(crate) fn flushing(self, flushes: bool) -> Self {
        Self { flushes, ..self }
    }

    /// Whether all results go to one place though there are several sources.
    pub(crate) fn joins_sources(&self) -> bool {
        self.several && matches!(self.target, Target::One { .. })
    }

    /// The folder that results go to, or the file; nothing for standard output.
    pub(crate) fn place(&self) -> Option<(&Path, bool)> {
        match &self.target {
            Target::Nothing => None,
            Target::One { place, .. } => {
                place.as_deref().filter(|place| !place.exists() || place.is_file()).map(|place| (place, false))
            }
            Target::Folder { root, .. } => Some((root, true)),
        }
    }

    /// Whether the results of records are written, and how the output of a source is compressed.
    pub(crate) fn compression(&self, source: &Source) -> Option<Compression> {
        if self.kind == Kind::Lines {
            return None;
        }
        match &self.target {
            Target::Nothing => None,
            Target::One { place, .. } => Some(place.as_deref().map_or(Compression::None, Compression::of_name)),
            Target::Folder { .. } => Some(Compression::of_name(source.relative())),
        }
    }

    /// Writes results of a source; results of one source come in a row.
    ///
    /// `last_byte` is the last one of the payload before it was compressed.
    pub(crate) fn write(
        &mut self,
        index: usize,
        source: &Source,
        format: Format,
        payload: Payload,
        last_byte: Option<u8>,
    ) -> Result<()> {
        let joins = self.joins_sources();
        match &mut self.target {
            Target::Nothing => {}
            Target::One { place, writer, ends_in_line, last, .. } => {
                let is_new = *last != Some(index);
                if joins && self.kind == Kind::Records && !format.can_follow_each_other() {
                    let what = if format.is_one_record() { "texts".to_owned() } else { format!("{format} files") };
                    bail!("{what} cannot follow each other in one output: name a folder with -o FOLDER");
                }
                let writer = match writer {
                    Some(writer) => writer,
                    None => writer.insert(Writer::open(
                        place.as_deref(),
                        source,
                        format,
                        self.kind,
                        (&self.text_field, self.partial),
                    )?),
                };
                if joins && is_new && !*ends_in_line {
                    // The source before had no line break at its end.
                    writer.write(Payload::Bytes(b"\n".to_vec()))?;
                }
                *last = Some(index);
                if let Some(byte) = last_byte {
                    *ends_in_line = byte == b'\n' || format != Format::Jsonl || self.kind == Kind::Lines;
                }
                writer.write(payload)?;
                if let (true, Writer::Records(writer)) = (self.flushes || source.path().is_none(), writer) {
                    writer.flush_stdout()?;
                }
            }
            Target::Folder { root, current } => {
                let writer = match current {
                    Some((open, writer)) if *open == index => writer,
                    _ => {
                        let path = root.join(result_name(self.kind, source.relative(), format));
                        let writer =
                            Writer::open(Some(&path), source, format, self.kind, (&self.text_field, self.partial))?;
                        &mut current.insert((index, writer)).1
                    }
                };
                writer.write(payload)?;
            }
        }
        Ok(())
    }

    /// Ends the results of a source, of which `whole` says whether it could be read to its end.
    pub(crate) fn end_source(&mut self, whole: bool) -> Result<()> {
        match &mut self.target {
            Target::Nothing => {}
            Target::One { broken, .. } => *broken |= !whole,
            Target::Folder { current, .. } => {
                if let Some((_, writer)) = current.take() {
                    writer.close(whole || self.kind == Kind::Lines)?;
                }
            }
        }
        Ok(())
    }

    /// Completes the output.
    pub(crate) fn finish(self) -> Result<()> {
        let Target::One { place, writer, broken, .. } = self.target else { return Ok(()) };
        let writer = match (writer, place) {
            (Some(writer), _) => writer,
            // Nothing came: the output is empty, and not missing, unless there was nothing to read.
            (None, Some(_)) if broken && self.kind == Kind::Records => return Ok(()),
            (None, Some(place)) => Writer::Records(Box::new(RecordWriter::create_members(&place)?)),
            (None, None) => return Ok(()),
        };
        writer.close(!broken || self.kind == Kind::Lines)
    }
}

fn is_folder(kind: Kind, path: &Path, inputs: &[PathBuf], several: bool) -> bool {
    if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]) {
        return true;
    }
    // What is found in a folder goes to a folder, unless the name is that of a file.
    if kind == Kind::Lines && path.extension().is_none() && inputs.iter().any(|input| input.is_dir()) && !path.exists()
    {
        return true;
    }
    let can_join = Format::of_name(path).is_some_and(Format::can_follow_each_other);
    several && kind == Kind::Records && !can_join
}

fn check_folder(kind: Kind, root: &Path, sources: &[Source], extract: bool) -> Result<()> {
    let mut names = HashSet::new();
    for source in sources {
        let Some(path) = source.path() else {
            bail!("standard input has no name to use in folder \"{}\": name a file", root.display());
        };
        let name = match kind {
            Kind::Records if extract => text_name(source.relative()),
            _ => source.relative().to_owned(),
        };
        let target = root.join(&name);
        if !names.insert(name) {
            let name = source.relative().display();
            bail!("two inputs would both be written to \"{name}\" in \"{}\": clean them one by one", root.display());
        }
        if target.exists() && target.canonicalize().ok() == path.canonicalize().ok() {
            bail!("output would overwrite its input \"{}\": name another folder", path.display());
        }
    }
    Ok(())
}

/// The name of a source's results: its own for records; lines about other formats get their
/// own extension.
fn result_name(kind: Kind, relative: &Path, format: Format) -> PathBuf {
    if kind == Kind::Records && format == Format::Html {
        return text_name(relative);
    }
    if kind == Kind::Records || format == Format::Jsonl {
        return relative.to_owned();
    }
    let plain = match Compression::of_name(relative) {
        Compression::None => relative.to_owned(),
        _ => relative.with_extension(""),
    };
    let mut name = plain.into_os_string();
    name.push(".jsonl");
    PathBuf::from(name)
}

/// The name of the text of a web page: `.txt` in the place of `.html` and the like.
pub(crate) fn text_name(relative: &Path) -> PathBuf {
    let compression = match Compression::of_name(relative) {
        Compression::None => None,
        _ => relative.extension(),
    };
    let plain = if compression.is_some() { relative.with_extension("") } else { relative.to_owned() };
    if Format::of_name(&plain) != Some(Format::Html) {
        return relative.to_owned();
    }
    let mut name = plain.with_extension("txt").into_os_string();
    if let Some(compression) = compression {
        name.push(".");
        name.push(compression);
    }
    PathBuf::from(name)
}
