//! How the gate holds up: in process, and as a service under load on loopback.
//!
//! `cargo bench --bench load [-- --parts process,http,faults,soak] [--seconds N] [--soak N]
//! [--articles FILE.jsonl]` starts `unspam serve` beside itself, so generator and service share
//! the machine. Every request is timed from when it was *due*, not from when a connection was
//! free for it: a service that stalls cannot hide behind a generator that waits.

#![allow(clippy::print_stdout, clippy::unwrap_used, missing_docs, reason = "a bench prints and may stop")]

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use unspam::model::Model;
use unspam::{Gate, TEST_LINE};

/// Bytes of an article as the goals mean it.
const ARTICLE: usize = 5_000;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let number = |name: &str, default: u64| {
        let at = args.iter().position(|arg| arg == name);
        at.and_then(|at| args.get(at + 1)?.parse().ok()).unwrap_or(default)
    };
    let seconds = number("--seconds", 8);
    let soak = number("--soak", 30);
    let _ = rlimit::increase_nofile_limit(65_536);
    let text = |name: &str| args.iter().position(|arg| arg == name).and_then(|at| args.get(at + 1));
    let wanted = |part: &str| text("--parts").is_none_or(|parts| parts.split(',').any(|one| one == part));
    let articles = text("--articles").map_or_else(articles, |path| articles_of(path));
    println!(
        "{} articles of {} bytes on average",
        articles.len(),
        articles.iter().map(String::len).sum::<usize>() / articles.len()
    );
    if wanted("process") {
        in_process(&articles);
        start_to_exit(&articles[0]);
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    if wanted("http") {
        runtime.block_on(over_http(&articles, Duration::from_secs(seconds)));
    }
    if wanted("faults") {
        runtime.block_on(faults());
    }
    if wanted("soak") {
        runtime.block_on(mixed_load(&articles, Duration::from_secs(soak)));
    }
}

/// The texts of a file of JSON lines that are as long as the goals mean.
fn articles_of(path: &str) -> Vec<String> {
    let lines = BufReader::new(fs::File::open(path).unwrap()).lines().map(Result::unwrap);
    let text =
        |line: String| serde_json::from_str::<serde_json::Value>(&line).unwrap()["text"].as_str().map(str::to_owned);
    lines.filter_map(text).filter(|text| (ARTICLE * 4 / 5..=ARTICLE * 6 / 5).contains(&text.len())).take(500).collect()
}

/// Our own fixtures, joined to the length of an article.
fn articles() -> Vec<String> {
    fn collect(folder: &Path, out: &mut Vec<String>) {
        let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                collect(&path, out);
            } else if path.ends_with("source.txt") {
                out.extend(fs::read_to_string(path));
            }
        }
    }
    let mut texts = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures"), &mut texts);
    let mut articles = Vec::new();
    let mut article = String::new();
    for text in texts.iter().filter(|text| text.len() < ARTICLE) {
        article.push_str(text);
        article.push('\n');
        if article.len() >= ARTICLE {
            articles.push(std::mem::take(&mut article));
        }
    }
    articles
}

fn percentile(sorted: &[Duration], share: f64) -> Duration {
    let last = sorted.len().saturating_sub(1);
    sorted.get((last as f64 * share).round() as usize).copied().unwrap_or_default()
}

fn summary(mut times: Vec<Duration>) -> String {
    times.sort_unstable();
    let ms = |share| percentile(&times, share).as_secs_f64() * 1e3;
    format!("p50 {:.3} ms, p90 {:.3}, p99 {:.3}, max {:.3}", ms(0.5), ms(0.9), ms(0.99), ms(1.0))
}

fn in_process(articles: &[String]) {
    let loads = (0..10).map(|_| timed(|| drop(Model::builtin().unwrap()))).collect();
    println!("built-in model: {}", summary(loads));
    let gate = Gate::builtin();
    let round = || articles.iter().map(|article| timed(|| drop(gate.decide(article.as_str()))));
    round().for_each(drop);
    let times = (0..40).flat_map(|_| round().collect::<Vec<_>>()).collect();
    println!("in process, {ARTICLE} bytes: {}", summary(times));
    let prose =
        "The council met on Tuesday to hear the report of the engineers, who had looked at each of the bridges \
                 in the district and found two of them in need of repair before the winter.\n\n"
            .repeat(ARTICLE / 180);
    let times = (0..500).map(|_| timed(|| drop(gate.decide(prose.as_str())))).collect();
    println!("in process, plain prose of {} bytes: {}", prose.len(), summary(times));
    let used = allocation_counter::measure(|| drop(gate.decide(prose.as_str())));
    println!("  of it {} allocations, {} bytes", used.count_total, used.bytes_total);
}

fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

fn start_to_exit(article: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("article.txt");
    fs::write(&path, article).unwrap();
    let run = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unspam"));
        command.arg("check").arg(&path).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    };
    run();
    println!("unspam check, start to exit: {}", summary((0..20).map(|_| timed(run)).collect()));
}

struct Service {
    child: Child,
    addr: String,
}

impl Service {
    fn start(args: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unspam"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--metrics", "off"]).args(args);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let first: serde_json::Value = serde_json::from_str(&lines.next().unwrap()).unwrap();
        let addr = first["addr"].as_str().unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, addr }
    }

    /// Memory in use, in megabytes.
    fn memory(&self) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or_default() / 1e3
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), id]).status().unwrap().success());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Client {
    addr: String,
    stream: Option<TcpStream>,
    buffer: Vec<u8>,
}

impl Client {
    fn new(addr: &str) -> Self {
        Self { addr: addr.to_owned(), stream: None, buffer: Vec::new() }
    }

    /// Sends a request and returns the status; 0 if the connection broke.
    async fn ask(&mut self, request: &[u8]) -> u16 {
        match self.try_ask(request).await {
            Ok((status, open)) => {
                if !open {
                    self.stream = None;
                }
                status
            }
            Err(_) => {
                self.stream = None;
                0
            }
        }
    }

    async fn try_ask(&mut self, request: &[u8]) -> std::io::Result<(u16, bool)> {
        if self.stream.is_none() {
            let stream = TcpStream::connect(&self.addr).await?;
            stream.set_nodelay(true)?;
            self.stream = Some(stream);
        }
        let stream = self.stream.as_mut().unwrap();
        // A service that says no early does not read the rest.
        let sent = stream.write_all(request).await;
        self.buffer.clear();
        loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&self.buffer[..at]).to_ascii_lowercase();
                let status = head.get(9..12).and_then(|code| code.parse().ok()).unwrap_or(0);
                let length: usize = head
                    .lines()
                    .find_map(|line| line.strip_prefix("content-length: ")?.trim().parse().ok())
                    .unwrap_or(0);
                let chunked = head.contains("transfer-encoding: chunked");
                while self.buffer.len() < at + 4 + length || chunked && !self.buffer.ends_with(b"\r\n0\r\n\r\n") {
                    if stream.read_buf(&mut self.buffer).await? == 0 {
                        return Ok((0, false));
                    }
                }
                if status == 200 {
                    let body = &self.buffer[at + 4..];
                    assert!(memchr::memmem::find(body, b"\"verdict\"").is_some(), "200 without a verdict");
                    let has = |what: &[u8]| memchr::memmem::find(body, what).is_some();
                    assert!(
                        memchr::memmem::find(request, TEST_LINE.as_bytes()).is_none() || has(b"reject"),
                        "it passes"
                    );
                }
                return Ok((status, sent.is_ok() && !head.contains("connection: close")));
            }
            if stream.read_buf(&mut self.buffer).await? == 0 {
                return Ok((0, false));
            }
        }
    }
}

fn request(article: &str) -> Vec<u8> {
    post("/v1/check", "application/json", serde_json::json!({"text": article}).to_string())
}

/// `kind` may be followed by more headers.
fn post(path: &str, kind: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head =
        format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

#[derive(Default)]
struct Outcome {
    /// Times of answers, from when the request was due.
    accepted: Vec<Duration>,
    /// The same from when it was sent: with more due than can be sent, the first says more of
    /// the generator than of the service.
    sent: Vec<Duration>,
    /// Sent away because there was too much to do.
    refused: u64,
    /// Told that they were wrong.
    wrong: u64,
    broken: u64,
}

/// Sends requests at a rate (or as fast as answers come, without one) over many connections.
async fn run(
    addr: &str,
    requests: &Arc<Vec<Vec<u8>>>,
    connections: usize,
    rate: Option<f64>,
    time: Duration,
) -> Outcome {
    let start = Instant::now();
    let next = Arc::new(AtomicU64::new(0));
    let tasks: Vec<_> = (0..connections)
        .map(|_| {
            let (next, requests, mut client) = (Arc::clone(&next), Arc::clone(requests), Client::new(addr));
            tokio::spawn(async move {
                let mut outcome = Outcome::default();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    let due = match rate {
                        Some(rate) => start + Duration::from_secs_f64(number as f64 / rate),
                        None => Instant::now(),
                    };
                    if due.duration_since(start) >= time || start.elapsed() >= time {
                        return outcome;
                    }
                    tokio::time::sleep_until(due.into()).await;
                    let sent = Instant::now();
                    let status = client.ask(&requests[number as usize % requests.len()]).await;
                    match status {
                        200 => {
                            outcome.accepted.push(due.elapsed());
                            outcome.sent.push(sent.elapsed());
                        }
                        429 | 503 => outcome.refused += 1,
                        400..500 => outcome.wrong += 1,
                        _ => outcome.broken += 1,
                    }
                }
            })
        })
        .collect();
    let mut all = Outcome::default();
    for task in tasks {
        let one = task.await.unwrap();
        all.accepted.extend(one.accepted);
        all.sent.extend(one.sent);
        all.refused += one.refused;
        all.wrong += one.wrong;
        all.broken += one.broken;
    }
    all
}

