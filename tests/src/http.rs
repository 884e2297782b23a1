//! HTTP by hand, to say what no proper client would.

use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, TcpStream};
use std::time::Duration;

/// The headers of a WebSocket handshake, each ended by a line feed.
pub const HANDSHAKE: &str = "Connection: Upgrade\nUpgrade: websocket\n\
     Sec-WebSocket-Version: 13\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\n";

/// Sends a request with these headers to a port of 127.0.0.1 and returns all that comes until the
/// connection ends or is a WebSocket.
///
/// # Panics
/// When there is no connection, or no answer within 20 s.
pub fn get(port: u16, target: &str, headers: &str) -> String {
    get_from(Ipv4Addr::LOCALHOST.into(), port, target, headers)
}

/// The same for another address of this host.
///
/// # Panics
/// When there is no connection, or no answer within 20 s.
pub fn get_from(address: IpAddr, port: u16, target: &str, headers: &str) -> String {
    let mut stream = TcpStream::connect((address, port)).expect("a connection");
    let patience = Some(Duration::from_secs(20));
    stream.set_read_timeout(patience).expect("a timeout");
    let request = format!("GET {target} HTTP/1.1\nHost: localhost:{port}\n{headers}\n");
    let request = request.replace('\n', "\r\n");
    stream.write_all(request.as_bytes()).expect("a request");
    let (mut answer, mut byte) = (Vec::new(), [0]);
    let upgraded =
        |answer: &[u8]| answer.starts_with(b"HTTP/1.1 101") && answer.ends_with(b"\r\n\r\n");
    while !upgraded(&answer) && stream.read(&mut byte).expect("an answer") == 1 {
        answer.push(byte[0]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}

/// The status of an answer, 0 if it is none.
pub fn status(answer: &str) -> u16 {
    let word = answer
        .strip_prefix("HTTP/1.1 ")
        .and_then(|rest| rest.get(..3));
    word.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}
