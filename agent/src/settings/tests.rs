use clap::Parser;

use super::*;
use crate::{
    cli::Cli,
    config::{Config, EXAMPLE},
    elements::catalog::KNOWN,
};

fn settings(words: &str, variables: &[(&str, &str)]) -> Result<Settings, String> {
    with_file(words, variables, None)
}

fn with_file(
    words: &str,
    variables: &[(&str, &str)],
    text: Option<&str>,
) -> Result<Settings, String> {
    let words = ["subjiffy"].into_iter().chain(words.split_whitespace());
    let args = Cli::parse_from(words).agent;
    let file = text.map(|text| ConfigFile {
        path: "f.toml".into(),
        config: Config::parse(text, KNOWN).expect(text),
    });
    Settings::new(&args, file.as_ref(), |asked| {
        let found = variables.iter().find(|(name, _)| *name == asked);
        found.map(|(_, value)| value.into())
    })
}

fn listen(words: &str, variables: &[(&str, &str)]) -> Listen {
    settings(words, variables).unwrap().listen
}

fn given(all: &[&str]) -> Listen {
    Listen::Given(all.iter().map(|text| text.parse().unwrap()).collect())
}

#[test]
fn without_a_word_it_listens_on_the_loopback_addresses() {
    let settings = settings("", &[]).unwrap();
    assert_eq!(settings.listen, Listen::Loopback(3000));
    assert_eq!(settings.tls, None);
    assert_eq!(settings.token, TokenSource::None);
    assert!(settings.origins.is_empty() && !settings.all_origins && settings.bpf);
    assert_eq!((settings.limits.connections, settings.workers), (1024, 2));
    assert_eq!(settings.limits.connections_per_address, 1024);
    assert!(settings.hardware.gpus && settings.hardware.temperatures);
    assert!(settings.warnings().is_empty());
}

#[test]
fn the_port_comes_from_the_flag_then_the_variable_then_tls() {
    let port = [("SOCKTOP_PORT", "4000")];
    for words in ["-p 5", "--port 5", "--port=5", "-p5"] {
        assert_eq!(listen(words, &port), Listen::Loopback(5), "{words}");
    }
    assert_eq!(listen("", &port), Listen::Loopback(4000));
    assert_eq!(listen("--tls", &port), Listen::Loopback(4000));
    assert_eq!(listen("--tls", &[]), Listen::Loopback(8443));
    assert_eq!(listen("", &[("SOCKTOP_PORT", "")]), Listen::Loopback(3000));
    assert_eq!(listen("--listen [::1]:7", &port), given(&["[::1]:7"]));
    let both = "--listen [::1]:7 --listen 127.0.0.1:8 --listen 127.0.0.1:8";
    assert_eq!(listen(both, &port), given(&["127.0.0.1:8", "[::1]:7"]));
    let changed = listen(&format!("{both} -p 9"), &[]);
    assert_eq!(changed, given(&["127.0.0.1:9", "[::1]:9"]));
}

#[test]
fn socktops_demo_is_understood() {
    let listen = listen("--port 3231", &[("SOCKTOP_ENABLE_SSL", "0")]);
    assert_eq!(listen, Listen::Loopback(3231));
}

#[test]
fn addresses_of_others_need_a_token_or_a_word() {
    for open in ["0.0.0.0:7", "[::]:7", "192.0.2.1:7", "[::ffff:192.0.2.1]:7"] {
        let words = format!("--listen {open} --listen 127.0.0.1:7");
        let error = settings(&words, &[]).unwrap_err();
        assert!(
            error.contains("--insecure") && error.contains(open),
            "{error}"
        );
        assert!(settings(&format!("{words} --tls"), &[]).is_err());
        let insecure = settings(&format!("{words} --insecure"), &[]).unwrap();
        assert!(insecure.warnings()[0].contains("no token"));
        let token = [("SOCKTOP_TOKEN", "x")];
        let clear = settings(&words, &token).unwrap();
        assert!(clear.warnings()[0].contains("in clear"));
        let safe = settings(&format!("{words} --tls"), &token).unwrap();
        assert!(safe.warnings().is_empty());
        assert!(settings(&words, &[("SOCKTOP_TOKEN", "")]).is_err());
    }
    for own in ["127.0.0.5:7", "[::1]:7", "[::ffff:127.0.0.1]:7"] {
        assert!(settings(&format!("--listen {own}"), &[]).is_ok(), "{own}");
    }
}

#[test]
fn the_token_comes_from_the_file_then_the_variables() {
    let both = [("SUBJIFFY_TOKEN", "ours"), ("SOCKTOP_TOKEN", "theirs")];
    let token = |words, variables: &[(&str, &str)]| settings(words, variables).unwrap().token;
    assert_eq!(
        token("--token-file /f", &both),
        TokenSource::File(Told::flag(&"/f".into(), "--token-file"))
    );
    let variable = |text: &str, name| TokenSource::Variable(Secret::new(text.into()), name);
    assert_eq!(token("", &both), variable("ours", "SUBJIFFY_TOKEN"));
    assert_eq!(token("", &both[1..]), variable("theirs", "SOCKTOP_TOKEN"));
    let empty = [("SUBJIFFY_TOKEN", ""), ("SOCKTOP_TOKEN", "theirs")];
    assert_eq!(token("", &empty), variable("theirs", "SOCKTOP_TOKEN"));
    let all = format!("{:?}", settings("", &both).unwrap());
    assert!(!all.contains("ours") && !all.contains("theirs"), "{all}");
}

