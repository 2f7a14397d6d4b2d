//! Lines in, lines out, in order, at the pace of the slower side.
//!
//! Nothing is read ahead but what keeps the threads busy: when the client does not take
//! answers, nobody asks for its lines. A line that cannot be judged has an error in its place.
//! Long lines and their answers count as bodies do: where there is no memory left for one, it is
//! passed over with an error, because streams that waited for each other's memory would wait for ever.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::{Buf as _, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio::sync::Semaphore;
use tokio_util::codec::{Decoder, FramedRead};
use tokio_util::io::StreamReader;

use crate::io::write_error;
use crate::io::{Fields, Format};
use crate::serve::body::{self, Coding, Held};
use crate::serve::error::ApiError;
use crate::serve::reply::{self, Manner};
use crate::serve::{App, Judge};

/// Longest line, and answer, whose memory is not counted.
const SHORT: usize = 64 << 10;

/// Answers a stream of JSON lines with one.
pub(crate) fn respond(app: &Arc<App>, manner: Manner, coding: Coding, body: Body) -> Result<Response, ApiError> {
    let Ok(slot) = Arc::clone(&app.streams).try_acquire_owned() else {
        return Err(ApiError::busy("too many streams are open already"));
    };
    let window = body::hold_window(app, coding)?;
    // One model for the whole stream, whatever is loaded meanwhile.
    let judge = app.judge();
    let answers = lines(app, body::stream(body, coding)?)
        .map({
            let app = Arc::clone(app);
            move |line| answer(Arc::clone(&app), Arc::clone(&judge), manner, line)
        })
        .buffered(app.pool.lines_ahead())
        .filter_map(async |answer| answer)
        .map(move |answer| {
            let _while_open = (&slot, &window);
            Ok::<_, std::convert::Infallible>(answer)
        });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(answers)).into_response())
}

/// One line of a stream.
enum Line {
    Whole(Bytes, Option<Held>),
    TooLong,
    /// There was no memory left for it.
    NoRoom(ApiError),
    /// The client stopped sending in the middle of things.
    Broken(&'static str),
}

fn lines<S>(app: &Arc<App>, data: S) -> impl Stream<Item = Line> + Send + use<S>
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let reader = StreamReader::new(Box::pin(data));
    let framed = FramedRead::new(reader, Lines::new(app.options.max_body, Arc::clone(&app.body_memory)));
    let patience = app.options.patience;
    futures_util::stream::unfold(Some(framed), move |framed| async move {
        let mut framed = framed?;
        match tokio::time::timeout(patience, framed.next()).await {
            Ok(None) => None,
            Ok(Some(Ok(line))) => Some((line, Some(framed))),
            Ok(Some(Err(_))) => Some((Line::Broken("the stream broke off"), None)),
            Err(_) => Some((Line::Broken("the next line took too long"), None)),
        }
    })
}

async fn answer(app: Arc<App>, judge: Arc<Judge>, manner: Manner, line: Line) -> Option<Bytes> {
    let (line, held) = match line {
        Line::Whole(line, _) if line.iter().all(u8::is_ascii_whitespace) => return None,
        Line::Whole(line, held) => (line, held),
        Line::NoRoom(wrong) => return Some(error(&app, None, &wrong)),
        Line::TooLong => return Some(error(&app, None, &ApiError::too_large(app.options.max_body))),
        Line::Broken(why) => return Some(error(&app, None, &ApiError::malformed(why))),
    };
    let turn = app.pool.line().await;
    let (kept, memory) = (line.clone(), Arc::clone(&app.body_memory));
    let judged = app.pool.run(turn, move || {
        let view = Format::Jsonl.view(&line, &Fields::default())?;
        let mut out = Vec::with_capacity(512);
        let counted = reply::write(&judge, &view, manner, &mut out)?;
        out.push(b'\n');
        // The answer takes over what the line held.
        let answer = match hold(held, &memory, out.len())? {
            Some(held) => held.with(out),
            None => out.into(),
        };
        Ok((answer, counted))
    });
    match judged.await {
        Ok((answer, counted)) => {
            app.metrics.document(&counted);
            Some(answer)
        }
        Err(wrong) => Some(error(&app, Format::Jsonl.id_json(&kept, &Fields::default()), &wrong)),
    }
}

/// Sees to it that there is leave for so many bytes, if they are many.
fn hold(held: Option<Held>, memory: &Arc<Semaphore>, bytes: usize) -> Result<Option<Held>, ApiError> {
    if bytes <= SHORT {
        return Ok(held);
    }
    match held {
        Some(mut held) => held.grow(bytes).map(|()| Some(held)),
        None => Held::new(memory, bytes).map(Some),
    }
}

