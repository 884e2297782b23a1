//! Ending in an orderly way.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signal that asks to read the configuration again (SIGHUP).
#[derive(Debug)]
pub struct Reread(Signal);

impl Reread {
    /// Installs the handler.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn install() -> io::Result<Self> {
        signal(SignalKind::hangup()).map(Self)
    }

    /// Waits for SIGHUP.
    pub async fn requested(&mut self) {
        self.0.recv().await;
    }
}

/// The signals that ask the process to end. From its creation on they no longer end it at once.
#[derive(Debug)]
pub struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Installs the handlers.
    ///
    /// # Errors
    /// If the system refuses.
    pub fn install() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Waits for SIGINT or SIGTERM.
    pub async fn requested(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
