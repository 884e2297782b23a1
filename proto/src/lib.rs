//! Wire formats of subjiffy: bytes in, values or typed errors out. No sockets, no I/O.
//!
//! - [`socktop`]: requests and answers of socktop's WebSocket protocol
//! - [`stream`]: the request of subjiffy's own stream of samples
//! - [`control`]: command lines to a running agent
//! - [`generated`]: messages made from `proto/*.proto`

#![forbid(unsafe_code)]

pub mod control;
pub mod generated;
pub mod socktop;
pub mod stream;
