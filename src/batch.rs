//! Runs work over many records on all cores, with results in the order of the input.
//!
//! One thread reads, the workers work, the calling thread writes. What is read and not yet
//! written is bounded in bytes, so memory does not grow with the input, whichever side is
//! the slow one. Results are handed over in input order: the output does not depend on the
//! number of workers.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::io::{Chunk, Format, ReadOptions, RecordReader, Source};

/// A chunk on its way to a worker.
#[derive(Debug)]
#[non_exhaustive]
pub struct Job {
    /// Index of the source it comes from.
    pub source: usize,
    /// Format of its records.
    pub format: Format,
    /// The limit on its records.
    pub max_record: usize,
    /// Number of the chunk in its source, from 0.
    pub number: u64,
    /// The records.
    pub chunk: Chunk,
}

/// Reads sources one after the other.
pub struct Feeder<'s> {
    sources: &'s [Source],
    options: ReadOptions,
    left: Option<u64>,
    next: usize,
    chunks: u64,
    reader: Option<RecordReader>,
}

impl<'s> Feeder<'s> {
    /// Returns a feeder that reads at most `limit` records in all.
    pub fn new(sources: &'s [Source], options: ReadOptions, limit: Option<u64>) -> Self {
        Self { sources, options, left: limit, next: 0, chunks: 0, reader: None }
    }

    /// Returns the feeder without the first `sources` sources.
    pub fn skip_sources(mut self, sources: usize) -> Self {
        self.next = sources;
        self
    }
}

impl Iterator for Feeder<'_> {
    type Item = Job;

    /// The last job of each source holds a chunk that ends it, also if it cannot be opened.
    fn next(&mut self) -> Option<Job> {
        let reader = if let Some(reader) = &mut self.reader {
            reader
        } else {
            if self.left == Some(0) {
                return None;
            }
            let source = self.sources.get(self.next)?;
            self.next += 1;
            self.chunks = 0;
            match RecordReader::open(source, &self.options) {
                Ok(reader) => self.reader.insert(reader),
                Err(error) => {
                    let format = self.options.format.unwrap_or(Format::Text);
                    let chunk = Chunk::failed(error);
                    return Some(Job { source: self.next - 1, format, max_record: 0, number: 0, chunk });
                }
            }
        };
        let mut chunk = reader.next_chunk()?;
        let (format, max_record) = (reader.format(), reader.max_record());
        if let Some(left) = &mut self.left {
            *left -= chunk.truncate(*left);
        }
        if chunk.end().is_some() {
            self.reader = None;
        }
        self.chunks += 1;
        Some(Job { source: self.next - 1, format, max_record, number: self.chunks - 1, chunk })
    }
}

/// Bytes that may be under way between reading and writing, beside the chunk in each hand.
const BYTES_UNDER_WAY: usize = 16 << 20;

/// Applies `work` to each job on `workers` threads and `consume` to each result, in order.
///
/// `weigh` gives the bytes a job holds.
///
/// # Errors
/// The first error of `consume`; nothing is consumed after it.
pub fn ordered<J, T, E>(
    workers: usize,
    mut jobs: impl Iterator<Item = J> + Send,
    weigh: impl Fn(&J) -> usize + Sync,
    work: impl Fn(J) -> T + Sync,
    mut consume: impl FnMut(T) -> Result<(), E>,
) -> Result<(), E>
where
    J: Send,
    T: Send,
{
    if workers <= 1 {
        return jobs.try_for_each(|job| consume(work(job)));
    }
    let line = Line::default();
    thread::scope(|scope| {
        // Whoever leaves early, by error or panic, lets the others go home.
        let _stop = StopOnDrop(&line);
        let line = &line;
        let (work, weigh) = (&work, &weigh);
        scope.spawn(move || {
            let _stop = StopOnPanic(line);
            for job in jobs {
                let weight = weigh(&job);
                if !line.put(job, weight, workers) {
                    return;
                }
            }
            line.close();
        });
        for _ in 0..workers {
            scope.spawn(move || {
                let _stop = StopOnPanic(line);
                while let Some((number, job, weight)) = line.take() {
                    line.done(number, work(job), weight);
                }
            });
        }
        while let Some(result) = line.next_result() {
            consume(result)?;
        }
        Ok(())
    })
}

/// Jobs and results between the threads.
struct Line<J, T> {
    state: Mutex<State<J, T>>,
    room: Condvar,
    work: Condvar,
    results: Condvar,
}

