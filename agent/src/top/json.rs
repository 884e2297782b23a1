//! A snapshot as one line of JSON. The fields are part of the contract with users; new ones may be
//! added, none is renamed.

use std::io::{self, Write};

use serde::{Serialize, Serializer, ser::SerializeSeq};

use crate::{collect::sample::Precision, model::Snapshot};

#[derive(Serialize)]
struct Line<'a> {
    seq: u64,
    at_ns: u64,
    interval_ns: u64,
    window_ns: u64,
    cpus: u32,
    precision: &'static str,
    machine: Machine,
    #[serde(serialize_with = "rows")]
    processes: &'a Snapshot,
    exited: Exited,
    lost: Lost,
    disagreements: Vec<Disagreement>,
}

#[derive(Serialize)]
struct Machine {
    busy_ns: u64,
    idle_ns: u64,
    steal_ns: u64,
    unattributed_ns: i64,
}

#[derive(Serialize)]
struct Exited {
    count: u64,
    cpu_ns: u64,
}

#[derive(Serialize)]
struct Lost {
    slots: u64,
    records: u64,
    misses: u64,
}

#[derive(Serialize)]
struct Disagreement {
    pid: u32,
    scheduler_ns: u64,
    jiffies_ns: u64,
}

/// What only the scheduler's books know is `null` where they cannot be used.
#[derive(Serialize)]
struct Row<'a> {
    pid: u32,
    start_ns: u64,
    ppid: u32,
    comm: std::borrow::Cow<'a, str>,
    state: char,
    threads: u32,
    uid: u32,
    rss_bytes: u64,
    cpu_ns: u64,
    user_ns: u64,
    system_ns: u64,
    run_delay_ns: Option<u64>,
    voluntary_switches: Option<u64>,
    involuntary_switches: Option<u64>,
    cpu_total_ns: u64,
    exited: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    exit_code: Option<u32>,
}

fn rows<S: Serializer>(snapshot: &&Snapshot, serializer: S) -> Result<S::Ok, S::Error> {
    let exact = snapshot.precision == Precision::Scheduler;
    let mut list = serializer.serialize_seq(Some(snapshot.processes.len()))?;
    for process in &snapshot.processes {
        let sample = &process.sample;
        list.serialize_element(&Row {
            pid: sample.id.pid,
            start_ns: sample.id.start_ns,
            ppid: sample.ppid,
            comm: String::from_utf8_lossy(snapshot.name(process)),
            state: sample.state.letter(),
            threads: sample.threads,
            uid: sample.uid,
            rss_bytes: sample.rss_bytes,
            cpu_ns: process.cpu_ns,
            user_ns: process.user_ns,
            system_ns: process.system_ns,
            run_delay_ns: exact.then_some(process.run_delay_ns),
            voluntary_switches: exact.then_some(process.voluntary_switches),
            involuntary_switches: exact.then_some(process.involuntary_switches),
            cpu_total_ns: sample.counters.run_ns,
            exited: process.exited,
            exit_code: (process.exited && exact).then_some(sample.exit_code),
        })?;
    }
    list.end()
}

/// Writes one line.
///
/// # Errors
/// What the writer says.
pub fn write(out: &mut impl Write, snapshot: &Snapshot) -> io::Result<()> {
    let line = Line {
        seq: snapshot.seq,
        at_ns: snapshot.at.wall_ns,
        interval_ns: snapshot.interval_ns,
        window_ns: snapshot.window_ns,
        cpus: snapshot.cpus,
        precision: snapshot.precision.as_str(),
        machine: Machine {
            busy_ns: snapshot.machine.busy_ns,
            idle_ns: snapshot.machine.idle_ns,
            steal_ns: snapshot.machine.steal_ns,
            unattributed_ns: snapshot.machine.unattributed_ns,
        },
        processes: snapshot,
        exited: Exited {
            count: snapshot.exited.count,
            cpu_ns: snapshot.exited.cpu_ns,
        },
        lost: Lost {
            slots: snapshot.lost.slots,
            records: snapshot.lost.records,
            misses: snapshot.lost.misses,
        },
        disagreements: snapshot
            .disagreements
            .iter()
            .map(|one| Disagreement {
                pid: one.id.pid,
                scheduler_ns: one.exact_ns,
                jiffies_ns: one.jiffies_ns,
            })
            .collect(),
    };
    serde_json::to_writer(&mut *out, &line)?;
    out.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        collect::process::{Comm, Identity, ProcessSample, State},
        model::Process,
    };

    fn snapshot(precision: Precision) -> Snapshot {
        Snapshot {
            seq: 3,
            precision,
            processes: vec![Process {
                sample: ProcessSample {
                    id: Identity {
                        pid: 7,
                        start_ns: 9,
                    },
                    comm: Comm::from_bytes(b"a\"\xff\n"),
                    state: State::Zombie,
                    ..ProcessSample::default()
                },
                run_delay_ns: 5,
                exited: true,
                ..Process::default()
            }],
            ..Snapshot::default()
        }
    }

    fn line(precision: Precision) -> serde_json::Value {
        let mut text = Vec::new();
        write(&mut text, &snapshot(precision)).unwrap();
        assert_eq!(text.iter().filter(|&&byte| byte == b'\n').count(), 1);
        serde_json::from_slice(&text).unwrap()
    }

    #[test]
    fn a_line_has_the_fields_of_the_contract() {
        let line = line(Precision::Scheduler);
        for key in [
            "seq",
            "at_ns",
            "interval_ns",
            "window_ns",
            "cpus",
            "precision",
            "machine",
            "processes",
            "exited",
            "lost",
        ] {
            assert!(line.get(key).is_some(), "{key}");
        }
        let row = &line["processes"][0];
        for key in [
            "pid",
            "start_ns",
            "ppid",
            "threads",
            "uid",
            "rss_bytes",
            "cpu_ns",
            "user_ns",
            "system_ns",
            "run_delay_ns",
            "voluntary_switches",
            "involuntary_switches",
            "cpu_total_ns",
        ] {
            assert!(row[key].is_u64(), "{key} in {row}");
        }
        assert_eq!(row["comm"], "a\"\u{fffd}\n");
        assert_eq!(row["state"], "Z");
        assert_eq!(row["exited"], true);
    }

    #[test]
    fn what_jiffies_cannot_tell_is_null_and_not_zero() {
        let line = line(Precision::Jiffy);
        assert_eq!(line["precision"], "jiffy");
        assert!(line["processes"][0]["run_delay_ns"].is_null());
    }
}
