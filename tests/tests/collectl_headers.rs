//! What programs read before the first sample: `-v`, `--showcolheaders`, what is refused.

use subjiffy_tests::collectl::{self, Program, Run};

/// What colmux looks for.
#[test]
fn the_version_is_one_that_colmux_takes() {
    let said = Program::Ours.said("-v");
    let first = said.lines().next().unwrap_or_default();
    let version = first.strip_prefix("collectl V").unwrap_or_default();
    let version = version.split_whitespace().next().unwrap_or_default();
    assert!(version >= "3.5", "{said}");
    if collectl::ready(&[]) {
        let real = Program::Real.said("-v");
        let real = real.lines().next().unwrap_or_default();
        let theirs = real.strip_prefix("collectl V").unwrap_or_default();
        // colmux warns of hosts that differ.
        assert_eq!(theirs.split_whitespace().next(), Some(version), "{real}");
    }
}

/// Fails unless both say the same, byte for byte.
fn same(switches: &[String]) {
    for words in switches {
        let words = format!("{words} --showcolheaders");
        let real = Program::Real.said(&words);
        assert!(real.contains('#'), "{words}: {real:?}");
        let ours = Program::Ours.said(&words);
        assert_eq!(
            timeless(&ours),
            timeless(&real),
            "{words}: ours, the original"
        );
    }
}

/// Without the time in a record line.
fn timeless(text: &str) -> String {
    let lines = text
        .split_inclusive('\n')
        .map(|line| match line.split_once(" <<< (") {
            Some((record, _)) if line.starts_with("### RECORD") => format!("{record}\n"),
            _ => line.to_owned(),
        });
    lines.collect()
}

const SUMMARIES: [&str; 13] = [
    "c",
    "j",
    "m",
    "b",
    "d",
    "n",
    "t",
    "s",
    "i",
    "f",
    "cdn",
    "cdnm",
    "cdnmtsijbf",
];

const TIMES: [&str; 6] = ["", "-oT", "-od", "-oD", "-oTm", "-oDm"];

/// Each of the words with each of what is more.
fn each(words: impl IntoIterator<Item = String>, more: &[&str]) -> Vec<String> {
    let mut all = Vec::new();
    for words in words {
        all.extend(more.iter().map(|more| format!("{words} {more}")));
    }
    all
}

fn summaries() -> impl Iterator<Item = String> {
    SUMMARIES.into_iter().map(|letters| format!("-s{letters}"))
}

#[test]
fn brief_headers_are_those_of_collectl() {
    if !collectl::ready(&[]) {
        return;
    }
    same(&each(summaries(), &TIMES));
    let sizes = ["d", "n", "cdnm"].map(|letters| format!("-s{letters}"));
    same(&each(sizes, &["--iosize", "--iosize -oT", "-w"]));
    same(&["", "-s-d", "-s+m", "-s+m-d", "-oT stray :1", "-sn -sc"].map(str::to_owned));
}

#[test]
fn verbose_headers_are_those_of_collectl() {
    if !collectl::ready(&[]) {
        return;
    }
    let single = SUMMARIES[..10]
        .iter()
        .map(|letter| format!("-s{letter} --verbose"));
    same(&each(single, &["", "-oT", "-oTm", "-oD"]));
    let details = ["C", "J", "D", "N"].map(|letter| format!("-s{letter}"));
    same(&each(details, &["", "-oT", "-oTm", "-oD"]));
}

#[test]
fn headers_of_processes_are_those_of_collectl() {
    if !collectl::ready(&[]) {
        return;
    }
    let options = [
        "", "i", "m", "s", "S", "x", "u", "u20", "w", "w30", "f", "t", "R", "r", "I", "c", "k",
        "p", "sx", "iS", "mu", "Su10xfR", "Ix", "is", "ms", "mx", "ix",
    ];
    let words = options.map(|letters| match letters {
        "" => "-sZ".to_owned(),
        letters => format!("-sZ --procopts {letters}"),
    });
    same(&each(words, &["", "-oT", "-oTm"]));
}

#[test]
fn plot_headers_are_those_of_collectl() {
    if !collectl::ready(&[]) {
        return;
    }
    // Interrupts alone have no columns there; ours bring those of each CPU.
    let all = summaries().filter(|words| words != "-sj");
    let all = all.map(|words| format!("{words} -P"));
    same(&each(all, &["", "-oT", "--utc"]));
    let details = ["C", "D", "N", "cC", "cdnCDN", "mN"].map(|letters| format!("-s{letters} -P"));
    same(&each(
        details,
        &["", "--sep ,", "--sep 9", "-oD", "-oU", "-o2"],
    ));
    let of = |words: &str| Program::Ours.said(&format!("{words} -P --showcolheaders"));
    assert_eq!(of("-sj"), of("-sC"));
}

/// What is not done is refused by its name, on the way that colmux reads, with nothing shown.
#[test]
fn what_is_not_done_is_refused_by_name() {
    for (words, name) in [
        ("--top", "--top"),
        ("--home", "--home"),
        ("--import misc", "--import"),
        ("--slabfilt x", "--slabfilt"),
        ("--vmstat", "--vmstat"),
        ("-G", "-G"),
        ("-sY", "Y"),
        ("-scq", "q"),
        ("--nonsense", "--nonsense"),
        ("-k", "-k"),
        ("--verbose -P", "--verbose"),
        ("-sc -i1:2", "-i"),
        ("--procopts q -sZ", "q"),
    ] {
        let ended = Run::start(&mut Program::Ours.command(words)).ended();
        assert_eq!(ended.status.code(), Some(1), "{words}");
        let said = format!("{}{}", ended.stdout, ended.stderr);
        let error = said.lines().find(|line| line.starts_with("Error: "));
        let error = error.unwrap_or_else(|| panic!("{words}: {said}"));
        assert!(error.contains(name), "{words}: {error}");
    }
}

#[test]
fn help_has_all_that_there_is() {
    let help = Program::Ours.said("-h");
    for switch in [
        "--subsys",
        "--showcolheaders",
        "--export subjiffy",
        "-A server",
        "--procopts",
    ] {
        assert!(help.contains(switch), "{switch}: {help}");
    }
    assert_eq!(help, Program::Ours.said("--help -sZ -P"));
}
