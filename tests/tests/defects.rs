//! What the reference agent gets wrong and ours must not, on the wire that both share.
//!
//! | defect | test |
//! |---|---|
//! | 1 short-lived processes are invisible | here |
//! | 2 details fall to 0 behind a list | `details`: a busy process is never shown idle; `tui_details` |
//! | 3 threads without the main one, 5 no shared memory and open files | `process_details`: every detail |
//! | 4 children in other units | `details`: children have real starts and real CPU |
//! | 6 the dead are still described | `details`: a dead process is an error |
//! | 7 first answers that mean nothing | here |
//! | 8 the journal of somebody else | `process_details`: entries of an earlier process |
//! | 9 disks that are none | here |
//! | 10 the machine's traffic with itself | here |
//! | 11 everybody waits for one | here: they are not in one queue; figures: `bench fairness` |
//! | 12 a file for each process | here |
//! | 13 open to all | here, in `access` and in `limits` |
//! | 14 graphics libraries are needed | here |
//! | 15 one graphics card | `tui_gpu` shows several; what is read of them is tested beside its code |

use rustix::fs::statvfs;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use subjiffy_tests::flood::Holdings;
use subjiffy_tests::load::Load;
use subjiffy_tests::raw::{Message, Raw};
use subjiffy_tests::server::Server;
use subjiffy_tests::{agent, build, need, network, truth, wire};

const LOAD: &str = env!("CARGO_BIN_EXE_load");

/// Longer than any answer may be served from a cache.
const STALE: Duration = Duration::from_millis(1_700);

#[test]
fn short_lived_processes_are_in_the_list_with_what_they_used() {
    if !need::bpf() {
        return;
    }
    let _alone = need::exclusive();
    let server = Server::start("");
    let mut client = Raw::connect(&server.url);
    for burn_us in [300, 30_000] {
        let command = format!(
            "children --count {} --burn-us {burn_us}",
            6_000_000 / burn_us
        );
        let mut load = Load::start(LOAD, &command);
        load.go();
        list(&mut client);
        std::thread::sleep(STALE);
        list(&mut client);
        let before = machine_ns();
        std::thread::sleep(STALE);
        let rows = list(&mut client);
        let (busy, all) = machine_ns();
        let machine = (busy - before.0) as f64 / (all - before.1) as f64 * 100.0;
        let listed: f64 = rows.iter().map(|row| f64::from(row.cpu_usage)).sum();
        println!("children of {burn_us} us: machine {machine:.1} %, list {listed:.1} %");
        assert!(machine > 20.0, "the load does not load: {machine}");
        assert!(
            listed > machine * 0.85,
            "children of {burn_us} us: machine {machine:.1} %, list {listed:.1} %"
        );
        drop(load);
    }
}

#[test]
fn the_first_answers_mean_the_time_since_the_client_came() {
    let _alone = need::exclusive();
    let server = Server::start("");
    // Once after the start, once after everybody was gone for a while.
    for _ in 0..2 {
        std::thread::sleep(Duration::from_secs(3));
        let mut load = Load::start(LOAD, "spin --seconds 4");
        load.go();
        let (begun, clock) = (Instant::now(), truth::process_clock_ns(load.pid()));
        let mut client = Raw::connect(&server.url);
        let rows = list(&mut client);
        let used = (truth::process_clock_ns(load.pid()) - clock) as f64;
        let used = used / begun.elapsed().as_nanos() as f64 / truth::cpus() as f64 * 100.0;
        let row = rows.iter().find(|row| row.pid == u64::from(load.pid()));
        let shown = f64::from(row.expect("a row").cpu_usage);
        let metrics = json(&client.ask("get_metrics"));
        let total = metrics["cpu_total"].as_f64().unwrap_or(0.0);
        let cores = metrics["cpu_per_core"].as_array().expect("cores");
        let most = cores.iter().filter_map(Value::as_f64).fold(0.0, f64::max);
        println!("used {used:.1}: row {shown:.1}, total {total:.1}, busiest core {most:.1}");
        assert!(used > 1.0 && shown > used / 2.0, "{shown} %, used {used} %");
        assert!(total > shown / 2.0 && most > 30.0, "{metrics}");
        load.line();
        load.finish();
    }
}

