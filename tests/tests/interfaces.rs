//! The sum over `networks` is what really passed the edge of the agent's network namespace.

use serde_json::Value;
use std::net::UdpSocket;
use std::time::Duration;
use subjiffy_tests::build::binary;
use subjiffy_tests::client::Client;
use subjiffy_tests::need;
use subjiffy_tests::netns::{self, Net};
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;

const DATAGRAMS: usize = 1_000;
const LENGTH: usize = 1_000;

/// The kernel is asked for kinds once a second at most.
const SOON: Duration = Duration::from_secs(10);

fn ready() -> bool {
    need::root() && need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF")
}

fn start(net: &Net) -> (Server, Client) {
    let mut command = net.command(binary().as_os_str());
    command.args(["--listen", "127.0.0.1:0", "--no-bpf"]);
    command.env("SOCKTOP_AGENT_METRICS_TTL_MS", "0");
    let server = Server::spawn(&mut command);
    let client = net.inside(|| Client::connect(&server.url));
    (server, client)
}

/// Sends a megabyte from inside `net`.
fn send(net: &Net, to: &str) {
    net.inside(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        for _ in 0..DATAGRAMS {
            // Refusals of earlier ones are told here.
            let _ = socket.send_to(&[7; LENGTH], (to, 9));
        }
    });
}

/// Name and kind of the entries of a list.
fn kinds(metrics: &Value, list: &str) -> Vec<(String, String)> {
    let entries = metrics[list].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let mut kinds: Vec<_> = entries
        .iter()
        .map(|one| (text(&one["name"]), text(&one["kind"])))
        .collect();
    kinds.sort();
    kinds
}

/// Received and sent bytes over a list.
fn sum(metrics: &Value, list: &str) -> (u64, u64) {
    let entries = metrics[list].as_array().cloned().unwrap_or_default();
    let sum = |field: &str| {
        entries
            .iter()
            .map(|one| one[field].as_u64().expect("bytes"))
            .sum()
    };
    (sum("received"), sum("transmitted"))
}

/// Received and sent bytes of `eth0`, from another namespace's own file.
fn counters(net: &Net) -> (u64, u64) {
    let text = std::fs::read_to_string(format!("/proc/{}/net/dev", net.pid())).expect("net/dev");
    let line = text
        .lines()
        .find_map(|line| line.trim().strip_prefix("eth0:"));
    let numbers: Vec<u64> = line
        .expect("eth0")
        .split_whitespace()
        .map(|word| word.parse().expect("a number"))
        .collect();
    (numbers[0], numbers[8])
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = expected
        .iter()
        .map(|one| (one.0.to_owned(), one.1.to_owned()));
    pairs.collect()
}

#[test]
fn a_byte_that_passes_four_interfaces_counts_once() {
    if !ready() {
        return;
    }
    let (here, peer, guest) = (Net::new(), Net::new(), Net::new());
    here.run(&format!(
        "ip link set lo up
         ip link add name eth0 type veth peer name eth0 netns {}
         ip link add name br0 type bridge
         ip link add name port type veth peer name eth0 netns {}
         ip link set port master br0
         ip address add 10.1.0.1/24 dev eth0
         ip address add 10.2.0.1/24 dev br0
         ip link set eth0 up; ip link set br0 up; ip link set port up
         echo 1 > /proc/sys/net/ipv4/ip_forward",
        peer.pid(),
        guest.pid()
    ));
    peer.run(
        "ip address add 10.1.0.2/24 dev eth0; ip address add 10.3.0.2/24 dev eth0
         ip link set eth0 up; ip route add 10.2.0.0/24 via 10.1.0.1",
    );
    guest.run(
        "ip address add 10.2.0.2/24 dev eth0; ip link set eth0 up
         ip route add default via 10.2.0.1",
    );
    // Not every kernel has these.
    let stacked = here.tries(
        "ip link add link eth0 name mac0 type macvlan mode bridge
         ip address add 10.3.0.1/24 dev mac0; ip link set mac0 up",
    );
    let (server, mut client) = start(&here);
    let metrics = client.ask("get_metrics");
    assert_eq!(kinds(&metrics, "networks"), pairs(&[("eth0", "veth")]));
    let mut others = vec![("br0", "bridge"), ("lo", "loopback"), ("port", "veth")];
    if stacked {
        others.insert(2, ("mac0", "macvlan"));
    }
    // Some kernels put fallback devices of tunnels into each namespace.
    let virtuals = kinds(&metrics, "networks_virtual");
    for one in pairs(&others) {
        assert!(virtuals.contains(&one), "{one:?} not in {virtuals:?}");
    }

    send(&here, "10.1.0.2");
    send(&guest, "10.1.0.2"); // port, br0, eth0
    send(&here, "10.3.0.2"); // mac0, eth0
    send(&here, "127.0.0.1");
    let payload = (DATAGRAMS * LENGTH) as u64 * if stacked { 3 } else { 2 };
    let metrics = client.ask_until("get_metrics", SOON, |metrics| {
        let (received, sent) = counters(&peer);
        sum(metrics, "networks") == (sent, received)
    });
    let (received, sent) = sum(&metrics, "networks");
    assert!(
        (payload..payload + payload / 5).contains(&sent),
        "{sent} of {payload} sent"
    );
    let rest = sum(&metrics, "networks_virtual");
    assert!(
        rest.1 >= payload / 3,
        "nothing passed the others: {metrics:#}"
    );
    assert!(received < payload, "{received} bytes back");
    assert!(server.stop(Signal::TERM).status.success());
}

#[test]
fn interfaces_that_come_and_go_are_shown_as_they_are() {
    if !ready() {
        return;
    }
    let (here, peer) = (Net::new(), Net::new());
    here.run("ip link set lo up");
    let (server, mut client) = start(&here);
    let metrics = client.ask("get_metrics");
    assert_eq!(kinds(&metrics, "networks"), []);
    assert!(kinds(&metrics, "networks_virtual").contains(&("lo".into(), "loopback".into())));

    here.run("ip link add name left type veth peer name right; ip link set left up; ip link set right up");
    client.ask_until("get_metrics", SOON, |metrics| {
        let inside = kinds(metrics, "networks_virtual");
        let pair = pairs(&[("left", "veth"), ("right", "veth")]);
        kinds(metrics, "networks").is_empty() && pair.iter().all(|one| inside.contains(one))
    });
    // The other end leaves: what passes now leaves too.
    here.run(&format!("ip link set right netns {}", peer.pid()));
    let veth = pairs(&[("left", "veth")]);
    client.ask_until("get_metrics", SOON, |metrics| {
        kinds(metrics, "networks") == veth
    });
    // One of the same name and another kind.
    here.run("ip link del left; ip link add name left type bridge; ip link set left up");
    let bridge = pairs(&[("left", "bridge")]);
    client.ask_until("get_metrics", SOON, |metrics| {
        kinds(metrics, "networks") == bridge
    });
    here.run("ip link del left");
    let gone = client.ask("get_metrics");
    assert!(!gone.to_string().contains("left"), "{gone:#}");
    assert!(server.stop(Signal::TERM).status.success());
}
