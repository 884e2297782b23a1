//! Wire formats of subjiffy: bytes in, values or typed errors out. No sockets, no I/O.
//!
//! - [`socktop`]: requests and answers of socktop's WebSocket protocol
//! - [`stream`]: the request of subjiffy's own stream of samples
//! - [`generated`]: messages made from `proto/*.proto`

#![forbid(unsafe_code)]

pub mod generated;
pub mod socktop;
pub mod stream;
