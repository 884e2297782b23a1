//! What peers send is of no use, but has to be read: a peer may wait until it got rid of it, and a socket
//! that is closed with bytes unread resets its connection.

use std::time::Duration;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::sleep,
};

/// So much is thrown away at a time ...
const CHUNK: usize = 8 << 10;

/// ... and so long is the pause before the next: nobody keeps us busy by sending.
const PAUSE: Duration = Duration::from_millis(10);

/// How a peer's input ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    /// It will send no more. It may still listen.
    Closed,
    /// The connection is gone.
    Gone,
}

/// Reads until the peer sends no more.
pub async fn drain(from: &mut (impl AsyncRead + Unpin)) -> Input {
    let mut buffer = [0; CHUNK];
    loop {
        match from.read(&mut buffer).await {
            Ok(0) => return Input::Closed,
            Ok(_) => sleep(PAUSE).await,
            Err(_) => return Input::Gone,
        }
    }
}
