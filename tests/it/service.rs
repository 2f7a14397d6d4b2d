//! A running `unspam serve`, and a client that speaks plain bytes.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Service {
    child: Child,
    pub(crate) addr: String,
    pub(crate) metrics: String,
    log: Arc<Mutex<String>>,
    reader: Option<JoinHandle<()>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Reply {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut lines = self.head.lines().filter_map(|line| line.split_once(':'));
        lines.find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

impl Service {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    pub(crate) fn start_with(args: &[&str], env: &[(&str, &str)]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_unspam"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0"]).args(args);
        command.env_remove("UNSPAM_TOKEN").envs(env.iter().copied());
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the service starts");
        let log = Arc::new(Mutex::new(String::new()));
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().expect("it says something").unwrap();
        let said: Value = serde_json::from_str(&first).unwrap_or_else(|_| panic!("{first}"));
        let of = |name: &str| said[name].as_str().unwrap_or_else(|| panic!("{first}")).to_owned();
        let reader = thread::spawn({
            let log = Arc::clone(&log);
            move || {
                for line in lines.map_while(Result::ok) {
                    let mut log = log.lock().unwrap();
                    log.push_str(&line);
                    log.push('\n');
                }
            }
        });
        Self { child, addr: of("addr"), metrics: of("metrics"), log, reader: Some(reader) }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        connect(&self.addr)
    }

    pub(crate) fn get(&self, path: &str) -> Reply {
        request(&self.addr, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), b"")
    }

    pub(crate) fn post(&self, path: &str, kind: &str, body: impl AsRef<[u8]>) -> Reply {
        self.post_with(path, kind, "", body)
    }

    /// `headers` are lines that end in `\r\n`.
    pub(crate) fn post_with(&self, path: &str, kind: &str, headers: &str, body: impl AsRef<[u8]>) -> Reply {
        let body = body.as_ref();
        let length = body.len();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n{headers}\r\n"
        );
        request(&self.addr, &head, body)
    }

    pub(crate) fn json(&self, path: &str, body: &Value) -> Value {
        let reply = self.post(path, "application/json", body.to_string());
        assert_eq!(reply.status, 200, "{reply:?}");
        reply.json()
    }

    pub(crate) fn metric(&self, name: &str) -> u64 {
        let text = self.metrics_text();
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok());
        value.unwrap_or_default()
    }

    pub(crate) fn metrics_text(&self) -> String {
        request(&self.metrics, "GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", b"").text()
    }

    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([format!("-{name}"), id]).status().unwrap().success());
    }

    pub(crate) fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    /// Waits until the log holds this, `times` times.
    pub(crate) fn wait_for(&self, what: &str, times: usize) {
        let started = Instant::now();
        while self.log().matches(what).count() < times {
            assert!(started.elapsed() < PATIENCE, "{what}: {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// Waits until the process has ended; returns how, and its log.
    pub(crate) fn end(mut self) -> (ExitStatus, String) {
        let started = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                self.reader.take().unwrap().join().unwrap();
                return (status, self.log());
            }
            assert!(started.elapsed() < PATIENCE, "it goes on: {}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn connect(addr: &str) -> TcpStream {
    let stream = TcpStream::connect(addr).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

fn request(addr: &str, head: &str, body: &[u8]) -> Reply {
    let mut stream = connect(addr);
    stream.write_all(head.as_bytes()).unwrap();
    // A service that has said no does not read on.
    let _ = stream.write_all(body);
    read_reply(&mut stream)
}

/// Reads a reply to its end.
pub(crate) fn read_reply(stream: &mut TcpStream) -> Reply {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    loop {
        let before = head.len();
        reader.read_line(&mut head).unwrap();
        if matches!(&head[before..], "\r\n" | "") {
            break;
        }
    }
    let status = head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_default();
    let mut reply = Reply { status, head, body: Vec::new() };
    if reply.header("transfer-encoding") == Some("chunked") {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).unwrap();
            let size = usize::from_str_radix(size.trim(), 16).expect("a complete reply");
            let mut chunk = vec![0; size + 2];
            reader.read_exact(&mut chunk).unwrap();
            reply.body.extend_from_slice(&chunk[..size]);
            if size == 0 {
                return reply;
            }
        }
    }
    let length = reply.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    reply.body.resize(length, 0);
    reader.read_exact(&mut reply.body).unwrap();
    reply
}

/// Calls a JSON interface.
pub(crate) fn call(addr: &str, method: &str, path: &str, body: &Value) -> (u16, Value) {
    let body = body.to_string();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let reply = request(addr, &head, body.as_bytes());
    (reply.status, reply.json())
}
