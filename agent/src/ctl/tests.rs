//! Against servers that behave in every way.

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::{
        fs::PermissionsExt,
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{
    CtlError, Ending, ask,
    connection::{Connection, LONGEST, Patience},
    request::Request,
    screen::Size,
    watch::Watch,
};

const TIMEOUT: Duration = Duration::from_secs(20);

const STATUS: &str = "ok {\"at_ns\":5,\"elements\":[{\"name\":\"source/ebpf/sched\",\
                      \"state\":\"running\",\"polls\":7,\"missed\":0,\"jitter_p50_ns\":0,\
                      \"jitter_p99_ns\":0,\"jitter_max_ns\":0,\"cost_ns\":0,\"cost_max_ns\":0}]}\n";

struct Place {
    _directory: tempfile::TempDir,
    path: PathBuf,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control.sock");
        Self {
            _directory: directory,
            path,
        }
    }

    /// Does this with each connection, one after the other; the thread ends with the test program.
    fn serve(serve: impl FnMut(UnixStream) + Send + 'static) -> Self {
        let place = Self::new();
        place.serve_again(serve);
        place
    }

    fn serve_again(&self, serve: impl FnMut(UnixStream) + Send + 'static) {
        let _ = std::fs::remove_file(&self.path);
        let listener = UnixListener::bind(&self.path).unwrap();
        std::thread::spawn(move || listener.incoming().map_while(Result::ok).for_each(serve));
    }
}

fn request(words: &str) -> Request {
    let words: Vec<_> = words.split(' ').map(Into::into).collect();
    Request::new(&words, false, false).unwrap()
}

fn error(path: &Path, timeout: Duration) -> CtlError {
    ask(path, &request("version"), timeout).unwrap_err()
}

/// Reads a line and answers with what `reply` says.
fn answer(mut stream: UnixStream, reply: &[u8]) {
    let mut line = String::new();
    let _ = BufReader::new(&stream).read_line(&mut line);
    let _ = stream.write_all(reply);
}

#[test]
fn one_line_goes_there_and_one_line_comes_back() {
    let heard = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&heard);
    let place = Place::serve(move |mut stream| {
        let mut text = String::new();
        // To its end: the client says that it will send no more.
        stream.read_to_string(&mut text).unwrap();
        all.lock().unwrap().push(text);
        stream
            .write_all(b"ok matched=2 source/a/b output/c/d\r\nok more\n")
            .unwrap();
    });
    let text = ask(&place.path, &request("list all"), TIMEOUT).unwrap();
    assert_eq!(text, "source/a/b\noutput/c/d\n");
    assert_eq!(*heard.lock().unwrap(), ["list all\n"]);
}

#[test]
fn a_reply_may_be_long_and_come_in_pieces() {
    let long = format!("ok {}\n", "x".repeat(1 << 20));
    let reply = long.clone();
    let place = Place::serve(move |stream| answer(stream, reply.as_bytes()));
    let text = ask(&place.path, &request("help"), TIMEOUT).unwrap();
    assert_eq!(text, long["ok ".len()..]);

    let place = Place::serve(|mut stream| {
        for byte in STATUS.bytes() {
            let _ = stream.write_all(&[byte]);
        }
    });
    let text = ask(&place.path, &request("status"), TIMEOUT).unwrap();
    assert!(text.contains("\nsource/ebpf/sched  running"), "{text}");
}

#[test]
fn a_line_without_end_is_not_kept_for_ever() {
    let place = Place::serve(|mut stream| {
        let block = [b'x'; 1 << 16];
        for _ in 0..=LONGEST / block.len() + 1 {
            if stream.write_all(&block).is_err() {
                return;
            }
        }
    });
    let error = error(&place.path, TIMEOUT);
    assert!(matches!(error, CtlError::Endless(_)), "{error}");
}

