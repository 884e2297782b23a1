//! The limit on open files.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tracing::{debug, warn};

use crate::serve::{Fit, fit_descriptors};

/// Raises the limit of this process, as far as it may, to what `wanted` connections need, and gives
/// back how many it is enough for.
#[must_use]
pub fn make_room(wanted: usize) -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let Fit { soft, connections } = fit_descriptors(current, maximum, wanted);
    let connections = match soft {
        Some(soft) => {
            let raised = Rlimit {
                current: Some(soft),
                maximum,
            };
            match setrlimit(Resource::Nofile, raised) {
                Ok(()) => connections,
                Err(error) => {
                    debug!("cannot raise the limit on open files to {soft}: {error}");
                    fit_descriptors(current, current, wanted).connections
                }
            }
        }
        None => connections,
    };
    if connections < wanted {
        warn!(
            "only {connections} instead of {wanted} connections fit under the hard limit on open \
             files; raise it (ulimit -Hn, LimitNOFILE=) or set --max-connections"
        );
    }
    connections
}
