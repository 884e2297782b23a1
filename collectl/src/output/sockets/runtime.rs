//! A thread that serves sockets, for programs that have no tokio runtime.

use std::{io, thread, time::Duration};

use tokio::{runtime, sync::oneshot};

/// A tokio runtime on a thread of its own, which ends when this is dropped.
#[derive(Debug)]
pub struct Runtime {
    handle: runtime::Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Runtime {
    /// Starts it.
    ///
    /// # Errors
    /// If the system has no descriptors or threads left.
    pub fn start() -> io::Result<Self> {
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let handle = runtime.handle().clone();
        let (stop, stopped) = oneshot::channel();
        let thread = thread::Builder::new().name("sockets".to_owned());
        let thread = thread.spawn(move || {
            // It is over in either case: stopped, or dropped.
            let _ = runtime.block_on(stopped);
            runtime.shutdown_timeout(Duration::from_millis(100));
        })?;
        Ok(Self {
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// Where tasks go.
    #[must_use]
    pub fn handle(&self) -> &runtime::Handle {
        &self.handle
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
