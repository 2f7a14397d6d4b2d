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
        let parts: Vec<_> = self.relative.iter().map(|part| part.to_string_lossy()).collect();
        parts.join("/")
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

/// Returns the sources that `inputs` name, folders recursively in the order of their names;
/// `-` is standard input, and so is an empty list.
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
        } else {
            // If it is not there, opening it says so in its place.
            sources.push(Ok(Source::file(input)));
        }
    }
    sources
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