#[test]
fn disks_are_real_and_have_their_sizes() {
    let server = Server::start("");
    let disks = json(&Raw::connect(&server.url).ask("get_disks"));
    let by_name: BTreeMap<_, _> = disks
        .as_array()
        .expect("disks")
        .iter()
        .map(|disk| (disk["name"].as_str().unwrap_or_default(), disk))
        .collect();
    assert!(
        by_name.values().all(|d| d["total"].as_u64() > Some(0)),
        "{disks}"
    );
    for pseudo in ["proc", "sysfs", "bpf", "nodev", "cgroup2", "devpts", "none"] {
        assert!(!by_name.contains_key(pseudo), "{disks}");
    }
    let mounts = std::fs::read_to_string("/proc/self/mounts").expect("mounts");
    let mut mounts = mounts
        .lines()
        .map(|line| line.split(' ').collect::<Vec<_>>());
    // The last one mounted on / is the one that is seen there.
    let root = mounts.rfind(|words| words.get(1) == Some(&"/"));
    let device = root.map_or("", |words| words[0]).to_owned();
    if !device.starts_with("/dev/") {
        return;
    }
    let disk = by_name.get(device.as_str());
    let disk = disk.unwrap_or_else(|| panic!("no {device} in {disks}"));
    let real = statvfs("/").expect("statvfs");
    assert_eq!(disk["total"].as_u64(), Some(real.f_blocks * real.f_frsize));
}

/// 40 MB that never leave the machine.
#[test]
fn what_the_machine_says_to_itself_is_no_traffic() {
    const SENT: usize = 40 << 20;
    let server = Server::without_caches("");
    let mut client = Raw::connect(&server.url);
    let traffic = |client: &mut Raw| -> u64 {
        let metrics = json(&client.ask("get_metrics"));
        let networks = metrics["networks"].as_array().expect("networks").clone();
        let both = networks
            .iter()
            .flat_map(|net| [&net["received"], &net["transmitted"]]);
        both.filter_map(Value::as_u64).sum()
    };
    let before = traffic(&mut client);
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = listener.local_addr().expect("its address");
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut stream = std::net::TcpStream::connect(address).expect("a connection");
            stream.write_all(&vec![7; SENT]).expect("to be read");
        });
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("bytes");
        assert_eq!(bytes.len(), SENT);
    });
    std::thread::sleep(Duration::from_millis(200));
    let counted = traffic(&mut client) - before;
    assert!(counted < SENT as u64 / 4, "{counted} bytes counted");
}

/// Nobody's answer is put behind the lists that somebody else fetches without a pause.
#[test]
fn a_greedy_client_is_not_served_before_a_modest_one() {
    let _alone = need::exclusive();
    let mut load = Load::start(LOAD, "idle --count 1500");
    load.run();
    let server = Server::without_caches("");
    let stop = AtomicBool::new(false);
    let (lists, metrics) = std::thread::scope(|scope| {
        let greedy = scope.spawn(|| {
            let mut client = Raw::connect(&server.url);
            let mut count = 0;
            while !stop.load(Ordering::Relaxed) {
                list(&mut client);
                count += 1;
            }
            count
        });
        let mut modest = Raw::connect(&server.url);
        modest.ask("get_metrics");
        let end = Instant::now() + Duration::from_secs(4);
        let mut count = 0;
        while Instant::now() < end {
            modest.ask("get_metrics");
            count += 1;
        }
        stop.store(true, Ordering::Relaxed);
        (greedy.join().expect("a client"), count)
    });
    println!("{lists} lists, {metrics} metrics at the same time");
    assert!(lists > 10, "{lists} lists");
    // In one queue with each other there would be one for one.
    assert!(metrics * 2 >= lists, "{lists} lists, {metrics} metrics");
    load.finish();
}

