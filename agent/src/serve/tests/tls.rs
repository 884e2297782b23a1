use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use futures_util::{SinkExt, future::join_all};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, ServerName, pem::PemObject},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tokio_tungstenite::{client_async, tungstenite::Message};

use super::support::{HANDSHAKE, LARGE, SHORT, Server, head, raw_frame, read_to_end};
use crate::{
    serve::{Limits, Setup},
    tls::{Keeper, Names, Source, Store},
};

/// A server with a certificate of its own.
struct Secure {
    server: Server,
    connector: TlsConnector,
    keeper: Keeper,
    _directory: TempDir,
}

impl Secure {
    async fn start(limits: Limits) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::new(directory.path().join("tls"));
        let names = Names::of("web1", "").unwrap();
        let keeper = Keeper::open(Source::Kept(store.clone(), names), SystemTime::now()).unwrap();
        let tls = Some(keeper.config().unwrap());
        let setup = Setup {
            limits,
            tls,
            ..Setup::default()
        };
        let mut trusted = RootCertStore::empty();
        trusted
            .add(CertificateDer::from_pem_file(store.certificate()).unwrap())
            .unwrap();
        let config = ClientConfig::builder_with_provider(default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Self {
            server: Server::with(setup).await,
            connector: Arc::new(config).into(),
            keeper,
            _directory: directory,
        }
    }

    async fn connect(&self) -> std::io::Result<TlsStream<TcpStream>> {
        let name = ServerName::try_from("localhost").unwrap();
        self.connector
            .connect(name, self.server.connect().await)
            .await
    }

    async fn exchange(&self, head: &str) -> String {
        let mut stream = self.connect().await.unwrap();
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        answer
    }
}

#[tokio::test]
async fn everything_works_over_tls() {
    let secure = Secure::start(Limits::default()).await;
    let answer = secure.exchange(&head("GET /healthz HTTP/1.1", "")).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let stream = secure.connect().await.unwrap();
    let (mut socket, _) = client_async("ws://localhost/ws", stream).await.unwrap();
    for (request, length) in [
        ("get_metrics", 2),
        ("get_processes", LARGE),
        ("get_disks", 2),
    ] {
        socket.send(Message::text(request)).await.unwrap();
        let answer = futures_util::StreamExt::next(&mut socket)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(answer.len(), length, "{request}");
    }
    drop(socket);
    secure
        .server
        .counted(|all| (all.accepted, all.requests) = (2, 3))
        .await;
}

#[tokio::test]
async fn both_versions_of_tls_are_spoken() {
    let secure = Secure::start(Limits::default()).await;
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let one = ClientConfig::builder_with_provider(default_provider().into())
            .with_protocol_versions(&[version])
            .unwrap()
            .dangerous()
            .with_custom_certificate_verifier(trusting())
            .with_no_client_auth();
        let connector = TlsConnector::from(Arc::new(one));
        let name = ServerName::try_from("localhost").unwrap();
        let stream = connector
            .connect(name, secure.server.connect().await)
            .await
            .unwrap();
        assert_eq!(stream.get_ref().1.protocol_version(), Some(version.version));
    }
}

