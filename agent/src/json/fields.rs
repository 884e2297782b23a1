//! What a row may say about a process. A new field is one line here.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    collect::{sample::Precision, traffic::Traffic},
    model::{Process, Snapshot},
};

/// The value of a field.
#[derive(Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Value<'a> {
    /// A count, an id, nanoseconds or bytes.
    Number(u64),
    /// What the books of this precision cannot know is `null`, not 0.
    Unknown(()),
    /// Text; U+FFFD where it is not UTF-8.
    Text(Cow<'a, str>),
    /// A state letter.
    Letter(char),
    /// Yes or no.
    Flag(bool),
}

/// A field of a row.
#[derive(Debug)]
pub struct Field {
    /// Its key.
    pub name: &'static str,
    /// The key as it is written, with the colon.
    pub(super) key: &'static str,
    /// Its value; `None` if it does not apply to this process.
    pub value: for<'a> fn(&'a Snapshot, &'a Process) -> Option<Value<'a>>,
}

/// Any field; its name must need no escapes.
macro_rules! field {
    ($name:literal, $value:expr) => {
        Field {
            name: $name,
            key: concat!("\"", $name, "\":"),
            value: $value,
        }
    };
}

/// A field that every row has.
macro_rules! number {
    ($name:literal, $process:ident => $value:expr) => {
        field!($name, |_, $process| Some(Value::Number($value)))
    };
}

/// A field whose source may be paused.
macro_rules! known {
    ($name:literal, $known:ident, $process:ident => $value:expr) => {
        field!($name, |snapshot, $process| {
            Some(match snapshot.known.$known {
                true => Value::Number($value),
                false => Value::Unknown(()),
            })
        })
    };
}

/// A field that only the scheduler's books know.
macro_rules! exact {
    ($name:literal, $process:ident => $value:expr) => {
        field!($name, |snapshot, $process| {
            Some(match snapshot.precision {
                Precision::Scheduler => Value::Number($value),
                Precision::Jiffy => Value::Unknown(()),
            })
        })
    };
}

/// A field that only the hooks on sockets know.
macro_rules! moved {
    ($name:literal, $process:ident => $value:expr) => {
        field!($name, |snapshot, $process| {
            Some(match snapshot.counts_traffic {
                true => Value::Number($value),
                false => Value::Unknown(()),
            })
        })
    };
}

/// A detail of the sockets: only in rows of processes that did something on one in the interval.
macro_rules! sockets {
    ($name:literal, $sockets:ident => $value:expr) => {
        field!($name, |snapshot, process| {
            let $sockets = snapshot.traffic(process)?;
            let quiet = $sockets.change == Traffic::default();
            (!quiet).then(|| Value::Number($value))
        })
    };
}

/// All fields, in the order in which they are written. Units are in the names; what is not a
/// total is of the interval.
pub static FIELDS: [Field; 38] = [
    number!("pid", process => process.sample.id.pid.into()),
    number!("start_ns", process => process.sample.id.start_ns),
    number!("ppid", process => process.sample.ppid.into()),
    field!("comm", |snapshot, process| {
        let name = String::from_utf8_lossy(snapshot.name(process));
        Some(Value::Text(name))
    }),
    field!("state", |_, process| Some(Value::Letter(
        process.sample.state.letter()
    ))),
    number!("threads", process => process.sample.threads.into()),
    number!("uid", process => process.sample.uid.into()),
    known!("rss_bytes", resident, process => process.sample.rss_bytes),
    number!("cpu_ns", process => process.cpu_ns),
    known!("user_ns", split, process => process.user_ns),
    known!("system_ns", split, process => process.system_ns),
    exact!("run_delay_ns", process => process.run_delay_ns),
    exact!("voluntary_switches", process => process.voluntary_switches),
    exact!("involuntary_switches", process => process.involuntary_switches),
    number!("cpu_total_ns", process => process.sample.counters.run_ns),
    moved!("rx_bytes", process => process.moved.rx_bytes),
    moved!("tx_bytes", process => process.moved.tx_bytes),
    moved!("rx_calls", process => process.moved.rx_calls),
    moved!("tx_calls", process => process.moved.tx_calls),
    sockets!("tcp_rx_bytes", sockets => sockets.change.tcp.rx_bytes),
    sockets!("tcp_tx_bytes", sockets => sockets.change.tcp.tx_bytes),
    sockets!("tcp_rx_calls", sockets => sockets.change.tcp.rx_calls),
    sockets!("tcp_tx_calls", sockets => sockets.change.tcp.tx_calls),
    sockets!("udp_rx_bytes", sockets => sockets.change.udp.rx_bytes),
    sockets!("udp_tx_bytes", sockets => sockets.change.udp.tx_bytes),
    sockets!("udp_rx_calls", sockets => sockets.change.udp.rx_calls),
    sockets!("udp_tx_calls", sockets => sockets.change.udp.tx_calls),
    sockets!("unix_rx_bytes", sockets => sockets.change.unix.rx_bytes),
    sockets!("unix_tx_bytes", sockets => sockets.change.unix.tx_bytes),
    sockets!("unix_rx_calls", sockets => sockets.change.unix.rx_calls),
    sockets!("unix_tx_calls", sockets => sockets.change.unix.tx_calls),
    sockets!("tcp_opened", sockets => sockets.change.opened),
    sockets!("tcp_accepted", sockets => sockets.change.accepted),
    sockets!("tcp_retransmits", sockets => sockets.change.retransmits),
    field!("rx_total_bytes", |snapshot, process| {
        let sockets = snapshot.traffic(process)?;
        Some(Value::Number(sockets.total.all().rx_bytes))
    }),
    field!("tx_total_bytes", |snapshot, process| {
        let sockets = snapshot.traffic(process)?;
        Some(Value::Number(sockets.total.all().tx_bytes))
    }),
    field!("exited", |_, process| Some(Value::Flag(process.exited))),
    field!("exit_code", |snapshot, process| {
        let known = process.exited && snapshot.precision == Precision::Scheduler;
        known.then_some(Value::Number(process.sample.exit_code.into()))
    }),
];

/// The field of that name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.name == name)
}
