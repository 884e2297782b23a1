//! colmux itself with hosts that are addresses of a network of its own: a stand-in for ssh runs their
//! commands here and lets each connect from its own address.

use crate::collectl::{Program, Run};
use crate::netns::Net;
use crate::process::{Signal, install};
use rustix::process::{Pid, kill_process};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

/// Where colmux listens, and its first host; the second one.
pub const ADDRESSES: [&str; 2] = ["10.77.0.1", "10.77.0.2"];

/// Skips ssh's options and runs the command here. `-A` names colmux's address: the host connects to its
/// own one instead, where colmux listens as well, so that it comes from there.
const SSH: &str = r#"#!/bin/sh
while [ $# -gt 0 ]; do
    case "$1" in
        -o | -i | -p | -l) shift 2 ;;
        -*) shift ;;
        *) break ;;
    esac
done
host=${1##*@}
shift
exec sh -c "$(echo "$*" | sed "s/-A [0-9.]*:/-A $host:/")"
"#;

/// Two hosts and a place for colmux. On drop all that still runs there is ended.
pub struct Hosts {
    /// Their network.
    pub net: Net,
    /// Where colmux listens. At its end it ends whatever has this port on its command line, in other networks,
    /// too.
    port: u16,
    directory: tempfile::TempDir,
}

impl Hosts {
    /// # Panics
    /// Without root, colmux or iproute2.
    pub fn new() -> Self {
        let net = Net::loopback();
        for address in ADDRESSES {
            net.run(&format!("ip address add {address}/32 dev lo"));
        }
        static NEXT: AtomicU16 = AtomicU16::new(20_000);
        let hosts = Self {
            net,
            port: NEXT.fetch_add(1, Ordering::Relaxed),
            directory: tempfile::tempdir().expect("a directory"),
        };
        hosts.script("ssh", SSH);
        // colmux calls ssh by its path.
        let text = std::fs::read(find("colmux")).expect("colmux");
        let text = String::from_utf8_lossy(&text).into_owned();
        let ssh = hosts.path("ssh").display().to_string();
        let patched = text.replace("/usr/bin/ssh -o", &format!("{ssh} -o"));
        assert_ne!(text, patched, "colmux calls ssh in another way");
        std::fs::write(hosts.path("colmux"), patched).expect("a copy of colmux");
        hosts
    }

    /// A file of it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes a program.
    pub fn script(&self, name: &str, text: &str) -> PathBuf {
        let source = self.path(&format!("{name}.sh"));
        std::fs::write(&source, text).expect("a script");
        install(&source, &self.path(name));
        self.path(name)
    }

    /// Starts colmux with an agent's program on each host, and more words.
    pub fn colmux(&self, agent: &Path, words: &[&str]) -> Run {
        let mut command = self.net.command("perl".as_ref());
        command.arg(self.path("colmux"));
        let agent = agent.display().to_string();
        command.args(["-nocheck", "-noescape", "-retaddr", ADDRESSES[0], "-colbin"]);
        command.arg(agent).args(words);
        command.args(["-port", &self.port.to_string()]);
        // It wants to be told by the keyboard, and ends with it.
        command.stdin(Stdio::piped());
        Run::start(&mut command)
    }

    /// A program that is one of the two on each host, in the order of [`ADDRESSES`].
    pub fn mixed(&self, programs: [Program; 2]) -> PathBuf {
        let [first, second] = programs.map(|program| program.path().display().to_string());
        // The stand-in has put the host's address behind -A.
        self.script(
            "mixed",
            &format!(
                "#!/bin/sh\ncase \"$*\" in *{}:*) exec {second} \"$@\" ;; esac\nexec {first} \"$@\"\n",
                ADDRESSES[1]
            ),
        )
    }

    /// Processes that are in its network besides the one that holds it.
    pub fn inhabitants(&self) -> Vec<u32> {
        let Ok(place) = std::fs::read_link(self.net.path()) else {
            return Vec::new();
        };
        let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
        let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
        let there = |pid: &u32| {
            let its = std::fs::read_link(format!("/proc/{pid}/ns/net"));
            *pid != self.net.pid() && its.is_ok_and(|its| its == place)
        };
        pids.filter(there).collect()
    }

    /// Waits until all that ran there has ended by itself.
    ///
    /// # Panics
    /// When something does not.
    pub fn wait_until_empty(&self) {
        let end = Instant::now() + crate::collectl::PATIENCE;
        loop {
            let left = self.inhabitants();
            if left.is_empty() {
                return;
            }
            let names: Vec<_> = left.iter().map(|pid| command_line(*pid)).collect();
            assert!(Instant::now() < end, "still running: {names:#?}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn command_line(pid: u32) -> String {
    let bytes = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    String::from_utf8_lossy(&bytes).replace('\0', " ")
}

fn find(name: &str) -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut files = std::env::split_paths(&path).map(|dir| dir.join(name));
    files.find(|file| file.is_file()).expect(name)
}

impl Drop for Hosts {
    fn drop(&mut self) {
        for pid in self.inhabitants() {
            if let Some(pid) = i32::try_from(pid).ok().and_then(Pid::from_raw) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
    }
}

impl Default for Hosts {
    fn default() -> Self {
        Self::new()
    }
}
