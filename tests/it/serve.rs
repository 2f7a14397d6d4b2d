//! `unspam serve`: verdicts, refusals, limits, reload, stop.

use std::fs;
use std::io::{BufRead as _, BufReader, ErrorKind, Read as _, Write as _};
use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use unspam::model::Model;
use unspam::{Detector, TEST_LINE};

use crate::service::{Service, read_reply};
use crate::support::{CLEAN, dirty, gzip, lines, record, unspam};

const JSON: &str = "application/json";
const LINES: &str = "application/x-ndjson";
const TEXT: &str = "text/plain; charset=utf-8";
const TOKEN: &str = "a-token-for-tests-only";

#[test]
fn every_door_gives_the_answer_of_the_library() {
    let service = Service::start(&[]);
    let text = dirty();
    let found = service.json("/v1/scan?offsets=byte", &json!({"id": "a", "text": text}));
    let report = Detector::builtin().scan(text.as_str());
    assert_eq!(found["verdict"], report.verdict.as_str());
    let spans = found["spans"].as_array().unwrap();
    assert_eq!(spans.len(), report.findings.len());
    for (span, finding) in spans.iter().zip(&report.findings) {
        assert_eq!((&span["start"], &span["end"]), (&finding.span.start().into(), &finding.span.end().into()));
        assert_eq!(span["label"], finding.label.as_str());
    }
    // The command's line, a batch's and a stream's are the same, byte for byte.
    let both = record("a", &text) + &record("b", CLEAN);
    let command = unspam().args(["scan", "--input-format", "jsonl"]).write_stdin(both.as_str()).output().unwrap();
    let command = String::from_utf8(command.stdout).unwrap();
    assert_eq!(service.post("/v1/scan", LINES, &both).text(), command);
    let batch = json!({"documents": [{"id": "a", "text": text}, {"id": "b", "text": CLEAN}]});
    assert_eq!(service.json("/v1/scan", &batch)["results"], Value::Array(lines(&command)));
    let cleaned = service.json("/v1/clean", &json!({"text": text}));
    assert_eq!((cleaned["text"].as_str().unwrap(), &cleaned["outcome"]), (CLEAN, &"clean".into()));
    let checked = service.post("/v1/check", TEXT, CLEAN).json();
    assert_eq!((&checked["outcome"], &checked["flagged"]), (&"accept".into(), &false.into()));
    assert_eq!(service.metric("unspam_documents_total"), 7);
    assert_eq!(service.metric("unspam_outcomes_total{value=\"clean\"}"), 4);
    assert!(service.metric("unspam_removals_total{value=\"spam/gambling\"}") >= 8);
}

#[test]
fn the_test_line_fires_through_every_door() {
    let service = Service::start(&["--remove", "boilerplate/legal"]);
    let text = format!("{CLEAN}\n{TEST_LINE}\n");
    let checked = service.json("/v1/check", &json!({"text": text}));
    assert_eq!((&checked["outcome"], &checked["flagged"]), (&"reject".into(), &true.into()));
    assert_eq!(service.json("/v1/clean", &json!({"text": text}))["text"], CLEAN);
    assert_eq!(service.json("/v1/scan", &json!({"text": text}))["spans"][0]["reasons"][0], "test_line");
    let moderated = service.json("/v1/moderations", &json!({"input": text}));
    assert_eq!(moderated["results"][0]["flagged"], true);
    assert_eq!(moderated["results"][0]["categories"]["spam/scam"], true);
}

#[test]
fn moderations_have_the_shape_that_clients_know() {
    let service = Service::start(&["--fail-on", "spam"]);
    let reply = service.json("/v1/moderations", &json!({"model": "any", "input": [CLEAN, dirty()]}));
    assert!(reply["id"].as_str().unwrap().starts_with("modr-") && reply["model"].is_string());
    let results = reply["results"].as_array().unwrap();
    assert_eq!((&results[0]["flagged"], &results[1]["flagged"]), (&false.into(), &true.into()));
    assert_eq!(results[1]["categories"]["spam/gambling"], true);
    assert!(results[1]["category_scores"]["spam/gambling"].as_f64().unwrap() > 0.5);
    // A category that is not looked for is not answered.
    assert!(results[0]["categories"].get("hate").is_none());
    let parts = json!({"input": [{"type": "text", "text": dirty()}]});
    assert_eq!(service.json("/v1/moderations", &parts)["results"][0]["flagged"], true);
    let image = json!({"input": [{"type": "image_url", "image_url": {"url": "x"}}]}).to_string();
    for wrong in [image.as_str(), "{}", "[]", "{\"input\":[]}", "{\"input\":5}", "{\"input\":\"a\",\"input\":\"b\"}"] {
        assert_eq!(service.post("/v1/moderations", JSON, wrong).status, 422, "{wrong}");
    }
    assert_eq!(service.post("/v1/moderations", JSON, "{").status, 400);
}