/// A client that does not look.
fn trusting() -> Arc<dyn rustls::client::danger::ServerCertVerifier> {
    use rustls::{
        DigitallySignedStruct, Error, SignatureScheme,
        client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        pki_types::UnixTime,
    };
    #[derive(Debug)]
    struct Trusting;
    type Signed<'a> = (&'a [u8], &'a CertificateDer<'a>, &'a DigitallySignedStruct);
    fn fine(_: Signed<'_>) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }
    impl ServerCertVerifier for Trusting {
        fn verify_server_cert(
            &self,
            _: &CertificateDer<'_>,
            _: &[CertificateDer<'_>],
            _: &ServerName<'_>,
            _: &[u8],
            _: UnixTime,
        ) -> Result<ServerCertVerified, Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            fine((message, certificate, signed))
        }
        fn verify_tls13_signature(
            &self,
            message: &[u8],
            certificate: &CertificateDer<'_>,
            signed: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, Error> {
            fine((message, certificate, signed))
        }
        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            default_provider()
                .signature_verification_algorithms
                .supported_schemes()
        }
    }
    Arc::new(Trusting)
}

#[tokio::test]
async fn a_plain_client_is_told_to_speak_tls() {
    let secure = Secure::start(Limits::default()).await;
    let answer = secure
        .server
        .exchange(&head("GET /ws HTTP/1.1", HANDSHAKE))
        .await;
    assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
    assert!(answer.contains("wss://"), "{answer}");
    secure
        .server
        .counted(|all| (all.accepted, all.tls_failures) = (1, 1))
        .await;
}

#[tokio::test]
async fn a_tls_client_on_a_plain_port_fails_at_once() {
    let secure = Secure::start(Limits::default()).await;
    let plain = Server::start(Limits::default()).await;
    let name = ServerName::try_from("localhost").unwrap();
    let failed = secure.connector.connect(name, plain.connect().await).await;
    assert!(failed.is_err());
    plain
        .counted(|all| (all.accepted, all.bad_handshakes) = (1, 1))
        .await;
}

#[tokio::test]
async fn garbage_is_answered_with_an_alert_and_counted() {
    let secure = Secure::start(Limits::default()).await;
    let garbage: [&[u8]; 4] = [
        b"\x16\x03\x01\x00\x05hello",
        b"\x16\x03\x01\xff\xff\x01",
        b"\x00\x00\x00\x00\x00\x00",
        b"\x80\x2e\x01\x03\x01\x00\x15\x00\x00",
    ];
    for bytes in garbage {
        let mut stream = secure.server.connect().await;
        stream.write_all(bytes).await.unwrap();
        let answer = read_to_end(&mut stream).await;
        assert!(
            answer.first().is_none_or(|&kind| kind == 21),
            "{bytes:?}: {answer:?}"
        );
    }
    secure
        .server
        .counted(|all| (all.accepted, all.tls_failures) = (4, 4))
        .await;
}

#[tokio::test]
async fn a_client_that_does_not_trust_us_is_counted() {
    let (secure, other) = (
        Secure::start(Limits::default()).await,
        Secure::start(Limits::default()).await,
    );
    let name = ServerName::try_from("localhost").unwrap();
    let refused = other
        .connector
        .connect(name, secure.server.connect().await)
        .await;
    assert!(refused.is_err());
    secure
        .server
        .counted(|all| (all.accepted, all.tls_failures) = (1, 1))
        .await;
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_cut_off() {
    let secure = Secure::start(Limits {
        handshake: SHORT,
        ..Limits::default()
    })
    .await;
    // Nothing, a part of the TLS handshake, and TLS without HTTP.
    let mut silent = secure.server.connect().await;
    let mut half = secure.server.connect().await;
    half.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    let mut mute = secure.connect().await.unwrap();
    assert_eq!(read_to_end(&mut silent).await, b"");
    assert_eq!(read_to_end(&mut half).await, b"");
    let mut rest = Vec::new();
    let _ = mute.read_to_end(&mut rest).await;
    assert_eq!(rest, b"");
    secure
        .server
        .counted(|all| (all.accepted, all.handshake_timeouts) = (3, 3))
        .await;
}

#[tokio::test]
async fn clients_that_leave_are_no_trouble() {
    let secure = Secure::start(Limits::default()).await;
    drop(secure.server.connect().await);
    let mut half = secure.server.connect().await;
    half.write_all(b"\x16\x03\x01\x02\x00").await.unwrap();
    drop(half);
    drop(secure.connect().await.unwrap());
    secure.server.counted(|all| all.accepted = 3).await;
}

#[tokio::test]
async fn a_client_too_many_is_told_so_over_tls() {
    let secure = Secure::start(Limits {
        connections: 1,
        ..Limits::default()
    })
    .await;
    let first = secure.connect().await.unwrap();
    let answer = secure.exchange(&head("GET /ws HTTP/1.1", HANDSHAKE)).await;
    assert!(answer.starts_with("HTTP/1.1 503 "), "{answer}");
    drop(first);
    secure
        .server
        .counted(|all| (all.accepted, all.refused_full) = (2, 1))
        .await;
}

#[tokio::test]
async fn who_reads_nothing_is_closed_over_tls_too() {
    let secure = Secure::start(Limits {
        write: SHORT * 5,
        ..Limits::default()
    })
    .await;
    let mut stream = secure.connect().await.unwrap();
    let mut bytes = head("GET /ws HTTP/1.1", HANDSHAKE).into_bytes();
    bytes.extend(raw_frame(0x81, b"get_processes").repeat(2_000));
    stream.write_all(&bytes).await.unwrap();
    stream.flush().await.unwrap();
    let closed = async {
        while secure.server.counters.snapshot().slow_closed == 0 {
            tokio::time::sleep(SHORT / 10).await;
        }
    };
    tokio::time::timeout(super::support::PATIENCE, closed)
        .await
        .unwrap();
    secure.server.until_attached(0).await;
}

#[tokio::test]
async fn a_hundred_handshakes_at_once() {
    let secure = Secure::start(Limits::default()).await;
    let streams = join_all((0..100).map(|_| secure.connect())).await;
    assert!(streams.iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_renewal_drops_nobody_and_new_clients_see_it() {
    let secure = Secure::start(Limits::default()).await;
    let stream = secure.connect().await.unwrap();
    let (mut socket, _) = client_async("ws://localhost/ws", stream).await.unwrap();
    let (year, old) = (
        Duration::from_secs(380 * 24 * 3600),
        secure.keeper.fingerprint(),
    );
    secure.keeper.check(SystemTime::now() + year);
    assert_ne!(secure.keeper.fingerprint(), old);
    // This client trusts the old one only.
    assert!(secure.connect().await.is_err());
    socket.send(Message::text("get_metrics")).await.unwrap();
    let answer = futures_util::StreamExt::next(&mut socket).await;
    assert_eq!(answer.unwrap().unwrap(), Message::text("{}"));
}