#[test]
fn tls_has_its_flags_and_its_variable() {
    let kept = |words, variables: &[(&str, &str)]| {
        matches!(
            settings(words, variables).unwrap().tls,
            Some(Tls::Kept { .. })
        )
    };
    assert!(kept("--tls", &[]) && kept("--enableSSL", &[("SOCKTOP_ENABLE_SSL", "0")]));
    assert!(kept("", &[("SOCKTOP_ENABLE_SSL", "1")]));
    assert!(!kept("", &[("SOCKTOP_ENABLE_SSL", "")]));
    let own = settings("--tls-cert c --tls-key k", &[]).unwrap();
    let (certificate, key) = (
        Told::flag(&"c".into(), "--tls-cert"),
        Told::flag(&"k".into(), "--tls-key"),
    );
    assert_eq!(own.tls, Some(Tls::Own { certificate, key }));
    assert_eq!(own.listen, Listen::Loopback(8443));
    let variables = [
        ("XDG_CONFIG_HOME", "/c"),
        ("SOCKTOP_AGENT_EXTRA_SANS", "a.example"),
    ];
    let kept = Tls::Kept {
        directory: "/c/socktop_agent/tls".into(),
        extra_names: "a.example".into(),
    };
    assert_eq!(settings("--tls", &variables).unwrap().tls, Some(kept));
    let half = Cli::try_parse_from(["subjiffy", "--tls-cert", "c"]).unwrap_err();
    assert!(half.to_string().contains("--tls-key"), "{half}");
}

#[test]
fn origins_come_from_flags_or_the_variable() {
    let variable = [(
        "SUBJIFFY_ALLOW_ORIGIN",
        "https://a.example, http://b.example:80,",
    )];
    let origins = |words| settings(words, &variable).unwrap().origins;
    let parsed = |text: &str| text.parse::<Origin>().unwrap();
    assert_eq!(
        origins(""),
        [parsed("https://a.example"), parsed("http://b.example")]
    );
    assert_eq!(
        origins("--allow-origin https://c.example"),
        [parsed("https://c.example")]
    );
    let all = settings("--allow-origin *", &variable).unwrap();
    assert!(all.all_origins && all.origins.is_empty());
    assert!(all.warnings()[0].contains("web page"));
    for words in [
        "--allow-origin null",
        "--allow-origin example.org",
        "--allow-origin=",
    ] {
        let error = settings(words, &[]).unwrap_err();
        assert!(
            error.contains("--allow-origin") && error.contains("https://"),
            "{error}"
        );
    }
}

#[test]
fn nonsense_in_a_variable_is_named() {
    for (name, value, right) in [
        ("SOCKTOP_PORT", "http", "0 to 65535"),
        ("SOCKTOP_PORT", "65536", "0 to 65535"),
        ("SOCKTOP_PORT", "-1", "0 to 65535"),
        ("SOCKTOP_ENABLE_SSL", "true", "1 or 0"),
        ("SOCKTOP_AGENT_GPU", "no", "1 or 0"),
        ("SOCKTOP_AGENT_TEMP", "2", "1 or 0"),
        ("SOCKTOP_WORKER_THREADS", "0", "1 to 16"),
        ("SOCKTOP_WORKER_THREADS", "17", "1 to 16"),
        ("SOCKTOP_WORKER_THREADS", "two", "1 to 16"),
        ("SOCKTOP_AGENT_DISKS_TTL_MS", "1s", "milliseconds"),
        ("SUBJIFFY_ALLOW_ORIGIN", "example.org", "https://"),
    ] {
        let error = settings("", &[(name, value)]).unwrap_err();
        for part in [name, value, right] {
            assert!(error.contains(part), "{name}={value}: {error}");
        }
    }
    let off = [
        ("SOCKTOP_AGENT_GPU", "0"),
        ("SOCKTOP_AGENT_TEMP", "0"),
        ("SOCKTOP_WORKER_THREADS", "16"),
    ];
    let settings = settings("", &off).unwrap();
    assert!(!settings.hardware.gpus && !settings.hardware.temperatures);
    assert_eq!(settings.workers, 16);
}

#[test]
fn a_token_that_is_not_text_is_an_error_and_not_no_token() {
    use std::os::unix::ffi::OsStringExt;
    let args = Cli::parse_from(["subjiffy"]).agent;
    let odd =
        |asked: &str| (asked == "SOCKTOP_TOKEN").then(|| OsString::from_vec(vec![0xff, b'x']));
    let error = Settings::new(&args, None, odd).unwrap_err();
    assert_eq!(error, "SOCKTOP_TOKEN is not UTF-8");
}

mod file;
