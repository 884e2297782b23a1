//! collectl's command line.
//!
//! [`parse`] reads it as collectl 4.3.1 does: letters in bundles, long names as far as they are
//! unambiguous, what is no switch passed over. What is not done here is refused by name; nothing of it is
//! ignored. `collectl.conf` is not read.
//!
//! The way of a word: `words` makes switches of it by the `table` of all of them, `collect` reads their
//! values, `check` knows what goes together.

mod address;
mod check;
mod collect;
mod env;
mod error;
mod files;
mod format;
mod help;
mod intervals;
mod pattern;
mod processes;
mod subsystems;
mod table;
#[cfg(test)]
mod tests;
mod words;

use std::ffi::OsString;

pub use address::TIMEOUT;
pub use env::Env;
pub use error::Error;
pub use help::{HELP, version};
pub use words::split;

use crate::options::Options;
use collect::Said;
use table::Switch;
use words::Value;

/// What a command line asks for.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Samples.
    Run(Options),
    /// [`HELP`]
    Help,
    /// [`version`]
    Version,
    /// The lines above the columns of such a run, and nothing else (`--showcolheaders`).
    ShowColumnHeaders(Options),
    /// The header that files of such a run have, or that the files have which are played back
    /// (`--showheader`).
    ShowHeader(Options),
}

/// Reads a command line, without the name of the program.
///
/// # Errors
/// What is wrong with it, in one line, without the word `Error`.
pub fn parse(words: &[OsString], env: &Env<'_>) -> Result<Command, Error> {
    let given = words::read(words)?;
    let asks = |switch| {
        let mut all = given.iter().rev();
        let last = all.find(|one| one.switch == switch);
        last.is_some_and(|one| one.value == Value::Flag(true))
    };
    if asks(Switch::Help) {
        return Ok(Command::Help);
    }
    if asks(Switch::Version) {
        return Ok(Command::Version);
    }
    let mut said = Said::default();
    for one in &given {
        said.take(one, env)?;
    }
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    let (columns, header) = (said.show_headers, asks(Switch::ShowHeader));
    let options = check::options(said, words.join(" "))?;
    Ok(match (columns, header) {
        (true, _) => Command::ShowColumnHeaders(options),
        (false, true) => Command::ShowHeader(options),
        (false, false) => Command::Run(options),
    })
}
