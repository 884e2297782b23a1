//! The `network` of a sample is what the kernel counts for the agent's network namespace.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::time::{Duration, Instant};
use subjiffy_tests::agent::Top;
use subjiffy_tests::build::binary;
use subjiffy_tests::client::Client;
use subjiffy_tests::need;
use subjiffy_tests::netns::{self, Net};
use subjiffy_tests::process::Signal;
use subjiffy_tests::server::Server;
use subjiffy_tests::stream::Stream;

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// Names of the agent with those of the kernel: of `net/snmp`, and of `net/snmp6` where the file
/// before is of IPv4 alone.
const TCP: [(&str, &str); 11] = [
    ("active_opens", "ActiveOpens"),
    ("passive_opens", "PassiveOpens"),
    ("attempt_fails", "AttemptFails"),
    ("established_resets", "EstabResets"),
    ("established", "CurrEstab"),
    ("in_segments", "InSegs"),
    ("out_segments", "OutSegs"),
    ("retransmitted_segments", "RetransSegs"),
    ("in_errors", "InErrs"),
    ("out_resets", "OutRsts"),
    ("in_checksum_errors", "InCsumErrors"),
];
const UDP: [(&str, &str); 7] = [
    ("in_datagrams", "InDatagrams"),
    ("no_ports", "NoPorts"),
    ("in_errors", "InErrors"),
    ("out_datagrams", "OutDatagrams"),
    ("receive_buffer_errors", "RcvbufErrors"),
    ("send_buffer_errors", "SndbufErrors"),
    ("in_checksum_errors", "InCsumErrors"),
];

/// Numbers by names such as `eth0 rx_bytes`, `tcp active_opens`.
type Numbers = BTreeMap<String, u64>;

fn ready() -> bool {
    need::root() && need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF")
}

/// Makes a pair of interfaces, each the `eth0` of its namespace.
fn connect(here: &Net, peer: &Net) {
    here.run(&format!(
        "ip link set lo up
         ip link add name eth0 type veth peer name eth0 netns {}
         ip address add 10.1.0.1/24 dev eth0; ip link set eth0 up",
        peer.pid()
    ));
    peer.run("ip link set lo up; ip address add 10.1.0.2/24 dev eth0; ip link set eth0 up");
}

/// Gives both an address of IPv6; says whether there is such a thing.
fn has_ipv6(here: &Net, peer: &Net) -> bool {
    let add = |net: &Net, address: &str| {
        net.tries(&format!("ip address add {address}/64 dev eth0 nodad"))
    };
    add(here, "fd00::1") && add(peer, "fd00::2")
}

/// Begins where nothing has happened yet, so that its sum is what the kernel has counted, also of
/// interfaces that come later.
fn top(net: &Net) -> Top {
    let mut command = net.command(binary().as_os_str());
    command.args(["top", "--json", "--no-bpf", "-i", "200ms"]);
    Top::spawn(&mut command)
}

/// What the kernel has counted: `net/snmp` by way of the process that holds the namespace,
/// interfaces by a sysfs of the namespace.
fn truth(net: &Net) -> Numbers {
    let mut numbers = Numbers::new();
    let file = |name: &str| std::fs::read_to_string(format!("/proc/{}/net/{name}", net.pid()));
    let snmp = file("snmp").expect("net/snmp");
    let snmp6 = file("snmp6").unwrap_or_default();
    let value = |protocol: &str, column: &str| -> u64 {
        let mut lines = snmp.lines().filter(|line| line.starts_with(protocol));
        let mut words = || lines.next().expect("a line").split_whitespace();
        let place = words().position(|word| word == column).expect("a column");
        words().nth(place).expect("a value").parse().expect("u64")
    };
    let value6 = |name: &str| -> u64 {
        let line = snmp6.lines().find_map(|line| line.strip_prefix(name));
        line.map_or(0, |rest| rest.trim().parse().expect("u64"))
    };
    for (own, kernels) in TCP {
        numbers.insert(format!("tcp {own}"), value("Tcp:", kernels));
    }
    for (own, kernels) in UDP {
        let both = value("Udp:", kernels) + value6(&format!("Udp6{kernels}"));
        numbers.insert(format!("udp {own}"), both);
    }
    let script = "mount -t sysfs sysfs /sys; cd /sys/class/net
        for at in *; do for of in rx tx; do for what in bytes packets errors dropped; do
            echo $at $of\\_$what $(cat $at/statistics/$of\\_$what)
        done; done; done";
    let mut command = net.command("unshare".as_ref());
    let output = command.args(["--mount", "sh", "-ec", script]).output();
    let output = output.expect("unshare");
    assert!(output.status.success(), "{output:?}");
    for line in String::from_utf8_lossy(&output.stdout).lines() {
        let (name, value) = line.rsplit_once(' ').expect("a name and a value");
        numbers.insert(name.to_owned(), value.parse().expect("u64"));
    }
    numbers
}

