//! Accepts connections, and sees them through when the service is to stop.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::Router;
use futures_util::FutureExt as _;
use hyper::body::{Body as _, Incoming};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Sleep;
use tokio_io_timeout::TimeoutStream;
use tower::ServiceExt as _;

use crate::serve::App;

/// Most bytes of a request's head.
const MAX_HEAD: usize = 32 << 10;
/// Pause after an accept that failed, as it does when file descriptors run out; and before
/// connections are closed, for what is on its way.
const BREATHER: Duration = Duration::from_millis(50);
/// How long a client may go on sending a body that nobody reads, after its answer.
const LINGER: Duration = Duration::from_secs(2);
/// Bytes of such a body that are thrown away at a time.
const THROWN: usize = 16 << 10;

/// Serves connections until `stop` is ready, then those that are open until they are done or
/// the time of grace is over.
pub(crate) async fn accept(app: Arc<App>, listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(app.options.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(app.options.patience).max_buf_size(MAX_HEAD);
    // Who has sent everything may say so and still wait for the answer.
    http.half_close(true);
    let serve = |stream: TcpStream, permit: OwnedSemaphorePermit| {
        let _ = stream.set_nodelay(true);
        let unread = Arc::new(AtomicBool::new(false));
        let mut stream = TimeoutStream::new(Lingering { stream, unread: Arc::clone(&unread), until: None });
        // Who does not take the answer must not hold it for ever.
        stream.set_write_timeout(Some(app.options.patience));
        let router = router.clone();
        let service = TowerToHyperService::new(tower::service_fn(move |request: hyper::Request<Incoming>| {
            let (router, unread) = (router.clone(), Arc::clone(&unread));
            async move {
                let has_body = !request.body().is_end_stream();
                let response = router.oneshot(request).await;
                let refused = response.as_ref().is_ok_and(|response| !response.status().is_success());
                unread.store(has_body && refused, Ordering::Relaxed);
                response
            }
        }));
        let connection = http.serve_connection(TokioIo::new(Box::pin(stream)), service);
        let connection = graceful.watch(connection);
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            app.metrics.connection(1);
            // A connection that breaks is the client's affair; its request was counted.
            let _ = connection.await;
            app.metrics.connection(-1);
            drop(permit);
        });
    };
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let permit = Arc::clone(&connections).acquire_owned().await.expect("the semaphore is never closed");
            (permit, listener.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            biased;
            () = &mut stop => break,
            next = next => next,
        };
        match accepted {
            Ok((stream, _)) => serve(stream, permit),
            Err(error) => {
                tracing::warn!(error = %error.kind(), "cannot accept");
                tokio::time::sleep(BREATHER).await;
            }
        }
    }
    // Who has been let in by the system already, and has perhaps sent a request, is not turned away.
    while let Ok(permit) = Arc::clone(&connections).try_acquire_owned() {
        let Some(Ok((stream, _))) = listener.accept().now_or_never() else { break };
        serve(stream, permit);
    }
    drop(listener);
    // A connection from which nothing was read yet would be closed, whatever waits on it.
    tokio::time::sleep(BREATHER).await;
    let open = graceful.count();
    if tokio::time::timeout(app.options.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(open, "time of grace is over, connections are cut");
    }
}

/// A connection that, closed on a client which may still be sending, hears it out for a while.
///
/// Bytes that come in on a closed connection make the system reset it, and the client loses the
/// answer: one that sends all before it reads would never learn that it is to come again later.
struct Lingering {
    stream: TcpStream,
    /// Whether the last answer was given without having read all of its request.
    unread: Arc<AtomicBool>,
    until: Option<Pin<Box<Sleep>>>,
}

impl AsyncRead for Lingering {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, out)
    }
}

impl AsyncWrite for Lingering {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, unread, until } = &mut *self;
        if until.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
            if !unread.load(Ordering::Relaxed) {
                return Poll::Ready(Ok(()));
            }
        }
        let until = until.get_or_insert_with(|| Box::pin(tokio::time::sleep(LINGER)));
        let mut thrown = [0; THROWN];
        while until.as_mut().poll(context).is_pending() {
            let mut thrown = ReadBuf::new(&mut thrown);
            match ready!(Pin::new(&mut *stream).poll_read(context, &mut thrown)) {
                Ok(()) if !thrown.filled().is_empty() => (),
                // The client has seen its answer, or is gone.
                _ => break,
            }
        }
        Poll::Ready(Ok(()))
    }
}
