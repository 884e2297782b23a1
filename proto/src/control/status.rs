//! What is told of an element, as JSON and in words.

use std::{fmt, time::Duration};

use serde::{Deserialize, Serialize};

use super::period::word;

/// One element at one moment. Times are ns.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ElementStatus {
    /// `kind/plugin/element`
    pub name: String,
    /// `running`, `paused`, `stopped`, `failed` or `unsupported`.
    pub state: String,
    /// Why, if that needs a word.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The time between two polls, of those that have one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period_ns: Option<u64>,
    /// The period that it gets back by itself, and in how long.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub back: Option<Back>,
    /// Polls since it began: readings of a source (of one that is read when a client asks: questions),
    /// messages of an output.
    pub polls: u64,
    /// Ticks at which there was none, because the one before took too long.
    pub missed: u64,
    /// When the last poll was, of `CLOCK_REALTIME`; absent if there was none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_poll_ns: Option<u64>,
    /// How far polls began behind their ticks: half of them less, one in a hundred more, the most.
    pub jitter_p50_ns: u64,
    /// See `jitter_p50_ns`.
    pub jitter_p99_ns: u64,
    /// See `jitter_p50_ns`.
    pub jitter_max_ns: u64,
    /// What a poll took on average.
    pub cost_ns: u64,
    /// What the longest one took.
    pub cost_max_ns: u64,
}

/// A period that comes back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Back {
    /// The period.
    pub period_ns: u64,
    /// In how long.
    pub in_ns: u64,
}

/// The body of the reply to `status json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusReply {
    /// `CLOCK_REALTIME` when it was written.
    pub at_ns: u64,
    /// In the order of their names.
    pub elements: Vec<ElementStatus>,
}

/// In words of the form `key=value`, behind the name.
impl fmt::Display for ElementStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} state={}", self.name, self.state)?;
        if !self.reason.is_empty() {
            write!(f, " reason={:?}", self.reason)?;
        }
        if let Some(period_ns) = self.period_ns {
            write!(f, " period={}", ns(period_ns))?;
        }
        if let Some(back) = self.back {
            write!(f, " back={}-in-{}", ns(back.period_ns), rough(back.in_ns))?;
        }
        write!(f, " polls={} missed={}", self.polls, self.missed)?;
        if self.polls > 0 {
            let [p50, p99, max] = [self.jitter_p50_ns, self.jitter_p99_ns, self.jitter_max_ns];
            if max > 0 {
                let (p50, p99, max) = (rough(p50), rough(p99), rough(max));
                write!(f, " jitter_p50={p50} jitter_p99={p99} jitter_max={max}")?;
            }
            let (cost, most) = (rough(self.cost_ns), rough(self.cost_max_ns));
            write!(f, " cost={cost} cost_max={most}")?;
        }
        Ok(())
    }
}

fn ns(ns: u64) -> String {
    word(Duration::from_nanos(ns))
}

/// A duration with at most three digits that say something: 1.23ms, 45.6us.
#[must_use]
pub fn rough(ns: u64) -> String {
    let units = [
        (3_600_000_000_000, "h"),
        (60_000_000_000, "m"),
        (1_000_000_000, "s"),
        (1_000_000, "ms"),
        (1_000, "us"),
    ];
    let Some((unit_ns, unit)) = units.into_iter().find(|one| ns >= one.0) else {
        return format!("{ns}ns");
    };
    let value = ns as f64 / unit_ns as f64;
    let decimals = match value {
        value if value < 10.0 => 2,
        value if value < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_element_in_words_tells_what_there_is_to_tell() {
        let mut status = ElementStatus {
            name: "output/socktop/ws".into(),
            state: "running".into(),
            ..ElementStatus::default()
        };
        assert_eq!(
            status.to_string(),
            "output/socktop/ws state=running polls=0 missed=0"
        );
        status.period_ns = Some(1_500_000_000);
        status.back = Some(Back {
            period_ns: 10_000_000_000,
            in_ns: 61_000_000_000,
        });
        status.reason = "no BTF".into();
        status.polls = 7;
        status.missed = 1;
        (status.jitter_p50_ns, status.jitter_p99_ns) = (12_345, 80_000);
        status.jitter_max_ns = 1_234_567;
        (status.cost_ns, status.cost_max_ns) = (310, 999_999);
        assert_eq!(
            status.to_string(),
            "output/socktop/ws state=running reason=\"no BTF\" period=1s500ms \
             back=10s-in-1.02m polls=7 missed=1 jitter_p50=12.3us jitter_p99=80.0us \
             jitter_max=1.23ms cost=310ns cost_max=1000us"
        );
        let json = serde_json::to_string(&status).unwrap();
        assert_eq!(
            serde_json::from_str::<ElementStatus>(&json).unwrap(),
            status
        );
    }
}
