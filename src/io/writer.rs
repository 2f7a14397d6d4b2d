//! Writes outputs that appear under their name only when they are complete.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Stdout, Write};
use std::path::{Path, PathBuf};

use flate2::write::GzEncoder;
use same_file::Handle;

use crate::io::Compression;
#[cfg(feature = "parquet")]
use crate::io::parquet::NewCell;

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
/// A file is written beside its final place, under a hidden name, and moved there by
/// [`RecordWriter::commit`]; dropped without, it is removed. What a killed run left is taken
/// over by the next one that writes the same output.
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
    Pipe(Box<dyn Write + Send>),
    Plain(BufWriter<File>),
    Gzip(GzEncoder<BufWriter<File>>),
    /// gzip of many members, of which most come compressed already.
    Members {
        file: BufWriter<File>,
        open: Option<GzEncoder<Vec<u8>>>,
        any: bool,
    },
    Zstd(zstd::stream::write::Encoder<'static, BufWriter<File>>),
}

const BUFFER_BYTES: usize = 256 << 10;
/// What gzip takes without being told; higher levels cost more time than they save space.
const GZIP_LEVEL: u32 = 6;
const ZSTD_LEVEL: i32 = 3;
/// How the names of files end that are not complete.
pub(crate) const PART_SUFFIX: &str = ".unspam-part";

/// Returns a gzip member that holds `bytes`.
pub fn gzip_member(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::with_capacity(bytes.len() / 2), flate2::Compression::new(GZIP_LEVEL));
    encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("writing to memory does not fail")
}

/// Opens a file that is to be moved to `path` when it is complete, empty, and for this run alone.
fn open_part(path: &Path) -> io::Result<(File, PathBuf)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let part = path.with_file_name(format!(".{name}{PART_SUFFIX}"));
    for _ in 0..8 {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(&part)?;
        if file.try_lock().is_err() {
            let reason = "another run is writing it at this moment";
            return Err(io::Error::new(io::ErrorKind::ResourceBusy, reason));
        }
        // Between opening and locking another run may have moved it to its final place.
        let same = Handle::from_path(&part).ok() == Handle::from_file(file.try_clone()?).ok();
        if same {
            file.set_len(0)?;
            return Ok((file, part));
        }
    }
    Err(io::Error::new(io::ErrorKind::ResourceBusy, "other runs keep writing it"))
}

/// Removes what killed runs left below a folder.
pub fn remove_leftovers(folder: &Path) {
    let is_part = |entry: &walkdir::DirEntry| entry.file_name().to_string_lossy().ends_with(PART_SUFFIX);
    for entry in walkdir::WalkDir::new(folder).into_iter().filter_map(Result::ok).filter(is_part) {
        let unused = File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok());
        if unused {
            // If it stays, nothing is lost.
            fs::remove_file(entry.path()).ok();
        }
    }
}

impl RecordWriter {
    /// Returns a writer to standard output.
    pub fn stdout() -> Self {
        Self { sink: Some(Sink::Stdout(BufWriter::with_capacity(BUFFER_BYTES, io::stdout()))), place: None }
    }

    /// Returns a writer to another program.
    pub fn pipe(sink: Box<dyn Write + Send>) -> Self {
        Self { sink: Some(Sink::Pipe(sink)), place: None }
    }

    /// Starts a file, with the folders above it.
    ///
    /// # Errors
    /// If a folder or the file cannot be made.
    pub fn create(path: &Path) -> Result<Self, WriteError> {
        Self::start(path, false)
    }

    /// Starts a file that, if its name asks for gzip, takes members.
    ///
    /// # Errors
    /// If a folder or the file cannot be made.
    pub fn create_members(path: &Path) -> Result<Self, WriteError> {
        Self::start(path, true)
    }

    fn start(path: &Path, members: bool) -> Result<Self, WriteError> {
        Self::try_start(path, members).map_err(|source| WriteError::Io { name: path.display().to_string(), source })
    }

    fn try_start(path: &Path, members: bool) -> io::Result<Self> {
        let (file, place) = open_output(path)?;
        let sink = match Compression::of_name(path) {
            Compression::None => Sink::Plain(file),
            Compression::Gzip if members => Sink::Members { file, open: None, any: false },
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
            Some(Sink::Pipe(sink)) => sink.write_all(bytes),
            Some(Sink::Plain(sink)) => sink.write_all(bytes),
            Some(Sink::Gzip(sink)) => sink.write_all(bytes),
            Some(Sink::Members { .. }) => return self.write_members(&gzip_member(bytes)),
            Some(Sink::Zstd(sink)) => sink.write_all(bytes),
            None => Ok(()),
        };
        result.map_err(|error| self.failed(error))
    }

