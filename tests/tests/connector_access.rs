//! Tokens and TLS with every version of the published client libraries.

#[macro_use]
mod connector;

use connector::{Client, How, Version};
use std::fs::read_to_string;
use std::path::Path;
use subjiffy_tests::server::Server;
use subjiffy_tests::tls;

versions! {
    the_right_token_opens_and_any_other_is_refused_by_its_status,
    tls_is_trusted_by_its_certificate,
}

fn the_right_token_opens_and_any_other_is_refused_by_its_status(version: Version) {
    for variable in ["SOCKTOP_TOKEN", "SUBJIFFY_TOKEN"] {
        let server = Server::with("", |command| {
            command.env(variable, "s3cret /?&=%");
        });
        let connect = |query: &str| {
            let how = How {
                url: format!("{}{query}", server.url),
                ..How::default()
            };
            Client::connect(version, &how)
        };
        let right = "token=s3cret%20%2F%3F%26%3D%25";
        for query in [format!("?{right}"), format!("?token=no&{right}")] {
            let client = connect(&query);
            let mut client = client.unwrap_or_else(|error| panic!("{variable}, {query}: {error}"));
            client.ask("metrics");
            assert!(!client.processes().is_empty());
        }
        for query in [
            "",
            "?token=",
            "?token=s3cret",
            "?other=1",
            "?token=x&token=y",
        ] {
            let error = connect(query).err();
            let error = error.unwrap_or_else(|| panic!("{query} is let in"));
            assert!(error.contains("401"), "{query}: {error}");
        }
    }
}

fn tls_is_trusted_by_its_certificate(version: Version) {
    let (directory, other) = (directory(), directory());
    let server = tls::server(directory.path(), None);
    let pem = tls::certificate(directory.path());
    assert!(server.url.starts_with("wss://"), "{}", server.url);
    let connect = |url: &str, pem: &Path, verify: bool| {
        let how = How {
            url: url.to_owned(),
            tls: Some((pem.to_string_lossy().into_owned(), verify)),
            ..How::default()
        };
        Client::connect(version, &how)
    };
    let by_name = server.url.replace("127.0.0.1", "localhost");
    let plain = server.url.replace("wss://", "ws://");
    for (url, verify) in [
        (&server.url, false),
        (&server.url, true),
        (&by_name, true),
        (&plain, false),
    ] {
        let client = connect(url, &pem, verify);
        let mut client = client.unwrap_or_else(|error| panic!("{url}, {verify}: {error}"));
        client.ask("metrics");
        assert!(!client.processes().is_empty());
    }

    drop(tls::server(other.path(), None));
    let foreign = tls::certificate(other.path());
    assert_ne!(
        read_to_string(&pem).expect("a certificate"),
        read_to_string(&foreign).expect("another")
    );
    // The older connectors look at nothing unless they verify.
    let careful = version == Version::V1_60_1;
    for verify in [false, true].into_iter().filter(|&v| v || careful) {
        let refused = connect(&server.url, &foreign, verify).is_err();
        assert!(refused, "another certificate is trusted, verify: {verify}");
    }

    // The certificate is kept.
    let before = read_to_string(&pem).expect("a certificate");
    drop(server);
    let again = tls::server(directory.path(), None);
    assert_eq!(before, read_to_string(&pem).expect("a certificate"));
    connect(&again.url, &pem, true)
        .map(drop)
        .expect("the kept certificate");
}

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}
