//! Rates and levels, from two readings.
