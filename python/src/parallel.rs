//! Maps many items on threads of the call's own.
//!
//! No pool outlives a call: Python programs fork (Spark's workers do), and a pool whose threads
//! stayed in the parent would wait forever.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Items that a thread takes at a time: few enough to keep threads level on long texts.
const BLOCK: usize = 16;

/// Returns how many threads a call uses that asked for `threads`.
pub(crate) fn threads_for(threads: Option<usize>, items: usize) -> usize {
    let wanted = threads.filter(|&threads| threads > 0);
    let wanted = wanted.unwrap_or_else(|| thread::available_parallelism().map_or(1, usize::from));
    wanted.min(items.div_ceil(BLOCK)).max(1)
}

/// Returns `work(0)…work(items - 1)`, in order.
pub(crate) fn map<R: Send>(items: usize, threads: Option<usize>, work: impl Fn(usize) -> R + Sync) -> Vec<R> {
    let threads = threads_for(threads, items);
    if threads == 1 {
        return (0..items).map(work).collect();
    }
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(items.div_ceil(BLOCK)));
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let start = next.fetch_add(BLOCK, Ordering::Relaxed);
                    if start >= items {
                        break;
                    }
                    let made: Vec<R> = (start..items.min(start + BLOCK)).map(&work).collect();
                    done.lock().expect("no thread panics with the lock held").push((start, made));
                }
            });
        }
    });
    let mut done = done.into_inner().expect("no thread panics with the lock held");
    done.sort_unstable_by_key(|(start, _)| *start);
    done.into_iter().flat_map(|(_, made)| made).collect()
}
