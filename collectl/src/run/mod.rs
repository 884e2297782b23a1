//! Runs: ticks, readings, numbers, lines, and where they go.
//!
//! * [`Schedule`]: when samples are due; pure
//! * [`Control`]: ends, pauses and changes a run from outside
//! * [`repeat`]: the loop, over any [`Work`] and any [`Clock`]

mod clock;
mod control;
mod pace;
mod schedule;

pub use clock::{Clock, SystemClock};
pub use control::{Control, End};
pub use pace::{Bounds, Observer, Rhythm, Tick, Work, repeat};
pub use schedule::Schedule;
