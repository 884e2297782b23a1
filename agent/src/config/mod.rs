//! The configuration file: TOML, checked as a whole; every problem is told with its line and key.
//!
//! * [`problem`]: what is wrong and where; [`mod@file`]: reads the file itself
//! * [`changes`]: what another version of the file changes
//!
//! # Keys
//!
//! At the top there are the flags of the command line, with `_` for `-`; flags and variables win
//! over the file. An element has a table by its whole name, with `enabled` and, if it is polled at a
//! period, `period` (1ms to 1h). This file holds every key there is:
//!
//! ```toml
#![doc = include_str!("example.toml")]
//! ```
//!
//! An output of collectl's lines has a table by a name of your own below `output/collectl/`, with
//! `switches` besides `enabled` and `period`.
//!
//! `period` at the top and in `["source/ebpf/sched"]` is the same key. An unknown key is an error.
//!
//! # Keys of Alumet
//!
//! A file of Alumet's agent is understood as far as it goes:
//!
//! ```text
//! max_update_interval                            checked, without effect: changes apply at once
//! [plugins.socket-control] socket_path           control
//! [plugins.procfs.kernel|memory|network]         the elements source/procfs/...:
//!     enabled, poll_interval                     enabled, period
//! [plugins.procfs.processes]                     source/procfs/processes:
//!     enabled, refresh_interval                  enabled, period
//! ```
//!
//! Their other keys and the tables of other plugins are no errors but [`Config::warnings`]. As
//! in commands, `plugin-procfs` is `procfs`.

mod alumet;
pub mod changes;
mod collectl;
pub mod file;
pub mod problem;
mod source;
mod top;
mod values;

use std::{collections::BTreeMap, net::SocketAddr, num::NonZeroU16, path::PathBuf, time::Duration};

use subjiffy_collectl::options::Options;
use subjiffy_proto::control::{Element, Kind};
use toml::de::DeTable;

pub use changes::{Changes, ElementChange};
pub use file::ConfigFile;
pub use problem::{At, Place, Problem};

use crate::serve::Origin;
use values::Reader;

/// The element whose period is the sampling period.
pub const SAMPLING: Element = Element::new(Kind::Source, "ebpf", "sched");

/// A complete file; its values are the defaults.
pub const EXAMPLE: &str = include_str!("example.toml");

/// An element that a file may name, and its usual period if it is polled at one.
pub type Known = (Element, Option<Duration>);

/// What a file says; what it does not say is `None`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Config {
    /// The sampling period, also if it is given as that of [`SAMPLING`].
    pub period: Option<At<Duration>>,
    /// Addresses to listen on; not empty.
    pub listen: Option<At<Vec<SocketAddr>>>,
    /// The port instead of theirs.
    pub port: Option<At<u16>>,
    /// Whether to speak TLS.
    pub tls: Option<At<bool>>,
    /// File of a certificate; only together with the key.
    pub tls_cert: Option<At<PathBuf>>,
    /// File of its key.
    pub tls_key: Option<At<PathBuf>>,
    /// File of the token.
    pub token_file: Option<At<PathBuf>>,
    /// Web pages that may connect.
    pub allow_origin: Option<At<Vec<Page>>>,
    /// Connections at the same time.
    pub max_connections: Option<At<NonZeroU16>>,
    /// The same for one address.
    pub max_connections_per_address: Option<At<NonZeroU16>>,
    /// Whether an unprotected address is meant.
    pub insecure: Option<At<bool>>,
    /// Whether BPF may be used.
    pub bpf: Option<At<bool>>,
    /// The control socket.
    pub control: Option<At<PathBuf>>,
    /// Group whose members may connect there too: its name or number.
    pub control_group: Option<At<String>>,
    /// Elements; that of [`SAMPLING`] has no period here.
    pub elements: BTreeMap<Element, ElementSettings>,
    /// Outputs in collectl's formats, and what their switches say.
    pub collectl: BTreeMap<Element, At<Options>>,
    /// What is accepted and has no meaning here.
    pub warnings: Vec<Problem>,
}

/// Web pages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// All of them.
    Any,
    /// Those of one origin.
    Of(Origin),
}

impl Page {
    /// The origin, if it is one.
    #[must_use]
    pub fn origin(self) -> Option<Origin> {
        match self {
            Self::Any => None,
            Self::Of(origin) => Some(origin),
        }
    }
}

/// What a file says about an element.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ElementSettings {
    /// Whether it works from the start.
    pub enabled: Option<At<bool>>,
    /// The time between two polls, 1 ms to 1 h.
    pub period: Option<At<Duration>>,
}

impl Config {
    /// Reads and checks a whole file. Elements are those of `known`.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn parse(text: &str, known: &[Known]) -> Result<Self, Vec<Problem>> {
        let lines = source::Lines::new(text);
        let (text, broken) = source::mend(text, &lines);
        let (table, _) = DeTable::parse_recoverable(&text);
        let mut reader = Reader {
            lines: &lines,
            problems: Vec::new(),
            warnings: Vec::new(),
        };
        let mut config = Self::default();
        config.read(&mut reader, table.get_ref(), known);
        config.check(&mut reader);
        let mut problems = reader.problems;
        // Behind a broken header nobody knows where keys belong, and a broken line has been told.
        let mut headers = broken.values().filter(|p| source::is_header(p, &lines));
        let end = headers.next().map_or(usize::MAX, |p| p.place.line);
        problems.retain(|problem| {
            let line = problem.place.line;
            line < end && !broken.contains_key(&line)
        });
        problems.extend(broken.into_values());
        problems.sort();
        config.warnings = reader.warnings;
        config.warnings.sort();
        if problems.is_empty() {
            Ok(config)
        } else {
            Err(problems)
        }
    }
}

#[cfg(test)]
mod tests;
