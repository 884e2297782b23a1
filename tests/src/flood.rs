//! Clients that mean no good, and one that only wants its answers meanwhile.

use crate::raw::{Message, Raw, address};
use rustix::net::sockopt::set_socket_linger;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const UPGRADE: &str = "GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: \
    websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n";

/// Ways to waste a server's time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Kind {
    /// Connect and leave, as fast as possible.
    Connections,
    /// Bytes that are no HTTP.
    Noise,
    /// Half of a request and nothing more, on hundreds of connections.
    HalfRequests,
    /// WebSocket frames that break the rules.
    BadFrames,
    /// Hundreds of requests whose answers are never read, the own side closed.
    Unread,
}

/// All of them.
pub const KINDS: [Kind; 5] = [
    Kind::Connections,
    Kind::Noise,
    Kind::HalfRequests,
    Kind::BadFrames,
    Kind::Unread,
];

/// Connections that the kinds which hold them hold at the same time.
const HELD: usize = 200;

/// What the flood did, and what the other client saw.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Connections that were made.
    pub connections: usize,
    /// Milliseconds to each answer of the client that behaves.
    pub latency_ms: Vec<f64>,
}

/// Floods `url` in that way for that time, from one thread, while a client that was there before
/// asks for metrics every 20 ms.
///
/// # Panics
/// When that client is not answered.
pub fn flood(url: &str, kind: Kind, time: Duration) -> Outcome {
    let mut good = Raw::connect(url);
    good.ask("get_metrics");
    let stop = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let bad = scope.spawn(|| attack(url, kind, &stop));
        let mut latency_ms = Vec::new();
        let end = Instant::now() + time;
        while Instant::now() < end {
            let asked = Instant::now();
            let answer = good.ask("get_metrics");
            assert!(!answer.is_close(), "{kind:?}: {answer:?}");
            latency_ms.push(asked.elapsed().as_secs_f64() * 1e3);
            std::thread::sleep(Duration::from_millis(20));
        }
        stop.store(true, Ordering::Relaxed);
        Outcome {
            connections: bad.join().expect("the flood"),
            latency_ms,
        }
    })
}

/// Returns how many connections it had.
fn attack(url: &str, kind: Kind, stop: &AtomicBool) -> usize {
    let address = address(url);
    let (mut count, mut held) = (0, Vec::new());
    while !stop.load(Ordering::Relaxed) {
        let Ok(stream) = TcpStream::connect(address) else {
            std::thread::sleep(Duration::from_millis(1));
            continue;
        };
        count += 1;
        // Closed by a reset, or the system would run out of ports that wait.
        let _ = set_socket_linger(&stream, Some(Duration::ZERO));
        let _ = stream.set_read_timeout(Some(Duration::from_secs(1)));
        let kept = match kind {
            Kind::Connections => None,
            Kind::Noise => noise(stream, count),
            Kind::HalfRequests => half_request(stream),
            Kind::BadFrames => bad_frame(stream, count),
            Kind::Unread => unread(stream),
        };
        held.extend(kept);
        if held.len() >= HELD {
            std::thread::sleep(Duration::from_millis(10));
            held.drain(..HELD / 10);
        }
    }
    count
}

fn noise(mut stream: TcpStream, seed: usize) -> Option<TcpStream> {
    let bytes: Vec<u8> = (0..2_000_usize)
        .map(|at| (at.wrapping_mul(seed).wrapping_mul(0x9e37_79b1) >> 7) as u8)
        .collect();
    let _ = stream.write_all(&bytes);
    let _ = stream.read(&mut [0; 512]);
    None
}

fn half_request(mut stream: TcpStream) -> Option<TcpStream> {
    stream.write_all(b"GET /ws HTTP/1.1\r\nHost: lo").ok()?;
    Some(stream)
}

fn upgrade(stream: &mut TcpStream) -> Option<()> {
    stream.write_all(UPGRADE.as_bytes()).ok()?;
    let read = stream.read(&mut [0; 512]).ok()?;
    (read > 0).then_some(())
}

fn bad_frame(mut stream: TcpStream, number: usize) -> Option<TcpStream> {
    const FRAMES: [&[u8]; 6] = [
        // Without a mask.
        b"\x81\x0bget_metrics",
        // A reserved bit and a reserved code.
        b"\xf3\x80\0\0\0\0",
        // 2^63 bytes to come.
        b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff\0\0\0\0",
        // A ping in pieces.
        b"\x09\x80\0\0\0\0",
        // Text that is not UTF-8.
        b"\x81\x82\0\0\0\0\xff\xfe",
        // A close frame of one byte.
        b"\x88\x81\0\0\0\0x",
    ];
    upgrade(&mut stream)?;
    stream.write_all(FRAMES[number % FRAMES.len()]).ok()?;
    let _ = stream.read(&mut [0; 512]);
    None
}

fn unread(mut stream: TcpStream) -> Option<TcpStream> {
    upgrade(&mut stream)?;
    // Masked with zeros, it reads as it is.
    let frame = b"\x81\x8d\0\0\0\0get_processes";
    stream.write_all(&frame.repeat(50)).ok()?;
    stream.shutdown(Shutdown::Write).ok()?;
    Some(stream)
}

/// What a server still has after all that.
#[derive(Debug, Clone, Copy)]
pub struct Holdings {
    /// Open files.
    pub files: usize,
    /// Resident memory, bytes.
    pub memory: u64,
}

impl Holdings {
    /// Of a process.
    pub fn of(pid: u32) -> Self {
        let files = std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count);
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next()?.parse::<u64>().ok());
        Self {
            files,
            memory: kib.unwrap_or(0) * 1024,
        }
    }

    /// Waits until a process has no more files than this, or that time.
    pub fn settled(pid: u32, files: usize, time: Duration) -> Self {
        let end = Instant::now() + time;
        loop {
            let now = Self::of(pid);
            if now.files <= files || Instant::now() > end {
                return now;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A client that is let in now has its answer.
///
/// # Panics
/// When it is not, or has none.
pub fn is_served(url: &str) {
    let answer = Raw::connect(url).ask("get_metrics");
    assert!(
        matches!(answer, Message::Text(_) | Message::Binary(_)),
        "{answer:?}"
    );
}