fn error(app: &App, id: Option<&str>, error: &ApiError) -> Bytes {
    app.metrics.bad_line();
    let mut out = Vec::new();
    write_error(id, error.message(), &mut out);
    out.into()
}

/// Cuts bytes into lines of limited length.
struct Lines {
    max: usize,
    memory: Arc<Semaphore>,
    /// Bytes at the start of the buffer that hold no line break.
    seen: usize,
    /// The memory of the line that is coming in, if it is long.
    held: Option<Held>,
    /// What to say of the line whose rest is coming in, instead of judging it.
    skipping: Option<Line>,
}

impl Lines {
    fn new(max: usize, memory: Arc<Semaphore>) -> Self {
        Self { max, memory, seen: 0, held: None, skipping: None }
    }

    /// Makes room for a line of so many bytes or more, or sees to it that it is passed over.
    fn admit(&mut self, bytes: usize) {
        if self.skipping.is_some() {
            return;
        }
        let held = self.held.take();
        if bytes > self.max {
            self.skipping = Some(Line::TooLong);
            return;
        }
        match hold(held, &self.memory, bytes) {
            Ok(held) => self.held = held,
            Err(busy) => self.skipping = Some(Line::NoRoom(busy)),
        }
    }
}

impl Decoder for Lines {
    type Item = Line;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Line>> {
        let found = memchr::memchr(b'\n', &buffer[self.seen..]).map(|at| at + self.seen);
        let Some(end) = found else {
            self.admit(buffer.len());
            if self.skipping.is_some() {
                // Its memory goes too.
                *buffer = BytesMut::new();
            }
            self.seen = buffer.len();
            return Ok(None);
        };
        self.seen = 0;
        self.admit(end);
        let line = buffer.split_to(end).freeze();
        buffer.advance(1);
        let held = self.held.take();
        Ok(Some(self.skipping.take().unwrap_or(Line::Whole(line, held))))
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Line>> {
        if let Some(line) = self.decode(buffer)? {
            return Ok(Some(line));
        }
        self.seen = 0;
        if let Some(line) = self.skipping.take() {
            return Ok(Some(line));
        }
        let rest = buffer.split().freeze();
        Ok(if rest.is_empty() { None } else { Some(Line::Whole(rest, self.held.take())) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]], max: usize) -> Vec<Option<Vec<u8>>> {
        cut_with(chunks, Lines::new(max, Arc::new(Semaphore::new(0))))
    }

    fn cut_with(chunks: &[&[u8]], mut lines: Lines) -> Vec<Option<Vec<u8>>> {
        let mut buffer = BytesMut::new();
        let mut out = Vec::new();
        let mut push = |line| match line {
            Line::Whole(line, _) => out.push(Some(line.to_vec())),
            Line::TooLong | Line::NoRoom(_) | Line::Broken(_) => out.push(None),
        };
        for chunk in chunks {
            buffer.extend_from_slice(chunk);
            while let Some(line) = lines.decode(&mut buffer).unwrap() {
                push(line);
            }
        }
        while let Some(line) = lines.decode_eof(&mut buffer).unwrap() {
            push(line);
        }
        out
    }

    #[test]
    fn lines_are_cut_however_the_bytes_arrive() {
        let whole = |line: &str| Some(line.as_bytes().to_vec());
        let text = b"ab\n\nlonger than six\ncd\nef";
        let expected = [whole("ab"), whole(""), None, whole("cd"), whole("ef")];
        assert_eq!(cut(&[text], 6), expected);
        for size in 1..8 {
            assert_eq!(cut(&text.chunks(size).collect::<Vec<_>>(), 6), expected, "{size}");
        }
        assert_eq!(cut(&[b"sixsix\nsevenup"], 6), [whole("sixsix"), None]);
        assert!(cut(&[b""], 6).is_empty());
    }

    #[test]
    fn a_long_line_needs_memory_and_gives_it_back() {
        let long = vec![b'x'; 3 * SHORT];
        let text = [&long[..], b"\nshort\n", &long[..]].concat();
        for size in [SHORT / 3, text.len()] {
            let chunks: Vec<_> = text.chunks(size).collect();
            let memory = Arc::new(Semaphore::new((3 * SHORT) >> 10));
            let lines = Lines::new(text.len(), Arc::clone(&memory));
            assert_eq!(cut_with(&chunks, lines), [Some(long.clone()), Some(b"short".to_vec()), Some(long.clone())]);
            assert_eq!(memory.available_permits(), (3 * SHORT) >> 10);
            let lines = Lines::new(text.len(), Arc::new(Semaphore::new((2 * SHORT) >> 10)));
            assert_eq!(cut_with(&chunks, lines), [None, Some(b"short".to_vec()), None]);
        }
    }
}
