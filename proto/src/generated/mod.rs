//! Messages generated from `proto/*.proto` and committed; `tests/generated.rs` proves they are current.

#[rustfmt::skip]
pub mod socktop;
