//! What a row may say about a process. A new field is one line here.

use std::borrow::Cow;

use serde::Serialize;

use crate::{
    collect::sample::Precision,
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

/// All fields, in the order in which they are written. Units are in the names; what is not a
/// total is of the interval.
pub static FIELDS: [Field; 17] = [
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
    number!("rss_bytes", process => process.sample.rss_bytes),
    number!("cpu_ns", process => process.cpu_ns),
    number!("user_ns", process => process.user_ns),
    number!("system_ns", process => process.system_ns),
    exact!("run_delay_ns", process => process.run_delay_ns),
    exact!("voluntary_switches", process => process.voluntary_switches),
    exact!("involuntary_switches", process => process.involuntary_switches),
    number!("cpu_total_ns", process => process.sample.counters.run_ns),
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
