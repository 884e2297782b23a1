//! The kernel side of subjiffy, as bytes: the committed BPF object and the names in it.
//!
//! The object is built from `src/program` by `cargo xtask ebpf`; `cargo xtask ebpf --check` proves
//! that the committed bytes are what those sources give. Users need neither the BPF toolchain nor
//! a nightly compiler.
#![no_std]

#[repr(C, align(64))]
struct Aligned<B: ?Sized>(B);

static ALIGNED: &Aligned<[u8]> = &Aligned(*include_bytes!("../subjiffy.bpf.o"));

/// The BPF object, aligned as ELF readers want it. Copying the bytes loses the alignment.
pub static OBJECT: &[u8] = &ALIGNED.0;

/// Names of the programs in [`OBJECT`].
pub mod program {
    /// `tp_btf/sched_switch`: harvests the leaving thread, notes the coming one.
    pub const SCHED_SWITCH: &str = "subjiffy_switch";
    /// `tp_btf/sched_process_fork`: gives a new thread its slot.
    pub const PROCESS_FORK: &str = "subjiffy_fork";
    /// `tp_btf/sched_process_exec`: takes the new user and parent.
    pub const PROCESS_EXEC: &str = "subjiffy_exec";
    /// `tp_btf/task_rename`: takes the new command name.
    pub const TASK_RENAME: &str = "subjiffy_rename";
    /// `tp_btf/sched_switch`: does nothing; what the benchmark compares with.
    pub const EMPTY: &str = "subjiffy_empty";
    /// `raw_tp`: brings the CPUs' clocks up to date when it is run; never attached.
    pub const CLOCKS: &str = "subjiffy_clocks";
    /// `tp_btf/sock_send_length`: what sockets sent (Linux 6.3 and later).
    pub const SEND: &str = "subjiffy_send";
    /// `tp_btf/sock_recv_length`: what sockets received (Linux 6.3 and later).
    pub const RECEIVE: &str = "subjiffy_recv";
    /// `tp_btf/sock_send_length`, behind [`SEND`]: counts what that misses (Linux 7.0 and later).
    pub const SECOND_SEND: &str = "subjiffy_second_send";
    /// `tp_btf/sock_recv_length`, behind [`RECEIVE`].
    pub const SECOND_RECEIVE: &str = "subjiffy_second_receive";
    /// `tp_btf/inet_sock_set_state`, behind [`STATE`].
    pub const SECOND_STATE: &str = "subjiffy_second_state";
    /// `tp_btf/inet_sock_set_state`: TCP connections opened and accepted.
    pub const STATE: &str = "subjiffy_state";
    /// `tp_btf/tcp_retransmit_skb`: segments sent again.
    pub const RETRANSMIT: &str = "subjiffy_retransmit";
    /// `fexit`: what sockets sent and received, before Linux 6.3: program, function.
    pub const CALLS: [(&str, &str); 10] = [
        ("subjiffy_inet_sendmsg", "inet_sendmsg"),
        ("subjiffy_inet6_sendmsg", "inet6_sendmsg"),
        ("subjiffy_unix_stream_sendmsg", "unix_stream_sendmsg"),
        ("subjiffy_unix_dgram_sendmsg", "unix_dgram_sendmsg"),
        ("subjiffy_unix_seqpacket_sendmsg", "unix_seqpacket_sendmsg"),
        ("subjiffy_inet_recvmsg", "inet_recvmsg"),
        ("subjiffy_inet6_recvmsg", "inet6_recvmsg"),
        ("subjiffy_unix_stream_recvmsg", "unix_stream_recvmsg"),
        ("subjiffy_unix_dgram_recvmsg", "unix_dgram_recvmsg"),
        ("subjiffy_unix_seqpacket_recvmsg", "unix_seqpacket_recvmsg"),
    ];
    /// `fexit`: what is sent by `sendfile` and `splice`, before Linux 6.5.
    pub const INET_PAGES: (&str, &str) = ("subjiffy_inet_sendpage", "inet_sendpage");
    /// The same of unix sockets.
    pub const UNIX_PAGES: (&str, &str) = ("subjiffy_unix_stream_sendpage", "unix_stream_sendpage");
    /// `fexit`: what is spliced out of TCP sockets.
    pub const TCP_SPLICE: (&str, &str) = ("subjiffy_tcp_splice_read", "tcp_splice_read");
    /// The same of unix sockets.
    pub const UNIX_SPLICE: (&str, &str) = ("subjiffy_unix_splice_read", "unix_stream_splice_read");
    /// The same of MPTCP sockets, since Linux 7.0.
    pub const MPTCP_SPLICE: (&str, &str) = ("subjiffy_mptcp_splice_read", "mptcp_splice_read");
    /// `fexit`: TCP connections accepted.
    pub const ACCEPT: (&str, &str) = ("subjiffy_accept", "inet_csk_accept");
    /// The same where the function has four arguments.
    pub const ACCEPT_BEFORE_6_10: (&str, &str) = ("subjiffy_accept_before_6_10", "inet_csk_accept");
    /// `iter/task`: gives every thread that lived before us a slot.
    pub const CENSUS: &str = "subjiffy_census";
}

/// Names of the maps in [`OBJECT`].
pub mod map {
    /// Array of [`subjiffy_common::directory::Entry`].
    pub const DIRECTORY: &str = "DIRECTORY";
    /// Array of [`subjiffy_common::sched::Slot`], sixteen a chunk.
    pub const SLOTS: &str = "SLOTS";
    /// Array of [`subjiffy_common::directory::MarkGroup`].
    pub const MARKS: &str = "MARKS";
    /// Array of [`subjiffy_common::sched::Cpu`].
    pub const CPUS: &str = "CPUS";
    /// Ring buffer of [`subjiffy_common::sched::Slot`], of threads that are dead.
    pub const GRAVES: &str = "GRAVES";
    /// Array of [`subjiffy_common::net::NetSlot`], where the leaders' slots are.
    pub const NETS: &str = "NETS";
    /// Array of [`subjiffy_common::directory::MarkGroup`], of [`NETS`].
    pub const NET_MARKS: &str = "NET_MARKS";
    /// Ring buffer of [`subjiffy_common::net::NetSlot`], of processes that are dead.
    pub const NET_GRAVES: &str = "NET_GRAVES";
    /// Array of one [`subjiffy_common::net::NetLoss`].
    pub const NET_LOSS: &str = "NET_LOSS";
    /// Queue of free chunk numbers.
    pub const FREE_CHUNKS: &str = "FREE_CHUNKS";
}
