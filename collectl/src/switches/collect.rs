//! From single switches to what a run is to do.

use std::{
    ffi::{OsStr, OsString},
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    Env, Error, address, files,
    format::{self, Format},
    intervals, processes, subsystems,
    table::Switch,
    words::{Given, Value},
};
use crate::options::{Headers, Options, ProcessOptions, Roll, Selection, Subsystems};

/// What the switches say, each for itself; the last one of several counts.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub address: Option<(String, crate::options::Address)>,
    pub align: Option<bool>,
    pub all: bool,
    pub comment: Option<String>,
    pub count: Option<u64>,
    pub daemon: bool,
    pub export: Option<Export>,
    pub files: Option<PathBuf>,
    pub filters: bool,
    pub flush: Option<Duration>,
    pub format: Format,
    pub headers: Option<Headers>,
    pub interval: Option<(String, intervals::Written)>,
    pub nohup: bool,
    pub playback: Vec<PathBuf>,
    pub plot: bool,
    pub prefix: bool,
    pub processes: ProcessOptions,
    pub quiet: bool,
    pub raw_too: bool,
    pub roll: Option<Roll>,
    pub run_time: Option<Duration>,
    pub selection: Selection,
    pub separator: Option<char>,
    pub show_headers: bool,
    pub sizes: bool,
    pub utc: bool,
    pub verbose: bool,
    pub wide: bool,
}

/// `--export`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Export {
    Lexpr,
    Exact,
}

/// What collectl's own modules are called, and what there is instead.
const EXPORTS: [(&str, &str); 6] = [
    ("gexpr", GRAPHITE),
    ("graphite", GRAPHITE),
    ("statsd", GRAPHITE),
    ("vmstat", "-scm --verbose has the same numbers"),
    ("vmsum", "-scm --verbose has the same numbers"),
    (
        "hello",
        "it is an example; --export lexpr has names and values",
    ),
];
const GRAPHITE: &str = "--export lexpr has names and values for a program that sends them on";

impl Said {
    /// Takes one switch. Switches that only ask for information are none of them.
    pub fn take(&mut self, given: &Given, env: &Env<'_>) -> Result<(), Error> {
        let name = &given.name;
        let on = given.value == Value::Flag(true);
        match given.switch {
            Switch::Help | Switch::Version | Switch::ShowHeader => {}
            Switch::ShowColumnHeaders => self.show_headers = on,
            Switch::Align => self.align = Some(on),
            Switch::All => self.all = on,
            Switch::Daemon => self.daemon = on,
            Switch::Nohup => self.nohup = on,
            Switch::Plot => self.plot = on,
            Switch::Prefix => self.prefix = on,
            Switch::Quiet => self.quiet = on,
            Switch::RawToo => self.raw_too = on,
            Switch::Sizes => self.sizes = on,
            Switch::Utc => self.utc = on,
            Switch::Verbose => self.verbose = on,
            Switch::Wide => self.wide = on,
            Switch::Address => {
                let text = given.text()?;
                self.address = Some((name.clone(), address::parse(name, text)?));
            }
            Switch::Comment => self.comment = Some(one_line(name, given.text()?)?),
            Switch::Count => {
                self.count = match given.number() {
                    -1 => None,
                    count => Some(u64::try_from(count).map_err(|_| {
                        Error::value(name, &count.to_string(), "must be a number of samples")
                    })?),
                }
            }
            Switch::Export => self.export = Some(export(name, given.text()?)?),
            Switch::Files => self.files = Some(path(name, given.raw())?),
            Switch::Flush => {
                let seconds = given.number();
                let seconds = u32::try_from(seconds).map_err(|_| {
                    Error::value(
                        name,
                        &seconds.to_string(),
                        "must be a number of seconds; 0 is after every sample",
                    )
                })?;
                self.flush = Some(Duration::from_secs(seconds.into()));
            }
            Switch::Headers => self.headers = Some(format::headers(name, given.number())?),
            Switch::Interval => {
                let text = given.text()?;
                self.interval = Some((name.clone(), intervals::parse(name, text)?));
            }
            Switch::Options => self.format = format::options(name, given.text()?)?,
            Switch::Playback => self.playback = playback(name, given.raw(), env)?,
            Switch::ProcessFilter => {
                let text = given.text()?;
                // The real one takes a file's lines for it, too.
                let file = (env.read)(Path::new(text)).ok();
                let file = file
                    .filter(|_| !text.is_empty())
                    .map(|text| processes::joined(&text));
                self.processes.filters = processes::filters(name, file.as_deref().unwrap_or(text))?;
                self.filters = !self.processes.filters.is_empty();
            }
            Switch::ProcessOptions => {
                let mut options = ProcessOptions {
                    filters: std::mem::take(&mut self.processes.filters),
                    states: std::mem::take(&mut self.processes.states),
                    ..ProcessOptions::default()
                };
                processes::options(&mut options, name, given.text()?)?;
                self.processes = options;
            }
            Switch::ProcessStates => {
                self.processes.states = processes::states(name, given.text()?)?
            }
            Switch::Roll => self.roll = Some(files::roll(name, given.text()?)?),
            Switch::RunTime => self.run_time = Some(files::run_time(name, given.text()?)?),
            Switch::Separator => self.separator = Some(format::separator(name, given.text()?)?),
            Switch::Subsystems => self.selection = subsystems::parse(name, given.text()?)?,
        }
        Ok(())
    }

