//! The page of `unspam serve` in a real browser, driven over the WebDriver protocol.
//!
//! Needs chromium and chromedriver; where they are missing the test says so and passes.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use unspam::TEST_LINE;

use crate::service::{Service, call};
use crate::support::{CLEAN, dirty};

struct Browser {
    driver: Child,
    addr: String,
    session: String,
    profile: tempfile::TempDir,
}

impl Browser {
    fn start(width: u32, height: u32) -> Option<Self> {
        let started = Command::new("chromedriver").arg("--port=0").stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let Ok(mut driver) = started else {
            eprintln!("skipped: chromedriver is not installed (Debian: chromium, chromium-driver)");
            return None;
        };
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Self {
            driver,
            addr: format!("127.0.0.1:{}", port.expect("chromedriver names its port")),
            session: String::new(),
            profile,
        };
        let args = [
            "--headless=new".to_owned(),
            "--no-sandbox".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-quic".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            format!("--user-data-dir={}", browser.profile.path().display()),
            format!("--window-size={width},{height}"),
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": {"args": args},
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let (status, reply) = call(&browser.addr, "POST", "/session", &wanted);
        if status != 200 {
            eprintln!("skipped: no browser could be started: {}", reply["value"]["message"]);
            return None;
        }
        reply["value"]["sessionId"].as_str().unwrap().clone_into(&mut browser.session);
        Some(browser)
    }

    fn ask(&self, command: &str, body: &Value) -> Value {
        let path = format!("/session/{}/{command}", self.session);
        let (status, mut reply) = call(&self.addr, "POST", &path, body);
        assert_eq!(status, 200, "{command}: {reply}");
        reply["value"].take()
    }

    fn run(&self, script: &str) -> Value {
        self.ask("execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a script says something true.
    fn wait(&self, script: &str) {
        let started = Instant::now();
        while self.run(&format!("return Boolean({script})")) != true {
            let shown = self.run("return document.body.innerText");
            assert!(started.elapsed() < Duration::from_secs(30), "{script}: {shown}");
            thread::sleep(Duration::from_millis(50));
        }
    }

    fn element(&self, selector: &str) -> String {
        let found = self.ask("element", &json!({"using": "css selector", "value": selector}));
        found.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
    }

    fn keys(&self, selector: &str, keys: &str) {
        let element = self.element(selector);
        self.ask(&format!("element/{element}/value"), &json!({"text": keys}));
    }

    fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.ask(&format!("element/{element}/click"), &json!({}));
    }

    /// Puts a text into the field as pasting does.
    fn paste(&self, text: &str) {
        let body = json!({
            "script": "const t = document.getElementById('text'); t.value = arguments[0]; \
                       document.getElementById('found').replaceChildren(); t.dispatchEvent(new Event('input'))",
            "args": [text],
        });
        self.ask("execute/sync", &body);
        self.wait(
            "document.getElementById('status').textContent.startsWith('Verdict') && \
                   document.getElementById('found').textContent",
        );
    }

    fn text(&self, id: &str) -> String {
        self.run(&format!("return document.getElementById('{id}').textContent")).as_str().unwrap().to_owned()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() {
            call(&self.addr, "DELETE", &format!("/session/{}", self.session), &json!({}));
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}

/// Fixes the threshold as a person does who drags the slider.
fn slide(browser: &Browser, percent: u32) {
    browser.run(&format!(
        "const t = document.getElementById('threshold'); t.value = {percent}; t.dispatchEvent(new Event('input'))"
    ));
}

#[test]
fn a_person_can_use_the_page() {
    let service = Service::start(&[]);
    let Some(browser) = Browser::start(1200, 900) else { return };
    browser.ask("url", &json!({"url": format!("http://{}/", service.addr)}));

    // Typing.
    browser.keys("#text", "Hujan deras mengguyur kota sejak pagi.\n\nsbobet88\n");
    browser.wait("document.querySelector('#found mark.spam.goes')");
    assert_eq!(browser.text("cleaned"), "Hujan deras mengguyur kota sejak pagi.\n");
    assert!(browser.text("legend").contains("spam/gambling"));

    // Looking at a reason, with the keyboard.
    browser.run("document.querySelector('#found mark').focus()");
    browser.wait("!document.getElementById('tip').hidden");
    let tip = browser.text("tip");
    assert!(tip.contains("spam/gambling") && tip.contains("probability") && tip.contains(':'), "{tip}");
    assert_eq!(browser.run("return document.querySelector('#found mark').getAttribute('aria-describedby')"), "tip");
    browser.keys("#found mark", "\u{e00c}");
    browser.wait("document.getElementById('tip').hidden");

    // The slider decides anew without asking the service.
    let text = format!("{}\n{TEST_LINE}\n", dirty());
    browser.paste(&text);
    assert_eq!(browser.text("cleaned"), CLEAN);
    assert_eq!(browser.text("found"), text);
    let asked = service.metric("unspam_requests_total{route=\"/v1/scan\",status=\"200\"}");
    slide(&browser, 100);
    let kept = browser.text("cleaned");
    assert!(kept.contains("sbobet88") && !kept.contains(TEST_LINE), "{kept}");
    assert!(browser.run("return document.querySelectorAll('#found mark:not(.goes)').length").as_u64().unwrap() >= 2);
    slide(&browser, 50);
    assert_eq!(browser.text("cleaned"), CLEAN);
    browser.click("#mode-policy");
    assert_eq!(browser.text("cleaned"), CLEAN);
    assert_eq!(service.metric("unspam_requests_total{route=\"/v1/scan\",status=\"200\"}"), asked);

    // The slider can be moved with the keyboard, and says where it is.
    browser.keys("#threshold", "\u{e012}");
    assert_eq!(browser.text("threshold-value"), "0.50");
    browser.keys("#threshold", "\u{e014}");
    assert_eq!(browser.text("threshold-value"), "0.51");

    // Characters outside the basic plane: offsets are those of the page.
    browser.paste(&format!("🌧️ {CLEAN}\n𝒜𝓁𝓁 🌧️\n{TEST_LINE}\n"));
    browser.wait(&format!("document.querySelector('#found mark:last-of-type').textContent === '{TEST_LINE}'"));

    // Examples, copying, clearing.
    for number in 1..=4 {
        browser.run(&format!(
            "const e = document.getElementById('examples'); e.selectedIndex = {number}; \
             document.getElementById('found').replaceChildren(); e.dispatchEvent(new Event('change'))"
        ));
        browser.wait("document.getElementById('found').textContent === document.getElementById('text').value");
    }
    browser.click("#copy");
    browser.wait("['Copied', 'Selected'].includes(document.getElementById('copy').textContent)");
    browser.click("#clear");
    assert_eq!(browser.text("found") + &browser.text("cleaned"), "");

    // Every control has a name, and nothing but this service was asked.
    let unnamed = "return [...document.querySelectorAll('input,select,textarea,button')].filter(e => \
                   !e.labels?.length && !e.ariaLabel && !e.textContent.trim()).map(e => e.id)";
    assert_eq!(browser.run(unnamed), json!([]));
    let asked = browser.run(
        "return performance.getEntriesByType('resource').map(e => new URL(e.name).host).filter(h => h !== location.host)",
    );
    assert_eq!(asked, json!([]));
}

#[test]
fn text_never_becomes_markup() {
    let service = Service::start(&[]);
    let Some(browser) = Browser::start(390, 800) else { return };
    browser.ask("url", &json!({"url": format!("http://{}/", service.addr)}));
    let attacks = [
        "<script>window.hit = 1</script>",
        "<img src=x onerror=\"window.hit = 2\">",
        "</textarea><svg onload=\"window.hit = 3\">",
        "<a href=\"javascript:window.hit=4\">sbobet88</a>",
        "\"><iframe srcdoc=\"<script>parent.hit=5</script>\">",
        "{{constructor.constructor('window.hit=6')()}} ${window.hit=7}",
        "<style>body{display:none}</style>",
        "\u{202e}<b>sbobet88</b>\u{0}",
    ];
    for attack in attacks {
        // In the text, in what is found, and alone.
        for text in [attack.to_owned(), format!("{CLEAN}\n{attack}\nsbobet88 {attack} gacor88\n{TEST_LINE}\n")] {
            browser.paste(&text);
            assert_eq!(
                browser.text("found"),
                browser.run("return document.getElementById('text').value").as_str().unwrap()
            );
        }
        browser.run("for (const m of document.querySelectorAll('#found mark')) { m.focus(); m.click() }");
        let inside = "return document.querySelectorAll('#found :not(mark), #cleaned *, iframe, svg, img').length";
        assert_eq!(browser.run(inside), 0, "{attack}");
    }
    assert_eq!(browser.run("return window.hit === undefined"), true);
    // The policy holds even if somebody finds a way in.
    browser.run("try { document.body.append(Object.assign(document.createElement('script'), {text: 'window.hit = 8'})) } catch {}");
    browser.run(
        "try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.hit = 9\">') } catch {}",
    );
    thread::sleep(Duration::from_millis(200));
    assert_eq!(browser.run("return window.hit === undefined"), true);
    // On a phone nothing sticks out.
    let wide = browser.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
    assert!(wide.as_i64().unwrap() <= 0, "{wide}");

    // Without the service there is no verdict, and no old one either.
    drop(service);
    browser.run("const t = document.getElementById('text'); t.value += 'x'; t.dispatchEvent(new Event('input'))");
    browser.wait("document.getElementById('status').textContent.startsWith('Not judged')");
    assert_eq!(browser.text("found") + &browser.text("cleaned"), "");
}

#[test]
fn a_page_with_a_token_asks_for_it() {
    let service = Service::start_with(&[], &[("UNSPAM_TOKEN", "a-token-for-tests-only")]);
    let Some(browser) = Browser::start(1200, 900) else { return };
    browser.ask("url", &json!({"url": format!("http://{}/", service.addr)}));
    browser.keys("#text", "sbobet88");
    browser.wait("!document.getElementById('token-field').hidden");
    browser.keys("#token", "a-token-for-tests-only\u{e007}");
    browser.wait("document.getElementById('status').textContent.startsWith('Verdict')");
}
