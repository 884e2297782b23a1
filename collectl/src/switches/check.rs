//! What goes together, and the whole of it.

use super::{
    Error,
    collect::{Export, Said},
    intervals,
};
use crate::options::{
    Address, Files, HEADERS_EVERY, Headers, Options, Plot, Selection, Style, Subsystem, Subsystems,
};

/// Interrupts have plot columns only beside those of each CPU: they bring them, where collectl shows them in
/// playback alone and a time without values otherwise.
fn with_plotted_interrupts(style: Style, of: Subsystems) -> Subsystems {
    let interrupts = of.has(Subsystem::Interrupts) || of.has(Subsystem::InterruptDetail);
    let cpus = of.has(Subsystem::Cpu) || of.has(Subsystem::CpuDetail);
    match style {
        Style::Plot(_) if interrupts && !cpus => of.with(Subsystem::CpuDetail),
        _ => of,
    }
}

/// Checks all together.
pub(super) fn options(said: Said, words: String) -> Result<Options, Error> {
    let selection = selection(&said)?;
    let subsystems = selection.of(said.usual());
    if subsystems.is_empty() {
        return Err(Error::Together(
            "-s leaves nothing to show: name what you want, such as -scdn",
        ));
    }
    exclusions(&said)?;
    let style = style(&said, subsystems);
    let plots = said.plot;
    if matches!(style, Style::Plot(_)) && said.files.is_none() && !said.show_headers {
        let without = subsystems.without(Subsystem::Processes);
        if subsystems.has(Subsystem::Processes) && !without.is_empty() {
            return Err(Error::Together(
                "-P -sZ: a process is a line of its own columns: on the terminal and on sockets Z must be alone; with -f it has a file of its own",
            ));
        }
    }
    let subsystems = with_plotted_interrupts(style, subsystems);
    let (name, written) = said.interval.clone().unwrap_or_default();
    let lenient = said.show_headers || !said.playback.is_empty();
    let intervals = intervals::of(&name, written, subsystems, said.daemon, lenient)?;
    let headers = match (said.headers, plots) {
        (Some(headers), _) => headers,
        (None, true) => Headers::Once,
        (None, false) => Headers::Every(HEADERS_EVERY),
    };
    let address = match said.address {
        Some((_, Address::Listen { at, .. })) => Some(Address::Listen {
            at,
            prefix: said.prefix,
        }),
        other => other.map(|(_, address)| address),
    };
    Ok(Options {
        subsystems,
        selection,
        intervals,
        count: said.count,
        runtime: said.run_time,
        align: said.align.unwrap_or(said.daemon),
        style,
        plot: plot(&said.format, said.separator, said.utc),
        time: said.format.time(plots)?,
        headers,
        wide: said.wide,
        digits: said.format.digits,
        totals: said.format.totals,
        sizes: said.sizes,
        processes: said.processes,
        address,
        files: said.files.map(|path| Files {
            path,
            raw: said.raw_too || !plots,
            plot: plots,
            gzip: !said.format.plain_files,
            flush: said.flush,
            roll: said.roll,
        }),
        playback: said.playback,
        daemon: said.daemon,
        nohup: said.nohup || said.daemon,
        quiet: said.quiet,
        comment: said.comment,
        words,
    })
}

fn selection(said: &Said) -> Result<Selection, Error> {
    match (said.all, said.selection) {
        (false, selection) => Ok(selection),
        (true, Selection::Default) => Ok(Selection::These(Subsystems::SUMMARIES)),
        (true, _) => Err(Error::Together(
            "--all and -s exclude each other: name all that you want with -s",
        )),
    }
}

fn plot(format: &super::format::Format, separator: Option<char>, utc: bool) -> Plot {
    Plot {
        separator: separator.unwrap_or(' '),
        decimals: format.decimals.unwrap_or(0),
        utc: utc || format.utc,
    }
}

fn style(said: &Said, subsystems: Subsystems) -> Style {
    match said.export {
        Some(Export::Lexpr) => Style::Lexpr,
        Some(Export::Exact) => Style::Exact,
        None if said.plot => Style::Plot(plot(&said.format, said.separator, said.utc)),
        None if said.verbose || !subsystems.are_brief() => Style::Verbose,
        None => Style::Brief,
    }
}

