//! Types and arithmetic that the kernel programs and the agent share.
//!
//! * [`sched`]: the tables of the scheduler hooks
//! * [`net`]: the table of the socket hooks
//! * [`directory`]: where in those tables a thread id lives
//!
//! Everything is plain data with one layout for both worlds: `repr(C)`, fixed-width integers,
//! no padding, no `bool`. The BPF target and the host both compile this crate.
#![no_std]

pub mod directory;
pub mod net;
pub mod sched;
