//! Our own lines: words by twos, a name and a number.

use std::fmt::Write as _;

use super::super::{
    facts::number,
    row::{CpuTime, Row},
    table::Table,
};

/// What a sample is, before its processes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Sample {
    /// Length of its interval.
    pub interval_ns: u64,
    /// Whether CPU times are the scheduler's own.
    pub exact: bool,
    /// Processes that died but could not be listed.
    pub unlisted: u64,
    /// Whether bytes on sockets are counted.
    pub network: bool,
}

/// What only we know of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Exact {
    /// CPU time since it began.
    pub total: CpuTime,
    /// Whether it was never met alive.
    pub unmet: bool,
    /// What it did in the interval; `None` if nothing.
    pub did: Option<Did>,
}

/// What only we know of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Did {
    /// CPU time.
    pub time: CpuTime,
    /// Time it waited for a CPU.
    pub run_delay_ns: Option<u64>,
    /// Bytes received and sent.
    pub network: Option<(u64, u64)>,
}

impl Sample {
    pub fn of(table: &Table) -> Self {
        Self {
            interval_ns: table.interval_ns,
            exact: table.exact,
            unlisted: table.unlisted,
            network: table.recorded().any(|row| row.network.is_some()),
        }
    }

    /// Writes the line.
    pub fn write(&self, to: &mut String) {
        // Writing to a string never fails.
        let _ = writeln!(
            to,
            "subjiffy interval {} exact {} unlisted {} network {}",
            self.interval_ns,
            u8::from(self.exact),
            self.unlisted,
            u8::from(self.network)
        );
    }

    /// Reads what follows the first word.
    pub fn parse(words: &str) -> Self {
        let mut sample = Self::default();
        for (name, value) in pairs(words) {
            match name {
                "interval" => sample.interval_ns = value,
                "exact" => sample.exact = value > 0,
                "unlisted" => sample.unlisted = value,
                "network" => sample.network = value > 0,
                _ => {}
            }
        }
        sample
    }
}

impl Exact {
    pub fn of(row: &Row) -> Self {
        Self {
            total: row.total,
            unmet: row.priority.is_none(),
            did: row.is_active().then_some(Did {
                time: row.time,
                run_delay_ns: row.run_delay_ns,
                network: row.network,
            }),
        }
    }

    /// Writes the words that follow `subjiffy`, and the end of the line.
    pub fn write(&self, to: &mut String) {
        // Writing to a string never fails.
        let total = self.total;
        let _ = write!(
            to,
            "total-system {} total-user {}",
            total.system_ns, total.user_ns
        );
        if let Some(Did {
            time,
            run_delay_ns,
            network,
        }) = self.did
        {
            let _ = write!(to, " system {} user {}", time.system_ns, time.user_ns);
            if let Some(ns) = run_delay_ns {
                let _ = write!(to, " wait {ns}");
            }
            if let Some((received, sent)) = network {
                let _ = write!(to, " received {received} sent {sent}");
            }
        }
        to.push_str(if self.unmet { " unmet 1\n" } else { "\n" });
    }

    /// Reads what follows the first word.
    pub fn parse(words: &str) -> Self {
        let mut exact = Self::default();
        let (mut received, mut sent) = (None, None);
        for (name, value) in pairs(words) {
            match name {
                "total-system" => exact.total.system_ns = value,
                "total-user" => exact.total.user_ns = value,
                "unmet" => exact.unmet = value > 0,
                "system" => exact.did.get_or_insert_default().time.system_ns = value,
                "user" => exact.did.get_or_insert_default().time.user_ns = value,
                "wait" => exact.did.get_or_insert_default().run_delay_ns = Some(value),
                "received" => received = Some(value),
                "sent" => sent = Some(value),
                _ => {}
            }
        }
        if let Some(did) = &mut exact.did {
            did.network = received.zip(sent);
        }
        exact
    }
}

fn pairs(words: &str) -> impl Iterator<Item = (&str, u64)> {
    let mut words = words.split_ascii_whitespace();
    std::iter::from_fn(move || {
        loop {
            let (name, value) = (words.next()?, words.next()?);
            if let Some(value) = number(value.as_bytes()) {
                return Some((name, value));
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read(
            times: [u64; 5], network: Option<(u64, u64)>, waits: bool, unmet: bool, exact: bool,
            active: bool
        ) {
            let [system_ns, user_ns, a, b, wait] = times;
            let did = Did {
                time: CpuTime { user_ns, system_ns },
                run_delay_ns: waits.then_some(wait),
                network,
            };
            let told = Exact {
                total: CpuTime { user_ns: a, system_ns: b },
                unmet,
                did: active.then_some(did),
            };
            let mut line = String::new();
            told.write(&mut line);
            prop_assert_eq!(Exact::parse(&line), told);
            let sample = Sample { interval_ns: a, exact, unlisted: b, network: waits };
            let mut line = String::new();
            sample.write(&mut line);
            prop_assert_eq!(Sample::parse(line.strip_prefix("subjiffy ").unwrap()), sample);
        }

        #[test]
        fn no_line_panics(line: String) {
            Exact::parse(&line);
            Sample::parse(&line);
        }
    }
}
