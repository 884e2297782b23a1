//! The machine's files as records.
