//! Histories as the kernel side would write them.

use std::cell::RefCell;
use std::collections::HashMap;

use super::*;
use proptest::prelude::*;
use subjiffy_common::net::kind;

#[derive(Default)]
struct Kernel {
    slots: HashMap<u32, Slot>,
    consumed: RefCell<Vec<(usize, u64)>>,
}

impl Leaders for Kernel {
    fn slot(&self, tid: u32) -> Option<Slot> {
        self.slots.get(&tid).copied()
    }
    fn consume(&self, index: usize, slot: &Slot) {
        self.consumed.borrow_mut().push((index, slot.start_ns));
    }
}

fn slot(tid: u32, tgid: u32, start_ns: u64, run_ns: u64, life: u32) -> Slot {
    Slot {
        sequence: 2,
        state: life,
        tid,
        tgid,
        start_ns,
        run_ns,
        run_delay_ns: 0,
        runs: 0,
        voluntary: 0,
        involuntary: 0,
        user_ns: 0,
        system_ns: 0,
        comm: *b"test\0\0\0\0\0\0\0\0\0\0\0\0",
        ppid: 1,
        uid: 0,
        exit_code: 0,
        flags: 0,
        consumed: 0,
        exchanged_start_ns: 0,
    }
}

struct World {
    kernel: Kernel,
    tracker: Tracker,
}

impl World {
    fn new() -> Self {
        Self {
            kernel: Kernel::default(),
            tracker: Tracker::default(),
        }
    }
    fn see(&mut self, slots: &[Slot]) {
        for slot in slots {
            self.kernel.slots.insert(slot.tid, *slot);
        }
        for slot in slots {
            self.tracker.visit(slot.tid as usize, slot, &self.kernel);
        }
        self.tracker.settle();
    }
    fn live(&mut self) -> Vec<(u32, u64, u32)> {
        let mut sample = Sample::default();
        self.tracker.sample_into(&mut sample);
        sample
            .processes
            .iter()
            .map(|one| (one.id.pid, one.counters.run_ns, one.threads))
            .collect()
    }
    fn exited(&mut self) -> Vec<(u32, u64)> {
        let mut sample = Sample::default();
        self.tracker.take_exited(&mut sample);
        sample
            .exited
            .iter()
            .map(|one| (one.id.pid, one.counters.run_ns))
            .collect()
    }
}

use life::{DEAD, LIVE};

#[test]
fn a_process_is_the_sum_of_threads_alive_and_dead() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, LIVE), slot(11, 10, 110, 7, LIVE)]);
    world.see(&[slot(11, 10, 110, 9, DEAD), slot(12, 10, 120, 1, LIVE)]);
    assert_eq!(world.live(), [(10, 15, 2)]);
    assert_eq!(world.kernel.consumed.borrow()[..], [(11, 110)]);
    assert_eq!(world.exited(), []);
}

#[test]
fn a_process_lives_on_when_its_leader_exits_first() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, LIVE), slot(11, 10, 110, 7, LIVE)]);
    world.see(&[slot(10, 10, 100, 6, DEAD)]);
    assert_eq!(world.live(), [(10, 13, 1)]);
    world.see(&[slot(11, 10, 110, 8, DEAD)]);
    assert_eq!(world.exited(), [(10, 14)]);
    assert_eq!(world.live(), []);
}

#[test]
fn a_process_that_was_born_and_died_between_two_rounds_is_listed_once() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, DEAD)]);
    assert_eq!(world.exited(), [(10, 5)]);
    assert_eq!(world.exited(), []);
}

#[test]
fn a_used_again_id_is_another_process() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, LIVE)]);
    world.see(&[slot(10, 10, 100, 6, DEAD)]);
    world.see(&[slot(10, 10, 200, 1, LIVE)]);
    assert_eq!(world.exited(), [(10, 6)]);
    assert_eq!(world.live(), [(10, 1, 1)]);
}

/// The id of a process with threads goes to another process before the end of all of them is read.
/// The reader looks at a marked chunk once more in its next round; a process that was born meanwhile may have
/// taken the place of the dead one.
#[test]
fn the_dead_are_not_read_into_who_took_their_place() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 6, DEAD)]);
    assert_eq!(world.exited(), [(10, 6)]);
    let young = Slot {
        comm: *b"young\0\0\0\0\0\0\0\0\0\0\0",
        ..slot(11, 11, 200, 1, LIVE)
    };
    world.see(&[young]);
    world.see(&[slot(10, 10, 100, 6, DEAD)]);
    let mut sample = Sample::default();
    world.tracker.sample_into(&mut sample);
    assert_eq!(sample.processes.len(), 1);
    let process = &sample.processes[0];
    assert_eq!(
        (process.id.pid, process.comm.as_bytes()),
        (11, &b"young"[..])
    );
    assert_eq!((process.counters.run_ns, process.threads), (1, 1));
    assert_eq!(world.exited(), []);
}

