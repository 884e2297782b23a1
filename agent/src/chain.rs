//! Who looks at which samples: a track's snapshots say what happened since its last one, however
//! many samples others had taken in between.

use std::sync::Arc;

use crate::{
    collect::{
        collector::{Collector, Scope},
        sample::{MachineSample, Sample},
    },
    model::{
        MachineSnapshot, Snapshot,
        derive::{derive, derive_machine},
        events::Events,
    },
    procfs::Error,
};

/// Takes samples into memory that is used again once no track needs it.
#[derive(Debug, Default)]
pub struct Samples {
    spare: Vec<Arc<Sample>>,
}

impl Samples {
    /// Takes a sample.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn take(&mut self, collector: &mut Collector, scope: Scope) -> Result<Arc<Sample>, Error> {
        let unused = |sample: &mut Arc<Sample>| Arc::get_mut(sample).is_some();
        let place = self.spare.iter_mut().position(unused);
        let mut sample = place.map_or_else(Arc::default, |place| self.spare.swap_remove(place));
        let taken =
            Arc::get_mut(&mut sample).map_or(Ok(()), |sample| collector.sample(sample, scope));
        // Others that nobody needs are let go; this one is needed or free by the next time.
        self.spare.retain(|sample| Arc::strong_count(sample) > 1);
        self.spare.push(Arc::clone(&sample));
        taken.map(|()| sample)
    }
}

/// One way through the samples.
#[derive(Debug, Default)]
pub struct Track {
    base: Arc<Sample>,
    events: Events,
    seq: u64,
}

impl Track {
    /// Begins anew at `sample`: what happened before is no news.
    pub fn begin(&mut self, sample: &Arc<Sample>) {
        self.base = Arc::clone(sample);
        self.events.clear();
    }

    /// When its last sample was taken, ns of `CLOCK_MONOTONIC`; 0 before it has begun.
    #[must_use]
    pub fn last_ns(&self) -> u64 {
        self.base.at.monotonic_ns
    }

    /// Notes a sample that others had taken.
    pub fn pass(&mut self, sample: &Sample) {
        self.events.add(&self.base, sample);
    }

    /// Computes what happened until `sample`.
    pub fn next(&mut self, sample: &Arc<Sample>, to: &mut Snapshot) {
        self.pass(sample);
        self.events.sort();
        self.seq += 1;
        derive(&self.base, sample, &self.events, self.seq, to);
        self.begin(sample);
    }
}

/// What processes did lately, for who asks often and at any time: the interval is not the one
/// since the last answer, which may have been a moment ago, but a longer one that overlaps it.
/// Says nothing of exits.
#[derive(Debug, Default)]
pub struct Recent {
    base: Arc<Sample>,
    /// The next base, once it is old enough.
    candidate: Arc<Sample>,
    seq: u64,
}

impl Recent {
    /// Begins anew at `sample`.
    pub fn begin(&mut self, sample: &Arc<Sample>) {
        self.base = Arc::clone(sample);
        self.candidate = Arc::clone(sample);
    }

    /// When the sample was taken that the next interval may begin with at the latest, ns of
    /// `CLOCK_MONOTONIC`; 0 before the beginning.
    #[must_use]
    pub fn base_ns(&self) -> u64 {
        self.base.at.monotonic_ns
    }

    /// The newest sample that may become a base, as [`Recent::base_ns`].
    #[must_use]
    pub fn candidate_ns(&self) -> u64 {
        self.candidate.at.monotonic_ns
    }

    /// Computes what happened until `sample`, over at least `shortest_ns` if there was so much time.
    pub fn next(&mut self, sample: &Arc<Sample>, shortest_ns: u64, to: &mut Snapshot) {
        if sample.at.since(&self.candidate.at) >= shortest_ns {
            self.base = std::mem::replace(&mut self.candidate, Arc::clone(sample));
        }
        self.seq += 1;
        derive(&self.base, sample, &Events::default(), self.seq, to);
    }
}

