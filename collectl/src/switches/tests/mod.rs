mod values;
mod written;

use super::*;
use crate::options::*;
use proptest::prelude::*;
use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

fn nothing(_: &Path) -> io::Result<String> {
    Err(io::ErrorKind::NotFound.into())
}

fn itself(path: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(vec![path.to_owned()])
}

fn words(line: &str) -> Vec<OsString> {
    split(line).unwrap()
}

fn read(line: &str) -> Result<Command, Error> {
    let env = Env {
        read: &nothing,
        find: &itself,
        today: jiff::civil::date(2026, 3, 1),
    };
    parse(&words(line), &env)
}

fn run(line: &str) -> Options {
    match read(line) {
        Ok(Command::Run(options)) => options,
        other => panic!("{line}: {other:?}"),
    }
}

fn fails(line: &str) -> String {
    match read(line) {
        Err(error) => error.to_string(),
        Ok(command) => panic!("{line}: {command:?}"),
    }
}

fn letters(options: &Options) -> String {
    options.subsystems.iter().map(Subsystem::letter).collect()
}

#[test]
fn nothing_is_one_line_a_second() {
    assert_eq!(run(""), Options::default());
}

/// Each line as the real program takes it.
#[test]
fn words_are_those_of_collectl() {
    for (line, expected) in [
        ("-sc", "c"),
        ("-s c", "c"),
        ("--sub c", "c"),
        ("--subsys=c", "c"),
        ("--s c", "c"),
        ("-scc", "c"),
        ("-Pwsc", "c"),
        ("-c2Psc", "c"),
        ("-s ''", "cdn"),
        ("-s+m", "cmdn"),
        ("-s-d", "cn"),
        ("-s -d", "cn"),
        ("-s-d+m", "cmn"),
        ("-s+m-d", "cmn"),
        ("-s+c", "cdn"),
        ("-scd -sm", "m"),
        ("-scd stray :1", "cd"),
        ("-scd -- -sm", "cd"),
        ("-scd -", "cd"),
        ("--all", "cjmbdntsif"),
        ("-D -A server", "cjmbdntsif"),
    ] {
        assert_eq!(letters(&run(line)), expected, "{line}");
    }
    assert_eq!(run("-c2P").count, Some(2));
    assert_eq!(run("-c -1").count, None);
    assert_eq!(run("--count=3").count, Some(3));
    assert_eq!(run("--hr=0").headers, Headers::Once);
    assert_eq!(run("--headerrep -1").headers, Headers::Never);
    assert_eq!(run("--hr 5").headers, Headers::Every(5));
    assert_eq!(run("-P").headers, Headers::Once);
    assert_eq!(run("--verb").style, Style::Verbose);
    assert_eq!(run("--verb --noverbose").style, Style::Brief);
    assert_eq!(run("--no-verb").style, Style::Brief);
    assert!(run("--nohup").nohup);
}

#[test]
fn what_asks_for_information_needs_no_more() {
    assert_eq!(read("-h"), Ok(Command::Help));
    assert_eq!(read("--help -P -sZc"), Ok(Command::Help));
    assert_eq!(read("-v"), Ok(Command::Version));
    assert_eq!(read("-x"), Ok(Command::Help));
    // What colmux makes of `-sZ -i1:1 -c 5`.
    for line in [
        "-sZ :1 -oT --showcolheaders",
        "-sZ -i.1 -c3 --showcolheaders",
        "-scZ -P --showcolh",
    ] {
        let shown = read(line);
        assert!(
            matches!(shown, Ok(Command::ShowColumnHeaders(_))),
            "{line}: {shown:?}"
        );
    }
    assert!(matches!(
        read("-sc --showheader"),
        Ok(Command::ShowHeader(_))
    ));
}

#[test]
fn a_style_goes_with_what_is_shown() {
    assert_eq!(run("-scdnmtsijbf").style, Style::Brief);
    for line in ["-sC", "-scD", "-sZ", "-s+N", "-sc --verbose"] {
        assert_eq!(run(line).style, Style::Verbose, "{line}");
    }
    assert_eq!(run("-sC -P").style, Style::Plot(Plot::default()));
    let plot = Plot {
        separator: '\t',
        decimals: 2,
        utc: true,
    };
    assert_eq!(run("-P --sep 9 -o2U").style, Style::Plot(plot));
    assert_eq!(run("-P --sep 9 -o2 --utc").plot, plot);
    let both = run("--export lexpr -P -f /x --sep ,");
    assert_eq!((both.style, both.plot.separator), (Style::Lexpr, ','));
    assert_eq!(run("--export subjiffy").style, Style::Exact);
    assert_eq!(run("--export lexpr.ph").style, Style::Lexpr);
}