/// The ends of threads may be lost. Whoever took the place of their process has nothing to do with them.
#[test]
fn a_thread_whose_end_was_lost_takes_nothing_from_others() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, LIVE), slot(110, 10, 101, 7, LIVE)]);
    // Its id was used again, which ends it with the thread that nobody saw the end of.
    world.see(&[slot(10, 10, 200, 1, LIVE)]);
    assert_eq!(world.exited(), [(10, 12)]);
    world.see(&[slot(12, 12, 300, 2, LIVE)]);
    assert_eq!(world.live(), [(10, 1, 1), (12, 2, 1)]);
    // The slot goes to another thread, and the process that came in its place ends.
    world.see(&[slot(110, 10, 250, 4, LIVE)]);
    assert_eq!(world.live(), [(10, 5, 2), (12, 2, 1)]);
    world.see(&[slot(12, 12, 300, 3, DEAD)]);
    assert_eq!(world.exited(), [(12, 3)]);
    assert_eq!(world.live(), [(10, 5, 2)]);
}

#[test]
fn a_thread_is_never_counted_for_a_process_that_is_younger() {
    let mut world = World::new();
    world.see(&[slot(5, 5, 10, 100, LIVE)]);
    let leader = slot(5, 5, 10, 150, DEAD);
    world.tracker.visit(5, &leader, &world.kernel);
    world.see(&[
        slot(5, 5, 1000, 7, LIVE),
        slot(6, 5, 20, 900, DEAD),
        slot(7, 5, 1100, 3, LIVE),
    ]);
    assert_eq!(world.live(), [(5, 10, 2)]);
    assert_eq!(world.exited(), [(5, 1050)]);
    assert_eq!(world.tracker.orphaned_ns(), 0);

    // Nothing else was ever read of this one.
    world.see(&[slot(8, 8, 1000, 5, LIVE), slot(9, 8, 500, 600, DEAD)]);
    assert_eq!(world.live(), [(5, 10, 2), (8, 5, 1)]);
    assert_eq!(world.exited(), []);
    assert_eq!(world.tracker.orphaned_ns(), 600);
    let mut active = Vec::new();
    world
        .tracker
        .take_active(|process| active.push(process.facts.id.pid));
    active.sort_unstable();
    assert_eq!(active, [5, 8]);
}

#[test]
fn what_was_shown_of_an_overwritten_thread_is_known() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, LIVE)]);
    // 10 died with 9 in all and its id went round before we read it: the kernel side counts 9.
    world.see(&[slot(10, 10, 200, 1, LIVE)]);
    assert_eq!(
        world.tracker.shown_of_unlisted(),
        Unlisted {
            exits: 1,
            cpu_ns: 5
        }
    );
    assert_eq!(world.exited(), [(10, 5)]);
    assert_eq!(world.live(), [(10, 1, 1)]);
}

#[test]
fn a_thread_that_takes_over_the_leaders_id_keeps_the_sum() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 50, LIVE), slot(11, 10, 110, 7, LIVE)]);
    // 11 executes a program: it is 10 now, the old leader is 11, dead with 52.
    let mut old_leader = slot(11, 10, 100, 52, DEAD);
    old_leader.exchanged_start_ns = 110;
    for order in [[0, 1], [1, 0]] {
        let mut world = World::new();
        world.see(&[slot(10, 10, 100, 50, LIVE), slot(11, 10, 110, 7, LIVE)]);
        let new = [slot(10, 10, 100, 8, LIVE), old_leader];
        world.see(&[new[order[0]], new[order[1]]]);
        assert_eq!(world.live(), [(10, 60, 1)], "{order:?}");
        assert_eq!(world.exited(), []);
    }
    // The same when the leader's end was read before.
    world.see(&[slot(10, 10, 100, 52, DEAD)]);
    world.see(&[slot(10, 10, 100, 8, LIVE), old_leader]);
    assert_eq!(world.live(), [(10, 60, 1)]);
    // And when nothing was read of the thread before.
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 50, LIVE)]);
    world.see(&[slot(10, 10, 100, 8, LIVE), old_leader]);
    assert_eq!(world.live(), [(10, 60, 1)]);
}

