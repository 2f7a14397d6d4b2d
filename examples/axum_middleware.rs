//! unspam inside an axum service: a layer that looks at every article posted.
//!
//! ```sh
//! cargo run --example axum_middleware
//! curl -i --data-binary @examples/article.txt http://127.0.0.1:3000/articles
//! ```
//!
//! Two things matter more than the few lines of code. Judging takes the processor, so it goes
//! to a blocking thread, and not many at a time. And something must happen when it takes too
//! long: `ON_FAILURE` says whether articles then pass (fail open) or wait (fail closed).

#![allow(clippy::print_stdout, reason = "it is a program")]

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::sync::Semaphore;
use unspam::{Gate, Outcome};

const MAX_BYTES: usize = 1 << 20;
const PATIENCE: Duration = Duration::from_millis(500);

/// What becomes of an article that could not be judged in time.
#[derive(Debug, Clone, Copy)]
enum OnFailure {
    /// It passes, unjudged. For pages where a late article is worse than a dirty one.
    #[allow(dead_code, reason = "an example shows both")]
    Open,
    /// The client is asked to come again.
    Closed,
}

const ON_FAILURE: OnFailure = OnFailure::Closed;

#[derive(Clone)]
struct App {
    gate: Gate,
    turns: Arc<Semaphore>,
}

/// Hands on the cleaned article, or answers in place of the handler.
async fn judge(State(app): State<App>, request: Request, next: Next) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BYTES).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "at most 1 MiB\n").into_response();
    };
    let Ok(text) = String::from_utf8(body.to_vec()) else {
        return (StatusCode::UNPROCESSABLE_ENTITY, "the article is not UTF-8\n").into_response();
    };
    let work = async {
        let turn = app.turns.clone().acquire_owned().await.ok()?;
        let (gate, text) = (app.gate.clone(), text.clone());
        let judged = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let decision = gate.decide(text.as_str());
            let because = decision.because().to_string();
            (decision.outcome(), because, decision.text().map(std::borrow::Cow::into_owned))
        });
        judged.await.ok()
    };
    match tokio::time::timeout(PATIENCE, work).await {
        Ok(Some((_, _, Some(text)))) => next.run(Request::from_parts(parts, Body::from(text))).await,
        Ok(Some((Outcome::Review, because, _))) => {
            (StatusCode::ACCEPTED, format!("waits: {because}\n")).into_response()
        }
        Ok(Some((_, because, None))) => {
            (StatusCode::UNPROCESSABLE_ENTITY, format!("not published: {because}\n")).into_response()
        }
        Ok(None) | Err(_) => match ON_FAILURE {
            OnFailure::Open => next.run(Request::from_parts(parts, Body::from(text))).await,
            OnFailure::Closed => {
                (StatusCode::SERVICE_UNAVAILABLE, [("retry-after", "1")], "come again\n").into_response()
            }
        },
    }
}

fn app(gate: Gate) -> Router {
    let app = App { gate, turns: Arc::new(Semaphore::new(2)) };
    Router::new()
        .route("/articles", post(|article: String| async move { article }))
        .layer(middleware::from_fn_with_state(app, judge))
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:3000").await?;
    println!("http://{}/articles", listener.local_addr()?);
    axum::serve(listener, app(Gate::builtin())).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use tower::ServiceExt as _;

    async fn publish(article: impl Into<Body>) -> (StatusCode, String) {
        let request = Request::post("/articles").body(article.into()).unwrap();
        let response = app(Gate::builtin()).oneshot(request).await.unwrap();
        let status = response.status();
        let body = to_bytes(response.into_body(), MAX_BYTES).await.unwrap();
        (status, String::from_utf8(body.to_vec()).unwrap())
    }

    #[tokio::test]
    async fn an_article_arrives_clean_and_spam_does_not_arrive() {
        let (status, article) = publish(include_str!("article.txt")).await;
        assert_eq!(status, StatusCode::OK);
        assert!(!article.is_empty() && article.len() < include_str!("article.txt").len());
        assert_eq!(publish(unspam::TEST_LINE).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(publish(vec![b'a'; MAX_BYTES + 1]).await.0, StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(publish(vec![0xFF]).await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
