//! Options as switches that give them again.

use super::*;

/// Switches that give these options again. Files are without a pattern.
fn written(options: &Options) -> Vec<OsString> {
    let mut words = Vec::new();
    let mut say = |word: String| words.push(OsString::from(word));
    let seconds = |time: Duration| format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    match options.selection {
        Selection::Default => {}
        Selection::These(these) => {
            say(format!(
                "-s{}",
                these.iter().map(Subsystem::letter).collect::<String>()
            ));
        }
        Selection::Change { without, with } => {
            let of = |some: Subsystems| some.iter().map(Subsystem::letter).collect::<String>();
            say(format!("-s-{}+{}", of(without), of(with)));
        }
    }
    let Intervals { main, processes } = options.intervals;
    if options.playback.is_empty() {
        match options.subsystems.has(Subsystem::Processes) {
            true => say(format!("-i{}:{}", seconds(main), seconds(processes))),
            false => say(format!("-i{}", seconds(main))),
        }
    }
    let plots = options.files.as_ref().is_some_and(|files| files.plot);
    match options.style {
        Style::Plot(_) => say("-P".into()),
        Style::Lexpr => say("--export=lexpr".into()),
        Style::Exact => say("--export=subjiffy".into()),
        Style::Verbose if options.subsystems.are_brief() => say("--verbose".into()),
        Style::Brief | Style::Verbose => {}
    }
    if plots {
        say("-P".into());
    }
    let mut letters = String::new();
    match options.digits {
        Digits::Plain => {}
        Digits::Some => letters.push('g'),
        Digits::More => letters.push('G'),
    }
    if options.totals {
        letters.push('n');
    }
    if options.files.as_ref().is_some_and(|files| !files.gzip) {
        letters.push('z');
    }
    if options.plot.decimals > 0 {
        letters += &options.plot.decimals.to_string();
    }
    if options.plot.utc {
        letters.push('U');
    }
    if let Some(TimeFormat { date, millis }) = options.time {
        match date {
            DateFormat::None if options.plot.utc => {}
            DateFormat::None => letters.push('T'),
            DateFormat::Short => letters.push('d'),
            DateFormat::Long => letters.push('D'),
        }
        if millis {
            letters.push('m');
        }
    }
    say(format!("--options={letters}"));
    if options.plot.separator != ' ' {
        say(format!("--sep={}", options.plot.separator));
    }
    match options.headers {
        Headers::Never => say("--hr=-1".into()),
        Headers::Once => say("--hr=0".into()),
        Headers::Every(count) => say(format!("--hr={count}")),
    }
    match &options.address {
        None => {}
        Some(Address::Connect {
            host,
            port,
            timeout,
        }) => {
            let host = if host.contains(':') {
                format!("[{host}]")
            } else {
                host.clone()
            };
            say(format!("-A{host}:{port}:{}", seconds(*timeout)));
        }
        Some(Address::Listen { at, prefix }) => {
            say(format!("-Aserver:{}", at[0]));
            if *prefix {
                say("--prefix".into());
            }
        }
    }
    if let Some(files) = &options.files {
        say(format!("-f{}", files.path.display()));
        if files.raw && files.plot {
            say("--rawtoo".into());
        }
        if let Some(flush) = files.flush {
            say(format!("-F{}", flush.as_secs()));
        }
        if let Some(Roll {
            at_minute,
            days,
            minutes,
        }) = files.roll
        {
            say(format!(
                "-r{:02}:{:02},{days},{minutes}",
                at_minute / 60,
                at_minute % 60
            ));
        }
    }
    for path in &options.playback {
        say(format!("-p{}", path.display()));
    }
    if let Some(count) = options.count {
        say(format!("-c{count}"));
    }
    if let Some(time) = options.runtime {
        say(format!("-R{}s", time.as_secs()));
    }
    for (on, word) in [
        (options.wide, "-w"),
        (options.sizes, "--iosize"),
        (options.align, "--align"),
        (options.daemon, "-D"),
        (options.nohup, "--nohup"),
        (options.quiet, "--quiet"),
    ] {
        if on {
            say(word.into());
        }
    }
    if options.processes.switches {
        say("--procopts=x".into());
    }
    words
}

/// Switches with values that are good for themselves.
fn good() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec![
        "-scd",
        "-s+mZ",
        "-s-d",
        "-sZ",
        "-sCN",
        "-i.1",
        "-i1:5",
        "-i:2",
        "-i0",
        "-P",
        "-w",
        "-oT",
        "-odm",
        "-oDmG",
        "-oU",
        "-on2",
        "-oz",
        "--utc",
        "--sep=,",
        "--sep=9",
        "--hr=0",
        "--hr=-1",
        "--hr=7",
        "--verbose",
        "--export=lexpr",
        "--export=subjiffy",
        "--iosize",
        "-Aserver",
        "-Aserver:[::1]:9",
        "--prefix",
        "-Amonitor:99:2.5",
        "-A[::1]",
        "-f/x",
        "--rawtoo",
        "-F5",
        "-r00:30,3,60",
        "-R90s",
        "-c5",
        "-D",
        "--nohup",
        "--quiet",
        "--align",
        "-px.raw",
        "--procopts=x",
    ])
}

proptest! {
    #[test]
    fn options_can_be_written_again(given in proptest::collection::vec(good(), 0..7)) {
        let env = Env { read: &nothing, find: &itself, today: jiff::civil::date(2026, 3, 1) };
        let given: Vec<OsString> = given.into_iter().map(OsString::from).collect();
        let Ok(Command::Run(options)) = parse(&given, &env) else {
            return Ok(());
        };
        let again = written(&options);
        let Ok(Command::Run(mut read)) = parse(&again, &env) else {
            panic!("{given:?} {again:?}: {:?}", parse(&again, &env));
        };
        read.words.clone_from(&options.words);
        prop_assert_eq!(read, options, "{:?} {:?}", given, again);
    }
}
