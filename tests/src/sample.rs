//! The lines of `subjiffy top --json`.

use crate::traffic::{Flow, Traffic};
use serde::Deserialize;
use serde_json::Value;

/// One line.
#[derive(Debug, Clone, Deserialize)]
pub struct Sample {
    /// Number of the sample.
    pub seq: u64,
    /// Wall clock at the end of the acquisition.
    pub at_ns: u64,
    /// What the interval values cover.
    pub interval_ns: u64,
    /// How long the acquisition took.
    pub window_ns: u64,
    /// CPUs online.
    pub cpus: u64,
    /// `scheduler` or `jiffy`.
    pub precision: String,
    /// The books of the machine.
    pub machine: Machine,
    /// One row for each process.
    pub processes: Vec<Row>,
    /// All that died in the interval.
    pub exited: Exited,
    /// What was not kept.
    pub lost: Lost,
    /// The network of the machine, if it was read in the interval.
    #[serde(default)]
    pub network: Option<Value>,
}

/// Times of all CPUs in the interval.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Machine {
    pub busy_ns: u64,
    pub idle_ns: u64,
    pub steal_ns: u64,
    pub unattributed_ns: i64,
}

/// One process.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Row {
    pub pid: u32,
    pub start_ns: u64,
    pub ppid: u32,
    pub comm: String,
    pub state: String,
    pub threads: u64,
    pub uid: u32,
    pub rss_bytes: u64,
    pub cpu_ns: u64,
    pub user_ns: u64,
    pub system_ns: u64,
    #[serde(default, deserialize_with = "known")]
    pub run_delay_ns: u64,
    #[serde(default, deserialize_with = "known")]
    pub voluntary_switches: u64,
    #[serde(default, deserialize_with = "known")]
    pub involuntary_switches: u64,
    pub cpu_total_ns: u64,
    pub exited: bool,
    /// Null where nothing is known, as without BPF.
    #[serde(default)]
    pub rx_bytes: Option<u64>,
    #[serde(default)]
    pub tx_bytes: Option<u64>,
    #[serde(default)]
    pub rx_calls: Option<u64>,
    #[serde(default)]
    pub tx_calls: Option<u64>,
    #[serde(default)]
    pub tcp_rx_bytes: u64,
    #[serde(default)]
    pub tcp_tx_bytes: u64,
    #[serde(default)]
    pub tcp_rx_calls: u64,
    #[serde(default)]
    pub tcp_tx_calls: u64,
    #[serde(default)]
    pub udp_rx_bytes: u64,
    #[serde(default)]
    pub udp_tx_bytes: u64,
    #[serde(default)]
    pub udp_rx_calls: u64,
    #[serde(default)]
    pub udp_tx_calls: u64,
    #[serde(default)]
    pub unix_rx_bytes: u64,
    #[serde(default)]
    pub unix_tx_bytes: u64,
    #[serde(default)]
    pub unix_rx_calls: u64,
    #[serde(default)]
    pub unix_tx_calls: u64,
    #[serde(default)]
    pub tcp_opened: u64,
    #[serde(default)]
    pub tcp_accepted: u64,
    #[serde(default)]
    pub tcp_retransmits: u64,
    #[serde(default)]
    pub rx_total_bytes: u64,
    #[serde(default)]
    pub tx_total_bytes: u64,
}

impl Row {
    /// What it moved through sockets in the interval.
    pub fn traffic(&self) -> Traffic {
        Traffic {
            tcp: Flow {
                rx_bytes: self.tcp_rx_bytes,
                tx_bytes: self.tcp_tx_bytes,
                rx_calls: self.tcp_rx_calls,
                tx_calls: self.tcp_tx_calls,
            },
            udp: Flow {
                rx_bytes: self.udp_rx_bytes,
                tx_bytes: self.udp_tx_bytes,
                rx_calls: self.udp_rx_calls,
                tx_calls: self.udp_tx_calls,
            },
            unix: Flow {
                rx_bytes: self.unix_rx_bytes,
                tx_bytes: self.unix_tx_bytes,
                rx_calls: self.unix_rx_calls,
                tx_calls: self.unix_tx_calls,
            },
            opened: self.tcp_opened,
            accepted: self.tcp_accepted,
            retransmits: self.tcp_retransmits,
        }
    }

    /// All sockets together are what the kinds are; a kind of which nothing is known is 0.
    fn check_traffic(&self, seq: u64) {
        let all = self.traffic().sum();
        let told = [self.rx_bytes, self.tx_bytes, self.rx_calls, self.tx_calls];
        let parts = [all.rx_bytes, all.tx_bytes, all.rx_calls, all.tx_calls];
        for (told, parts) in told.into_iter().zip(parts) {
            assert_eq!(
                told.unwrap_or(0),
                parts,
                "sample {seq}: all sockets, the sum of their kinds in {self:?}"
            );
        }
    }
}

/// What jiffies cannot tell is null.
fn known<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or(0))
}

/// Processes that died, listed or not.
#[derive(Debug, Clone, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Exited {
    pub count: u64,
    pub cpu_ns: u64,
}