#[test]
fn what_is_wrong_is_never_answered_with_a_verdict() {
    let service = Service::start(&["--max-body", "64K", "--max-documents", "3"]);
    let deep = "[".repeat(30_000);
    let inner = format!("{{\"text\":\"a\",\"x\":{deep}}}");
    let big = json!({"text": "a".repeat(70_000)}).to_string();
    let many = json!({"documents": vec![json!({"text": "a"}); 4]}).to_string();
    let cases: &[(&str, &[u8], u16)] = &[
        (JSON, b"", 400),
        (JSON, b"{\"text\":", 400),
        (JSON, b"{\"text\":\"a\"} {}", 400),
        (JSON, b"{\"text\":\"\xFF\"}", 400),
        (JSON, deep.as_bytes(), 400),
        (JSON, inner.as_bytes(), 400),
        (JSON, b"{}", 422),
        (JSON, b"[]", 422),
        (JSON, b"null", 422),
        (JSON, b"{\"text\":5}", 422),
        (JSON, b"{\"text\":\"a\",\"text\":\"b\"}", 422),
        (JSON, b"{\"documents\":5}", 422),
        (JSON, b"{\"documents\":[{\"text\":\"a\"},{}]}", 422),
        (JSON, b"{\"documents\":[],\"documents\":[]}", 422),
        (JSON, many.as_bytes(), 413),
        (JSON, big.as_bytes(), 413),
        (TEXT, b"\xFF", 400),
        ("text/plain; charset=latin1", b"a", 415),
        ("text/html", b"a", 415),
        ("application/x-www-form-urlencoded", b"text=a", 415),
    ];
    for path in ["/v1/check", "/v1/clean", "/v1/scan"] {
        for &(kind, body, status) in cases {
            let reply = service.post(path, kind, body);
            let shown = String::from_utf8_lossy(&body[..body.len().min(40)]);
            assert_eq!(reply.status, status, "{path} {kind} {shown}: {reply:?}");
            let error = reply.json();
            assert!(error["error"]["code"].is_string() && error["error"]["message"].is_string(), "{reply:?}");
            assert!(!reply.text().contains("verdict") && !reply.text().contains("flagged"), "{reply:?}");
        }
    }
    assert_eq!(service.post("/v1/scan?offsets=miles", JSON, "{\"text\":\"a\"}").status, 422);
    assert_eq!(service.post("/v1/check?steps=true", JSON, "{\"text\":\"a\"}").status, 422);
    assert_eq!(service.get("/v1/check").status, 405);
    assert_eq!(service.get("/nothing").status, 404);
    assert_eq!(service.get("/nothing").json()["error"]["code"], "no_such_path");
    assert_eq!(service.metric("unspam_documents_total"), 0);
    // And it still works.
    assert_eq!(service.post("/v1/check", TEXT, "").json()["verdict"], "ok");
}

