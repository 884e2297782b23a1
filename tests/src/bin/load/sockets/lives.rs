//! Lives that are too short, or too strange, for a table.

use super::calls::tcp_info;
use super::place::{Kind, Place, Socket};
use super::work::{Work, payload};
use crate::args::Args;
use crate::fork;
use crate::steps::{Steps, say};
use rustix::io::Errno;
use rustix::net::{SendFlags, connect, sendto, sockopt};
use std::net::SocketAddr;
use std::os::unix::process::CommandExt;
use std::process::Command;
use std::time::{Duration, Instant};
use subjiffy_tests::traffic::Step;

type Outcome = Result<(), String>;

/// Bytes of every child of [`storm`].
const LENGTH: usize = 100;

/// Children that send one datagram and die, as fast as they can be made.
pub fn storm(args: &mut Args, steps: Steps) -> Outcome {
    let count: u64 = args.required("count")?;
    args.done()?;
    steps.ready();
    let sent = send_from_children(count).map_err(|e| e.to_string())?;
    steps.done(&format!("{{\"bytes\":{}}}", sent * LENGTH as u64));
    Ok(())
}

fn send_from_children(count: u64) -> std::io::Result<u64> {
    let place = Place::loopback();
    let far = Socket::new(Kind::Udp4)?;
    let address = place.bind(&far, true)?;
    let (bytes, none) = (payload(LENGTH), SendFlags::empty());
    let mut running = 0;
    for _ in 0..count {
        if running >= 8 && fork::reap_one() {
            running -= 1;
        }
        let life = || {
            let sent = Socket::new(Kind::Udp4)
                .is_ok_and(|near| sendto(&near, &bytes, none, &address) == Ok(LENGTH));
            i32::from(!sent)
        };
        fork::fork(life).map_err(std::io::Error::other)?;
        running += 1;
    }
    while fork::reap_one() {}
    Ok(count)
}

/// The first thread sends, then a second one, which executes this program anew, which sends, too.
pub fn exec(args: &mut Args, steps: Steps) -> Outcome {
    args.done()?;
    steps.ready();
    send_to_itself(1000)?;
    let thread = std::thread::spawn(|| {
        send_to_itself(2000)?;
        let mut command = Command::new("/proc/self/exe");
        Err(format!(
            "exec: {}",
            command.args(["sockets-after-exec", "--steps"]).exec()
        ))
    });
    thread.join().unwrap_or_else(|_| Err("a panic".into()))
}

/// What the program becomes in [`exec`].
pub fn after_exec(args: &mut Args, steps: Steps) -> Outcome {
    args.done()?;
    send_to_itself(3000)?;
    steps.done("{\"bytes\":6000,\"calls\":3}");
    Ok(())
}

fn send_to_itself(length: usize) -> Outcome {
    let place = Place::loopback();
    let mut work = Work::new(&place);
    let done = work.pair(Kind::Udp4).and_then(|(near, far)| {
        let (send, receive) = (&super::ways::by_send, &super::ways::by_recv);
        super::ways::transfer(&mut work, &near, &far, length, send, receive)
    });
    done.map_err(|e| e.to_string())
}

/// Connects to a far end; at the next step it sends, which the observer may prevent from arriving,
/// and at the one after that it waits until all has arrived and tells how often it sent again.
pub fn retransmit(args: &mut Args, steps: Steps) -> Outcome {
    let place = super::place(args)?;
    args.done()?;
    steps.ready();
    let mut work = Work::new(&place);
    let done = (|| {
        let (near, far) = work.pair(Kind::Tcp4)?;
        let (send, receive) = (&super::ways::by_send, &super::ways::by_recv);
        super::ways::transfer(&mut work, &near, &far, 1000, send, receive)?;
        say("{\"connected\":1}");
        steps.next();
        // Fits into the buffer of the socket.
        let bytes = payload(30_000);
        work.sent(&near, super::ways::by_send(&near, &bytes)?);
        say("{\"sent\":30000}");
        steps.next();
        super::ways::collect(&mut work, &far, &bytes, receive)?;
        // Its last acknowledgement is on the way.
        std::thread::sleep(Duration::from_millis(500));
        work.count_retransmits(&near, &far)
    })();
    steps.done(&step("retransmit", &work, done));
    Ok(())
}

/// Connects to an address where nothing answers, and gives up after `seconds`.
pub fn void(args: &mut Args, steps: Steps) -> Outcome {
    let address: SocketAddr = args.required("address")?;
    let time = Duration::from_secs_f64(args.required("seconds")?);
    args.done()?;
    steps.ready();
    let place = Place::loopback();
    let mut work = Work::new(&place);
    let done = (|| {
        let near = Socket::new(Kind::Tcp4)?;
        sockopt::set_socket_timeout(&near, sockopt::Timeout::Send, Some(time))?;
        let begun = Instant::now();
        work.moved.opened += 1;
        match connect(&near, &address) {
            Err(Errno::INPROGRESS) if begun.elapsed() >= time => {}
            other => return super::work::fail(&format!("{other:?} from the void")),
        }
        work.moved.retransmits += u64::from(tcp_info(&near)?.retransmits);
        Ok(())
    })();
    steps.done(&step("void", &work, done));
    Ok(())
}

fn step(op: &str, work: &Work, done: std::io::Result<()>) -> String {
    let step = Step {
        op: op.to_owned(),
        moved: work.moved,
        failed: done.err().map(|e| e.to_string()),
        last: true,
        ..Step::default()
    };
    super::line(&step)
}
