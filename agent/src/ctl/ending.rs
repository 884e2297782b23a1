//! Being asked to end while waiting.

use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Whether to end; once said, it stays so.
#[derive(Debug, Default)]
pub struct Ending {
    said: Mutex<bool>,
    news: Condvar,
}

impl Ending {
    fn said(&self) -> MutexGuard<'_, bool> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks whoever waits to end.
    pub fn end(&self) {
        *self.said() = true;
        self.news.notify_all();
    }

    /// Whether somebody has asked.
    #[must_use]
    pub fn ended(&self) -> bool {
        *self.said()
    }

    /// Sleeps until then, or until somebody asks. Says whether somebody has.
    #[must_use]
    pub fn wait(&self, until: Instant) -> bool {
        let mut said = self.said();
        while !*said {
            let Some(left) = until.checked_duration_since(Instant::now()) else {
                return false;
            };
            let waited = self.news.wait_timeout(said, left);
            said = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }
}
