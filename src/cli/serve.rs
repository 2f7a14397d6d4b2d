//! `unspam serve`: the gate behind a socket.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use tokio::runtime;
use unspam::serve::{self as served, Handle, Loader, ServeOptions, Server, Token};

use crate::cli::Exit;
use crate::cli::args::{Judge, Read, size};
use crate::cli::check::Rules;
use crate::cli::config::Settings;

/// Environment variable that may hold the token, so that it stands in no list of processes.
const TOKEN_VARIABLE: &str = "UNSPAM_TOKEN";
/// File descriptors that connections leave to everything else.
const SPARE_FILES: u64 = 128;

/// Answer over HTTP: check, clean and scan, for programs and, at /, for people.
///
/// Listens on this machine only unless told otherwise, and speaks plain HTTP: put a proxy in
/// front for TLS. SIGHUP reads settings and model anew without dropping a request; SIGTERM
/// finishes what was accepted. The log goes to standard error and never holds a text.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Args {
    /// Address and port for requests.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8787")]
    listen: SocketAddr,

    /// Address and port for /metrics, or off.
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:9787", value_parser = address_or_off)]
    metrics: Listen,

    /// File that holds the token clients must show; UNSPAM_TOKEN in the environment does too.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,

    /// Allow listening on other than loopback addresses without a token.
    #[arg(long)]
    no_token: bool,

    #[command(flatten)]
    judge: Judge,

    #[command(flatten)]
    rules: Rules,

    #[command(flatten)]
    limits: Limits,

    /// How the log is written.
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    log: Log,

    /// Log no request that went well.
    #[arg(long, short)]
    quiet: bool,
}

#[derive(Debug, clap::Args)]
#[command(next_help_heading = "Limits")]
struct Limits {
    /// Threads that judge. All cores by default.
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    jobs: Option<u16>,

    /// Requests that are judged or wait; more are answered with 429. 16 for each thread by default.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    queue: Option<u32>,

    /// Most bytes of a body, or of a line of a stream.
    #[arg(long, value_name = "SIZE", default_value = "8M", value_parser = size)]
    max_body: usize,

    /// Most bytes of one text.
    #[arg(long, value_name = "SIZE", default_value = "1M", value_parser = size)]
    max_text: usize,

    /// Most bytes of bodies and replies in memory at a time; more are answered with 429.
    #[arg(long, value_name = "SIZE", default_value = "256M", value_parser = size)]
    body_memory: usize,

    /// Most documents in a batch.
    #[arg(long, value_name = "N", default_value_t = 1000)]
    max_documents: usize,

    /// Most connections at a time; more wait.
    #[arg(long, value_name = "N", default_value_t = 16_384, value_parser = clap::value_parser!(u32).range(1..))]
    max_connections: u32,

    /// Most streams at a time.
    #[arg(long, value_name = "N", default_value_t = 64)]
    max_streams: usize,

    /// How long judging a request may take.
    #[arg(long, value_name = "SECONDS", default_value = "10", value_parser = seconds)]
    timeout: Duration,

    /// How long a client may take to send a request or the next line, or to read the answer.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    patience: Duration,

    /// When stopping, how long to go on accepting while /readyz says no.
    #[arg(long, value_name = "SECONDS", default_value = "0", value_parser = seconds)]
    drain: Duration,

    /// When stopping, how long requests that were accepted may take.
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = seconds)]
    grace: Duration,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Log {
    /// A JSON object on each line.
    #[default]
    Json,
    /// Words for people.
    Text,
    Off,
}

#[derive(Debug, Clone, Copy)]
enum Listen {
    On(SocketAddr),
    Off,
}

const EXAMPLES: &str = "\
Examples:
  unspam serve                                   then open http://127.0.0.1:8787/
  curl -s http://127.0.0.1:8787/v1/check -H 'Content-Type: text/plain' --data-binary @article.txt
  curl -sT articles.jsonl -X POST http://127.0.0.1:8787/v1/clean -H 'Content-Type: application/x-ndjson'
  UNSPAM_TOKEN=$(openssl rand -hex 32) unspam serve --listen 0.0.0.0:8787

Paths: POST /v1/check, /v1/clean, /v1/scan (one document, {\"documents\":[…]}, or a stream of JSON
lines), POST /v1/moderations, GET /healthz, /readyz, /version, /openapi.json; /metrics on its own
address; POST /admin/reload with the token.";

fn seconds(text: &str) -> Result<Duration, String> {
    let wrong = || format!("\"{text}\" is not a number of seconds");
    Duration::try_from_secs_f64(text.parse().map_err(|_| wrong())?).map_err(|_| wrong())
}

fn address_or_off(text: &str) -> Result<Listen, String> {
    if text == "off" {
        return Ok(Listen::Off);
    }
    text.parse().map(Listen::On).map_err(|_| format!("\"{text}\" is not an address with a port, nor off"))
}

pub(crate) fn run(args: Args) -> Result<Exit> {
    if args.judge.print_config {
        Settings::resolve_parts(&args.judge, &Read::default())?;
        return Ok(Exit::Success);
    }
    let token = token(&args)?;
    if token.is_none() && !args.no_token && !args.listen.ip().is_loopback() {
        bail!("{} can be reached from outside: set a token with --token-file, or say --no-token", args.listen);
    }
    start_log(args.log);
    let connections = allow_connections(args.limits.max_connections);
    let options = options(&args, token, connections);
    let runtime = runtime::Builder::new_multi_thread().worker_threads(io_threads()).enable_all().build()?;
    runtime.block_on(serve(options, loader(args.judge, args.rules)))?;
    // What a client has cut off may still be judged: nobody waits for it.
    runtime.shutdown_background();
    Ok(Exit::Success)
}

/// Moving bytes takes far less than judging.
fn io_threads() -> usize {
    std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(4))
}

