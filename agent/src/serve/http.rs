//! The HTTP request that begins every connection.

use std::{
    convert::Infallible,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;
use http_body_util::Full as Body;
use hyper::{
    Method, Request, Response, StatusCode,
    body::Incoming,
    header::{ALLOW, CONNECTION, CONTENT_TYPE, HeaderName, HeaderValue, WWW_AUTHENTICATE},
    server::conn::http1,
    service::service_fn,
    upgrade::OnUpgrade,
};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tracing::debug;

use super::{Event, Setup, access::Denied, admission::Full, upgrade};

const METHODS: &str = "method not allowed; use GET or HEAD";
const SERVER_FULL: &str = "too many connections; try again later";
const CLOSED: &str = "stopped by the operator; start the agent again to have it back";
const ADDRESS_FULL: &str =
    "too many connections from your address; close some (--max-connections-per-address)";
const FOREIGN: &str = "pages of other origins may not read this agent; \
     to allow this one, start it with --allow-origin and the page's origin (its Origin header)";
const TOKEN: &str = "wrong or missing token; connect to /ws?token=TOKEN or send \
     Authorization: Bearer TOKEN";

/// What is behind a WebSocket path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    /// socktop's requests and answers.
    Socktop,
    /// Samples that come by themselves.
    Stream,
}

/// The paths of WebSockets. Method, origin, token and handshake are checked for all of them.
pub const ENDPOINTS: &[(&str, Endpoint)] =
    &[("/ws", Endpoint::Socktop), ("/stream", Endpoint::Stream)];

const HEALTH: &str = "/healthz";

type Answer = Response<Body<Bytes>>;

/// A connection that is a WebSocket from now on.
pub(super) struct Upgraded<S> {
    pub(super) endpoint: Endpoint,
    pub(super) stream: S,
    /// What the client has sent behind its handshake.
    pub(super) read: Bytes,
}

/// What is to be done with one request.
struct Reply {
    answer: Answer,
    endpoint: Option<Endpoint>,
    count: Option<Event>,
}

impl Reply {
    fn text(status: StatusCode, text: &str, count: impl Into<Option<Event>>) -> Self {
        let mut answer = last(status, Body::from([text, "\n"].concat()));
        set(&mut answer, CONTENT_TYPE, "text/plain");
        Self {
            answer,
            endpoint: None,
            count: count.into(),
        }
    }

    fn with(mut self, header: HeaderName, value: &'static str) -> Self {
        set(&mut self.answer, header, value);
        self
    }
}

/// Answers one request. Gives back the connection if it is a WebSocket from now on; otherwise it is
/// closed. Somebody else limits the time that this takes.
pub(super) async fn serve<S>(
    stream: S,
    setup: &Setup,
    full: Option<Full>,
    is_closed: impl Fn(Endpoint) -> bool,
) -> Option<Upgraded<S>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let last = Mutex::new(None);
    let service = service_fn(|mut request: Request<Incoming>| {
        let reply = respond(&request, setup, full, &is_closed);
        if let Some(event) = reply.count {
            setup.counters.count(event);
        }
        let upgrade = hyper::upgrade::on(&mut request);
        *last.lock().unwrap_or_else(PoisonError::into_inner) = Some((reply.endpoint, upgrade));
        async { Ok::<_, Infallible>(reply.answer) }
    });
    let connection = http1::Builder::new()
        .header_read_timeout(None)
        .max_header_size(setup.limits.header_bytes)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    if let Err(error) = connection.await {
        debug!("HTTP client gone: {error}");
        // The others are clients that left.
        if error.is_parse() {
            setup.counters.count(Event::BadHandshake);
        }
    }
    let last = last.into_inner().unwrap_or_else(PoisonError::into_inner);
    let (endpoint, upgrade): (_, OnUpgrade) = last?;
    let parts = upgrade.await.ok()?.downcast::<TokioIo<S>>().ok()?;
    let mut stream = parts.io.into_inner();
    let Some(endpoint) = endpoint else {
        // A handshake that was refused: hyper leaves its end to us.
        let _ = stream.shutdown().await;
        return None;
    };
    Some(Upgraded {
        endpoint,
        stream,
        read: parts.read_buf,
    })
}

fn respond(
    request: &Request<Incoming>,
    setup: &Setup,
    full: Option<Full>,
    is_closed: &impl Fn(Endpoint) -> bool,
) -> Reply {
    // Whoever refuses for lack of room has counted that.
    match full {
        Some(Full::Server) => {
            return Reply::text(StatusCode::SERVICE_UNAVAILABLE, SERVER_FULL, None);
        }
        Some(Full::Address) => {
            return Reply::text(StatusCode::SERVICE_UNAVAILABLE, ADDRESS_FULL, None);
        }
        None => {}
    }
    let bad = Event::BadHandshake;
    let path = request.uri().path();
    let endpoint = ENDPOINTS.iter().find(|(known, _)| *known == path);
    if endpoint.is_none() && path != HEALTH {
        return Reply::text(StatusCode::NOT_FOUND, &not_found(), bad);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Reply::text(StatusCode::METHOD_NOT_ALLOWED, METHODS, bad).with(ALLOW, "GET,HEAD");
    }
    let Some(&(_, endpoint)) = endpoint else {
        return Reply {
            answer: last(StatusCode::OK, Body::default()),
            endpoint: None,
            count: None,
        };
    };
    match setup.access.check(request) {
        Ok(()) => {}
        Err(Denied::Origin) => {
            return Reply::text(StatusCode::FORBIDDEN, FOREIGN, Event::ForeignOrigin);
        }
        Err(Denied::Token) => {
            return Reply::text(StatusCode::UNAUTHORIZED, TOKEN, Event::Unauthorized)
                .with(WWW_AUTHENTICATE, "Bearer realm=\"subjiffy\"");
        }
    }
    if is_closed(endpoint) {
        return Reply::text(StatusCode::SERVICE_UNAVAILABLE, CLOSED, None);
    }
    match upgrade::check(request) {
        Ok(handshake) => Reply {
            answer: handshake.answer(),
            endpoint: Some(endpoint),
            count: None,
        },
        Err(wrong) => Reply::text(StatusCode::BAD_REQUEST, wrong, bad),
    }
}

fn not_found() -> String {
    let paths: Vec<_> = ENDPOINTS.iter().map(|(path, _)| *path).collect();
    let paths = paths.join(", ");
    format!("not found; there are {paths} (WebSocket) and {HEALTH} here")
}

/// An answer after which the connection is closed.
fn last(status: StatusCode, body: Body<Bytes>) -> Answer {
    let mut answer = Answer::new(body);
    *answer.status_mut() = status;
    set(&mut answer, CONNECTION, "close");
    answer
}

fn set(answer: &mut Answer, header: HeaderName, value: &'static str) {
    answer
        .headers_mut()
        .insert(header, HeaderValue::from_static(value));
}
