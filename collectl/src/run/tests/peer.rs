//! Runs that connect out.

use std::net::{Shutdown, TcpListener};

use super::*;

/// A run and its peer.
fn connected(interval: Duration) -> (Started, BufReader<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let options = Options {
        intervals: Intervals {
            main: interval,
            processes: interval,
        },
        address: Some(Address::Connect {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            timeout: Duration::from_secs(20),
        }),
        ..options()
    };
    let run = start(options);
    let peer = listener.accept().unwrap().0;
    peer.set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    (run, BufReader::new(peer))
}

fn host() -> String {
    let name = fs::read_to_string("/proc/sys/kernel/hostname").unwrap();
    name.trim().split('.').next().unwrap().to_owned()
}

#[test]
fn every_line_begins_with_the_host_and_the_end_is_one() {
    let (run, mut peer) = connected(Duration::from_millis(50));
    let prefix = format!("{} ", host());
    let mut text = (0..6).map(|_| line(&mut peer)).collect::<String>();
    assert_eq!(run.end(), End::Asked);
    peer.read_to_string(&mut text).unwrap();
    assert!(text.lines().all(|line| line.starts_with(&prefix)), "{text}");
    assert!(text.starts_with(&format!("{prefix}#<--------CPU")));
}

#[test]
fn a_peer_that_goes_ends_a_run_that_waits_for_its_next_sample() {
    for how in [Shutdown::Write, Shutdown::Both] {
        let (run, peer) = connected(Duration::from_secs(3600));
        peer.get_ref().shutdown(how).unwrap();
        assert_eq!(run.thread.join().unwrap().unwrap(), End::PeerGone);
    }
}
