//! Bodies: read within the limits, and decompressed.
//!
//! The memory of a body is counted before it is used: at once if its length was stated, and
//! as it grows otherwise.

use std::io::{self, Write as _};
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use bytes::Buf as _;
use flate2::write::MultiGzDecoder;
use futures_util::{Stream, StreamExt as _};
use http_body_util::BodyExt as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use zstd::stream::raw::{InBuffer, Operation as _, OutBuffer};

use crate::serve::App;
use crate::serve::error::ApiError;

/// First bytes that are reserved for a body of unknown length.
const FIRST_BYTES: usize = 16 << 10;
/// Most bytes that come out of a decoder at once, approximately.
const STEP_BYTES: usize = 64 << 10;
/// The largest window of Zstandard that is accepted, as a power of two: what decoders must
/// support (RFC 8878, 3.1.1.1.2).
const ZSTD_WINDOW_LOG: u32 = 23;

/// The memory that one body of the largest size needs, compressed and decompressed, beside the
/// window of one stream.
pub(crate) fn least_memory(max_body: usize) -> usize {
    max_body.saturating_mul(2).saturating_add(2 * STEP_BYTES + (1 << ZSTD_WINDOW_LOG))
}

/// Leave to hold a number of bytes in memory.
pub(crate) struct Held {
    permit: OwnedSemaphorePermit,
    memory: Arc<Semaphore>,
}

impl Held {
    pub(crate) fn new(memory: &Arc<Semaphore>, bytes: usize) -> Result<Self, ApiError> {
        Ok(Self { permit: Self::take(memory, kibibytes(bytes))?, memory: Arc::clone(memory) })
    }

    /// Sees to it that there is leave for so many bytes in all.
    pub(crate) fn grow(&mut self, bytes: usize) -> Result<(), ApiError> {
        let missing = kibibytes(bytes).saturating_sub(self.permit.num_permits());
        if missing > 0 {
            self.permit.merge(Self::take(&self.memory, missing)?);
        }
        Ok(())
    }

    /// Gives back what is held beyond so many bytes.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        let spare = self.permit.num_permits().saturating_sub(kibibytes(bytes));
        drop(self.permit.split(spare));
    }

    /// How many bytes there is leave for.
    pub(crate) fn bytes(&self) -> usize {
        self.permit.num_permits() << 10
    }

    /// Binds the memory to bytes on their way to a client: who is slow to take them holds it so long.
    pub(crate) fn with(self, bytes: Vec<u8>) -> Bytes {
        struct Owner(Vec<u8>, #[expect(dead_code, reason = "held until it is dropped")] Held);
        impl AsRef<[u8]> for Owner {
            fn as_ref(&self) -> &[u8] {
                &self.0
            }
        }
        Bytes::from_owner(Owner(bytes, self))
    }

    fn take(memory: &Arc<Semaphore>, kibibytes: usize) -> Result<OwnedSemaphorePermit, ApiError> {
        Arc::clone(memory)
            .try_acquire_many_owned(kibibytes as u32)
            .map_err(|_| ApiError::busy("too many bodies are being read already"))
    }
}

fn kibibytes(bytes: usize) -> usize {
    bytes.div_ceil(1024).max(1)
}

/// A body as it was sent, and the memory it holds.
pub(crate) struct Sent {
    bytes: Bytes,
    coding: Coding,
    held: Held,
    max: usize,
}

impl Sent {
    /// Returns what the body says, without its content coding, and the memory it holds.
    ///
    /// # Errors
    /// If it cannot be decoded, or holds more than a body may.
    pub(crate) fn decode(self) -> Result<(Bytes, Held), ApiError> {
        let Self { mut bytes, coding, mut held, max } = self;
        let Some(mut decoder) = Decoder::new(coding)? else { return Ok((bytes, held)) };
        let sent = bytes.len();
        let mut plain = Vec::new();
        loop {
            let (before, is_all) = (plain.len(), bytes.is_empty());
            if plain.capacity() - before < STEP_BYTES {
                let capacity = (2 * before).min(max).max(before) + STEP_BYTES;
                held.grow(sent + capacity)?;
                plain.reserve_exact(capacity - before);
            }
            decoder.step(&mut bytes, &mut plain)?;
            if plain.len() > max {
                return Err(ApiError::too_large(max));
            }
            if is_all && plain.len() == before {
                decoder.end()?;
                drop(bytes);
                held.shrink(plain.capacity());
                return Ok((plain.into(), held));
            }
        }
    }
}

/// Reads a body within the limits.
pub(crate) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Sent, ApiError> {
    let coding = Coding::of(headers)?;
    let max = app.options.max_body;
    let stated = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if stated.is_some_and(|stated| stated > max as u64) {
        return Err(ApiError::too_large(max));
    }
    // Saying no before reading is what keeps the service quick under too much load.
    if app.pool.is_full() {
        return Err(ApiError::busy("too many requests wait already"));
    }
    let first = stated.map_or(FIRST_BYTES.min(max), |stated| stated as usize);
    let mut held = Held::new(&app.body_memory, first)?;
    match tokio::time::timeout(app.options.patience, collect(body, first, max, &mut held)).await {
        Ok(bytes) => Ok(Sent { bytes: bytes?, coding, held, max }),
        Err(_) => {
            let message = "the body took too long";
            Err(ApiError::new(StatusCode::REQUEST_TIMEOUT, "slow_body", message))
        }
    }
}

