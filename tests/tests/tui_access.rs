//! The terminal client with tokens and TLS.

use subjiffy_tests::screen::{Screen, no_dialog, socktop, total};
use subjiffy_tests::server::Server;
use subjiffy_tests::tls;

const SIZE: (u32, u32) = (160, 55);

#[test]
fn tokens_and_tls_have_their_badges() {
    let Some(program) = socktop() else { return };
    let directory = tempfile::tempdir().expect("a directory");
    let server = tls::server(directory.path(), Some("s3cret"));
    let pem = tls::certificate(directory.path());
    let pem = pem.display();
    let (url, plain) = (&server.url, server.url.replace("wss://", "ws://"));
    let by_name = url.replace("127.0.0.1", "localhost");
    let screens = [
        format!("--tls-ca {pem} '{url}?token=s3cret'"),
        format!("--tls-ca {pem} --verify-hostname '{url}?token=s3cret'"),
        format!("--tls-ca {pem} --verify-hostname '{by_name}?token=s3cret'"),
        format!("--tls-ca {pem} '{plain}?token=s3cret'"),
    ]
    .map(|words| Screen::open(&program, &words, SIZE));
    for (number, screen) in screens.into_iter().enumerate() {
        let text = screen.wait_for("processes", |text| total(text).is_some_and(|n| n > 0));
        no_dialog(&text);
        assert!(text.contains("token"), "no badge, {number}:\n{text}");
        // The client looks at the URL alone for its badge.
        let locked = text.contains("TLS") && !text.contains('✗');
        assert_eq!(locked, number < 3, "{number}:\n{text}");
        screen.close();
    }
}

#[test]
fn a_wrong_token_is_named_in_the_dialog() {
    let Some(program) = socktop() else { return };
    let server = Server::with("", |command| {
        command.env("SOCKTOP_TOKEN", "s3cret");
    });
    let screen = Screen::open(&program, &format!("'{}?token=wrong'", server.url), SIZE);
    screen.wait_for("the reason", |text| text.contains("401"));
}
