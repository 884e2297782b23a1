//! Processes that are dead but whose parent has not asked for them.
//!
//! Nothing tells when a zombie is reaped, so those that died lately are asked for: `kill(pid, 0)`
//! finds a zombie and costs a fifth of a microsecond.

use rustix::{
    io::Errno,
    process::{Pid, test_kill_process},
};

use super::{
    process::{ProcessSample, State},
    traffic::Traffic,
};

/// More dead processes than this are not watched.
const LIMIT: usize = 4096;

/// So many are asked for in each [`PERIOD_NS`]; in a storm of exits the others have to wait.
const ASKED_AT_ONCE: usize = 256;

/// At 1 kHz asking in every sample would cost more than all else.
const PERIOD_NS: u64 = 50_000_000;

/// A dead process with all it ever did.
#[derive(Debug, Clone, Default)]
struct Zombie {
    process: ProcessSample,
    /// On sockets, if it used one.
    traffic: Option<Box<Traffic>>,
}

/// The dead that may still be listed in `/proc`.
#[derive(Debug)]
pub struct Zombies {
    /// In the order of their ids.
    known: Vec<Zombie>,
    /// Died since the last sample or not yet asked for.
    new: Vec<Zombie>,
    next: usize,
    asked_ns: u64,
    /// How many may be asked for in this sample.
    budget: usize,
}

impl Default for Zombies {
    fn default() -> Self {
        Self {
            known: Vec::new(),
            new: Vec::new(),
            next: 0,
            asked_ns: 0,
            budget: ASKED_AT_ONCE,
        }
    }
}

impl Zombies {
    /// Takes note of processes that died, and gives those that wait for their parent that state.
    /// `traffic` is that of their sample.
    pub fn note(&mut self, exited: &mut [ProcessSample], traffic: &[Traffic]) {
        let room = LIMIT.saturating_sub(self.new.len());
        for (count, process) in exited.iter_mut().take(room).enumerate() {
            let asked = count < self.budget;
            if asked && !exists(process.id.pid) {
                continue;
            }
            if asked {
                process.state = State::Zombie;
            }
            let did = (process.traffic as usize).checked_sub(1);
            self.new.push(Zombie {
                traffic: did.and_then(|at| traffic.get(at)).copied().map(Box::new),
                process: ProcessSample {
                    state: State::Zombie,
                    rss_bytes: 0,
                    threads: 1,
                    traffic: 0,
                    ..*process
                },
            });
        }
    }

    /// Asks which still exist and puts those among the live processes, which are in the order of
    /// their ids, and what they did on sockets to `traffic`. `now_ns` is of `CLOCK_MONOTONIC`. Call
    /// it before [`Zombies::note`]: the newest are shown as exited.
    pub fn insert_into(
        &mut self,
        now_ns: u64,
        processes: &mut Vec<ProcessSample>,
        traffic: &mut Vec<Traffic>,
    ) {
        let periods = now_ns.saturating_sub(self.asked_ns) / PERIOD_NS;
        if periods > 0 {
            self.asked_ns = now_ns;
            // Who looks seldom may look longer.
            let periods = usize::try_from(periods).unwrap_or(usize::MAX);
            self.budget = ASKED_AT_ONCE.saturating_mul(periods).min(LIMIT);
            self.ask(exists);
        }
        for zombie in &self.known {
            let pid = zombie.process.id.pid;
            let at = processes.partition_point(|one| one.id.pid < pid);
            // Another process may have the id by now.
            if processes.get(at).is_none_or(|one| one.id.pid != pid) {
                let mut process = zombie.process;
                if let Some(did) = &zombie.traffic {
                    traffic.push(**did);
                    process.traffic = traffic.len() as u32;
                }
                processes.insert(at, process);
            }
        }
    }

