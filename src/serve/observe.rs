//! What happens to every request: a number, the door, the log, the count.
//!
//! Neither the log nor the metrics see a body, a query or a header of a client's making,
//! save for a well-formed request id.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::serve::App;
use crate::serve::error::{ApiError, ErrorCode};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest request id taken over from a client.
const MAX_ID: usize = 64;

pub(crate) async fn observe(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = given_id(request.headers()).map_or_else(|| app.request_id(), str::to_owned);
    let matched = request.extensions().get::<MatchedPath>().cloned();
    let route = matched.as_ref().map_or("other", MatchedPath::as_str);
    let method = request.method().clone();
    let mut response = match may_enter(&app, route, request.headers()) {
        // A bug in one request must not look like a lost connection.
        Ok(()) => match AssertUnwindSafe(next.run(request)).catch_unwind().await {
            Ok(response) => response,
            Err(_) => ApiError::internal().into_response(),
        },
        Err(error) => error.into_response(),
    };
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    // Clients are to leave before they are left: one that sends while its connection is being
    // closed would get no answer.
    if !app.ready.load(Ordering::Relaxed) {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    app.metrics.request(route, status, elapsed);
    let ms = elapsed.as_secs_f64() * 1e3;
    let error = response.extensions().get::<ErrorCode>().map(|code| code.0);
    if status >= 500 {
        tracing::warn!(id, %method, route, status, ms, error, "request");
    } else if matches!(route, "/healthz" | "/readyz") || status < 400 && !app.options.log_requests {
        tracing::debug!(id, %method, route, status, ms, error, "request");
    } else {
        tracing::info!(id, %method, route, status, ms, error, "request");
    }
    response
}

fn given_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get(&REQUEST_ID)?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    (!id.is_empty() && id.len() <= MAX_ID && id.bytes().all(plain)).then_some(id)
}

/// Whether a client may use a route.
fn may_enter(app: &App, route: &str, headers: &HeaderMap) -> Result<(), ApiError> {
    let admin = route.starts_with("/admin/");
    if !admin && !route.starts_with("/v1/") {
        return Ok(());
    }
    let Some(token) = &app.options.token else {
        if admin {
            let message = "start the service with a token to allow this";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "no_token", message));
        }
        return Ok(());
    };
    let shown = headers.get(header::AUTHORIZATION).map(HeaderValue::as_bytes).and_then(|value| {
        let (scheme, token) = value.split_at_checked("Bearer ".len())?;
        scheme.eq_ignore_ascii_case(b"Bearer ").then_some(token)
    });
    match shown {
        Some(shown) if token.is(shown) => Ok(()),
        _ => {
            let message = "show the token as Authorization: Bearer TOKEN";
            Err(ApiError::new(StatusCode::UNAUTHORIZED, "wrong_token", message))
        }
    }
}