#[test]
fn threads_that_died_before_we_came_count() {
    let reaped = Reaped {
        tgid: 10,
        start_ns: 100,
        run_ns: 1000,
        ..Reaped::default()
    };
    let mut world = World {
        tracker: Tracker::new(vec![reaped]),
        ..World::new()
    };
    world.see(&[slot(10, 10, 100, 5, LIVE)]);
    assert_eq!(world.live(), [(10, 1005, 1)]);
}

#[test]
fn totals_never_go_back() {
    let mut world = World::new();
    world.see(&[slot(10, 10, 100, 5, LIVE)]);
    world.tracker.extrapolate(10, 10, 105);
    assert_eq!(world.live(), [(10, 105, 1)]);
    world.tracker.clear_cpus();
    world.see(&[slot(10, 10, 100, 90, LIVE)]);
    assert_eq!(
        world.live(),
        [(10, 105, 1)],
        "it had been extrapolated too far"
    );
    world.see(&[slot(10, 10, 100, 110, DEAD)]);
    assert_eq!(world.exited(), [(10, 110)]);
}

#[test]
fn a_thread_may_be_seen_before_its_leader() {
    let mut world = World::new();
    world.see(&[slot(7, 1, 3_000, 80, LIVE)]);
    world.see(&[Slot {
        comm: *b"leader\0\0\0\0\0\0\0\0\0\0",
        ..slot(1, 1, 2_000, 5, LIVE)
    }]);
    world.see(&[slot(7, 1, 3_000, 90, LIVE), slot(8, 1, 4_000, 1, LIVE)]);
    assert_eq!(world.live(), [(1, 96, 3)]);
    let mut sample = Sample::default();
    world.tracker.sample_into(&mut sample);
    let first = &sample.processes[0];
    assert_eq!(
        (first.id.start_ns, first.comm.as_bytes()),
        (2_000, &b"leader"[..])
    );
    assert_eq!(world.exited(), []);
}

#[test]
fn a_process_that_was_first_read_from_proc_stays_the_same() {
    let mut world = World::new();
    let from_proc = |tid, start_ns, run_ns| Slot {
        flags: flag::FROM_PROC,
        ..slot(tid, 1, start_ns, run_ns, LIVE)
    };
    // The table has nothing of the leader.
    world
        .tracker
        .visit(1, &from_proc(1, 20_000_000, 500), &Kernel::default());
    world
        .tracker
        .visit(7, &from_proc(7, 300_000_000, 70), &Kernel::default());
    world.tracker.settle();
    world.see(&[slot(7, 1, 301_234_567, 80, LIVE)]);
    world.see(&[slot(1, 1, 20_000_001, 600, LIVE)]);
    assert_eq!(world.live(), [(1, 680, 2)]);
    assert_eq!(world.exited(), []);
}

proptest! {
    /// Threads are born, run and die at random; samples are taken at random. Whatever the history,
    /// all CPU time is in a live or an exited process, once.
    #[test]
    fn no_time_is_lost_or_counted_twice(
        events in prop::collection::vec((0u32..8, 0u32..4, 0u64..1000, any::<bool>()), 1..200)
    ) {
        let mut world = World::new();
        let mut truth = 0;
        let mut clock = 0;
        let mut exited_ns = 0;
        let mut dirty: HashMap<u32, Slot> = HashMap::new();
        for (thread, what, ns, look) in events {
            clock += 1;
            // Two processes of four threads each.
            let (tid, tgid) = (100 + thread, 100 + thread / 4 * 4);
            let current = world.kernel.slots.get(&tid).copied();
            let alive = |slot: Option<Slot>| slot.filter(|slot| slot.life() == LIVE);
            let leader = world.kernel.slots.get(&tgid).copied();
            let group_lives = (tgid..tgid + 4)
                .any(|tid| alive(world.kernel.slots.get(&tid).copied()).is_some());
            let next = match (alive(current), what) {
                // A leader can be born only into an empty group, others only beside its leader.
                (None, _) if dirty.contains_key(&tid) => continue,
                (None, _) if tid == tgid && !group_lives => slot(tid, tgid, clock, 0, LIVE),
                (None, _) if tid != tgid && alive(leader).is_some() => slot(tid, tgid, clock, 0, LIVE),
                (Some(old), 0) => {
                    truth += ns;
                    slot(tid, tgid, old.start_ns, old.run_ns + ns, DEAD)
                }
                (Some(old), _) => {
                    truth += ns;
                    slot(tid, tgid, old.start_ns, old.run_ns + ns, LIVE)
                }
                _ => continue,
            };
            world.kernel.slots.insert(tid, next);
            dirty.insert(tid, next);
            if look {
                let mut batch: Vec<Slot> = dirty.drain().map(|(_, slot)| slot).collect();
                batch.sort_by_key(|slot| slot.tid);
                world.see(&batch);
                exited_ns += world.exited().iter().map(|one| one.1).sum::<u64>();
                let live: u64 = world.live().iter().map(|one| one.1).sum();
                prop_assert_eq!(live + exited_ns, truth);
            }
        }
    }
}

