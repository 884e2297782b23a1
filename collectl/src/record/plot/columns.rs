//! Names of columns.

use crate::options::{Plot, Subsystem, Subsystems};

/// What the rows of a plot file have, without the time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Columns {
    names: Vec<String>,
    pub(super) separator: char,
    /// The time is one column of seconds since the epoch.
    pub(super) utc: bool,
}

/// What columns begin with, by subsystem; of details a device's name follows.
const GROUPS: [(&str, Subsystem); 13] = [
    ("[CPU]", Subsystem::Cpu),
    ("[CPU:", Subsystem::CpuDetail),
    ("[MEM]", Subsystem::Memory),
    ("[SOCK]", Subsystem::Sockets),
    ("[NET]", Subsystem::Network),
    ("[NET:", Subsystem::NetworkDetail),
    ("[DSK]", Subsystem::Disks),
    ("[DSK:", Subsystem::DiskDetail),
    ("[INODE]", Subsystem::Files),
    ("[NFS]", Subsystem::Nfs),
    ("[TCP]", Subsystem::Tcp),
    ("[BUD]", Subsystem::Buddies),
    ("[INT", Subsystem::InterruptDetail),
];

impl Columns {
    /// Reads a line such as `#Date Time [CPU]User% …` or `#UTC [CPU]User% …`; `None` if it is none.
    pub(super) fn parse(line: &str) -> Option<Self> {
        let (rest, utc) = match line.strip_prefix("#Date") {
            Some(rest) => (rest, false),
            None => (line.strip_prefix("#UTC")?, true),
        };
        let separator = rest.chars().next().unwrap_or(' ');
        if separator.is_ascii_alphanumeric() {
            return None;
        }
        let mut names = rest.split(separator).filter(|name| !name.is_empty());
        if !utc && names.next() != Some("Time") {
            return None;
        }
        Some(Self {
            names: names.map(str::to_owned).collect(),
            separator,
            utc,
        })
    }

    /// Their names, in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Which of them show any of these subsystems, as indices into names and values. Columns of what we do not
    /// know belong to none.
    #[must_use]
    pub fn of(&self, subsystems: Subsystems) -> Vec<usize> {
        let processes = self.are_of_processes();
        let wanted = |name: &str| {
            let of_group = GROUPS.iter().find(|group| name.starts_with(group.0));
            match of_group {
                _ if processes => subsystems.has(Subsystem::Processes),
                Some(group) => subsystems.has(group.1),
                None => false,
            }
        };
        let all = self.names.iter().enumerate();
        all.filter(|(_, name)| wanted(name))
            .map(|(at, _)| at)
            .collect()
    }

    /// Whether a row is a process: its last value is then the command, with blanks.
    pub(super) fn are_of_processes(&self) -> bool {
        let ends = (self.names.first(), self.names.last());
        matches!(ends, (Some(first), Some(last)) if first == "PID" && last == "Command")
    }

    /// The line that names the columns `chosen`, with its end.
    #[must_use]
    pub fn line(&self, chosen: &[usize], plot: &Plot) -> String {
        let mut line = match plot.utc {
            true => "#UTC".to_owned(),
            false => format!("#Date{}Time", plot.separator),
        };
        for name in chosen.iter().filter_map(|&at| self.names.get(at)) {
            line.push(plot.separator);
            line.push_str(name);
        }
        line.push('\n');
        line
    }
}
