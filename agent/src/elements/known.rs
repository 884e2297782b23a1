//! The elements that a configuration file may name.

use subjiffy_proto::control::{Element, Kind};

use crate::config::Known;

/// All of them.
pub static KNOWN: [Known; 13] = [
    known(Kind::Source, "ebpf", "sched", true),
    known(Kind::Source, "ebpf", "net", false),
    known(Kind::Source, "procfs", "kernel", true),
    known(Kind::Source, "procfs", "memory", true),
    known(Kind::Source, "procfs", "network", true),
    known(Kind::Source, "procfs", "processes", true),
    known(Kind::Source, "procfs", "disks", true),
    known(Kind::Source, "sysfs", "sensors", false),
    known(Kind::Source, "gpu", "devices", false),
    known(Kind::Source, "journal", "entries", false),
    known(Kind::Transform, "attribution", "cpu", false),
    known(Kind::Output, "socktop", "ws", false),
    known(Kind::Output, "stream", "ws", false),
];

const fn known(kind: Kind, plugin: &'static str, element: &'static str, has_period: bool) -> Known {
    Known {
        name: Element::new(kind, plugin, element),
        has_period,
    }
}
