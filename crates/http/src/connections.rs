//! Connections: accepted while there is room, answered, and ended.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody as _};
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::header::EXPECT;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::limits::Limits;

/// How long to hold back where the system has no more connections to give.
const PAUSE: Duration = Duration::from_millis(50);

/// Bodies that are too long are read to their end, up to this many times the limit, so that the answer is.
const DRAINED: usize = 8;

/// Accepts and answers until `stop` is ready; see [`crate::Listener::serve`].
pub(crate) async fn serve(
    socket: &TcpListener,
    router: Router,
    limits: Limits,
    stop: impl Future<Output = ()> + Send,
) {
    // The one limit is that of `Limits`.
    let router = router.layer(DefaultBodyLimit::disable());
    let room = Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut tasks = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let arrival = async {
            // Nobody closes the semaphore.
            let permit = Arc::clone(&room).acquire_owned().await.ok();
            (permit, socket.accept().await)
        };
        let (permit, accepted) = tokio::select! {
            () = &mut stop => break,
            arrived = arrival => arrived,
        };
        let Ok((stream, _)) = accepted else {
            drop(permit);
            // An end of the wait means that it is over; else `stop` is what came.
            if tokio::time::timeout(PAUSE, &mut stop).await.is_ok() {
                break;
            }
            continue;
        };
        let connection = answer(stream, router.clone(), limits, &graceful);
        tasks.spawn(async move {
            connection.await;
            drop(permit);
        });
        while tasks.try_join_next().is_some() {}
    }
    // What takes longer is cut off as `tasks` is dropped.
    let _ = tokio::time::timeout(limits.farewell, graceful.shutdown()).await;
}

/// Answers the requests of one connection until it ends.
fn answer(
    stream: TcpStream,
    router: Router,
    limits: Limits,
    graceful: &GracefulShutdown,
) -> impl Future<Output = ()> + Send + use<> {
    // Answers are small and whole: none is worth waiting for a fuller packet.
    let _ = stream.set_nodelay(true);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let request = bounded(request, limits).await;
            hyper::service::Service::call(&router, request).await
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(limits.headers)
        .serve_connection(TokioIo::new(stream), service);
    let connection = graceful.watch(connection);
    async move {
        // A client that goes away or sends no HTTP is nobody's concern.
        let _ = connection.await;
    }
}

/// The request with a body that ends at the limit: to read on is an error, which `axum` answers by 413.
async fn bounded(request: hyper::Request<Incoming>, limits: Limits) -> Request {
    let (parts, body) = request.into_parts();
    if body.size_hint().lower() <= limits.body as u64 {
        return Request::from_parts(parts, Body::new(Limited::new(body, limits.body)));
    }
    // Who is still sending would not read an answer; who asks first gets one at once.
    if !parts.headers.contains_key(EXPECT) {
        let most = limits.body.saturating_mul(DRAINED);
        let _ = tokio::time::timeout(limits.headers, drain(body, most)).await;
    }
    Request::from_parts(parts, Body::new(Limited::new(Body::from("too long"), 0)))
}

/// Reads a body away, to its end or until it is too long for that.
async fn drain(mut body: Incoming, most: usize) {
    let mut read = 0;
    while read < most {
        let Some(Ok(frame)) = body.frame().await else { return };
        read += frame.data_ref().map_or(0, axum::body::Bytes::len);
    }
}
