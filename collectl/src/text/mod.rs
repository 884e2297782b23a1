//! Lines as collectl writes them, so that what reads collectl's reads ours.
//!
//! * [`Renderer`]: the lines of each sample, in any style; [`column_headers`]: headers alone
//! * [`scale`]: numbers in a column; [`clock`]: times; [`Facts`]: what is said of the machine

pub mod clock;
pub mod scale;

mod brief;
mod context;
mod exact;
mod facts;
#[cfg(test)]
mod header_tests;
mod headers;
mod json;
mod lexpr;
mod order;
mod plot;
#[cfg(test)]
mod property_tests;
mod renderer;
#[cfg(test)]
mod tests;
mod verbose;

pub use self::{facts::Facts, headers::column_headers, plot::Part, renderer::Renderer};
