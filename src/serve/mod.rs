//! The HTTP service: the gate behind a socket.
//!
//! Async threads move bytes and nothing else; reading JSON and judging run on a bounded pool of
//! their own, so that a long article delays no other connection. Everything that can pile up
//! (connections, bodies in memory, requests that wait, streams) has a limit, and what goes over
//! one is told so at once. A reply that is not a verdict never looks like one: it has another
//! status and another shape.

mod api;
mod body;
mod error;
mod listen;
mod metrics;
mod moderation;
mod observe;
mod page;
mod pool;
mod reply;
mod stream;

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use subtle::ConstantTimeEq as _;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use crate::document::Document;
use crate::gate::{Decision, Gate};
use crate::profile::SiteProfile;
use metrics::Metrics;
use pool::Pool;

/// A secret that clients show to be let in.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// Returns the token, without white space around it.
    ///
    /// # Errors
    /// If it is shorter than 16 characters or could not stand in a header.
    pub fn new(text: &str) -> Result<Self, TokenError> {
        let text = text.trim();
        if text.len() < Self::MIN_LEN || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(TokenError);
        }
        Ok(Self(text.to_owned()))
    }

    /// Fewest characters of a token.
    pub const MIN_LEN: usize = 16;

    /// Whether this is the token; takes as long whatever it differs in.
    fn is(&self, shown: &[u8]) -> bool {
        self.0.as_bytes().ct_eq(shown).into()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

/// A token that would keep nobody out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a token is at least {} letters, digits or signs without a space: make one with \"openssl rand -hex 32\"",
    Token::MIN_LEN
)]
pub struct TokenError;

/// How the service listens, and its limits.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServeOptions {
    /// Where requests come in; by default on the machine itself only.
    pub listen: SocketAddr,
    /// Where metrics can be read, if anywhere; apart from the requests, so that one can be
    /// open to the world and the other not.
    pub metrics: Option<SocketAddr>,
    /// What clients must show as `Authorization: Bearer …`, if anything.
    pub token: Option<Token>,
    /// Threads that judge.
    pub workers: usize,
    /// Requests that are judged or wait for it; more are answered with 429.
    pub queue: usize,
    /// Most bytes of a body, or of one line of a stream.
    pub max_body: usize,
    /// Most bytes of one text: what judging takes in time and memory grows with it.
    pub max_text: usize,
    /// Bytes of bodies, long lines of streams and replies held at a time; more are answered with 429.
    pub max_body_memory: usize,
    /// Most documents in a batch.
    pub max_documents: usize,
    /// Connections open at a time; more wait to be accepted.
    pub max_connections: usize,
    /// Streams open at a time.
    pub max_streams: usize,
    /// How long judging a request may take, waiting included.
    pub timeout: Duration,
    /// How long a client may take to send its head, its body, or the next line of a stream,
    /// and to take what it is sent.
    pub patience: Duration,
    /// After being asked to stop: how long requests are still accepted, while `/readyz` says no.
    pub drain: Duration,
    /// After that: how long requests that were accepted may take.
    pub grace: Duration,
    /// Whether a document that only needs cleaning counts as flagged.
    pub flag_clean: bool,
    /// Whether requests that went well are logged.
    pub log_requests: bool,
}

impl ServeOptions {
    /// Requests that wait for each thread by default: articles of 5 KB are then judged within
    /// some 50 ms however many are sent.
    pub const QUEUE_PER_WORKER: usize = 16;
}

impl Default for ServeOptions {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            listen: (Ipv4Addr::LOCALHOST, 8787).into(),
            metrics: Some((Ipv4Addr::LOCALHOST, 9787).into()),
            token: None,
            workers,
            queue: workers * Self::QUEUE_PER_WORKER,
            max_body: 8 << 20,
            max_text: 1 << 20,
            max_body_memory: 256 << 20,
            max_documents: 1000,
            max_connections: 16_384,
            max_streams: 64,
            timeout: Duration::from_secs(10),
            patience: Duration::from_secs(30),
            drain: Duration::ZERO,
            grace: Duration::from_secs(30),
            flag_clean: true,
            log_requests: true,
        }
    }
}

