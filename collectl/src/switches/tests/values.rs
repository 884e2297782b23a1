//! Values of single switches.

use super::*;

#[test]
fn addresses() {
    let listen = |text: &str, prefix| Address::Listen {
        at: vec![text.parse().unwrap()],
        prefix,
    };
    let connect = |host: &str, port, seconds: f64| Address::Connect {
        host: host.into(),
        port,
        timeout: Duration::from_secs_f64(seconds),
    };
    for (text, expected) in [
        ("server", listen("0.0.0.0:2655", false)),
        ("SERVER:2701", listen("0.0.0.0:2701", false)),
        ("server: --prefix", listen("0.0.0.0:2655", true)),
        ("server:127.0.0.1", listen("127.0.0.1:2655", false)),
        ("server:10.0.0.1:99", listen("10.0.0.1:99", false)),
        ("server:[::1]", listen("[::1]:2655", false)),
        ("server:[::]:99 --prefix", listen("[::]:99", true)),
        ("10.77.0.1", connect("10.77.0.1", 2655, 10.0)),
        ("10.77.0.1:99", connect("10.77.0.1", 99, 10.0)),
        ("10.77.0.1:99:1.5", connect("10.77.0.1", 99, 1.5)),
        ("a.b.c.d::5", connect("a.b.c.d", 2655, 5.0)),
        ("monitor:99", connect("monitor", 99, 10.0)),
        (
            "server.example.org",
            connect("server.example.org", 2655, 10.0),
        ),
        ("localhost", connect("localhost", 2655, 10.0)),
        ("[::1]:99", connect("::1", 99, 10.0)),
        ("[fd77::1]", connect("fd77::1", 2655, 10.0)),
        ("[fd77::1]:99:3", connect("fd77::1", 99, 3.0)),
    ] {
        assert_eq!(run(&format!("-A {text}")).address, Some(expected), "{text}");
    }
    for (text, words) in [
        ("::1", "in brackets: [::1] or [::1]:2655"),
        ("''", "the host is missing"),
        ("server1", "write server to listen"),
        ("server:0", "from 1 to 65535"),
        ("server:70000", "from 1 to 65535"),
        ("server:2655:10", "has no time-out"),
        ("server:localhost", "server:127.0.0.1:2655"),
        ("server:[::1", "never closed"),
        ("[::1]x", "a colon and a port"),
        ("[x]:1", "no address of IPv6"),
        ("a.b:0", "from 1 to 65535"),
        ("a.b:1:0", "no time to connect"),
        ("a.b:1:x", "no time in seconds"),
        ("'a b'", "no name of a host"),
    ] {
        let said = fails(&format!("-A {text}"));
        assert!(said.contains(words), "{text}: {said}");
    }
}

