//! The command line.

use std::{ffi::OsString, net::SocketAddr, num::NonZeroU16, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand};

use crate::order::SortKey;

/// The shortest and the longest sampling period.
pub const PERIODS: (Duration, Duration) = (Duration::from_millis(1), Duration::from_secs(3600));

/// Exact CPU time of every process, for socktop and for your terminal.
#[derive(Debug, Parser)]
#[command(version, args_conflicts_with_subcommands = true)]
pub struct Cli {
    /// What to do instead of running the agent.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// How to run the agent.
    #[command(flatten)]
    pub agent: AgentArgs,
}

/// Without a command: the agent in the foreground.
#[derive(Debug, Clone, Args)]
pub struct AgentArgs {
    /// Where HTTP and WebSocket clients connect; may repeat [default: port 3000, or 8443 with --tls,
    /// of 127.0.0.1 and ::1]
    #[arg(long, value_name = "ADDR:PORT")]
    pub listen: Vec<SocketAddr>,
    /// Changes the port only; 0 is a free one
    #[arg(short, long, value_name = "N")]
    pub port: Option<u16>,
    /// Gives collectl's lines (-scdn -i1) to who connects to server, or connects to a host; may repeat.
    /// The configuration file can say more about them
    #[arg(short = 'A', long, value_name = "server[:PORT]|HOST[:PORT]")]
    pub address: Vec<String>,
    /// Sampling period of streams that name none, 1ms to 1h, in words: 500ms, 2s, 1m30s
    /// [default: 1s]
    #[arg(long, value_name = "DUR", value_parser = period)]
    pub period: Option<Duration>,
    /// Speaks TLS, with a self-signed certificate that is made once and kept
    #[arg(long, alias = "enableSSL")]
    pub tls: bool,
    /// Speaks TLS with this certificate (PEM) and its chain
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The key of --tls-cert (PEM)
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Clients must know the token in this file
    #[arg(long, value_name = "FILE")]
    pub token_file: Option<PathBuf>,
    /// Lets web pages of this origin (`https://HOST[:PORT]`) connect; * is all; may repeat
    #[arg(long, value_name = "ORIGIN")]
    pub allow_origin: Vec<String>,
    /// Connections at the same time [default: 1024]
    #[arg(long, value_name = "N")]
    pub max_connections: Option<NonZeroU16>,
    /// The same for one client address; a /64 of IPv6 is one [default: 1024]
    #[arg(long, value_name = "N")]
    pub max_connections_per_address: Option<NonZeroU16>,
    /// Listens on an address that others can reach, without any protection
    #[arg(long)]
    pub insecure: bool,
    /// Reads /proc only
    #[arg(long)]
    pub no_bpf: bool,
    /// Reads settings from this file (TOML); flags and variables win over it
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Says what is wrong with all settings, and starts nothing
    #[arg(long, requires = "config")]
    pub check_config: bool,
    /// Where the control socket is
    #[arg(long, value_name = "PATH", conflicts_with = "no_control")]
    pub control: Option<PathBuf>,
    /// Lets this group use the control socket, besides root and the agent's user
    #[arg(long, value_name = "GROUP", conflicts_with = "no_control")]
    pub control_group: Option<String>,
    /// Has no control socket
    #[arg(long)]
    pub no_control: bool,
}

/// Commands besides the agent.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints samples; needs no agent
    Top(TopArgs),
    /// Tells what this kernel and these privileges allow, and why not
    Doctor(DoctorArgs),
    /// Tells a running agent what to do, or asks it how it is
    #[command(after_help = CTL_HELP)]
    Ctl(CtlArgs),
    /// Does what collectl does, with its switches: `subjiffy collectl -h`
    #[command(disable_help_flag = true)]
    Collectl(CollectlArgs),
}

/// `subjiffy collectl`
#[derive(Debug, Clone, Args)]
pub struct CollectlArgs {
    /// collectl's switches
    #[arg(
        value_name = "SWITCH",
        trailing_var_arg = true,
        allow_hyphen_values = true
    )]
    pub words: Vec<OsString>,
}

/// `subjiffy top`
#[derive(Debug, Clone, Args)]
pub struct TopArgs {
    /// Ends after so many samples
    #[arg(short = 'n', value_name = "COUNT")]
    pub count: Option<u64>,
    /// Sampling period, 1ms to 1h, in words: 500ms, 2s, 1m30s
    #[arg(short = 'i', long, value_name = "PERIOD", default_value = "1s", value_parser = period)]
    pub period: Duration,
    /// What comes first in the table
    #[arg(long, value_enum, default_value_t)]
    pub sort: SortKey,
    /// One JSON object a sample instead of a table
    #[arg(long)]
    pub json: bool,
    /// Reads /proc only
    #[arg(long)]
    pub no_bpf: bool,
}

