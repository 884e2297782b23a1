//! The control socket: what an operator tells a running agent, and what it answers.
//!
//! * [`socket`]: the file that only its owner can connect to

pub mod socket;
