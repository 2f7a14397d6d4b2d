//! Accepts connections, and sees them through when the service is to stop.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;
use tokio_io_timeout::TimeoutStream;

use crate::serve::App;

/// Most bytes of a request's head.
const MAX_HEAD: usize = 32 << 10;
/// Pause after an accept that failed, as it does when file descriptors run out.
const BREATHER: Duration = Duration::from_millis(50);

/// Serves connections until `stop` is ready, then those that are open until they are done or
/// the time of grace is over.
pub(crate) async fn accept(app: Arc<App>, listener: TcpListener, router: Router, stop: impl Future<Output = ()>) {
    let graceful = GracefulShutdown::new();
    let connections = Arc::new(Semaphore::new(app.options.max_connections.clamp(1, Semaphore::MAX_PERMITS)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(app.options.patience).max_buf_size(MAX_HEAD);
    // Who has sent everything may say so and still wait for the answer.
    http.half_close(true);
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
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(error = %error.kind(), "cannot accept");
                tokio::time::sleep(BREATHER).await;
                continue;
            }
        };
        let _ = stream.set_nodelay(true);
        let mut stream = TimeoutStream::new(stream);
        // Who does not take the answer must not hold it for ever.
        stream.set_write_timeout(Some(app.options.patience));
        let service = TowerToHyperService::new(router.clone());
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
    }
    drop(listener);
    let open = graceful.count();
    if tokio::time::timeout(app.options.grace, graceful.shutdown()).await.is_err() {
        tracing::warn!(open, "time of grace is over, connections are cut");
    }
}
