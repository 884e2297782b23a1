//! The command line.

use std::{net::SocketAddr, time::Duration};

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
    /// Where HTTP and WebSocket clients connect
    #[arg(long, value_name = "ADDR:PORT", default_value = "127.0.0.1:3000")]
    pub listen: SocketAddr,
    /// Changes the port only
    #[arg(short, long, value_name = "N")]
    pub port: Option<u16>,
    /// Sampling period of streams that name none, 1ms to 1h, in words: 500ms, 2s, 1m30s
    #[arg(long, value_name = "DUR", default_value = "1s", value_parser = period)]
    pub period: Duration,
    /// Listens on an address that others can reach, without any protection
    #[arg(long)]
    pub insecure: bool,
    /// Reads /proc only
    #[arg(long)]
    pub no_bpf: bool,
}

/// Commands besides the agent.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Prints samples; needs no agent
    Top(TopArgs),
    /// Tells what this kernel and these privileges allow, and why not
    Doctor(DoctorArgs),
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

impl AgentArgs {
    /// Where to listen.
    ///
    /// # Errors
    /// If everybody could connect and that was not asked for.
    pub fn address(&self) -> Result<SocketAddr, String> {
        let mut address = self.listen;
        if let Some(port) = self.port {
            address.set_port(port);
        }
        if !address.ip().is_loopback() && !self.insecure {
            return Err(format!(
                "{address} can be reached by others and nothing would protect it: \
                 listen on 127.0.0.1, or say --insecure if the network is safe"
            ));
        }
        Ok(address)
    }
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
    fn periods_have_their_bounds() {
        assert_eq!(period("1ms"), Ok(PERIODS.0));
        assert_eq!(period("1h"), Ok(PERIODS.1));
        for word in ["0", "999us", "61m", "banana", "-1s", "", "5"] {
            let error = period(word).unwrap_err();
            assert!(error.contains("1ms to 1h"), "{word}: {error}");
        }
    }

    #[test]
    fn the_port_changes_alone_and_foreign_addresses_need_a_word() {
        let parse = |words: &str| Cli::parse_from(words.split(' ')).agent.address();
        assert_eq!(parse("subjiffy -p 5").unwrap().to_string(), "127.0.0.1:5");
        assert_eq!(
            parse("subjiffy --listen [::1]:7").unwrap().to_string(),
            "[::1]:7"
        );
        assert!(
            parse("subjiffy --listen 0.0.0.0:7")
                .unwrap_err()
                .contains("--insecure")
        );
        assert!(parse("subjiffy --listen 0.0.0.0:7 --insecure").is_ok());
    }
}
