//! What samples show of the living: most processes sleep, so it is kept, brought up to date where
//! something has changed, and copied in one go.

use super::{
    process::ProcessSample,
    sample::{Name, Sample},
    tracked::Process,
    traffic::Traffic,
};

/// The live processes as the last sample had them.
#[derive(Debug, Default)]
pub(super) struct Shown {
    processes: Vec<ProcessSample>,
    names: Vec<Name>,
    traffic: Vec<Traffic>,
    /// Keys of those that changed since.
    changed: Vec<u32>,
    /// More has changed than that: who lives, or what `/proc` knows.
    anew: bool,
}

impl Shown {
    /// A process may be another than the last sample had it.
    pub(super) fn change(&mut self, key: u32, process: &mut Process) {
        // Who is dead is in no sample, or all are made anew.
        if process.alive && !std::mem::replace(&mut process.changed, true) {
            self.changed.push(key);
        }
    }

    /// Any may be another, or there are others.
    pub(super) fn make_anew(&mut self) {
        self.anew = true;
    }

    /// Brings it up to date with the processes, of which `order` has the keys of the living.
    pub(super) fn bring_up(&mut self, processes: &mut [Process], order: &[u32]) {
        let mut changed = std::mem::take(&mut self.changed);
        if std::mem::take(&mut self.anew) {
            self.processes.clear();
            self.names.clear();
            self.traffic.clear();
            for &key in order {
                self.add(&mut processes[key as usize]);
            }
        } else {
            for &key in &changed {
                self.update(&mut processes[key as usize]);
            }
        }
        changed.clear();
        self.changed = changed;
    }

    /// Appends it to a sample.
    pub(super) fn copy_into(&self, sample: &mut Sample) {
        sample.processes.extend_from_slice(&self.processes);
        sample.names.extend_from_slice(&self.names);
        sample.traffic.extend_from_slice(&self.traffic);
    }

    fn add(&mut self, process: &mut Process) {
        process.changed = false;
        process.place = self.processes.len() as u32;
        let mut sample = process.show();
        if let Some(name) = &process.long_name {
            self.names.push(**name);
            sample.name = u16::try_from(self.names.len()).unwrap_or(0);
        }
        self.processes.push(sample);
        self.take_traffic(process);
    }

    fn update(&mut self, process: &mut Process) {
        process.changed = false;
        let Some(place) = self.processes.get_mut(process.place as usize) else {
            return;
        };
        *place = ProcessSample {
            name: place.name,
            traffic: place.traffic,
            ..process.show()
        };
        self.take_traffic(process);
    }

    fn take_traffic(&mut self, process: &Process) {
        let sample = self.processes.get_mut(process.place as usize);
        let (Some(sample), Some(did)) = (sample, &process.traffic) else {
            return;
        };
        let place = (sample.traffic as usize).checked_sub(1);
        if let Some(known) = place.and_then(|place| self.traffic.get_mut(place)) {
            *known = **did;
        } else {
            self.traffic.push(**did);
            sample.traffic = self.traffic.len() as u32;
        }
    }
}
