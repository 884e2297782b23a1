//! Plot lines: fields for plotting programs.
//!
//! On a terminal and on sockets a sample is one line; in files its parts are apart, each with a file of
//! its own that ends with [`Part::suffix`]. Processes have a line each.

mod details;
mod fields;
mod summary;

use std::sync::Arc;

use self::fields::Fields;
use super::{clock::Moment, context::Context, order::Order};
use crate::{
    options::{DateFormat, Options, Plot, Subsystem, Subsystems, TimeFormat},
    process::{self, Table},
};

/// What goes to a file of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// How its file's name ends, behind a point: `tab`, `cpu`, `dsk`, `net` or `prc`.
    pub suffix: &'static str,
    /// The line of names with its end; the same allocation as long as it says the same.
    pub header: Arc<str>,
    /// The lines of the sample, each with its end; empty if this sample has none.
    pub lines: String,
    kind: Kind,
    /// A separator before each.
    names: String,
    values: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Summary,
    Detail(Subsystem),
    Processes,
}

/// What names were made for.
type Shape = (usize, usize, usize);

/// What is shown. As collectl has it, interrupts that are played back bring each CPU with them if there is
/// nothing else of CPUs.
fn shown(options: &Options) -> Subsystems {
    let of = options.subsystems;
    let has = |one: Subsystem, other: Subsystem| of.has(one) || of.has(other);
    let interrupts = has(Subsystem::Interrupts, Subsystem::InterruptDetail);
    let cpus = has(Subsystem::Cpu, Subsystem::CpuDetail);
    if interrupts && !cpus && !options.playback.is_empty() {
        of.with(Subsystem::CpuDetail)
    } else {
        of
    }
}

/// Writes plot lines.
pub(super) struct Plotter {
    plot: Plot,
    time: TimeFormat,
    parts: Vec<Part>,
    order: Order,
    shape: Option<Shape>,
    rows: Option<process::text::Rows>,
    prefix: String,
}

impl Plotter {
    pub(super) fn new(options: &Options, plot: Plot) -> Self {
        let of = shown(options);
        let has_summary = of.iter().any(|one| !one.is_detail());
        let mut parts = Vec::new();
        let mut part = |is: bool, suffix, kind| {
            if is {
                parts.push(Part {
                    suffix,
                    header: Arc::from(""),
                    lines: String::new(),
                    kind,
                    names: String::new(),
                    values: String::new(),
                });
            }
        };
        part(has_summary, "tab", Kind::Summary);
        for (suffix, detail) in [
            ("cpu", Subsystem::CpuDetail),
            ("dsk", Subsystem::DiskDetail),
            ("net", Subsystem::NetworkDetail),
        ] {
            part(of.has(detail), suffix, Kind::Detail(detail));
        }
        let processes = of.has(Subsystem::Processes);
        part(processes, "prc", Kind::Processes);
        let mut plotter = Self {
            plot,
            time: options.time.unwrap_or(TimeFormat {
                date: DateFormat::Long,
                millis: false,
            }),
            parts,
            order: Order::keeping(),
            shape: None,
            rows: processes.then(|| process::text::Rows::of_plot(options, plot.separator)),
            prefix: String::new(),
        };
        plotter.name_processes(options);
        plotter
    }

    /// What goes to files.
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    fn name_processes(&mut self, options: &Options) {
        let separator = self.plot.separator;
        let start = self.start();
        let of_processes = |part: &&mut Part| part.kind == Kind::Processes;
        if let Some(part) = self.parts.iter_mut().find(of_processes) {
            part.names.push(separator);
            process::text::plot_columns(&options.processes, separator, &mut part.names);
            part.header = Arc::from(format!("{start}{}\n", part.names));
        }
    }

    /// How lines of names begin.
    fn start(&self) -> String {
        if self.plot.utc {
            "#UTC".to_owned()
        } else {
            format!("#Date{}Time", self.plot.separator)
        }
    }

