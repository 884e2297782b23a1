//! The books must balance whatever the samples say.

use super::*;
use crate::collect::{
    moment::Moment,
    process::{Identity, State},
    sample::{Memory, Precision},
    tracker::Unlisted,
};
use proptest::prelude::*;

fn process(pid: u32, start_ns: u64, run_ns: u64) -> ProcessSample {
    ProcessSample {
        id: Identity { pid, start_ns },
        counters: Counters {
            run_ns,
            voluntary: run_ns / 2,
            ..Counters::default()
        },
        ..ProcessSample::default()
    }
}

fn sample(at_ns: u64, processes: Vec<ProcessSample>) -> Sample {
    Sample {
        at: Moment {
            monotonic_ns: at_ns,
            wall_ns: at_ns,
            boot_ns: at_ns,
        },
        precision: Precision::Scheduler,
        counts_traffic: true,
        cpus: vec![
            CpuSample {
                id: 0,
                idle_ns: at_ns / 4,
                steal_ns: 0,
            },
            CpuSample {
                id: 1,
                idle_ns: at_ns / 2,
                steal_ns: at_ns / 8,
            },
        ],
        processes,
        ..Sample::default()
    }
}

fn run(old: &Sample, new: &Sample) -> Snapshot {
    run_through(old, &[new])
}

/// As a consumer sees it that looks at the first and the last of these samples only.
fn run_through(old: &Sample, samples: &[&Sample]) -> Snapshot {
    let mut snapshot = Snapshot::default();
    let mut events = Events::default();
    for sample in samples {
        events.add(old, sample);
    }
    events.sort();
    if let Some(new) = samples.last() {
        derive(old, new, &events, 1, &mut snapshot);
    }
    snapshot
}

#[test]
fn a_process_is_told_apart_from_an_earlier_one_with_its_id() {
    let old = sample(1000, vec![process(5, 10, 700), process(6, 10, 100)]);
    let new = sample(2000, vec![process(5, 1500, 40), process(6, 10, 150)]);
    let cpu: Vec<u64> = run(&old, &new)
        .processes
        .iter()
        .map(|one| one.cpu_ns)
        .collect();
    assert_eq!(cpu, [40, 50]);
}

#[test]
fn the_past_of_a_process_we_did_not_know_is_no_news() {
    let old = sample(50_000_000, vec![]);
    let new = sample(
        60_000_000,
        vec![process(5, 1_000, 700), process(6, 50_000_001, 70)],
    );
    let cpu: Vec<u64> = run(&old, &new)
        .processes
        .iter()
        .map(|one| one.cpu_ns)
        .collect();
    assert_eq!(cpu, [0, 70]);
}

#[test]
fn the_dead_are_listed_once_with_what_they_used_last() {
    let old = sample(1000, vec![process(5, 10, 700)]);
    let mut new = sample(2000, vec![process(6, 1100, 30)]);
    new.exited = vec![process(5, 10, 720), process(7, 1200, 9)];
    new.unlisted = Unlisted {
        exits: 2,
        cpu_ns: 11,
    };
    let snapshot = run(&old, &new);
    assert_eq!(snapshot.living, 1);
    let dead: Vec<_> = snapshot
        .processes
        .iter()
        .map(|one| (one.cpu_ns, one.exited))
        .collect();
    assert_eq!(dead, [(30, false), (20, true), (9, true)]);
    assert_eq!(
        snapshot.exited,
        Exited {
            count: 4,
            cpu_ns: 40,
            ..Exited::default()
        }
    );
}

#[test]
fn a_zombie_is_not_counted_again() {
    let old = sample(1000, vec![]);
    let mut zombie = process(5, 50_000_000, 700);
    zombie.state = State::Zombie;
    assert_eq!(
        run(&old, &sample(2000, vec![zombie])).processes[0].cpu_ns,
        0
    );
    // In the interval of its death it is counted, whoever asked for it or not.
    let mut new = sample(2000, vec![]);
    new.exited = vec![zombie];
    assert_eq!(run(&old, &new).processes[0].cpu_ns, 700);
}

#[test]
fn who_skips_samples_sees_the_same_sums() {
    let zombie = ProcessSample {
        state: State::Zombie,
        ..process(5, 10, 760)
    };
    let old = sample(1000, vec![process(5, 10, 700), process(6, 10, 100)]);
    let mut middle = sample(2000, vec![process(6, 10, 130)]);
    middle.exited = vec![process(8, 1500, 7), zombie];
    // Its parent has not asked for it yet.
    let mut new = sample(3000, vec![zombie, process(6, 10, 150)]);
    new.exited = vec![process(9, 2500, 3)];
    let snapshot = run_through(&old, &[&middle, &new]);
    let rows: Vec<_> = snapshot
        .processes
        .iter()
        .map(|one| (one.sample.id.pid, one.cpu_ns, one.exited))
        .collect();
    let expected = [(6, 50, false), (5, 60, true), (8, 7, true), (9, 3, true)];
    assert_eq!(rows, expected);
    assert_eq!((snapshot.exited.count, snapshot.exited.cpu_ns), (3, 70));
}

