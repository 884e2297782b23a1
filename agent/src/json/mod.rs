//! A snapshot as one line of JSON. The fields are part of the contract with users; new ones may be
//! added, none is renamed.

pub mod fields;
mod lines;
mod network;

pub use lines::Lines;
pub(crate) use network::{tcp, udp};

use serde::{Serialize, Serializer};

use crate::{
    collect::sample::{self, Disagreement},
    model::{Process, Snapshot},
};
use fields::{FIELDS, Field};

/// What comes before the rows.
#[derive(Serialize)]
struct Head {
    seq: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    skipped: Option<u64>,
    at_ns: u64,
    interval_ns: u64,
    window_ns: u64,
    cpus: u32,
    precision: Option<&'static str>,
    machine: Option<Machine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    process_count: Option<usize>,
}

/// What comes behind the rows.
#[derive(Serialize)]
struct Tail<'a> {
    exited: Exited,
    lost: Lost,
    #[serde(serialize_with = "disagreements")]
    disagreements: &'a [Disagreement],
    #[serde(skip_serializing_if = "Option::is_none")]
    network: Option<network::Block<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    memory: Option<Memory>,
}

/// Bytes.
#[derive(Serialize)]
struct Memory {
    at_ns: u64,
    total_bytes: u64,
    free_bytes: u64,
    available_bytes: u64,
    buffers_bytes: u64,
    cached_bytes: u64,
    reclaimable_bytes: u64,
    shared_bytes: u64,
    swap_total_bytes: u64,
    swap_free_bytes: u64,
}

impl From<&sample::Memory> for Memory {
    fn from(memory: &sample::Memory) -> Self {
        let info = &memory.info;
        Self {
            at_ns: memory.at.wall_ns,
            total_bytes: info.total,
            free_bytes: info.free,
            available_bytes: info.available(),
            buffers_bytes: info.buffers,
            cached_bytes: info.cached,
            reclaimable_bytes: info.reclaimable,
            shared_bytes: info.shmem,
            swap_total_bytes: info.swap_total,
            swap_free_bytes: info.swap_free,
        }
    }
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
    rx_bytes: u64,
    tx_bytes: u64,
}

#[derive(Serialize)]
struct Lost {
    slots: u64,
    records: u64,
    misses: u64,
    net_bytes: u64,
    net_retransmits: u64,
}

#[derive(Serialize)]
struct Difference {
    pid: u32,
    scheduler_ns: u64,
    jiffies_ns: u64,
}

fn disagreements<S: Serializer>(all: &[Disagreement], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(all.iter().map(|one| Difference {
        pid: one.id.pid,
        scheduler_ns: one.exact_ns,
        jiffies_ns: one.jiffies_ns,
    }))
}

/// What of a snapshot is written.
#[derive(Debug, Clone, Default)]
pub struct Choice<'a> {
    /// Places of the processes; all of them without.
    pub places: Option<&'a [u32]>,
    /// Fields of each row; all of them without.
    pub fields: Option<&'a [&'static Field]>,
    /// Snapshots that the reader has missed before this one.
    pub skipped: Option<u64>,
}

/// Appends all of a snapshot as one line. Who writes one after the other has [`Lines`].
pub fn write(out: &mut Vec<u8>, snapshot: &Snapshot) {
    write_choice(out, snapshot, &Choice::default());
    out.push(b'\n');
}

/// Appends the chosen parts of a snapshot, without a line end.
pub fn write_choice(out: &mut Vec<u8>, snapshot: &Snapshot, choice: &Choice<'_>) {
    write_with(out, snapshot, choice, |out| {
        let all = &snapshot.processes;
        let fields = choice.fields.unwrap_or(&ALL);
        let mut row = |process| write_row(out, snapshot, process, fields);
        match choice.places {
            Some(places) => {
                let chosen = places.iter().filter_map(|&at| all.get(at as usize));
                chosen.for_each(&mut row);
            }
            None => all.iter().for_each(&mut row),
        }
    });
}