#[test]
fn compressed_bodies_are_read_within_the_limit() {
    let service = Service::start(&["--max-body", "64K"]);
    let text = dirty();
    let body = json!({"text": text}).to_string();
    let zstd = |bytes: &[u8]| zstd::encode_all(bytes, 1).unwrap();
    let header = |coding: &str| format!("Content-Encoding: {coding}\r\n");
    let plain = service.post("/v1/clean", JSON, &body);
    for (coding, packed) in [
        ("gzip", gzip(body.as_bytes())),
        ("X-GZIP", gzip(body.as_bytes())),
        ("zstd", zstd(body.as_bytes())),
        ("identity", body.clone().into()),
    ] {
        for path in ["/v1/clean", "/v1/check", "/v1/scan"] {
            let reply = service.post_with(path, JSON, &header(coding), &packed);
            assert_eq!(reply.status, 200, "{coding}: {reply:?}");
        }
        assert_eq!(service.post_with("/v1/clean", JSON, &header(coding), &packed).body, plain.body);
        let input = json!({"input": text}).to_string();
        let input = if coding == "zstd" { zstd(input.as_bytes()) } else { gzip(input.as_bytes()) };
        let sent = if coding == "zstd" { "zstd" } else { "gzip" };
        assert_eq!(service.post_with("/v1/moderations", JSON, &header(sent), &input).status, 200);
    }
    let lines = record("a", &text) + &record("b", CLEAN);
    let answer = service.post("/v1/scan", LINES, &lines);
    let reply = service.post_with("/v1/scan", LINES, &header("gzip"), gzip(lines.as_bytes()));
    assert_eq!((reply.status, &reply.body), (200, &answer.body));
    let reply = service.post_with("/v1/scan", LINES, &header("zstd"), zstd(lines.as_bytes()));
    assert_eq!((reply.status, &reply.body), (200, &answer.body));
    // A stream that breaks off says so in its last line.
    let packed = gzip(lines.as_bytes());
    let reply = service.post_with("/v1/scan", LINES, &header("gzip"), &packed[..packed.len() - 4]);
    assert!(reply.text().lines().last().unwrap().contains("the stream broke off"), "{}", reply.text());
    // What grows over the limit is too large, and what is broken is no verdict.
    let bomb = json!({"text": "a".repeat(50_000_000)}).to_string();
    for (coding, packed) in [("gzip", gzip(bomb.as_bytes())), ("zstd", zstd(bomb.as_bytes()))] {
        let reply = service.post_with("/v1/check", JSON, &header(coding), &packed);
        assert_eq!(reply.status, 413, "{coding}: {reply:?}");
        let reply = service.post_with("/v1/check", JSON, &header(coding), &body);
        assert_eq!(reply.status, 400, "{coding}: {reply:?}");
        let half = if coding == "gzip" { gzip(body.as_bytes()) } else { zstd(body.as_bytes()) };
        let reply = service.post_with("/v1/check", JSON, &header(coding), &half[..half.len() / 2]);
        assert_eq!(reply.status, 400, "{coding}: {reply:?}");
    }
    for coding in ["br", "deflate", "gzip, gzip", "compress"] {
        let reply = service.post_with("/v1/check", JSON, &header(coding), gzip(body.as_bytes()));
        assert_eq!((reply.status, reply.header("accept-encoding")), (415, Some("gzip, zstd")), "{coding}");
    }
    assert_eq!(service.post("/v1/check", JSON, &body).status, 200);
}

#[test]
fn a_body_of_unknown_length_takes_what_it_needs() {
    // Room for one body of the largest size, which two short ones must share.
    let service = Service::start(&["--max-body", "1M", "--body-memory", "1M"]);
    let mut open = Vec::new();
    for _ in 0..20 {
        let mut stream = service.connect();
        let head = format!(
            "POST /v1/check HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: {TEXT}\r\nTransfer-Encoding: chunked\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(chunk("A short ").as_bytes()).unwrap();
        open.push(stream);
    }
    for stream in &mut open {
        stream.write_all((chunk("text.") + "0\r\n\r\n").as_bytes()).unwrap();
        assert_eq!(read_reply(stream).status, 200);
    }
    let long = "A sentence of words. ".repeat(30_000);
    let mut stream = service.connect();
    stream.write_all(STREAM.replace(LINES, TEXT).as_bytes()).unwrap();
    stream.write_all((chunk(&long) + "0\r\n\r\n").as_bytes()).unwrap();
    assert_eq!(read_reply(&mut stream).status, 200);
}

#[test]
fn a_text_too_long_is_refused_and_those_beside_it_are_judged() {
    let service = Service::start(&["--max-text", "4K"]);
    let long = "x".repeat(4097);
    let one = json!({"text": long}).to_string();
    let batch = json!({"documents": [{"text": CLEAN}, {"text": long}]}).to_string();
    for path in ["/v1/check", "/v1/clean", "/v1/scan"] {
        for (kind, body) in [(TEXT, &long), (JSON, &one), (JSON, &batch)] {
            let reply = service.post(path, kind, body);
            assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (413, Some("long_text")), "{path}");
        }
    }
    assert_eq!(service.post("/v1/moderations", JSON, json!({"input": [CLEAN, long]}).to_string()).status, 413);
    assert_eq!(service.post("/v1/check", TEXT, &long[1..]).status, 200);
    let sent = record("a", CLEAN) + &record("b", &long) + &record("c", CLEAN);
    let answers = lines(&service.post("/v1/check", LINES, &sent).text());
    assert_eq!((&answers[1]["id"], answers[1]["error"].is_string()), (&"b".into(), true));
    assert!(answers[0]["verdict"].is_string() && answers[1]["verdict"].is_null() && answers[2]["verdict"].is_string());
}

