//! The configuration file: what is said about one that is wrong, and what a good one does.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use subjiffy_tests::agent::{Ended, command, to_the_end};
use subjiffy_tests::build::binary;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use tempfile::TempDir;

/// A file of these bytes, and the directory that it lives in.
fn file(bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("f.toml");
    std::fs::write(&path, bytes).expect("a file");
    (directory, path)
}

fn agent(words: &[&OsStr]) -> Ended {
    let mut command = command(binary().as_os_str());
    to_the_end(command.args(words))
}

fn check(path: &Path) -> Ended {
    agent(&[
        "--check-config".as_ref(),
        "--config".as_ref(),
        path.as_ref(),
    ])
}

/// What is said of a file that is no good, without its directory.
fn refused(path: &Path) -> String {
    let ended = check(path);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    let directory = path.parent().expect("a directory").display().to_string();
    ended.stderr.replace(&format!("{directory}/"), "")
}

#[test]
fn a_good_file_is_ok() {
    let (_directory, path) = file(
        "period = \"100ms\"\ncontrol = \"/nonexistent/control.sock\"\n\
         [\"source/procfs/network\"]\nenabled = false\n",
    );
    let ended = check(&path);
    assert!(ended.status.success(), "{}", ended.stderr);
    assert_eq!(ended.stdout, format!("{}: ok\n", path.display()));
    assert_eq!(ended.stderr, "");
}

#[test]
fn all_problems_are_told_with_line_and_key() {
    let (_directory, path) = file(
        "port = 70000\nperiod = \"0s\"\n\n[\"source/procfs/netwrk\"]\n\
         [\"output/stream/ws\"]\nenabled = 1\n",
    );
    let said = refused(&path);
    let lines: Vec<_> = said.lines().collect();
    let expected = [
        "f.toml:1: port: 70000 is wrong; right would be a port, 0 to 65535",
        "f.toml:2: period: 0s is not between 1ms and 1h",
        "f.toml:4: \"source/procfs/netwrk\": there is no such element; did you mean",
        "f.toml:6: \"output/stream/ws\".enabled: 1 is wrong; right would be true or false",
    ];
    assert_eq!(lines.len(), expected.len(), "{said}");
    for (line, begins) in lines.iter().zip(expected) {
        assert!(line.starts_with(begins), "{line}");
    }
}

#[test]
fn an_agent_does_not_start_with_a_file_that_is_wrong() {
    let (_directory, path) = file("prot = 1\ntls = 2\n");
    let ended = agent(&["--config".as_ref(), path.as_ref()]);
    assert_eq!(ended.status.code(), Some(1), "{}", ended.stderr);
    for part in ["f.toml:1: prot: ", "did you mean port?", "f.toml:2: tls: "] {
        assert!(ended.stderr.contains(part), "{}", ended.stderr);
    }
    assert!(!ended.stderr.contains("listening"), "{}", ended.stderr);
}

#[test]
fn what_is_no_such_file_is_refused() {
    let (directory, path) = file("");
    let missing = refused(&directory.path().join("none.toml"));
    assert!(missing.starts_with("none.toml: No such file"), "{missing}");
    let folder = directory.path().join("folder");
    std::fs::create_dir(&folder).expect("a directory");
    assert!(refused(&folder).contains("is a directory"));
    for (bytes, says) in [
        (vec![b'#'; 10 << 20], "f.toml: the file is too large"),
        ((0..=255).collect(), "f.toml:2: the file is not UTF-8 here"),
        (
            b"bpf = true\n\n# \xe4\n".to_vec(),
            "f.toml:3: the file is not UTF-8 here",
        ),
        (
            b"\x7fELF\x02\x01\x01\0\0\0\0\0\x03\0>\0".to_vec(),
            "f.toml:1: ",
        ),
        (vec![0; 5000], "f.toml:1: "),
    ] {
        std::fs::write(&path, bytes).expect("a file");
        let said = refused(&path);
        assert!(said.starts_with(says), "{says}: {said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn other_settings_are_checked_as_well() {
    let (_directory, path) = file("listen = [\"0.0.0.0:1\"]\n");
    assert!(refused(&path).starts_with("f.toml:1: listen: 0.0.0.0:1 can be reached by others"));
    std::fs::write(&path, "\ntoken_file = \"/nonexistent\"").expect("a file");
    assert!(refused(&path).starts_with("f.toml:2: token_file /nonexistent: No such file"));
    std::fs::write(&path, "tls_cert = \"/nonexistent\"\ntls_key = \"/none\"").expect("a file");
    assert!(refused(&path).starts_with("f.toml:1: tls_cert /nonexistent: No such file"));
    let alone = agent(&["--check-config".as_ref()]);
    assert_eq!(alone.status.code(), Some(2));
    assert!(alone.stderr.contains("--config <FILE>"), "{}", alone.stderr);
}

#[test]
fn keys_of_alumet_are_told_and_accepted() {
    let (_directory, path) = file("[plugins.rapl]\npoll_interval = \"1s\"\n");
    let ended = check(&path);
    assert!(ended.status.success(), "{}", ended.stderr);
    let says = "f.toml:1: plugins.rapl: ignored: there is no such plugin here";
    assert!(ended.stderr.contains(says), "{}", ended.stderr);
}

/// A port that nobody listens on.
fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

#[test]
fn the_flag_beats_the_file_and_the_file_beats_the_default() {
    let start = |path: &Path, words: &[&str]| {
        let mut command = command(binary().as_os_str());
        command
            .args(["--no-bpf", "--no-control", "--config"])
            .arg(path);
        let server = Server::spawn(command.args(words));
        let port = server.port();
        let ended = server.stop(Signal::TERM);
        assert!(ended.status.success(), "{}", ended.stderr);
        port
    };
    let (of_file, of_flag) = (free_port(), free_port());
    let (_directory, path) = file(format!("listen = [\"127.0.0.1:{of_file}\"]\n"));
    assert_eq!(start(&path, &[]), of_file);
    assert_eq!(start(&path, &["--port", &of_flag.to_string()]), of_flag);
}
