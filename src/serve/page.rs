//! Files that are part of the program: the page for people, the description for programs.

use axum::http::{HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use crate::features::FEATURES;
use crate::label::Label;
use crate::test_line::TEST_LINE_REASON;

/// The page runs nothing but its own script and talks to nobody but this service.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'";

fn file(kind: &'static str, content: &'static str) -> Response {
    const SECURITY: [(HeaderName, &str); 3] = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    let mut response = ([(header::CONTENT_TYPE, kind)], content).into_response();
    for (name, value) in SECURITY {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

pub(crate) async fn index() -> Response {
    file("text/html; charset=utf-8", include_str!("page/index.html"))
}

pub(crate) async fn script() -> Response {
    file("text/javascript; charset=utf-8", include_str!("page/page.js"))
}

pub(crate) async fn style() -> Response {
    file("text/css; charset=utf-8", include_str!("page/page.css"))
}

pub(crate) async fn openapi() -> Response {
    file("application/json", include_str!("openapi.json"))
}

/// Says what labels and reasons mean.
pub(crate) async fn terms() -> Response {
    let labels: Map<String, Value> =
        Label::ALL.iter().map(|label| (label.to_string(), label.description().into())).collect();
    let mut reasons: Map<String, Value> =
        FEATURES.iter().map(|feature| (feature.code.to_owned(), feature.doc.into())).collect();
    reasons.insert(TEST_LINE_REASON.to_owned(), "The line that is always found, for tests.".into());
    axum::Json(json!({"labels": labels, "reasons": reasons})).into_response()
}
