//! What the library does with the texts of a file of JSON lines, on one core, in memory.
//!
//! `cargo bench --bench native -- FILE.jsonl` prints a line of JSON: bytes of text, best seconds
//! of this thread on a core of some rounds of judging and cutting all of them, and best
//! microseconds of judging the text whose length is nearest to 5 KB. `python/benches/batch.py`
//! runs it for comparison.

#![allow(clippy::print_stdout, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use unspam::Detector;

const ROUNDS: usize = 5;
const CALLS: usize = 300;

/// Seconds that this thread ran on a core: other programs do not count.
fn on_core() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells how long a thread ran");
    let nanos: f64 = told.split(' ').next().and_then(|nanos| nanos.parse().ok()).expect("a number");
    nanos / 1e9
}

fn main() {
    let file = std::env::args().skip(1).find(|arg| !arg.starts_with("--")).expect("name a file of JSON lines");
    let data = std::fs::read_to_string(file).expect("the file can be read");
    let texts: Vec<String> = data
        .lines()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
        .filter_map(|record| record["text"].as_str().map(str::to_owned))
        .collect();
    let detector = Detector::builtin();
    let cpu = |work: &mut dyn FnMut()| {
        let start = on_core();
        work();
        on_core() - start
    };
    let best = |work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        start.elapsed().as_secs_f64()
    };
    let seconds = (0..ROUNDS).map(|_| {
        cpu(&mut || {
            for text in &texts {
                black_box(detector.clean(text));
            }
        })
    });
    let seconds = seconds.fold(f64::INFINITY, f64::min);
    let middle = texts.iter().min_by_key(|text| text.len().abs_diff(5 << 10)).expect("there is a text");
    let call = (0..CALLS).map(|_| {
        best(&mut || {
            black_box(detector.scan(middle.as_str()));
        })
    });
    let call = call.fold(f64::INFINITY, f64::min) * 1e6;
    let bytes: usize = texts.iter().map(String::len).sum();
    println!("{{\"bytes\":{bytes},\"seconds\":{seconds:.6},\"call_bytes\":{},\"call_us\":{call:.2}}}", middle.len());
}
