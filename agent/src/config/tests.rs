use proptest::prelude::*;
use subjiffy_proto::control::Element;

use super::{top::KEYS, *};
use crate::elements::catalog::KNOWN;

fn parse(text: &str) -> Result<Config, Vec<Problem>> {
    Config::parse(text, KNOWN)
}

fn good(text: &str) -> Config {
    parse(text).unwrap_or_else(|problems| panic!("{text}: {problems:?}"))
}

/// All problems as they are printed.
fn bad(text: &str) -> Vec<String> {
    let problems = parse(text).expect_err(text);
    problems.iter().map(ToString::to_string).collect()
}

fn warnings(config: &Config) -> Vec<String> {
    config.warnings.iter().map(ToString::to_string).collect()
}

fn source(plugin: &'static str, element: &'static str) -> Element {
    Element::new(Kind::Source, plugin, element)
}

const fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

/// The example with the keys that are comments in it.
fn complete() -> String {
    let line = |line: &str| match line.strip_prefix("# ") {
        Some(rest) if rest.split(' ').nth(1) == Some("=") || rest.starts_with("[\"") => {
            format!("{rest}\n")
        }
        _ => format!("{line}\n"),
    };
    let text: String = EXAMPLE.lines().map(line).collect();
    text.replace("tls = false", "tls = true")
}

#[test]
fn the_example_has_the_defaults() {
    let config = good(EXAMPLE);
    assert!(config.warnings.is_empty());
    for (name, usual) in KNOWN {
        assert_eq!(config.period_of(name), *usual, "{name}");
        assert!(config.enabled(name), "{name}");
    }
}

#[test]
fn the_example_has_every_key() {
    let text = complete();
    let config = good(&text);
    for key in KEYS {
        let alumets = ["max_update_interval", "plugins"].contains(&key);
        let found = text.lines().any(|l| l.starts_with(&format!("{key} = ")));
        assert!(found || alumets, "{key}");
    }
    for (name, _) in KNOWN {
        let element = config.elements.get(name).expect("an element");
        assert!(element.enabled.is_some(), "{name}");
    }
    // And an output with a name of its own.
    assert_eq!(config.elements.len(), KNOWN.len() + 1);
    assert_eq!(config.restart(&Config::default()).len(), KEYS.len() - 2);
}

#[test]
fn nothing_is_a_good_file() {
    for text in ["", "\n", "# a comment", "\u{feff}", "\r\n\r\n"] {
        assert_eq!(good(text), Config::default(), "{text:?}");
    }
    assert!(good("\u{feff}bpf = false").bpf.is_some());
}

#[test]
fn values_know_their_lines() {
    let config =
        good("\n\nport = 0x10\r\n\n[\"source/plugin-procfs/memory\"]\nperiod = \"1m 30s\"");
    let port = config.port.unwrap();
    assert_eq!((port.value, port.place.line), (16, 3));
    let memory = &config.elements[&source("procfs", "memory")];
    let period = memory.period.clone().unwrap();
    assert_eq!(period.value, ms(90_000));
    assert_eq!(
        period.place.to_string(),
        "6: \"source/plugin-procfs/memory\".period"
    );
}

#[test]
fn all_problems_are_told_with_line_and_key() {
    let problems = bad("listn = 3\nport = 70000\ntls = \"yes\"\nperiod = 5\n\
         listen = [\n  \"127.0.0.1:1\",\n  \"localhost\",\n  7]\n\
         [\"source/procfs/netwrk\"]\n[\"source/ebpf/net\"]\nperiod = \"1s\"\nenable = true\n");
    assert_eq!(
        problems,
        [
            "1: listn: there is no such key; did you mean listen?",
            "2: port: 70000 is wrong; right would be a port, 0 to 65535",
            "3: tls: \"yes\" is wrong; right would be true or false",
            "4: period: 5 is wrong; right would be a duration in quotes, such as \"500ms\" or \
             \"1m30s\"",
            "7: listen: \"localhost\" is wrong; right would be \"127.0.0.1:3000\" or \"[::1]:3000\"",
            "8: listen: 7 is wrong; right would be \"127.0.0.1:3000\" or \"[::1]:3000\"",
            "9: \"source/procfs/netwrk\": there is no such element; did you mean \
             source/procfs/network?",
            "11: \"source/ebpf/net\".period: source/ebpf/net has no period of its own",
            "12: \"source/ebpf/net\".enable: there is no such key; did you mean enabled?",
        ]
    );
}

