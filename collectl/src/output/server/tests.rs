use std::{
    io::{BufRead, BufReader, ErrorKind, Read, Write},
    net::{Shutdown, TcpStream},
    thread,
    time::{Duration, Instant},
};

use super::*;
use crate::{options::Headers, output::Runtime};

/// Far longer than anything here takes.
const LONG: Duration = Duration::from_secs(20);

struct Place {
    server: Server,
    _runtime: Runtime,
}

fn manner() -> Manner {
    Manner {
        headers: Headers::Every(3),
        ..Manner::default()
    }
}

fn place(manner: Manner, clients: usize) -> Place {
    let runtime = Runtime::start().unwrap();
    let at = ["127.0.0.1:0".parse().unwrap()];
    let server = Server::start(runtime.handle(), &at, None, manner, clients).unwrap();
    Place {
        server,
        _runtime: runtime,
    }
}

fn lines(header: &Arc<str>, body: &str) -> Lines {
    Lines {
        header: Arc::clone(header),
        body: body.into(),
    }
}

impl Place {
    fn connect(&self) -> BufReader<TcpStream> {
        let stream = TcpStream::connect(self.server.addresses()[0]).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        BufReader::new(stream)
    }

    /// Connects and is let in.
    fn visit(&self) -> BufReader<TcpStream> {
        let before = self.server.clients();
        let stream = self.connect();
        self.wait(|clients| clients > before);
        stream
    }

    /// Until so many are there.
    fn wait(&self, wanted: impl Fn(usize) -> bool) {
        let begun = Instant::now();
        while !wanted(self.server.clients()) {
            assert!(begun.elapsed() < LONG, "{} clients", self.server.clients());
            thread::sleep(Duration::from_millis(1));
        }
    }
}

fn line(from: &mut impl BufRead) -> String {
    let mut line = String::new();
    from.read_line(&mut line).unwrap();
    line
}

fn header() -> Arc<str> {
    "#cpu\n".into()
}

#[test]
fn who_comes_late_gets_the_header_at_once_and_repeats_it_by_its_own_count() {
    let mut place = place(manner(), 9);
    let header = header();
    let mut first = place.visit();
    place.server.show(&lines(&header, "1\n"));
    assert_eq!(line(&mut first), "#cpu\n");
    assert_eq!(line(&mut first), "1\n");

    let mut second = place.visit();
    assert_eq!(line(&mut second), "#cpu\n", "no sample has come since");
    for body in ["2\n", "3\n", "4\n", "5\n"] {
        place.server.show(&lines(&header, body));
    }
    place.server.close();
    let rest = |mut from: BufReader<TcpStream>| {
        let mut text = String::new();
        from.read_to_string(&mut text).unwrap();
        text
    };
    assert_eq!(rest(first), "2\n3\n#cpu\n4\n5\n");
    assert_eq!(rest(second), "2\n3\n4\n#cpu\n5\n");
}

#[test]
fn lines_are_wanted_while_there_is_somebody_and_once_before() {
    let mut place = place(manner(), 9);
    assert!(place.server.wants_lines());
    place.server.show(&lines(&header(), "1\n"));
    assert!(!place.server.wants_lines());
    let _client = place.visit();
    assert!(place.server.wants_lines());
}

#[test]
fn nobody_is_told_a_header_that_is_never_to_be_shown() {
    let manner = Manner {
        headers: Headers::Never,
        ..manner()
    };
    let mut place = place(manner, 9);
    let header = header();
    place.server.show(&lines(&header, "1\n"));
    let mut client = place.visit();
    place.server.show(&lines(&header, "2\n"));
    assert_eq!(line(&mut client), "2\n");
}