fn traffic(pid: u32, start_ns: u64, bytes: u64) -> NetSlot {
    let mut slot = NetSlot {
        start_ns,
        tgid: pid,
        ..NetSlot::default()
    };
    slot.flows[kind::UDP].tx_bytes = bytes;
    slot
}

fn sent(sample: &Sample, process: &ProcessSample) -> Option<u64> {
    Some(sample.traffic(process)?.udp.tx_bytes)
}

#[test]
fn traffic_goes_to_the_process_of_that_id_and_start() {
    let mut world = World::new();
    world.see(&[slot(1, 1, 1_000, 5, LIVE), slot(2, 2, 2_000, 5, LIVE)]);
    assert!(world.tracker.visit_traffic(&traffic(2, 2_000, 70)));
    // A start that is not known says nothing against it; another one does.
    assert!(world.tracker.visit_traffic(&traffic(1, 0, 9)));
    assert!(!world.tracker.visit_traffic(&traffic(1, 999, 1_000)));
    assert!(!world.tracker.visit_traffic(&traffic(3, 2_000, 1_000)));
    // What was read too early goes never back.
    assert!(world.tracker.visit_traffic(&traffic(2, 2_000, 60)));
    let mut sample = Sample::default();
    world.tracker.sample_into(&mut sample);
    let all: Vec<_> = sample
        .processes
        .iter()
        .map(|one| sent(&sample, one))
        .collect();
    assert_eq!(all, [Some(9), Some(70)]);
}

#[test]
fn two_processes_of_one_id_in_one_round_keep_their_traffic_apart() {
    let mut world = World::new();
    world.see(&[slot(2, 2, 2_000, 5, LIVE)]);
    world.tracker.visit_traffic(&traffic(2, 2_000, 1));
    for one in [slot(2, 2, 2_000, 9, DEAD), slot(2, 2, 3_000, 1, LIVE)] {
        world.kernel.slots.insert(2, one);
        world.tracker.visit(2, &one, &world.kernel);
    }
    assert!(world.tracker.visit_traffic(&traffic(2, 2_000, 50)));
    assert!(world.tracker.visit_traffic(&traffic(2, 3_000, 7)));
    world.tracker.settle();
    // The dead come behind the living in one list of traffic.
    let mut sample = Sample::default();
    world.tracker.sample_into(&mut sample);
    world.tracker.take_exited(&mut sample);
    assert_eq!(sent(&sample, &sample.processes[0]), Some(7));
    assert_eq!(sent(&sample, &sample.exited[0]), Some(50));
}

/// A sample, with the traffic of its rows in their order.
fn seen(tracker: &mut Tracker) -> (Vec<ProcessSample>, Vec<Option<Traffic>>) {
    let mut sample = Sample::default();
    tracker.sample_into(&mut sample);
    let did = sample
        .processes
        .iter()
        .map(|one| sample.traffic(one).copied());
    let did = did.collect();
    for one in &mut sample.processes {
        one.traffic = 0;
    }
    (sample.processes, did)
}

proptest! {
    #[test]
    fn what_did_not_change_is_as_it_was_and_what_did_is_seen(
        steps in prop::collection::vec((1_u32..8, 1_u32..4, 0_u64..5, 0_u8..6), 1..80)
    ) {
        let mut world = World::new();
        let (mut starts, mut runs) = (HashMap::new(), 0);
        for (pid, thread, more, what) in steps {
            let start = *starts.entry(pid).or_insert(u64::from(pid) * 1_000);
            let tid = pid + 100 * (thread - 1);
            runs += more;
            match what {
                0 | 1 => world.see(&[slot(tid, pid, start + u64::from(thread - 1), runs, LIVE)]),
                2 if thread == 1 => {
                    world.see(&[slot(pid, pid, start, runs, DEAD)]);
                    starts.insert(pid, start + 500);
                }
                3 => drop(world.tracker.visit_traffic(&traffic(pid, start, runs))),
                4 => {
                    world.tracker.clear_cpus();
                    world.tracker.extrapolate(tid as usize, tid, runs + 7);
                }
                _ => {
                    let process = world.tracker.process_mut(pid);
                    process.into_iter().for_each(|one| one.facts.rss_bytes = runs);
                }
            }
            let kept = seen(&mut world.tracker);
            world.tracker.shown.make_anew();
            prop_assert_eq!(&kept, &seen(&mut world.tracker));
        }
    }
}
