//! Programs that count what they send and receive agree with the agent.

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use subjiffy_tests::agent::{self, Top};
use subjiffy_tests::netns::{self, Net};
use subjiffy_tests::process::{Owned, Signal};
use subjiffy_tests::traffic::{self, Flow};
use subjiffy_tests::{need, truth};

/// Of the test's own network.
const PORT: u16 = 5201;

fn ready(programs: &[&str]) -> bool {
    let possible =
        need::root() && need::tool(netns::possible(), "iproute2", "SUBJIFFY_REQUIRE_BPF");
    need::bpf() && possible && need::programs(programs, "SUBJIFFY_REQUIRE_CLIENTS")
}

/// Starts a program inside.
fn start(net: &Net, program: &str, words: &str) -> Owned {
    let mut command = prepared(net, program, words);
    command.stdout(Stdio::null()).stderr(Stdio::inherit());
    Owned(command.spawn().expect(program))
}

fn prepared(net: &Net, program: &str, words: &str) -> Command {
    let mut command = net.command(program.as_ref());
    command.args(words.split_whitespace());
    command
}

/// What a process moved over TCP and UDP up to now.
fn flows(top: &mut Top, pid: u32) -> (Flow, Flow) {
    top.fresh();
    let traffic = traffic::of(&top.samples, pid);
    (traffic.tcp, traffic.udp)
}

#[test]
fn iperf3_over_tcp() {
    let Some((client, server, told)) = iperf3("-n 50M -P 2") else {
        return;
    };
    // Besides what it counts there are the words of its control connection and a cookie on each
    // of the others: what one end says the other one hears.
    let sent = number(&told, "/end/sum_sent/bytes");
    let received = number(&told, "/end/sum_received/bytes");
    let words = client.0.tx_bytes - sent;
    assert_eq!(words, server.0.rx_bytes - received, "words of the client");
    assert!((100..10_000).contains(&words), "{words} bytes of words");
    assert_eq!(client.0.rx_bytes, server.0.tx_bytes, "words of the server");
    assert!(
        (100..10_000).contains(&client.0.rx_bytes),
        "{} bytes of words",
        client.0.rx_bytes
    );
}

#[test]
fn iperf3_over_udp() {
    let Some((client, server, told)) = iperf3("-u -b 200M -l 1400 -n 5M") else {
        return;
    };
    // Each end says hello with four bytes.
    let sent = number(&told, "/end/sum_sent/bytes");
    assert_eq!(client.1.tx_bytes, sent + 4, "agent, iperf3 and its hello");
    let packets = number(&told, "/end/sum_sent/packets");
    assert_eq!(client.1.tx_calls, packets + 1, "calls, packets and a hello");
    // What is still under way at the end is not received any more.
    let received = number(&told, "/end/sum_received/bytes");
    assert_eq!(
        server.1.rx_bytes,
        received + 4,
        "agent, iperf3 and the hello"
    );
    assert_eq!(client.1.rx_bytes, 4, "the server's hello");
    assert_eq!(server.1.tx_bytes, 4, "the server's hello");
}

/// Client, server, and what the client says of both.
#[allow(clippy::type_complexity, reason = "TCP and UDP of two processes")]
fn iperf3(words: &str) -> Option<((Flow, Flow), (Flow, Flow), Value)> {
    if !ready(&["iperf3"]) {
        return None;
    }
    let _alone = need::exclusive();
    let net = Net::loopback();
    let mut top = Top::start("-i 100ms");
    let address = format!("-B 127.0.0.1 -p {PORT}");
    let mut server = start(&net, "iperf3", &format!("-s -1 {address}"));
    net.wait_for_listener(PORT);
    let words = format!("-c 127.0.0.1 -p {PORT} -J {words}");
    let client = prepared(&net, "iperf3", &words).spawn().expect("iperf3");
    let pid = client.id();
    let output = client.wait_with_output().expect("its end");
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    server.end_within(Duration::from_secs(10));
    let told = serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
    Some((flows(&mut top, pid), flows(&mut top, server.id()), told))
}

fn number(value: &Value, path: &str) -> u64 {
    let number = value.pointer(path).and_then(Value::as_u64);
    number.unwrap_or_else(|| panic!("no number {path} in {value}"))
}

/// `sendfile` as most have it, and without it.
const NGINX: &str = "daemon off; worker_processes 1; pid DIR/pid; error_log DIR/errors;
user root;
events {}
http {
    log_format bytes '$bytes_sent $request_length';
    access_log DIR/access bytes;
    client_body_temp_path DIR/body; proxy_temp_path DIR/proxy; fastcgi_temp_path DIR/fastcgi;
    uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
    server {
        listen 127.0.0.1:PORT;
        root DIR/www;
        location / { sendfile on; }
        location /copied/ { alias DIR/www/; sendfile off; }
        location /put/ { dav_methods PUT; create_full_put_path on; client_max_body_size 0; }
    }
}";

