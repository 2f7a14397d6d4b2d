//! Threads that judge, and the line in front of them.
//!
//! Requests and streams stand in separate lines: a request that finds its line full is sent
//! away, a stream waits for its turn, which keeps its client from sending more. Streams can
//! have no more under way than keeps the threads busy, so they never hold up requests for long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rayon::{ThreadPool, ThreadPoolBuildError, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::serve::error::ApiError;

/// Leave to have one thing done.
pub(crate) struct Turn {
    _permit: OwnedSemaphorePermit,
}

pub(crate) struct Pool {
    threads: ThreadPool,
    requests: Arc<Semaphore>,
    lines: Arc<Semaphore>,
    queue: usize,
    workers: usize,
}

impl Pool {
    pub(crate) fn new(workers: usize, queue: usize) -> Result<Self, ThreadPoolBuildError> {
        let threads = ThreadPoolBuilder::new().num_threads(workers).thread_name(|n| format!("judge-{n}")).build()?;
        Ok(Self {
            threads,
            requests: Arc::new(Semaphore::new(queue)),
            lines: Arc::new(Semaphore::new(workers * 2)),
            queue,
            workers,
        })
    }

    /// Returns a turn for a request, if the line is not full.
    pub(crate) fn try_request(&self) -> Result<Turn, ApiError> {
        match Arc::clone(&self.requests).try_acquire_owned() {
            Ok(permit) => Ok(Turn { _permit: permit }),
            Err(_) => Err(ApiError::busy("too many requests wait already")),
        }
    }

    /// Whether a request would be sent away now.
    pub(crate) fn is_full(&self) -> bool {
        self.requests.available_permits() == 0
    }

    /// Waits for a turn for one line of a stream.
    pub(crate) async fn line(&self) -> Turn {
        let permit = Arc::clone(&self.lines).acquire_owned().await.expect("the semaphore is never closed");
        Turn { _permit: permit }
    }

    /// Lines of one stream that are worth having under way.
    pub(crate) fn lines_ahead(&self) -> usize {
        self.workers * 2
    }

    /// Requests that are judged or wait.
    pub(crate) fn taken(&self) -> usize {
        self.queue - self.requests.available_permits()
    }

    /// Runs `work` on one of the threads; not at all if nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        turn: Turn,
        work: impl FnOnce() -> Result<T, ApiError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let (answer, receiver) = oneshot::channel();
        self.threads.spawn_fifo(move || {
            if answer.is_closed() {
                return;
            }
            // What a thread keeps between texts is only ever written before it is read.
            let done = catch_unwind(AssertUnwindSafe(work));
            drop(turn);
            let _ = answer.send(done);
        });
        match receiver.await {
            Ok(Ok(done)) => done,
            Ok(Err(_)) | Err(_) => Err(ApiError::internal()),
        }
    }
}
