//! `subjiffy collectl`, also when it is started as `collectl`.

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use rustix::process::getppid;
use subjiffy_collectl::{
    options::{Options, Subsystem},
    process::Source,
    run::{Control, Observer, Parts, Run, show},
    switches::{self, Command, Env, HELP},
};
use tokio::runtime::Handle;

use super::daemon;

/// Makes what exact numbers of processes come from; it is asked for only if processes are wanted.
pub type Open<'a> = &'a dyn Fn() -> Result<Box<dyn Source>, String>;

/// The words behind the name, if this program was started to do what collectl does.
#[must_use]
pub fn words() -> Option<Vec<OsString>> {
    let mut words = env::args_os();
    let name = words.next().unwrap_or_default();
    let is_collectl = Path::new(&name).file_name() == Some(OsStr::new("collectl"));
    if is_collectl || words.next().is_some_and(|word| word == "collectl") {
        let behind = if is_collectl { 1 } else { 2 };
        return Some(env::args_os().skip(behind).collect());
    }
    None
}

/// What goes wrong on the way is told on standard error, unless nobody wants to hear it.
struct Told {
    quiet: bool,
}

impl Observer for Told {
    fn trouble(&self, text: &str) {
        if !self.quiet {
            eprintln!("collectl: {text}");
        }
    }
}

/// Does what the words say. `begin` gives who serves sockets, and makes a signal end the run.
///
/// # Errors
/// What is wrong, for standard error.
pub fn run(
    words: &[OsString],
    source: Open<'_>,
    begin: impl FnOnce(Arc<Control>) -> Result<Handle, String>,
) -> Result<(), String> {
    let command = switches::parse(words, &Env::here());
    let command = command.map_err(|error| format!("{error}\nsubjiffy collectl -h tells more"))?;
    let root = Path::new("/");
    let text = match command {
        Command::Run(options) => return take(options, source, begin),
        Command::Help => HELP.to_owned(),
        Command::Version => switches::version(env!("CARGO_PKG_VERSION")),
        Command::ShowColumnHeaders(options) => {
            show::column_headers(&options, root).map_err(|error| error.to_string())?
        }
        Command::ShowHeader(options) => {
            let zone = jiff::tz::TimeZone::system();
            show::header(&options, root, &zone).map_err(|error| error.to_string())?
        }
    };
    match io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.to_string()),
        _ => Ok(()),
    }
}

fn take(
    options: Options,
    source: Open<'_>,
    begin: impl FnOnce(Arc<Control>) -> Result<Handle, String>,
) -> Result<(), String> {
    let in_background = options.daemon;
    let is_daemon = in_background && daemon::is_daemon();
    if in_background && !is_daemon {
        return daemon::start();
    }
    let live = options.playback.is_empty();
    let source = match live && options.subsystems.has(Subsystem::Processes) {
        true => Some(source()?),
        false => None,
    };
    let control = Arc::<Control>::default();
    let told = Told {
        quiet: options.quiet,
    };
    let parts = Parts {
        root: "/".into(),
        zone: jiff::tz::TimeZone::system(),
        source,
        runtime: begin(Arc::clone(&control))?,
        parent: (!is_daemon).then_some(getppid),
        control,
    };
    let run = Run::open(options, parts).map_err(|error| error.to_string())?;
    for address in run.addresses() {
        tracing::debug!("listening on {address}");
    }
    if is_daemon {
        daemon::works().map_err(|error| error.to_string())?;
    }
    // Each way to end is an orderly one.
    run.go(&told).map(drop).map_err(|error| error.to_string())
}
