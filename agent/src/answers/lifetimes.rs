//! For how long answers are given again.

use std::time::Duration;

/// For how long an answer is given again, by kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetimes {
    /// CPU, memory and network.
    pub metrics: Duration,
    /// Mounted disks.
    pub disks: Duration,
    /// The process list.
    pub processes: Duration,
}

impl Default for Lifetimes {
    fn default() -> Self {
        Self {
            metrics: Duration::from_millis(250),
            disks: Duration::from_millis(1000),
            processes: Duration::from_millis(1500),
        }
    }
}

impl Lifetimes {
    /// The defaults, changed by the reference agent's variables (`SOCKTOP_AGENT_METRICS_TTL_MS`
    /// and so on), read through `variable`. 0 makes every answer new.
    ///
    /// # Errors
    /// Which variable makes no sense, and what would.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, String> {
        let lifetime = |kind: &str, default: Duration| {
            let name = format!("SOCKTOP_AGENT_{kind}_TTL_MS");
            let Some(text) = variable(&name) else {
                return Ok(default);
            };
            let wrong = |_| format!("{name}={text:?} is no number of milliseconds, such as 250");
            text.trim()
                .parse()
                .map(Duration::from_millis)
                .map_err(wrong)
        };
        let default = Self::default();
        Ok(Self {
            metrics: lifetime("METRICS", default.metrics)?,
            disks: lifetime("DISKS", default.disks)?,
            processes: lifetime("PROCESSES", default.processes)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reference_agents_variables_are_understood() {
        let with = |name: &'static str, value: &'static str| {
            Lifetimes::from_variables(move |asked| (asked == name).then(|| value.to_owned()))
        };
        let metrics = with("SOCKTOP_AGENT_METRICS_TTL_MS", "0").map(|one| one.metrics);
        assert_eq!(metrics, Ok(Duration::ZERO));
        let disks = with("SOCKTOP_AGENT_DISKS_TTL_MS", "70").map(|one| one.disks);
        assert_eq!(disks, Ok(Duration::from_millis(70)));
        let error = with("SOCKTOP_AGENT_PROCESSES_TTL_MS", "1s").unwrap_err();
        assert!(
            error.contains("PROCESSES_TTL_MS") && error.contains("1s"),
            "{error}"
        );
        assert_eq!(with("HOME", "1"), Ok(Lifetimes::default()));
    }
}