#[test]
fn processes() {
    let of = |line: &str| run(&format!("-sZ {line}")).processes;
    let all = of("--procopts cfkprtuw20SxRzen");
    assert_eq!(
        all,
        ProcessOptions {
            with_children: true,
            total_faults: true,
            strip_shells: true,
            fixed: true,
            base_name: true,
            threads: true,
            user_width: Some(12),
            arguments: Some(Some(20)),
            start: Start::Date,
            switches: true,
            priority_numbers: true,
            active: true,
            exact: true,
            network: true,
            ..ProcessOptions::default()
        }
    );
    assert_eq!(of("--procopts w10u20").user_width, Some(20));
    assert_eq!(of("--procopts iw").arguments, Some(None));
    assert_eq!(of("--procopts m").columns, Columns::Memory);
    assert!(of("--procopts I").without_io);
    assert_eq!(of("--procst RD").states, "RD");
    assert_eq!(
        of("--procfilt p42,Ubackup,P1,u10-20,u5,csub,Cst,f/usr/bin").filters,
        [
            Filter::Pid(42),
            Filter::User("backup".into()),
            Filter::Parent(1),
            Filter::Uids(10, 20),
            Filter::Uids(5, 5),
            Filter::CommandPart("sub".into()),
            Filter::CommandStart("st".into()),
            Filter::Arguments("/usr/bin".into()),
        ]
    );
    assert_eq!(of("--procfilt ''").filters, []);
    // In any order.
    let both = of("--procfilt p1 --procopts x --procstate R");
    assert!(both.switches && both.states == "R" && both.filters == [Filter::Pid(1)]);
    for (line, words) in [
        ("--procopts q", "the letters are"),
        ("--procopts u4", "8 to 255"),
        ("--procopts u999", "8 to 255"),
        ("--procopts w0", "1 to 65535"),
        ("--procopts im", "i and m exclude"),
        ("--procopts sS", "s and S exclude"),
        ("--procopts iI", "i and I exclude"),
        ("--procfilt q1", "begins with none of the letters"),
        ("--procfilt p", "must be a number"),
        ("--procfilt c", "nothing is behind"),
        ("--procfilt c+x", "--procopts t"),
        ("--procfilt u9-1", "ends before"),
        ("--procstate Q", "some of the letters"),
    ] {
        let said = fails(&format!("-sZ {line}"));
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn filters_may_be_in_a_file() {
    let file = |_: &Path| Ok("# ours\np1\n\n C st \n".to_owned());
    let env = Env {
        read: &file,
        find: &itself,
        today: jiff::civil::date(2026, 3, 1),
    };
    let Ok(Command::Run(options)) = parse(&words("-sZ --procfilt some/file"), &env) else {
        panic!("not understood");
    };
    let expected = [Filter::Pid(1), Filter::CommandStart("st".into())];
    assert_eq!(options.processes.filters, expected);
}

#[test]
fn files() {
    let of = |line: &str| run(line).files.unwrap();
    let raw = of("-f /x");
    assert!(raw.raw && !raw.plot && raw.gzip && raw.flush.is_none() && raw.roll.is_none());
    let plot = of("-f /x -P -oz -F0");
    assert!(!plot.raw && plot.plot && !plot.gzip && plot.flush == Some(Duration::ZERO));
    let both = of("-f /x -P --rawtoo -F5");
    assert!(both.raw && both.plot && both.flush == Some(Duration::from_secs(5)));
    let export = of("-f /x --export lexpr -A server");
    assert!(export.raw && !export.plot);
    let roll = |text: &str| of(&format!("-f /x -r{text}")).roll.unwrap();
    let expected = |at_minute, days, minutes| Roll {
        at_minute,
        days,
        minutes,
    };
    assert_eq!(roll("00:00"), expected(0, 7, 1440));
    assert_eq!(roll("23:59,3"), expected(1439, 3, 1440));
    assert_eq!(roll("00:30,,60"), expected(30, 7, 60));
    assert_eq!(run("-R90s").runtime, Some(Duration::from_secs(90)));
    assert_eq!(run("-R 2w").runtime, Some(Duration::from_secs(1_209_600)));
    assert_eq!(run("--comment 'a b'").comment.as_deref(), Some("a b"));
    for (line, words) in [
        ("-f /x -r24:00", "no time of the day"),
        ("-f /x -r0:00", "no time of the day"),
        ("-f /x -r00:00,x", "no number of days"),
        ("-f /x -r00:00,7:12", "no log files"),
        ("-f /x -r00:00,7,7", "do not fill a day"),
        ("-f /x -r00:00,7,0", "do not fill a day"),
        ("-f /x -r02:00,7,60", "within the first 60 minutes"),
        ("-f /x -r1,2,3,4", "at most three parts"),
        ("-f ''", "must be a directory"),
        ("-R5", "90s or 2h"),
        ("-Rxs", "90s or 2h"),
        ("-R99999999999s", "90s or 2h"),
        ("--comment \"a\n\"", "must be one line"),
    ] {
        let said = fails(line);
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn recordings_are_found_by_pattern_and_day() {
    let paths = |line: &str| run(line).playback;
    assert_eq!(paths("-p a.raw"), [Path::new("a.raw")]);
    let of_days = paths("-p 'vm-TODAY,\"vm-YESTERDAY\"'");
    assert_eq!(
        of_days,
        [Path::new("vm-20260301"), Path::new("vm-20260228")]
    );
    let socket = run("-p a.raw -A server");
    assert!(socket.address.is_some(), "a recording may go to a socket");
    // What is shown is what was recorded.
    let recorded = "cmZ".chars().filter_map(Subsystem::of_letter).collect();
    let shown = |line: &str| run(line).for_recording(recorded);
    assert_eq!(letters(&shown("-p a.raw")), "cmZ");
    assert_eq!(shown("-p a.raw").style, Style::Verbose);
    assert_eq!(letters(&shown("-p a.raw -s-Z")), "cm");
    assert_eq!(shown("-p a.raw -s-Z").style, Style::Brief);
    assert_eq!(letters(&shown("-p a.raw -sc")), "c");
    let none = Env {
        read: &nothing,
        find: &|_| Ok(Vec::new()),
        today: jiff::civil::date(2026, 3, 1),
    };
    let error = parse(&words("-p '*.raw'"), &none).unwrap_err().to_string();
    assert!(error.contains("no file"), "{error}");
}