/// Adds the differences of a block; gauges take the place of older ones.
fn add(sums: &mut Numbers, network: &Value) {
    let mut put = |of: &str, counters: &Value| {
        for (name, value) in counters.as_object().expect("an object") {
            let Some(value) = value.as_u64() else {
                continue;
            };
            let sum = sums.entry(format!("{of} {name}")).or_default();
            *sum = if name == "established" { 0 } else { *sum } + value;
        }
    };
    put("tcp", &network["tcp"]);
    put("udp", &network["udp"]);
    for interface in network["interfaces"].as_array().expect("a list") {
        put(interface["name"].as_str().expect("a name"), interface);
    }
}

/// Reads samples until their sum is what the kernel says at a moment when nothing passes.
fn agree(top: &mut Top, sums: &mut Numbers, net: &Net) -> Numbers {
    let end = Instant::now() + PATIENCE;
    loop {
        let before = truth(net);
        top.fresh();
        for sample in top.samples.drain(..) {
            if let Some(network) = &sample.network {
                add(sums, network);
            }
        }
        let after = truth(net);
        if before == after && *sums == after {
            return after;
        }
        assert!(
            Instant::now() < end,
            "the samples' sum, the kernel's: {:#?}",
            after
                .iter()
                .map(|(name, value)| (name, sums.get(name), value))
                .filter(|one| one.1 != Some(one.2))
                .collect::<Vec<_>>()
        );
    }
}

#[test]
fn interfaces_tcp_and_udp_are_those_of_the_kernel() {
    if !ready() {
        return;
    }
    let (here, peer) = (Net::new(), Net::new());
    let (mut top, mut sums) = (top(&here), Numbers::new());
    connect(&here, &peer);
    let ipv6 = has_ipv6(&here, &peer);
    let before = agree(&mut top, &mut sums, &here);

    // Datagrams to ports where nobody listens.
    let mut sent = 0;
    let mut targets = vec!["10.1.0.1:9"];
    if ipv6 {
        targets.push("[fd00::1]:9");
    }
    for target in targets {
        let target: SocketAddr = target.parse().expect("an address");
        let any = if target.is_ipv4() {
            "0.0.0.0:0"
        } else {
            "[::]:0"
        };
        peer.inside(|| {
            let socket = UdpSocket::bind(any).expect("a socket");
            for _ in 0..50 {
                socket.send_to(&[7; 500], target).expect("a route");
            }
        });
        sent += 50;
    }
    let after = agree(&mut top, &mut sums, &here);
    let change = |before: &Numbers, after: &Numbers, name: &str| after[name] - before[name];
    assert_eq!(change(&before, &after, "udp no_ports"), sent);
    assert!(change(&before, &after, "eth0 rx_bytes") >= sent * 500);

    // Connections that are opened from here, accepted here, refused.
    let before = after;
    let listener = here.inside(|| TcpListener::bind("10.1.0.1:0").expect("a listener"));
    let far_listener = peer.inside(|| TcpListener::bind("10.1.0.2:0").expect("a listener"));
    let connect = |net: &Net, to: &TcpListener, count: usize| -> Vec<(TcpStream, TcpStream)> {
        let address = to.local_addr().expect("an address");
        let pairs = (0..count).map(|_| {
            let one = net.inside(|| TcpStream::connect(address).expect("a connection"));
            (one, to.accept().expect("a connection").0)
        });
        pairs.collect()
    };
    let accepted = connect(&peer, &listener, 5);
    let mut opened = connect(&here, &far_listener, 3);
    here.inside(|| TcpStream::connect((Ipv4Addr::new(10, 1, 0, 2), 9)).expect_err("nobody"));
    for (near, far) in &mut opened {
        near.write_all(&[1; 1000]).expect("a connection");
        far.read_exact(&mut [0; 1000]).expect("a thousand bytes");
    }
    let after = agree(&mut top, &mut sums, &here);
    assert_eq!(change(&before, &after, "tcp passive_opens"), 5);
    assert_eq!(change(&before, &after, "tcp active_opens"), 4);
    assert_eq!(change(&before, &after, "tcp attempt_fails"), 1);
    assert_eq!(after["tcp established"], 8);
    assert!(change(&before, &after, "eth0 tx_bytes") >= 3000);
    drop((accepted, opened));
    assert!(top.stop(Signal::TERM).status.success());
}