#[test]
fn a_cpu_that_came_or_went_is_left_out() {
    let old = sample(1000, vec![]);
    let mut new = sample(2000, vec![]);
    new.cpus[1].id = 7;
    let machine = run(&old, &new).machine;
    assert_eq!((machine.idle_ns, machine.busy_ns), (250, 750));
}

#[test]
fn shares_of_the_machine_are_never_beyond_their_bounds() {
    let old = MachineSample {
        cpus: sample(1000, vec![]).cpus,
        ..MachineSample::default()
    };
    let mut new = old.clone();
    new.at.monotonic_ns = 100;
    new.cpus[0].idle_ns += 500;
    new.cpus[1].idle_ns -= 1;
    let mut snapshot = MachineSnapshot::default();
    derive_machine(&old, &new, &mut snapshot);
    assert_eq!(snapshot.busy_by_cpu, [0.0, 1.0]);
    assert!((snapshot.busy - 0.5).abs() < 1e-9);
    derive_machine(&old, &old, &mut snapshot);
    assert_eq!(snapshot.busy_by_cpu, [0.0, 0.0], "no time has passed");
}

proptest! {
    #[test]
    fn the_books_balance(
        before in prop::collection::vec((1u32..50, 0u64..1_000_000), 0..20),
        after in prop::collection::vec((1u32..50, 0u64..1_000_000), 0..20),
        dead in prop::collection::vec((50u32..99, 0u64..1_000_000), 0..20),
        unlisted in 0u64..1_000_000,
    ) {
        let list = |of: Vec<(u32, u64)>| {
            let mut list: Vec<_> = of.into_iter().map(|(pid, ns)| process(pid, 5, ns)).collect();
            list.sort_by_key(|one| one.id);
            list.dedup_by_key(|one| one.id);
            list
        };
        let old = sample(1_000_000, list(before));
        let mut new = sample(3_000_000, list(after));
        new.exited = list(dead);
        new.unlisted.cpu_ns = unlisted;
        let snapshot = run(&old, &new);
        let rows: u64 = snapshot.processes.iter().map(|one| one.cpu_ns).sum();
        let listed_dead: u64 =
            snapshot.processes.iter().filter(|one| one.exited).map(|one| one.cpu_ns).sum();
        prop_assert_eq!(snapshot.exited.cpu_ns - listed_dead, unlisted);
        let machine = snapshot.machine;
        let accounted = rows + unlisted + machine.idle_ns + machine.steal_ns;
        prop_assert_eq!(accounted as i64 + machine.unattributed_ns, 2 * 2_000_000);
        for one in &snapshot.processes {
            prop_assert_eq!(one.user_ns + one.system_ns, one.cpu_ns);
        }
    }
}

fn with_traffic(mut sample: Sample, pid: u32, tcp_tx: u64, udp_rx: u64) -> Sample {
    let mut traffic = Traffic::default();
    traffic.tcp.tx_bytes = tcp_tx;
    traffic.udp.rx_bytes = udp_rx;
    sample.traffic.push(traffic);
    let place = sample.traffic.len() as u32;
    let all = sample.processes.iter_mut().chain(&mut sample.exited);
    all.filter(|one| one.id.pid == pid)
        .for_each(|one| one.traffic = place);
    sample
}

#[test]
fn traffic_is_what_was_added_and_of_the_newborn_all_of_it() {
    let old = sample(1_000_000_000, vec![process(1, 5, 0), process(2, 5, 0)]);
    let old = with_traffic(old, 1, 100, 1);
    let born = 1_500_000_000;
    let list = vec![
        process(1, 5, 0),
        process(2, 5, 0),
        process(3, born, 0),
        process(4, 6, 0),
    ];
    let mut new = sample(2_000_000_000, list);
    new.exited = vec![process(9, born, 4)];
    // Its place in the list of traffic is another one now.
    let new = with_traffic(new, 3, 30, 0);
    let new = with_traffic(new, 1, 150, 4);
    let new = with_traffic(new, 9, 9, 0);
    // We did not know that it lives: what it did before is no news.
    let new = with_traffic(new, 4, 77, 0);
    let snapshot = run(&old, &new);
    let moved: Vec<_> = snapshot
        .processes
        .iter()
        .map(|one| (one.sample.id.pid, one.moved.tx_bytes, one.moved.rx_bytes))
        .collect();
    assert_eq!(
        moved,
        [(1, 50, 3), (2, 0, 0), (3, 30, 0), (4, 0, 0), (9, 9, 0)]
    );
    let sockets = snapshot.traffic(&snapshot.processes[0]).unwrap();
    assert_eq!(
        (sockets.change.tcp.tx_bytes, sockets.total.tcp.tx_bytes),
        (50, 150)
    );
    assert_eq!(snapshot.traffic(&snapshot.processes[1]), None);
    assert_eq!(snapshot.exited.tx_bytes, 9);
}