async fn collect(mut body: Body, first: usize, max: usize, held: &mut Held) -> Result<Bytes, ApiError> {
    let mut bytes = Vec::new();
    bytes.reserve_exact(first);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::malformed("the body broke off"))?;
        let Ok(data) = frame.into_data() else { continue };
        let len = bytes.len() + data.len();
        if len > max {
            return Err(ApiError::too_large(max));
        }
        if len > bytes.capacity() {
            let capacity = len.max(bytes.capacity() * 2).min(max);
            held.grow(capacity)?;
            bytes.reserve_exact(capacity - bytes.len());
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes.into())
}

/// Holds the memory that a stream needs beside its lines, if that is much.
pub(crate) fn hold_window(app: &App, coding: Coding) -> Result<Option<Held>, ApiError> {
    match coding {
        Coding::Zstd => Held::new(&app.body_memory, 1 << ZSTD_WINDOW_LOG).map(Some),
        Coding::Gzip | Coding::Identity => Ok(None),
    }
}

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Coding {
    Identity,
    Gzip,
    Zstd,
}

impl Coding {
    /// Returns the coding that the headers name.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, ApiError> {
        let mut coding = Self::Identity;
        for value in headers.get_all(header::CONTENT_ENCODING) {
            let names = value.to_str().map_err(|_| ApiError::coding())?;
            for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
                let named = match name.to_ascii_lowercase().as_str() {
                    "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "zstd" => Self::Zstd,
                    _ => return Err(ApiError::coding()),
                };
                if coding != Self::Identity {
                    return Err(ApiError::coding());
                }
                coding = named;
            }
        }
        Ok(coding)
    }
}

/// Decompresses a body step by step.
enum Decoder {
    Gzip { decoder: Box<MultiGzDecoder<Vec<u8>>>, any: bool },
    Zstd { decoder: zstd::stream::raw::Decoder<'static>, within: bool, full: bool },
}

impl Decoder {
    fn new(coding: Coding) -> Result<Option<Self>, ApiError> {
        Ok(match coding {
            Coding::Identity => None,
            Coding::Gzip => Some(Self::Gzip { decoder: Box::new(MultiGzDecoder::new(Vec::new())), any: false }),
            Coding::Zstd => {
                let internal = |_| ApiError::internal();
                let mut decoder = zstd::stream::raw::Decoder::new().map_err(internal)?;
                let window = zstd::stream::raw::DParameter::WindowLogMax(ZSTD_WINDOW_LOG);
                decoder.set_parameter(window).map_err(internal)?;
                Some(Self::Zstd { decoder, within: false, full: false })
            }
        })
    }

    /// Takes some of the bytes and appends about [`STEP_BYTES`] of what they stand for at
    /// most. There is no more to come if there were no bytes and nothing was appended.
    fn step(&mut self, bytes: &mut Bytes, out: &mut Vec<u8>) -> Result<(), ApiError> {
        match self {
            Self::Gzip { decoder, any } => {
                // Each call hands on what the one before decoded, at most its buffer.
                let taken = if bytes.is_empty() {
                    decoder.flush().map(|()| 0)
                } else {
                    *any = true;
                    decoder.write(bytes)
                };
                bytes.advance(taken.map_err(|error| broken(&error))?);
                out.append(decoder.get_mut());
            }
            Self::Zstd { decoder, within, full } => {
                if bytes.is_empty() && !*full {
                    return Ok(());
                }
                let before = out.len();
                out.resize(before + STEP_BYTES, 0);
                let (read, written, left) = {
                    let mut input = InBuffer::around(&bytes[..]);
                    let mut output = OutBuffer::around_pos(&mut out[..], before);
                    let left = decoder.run(&mut input, &mut output).map_err(|error| broken(&error))?;
                    (input.pos(), output.pos(), left)
                };
                bytes.advance(read);
                out.truncate(written);
                *within = left > 0;
                *full = *within && written == before + STEP_BYTES;
            }
        }
        Ok(())
    }

