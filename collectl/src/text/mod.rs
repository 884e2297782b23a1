//! Lines as collectl writes them, so that what reads collectl's reads ours.
//!
//! * [`scale`]: numbers in a column; [`brief`]: one line a sample

pub mod brief;
pub mod scale;
