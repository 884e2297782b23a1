//! subjiffy.

pub mod collect;
pub mod kernel;
pub mod model;
pub mod procfs;