#[test]
fn times_in_front_of_lines() {
    let time = |date, millis| Some(TimeFormat { date, millis });
    assert_eq!(run("-oT").time, time(DateFormat::None, false));
    assert_eq!(run("-oTm").time, time(DateFormat::None, true));
    assert_eq!(run("-omD").time, time(DateFormat::Long, true));
    assert_eq!(run("-od").time, time(DateFormat::Short, false));
    assert_eq!(run("-om -P").time, time(DateFormat::None, true));
    assert_eq!(run("-oT -oD").time, time(DateFormat::Long, false));
    assert_eq!(run("-oG").digits, Digits::More);
    assert!(run("-on").totals);
}

#[test]
fn intervals_follow_their_rules() {
    let ms = |main, processes| Intervals {
        main: Duration::from_millis(main),
        processes: Duration::from_millis(processes),
    };
    for (line, expected) in [
        ("-i.1", ms(100, 100)),
        ("-i 2.5:", ms(2500, 2500)),
        ("-i.5::2", ms(500, 500)),
        ("-scZ -i1:60:120", ms(1000, 60_000)),
        ("-scZ", ms(1000, 60_000)),
        ("-scZ -i:2", ms(1000, 2000)),
        ("-scZ -i.1:.3", ms(100, 300)),
        ("-sZ -i1:1", ms(1000, 1000)),
        ("-sZ -i5:7", ms(7000, 7000)),
        ("-sZ -i:.5", ms(500, 500)),
        ("-sZ -i5", ms(60_000, 60_000)),
        ("-i0", ms(0, 0)),
        ("-sZ -i0", ms(0, 0)),
        ("-D -f /x", ms(10_000, 10_000)),
        ("-D -f /x -s+Z", ms(10_000, 60_000)),
        ("-i ''", ms(1000, 1000)),
    ] {
        assert_eq!(run(line).intervals, expected, "{line}");
    }
    for (line, words) in [
        ("-sc -i1:2", "add Z to -s"),
        ("-scZ -i1:.5", "cannot be oftener"),
        ("-scZ -i.7:1", "must be a multiple of 0.7 s"),
        (
            "-scZ -i7",
            "60 s unless it is given, must be a multiple of 7 s, such as 56 s",
        ),
        ("-i x", "no time in seconds"),
        ("-i.", "no time in seconds"),
        ("-i-1", "no time in seconds"),
        ("-i1e3", "no time in seconds"),
        ("-i.0001", "shorter than a millisecond"),
        ("-i99999999999999999999", "more than a year"),
        ("-i1:2:3:4", "at most three parts"),
    ] {
        let said = fails(line);
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn what_excludes_each_other_is_told() {
    for (line, words) in [
        ("--verbose -P", "--verbose and -P"),
        ("--verbose -f /x", "-p shows them with --verbose"),
        ("--verbose --export lexpr", "--verbose and --export"),
        ("-P --export lexpr", "add -f"),
        ("--utc", "add -P"),
        ("-oU", "add -P"),
        ("-o1", "add -P"),
        ("--sep ,", "add -P"),
        ("-oz", "add -P"),
        ("-oz -f /x", "add -P"),
        ("-om", "-oTm"),
        ("-oTU -P", "leave d, D and T out"),
        ("--utc -oD -P", "leave d, D and T out"),
        ("--rawtoo", "add -f"),
        ("--rawtoo -f /x", "-f alone"),
        ("-r00:00", "add -f"),
        ("-D", "add -f DIRECTORY or -A server"),
        ("-D -A a.b", "-A server is possible"),
        ("-c1 -R1m", "-c and -R"),
        ("-c1 -f /x -r00:00", "-c and -r"),
        ("-R1m -f /x -r00:00", "-r and -R"),
        ("-p x -i1", "-i and -p"),
        ("-p x -D", "-D and -p"),
        ("-p x -F1", "-F and -p"),
        ("-p x --align", "--align and -p"),
        ("-p x -f /x", "add -P"),
        ("-p x --procfilt p1", "grep"),
        ("--prefix", "add -A server"),
        ("--all -sc", "--all and -s"),
        ("-scZ -P", "Z must be alone"),
        ("-s-cdn", "leaves nothing"),
        ("-f /x --showcol", "--showcolheaders and -f"),
    ] {
        let said = fails(line);
        assert!(said.contains(words), "{line}: {said}");
    }
    // A raw file beside the verbose lines of a socket hurts nobody.
    run("--verbose -f /x -A server");
    run("-P -sZ");
    run("-P -scZ -f /x");
}

#[test]
fn what_is_not_understood_is_told() {
    for (line, words) in [
        ("-k", "there is no switch -k; letters are"),
        ("-verbose", "did you mean --verbose?"),
        ("-flush 5", "did you mean --flush?"),
        ("-Ptest", "no switch -t"),
        ("--foo", "there is no switch --foo"),
        ("--SHOWCOL", "there is no switch --SHOWCOL"),
        ("--sho", "write more of it"),
        ("--pr x", "--procopts"),
        ("--verb=1", "takes no value"),
        ("-s", "-s needs a value"),
        ("--hr", "--hr needs a value"),
        ("--hr -sc", "must be a whole number"),
        ("-cx", "must be a whole number"),
        ("-c-3", "must be a number of samples"),
        ("--hr -2", "0 for once or -1 for never"),
        ("-scq", "the letters are cjmbdntsifCJDNZ"),
        ("-sc+d", "either begins with + or -"),
        ("-scY", "slabs are not shown"),
        ("-oq", "the letters are T d D m"),
        ("-odT", "exclude each other"),
        ("-ogG", "exclude each other"),
        ("-ox", "filter lines with awk"),
        ("-P --sep ,,", "one character"),
        ("-P --sep ''", "one character"),
        ("-P --sep %", "names of columns"),
        ("-P --sep 10", "the end of one"),
        ("-P --sep 999", "one character"),
        ("--export none", "lexpr"),
        ("--export graphite,x", "--export lexpr has names"),
        ("--export lexpr,s=c", "use -s, -i and -A"),
        ("--top", "subjiffy top"),
        ("--home", "subjiffy top"),
        ("--import misc", "cannot be run"),
        ("--vmstat", "-scm --verbose"),
        ("-G", "one raw file"),
        ("--slabopts s", "slabs"),
        ("--dskfilt sda", "grep"),
        ("-C x", "no collectl.conf is read"),
        ("-d1", "RUST_LOG"),
        ("-m", "standard error"),
        ("--noexist", "there is no switch"),
    ] {
        let said = fails(line);
        assert!(said.contains(words), "{line}: {said}");
    }
}

#[test]
fn every_switch_is_in_the_help() {
    for known in table::ALL.iter().filter(|known| known.means.is_ok()) {
        for name in known.names {
            let written = match name.len() {
                1 => format!("-{name}"),
                _ => format!("--{name}"),
            };
            let also = matches!(known.means, Ok(Switch::Help));
            assert!(also || HELP.contains(&written), "{written}");
        }
    }
    for one in Subsystem::ALL {
        assert!(HELP.contains(&format!(" {}  ", one.0)), "{}", one.0);
    }
}

#[test]
fn the_examples_of_the_help_are_understood() {
    let (_, examples) = HELP.split_once("\nExamples\n").unwrap();
    let examples = examples
        .lines()
        .filter_map(|line| line.strip_prefix("    collectl"));
    let mut count = 0;
    for line in examples {
        run(line);
        count += 1;
    }
    assert!(count > 5);
}

#[test]
fn lines_are_split_as_a_shell_does() {
    let of = |line| {
        split(line).map(|words| {
            words
                .into_iter()
                .map(|w| w.into_string().unwrap())
                .collect::<Vec<_>>()
        })
    };
    assert_eq!(of(" -scdn  -i1\n"), Ok(vec!["-scdn".into(), "-i1".into()]));
    assert_eq!(
        of("--comment 'a  \"b' \"c'd\""),
        Ok(vec!["--comment".into(), "a  \"b".into(), "c'd".into()])
    );
    assert_eq!(
        of("a\\ b '' \"x\\\"y\" z\\"),
        Ok(vec![
            "a b".into(),
            String::new(),
            "x\"y".into(),
            "z\\".into()
        ])
    );
    assert_eq!(of("a 'b"), Err(Error::Quote('\'')));
}

fn word() -> impl Strategy<Value = String> {
    let names: Vec<String> = table::ALL
        .iter()
        .flat_map(|known| known.names)
        .map(|name| {
            if name.len() > 1 {
                format!("--{name}")
            } else {
                format!("-{name}")
            }
        })
        .collect();
    prop_oneof![
        proptest::sample::select(names),
        "-[a-zA-Z]{1,4}[0-9:.,+-]{0,6}",
        "[a-zA-Z0-9:.,\\[\\]+-]{0,12}",
        "\\PC{0,8}",
    ]
}

proptest! {
    #[test]
    fn no_words_panic(words in proptest::collection::vec(word(), 0..8)) {
        let words: Vec<OsString> = words.into_iter().map(OsString::from).collect();
        let env = Env { read: &nothing, find: &itself, today: jiff::civil::date(2026, 3, 1) };
        if let Err(error) = parse(&words, &env) {
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn no_bytes_panic(words in proptest::collection::vec(any::<Vec<u8>>(), 0..5)) {
        use std::os::unix::ffi::OsStringExt;
        let words: Vec<_> = words.into_iter().map(OsString::from_vec).collect();
        let env = Env { read: &nothing, find: &itself, today: jiff::civil::date(2026, 3, 1) };
        let _ = parse(&words, &env);
    }

    #[test]
    fn no_line_panics(line: String) {
        let _ = split(&line);
    }
}
