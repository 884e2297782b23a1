//! The HTTP request that begins every connection.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderValue},
    server::conn::http1,
    service::service_fn,
    upgrade::{OnUpgrade, Upgraded},
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::timeout,
};
use tracing::debug;

use super::{Limits, upgrade};

const PATHS: &str = "not found; there are /ws and /stream (WebSocket) and /healthz here";
const METHODS: &str = "method not allowed; use GET or HEAD";
const FULL: &str = "too many connections; try again later";

type Answer = Response<Full<Bytes>>;

/// Whether there is room for another client.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Room {
    Free,
    Full,
}

/// What is spoken on a WebSocket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Path {
    /// Socktop's requests and answers.
    Requests,
    /// Samples that come by themselves.
    Stream,
}

/// Answers one request. Gives back the connection if it is a WebSocket from now on; otherwise it is
/// closed, so that no client holds it for more than [`Limits::handshake`].
pub(super) async fn serve<S>(
    stream: S,
    limits: &Limits,
    room: Room,
) -> Option<(Path, TokioIo<Upgraded>)>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let upgrade = Mutex::new(None);
    let service = service_fn(|request: Request<Incoming>| {
        let (answer, accepted) = respond(request, room);
        *upgrade.lock().unwrap_or_else(PoisonError::into_inner) = accepted;
        async { Ok::<_, Infallible>(answer) }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    match timeout(limits.handshake, connection).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => debug!("HTTP client gone: {error}"),
        Err(_) => debug!("HTTP client took more than {:?}", limits.handshake),
    }
    let accepted = upgrade.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (path, upgraded) = accepted?;
    Some((path, TokioIo::new(upgraded.await.ok()?)))
}

fn respond(mut request: Request<Incoming>, room: Room) -> (Answer, Option<(Path, OnUpgrade)>) {
    if room == Room::Full {
        return (text(StatusCode::SERVICE_UNAVAILABLE, FULL), None);
    }
    let path = match request.uri().path() {
        "/ws" => Some(Path::Requests),
        "/stream" => Some(Path::Stream),
        "/healthz" => None,
        _ => return (text(StatusCode::NOT_FOUND, PATHS), None),
    };
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut answer = text(StatusCode::METHOD_NOT_ALLOWED, METHODS);
        answer
            .headers_mut()
            .insert(ALLOW, HeaderValue::from_static("GET,HEAD"));
        return (answer, None);
    }
    let Some(path) = path else {
        return (last(StatusCode::OK, Full::default()), None);
    };
    // Who may connect (token, Origin) is to be decided here, before the upgrade.
    match upgrade::check(&request) {
        Ok(handshake) => (
            handshake.answer(),
            Some((path, hyper::upgrade::on(&mut request))),
        ),
        Err(wrong) => (text(StatusCode::BAD_REQUEST, wrong), None),
    }
}

fn text(status: StatusCode, text: &'static str) -> Answer {
    let mut answer = last(status, Full::from([text, "\n"].concat()));
    answer
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("text/plain"));
    answer
}

/// An answer after which the connection is closed.
fn last(status: StatusCode, body: Full<Bytes>) -> Answer {
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    answer
        .headers_mut()
        .insert(CONNECTION, HeaderValue::from_static("close"));
    answer
}
