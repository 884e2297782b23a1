//! The list of disks where a file system never answers.

use serde_json::Value;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use subjiffy_tests::agent;
use subjiffy_tests::build::binary;
use subjiffy_tests::client::Client;
use subjiffy_tests::need;
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;

const SOON: Duration = Duration::from_secs(10);

/// Starts the agent in a mount namespace of its own after shell commands, in `directory`.
fn start(directory: &Path, script: &str) -> (Server, Client) {
    let mut command = agent::command("unshare".as_ref());
    command.args([
        "--mount",
        "sh",
        "-ec",
        &format!("{script}\nexec \"$0\" \"$@\""),
    ]);
    command.arg(binary());
    command.args(["--listen", "127.0.0.1:0", "--no-bpf"]);
    command.current_dir(directory);
    command.env("SOCKTOP_AGENT_DISKS_TTL_MS", "0");
    let server = Server::spawn(&mut command);
    let client = Client::connect(&server.url);
    (server, client)
}

fn names(disks: &Value) -> Vec<&str> {
    let disks = disks.as_array().expect("a list").iter();
    disks
        .map(|disk| disk["name"].as_str().expect("a name"))
        .collect()
}

fn inside(server: &Server, script: &str) {
    let mut command = Command::new("nsenter");
    command.arg(format!("--mount=/proc/{}/ns/mnt", server.pid()));
    let status = command.args(["sh", "-ec", script]).status();
    assert!(status.expect("nsenter").success(), "{script}");
}

#[test]
fn a_file_system_that_never_answers_holds_nobody() {
    let fuse = Path::new("/dev/fuse").exists();
    if !need::root() || !need::tool(fuse, "/dev/fuse", "SUBJIFFY_REQUIRE_BPF") {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    // Whoever serves it never reads a request; the agent inherits the open device, and with its
    // end the file system ends.
    let (server, mut client) = start(
        directory.path(),
        "mkdir hung; exec 7<>/dev/fuse
         mount -i -t fuse -o fd=7,rootmode=40000,user_id=0,group_id=0 fake:/export hung",
    );
    for _ in 0..3 {
        let disks = client.ask("get_disks");
        assert!(
            !names(&disks).contains(&"fake:/export"),
            "it has no size: {disks:#}"
        );
        assert!(
            disks.as_array().is_some_and(|disks| !disks.is_empty()),
            "{disks:#}"
        );
        assert!(client.ask("get_metrics")["mem_total"].is_u64());
    }
    // And the agent ends in time.
    let ended = server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
}

#[test]
fn what_is_mounted_is_listed_at_once_and_with_its_place() {
    if !need::root() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let (server, mut client) = start(
        directory.path(),
        "mkdir memory later; mount -t tmpfs -o size=4m none memory",
    );
    let place = |name: &str| directory.path().join(name).display().to_string();
    let disks = client.ask("get_disks");
    let memory = format!("tmpfs:{}", place("memory"));
    let list = disks.as_array().expect("a list");
    let at = list.iter().position(|disk| disk["name"] == *memory);
    let at = at.unwrap_or_else(|| panic!("{memory} is not listed: {disks:#}"));
    assert_eq!(list[at]["total"], 4 << 20);
    assert_eq!(list[at]["mount_point"], *place("memory"));
    assert_eq!(list[at]["fs_type"], "tmpfs");
    let disk = |disk: &Value| disk["fs_type"] != "tmpfs";
    assert!(!list[at..].iter().any(disk), "memory comes last: {disks:#}");
    assert!(
        list.iter().all(|disk| disk["total"].as_u64() > Some(0)),
        "{disks:#}"
    );

    let later = format!("tmpfs:{}", place("later"));
    inside(&server, &format!("mount -t tmpfs none {}", place("later")));
    client.ask_until("get_disks", SOON, |disks| names(disks).contains(&&*later));
    inside(&server, &format!("umount {}", place("later")));
    client.ask_until("get_disks", SOON, |disks| !names(disks).contains(&&*later));
    assert!(server.stop(Signal::TERM).status.success());
}