    /// Writes whole gzip members.
    ///
    /// # Errors
    /// As [`RecordWriter::write_all`].
    pub fn write_members(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        let result = match &mut self.sink {
            Some(Sink::Members { file, any, .. }) => {
                *any |= !bytes.is_empty();
                file.write_all(bytes)
            }
            _ => return self.write_all(bytes),
        };
        result.map_err(|error| self.failed(error))
    }

    /// Writes a part of a gzip member that is too big to be compressed at once.
    ///
    /// # Errors
    /// As [`RecordWriter::write_all`].
    pub fn write_in_member(&mut self, bytes: &[u8], is_last: bool) -> Result<(), WriteError> {
        let Some(Sink::Members { file, open, any }) = &mut self.sink else { return self.write_all(bytes) };
        *any = true;
        let new = || GzEncoder::new(Vec::new(), flate2::Compression::new(GZIP_LEVEL));
        let mut encoder = open.take().unwrap_or_else(new);
        let result = encoder.write_all(bytes).and_then(|()| {
            file.write_all(encoder.get_ref())?;
            encoder.get_mut().clear();
            if is_last {
                file.write_all(&encoder.finish()?)?;
            } else {
                *open = Some(encoder);
            }
            Ok(())
        });
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
        let to = self.place.as_ref().map(|place| incomplete_name(&place.path));
        self.finish(to.clone()).map_err(|error| self.failed(error))?;
        Ok(to)
    }

    fn finish(&mut self, to: Option<PathBuf>) -> io::Result<()> {
        let file = match self.sink.take() {
            None => return Ok(()),
            Some(Sink::Stdout(mut sink)) => return sink.flush(),
            Some(Sink::Pipe(mut sink)) => return sink.flush(),
            Some(Sink::Plain(sink)) => sink,
            Some(Sink::Gzip(sink)) => sink.finish()?,
            Some(Sink::Members { mut file, open, any }) => {
                if let Some(open) = open {
                    file.write_all(&open.finish()?)?;
                } else if !any {
                    // A file without a member is no gzip file.
                    file.write_all(&gzip_member(b""))?;
                }
                file
            }
            Some(Sink::Zstd(sink)) => sink.finish()?,
        };
        let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
        let (Some(place), Some(to)) = (&self.place, to) else { return Ok(()) };
        put_in_place(&file, place, &to)?;
        self.place = None;
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

fn incomplete_name(path: &Path) -> PathBuf {
    let mut name = path.to_owned().into_os_string();
    name.push(".incomplete");
    PathBuf::from(name)
}

fn open_output(path: &Path) -> io::Result<(BufWriter<File>, Option<Place>)> {
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
        let (file, part) = open_part(&path)?;
        if let Some(existing) = existing {
            file.set_permissions(existing.permissions())?;
        }
        (file, Some(Place { path, part }))
    };
    Ok((BufWriter::with_capacity(BUFFER_BYTES, file), place))
}

/// Gives a complete file its name, so that it survives a power cut.
fn put_in_place(file: &File, place: &Place, to: &Path) -> io::Result<()> {
    file.sync_all()?;
    fs::rename(&place.part, to)?;
    // The new name survives only once the folder is on disk too.
    if let Some(parent) = to.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        File::open(parent).and_then(|folder| folder.sync_all()).ok();
    }
    Ok(())
}

/// A copy of a columnar file with other cells in its text column.
#[cfg(feature = "parquet")]
pub struct ColumnWriter {
    cells: Option<crate::io::parquet::CellWriter<BufWriter<File>>>,
    place: Option<Place>,
    name: String,
}

#[cfg(feature = "parquet")]
impl ColumnWriter {
    /// Starts a file that is like `source` except for the column `text_field`; with `partial`,
    /// rows may be left out, and those behind the last cell are. The other columns are then
    /// encoded anew, with the same types and compression.
    ///
    /// # Errors
    /// If a folder or the file cannot be made.
    pub fn create(path: &Path, source: &Path, text_field: &str, partial: bool) -> Result<Self, WriteError> {
        let name = path.display().to_string();
        let (file, place) = open_output(path).map_err(|source| WriteError::Io { name: name.clone(), source })?;
        let cells = crate::io::parquet::CellWriter::new(source, text_field, partial, file);
        Ok(Self { cells: Some(cells), place, name })
    }

