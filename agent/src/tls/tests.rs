use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt,
    path::Path,
    time::{Duration, SystemTime},
};

use rustls::pki_types::ServerName;
use tempfile::TempDir;

use crate::settings::Told;

use super::*;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

fn names(extra: &str) -> Names {
    Names::of("web1", extra).unwrap()
}

fn pair_at(time: SystemTime) -> Pair {
    let (certificate, key) = make(&names(""), time).unwrap();
    Pair::parse(certificate.as_bytes(), key.as_bytes()).unwrap()
}

fn server(name: &str) -> ServerName<'static> {
    ServerName::try_from(name.to_owned()).unwrap()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn store() -> (TempDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let store = Store::new(directory.path().join("socktop_agent/tls"));
    (directory, store)
}

#[test]
fn the_directory_is_the_one_of_the_reference_agent() {
    let with = |pairs: &'static [(&str, &str)]| {
        let variable = |asked: &str| {
            let found = pairs.iter().find(|(name, _)| *name == asked);
            found.map(|(_, value)| value.into())
        };
        directory(variable).to_str().unwrap().to_owned()
    };
    assert_eq!(
        with(&[("XDG_CONFIG_HOME", "/c"), ("HOME", "/h")]),
        "/c/socktop_agent/tls"
    );
    assert_eq!(
        with(&[("XDG_CONFIG_HOME", ""), ("HOME", "/h")]),
        "/h/.config/socktop_agent/tls"
    );
    assert_eq!(with(&[]), "./socktop_agent/tls");
}

#[test]
fn a_made_certificate_is_good_for_its_names_and_its_time() {
    let pair = pair_at(now());
    for name in ["web1", "localhost", "127.0.0.1", "::1", "0.0.0.0"] {
        assert_eq!(pair.judge(&server(name), now()), Verdict::Good, "{name}");
    }
    assert_eq!(pair.judge(&server("web2"), now()), Verdict::OtherName);
    let host = server("web1");
    let minute = Duration::from_secs(60);
    assert_eq!(pair.judge(&host, now() - 5 * minute), Verdict::Good);
    assert!(matches!(
        pair.judge(&host, now() - 6 * minute),
        Verdict::Other(_)
    ));
    assert_eq!(pair.judge(&host, now() + 397 * DAY), Verdict::Good);
    let end = Verdict::Expired(Some(now() + 397 * DAY));
    assert_eq!(pair.judge(&host, now() + 397 * DAY + minute), end);
    assert_eq!(pair.fingerprint().len(), 95);
}