#[test]
fn who_closes_or_says_something_else_is_told_apart() {
    let says = |reply: &'static [u8]| {
        let place = Place::serve(move |stream| answer(stream, reply));
        error(&place.path, TIMEOUT)
    };
    assert!(matches!(says(b""), CtlError::Closed(_)));
    assert!(matches!(says(b"ok half"), CtlError::Broken(_)));
    let garbage = says(b"\xff\xfe\x00\x1b[2J\n").to_string();
    assert!(
        garbage.contains("no reply of a subjiffy agent"),
        "{garbage}"
    );
    assert!(!garbage.contains(char::is_control), "{garbage:?}");
    let refused = says(b"error line=1 unknown command \"version\"\n");
    assert_eq!(refused.to_string(), "unknown command \"version\"");
    // Sent away before it has said anything.
    let place = Place::serve(|mut stream| {
        let _ = stream.write_all(b"error refused: user 7\n");
    });
    assert_eq!(error(&place.path, TIMEOUT).to_string(), "refused: user 7");
}

#[test]
fn who_says_nothing_is_given_up_unless_the_command_takes_its_time() {
    let kept = Mutex::new(Vec::new());
    let place = Place::serve(move |stream| kept.lock().unwrap().push(stream));
    let silent = error(&place.path, Duration::from_millis(200));
    assert!(matches!(silent, CtlError::Silent { .. }), "{silent}");
    assert!(silent.to_string().contains("within 200ms"), "{silent}");
    // A byte now and then is no reply either.
    let place = Place::serve(|mut stream| {
        while stream.write_all(b"x").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    });
    let slow = error(&place.path, Duration::from_millis(300));
    assert!(matches!(slow, CtlError::Silent { .. }), "{slow}");

    let place = Place::serve(|mut stream| {
        std::thread::sleep(Duration::from_millis(500));
        let _ = stream.write_all(b"ok matched=1 applied=1\n");
    });
    let wait = request("control source trigger-now wait");
    let text = ask(&place.path, &wait, Duration::from_millis(100)).unwrap();
    assert_eq!(text, "matched=1 applied=1\n");
}

#[test]
fn a_full_queue_is_given_up() {
    let place = Place::new();
    let listener = UnixListener::bind(&place.path).unwrap();
    rustix::net::listen(&listener, 1).unwrap();
    let mut queue = Vec::new();
    let busy = loop {
        match Connection::open(&place.path, Duration::from_millis(200)) {
            Ok(connection) => queue.push(connection),
            Err(error) => break error,
        }
        assert!(queue.len() < 100, "no end of the queue");
    };
    assert!(matches!(busy, CtlError::Busy { .. }), "{busy}");
}

#[test]
fn errors_of_connecting_say_what_would_help() {
    let place = Place::new();
    let says = |path: &Path| error(path, TIMEOUT).to_string();
    let absent = says(&place.path);
    assert!(
        absent.contains("is the agent running?") && absent.contains("--socket"),
        "{absent}"
    );
    assert!(absent.contains(place.path.to_str().unwrap()), "{absent}");
    drop(UnixListener::bind(&place.path).unwrap());
    assert!(says(&place.path).contains("its agent is gone"));
    std::fs::remove_file(&place.path).unwrap();
    std::fs::write(&place.path, "").unwrap();
    assert!(says(&place.path).contains("that is no socket"));
    assert!(says(&place.path.join("x")).contains("connect: "));
    assert!(says(Path::new("")).contains(": "));
    let long = Path::new("/tmp").join("x".repeat(108));
    assert!(says(&long).contains("108 bytes at most"));
    // The kernel asks root for no permission.
    if !rustix::process::geteuid().is_root() {
        std::fs::set_permissions(&place.path, PermissionsExt::from_mode(0o0)).unwrap();
        assert!(says(&place.path).contains("permission denied"));
    }
}

#[test]
fn an_ending_is_heard_while_a_reply_is_waited_for() {
    let kept = Mutex::new(Vec::new());
    let place = Place::serve(move |stream| kept.lock().unwrap().push(stream));
    let mut connection = Connection::open(&place.path, TIMEOUT).unwrap();
    let ending = Ending::default();
    let ended = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(50));
            ending.end();
        });
        connection.reply(Patience {
            timeout: None,
            ending: Some(&ending),
        })
    });
    assert!(matches!(ended, Err(CtlError::Ended)), "{ended:?}");
}

/// Takes so many writes, then ends the watch; what it has taken can be looked at meanwhile.
#[derive(Clone)]
struct Page {
    text: Arc<Mutex<String>>,
    ending: Arc<Ending>,
    until: fn(&str) -> bool,
}

impl Page {
    fn new(until: fn(&str) -> bool) -> Self {
        Self {
            text: Arc::default(),
            ending: Arc::default(),
            until,
        }
    }

