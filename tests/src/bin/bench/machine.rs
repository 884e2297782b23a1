//! Where the figures were taken.

use crate::table::Table;
use std::fs::read_to_string;

pub fn table() -> Table {
    let mut table = Table::new("Machine", &["what", "value"]);
    let cpus = subjiffy_tests::truth::cpus();
    let facts = [
        ("processor", format!("{cpus} x {}", model())),
        ("kernel", line("/proc/sys/kernel/osrelease")),
        ("load average at the end", line("/proc/loadavg")),
        ("agent", env!("CARGO_PKG_VERSION").to_owned()),
    ];
    for (what, value) in facts {
        table.row([what.to_owned(), value]);
    }
    table
}

fn model() -> String {
    let text = read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = text.lines().find_map(|l| l.strip_prefix("model name"));
    let name = name.and_then(|rest| rest.split_once(": "));
    name.map_or("unknown", |(_, name)| name).to_owned()
}

fn line(path: &str) -> String {
    let text = read_to_string(path).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}
