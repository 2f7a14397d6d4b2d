//! The requests: one document, a batch, or a stream of lines.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::body::{Body, Bytes};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use crate::io::{Fields, Format, RecordError};
use crate::offsets::OffsetUnit;
use crate::serve::body::{self, Coding, Held};
use crate::serve::error::ApiError;
use crate::serve::reply::{self, Counted, Manner, Verb};
use crate::serve::stream;
use crate::serve::{App, Judge};

pub(crate) async fn check(app: State<Arc<App>>, query: RawQuery, headers: HeaderMap, body: Body) -> Response {
    documents(app, query, headers, body, Verb::Check).await.into_response()
}

pub(crate) async fn clean(app: State<Arc<App>>, query: RawQuery, headers: HeaderMap, body: Body) -> Response {
    documents(app, query, headers, body, Verb::Clean).await.into_response()
}

pub(crate) async fn scan(app: State<Arc<App>>, query: RawQuery, headers: HeaderMap, body: Body) -> Response {
    documents(app, query, headers, body, Verb::Scan).await.into_response()
}

async fn documents(
    State(app): State<Arc<App>>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Body,
    verb: Verb,
) -> Result<Response, ApiError> {
    let manner = manner(&app, verb, query.as_deref().unwrap_or_default())?;
    let kind = Kind::of(&headers)
        .ok_or_else(|| ApiError::media_type("application/json, application/x-ndjson or text/plain; charset=utf-8"))?;
    if kind == Kind::Lines {
        return stream::respond(&app, manner, Coding::of(&headers)?, body);
    }
    let sent = body::read(&app, &headers, body).await?;
    let turn = app.pool.try_request()?;
    let by = app.judge();
    let max = app.options.max_documents;
    let until = Instant::now() + app.options.timeout;
    let work = app.pool.run(turn, move || {
        let (body, held) = sent.decode()?;
        let mut reply = Reply::new(held, until);
        let counted = judge(&by, kind, manner, max, &body, &mut reply)?;
        Ok::<_, ApiError>((reply, counted))
    });
    respond(&app, until, work).await
}

/// Waits for a reply, as long as it may take.
pub(crate) async fn respond(
    app: &App,
    until: Instant,
    work: impl Future<Output = Result<Judged, ApiError>>,
) -> Result<Response, ApiError> {
    let judged = tokio::time::timeout_at(until.into(), work).await;
    let (reply, counted) = judged.map_err(|_| ApiError::timed_out())??;
    for one in &counted {
        app.metrics.document(one);
    }
    Ok(([(header::CONTENT_TYPE, "application/json")], reply.finish()).into_response())
}

/// A reply that is being written, and the memory that it holds together with its request.
pub(crate) struct Reply {
    pub(crate) out: Vec<u8>,
    held: Held,
    sent: usize,
    until: Instant,
}

impl Reply {
    pub(crate) fn new(held: Held, until: Instant) -> Self {
        Self { out: Vec::with_capacity(1024), sent: held.bytes(), held, until }
    }

    /// Says whether to go on: while somebody waits for it and there is memory for it.
    pub(crate) fn go_on(&mut self) -> Result<(), ApiError> {
        if Instant::now() >= self.until {
            return Err(ApiError::timed_out());
        }
        self.held.grow(self.sent + self.out.len())
    }

    /// The bytes to send; they hold their memory until they are sent.
    fn finish(mut self) -> Bytes {
        self.held.shrink(self.out.len());
        self.held.with(self.out)
    }
}

/// What a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Json,
    Lines,
    Text,
}

impl Kind {
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let given = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let (essence, parameters) = given.split_once(';').unwrap_or((given, ""));
        let charset = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
        });
        if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
            return None;
        }
        match essence.trim().to_ascii_lowercase().as_str() {
            "application/json" => Some(Self::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(Self::Lines),
            "text/plain" => Some(Self::Text),
            _ => None,
        }
    }
}

