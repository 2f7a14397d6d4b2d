//! What Prometheus can read.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use crate::serve::App;
use crate::serve::reply::Counted;

/// Upper bounds of the latency histogram, in seconds: from a short text to a full batch.
const BUCKETS: [f64; 13] = [0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 2.5, 10.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    route: String,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Route {
    route: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Value {
    value: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Model {
    model: String,
    version: &'static str,
}

pub(crate) struct Metrics {
    registry: Registry,
    requests: Family<Request, Counter>,
    latency: Family<Route, Histogram, fn() -> Histogram>,
    documents: Counter,
    bytes: Counter,
    outcomes: Family<Value, Counter>,
    verdicts: Family<Value, Counter>,
    labels: Family<Value, Counter>,
    bad_lines: Counter,
    reloads: Family<Value, Counter>,
    connections: Gauge,
    queue: Gauge<u64, AtomicU64>,
    streams: Gauge<u64, AtomicU64>,
    model: Family<Model, Gauge>,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let histogram: fn() -> Histogram = || Histogram::new(BUCKETS);
        let mut new = Self {
            registry: Registry::with_prefix("unspam"),
            requests: Family::default(),
            latency: Family::new_with_constructor(histogram),
            documents: Counter::default(),
            bytes: Counter::default(),
            outcomes: Family::default(),
            verdicts: Family::default(),
            labels: Family::default(),
            bad_lines: Counter::default(),
            reloads: Family::default(),
            connections: Gauge::default(),
            queue: Gauge::default(),
            streams: Gauge::default(),
            model: Family::default(),
        };
        let registry = &mut new.registry;
        registry.register("requests", "Requests answered, by route and status", new.requests.clone());
        let help = "Seconds until the head of the answer, by route";
        registry.register("request_duration_seconds", help, new.latency.clone());
        registry.register("documents", "Documents judged", new.documents.clone());
        registry.register("text_bytes", "Bytes of text judged", new.bytes.clone());
        registry.register("outcomes", "Documents by outcome", new.outcomes.clone());
        registry.register("verdicts", "Documents by verdict", new.verdicts.clone());
        registry.register("removals", "Findings that the policy removes, by label", new.labels.clone());
        registry.register("bad_lines", "Lines of streams that could not be judged", new.bad_lines.clone());
        registry.register("reloads", "Reloads of the model, by result", new.reloads.clone());
        registry.register("connections", "Connections open", new.connections.clone());
        registry.register("queue", "Requests that are judged or wait for it", new.queue.clone());
        registry.register("streams", "Streams open", new.streams.clone());
        registry.register("model", "1 for the model in force", new.model.clone());
        new
    }

    pub(crate) fn request(&self, route: &str, status: u16, elapsed: Duration) {
        self.requests.get_or_create(&Request { route: route.to_owned(), status }).inc();
        self.latency.get_or_create(&Route { route: route.to_owned() }).observe(elapsed.as_secs_f64());
    }

    pub(crate) fn document(&self, counted: &Counted) {
        self.documents.inc();
        self.bytes.inc_by(counted.text_len as u64);
        self.outcomes.get_or_create(&Value { value: counted.outcome.as_str() }).inc();
        self.verdicts.get_or_create(&Value { value: counted.verdict.as_str() }).inc();
        for (label, &count) in &counted.removals {
            self.labels.get_or_create(&Value { value: label.as_str() }).inc_by(count);
        }
    }

    pub(crate) fn bad_line(&self) {
        self.bad_lines.inc();
    }

    pub(crate) fn reloaded(&self, done: bool) {
        self.reloads.get_or_create(&Value { value: if done { "done" } else { "failed" } }).inc();
    }

    pub(crate) fn connection(&self, change: i64) {
        self.connections.inc_by(change);
    }

    pub(crate) fn model(&self, id: &str) {
        self.model.clear();
        let model = Model { model: id.to_owned(), version: env!("CARGO_PKG_VERSION") };
        self.model.get_or_create(&model).set(1);
    }
}

pub(crate) async fn show(State(app): State<Arc<App>>) -> Response {
    app.metrics.queue.set(app.pool.taken() as u64);
    app.metrics.streams.set((app.options.max_streams - app.streams.available_permits()) as u64);
    let mut text = String::new();
    if encode(&mut text, &app.metrics.registry).is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    }
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], text).into_response()
}
