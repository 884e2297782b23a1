//! What people run collectl for, with exact process numbers: its switches, its lines on the terminal
//! and on sockets, its plot files and recordings.
//!
//! The way of a sample:
//!
//! * [`reading`]: the machine's files become a record, text as collectl's raw files have it
//! * [`record`]: such text becomes [`Counters`](record::Counters), whoever wrote it; raw files
//! * [`values`]: two readings become rates
//! * [`process`]: rows of processes, from a [`Source`](process::Source) or from a raw file
//! * [`text`]: lines in each of collectl's styles; pure
//! * [`output`]: where lines go: terminal, sockets, files
//! * [`run`]: all of it, again and again
//!
//! [`options`] says what is wanted; [`switches`] reads it from a command line.

pub mod options;
pub mod output;
pub mod process;
pub mod reading;
pub mod record;
pub mod run;
pub mod switches;
pub mod text;
pub mod values;