fn manner(app: &App, verb: Verb, query: &str) -> Result<Manner, ApiError> {
    let (flag_clean, max_text) = (app.options.flag_clean, app.options.max_text);
    let mut manner = Manner { verb, unit: OffsetUnit::Char, steps: false, flag_clean, max_text };
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "offsets" if verb != Verb::Check => manner.unit = value.parse().map_err(ApiError::invalid)?,
            "steps" if verb == Verb::Scan => {
                manner.steps = match value {
                    "true" => true,
                    "false" => false,
                    _ => return Err(ApiError::invalid("steps is true or false")),
                }
            }
            _ => return Err(ApiError::invalid("unknown parameter: scan and clean know offsets, scan knows steps")),
        }
    }
    Ok(manner)
}

/// A body that holds several documents.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Batch<'b> {
    #[serde(borrow)]
    documents: Vec<&'b RawValue>,
}

pub(crate) type Judged = (Reply, Vec<Counted>);

fn judge(
    by: &Judge,
    kind: Kind,
    manner: Manner,
    max: usize,
    body: &[u8],
    reply: &mut Reply,
) -> Result<Vec<Counted>, ApiError> {
    let fields = Fields::default();
    let format = if kind == Kind::Text { Format::Text } else { Format::Jsonl };
    match format.view(body, &fields) {
        Ok(view) => {
            let counted = reply::write(by, &view, manner, &mut reply.out)?;
            reply.go_on()?;
            return Ok(vec![counted]);
        }
        Err(RecordError::FieldMissing { .. }) => (),
        Err(error) => return Err(error.into()),
    }
    let batch: Batch<'_> = serde_json::from_slice(body).map_err(|error| {
        // The body is well-formed, and an object: what is wrong is "documents".
        let found = error.to_string();
        if found.starts_with("missing field") || found.starts_with("unknown field") {
            return ApiError::invalid("field \"text\" is missing; or, for a batch, \"documents\" and nothing else");
        }
        ApiError::invalid(found)
    })?;
    if batch.documents.len() > max {
        let message = format!("at most {max} documents at once: send several requests, or a stream of lines");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many", message));
    }
    let mut counted = Vec::with_capacity(batch.documents.len());
    reply.out.extend_from_slice(b"{\"results\":[");
    for (number, document) in batch.documents.iter().enumerate() {
        if number > 0 {
            reply.out.push(b',');
        }
        let view = Format::Jsonl.view(document.get().as_bytes(), &fields).map_err(ApiError::from);
        let one = view.and_then(|view| reply::write(by, &view, manner, &mut reply.out));
        counted.push(one.map_err(|error| error.at(&format!("documents[{number}]")))?);
        reply.go_on()?;
    }
    reply.out.extend_from_slice(b"]}");
    Ok(counted)
}

pub(crate) async fn reload(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    let done = tokio::task::spawn_blocking(move || app.reload()).await;
    match done {
        Ok(Ok(model)) => Ok(axum::Json(json!({"model": model})).into_response()),
        // The reason may name paths on this machine: it is in the log.
        _ => {
            let message = "the model could not be loaded, the one in force stays: see the log";
            Err(ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, "reload_failed", message))
        }
    }
}

pub(crate) async fn healthz() -> &'static str {
    "ok\n"
}

pub(crate) async fn readyz(State(app): State<Arc<App>>) -> Result<&'static str, ApiError> {
    if app.ready.load(Ordering::Relaxed) {
        Ok("ready\n")
    } else {
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "stopping", "the service is stopping"))
    }
}

pub(crate) async fn version(State(app): State<Arc<App>>) -> Response {
    let by = app.judge();
    let gate = &by.gate;
    axum::Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "model": gate.detector().model_id(),
        "preset": gate.detector().policy().preset_name(),
        "rules": gate.rules().iter().map(|rule| format!("{} → {}", rule.when, rule.then)).collect::<Vec<_>>(),
    }))
    .into_response()
}