#[test]
fn who_sends_all_before_reading_still_learns_why_it_was_sent_away() {
    let service = Service::start(&["--max-body", "64K"]);
    let body = vec![b'x'; 30_000_000];
    for path in ["/v1/check", "/nothing"] {
        let mut stream = service.connect();
        let length = body.len();
        let head =
            format!("POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {TEXT}\r\nContent-Length: {length}\r\n\r\n");
        stream.write_all(head.as_bytes()).unwrap();
        thread::sleep(Duration::from_millis(100));
        stream.write_all(&body).expect("the service hears its client out");
        assert_eq!(read_reply(&mut stream).status, if path == "/v1/check" { 413 } else { 404 });
    }
    // It does not do so for ever.
    let mut stream = service.connect();
    stream.write_all(STREAM.replace(LINES, "text/html").as_bytes()).unwrap();
    let started = Instant::now();
    while stream.write_all(chunk("x").as_bytes()).is_ok() {
        assert!(started.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn streams_share_the_memory_of_bodies() {
    // Room for two bodies of the largest size and one window.
    let service = Service::start(&["--max-body", "1M", "--body-memory", "1M"]);
    let packed = zstd::encode_all(record("a", CLEAN).as_bytes(), 1).unwrap();
    let head = STREAM.replace("\r\n\r\n", "\r\nContent-Encoding: zstd\r\n\r\n");
    let mut open = service.connect();
    open.write_all(head.as_bytes()).unwrap();
    let started = Instant::now();
    while service.metric("unspam_streams") == 0 {
        assert!(started.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(10));
    }
    let zstd = "Content-Encoding: zstd\r\n";
    assert_eq!(service.post_with("/v1/check", LINES, zstd, &packed).status, 429);
    assert_eq!(service.post("/v1/check", LINES, record("a", CLEAN)).status, 200);
    open.write_all(format!("{:x}\r\n", packed.len()).as_bytes()).unwrap();
    open.write_all(&packed).unwrap();
    open.write_all(b"\r\n0\r\n\r\n").unwrap();
    assert_eq!(lines(&read_reply(&mut open).text())[0]["outcome"], "accept");
    assert_eq!(service.post_with("/v1/check", LINES, zstd, &packed).status, 200);
    // A long line has its place beside short ones, and gives it back.
    let long = "A sentence of words. ".repeat(30_000);
    let sent = record("a", CLEAN) + &record("b", &long) + &record("c", &long);
    for _ in 0..4 {
        let answers = lines(&service.post("/v1/clean", LINES, &sent).text());
        assert_eq!(
            answers.iter().map(|answer| answer["text"].as_str().unwrap().len()).sum::<usize>(),
            CLEAN.len() + 2 * long.len()
        );
    }
}

#[test]
fn a_body_without_end_is_refused_at_the_limit() {
    let service = Service::start(&["--max-body", "64K"]);
    let mut stream = service.connect();
    let head =
        "POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).unwrap();
    let chunk = format!("4000\r\n{}\r\n", " ".repeat(0x4000));
    for _ in 0..8 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    assert_eq!(read_reply(&mut stream).status, 413);
}

#[test]
fn a_stream_answers_each_line_in_its_place() {
    let service = Service::start(&["--max-body", "64K"]);
    let mut sent = String::new();
    for number in 0..300 {
        sent += &match number % 5 {
            0 => json!({"id": number}).to_string() + "\n",
            1 => record(&number.to_string(), &"x".repeat(70_000)),
            2 => "{oh\n".to_owned(),
            3 => record(&number.to_string(), TEST_LINE),
            _ => record(&number.to_string(), CLEAN),
        };
    }
    let reply = service.post("/v1/check", LINES, &sent);
    assert_eq!((reply.status, reply.header("content-type")), (200, Some(LINES)));
    let answers = lines(&reply.text());
    assert_eq!(answers.len(), 300);
    for (number, answer) in answers.iter().enumerate() {
        match number % 5 {
            0 => assert_eq!((&answer["id"], answer["error"].is_string()), (&number.into(), true)),
            1 | 2 => assert!(answer["error"].is_string() && answer["verdict"].is_null()),
            3 => assert_eq!((&answer["id"], &answer["outcome"]), (&number.to_string().into(), &"reject".into())),
            _ => assert_eq!((&answer["id"], &answer["outcome"]), (&number.to_string().into(), &"accept".into())),
        }
    }
    assert_eq!(service.metric("unspam_bad_lines_total"), 180);
}

const STREAM: &str =
    "POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n\r\n";

fn chunk(data: &str) -> String {
    format!("{:x}\r\n{data}\r\n", data.len())
}

#[test]
fn a_stream_answers_before_the_next_line_is_sent() {
    let service = Service::start(&[]);
    let mut stream = service.connect();
    stream.write_all(STREAM.as_bytes()).unwrap();
    let mut answers = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
    for number in 0..5 {
        stream.write_all(chunk(&record(&number.to_string(), CLEAN)).as_bytes()).unwrap();
        let answer = answers.find(|line| line.starts_with("{\"id\"")).unwrap();
        assert!(answer.starts_with(&format!("{{\"id\":\"{number}\"")), "{answer}");
    }
    // A service that stops finishes the stream.
    service.signal("TERM");
    service.wait_for("stopping", 1);
    stream.write_all((chunk(&record("last", TEST_LINE)) + "0\r\n\r\n").as_bytes()).unwrap();
    let rest: Vec<String> = answers.collect();
    assert!(rest.iter().any(|line| line.contains("\"id\":\"last\",\"outcome\":\"reject\"")), "{rest:?}");
    assert_eq!(rest.last().unwrap(), "", "the stream has an end");
    assert_eq!(service.end().0.code(), Some(0));
}

#[test]
fn a_client_that_does_not_read_cannot_send_for_ever() {
    let service = Service::start(&["--patience", "1.5"]);
    let mut stream = service.connect();
    stream.set_write_timeout(Some(Duration::from_millis(500))).unwrap();
    stream.write_all(STREAM.replace("check", "clean").as_bytes()).unwrap();
    let lines = chunk(&record("a", &"Rain fell on the town. ".repeat(400)).repeat(8));
    let mut sent = 0;
    loop {
        match stream.write(lines.as_bytes()) {
            Ok(bytes) => sent += bytes,
            // Either the sockets are full, or the service has already lost its patience.
            Err(error) => {
                use ErrorKind::{BrokenPipe, ConnectionReset, TimedOut, WouldBlock};
                let expected = [WouldBlock, TimedOut, ConnectionReset, BrokenPipe];
                assert!(expected.contains(&error.kind()), "{error}");
                break;
            }
        }
        // What the sockets hold is some megabytes.
        assert!(sent < 64 << 20, "there is no back-pressure");
    }
    // And it does not hold its place for ever.
    let started = Instant::now();
    while service.metric("unspam_streams") > 0 {
        assert!(started.elapsed() < Duration::from_secs(30));
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn too_many_requests_are_sent_away_and_the_rest_is_right() {
    let service = Service::start(&["--jobs", "1", "--queue", "2"]);
    let batch = json!({"documents": vec![json!({"text": dirty()}); 500]}).to_string();
    let replies: Vec<_> = thread::scope(|scope| {
        let post = || service.post("/v1/check", JSON, &batch);
        let clients: Vec<_> = (0..12).map(|_| scope.spawn(post)).collect();
        clients.into_iter().map(|client| client.join().unwrap()).collect()
    });
    for reply in &replies {
        match reply.status {
            200 => assert_eq!(reply.json()["results"].as_array().unwrap().len(), 500),
            429 => {
                assert!(reply.header("retry-after").is_some());
                assert_eq!(reply.json()["error"]["code"], "busy");
            }
            other => panic!("{other}"),
        }
    }
    let away = replies.iter().filter(|reply| reply.status == 429).count();
    assert!(away > 0 && away < 12, "{away}");
    assert_eq!(service.post("/v1/check", TEXT, CLEAN).status, 200);
}

#[test]
fn what_takes_too_long_is_unavailable_and_not_a_pass() {
    let service = Service::start(&["--timeout", "0.001"]);
    let batch = json!({"documents": vec![json!({"text": dirty()}); 300]}).to_string();
    let reply = service.post("/v1/check", JSON, &batch);
    assert_eq!((reply.status, reply.json()["error"]["code"].as_str()), (503, Some("timed_out")));
    assert!(reply.header("retry-after").is_some());
}

#[test]
fn slow_and_broken_clients_are_let_go() {
    let service = Service::start(&["--patience", "0.5"]);
    let closed = |sent: &[u8]| {
        let mut stream = service.connect();
        stream.write_all(sent).unwrap();
        let mut rest = String::new();
        let _ = stream.read_to_string(&mut rest);
        rest
    };
    closed(b"");
    closed(b"POST /v1/check HTT");
    closed(b"POST /v1/check HTTP/1.1\r\nHost: x\r\nX-Slow: 1\r\n");
    let slow = b"POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{";
    assert!(closed(slow).starts_with("HTTP/1.1 408"));
    assert!(closed(b"\x16\x03\x01\x02\x00\x01\xFF").starts_with("HTTP/1.1 400"));
    // Half closed: it has said all it has to say and waits for the answer.
    let mut stream = service.connect();
    let body = record("a", TEST_LINE);
    let head =
        format!("POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n", body.len());
    stream.write_all((head.clone() + &body).as_bytes()).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(read_reply(&mut stream).json()["outcome"], "reject");
    // Gone in the middle of a body, many times.
    for _ in 0..100 {
        service.connect().write_all(&(head.clone() + &body).as_bytes()[..head.len() + 3]).unwrap();
    }
    let idle: Vec<_> = (0..300).map(|_| service.connect()).collect();
    assert_eq!(service.post("/v1/check", TEXT, TEST_LINE).json()["outcome"], "reject");
    drop(idle);
    service.signal("TERM");
    let (status, log) = service.end();
    assert!(status.success() && !log.contains("panicked"), "{log}");
}

#[test]
fn a_token_keeps_others_out() {
    let service = Service::start_with(&[], &[("UNSPAM_TOKEN", TOKEN)]);
    let body = json!({"text": "a"}).to_string();
    let with = |header: &str| service.post_with("/v1/check", JSON, header, &body);
    for wrong in [
        "",
        "Authorization: Bearer\r\n",
        "Authorization: Bearer a-token-for-tests-onlx\r\n",
        "Authorization: Bearer a-token-for-tests-only-\r\n",
        "Authorization: Basic a-token-for-tests-only\r\n",
        "Authorization: a-token-for-tests-only\r\n",
    ] {
        let reply = with(wrong);
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")), "{wrong}");
    }
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    assert_eq!(with(&right).status, 200);
    assert_eq!(service.get("/v1/terms").status, 401);
    for open in ["/", "/page.js", "/page.css", "/healthz", "/readyz", "/version", "/openapi.json"] {
        assert_eq!(service.get(open).status, 200, "{open}");
    }
    assert_eq!(service.post("/admin/reload", JSON, "").status, 401);
    assert_eq!(service.post_with("/admin/reload", JSON, &right, "").status, 200);
    assert!(!service.log().contains(TOKEN));
    // Without a token nobody may reload, and nobody may listen to the world.
    assert_eq!(Service::start(&[]).post("/admin/reload", JSON, "").status, 403);
    let mut open = unspam();
    open.env_remove("UNSPAM_TOKEN").args(["serve", "--listen", "0.0.0.0:0"]);
    let output = open.output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("--token-file"));
    let output = unspam().env("UNSPAM_TOKEN", "short").arg("serve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// Asks again and again while `done` is not set; returns how many answers came.
fn load(service: &Service, done: &AtomicBool) -> usize {
    let mut count = 0;
    while !done.load(Ordering::Relaxed) {
        let reply = service.json("/v1/check", &json!({"text": TEST_LINE}));
        assert_eq!(reply["outcome"], "reject");
        count += 1;
    }
    count
}

#[test]
fn a_reload_drops_no_request_and_a_bad_one_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("unspam.toml");
    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/models/default.unspam");
    let model = folder.path().join("own.unspam");
    fs::copy(shipped, &model).unwrap();
    fs::write(&config, "preset = \"balanced\"\nmodel = \"own.unspam\"\n").unwrap();
    let service = Service::start_with(&["--config", config.to_str().unwrap()], &[("UNSPAM_TOKEN", TOKEN)]);
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    let ask = || service.post_with("/v1/check", JSON, &right, json!({"text": TEST_LINE}).to_string());
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let clients: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let mut count = 0;
                    while !done.load(Ordering::Relaxed) {
                        assert_eq!(ask().json()["outcome"], "reject");
                        count += 1;
                    }
                    count
                })
            })
            .collect();
        fs::write(&config, "preset = \"recall\"\nmodel = \"own.unspam\"\n").unwrap();
        service.signal("HUP");
        service.wait_for("\"reloaded\"", 1);
        assert_eq!(service.get("/version").json()["preset"], "recall");
        let before = service.get("/version").json()["model"].clone();
        fs::write(&model, b"no model").unwrap();
        service.signal("HUP");
        service.wait_for("reload failed", 1);
        assert_eq!(service.post_with("/admin/reload", JSON, &right, "").status, 500);
        assert_eq!(service.get("/version").json()["model"], before);
        fs::copy(shipped, &model).unwrap();
        let reply = service.post_with("/admin/reload", JSON, &right, "");
        assert_eq!(reply.json()["model"], Model::builtin().unwrap().id());
        done.store(true, Ordering::Relaxed);
        assert!(clients.into_iter().map(|client| client.join().unwrap()).sum::<usize>() > 0);
    });
    assert_eq!(service.metric("unspam_reloads_total{value=\"failed\"}"), 2);
    assert_eq!(service.metric("unspam_reloads_total{value=\"done\"}"), 2);
}