fn tell(name: &str, outcome: Outcome, time: Duration) -> f64 {
    let rate = outcome.accepted.len() as f64 / time.as_secs_f64();
    let Outcome { accepted, sent, refused, wrong, broken } = outcome;
    let judged = accepted.len();
    println!(
        "{name}: {judged} judged, {rate:.0} a second, {refused} refused, {wrong} wrong, {broken} broken; {}",
        summary(accepted)
    );
    println!("    from when it was sent: {}", summary(sent));
    rate
}

async fn over_http(articles: &[String], time: Duration) {
    let service = Service::start(&["--quiet"]);
    let long = Arc::new(articles.iter().map(|article| request(article)).collect::<Vec<_>>());
    let short = Arc::new(vec![request(TEST_LINE), request("The council met on Tuesday to hear the report.")]);
    for (name, requests) in [("short texts", &short), ("articles", &long)] {
        let most =
            tell(&format!("HTTP, {name}, 16 connections"), run(&service.addr, requests, 16, None, time).await, time);
        let half = run(&service.addr, requests, 64, Some(most / 2.0), time).await;
        tell(&format!("HTTP, {name}, half of that"), half, time);
        let five = run(&service.addr, requests, 256, Some(most * 5.0), time).await;
        tell(&format!("HTTP, {name}, five times that"), five, time);
        let after = run(&service.addr, requests, 64, Some(most / 2.0), Duration::from_secs(2)).await;
        tell(&format!("HTTP, {name}, half again, at once"), after, Duration::from_secs(2));
        println!("memory: {:.1} MB", service.memory());
    }
}

/// Sends everything that there is, right and wrong, and prints the memory of each tenth.
async fn mixed_load(articles: &[String], time: Duration) {
    let service = Service::start(&["--quiet"]);
    let gzip = |text: &str| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let json = "application/json";
    let mut mixed = Vec::new();
    for (number, article) in articles.iter().enumerate() {
        let one = serde_json::json!({"id": number, "text": article}).to_string();
        mixed.push(match number % 12 {
            0 => post("/v1/clean", json, &one),
            1 => post("/v1/scan?offsets=utf16&steps=true", json, &one),
            2 => post("/v1/check", "text/plain", article),
            3 => post("/v1/check", "application/json\r\nContent-Encoding: gzip", gzip(&one)),
            4 => post(
                "/v1/check",
                "application/json\r\nContent-Encoding: zstd",
                zstd::encode_all(one.as_bytes(), 1).unwrap(),
            ),
            5 => post("/v1/check", json, format!("{{\"documents\":[{one},{one},{one},{one}]}}")),
            6 => post("/v1/clean", "application/x-ndjson", format!("{one}\n{{oh\n{one}\n")),
            7 => post("/v1/moderations", json, serde_json::json!({"input": [article, TEST_LINE]}).to_string()),
            8 => post("/v1/check", json, &one.as_bytes()[..one.len() / 2]),
            9 => post("/v1/check", json, "{\"text\":5}"),
            10 => post("/nothing", json, &one),
            _ => request(if number % 2 == 0 { TEST_LINE } else { article }),
        });
    }
    let mixed = Arc::new(mixed);
    for part in 1..=10 {
        let outcome = run(&service.addr, &mixed, 16, None, time / 10).await;
        tell(&format!("mixed load, part {part} of 10, memory {:.1} MB", service.memory()), outcome, time / 10);
    }
}

/// Requests a second while clients misbehave.
const BESIDE: f64 = 300.0;

