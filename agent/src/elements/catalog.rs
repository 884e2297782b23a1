//! Which elements an agent has.

use std::{sync::Arc, time::Duration};

use subjiffy_proto::control::{Element, Kind};

use super::{Elements, Entry};

const SECOND: Duration = Duration::from_secs(1);

/// Counters in ticks of 10 ms, and files that cost more than all the exact books: reading them more
/// often tells little.
const TENTH: Duration = Duration::from_millis(100);

macro_rules! catalog {
    ($($(#[$doc:meta])* $field:ident: $kind:ident, $plugin:literal, $element:literal, $period:expr;)*) => {
        /// One entry for each.
        #[derive(Debug, Clone)]
        pub struct Catalog {
            $($(#[$doc])* pub $field: Arc<Entry>,)*
        }

        /// Their names, and the periods of those that have one.
        pub const KNOWN: &[(Element, Option<Duration>)] = &[
            $((Element::new(Kind::$kind, $plugin, $element), $period),)*
        ];

        impl Default for Catalog {
            /// All run, at their usual periods.
            fn default() -> Self {
                Self {
                    $($field: Arc::new(Entry::new(
                        Element::new(Kind::$kind, $plugin, $element),
                        $period,
                    )),)*
                }
            }
        }

        impl Catalog {
            /// All of them, to be found by name.
            #[must_use]
            pub fn elements(&self) -> Elements {
                let elements = Elements::default();
                $(elements.add(&self.$field);)*
                elements
            }
        }
    };
}

catalog! {
    /// CPU time by the scheduler's books. Its period is the agent's sampling period.
    sched: Source, "ebpf", "sched", Some(SECOND);
    /// Bytes on sockets; read with every sample.
    net: Source, "ebpf", "net", None;
    /// `/proc/stat`
    kernel: Source, "procfs", "kernel", Some(TENTH);
    /// `/proc/meminfo`
    memory: Source, "procfs", "memory", Some(TENTH);
    /// Interfaces, TCP and UDP.
    network: Source, "procfs", "network", Some(TENTH);
    /// `/proc/PID`: memory and users of processes, or all their books where those are kept in jiffies.
    processes: Source, "procfs", "processes", Some(SECOND);
    /// File systems and their space; when a client asks.
    disks: Source, "procfs", "disks", None;
    /// Temperatures; when a client asks.
    sensors: Source, "sysfs", "sensors", None;
    /// Graphics processors; when a client asks.
    gpus: Source, "gpu", "devices", None;
    /// Journal entries of a process; when a client asks.
    journal: Source, "journal", "entries", None;
    /// CPU time as user and system time.
    split: Transform, "attribution", "cpu", None;
    /// Requests and answers of socktop's clients.
    ws: Output, "socktop", "ws", None;
    /// Samples for clients of `/stream`.
    stream: Output, "stream", "ws", None;
}

#[cfg(test)]
mod tests {
    use super::*;
    use subjiffy_proto::control::Pattern;

    #[test]
    fn every_element_is_found_by_its_name_and_by_no_other() {
        let elements = Catalog::default().elements();
        assert_eq!(elements.matching(&Pattern::ALL).len(), KNOWN.len());
        for (name, period) in KNOWN {
            let found = elements.matching(&Pattern::parse(&name.to_string()).unwrap());
            assert_eq!(found.len(), 1, "{name}");
            assert_eq!(found[0].period(), *period);
        }
    }
}