#[test]
fn each_key_says_what_would_be_right() {
    for (text, says) in [
        ("period = \"0s\"", "between 1ms and 1h"),
        ("period = \"2h\"", "between 1ms and 1h"),
        ("period = \"fast\"", "right would be 100ms"),
        ("period = \"\"", "a duration in quotes"),
        ("listen = []", "an empty list"),
        ("listen = \"127.0.0.1:1\"", "would be a list"),
        ("port = -1", "0 to 65535"),
        ("port = 1.5", "0 to 65535"),
        ("tls_cert = \"c\"", "add tls_key"),
        ("tls_key = \"c\"", "add tls_cert"),
        (
            "tls = false\ntls_cert = \"c\"\ntls_key = \"k\"",
            "in line 2",
        ),
        ("token_file = \"\"", "the path of a file"),
        ("token_file = \"a\\u0000\"", "the path of a file"),
        ("allow_origin = [\"example.org\"]", "https://"),
        ("max_connections = 0", "1 to 65535"),
        ("max_connections_per_address = 65536", "1 to 65535"),
        ("insecure = 1", "true or false"),
        ("bpf = 1979-05-27", "true or false"),
        ("control = true", "the path of a file"),
        ("control_group = 4", "the name of a group"),
        ("max_update_interval = \"x\"", "is no duration"),
        ("[source.procfs.network]\nperiod = \"1s\"", "in quotes"),
        (
            "[source/procfs/network]\nperiod = \"1s\"",
            "[\"source/procfs/network\"]",
        ),
        ("\"source/procfs/disks\" = true", "a table"),
        ("x = 1", "the keys here are period, listen"),
        ("[\"a/b/c\"]", "there are source/ebpf/sched"),
        ("plugins = 1", "a table"),
        ("[plugins.procfs.kernels]", "did you mean kernel?"),
    ] {
        let problems = bad(text);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].contains(says), "{text}: {problems:?}");
    }
}

#[test]
fn what_is_no_toml_is_told_beside_the_rest() {
    let problems = bad("port = 1 2\ntls = 7\nport = \nbpf = maybe\n[broken\nx = 1\n");
    let lines: Vec<_> = problems
        .iter()
        .map(|p| p.split(": ").collect::<Vec<_>>())
        .collect();
    let of = |line: &str| lines.iter().find(|words| words[0] == line);
    for (line, key) in [("1", "port"), ("3", "port"), ("4", "bpf"), ("5", "[broken")] {
        let words = of(line).unwrap_or_else(|| panic!("{line}: {problems:?}"));
        assert_eq!((words[1], words[2]), (key, "no TOML"), "{problems:?}");
    }
    assert!(of("6").is_none(), "{problems:?}");
    // Behind a key without a value, too.
    let problems = bad("x y = 3\ninsecure\ntls = tru\nport = 70000\nbpf = maybe\n[a/b/c]");
    let lines: Vec<_> = problems.iter().map(|p| &p[..1]).collect();
    assert_eq!(lines, ["1", "2", "3", "4", "5", "6"], "{problems:?}");
    let double = bad("tls = true\nbpf = true\ntls = false");
    assert_eq!(double.len(), 1, "{double:?}");
    assert!(
        double[0].starts_with("3: tls: no TOML: duplicate key"),
        "{double:?}"
    );
}

