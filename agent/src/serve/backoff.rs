//! Waiting while the system refuses new connections.

use std::{
    io::{self, ErrorKind},
    time::{Duration, Instant},
};

use tracing::warn;

const SHORTEST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_secs(1);
const BETWEEN_WARNINGS: Duration = Duration::from_secs(60);

/// How long to wait before the next accept: a lack of file descriptors leaves the waiting
/// connection in the queue, so that accepting at once would spin.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    pause: Duration,
    warned: Option<Instant>,
}

impl Backoff {
    /// A connection was accepted.
    pub(super) fn reset(&mut self) {
        self.pause = Duration::ZERO;
    }

    /// Accepting failed: the pause to make now.
    pub(super) fn failed(&mut self, error: &io::Error, now: Instant) -> Duration {
        if matches!(
            error.kind(),
            ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
        ) {
            return Duration::ZERO;
        }
        self.pause = (self.pause * 2).clamp(SHORTEST, LONGEST);
        if self
            .warned
            .is_none_or(|warned| now.duration_since(warned) >= BETWEEN_WARNINGS)
        {
            self.warned = Some(now);
            warn!("cannot accept connections, will retry; more file descriptors may help: {error}");
        }
        self.pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_second_and_start_again() {
        let (mut backoff, now) = (Backoff::default(), Instant::now());
        let error = io::Error::other("too many open files");
        let pauses: Vec<_> = (0..9)
            .map(|_| backoff.failed(&error, now).as_millis())
            .collect();
        assert_eq!(pauses, [10, 20, 40, 80, 160, 320, 640, 1000, 1000]);
        backoff.reset();
        assert_eq!(backoff.failed(&error, now), SHORTEST);
    }

    #[test]
    fn a_connection_that_died_in_the_queue_makes_no_pause() {
        let error = io::Error::from(ErrorKind::ConnectionAborted);
        assert_eq!(
            Backoff::default().failed(&error, Instant::now()),
            Duration::ZERO
        );
    }

    #[test]
    fn warnings_are_a_minute_apart() {
        let (mut backoff, start) = (Backoff::default(), Instant::now());
        let error = io::Error::other("too many open files");
        for (second, warned) in [(0, 0), (59, 0), (60, 60), (61, 60)] {
            backoff.failed(&error, start + Duration::from_secs(second));
            assert_eq!(backoff.warned, Some(start + Duration::from_secs(warned)));
        }
    }
}