    /// Writes further cells of the text column.
    ///
    /// # Errors
    /// If the system refuses, or there are more cells than rows.
    pub fn push(&mut self, cells: Vec<NewCell>) -> Result<(), WriteError> {
        let writer = self.cells.as_mut().ok_or_else(|| "it is complete".to_owned());
        writer.and_then(|writer| writer.push(cells)).map_err(|reason| failed(&self.name, reason))
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// If there are fewer cells than rows, the rest cannot be written, or the file not be moved.
    pub fn commit(mut self) -> Result<(), WriteError> {
        let Some(cells) = self.cells.take() else { return Ok(()) };
        let file = cells.finish().map_err(|reason| failed(&self.name, reason))?;
        let file = file.into_inner().map_err(|error| failed(&self.name, error.to_string()))?;
        if let Some(place) = &self.place {
            put_in_place(&file, place, &place.path).map_err(|error| failed(&self.name, error.to_string()))?;
        }
        self.place = None;
        Ok(())
    }
}

#[cfg(feature = "parquet")]
impl Drop for ColumnWriter {
    fn drop(&mut self) {
        self.cells = None;
        if let Some(place) = &self.place {
            // Nothing can be done, and nothing is lost, if it stays.
            fs::remove_file(&place.part).ok();
        }
    }
}

#[cfg(feature = "parquet")]
fn failed(name: &str, reason: String) -> WriteError {
    WriteError::Io { name: name.to_owned(), source: io::Error::other(reason) }
}

/// Lines that are kept plain while a run goes on, so that it can be resumed, and get their
/// final form and name at its end.
pub struct Spool {
    file: BufWriter<File>,
    path: PathBuf,
    len: u64,
    unsynced: bool,
}

impl Spool {
    /// Opens a spool with the first `len` bytes that are there already.
    ///
    /// # Errors
    /// If the file cannot be made, or is shorter.
    pub fn open(path: &Path, len: u64) -> Result<Self, WriteError> {
        let open = || {
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            let mut file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path)?;
            if file.metadata()?.len() < len {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "it is shorter than it was"));
            }
            file.set_len(len)?;
            file.seek(SeekFrom::End(0))?;
            Ok(file)
        };
        let file = open().map_err(|source| WriteError::Io { name: path.display().to_string(), source })?;
        let file = BufWriter::with_capacity(BUFFER_BYTES, file);
        Ok(Self { file, path: path.to_owned(), len, unsynced: false })
    }

    /// Length so far.
    pub fn byte_len(&self) -> u64 {
        self.len
    }

    /// Appends lines.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn write_all(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.len += bytes.len() as u64;
        self.unsynced |= !bytes.is_empty();
        self.file.write_all(bytes).map_err(|source| self.failed(source))
    }

    /// Makes what was written survive a power cut.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn sync(&mut self) -> Result<(), WriteError> {
        if !std::mem::take(&mut self.unsynced) {
            return Ok(());
        }
        self.file.flush().and_then(|()| self.file.get_ref().sync_data()).map_err(|source| self.failed(source))
    }

    /// Writes all lines to `to`, compressed as its name says, or beside it with `.incomplete`
    /// at the end; returns the name. The spool stays if it is to be `kept`.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn finish(mut self, to: &Path, whole: bool, kept: bool) -> Result<PathBuf, WriteError> {
        self.file.flush().map_err(|source| self.failed(source))?;
        let mut writer = RecordWriter::create(to)?;
        let mut file = File::open(&self.path).map_err(|source| self.failed(source))?;
        let mut buffer = vec![0; BUFFER_BYTES];
        loop {
            let read = file.read(&mut buffer).map_err(|source| self.failed(source))?;
            if read == 0 {
                break;
            }
            writer.write_all(&buffer[..read])?;
        }
        let name = if whole { to.to_owned() } else { incomplete_name(to) };
        if whole {
            writer.commit()?;
        } else {
            writer.leave_incomplete()?;
        }
        if !kept {
            fs::remove_file(&self.path).ok();
        }
        Ok(name)
    }

    fn failed(&self, source: io::Error) -> WriteError {
        WriteError::Io { name: self.path.display().to_string(), source }
    }
}
