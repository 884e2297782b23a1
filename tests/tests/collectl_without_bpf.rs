//! Rows of processes where the exact books are not to be had.

use std::process::Command;
use subjiffy_tests::{build::binary, need};

/// Ticks alone say so, and the columns are the same.
#[test]
fn without_bpf_it_goes_on() {
    if !need::root() {
        return;
    }
    let mut command = Command::new("setpriv");
    command
        .args(["--bounding-set=-all", "--inh-caps=-all"])
        .arg(binary());
    command.args(["collectl", "-sZ", "-i:.3", "-c1", "--quiet"]);
    let out = command.output().expect("setpriv");
    assert!(
        out.status.success(),
        "{}",
        String::from_utf8_lossy(&out.stderr)
    );
    let told = String::from_utf8_lossy(&out.stderr);
    assert!(told.contains("CAP_BPF"), "{told}");
    let text = String::from_utf8_lossy(&out.stdout);
    assert!(text.contains("# PID  User     PR  PPID THRD S"), "{text}");
    let own = format!("{:>5} ", std::process::id());
    assert!(text.lines().any(|line| line.starts_with(&own)), "{text}");
}