/// `subjiffy doctor`
#[derive(Debug, Clone, Copy, Args)]
pub struct DoctorArgs {
    /// One JSON object instead of text
    #[arg(long)]
    pub json: bool,
}

const CTL_HELP: &str = "\
Examples:
  subjiffy ctl help                                        all commands of the agent
  subjiffy ctl list                                        its elements: sources, transforms, outputs
  subjiffy ctl --watch status                              how they are, again and again
  subjiffy ctl --json status source                        how the sources are, for programs
  subjiffy ctl control source/ebpf/sched set-period 10ms   samples faster
  subjiffy ctl control source/ebpf/sched set-period 10ms for 5m
                                                           and goes back by itself
  subjiffy ctl control source/ebpf/sched trigger-now wait  takes a sample now
  subjiffy ctl 'control source/procfs/* pause'             with wildcards, away from the shell

Exit status: 0 when the agent has said ok, 1 when it has not or cannot be reached, 2 for wrong flags.";

/// `subjiffy ctl`
#[derive(Debug, Clone, Args)]
pub struct CtlArgs {
    /// The agent's control socket [default: /run/subjiffy/control.sock of root,
    /// $XDG_RUNTIME_DIR/subjiffy/control.sock of other users]
    #[arg(long, value_name = "PATH")]
    pub socket: Option<PathBuf>,
    /// How long to wait for a reply, 100ms to 1h; trigger-now wait is waited for to its end
    #[arg(long, value_name = "DUR", default_value = "10s", value_parser = wait)]
    pub timeout: Duration,
    /// Only with status: the agent's JSON instead of a table
    #[arg(long, conflicts_with = "watch")]
    pub json: bool,
    /// Only with status: shows it again and again
    #[arg(long)]
    pub watch: bool,
    /// How often with --watch, 100ms to 1h
    #[arg(long, value_name = "DUR", default_value = "1s", value_parser = wait, requires = "watch")]
    pub interval: Duration,
    /// The command; `subjiffy ctl help` lists them all
    #[arg(value_name = "WORD", required = true)]
    pub words: Vec<OsString>,
}

/// Reads a time to wait.
///
/// # Errors
/// What is wrong with it and what would be right.
fn wait(word: &str) -> Result<Duration, String> {
    let right = "right would be 100ms to 1h, such as 500ms or 1m30s";
    let time = humantime::parse_duration(word).map_err(|error| format!("{error}; {right}"))?;
    if time < Duration::from_millis(100) || time > PERIODS.1 {
        return Err(right.to_owned());
    }
    Ok(time)
}

/// Reads a sampling period.
///
/// # Errors
/// What is wrong with it and what would be right.
pub fn period(word: &str) -> Result<Duration, String> {
    let right = "a period is 1ms to 1h, such as 500ms or 1m30s";
    let period = humantime::parse_duration(word).map_err(|error| format!("{error}; {right}"))?;
    if period < PERIODS.0 || period > PERIODS.1 {
        return Err(right.to_owned());
    }
    Ok(period)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn the_words_for_the_agent_stand_apart_from_flags() {
        let ctl = |words: &str| {
            let words = words.split(' ').filter(|word| !word.is_empty());
            match Cli::try_parse_from(["subjiffy", "ctl"].into_iter().chain(words)) {
                Ok(Cli {
                    command: Some(Command::Ctl(args)),
                    ..
                }) => Ok(args),
                Ok(other) => panic!("{other:?}"),
                Err(error) => Err(error.to_string()),
            }
        };
        let args = ctl("--watch status source --interval 500ms").unwrap();
        assert_eq!(args.words, ["status", "source"]);
        assert!(args.watch && args.interval == Duration::from_millis(500));
        assert_eq!(args.timeout, Duration::from_secs(10));
        for (words, says) in [
            ("", "<WORD>"),
            ("--interval 1s status", "--watch"),
            ("--json --watch status", "cannot be used with"),
            ("--timeout 0s list", "100ms to 1h"),
            ("--timeout soon list", "100ms to 1h"),
        ] {
            let error = ctl(words).unwrap_err();
            assert!(error.contains(says), "{words}: {error}");
        }
    }

    #[test]
    fn periods_have_their_bounds() {
        assert_eq!(period("1ms"), Ok(PERIODS.0));
        assert_eq!(period("1h"), Ok(PERIODS.1));
        for word in ["0", "999us", "61m", "banana", "-1s", "", "5"] {
            let error = period(word).unwrap_err();
            assert!(error.contains("1ms to 1h"), "{word}: {error}");
        }
    }
}