/// Fails with the first rule that is broken.
fn exclusions(said: &Said) -> Result<(), Error> {
    let rules = [playback, outputs, formats, files];
    rules
        .iter()
        .flat_map(|rules| rules(said))
        .find(|rule| rule.0)
        .map_or(Ok(()), |rule| Err(Error::Together(rule.1)))
}

type Rules = Vec<(bool, &'static str)>;

fn playback(said: &Said) -> Rules {
    if said.playback.is_empty() {
        return Vec::new();
    }
    vec![
        (
            said.interval.is_some(),
            "-i and -p exclude each other: a recording has its own interval",
        ),
        (
            said.daemon,
            "-D and -p exclude each other: a playback comes to an end by itself",
        ),
        (
            said.flush.is_some(),
            "-F and -p exclude each other: -F is about what is recorded",
        ),
        (
            said.raw_too,
            "--rawtoo and -p exclude each other: the raw files are there already",
        ),
        (
            said.align == Some(true),
            "--align and -p exclude each other: a recording has its own times",
        ),
        (
            said.roll.is_some(),
            "-r and -p exclude each other: -r is about what is recorded",
        ),
        (
            said.run_time.is_some(),
            "-R and -p exclude each other: a playback comes to an end by itself; -c ends it sooner",
        ),
        (
            said.filters,
            "--procfilt and -p exclude each other: filter the lines with grep",
        ),
        (
            said.files.is_some() && !said.plot,
            "-p and -f: add -P, as only plot files can be made of a recording",
        ),
    ]
}

fn outputs(said: &Said) -> Rules {
    let address = said.address.as_ref().map(|(_, address)| address);
    let listens = matches!(address, Some(Address::Listen { .. }));
    vec![
        (
            said.prefix && address.is_none(),
            "--prefix is about lines on sockets: add -A server",
        ),
        (
            said.daemon && address.is_some() && !listens,
            "-D and -A HOST exclude each other: nobody would start it again when the other end is gone; -A server is possible",
        ),
        (
            said.daemon && address.is_none() && said.files.is_none(),
            "-D shows nothing on the terminal: add -f DIRECTORY or -A server",
        ),
        (
            said.count.is_some() && said.run_time.is_some(),
            "-c and -R exclude each other: both say when to end",
        ),
        (
            said.count.is_some() && said.roll.is_some(),
            "-c and -r exclude each other: with a number of samples there is nothing to roll",
        ),
        (
            said.roll.is_some() && said.run_time.is_some(),
            "-r and -R exclude each other: what ends after a time is not rolled",
        ),
        (
            said.show_headers && said.files.is_some(),
            "--showcolheaders and -f exclude each other: it only shows lines of text",
        ),
    ]
}

fn formats(said: &Said) -> Rules {
    vec![
        (
            said.plot && said.export.is_some() && said.files.is_none(),
            "-P and --export: lines are those of --export, and -P is about files: add -f DIRECTORY",
        ),
        (
            said.verbose && said.export.is_some(),
            "--verbose and --export exclude each other: both say how lines look",
        ),
        (
            said.verbose && said.plot,
            "--verbose and -P exclude each other: both say how lines look",
        ),
        (
            said.verbose && said.files.is_some() && said.address.is_none(),
            "--verbose and -f exclude each other: files are raw or plot files; -p shows them with --verbose",
        ),
        (
            (said.utc || said.format.utc) && !said.plot,
            "--utc and -oU are columns of plot lines: add -P",
        ),
        (
            said.utc && said.format.time.is_some(),
            "--utc is a time of its own: leave d, D and T out of -o",
        ),
        (
            said.separator.is_some() && !said.plot,
            "--sep separates fields of plot lines: add -P",
        ),
        (
            said.format.decimals.is_some() && !said.plot,
            "-o1 and -o2 are digits of plot lines: add -P",
        ),
        (
            said.format.plain_files && !said.plot,
            "-oz is about plot files, as raw files always are compressed: add -P",
        ),
    ]
}

fn files(said: &Said) -> Rules {
    vec![
        (
            said.raw_too && said.files.is_none(),
            "--rawtoo writes a raw file, too: add -f DIRECTORY",
        ),
        (
            said.raw_too && !said.plot && said.export.is_none(),
            "--rawtoo is for -P and --export: -f alone writes a raw file anyway",
        ),
        (
            said.roll.is_some() && said.files.is_none(),
            "-r begins new files: add -f DIRECTORY",
        ),
    ]
}