#[test]
fn the_sampling_period_has_two_names() {
    let both = |top, own| {
        parse(&format!(
            "period = \"{top}\"\n[\"source/ebpf/sched\"]\nperiod = \"{own}\""
        ))
    };
    let config = both("1s", "1000ms").unwrap();
    assert_eq!(config.period_of(&SAMPLING), Some(ms(1000)));
    assert!(!config.elements.contains_key(&SAMPLING));
    let problem = both("1s", "2s").unwrap_err().remove(0);
    assert_eq!(
        problem.to_string(),
        "3: \"source/ebpf/sched\".period: means the same as period in line 1, which has another \
         value; say it once"
    );
    let one = good("[\"source/ebpf/sched\"]\nperiod = \"2s\"");
    assert_eq!(one.period.unwrap().value, ms(2000));
}

#[test]
fn a_file_of_alumet_is_understood() {
    let config = good(
        "max_update_interval = \"500ms\"\n[plugins.socket-control]\nsocket_path = \"a.sock\"\n\
         [plugins.procfs.kernel]\nenabled = true\npoll_interval = \"5s\"\n\
         [plugins.procfs.memory]\nenabled = false\npoll_interval = \"1s\"\nmetrics = [\"MemFree\"]\n\
         [plugins.procfs.network]\nenabled = true\npoll_interval = \"3s\"\nenbled = 1\n\
         [plugins.procfs.processes]\nenabled = true\nrefresh_interval = \"2s\"\n\
         strategy = \"watcher\"\n[[plugins.procfs.processes.groups]]\nexe_regex = \"\"\n\
         [plugins.procfs.processes.events]\npoll_interval = \"1s\"\n\
         [plugins.rapl]\npoll_interval = \"1s\"\n",
    );
    assert_eq!(
        config.control.clone().unwrap().value,
        PathBuf::from("a.sock")
    );
    for (element, period) in [
        ("kernel", 5),
        ("memory", 1),
        ("network", 3),
        ("processes", 2),
    ] {
        let name = source("procfs", element);
        assert_eq!(config.period_of(&name), Some(Duration::from_secs(period)));
        assert_eq!(config.enabled(&name), element != "memory");
    }
    let expected = [
        (10, "memory.metrics", "all values"),
        (14, "network.enbled", "did you mean enabled?"),
        (18, "processes.strategy", "all processes"),
        (19, "processes.groups", "all processes"),
        (21, "processes.events", "all processes"),
        (23, "plugins.rapl", "no such plugin here"),
    ];
    let told = warnings(&config);
    assert_eq!(told.len(), expected.len(), "{told:?}");
    for ((line, key, why), told) in expected.iter().zip(told) {
        assert!(told.starts_with(&format!("{line}: ")), "{told}");
        assert!(told.contains(key) && told.contains(why), "{told}");
    }
}

#[test]
fn both_ways_to_say_it_must_agree() {
    let plugin = |value| format!("[plugins.plugin-procfs.kernel]\npoll_interval = \"{value}\"\n");
    let own = "[\"source/procfs/kernel\"]\nperiod = \"1s\"\n";
    assert!(parse(&format!("{own}{}", plugin("1s"))).is_ok());
    let problems = bad(&format!("{}{own}", plugin("2s")));
    let says = "4: \"source/procfs/kernel\".period: means the same as \
                plugins.plugin-procfs.kernel.poll_interval in line 2";
    assert!(problems[0].starts_with(says), "{problems:?}");
    let sockets = bad("control = \"a\"\nplugins.socket-control.socket_path = \"b\"");
    assert!(
        sockets[0].contains("means the same as control in line 1"),
        "{sockets:?}"
    );
}

