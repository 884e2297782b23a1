//! Network namespaces of the tests' own.

use crate::process::Owned;
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Whether the programs that this needs are there.
pub fn possible() -> bool {
    ["ip", "nsenter", "unshare"].iter().all(|program| {
        let mut command = Command::new(program);
        let output = command
            .arg("-V")
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        output.status().is_ok()
    })
}

/// Addresses of [`Net::pair`], IPv4 and IPv6.
pub const NEAR: [&str; 2] = ["10.77.0.1", "fd77::1"];
/// The same of the other end.
pub const FAR: [&str; 2] = ["10.77.0.2", "fd77::2"];

/// A namespace; it ends with the process that holds it.
pub struct Net(Owned);

impl Net {
    /// A new one with nothing but a loopback that is down.
    ///
    /// # Panics
    /// When it cannot be made, as it cannot without root.
    pub fn new() -> Self {
        let mut command = Command::new("unshare");
        command.args(["--net", "sleep", "600"]).stdin(Stdio::null());
        let net = Self(Owned(command.spawn().expect("unshare")));
        let end = Instant::now() + Duration::from_secs(10);
        let own = std::fs::read_link("/proc/self/ns/net").expect("this namespace");
        while std::fs::read_link(net.path()).is_ok_and(|other| other == own) {
            assert!(Instant::now() < end, "no namespace of its own");
            std::thread::sleep(Duration::from_millis(5));
        }
        net
    }

    /// Two that a cable connects: `eth0` has [`NEAR`] here and [`FAR`] there.
    pub fn pair() -> (Self, Self) {
        let (near, far) = (Self::new(), Self::new());
        near.run(&format!(
            "ip link add name eth0 type veth peer name eth0 netns {}",
            far.pid()
        ));
        for (net, [four, six]) in [(&near, NEAR), (&far, FAR)] {
            net.run(&format!(
                "ip link set lo up
                 ip address add {four}/24 dev eth0; ip address add {six}/64 dev eth0 nodad
                 ip link set eth0 up"
            ));
        }
        // Without this, the first packets of IPv6 may find no way.
        far.run(&format!(
            "for i in $(seq 100); do ip -6 route get {} && exit; sleep 0.1; done; exit 1",
            NEAR[1]
        ));
        (near, far)
    }

    /// The process that holds it.
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// The file that stands for it.
    pub fn path(&self) -> String {
        format!("/proc/{}/ns/net", self.pid())
    }

    /// A command that runs inside.
    pub fn command(&self, program: &std::ffi::OsStr) -> Command {
        let mut command = crate::agent::command("nsenter".as_ref());
        command.arg(format!("--net={}", self.path())).arg(program);
        command
    }

    /// Runs shell commands inside; says whether all went well.
    pub fn tries(&self, script: &str) -> bool {
        let mut command = self.command("sh".as_ref());
        command.args(["-ec", script]).stdout(Stdio::null());
        command
            .stderr(Stdio::null())
            .status()
            .expect("nsenter")
            .success()
    }

    /// Runs shell commands inside, which must go well.
    ///
    /// # Panics
    /// When one does not.
    pub fn run(&self, script: &str) {
        let output = self.command("sh".as_ref()).args(["-ec", script]).output();
        let output = output.expect("nsenter");
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}: {said}");
    }

    /// A new one in which programs can talk over the loopback interface.
    pub fn loopback() -> Self {
        let net = Self::new();
        net.run("ip link set lo up");
        net
    }

    /// Waits until somebody inside listens on this port of TCP.
    ///
    /// # Panics
    /// When nobody does.
    pub fn wait_for_listener(&self, port: u16) {
        let end = Instant::now() + Duration::from_secs(20);
        let local = format!(":{port:04X}");
        let listens = |line: &str| {
            let words: Vec<_> = line.split_whitespace().collect();
            words.len() > 3 && words[1].ends_with(&local) && words[3] == "0A"
        };
        loop {
            let file = format!("/proc/{}/net/tcp", self.pid());
            let text = std::fs::read_to_string(file).expect("net/tcp");
            if text.lines().any(listens) {
                return;
            }
            assert!(Instant::now() < end, "nobody listens on port {port}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Does something on a thread that is inside; sockets made there stay inside.
    ///
    /// # Panics
    /// When it does.
    pub fn inside<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let file = File::open(self.path()).expect("the namespace");
        std::thread::scope(|scope| {
            let thread = scope.spawn(move || {
                let kind = Some(LinkNameSpaceType::Network);
                move_into_link_name_space(file.as_fd(), kind).expect("setns");
                work()
            });
            thread.join().expect("the work inside")
        })
    }
}

/// Words for `load` when it runs at the near end of [`Net::pair`].
pub fn ends(far: &Net) -> [String; 6] {
    [
        "--near".into(),
        NEAR.join(","),
        "--far".into(),
        FAR.join(","),
        "--far-net".into(),
        far.path(),
    ]
}

impl Default for Net {
    fn default() -> Self {
        Self::new()
    }
}