/// Samples of the machine without its processes.
#[derive(Debug, Default)]
pub struct Machines {
    old: MachineSample,
    new: MachineSample,
}

impl Machines {
    /// Begins anew: what happened before now is no news.
    ///
    /// # Errors
    /// If the machine's own files cannot be read.
    pub fn begin(&mut self, collector: &mut Collector) -> Result<(), Error> {
        collector.machine(&mut self.old)
    }

    /// As [`Track::last_ns`].
    #[must_use]
    pub fn last_ns(&self) -> u64 {
        self.old.at.monotonic_ns
    }

    /// Takes a sample and computes what happened since the last one.
    ///
    /// # Errors
    /// If the machine's own files cannot be read; the chain goes on from where it was.
    pub fn next(
        &mut self,
        collector: &mut Collector,
        to: &mut MachineSnapshot,
    ) -> Result<(), Error> {
        collector.machine(&mut self.new)?;
        derive_machine(&self.old, &self.new, to);
        std::mem::swap(&mut self.old, &mut self.new);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        collect::{collector::Setup, moment::Moment, network::NetworkSample},
        procfs::Root,
    };

    fn at(monotonic_ns: u64) -> Arc<Sample> {
        let at = Moment {
            monotonic_ns,
            ..Moment::default()
        };
        Arc::new(Sample {
            at,
            ..Sample::default()
        })
    }

    #[test]
    fn a_track_tells_of_the_network_when_it_was_read_since_its_last_snapshot() {
        let network = |at_ns| {
            let at = at(at_ns).at;
            Some(Arc::new(NetworkSample {
                at,
                ..NetworkSample::default()
            }))
        };
        let sample = |at_ns, network: &Option<Arc<NetworkSample>>| {
            let mut sample = at(at_ns);
            Arc::make_mut(&mut sample).network.clone_from(network);
            sample
        };
        let reads = [100, 200, 300].map(network);
        let (mut quick, mut slow) = (Track::default(), Track::default());
        let (mut intervals, mut snapshot) = (Vec::new(), Snapshot::default());
        quick.begin(&sample(100, &reads[0]));
        slow.begin(&sample(100, &reads[0]));
        for at_ns in (110..=310).step_by(10) {
            let sample = sample(at_ns, &reads[at_ns as usize / 100 - 1]);
            quick.next(&sample, &mut snapshot);
            intervals.extend(snapshot.network.as_ref().map(|one| one.interval_ns));
            slow.pass(&sample);
        }
        assert_eq!(intervals, [100, 100]);
        slow.next(&sample(310, &reads[2]), &mut snapshot);
        assert_eq!(snapshot.network.map(|one| one.interval_ns), Some(200));
    }

    #[test]
    fn who_does_not_ask_for_the_network_does_not_get_it() {
        let setup = Setup {
            root: Root::default(),
            bpf: false,
            ..Setup::default()
        };
        let mut collector = Collector::open(&setup).unwrap();
        let mut samples = Samples::default();
        let mut take = |scope| samples.take(&mut collector, scope).unwrap().network.clone();
        assert!(take(Scope::Processes).is_none());
        let network = take(Scope::Network).expect("net/dev and net/snmp");
        assert!(!network.interfaces.is_empty());
        assert!(take(Scope::Processes).is_none());
    }

    #[test]
    fn however_often_somebody_asks_the_interval_is_long_enough() {
        let mut recent = Recent::default();
        recent.begin(&at(1000));
        let mut snapshot = Snapshot::default();
        let mut interval = |now| {
            recent.next(&at(now), 100, &mut snapshot);
            snapshot.interval_ns
        };
        assert_eq!(interval(1100), 100);
        for now in (1101..3000).step_by(7) {
            let interval = interval(now);
            assert!((100..=207).contains(&interval), "{interval} at {now}");
        }
        // Who asks seldom sees all the time since, and little more.
        let seldom = interval(3500);
        assert!((500..=620).contains(&seldom), "{seldom}");
    }
}
