//! Details of real processes, against what is known of them because the test made them.

use std::{
    fs,
    future::{Ready, pending, ready},
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::Path,
    process::{Child, Command, Stdio, id},
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use rustix::process::{getegid, geteuid, getgid, getuid};
use subjiffy_proto::socktop::{Detail, Frame};

use super::{Details, identity::Missing, read};
use crate::{
    collect::{
        moment::Moment,
        process::{Identity, ProcessSample},
    },
    model::Snapshot,
    procfs::{Clock, Root},
};

/// A child with a shell's script that reads a line at its end; ended on drop.
struct Shell(Child);

impl Shell {
    fn start(script: &str) -> Self {
        Self::spawn(Command::new("sh").args(["-c", script]))
    }

    fn spawn(command: &mut Command) -> Self {
        let child = { command }
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn();
        Self(child.unwrap())
    }

    fn read(&self) -> Detail {
        detail(self.0.id()).unwrap()
    }

    /// Reads it until it is as it should be.
    fn until(&self, ready: impl Fn(&Detail) -> bool) -> Detail {
        let end = Instant::now() + Duration::from_secs(20);
        loop {
            let detail = self.read();
            if ready(&detail) {
                return detail;
            }
            assert!(Instant::now() < end, "{detail:?}");
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn detail(pid: u32) -> Result<Detail, Missing> {
    let (snapshot, now) = (Snapshot::default(), Moment::now());
    let read = read::read(&Root::default(), pid, &snapshot, Clock::system(), now);
    read.map(|metrics| metrics.process)
}

fn unix_s() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.unwrap().as_secs()
}

#[test]
fn a_process_is_shown_as_it_was_made() {
    let directory = tempfile::tempdir().unwrap();
    let script = "exec 7</dev/null; head -c 70000 /dev/zero >file; echo done >ready; read line";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(&directory);
    let before = unix_s();
    let shell = Shell::spawn(&mut command);
    let ready = directory.path().join("ready");
    let shown = shell.until(|_| fs::read(&ready).is_ok_and(|text| text == b"done\n"));
    assert_eq!((shown.pid, shown.name.as_str()), (shell.0.id(), "sh"));
    assert_eq!(shown.command, format!("sh -c {script}"));
    let directory = fs::canonicalize(&directory).unwrap();
    assert_eq!(shown.working_directory.as_deref(), directory.to_str());
    let program = fs::read_link(format!("/proc/{}/exe", shell.0.id())).unwrap();
    assert_eq!(shown.executable_path.as_deref(), program.to_str());
    let open = fs::read_dir(format!("/proc/{}/fd", shell.0.id())).unwrap();
    assert_eq!(shown.fd_count, Some(open.count() as u32));
    assert!(shown.fd_count >= Some(4), "three and one of its own");
    assert_eq!(shown.parent_pid, Some(id()));
    assert_eq!(
        (shown.user_id, shown.group_id),
        (getuid().as_raw(), getgid().as_raw())
    );
    assert_eq!(
        (shown.uid, shown.gid),
        (geteuid().as_raw(), getegid().as_raw())
    );
    assert!(
        (before - 1..=unix_s()).contains(&shown.start_time),
        "{shown:?}"
    );
    assert_eq!((shown.thread_count, shown.threads.len()), (1, 1));
    assert_eq!(shown.threads[0].tid, shell.0.id());
    assert!(shown.threads[0].cpu_total_ns > 0, "{:?}", shown.threads);
    let status = fs::read_to_string(format!("/proc/{}/status", shell.0.id())).unwrap();
    let kilobytes = |name: &str| -> u64 {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let number = line.unwrap().trim().trim_end_matches(" kB");
        number.parse::<u64>().unwrap() * 1024
    };
    // The two files count in different ways; pages in flight are few.
    let near = |shown: u64, name| assert!(shown.abs_diff(kilobytes(name)) <= 256 << 10, "{name}");
    near(shown.mem_bytes, "VmRSS:");
    near(shown.virtual_mem_bytes, "VmSize:");
    near(shown.shared_mem_bytes.unwrap(), "RssFile:");
    assert!(shown.read_bytes.unwrap() > 0);
}

#[test]
fn children_have_the_shape_and_units_of_their_parent() {
    let before = unix_s();
    // The shell's own children write, so that their counts differ from 0.
    let writer = "sh -c 'head -c 50000 /dev/zero >/dev/null; echo; exec sleep 60'";
    let shell = Shell::start(&format!("{writer} & sleep 60 & read line"));
    let both = |detail: &Detail| {
        // While it starts its numbers still change.
        let of = |child: &Detail| child.name == "sleep" && child.state == "S";
        detail.child_processes.len() == 2 && detail.child_processes.iter().all(of)
    };
    let shown = shell.until(both);
    assert_eq!(shown.child_count, Some(2));
    for child in &shown.child_processes {
        assert_eq!(child.parent_pid, Some(shell.0.id()));
        assert_eq!(child.command, "sleep 60");
        assert!(
            (before - 1..=unix_s()).contains(&child.start_time),
            "{child:?}"
        );
        assert_eq!(child.thread_count, 1);
        assert_eq!(child.child_count, None, "nobody has counted");
        assert!(child.threads.is_empty() && child.child_processes.is_empty());
        let alone = detail(child.pid).unwrap();
        assert_eq!(
            (
                alone.read_bytes,
                alone.write_bytes,
                alone.start_time,
                alone.start_ns
            ),
            (
                child.read_bytes,
                child.write_bytes,
                child.start_time,
                child.start_ns
            ),
        );
        assert_eq!(alone.cpu_time_user, child.cpu_time_user);
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(child.pid as i32).unwrap(),
            rustix::process::Signal::KILL,
        )
        .unwrap();
    }
    let shown = shell.until(|shown| shown.child_processes.iter().all(|one| one.state == "Z"));
    for zombie in &shown.child_processes {
        assert_eq!(
            (&zombie.status[..], &zombie.command[..]),
            ("Zombie", "[sleep]")
        );
        assert_eq!((zombie.mem_bytes, &zombie.executable_path), (0, &None));
        assert_eq!(detail(zombie.pid).unwrap().state, "Z", "its own details");
    }
}

/// Another process writes the file: one that is forked here meanwhile, by another test, would hold it
/// open for writing, and the kernel executes no such file (`ETXTBSY`).
fn install_sleep(program: &Path) {
    let mut command = Command::new("install");
    let status = command
        .args(["-m", "755", "/bin/sleep"])
        .arg(program)
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn a_deleted_program_keeps_its_text() {
    let directory = tempfile::tempdir().unwrap();
    let program = fs::canonicalize(&directory).unwrap().join("schläft");
    install_sleep(&program);
    let shell = Shell::spawn(Command::new(&program).arg("60"));
    fs::remove_file(&program).unwrap();
    let shown = shell.until(|shown| shown.executable_path.is_some());
    let expected = format!("{} (deleted)", program.display());
    assert_eq!(shown.executable_path, Some(expected));
}

#[test]
fn kernel_threads_and_the_first_process_are_shown() {
    let first = detail(1).unwrap();
    assert_eq!((first.parent_pid, first.thread_count > 0), (None, true));
    if fs::read(Path::new("/proc/2/comm")).is_ok_and(|name| name == b"kthreadd\n") {
        let thread = detail(2).unwrap();
        assert_eq!(thread.command, "[kthreadd]");
        assert_eq!((thread.mem_bytes, thread.executable_path), (0, None));
    }
}

#[test]
fn processes_of_other_users_are_shown_with_their_users() {
    if !geteuid().is_root() {
        return eprintln!("skipped: this test needs root");
    }
    let mut command = Command::new("sh");
    command.args(["-c", "read line"]).uid(12_345).gid(54_321);
    let shown = Shell::spawn(&mut command).read();
    assert_eq!((shown.user_id, shown.group_id), (12_345, 54_321));
    assert_eq!((shown.uid, shown.gid), (12_345, 54_321));
}

#[test]
fn odd_names_of_threads_stay_whole() {
    let (tell, told) = std::sync::mpsc::channel::<()>();
    let thread = std::thread::spawn(move || {
        rustix::thread::set_name(c"a) R (b \xff").unwrap();
        let _ = told.recv();
    });
    let named = |detail: &Detail| {
        let found = detail
            .threads
            .iter()
            .find(|one| one.name == "a) R (b \u{fffd}");
        found.map(|one| one.status.clone())
    };
    let end = Instant::now() + Duration::from_secs(20);
    while named(&detail(id()).unwrap()).as_deref() != Some("Sleeping") {
        assert!(Instant::now() < end, "{:?}", detail(id()).unwrap().threads);
    }
    drop(tell);
    thread.join().unwrap();
}

/// Writes the files of a process that has nothing but a state and owners.
fn write_process(proc: &Path, pid: u32, ppid: u32, start: u64) {
    let place = proc.join(pid.to_string());
    fs::create_dir_all(&place).unwrap();
    let stat =
        format!("{pid} (p {pid}) S {ppid} 5 5 0 -1 0 0 0 0 0 30 10 0 0 20 0 4 0 {start} 0 0\n");
    fs::write(place.join("stat"), stat).unwrap();
    let status = format!(
        "Tgid:\t{pid}\nPPid:\t{ppid}\nUid:\t1\t2\t1\t1\nGid:\t3\t4\t3\t3\nThreads:\t4\n\
         voluntary_ctxt_switches:\t1\nnonvoluntary_ctxt_switches:\t1\n"
    );
    fs::write(place.join("status"), status).unwrap();
}

#[test]
fn what_cannot_be_read_is_left_out_and_a_child_is_who_says_so_itself() {
    let tree = tempfile::tempdir().unwrap();
    let root = Root {
        proc: tree.path().to_owned(),
        ..Root::default()
    };
    write_process(tree.path(), 7, 1, 200);
    write_process(tree.path(), 8, 7, 300);
    write_process(tree.path(), 9, 1, 300);
    write_process(tree.path(), 10, 7, 300);
    fs::create_dir_all(tree.path().join("7/task/7")).unwrap();
    // 10 is only known by the snapshot, which still has an earlier child with the id of 9.
    fs::write(tree.path().join("7/task/7/children"), "8 11 ").unwrap();
    let in_snapshot = |pid| crate::model::Process {
        sample: ProcessSample {
            id: Identity {
                pid,
                start_ns: 2_500_000_000,
            },
            ppid: 7,
            ..ProcessSample::default()
        },
        cpu_ns: 50,
        ..crate::model::Process::default()
    };
    let snapshot = Snapshot {
        interval_ns: 100,
        living: 2,
        processes: vec![in_snapshot(9), in_snapshot(10)],
        ..Snapshot::default()
    };
    let now = Moment {
        boot_ns: 6_000_000_000,
        wall_ns: 1_000_000_000_000,
        ..Moment::default()
    };
    let clock = Clock {
        ticks_per_second: 100,
        page_size: 4096,
    };
    let read = |pid| read::read(&root, pid, &snapshot, clock, now);
    let shown = read(7).unwrap();
    assert_eq!(shown.cached_at, 1000);
    let shown = shown.process;
    assert_eq!((&shown.name[..], &shown.command[..]), ("p 7", "[p 7]"));
    assert_eq!((shown.parent_pid, shown.thread_count), (Some(1), 4));
    assert_eq!(
        (shown.user_id, shown.uid, shown.group_id, shown.gid),
        (1, 2, 3, 4)
    );
    assert_eq!((shown.start_time, shown.start_ns), (996, 2_000_000_000));
    assert_eq!(
        (shown.cpu_time_user, shown.cpu_time_system),
        (300_000, 100_000)
    );
    assert_eq!(shown.cpu_usage, 10.0, "0.4 s in the 4 s of its life");
    assert_eq!((shown.shared_mem_bytes, shown.fd_count), (None, None));
    assert_eq!((shown.read_bytes, shown.storage_write_bytes), (None, None));
    assert_eq!(
        (shown.working_directory, shown.executable_path),
        (None, None)
    );
    assert_eq!(shown.run_delay_ns, None);
    let children: Vec<_> = shown.child_processes.iter().map(|one| one.pid).collect();
    assert_eq!((children, shown.child_count), (vec![8, 10], Some(2)));
    let reused = &shown.child_processes[1];
    assert_eq!(
        reused.start_ns, 3_000_000_000,
        "not the one of the snapshot"
    );
    assert_eq!(read(6).unwrap_err(), Missing::NotFound(6));
    fs::write(tree.path().join("9/stat"), "nonsense\n").unwrap();
    let error = read(9).unwrap_err().to_string();
    assert!(
        error.starts_with("Process 9 cannot be read: 9/stat"),
        "{error}"
    );
}

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread();
    { runtime }.enable_all().build().unwrap().block_on(test)
}

fn snapshot() -> Ready<Option<Arc<Snapshot>>> {
    ready(Some(Arc::default()))
}

#[test]
fn what_is_not_there_is_an_error_without_a_snapshot() {
    let mut child = Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let details = Details::new(Root::default());
    let taken = || -> Ready<Option<Arc<Snapshot>>> { panic!("a snapshot was taken") };
    let answer = run(details.answer(child.id(), taken));
    assert_eq!(answer, Err(format!("Process {} not found", child.id())));
}

#[test]
fn a_death_between_two_requests_is_seen_by_the_second() {
    let details = Details::new(Root::default());
    let mut shell = Shell::start("read line");
    let pid = shell.0.id();
    run(async {
        let answer = details.answer(pid, snapshot).await;
        assert!(matches!(answer, Ok(Frame::Packed { .. })), "{answer:?}");
        shell.0.kill().unwrap();
        shell.0.wait().unwrap();
        let answer = details.answer(pid, snapshot).await;
        assert_eq!(answer, Err(format!("Process {pid} not found")));
    });
}

#[test]
fn a_death_during_the_reading_is_seen() {
    let details = Details::new(Root::default());
    let mut shell = Shell::start("read line");
    let pid = shell.0.id();
    let answer = details.answer(pid, || async move {
        shell.0.kill().unwrap();
        shell.0.wait().unwrap();
        Some(Arc::default())
    });
    assert_eq!(run(answer), Err(format!("Process {pid} not found")));
}

#[test]
fn a_read_that_hangs_is_given_up_in_time_and_does_not_stop_others() {
    let details = Details::new(Root::default());
    let shell = Shell::start("read line");
    let begun = Instant::now();
    run(async {
        let hangs = details.answer(shell.0.id(), pending);
        let (hung, other) = tokio::join!(hangs, details.answer(id(), snapshot));
        assert!(other.is_ok(), "{other:?}");
        assert!(hung.unwrap_err().contains("1.7s"));
        // The one under way is waited for, and no second one is begun.
        let again = || -> Ready<Option<Arc<Snapshot>>> { panic!("read a second time") };
        let again = details.answer(shell.0.id(), again).await;
        assert!(again.unwrap_err().contains("1.7s"));
    });
    assert!(begun.elapsed() >= 2 * super::PATIENCE);
}

#[test]
fn a_program_with_the_rights_of_another_user_has_two_users() {
    if !geteuid().is_root() {
        return eprintln!("skipped: this test needs root");
    }
    let directory = tempfile::tempdir().unwrap();
    let program = directory.path().join("borrowed");
    install_sleep(&program);
    std::os::unix::fs::chown(&program, Some(12_345), Some(54_321)).unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o6755)).unwrap();
    let shell = Shell::spawn(Command::new(&program).arg("60"));
    let shown = shell.until(|shown| shown.name == "borrowed");
    if shown.uid == 0 {
        return eprintln!("skipped: programs here cannot lend their rights");
    }
    assert_eq!((shown.user_id, shown.group_id), (0, getgid().as_raw()));
    assert_eq!((shown.uid, shown.gid), (12_345, 54_321));
}
