//! `subjiffy top`: samples on standard output.
//!
//! An object a line ([`json`](crate::json)) or a [`table`] for people.
//!
//! It collects and prints in one thread: if the reader of its output is slow the next interval is
//! longer, and nothing is left out.

pub mod table;

use std::{
    io::{self, BufWriter, ErrorKind, IsTerminal, Write},
    sync::Arc,
    time::Instant,
};

use crate::{
    chain::{Samples, Track},
    check,
    cli::TopArgs,
    collect::collector::{Collector, Scope},
    json::Lines,
    model::Snapshot,
    priority::Keeper,
    timer::{Mailbox, Ticker, be_punctual},
};

/// Tells a running `top` to end.
#[derive(Debug, Clone, Copy)]
pub struct Stop;

/// Prints until the count is reached, the reader of the output has gone or somebody says stop.
///
/// # Errors
/// If the machine's own files cannot be read, or the output cannot be written.
pub fn run(collector: &mut Collector, args: &TopArgs, stop: &Arc<Mailbox<Stop>>) -> io::Result<()> {
    be_punctual();
    let screen = table::Screen::new(io::stdout().is_terminal() && !args.json);
    let mut out = BufWriter::with_capacity(1 << 13, io::stdout().lock());
    let mut lines = Lines::default();
    let (mut samples, mut track) = (Samples::default(), Track::default());
    let mut snapshot = Snapshot::default();
    let mut rows = Vec::new();
    let mut take = || {
        samples
            .take(collector, Scope::Network)
            .map_err(io::Error::other)
    };
    track.begin(&take()?);
    let mut ticker = Ticker::new(args.period, Instant::now());
    let mut priority = Keeper::default();
    priority.follow(Some(args.period));
    let mut left = args.count.unwrap_or(u64::MAX);
    while left > 0 && stop.receive(Some(ticker.next())).is_none() {
        left -= 1;
        let begun = Instant::now();
        let sample = take()?;
        track.next(&sample, &mut snapshot);
        ticker.advance(Instant::now());
        check::report(&snapshot.disagreements);
        let written = if args.json {
            out.write_all(lines.next(&snapshot))
        } else {
            table::write(&mut out, &snapshot, args.sort, &screen, &mut rows)
        };
        match written.and_then(|()| out.flush()) {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
            result => result?,
        }
        priority.worked(begun.elapsed());
    }
    Ok(())
}