    /// Writes the header of all that is one line, and that of processes before it.
    pub(super) fn header(&self, to: &mut String) {
        let processes = self.parts.iter().find(|part| part.kind == Kind::Processes);
        if let Some(processes) = processes {
            to.push_str(&processes.header);
        }
        // Names are not known before the first sample of the machine.
        if self.shape.is_none() || self.parts.len() == 1 && processes.is_some() {
            return;
        }
        to.push_str(&self.start());
        for part in &self.parts {
            if part.kind != Kind::Processes {
                to.push_str(&part.names);
            }
        }
        to.push('\n');
    }

    /// Takes a sample of the machine and writes its line; returns whether names are others than before.
    pub(super) fn machine(
        &mut self,
        to: &mut String,
        context: &Context<'_>,
        moment: &Moment,
    ) -> bool {
        let renamed = self.rename(context);
        self.set_prefix(moment);
        let mut any = false;
        let start = to.len();
        to.push_str(&self.prefix);
        for part in &mut self.parts {
            if part.kind == Kind::Processes {
                continue;
            }
            part.values.clear();
            part.lines.clear();
            let mut fields = Fields::new(&mut part.values, self.plot);
            match part.kind {
                Kind::Summary => summary::values(&mut fields, context),
                Kind::Detail(Subsystem::CpuDetail) => details::cpus(&mut fields, context),
                Kind::Detail(Subsystem::DiskDetail) => {
                    details::disks(&mut fields, context, self.order.disks());
                }
                _ => details::interfaces(&mut fields, context, self.order.interfaces()),
            }
            any |= !part.values.is_empty();
            to.push_str(&part.values);
            part.lines.push_str(&self.prefix);
            part.lines.push_str(&part.values);
            part.lines.push('\n');
        }
        if any {
            to.push('\n');
        } else {
            to.truncate(start);
        }
        renamed
    }

    /// Takes a sample of processes and writes its lines.
    pub(super) fn processes(&mut self, to: &mut String, table: &Table, moment: &Moment) {
        self.set_prefix(moment);
        self.prefix.push(self.plot.separator);
        let of_processes = |part: &&mut Part| part.kind == Kind::Processes;
        let part = self.parts.iter_mut().find(of_processes);
        if let Some((part, rows)) = part.zip(self.rows.as_mut()) {
            part.lines.clear();
            rows.write(table, &self.prefix, &mut part.lines);
            to.push_str(&part.lines);
        }
    }

    /// Forgets the lines of the sample before.
    pub(super) fn clear(&mut self) {
        for part in &mut self.parts {
            part.lines.clear();
        }
    }

    fn set_prefix(&mut self, moment: &Moment) {
        self.prefix.clear();
        if self.plot.utc {
            self.prefix.push_str(&moment.seconds.to_string());
            if self.time.millis {
                moment.put_millis(&mut self.prefix);
            }
            return;
        }
        moment.put_date(&mut self.prefix, self.time.date);
        self.prefix.push(self.plot.separator);
        moment.put_time(&mut self.prefix, self.time.millis);
    }

    /// Takes over new devices and makes names again if there are any, or more CPUs.
    fn rename(&mut self, context: &Context<'_>) -> bool {
        self.order.update(context.interval);
        let (disks, interfaces) = (self.order.disks().len(), self.order.interfaces().len());
        let shape = (context.cpus(), disks, interfaces);
        if self.shape == Some(shape) {
            return false;
        }
        self.shape = Some(shape);
        let start = self.start();
        for part in &mut self.parts {
            if part.kind == Kind::Processes {
                continue;
            }
            part.names.clear();
            let mut fields = Fields::new(&mut part.names, self.plot);
            match part.kind {
                Kind::Summary => summary::names(&mut fields, context),
                Kind::Detail(Subsystem::CpuDetail) => details::cpu_names(&mut fields, context),
                Kind::Detail(Subsystem::DiskDetail) => {
                    details::disk_names(&mut fields, self.order.disks());
                }
                _ => details::interface_names(&mut fields, self.order.interfaces()),
            }
            let header = format!("{start}{}\n", part.names);
            if *header != *part.header {
                part.header = Arc::from(header);
            }
        }
        true
    }
}
