//! What the tests share.

use std::path::Path;
use std::process::Output;

use assert_cmd::Command;
use sha1::Digest as _;

/// The article of [`DIRTY`] and what must be left of it.
pub(crate) const CLEAN: &str = "\
Warga Tiga Desa Gotong Royong Perbaiki Jembatan

DEMAK - Puluhan warga dari tiga desa memperbaiki jembatan gantung yang rusak diterjang banjir pekan lalu. \
Mereka bekerja sejak pagi dengan bahan yang dibeli dari iuran bersama.

Kepala desa setempat mengatakan jembatan itu satu-satunya jalan anak-anak menuju sekolah. “Kalau menunggu \
anggaran tahun depan, terlalu lama,” katanya, Selasa.

Pemerintah kabupaten berjanji mengirim tenaga teknis dan kawat baja untuk memperkuat tiang penyangga. \
Pekerjaan diperkirakan selesai sebelum musim tanam dimulai.
";

/// An article with two promotional lines at its end.
pub(crate) fn dirty() -> String {
    format!("{CLEAN}\nsbobet88\n\nBy gacor88\n")
}

/// The command.
pub(crate) fn unspam() -> Command {
    let mut command = assert_cmd::cargo::cargo_bin_cmd!("unspam");
    command.env_remove("NO_COLOR");
    command
}

/// Runs the command in a folder and returns what came out.
pub(crate) fn run(folder: &Path, args: &[&str]) -> Output {
    unspam().current_dir(folder).args(args).output().expect("the command runs")
}

/// Runs the command and returns standard output; the exit code must be `code`.
pub(crate) fn stdout(folder: &Path, args: &[&str], code: i32) -> String {
    let output = run(folder, args);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    String::from_utf8(output.stdout).expect("output is UTF-8")
}

/// Runs the command and returns standard error; the exit code must be `code`.
pub(crate) fn stderr(folder: &Path, args: &[&str], code: i32) -> String {
    let output = run(folder, args);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(code), "{args:?}: {errors}");
    errors
}

/// The lines of JSON in a text.
pub(crate) fn lines(text: &str) -> Vec<serde_json::Value> {
    text.lines().map(|line| serde_json::from_str(line).expect("a line of JSON")).collect()
}

/// A JSON line with this text.
pub(crate) fn record(id: &str, text: &str) -> String {
    serde_json::json!({"id": id, "text": text}).to_string() + "\n"
}

/// Bytes as a gzip file of one member.
pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write as _;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).expect("memory takes all");
    encoder.finish().expect("memory takes all")
}

/// What a gzip file holds.
pub(crate) fn gunzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Read as _;
    let mut plain = Vec::new();
    flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut plain).expect("gzip");
    plain
}

/// A WARC record of text.
pub(crate) fn warc(url: &str, text: &str) -> Vec<u8> {
    let digest = data_encoding::BASE32.encode(&sha1::Sha1::digest(text));
    format!(
        "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: {url}\r\nWARC-Record-ID: <urn:uuid:{url}>\r\n\
         WARC-Block-Digest: sha1:{digest}\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}\r\n\r\n",
        text.len()
    )
    .into_bytes()
}

/// All files below a folder with their contents, in the order of their names.
pub(crate) fn tree(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
                files.push((name, std::fs::read(&path).expect("a file")));
            }
        }
    }
    files.sort();
    files
}

/// Random numbers that are the same every time.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// A number below `below`.
    pub(crate) fn roll(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % below as u64) as usize
    }

    /// One of the items.
    pub(crate) fn pick<'i, T>(&mut self, items: &'i [T]) -> &'i T {
        &items[self.roll(items.len())]
    }
}