/// Appends a snapshot whose rows, each with a comma behind it, are written by `rows`.
fn write_with(
    out: &mut Vec<u8>,
    snapshot: &Snapshot,
    choice: &Choice<'_>,
    rows: impl FnOnce(&mut Vec<u8>),
) {
    let known = &snapshot.known;
    let head = Head {
        seq: snapshot.seq,
        skipped: choice.skipped,
        at_ns: snapshot.at.wall_ns,
        interval_ns: snapshot.interval_ns,
        window_ns: snapshot.window_ns,
        cpus: snapshot.cpus,
        precision: known.books.then(|| snapshot.precision.as_str()),
        machine: known.machine.then_some(Machine {
            busy_ns: snapshot.machine.busy_ns,
            idle_ns: snapshot.machine.idle_ns,
            steal_ns: snapshot.machine.steal_ns,
            unattributed_ns: snapshot.machine.unattributed_ns,
        }),
        process_count: choice.places.map(|_| snapshot.living),
    };
    let tail = Tail {
        memory: snapshot.memory.as_ref().map(Memory::from),
        exited: Exited {
            count: snapshot.exited.count,
            cpu_ns: snapshot.exited.cpu_ns,
            rx_bytes: snapshot.exited.rx_bytes,
            tx_bytes: snapshot.exited.tx_bytes,
        },
        lost: Lost {
            slots: snapshot.lost.slots,
            records: snapshot.lost.records,
            misses: snapshot.lost.misses,
            net_bytes: snapshot.lost.net_bytes,
            net_retransmits: snapshot.lost.net_retransmits,
        },
        disagreements: &snapshot.disagreements,
        network: snapshot.network.as_ref().map(network::Block::from),
    };
    write_value(out, &head);
    // Both are parts of one object: a comma takes the place of the braces between them.
    out.pop();
    out.extend_from_slice(b",\"processes\":[");
    let first = out.len();
    rows(out);
    if out.len() > first {
        out.pop();
    }
    out.push(b']');
    let brace = out.len();
    write_value(out, &tail);
    out[brace] = b',';
}