#[test]
fn changes_are_those_of_values() {
    let old = good("period = \"1s\"\nport = 1\n[\"source/procfs/memory\"]\nperiod = \"2s\"");
    let moved = good(
        "\n\nport = 1\n[\"source/procfs/memory\"]\nperiod = \"2000ms\"\nenabled = true\n\
                      [\"source/ebpf/sched\"]\nperiod = \"1s\"",
    );
    assert!(moved.changes(&old).is_empty());
    let new =
        good("period = \"10ms\"\nport = 2\nbpf = false\n[\"source/ebpf/net\"]\nenabled = false");
    let change = |name, enabled, period| ElementChange {
        name,
        enabled,
        period,
    };
    let changes = new.changes(&old);
    assert_eq!(
        changes.elements,
        [
            change(source("ebpf", "net"), Some(false), None),
            change(SAMPLING, None, Some(Some(ms(10)))),
            change(source("procfs", "memory"), None, Some(None)),
        ]
    );
    assert_eq!(changes.restart, ["port", "bpf"]);
    let back = old.changes(&new);
    assert_eq!(
        back.elements[0],
        change(source("ebpf", "net"), Some(true), None)
    );
    assert_eq!(back.elements[2].period, Some(Some(ms(2000))));
}

/// What holds for every text.
fn check(text: &str) -> Result<(), TestCaseError> {
    match parse(text) {
        Ok(config) => {
            let periods = KNOWN.iter().filter_map(|(name, _)| config.period_of(name));
            for period in periods {
                prop_assert!((ms(1)..=ms(3_600_000)).contains(&period));
            }
            prop_assert!(config.changes(&config).is_empty());
            prop_assert!(config.warnings.is_sorted());
        }
        Err(problems) => {
            prop_assert!(!problems.is_empty() && problems.is_sorted());
            let lines = text.split('\n').count();
            for problem in problems {
                prop_assert!((1..=lines).contains(&problem.place.line), "{problem}");
                let told = problem.to_string();
                prop_assert!(!told.contains(['\n', '\r', '\0']), "{told:?}");
                prop_assert!(!problem.place.key.is_empty() && !problem.text.is_empty());
            }
        }
    }
    Ok(())
}

fn piece() -> impl Strategy<Value = String> {
    let pieces = [
        "[",
        "]",
        "[[",
        "]]",
        "{",
        "}",
        "=",
        ".",
        ",",
        "\"",
        "'",
        "\"\"\"",
        "'''",
        "\n",
        "\r",
        "#",
        " ",
        "\\",
        "\0",
        "ä",
        "1",
        "-1",
        "1.5",
        "inf",
        "0x",
        "true",
        "period",
        "listen",
        "plugins",
        "procfs",
        "kernel",
        "groups",
        "\"source/procfs/kernel\"",
        "enabled",
        "\"1s\"",
        "\"2M\"",
        "1979-05-27",
    ];
    prop_oneof![
        8 => prop::sample::select(pieces.to_vec()).prop_map(str::to_owned),
        1 => any::<char>().prop_map(String::from),
    ]
}

fn pieces(most: usize) -> impl Strategy<Value = String> {
    prop::collection::vec(piece(), 0..most).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn no_text_panics(text in any::<String>()) {
        check(&text)?;
    }

    #[test]
    fn no_heap_of_words_panics(text in pieces(60)) {
        check(&text)?;
    }

    #[test]
    fn no_damage_to_a_good_file_panics(
        damages in prop::collection::vec((any::<prop::sample::Index>(), 0_usize..40, pieces(4)), 1..6)
    ) {
        let mut text = format!("{}[plugins.procfs.kernel]\npoll_interval = \"100ms\"\n", complete());
        for (at, length, new) in damages {
            let starts: Vec<_> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let at = at.index(starts.len());
            let end = (at + length).min(starts.len() - 1);
            text.replace_range(starts[at]..starts[end], &new);
        }
        check(&text)?;
    }

    #[test]
    fn no_depth_panics(open in prop::sample::select(vec!["[", "{a=", "[{a=", "a."]), depth in 0_usize..5000) {
        check(&format!("x = {}", open.repeat(depth)))?;
        check(&format!("{}b = 1", "a.".repeat(depth)))?;
        check(&format!("[{}b]", "a.".repeat(depth)))?;
    }
}
