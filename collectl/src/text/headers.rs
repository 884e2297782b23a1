//! Headers alone, for `--showcolheaders`.

use super::{Facts, Renderer};
use crate::{options::Options, values::Interval};

/// What stands above the columns of a run, as far as collectl shows it: of several verbose blocks only the
/// first. `machine` is a sample: names of devices and the time are from it.
#[must_use]
pub fn column_headers(options: &Options, facts: &Facts, machine: &Interval) -> String {
    Renderer::new(options, facts.clone()).first_header(machine)
}