/// The bytes of X.509 that clients do not look at: RFC 5280, RFC 5480.
#[test]
fn a_made_certificate_is_of_the_kind_of_the_reference_agents() {
    use rustls::pki_types::{CertificateDer, pem::PemObject};
    let (certificate, _) = make(&names(""), now()).unwrap();
    let der = CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap();
    let has = |bytes: &[u8]| der.windows(bytes.len()).any(|window| window == bytes);
    assert!(has(b"\x06\x03\x55\x04\x03\x0c\x04web1"), "common name");
    assert!(has(b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07"), "P-256");
    assert!(
        has(b"\x06\x08\x2a\x86\x48\xce\x3d\x04\x03\x02"),
        "ECDSA with SHA-256"
    );
    assert!(!has(b"\x06\x03\x55\x1d\x13"), "basic constraints of a CA");
}

#[test]
fn a_pair_is_made_once_and_closed_to_others() {
    let (_directory, store) = store();
    let first = store.load_or_make(&names(""), now()).unwrap();
    assert_eq!(first.made, Some(Reason::First));
    let folder = store.certificate().parent().unwrap().to_owned();
    assert_eq!(mode(&folder), 0o700);
    assert_eq!(mode(&folder.join("key.pem")), 0o600);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
    let again = store.load_or_make(&names(""), now() + DAY).unwrap();
    assert_eq!(again.made, None);
    assert_eq!(again.pair.fingerprint(), first.pair.fingerprint());
}

#[test]
fn it_is_renewed_thirty_days_before_its_end() {
    let (_directory, store) = store();
    let first = store.load_or_make(&names(""), now()).unwrap();
    let before = store.load_or_make(&names(""), now() + 366 * DAY).unwrap();
    assert_eq!(before.made, None);
    for (day, expected) in [(368, Some(Reason::Expires)), (369, None)] {
        let kept = store.load_or_make(&names(""), now() + day * DAY).unwrap();
        assert_eq!(kept.made, expected, "day {day}");
        assert_ne!(kept.pair.fingerprint(), first.pair.fingerprint());
    }
    // Long after its end as well.
    let late = store.load_or_make(&names(""), now() + 4000 * DAY).unwrap();
    assert_eq!(late.made, Some(Reason::Expires));
}

#[test]
fn a_new_name_needs_a_new_certificate() {
    let (_directory, store) = store();
    store.load_or_make(&names(""), now()).unwrap();
    let kept = store
        .load_or_make(&names("192.0.2.7,*.home.lan"), now())
        .unwrap();
    assert_eq!(kept.made, Some(Reason::Lacks("192.0.2.7".into())));
    assert_eq!(
        kept.pair.judge(&server("box.home.lan"), now()),
        Verdict::Good
    );
    // Fewer names need none.
    assert_eq!(store.load_or_make(&names(""), now()).unwrap().made, None);
}

#[test]
fn files_that_do_not_belong_together_are_replaced() {
    let (_directory, store) = store();
    store.load_or_make(&names(""), now()).unwrap();
    let key = store.certificate().with_file_name("key.pem");
    let (_, other) = make(&names(""), now()).unwrap();
    fs::write(&key, other).unwrap();
    let made = store.load_or_make(&names(""), now()).unwrap().made;
    assert_eq!(made, Some(Reason::Incomplete));
    fs::remove_file(&key).unwrap();
    fs::write(key.with_extension("pem.new"), "left behind").unwrap();
    let made = store.load_or_make(&names(""), now()).unwrap().made;
    assert_eq!(made, Some(Reason::Incomplete));
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn what_is_no_pair_is_left_alone_and_named() {
    let (_directory, store) = store();
    store.load_or_make(&names(""), now()).unwrap();
    let key = store.certificate().with_file_name("key.pem");
    for text in ["", "garbage", "-----BEGIN ENCRYPTED PRIVATE KEY-----\n"] {
        fs::write(&key, text).unwrap();
        let error = store
            .load_or_make(&names(""), now())
            .unwrap_err()
            .to_string();
        assert!(
            error.contains("key.pem") && error.contains("remove"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&key).unwrap(), text);
    }
}

#[test]
fn a_key_that_others_can_read_is_closed() {
    let (_directory, store) = store();
    store.load_or_make(&names(""), now()).unwrap();
    let key = store.certificate().with_file_name("key.pem");
    fs::set_permissions(&key, Permissions::from_mode(0o644)).unwrap();
    store.load_or_make(&names(""), now()).unwrap();
    assert_eq!(mode(&key), 0o600);
}

#[test]
fn two_that_start_at_once_agree() {
    let (_directory, store) = store();
    let made: Vec<_> = std::thread::scope(|scope| {
        let start = || store.load_or_make(&names(""), now()).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(start)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    let first = made.iter().filter(|kept| kept.made.is_some()).count();
    assert_eq!(first, 1);
    let fingerprint = made[0].pair.fingerprint();
    assert!(
        made.iter()
            .all(|kept| kept.pair.fingerprint() == fingerprint)
    );
}

#[test]
fn a_place_that_cannot_be_written_is_named_with_a_way_out() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Store::new(file.join("tls"))
        .load_or_make(&names(""), now())
        .unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("--tls-cert") && error.contains("file/tls"),
        "{error}"
    );
}

fn own(directory: &Path, certificate: &str, key: &str) -> Source {
    let source = Source::Own {
        certificate: Told::flag(&directory.join("c.pem"), "--tls-cert"),
        key: Told::flag(&directory.join("k.pem"), "--tls-key"),
    };
    fs::write(directory.join("c.pem"), certificate).unwrap();
    fs::write(directory.join("k.pem"), key).unwrap();
    source
}

#[test]
fn an_own_pair_that_is_wrong_says_why() {
    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = make(&names(""), now()).unwrap();
    let (_, other) = make(&names(""), now()).unwrap();
    let broken = certificate.replacen("\nMI", "\nAA", 1);
    for (certificate, key, why) in [
        ("", key.as_str(), "no certificate"),
        (key.as_str(), &key, "no certificate"),
        (&certificate, "", "no private key"),
        (&certificate, &certificate, "no private key"),
        (&certificate, &other, "does not belong"),
        (&broken, &key, "broken"),
        (
            "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
            &key,
            "broken",
        ),
        (
            &certificate,
            "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAA==\n-----END ENCRYPTED PRIVATE KEY-----\n",
            "pass phrase",
        ),
    ] {
        let source = own(directory.path(), certificate, key);
        let error = Keeper::open(source, now()).unwrap_err();
        assert!(
            error.contains(why) && error.contains(".pem"),
            "{why}: {error}"
        );
    }
    let source = own(directory.path(), &certificate, &key);
    fs::remove_file(directory.path().join("k.pem")).unwrap();
    let error = Keeper::open(source, now()).unwrap_err();
    assert!(
        error.contains("--tls-key") && error.contains("No such file"),
        "{error}"
    );
    // An expired one is not refused.
    let source = own(directory.path(), &certificate, &key);
    assert!(Keeper::open(source, now() + 500 * DAY).is_ok());
}

#[test]
fn a_keeper_renews_and_takes_what_others_renewed() {
    let (_directory, store) = store();
    let keeper = Keeper::open(Source::Kept(store.clone(), names("")), now()).unwrap();
    let first = keeper.fingerprint();
    keeper.check(now() + DAY);
    assert_eq!(keeper.fingerprint(), first);
    keeper.check(now() + 380 * DAY);
    let second = keeper.fingerprint();
    assert_ne!(second, first);
    // Broken files change nothing.
    fs::write(store.certificate(), "broken").unwrap();
    keeper.check(now() + 381 * DAY);
    assert_eq!(keeper.fingerprint(), second);

    let directory = tempfile::tempdir().unwrap();
    let (certificate, key) = make(&names(""), now()).unwrap();
    let keeper = Keeper::open(own(directory.path(), &certificate, &key), now()).unwrap();
    let first = keeper.fingerprint();
    let (certificate, key) = make(&names(""), now()).unwrap();
    own(directory.path(), &certificate, &key);
    keeper.check(now());
    assert_ne!(keeper.fingerprint(), first);
}
