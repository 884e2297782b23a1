//! The WebSocket handshake, RFC 6455 section 4.2.

use bytes::Bytes;
use http_body_util::Full;
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode, Version,
    header::{
        CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
        SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION, UPGRADE,
    },
};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

const NOT_AN_UPGRADE: &str =
    "/ws speaks WebSocket; connect with a WebSocket client (Upgrade: websocket over HTTP/1.1)";
const VERSION: &str = "unsupported Sec-WebSocket-Version; use 13";
const KEY: &str = "bad Sec-WebSocket-Key; send one, 16 bytes in base64";

/// A valid handshake.
#[derive(Debug)]
pub(super) struct Handshake<'a> {
    key: &'a [u8],
    subprotocol: Option<&'a str>,
}

/// Reads the handshake of `request`; an error is for the client to read.
pub(super) fn check<B>(request: &Request<B>) -> Result<Handshake<'_>, &'static str> {
    let headers = request.headers();
    let upgrade = request.method() == Method::GET
        && request.version() == Version::HTTP_11
        && tokens(headers, CONNECTION).any(|token| token.eq_ignore_ascii_case("upgrade"))
        && tokens(headers, UPGRADE).any(|token| token.eq_ignore_ascii_case("websocket"));
    if !upgrade {
        return Err(NOT_AN_UPGRADE);
    }
    if !tokens(headers, SEC_WEBSOCKET_VERSION).eq(["13"]) {
        return Err(VERSION);
    }
    let mut keys = headers
        .get_all(SEC_WEBSOCKET_KEY)
        .iter()
        .map(HeaderValue::as_bytes);
    let (Some(key), None) = (keys.next(), keys.next()) else {
        return Err(KEY);
    };
    if !is_key(key) {
        return Err(KEY);
    }
    Ok(Handshake {
        key,
        subprotocol: only(tokens(headers, SEC_WEBSOCKET_PROTOCOL)),
    })
}

impl Handshake<'_> {
    /// The response that turns the connection into a WebSocket. The socktop connector can be told to
    /// offer a subprotocol and then gives up unless it comes back, so a single one does.
    pub(super) fn answer(&self) -> Response<Full<Bytes>> {
        let mut answer = Response::default();
        *answer.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
        let headers = answer.headers_mut();
        headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
        headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
        if let Ok(accept) = derive_accept_key(self.key).try_into() {
            headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
        }
        if let Some(subprotocol) = self.subprotocol.and_then(|name| name.parse().ok()) {
            headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        }
        answer
    }
}

/// The elements of a header that is a list, however many lines it takes.
fn tokens(headers: &HeaderMap, name: HeaderName) -> impl Iterator<Item = &str> {
    let lines = headers
        .get_all(name)
        .into_iter()
        .filter_map(|value| value.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .filter(|token| !token.is_empty())
}

fn only<T>(mut items: impl Iterator<Item = T>) -> Option<T> {
    let first = items.next()?;
    items.next().is_none().then_some(first)
}

/// Whether `key` is 16 bytes in base64: 22 digits and 2 fillers.
fn is_key(key: &[u8]) -> bool {
    let is_digit = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    key.strip_suffix(b"==")
        .is_some_and(|digits| digits.len() == 22 && digits.iter().all(is_digit))
}
