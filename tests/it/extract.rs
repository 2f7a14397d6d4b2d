//! Web pages: refused, or read with `--extract`.

use std::fs;

use crate::support::{CLEAN, dirty, gunzip, gzip, lines, stderr, stdout, tree, warc};

/// A page with navigation, an article of the paragraphs of `text`, and a footer.
fn page(text: &str) -> String {
    let paragraphs: Vec<String> = text.trim_end().split("\n\n").map(|part| format!("<p>{part}</p>")).collect();
    format!(
        "<!DOCTYPE html>\n<html><head><meta charset=utf-8><title>Berita</title><script>var x = 'sbobet88';</script></head>\n\
         <body><nav><a href=/>Beranda</a> <a href=/b>Kontak</a></nav><article>{}</article>\n\
         <footer>© Berita</footer></body></html>\n",
        paragraphs.join("\n")
    )
}

fn response(number: usize, status: &str, kind: &str, body: &[u8]) -> Vec<u8> {
    let reply = [format!("HTTP/1.1 {status}\r\nContent-Type: {kind}\r\n\r\n").as_bytes(), body].concat();
    let head = format!(
        "WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/{number}\r\n\
         WARC-Date: 2026-01-02T03:04:05Z\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n\
         Content-Type: application/http; msgtype=response\r\nContent-Length: {}\r\n\r\n",
        reply.len()
    );
    [head.as_bytes(), &reply, b"\r\n\r\n"].concat()
}

#[test]
fn pages_are_refused_with_advice_and_read_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir_all(at.join("in/deep")).unwrap();
    fs::write(at.join("in/deep/page.html"), page(&dirty())).unwrap();
    fs::write(at.join("in/other.HTM.gz"), gzip(page(CLEAN).as_bytes())).unwrap();
    fs::write(at.join("in/text.txt"), dirty()).unwrap();
    let said = stderr(at, &["clean", "in/deep/page.html"], 2);
    assert!(said.contains("looks like HTML, which is not read: extract its text first, with --extract"), "{said}");
    stderr(at, &["clean", "in", "-o", "out", "--extract", "--ledger", "l.jsonl", "--quarantine", "q.jsonl"], 0);
    let names: Vec<String> = tree(&at.join("out")).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["deep/page.txt", "other.txt.gz", "text.txt"]);
    let cleaned = fs::read_to_string(at.join("out/deep/page.txt")).unwrap();
    assert_eq!(cleaned, CLEAN);
    assert_eq!(gunzip(&fs::read(at.join("out/other.txt.gz")).unwrap()), CLEAN.as_bytes());
    let entry = &lines(&fs::read_to_string(at.join("l.jsonl")).unwrap())[0];
    assert_eq!((&entry["file"], &entry["record"]), (&"deep/page.txt".into(), &1.into()));
    // What comes back is the text of the page.
    stdout(at, &["restore", "out", "--ledger", "l.jsonl", "-o", "back"], 0);
    assert_eq!(fs::read_to_string(at.join("back/deep/page.txt")).unwrap(), dirty());
    let found = lines(&stdout(at, &["scan", "--extract", "in/deep/page.html"], 0));
    assert_eq!((&found[0]["id"], &found[0]["verdict"]), (&"in/deep/page.html".into(), &"dirty".into()));
    stdout(at, &["check", "--extract", "in/deep/page.html"], 1);
    assert_eq!(stdout(at, &["clean", "-q", "--extract", "--input-format", "html", "in/deep/page.html"], 0), CLEAN);
}

#[test]
fn pages_that_cannot_be_read_have_no_output() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    fs::create_dir(at.join("in")).unwrap();
    fs::write(at.join("in/deep.html"), format!("<html><body>{}", "<div>".repeat(2_000))).unwrap();
    fs::write(at.join("in/empty.html"), "<html><body><script>1</script></body></html>").unwrap();
    fs::write(at.join("in/long.html"), page(&CLEAN.repeat(40))).unwrap();
    fs::write(at.join("in/page.html"), page(CLEAN)).unwrap();
    let args = ["clean", "in", "-o", "out", "--extract", "--max-record", "20K", "--quarantine", "q.jsonl"];
    let said = stderr(at, &args, 2);
    assert!(
        said.contains("deep.html: cannot be read as HTML: web page cannot be read: it has more than 512"),
        "{said}"
    );
    assert!(said.contains("empty.html: cannot be read as HTML: web page cannot be read: it shows no text"), "{said}");
    assert!(said.contains("long.html: cannot be read as HTML") && said.contains("longer than 20480 bytes"), "{said}");
    assert_eq!(tree(&at.join("out")).into_iter().map(|(name, _)| name).collect::<Vec<_>>(), ["page.txt"]);
    let listed = lines(&fs::read_to_string(at.join("q.jsonl")).unwrap());
    assert_eq!(
        listed.iter().map(|line| line["file"].as_str().unwrap()).collect::<Vec<_>>(),
        ["deep.html", "empty.html", "long.html"]
    );
    assert!(listed.iter().all(|line| line["moved"] == false && line["reason"].is_string()));
    let found = lines(&stdout(at, &["scan", "in/empty.html", "--extract"], 2));
    assert!(found.len() == 1 && found[0]["error"].as_str().unwrap().contains("no text"), "{found:?}");
    // Two pages of one name would be one text.
    fs::write(at.join("in/page.htm"), page(CLEAN)).unwrap();
    let said = stderr(at, &["clean", "in", "-o", "out", "--extract"], 2);
    assert!(said.contains("would both be written"), "{said}");
}

