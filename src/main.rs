#![allow(missing_docs, clippy::all, clippy::pedantic)]
use std::io::Write;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    if a[1] == "train" {
        let c = unspam::train::TrainConfig { inputs: vec![a[2].clone().into()], output: a[3].clone().into(), seed: 1, jobs: 2,
            max_docs: std::env::var("MAX").ok().map(|v| v.parse().unwrap()), exclude_license: vec![], name: "default".into() };
        let t = std::time::Instant::now();
        let s = unspam::train::train(&c, &mut |m| eprintln!("[{:.0}s] {m}", t.elapsed().as_secs_f64())).unwrap();
        eprintln!("{} bytes, {} docs, {} lines, {:.0}s", s.model_bytes, s.documents, s.lines, s.seconds);
        return;
    }
    let bytes = std::fs::read(std::env::var("MODEL").unwrap_or("/work/main/models/default.unspam".into())).unwrap();
    let mut pol = unspam::Policy::default();
    if let Ok(v) = std::env::var("T_SPAM") { pol = pol.with_threshold(unspam::LabelSet::parse("spam").unwrap(), v.parse().unwrap()).unwrap(); }
    if let Ok(v) = std::env::var("T_BOIL") { pol = pol.with_threshold(unspam::LabelSet::parse("boilerplate").unwrap(), v.parse().unwrap()).unwrap(); }
    let d = unspam::Detector::builder().policy(pol).model_bytes(bytes).build().unwrap();
    if a[1] == "explain" {
        let t = std::fs::read_to_string(&a[2]).unwrap();
        for l in d.explain(&t) { println!("{:24} {:?} {:?} {:?} | {}", l.label.as_str(), l.probabilities.map(|p| (p.get()*1000.0).round()/1000.0), l.action, l.reasons.iter().map(|r| format!("{}:{:.1}", r.code, r.weight)).collect::<Vec<_>>(), &l.span.of(&t).chars().take(80).collect::<String>()); }
        println!("{:?}", d.scan(t.as_str()).verdict);
        return;
    }
    // scan IN --offsets char --output OUT   or scan IN -o OUT
    let out = a.iter().position(|x| x == "--output").map(|i| a[i+1].clone());
    use rayon::prelude::*;
    let text = std::fs::read_to_string(&a[2]).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let t0 = std::time::Instant::now();
    let res: Vec<String> = lines.par_iter().map(|l| {
        let v: serde_json::Value = serde_json::from_str(l).unwrap();
        let t = v["text"].as_str().unwrap();
        let r = d.scan(t);
        let mut map = std::collections::BTreeMap::new();
        let mut want: Vec<usize> = r.findings.iter().flat_map(|f| [f.span.start(), f.span.end()]).collect(); want.sort();
        let mut it = want.into_iter().peekable(); let mut n = 0;
        for (i, _) in t.char_indices().chain([(t.len(), ' ')]) { while it.peek() == Some(&i) { map.insert(i, n); it.next(); } n += 1; }
        let spans: Vec<_> = r.findings.iter().map(|f| serde_json::json!({"start": map[&f.span.start()], "end": map[&f.span.end()], "label": f.label, "score": f.score, "action": f.action, "reasons": f.reasons.iter().map(|e| e.code).collect::<Vec<_>>()})).collect();
        serde_json::json!({"id": v["id"], "verdict": r.verdict, "spam_probability": r.spam_probability, "spans": spans}).to_string()
    }).collect();
    let _ = t0;
    let mut f = std::io::BufWriter::new(std::fs::File::create(out.unwrap()).unwrap());
    for r in res { writeln!(f, "{r}").unwrap(); }
}