    /// What is shown or recorded unless `-s` says otherwise.
    pub fn usual(&self) -> Subsystems {
        if self.daemon {
            Subsystems::SUMMARIES
        } else {
            Options::default().subsystems
        }
    }
}

impl Given {
    fn raw(&self) -> &OsStr {
        match &self.value {
            Value::Text(text) => text,
            Value::Flag(_) | Value::Number(_) => OsStr::new(""),
        }
    }

    fn text(&self) -> Result<&str, Error> {
        let text = self.raw();
        text.to_str()
            .ok_or_else(|| Error::value(&self.name, &text.to_string_lossy(), "is not UTF-8"))
    }

    fn number(&self) -> i64 {
        match self.value {
            Value::Number(number) => number,
            Value::Flag(_) | Value::Text(_) => 0,
        }
    }
}

/// It becomes part of a header, line by line.
fn one_line(name: &str, text: &str) -> Result<String, Error> {
    if text.chars().any(char::is_control) {
        return Err(Error::value(
            name,
            text,
            "must be one line without control characters",
        ));
    }
    Ok(text.to_owned())
}

fn path(name: &str, text: &OsStr) -> Result<PathBuf, Error> {
    if text.is_empty() {
        return Err(Error::value(
            name,
            "",
            "must be a directory, or the beginning of files' names",
        ));
    }
    Ok(PathBuf::from(text))
}

fn export(name: &str, text: &str) -> Result<Export, Error> {
    let (module, options) = text.split_once(',').unwrap_or((text, ""));
    let module = module.strip_suffix(".ph").unwrap_or(module);
    let export = match module {
        "lexpr" => Export::Lexpr,
        "subjiffy" => Export::Exact,
        _ => {
            if let Some((_, instead)) = EXPORTS.iter().find(|other| other.0 == module) {
                return Err(Error::unsupported(format!("{name} {module}"), instead));
            }
            let problem = "is no form of output: they are lexpr (names and values) and subjiffy (JSON, a line a sample)";
            return Err(Error::value(name, text, problem));
        }
    };
    if !options.is_empty() {
        return Err(Error::unsupported(
            format!("{options:?} behind {name} {module}"),
            "use -s, -i and -A",
        ));
    }
    Ok(export)
}

/// Patterns separated by commas, as files.
fn playback(name: &str, text: &OsStr, env: &Env<'_>) -> Result<Vec<PathBuf>, Error> {
    let shown = text.to_string_lossy();
    let wrong = |problem: String| Error::value(name, &shown, problem);
    let mut files = Vec::new();
    for pattern in patterns(text, env) {
        let found = (env.find)(Path::new(&pattern));
        let found =
            found.map_err(|error| wrong(format!("{}: {error}", pattern.to_string_lossy())))?;
        if found.is_empty() {
            return Err(wrong("no file has such a name".into()));
        }
        files.extend(found);
    }
    if files.is_empty() {
        return Err(wrong(
            "must be a raw file, or a pattern in quotes such as '/var/log/collectl/*.raw.gz'"
                .into(),
        ));
    }
    Ok(files)
}

fn patterns(text: &OsStr, env: &Env<'_>) -> Vec<OsString> {
    let Some(text) = text.to_str() else {
        return vec![text.to_owned()];
    };
    let day = |date: jiff::civil::Date| date.strftime("%Y%m%d").to_string();
    let text = text.replace(
        "YESTERDAY",
        &day(env.today.yesterday().unwrap_or(env.today)),
    );
    let text = text.replace("TODAY", &day(env.today));
    let parts = text.split(',').map(|part| part.trim_matches(['\'', '"']));
    let parts = parts.filter(|part| !part.is_empty());
    parts.map(OsString::from).collect()
}