#[test]
fn curl_and_nginx() {
    if !ready(&["curl", "nginx"]) {
        return;
    }
    let _alone = need::exclusive();
    let net = Net::loopback();
    let dir = tempfile::tempdir().expect("a directory");
    let at = dir.path().display().to_string();
    std::fs::create_dir(dir.path().join("www")).expect("www");
    let bytes: Vec<u8> = (0..5_000_001_u32).map(|i| (i % 251) as u8).collect();
    std::fs::write(dir.path().join("www/file"), &bytes).expect("a file");
    let settings = NGINX.replace("DIR", &at).replace("PORT", &PORT.to_string());
    std::fs::write(dir.path().join("nginx.conf"), settings).expect("settings");

    let mut top = Top::start("-i 100ms");
    let words = format!("-p {at} -e {at}/errors -c {at}/nginx.conf");
    let nginx = Nginx(start(&net, "nginx", &words));
    net.wait_for_listener(PORT);
    let url = format!("http://127.0.0.1:{PORT}");
    let mut sum = [0; 2];
    for words in [
        format!("-o /dev/null {url}/file"),
        format!("-o /dev/null -o /dev/null {url}/file {url}/copied/file"),
        format!("-o /dev/null -I {url}/none"),
        format!("-o /dev/null -H Expect: -T {at}/www/file {url}/put/it"),
        format!("-o /dev/null -T {at}/www/file {url}/put/that"),
    ] {
        let told = curl(&net, &words);
        let (tcp, _) = flows(&mut top, told.pid);
        let ours = [tcp.rx_bytes, tcp.tx_bytes];
        assert_eq!(ours, [told.received, told.sent], "agent, curl {words}");
        sum = [sum[0] + told.sent, sum[1] + told.received];
    }
    let worker = truth::processes().into_iter().map(|(pid, _, _)| pid);
    let mut worker = worker.filter(|pid| parent(*pid) == Some(nginx.0.id()));
    let worker = worker.next().expect("a worker");
    let (tcp, _) = flows(&mut top, worker);
    let log = std::fs::read_to_string(dir.path().join("access")).expect("its log");
    let logged = log.lines().fold([0, 0], |sum, line| {
        let (sent, received) = line.split_once(' ').expect("two numbers");
        let number = |text: &str| text.parse::<u64>().expect("a number");
        [sum[0] + number(received), sum[1] + number(sent)]
    });
    let ours = [tcp.rx_bytes, tcp.tx_bytes];
    assert_eq!(ours, sum, "the worker, all curls");
    assert_eq!(ours[0], logged[0], "the worker, its log: received");
    assert_eq!(ours[1], logged[1], "the worker, its log: sent");
}

/// Asked to end, as its worker outlives a master that is killed.
struct Nginx(Owned);

impl Drop for Nginx {
    fn drop(&mut self) {
        self.0.signal(Signal::TERM);
        let end = Instant::now() + Duration::from_secs(10);
        while matches!(self.0.0.try_wait(), Ok(None)) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// What curl says.
struct Told {
    pid: u32,
    received: u64,
    sent: u64,
}

fn curl(net: &Net, words: &str) -> Told {
    let mut command = prepared(net, "curl", words);
    let format = "%{stderr}%{size_download} %{size_header} %{size_upload} %{size_request}\n";
    command.args(["-s", "-w", format]);
    let child = command.spawn().expect("curl");
    let mut told = Told {
        pid: child.id(),
        received: 0,
        sent: 0,
    };
    let output = child.wait_with_output().expect("its end");
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "curl {words}: {text}");
    for line in text.lines() {
        let numbers: Vec<u64> = line.split(' ').filter_map(|n| n.parse().ok()).collect();
        let [download, header, upload, request] = numbers[..] else {
            panic!("curl {words}: {text}");
        };
        told.received += download + header;
        told.sent += upload + request;
    }
    told
}

fn parent(pid: u32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = text.rsplit_once(") ")?;
    rest.split(' ').nth(1)?.parse().ok()
}

#[test]
fn redis() {
    if !ready(&["redis-server", "redis-benchmark"]) {
        return;
    }
    let _alone = need::exclusive();
    let net = Net::loopback();
    let dir = tempfile::tempdir().expect("a directory");
    let mut top = Top::start("-i 100ms");
    let words = format!(
        "--bind 127.0.0.1 --port {PORT} --save  --appendonly no --dir {} --io-threads 2",
        dir.path().display()
    );
    let server = start(&net, "redis-server", &words);
    net.wait_for_listener(PORT);
    let words = format!("-h 127.0.0.1 -p {PORT} -n 3000 -c 20 -d 300 -t set,get,lpush -q");
    let mut bench = prepared(&net, "redis-benchmark", &words);
    let ended = agent::to_the_end(&mut bench);
    assert!(ended.status.success(), "{}", ended.stderr);
    let words = format!("-h 127.0.0.1 -p {PORT} lrange mylist 0 100");
    let ended = agent::to_the_end(&mut prepared(&net, "redis-cli", &words));
    assert!(ended.status.success(), "{}", ended.stderr);

    // It has counted this request when it answers, and not yet its answer.
    let (info, answer) = net.inside(info);
    let count = |key: &str| -> u64 {
        let line = info.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.strip_prefix(':')?.parse().ok());
        number.unwrap_or_else(|| panic!("no {key} in {info}"))
    };
    let (tcp, _) = flows(&mut top, server.id());
    assert_eq!(tcp.rx_bytes, count("total_net_input_bytes"), "agent, redis");
    let sent = count("total_net_output_bytes") + answer;
    assert_eq!(tcp.tx_bytes, sent, "agent, redis");
    assert!(tcp.rx_bytes > 2_000_000, "a small load: {tcp:?}");
}

/// What `INFO stats` says, and how long the answer was in all.
fn info() -> (String, u64) {
    let mut socket = TcpStream::connect(("127.0.0.1", PORT)).expect("redis");
    socket.write_all(b"INFO stats\r\n").expect("a request");
    let mut reader = BufReader::new(socket);
    let mut head = String::new();
    reader.read_line(&mut head).expect("an answer");
    let length = head
        .trim_end()
        .strip_prefix('$')
        .and_then(|n| n.parse().ok());
    let length: usize = length.unwrap_or_else(|| panic!("{head}"));
    let mut text = vec![0; length + 2];
    reader.read_exact(&mut text).expect("all of it");
    let all = (head.len() + text.len()) as u64;
    (String::from_utf8_lossy(&text).into_owned(), all)
}
