//! All switches of collectl: those that mean something here, and why the others do not.

/// A switch that means something here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Switch {
    Address,
    Align,
    All,
    Comment,
    Count,
    Daemon,
    Export,
    Files,
    Flush,
    Headers,
    Help,
    Interval,
    Nohup,
    Options,
    Playback,
    Plot,
    Prefix,
    ProcessFilter,
    ProcessOptions,
    ProcessStates,
    Quiet,
    RawToo,
    Roll,
    RunTime,
    Separator,
    ShowColumnHeaders,
    ShowHeader,
    Sizes,
    Subsystems,
    Utc,
    Verbose,
    Version,
    Wide,
}

/// What is behind a switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Takes {
    /// Nothing; `--no` before a name takes it back.
    Nothing,
    /// Anything.
    Text,
    /// A whole number: other letters may follow in the same word.
    Number,
}

/// A switch by all its names.
#[derive(Debug)]
pub(super) struct Known {
    /// One letter, or a long name.
    pub names: &'static [&'static str],
    pub takes: Takes,
    /// What it is, or what there is instead of it.
    pub means: Result<Switch, &'static str>,
}

const fn flag(names: &'static [&'static str], switch: Switch) -> Known {
    known(names, Takes::Nothing, Ok(switch))
}

const fn text(names: &'static [&'static str], switch: Switch) -> Known {
    known(names, Takes::Text, Ok(switch))
}

const fn number(names: &'static [&'static str], switch: Switch) -> Known {
    known(names, Takes::Number, Ok(switch))
}

const fn no_flag(names: &'static [&'static str], instead: &'static str) -> Known {
    known(names, Takes::Nothing, Err(instead))
}

const fn no_text(names: &'static [&'static str], instead: &'static str) -> Known {
    known(names, Takes::Text, Err(instead))
}

const fn known(
    names: &'static [&'static str],
    takes: Takes,
    means: Result<Switch, &'static str>,
) -> Known {
    Known {
        names,
        takes,
        means,
    }
}

const TOP: &str = "subjiffy top shows the busiest processes; --procopts z leaves out idle ones";
const SLABS: &str = "slabs are not shown one by one; -sm has their sum";
const ENVIRONMENT: &str = "sensors are not read here; the agent's own clients show temperatures";
const LUSTRE: &str = "Lustre is not read";
const DEVICES: &str =
    "all whole disks and real interfaces are shown; select lines of -sD and -sN with grep";
const CPUS: &str = "all CPUs are shown; select lines of -sC with grep";
const INTERRUPTS: &str = "all interrupts are shown; select lines of -sJ with grep";
const STATISTICS: &str = "play back with -p and -P and let the plotting program compute";
const TIMES: &str = "all of a recording is played back; each line with its time: -oT";
const LOGS: &str = "messages are on standard error";
const NO_CONFIGURATION: &str = "no collectl.conf is read; give its settings as switches";
const SEPARATE: &str =
    "processes and the rest are in one raw file, which -p of both programs reads";
const SOURCES: &str = "each subsystem is read in one way only";