    /// Says whether what was decoded was whole.
    fn end(&mut self) -> Result<(), ApiError> {
        let whole = match self {
            // No member at all is no body.
            Self::Gzip { any: false, .. } => true,
            Self::Gzip { decoder, .. } => decoder.try_finish().is_ok(),
            Self::Zstd { within, .. } => !*within,
        };
        if whole { Ok(()) } else { Err(ApiError::malformed("the compressed body ends too early")) }
    }
}

fn broken(error: &io::Error) -> ApiError {
    ApiError::malformed(format!("the body is not compressed as its Content-Encoding says: {error}"))
}

fn told(error: &ApiError) -> io::Error {
    io::Error::other(error.message().to_owned())
}

/// Returns the data of a body without its content coding, as it comes in.
pub(crate) fn stream(
    body: Body,
    coding: Coding,
) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + use<>, ApiError> {
    let decoder = Decoder::new(coding)?;
    let state = (body.into_data_stream(), decoder, Bytes::new(), false);
    Ok(futures_util::stream::try_unfold(state, |(mut data, mut decoder, mut bytes, mut ended)| async move {
        loop {
            let Some(decoder_in_use) = &mut decoder else {
                let next = data.next().await.transpose().map_err(io::Error::other)?;
                return Ok(next.map(|next| (next, (data, decoder, bytes, ended))));
            };
            let mut plain = Vec::new();
            decoder_in_use.step(&mut bytes, &mut plain).map_err(|error| told(&error))?;
            if !plain.is_empty() {
                return Ok(Some((Bytes::from(plain), (data, decoder, bytes, ended))));
            }
            if !bytes.is_empty() {
                continue;
            }
            if ended {
                decoder_in_use.end().map_err(|error| told(&error))?;
                return Ok(None);
            }
            match data.next().await.transpose().map_err(io::Error::other)? {
                Some(next) => bytes = next,
                None => ended = true,
            }
        }
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(bytes: &[u8]) -> Vec<u8> {
        zstd::encode_all(bytes, 1).unwrap()
    }

    fn decode(coding: Coding, bytes: Vec<u8>, max: usize) -> Result<Vec<u8>, ApiError> {
        let held = Held::new(&Arc::new(Semaphore::new(1 << 20)), bytes.len()).ok().unwrap();
        Sent { bytes: bytes.into(), coding, held, max }.decode().map(|(bytes, _)| bytes.to_vec())
    }

    #[test]
    fn bodies_come_out_as_they_went_in() {
        let texts = [Vec::new(), b"a".to_vec(), b"words and words ".repeat(50_000)];
        for text in texts {
            let max = text.len().max(1);
            for (coding, packed) in [(Coding::Gzip, gzip(&text)), (Coding::Zstd, zstd(&text))] {
                assert!(decode(coding, packed.clone(), max).ok().unwrap() == text, "{coding:?}");
                let twice = [&packed[..], &packed[..]].concat();
                assert!(decode(coding, twice, max * 2).ok().unwrap() == text.repeat(2), "{coding:?}");
                // No part of it passes for the whole.
                for cut in [packed.len() - 1, packed.len() / 2, 1] {
                    assert!(decode(coding, packed[..cut].to_vec(), max).is_err(), "{coding:?} {cut}");
                }
                if text.len() > 1 {
                    assert!(decode(coding, packed, max - 1).is_err());
                }
            }
        }
        assert!(decode(Coding::Gzip, b"no gzip at all".to_vec(), 100).is_err());
        assert!(decode(Coding::Zstd, b"no zstd at all".to_vec(), 100).is_err());
    }

    #[test]
    fn what_is_sent_holds_its_memory_until_it_is_gone() {
        let memory = Arc::new(Semaphore::new(100));
        let mut held = Held::new(&memory, 40 << 10).ok().unwrap();
        held.shrink(10 << 10);
        assert_eq!((held.bytes(), memory.available_permits()), (10 << 10, 90));
        held.shrink(20 << 10);
        let bytes = held.with(vec![b'x'; 10 << 10]);
        let rest = bytes.slice(9 << 10..);
        drop(bytes);
        assert_eq!((rest.len(), memory.available_permits()), (1 << 10, 90));
        drop(rest);
        assert_eq!(memory.available_permits(), 100);
        assert!(Held::new(&memory, 101 << 10).is_err());
    }

    #[test]
    fn a_bomb_goes_off_in_small_steps() {
        for (coding, packed) in [(Coding::Gzip, gzip(&vec![0; 64 << 20])), (Coding::Zstd, zstd(&vec![0; 64 << 20]))] {
            let mut decoder = Decoder::new(coding).ok().unwrap().unwrap();
            let (mut bytes, mut out) = (Bytes::from(packed), Vec::new());
            for _ in 0..50 {
                out.clear();
                decoder.step(&mut bytes, &mut out).ok().unwrap();
                assert!(out.len() <= STEP_BYTES, "{coding:?}: {}", out.len());
            }
        }
    }

    #[tokio::test]
    async fn a_stream_is_decoded_as_it_comes() {
        let text = b"a line of words\n".repeat(20_000);
        for (coding, packed) in
            [(Coding::Gzip, gzip(&text)), (Coding::Zstd, zstd(&text)), (Coding::Identity, text.clone())]
        {
            for cut in [packed.len(), packed.len() - 1] {
                let pieces: Vec<io::Result<Bytes>> =
                    packed[..cut].chunks(7).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
                let body = Body::from_stream(futures_util::stream::iter(pieces));
                let found: Vec<io::Result<Bytes>> = stream(body, coding).ok().unwrap().collect().await;
                let whole = found.iter().all(io::Result::is_ok);
                assert_eq!(whole, coding == Coding::Identity || cut == packed.len(), "{coding:?} {cut}");
                let found: Vec<u8> = found.into_iter().flatten().flatten().collect();
                assert!(text.starts_with(&found), "{coding:?} {cut}");
                assert!(cut < packed.len() || found.len() == text.len(), "{coding:?}");
            }
        }
    }
}
