//! collectl's switches and formats over the agent's process numbers.
//!
//! * [`source`]: from the agent to rows

pub mod source;
