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
//!
//! # Replies
//!
//! One line a command; it begins with `ok` or `error`:
//!
//! ```text
//! ok matched=2 applied=1 source/procfs/memory: paused already       of control PATTERN ACTION
//! ok matched=2 source/ebpf/net=1s source/ebpf/sched=1s              of get-period
//! ok matched=2 source/ebpf/net source/ebpf/sched                    of list
//! ok matched=1 source/ebpf/sched state=running period=1s polls=7 .. of status; elements are parted by `; `
//! ok {"at_ns":..,"elements":[{"name":"source/ebpf/sched",..}]}      of status json
//! ok ..                                                             of the others
//! error line=3 unknown command "bogus"; the commands are ..         a line that cannot be understood
//! error matched=0 no element matches source/x/y; list tells them    or cannot be obeyed
//! ```
//!
//! * [`status`]: what is told of an element

pub mod command;
pub mod element;
pub mod pattern;
pub mod period;
pub mod status;

pub use command::{Action, Command, LineError, parse};
pub use element::{Element, Kind};
pub use pattern::Pattern;
pub use status::{Back, ElementStatus, StatusReply};
