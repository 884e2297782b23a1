//! From threads to processes: takes what the kernel side says of each thread and keeps, for every
//! process, the sum. No I/O: slots in, processes out.

use std::collections::HashMap;

use subjiffy_common::{
    net::NetSlot,
    sched::{Reaped, Slot, TICK_NS, flag, life},
};

use super::{
    process::{Identity, ProcessSample, State},
    sample::Sample,
    shown::Shown,
    threads::{Thread, Threads},
    tracked::Process,
    traffic::Traffic,
};

/// Finds the slot of a process's leader.
pub trait Leaders {
    /// The slot of a thread id as it is now.
    fn slot(&self, tid: u32) -> Option<Slot>;
    /// The dead thread's final numbers were taken.
    fn consume(&self, index: usize, slot: &Slot);
}

/// All processes.
#[derive(Debug, Default)]
pub struct Tracker {
    threads: Threads,
    processes: Vec<Process>,
    free: Vec<u32>,
    /// Processes there ever were.
    numbers: u32,
    by_pid: HashMap<u32, u32>,
    /// Keys of the live ones, by process id.
    order: Vec<u32>,
    /// What samples show: most processes sleep, and those are copied in one go.
    shown: Shown,
    reaped: HashMap<u32, Reaped>,
    suspects: Vec<u32>,
    active: Vec<u32>,
    on_cpu: Vec<u32>,
    exited: Vec<ProcessSample>,
    exited_traffic: Vec<Traffic>,
    shown_of_unlisted: Unlisted,
    /// Keys of processes whose id another one took in this round.
    former: Vec<(u32, u32)>,
    /// Key of what stands for the processes of dead threads that cannot be told any more.
    orphans: Option<u32>,
}

/// Exits that cannot be listed one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Unlisted {
    /// Processes.
    pub exits: u64,
    /// Their CPU time, ns.
    pub cpu_ns: u64,
}

impl Tracker {
    /// Starts from the census.
    #[must_use]
    pub fn new(reaped: Vec<Reaped>) -> Self {
        let reaped = reaped.into_iter().map(|one| (one.tgid, one)).collect();
        Self {
            reaped,
            ..Self::default()
        }
    }

    /// Takes one slot that was written.
    pub fn visit(&mut self, index: usize, slot: &Slot, leaders: &impl Leaders) {
        let known = *self.threads.at(index);
        let mut thread = known;
        if known.tid != 0 && known.is_in(slot) && !self.is_of_its_process(&known) {
            if known.dead {
                // All was told when its process ended; the key is another's by now.
                leaders.consume(index, slot);
                return;
            }
            // Its process was given up before its end was read: another one had its id.
            thread.dead = true;
            self.assign(&mut thread, slot, leaders);
        } else if known.tid == 0 || !known.is_in(slot) {
            if known.tid != 0 && !known.dead {
                self.vanish(&known);
            }
            thread = Thread {
                tid: slot.tid,
                dead: true,
                ..Thread::default()
            };
            self.assign(&mut thread, slot, leaders);
        }
        thread.start_ns = slot.start_ns;
        thread.rounded = slot.flags & flag::FROM_PROC != 0;

        let counters = slot.counters();
        let change = counters.minus(thread.counters);
        thread.counters = counters;
        let key = thread.process;
        let process = &mut self.processes[key as usize];
        process.totals = process.totals.plus(change);
        self.shown.change(key, process);
        if process.alive && !process.active {
            process.active = true;
            self.active.push(key);
        }
        if slot.tid == slot.tgid {
            process.take_facts(slot);
        }
        let dead = slot.life() == life::DEAD;
        match (thread.dead, dead) {
            (true, false) => process.living += 1,
            (false, true) => process.living -= 1,
            _ => {}
        }
        thread.dead = dead;
        process.facts.threads = process.living;
        *self.threads.at(index) = thread;
        if dead {
            leaders.consume(index, slot);
            self.suspect(key);
        }
    }

    fn assign(&mut self, thread: &mut Thread, slot: &Slot, leaders: &impl Leaders) {
        thread.process = self.process_of(slot, leaders);
        thread.number = self.processes[thread.process as usize].number;
    }

    fn is_of_its_process(&self, thread: &Thread) -> bool {
        self.processes[thread.process as usize].number == thread.number
    }

    /// Takes one slot of sockets that was written. Says whether its process is known.
    pub fn visit_traffic(&mut self, slot: &NetSlot) -> bool {
        let Some(key) = self.process_with(slot.tgid, slot.start_ns) else {
            return false;
        };
        let process = &mut self.processes[key as usize];
        self.shown.change(key, process);
        let mut total = Traffic::of(slot);
        if let Some(before) = &process.traffic_before {
            total = total.plus(before);
        }
        let traffic = process.traffic.get_or_insert_default();
        **traffic = total.max(traffic);
        true
    }

    /// What the living did on sockets, in all.
    pub fn traffic(&self) -> impl Iterator<Item = (Identity, Traffic)> {
        let living = self.processes.iter().filter(|process| process.alive);
        living.filter_map(|process| Some((process.facts.id, **process.traffic.as_ref()?)))
    }

