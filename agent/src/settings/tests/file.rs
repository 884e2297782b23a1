//! Flags beat variables, these beat the file, it beats the defaults.

use super::*;
use crate::elements::{Catalog, State};

/// What a setting is, in words.
type Shown = fn(&Settings) -> String;

/// A key: its line in the file, its flag, its variable, and what comes of none of them, of the file,
/// of the variable and of the flag.
type Case = (
    &'static str,
    Shown,
    &'static str,
    Option<(&'static str, &'static str)>,
    &'static str,
    [&'static str; 4],
);

fn shown(path: Option<&std::path::Path>) -> String {
    path.map_or("none".into(), |path| path.display().to_string())
}

const CASES: [Case; 11] = [
    (
        "period",
        |s| format!("{:?}", s.period),
        "period = \"2s\"",
        None,
        "--period 3s",
        ["1s", "2s", "2s", "3s"],
    ),
    (
        "port",
        |s| s.listen.to_string(),
        "port = 2",
        Some(("SOCKTOP_PORT", "3")),
        "--port 4",
        [
            "127.0.0.1:3000",
            "127.0.0.1:2",
            "127.0.0.1:3",
            "127.0.0.1:4",
        ],
    ),
    (
        "listen",
        |s| s.listen.to_string(),
        "listen = [\"[::1]:2\"]",
        None,
        "--listen 127.0.0.1:4",
        ["127.0.0.1:3000", "[::1]:2", "[::1]:2", "127.0.0.1:4"],
    ),
    (
        "token_file",
        |s| match &s.token {
            TokenSource::None => "none".into(),
            TokenSource::Variable(_, name) => (*name).into(),
            TokenSource::File(file) => shown(Some(&file.value)),
        },
        "token_file = \"/file\"",
        Some(("SUBJIFFY_TOKEN", "x")),
        "--token-file /flag",
        ["none", "/file", "SUBJIFFY_TOKEN", "/flag"],
    ),
    (
        "allow_origin",
        |s| format!("{} {}", s.all_origins, s.origins.len()),
        "allow_origin = [\"https://a.example\"]",
        Some((
            "SUBJIFFY_ALLOW_ORIGIN",
            "https://a.example, https://b.example",
        )),
        "--allow-origin *",
        ["false 0", "false 1", "false 2", "true 0"],
    ),
    (
        "max_connections",
        |s| s.limits.connections.to_string(),
        "max_connections = 2",
        None,
        "--max-connections 3",
        ["1024", "2", "2", "3"],
    ),
    (
        "max_connections_per_address",
        |s| s.limits.connections_per_address.to_string(),
        "max_connections_per_address = 2",
        None,
        "--max-connections-per-address 3",
        ["1024", "2", "2", "3"],
    ),
    (
        "bpf",
        |s| s.bpf.to_string(),
        "bpf = true",
        None,
        "--no-bpf",
        ["true", "true", "true", "false"],
    ),
    (
        "control",
        |s| shown(s.control.as_deref()),
        "control = \"/file\"",
        None,
        "--control /flag",
        ["none", "/file", "/file", "/flag"],
    ),
    (
        "control_group",
        |s| {
            s.control_group
                .as_ref()
                .map_or("none".into(), |told| told.value.clone())
        },
        "control_group = \"file\"",
        None,
        "--control-group flag",
        ["none", "file", "file", "flag"],
    ),
    (
        "tls",
        |s| s.tls.is_some().to_string(),
        "tls = true",
        Some(("SOCKTOP_ENABLE_SSL", "0")),
        "--tls",
        ["false", "true", "false", "true"],
    ),
];

#[test]
fn the_best_place_counts() {
    for (key, shown, line, variable, flag, expected) in CASES {
        let variables: Vec<_> = variable.into_iter().collect();
        let all = [
            with_file("", &[], Some("")),
            with_file("", &[], Some(line)),
            with_file("", &variables, Some(line)),
            with_file(flag, &variables, Some(line)),
        ];
        let all = all.map(|settings| shown(&settings.expect(key)));
        assert_eq!(all, expected, "{key}");
    }
}

#[test]
fn a_switch_of_the_file_is_one() {
    let file = |text| with_file("", &[], Some(text));
    assert!(!file("bpf = false").unwrap().bpf);
    assert!(file("insecure = true\nlisten = [\"0.0.0.0:1\"]").is_ok());
    let flag = with_file(
        "--insecure",
        &[],
        Some("insecure = false\nlisten = [\"0.0.0.0:1\"]"),
    );
    assert!(flag.is_ok());
    let error = file("\nlisten = [\"0.0.0.0:1\"]").unwrap_err();
    assert!(
        error.starts_with("f.toml:2: listen: 0.0.0.0:1 can be"),
        "{error}"
    );
    assert!(file("allow_origin = [\"*\"]").unwrap().all_origins);
    assert!(
        with_file("--no-control", &[], Some("control = \"/f\""))
            .unwrap()
            .no_control
    );
}

#[test]
fn a_port_changes_only_addresses_of_its_own_or_a_worse_place() {
    let file = "listen = [\"127.0.0.1:2\", \"[::1]:2\"]\n";
    let with_port = &format!("{file}port = 3");
    let variable = &[("SOCKTOP_PORT", "4")];
    for (words, variables, text, expected) in [
        ("", &[][..], with_port.as_str(), "127.0.0.1:3, [::1]:3"),
        ("", variable, with_port, "127.0.0.1:4, [::1]:4"),
        ("-p 5", variable, with_port, "127.0.0.1:5, [::1]:5"),
        ("--listen 127.0.0.1:6", variable, with_port, "127.0.0.1:6"),
        ("--listen 127.0.0.1:6", &[], with_port, "127.0.0.1:6"),
        ("--tls", &[], "port = 7", "127.0.0.1:7"),
        ("", &[], "tls = true", "127.0.0.1:8443"),
    ] {
        let settings = with_file(words, variables, Some(text)).unwrap();
        assert_eq!(settings.listen.to_string(), expected, "{words} {text}");
    }
}

#[test]
fn the_certificate_of_the_file_is_used_whoever_asks_for_tls() {
    let file = "tls_cert = \"/c\"\ntls_key = \"/k\"";
    let of = |words, variables: &[(&str, &str)], text| match with_file(words, variables, Some(text))
        .unwrap()
        .tls
    {
        None => "none".to_owned(),
        Some(Tls::Kept { .. }) => "kept".to_owned(),
        Some(Tls::Own { certificate, key }) => format!(
            "{} {} {}",
            certificate.whence,
            certificate.value.display(),
            key.value.display()
        ),
    };
    let own = "f.toml:1: tls_cert /c /k";
    assert_eq!(of("", &[], file), own);
    assert_eq!(of("--tls", &[], file), own);
    assert_eq!(of("", &[("SOCKTOP_ENABLE_SSL", "1")], file), own);
    assert_eq!(of("", &[("SOCKTOP_ENABLE_SSL", "0")], file), "none");
    assert_eq!(of("", &[], "tls = true"), "kept");
    let flags = of(
        "--tls-cert a --tls-key b",
        &[("SOCKTOP_ENABLE_SSL", "0")],
        file,
    );
    assert_eq!(flags, "--tls-cert a b");
}

#[test]
fn what_is_wrong_with_a_value_says_where_it_comes_from() {
    let loaded = |words, text| with_file(words, &[], Some(text)).unwrap().token.load();
    let error = loaded("", "\ntoken_file = \"/nonexistent\"").unwrap_err();
    assert!(
        error.starts_with("f.toml:2: token_file /nonexistent: No"),
        "{error}"
    );
    let error = loaded("--token-file /none", "token_file = \"/nonexistent\"").unwrap_err();
    assert!(error.starts_with("--token-file /none: No"), "{error}");
    let group = with_file("", &[], Some("control_group = \"x\"")).unwrap();
    let whence = group.control_group.unwrap().whence;
    assert_eq!(whence.to_string(), "f.toml:1: control_group");
}

#[test]
fn elements_are_those_of_the_file() {
    let text = "[\"source/procfs/memory\"]\nenabled = false\nperiod = \"3s\"\n\
                [\"output/stream/ws\"]\nenabled = true";
    let settings = with_file("", &[], Some(text)).unwrap();
    let (name, memory) = settings.elements.first_key_value().unwrap();
    assert_eq!(name.to_string(), "source/procfs/memory");
    assert!(!memory.enabled.as_ref().unwrap().value);
    assert_eq!(
        memory.period.as_ref().unwrap().value,
        Duration::from_secs(3)
    );
    let catalog = Catalog::default();
    settings.apply(&catalog.elements());
    assert_eq!(catalog.memory.state(), State::Paused);
    assert_eq!(catalog.memory.period(), Some(Duration::from_secs(3)));
    assert!(catalog.stream.is_running() && catalog.kernel.is_running());
    assert!(with_file("", &[], None).unwrap().elements.is_empty());
}

#[test]
fn the_example_changes_nothing() {
    let shown = |settings: Settings| {
        let without = Settings {
            elements: BTreeMap::new(),
            ..settings
        };
        format!("{without:?}")
    };
    let with = with_file("", &[], Some(EXAMPLE)).unwrap();
    assert_eq!(shown(with), shown(settings("", &[]).unwrap()));
}