/// Appends one row and a comma.
fn write_row(out: &mut Vec<u8>, snapshot: &Snapshot, process: &Process, fields: &[&'static Field]) {
    out.push(b'{');
    let first = out.len();
    for field in fields {
        if let Some(value) = (field.value)(snapshot, process) {
            out.extend_from_slice(field.key.as_bytes());
            write_value(out, &value);
            out.push(b',');
        }
    }
    if out.len() > first {
        out.pop();
    }
    out.extend_from_slice(b"},");
}

fn write_value(out: &mut Vec<u8>, value: &impl Serialize) {
    // Writing plain values to memory has no way to fail.
    let _ = serde_json::to_writer(out, value);
}

static ALL: [&Field; FIELDS.len()] = all();

const fn all() -> [&'static Field; FIELDS.len()] {
    let mut all = [&FIELDS[0]; FIELDS.len()];
    let mut at = 0;
    while at < all.len() {
        all[at] = &FIELDS[at];
        at += 1;
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Sockets;
    use crate::{
        collect::{
            moment::Moment,
            process::{Comm, Identity, ProcessSample, State},
            sample::Precision,
        },
        interfaces::Class,
        model::network::Network,
        procfs::{Interface, Name, Tcp, Udp},
    };
    use serde_json::json;

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
        write(&mut text, &snapshot(precision));
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
    fn the_network_is_there_when_it_was_read_and_every_number_in_its_place() {
        let quiet = snapshot(Precision::Scheduler);
        let mut text = Vec::new();
        write_choice(&mut text, &quiet, &Choice::default());
        let line: serde_json::Value = serde_json::from_slice(&text).unwrap();
        assert_eq!(line.get("network"), None);

        let network = Network {
            at: Moment {
                wall_ns: 5,
                ..Moment::default()
            },
            interval_ns: 4,
            interfaces: vec![Interface {
                name: Name::shortened(b"eth\xff"),
                rx_bytes: 1,
                rx_packets: 2,
                rx_errors: 3,
                rx_dropped: 4,
                tx_bytes: 5,
                tx_packets: 6,
                tx_errors: 7,
                tx_dropped: 8,
                class: Class::unknown(false),
            }],
            tcp: Tcp {
                active_opens: 1,
                passive_opens: 2,
                attempt_fails: 3,
                established_resets: 4,
                established: 5,
                in_segments: 6,
                out_segments: 7,
                retransmitted_segments: 8,
                in_errors: 9,
                out_resets: 10,
                in_checksum_errors: 11,
            },
            udp: Udp {
                in_datagrams: 1,
                no_ports: 2,
                in_errors: 3,
                out_datagrams: 4,
                receive_buffer_errors: 5,
                send_buffer_errors: 6,
                in_checksum_errors: 7,
            },
        };
        let mut text = Vec::new();
        let snapshot = Snapshot {
            network: Some(network),
            ..quiet
        };
        write_choice(&mut text, &snapshot, &Choice::default());
        let line: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let expected = json!({
            "at_ns": 5,
            "interval_ns": 4,
            "interfaces": [{
                "name": "eth\u{fffd}",
                "class": {"kind": "unknown", "counted": true},
                "rx_bytes": 1, "rx_packets": 2, "rx_errors": 3, "rx_dropped": 4,
                "tx_bytes": 5, "tx_packets": 6, "tx_errors": 7, "tx_dropped": 8,
            }],
            "tcp": {
                "active_opens": 1, "passive_opens": 2, "attempt_fails": 3,
                "established_resets": 4, "established": 5, "in_segments": 6, "out_segments": 7,
                "retransmitted_segments": 8, "in_errors": 9, "out_resets": 10,
                "in_checksum_errors": 11,
            },
            "udp": {
                "in_datagrams": 1, "no_ports": 2, "in_errors": 3, "out_datagrams": 4,
                "receive_buffer_errors": 5, "send_buffer_errors": 6, "in_checksum_errors": 7,
            },
        });
        assert_eq!(line["network"], expected);
    }

    #[test]
    fn what_is_chosen_is_written_and_nothing_else() {
        let mut snapshot = snapshot(Precision::Scheduler);
        let other = Process::default();
        snapshot.processes.push(other);
        snapshot.living = 9;
        let fields = ["cpu_ns", "pid"].map(|name| fields::find(name).unwrap());
        let choice = Choice {
            places: Some(&[1, 0, 7]),
            fields: Some(&fields),
            skipped: Some(2),
        };
        let mut text = Vec::new();
        write_choice(&mut text, &snapshot, &choice);
        let line: serde_json::Value = serde_json::from_slice(&text).unwrap();
        let rows = r#""processes":[{"cpu_ns":0,"pid":0},{"cpu_ns":0,"pid":7}]"#;
        let text = String::from_utf8(text).unwrap();
        assert!(text.contains(rows), "{text}");
        assert_eq!(
            (line["skipped"].as_u64(), line["process_count"].as_u64()),
            (Some(2), Some(9))
        );
    }

    #[test]
    fn bytes_on_sockets_are_numbers_or_null_and_details_come_with_traffic() {
        let mut snapshot = snapshot(Precision::Scheduler);
        let row = |snapshot: &Snapshot| {
            let mut text = Vec::new();
            write(&mut text, snapshot);
            let line: serde_json::Value = serde_json::from_slice(&text).unwrap();
            line["processes"][0].clone()
        };
        let keys = ["rx_bytes", "tx_bytes", "rx_calls", "tx_calls"];
        let unknown = row(&snapshot);
        assert!(
            keys.iter()
                .all(|key| unknown.get(key).is_some_and(|one| one.is_null()))
        );
        snapshot.counts_traffic = true;
        let quiet = row(&snapshot);
        assert!(keys.iter().all(|key| quiet[key] == 0));
        assert_eq!(quiet.get("udp_tx_bytes"), None);
        let mut did = Sockets::default();
        did.change.udp.tx_bytes = 7;
        did.total.tcp.rx_bytes = 9;
        snapshot.traffic.push(did);
        snapshot.processes[0].sample.traffic = 1;
        let busy = row(&snapshot);
        assert_eq!(
            (&busy["udp_tx_bytes"], &busy["tcp_rx_bytes"]),
            (&7.into(), &0.into())
        );
        assert_eq!(busy["rx_total_bytes"], 9);
    }

    #[test]
    fn what_jiffies_cannot_tell_is_null_and_not_zero() {
        let line = line(Precision::Jiffy);
        assert_eq!(line["precision"], "jiffy");
        assert!(line["processes"][0]["run_delay_ns"].is_null());
    }
}
