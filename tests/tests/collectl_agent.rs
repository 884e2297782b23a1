//! Outputs in collectl's formats on the long-running agent: by flag and by configuration.

use serde_json::Value;
use std::{
    io::Write,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use subjiffy_tests::{
    build,
    build::binary,
    collectl::{self, PATIENCE, Peer, is_data, time_ms},
    control::{self, until},
    load::Load,
    need,
    netns::Net,
    process::Signal,
    server::Server,
    truth,
};

/// An agent in a namespace of its own.
struct Agent {
    server: Server,
    net: Net,
    place: tempfile::TempDir,
}

impl Agent {
    fn command(net: &Net, place: &Path, words: &str, config: &str) -> Command {
        let file = place.join("subjiffy.toml");
        let mut out = std::fs::File::create(&file).expect("a file");
        out.write_all(config.as_bytes()).expect("a file");
        let mut command = net.command(binary().as_os_str());
        command.args(["--listen", "127.0.0.1:0", "--config"]);
        command.arg(file).arg("--control").arg(socket(place));
        command.args(words.split_whitespace());
        command
    }

    fn start(words: &str, config: &str) -> Self {
        let (net, place) = (Net::loopback(), control::place());
        let server = Server::spawn(&mut Self::command(&net, place.path(), words, config));
        Self { server, net, place }
    }

    fn reply(&self, line: &str) -> String {
        let mut all = control::say(&socket(self.place.path()), format!("{line}\n").as_bytes());
        assert_eq!(all.len(), 1, "{line}: {all:?}");
        all.remove(0)
    }

    fn ok(&self, line: &str) -> String {
        let reply = self.reply(line);
        assert!(reply.starts_with("ok"), "{line}: {reply}");
        reply
    }

    fn element(&self, name: &str) -> Value {
        let reply = self.ok(&format!("status json {name}"));
        let text = reply.strip_prefix("ok ").expect("an object");
        let all: Value = serde_json::from_str(text).expect("JSON");
        all["elements"][0].clone()
    }

    fn polls(&self, name: &str) -> u64 {
        self.element(name)["polls"].as_u64().expect("polls")
    }

    fn peer(&self, address: &str) -> Peer {
        Peer::connect(&self.net, address)
    }
}

fn socket(place: &Path) -> PathBuf {
    place.join("control.sock")
}

fn ready() -> bool {
    collectl::ready_with_net(&[])
}

const QUICK: &str =
    "[\"output/collectl/quick\"]\nswitches = \"-scm -i.1 -oTm -A server:127.0.0.1:2700\"\n";
const ELEMENT: &str = "output/collectl/quick";

#[test]
fn outputs_by_flag_and_by_configuration_serve_at_the_same_time() {
    if !ready() {
        return;
    }
    let agent = Agent::start("-A server:2701 -A server:[::1]:2702", QUICK);
    let listed = agent.ok("list output");
    for name in [
        ELEMENT,
        "output/collectl/server:2701",
        "output/collectl/server:[::1]:2702",
    ] {
        assert!(listed.contains(name), "{listed}");
    }
    // A flag has the usual subsystems every second.
    let mut usual = agent.peer("127.0.0.1:2701");
    let mut six = agent.peer("[::1]:2702");
    let mut quick = agent.peer("127.0.0.1:2700");
    let data = quick.data(6);
    let times: Vec<_> = data.iter().filter_map(|line| time_ms(line)).collect();
    assert_eq!(times.len(), 6, "{data:#?}");
    assert!(times.windows(2).all(|two| two[1] > two[0]), "{times:?}");
    for peer in [&mut usual, &mut six] {
        let lines = peer.lines(3);
        assert!(lines[0].starts_with("#<--------CPU"), "{lines:#?}");
        assert!(lines[1].starts_with("#cpu sys inter"), "{lines:#?}");
        assert_eq!(lines[2].split_whitespace().count(), 12, "{lines:#?}");
    }
    assert_eq!(agent.element(ELEMENT)["period_ns"], 100_000_000);
    // All see an orderly end.
    let ended = agent.server.stop(Signal::TERM);
    assert!(ended.status.success(), "{}", ended.stderr);
    for peer in [&mut usual, &mut six, &mut quick] {
        peer.rest();
    }
}

#[test]
fn an_output_is_paused_resumed_retuned_and_stopped() {
    if !ready() {
        return;
    }
    let agent = Agent::start("", QUICK);
    let mut peer = agent.peer("127.0.0.1:2700");
    peer.data(3);
    agent.ok(&format!("control {ELEMENT} pause"));
    // What was on its way comes, then nothing.
    peer.stream
        .set_read_timeout(Some(Duration::from_millis(400)))
        .expect("a time-out");
    let mut bytes = [0; 4096];
    while peer.read_some(&mut bytes).is_ok() {}
    let before = agent.polls(ELEMENT);
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(agent.polls(ELEMENT), before, "samples while it is paused");
    peer.stream
        .set_read_timeout(Some(PATIENCE))
        .expect("a time-out");
    agent.ok(&format!("control {ELEMENT} resume"));
    peer.data(3);

    agent.ok(&format!("control {ELEMENT} set-period 500ms"));
    let data = peer.data(6);
    let times: Vec<_> = data.iter().filter_map(|line| time_ms(line)).collect();
    let last = &times[times.len() - 3..];
    assert!(
        last.windows(2).all(|two| two[1] - two[0] >= 450),
        "{times:?}"
    );
    assert!(
        agent
            .ok(&format!("control {ELEMENT} get-period"))
            .contains("=500ms")
    );

    agent.ok(&format!("control {ELEMENT} stop"));
    peer.rest();
    let refused = || {
        agent
            .net
            .inside(|| std::net::TcpStream::connect("127.0.0.1:2700"))
            .is_err()
    };
    until("the port is free", refused);
    assert_eq!(agent.element(ELEMENT)["state"], "stopped");
    assert!(
        agent
            .reply(&format!("control {ELEMENT} resume"))
            .contains("stopped")
    );
}

/// A period that the file does not say any more is that of the switches again.
#[test]
fn another_file_gives_an_output_another_period() {
    if !ready() {
        return;
    }
    let agent = Agent::start("", &format!("{QUICK}period = \"300ms\"\n"));
    let period = || agent.element(ELEMENT)["period_ns"].clone();
    assert_eq!(period(), 300_000_000);
    std::fs::write(agent.place.path().join("subjiffy.toml"), QUICK).expect("a file");
    let reply = agent.ok("reload");
    assert!(reply.contains("period=100ms"), "{reply}");
    assert_eq!(period(), 100_000_000);
}

#[test]
fn nobody_connected_and_nothing_recorded_nothing_is_read() {
    if !ready() {
        return;
    }
    let agent = Agent::start("", QUICK);
    // The first samples make the header that newcomers get at once.
    until("it rests", || {
        let before = agent.polls(ELEMENT);
        std::thread::sleep(Duration::from_millis(600));
        agent.polls(ELEMENT) == before
    });
    let before = agent.polls(ELEMENT);
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(agent.polls(ELEMENT), before);
    let mut peer = agent.peer("127.0.0.1:2700");
    let lines = peer.lines(4);
    assert!(
        lines[0].starts_with('#') && lines[1].starts_with("#Time"),
        "{lines:#?}"
    );
    assert!(is_data(&lines[2]) && is_data(&lines[3]), "{lines:#?}");
    drop(peer);
    until("it rests again", || {
        let before = agent.polls(ELEMENT);
        std::thread::sleep(Duration::from_millis(600));
        agent.polls(ELEMENT) == before
    });
}

#[test]
fn a_peer_that_goes_is_called_again() {
    if !ready() {
        return;
    }
    let (net, place) = (Net::loopback(), control::place());
    let listener = net.inside(|| TcpListener::bind("127.0.0.1:2703").expect("a port"));
    let config = "[\"output/collectl/out\"]\nswitches = \"-sc -i.1 -A 127.0.0.1:2703\"\n";
    let server = Server::spawn(&mut Agent::command(&net, place.path(), "", config));
    let mut agent = Agent { server, net, place };
    let host = format!("{} ", collectl::host());
    for round in 0..2 {
        let (stream, _) = listener.accept().expect("a connection");
        let mut peer = Peer::of(stream);
        let lines = peer.lines(5);
        assert!(
            lines.iter().all(|line| line.starts_with(&host)),
            "{lines:#?}"
        );
        drop(peer);
        if round == 0 {
            until("its status tells", || {
                let element = agent.element("output/collectl/out");
                let reason = element["reason"].as_str().unwrap_or_default();
                reason.contains("the peer has gone")
            });
        }
    }
    drop(listener);
    assert!(agent.server.runs());
    assert!(agent.server.stop(Signal::TERM).status.success());
}

/// CPU time of a process over a socket equals the kernel's own books.
#[test]
fn processes_have_the_exact_numbers_of_the_agent() {
    if !ready() || !need::bpf() {
        return;
    }
    let mut load = Load::start(&build::load().to_string_lossy(), "spin --seconds 1");
    let pid = load.pid();
    let switches = format!("-sZ -i:.2 -P --procopts e --procfilt p{pid} -A server:127.0.0.1:2704");
    let config = format!("[\"output/collectl/z\"]\nswitches = \"{switches}\"\n");
    let agent = Agent::start("", &config);
    let mut peer = agent.peer("127.0.0.1:2704");
    let header = peer.line().expect("a header");
    let columns: Vec<_> = header.split_whitespace().collect();
    let column = |name: &str| columns.iter().position(|one| *one == name);
    let places = ["PID", "UsrMs", "SysMs"].map(|name| column(name).expect(name));
    let mut next_ms = || {
        let line = peer.data(1).remove(0);
        let words: Vec<_> = line.split_whitespace().collect();
        let [of, user, system] = places.map(|at| words[at]);
        assert_eq!(of, pid.to_string(), "{line}");
        let ms = |word: &str| word.parse::<f64>().expect(word);
        ms(user) + ms(system)
    };
    // Until it is at rest.
    while next_ms() > 0.0 {}
    let before = truth::settled_run_ns(pid);
    load.run();
    let spent_ms = (truth::settled_run_ns(pid) - before) as f64 / 1e6;
    let (mut sum_ms, mut rows, mut at_rest) = (0.0, 0.0, 0);
    while at_rest < 3 {
        let ms = next_ms();
        (sum_ms, rows) = (sum_ms + ms, rows + 1.0);
        at_rest = if ms > 0.0 || sum_ms < 500.0 {
            0
        } else {
            at_rest + 1
        };
    }
    assert!(spent_ms > 900.0, "{spent_ms}");
    // Each number is rounded to a thousandth.
    let error_ms = (sum_ms - spent_ms).abs();
    assert!(
        error_ms <= 0.002 * rows,
        "{sum_ms} of {spent_ms} ms in {rows} rows"
    );
    assert!(agent.server.stop(Signal::TERM).status.success());
}

/// The promise that collectl's page makes: a socket, and raw and plot files at the same time.
#[test]
fn what_goes_to_a_socket_is_recorded_as_well() {
    if !ready() {
        return;
    }
    let files = tempfile::tempdir().expect("a directory");
    let path = files.path().display();
    let config = format!(
        "[\"output/collectl/both\"]\nswitches = \"-scm -i.2 -P --rawtoo -F0 -oTm -f {path} -A server:127.0.0.1:2705\"\n"
    );
    let agent = Agent::start("", &config);
    let mut peer = agent.peer("127.0.0.1:2705");
    let sent = peer.data(5);
    assert!(agent.server.stop(Signal::TERM).status.success());
    let names = control::files(files.path());
    let of = |end: &str| {
        let found = names.iter().find(|name| name.ends_with(end));
        files
            .path()
            .join(found.unwrap_or_else(|| panic!("no {end}: {names:?}")))
    };
    let zcat = |file: PathBuf| {
        let out = Command::new("zcat").arg(file).output().expect("zcat");
        assert!(out.status.success());
        String::from_utf8(out.stdout).expect("text")
    };
    let plot = zcat(of(".tab.gz"));
    for line in &sent {
        assert!(plot.contains(line.as_str()), "{line} is not in {plot}");
    }
    // And collectl itself plays the raw file back.
    let mut original = collectl::Program::Real.command("-scm -P -oTm --hr 0 -p");
    let out = original.arg(of(".raw.gz")).output().expect("collectl");
    let text = String::from_utf8_lossy(&out.stdout);
    let played = text.lines().filter(|line| is_data(line)).count();
    assert!(
        played >= 5,
        "{text}{}",
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn what_cannot_be_is_told_before_anything_starts() {
    if !ready() {
        return;
    }
    let (net, place) = (Net::loopback(), control::place());
    let _taken = net.inside(|| TcpListener::bind("0.0.0.0:2706").expect("a port"));
    for (words, config, says) in [
        ("-A server:2706", "", "2706"),
        ("-A server:none:1", "", "server:none:1"),
        (
            "",
            "[\"output/collectl/x\"]\nswitches = \"-s? -A server\"\n",
            "subjiffy.toml:2: \"output/collectl/x\".switches: -s",
        ),
    ] {
        let mut command = Agent::command(&net, place.path(), words, config);
        let begun = Instant::now();
        let ended = subjiffy_tests::agent::to_the_end(&mut command);
        assert_eq!(
            ended.status.code(),
            Some(1),
            "{words} {config}: {}",
            ended.stderr
        );
        assert!(
            ended.stderr.contains(says),
            "{words} {config}: {}",
            ended.stderr
        );
        assert!(begun.elapsed() < PATIENCE);
    }
}
