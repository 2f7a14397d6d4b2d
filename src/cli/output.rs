//! Where results go: one output, or a folder that mirrors the inputs' tree.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use unspam::io::{Compression, Format, RecordWriter, Source, WriteError};

use crate::cli::talk::say;

/// What kind of results they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The records themselves: a file makes a file of the same format.
    Records,
    /// Lines about the records: they can follow each other whatever they are about.
    Lines,
}

/// The output of a run.
pub(crate) struct Output {
    kind: Kind,
    target: Target,
    several: bool,
}

enum Target {
    /// Nothing is written.
    Nothing,
    /// All results go to one place.
    One { writer: RecordWriter, ends_in_line: bool, last: Option<usize>, broken: bool },
    /// Each source has its own file.
    Folder { root: PathBuf, current: Option<(usize, RecordWriter)> },
}

impl Output {
    /// Returns an output that writes nothing.
    pub(crate) fn nothing() -> Self {
        Self { kind: Kind::Lines, target: Target::Nothing, several: false }
    }

    /// Opens standard output, a file, or a folder if there are files for it.
    pub(crate) fn open(kind: Kind, path: Option<&Path>, inputs: &[PathBuf], sources: &[Source]) -> Result<Self> {
        let several = sources.len() > 1 || inputs.iter().any(|input| input.is_dir());
        let target = match path {
            None => Self::one(RecordWriter::stdout()),
            Some(path) if path.as_os_str() == "-" => Self::one(RecordWriter::stdout()),
            Some(path) if is_folder(kind, path, several) => {
                check_folder(path, sources)?;
                Target::Folder { root: path.to_owned(), current: None }
            }
            Some(path) => Self::one(RecordWriter::create(path)?),
        };
        Ok(Self { kind, target, several })
    }

    fn one(writer: RecordWriter) -> Target {
        Target::One { writer, ends_in_line: true, last: None, broken: false }
    }

    /// Whether all results go to one place though there are several sources.
    pub(crate) fn joins_sources(&self) -> bool {
        self.several && matches!(self.target, Target::One { .. })
    }

    /// Writes results of a source; results of one source come in a row.
    pub(crate) fn write(&mut self, index: usize, source: &Source, format: Format, bytes: &[u8]) -> Result<()> {
        let joins = self.joins_sources();
        match &mut self.target {
            Target::Nothing => {}
            Target::One { writer, ends_in_line, last, .. } => {
                if joins && self.kind == Kind::Records {
                    if format == Format::Text {
                        bail!("texts cannot follow each other in one output: name a folder with -o FOLDER");
                    }
                    if *last != Some(index) && !*ends_in_line {
                        // The source before had no line break at its end.
                        writer.write_all(b"\n")?;
                    }
                }
                *last = Some(index);
                if let Some(&byte) = bytes.last() {
                    *ends_in_line = byte == b'\n';
                }
                writer.write_all(bytes)?;
                if source.path().is_none() {
                    writer.flush_stdout()?;
                }
            }
            Target::Folder { root, current } => {
                let writer = match current {
                    Some((open, writer)) if *open == index => writer,
                    _ => {
                        let path = root.join(result_name(self.kind, source.relative(), format));
                        &mut current.insert((index, RecordWriter::create(&path)?)).1
                    }
                };
                writer.write_all(bytes)?;
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
                    close(writer, whole || self.kind == Kind::Lines)?;
                }
            }
        }
        Ok(())
    }

    /// Completes the output.
    pub(crate) fn finish(self) -> Result<()> {
        match self.target {
            Target::Nothing | Target::Folder { .. } => {}
            Target::One { writer, broken, .. } => close(writer, !broken || self.kind == Kind::Lines)?,
        }
        Ok(())
    }
}

/// Gives an output its name, or another one if its input broke off: what looks complete
/// must be complete.
fn close(writer: RecordWriter, whole: bool) -> Result<(), WriteError> {
    if whole {
        return writer.commit();
    }
    if let Some(path) = writer.leave_incomplete()? {
        say(&format!("what could be read was written to {}", path.display()));
    }
    Ok(())
}

fn is_folder(kind: Kind, path: &Path, several: bool) -> bool {
    if path.is_dir() || path.as_os_str().to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR]) {
        return true;
    }
    let is_lines = Format::detect(Some(path), b"").is_ok_and(|format| format == Format::Jsonl);
    several && kind == Kind::Records && !is_lines
}

fn check_folder(root: &Path, sources: &[Source]) -> Result<()> {
    let mut names = HashSet::new();
    for source in sources {
        let Some(path) = source.path() else {
            bail!("standard input has no name to use in folder \"{}\": name a file", root.display());
        };
        if !names.insert(source.relative()) {
            let name = source.relative().display();
            bail!("two inputs would both be written to \"{name}\" in \"{}\": clean them one by one", root.display());
        }
        let target = root.join(source.relative());
        if target.exists() && target.canonicalize().ok() == path.canonicalize().ok() {
            bail!("output would overwrite its input \"{}\": name another folder", path.display());
        }
    }
    Ok(())
}

/// The name of a source's results: its own for records; lines about a text get their own
/// extension.
fn result_name(kind: Kind, relative: &Path, format: Format) -> PathBuf {
    if kind == Kind::Records || format != Format::Text {
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
