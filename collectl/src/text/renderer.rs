//! The lines of each sample.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{
    brief,
    clock::{self, Moment},
    context::Context,
    exact,
    facts::Facts,
    lexpr,
    order::Order,
    plot::{Part, Plotter},
    scale::Form,
    verbose::Blocks,
};
use crate::{
    options::{Options, Style, Subsystem, Subsystems, TimeFormat},
    output::Lines,
    process::Table,
    record::Time,
    values::Interval,
};

/// Writes samples in the style of a run.
pub struct Renderer {
    look: Look,
    zone: TimeZone,
    style: Kind,
    order: Order,
    header: Arc<str>,
    /// The header as it would be now.
    next_header: String,
    body: String,
}

/// What is the same for all samples.
struct Look {
    facts: Facts,
    subsystems: Subsystems,
    form: Form,
    sizes: bool,
    totals: bool,
}

/// What is needed for a style.
enum Kind {
    Brief(Option<TimeFormat>),
    Verbose(Blocks),
    Plot(Plotter),
    /// Whether each sample has a line at its end, as on sockets.
    Lexpr(bool),
    Exact,
}

impl Look {
    fn context<'a>(&'a self, interval: &'a Interval, order: &'a Order) -> Context<'a> {
        Context {
            interval,
            online: interval.online(),
            facts: &self.facts,
            subsystems: self.subsystems,
            order,
            form: self.form,
            sizes: self.sizes,
            totals: self.totals,
        }
    }
}

impl Renderer {
    /// Lines for a run on the machine of `facts`. Times are those of the local zone.
    #[must_use]
    pub fn new(options: &Options, facts: Facts) -> Self {
        Self::in_zone(options, facts, TimeZone::system())
    }

    /// The same with times of a zone.
    #[must_use]
    pub fn in_zone(options: &Options, mut facts: Facts, zone: TimeZone) -> Self {
        // It may be from a recording, too.
        facts.host.retain(|one| !one.is_control());
        let details = options.subsystems.iter().any(Subsystem::is_detail);
        let style = match options.style {
            Style::Brief if !details => Kind::Brief(options.time),
            Style::Brief | Style::Verbose => Kind::Verbose(Blocks::new(options, &zone)),
            Style::Plot(plot) => Kind::Plot(Plotter::new(options, plot)),
            Style::Lexpr => Kind::Lexpr(options.address.is_some()),
            Style::Exact => Kind::Exact,
        };
        Self {
            look: Look {
                facts,
                subsystems: options.subsystems,
                form: Form::from(options),
                sizes: options.sizes,
                totals: options.totals,
            },
            zone,
            style,
            order: Order::default(),
            header: Arc::from(""),
            next_header: String::new(),
            body: String::new(),
        }
    }

    /// The lines of a sample: of the machine, of processes, or of both. The header is the same allocation
    /// as before as long as it says the same.
    pub fn render(&mut self, machine: Option<&Interval>, processes: Option<&Table>) -> Lines {
        self.body.clear();
        if let Some(time) = time_of(machine, processes) {
            let moment = Moment::of(time, &self.zone);
            self.sample(machine, processes, &moment);
        }
        if *self.next_header != *self.header {
            self.header = Arc::from(self.next_header.as_str());
        }
        Lines {
            header: Arc::clone(&self.header),
            body: Arc::from(self.body.as_str()),
        }
    }

    fn sample(&mut self, machine: Option<&Interval>, processes: Option<&Table>, moment: &Moment) {
        let (header, body) = (&mut self.next_header, &mut self.body);
        if let Some(machine) = machine {
            self.order.update(machine);
        }
        let context = machine.map(|machine| self.look.context(machine, &self.order));
        let context = context.as_ref();
        match &mut self.style {
            Kind::Brief(format) => {
                if let Some(context) = context {
                    header.clear();
                    brief::headers(header, context, clock::words(*format));
                    brief::line(body, context, moment, *format);
                }
            }
            Kind::Verbose(blocks) => {
                let facts = &self.look.facts;
                blocks.sample((header, body), facts, context, processes, moment);
            }
            Kind::Plot(plotter) => {
                plotter.clear();
                if let Some(table) = processes {
                    plotter.processes(body, table, moment);
                }
                let renamed = context.is_some_and(|context| plotter.machine(body, context, moment));
                if renamed || header.is_empty() {
                    header.clear();
                    plotter.header(header);
                }
            }
            Kind::Lexpr(ends) => {
                if let Some(context) = context {
                    lexpr::sample(body, context, moment);
                    body.push_str(if *ends { lexpr::END } else { "" });
                }
            }
            Kind::Exact => exact::sample(body, context, processes, &self.look.facts.host, moment),
        }
    }

    /// What goes to plot files, from the sample before; empty if the style is no plot.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        match &self.style {
            Kind::Plot(plotter) => plotter.parts(),
            _ => &[],
        }
    }

    /// The first header of a run.
    pub(super) fn first_header(mut self, machine: &Interval) -> String {
        let of = self.look.subsystems;
        if let Kind::Verbose(blocks) = &mut self.style {
            let moment = Moment::of(machine.time, &self.zone);
            let context = self.look.context(machine, &self.order);
            return blocks.first_header(&self.look.facts, &context, &moment);
        }
        let processes = Table::default();
        let table = of.has(Subsystem::Processes).then_some(&processes);
        self.render(Some(machine), table).header.to_string()
    }
}

/// The time of a sample; none if there is nothing.
fn time_of(machine: Option<&Interval>, processes: Option<&Table>) -> Option<Time> {
    let of_table = |table: &Table| Time {
        wall_ns: table.wall_ns,
        steady_ns: 0,
    };
    machine
        .map(|machine| machine.time)
        .or_else(|| processes.map(of_table))
}
