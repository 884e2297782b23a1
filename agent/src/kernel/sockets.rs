//! The hooks on sockets. Which there are depends on the kernel; the CPU's books need none of them.

use aya::{Btf, Ebpf, programs::Program};
use subjiffy_ebpf::program;

use super::{
    layout::Layout,
    load::{AnyError, Hook, attach, attach_to_return, reason},
};

/// Tracepoints on every call that sends or receives (Linux 6.3).
const CALLS: [(&str, &str); 2] = [
    (program::SEND, "sock_send_length"),
    (program::RECEIVE, "sock_recv_length"),
];

/// Those that run behind others, where there are such.
const SECOND_HOOKS: [(&str, &str); 3] = [
    (program::SECOND_SEND, "sock_send_length"),
    (program::SECOND_RECEIVE, "sock_recv_length"),
    (program::SECOND_STATE, "inet_sock_set_state"),
];

/// Functions that only some kernels have, and what is not seen without a hook on them.
pub(super) const OF_SOME_KERNELS: [((&str, &str), &str); 5] = [
    (
        program::INET_PAGES,
        "sendfile and splice into TCP and UDP sockets",
    ),
    (program::UNIX_PAGES, "sendfile and splice into unix sockets"),
    (program::TCP_SPLICE, "splice out of TCP sockets"),
    (program::UNIX_SPLICE, "splice out of unix sockets"),
    (program::MPTCP_SPLICE, "splice out of MPTCP sockets"),
];

const NO_CALLS: &str = "no bytes of processes";

/// What is attached and what is not.
#[derive(Debug, Default)]
pub struct Sockets {
    /// The hooks that are attached.
    pub attached: Vec<Hook>,
    /// Those that run behind some of them.
    second: Vec<Hook>,
    /// Those that are not.
    pub missing: Vec<Missing>,
}

/// A hook that is not attached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Name of the tracepoint or function.
    pub name: &'static str,
    /// What is not seen without it.
    pub unseen: &'static str,
    /// Why it is not there.
    pub reason: String,
}

impl Sockets {
    /// Attaches what the kernel allows.
    #[must_use]
    pub(super) fn attach(ebpf: &mut Ebpf, btf: &Btf, layout: &Layout) -> Self {
        let mut sockets = Self::default();
        if let Some(error) = &layout.no_sockets {
            sockets.miss(CALLS[0].1, NO_CALLS, error.to_string());
            return sockets;
        }
        let mut returns = Returns { ebpf, btf, layout };
        if !sockets.attach_calls(&mut returns) {
            return sockets;
        }
        let mut tracepoint = |(name, at), unseen| {
            let result = attach(returns.ebpf, name, at, btf);
            sockets.note((name, at), unseen, result);
        };
        tracepoint(
            (program::STATE, "inet_sock_set_state"),
            "TCP connections opened",
        );
        let retransmits = "segments sent again, by process";
        if layout.has_socket_storage() {
            tracepoint((program::RETRANSMIT, "tcp_retransmit_skb"), retransmits);
        } else {
            let reason = "sockets cannot remember their process before Linux 5.11";
            sockets.miss("tcp_retransmit_skb", retransmits, reason.into());
        }
        if layout.has_second_hooks() {
            for (name, at) in SECOND_HOOKS {
                match attach(returns.ebpf, name, at, btf) {
                    Ok(fd) => sockets.second.push(hook((name, at), fd)),
                    Err(error) => {
                        let unseen = "what others do while a task is preempted in the hook";
                        sockets.miss(at, unseen, text(&error));
                    }
                }
            }
        }
        let accepts = if layout.has_socket_storage() {
            "TCP connections accepted count when their process first sends, receives or closes"
        } else {
            "TCP connections accepted"
        };
        let accept = match layout.accept_arguments {
            4 => program::ACCEPT_BEFORE_6_10,
            _ => program::ACCEPT,
        };
        let result = returns.attach(accept);
        sockets.note(accept, accepts, result);
        for (hook, unseen) in OF_SOME_KERNELS {
            // What this kernel does not have it does not need.
            if layout.functions.contains(&hook.1) {
                let result = returns.attach(hook);
                sockets.note(hook, unseen, result);
            }
        }
        sockets
    }

    /// By tracepoints or, before Linux 6.3, at the return of the functions behind the calls. All of
    /// either or nothing: half of them would count half of the bytes, both would count twice.
    fn attach_calls(&mut self, returns: &mut Returns<'_>) -> bool {
        let (ebpf, btf) = (&mut *returns.ebpf, returns.btf);
        let tracepoints = self.attach_all(&CALLS, |(name, at)| attach(ebpf, name, at, btf));
        let Err((_, error)) = tracepoints else {
            return true;
        };
        self.detach(returns.ebpf);
        let no_tracepoint = text(&error);
        let functions = self.attach_all(&program::CALLS, |hook| returns.attach(hook));
        let Err((function, error)) = functions else {
            return true;
        };
        self.detach(returns.ebpf);
        let reason = format!("{no_tracepoint}; {function}: {}", text(&error));
        self.miss(CALLS[0].1, NO_CALLS, reason);
        false
    }

    /// Stops at the first that fails and tells its name.
    fn attach_all(
        &mut self,
        hooks: &[(&'static str, &'static str)],
        mut attach: impl FnMut((&str, &str)) -> Result<i32, AnyError>,
    ) -> Result<(), (&'static str, AnyError)> {
        for &names in hooks {
            let fd = attach(names).map_err(|error| (names.1, error))?;
            self.attached.push(hook(names, fd));
        }
        Ok(())
    }

    /// Takes all of them off again.
    pub(super) fn detach(&mut self, ebpf: &mut Ebpf) {
        for hook in self.second.drain(..).chain(self.attached.drain(..)) {
            // One that is not loaded is what we want.
            let _ = match ebpf.program_mut(hook.program) {
                Some(Program::BtfTracePoint(program)) => program.unload(),
                Some(Program::FExit(program)) => program.unload(),
                _ => Ok(()),
            };
        }
    }

    /// Whether the bytes of every call are counted.
    #[must_use]
    pub fn are_counted(&self) -> bool {
        !self.attached.is_empty()
    }

    /// Why they are not, if they should be.
    #[must_use]
    pub fn why_not(&self) -> Option<&str> {
        let calls = self.missing.iter().find(|one| one.unseen == NO_CALLS);
        calls.map(|one| one.reason.as_str())
    }

    fn note(
        &mut self,
        names: (&'static str, &'static str),
        unseen: &'static str,
        result: Result<i32, AnyError>,
    ) {
        match result {
            Ok(fd) => self.attached.push(hook(names, fd)),
            Err(error) => self.miss(names.1, unseen, text(&error)),
        }
    }

    fn miss(&mut self, name: &'static str, unseen: &'static str, reason: String) {
        self.missing.push(Missing {
            name,
            unseen,
            reason,
        });
    }
}

/// Attaches to the return of functions.
struct Returns<'a> {
    ebpf: &'a mut Ebpf,
    btf: &'a Btf,
    layout: &'a Layout,
}

impl Returns<'_> {
    /// A program and its function.
    fn attach(&mut self, (name, function): (&str, &str)) -> Result<i32, AnyError> {
        match &self.layout.no_returns {
            Some(error) => Err(error.clone().into()),
            None => attach_to_return(self.ebpf, name, function, self.btf),
        }
    }
}

fn hook((program, name): (&'static str, &'static str), fd: i32) -> Hook {
    Hook { name, program, fd }
}

fn text(error: &AnyError) -> String {
    reason(&**error).0
}