#[test]
fn a_service_that_stops_finishes_what_it_accepted() {
    let service = Service::start(&["--drain", "0.3"]);
    let batch = json!({"documents": vec![json!({"text": TEST_LINE}); 900]}).to_string();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let long = scope.spawn(|| service.post("/v1/check", JSON, &batch));
        let short = scope.spawn(|| load(&service, &done));
        thread::sleep(Duration::from_millis(30));
        service.signal("TERM");
        service.wait_for("stopping", 1);
        // It still answers, and says that it will not for long.
        assert_eq!(service.get("/readyz").status, 503);
        assert_eq!(service.get("/healthz").status, 200);
        done.store(true, Ordering::Relaxed);
        assert_eq!(long.join().unwrap().json()["results"].as_array().unwrap().len(), 900);
        assert!(short.join().unwrap() > 0);
    });
    let (status, log) = service.end();
    assert_eq!(status.code(), Some(0), "{log}");
    assert!(log.contains("\"stopped\""));
}

#[test]
fn a_service_that_stops_sends_clients_away_between_their_requests() {
    let service = Service::start(&["--drain", "1"]);
    let body = json!({"text": TEST_LINE}).to_string();
    let request = format!(
        "POST /v1/check HTTP/1.1\r\nHost: x\r\nContent-Type: {JSON}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    thread::scope(|scope| {
        // Connections that are kept: each request is answered, and the last answer says that it was.
        let stay = || {
            let mut stream = service.connect();
            loop {
                stream.write_all(request.as_bytes()).unwrap();
                let reply = read_reply(&mut stream);
                assert_eq!(reply.json()["outcome"], "reject");
                if reply.header("connection") == Some("close") {
                    break;
                }
            }
        };
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(stay)).collect();
        thread::sleep(Duration::from_millis(100));
        service.signal("TERM");
        for client in clients {
            client.join().unwrap();
        }
    });
    assert_eq!(service.end().0.code(), Some(0));
}