struct State<J, T> {
    queue: VecDeque<(u64, J, usize)>,
    results: BTreeMap<u64, (T, usize)>,
    put: u64,
    taken: u64,
    bytes: usize,
    jobs: usize,
    closed: bool,
    stopped: bool,
}

impl<J, T> Default for Line<J, T> {
    fn default() -> Self {
        let state = State {
            queue: VecDeque::new(),
            results: BTreeMap::new(),
            put: 0,
            taken: 0,
            bytes: 0,
            jobs: 0,
            closed: false,
            stopped: false,
        };
        Self { state: Mutex::new(state), room: Condvar::new(), work: Condvar::new(), results: Condvar::new() }
    }
}

impl<J, T> Line<J, T> {
    fn lock(&self) -> MutexGuard<'_, State<J, T>> {
        // A panic elsewhere is on its way up already; the state is whole at every step.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'l>(signal: &Condvar, state: MutexGuard<'l, State<J, T>>) -> MutexGuard<'l, State<J, T>> {
        signal.wait(state).unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a job once there is room; returns `false` if nobody wants it any more.
    fn put(&self, job: J, weight: usize, workers: usize) -> bool {
        // Small jobs are bounded in number, so that results waiting for a slow one stay few.
        let most_jobs = 64 * workers;
        let mut state = self.lock();
        while !state.stopped && state.jobs > 0 && (state.bytes + weight > BYTES_UNDER_WAY || state.jobs >= most_jobs) {
            state = Self::wait(&self.room, state);
        }
        if state.stopped {
            return false;
        }
        let number = state.put;
        state.put += 1;
        state.jobs += 1;
        state.bytes += weight;
        state.queue.push_back((number, job, weight));
        self.work.notify_one();
        // One job over the limit is enough: nothing more is read before it is done.
        while !state.stopped && state.bytes > BYTES_UNDER_WAY {
            state = Self::wait(&self.room, state);
        }
        !state.stopped
    }

    fn close(&self) {
        self.lock().closed = true;
        self.work.notify_all();
        self.results.notify_all();
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.room.notify_all();
        self.work.notify_all();
        self.results.notify_all();
    }

    fn take(&self) -> Option<(u64, J, usize)> {
        let mut state = self.lock();
        loop {
            if state.stopped {
                return None;
            }
            if let Some(job) = state.queue.pop_front() {
                return Some(job);
            }
            if state.closed {
                return None;
            }
            state = Self::wait(&self.work, state);
        }
    }

    fn done(&self, number: u64, result: T, weight: usize) {
        self.lock().results.insert(number, (result, weight));
        self.results.notify_one();
    }

    fn next_result(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            let next = state.taken;
            if let Some((result, weight)) = state.results.remove(&next) {
                state.taken += 1;
                state.jobs -= 1;
                state.bytes -= weight;
                self.room.notify_one();
                return Some(result);
            }
            if state.stopped || state.closed && next == state.put {
                return None;
            }
            state = Self::wait(&self.results, state);
        }
    }
}

struct StopOnDrop<'l, J, T>(&'l Line<J, T>);

impl<J, T> Drop for StopOnDrop<'_, J, T> {
    fn drop(&mut self) {
        self.0.stop();
    }
}

struct StopOnPanic<'l, J, T>(&'l Line<J, T>);

impl<J, T> Drop for StopOnPanic<'_, J, T> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        for workers in [1, 2, 8] {
            let mut seen = Vec::new();
            let work = |job: u64| {
                // Later jobs finish first.
                thread::sleep(Duration::from_micros(500 - job.min(500)));
                job
            };
            let result: Result<(), ()> = ordered(
                workers,
                0..500,
                |_| 1 << 20,
                work,
                |job| {
                    seen.push(job);
                    Ok(())
                },
            );
            assert!(result.is_ok());
            assert!(seen.iter().copied().eq(0..500), "{workers} workers");
        }
    }

    #[test]
    fn an_error_stops_the_run() {
        for workers in [1, 4] {
            let result = ordered(workers, 0.., |_| 1, |job: u32| job, |job| if job == 100 { Err(job) } else { Ok(()) });
            assert_eq!(result, Err(100));
        }
    }

    #[test]
    fn a_panic_of_a_worker_reaches_the_caller() {
        let run = || ordered(2, 0..1000, |_| 1, |job: u32| assert!(job < 10, "job {job}"), |()| Ok::<(), ()>(()));
        assert!(std::panic::catch_unwind(run).is_err());
    }
}
