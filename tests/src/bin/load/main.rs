//! Workloads with known behaviour, for the tests and benches to observe.
//!
//! Every command prints one JSON line with its pid, does its work and prints one JSON line with the
//! result. With `--steps` it reads a line from stdin before the work and waits for the end of stdin
//! after it, so that an observer can be in place first and look at a sleeping process afterwards.

mod args;
mod clock;
mod fork;
mod name;
mod processes;
mod reuse;
mod sockets;
mod spin;
mod steps;
mod switching;
mod threads;

use args::Args;
use steps::Steps;

/// No workload outlives this, whatever its arguments and its parent do.
const LIFETIME_S: u32 = 300;

const USAGE: &str = "usage: load COMMAND [--NAME VALUE]... [--steps]

  spin --seconds S [--us U] [--log FILE]     one thread; the log holds `realtime_ns cpu_ns` lines
  children --count N --burn-us U [--parallel P]
  storm --count N [--parallel P]             children that exit at once
  idle --count N                             sleeping children
  active --count N --duty-us U --seconds S   children that wake up every 10 ms
  zombie --burn-us U                         a child reaped only at the next line of stdin
  reuse --burn-us U                          a child dies, another gets its pid
  threads --count N --burn-us U [--keep K]   threads come and go, the last K stay
  leader-exits-first --burn-us U
  exec-from-thread --burn-us U
  rename --names HEX,HEX.. [--every-ms T]
  pingpong --rounds N [--over pipes|tcp]     two processes on one CPU
  mixed --seconds S
  sockets [--many true] [--only NAME] [--near IP4,IP6 --far IP4,IP6 --far-net FILE]
                                             an operation on sockets a step
  sockets-storm --count N                    children that send a datagram and die
  sockets-exec
  sockets-retransmit [--near .. --far .. --far-net FILE]
  sockets-void --address A --seconds S";

fn main() {
    fork::alarm(LIFETIME_S);
    let mut words = std::env::args().skip(1);
    let command = words.next().unwrap_or_default();
    let outcome = Args::parse(words).and_then(|mut args| run(&command, &mut args));
    if let Err(message) = outcome {
        eprintln!("load {command}: {message}\n{USAGE}");
        std::process::exit(2);
    }
}

fn run(command: &str, args: &mut Args) -> Result<(), String> {
    let steps = Steps::new(args.flag("steps"));
    match command {
        "spin" => spin::spin(args, steps),
        "children" => processes::children(args, steps),
        "storm" => processes::storm(args, steps),
        "idle" => processes::idle(args, steps),
        "active" => processes::active(args, steps),
        "zombie" => processes::zombie(args, steps),
        "reuse" => reuse::reuse(args, steps),
        "threads" => threads::threads(args, steps),
        "leader-exits-first" => threads::leader_exits_first(args, steps),
        "exec-from-thread" => threads::exec_from_thread(args, steps),
        "after-exec" => threads::after_exec(args, steps),
        "rename" => name::rename(args, steps),
        "pingpong" => switching::pingpong(args, steps),
        "sockets" => sockets::sockets(args, steps),
        "sockets-storm" => sockets::storm(args, steps),
        "sockets-exec" => sockets::exec(args, steps),
        "sockets-after-exec" => sockets::after_exec(args, steps),
        "sockets-retransmit" => sockets::retransmit(args, steps),
        "sockets-void" => sockets::void(args, steps),
        "mixed" => switching::mixed(args, steps),
        _ => Err("no such command".into()),
    }
}
