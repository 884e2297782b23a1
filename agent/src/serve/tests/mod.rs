//! The servers, over real sockets on the loopback interface.

mod access;
mod counters;
mod handshake;
mod hostile;
mod http;
mod requests;
mod shutdown;
mod stream;
mod support;
mod tls;