fn token(args: &Args) -> Result<Option<Token>> {
    if let Some(path) = &args.token_file {
        let name = || format!("token file \"{}\"", path.display());
        let text = fs::read_to_string(path).with_context(name)?;
        return Ok(Some(Token::new(&text).with_context(name)?));
    }
    match std::env::var(TOKEN_VARIABLE) {
        Ok(text) => Ok(Some(Token::new(&text).context(TOKEN_VARIABLE)?)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(error) => Err(error).context(TOKEN_VARIABLE),
    }
}

fn options(args: &Args, token: Option<Token>, connections: usize) -> ServeOptions {
    let limits = &args.limits;
    let mut options = ServeOptions::default();
    options.listen = args.listen;
    options.metrics = match args.metrics {
        Listen::On(addr) => Some(addr),
        Listen::Off => None,
    };
    options.token = token;
    options.workers = limits.jobs.map_or(options.workers, usize::from);
    options.queue = limits.queue.map_or(options.workers * ServeOptions::QUEUE_PER_WORKER, |queue| queue as usize);
    options.max_text = limits.max_text;
    options.max_body = limits.max_body;
    options.max_body_memory = limits.body_memory;
    options.max_documents = limits.max_documents;
    options.max_connections = connections;
    options.max_streams = limits.max_streams;
    options.timeout = limits.timeout;
    options.patience = limits.patience;
    options.drain = limits.drain;
    options.grace = limits.grace;
    options.flag_clean = args.rules.fail_on.is_empty();
    options.log_requests = !args.quiet;
    options
}

/// Raises the limit on open files as far as needed and allowed; returns how many connections fit.
fn allow_connections(wanted: u32) -> usize {
    let needed = u64::from(wanted) + SPARE_FILES;
    match rlimit::increase_nofile_limit(needed) {
        Ok(files) => files.saturating_sub(SPARE_FILES).clamp(1, u64::from(wanted)) as usize,
        Err(_) => wanted as usize,
    }
}

/// Settings, policy, model and profile come from the same files and flags each time.
fn loader(judge: Judge, rules: Rules) -> Loader {
    Box::new(move || -> Result<served::Judge, String> {
        let settings = Settings::resolve_parts(&judge, &Read::default()).map_err(|error| format!("{error:#}"))?;
        let settings = settings.ok_or("settings are only to be printed")?;
        Ok(served::Judge::new(rules.gate(settings.detector)).with_profile(settings.profile))
    })
}

fn start_log(log: Log) {
    let base = tracing_subscriber::fmt().with_writer(std::io::stderr).with_target(false);
    match log {
        Log::Json => base.json().flatten_event(true).with_current_span(false).with_span_list(false).init(),
        Log::Text => base.init(),
        Log::Off => {}
    }
}

async fn serve(options: ServeOptions, loader: Loader) -> Result<()> {
    let server = Server::bind(options, loader).await?;
    let handle = server.handle();
    let addr = server.addr()?;
    let metrics = server.metrics_addr().map(|addr| addr.to_string());
    let (model, version) = (server.model_id(), env!("CARGO_PKG_VERSION"));
    let stop = stop_signal()?;
    reload_on_signal(handle)?;
    tracing::info!(%addr, metrics, model, version, "listening");
    server.run(stop).await;
    Ok(())
}

#[cfg(unix)]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => (),
            _ = interrupt.recv() => (),
        }
    })
}

#[cfg(unix)]
fn reload_on_signal(handle: Handle) -> Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut hangup = signal(SignalKind::hangup())?;
    tokio::spawn(async move {
        while hangup.recv().await.is_some() {
            let handle = handle.clone();
            // It says itself in the log how it went.
            drop(tokio::task::spawn_blocking(move || handle.reload()).await);
        }
    });
    Ok(())
}

#[cfg(not(unix))]
fn stop_signal() -> Result<impl Future<Output = ()>> {
    Ok(async {
        // Without a signal to wait for, the service runs until it is ended.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    })
}

/// Elsewhere there is no SIGHUP; POST /admin/reload does the same.
#[cfg(not(unix))]
fn reload_on_signal(_: Handle) -> Result<()> {
    Ok(())
}
