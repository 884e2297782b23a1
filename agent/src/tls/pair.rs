//! A certificate with its key, out of PEM.

use std::{
    fmt,
    sync::{Arc, OnceLock},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use ring::digest::{SHA256, digest};
use rustls::{
    CertificateError, Error, InconsistentKeys, RootCertStore,
    client::{WebPkiServerVerifier, danger::ServerCertVerifier},
    crypto::{CryptoProvider, ring::default_provider},
    pki_types::{
        CertificateDer, PrivateKeyDer, ServerName, UnixTime,
        pem::{self, PemObject},
    },
    sign::CertifiedKey,
};

/// Why PEM texts are no pair.
#[derive(Debug, thiserror::Error)]
pub enum PairError {
    /// Nothing in it is a certificate.
    #[error("there is no certificate in it; it must be PEM, with BEGIN CERTIFICATE")]
    NoCertificate,
    /// It is broken.
    #[error("the certificate is broken: {0}")]
    BadCertificate(String),
    /// Nothing in the other one is a key.
    #[error("there is no private key in it; it must be PEM, with BEGIN PRIVATE KEY")]
    NoKey,
    /// The key has a pass phrase.
    #[error("the private key is encrypted; remove its pass phrase (openssl pkey -in OLD -out NEW)")]
    EncryptedKey,
    /// The key is broken or of an unknown kind.
    #[error("the private key cannot be used: {0}")]
    BadKey(String),
    /// They do not belong together.
    #[error("the private key does not belong to the certificate")]
    Mismatch,
}

impl PairError {
    /// Whether it is the key's fault rather than the certificate's.
    #[must_use]
    pub fn is_of_key(&self) -> bool {
        matches!(self, Self::NoKey | Self::EncryptedKey | Self::BadKey(_))
    }
}

/// What a client that trusts a certificate would say about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is valid.
    Good,
    /// It ends before that time; `None` if it cannot be told when.
    Expired(Option<SystemTime>),
    /// It is for other names.
    OtherName,
    /// Something else.
    Other(String),
}

/// A certificate with its chain and its key.
#[derive(Debug, Clone)]
pub struct Pair {
    key: Arc<CertifiedKey>,
}

/// The cryptography of all TLS here.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static PROVIDER: OnceLock<Arc<CryptoProvider>> = OnceLock::new();
    PROVIDER
        .get_or_init(|| Arc::new(default_provider()))
        .clone()
}

impl Pair {
    /// Reads a certificate, perhaps with its chain behind it, and its key.
    ///
    /// # Errors
    /// What is wrong with which of them.
    pub fn parse(certificate: &[u8], key: &[u8]) -> Result<Self, PairError> {
        let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<Vec<_>, _>>();
        let chain = chain.map_err(|error| PairError::BadCertificate(error.to_string()))?;
        if chain.is_empty() {
            return Err(PairError::NoCertificate);
        }
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|error| match error {
            _ if contains(key, b"ENCRYPTED") => PairError::EncryptedKey,
            pem::Error::NoItemsFound => PairError::NoKey,
            error => PairError::BadKey(error.to_string()),
        })?;
        let key = CertifiedKey::from_der(chain, key, &provider()).map_err(|error| match error {
            Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => PairError::Mismatch,
            Error::InvalidCertificate(error) => PairError::BadCertificate(format!("{error:?}")),
            error => PairError::BadKey(error.to_string()),
        })?;
        Ok(Self { key: Arc::new(key) })
    }

    /// As TLS wants it.
    #[must_use]
    pub fn certified(&self) -> Arc<CertifiedKey> {
        self.key.clone()
    }

    fn leaf(&self) -> &[u8] {
        self.key.cert.first().map_or(&[], |leaf| leaf.as_ref())
    }

    /// SHA-256 of the certificate, as `openssl x509 -fingerprint -sha256` prints it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let hash = digest(&SHA256, self.leaf());
        let hex: Vec<_> = hash.as_ref().iter().map(|b| format!("{b:02X}")).collect();
        hex.join(":")
    }

    /// What a client would say that trusts exactly this certificate and asks for `name` at `at`.
    #[must_use]
    pub fn judge(&self, name: &ServerName<'_>, at: SystemTime) -> Verdict {
        use CertificateError as Wrong;
        match self.verify(name, at) {
            Ok(()) => Verdict::Good,
            Err(Error::InvalidCertificate(Wrong::ExpiredContext { not_after, .. })) => {
                Verdict::Expired(Some(UNIX_EPOCH + Duration::from_secs(not_after.as_secs())))
            }
            Err(Error::InvalidCertificate(Wrong::Expired)) => Verdict::Expired(None),
            Err(Error::InvalidCertificate(
                Wrong::NotValidForName | Wrong::NotValidForNameContext { .. },
            )) => Verdict::OtherName,
            Err(error) => Verdict::Other(error.to_string()),
        }
    }

    fn verify(&self, name: &ServerName<'_>, at: SystemTime) -> Result<(), Error> {
        let leaf = CertificateDer::from(self.leaf());
        let mut trusted = RootCertStore::empty();
        trusted.add(leaf.clone().into_owned())?;
        let verifier = WebPkiServerVerifier::builder_with_provider(trusted.into(), provider())
            .build()
            .map_err(|error| Error::General(error.to_string()))?;
        let at = at.duration_since(UNIX_EPOCH).unwrap_or_default();
        let at = UnixTime::since_unix_epoch(at);
        verifier.verify_server_cert(&leaf, &[], name, &[], at)?;
        Ok(())
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA-256 fingerprint {}", self.fingerprint())
    }
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