#[test]
fn archived_pages_become_records_of_text() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let html = "text/html; charset=utf-8";
    let image = response(3, "200 OK", "image/png", &vec![7; 3_000_000]);
    let missing = response(4, "404 Not Found", html, page(&dirty()).as_bytes());
    let nothing = response(6, "200 OK", html, b"<html></html>");
    let input = [
        response(1, "200 OK", html, page(&dirty()).as_bytes()),
        warc("http://a.example/2", &dirty()),
        image.clone(),
        missing.clone(),
        response(5, "200 OK", html, page(CLEAN).as_bytes()),
        nothing.clone(),
    ];
    fs::write(at.join("a.warc.gz"), input.iter().flat_map(|record| gzip(record)).collect::<Vec<u8>>()).unwrap();
    let args = ["clean", "a.warc.gz", "-o", "b.warc", "--ledger", "l.jsonl", "--quarantine", "q.jsonl"];
    let said = stderr(at, &args, 0);
    assert!(said.contains("passed by unread: --extract reads them"), "{said}");
    let args = [&args[..], &["--extract"]].concat();
    stderr(at, &args, 2);
    let output = fs::read(at.join("b.warc")).unwrap();
    let text = String::from_utf8_lossy(&output);
    let first = text.split("WARC/1.0\r\n").nth(1).unwrap();
    for line in [
        "WARC-Type: conversion",
        "WARC-Target-URI: http://a.example/1",
        "WARC-Date: 2026-01-02T03:04:05Z",
        "WARC-Refers-To: <urn:uuid:1>",
        "Content-Type: text/plain",
        &format!("Content-Length: {}", CLEAN.len()),
    ] {
        assert!(first.contains(&format!("{line}\r\n")), "{line}: {first}");
    }
    assert!(first.ends_with(&format!("\r\n\r\n{CLEAN}\r\n\r\n")), "{first}");
    let digest = |text: &str| {
        let record = String::from_utf8(warc("u", text)).unwrap();
        record.lines().find(|line| line.starts_with("WARC-Block-Digest")).unwrap().to_owned()
    };
    assert!(first.contains(&digest(CLEAN)), "{first}");
    // What is no page stands as it was, and the page without a text is in quarantine.
    let middle = [warc("http://a.example/2", CLEAN), image, missing].concat();
    assert!(output[b"WARC/1.0\r\n".len() + first.len()..].starts_with(&middle));
    assert_eq!(text.matches("WARC-Type: conversion").count(), 3);
    let listed = lines(&fs::read_to_string(at.join("q.jsonl")).unwrap());
    assert_eq!((listed.len(), &listed[0]["record"], &listed[0]["moved"]), (1, &6.into(), &true.into()));
    assert_eq!(listed[0]["text"].as_str().unwrap().as_bytes(), nothing);
    // Texts come back, pages do not.
    stdout(at, &["restore", "b.warc", "--ledger", "l.jsonl", "--quarantine", "q.jsonl", "-o", "c.warc"], 0);
    let back = fs::read_to_string(at.join("c.warc")).unwrap();
    assert!(back.contains(&digest(&dirty())) && back.contains(&dirty()), "{back}");
    assert!(back.as_bytes().ends_with(&nothing), "{back}");
    // The same bytes with one thread and chunks of another size.
    let args = ["clean", "a.warc.gz", "-o", "d.warc", "--extract", "--quarantine", "r.jsonl", "-j", "1"];
    stderr(at, &[&args[..], &["--chunk-bytes", "1000"]].concat(), 2);
    assert!(fs::read(at.join("d.warc")).unwrap() == output);
}

#[test]
fn pages_within_records_are_read_in_place() {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let line = |text: &str, id: u8| format!("{{\"id\":{id}, \"text\" : {}, \"n\":1.0}}\n", serde_json::json!(text));
    fs::write(at.join("a.jsonl"), line(&page(&dirty()), 1) + &line(&dirty(), 2) + &line("<html></html>", 3)).unwrap();
    let said = stderr(at, &["clean", "a.jsonl", "-o", "b.jsonl"], 2);
    assert!(said.contains("a.jsonl: line 1: text is HTML") && said.contains("line 3"), "{said}");
    let said = stderr(at, &["clean", "a.jsonl", "-o", "b.jsonl", "--extract", "--ledger", "l.jsonl"], 2);
    assert!(!said.contains("line 1") && said.contains("line 3: web page cannot be read: it shows no text"), "{said}");
    let text = CLEAN.trim_end();
    assert_eq!(
        fs::read_to_string(at.join("b.jsonl")).unwrap(),
        line(text, 1) + &line(CLEAN, 2) + &line("<html></html>", 3)
    );
    stdout(at, &["restore", "b.jsonl", "--ledger", "l.jsonl", "-o", "c.jsonl"], 0);
    let back = fs::read_to_string(at.join("c.jsonl")).unwrap();
    assert!(back.starts_with(&line(dirty().trim_end(), 1)), "{back}");
    let quoted = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    fs::write(at.join("a.csv"), format!("id,text\n1,{}\n", quoted(&page(&dirty())))).unwrap();
    assert_eq!(stdout(at, &["clean", "-q", "a.csv", "--extract"], 0), format!("id,text\n1,{}\n", quoted(text)));
}