#[test]
fn segments_that_are_sent_again_are_counted() {
    if !ready() {
        return;
    }
    let (here, peer) = (Net::new(), Net::new());
    let (mut top, mut sums) = (top(&here), Numbers::new());
    connect(&here, &peer);
    let listener = peer.inside(|| TcpListener::bind("10.1.0.2:0").expect("a listener"));
    let address = listener.local_addr().expect("an address");
    let mut near = here.inside(|| TcpStream::connect(address).expect("a connection"));
    let (mut far, _) = listener.accept().expect("a connection");
    far.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    let before = agree(&mut top, &mut sums, &here);

    peer.run("ip link set eth0 down");
    near.write_all(b"again").expect("a connection");
    let again = |numbers: &Numbers| {
        let name = "tcp retransmitted_segments";
        numbers[name] - before[name]
    };
    let end = Instant::now() + PATIENCE;
    while again(&truth(&here)) < 2 {
        assert!(Instant::now() < end, "nothing is sent again");
        std::thread::sleep(Duration::from_millis(50));
    }
    peer.run("ip link set eth0 up");
    let mut text = [0; 5];
    far.read_exact(&mut text).expect("what was sent");
    assert_eq!(&text, b"again");
    let after = agree(&mut top, &mut sums, &here);
    assert!(again(&after) >= 2);
    assert!(top.stop(Signal::TERM).status.success());
}

#[test]
fn a_quick_stream_has_the_network_now_and_then_and_metrics_have_totals() {
    if !ready() {
        return;
    }
    let (here, peer) = (Net::new(), Net::new());
    connect(&here, &peer);
    let mut command = here.command(binary().as_os_str());
    command.args(["--listen", "127.0.0.1:0"]);
    command.env("SOCKTOP_AGENT_METRICS_TTL_MS", "0");
    let server = Server::spawn(&mut command);
    let request = r#"{"period":"1ms","limit":0}"#;
    let mut stream = here.inside(|| Stream::open(&server.url, request));
    let (mut with, mut without, mut last_ns) = (0, 0, 0);
    while with < 5 {
        let line = stream.json();
        let Some(network) = line.get("network") else {
            without += 1;
            continue;
        };
        with += 1;
        let number = |name: &str| network[name].as_u64().expect("a number");
        let (at_ns, interval_ns) = (number("at_ns"), number("interval_ns"));
        // Every 100 ms, a fifth early at most; how long a reading took is between its moments, too.
        assert!(interval_ns >= 50_000_000, "{interval_ns}");
        assert!(at_ns > last_ns, "{at_ns} after {last_ns}");
        last_ns = at_ns;
        let interfaces = network["interfaces"].as_array().expect("a list");
        let class = |name: &str| {
            let one = interfaces.iter().find(|one| one["name"] == name);
            one.map(|one| one["class"].clone())
        };
        let counted = serde_json::json!({"kind": "veth", "counted": true});
        assert_eq!(class("eth0"), Some(counted));
        let own = serde_json::json!({"kind": "loopback", "counted": false});
        assert_eq!(class("lo"), Some(own));
    }
    if need::bpf() {
        assert!(without > 0, "the network is read for each sample");
    }

    peer.inside(|| {
        let socket = UdpSocket::bind("0.0.0.0:0").expect("a socket");
        socket.send_to(b"x", "10.1.0.1:9").expect("a route");
    });
    let mut client = here.inside(|| Client::connect(&server.url));
    let metrics = client.ask_until("get_metrics", PATIENCE, |metrics| {
        metrics["udp"]["no_ports"] == 1
    });
    for (of, names) in [("tcp", &TCP[..]), ("udp", &UDP[..])] {
        for (name, _) in names {
            assert!(metrics[of][name].is_u64(), "{of} {name}: {metrics:#}");
        }
    }
    // This client, the stream, and both their ends.
    assert_eq!(metrics["tcp"]["established"], 4);
    assert!(server.stop(Signal::TERM).status.success());
}
