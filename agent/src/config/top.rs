//! The keys at the top and the tables of elements.

use subjiffy_proto::control::Element;
use toml::de::DeTable;

use super::{
    Config, ElementSettings, Known, Page, SAMPLING, collectl,
    problem::{Place, nearest},
    values::{Reader, Value},
};

/// Keys at the top, besides elements; `plugins` and `max_update_interval` are Alumet's.
pub(super) const KEYS: [&str; 16] = [
    "period",
    "listen",
    "port",
    "tls",
    "tls_cert",
    "tls_key",
    "token_file",
    "allow_origin",
    "max_connections",
    "max_connections_per_address",
    "insecure",
    "bpf",
    "control",
    "control_group",
    "max_update_interval",
    "plugins",
];

/// Keys of an element.
const ELEMENT_KEYS: [&str; 2] = ["enabled", "period"];

impl Config {
    pub(super) fn read(&mut self, to: &mut Reader<'_>, table: &DeTable<'_>, known: &[Known]) {
        for (key, value) in table {
            let place = to.place("", key);
            let key: &str = key.get_ref();
            if key.contains('/') {
                self.read_element(to, &place, key, value, known);
            } else {
                self.read_top(to, place, key, value, known);
            }
        }
    }

    fn read_top(
        &mut self,
        to: &mut Reader<'_>,
        place: Place,
        key: &str,
        value: &Value<'_>,
        known: &[Known],
    ) {
        const CONNECTIONS: &str = "a number from 1 to 65535";
        match key {
            "period" => {
                let period = to.period(place, value);
                to.put(&mut self.period, period);
            }
            "listen" => self.read_listen(to, place, value),
            "port" => self.port = to.number(place, value, "a port, 0 to 65535"),
            "tls" => self.tls = to.switch(place, value),
            "tls_cert" => self.tls_cert = to.path(place, value),
            "tls_key" => self.tls_key = to.path(place, value),
            "token_file" => self.token_file = to.path(place, value),
            "allow_origin" => self.read_origins(to, place, value),
            "max_connections" => self.max_connections = to.number(place, value, CONNECTIONS),
            "max_connections_per_address" => {
                self.max_connections_per_address = to.number(place, value, CONNECTIONS);
            }
            "insecure" => self.insecure = to.switch(place, value),
            "bpf" => self.bpf = to.switch(place, value),
            "control" => {
                let path = to.path(place, value);
                to.put(&mut self.control, path);
            }
            "control_group" => {
                self.control_group = to.text(place, value, "the name of a group, such as \"adm\"");
            }
            "max_update_interval" => {
                let _ = to.duration(place, value);
            }
            "plugins" => self.read_plugins(to, &place, value, known),
            "source" | "transform" | "output" => to.wrong(
                &place,
                "there is no such key; elements have their whole name in quotes, such as \
                 [\"source/procfs/network\"]",
            ),
            _ => to.unknown(&place, key, &KEYS),
        }
    }

    fn read_listen(&mut self, to: &mut Reader<'_>, place: Place, value: &Value<'_>) {
        const RIGHT: &str = "\"127.0.0.1:3000\" or \"[::1]:3000\"";
        let Some(listen) = to.list(place, value, RIGHT, |text| text.parse().ok()) else {
            return;
        };
        if listen.value.is_empty() {
            let text = format!("an empty list is wrong; right would be [{RIGHT}], or nothing");
            return to.wrong(&listen.place, text);
        }
        self.listen = Some(listen);
    }

    fn read_origins(&mut self, to: &mut Reader<'_>, place: Place, value: &Value<'_>) {
        const RIGHT: &str = "\"https://example.org:8443\", or \"*\" for all";
        self.allow_origin = to.list(place, value, RIGHT, |text| match text {
            "*" => Some(Page::Any),
            text => text.parse().ok().map(Page::Of),
        });
    }

    fn read_element(
        &mut self,
        to: &mut Reader<'_>,
        place: &Place,
        name: &str,
        value: &Value<'_>,
        known: &[Known],
    ) {
        // As in commands.
        let own = name.replacen("/plugin-", "/", 1);
        if let Some(name) = own.strip_prefix(collectl::BEGIN) {
            return self.read_collectl(to, place, name, value);
        }
        let Some((known, usual)) = known.iter().find(|(known, _)| known.to_string() == own) else {
            let names: Vec<_> = known.iter().map(|(name, _)| name.to_string()).collect();
            let text = match nearest(&own, names.iter().map(String::as_str)).as_str() {
                "" => format!("there is no such element; there are {}", names.join(", ")),
                near => format!("there is no such element{near}"),
            };
            return to.wrong(place, text);
        };
        let Some(table) = to.table(place, value) else {
            return;
        };
        for (key, value) in table {
            let at = to.place(&place.key, key);
            match &**key.get_ref() {
                "enabled" => self.put_enabled(to, known, at, value),
                "period" if usual.is_some() => self.put_period(to, known, at, value),
                "period" => to.wrong(&at, format!("{known} has no period of its own")),
                other => to.unknown(&at, other, &ELEMENT_KEYS),
            }
        }
    }

    fn element(&mut self, name: &Element) -> &mut ElementSettings {
        self.elements.entry(name.clone()).or_default()
    }

    pub(super) fn put_enabled(
        &mut self,
        to: &mut Reader<'_>,
        name: &Element,
        place: Place,
        value: &Value<'_>,
    ) {
        let enabled = to.switch(place, value);
        to.put(&mut self.element(name).enabled, enabled);
    }

    pub(super) fn put_period(
        &mut self,
        to: &mut Reader<'_>,
        name: &Element,
        place: Place,
        value: &Value<'_>,
    ) {
        let period = to.period(place, value);
        if *name == SAMPLING {
            to.put(&mut self.period, period);
        } else {
            to.put(&mut self.element(name).period, period);
        }
    }

    /// What is wrong with several values together.
    pub(super) fn check(&self, to: &mut Reader<'_>) {
        match (&self.tls_cert, &self.tls_key) {
            (Some(cert), None) => to.wrong(&cert.place, "the key is missing; add tls_key"),
            (None, Some(key)) => to.wrong(&key.place, "the certificate is missing; add tls_cert"),
            (Some(cert), Some(_)) => {
                if let Some(tls) = self.tls.as_ref().filter(|tls| !tls.value) {
                    let text = format!(
                        "there is a certificate in line {}, and TLS is off; say true, or remove it",
                        cert.place.line
                    );
                    to.wrong(&tls.place, text);
                }
            }
            (None, None) => {}
        }
    }
}
