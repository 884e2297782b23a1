//! From the sources to a raw sample: totals, no rates.
//!
//! * [`collector`]: owns every source and takes samples
//! * [`exact`]: the exact books, from the kernel side; [`tracker`], [`tracked`], [`threads`]:
//!   its arithmetic
//! * [`clocks`]: how far a CPU's task clock is by now; `stolen`: when to ask for that
//! * [`seed`]: processes that the census did not tell of
//! * [`jiffies`]: the books where BPF cannot be used
//! * [`facts`]: what only `/proc` knows of a process
//! * [`zombies`]: the dead that were not asked for yet
//! * [`machine`]: the machine's own files
//! * [`network`]: the network of the machine
//! * `pace`: when a source is read again
//! * [`sample`], [`process`], [`traffic`], [`moment`]: what a sample is

pub mod clocks;
pub mod collector;
pub mod exact;
pub mod facts;
pub mod jiffies;
pub mod machine;
pub mod moment;
pub mod network;
mod pace;
pub mod process;
pub mod sample;
pub mod seed;
mod stolen;
pub mod threads;
pub mod tracked;
pub mod tracker;
pub mod traffic;
pub mod zombies;