/// All of them.
pub(super) const ALL: &[Known] = &[
    text(&["A", "address"], Switch::Address),
    flag(&["align"], Switch::Align),
    flag(&["all"], Switch::All),
    text(&["comment"], Switch::Comment),
    number(&["c", "count"], Switch::Count),
    flag(&["D", "daemon"], Switch::Daemon),
    text(&["export"], Switch::Export),
    text(&["f", "filename"], Switch::Files),
    number(&["F", "flush"], Switch::Flush),
    number(&["hr", "headerrepeat"], Switch::Headers),
    flag(&["h", "help"], Switch::Help),
    // Here help is one text.
    flag(&["x", "helpextend"], Switch::Help),
    flag(&["X", "helpall"], Switch::Help),
    flag(&["showsubsys"], Switch::Help),
    flag(&["showoptions"], Switch::Help),
    flag(&["showsubopts"], Switch::Help),
    text(&["i", "interval"], Switch::Interval),
    flag(&["nohup"], Switch::Nohup),
    text(&["o", "options"], Switch::Options),
    text(&["p", "playback"], Switch::Playback),
    flag(&["P", "plot"], Switch::Plot),
    flag(&["prefix"], Switch::Prefix),
    text(&["procfilt"], Switch::ProcessFilter),
    text(&["procopts"], Switch::ProcessOptions),
    text(&["procstate"], Switch::ProcessStates),
    flag(&["quiet"], Switch::Quiet),
    flag(&["rawtoo"], Switch::RawToo),
    text(&["r", "rolllogs"], Switch::Roll),
    text(&["R", "runtime"], Switch::RunTime),
    text(&["sep"], Switch::Separator),
    flag(&["showcolheaders"], Switch::ShowColumnHeaders),
    flag(&["showheader"], Switch::ShowHeader),
    flag(&["iosize"], Switch::Sizes),
    text(&["s", "subsys"], Switch::Subsystems),
    flag(&["utc"], Switch::Utc),
    flag(&["verbose"], Switch::Verbose),
    flag(&["v", "version"], Switch::Version),
    flag(&["w", "wide"], Switch::Wide),
    // What is not done.
    no_flag(&["ALL"], "name what you want, such as -scdnmCDNZ"),
    no_text(&["C", "config"], NO_CONFIGURATION),
    no_text(&["cpufilt"], CPUS),
    no_text(&["cpuopts"], CPUS),
    no_text(
        &["d", "debug"],
        "RUST_LOG=debug in the environment tells more",
    ),
    no_text(&["dskfilt"], DEVICES),
    no_text(
        &["dskopts"],
        "--iosize shows mean sizes; all disks are shown",
    ),
    no_text(&["dskremap"], DEVICES),
    no_flag(&["envdebug"], ENVIRONMENT),
    no_text(&["envfilt"], ENVIRONMENT),
    no_text(&["envopts"], ENVIRONMENT),
    no_text(&["envremap"], ENVIRONMENT),
    no_text(&["envrules"], ENVIRONMENT),
    no_text(&["envtest"], ENVIRONMENT),
    no_text(
        &["extract"],
        "a raw file is text: take the part that you want out of zcat's output",
    ),
    no_text(&["from"], TIMES),
    no_flag(
        &["full"],
        "--verbose shows the same without a record line when there is one subsystem",
    ),
    no_flag(&["G", "group", "tworaw"], SEPARATE),
    no_text(&["grep"], "a raw file is text: zgrep"),
    no_flag(&["home"], "subjiffy top shows a full screen"),
    no_text(
        &["import"],
        "modules in Perl cannot be run; --export subjiffy has more numbers",
    ),
    no_text(&["intfilt"], INTERRUPTS),
    no_text(&["l", "limits"], "filter the lines of -sD with awk"),
    no_text(&["L", "lustsvcs"], LUSTRE),
    no_text(&["lustopts"], LUSTRE),
    no_text(
        &["memopts"],
        "-sm shows what is in /proc/meminfo and the rates of paging",
    ),
    no_flag(&["m", "messages"], LOGS),
    no_text(&["netfilt"], DEVICES),
    no_text(
        &["netopts"],
        "--iosize shows mean sizes; -sN has the errors of each interface",
    ),
    no_text(&["nfsfilt"], "-sf has the sums of all versions"),
    no_text(&["nfsopts"], "-sf has the sums of all versions"),
    no_flag(&["N", "nice"], "start it with nice"),
    no_text(&["offsettime"], "times are shown as they were recorded"),
    no_text(&["passwd"], "users are those of /etc/passwd"),
    no_text(&["pname"], "any number of them may run at the same time"),
    no_flag(&["procanalyze"], STATISTICS),
    no_text(&["rawdskfilter"], DEVICES),
    no_text(&["rawdskignore"], DEVICES),
    no_text(&["rawnetfilter"], DEVICES),
    no_text(&["rawnetignore"], DEVICES),
    no_text(&["runas"], "start it as the user who shall own the files"),
    no_flag(&["V", "showdefs"], "-h names the defaults"),
    no_flag(&["showrootslabs"], SLABS),
    no_flag(&["showslabaliases"], SLABS),
    no_flag(&["showtopopts"], TOP),
    no_flag(&["slabanalyze"], SLABS),
    no_text(&["slabfilt"], SLABS),
    no_text(&["slabopts"], SLABS),
    no_flag(&["stats"], STATISTICS),
    no_text(&["statopts"], STATISTICS),
    no_flag(&["sumstat"], STATISTICS),
    no_text(&["tcpfilt"], SOURCES),
    no_text(&["thru"], TIMES),
    no_text(&["top"], TOP),
    no_text(&["umask"], "call umask before"),
    no_text(
        &["utime"],
        "the agent's own samples tell how late and how long they were",
    ),
    no_flag(&["vmstat"], "-scm --verbose has the same numbers"),
    no_flag(&["whatsnew"], "see the changes of subjiffy"),
    no_text(
        &["xopts"],
        "InfiniBand is not read apart: its interfaces are in -sn",
    ),
];

/// The one of a letter.
pub(super) fn of_letter(letter: char) -> Option<&'static Known> {
    let mut buffer = [0; 4];
    let name: &str = letter.encode_utf8(&mut buffer);
    ALL.iter().find(|known| known.names.contains(&name))
}

/// Those whose names begin so, with these names; only one if it is a whole name.
pub(super) fn of_beginning(word: &str) -> Vec<(&'static str, &'static Known)> {
    let names = || {
        ALL.iter()
            .flat_map(|known| known.names.iter().map(move |&name| (name, known)))
    };
    if let Some(whole) = names().find(|(name, _)| *name == word) {
        return vec![whole];
    }
    let long = names().filter(|(name, _)| name.len() > 1);
    long.filter(|(name, _)| name.starts_with(word)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_name_is_there_twice() {
        let mut seen = BTreeSet::new();
        for name in ALL.iter().flat_map(|known| known.names) {
            assert!(seen.insert(name), "{name}");
            assert!(!name.is_empty() && name.is_ascii());
        }
    }
}