#[test]
fn traffic_of_exits_between_is_kept() {
    let old = with_traffic(sample(1_000, vec![process(1, 5, 0)]), 1, 40, 0);
    let mut middle = sample(2_000, vec![]);
    middle.exited = vec![process(1, 5, 3)];
    let middle = with_traffic(middle, 1, 60, 0);
    let mut new = sample(3_000, vec![]);
    new.exited = vec![process(2, 1_500, 1)];
    let new = with_traffic(new, 2, 7, 0);
    let snapshot = run_through(&old, &[&middle, &new]);
    let moved = snapshot.processes.iter().map(|one| one.moved.tx_bytes);
    assert_eq!(moved.collect::<Vec<_>>(), [20, 7]);
    assert_eq!(snapshot.exited.tx_bytes, 27);
}

#[test]
fn a_zombie_keeps_its_totals_and_moves_nothing_more() {
    let mut zombie = process(1, 5, 3);
    zombie.state = State::Zombie;
    // It died before `old`, which does not have it: others were told.
    let old = with_traffic(sample(1_000, vec![process(7, 5, 0)]), 7, 1_000, 0);
    let new = with_traffic(sample(2_000, vec![zombie]), 1, 60, 0);
    let snapshot = run(&old, &new);
    let row = &snapshot.processes[0];
    let sockets = snapshot.traffic(row).unwrap();
    assert_eq!((row.moved.tx_bytes, sockets.total.tcp.tx_bytes), (0, 60));
}

#[test]
fn what_was_moved_while_nobody_counted_is_in_no_interval() {
    let before = with_traffic(sample(1_000, vec![process(1, 5, 0)]), 1, 40, 0);
    let mut paused = with_traffic(sample(2_000, vec![process(1, 5, 0)]), 1, 40, 0);
    paused.counts_traffic = false;
    let after = with_traffic(sample(3_000, vec![process(1, 5, 0)]), 1, 1_040, 0);
    let later = with_traffic(sample(4_000, vec![process(1, 5, 0)]), 1, 1_050, 0);
    for (old, new, moved) in [
        (&before, &paused, None),
        (&paused, &after, None),
        (&after, &later, Some(10)),
    ] {
        let snapshot = run(old, new);
        let told = snapshot.counts_traffic;
        let sent = snapshot.processes[0].moved.tx_bytes;
        assert_eq!(told.then_some(sent), moved);
        assert_eq!(sent, moved.unwrap_or(0));
    }
}

#[test]
fn other_books_go_on_where_the_ones_before_ended() {
    let tick = 10_000_000;
    // The same processes; where books are kept in jiffies, starts are rounded down.
    let exact = |at_ns, run_ns| sample(at_ns, vec![process(1, 5 * tick + 7, run_ns)]);
    let jiffy = |at_ns, run_ns| Sample {
        precision: Precision::Jiffy,
        ..sample(at_ns, vec![process(1, 5 * tick, run_ns)])
    };
    let second = 1_000_000_000;
    for (old, new, used) in [
        (exact(second, 105), jiffy(2 * second, 200), 95),
        (jiffy(second, 200), exact(2 * second, 333), 133),
        // Rounding may make it go back.
        (exact(second, 105), jiffy(2 * second, 100), 0),
    ] {
        let snapshot = run(&old, &new);
        assert_eq!(snapshot.processes[0].cpu_ns, used);
        assert_eq!(snapshot.precision, new.precision);
        assert!(!snapshot.known.machine, "idle times have two beginnings");
    }
    // One that dies under the new books had its time under the old ones.
    let mut new = jiffy(2 * second, 0);
    new.exited = std::mem::take(&mut new.processes);
    new.exited[0].counters.run_ns = 205;
    let snapshot = run(&exact(second, 105), &new);
    assert_eq!((snapshot.exited.count, snapshot.exited.cpu_ns), (1, 100));
}

#[test]
fn what_is_not_read_is_not_known_and_memory_is_told_once() {
    let second = 1_000_000_000;
    let mut old = sample(second, vec![]);
    let mut new = sample(2 * second, vec![]);
    old.known.machine = false;
    new.known.resident = false;
    let known = run(&old, &new).known;
    assert!(known.books && known.split && !known.machine && !known.resident);
    let read = |at_ns| {
        let at = sample(at_ns, vec![]).at;
        Some(Memory {
            at,
            ..Memory::default()
        })
    };
    old.memory = read(5);
    new.memory = read(5);
    assert_eq!(run(&old, &new).memory, None);
    new.memory = read(6);
    assert_eq!(run(&old, &new).memory, read(6));
    new.memory = None;
    assert_eq!(run(&old, &new).memory, None);
}
