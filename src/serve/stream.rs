//! Lines in, lines out, in order, at the pace of the slower side.
//!
//! Nothing is read ahead but what keeps the threads busy: when the client does not take
//! answers, nobody asks for its lines. A line that cannot be judged has an error in its place.

use std::io;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::http::header;
use axum::response::{IntoResponse, Response};
use bytes::{Buf as _, BytesMut};
use futures_util::{Stream, StreamExt as _};
use tokio_util::codec::{Decoder, FramedRead};
use tokio_util::io::StreamReader;

use crate::io::write_error;
use crate::io::{Fields, Format};
use crate::serve::body::{self, Coding};
use crate::serve::error::ApiError;
use crate::serve::reply::{self, Manner};
use crate::serve::{App, Judge};

/// Answers a stream of JSON lines with one.
pub(crate) fn respond(app: &Arc<App>, manner: Manner, coding: Coding, body: Body) -> Result<Response, ApiError> {
    let Ok(slot) = Arc::clone(&app.streams).try_acquire_owned() else {
        return Err(ApiError::busy("too many streams are open already"));
    };
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
            let _slot = &slot;
            Ok::<_, std::convert::Infallible>(answer)
        });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson")], Body::from_stream(answers)).into_response())
}

/// One line of a stream.
enum Line {
    Whole(Bytes),
    TooLong,
    /// The client stopped sending in the middle of things.
    Broken(&'static str),
}

fn lines<S>(app: &Arc<App>, data: S) -> impl Stream<Item = Line> + Send + use<S>
where
    S: Stream<Item = io::Result<Bytes>> + Send + 'static,
{
    let reader = StreamReader::new(Box::pin(data));
    let framed = FramedRead::new(reader, Lines { max: app.options.max_body, seen: 0, skipping: false });
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
    let line = match line {
        Line::Whole(line) if line.iter().all(u8::is_ascii_whitespace) => return None,
        Line::Whole(line) => line,
        Line::TooLong => return Some(error(&app, None, &ApiError::too_large(app.options.max_body))),
        Line::Broken(why) => return Some(error(&app, None, &ApiError::malformed(why))),
    };
    let turn = app.pool.line().await;
    let kept = line.clone();
    let judged = app.pool.run(turn, move || {
        let view = Format::Jsonl.view(&line, &Fields::default())?;
        let mut out = Vec::with_capacity(512);
        let counted = reply::write(&judge, &view, manner, &mut out)?;
        out.push(b'\n');
        Ok::<_, ApiError>((out, counted))
    });
    match judged.await {
        Ok(Ok((out, (outcome, report)))) => {
            app.metrics.document(outcome, &report);
            Some(out.into())
        }
        Ok(Err(wrong)) | Err(wrong) => Some(error(&app, Format::Jsonl.id_json(&kept, &Fields::default()), &wrong)),
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
    /// Bytes at the start of the buffer that hold no line break.
    seen: usize,
    /// Whether what comes is the rest of a line that is too long.
    skipping: bool,
}

impl Decoder for Lines {
    type Item = Line;
    type Error = io::Error;

    fn decode(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Line>> {
        let found = memchr::memchr(b'\n', &buffer[self.seen..]).map(|at| at + self.seen);
        let Some(end) = found else {
            if self.skipping || buffer.len() > self.max {
                self.skipping = true;
                buffer.clear();
            }
            self.seen = buffer.len();
            return Ok(None);
        };
        self.seen = 0;
        let too_long = std::mem::take(&mut self.skipping) || end > self.max;
        let line = buffer.split_to(end).freeze();
        buffer.advance(1);
        Ok(Some(if too_long { Line::TooLong } else { Line::Whole(line) }))
    }

    fn decode_eof(&mut self, buffer: &mut BytesMut) -> io::Result<Option<Line>> {
        if let Some(line) = self.decode(buffer)? {
            return Ok(Some(line));
        }
        self.seen = 0;
        if std::mem::take(&mut self.skipping) {
            return Ok(Some(Line::TooLong));
        }
        let rest = buffer.split().freeze();
        Ok(if rest.is_empty() { None } else { Some(Line::Whole(rest)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(chunks: &[&[u8]], max: usize) -> Vec<Option<Vec<u8>>> {
        let mut lines = Lines { max, seen: 0, skipping: false };
        let mut buffer = BytesMut::new();
        let mut out = Vec::new();
        let mut push = |line| match line {
            Line::Whole(line) => out.push(Some(line.to_vec())),
            Line::TooLong | Line::Broken(_) => out.push(None),
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
}
