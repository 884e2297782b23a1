//! Lines as collectl writes them, so that what reads collectl's reads ours.
//!
//! * [`Renderer`]: the lines of each sample, in any style; [`column_headers`]: headers alone
//! * [`scale`]: numbers in a column; [`clock`]: times; [`Facts`]: what is said of the machine

pub mod clock;
pub mod lexpr;
pub mod plot;
pub mod scale;

mod brief;
mod context;
mod exact;
mod facts;
mod headers;
mod json;
mod renderer;
#[cfg(test)]
mod tests;
mod verbose;

pub use self::{facts::Facts, headers::column_headers, plot::Part, renderer::Renderer};
