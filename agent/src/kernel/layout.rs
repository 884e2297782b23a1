//! Resolves, for the running kernel, the globals that the programs read their offsets from.

use super::{
    btf::{Btf, BtfError},
    sockets::OF_SOME_KERNELS,
};

/// Values for the globals of the object, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Name of the global and its value.
    pub globals: Vec<(&'static str, u64)>,
    /// Why sockets cannot be counted, if so.
    pub no_sockets: Option<BtfError>,
    /// Why programs must not be attached to the return of functions, if so.
    pub no_returns: Option<BtfError>,
    /// Functions that only some kernels have: those that this one has.
    pub functions: Vec<&'static str>,
    /// Arguments of `inet_csk_accept`: 4, since Linux 6.10 2.
    pub accept_arguments: usize,
}

/// A field: the global's name, the struct, and the paths it had over the kernels' history.
type Field = (
    &'static str,
    &'static str,
    &'static [&'static [&'static str]],
);

const REQUIRED: &[Field] = &[
    ("TASK_PID", "task_struct", &[&["pid"]]),
    ("TASK_TGID", "task_struct", &[&["tgid"]]),
    (
        "TASK_START_BOOTTIME",
        "task_struct",
        &[&["start_boottime"], &["real_start_time"]],
    ),
    ("TASK_RUN_NS", "task_struct", &[&["se", "sum_exec_runtime"]]),
    ("TASK_EXEC_START", "task_struct", &[&["se", "exec_start"]]),
    ("TASK_NVCSW", "task_struct", &[&["nvcsw"]]),
    ("TASK_NIVCSW", "task_struct", &[&["nivcsw"]]),
    ("TASK_UTIME", "task_struct", &[&["utime"]]),
    ("TASK_STIME", "task_struct", &[&["stime"]]),
    // Renamed in Linux 5.14.
    ("TASK_STATE", "task_struct", &[&["__state"], &["state"]]),
    ("TASK_COMM", "task_struct", &[&["comm"]]),
    ("TASK_REAL_PARENT", "task_struct", &[&["real_parent"]]),
    ("TASK_CRED", "task_struct", &[&["cred"]]),
    ("TASK_EXIT_CODE", "task_struct", &[&["exit_code"]]),
    ("TASK_FLAGS", "task_struct", &[&["flags"]]),
    ("TASK_SIGNAL", "task_struct", &[&["signal"]]),
    ("CRED_EUID", "cred", &[&["euid"]]),
    ("SIGNAL_RUN_NS", "signal_struct", &[&["sum_sched_runtime"]]),
    ("SIGNAL_UTIME", "signal_struct", &[&["utime"]]),
    ("SIGNAL_STIME", "signal_struct", &[&["stime"]]),
    ("SIGNAL_NVCSW", "signal_struct", &[&["nvcsw"]]),
    ("SIGNAL_NIVCSW", "signal_struct", &[&["nivcsw"]]),
    ("SIGNAL_THREADS", "signal_struct", &[&["nr_threads"]]),
];

/// All of them or none: they are absent without `CONFIG_FAIR_GROUP_SCHED`.
const RUN_QUEUE: &[Field] = &[
    ("TASK_CFS_RQ", "task_struct", &[&["se", "cfs_rq"]]),
    ("CFS_RQ_RQ", "cfs_rq", &[&["rq"]]),
    ("RQ_CPU", "rq", &[&["cpu"]]),
    ("RQ_CLOCK", "rq", &[&["clock"]]),
    ("RQ_CLOCK_TASK", "rq", &[&["clock_task"]]),
];

/// All of them or none: without them sockets are not counted.
const SOCKETS: &[Field] = &[
    ("SOCK_FAMILY", "sock", &[&["__sk_common", "skc_family"]]),
    // This and the next were bit fields before Linux 5.6.
    ("SOCK_PROTOCOL", "sock", &[&["sk_protocol"]]),
    ("SOCK_TYPE", "sock", &[&["sk_type"]]),
    ("SOCK_SOCKET", "sock", &[&["sk_socket"]]),
    ("SOCK_OWNED", "sock", &[&["sk_lock", "owned"]]),
    ("SOCKET_SK", "socket", &[&["sk"]]),
    ("TCP_TOTAL_RETRANS", "tcp_sock", &[&["total_retrans"]]),
];

/// Absent where the kernel is built without `CONFIG_SCHED_INFO`.
const OPTIONAL: &[Field] = &[
    (
        "TASK_RUN_DELAY",
        "task_struct",
        &[&["sched_info", "run_delay"]],
    ),
    (
        "TASK_RUN_COUNT",
        "task_struct",
        &[&["sched_info", "pcount"]],
    ),
];

const SECOND_HOOKS: &str = "SECOND_HOOKS";

impl Layout {
    /// Looks every field up.
    ///
    /// # Errors
    /// The first required field or tracepoint that this kernel does not have.
    pub fn resolve(btf: &Btf<'_>) -> Result<Self, BtfError> {
        let mut globals = Vec::with_capacity(REQUIRED.len() + OPTIONAL.len());
        for field in REQUIRED {
            globals.push((field.0, offset(btf, field)?));
        }
        for field in OPTIONAL {
            globals.push((field.0, offset(btf, field).unwrap_or(0)));
        }
        let _ = all_or_none(btf, RUN_QUEUE, &mut globals);
        let no_sockets = all_or_none(btf, SOCKETS, &mut globals).err();
        let has_storage = btf.arguments("bpf_sk_storage_get_tracing").is_ok();
        globals.push(("SOCKET_STORAGE", has_storage.into()));
        // Tracepoints are guarded by this, not by keeping the CPU, since Linux 7.0.
        let preempts = btf.has_typedef("class_srcu_fast_notrace_t");
        globals.push((SECOND_HOOKS, preempts.into()));
        let accept_arguments = btf.arguments("inet_csk_accept").unwrap_or(0);
        // Before this struct (Linux 5.12 and some later 5.10 and 5.11) the kernel frees the code
        // that a sleeping call returns to.
        let no_returns = btf.offset("bpf_tramp_image", &["image"]).err();
        let functions = OF_SOME_KERNELS.map(|((_, name), _)| name).into_iter();
        let functions = functions
            .filter(|name| btf.arguments(name).is_ok())
            .collect();
        check_switch(&btf.tracepoint("sched_switch")?)?;
        Ok(Self {
            globals,
            no_sockets,
            no_returns,
            functions,
            accept_arguments,
        })
    }

    /// Whether sockets can remember whose they are.
    #[must_use]
    pub fn has_socket_storage(&self) -> bool {
        self.value("SOCKET_STORAGE") != 0
    }

    /// Whether a task can be preempted in a hook, which the kernel skips for others then.
    #[must_use]
    pub fn has_second_hooks(&self) -> bool {
        self.value(SECOND_HOOKS) != 0
    }

    fn value(&self, name: &str) -> u64 {
        let found = self.globals.iter().find(|(one, _)| *one == name);
        found.map_or(0, |(_, value)| *value)
    }

    /// Whether the kernel keeps the time tasks wait for a CPU.
    #[must_use]
    pub fn has_run_delay(&self) -> bool {
        self.value("TASK_RUN_DELAY") != 0
    }
}

/// Adds the fields, or a 0 for each if one is not there.
fn all_or_none(
    btf: &Btf<'_>,
    fields: &[Field],
    globals: &mut Vec<(&'static str, u64)>,
) -> Result<(), BtfError> {
    let found: Result<Vec<_>, _> = fields
        .iter()
        .map(|field| Ok::<_, BtfError>((field.0, offset(btf, field)?)))
        .collect();
    match found {
        Ok(found) => globals.extend(found),
        Err(error) => {
            globals.extend(fields.iter().map(|field| (field.0, 0)));
            return Err(error);
        }
    }
    Ok(())
}

fn offset(btf: &Btf<'_>, (_, of, paths): &Field) -> Result<u64, BtfError> {
    let mut result = Err(BtfError::Missing((*of).to_owned()));
    for path in *paths {
        result = btf.offset(of, path);
        if result.is_ok() {
            break;
        }
    }
    result
}

/// The program takes its arguments by position: (preempt, prev, next), and since Linux 5.18
/// `prev_state` behind them. (Candidates of 5.18 had it in between; a program for those would be
/// another one.)
fn check_switch(arguments: &[Option<String>]) -> Result<(), BtfError> {
    let is_task = |index: usize| {
        arguments
            .get(index)
            .is_some_and(|name| name.as_deref() == Some("task_struct"))
    };
    if is_task(1) && is_task(2) {
        return Ok(());
    }
    Err(BtfError::Missing(
        "tracepoint sched_switch(preempt, prev, next)".to_owned(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_switch_must_pass_its_tasks_where_the_program_expects_them() {
        let task = || Some("task_struct".to_owned());
        assert_eq!(check_switch(&[None, task(), task()]), Ok(()));
        assert_eq!(check_switch(&[None, task(), task(), None]), Ok(()));
        assert!(check_switch(&[None, None, task(), task()]).is_err());
        assert!(check_switch(&[None, task()]).is_err());
    }

    #[test]
    fn this_kernel_has_every_required_field() {
        let Ok(bytes) = std::fs::read("/sys/kernel/btf/vmlinux") else {
            return;
        };
        let layout = Layout::resolve(&Btf::parse(&bytes).unwrap()).unwrap();
        assert!(
            layout
                .globals
                .iter()
                .all(|(name, value)| *value > 0 || name.contains("RUN_") || *name == SECOND_HOOKS)
        );
        assert_eq!(layout.no_sockets, None);
        assert_eq!(layout.no_returns, None);
        assert!(layout.has_socket_storage());
    }
}