#[test]
fn lines_have_the_host_in_front_on_request() {
    let runtime = Runtime::start().unwrap();
    let at = ["127.0.0.1:0".parse().unwrap(), "[::1]:0".parse().unwrap()];
    let server = Server::start(runtime.handle(), &at, Some("vm.example.org"), manner(), 9);
    let mut place = Place {
        server: server.unwrap(),
        _runtime: runtime,
    };
    let six = TcpStream::connect(place.server.addresses()[1]).unwrap();
    place.wait(|clients| clients == 1);
    place.server.show(&lines(&header(), "1\n"));
    let mut six = BufReader::new(six);
    assert_eq!(line(&mut six), "vm #cpu\n");
    assert_eq!(line(&mut six), "vm 1\n");
}

#[test]
fn a_silent_client_costs_the_others_nothing_and_is_told_what_it_missed() {
    let mut place = place(manner(), 9);
    let header: Arc<str> = Arc::default();
    let mut silent = place.visit();
    let mut healthy = place.visit();
    let filler = "x".repeat(100_000);
    let samples = 200;
    for number in 0..samples {
        place
            .server
            .show(&lines(&header, &format!("{number} {filler}\n")));
        // It has it before the next one is there, whatever the other does.
        assert!(line(&mut healthy).starts_with(&format!("{number} x")));
    }
    place.server.show(&lines(&header, "end\n"));
    let (mut got, mut skipped, mut next) = (0, 0, 0_u64);
    loop {
        let line = line(&mut silent);
        if line == "end\n" {
            break;
        }
        if let Some(words) = line.strip_prefix("# ") {
            let count: u64 = words.split(' ').next().unwrap().parse().unwrap();
            assert!(words.ends_with("skipped\n"), "{words}");
            skipped += count;
            next += count;
        } else {
            assert!(line.starts_with(&format!("{next} x")) && line.ends_with("x\n"));
            assert_eq!(line.len(), filler.len() + next.to_string().len() + 2);
            got += 1;
            next += 1;
        }
    }
    assert_eq!(got + skipped, samples);
    assert!(skipped > 0 && got > QUEUE as u64);
    let audience = place.server.audience();
    assert_eq!((audience.present(), audience.admitted()), (2, 2));
    assert_eq!(audience.skipped(), skipped);
}

#[test]
fn who_takes_nothing_for_too_long_is_closed() {
    let manner = Manner {
        patience: Some(Duration::from_millis(50)),
        ..manner()
    };
    let mut place = place(manner, 9);
    let mut silent = place.visit();
    let body = "x".repeat(100_000) + "\n";
    let header: Arc<str> = Arc::default();
    let begun = Instant::now();
    while place.server.clients() > 0 {
        assert!(begun.elapsed() < LONG);
        place.server.show(&lines(&header, &body));
        thread::sleep(Duration::from_millis(1));
    }
    // Nothing is kept for it: after what its own kernel has, the connection is reset.
    let mut rest = Vec::new();
    let error = silent.read_to_end(&mut rest).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
}

#[test]
fn what_clients_send_changes_nothing() {
    let mut place = place(manner(), 9);
    let header: Arc<str> = Arc::default();
    let mut bytes = place.visit();
    let mut flood = place.visit();
    let mut sender = flood.get_ref().try_clone().unwrap();
    let flooding = thread::spawn(move || while sender.write_all(&[b'x'; 4096]).is_ok() {});
    let mut healthy = place.visit();
    for number in 0..100 {
        bytes.get_mut().write_all(b"x").unwrap();
        let body = format!("{number}\n");
        place.server.show(&lines(&header, &body));
        for client in [&mut bytes, &mut flood, &mut healthy] {
            assert_eq!(line(client), body);
        }
    }
    place.server.close();
    drop(flood);
    flooding.join().unwrap();
}