#[test]
fn no_file_is_kept_open_for_a_process() {
    let server = Server::without_caches("");
    let mut client = Raw::connect(&server.url);
    list(&mut client);
    let before = Holdings::of(server.pid()).files;
    let mut load = Load::start(LOAD, "idle --count 500");
    load.run();
    for _ in 0..3 {
        list(&mut client);
    }
    let after = Holdings::of(server.pid()).files;
    assert!(after < before + 20, "{after} open files, {before} before");
    load.finish();
}

#[test]
fn nobody_outside_is_let_in_by_default() {
    for words in ["--token x", "--enableSSLL", "3000"] {
        let ended = agent::run(words);
        assert_eq!(ended.status.code(), Some(2), "{words}: {}", ended.stderr);
    }
    let ended = agent::run("--listen 0.0.0.0:0");
    assert!(!ended.status.success(), "{}", ended.stderr);
    for hint in ["token", "--insecure"] {
        assert!(
            ended.stderr.contains(hint),
            "no {hint} in: {}",
            ended.stderr
        );
    }
    if !need::root() {
        return;
    }
    let binary = build::binary();
    std::thread::scope(|scope| {
        let thread = scope.spawn(|| {
            network::leave().expect("a network");
            let _server = Server::spawn(&mut agent::command(binary.as_os_str()));
            let listening = ["tcp", "tcp6"].map(|kind| {
                let path = format!("/proc/thread-self/net/{kind}");
                std::fs::read_to_string(path).unwrap_or_default()
            });
            let lines = listening.iter().flat_map(|text| text.lines().skip(1));
            let addresses: Vec<_> = lines
                .filter_map(|line| line.split_whitespace().nth(1))
                .collect();
            assert!(!addresses.is_empty(), "nobody listens");
            for address in addresses {
                let loopback = ["0100007F:", "00000000000000000000000001000000:"];
                let inside = loopback.iter().any(|start| address.starts_with(start));
                assert!(inside, "it listens on {address}");
            }
        });
        thread.join().expect("the thread in the other network");
    });
}

#[test]
fn no_library_of_graphics_cards_is_needed() {
    const NEEDED: [&str; 6] = [
        "linux-vdso",
        "libc.",
        "libm.",
        "libgcc_s.",
        "ld-linux",
        "libdl.",
    ];
    let output = Command::new("ldd").arg(build::binary()).output();
    let text = String::from_utf8(output.expect("ldd").stdout).expect("text");
    if text.contains("statically linked") {
        return;
    }
    let names: Vec<_> = text
        .lines()
        .filter_map(|l| l.split_whitespace().next())
        .collect();
    assert!(names.iter().any(|name| name.contains("libc.")), "{text}");
    for name in names {
        assert!(
            NEEDED.iter().any(|known| name.contains(known)),
            "{name} is needed: {text}"
        );
    }
}

fn json(answer: &Message) -> Value {
    wire::json(answer).unwrap_or_else(|error| panic!("{error}"))
}

fn list(client: &mut Raw) -> Vec<wire::Row> {
    let answer = client.ask("get_processes");
    let list = wire::processes(&answer);
    list.unwrap_or_else(|error| panic!("{error}")).1
}

/// Time that all CPUs were busy, and all of their time, in ticks of 10 ms.
fn machine_ns() -> (u64, u64) {
    let text = std::fs::read_to_string("/proc/stat").unwrap_or_default();
    let first = text.lines().next().unwrap_or_default();
    let ticks: Vec<u64> = first
        .split_whitespace()
        .skip(1)
        .take(8)
        .filter_map(|tick| tick.parse().ok())
        .collect();
    let all: u64 = ticks.iter().sum();
    let idle: u64 = ticks.iter().skip(3).take(2).sum();
    let steal = ticks.get(7).copied().unwrap_or(0);
    (all - idle - steal, all)
}
