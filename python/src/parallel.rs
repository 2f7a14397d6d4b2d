//! Maps many items on threads of the call's own.
//!
//! No pool outlives a call: Python programs fork (Spark's workers do), and a pool whose threads
//! stayed in the parent would wait forever.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

/// Items that a thread takes at a time: few enough to keep threads level on long texts.
const BLOCK: usize = 16;

/// Time between two looks at what the user wants.
const ASK_AFTER: Duration = Duration::from_millis(100);

/// Returns how many threads a call uses that asked for `threads`.
pub(crate) fn threads_for(threads: Option<usize>, items: usize) -> usize {
    let wanted = threads.filter(|&threads| threads > 0);
    let wanted = wanted.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    wanted.min(items.div_ceil(BLOCK)).max(1)
}

/// Returns `work(0)…work(items - 1)`, in order, or nothing if `stop` said so.
///
/// The thread of the call works too, and asks `stop` now and then.
pub(crate) fn map<R: Send>(
    items: usize,
    threads: Option<usize>,
    stop: &mut dyn FnMut() -> bool,
    work: impl Fn(usize) -> R + Sync,
) -> Option<Vec<R>> {
    let next = AtomicUsize::new(0);
    let stopped = AtomicBool::new(false);
    let done = Mutex::new(Vec::with_capacity(items.div_ceil(BLOCK)));
    // Works on one block and says whether there was one.
    let take = || {
        let start = next.fetch_add(BLOCK, Ordering::Relaxed);
        if start >= items || stopped.load(Ordering::Relaxed) {
            return false;
        }
        let made: Vec<R> = (start..items.min(start + BLOCK)).map(&work).collect();
        done.lock().expect("no thread panics with the lock held").push((start, made));
        true
    };
    thread::scope(|scope| {
        for _ in 1..threads_for(threads, items) {
            scope.spawn(|| while take() {});
        }
        let mut asked = Instant::now();
        while take() {
            if asked.elapsed() >= ASK_AFTER {
                if stop() {
                    stopped.store(true, Ordering::Relaxed);
                }
                asked = Instant::now();
            }
        }
    });
    if stopped.into_inner() {
        return None;
    }
    let mut done = done.into_inner().expect("no thread panics with the lock held");
    done.sort_unstable_by_key(|(start, _)| *start);
    Some(done.into_iter().flat_map(|(_, made)| made).collect())
}

/// Runs `work` without Python's lock; it is given what says whether the user wants it to stop, and
/// returns nothing then.
///
/// # Errors
/// `KeyboardInterrupt`, or what else the handler of a signal raised.
pub(crate) fn interruptible<R: Send>(
    py: Python<'_>,
    work: impl FnOnce(&mut dyn FnMut() -> bool) -> Option<R> + Send,
) -> PyResult<R> {
    let mut raised = None;
    let made = py.detach(|| {
        work(&mut || {
            raised = Python::attach(|py| py.check_signals().err());
            raised.is_some()
        })
    });
    match (made, raised) {
        (_, Some(error)) => Err(error),
        (made, None) => Ok(made.expect("work ends early only if it was stopped")),
    }
}
