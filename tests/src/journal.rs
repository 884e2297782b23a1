//! A stand-in for `journalctl`, found before the real one.

use crate::process;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

/// It understands what picks entries: `_PID=N`, a boot (`-b`, `--boot`, `_BOOT_ID=`), `--since`,
/// `-n`/`--lines` and `-r`/`--reverse`. Everything else is ignored. Of a word that stands for two
/// (`--since TIME`) both ways to write it are known.
const SCRIPT: &str = r#"#!/bin/sh
pid= boot= since=0 lines=1000000 order=cat
while [ $# -gt 0 ]; do
  case $1 in
    _PID=*) pid=${1#_PID=} ;;
    _BOOT_ID=*) boot=${1#_BOOT_ID=} ;;
    -b|--boot|-b0|--boot=0) boot=this ;;
    --since=*|-S*) since=${1#--since=}; since=${since#-S}; [ "$since" ] || { since=$2; shift; } ;;
    --since) since=$2; shift ;;
    --lines=*) lines=${1#--lines=} ;;
    -n|--lines) lines=$2; shift ;;
    -n*) lines=${1#-n} ;;
    -r|--reverse) order=tac ;;
  esac
  shift
done
[ "$since" = 0 ] || since=$(TZ=${TZ-} date -d "$since" +%s)
awk -v pid="$pid" -v boot="$boot" -v since="$since" -v this=@BOOT@ '
  BEGIN { if (boot == "this") boot = this }
  { split($0, field, "\t") }
  pid != "" && field[1] != "*" && field[1] != pid { next }
  boot != "" && field[2] != boot { next }
  field[3] / 1000000 < since { next }
  { gsub("@PID@", pid, field[4]); print field[4] }
' "@ENTRIES@" | tail -n "$lines" | $order
"#;

/// An entry of the journal.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Whose it is; `None`: of whoever is asked for.
    pub pid: Option<u32>,
    /// Whether it is of this boot.
    pub this_boot: bool,
    /// Unix time, microseconds.
    pub time_us: u64,
    /// As in syslog, 0 to 7.
    pub priority: u8,
    /// JSON of the message: a string, an array of bytes, null.
    pub message: String,
}

impl Entry {
    /// Of this boot, of anybody, an error, from now.
    pub fn new(message: &str) -> Self {
        let text = serde_json::Value::from(message);
        Self {
            pid: None,
            this_boot: true,
            time_us: now_us(),
            priority: 3,
            message: text.to_string(),
        }
    }
}

/// Unix time, microseconds.
pub fn now_us() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("a clock after 1970").as_micros() as u64
}

/// A folder with a `journalctl` in it; gone on drop.
pub struct Journal(tempfile::TempDir);

impl Journal {
    /// A journal with these entries, the oldest first.
    pub fn with(entries: &[Entry]) -> Self {
        let journal = Self(tempfile::tempdir().expect("a directory"));
        let list = journal.path().join("entries");
        let text: String = entries.iter().map(line).collect();
        fs::write(&list, text).expect("a file of entries");
        let script = SCRIPT.replace("@BOOT@", &boot());
        journal.install(&script.replace("@ENTRIES@", &list.to_string_lossy()));
        journal
    }

    /// One that says this on stderr and fails.
    pub fn failing(complaint: &str) -> Self {
        Self::script(&format!("echo '{complaint}' >&2\nexit 1"))
    }

    /// One that hangs for longer than any client waits.
    pub fn hanging() -> Self {
        Self::script("exec sleep 30")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn install(&self, script: &str) {
        let text = self.path().join("script");
        fs::write(&text, script).expect("a script");
        process::install(&text, &self.path().join("journalctl"));
    }

    /// One that is this shell script, to be found before the real one.
    pub fn script(script: &str) -> Self {
        let journal = Self(tempfile::tempdir().expect("a directory"));
        journal.install(&format!("#!/bin/sh\n{script}\n"));
        journal
    }

    /// Lets a command find it first.
    pub fn put_before(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut paths = vec![self.path().to_owned()];
        paths.extend(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(paths).expect("a PATH"));
    }

    /// Lets a command find no `journalctl` at all.
    pub fn hide(command: &mut Command) {
        command.env("PATH", "/nonexistent");
    }
}

/// Pid, boot, time and JSON, with tabs between: the JSON must not contain one.
fn line(entry: &Entry) -> String {
    let pid = entry.pid.map_or("*".to_owned(), |pid| pid.to_string());
    let whose = entry.pid.map_or("@PID@".to_owned(), |pid| pid.to_string());
    let boot = if entry.this_boot {
        boot()
    } else {
        "0".repeat(32)
    };
    let mut line = String::new();
    let _ = writeln!(
        line,
        "{pid}\t{boot}\t{time}\t{{\"__REALTIME_TIMESTAMP\":\"{time}\",\"_BOOT_ID\":\"{boot}\",\
         \"_PID\":\"{whose}\",\"PRIORITY\":\"{priority}\",\"MESSAGE\":{message},\
         \"_SYSTEMD_UNIT\":\"demo.service\",\"_COMM\":\"demo\",\"_UID\":\"0\",\"_GID\":\"0\"}}",
        time = entry.time_us,
        priority = entry.priority,
        message = entry.message,
    );
    line
}

fn boot() -> String {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().replace('-', "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stand_in_picks_by_pid_boot_and_time() {
        let mut entries = vec![Entry::new("one"), Entry::new("two"), Entry::new("three")];
        entries[0].this_boot = false;
        entries[1].pid = Some(7);
        entries[2].time_us -= 60_000_000;
        let journal = Journal::with(&entries);
        let messages = |words: &str| -> Vec<String> {
            let mut command = Command::new(journal.path().join("journalctl"));
            let output = command.args(words.split_whitespace()).output();
            let text = String::from_utf8(output.expect("a script").stdout).expect("UTF-8");
            let lines = text.lines().map(serde_json::from_str::<serde_json::Value>);
            lines
                .map(|line| {
                    line.expect("JSON")["MESSAGE"]
                        .as_str()
                        .expect("text")
                        .to_owned()
                })
                .collect()
        };
        assert_eq!(messages("-o json"), ["one", "two", "three"]);
        assert_eq!(messages("_PID=8 -r"), ["three", "one"]);
        assert_eq!(messages("-b -n1"), ["three"]);
        let since = entries[1].time_us / 1_000_000 - 1;
        assert_eq!(messages(&format!("--since @{since} -b")), ["two"]);
    }
}
