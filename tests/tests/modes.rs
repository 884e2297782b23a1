//! What cannot be had is a message and a lesser precision, never a crash.

use std::fs::{Permissions, set_permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use subjiffy_tests::agent::{Ended, Top, command, run, to_the_end};
use subjiffy_tests::build::binary;
use subjiffy_tests::load::Load;
use subjiffy_tests::process::{Signal, install};
use subjiffy_tests::sample::Sample;
use subjiffy_tests::server::Server;
use subjiffy_tests::{need, truth, window};

const LOAD: &str = env!("CARGO_BIN_EXE_load");
const NOBODY: u32 = 65_534;
const TWO_SAMPLES: [&str; 6] = ["top", "--json", "-i", "100ms", "-n", "2"];

#[test]
fn without_privileges_it_says_in_one_line_what_is_missing_and_counts_jiffies() {
    if !need::root() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let program = open_to_everyone(directory.path());
    let ended = to_the_end(as_nobody(&program).args(TWO_SAMPLES));
    samples_of(&ended, "jiffy");
    one_line_that_helps(&ended.stderr);

    let mut top = Top::spawn(as_nobody(&program).args(&TWO_SAMPLES[..4]));
    a_spinning_process_is_seen(&mut top);
    one_line_that_helps(&top.stop(Signal::TERM).stderr);
}

#[test]
fn without_privileges_the_server_runs_too() {
    if !need::root() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let program = open_to_everyone(directory.path());
    let server = Server::spawn(as_nobody(&program).args(["--listen", "127.0.0.1:0"]));
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    assert!(helps(&ended.stderr), "no help in: {}", ended.stderr);
}

#[test]
fn bpf_can_be_switched_off() {
    let ended = run("top --json -i 100ms -n 2 --no-bpf");
    samples_of(&ended, "jiffy");
    assert_eq!(
        ended.stderr, "",
        "stderr of an agent that does as it is told"
    );
    let mut top = Top::start("-i 100ms --no-bpf");
    a_spinning_process_is_seen(&mut top);
}

#[test]
fn a_kernel_without_btf_gets_a_message_and_jiffies() {
    let masked = "mount -t tmpfs none /sys/kernel/btf";
    if let Some(ended) = in_a_world_of_its_own(masked) {
        samples_of(&ended, "jiffy");
        let said = ended.stderr.to_lowercase();
        assert!(said.contains("btf"), "no word of BTF in: {}", ended.stderr);
    }
}

#[test]
fn a_masked_sys_gets_a_message_and_jiffies() {
    if let Some(ended) = in_a_world_of_its_own("mount -t tmpfs none /sys") {
        samples_of(&ended, "jiffy");
        assert!(!ended.stderr.trim().is_empty(), "no message");
    }
}

#[test]
fn a_read_only_proc_changes_nothing() {
    let remount = "mount --bind /proc /proc && mount -o remount,bind,ro /proc";
    if let Some(ended) = in_a_world_of_its_own(remount) {
        samples_of(&ended, if need::bpf() { "scheduler" } else { "jiffy" });
    }
}

/// Runs two samples in a mount namespace that was prepared by a shell command.
fn in_a_world_of_its_own(prepare: &str) -> Option<Ended> {
    if !need::root() {
        return None;
    }
    let binary = binary();
    let mut unshare = command("unshare".as_ref());
    unshare.args(["--mount", "--propagation", "private", "sh", "-c"]);
    unshare.arg(format!("{prepare} && exec \"$@\"")).arg("sh");
    Some(to_the_end(unshare.arg(binary).args(TWO_SAMPLES)))
}

fn as_nobody(program: &Path) -> Command {
    let mut command = command(program.as_os_str());
    command.uid(NOBODY).gid(NOBODY).current_dir("/");
    // A home that the user may not read is none of the agent's business.
    command.env_remove("HOME").env_remove("XDG_RUNTIME_DIR");
    command
}

/// A copy of the agent that any user may run: the build folder may be closed to them.
fn open_to_everyone(directory: &Path) -> std::path::PathBuf {
    let program = directory.join("subjiffy");
    install(binary(), &program);
    set_permissions(directory, Permissions::from_mode(0o755)).expect("permissions");
    program
}

fn samples_of(ended: &Ended, precision: &str) {
    assert!(ended.status.success(), "{}: {}", ended.status, ended.stderr);
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    let samples: Vec<_> = ended.stdout.lines().map(Sample::parse).collect();
    assert_eq!(samples.len(), 2, "number of samples");
    for sample in samples {
        assert_eq!(sample.precision, precision, "precision; {}", ended.stderr);
        let own = sample.row(std::process::id());
        assert!(own.is_some(), "sample {} lacks this test", sample.seq);
    }
}

fn one_line_that_helps(stderr: &str) {
    assert_eq!(stderr.lines().count(), 1, "lines of stderr: {stderr}");
    assert!(helps(stderr), "no help in: {stderr}");
}

fn helps(stderr: &str) -> bool {
    ["CAP_BPF", "root", "sudo"]
        .iter()
        .any(|word| stderr.contains(word))
}

fn a_spinning_process_is_seen(top: &mut Top) {
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "spin --seconds 1.5");
    top.fresh();
    let before = truth::process_clock_ns(load.pid());
    let from = top.samples.len();
    load.run();
    let used = truth::settled_run_ns(load.pid()) - before;
    assert_eq!(top.fresh().precision, "jiffy");
    let counted = window::cpu_ns(&top.samples[from..], load.pid());
    // A tick of the kernel is up to 10 ms long, at both ends.
    assert!(
        counted.abs_diff(used) <= 30_000_000,
        "jiffies {counted} ns, schedstat {used} ns"
    );
    load.finish();
}
