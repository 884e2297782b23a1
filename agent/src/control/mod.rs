//! The control socket: what an operator tells a running agent, and what it answers.
//!
//! * [`path`]: where its file is; [`socket`]: the file that only its owner can connect to
//! * [`operator`]: what commands do
//! * [`server`]: the connections; [`lines`]: what arrives on them
//!
//! Every command has exactly one reply line, which begins with `ok` or `error`.

pub mod lines;
pub mod operator;
pub mod path;
pub mod server;
pub mod socket;
