//! A new self-signed pair.

use std::time::{Duration, SystemTime};

use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa, KeyPair, PKCS_ECDSA_P256_SHA256};

use super::Names;

/// For clocks of clients that are slow.
const BEFORE: Duration = Duration::from_secs(5 * 60);

/// The longest that browsers ever took is 398 days.
const AFTER: Duration = Duration::from_secs(397 * 24 * 3600);

/// Makes a pair for `names` that is valid from five minutes before `now` on: the certificate and the
/// key (ECDSA, P-256) as PEM. It is no CA: it vouches for itself only.
///
/// # Errors
/// If the system has no random numbers.
pub fn make(names: &Names, now: SystemTime) -> Result<(String, String), String> {
    let wrong = |error: rcgen::Error| format!("cannot make a certificate: {error}");
    let mut parameters = CertificateParams::new(names.all.clone()).map_err(wrong)?;
    parameters.distinguished_name = DistinguishedName::new();
    parameters
        .distinguished_name
        .push(DnType::CommonName, names.common.as_str());
    parameters.is_ca = IsCa::NoCa;
    parameters.not_before = (now - BEFORE).into();
    parameters.not_after = (now + AFTER).into();
    let key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).map_err(wrong)?;
    let certificate = parameters.self_signed(&key).map_err(wrong)?;
    Ok((certificate.pem(), key.serialize_pem()))
}
