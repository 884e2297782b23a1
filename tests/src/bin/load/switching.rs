//! Workloads that switch a lot.

use crate::args::Args;
use crate::clock::{PROCESS, burn_us};
use crate::fork;
use crate::processes::{run_children, wake_and_burn};
use crate::steps::Steps;
use rustix::fd::OwnedFd;
use rustix::pipe::pipe;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

/// Two processes on one CPU wake each other up, by bytes through pipes or a TCP connection.
pub fn pingpong(args: &mut Args, steps: Steps) -> Result<(), String> {
    let rounds: u64 = args.required("rounds")?;
    let over: Option<String> = args.optional("over")?;
    args.done()?;
    pin_to_one_cpu()?;
    let open = match over.as_deref() {
        None | Some("pipes") => pipes,
        Some("tcp") => connect,
        Some(other) => return Err(format!("--over {other}: pipes or tcp")),
    };
    steps.ready();
    let took = play(open()?, rounds, Duration::MAX)?;
    let per_round = took.as_nanos() as u64 / rounds.max(1);
    steps.done(&format!(
        "{{\"rounds\":{rounds},\"ns_per_round\":{per_round}}}"
    ));
    Ok(())
}

/// Sleepers, switchers, short children and a thread busy half of the time, all at once.
pub fn mixed(args: &mut Args, steps: Steps) -> Result<(), String> {
    let time = Duration::from_secs_f64(args.required("seconds")?);
    args.done()?;
    steps.ready();
    let end = Instant::now() + time;
    for _ in 0..4 {
        fork::fork(|| wake_and_burn(500, time))?;
    }
    fork::fork(|| {
        fork::die_with_parent();
        let played = pipes().and_then(|pipes| play(pipes, u64::MAX, time));
        i32::from(played.is_err())
    })?;
    fork::fork(|| {
        fork::die_with_parent();
        while Instant::now() < end {
            let failed = run_children(20, 2, 300_000).is_err();
            std::thread::sleep(Duration::from_millis(if failed { 100 } else { 20 }));
        }
        0
    })?;
    while Instant::now() < end {
        burn_us(PROCESS, 50_000);
        std::thread::sleep(Duration::from_millis(50));
    }
    while fork::reap_one() {}
    steps.done("{}");
    Ok(())
}

/// Two ways, each with the end to read from and the one to write to.
type Ways = [(OwnedFd, OwnedFd); 2];

fn pipes() -> Result<Ways, String> {
    let open = || pipe().map_err(|e| format!("pipe: {e}"));
    Ok([open()?, open()?])
}

/// Both ways through one connection.
fn connect() -> Result<Ways, String> {
    let connect = || {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let near = TcpStream::connect(listener.local_addr()?)?;
        let (far, _) = listener.accept()?;
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        Ok([
            (far.try_clone()?.into(), near.try_clone()?.into()),
            (near.into(), far.into()),
        ])
    };
    connect().map_err(|e: std::io::Error| format!("a TCP connection: {e}"))
}

fn play(ways: Ways, rounds: u64, limit: Duration) -> Result<Duration, String> {
    let [(ping_read, ping_write), (pong_read, pong_write)] = ways;
    fork::fork(|| {
        fork::die_with_parent();
        while pass(&ping_read, &pong_write) {}
        0
    })?;
    let start = Instant::now();
    for _ in 0..rounds {
        let thrown = rustix::io::write(&ping_write, &[1]).is_ok();
        if !thrown || !catch(&pong_read) || start.elapsed() > limit {
            break;
        }
    }
    let took = start.elapsed();
    // A zero ends the other side: it holds a copy of both writing ends, so it would see no end.
    let _ = rustix::io::write(&ping_write, &[0]);
    fork::reap_one();
    Ok(took)
}

fn pass(from: &OwnedFd, to: &OwnedFd) -> bool {
    catch(from) && rustix::io::write(to, &[1]).is_ok()
}

fn catch(from: &OwnedFd) -> bool {
    let mut byte = [0];
    matches!(rustix::io::read(from, &mut byte), Ok(1)) && byte[0] == 1
}

fn pin_to_one_cpu() -> Result<(), String> {
    let allowed = sched_getaffinity(None).map_err(|e| format!("sched_getaffinity: {e}"))?;
    let first = (0..CpuSet::MAX_CPU).find(|&cpu| allowed.is_set(cpu));
    let mut one = CpuSet::new();
    one.set(first.ok_or("no CPU allowed")?);
    sched_setaffinity(None, &one).map_err(|e| format!("sched_setaffinity: {e}"))
}
