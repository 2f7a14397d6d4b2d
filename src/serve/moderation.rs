//! The reply that clients of OpenAI's moderation endpoint expect.
//!
//! Only the shape is theirs. The categories are our labels and no others: a category that is
//! not looked for must not be answered with "no".

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};

use crate::gate::{Because, Outcome};
use crate::label::Label;
use crate::report::Verdict;
use crate::serve::api::{self, Kind};
use crate::serve::body;
use crate::serve::error::ApiError;
use crate::serve::reply::{Counted, is_flagged};
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
    let options = &app.options;
    let limits = Limits { documents: options.max_documents, text: options.max_text, flag_clean: options.flag_clean };
    let until = Instant::now() + options.timeout;
    let work = app.pool.run(turn, move || {
        let (body, held) = sent.decode()?;
        let mut reply = api::Reply::new(held, until);
        let counted = judge(&by, id, limits, &body, &mut reply)?;
        Ok::<_, ApiError>((reply, counted))
    });
    api::respond(&app, until, work).await
}

#[derive(Clone, Copy)]
struct Limits {
    documents: usize,
    text: usize,
    flag_clean: bool,
}

fn judge(
    by: &Judge,
    id: String,
    limits: Limits,
    body: &[u8],
    reply: &mut api::Reply,
) -> Result<Vec<Counted>, ApiError> {
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
    if texts.len() > limits.documents {
        let message = format!("at most {} inputs at once", limits.documents);
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "too_many", message));
    }
    if texts.iter().any(|text| text.len() > limits.text) {
        return Err(ApiError::long_text(limits.text));
    }
    let mut results = Vec::with_capacity(texts.len());
    let mut counted = Vec::with_capacity(texts.len());
    for text in &texts {
        reply.go_on()?;
        let decision = by.decide(text, None);
        let report = decision.report();
        let labels = || Label::ALL.iter().copied().filter(|label| !label.is_content());
        let removed = |label: Label| report.removals().any(|finding| finding.label == label);
        let score = |label: Label| {
            let of = report.findings.iter().filter(|finding| finding.label == label);
            of.map(|finding| finding.score.get()).fold(0.0, f32::max)
        };
        results.push(Judgement {
            flagged: is_flagged(decision.outcome(), limits.flag_clean),
            categories: labels().map(|label| (label, removed(label))).collect(),
            category_scores: labels().map(|label| (label, score(label))).collect(),
            category_applied_input_types: labels().map(|label| (label, ["text"])).collect(),
            unspam: Ours { outcome: decision.outcome(), because: decision.because(), verdict: report.verdict },
        });
        counted.push(Counted::new(decision.outcome(), report));
    }
    let whole = Reply { id, model: format!("unspam-{}", by.gate.detector().model_id()), results };
    serde_json::to_writer(&mut reply.out, &whole).map_err(|_| ApiError::internal())?;
    reply.go_on()?;
    Ok(counted)
}
