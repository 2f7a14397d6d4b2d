//! Which files a run reads, and in which order.

use std::io;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::io::InputError;

/// One input: a file, or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    path: Option<PathBuf>,
    relative: PathBuf,
    listed: bool,
}

impl Source {
    /// Returns the source that reads standard input.
    pub fn stdin() -> Self {
        Self { path: None, relative: PathBuf::from("-"), listed: false }
    }

    /// Returns the source that reads one file.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let relative = path.file_name().map_or_else(|| path.clone(), PathBuf::from);
        Self { path: Some(path), relative, listed: false }
    }

    /// The file, or `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The path below the folder it was found in, or the file name: where its output goes
    /// in a mirrored tree, and how a ledger names it.
    pub fn relative(&self) -> &Path {
        &self.relative
    }

    /// The relative path with `/` between its parts.
    pub fn key(&self) -> String {
        key_of(&self.relative)
    }

    /// Whether it was found in a folder rather than named.
    pub fn is_listed(&self) -> bool {
        self.listed
    }

    /// How messages name it.
    pub fn name(&self) -> String {
        self.path.as_deref().map_or_else(|| "standard input".to_owned(), |path| path.display().to_string())
    }
}

/// Returns a relative path with `/` between its parts.
pub fn key_of(relative: &Path) -> String {
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

/// Returns the sources that `inputs` name, folders recursively in the order of their names;
/// `-` is standard input, and so is an empty list. A name that is no file and holds `*`, `?`
/// or `[` is a pattern.
///
/// Hidden files and folders below a folder are left out. A folder that cannot be
/// listed is returned as an error beside its path, in its place.
pub fn list_sources(inputs: &[PathBuf]) -> Vec<Result<Source, (PathBuf, InputError)>> {
    if inputs.is_empty() {
        return vec![Ok(Source::stdin())];
    }
    let mut sources = Vec::new();
    for input in inputs {
        if input.as_os_str() == "-" {
            sources.push(Ok(Source::stdin()));
        } else if input.is_dir() {
            list_folder(input, &mut sources);
        } else if let Some(pattern) = as_pattern(input) {
            list_pattern(input, pattern, &mut sources);
        } else {
            // If it is not there, opening it says so in its place.
            sources.push(Ok(Source::file(input)));
        }
    }
    sources
}

/// Returns the names in a list of files, one a line, or with NUL bytes between them.
pub fn parse_file_list(list: &[u8]) -> Vec<PathBuf> {
    let separator = if list.contains(&0) { 0 } else { b'\n' };
    let names = list.split(|&byte| byte == separator).map(|name| if separator == 0 { name } else { name.trim_ascii() });
    names
        .filter(|name| !name.is_empty())
        .map(|name| PathBuf::from(String::from_utf8_lossy(name).into_owned()))
        .collect()
}

fn as_pattern(input: &Path) -> Option<&str> {
    let text = input.to_str()?;
    (text.contains(['*', '?', '[']) && !input.exists()).then_some(text)
}

/// Lists the files that a pattern names, in the order of their names; their place in a mirrored
/// tree is what stands behind the part of the pattern that has no wildcards.
fn list_pattern(input: &Path, pattern: &str, sources: &mut Vec<Result<Source, (PathBuf, InputError)>>) {
    let refuse = |error: String| InputError::Open { source: io::Error::new(io::ErrorKind::InvalidInput, error) };
    let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
    let paths = match glob::glob_with(pattern, options) {
        Ok(paths) => paths,
        Err(error) => {
            sources.push(Err((input.to_owned(), refuse(error.to_string()))));
            return;
        }
    };
    let fixed: PathBuf = input.iter().take_while(|part| !part.to_string_lossy().contains(['*', '?', '['])).collect();
    let before = sources.len();
    for path in paths {
        match path {
            Ok(path) if path.is_dir() => {}
            Ok(path) => {
                let relative = path.strip_prefix(&fixed).unwrap_or(&path).to_owned();
                sources.push(Ok(Source { path: Some(path), relative, listed: true }));
            }
            Err(error) => {
                let path = error.path().to_owned();
                sources.push(Err((path, InputError::Open { source: error.into() })));
            }
        }
    }
    if sources.len() == before {
        sources.push(Err((input.to_owned(), refuse("no file matches".to_owned()))));
    }
}

fn list_folder(folder: &Path, sources: &mut Vec<Result<Source, (PathBuf, InputError)>>) {
    let hidden = |entry: &walkdir::DirEntry| {
        entry.depth() > 0 && entry.file_name().to_str().is_some_and(|name| name.starts_with('.'))
    };
    for entry in WalkDir::new(folder).follow_links(true).sort_by_file_name().into_iter().filter_entry(|e| !hidden(e)) {
        match entry {
            Ok(entry) if entry.file_type().is_file() => {
                let relative = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_owned();
                sources.push(Ok(Source { path: Some(entry.into_path()), relative, listed: true }));
            }
            Ok(_) => {}
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_owned();
                let source = io::Error::from(error);
                sources.push(Err((path, InputError::Open { source })));
            }
        }
    }
}