    /// Goes on from what other hooks had counted before these came.
    pub fn add_traffic(&mut self, before: impl Iterator<Item = (Identity, Traffic)>) {
        for (id, traffic) in before {
            if let Some(process) = self.process_mut(id.pid).filter(|one| one.facts.id == id) {
                process.traffic = Some(Box::new(traffic));
                process.traffic_before = Some(Box::new(traffic));
            }
        }
    }

    /// The process of this id and start, which is 0 if that is not known.
    fn process_with(&self, pid: u32, start_ns: u64) -> Option<u32> {
        let is_it = |key: &u32| {
            let process = &self.processes[*key as usize];
            start_ns == 0 || process.leaderless || process.began_at(start_ns)
        };
        let former = self.former.iter().filter(|one| one.0 == pid);
        let keys = self.by_pid.get(&pid).into_iter();
        keys.chain(former.map(|one| &one.1)).copied().find(is_it)
    }

    /// The slot went to another thread before the end of this one was read.
    fn vanish(&mut self, thread: &Thread) {
        self.shown_of_unlisted.cpu_ns += thread.counters.run_ns;
        if !self.is_of_its_process(thread) {
            return;
        }
        let process = &mut self.processes[thread.process as usize];
        process.living = process.living.saturating_sub(1);
        if thread.tid == process.facts.id.pid {
            self.shown_of_unlisted.exits += 1;
        }
        self.suspect(thread.process);
    }

    /// Has [`Tracker::settle`] look whether it has exited.
    fn suspect(&mut self, key: u32) {
        let process = &mut self.processes[key as usize];
        if process.alive && !process.suspect {
            process.suspect = true;
            self.suspects.push(key);
        }
    }

    /// The process of a thread that was not known.
    fn process_of(&mut self, slot: &Slot, leaders: &impl Leaders) -> u32 {
        let leader = if slot.tid == slot.tgid {
            Some(*slot)
        } else {
            leaders.slot(slot.tgid)
        };
        let leader = leader.filter(|leader| leader.tid == slot.tgid);
        // What `/proc` says of a thread's start is rounded down.
        let rounded = slot.flags & flag::FROM_PROC != 0;
        let latest = slot.start_ns + if rounded { TICK_NS } else { 0 };
        if leader.is_some_and(|leader| leader.start_ns > latest) {
            return self.former_process_of(slot);
        }
        let start_ns = leader
            .as_ref()
            .map_or(slot.start_ns, |leader| leader.start_ns);
        let id = Identity {
            pid: slot.tgid,
            start_ns,
        };
        if let Some(&key) = self.by_pid.get(&id.pid) {
            let known = &self.processes[key as usize];
            if known.began_at(start_ns) {
                return key;
            }
            let Some(leader) = leader else { return key };
            if known.leaderless {
                let process = &mut self.processes[key as usize];
                process.leaderless = false;
                process.facts.id = id;
                process.take_facts(&leader);
                return key;
            }
            // Another process had this id. The end of its last threads comes in this round.
            self.suspect(key);
            self.processes[key as usize].superseded = true;
            self.former.push((id.pid, key));
        }
        let mut process = Process {
            alive: true,
            ..Process::default()
        };
        process.take_facts(leader.as_ref().unwrap_or(slot));
        process.facts.id = id;
        process.rounded = slot.flags & flag::FROM_PROC != 0;
        process.leaderless = leader.is_none();
        if let Some(reaped) = self.reaped.remove(&id.pid)
            && reaped.start_ns == start_ns
        {
            process.take_reaped(&reaped);
        }
        self.insert(process)
    }

    /// The process of a dead thread whose process id belongs to another process by now: no thread is
    /// older than its process.
    fn former_process_of(&mut self, slot: &Slot) -> u32 {
        let former = self.former.iter().filter(|one| one.0 == slot.tgid);
        let now = self.by_pid.get(&slot.tgid);
        let started = |key: &&u32| self.processes[**key as usize].facts.id.start_ns;
        let keys = former.map(|one| &one.1).chain(now);
        let older = keys.filter(|key| started(key) <= slot.start_ns);
        if let Some(&key) = older.max_by_key(started) {
            return key;
        }
        *self.orphans.get_or_insert_with(|| {
            self.processes.push(Process::default());
            (self.processes.len() - 1) as u32
        })
    }

    fn insert(&mut self, mut process: Process) -> u32 {
        self.numbers = self.numbers.wrapping_add(1).max(1);
        process.number = self.numbers;
        let pid = process.facts.id.pid;
        let key = match self.free.pop() {
            Some(key) => {
                self.processes[key as usize] = process;
                key
            }
            None => {
                self.processes.push(process);
                (self.processes.len() - 1) as u32
            }
        };
        self.by_pid.insert(pid, key);
        let at = self.position(pid);
        self.order.insert(at, key);
        self.shown.make_anew();
        key
    }

    fn position(&self, pid: u32) -> usize {
        self.order
            .partition_point(|&key| self.processes[key as usize].facts.id.pid < pid)
    }

