//! Replies that are not verdicts.
//!
//! All have the shape that clients of OpenAI's interface know, so that one error handler does.

use std::borrow::Cow;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::io::RecordError;

/// Seconds after which a client that was sent away may come again.
const RETRY_AFTER: u64 = 1;

/// Why a request gets no verdict.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiError {
    pub(crate) status: StatusCode,
    /// Stable name for programs.
    pub(crate) code: &'static str,
    message: Cow<'static, str>,
}

/// In the extensions of a response: what the log says of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ErrorCode(pub(crate) &'static str);

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(crate) fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", message)
    }

    pub(crate) fn malformed(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", message)
    }

    pub(crate) fn too_large(max: usize) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("at most {max} bytes are read: send less"))
    }

    pub(crate) fn long_text(max: usize) -> Self {
        let message = format!("a text has {max} bytes at most: send it in parts");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "long_text", message)
    }

    pub(crate) fn busy(what: &'static str) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "busy", format!("{what}: come again"))
    }

    pub(crate) fn timed_out() -> Self {
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "timed_out",
            "judging took too long: come again, or send less at once",
        )
    }

    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the program failed on this request: please report it")
    }

    pub(crate) fn media_type(expected: &str) -> Self {
        let message = format!("send Content-Type: {expected}");
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media_type", message)
    }

    pub(crate) fn coding() -> Self {
        let message = "send Content-Encoding: gzip or zstd, one of them, or none";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "content_coding", message)
    }

    /// The message, for replies within a stream.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Puts a place in front of the message.
    pub(crate) fn at(mut self, place: &str) -> Self {
        self.message = format!("{place}: {}", self.message).into();
        self
    }
}

impl From<RecordError> for ApiError {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::TooLong { max } => Self::too_large(max),
            RecordError::NotUtf8 { at } => Self::malformed(format!("not valid UTF-8 at byte {at}")),
            RecordError::Utf16 => Self::malformed("text is in UTF-16, send UTF-8"),
            RecordError::Json { .. } => Self::malformed(error.to_string()),
            RecordError::NotAnObject { found } => Self::invalid(format!("JSON value is {found}, not an object")),
            RecordError::FieldMissing { field } => Self::invalid(format!("field \"{field}\" is missing")),
            RecordError::FieldNotString { field, found } => {
                Self::invalid(format!("field \"{field}\" is {found}, not a string"))
            }
            RecordError::FieldTwice { field } => Self::invalid(format!("field \"{field}\" occurs more than once")),
            other => Self::malformed(other.to_string()),
        }
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let kind = match self.status.as_u16() {
            401 => "authentication_error",
            429 => "rate_limit_error",
            status if status >= 500 => "server_error",
            _ => "invalid_request_error",
        };
        let body = json!({"error": {"message": self.message, "type": kind, "param": null, "code": self.code}});
        let mut response = (self.status, axum::Json(body)).into_response();
        if matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(RETRY_AFTER));
        }
        if self.code == "content_coding" {
            response.headers_mut().insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip, zstd"));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response.extensions_mut().insert(ErrorCode(self.code));
        response
    }
}

pub(crate) async fn no_such_path() -> ApiError {
    ApiError::new(StatusCode::NOT_FOUND, "no_such_path", "there is nothing here: see /openapi.json")
}

pub(crate) async fn wrong_method() -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "wrong_method", "not with this method: see /openapi.json")
}