#[test]
fn the_log_has_numbers_and_never_a_text() {
    let service = Service::start(&[]);
    let secret = "KanariKuning7431";
    let text = format!("{secret} {}", dirty());
    service.json("/v1/check", &json!({"id": secret, "text": text}));
    service.post(&format!("/v1/scan?{secret}=1"), JSON, "{}");
    service.post("/v1/scan", JSON, format!("{{\"{secret}\":"));
    service.post("/v1/moderations", JSON, format!("{{\"input\":{{\"{secret}\":1}}}}"));
    service.post(&format!("/{secret}"), secret, secret);
    service.post("/v1/clean", LINES, format!("{secret}\n{}", record(secret, &text)));
    let reply = service.post_with("/v1/check", TEXT, "X-Request-Id: job-17.b\r\n", &text);
    assert_eq!(reply.header("x-request-id"), Some("job-17.b"));
    let reply = service.post_with("/v1/check", TEXT, "X-Request-Id: a \"b\"\r\n", &text);
    assert!(!reply.header("x-request-id").unwrap().contains('"'));
    service.signal("TERM");
    let (_, log) = service.end();
    assert!(!log.contains(secret), "{log}");
    let entries = lines(&log);
    let requests: Vec<_> = entries.iter().filter(|entry| entry["message"] == "request").collect();
    assert_eq!(requests.len(), 8);
    assert!(requests.iter().all(|entry| entry["id"].is_string() && entry["ms"].is_number()));
    assert!(requests.iter().any(|entry| entry["id"] == "job-17.b" && entry["status"] == 200));
    assert!(requests.iter().any(|entry| entry["error"] == "no_such_path" && entry["route"] == "other"));
}