    fn ask(&mut self, exists: impl Fn(u32) -> bool) {
        let asked = self.known.len().min(self.budget);
        for _ in 0..asked {
            self.next %= self.known.len().max(1);
            let still = self
                .known
                .get(self.next)
                .is_some_and(|one| exists(one.process.id.pid));
            if still {
                self.next += 1;
            } else if self.next < self.known.len() {
                self.known.remove(self.next);
            }
        }
        let room = LIMIT - self.known.len();
        let count = self.new.len().min(self.budget);
        let found = self
            .new
            .drain(..count)
            .filter(|one| exists(one.process.id.pid))
            .take(room);
        self.known.extend(found);
        self.known.sort_unstable_by_key(|one| one.process.id);
    }
}

fn exists(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| test_kill_process(pid) != Err(Errno::SRCH))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::collect::process::Identity;

    fn one(pid: u32) -> ProcessSample {
        ProcessSample {
            id: Identity { pid, start_ns: 1 },
            ..ProcessSample::default()
        }
    }

    fn with_new(new: Vec<ProcessSample>) -> Zombies {
        let zombie = |process| Zombie {
            process,
            traffic: None,
        };
        Zombies {
            new: new.into_iter().map(zombie).collect(),
            ..Zombies::default()
        }
    }

    #[test]
    fn those_that_are_gone_are_forgotten() {
        let mut zombies = with_new(vec![one(7), one(2), one(9)]);
        zombies.ask(|pid| pid != 9);
        let pids = |zombies: &Zombies| {
            zombies
                .known
                .iter()
                .map(|one| one.process.id.pid)
                .collect::<Vec<_>>()
        };
        assert_eq!(pids(&zombies), [2, 7]);
        zombies.ask(|pid| pid != 2);
        assert_eq!(pids(&zombies), [7]);
        zombies.ask(|_| false);
        zombies.ask(|_| false);
        assert_eq!(pids(&zombies), [0; 0]);
    }

    #[test]
    fn they_take_their_place_among_the_living() {
        let own = std::process::id();
        let mut zombies = Zombies::default();
        // The second cannot exist: it is above the largest id.
        let mut exited = [one(own), one(5 << 20), one(1)];
        exited[0].traffic = 2;
        let mut did = Traffic::default();
        did.tcp.rx_bytes = 7;
        zombies.note(&mut exited, &[Traffic::default(), did]);
        let states = exited.map(|one| one.state);
        assert_eq!((states[0], states[1]), (State::Zombie, State::default()));
        let mut processes = vec![one(1), one(own + 1)];
        let mut traffic = Vec::new();
        zombies.insert_into(PERIOD_NS, &mut processes, &mut traffic);
        let pids: Vec<u32> = processes.iter().map(|one| one.id.pid).collect();
        assert_eq!(pids, [1, own, own + 1]);
        assert_eq!(processes[1].state, State::Zombie);
        assert_eq!((processes[1].traffic, &traffic[..]), (1, &[did][..]));
    }

    #[test]
    fn who_looks_seldom_finds_a_zombie_in_a_storm_of_exits_too() {
        let own = std::process::id();
        let mut zombies = Zombies::default();
        // Ids above the largest one: all but one are gone.
        let mut exited: Vec<_> = (0..4000).map(|at| one((5 << 20) + at)).collect();
        exited.push(one(own));
        zombies.insert_into(1, &mut Vec::new(), &mut Vec::new());
        zombies.note(&mut exited, &[]);
        let mut processes = Vec::new();
        zombies.insert_into(20 * PERIOD_NS, &mut processes, &mut Vec::new());
        let pids: Vec<u32> = processes.iter().map(|one| one.id.pid).collect();
        assert_eq!(pids, [own]);
    }

    #[test]
    fn a_storm_of_exits_costs_a_bounded_time() {
        let mut many: Vec<_> = (1..20_000).map(one).collect();
        let mut zombies = Zombies::default();
        zombies.note(&mut many, &[]);
        assert!(zombies.new.len() <= LIMIT);
        let mut zombies = with_new(many);
        let asked = std::cell::Cell::new(0);
        for _ in 0..40 {
            asked.set(0);
            zombies.ask(|_| {
                asked.set(asked.get() + 1);
                true
            });
            assert!(asked.get() <= 2 * ASKED_AT_ONCE);
        }
        assert_eq!(zombies.known.len(), LIMIT);
    }
}
