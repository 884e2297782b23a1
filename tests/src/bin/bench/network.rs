//! What the hooks on sockets cost: one byte to and fro through a TCP connection.

use crate::{
    crowd, programs, progress,
    stats::{median, spread},
    table::Table,
};
use std::any::Any;
use subjiffy_ebpf::program;

/// A round of the game is two messages, each sent and received once.
const GAME: &str = "pingpong --rounds 10000 --over tcp";

/// Games for one figure.
const GAMES: usize = 9;

#[derive(Clone, Copy)]
enum State {
    Off,
    Empty,
    Scheduler,
    All,
}

const STATES: [State; 4] = [State::Off, State::Empty, State::Scheduler, State::All];

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Empty => "empty hooks on sending and receiving",
            Self::Scheduler => "the agent's hooks but those on sockets",
            Self::All => "all hooks of the agent",
        }
    }

    /// Brings it about for as long as the returned value lives.
    fn enter(self) -> Result<Box<dyn Any>, String> {
        let held: Box<dyn Any> = match self {
            Self::Off => Box::new(()),
            Self::Empty => Box::new([
                programs::empty("sock_send_length")?,
                programs::empty("sock_recv_length")?,
            ]),
            Self::Scheduler => {
                let mut agent = programs::agent()?;
                agent.0.detach_sockets();
                Box::new(agent)
            }
            Self::All => {
                let agent = programs::agent()?;
                if !agent.0.sockets.are_counted() {
                    return Err(format!(
                        "no hooks on sockets: {:?}",
                        agent.0.sockets.missing
                    ));
                }
                Box::new(agent)
            }
        };
        programs::settle();
        Ok(held)
    }
}

pub fn measure(rounds: usize) -> Result<Vec<Table>, String> {
    programs::possible()?;
    let mut messages = [const { Vec::new() }; STATES.len()];
    for round in 1..=rounds {
        progress(&format!("network, round {round} of {rounds}"));
        let mut order: Vec<_> = STATES.into_iter().enumerate().collect();
        if round % 2 == 0 {
            order.reverse();
        }
        for (at, state) in order {
            let _held = state.enter()?;
            messages[at].push(message_ns()?);
        }
    }
    Ok(vec![message_table(&messages), body_table(rounds.min(5))?])
}

/// Nanoseconds of one message, the median of some games.
fn message_ns() -> Result<f64, String> {
    crowd::half_round_ns(GAME, GAMES)
}

fn message_table(ns: &[Vec<f64>; STATES.len()]) -> Table {
    let mut table = Table::new(
        "One byte to and fro through TCP, two processes on one CPU",
        &[
            "hooks",
            "ns per message",
            "x off",
            "x without those on sockets (budget 1.05)",
        ],
    );
    let ratio = |at: usize, to: usize| {
        let ratios: Vec<f64> = ns[at].iter().zip(&ns[to]).map(|(a, b)| a / b).collect();
        format!("{:.3}", median(&ratios))
    };
    for (at, state) in STATES.into_iter().enumerate() {
        let (off, scheduler) = match state {
            State::Off => (String::new(), String::new()),
            State::All => (ratio(at, 0), ratio(at, 2)),
            _ => (ratio(at, 0), String::new()),
        };
        table.row([state.name().to_owned(), spread(&ns[at]), off, scheduler]);
    }
    table
}

/// The bodies alone, as the kernel measures them: two clock readings included.
fn body_table(rounds: usize) -> Result<Table, String> {
    let mut table = Table::new(
        "Bodies of the programs on sockets, by the kernel's BPF statistics",
        &["program", "ns per run"],
    );
    let _counting = programs::statistics()?;
    let _held = State::All.enter()?;
    for name in [program::SEND, program::RECEIVE] {
        let mut ns = Vec::new();
        for _ in 0..rounds {
            let before = programs::run_time(name).unwrap_or_default();
            message_ns()?;
            let after = programs::run_time(name).unwrap_or_default();
            ns.push((after.0 - before.0) as f64 / (after.1 - before.1).max(1) as f64);
        }
        table.row([name.to_owned(), spread(&ns)]);
    }
    Ok(table)
}
