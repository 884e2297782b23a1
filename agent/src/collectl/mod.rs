//! collectl's switches and formats over the agent's process numbers.
//!
//! * [`command`]: `subjiffy collectl`; [`daemon`]: its `-D`
//! * [`outputs`]: in the running agent
//! * [`source`]: from the agent to rows

pub mod command;
pub mod daemon;
pub mod outputs;
pub mod source;

use std::ffi::OsString;

use subjiffy_collectl::{
    options::Options,
    switches::{self, Command, Env},
};
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

/// What the switches of an output of the running agent say, in one line.
///
/// # Errors
/// What is wrong with them, and what an output of the agent cannot do.
pub fn options(line: &str) -> Result<Options, String> {
    let words = switches::split(line).map_err(|error| error.to_string())?;
    of_agent(&words)
}

/// The usual switches with an address, as `-A` of the agent has it.
///
/// # Errors
/// What is wrong with the address.
pub fn options_of_address(address: &str) -> Result<Options, String> {
    of_agent(&["-A".into(), address.into()])
}

fn of_agent(words: &[OsString]) -> Result<Options, String> {
    let command = switches::parse(words, &Env::here()).map_err(|error| error.to_string())?;
    let Command::Run(options) = command else {
        return Err("switches that show something and end are for subjiffy collectl".to_owned());
    };
    let refused = [
        (!options.playback.is_empty(), "-p", "plays back"),
        (options.daemon, "-D", "goes to the background"),
        (options.count.is_some(), "-c", "ends"),
        (options.runtime.is_some(), "-R", "ends"),
    ];
    if let Some((_, switch, what)) = refused.into_iter().find(|one| one.0) {
        return Err(format!(
            "{switch}: an output of the agent never {what}; subjiffy collectl {switch} does"
        ));
    }
    if options.address.is_none() && options.files.is_none() {
        return Err("an output goes to a socket (-A) or to files (-f), or both".to_owned());
    }
    Ok(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outputs_of_the_agent_go_somewhere_and_never_end() {
        assert!(options("-scdn -i1 -A server:2655").is_ok());
        assert!(options("-sZ -i1:1 -f /var/log/x --comment 'two words'").is_ok());
        assert!(options_of_address("server").is_ok());
        for (line, says) in [
            ("-scdn", "-A"),
            ("-A server -c5", "-c"),
            ("-A server -R5m", "-R"),
            ("-D -f /tmp/x", "-D"),
            ("-p x.raw.gz", "-p"),
            ("-v", "end"),
            ("-A server 'open", "never closed"),
            ("-A server --bogus", "--bogus"),
        ] {
            let error = options(line).unwrap_err();
            assert!(error.contains(says), "{line}: {error}");
        }
    }
}