#[test]
fn a_quiet_service_says_where_it_listens_and_what_goes_wrong() {
    let service = Service::start(&["--quiet"]);
    assert_eq!(service.post("/v1/check", TEXT, CLEAN).status, 200);
    assert_eq!(service.post("/v1/check", TEXT, "\u{0}").status, 200);
    assert_eq!(service.post("/v1/check", JSON, "{}").status, 422);
    service.signal("TERM");
    let (_, log) = service.end();
    assert_eq!(log.matches("\"request\"").count(), 1, "{log}");
}

#[test]
fn the_description_names_every_path_and_the_page_lets_nothing_in() {
    let service = Service::start(&[]);
    let description = service.get("/openapi.json").json();
    for (path, methods) in description["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let status = if method == "get" { service.get(path).status } else { service.post(path, JSON, "").status };
            assert!(!matches!(status, 404 | 405 | 500), "{method} {path}: {status}");
        }
    }
    assert_eq!(description["info"]["version"], env!("CARGO_PKG_VERSION"));
    let page = service.get("/");
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe") && !policy.contains("http"));
    assert!(!page.text().contains("://") && !page.text().contains("<script>") && !page.text().contains("style="));
    let terms = service.get("/v1/terms").json();
    let detector = Detector::builtin();
    for finding in detector.scan(dirty().as_str()).findings {
        assert!(terms["labels"][finding.label.as_str()].is_string());
        assert!(finding.reasons.iter().all(|reason| terms["reasons"][reason.code].is_string()));
    }
}

#[test]
fn steps_tell_what_other_thresholds_would_cut() {
    let service = Service::start(&[]);
    let text = dirty();
    let found = service.json("/v1/scan?steps=true&offsets=byte", &json!({"text": text}));
    let cut = |cuts: &Value| {
        let mut rest = text.clone();
        for pair in cuts.as_array().unwrap().iter().rev() {
            let at = |index: usize| pair[index].as_u64().unwrap() as usize;
            rest.replace_range(at(0)..at(1), "");
        }
        rest
    };
    assert_eq!(cut(&found["cuts"]), CLEAN);
    let steps = found["steps"].as_array().unwrap();
    assert_eq!(steps[0]["from"], 0.5);
    assert_eq!(cut(&steps[0]["cuts"]), CLEAN);
    assert!(steps.windows(2).all(|two| two[0]["from"].as_f64() < two[1]["from"].as_f64()));
}
