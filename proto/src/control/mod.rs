//! The control protocol: command lines to a running agent, one reply line each.
//!
//! The grammar is that of Alumet's socket control, with what it lacks: answers, lists, states, and
//! periods that go back by themselves. A line is words parted by blanks:
//!
//! ```text
//! shutdown | stop
//! control PATTERN pause|disable | resume|enable | stop | trigger-now [wait]
//! control PATTERN set-period|set-poll-interval DURATION [for DURATION] | get-period
//! list [PATTERN] | status [json] [PATTERN] | reload | help | version
//! ```
//!
//! * [`command`]: what a line says; [`pattern`]: which elements it means
//! * [`element`]: the names of elements
//! * [`period`]: durations in words

pub mod command;
pub mod element;
pub mod pattern;
pub mod period;

pub use command::{Action, Command, LineError, parse};
pub use element::{Element, Kind};
pub use pattern::Pattern;
