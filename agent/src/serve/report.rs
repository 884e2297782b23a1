//! Refusals in the log: one line for all of them, seldom, so that nobody can flood it.

use std::{fmt, time::Duration};

use subjiffy_proto::socktop::ServerCounters;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use super::Counters;

/// Between two lines.
const PAUSE: Duration = Duration::from_secs(10);

/// Says what was refused, at most every ten seconds, and all counts once at the end. While nothing
/// is refused it sleeps.
pub(super) async fn report(counters: &Counters, shutdown: &CancellationToken) {
    let mut said = ServerCounters::default();
    while shutdown
        .run_until_cancelled(counters.trouble())
        .await
        .is_some()
    {
        let now = counters.snapshot();
        let news = Troubles(&now, &said).to_string();
        if !news.is_empty() {
            warn!("clients refused or failed: {news}");
        }
        said = now;
        shutdown.run_until_cancelled(sleep(PAUSE)).await;
    }
    let end = counters.snapshot();
    let troubles = Troubles(&end, &ServerCounters::default()).to_string();
    let and = if troubles.is_empty() { "" } else { "; " };
    info!(
        "served {} connections, {} requests{and}{troubles}",
        end.accepted, end.requests
    );
}

/// What was refused or failed between two snapshots (the new one first); empty if nothing was.
struct Troubles<'a>(&'a ServerCounters, &'a ServerCounters);

impl fmt::Display for Troubles<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(new, old) = self;
        let counts = [
            ("too many connections", new.refused_full, old.refused_full),
            (
                "too many from one address",
                new.refused_per_address,
                old.refused_per_address,
            ),
            (
                "handshake took too long",
                new.handshake_timeouts,
                old.handshake_timeouts,
            ),
            ("bad handshake", new.bad_handshakes, old.bad_handshakes),
            ("wrong or missing token", new.unauthorized, old.unauthorized),
            ("foreign origin", new.foreign_origin, old.foreign_origin),
            ("TLS failure", new.tls_failures, old.tls_failures),
            ("bad request", new.bad_requests, old.bad_requests),
            ("message too large", new.too_large, old.too_large),
            ("took no answer", new.slow_closed, old.slow_closed),
            ("accept failed", new.accept_errors, old.accept_errors),
        ];
        let grown = counts.iter().filter(|(_, new, old)| new > old);
        for (number, (what, new, old)) in grown.enumerate() {
            let comma = if number == 0 { "" } else { ", " };
            write!(f, "{comma}{what}: {}", new - old)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_news_are_told() {
        let old = ServerCounters {
            unauthorized: 3,
            accepted: 9,
            ..ServerCounters::default()
        };
        let new = ServerCounters {
            unauthorized: 5,
            tls_failures: 1,
            accepted: 20,
            requests: 7,
            ..old
        };
        let told = Troubles(&new, &old).to_string();
        assert_eq!(told, "wrong or missing token: 2, TLS failure: 1");
        assert_eq!(Troubles(&new, &new).to_string(), "");
    }
}
