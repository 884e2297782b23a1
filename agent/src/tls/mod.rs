//! Certificates: the user's own pair, or a self-signed one that is made once, kept and renewed.
//!
//! - `pair`: a certificate with its key, out of PEM; what a client would say about it
//! - `names`: the names in a self-signed certificate
//! - `make`: a new self-signed pair
//! - `store`: where it is kept
//! - `keeper`: hands certificates to the server, and newer ones to a server that runs

mod keeper;
mod make;
mod names;
mod pair;
mod store;
#[cfg(test)]
mod tests;

use std::{path::PathBuf, time::Duration};

pub use keeper::{Keeper, Source};
pub use make::make;
pub use names::Names;
pub use pair::{Pair, PairError, Verdict};
pub use store::{Kept, Reason, Store, StoreError};

/// How long before its end a certificate is renewed.
pub const RENEW_BEFORE: Duration = Duration::from_secs(30 * 24 * 3600);

/// The directory of the self-signed pair, the one of the reference agent: clients that have pinned
/// its certificate go on working. `variable` reads the environment.
#[must_use]
pub fn directory(variable: impl Fn(&str) -> Option<String>) -> PathBuf {
    let variable = |name| variable(name).filter(|path| !path.is_empty());
    let configuration = variable("XDG_CONFIG_HOME")
        .map(PathBuf::from)
        .or_else(|| variable("HOME").map(|home| PathBuf::from(home).join(".config")))
        .unwrap_or_else(|| PathBuf::from("."));
    configuration.join("socktop_agent/tls")
}
