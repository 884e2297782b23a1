//! Reads the configuration file again and applies what can change in a running agent.

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use subjiffy_proto::control::period::word;

use crate::{
    config::{Config, ConfigFile, ElementChange, SAMPLING},
    elements::{Elements, Entry, State, catalog::KNOWN},
    sampler::Handle,
};

/// The file, and what it said last.
#[derive(Debug)]
pub struct Reloader {
    path: PathBuf,
    /// A flag said the sampling period: the file's does not count.
    period_by_flag: bool,
    elements: Elements,
    sampler: Handle,
    /// As it was at the start.
    first: Config,
    last: Mutex<Config>,
}

impl Reloader {
    /// Of `file`, as it was read at the start.
    #[must_use]
    pub fn new(
        file: ConfigFile,
        period_by_flag: bool,
        elements: Elements,
        sampler: Handle,
    ) -> Self {
        Self {
            path: file.path,
            period_by_flag,
            elements,
            sampler,
            first: file.config.clone(),
            last: Mutex::new(file.config),
        }
    }

    /// Reads the file and applies what it changes. Says in one line what was applied and what needs a
    /// restart. What an operator changed meanwhile stays unless the file has changed there, too.
    ///
    /// # Errors
    /// Everything that is wrong with the file, a line each; nothing has changed then.
    pub async fn reload(self: &Arc<Self>) -> Result<String, String> {
        let this = Arc::clone(self);
        // The file may be on a server that does not answer.
        let read = tokio::task::spawn_blocking(move || ConfigFile::read(&this.path, KNOWN));
        let file = read.await.map_err(|error| error.to_string())??;
        let restart = file.config.restart(&self.first);
        let changes = {
            let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
            let changes = file.config.changes(&last);
            *last = file.config;
            changes
        };
        let mut told: Vec<String> = Vec::new();
        for change in &changes.elements {
            self.apply(change, &mut told);
        }
        self.sampler.retune().await;
        if !restart.is_empty() {
            told.push(format!("needs a restart: {}", restart.join(", ")));
        }
        Ok(match told.is_empty() {
            true => format!("{}: nothing has changed", self.path.display()),
            false => format!("{}: {}", self.path.display(), told.join("; ")),
        })
    }

    fn apply(&self, change: &ElementChange, told: &mut Vec<String>) {
        let Some(entry) = self.elements.get(&change.name) else {
            return;
        };
        if let Some(enabled) = change.enabled {
            told.push(switch(&entry, enabled));
        }
        let Some(period) = change.period else {
            return;
        };
        if self.period_by_flag && change.name == SAMPLING {
            told.push(format!("{}: --period wins over the file", change.name));
            return;
        }
        let usual = || usual(&entry).or_else(|| self.by_switches(&entry));
        let Some(period) = period.or_else(usual) else {
            return;
        };
        entry.set_back(None);
        entry.set_period(period);
        told.push(format!("{} period={}", change.name, word(period)));
    }

    /// The period of an output in collectl's formats of which the file says nothing more.
    fn by_switches(&self, entry: &Entry) -> Option<Duration> {
        let said = self.first.collectl.get(&entry.name);
        said.map(|said| said.value.intervals.main)
    }
}

fn switch(entry: &Entry, on: bool) -> String {
    let (from, to) = match on {
        true => (State::Paused, State::Running),
        false => (State::Running, State::Paused),
    };
    match entry.change(&[from], to) || entry.state() == to {
        true => format!("{} {}", entry.name, to.as_str()),
        false => format!("{} stays {}", entry.name, entry.state().as_str()),
    }
}

/// The period of one of which the file says nothing.
fn usual(entry: &Entry) -> Option<Duration> {
    let known = KNOWN.iter().find(|(name, _)| *name == entry.name);
    known.and_then(|(_, period)| *period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        collect::collector::{Collector, Setup},
        elements::Catalog,
        sampler::Sampler,
    };

    /// Replies to one version of a file after another, with what each left behind.
    fn reload(period_by_flag: bool, versions: &[&str]) -> Vec<(Result<String, String>, Catalog)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("subjiffy.toml");
        std::fs::write(&path, "").unwrap();
        let setup = Setup::default();
        let sampler = Sampler::start(Collector::open(&setup).unwrap()).unwrap();
        let file = ConfigFile::read(&path, KNOWN).unwrap();
        let elements = setup.catalog.elements();
        let reloader = Reloader::new(file, period_by_flag, elements, sampler.handle());
        let reloader = Arc::new(reloader);
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.unwrap();
        let mut told = Vec::new();
        for version in versions {
            std::fs::write(&path, version).unwrap();
            let reply = runtime.block_on(reloader.reload());
            let name = |text: String| text.replace(&path.display().to_string(), "F");
            told.push((reply.map(name).map_err(name), setup.catalog.clone()));
        }
        told
    }

    #[test]
    fn what_can_change_is_applied_and_the_rest_is_named() {
        let told = reload(
            false,
            &[
                "",
                "period = \"100ms\"\nport = 9\n[\"source/procfs/network\"]\nenabled = false\nperiod = \"5s\"",
                "port = 9\n[\"source/procfs/network\"]\nenabled = true",
                "port = 9",
                "",
            ],
        );
        let texts: Vec<_> = told.iter().map(|one| one.0.as_deref().unwrap()).collect();
        assert_eq!(
            texts,
            [
                "F: nothing has changed",
                "F: source/ebpf/sched period=100ms; source/procfs/network paused; \
                 source/procfs/network period=5s; needs a restart: port",
                "F: source/ebpf/sched period=1s; source/procfs/network running; \
                 source/procfs/network period=100ms; needs a restart: port",
                "F: needs a restart: port",
                "F: nothing has changed",
            ]
        );
        let catalog = &told[0].1;
        assert!(catalog.network.is_running());
        assert_eq!(catalog.network.period(), Some(Duration::from_millis(100)));
        assert_eq!(catalog.sched.period(), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_broken_file_changes_nothing_and_a_flag_wins() {
        let told = reload(true, &["period = \"5ms\"\nbogus = 1", "period = \"5ms\""]);
        let error = told[0].0.as_ref().unwrap_err();
        assert!(error.contains("F:2: bogus: "), "{error}");
        let flag = "F: source/ebpf/sched: --period wins over the file";
        assert_eq!(told[1].0.as_deref(), Ok(flag));
        assert_eq!(told[1].1.sched.period(), Some(Duration::from_secs(1)));
    }
}
