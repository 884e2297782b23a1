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

const NO_CALLS: &str = "no bytes of processes";

/// What is attached and what is not.
#[derive(Debug, Default)]
pub struct Sockets {
    /// The hooks that are attached.
    pub attached: Vec<Hook>,
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
    pub fn attach(ebpf: &mut Ebpf, btf: &Btf, layout: &Layout) -> Self {
        let mut sockets = Self::default();
        if let Some(error) = &layout.no_sockets {
            sockets.miss(CALLS[0].1, NO_CALLS, error.to_string());
            return sockets;
        }
        if !sockets.attach_calls(ebpf, btf) {
            sockets.detach(ebpf);
            return sockets;
        }
        let mut tracepoint = |(name, at), unseen| {
            let result = attach(ebpf, name, at, btf);
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
        let accepts = if layout.has_socket_storage() {
            "TCP connections accepted count when their process first sends, receives or closes"
        } else {
            "TCP connections accepted"
        };
        for (hook, unseen) in [
            (program::TCP_SPLICE, "splice out of TCP sockets"),
            (program::UNIX_SPLICE, "splice out of unix sockets"),
            (program::ACCEPT, accepts),
        ] {
            let result = attach_to_return(ebpf, hook.0, hook.1, btf);
            sockets.note(hook, unseen, result);
        }
        sockets
    }

    /// By tracepoints or, before Linux 6.3, at the return of the functions behind the calls.
    fn attach_calls(&mut self, ebpf: &mut Ebpf, btf: &Btf) -> bool {
        for (name, tracepoint) in CALLS {
            match attach(ebpf, name, tracepoint, btf) {
                Ok(fd) => self.attached.push(Hook {
                    name: tracepoint,
                    program: name,
                    fd,
                }),
                Err(error) => {
                    let reason = text(&error);
                    return self.attach_functions(ebpf, btf, reason);
                }
            }
        }
        true
    }

    fn attach_functions(&mut self, ebpf: &mut Ebpf, btf: &Btf, no_tracepoint: String) -> bool {
        for (name, function) in program::CALLS {
            match attach_to_return(ebpf, name, function, btf) {
                Ok(fd) => self.attached.push(Hook {
                    name: function,
                    program: name,
                    fd,
                }),
                Err(error) => {
                    let reason = format!("{no_tracepoint}; {function}: {}", text(&error));
                    self.miss(CALLS[0].1, NO_CALLS, reason);
                    return false;
                }
            }
        }
        true
    }

    /// Takes all of them off again.
    pub(super) fn detach(&mut self, ebpf: &mut Ebpf) {
        for hook in self.attached.drain(..) {
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

    fn note(
        &mut self,
        (program, name): (&'static str, &'static str),
        unseen: &'static str,
        result: Result<i32, AnyError>,
    ) {
        match result {
            Ok(fd) => self.attached.push(Hook { name, program, fd }),
            Err(error) => {
                let reason = text(&error);
                self.miss(name, unseen, reason);
            }
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

fn text(error: &AnyError) -> String {
    reason(&**error).0
}