#[test]
fn a_client_that_sends_no_more_is_still_served() {
    let mut place = place(manner(), 9);
    let header: Arc<str> = Arc::default();
    let mut client = place.visit();
    client.get_ref().shutdown(Shutdown::Write).unwrap();
    for number in 0..5 {
        let body = format!("{number}\n");
        place.server.show(&lines(&header, &body));
        assert_eq!(line(&mut client), body);
        thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn storms_of_clients_that_go_at_once_take_no_places() {
    let mut place = place(manner(), 20 * HALF_CLOSED);
    let header = header();
    place.server.show(&lines(&header, "0\n"));
    for _ in 0..10 * HALF_CLOSED {
        drop(place.connect());
    }
    let mut healthy = place.connect();
    assert_eq!(line(&mut healthy), "#cpu\n");
    // Those that have closed cannot all be told before something is sent to them, but most can.
    place.wait(|clients| clients <= HALF_CLOSED + 1);
    let begun = Instant::now();
    while place.server.clients() > 1 {
        assert!(begun.elapsed() < LONG);
        place.server.show(&lines(&header, "1\n"));
        thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(line(&mut healthy), "1\n");
}

#[test]
fn a_reset_ends_a_client_at_once() {
    let place = place(manner(), 9);
    let client = place.visit();
    rustix::net::sockopt::set_socket_linger(client.get_ref(), Some(Duration::ZERO)).unwrap();
    drop(client);
    place.wait(|clients| clients == 0);
}

#[test]
fn two_hundred_clients_get_every_line_and_all_see_the_end() {
    let mut place = place(manner(), 1024);
    let mut clients: Vec<_> = (0..200).map(|_| place.connect()).collect();
    place.wait(|clients| clients == 200);
    let header = header();
    for number in 0..10 {
        let body = format!("{number}\n");
        place.server.show(&lines(&header, &body));
        thread::sleep(Duration::from_millis(1));
    }
    place.server.close();
    for client in &mut clients {
        let mut text = String::new();
        client.read_to_string(&mut text).unwrap();
        assert_eq!(
            text,
            "#cpu\n0\n1\n2\n#cpu\n3\n4\n5\n#cpu\n6\n7\n8\n#cpu\n9\n"
        );
    }
}

#[test]
fn the_limit_is_told_and_a_place_that_gets_free_is_given_again() {
    let mut place = place(manner(), 2);
    let first = place.visit();
    let mut second = place.visit();
    let mut text = String::new();
    place.connect().read_to_string(&mut text).unwrap();
    assert_eq!(
        text,
        "# no place left: 2 clients are here, and no more are served\n"
    );
    rustix::net::sockopt::set_socket_linger(first.get_ref(), Some(Duration::ZERO)).unwrap();
    drop(first);
    place.wait(|clients| clients == 1);
    let mut third = place.visit();
    place.server.show(&lines(&Arc::default(), "1\n"));
    assert_eq!(line(&mut second), "1\n");
    assert_eq!(line(&mut third), "1\n");
}

#[test]
fn nothing_is_left_of_a_server_that_is_dropped() {
    let open = || std::fs::read_dir("/proc/self/fd").unwrap().count();
    // Tests run at the same time, so numbers only tell something if there are many.
    let before = open();
    let mut place = place(manner(), 1024);
    let clients: Vec<_> = (0..300).map(|_| place.connect()).collect();
    place.wait(|clients| clients == 300);
    place.server.show(&lines(&header(), "1\n"));
    assert!(open() >= before + 500);
    let address = place.server.addresses()[0];
    drop(clients);
    drop(place);
    assert!(open() < before + 300);
    let error = TcpStream::connect(address).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionRefused);
}

#[test]
fn an_address_that_is_taken_is_told() {
    let place = place(manner(), 9);
    let runtime = Runtime::start().unwrap();
    let at = place.server.addresses();
    let error = Server::start(runtime.handle(), at, None, manner(), 9).unwrap_err();
    let text = error.to_string();
    assert!(
        text.starts_with(&format!(
            "could not listen on {}: Address already in use",
            at[0]
        )),
        "{text}"
    );
}

#[test]
fn ipv4_and_ipv6_of_one_port() {
    let runtime = Runtime::start().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let at = [
        SocketAddr::from(([127, 0, 0, 1], port)),
        SocketAddr::from(([0_u16, 0, 0, 0, 0, 0, 0, 1], port)),
    ];
    let server = Server::start(runtime.handle(), &at, None, manner(), 9).unwrap();
    assert_eq!(server.addresses(), at);
    for address in at {
        TcpStream::connect(address).unwrap();
    }
}
