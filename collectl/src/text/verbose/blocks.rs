//! All blocks of a sample.

use std::fmt::Write as _;

use jiff::tz::TimeZone;

use super::{blocks_of, lines, title};
use crate::{
    options::{Headers, Options, ProcessOptions, Subsystem, TimeFormat},
    process::{self, Table},
    text::{
        clock::{self, Moment},
        context::Context,
        facts::Facts,
    },
};

/// Writes blocks. If there are several, or processes without a filter, each sample has a line of its own
/// above it and titles in its body; else the title is a header.
pub struct Blocks {
    records: bool,
    /// Titles are in bodies; not if headers are never wanted.
    titles: bool,
    time: Option<TimeFormat>,
    /// Thousandths in record lines.
    millis: bool,
    /// How many records there were.
    count: u64,
    processes: Option<Processes>,
    /// What lines begin with.
    prefix: String,
}

/// Rows of processes.
struct Processes {
    options: ProcessOptions,
    totals: bool,
    rows: process::text::Rows,
}

impl Blocks {
    /// Blocks for a run; processes began at times of the zone.
    #[must_use]
    pub fn new(options: &Options, zone: &TimeZone) -> Self {
        let of = options.subsystems;
        let all_processes = of.has(Subsystem::Processes) && options.processes.filters.is_empty();
        let together = of
            .without(Subsystem::CpuDetail)
            .without(Subsystem::Interrupts)
            .is_empty();
        let is_one = of.iter().count() == 1 || together;
        let processes = of.has(Subsystem::Processes).then(|| Processes {
            options: options.processes.clone(),
            totals: options.totals,
            rows: process::text::Rows::of_columns(options, zone.clone()),
        });
        Self {
            records: !is_one || all_processes,
            titles: all_processes || options.headers != Headers::Never,
            // As collectl has it: playback leaves times out where columns differ.
            time: options
                .time
                .filter(|_| is_one || options.playback.is_empty()),
            millis: options.time.is_some_and(|time| time.millis),
            count: 0,
            processes,
            prefix: String::new(),
        }
    }

    /// Writes a sample; `to` is the header and the body.
    pub fn sample(
        &mut self,
        to: (&mut String, &mut String),
        facts: &Facts,
        machine: Option<&Context<'_>>,
        processes: Option<&Table>,
        moment: &Moment,
    ) {
        let (header, body) = to;
        self.prefix.clear();
        if let Some(format) = self.time {
            moment.put(&mut self.prefix, format);
            self.prefix.push(' ');
        }
        let words = clock::words(self.time);
        let of = machine.map(|context| context.subsystems);
        let any = processes.is_some() || of.is_some_and(|of| blocks_of(of).next().is_some());
        if !self.records {
            header.clear();
        } else if any {
            self.record_line(body, facts, moment);
        }
        // Where titles go: to the header, to the body, or nowhere.
        let (in_header, in_body) = (!self.records, self.records && self.titles);
        if let Some(context) = machine {
            for block in blocks_of(context.subsystems) {
                if in_header {
                    title(header, block, context, words);
                } else if in_body {
                    title(body, block, context, words);
                }
                lines(body, block, context, &self.prefix);
            }
        }
        if let Some((table, processes)) = processes.zip(self.processes.as_mut()) {
            if in_body {
                processes.title(body, words);
            }
            processes.rows.write(table, &self.prefix, body);
        }
        if let Some(processes) = self.processes.as_ref().filter(|_| in_header) {
            processes.title(header, words);
        }
    }

    /// The header of a run; if there are several, that of the first block.
    pub fn first_header(
        &mut self,
        facts: &Facts,
        context: &Context<'_>,
        moment: &Moment,
    ) -> String {
        let words = clock::words(self.time);
        let mut to = String::new();
        if self.records {
            self.record_line(&mut to, facts, moment);
        }
        match (blocks_of(context.subsystems).next(), &self.processes) {
            (Some(block), _) => title(&mut to, block, context, words),
            (None, Some(processes)) => processes.title(&mut to, words),
            (None, None) => {}
        }
        to
    }

    /// Writes the line above all blocks of a sample.
    fn record_line(&mut self, to: &mut String, facts: &Facts, moment: &Moment) {
        self.count += 1;
        let _ = write!(to, "\n### RECORD {:>4} >>> ", self.count);
        to.extend(facts.host.chars().flat_map(char::to_lowercase));
        let _ = write!(to, " <<< ({}", moment.seconds);
        moment.put_millis(to);
        to.push_str(") (");
        moment.put_long(to, self.millis);
        to.push_str(") ###\n");
    }
}

impl Processes {
    fn title(&self, to: &mut String, words: &str) {
        to.push('\n');
        process::text::title(&self.options, self.totals, to);
        process::text::columns(&self.options, words, to);
    }
}
