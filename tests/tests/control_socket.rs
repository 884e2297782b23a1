//! The file of the control socket: nothing that is not ours is ever taken over, changed or removed.

use std::fs::{self, Permissions};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, symlink};
use std::os::unix::net::UnixListener;
use std::path::Path;
use subjiffy_tests::agent::{Ended, command};
use subjiffy_tests::build::binary;
use subjiffy_tests::control::{Agent, connect, files, place, refused, say};
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;

#[test]
fn a_live_socket_is_not_taken_over() {
    let mut first = Agent::start("");
    let inode = || fs::metadata(&first.path).expect("a socket").ino();
    let before = inode();
    says(&refused(&first.path), &first.path, "another agent");
    assert_eq!(inode(), before, "the socket after a second agent, before");
    first.check_alive();
    let (ended, left) = first.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(left, [""; 0], "files that are left");
}

/// Whoever listens there, and whatever it speaks.
#[test]
fn the_live_socket_of_another_program_is_not_taken_over() {
    let directory = place();
    let path = directory.path().join("control.sock");
    let other = UnixListener::bind(&path).expect("a listener");
    says(&refused(&path), &path, "listening");
    // Alive, but so busy that its queue is full: whoever connects now waits.
    other.accept().expect("the agent's question");
    rustix::net::listen(&other, 0).expect("a listener");
    let waiting = connect(&path);
    says(&refused(&path), &path, "listening");
    drop(waiting);
    drop(other);
}

#[test]
fn the_socket_of_a_dead_agent_is_replaced() {
    let directory = place();
    let path = directory.path().join("control.sock");
    let agent = server_at(&path);
    agent.stop(Signal::KILL);
    let socket = fs::symlink_metadata(&path).is_ok_and(|found| found.file_type().is_socket());
    assert!(socket, "a killed agent leaves its socket");
    let agent = server_at(&path);
    let replies = say(&path, b"version\n");
    assert!(replies[0].starts_with("ok"), "{replies:?}");
    agent.stop(Signal::TERM);
    assert_eq!(files(directory.path()), [""; 0], "files that are left");
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let directory = place();
    let at = |name: &str| directory.path().join(name);
    let file = at("file");
    fs::write(&file, "mine").expect("a file");
    fs::set_permissions(&file, Permissions::from_mode(0o640)).expect("permissions");
    says(&refused(&file), &file, "no socket");
    assert_eq!(fs::read(&file).expect("the file"), b"mine");
    let mode = fs::metadata(&file).expect("the file").mode();
    assert_eq!(mode & 0o777, 0o640, "mode of the file");

    let folder = at("folder");
    fs::create_dir(&folder).expect("a folder");
    fs::write(folder.join("file"), "mine").expect("a file");
    says(&refused(&folder), &folder, "no socket");
    assert_eq!(files(&folder), ["file"]);

    // Whether it leads to a file, to a socket or nowhere.
    drop(UnixListener::bind(at("socket")).expect("a socket"));
    for target in ["file", "socket", "nowhere"] {
        let link = at(&format!("link-to-{target}"));
        symlink(target, &link).expect("a link");
        says(&refused(&link), &link, "no socket");
        assert_eq!(fs::read_link(&link).expect("the link"), Path::new(target));
    }
    assert_eq!(fs::read(&file).expect("the file"), b"mine");
    let mut left = files(directory.path());
    left.sort_unstable();
    let there = [
        "file",
        "folder",
        "link-to-file",
        "link-to-nowhere",
        "link-to-socket",
        "socket",
    ];
    assert_eq!(left, there);
}

#[test]
fn a_missing_folder_is_an_error_at_the_start() {
    let directory = place();
    let path = directory.path().join("missing").join("control.sock");
    says(&refused(&path), &path, "No such file");
    let path = Path::new("/proc/no/control.sock");
    says(&refused(path), path, "No such file");
    let long = directory.path().join("x".repeat(120));
    says(&refused(&long), &long, "");
    assert_eq!(files(directory.path()), [""; 0], "files that are left");
}

#[test]
fn the_mode_is_0600_whatever_the_umask() {
    for umask in ["000", "022", "077", "777"] {
        let directory = place();
        let path = directory.path().join("control.sock");
        let mut shell = command("sh".as_ref());
        shell.args(["-c", &format!("umask {umask}; exec \"$@\""), "sh"]);
        shell
            .arg(binary())
            .args(["--listen", "127.0.0.1:0", "--control"]);
        let agent = Server::spawn(shell.arg(&path));
        let mode = fs::metadata(&path).expect("a socket").mode();
        assert_eq!(mode & 0o7777, 0o600, "mode under umask {umask}");
        assert_eq!(files(directory.path()), ["control.sock"]);
        agent.stop(Signal::TERM);
    }
}

#[test]
fn the_end_of_one_agent_does_not_remove_the_file_of_another() {
    let directory = place();
    let path = directory.path().join("control.sock");
    // The first one's file was taken away, so that a second one could come.
    let first = server_at(&path);
    fs::remove_file(&path).expect("a socket");
    let second = server_at(&path);
    assert!(first.stop(Signal::TERM).status.success());
    assert!(say(&path, b"version\n")[0].starts_with("ok"));
    // What has taken its place since then is not its own either.
    fs::remove_file(&path).expect("a socket");
    fs::write(&path, "another's").expect("a file");
    assert!(second.stop(Signal::TERM).status.success());
    assert_eq!(fs::read(&path).expect("the file"), b"another's");
}

fn server_at(path: &Path) -> Server {
    Server::with("", |command| {
        command.arg("--control").arg(path);
    })
}

/// The agent ended with an error that names the path and says this.
fn says(ended: &Ended, path: &Path, what: &str) {
    let stderr = &ended.stderr;
    assert_eq!(ended.status.code(), Some(1), "{stderr}");
    let path = path.to_string_lossy();
    let helps = stderr.contains(&*path) && stderr.contains(what);
    assert!(helps && !stderr.contains("panicked"), "{path}: {stderr}");
}