    fn watch(&self, path: &Path, size: Size) -> Result<String, CtlError> {
        let watch = Watch {
            path,
            line: "status json *",
            timeout: TIMEOUT,
            interval: Duration::from_millis(20),
        };
        watch.run(self.clone(), || size, &self.ending)?;
        Ok(self.text.lock().unwrap().clone())
    }
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut text = self.text.lock().unwrap();
        text.push_str(std::str::from_utf8(bytes).unwrap());
        if (self.until)(&text) {
            self.ending.end();
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Answers each line on a connection, so many times.
fn answers(stream: UnixStream, times: usize) {
    let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
    for _ in 0..times {
        match lines.next() {
            Some(Ok(line)) if line == "status json *" => {
                let _ = (&stream).write_all(STATUS.as_bytes());
            }
            other => return drop(other),
        }
    }
}

#[test]
fn a_watch_keeps_its_connection_and_stands_closing() {
    let connections = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&connections);
    let place = Place::serve(move |stream| {
        count.fetch_add(1, Ordering::Relaxed);
        answers(stream, 3);
    });
    let page = Page::new(|text| text.matches("running").count() == 5);
    let text = page.watch(&place.path, None).unwrap();
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    let tables: Vec<_> = text
        .split("\n\n")
        .map(|table| table.lines().count())
        .collect();
    assert_eq!(tables, [2; 5], "{text}");
    assert!(!text.contains("trying again"), "{text}");
    assert!(!text.contains('\x1b'), "{text:?}");
}

#[test]
fn a_watch_waits_for_an_agent_that_went_away_and_says_so_once() {
    let place = Place::new();
    let page = Page::new(|text| {
        let gone = text.find("trying again");
        gone.is_some_and(|at| text[at..].contains("running"))
    });
    let (path, seen) = (place.path.clone(), Arc::clone(&page.text));
    let listener = UnixListener::bind(&path).unwrap();
    let agents = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        std::fs::remove_file(&path).unwrap();
        drop(listener);
        answers(stream, 2);
        while !seen.lock().unwrap().contains("trying again") {
            std::thread::sleep(Duration::from_millis(5));
        }
        std::thread::sleep(Duration::from_millis(100));
        let listener = UnixListener::bind(&path).unwrap();
        answers(listener.accept().unwrap().0, usize::MAX);
    });
    let text = page.watch(&place.path, None).unwrap();
    agents.join().unwrap();
    assert_eq!(text.matches("trying again every 20ms").count(), 1, "{text}");
    assert!(text.contains("there is no such socket"), "{text}");
    assert_eq!(text.matches("sched  running").count(), 3, "{text}");
}

#[test]
fn a_terminal_is_drawn_over_and_given_back() {
    let place = Place::serve(|stream| answers(stream, usize::MAX));
    let page = Page::new(|text| text.matches("\x1b[H").count() == 3);
    let text = page.watch(&place.path, Some((30, 10))).unwrap();
    assert!(text.starts_with("\x1b[?1049h"), "{text:?}");
    assert!(text.ends_with("\x1b[?1049l"), "{text:?}");
    let title = format!(
        "\x1b[H{}\r\n",
        &format!("{}: every 20ms", place.path.display())[..30]
    );
    assert!(text.contains(&title), "{text:?}");
    assert!(
        text.contains("ELEMENT            STATE    PE\r\n"),
        "{text:?}"
    );
}

#[test]
fn a_watch_of_nothing_is_an_error_and_a_closed_output_is_none() {
    let place = Place::new();
    let page = Page::new(|_| false);
    assert!(matches!(
        page.watch(&place.path, None),
        Err(CtlError::Absent(_))
    ));
    place.serve_again(|stream| answer(stream, b"error matched=0 no element matches\n"));
    let error = page.watch(&place.path, Some((80, 24))).unwrap_err();
    assert_eq!(error.to_string(), "no element matches");
    assert_eq!(*page.text.lock().unwrap(), "");

    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    place.serve_again(|stream| answers(stream, usize::MAX));
    let watch = Watch {
        path: &place.path,
        line: "status json *",
        timeout: TIMEOUT,
        interval: Duration::from_secs(3600),
    };
    watch.run(Closed, || None, &Ending::default()).unwrap();
}
