//! The reply that clients of OpenAI's moderation endpoint expect.
//!
//! Only the shape is theirs. The categories are our labels and no others: a category that is
//! not looked for must not be answered with "no".

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::gate::{Because, Outcome};
use crate::label::Label;
use crate::report::{Report, Verdict};
use crate::serve::api::{self, Kind};
use crate::serve::body;
use crate::serve::error::ApiError;
use crate::serve::reply::is_flagged;
use crate::serve::{App, Judge};

#[derive(Deserialize)]
struct Request {
    input: Input,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Input {
    One(String),
    Many(Vec<String>),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
struct Part {
    r#type: String,
    text: Option<String>,
}

#[derive(Serialize)]
struct Reply {
    id: String,
    model: String,
    results: Vec<Judgement>,
}

#[derive(Serialize)]
struct Judgement {
    flagged: bool,
    categories: BTreeMap<Label, bool>,
    category_scores: BTreeMap<Label, f32>,
    category_applied_input_types: BTreeMap<Label, [&'static str; 1]>,
    /// Not part of OpenAI's shape; clients pass over what they do not know.
    unspam: Ours,
}

#[derive(Serialize)]
struct Ours {
    outcome: Outcome,
    because: Because,
    verdict: Verdict,
}

type Judged = (Vec<u8>, Vec<(Outcome, Report)>);

pub(crate) async fn moderations(
    State(app): State<Arc<App>>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, ApiError> {
    if Kind::of(&headers) != Some(Kind::Json) {
        return Err(ApiError::media_type("application/json"));
    }
    let sent = body::read(&app, &headers, body).await?;
    let turn = app.pool.try_request()?;
    let by = app.judge();
    let id = format!("modr-{}", app.request_id());
    let (max, flag_clean) = (app.options.max_documents, app.options.flag_clean);
    let work = app.pool.run(turn, move || {
        let (body, _held) = sent.decode()?;
        judge(&by, id, max, flag_clean, &body)
    });
    let (reply, counted) =
        tokio::time::timeout(app.options.timeout, work).await.map_err(|_| ApiError::timed_out())???;
    for (outcome, report) in &counted {
        app.metrics.document(*outcome, report);
    }
    Ok(api::json_response(reply))
}

fn judge(by: &Judge, id: String, max: usize, flag_clean: bool, body: &[u8]) -> Result<Judged, ApiError> {
    let request: Request = serde_json::from_slice(body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data if error.to_string().starts_with("missing field") => {
            ApiError::invalid("field \"input\" is missing")
        }
        serde_json::error::Category::Data => {
            ApiError::invalid("a moderation request is an object with one \"input\": a string, strings, or text parts")
        }
        _ => ApiError::malformed(format!("not valid JSON: {error}")),
    })?;
    let texts = match request.input {
        Input::One(text) => vec![text],
        Input::Many(texts) => texts,
        Input::Parts(parts) => parts
            .into_iter()
            .map(|part| match part {
                Part { r#type, text: Some(text) } if r#type == "text" => Ok(text),
                _ => Err(ApiError::invalid("only parts of type \"text\" are judged")),
            })
            .collect::<Result<_, _>>()?,
    };
    if texts.is_empty() {
        return Err(ApiError::invalid("\"input\" holds nothing"));
    }
    if texts.len() > max {
        let message = format!("at most {max} inputs at once");
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many", message));
    }
    let mut results = Vec::with_capacity(texts.len());
    let mut counted = Vec::with_capacity(texts.len());
    for text in &texts {
        let decision = by.decide(text, None);
        let report = decision.report();
        let labels = || Label::ALL.iter().copied().filter(|label| !label.is_content());
        let removed = |label: Label| report.removals().any(|finding| finding.label == label);
        let score = |label: Label| {
            let of = report.findings.iter().filter(|finding| finding.label == label);
            of.map(|finding| finding.score.get()).fold(0.0, f32::max)
        };
        results.push(Judgement {
            flagged: is_flagged(decision.outcome(), flag_clean),
            categories: labels().map(|label| (label, removed(label))).collect(),
            category_scores: labels().map(|label| (label, score(label))).collect(),
            category_applied_input_types: labels().map(|label| (label, ["text"])).collect(),
            unspam: Ours { outcome: decision.outcome(), because: decision.because(), verdict: report.verdict },
        });
        counted.push((decision.outcome(), decision.into_report()));
    }
    let reply = Reply { id, model: format!("unspam-{}", by.gate.detector().model_id()), results };
    let reply = serde_json::to_vec(&reply).map_err(|_| ApiError::internal())?;
    Ok((reply, counted))
}