/// Lets clients misbehave in all ways we know, while others go on as ever.
async fn faults() {
    let service = Service::start(&["--quiet", "--patience", "3", "--drain", "1"]);
    let addr = service.addr.clone();
    let beside = Arc::new(vec![request(TEST_LINE)]);
    let start = Instant::now();
    println!("faults: memory {:.1} MB before", service.memory());
    let load = tokio::spawn({
        let (addr, beside) = (addr.clone(), Arc::clone(&beside));
        async move { run(&addr, &beside, 32, Some(BESIDE), Duration::from_secs(20)).await }
    });
    let many = |count: usize, what: Fault| {
        let clients: Vec<_> = (0..count).map(|_| tokio::spawn(misbehave(addr.clone(), what))).collect();
        async move {
            let mut answers = std::collections::BTreeMap::new();
            for client in clients {
                *answers.entry(client.await.unwrap()).or_insert(0) += 1;
            }
            println!("  {what:?}: {answers:?} (status of the answer, 0 for none: how many)");
        }
    };
    many(500, Fault::HalfClosed).await;
    many(500, Fault::Reset).await;
    many(4, Fault::Huge).await;
    many(4, Fault::Endless).await;
    many(50, Fault::Nested).await;
    many(50, Fault::Twice).await;
    many(50, Fault::NotUtf8).await;
    many(1000, Fault::SlowLoris).await;
    let mut idle = Vec::new();
    for _ in 0..10_000 {
        match TcpStream::connect(&addr).await {
            Ok(stream) => idle.push(stream),
            Err(error) => {
                println!("  idle connections: {error}");
                break;
            }
        }
    }
    let status = Client::new(&addr).ask(&beside[0]).await;
    println!("  with {} idle connections: status {status}, memory {:.1} MB", idle.len(), service.memory());
    drop(idle);
    for _ in 0..10 {
        service.signal("HUP");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    tell("  beside all that, and ten reloads", load.await.unwrap(), start.elapsed());
    println!("  memory {:.1} MB after", service.memory());
    // A client for each request: whoever was let in is answered.
    service.signal("TERM");
    let (mut answered, mut lost) = (0, 0);
    while let Ok(stream) = TcpStream::connect(&addr).await {
        let mut client = Client { addr: addr.clone(), stream: Some(stream), buffer: Vec::new() };
        match client.ask(&beside[0]).await {
            200 => answered += 1,
            _ => lost += 1,
        }
    }
    let mut service = service;
    let code = service.child.wait().unwrap();
    println!("  after SIGTERM: {answered} answered, {lost} lost, {code}");
}

#[derive(Debug, Clone, Copy)]
enum Fault {
    HalfClosed,
    Reset,
    Huge,
    Endless,
    Nested,
    Twice,
    NotUtf8,
    SlowLoris,
}

/// Returns the status of the answer, or 0.
async fn misbehave(addr: String, what: Fault) -> u16 {
    let whole = request(TEST_LINE);
    let kind = "application/json";
    let mut client = Client::new(&addr);
    match what {
        Fault::Nested => return client.ask(&post("/v1/check", kind, "[".repeat(100_000))).await,
        Fault::Twice => return client.ask(&post("/v1/check", kind, "{\"text\":\"a\",\"text\":\"b\"}")).await,
        Fault::NotUtf8 => return client.ask(&post("/v1/check", kind, b"{\"text\":\"\xFF\"}")).await,
        _ => (),
    }
    let Ok(mut stream) = TcpStream::connect(&addr).await else { return 0 };
    match what {
        Fault::HalfClosed => {
            let _ = stream.write_all(&whole).await;
            let _ = stream.shutdown().await;
        }
        Fault::Reset => {
            let _ = stream.set_zero_linger();
            let _ = stream.write_all(&whole[..whole.len() - 5]).await;
            return 0;
        }
        Fault::SlowLoris => {
            for byte in &whole {
                tokio::time::sleep(Duration::from_millis(200)).await;
                if stream.write_all(&[*byte]).await.is_err() {
                    break;
                }
            }
        }
        Fault::Huge | Fault::Endless => {
            let length =
                if matches!(what, Fault::Huge) { "Content-Length: 1073741824" } else { "Transfer-Encoding: chunked" };
            let head = format!("POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\n{length}\r\n\r\n");
            let _ = stream.write_all(head.as_bytes()).await;
            let chunk = format!("10000\r\n{}\r\n", " ".repeat(0x10000));
            for _ in 0..1 << 14 {
                if stream.write_all(chunk.as_bytes()).await.is_err() {
                    break;
                }
            }
        }
        _ => (),
    }
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    std::str::from_utf8(answer.get(9..12).unwrap_or_default()).ok().and_then(|code| code.parse().ok()).unwrap_or(0)
}