    /// Shows a process for the last time. Its key stays in the lists until they are tidied.
    fn end(&mut self, key: u32) {
        let process = &mut self.processes[key as usize];
        process.alive = false;
        process.active = false;
        process.suspect = false;
        process.living = 0;
        process.extra_ns = 0;
        process.on_cpu = false;
        process.facts.state = State::Dead;
        let mut sample = process.show();
        if let Some(traffic) = process.traffic.take() {
            self.exited_traffic.push(*traffic);
            sample.traffic = self.exited_traffic.len() as u32;
        }
        self.exited.push(sample);
        if self.by_pid.get(&sample.id.pid) == Some(&key) {
            self.by_pid.remove(&sample.id.pid);
        }
    }

    /// Ends a round of visits: whoever has no thread left has exited.
    pub fn settle(&mut self) {
        self.former.clear();
        let mut suspects = std::mem::take(&mut self.suspects);
        let mut ended = false;
        for key in suspects.drain(..) {
            let process = &mut self.processes[key as usize];
            if process.suspect && (process.living == 0 || process.superseded) {
                self.end(key);
                ended = true;
            }
            self.processes[key as usize].suspect = false;
        }
        self.suspects = suspects;
        if ended {
            self.shown.make_anew();
            let (processes, free) = (&self.processes, &mut self.free);
            self.order.retain(|&key| {
                let alive = processes[key as usize].alive;
                if !alive {
                    free.push(key);
                }
                alive
            });
        }
    }

    /// Forgets who was on a CPU; call before [`Tracker::extrapolate`].
    pub fn clear_cpus(&mut self) {
        for key in self.on_cpu.drain(..) {
            let process = &mut self.processes[key as usize];
            process.extra_ns = 0;
            process.on_cpu = false;
            self.shown.change(key, process);
        }
    }

    /// A thread is on a CPU and its run time is `run_ns` by now.
    pub fn extrapolate(&mut self, index: usize, tid: u32, run_ns: u64) {
        let Some(thread) = self.threads.get(index).filter(|thread| thread.tid == tid) else {
            return;
        };
        // Of a thread that is only known from `/proc` the kernel side tells nothing: it may have
        // left the CPU long since.
        if thread.dead || thread.rounded || !self.is_of_its_process(thread) {
            return;
        }
        let (key, since) = (
            thread.process,
            run_ns.saturating_sub(thread.counters.run_ns),
        );
        let process = &mut self.processes[key as usize];
        process.extra_ns += since;
        process.on_cpu = true;
        self.shown.change(key, process);
        self.on_cpu.push(key);
        if !process.active {
            process.active = true;
            self.active.push(key);
        }
    }

    /// Appends every live process, by process id, and what does not fit into one.
    pub fn sample_into(&mut self, into: &mut Sample) {
        self.shown.bring_up(&mut self.processes, &self.order);
        self.shown.copy_into(into);
    }

    /// Moves those that have exited since the last call to `into`.
    pub fn take_exited(&mut self, into: &mut Sample) {
        let before = into.traffic.len() as u32;
        into.traffic.append(&mut self.exited_traffic);
        into.exited.extend(self.exited.drain(..).map(|mut one| {
            if one.traffic != 0 {
                one.traffic += before;
            }
            one
        }));
    }

    /// What the kernel side counts as unlisted although samples showed it: threads whose slots
    /// went to others before their end was read. Totals since the start.
    #[must_use]
    pub fn shown_of_unlisted(&self) -> Unlisted {
        self.shown_of_unlisted
    }

    /// CPU time of threads that died unseen and whose processes cannot be told any more, ns: listed
    /// nowhere. Total since the start.
    #[must_use]
    pub fn orphaned_ns(&self) -> u64 {
        let orphans = self.orphans.map(|key| &self.processes[key as usize]);
        orphans.map_or(0, |orphans| orphans.totals.run_ns)
    }

    /// Calls `read` for every process that ran since the last call.
    pub fn take_active(&mut self, mut read: impl FnMut(&mut Process)) {
        self.shown.make_anew();
        for key in self.active.drain(..) {
            let process = &mut self.processes[key as usize];
            if process.active {
                process.active = false;
                read(process);
            }
        }
    }

    /// All live processes.
    pub fn processes_mut(&mut self) -> impl Iterator<Item = &mut Process> {
        self.shown.make_anew();
        self.processes.iter_mut().filter(|process| process.alive)
    }

    /// Whether anything was read of the thread at a slot.
    #[must_use]
    pub fn knows_thread(&self, index: usize, tid: u32) -> bool {
        self.threads
            .get(index)
            .is_some_and(|thread| thread.tid == tid)
    }

    /// The live process with this id.
    pub fn process_mut(&mut self, pid: u32) -> Option<&mut Process> {
        let key = *self.by_pid.get(&pid)?;
        self.shown.make_anew();
        self.processes.get_mut(key as usize)
    }

    /// Number of live processes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }
}

#[cfg(test)]
#[path = "tracker_tests.rs"]
mod tests;