/// Detail that the kernel side could not keep.
#[derive(Debug, Clone, Default, Deserialize)]
#[allow(missing_docs, reason = "the names say it")]
pub struct Lost {
    pub slots: u64,
    pub records: u64,
    pub misses: u64,
    /// Bytes that are in no process's row.
    #[serde(default)]
    pub net_bytes: u64,
    /// Segments sent again that are in no process's row.
    #[serde(default)]
    pub net_retransmits: u64,
}

impl Sample {
    /// Reads a line and checks what must hold for every sample.
    ///
    /// # Panics
    /// When the line breaks the contract.
    pub fn parse(line: &str) -> Self {
        let sample: Self = serde_json::from_str(line)
            .unwrap_or_else(|e| panic!("not a sample: {e}: {}", &line[..line.len().min(400)]));
        sample.check();
        sample
    }

    fn check(&self) {
        let mut keys: Vec<_> = self.processes.iter().map(|r| (r.pid, r.start_ns)).collect();
        keys.sort_unstable();
        if let Some(pair) = keys.windows(2).find(|pair| pair[0] == pair[1]) {
            panic!("sample {}: two rows for {:?}", self.seq, pair[0]);
        }
        for row in &self.processes {
            assert_eq!(
                row.user_ns + row.system_ns,
                row.cpu_ns,
                "sample {}: user + system is not cpu in {row:?}",
                self.seq
            );
            assert!(
                row.cpu_ns <= row.cpu_total_ns,
                "sample {}: the interval exceeds the total in {row:?}",
                self.seq
            );
            row.check_traffic(self.seq);
        }
        let listed = self.processes.iter().filter(|r| r.exited);
        let (count, cpu) = listed.fold((0, 0), |(n, cpu), r| (n + 1, cpu + r.cpu_ns));
        assert!(
            self.exited.count >= count && self.exited.cpu_ns >= cpu,
            "sample {}: {count} exited rows with {cpu} ns, but {:?}",
            self.seq,
            self.exited
        );
        assert!(self.cpus > 0 && self.interval_ns > 0, "empty {self:?}");
    }

    /// The row of a living process; a reused pid may have a second row, marked exited.
    pub fn row(&self, pid: u32) -> Option<&Row> {
        self.processes.iter().find(|r| r.pid == pid && !r.exited)
    }

    /// CPU time of processes that died in the interval without a row of their own.
    pub fn exited_unlisted_ns(&self) -> u64 {
        let rows = self.processes.iter().filter(|r| r.exited);
        self.exited.cpu_ns - rows.map(|r| r.cpu_ns).sum::<u64>()
    }
}

/// The row of a process in a sample of which not all fields are there.
///
/// # Panics
/// When there is none.
pub fn row_in(line: &Value, pid: u32) -> &Value {
    let rows = line["processes"].as_array().expect("processes");
    let row = rows.iter().find(|row| row["pid"] == pid);
    row.unwrap_or_else(|| panic!("no row of {pid}: {line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str = r#"{"seq":3,"at_ns":1795148598797000000,"interval_ns":1000000000,
        "window_ns":90000,"cpus":2,"precision":"scheduler","new_field":[1],
        "machine":{"busy_ns":7,"idle_ns":1999999000,"steal_ns":0,"unattributed_ns":-7},
        "processes":[
          {"pid":7,"start_ns":9,"ppid":1,"comm":"a b)","state":"S","threads":1,"uid":0,
           "rss_bytes":4096,"cpu_ns":5,"user_ns":2,"system_ns":3,"run_delay_ns":1,
           "voluntary_switches":1,"involuntary_switches":0,"cpu_total_ns":50,
           "rx_bytes":0,"tx_bytes":0,"rx_calls":0,"tx_calls":0,"exited":false},
          {"pid":7,"start_ns":8,"ppid":1,"comm":"old","state":"X","threads":0,"uid":0,
           "rss_bytes":0,"cpu_ns":6,"user_ns":6,"system_ns":0,"run_delay_ns":1,
           "voluntary_switches":1,"involuntary_switches":0,"cpu_total_ns":6,
           "rx_bytes":0,"tx_bytes":0,"rx_calls":0,"tx_calls":0,"exited":true}],
        "exited":{"count":3,"cpu_ns":16},"lost":{"slots":0,"records":0,"misses":0}}"#;

    #[test]
    fn a_sample_is_read_with_its_unlisted_rest() {
        let sample = Sample::parse(LINE);
        assert_eq!(sample.row(7).map(|r| r.cpu_total_ns), Some(50));
        assert_eq!(sample.exited_unlisted_ns(), 10);
        assert_eq!(sample.machine.unattributed_ns, -7);
    }

    #[test]
    #[should_panic(expected = "user + system is not cpu")]
    fn a_split_that_does_not_add_up_is_refused() {
        Sample::parse(&LINE.replace("\"user_ns\":2", "\"user_ns\":1"));
    }

    #[test]
    #[should_panic(expected = "two rows for (7, 8)")]
    fn a_process_listed_twice_is_refused() {
        Sample::parse(&LINE.replace("\"start_ns\":9", "\"start_ns\":8"));
    }
}