/// What documents are judged by.
#[derive(Debug)]
#[non_exhaustive]
pub struct Judge {
    /// Decides what becomes of a document.
    pub gate: Gate,
    /// What sites repeat, if that is known.
    pub profile: Option<SiteProfile>,
}

impl Judge {
    /// Returns a judge without a profile.
    pub fn new(gate: Gate) -> Self {
        Self { gate, profile: None }
    }

    /// Returns the judge with what sites repeat.
    pub fn with_profile(mut self, profile: Option<SiteProfile>) -> Self {
        self.profile = profile;
        self
    }

    /// Decides about a text, in the way of the command.
    fn decide<'t>(&self, text: &'t str, url: Option<&str>) -> Decision<'t> {
        let mut document = Document::new(text);
        if let Some(url) = url {
            document.url = Some(url);
        }
        let detector = self.gate.detector();
        let report = detector.scan(document);
        let report = match &self.profile {
            Some(profile) => profile.refine(detector, text, url, report),
            None => report,
        };
        self.gate.decide_on(text, report)
    }
}

/// Makes what documents are judged by: at the start, and again at each reload.
pub type Loader = Box<dyn Fn() -> Result<Judge, String> + Send + Sync>;

/// Why the service did not start, or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServeError {
    /// The gate could not be made.
    #[error("{0}")]
    Load(String),
    /// An address cannot be listened on.
    #[error("cannot listen on {addr}: {source}")]
    Listen {
        /// The address.
        addr: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The threads that judge could not be started.
    #[error("cannot start {workers} threads: {reason}")]
    Threads {
        /// How many were asked for.
        workers: usize,
        /// What the system says.
        reason: String,
    },
}

/// What all requests share.
struct App {
    options: ServeOptions,
    judge: RwLock<Arc<Judge>>,
    loader: Loader,
    reloading: Mutex<()>,
    pool: Pool,
    body_memory: Arc<Semaphore>,
    streams: Arc<Semaphore>,
    metrics: Metrics,
    ready: AtomicBool,
    next_id: AtomicU64,
    /// Sets the request numbers of one start apart from those of another.
    started: u64,
}

