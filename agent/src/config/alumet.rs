//! Alumet's own keys.

use subjiffy_proto::control::{Element, Kind};
use toml::de::DeTable;

use super::{
    Config, Known,
    problem::{Place, nearest},
    values::{Reader, Value},
};

/// Tables of its plugin `procfs`, and what the period is called there.
const PROCFS: [(&str, &str); 4] = [
    ("kernel", "poll_interval"),
    ("memory", "poll_interval"),
    ("network", "poll_interval"),
    ("processes", "refresh_interval"),
];

impl Config {
    pub(super) fn read_plugins(
        &mut self,
        to: &mut Reader<'_>,
        place: &Place,
        value: &Value<'_>,
        known: &[Known],
    ) {
        let Some(plugins) = to.table(place, value) else {
            return;
        };
        for (key, value) in plugins {
            let at = to.place(&place.key, key);
            let name: &str = key.get_ref();
            match name.strip_prefix("plugin-").unwrap_or(name) {
                "socket-control" => {
                    if let Some(table) = to.table(&at, value) {
                        self.read_socket(to, &at, table);
                    }
                }
                "procfs" => {
                    if let Some(table) = to.table(&at, value) {
                        self.read_procfs(to, &at, table, known);
                    }
                }
                other => {
                    let near = nearest(other, ["socket-control", "procfs"]);
                    to.warn(&at, format!("ignored: there is no such plugin here{near}"));
                }
            }
        }
    }

    fn read_socket(&mut self, to: &mut Reader<'_>, place: &Place, table: &DeTable<'_>) {
        for (key, value) in table {
            let at = to.place(&place.key, key);
            match &**key.get_ref() {
                "socket_path" => {
                    let path = to.path(at, value);
                    to.put(&mut self.control, path);
                }
                other => ignored(to, &at, other, &["socket_path"]),
            }
        }
    }

    fn read_procfs(
        &mut self,
        to: &mut Reader<'_>,
        place: &Place,
        table: &DeTable<'_>,
        known: &[Known],
    ) {
        for (key, value) in table {
            let at = to.place(&place.key, key);
            let name: &str = key.get_ref();
            let Some((element, interval)) = PROCFS.iter().find(|(element, _)| *element == name)
            else {
                to.unknown(&at, name, &PROCFS.map(|(element, _)| element));
                continue;
            };
            let element = Element::new(Kind::Source, "procfs", element);
            let Some(known) = known.iter().find(|(known, _)| *known == element) else {
                to.warn(&at, format!("ignored: there is no {element} here"));
                continue;
            };
            if let Some(table) = to.table(&at, value) {
                self.read_source(to, &at, table, (known, interval));
            }
        }
    }

    fn read_source(
        &mut self,
        to: &mut Reader<'_>,
        place: &Place,
        table: &DeTable<'_>,
        ((known, usual), interval): (&Known, &str),
    ) {
        for (key, value) in table {
            let at = to.place(&place.key, key);
            match &**key.get_ref() {
                "enabled" => self.put_enabled(to, known, at, value),
                key if key == interval && usual.is_some() => {
                    self.put_period(to, known, at, value);
                }
                other => ignored(to, &at, other, &["enabled", interval]),
            }
        }
    }
}

/// Why a key of Alumet does nothing here.
fn ignored(to: &mut Reader<'_>, place: &Place, key: &str, known: &[&str]) {
    let why = match key {
        "strategy" | "groups" | "events" => {
            "all processes are counted, from their start to their end".to_owned()
        }
        "metrics" => "all values are always read".to_owned(),
        "flush_interval" => "values are never held back".to_owned(),
        key if known.contains(&key) => "this element has no period of its own".to_owned(),
        key => format!(
            "it has no meaning here{}",
            nearest(key, known.iter().copied())
        ),
    };
    to.warn(place, format!("ignored: {why}"));
}
