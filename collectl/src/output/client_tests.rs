use std::{
    io::{BufRead, BufReader, Read},
    net::{Shutdown, TcpListener},
};

use super::*;
use crate::output::Runtime;

const LONG: Duration = Duration::from_secs(20);

struct Place {
    peer: BufReader<TcpStream>,
    client: Client,
    gone: mpsc::Receiver<()>,
    _runtime: Runtime,
}

fn place(nudges: bool) -> Place {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = Runtime::start().unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, gone) = mpsc::channel();
    let manner = Manner {
        patience: None,
        nudges,
        ..Manner::default()
    };
    let told = move || tell.send(()).unwrap();
    let to = ("localhost", port);
    let client = Client::connect(runtime.handle(), to, LONG, "vm.example.org", manner, told);
    let peer = listener.accept().unwrap().0;
    peer.set_read_timeout(Some(LONG)).unwrap();
    Place {
        peer: BufReader::new(peer),
        client: client.unwrap(),
        gone,
        _runtime: runtime,
    }
}

fn lines(header: &str, body: &str) -> Lines {
    Lines {
        header: header.into(),
        body: body.into(),
    }
}

#[test]
fn every_line_begins_with_the_host_and_the_end_is_orderly() {
    let mut place = place(false);
    place.client.show(&lines("#a\n", "1\n"));
    place.client.show(&lines("#a\n", "2\n"));
    place.client.close();
    let mut text = String::new();
    place.peer.read_to_string(&mut text).unwrap();
    assert_eq!(text, "vm #a\nvm 1\nvm 2\n");
    drop(place.peer);
    assert!(place.gone.try_recv().is_err(), "it was us who ended it");
}

#[test]
fn samples_of_several_lines_are_followed_by_an_empty_one() {
    let mut place = place(true);
    let mut line = || {
        let mut line = String::new();
        place.peer.read_line(&mut line).unwrap();
        line
    };
    place.client.show(&lines("#a\n", "1\n"));
    assert_eq!([line(), line(), line()], ["vm #a\n", "vm 1\n", "vm \n"]);
    place.client.show(&lines("#a\n", "2\n"));
    assert_eq!(line(), "vm 2\n");
    place.client.show(&lines("#a\n", "3\n4\n"));
    assert_eq!([line(), line(), line()], ["vm 3\n", "vm 4\n", "vm \n"]);
    place.client.show(&lines("", "5\n"));
    assert_eq!(line(), "vm 5\n");
}

#[test]
fn a_peer_that_closes_is_noticed_while_nothing_is_sent() {
    let place = place(false);
    drop(place.peer);
    place.gone.recv_timeout(LONG).unwrap();
}

#[test]
fn a_peer_that_closes_its_sending_side_is_done_with_us() {
    let place = place(false);
    place.peer.get_ref().shutdown(Shutdown::Write).unwrap();
    place.gone.recv_timeout(LONG).unwrap();
}

#[test]
fn a_peer_that_stalls_misses_samples_and_is_told() {
    let mut place = place(false);
    let filler = "x".repeat(100_000);
    let total = 300;
    for number in 0..total {
        place
            .client
            .show(&lines("", &format!("{number} {filler}\n")));
        thread::sleep(Duration::from_micros(200));
    }
    let reading = thread::spawn(move || {
        let (mut got, mut skipped) = (0, 0);
        for line in place.peer.lines() {
            let line = line.unwrap();
            match line.strip_prefix("vm # ") {
                Some(words) => skipped += words.split(' ').next().unwrap().parse::<u64>().unwrap(),
                None => got += 1,
            }
        }
        (got, skipped)
    });
    place.client.close();
    let (got, skipped) = reading.join().unwrap();
    assert_eq!(got + skipped, total);
    assert!(skipped > 0);
}

#[test]
fn who_is_not_there_is_told() {
    let runtime = Runtime::start().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let connect = |host| {
        let manner = Manner::default();
        let client = Client::connect(runtime.handle(), (host, port), LONG, "vm", manner, || {});
        client.unwrap_err().to_string()
    };
    let text = connect("127.0.0.1");
    let expected = format!("could not connect to 127.0.0.1:{port}: Connection refused");
    assert!(text.starts_with(&expected), "{text}");
    let text = connect("no-such-host.invalid");
    assert!(text.contains("no-such-host.invalid"), "{text}");
}