impl App {
    /// The judge in force; a request keeps the one it began with.
    fn judge(&self) -> Arc<Judge> {
        Arc::clone(&self.judge.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Makes the gate anew; if that fails the one in force stays.
    fn reload(&self) -> Result<String, String> {
        let _alone = self.reloading.lock().unwrap_or_else(PoisonError::into_inner);
        match (self.loader)() {
            Ok(judge) => {
                let model = judge.gate.detector().model_id().to_owned();
                self.metrics.model(&model);
                self.metrics.reloaded(true);
                *self.judge.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(judge);
                tracing::info!(model, "reloaded");
                Ok(model)
            }
            Err(error) => {
                self.metrics.reloaded(false);
                tracing::error!(error, "reload failed, the model in force stays");
                Err(error)
            }
        }
    }

    fn request_id(&self) -> String {
        format!("{:x}-{:x}", self.started, self.next_id.fetch_add(1, Ordering::Relaxed))
    }
}

/// The service, listening but not yet answering.
pub struct Server {
    app: Arc<App>,
    listener: TcpListener,
    metrics: Option<TcpListener>,
}

/// Steers a service that runs.
#[derive(Clone)]
pub struct Handle {
    app: Arc<App>,
}

impl Handle {
    /// Makes the gate anew and returns the name of its model; requests under way end with the
    /// gate they began with. Blocks until it is done.
    ///
    /// # Errors
    /// If the loader fails; the gate in force then stays.
    pub fn reload(&self) -> Result<String, String> {
        self.app.reload()
    }
}

impl Server {
    /// Loads the gate and opens the listeners.
    ///
    /// # Errors
    /// If the gate cannot be made, or an address not be listened on.
    pub async fn bind(options: ServeOptions, loader: Loader) -> Result<Self, ServeError> {
        let judge = loader().map_err(ServeError::Load)?;
        let workers = options.workers.max(1);
        let threads = |error: rayon::ThreadPoolBuildError| ServeError::Threads { workers, reason: error.to_string() };
        let pool = Pool::new(workers, options.queue.max(1)).map_err(threads)?;
        let listen = async |addr: SocketAddr| {
            TcpListener::bind(addr).await.map_err(|source| ServeError::Listen { addr, source })
        };
        let listener = listen(options.listen).await?;
        let metrics_listener = match options.metrics {
            Some(addr) => Some(listen(addr).await?),
            None => None,
        };
        let metrics = Metrics::new();
        metrics.model(judge.gate.detector().model_id());
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let app = App {
            judge: RwLock::new(Arc::new(judge)),
            loader,
            reloading: Mutex::new(()),
            pool,
            // In kibibytes, because a semaphore counts no further than 2^29 on small machines.
            body_memory: Arc::new(Semaphore::new(
                (options.max_body_memory.max(body::least_memory(options.max_body))) >> 10,
            )),
            streams: Arc::new(Semaphore::new(options.max_streams)),
            metrics,
            ready: AtomicBool::new(true),
            next_id: AtomicU64::new(1),
            started: since.as_millis() as u64,
            options,
        };
        Ok(Self { app: Arc::new(app), listener, metrics: metrics_listener })
    }

    /// Where requests come in.
    ///
    /// # Errors
    /// If the system does not say.
    pub fn addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Where metrics can be read.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics.as_ref()?.local_addr().ok()
    }

    /// The name of the model in force.
    pub fn model_id(&self) -> String {
        self.app.judge().gate.detector().model_id().to_owned()
    }

    /// A handle to steer it by.
    pub fn handle(&self) -> Handle {
        Handle { app: Arc::clone(&self.app) }
    }

    /// Answers requests until `stop` is ready, then finishes what was accepted.
    pub async fn run(self, stop: impl Future<Output = ()>) {
        let Self { app, listener, metrics } = self;
        let metrics = metrics.map(|listener| {
            let router = Router::new().route("/metrics", get(metrics::show)).with_state(Arc::clone(&app));
            tokio::spawn(listen::accept(Arc::clone(&app), listener, router, std::future::pending()))
        });
        let stopping = {
            let app = Arc::clone(&app);
            async move {
                stop.await;
                app.ready.store(false, Ordering::Relaxed);
                tracing::info!("stopping");
                tokio::time::sleep(app.options.drain).await;
            }
        };
        listen::accept(Arc::clone(&app), listener, router(&app), stopping).await;
        // Metrics are there to the end: the last requests count too.
        if let Some(metrics) = metrics {
            metrics.abort();
        }
        tracing::info!("stopped");
    }
}

/// All routes.
fn router(app: &Arc<App>) -> Router {
    Router::new()
        .route("/v1/check", post(api::check))
        .route("/v1/clean", post(api::clean))
        .route("/v1/scan", post(api::scan))
        .route("/v1/moderations", post(moderation::moderations))
        .route("/v1/terms", get(page::terms))
        .route("/admin/reload", post(api::reload))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/version", get(api::version))
        .route("/openapi.json", get(page::openapi))
        .route("/", get(page::index))
        .route("/page.js", get(page::script))
        .route("/page.css", get(page::style))
        .fallback(error::no_such_path)
        .method_not_allowed_fallback(error::wrong_method)
        // Bodies are limited where they are read, by the options.
        .layer(DefaultBodyLimit::disable())
        .layer(axum::middleware::from_fn_with_state(Arc::clone(app), observe::observe))
        .with_state(Arc::clone(app))
}
