//! collectl's switches and formats over the agent's process numbers.
//!
//! * [`source`]: from the agent to rows

pub mod source;

use std::ffi::OsString;

use subjiffy_collectl::options::Options;
use subjiffy_proto::control::{Element, Kind};

/// The element of an output by its own name.
#[must_use]
pub fn element(name: &str) -> Element {
    Element {
        kind: Kind::Output,
        plugin: "collectl".into(),
        element: name.to_owned().into(),
    }
}

/// What the switches of an output of the running agent say.
///
/// # Errors
/// What is wrong with them, and what an output of the agent cannot do.
pub fn options<'a>(words: impl Iterator<Item = &'a str>) -> Result<Options, String> {
    let _words: Vec<OsString> = words.map(OsString::from).collect();
    todo!()
}
