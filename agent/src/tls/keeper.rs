//! Hands certificates to the server, and newer ones to a server that runs.

use std::{
    fs,
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    ServerConfig,
    pki_types::ServerName,
    server::{ClientHello, NoServerSessionStorage, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

use crate::settings::Told;

use super::{Names, Pair, PairError, RENEW_BEFORE, Store, Verdict, pair::provider};

/// Between two looks at the certificate.
const PERIOD: Duration = Duration::from_secs(24 * 3600);

/// Where the pair comes from.
#[derive(Debug, Clone)]
pub enum Source {
    /// The user's own files. They are read again once a day, so that whatever renews them need not
    /// restart the agent.
    Own {
        /// The certificate and its chain.
        certificate: Told<PathBuf>,
        /// Its key.
        key: Told<PathBuf>,
    },
    /// A self-signed one for these names, renewed when it is time.
    Kept(Store, Names),
}

/// The pair that new connections get.
#[derive(Debug)]
struct Current(RwLock<Pair>);

impl Current {
    fn get(&self) -> Pair {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn set(&self, pair: Pair) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = pair;
    }
}

impl ResolvesServerCert for Current {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.get().certified())
    }
}

/// Owns the certificate of a server.
#[derive(Debug, Clone)]
pub struct Keeper {
    source: Source,
    current: Arc<Current>,
}

impl Keeper {
    /// Reads the pair, or makes one.
    ///
    /// # Errors
    /// Which file is wrong, why, and what would be right.
    pub fn open(source: Source, now: SystemTime) -> Result<Self, String> {
        let pair = load(&source, now)?;
        let file = source.certificate();
        info!("TLS with {}, {pair}", file.display());
        let current = Arc::new(Current(RwLock::new(pair)));
        Ok(Self { source, current })
    }

    /// TLS 1.2 and 1.3 with this certificate, and from a renewal on with the new one.
    ///
    /// # Errors
    /// Never: the cryptography has all that both versions need.
    pub fn config(&self) -> Result<Arc<ServerConfig>, String> {
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?
            .with_no_client_auth()
            .with_cert_resolver(self.current.clone());
        // Clients connect seldom: remembering them costs memory, and who resumes a session would
        // not see a new certificate.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
        Ok(Arc::new(config))
    }

    /// SHA-256 fingerprint of the certificate that new connections get.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.current.get().fingerprint()
    }

    /// Looks whether there is, or should be, another pair, and takes it for new connections. Those
    /// that exist stay. If that fails the old pair stays, and the log says why.
    pub fn check(&self, now: SystemTime) {
        match load(&self.source, now) {
            Ok(pair) if pair.fingerprint() != self.fingerprint() => {
                let file = self.source.certificate();
                warn!(
                    "new connections get another certificate now: {}, {pair}; clients that have \
                     pinned the old one must pin this file",
                    file.display()
                );
                self.current.set(pair);
            }
            Ok(_) => {}
            Err(error) => warn!("the certificate stays as it is: {error}"),
        }
    }

    /// Checks once a day until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(sleep(PERIOD)).await.is_some() {
            let keeper = self.clone();
            // It may read and write files.
            let checked = tokio::task::spawn_blocking(move || keeper.check(SystemTime::now()));
            let _ = checked.await;
        }
    }
}

impl Source {
    fn certificate(&self) -> PathBuf {
        match self {
            Self::Own { certificate, .. } => certificate.value.clone(),
            Self::Kept(store, _) => store.certificate(),
        }
    }
}

fn load(source: &Source, now: SystemTime) -> Result<Pair, String> {
    match source {
        Source::Own { certificate, key } => load_own(certificate, key, now),
        Source::Kept(store, names) => {
            let kept = store
                .load_or_make(names, now)
                .map_err(|error| error.to_string())?;
            if let Some(reason) = kept.made {
                warn!(
                    "made a certificate ({reason}): {}; clients must pin {}",
                    kept.pair,
                    store.certificate().display()
                );
            }
            Ok(kept.pair)
        }
    }
}

fn load_own(
    certificate: &Told<PathBuf>,
    key: &Told<PathBuf>,
    now: SystemTime,
) -> Result<Pair, String> {
    let name = |file: &Told<PathBuf>| format!("{} {}", file.whence, file.value.display());
    let read = |file: &Told<PathBuf>| {
        fs::read(&file.value).map_err(|error| format!("{}: {error}", name(file)))
    };
    let pair = Pair::parse(&read(certificate)?, &read(key)?).map_err(|error| match error {
        PairError::Mismatch => format!(
            "{} does not belong to the first certificate of {}",
            name(key),
            name(certificate)
        ),
        error if error.is_of_key() => format!("{}: {error}", name(key)),
        error => format!("{}: {error}", name(certificate)),
    })?;
    // Which name is asked for does not matter: the end of the validity is looked at first.
    if let Ok(name) = ServerName::try_from("localhost") {
        let path = certificate.value.display();
        if matches!(pair.judge(&name, now), Verdict::Expired(_)) {
            warn!("the certificate {path} has expired; clients that look will refuse it");
        } else if matches!(pair.judge(&name, now + RENEW_BEFORE), Verdict::Expired(_)) {
            warn!("the certificate {path} expires within 30 days");
        }
    }
    Ok(pair)
}
