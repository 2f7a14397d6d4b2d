//! A filter between a crawler and an index: JSON lines in, decisions out, many at once.
//!
//! ```sh
//! cat articles.jsonl | cargo run --example stream > decisions.jsonl
//! ```
//!
//! Shows two things that a pipeline needs. Order and back-pressure: channels of fixed length
//! let a slow reader slow everything down instead of filling memory. And failing closed: a
//! line that cannot be read gets a line that says so, never one that looks like a pass.

use std::io::{self, BufRead, Write};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use serde_json::{Value, json};
use unspam::Gate;

/// Lines under way between reader and writer.
const UNDER_WAY: usize = 64;

type Answer = Receiver<String>;

fn run(input: impl BufRead + Send, mut output: impl Write, gate: &Gate, workers: usize) -> io::Result<()> {
    let (jobs, queue) = sync_channel::<(String, SyncSender<String>)>(UNDER_WAY);
    let (answers, in_order) = sync_channel::<Answer>(UNDER_WAY);
    let queue = std::sync::Mutex::new(queue);
    thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                loop {
                    let Ok(job) = queue.lock().expect("no worker panics").recv() else { return };
                    // Nobody waits for it any more if the output has failed.
                    let _ = job.1.send(decide(gate, &job.0));
                }
            });
        }
        let reader = scope.spawn(move || {
            for line in input.lines() {
                let (answer, receiver) = sync_channel(1);
                if jobs.send((line?, answer)).is_err() || answers.send(receiver).is_err() {
                    break;
                }
            }
            io::Result::Ok(())
        });
        for answer in in_order {
            writeln!(output, "{}", answer.recv().expect("a worker answers every job"))?;
        }
        reader.join().expect("the reader does not panic")
    })?;
    output.flush()
}

/// One line in, one line out.
fn decide(gate: &Gate, line: &str) -> String {
    let record: Value = match serde_json::from_str(line) {
        Ok(record) => record,
        Err(error) => return json!({"id": null, "error": error.to_string()}).to_string(),
    };
    let Some(text) = record["text"].as_str() else {
        return json!({"id": record["id"], "error": "field \"text\" is missing"}).to_string();
    };
    let decision = gate.decide(text);
    json!({
        "id": record["id"],
        "outcome": decision.outcome(),
        "because": decision.because(),
        "text": decision.text(),
    })
    .to_string()
}

fn main() -> io::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    run(io::BufReader::new(io::stdin()), io::stdout().lock(), &Gate::builtin(), workers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_order_and_a_bad_line_is_never_silent() {
        let mut input = String::new();
        for number in 0..200 {
            let text = if number % 3 == 0 { unspam::TEST_LINE } else { "Hujan deras mengguyur kota sejak pagi." };
            input.push_str(&json!({"id": number, "text": text}).to_string());
            input.push('\n');
        }
        input.push_str("{\"id\":200}\n{oh\n");
        let mut output = Vec::new();
        run(input.as_bytes(), &mut output, &Gate::builtin(), 3).unwrap();
        let answers: Vec<Value> =
            String::from_utf8(output).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(answers.len(), 202);
        for (number, answer) in answers[..200].iter().enumerate() {
            assert_eq!(answer["id"], number);
            assert_eq!(answer["outcome"], if number % 3 == 0 { "reject" } else { "accept" });
        }
        assert!(answers[200..].iter().all(|answer| answer["error"].is_string() && answer["outcome"].is_null()));
    }
}
