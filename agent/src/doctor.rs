//! `subjiffy doctor`: what this kernel and these privileges allow, and why not.

use std::{
    fs,
    io::{self, Write},
};

use rustix::system::uname;
use serde::Serialize;

use crate::{
    collect::{collector, exact::Exact, network},
    kernel::{
        load::{BTF_PATH, HOOKS, LoadError},
        sockets::Sockets,
    },
    privilege::{self, Privileges},
    procfs::{Error, Reader, Root},
};

/// The whole finding.
#[derive(Debug, Serialize)]
pub struct Report {
    kernel: String,
    precision: &'static str,
    btf: Part,
    privileges: Privileges,
    hooks: Vec<Part>,
    sources: Vec<Part>,
    /// What to do, if anything.
    advice: Vec<String>,
}

/// One thing that works or not.
#[derive(Debug, Serialize)]
pub struct Part {
    name: String,
    state: State,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
}

/// How it is with a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It works.
    On,
    /// It is not used.
    Off,
    /// It was tried and failed.
    Failed,
    /// This kernel does not have it.
    Unsupported,
}

impl Part {
    fn on(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            state: State::On,
            reason: String::new(),
        }
    }

    fn not(name: impl Into<String>, state: State, reason: impl ToString) -> Self {
        Self {
            name: name.into(),
            state,
            reason: reason.to_string(),
        }
    }

    fn of<T>(name: &str, result: Result<T, Error>) -> Self {
        match result {
            Ok(_) => Self::on(name),
            Err(error) => Self::not(name, State::Failed, error),
        }
    }
}

/// Tries everything that a running agent would use.
#[must_use]
pub fn examine(root: &Root) -> Report {
    let privileges = Privileges::of_this_process();
    let mut sources = Vec::new();
    let (mut hooks, mut advice) = (Vec::new(), Vec::new());
    let mut precision = "jiffy";
    match Reader::open(root) {
        Err(error) => {
            sources.push(Part::not("source/procfs/processes", State::Failed, error));
            advice.push("mount /proc".to_owned());
        }
        Ok(mut reader) => {
            let sizes = collector::sizes(&mut reader);
            let exact = sizes.map(|sizes| Exact::start(sizes, true, &mut reader));
            match exact {
                Ok(Ok(exact)) => {
                    precision = "scheduler";
                    hooks.extend(HOOKS.iter().map(|(_, hook)| Part::on(*hook)));
                    sources.push(Part::on("source/ebpf/sched"));
                    sources.push(sockets(&exact.kernel().sockets, &mut hooks));
                    if !exact.kernel().has_run_delay {
                        advice.push("this kernel keeps no run delay: CONFIG_SCHED_INFO".into());
                    }
                }
                Ok(Err(error)) => {
                    hooks.extend(HOOKS.iter().map(|(_, hook)| failed_hook(hook, &error)));
                    sources.push(Part::not("source/ebpf/sched", State::Failed, &error));
                    let why = "not attached, as source/ebpf/sched is not";
                    sources.push(Part::not("source/ebpf/net", State::Off, why));
                    advice.push(privilege::advice(&error, &privileges));
                }
                Err(error) => sources.push(Part::not("source/ebpf/sched", State::Failed, error)),
            }
            sources.extend(proc_sources(&mut reader));
        }
    }
    Report {
        kernel: uname().release().to_string_lossy().into_owned(),
        precision,
        btf: btf(),
        privileges,
        hooks,
        sources,
        advice,
    }
}

/// The hooks on sockets: the source is on if bytes are counted, and says what is not seen.
fn sockets(sockets: &Sockets, hooks: &mut Vec<Part>) -> Part {
    hooks.extend(sockets.attached.iter().map(|hook| Part::on(hook.name)));
    let missing = sockets.missing.iter();
    hooks.extend(missing.map(|one| Part::not(one.name, State::Unsupported, &one.reason)));
    let unseen: Vec<_> = sockets.missing.iter().map(|one| one.unseen).collect();
    let reason = match unseen.as_slice() {
        [] => String::new(),
        unseen => format!("not seen: {}", unseen.join("; ")),
    };
    let state = if sockets.are_counted() {
        State::On
    } else {
        State::Unsupported
    };
    Part::not("source/ebpf/net", state, reason)
}

fn failed_hook(hook: &str, error: &LoadError) -> Part {
    match error.tracepoint() {
        Some(failed) if failed == hook => Part::not(hook, State::Failed, error),
        _ => Part::not(hook, State::Off, format!("not attached, because: {error}")),
    }
}

fn btf() -> Part {
    match fs::metadata(BTF_PATH) {
        Ok(_) => Part::on(BTF_PATH),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Part::not(
            BTF_PATH,
            State::Unsupported,
            "not there: the kernel is built without CONFIG_DEBUG_INFO_BTF, or /sys is masked",
        ),
        Err(error) => Part::not(BTF_PATH, State::Failed, error),
    }
}

fn proc_sources(reader: &mut Reader) -> Vec<Part> {
    vec![
        Part::of("source/procfs/kernel", reader.stat(&mut Default::default())),
        Part::of("source/procfs/memory", reader.meminfo()),
        Part::of("source/procfs/network", network::try_out(reader)),
        Part::of("source/procfs/disks", reader.disks()),
        Part::of(
            "source/procfs/processes",
            reader.pid_stat(std::process::id()),
        ),
    ]
}

/// Writes the report for people.
///
/// # Errors
/// What the writer says.
pub fn write_text(out: &mut impl Write, report: &Report) -> io::Result<()> {
    writeln!(out, "kernel      {}", report.kernel)?;
    writeln!(out, "privileges  {}", report.privileges)?;
    writeln!(
        out,
        "CPU time    by the {}",
        match report.precision {
            "scheduler" => "scheduler's own books, in nanoseconds",
            _ => "timer tick, in steps of 10 ms",
        }
    )?;
    line(out, "BTF", &report.btf)?;
    for hook in &report.hooks {
        line(out, "hook", hook)?;
    }
    for source in &report.sources {
        line(out, "source", source)?;
    }
    for advice in &report.advice {
        writeln!(out, "\n{advice}")?;
    }
    Ok(())
}

fn line(out: &mut impl Write, kind: &str, part: &Part) -> io::Result<()> {
    let state = format!("{:?}", part.state).to_lowercase();
    // The verifier's log is for --json.
    let reason = part.reason.lines().next().unwrap_or_default();
    let separator = if reason.is_empty() { "" } else { ": " };
    writeln!(
        out,
        "{kind:<7}  {state:<11} {}{separator}{reason}",
        part.name
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::procfs::testing::Tree;

    #[test]
    fn what_of_the_network_cannot_be_read_is_named() {
        let tree = Tree::new();
        let mut reader = tree.reader();
        let mut network = || {
            let parts = proc_sources(&mut reader);
            let part = parts
                .into_iter()
                .find(|part| part.name.ends_with("network"));
            part.map(|part| (part.state, part.reason)).unwrap()
        };
        let failed = |file: &str| (State::Failed, format!("self/net/{file}: not found"));
        assert_eq!(network(), failed("dev"));
        tree.file(
            "proc/self/net/dev",
            include_bytes!("procfs/fixtures/6.18/net_dev"),
        );
        assert_eq!(network(), failed("snmp"));
        tree.file(
            "proc/self/net/snmp",
            include_bytes!("procfs/fixtures/6.18/net_snmp"),
        );
        assert_eq!(network(), (State::On, String::new()), "without IPv6");
    }
}
