use proptest::prelude::*;
use prost::Message;

use super::{binary, gunzip, payload};
use crate::{
    generated::socktop::{Process, Processes},
    socktop::{COMPRESS_ABOVE, Encoder, Frame, List, Row},
};

type Given = (u32, Vec<u8>, f32, u64);

fn frame(encoder: &mut Encoder, count: u64, rows: &[Given]) -> Frame {
    let rows = rows.iter().map(|(pid, comm, cpu_usage, mem_bytes)| Row {
        pid: *pid,
        comm,
        cpu_usage: *cpu_usage,
        mem_bytes: *mem_bytes,
        ..exact(*pid)
    });
    encoder.processes(list(count), rows)
}

fn list(process_count: u64) -> List {
    List {
        process_count,
        at_ns: process_count / 2,
        interval_ns: process_count / 3,
        cpus: process_count as u32,
        counts_sockets: !process_count.is_multiple_of(3),
        precision: ["", "jiffy"][usize::from(!process_count.is_multiple_of(7))],
    }
}

/// Subjiffy's own fields, different ones for each process.
fn exact(pid: u32) -> Row<'static> {
    let number = u64::from(pid);
    Row {
        cpu_ns: number * 3,
        run_delay_ns: number % 5,
        voluntary_switches: number,
        involuntary_switches: number * 7,
        cpu_total_ns: number << 30,
        start_ns: number * 11,
        parent_pid: pid / 2,
        uid: pid % 1001,
        state: ['\0', 'R', 'Z'][pid as usize % 3],
        threads: pid % 9,
        exited: pid % 4,
        rx_bytes: number << 20,
        tx_bytes: number * 13,
        rx_calls: number % 3,
        tx_calls: number * 2,
        ..Row::default()
    }
}

/// The same list as one whole prost message.
fn reference(count: u64, rows: &[Given]) -> Processes {
    let row = |(pid, comm, cpu_usage, mem_bytes): &Given| Process {
        pid: *pid,
        name: String::from_utf8_lossy(comm).into_owned(),
        cpu_usage: if cpu_usage.is_nan() {
            0.0
        } else {
            cpu_usage.clamp(0.0, 100.0)
        },
        mem_bytes: *mem_bytes,
        ..own_fields(exact(*pid))
    };
    let list = list(count);
    Processes {
        process_count: count,
        rows: rows.iter().map(row).collect(),
        at_ns: list.at_ns,
        interval_ns: list.interval_ns,
        cpus: list.cpus,
        precision: list.precision.to_owned(),
        counts_sockets: list.counts_sockets,
    }
}

fn own_fields(row: Row<'_>) -> Process {
    Process {
        cpu_ns: row.cpu_ns,
        run_delay_ns: row.run_delay_ns,
        voluntary_switches: row.voluntary_switches,
        involuntary_switches: row.involuntary_switches,
        cpu_total_ns: row.cpu_total_ns,
        start_ns: row.start_ns,
        parent_pid: row.parent_pid,
        uid: row.uid,
        state: row.state.to_string().replace('\0', ""),
        threads: row.threads,
        exited: row.exited,
        rx_bytes: row.rx_bytes,
        tx_bytes: row.tx_bytes,
        rx_calls: row.rx_calls,
        tx_calls: row.tx_calls,
        ..Process::default()
    }
}

fn many(rows: u32) -> Vec<Given> {
    (0..rows)
        .map(|pid| {
            (
                pid,
                b"kworker/0:1-events".to_vec(),
                0.5,
                u64::from(pid) << 12,
            )
        })
        .collect()
}

proptest! {
    #[test]
    fn rows_one_by_one_are_the_whole_message(
        count: u64,
        rows in prop::collection::vec(any::<Given>(), 0..60),
        others in prop::collection::vec(any::<Given>(), 0..60),
    ) {
        let mut encoder = Encoder::new();
        frame(&mut encoder, 1, &others);
        let sent = frame(&mut encoder, count, &rows);
        let plain = payload(&sent);
        let reference = reference(count, &rows);
        prop_assert_eq!(plain.len(), reference.encoded_len());
        prop_assert_eq!(Processes::decode(plain.as_slice()).unwrap(), reference);
        prop_assert_eq!(binary(&sent).starts_with(&[0x1f, 0x8b]), plain.len() > COMPRESS_ABOVE);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Lists as they follow each other: processes change, die and are born.
    #[test]
    fn what_is_kept_of_the_last_list_is_right(
        changes in prop::collection::vec((0_usize..700, any::<Given>(), 0..3_u8), 1..20)
    ) {
        let mut encoder = Encoder::new();
        let mut rows = many(600);
        for (place, new, kind) in changes {
            let place = place.min(rows.len() - 1);
            match kind {
                0 => rows[place] = (rows[place].0, new.1, new.2, new.3),
                1 => drop(rows.remove(place)),
                _ => rows.insert(place, new),
            }
            let sent = frame(&mut encoder, 7, &rows);
            prop_assert_eq!(Processes::decode(&payload(&sent)[..]).unwrap(), reference(7, &rows));
        }
    }
}

#[test]
fn an_empty_list_is_an_empty_frame() {
    assert!(frame(&mut Encoder::new(), 0, &[]).is_empty());
}

#[test]
fn names_are_made_utf8() {
    let rows = [
        (1, b"a\xffb".to_vec(), 0.0, 0),
        (2, b"\xe2\x82".to_vec(), 0.0, 0),
    ];
    let sent = frame(&mut Encoder::new(), 2, &rows);
    let list = Processes::decode(&binary(&sent)[..]).unwrap();
    assert_eq!(list.rows[0].name, "a\u{fffd}b");
    assert_eq!(list.rows[1].name, "\u{fffd}");
}

#[test]
fn a_large_list_is_one_gzip_member() {
    let rows = many(20_000);
    let sent = frame(&mut Encoder::new(), 20_000, &rows);
    let list = Processes::decode(gunzip(binary(&sent)).as_slice()).unwrap();
    assert_eq!(list, reference(20_000, &rows));
}

#[test]
fn an_encoder_forgets_the_answer_before() {
    let mut encoder = Encoder::new();
    let first = frame(&mut encoder, 500, &many(500));
    frame(&mut encoder, 2000, &many(2000));
    frame(&mut encoder, 1, &many(1));
    assert_eq!(frame(&mut encoder, 500, &many(500)), first);
}
