//! What another version of a file changes.

use std::{collections::BTreeSet, time::Duration};

use subjiffy_collectl::options::Options;
use subjiffy_proto::control::Element;

use super::{At, Config, ElementSettings, SAMPLING};

/// The difference of two files.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// What can change in a running agent, by name.
    pub elements: Vec<ElementChange>,
    /// Keys that have other values and need a restart.
    pub restart: Vec<&'static str>,
}

/// What is new about an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementChange {
    /// Its name.
    pub name: Element,
    /// Whether it works now, if that has changed. An element that is not named works.
    pub enabled: Option<bool>,
    /// Its new period, if that has changed; `Some(None)` is the default again.
    pub period: Option<Option<Duration>>,
}

impl Changes {
    /// Whether nothing has changed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.elements.is_empty() && self.restart.is_empty()
    }
}

impl Config {
    /// What is other here than in `old`. Where in the file it stands makes no difference.
    #[must_use]
    pub fn changes(&self, old: &Self) -> Changes {
        let named = self.elements.keys().chain(old.elements.keys());
        let names: BTreeSet<_> = named.cloned().chain([SAMPLING]).collect();
        let changed = names.into_iter().map(|name| ElementChange {
            enabled: changed(self.enabled(&name), old.enabled(&name)),
            period: changed(self.period_of(&name), old.period_of(&name)),
            name,
        });
        Changes {
            elements: changed
                .filter(|change| change.enabled.is_some() || change.period.is_some())
                .collect(),
            restart: self.restart(old),
        }
    }

    /// Whether an element works from the start.
    #[must_use]
    pub fn enabled(&self, name: &Element) -> bool {
        let said = self.elements.get(name).and_then(|e| value(&e.enabled));
        said.copied().unwrap_or(true)
    }

    /// The period of an element, if the file says one.
    #[must_use]
    pub fn period_of(&self, name: &Element) -> Option<Duration> {
        let own = |element: &ElementSettings| value(&element.period).copied();
        match *name == SAMPLING {
            true => value(&self.period).copied(),
            false => self.elements.get(name).and_then(own),
        }
    }

    fn switches(&self) -> impl Iterator<Item = (&Element, &Options)> {
        self.collectl.iter().map(|(name, said)| (name, &said.value))
    }

    /// Keys that have other values here than in `old` and need a restart.
    #[must_use]
    pub fn restart(&self, old: &Self) -> Vec<&'static str> {
        fn differ<T: PartialEq>(new: &Option<At<T>>, old: &Option<At<T>>) -> bool {
            value(new) != value(old)
        }
        let keys = [
            ("listen", differ(&self.listen, &old.listen)),
            ("port", differ(&self.port, &old.port)),
            ("tls", differ(&self.tls, &old.tls)),
            ("tls_cert", differ(&self.tls_cert, &old.tls_cert)),
            ("tls_key", differ(&self.tls_key, &old.tls_key)),
            ("token_file", differ(&self.token_file, &old.token_file)),
            (
                "allow_origin",
                differ(&self.allow_origin, &old.allow_origin),
            ),
            (
                "max_connections",
                differ(&self.max_connections, &old.max_connections),
            ),
            (
                "max_connections_per_address",
                differ(
                    &self.max_connections_per_address,
                    &old.max_connections_per_address,
                ),
            ),
            ("insecure", differ(&self.insecure, &old.insecure)),
            ("bpf", differ(&self.bpf, &old.bpf)),
            ("control", differ(&self.control, &old.control)),
            (
                "control_group",
                differ(&self.control_group, &old.control_group),
            ),
            (
                "switches of output/collectl/...",
                self.switches().ne(old.switches()),
            ),
        ];
        let differing = keys.into_iter().filter(|(_, differs)| *differs);
        differing.map(|(key, _)| key).collect()
    }
}

fn value<T>(at: &Option<At<T>>) -> Option<&T> {
    at.as_ref().map(|at| &at.value)
}

fn changed<T: PartialEq>(new: T, old: T) -> Option<T> {
    (new != old).then_some(new)
}
