//! Writes outputs that appear under their name only when they are complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Stdout, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;

use crate::io::Compression;

/// Why an output could not be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// The reader of standard output has gone: nobody wants the rest.
    #[error("standard output was closed")]
    Closed,
    /// The system refuses.
    #[error("cannot write {name}: {source}")]
    Io {
        /// The output.
        name: String,
        /// What the system says.
        source: io::Error,
    },
}

/// One output: standard output or a file, compressed as its name says.
///
/// A file is written beside its final place and moved there by [`RecordWriter::commit`];
/// dropped without, it is removed.
pub struct RecordWriter {
    sink: Option<Sink>,
    place: Option<Place>,
}

struct Place {
    path: PathBuf,
    part: PathBuf,
}

enum Sink {
    Stdout(BufWriter<Stdout>),
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

const BUFFER_BYTES: usize = 256 << 10;
/// What gzip takes without being told; higher levels cost more time than they save space.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;

impl RecordWriter {
    /// Returns a writer to standard output.
    pub fn stdout() -> Self {
        Self { sink: Some(Sink::Stdout(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()))), place: None }
    }

    /// Starts a file, with the folders above it.
    ///
    /// # Errors
    /// If a folder or the file cannot be made.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        Self::try_create(path).map_err(|source| WriteError::Io { name: path.display().to_string(), source })
    }

    fn try_create(path: &Path) -> io::Result<Self> {
        // Writing goes to where a link points, as it does with a shell's redirection.
        let path = if path.is_symlink() { fs::canonicalize(path)? } else { path.to_owned() };
        if path.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
        }
        let existing = path.metadata().ok();
        let special = existing.as_ref().is_some_and(|found| !found.is_file());
        let (file, place) = if special {
            // Devices and pipes are written to, never replaced.
            (OpenOptions::new().write(true).open(&path)?, None)
        } else {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let part = path.with_file_name(format!(".{name}.{}.part", std::process::id()));
            let file = File::create(&part)?;
            if let Some(existing) = existing {
                file.set_permissions(existing.permissions())?;
            }
            (file, Some(Place { path: path.clone(), part }))
        };
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        let sink = match Compression::of_name(&path) {
            Compression::None => Sink::Plain(file),
            Compression::Gzip => Sink::Gzip(GzEncoder::new(file, flate2::Compression::new(GZIP_LEVEL))),
            Compression::Zstd => {
                let mut encoder = zstd::stream::write::Encoder::new(file, ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Sink::Zstd(encoder)
            }
        };
        Ok(Self { sink: Some(sink), place })
    }

    /// Writes all of `bytes`.
    ///
    /// # Errors
    /// If the system refuses, or nobody reads standard output any more.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let result = match &mut self.sink {
            Some(Sink::Stdout(sink)) => sink.write_all(bytes),
            Some(Sink::Plain(sink)) => sink.write_all(bytes),
            Some(Sink::Gzip(sink)) => sink.write_all(bytes),
            Some(Sink::Zstd(sink)) => sink.write_all(bytes),
            None => Ok(()),
        };
        result.map_err(|error| self.failed(error))
    }

    /// Passes on what was written so far, if somebody may be waiting for it.
    ///
    /// # Errors
    /// As [`RecordWriter::write_all`].
    pub fn flush_stdout(&mut self) -> Result<(), WriteError> {
        match &mut self.sink {
            Some(Sink::Stdout(sink)) => sink.flush().map_err(|error| self.failed(error)),
            _ => Ok(()),
        }
    }

    /// Completes the output and gives it its name.
    ///
    /// # Errors
    /// If the rest cannot be written, or the file not be moved.
    pub fn commit(mut self) -> Result<(), WriteError> {
        let to = self.place.as_ref().map(|place| place.path.clone());
        self.finish(to).map_err(|error| self.failed(error))
    }

    /// Completes what there is of an output and puts it beside its name, with
    /// `.incomplete` at the end; returns that name.
    ///
    /// # Errors
    /// As [`RecordWriter::commit`].
    pub fn leave_incomplete(mut self) -> Result<Option<PathBuf>, WriteError> {
        let to = self.place.as_ref().map(|place| {
            let mut name = place.path.clone().into_os_string();
            name.push(".incomplete");
            PathBuf::from(name)
        });
        self.finish(to.clone()).map_err(|error| self.failed(error))?;
        Ok(to)
    }

    fn finish(&mut self, to: Option<PathBuf>) -> io::Result<()> {
        let file = match self.sink.take() {
            None => return Ok(()),
            Some(Sink::Stdout(mut sink)) => return sink.flush(),
            Some(Sink::Plain(sink)) => sink,
            Some(Sink::Gzip(sink)) => sink.finish()?,
            Some(Sink::Zstd(sink)) => sink.finish()?,
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let (Some(place), Some(to)) = (&self.place, to) else { return Ok(()) };
        file.sync_all()?;
        fs::rename(&place.part, &to)?;
        self.place = None;
        // The new name survives a power cut only once the folder is on disk too.
        if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            File::open(parent).and_then(|folder| folder.sync_all()).ok();
        }
        Ok(())
    }

    fn failed(&self, source: io::Error) -> WriteError {
        match &self.place {
            None if source.kind() == io::ErrorKind::BrokenPipe => WriteError::Closed,
            None => WriteError::Io { name: "standard output".to_owned(), source },
            Some(place) => WriteError::Io { name: place.path.display().to_string(), source },
        }
    }
}

impl Drop for RecordWriter {
    fn drop(&mut self) {
        if let Some(place) = &self.place {
            // Nothing can be done, and nothing is lost, if it stays.
            fs::remove_file(&place.part).ok();
        }
    }
}
