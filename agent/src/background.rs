//! Values that are read on a thread of their own, because reading them may take long or for ever: a
//! driver that hangs, a file server that is gone.
//!
//! Nobody asks: nothing is read and no thread exists. One thread reads one value at a time; a reader
//! that never returns costs its thread and nothing else. The threads are the runtime's for blocking
//! work, which it uses again; who ends the runtime must not wait for them.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::spawn_blocking};

/// How old a value may be.
#[derive(Debug, Clone, Copy)]
pub struct Ages {
    /// Younger values are given without looking again.
    pub fresh: Duration,
    /// Values up to this age are given while the next one is read; for an older one, and for the
    /// first one, the asker waits a while.
    pub usable: Duration,
    /// Values above this age are not given at all; `None` for as old as it may be.
    pub last: Option<Duration>,
    /// The longest that a reading is waited for, from its begin.
    pub patience: Duration,
}

/// The last value, and the thread that reads the next one.
#[derive(Debug)]
pub struct Background<T> {
    last: watch::Sender<Option<(Instant, T)>>,
    /// When the reading that goes on was begun.
    begun: Arc<Mutex<Option<Instant>>>,
}

impl<T> Default for Background<T> {
    /// Nothing read yet.
    fn default() -> Self {
        Self {
            last: watch::Sender::new(None),
            begun: Arc::default(),
        }
    }
}

/// Marks the reading as ended even if it panics.
struct Ended(Arc<Mutex<Option<Instant>>>);

impl Drop for Ended {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl<T: Clone + Send + Sync + 'static> Background<T> {
    /// The last value, if there was one, and when it was read.
    #[must_use]
    pub fn last(&self) -> Option<(Instant, T)> {
        self.last.borrow().clone()
    }

    /// The value, read by `read` on another thread unless the last one is fresh. `None` if there is
    /// none in time.
    pub async fn get(&self, ages: Ages, read: impl FnOnce() -> T + Send + 'static) -> Option<T> {
        let mut seen = self.last.subscribe();
        let age = seen
            .borrow_and_update()
            .as_ref()
            .map(|last| last.0.elapsed());
        if age.is_none_or(|age| age >= ages.fresh) {
            let begun = self.begin(read);
            if age.is_none_or(|age| age >= ages.usable) {
                let end = begun + ages.patience;
                let _ = tokio::time::timeout_at(end.into(), seen.changed()).await;
            }
        }
        let last = seen.borrow();
        let (at, value) = last.as_ref()?;
        let given = ages.last.is_none_or(|last| at.elapsed() <= last);
        given.then(|| value.clone())
    }

    /// Whether a reading goes on.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.begun().is_some()
    }

    /// When the reading was begun that goes on now.
    fn begin(&self, read: impl FnOnce() -> T + Send + 'static) -> Instant {
        let mut begun = self.begun();
        if let Some(begun) = *begun {
            return begun;
        }
        let now = Instant::now();
        *begun = Some(now);
        drop(begun);
        let (ended, last) = (Ended(Arc::clone(&self.begun)), self.last.clone());
        let work = move || {
            let value = read();
            // First: who sees the value may ask for the next one at once.
            drop(ended);
            last.send_replace(Some((Instant::now(), value)));
        };
        spawn_blocking(work);
        now
    }

    fn begun(&self) -> std::sync::MutexGuard<'_, Option<Instant>> {
        self.begun.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    const SOON: Duration = Duration::from_millis(50);
    const LONG: Duration = Duration::from_secs(20);

    fn ages(fresh: Duration, usable: Duration) -> Ages {
        Ages {
            fresh,
            usable,
            last: None,
            patience: LONG,
        }
    }

    fn run(future: impl Future<Output = ()>) {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        runtime.enable_time().build().unwrap().block_on(future);
    }

    #[test]
    fn a_fresh_value_is_not_read_again_and_an_old_one_is() {
        run(async {
            let value = Background::default();
            assert_eq!(value.get(ages(LONG, LONG), || 1).await, Some(1));
            assert_eq!(value.get(ages(LONG, LONG), || 2).await, Some(1));
            assert_eq!(
                value.get(ages(Duration::ZERO, Duration::ZERO), || 3).await,
                Some(3)
            );
        });
    }

    #[test]
    fn a_reader_that_hangs_holds_nobody() {
        run(async {
            let value = Background::default();
            let (release, hung) = mpsc::channel::<()>();
            let hang = move || {
                let _ = hung.recv();
                2
            };
            let impatient = Ages {
                patience: SOON,
                ..ages(Duration::ZERO, Duration::ZERO)
            };
            assert_eq!(value.get(ages(LONG, LONG), || 1).await, Some(1));
            assert_eq!(value.get(impatient, hang).await, Some(1), "the last known");
            let reads = |number| move || number;
            // The patience is for the one reading: who asks later does not wait again.
            let asked = Instant::now();
            for _ in 0..100 {
                assert_eq!(value.get(impatient, reads(3)).await, Some(1));
            }
            assert!(asked.elapsed() < SOON * 50, "each of them waited");
            assert!(value.is_reading());
            let forgetful = Ages {
                last: Some(Duration::ZERO),
                ..impatient
            };
            assert_eq!(
                value.get(forgetful, reads(3)).await,
                None,
                "too old to be given"
            );
            drop(release);
            while value.is_reading() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(
                value
                    .get(ages(Duration::ZERO, Duration::ZERO), reads(4))
                    .await,
                Some(4)
            );
        });
    }

    #[test]
    fn a_usable_value_is_given_without_waiting() {
        run(async {
            let value = Background::default();
            value.get(ages(LONG, LONG), || 1).await;
            let (release, hung) = mpsc::channel::<()>();
            let read = move || {
                let _ = hung.recv();
                2
            };
            assert_eq!(value.get(ages(Duration::ZERO, LONG), read).await, Some(1));
            drop(release);
        });
    }

    #[test]
    fn a_reader_that_panics_is_no_end() {
        run(async {
            let value = Background::default();
            let impatient = Ages {
                patience: SOON,
                ..ages(Duration::ZERO, Duration::ZERO)
            };
            assert_eq!(value.get(impatient, || panic!("on purpose")).await, None);
            while value.is_reading() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(value.get(ages(LONG, LONG), || 1).await, Some(1));
        });
    }
}
