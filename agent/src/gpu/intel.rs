//! What `i915` and `xe` say in sysfs. Neither tells there how much memory is in use.

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use super::drm::number;
use crate::sensors::hwmon::numbered;

/// For how long the parts of a card were switched off since the driver was loaded.
///
/// The share of time in which a part was not is the upper bound of what other tools call busy: a
/// part stays on for a moment after its last work.
#[derive(Debug, Default)]
pub struct Idle {
    last: Option<(Instant, Vec<(PathBuf, u64)>)>,
}

impl Idle {
    /// How busy the busiest part was since the last call, in percent. `None` at the first call and
    /// where the driver does not tell. `class` is the card's directory in `class/drm`.
    pub fn busy_percent(&mut self, class: &Path, now: Instant) -> Option<f32> {
        let counters = counters(class);
        let (then, last) = self.last.replace((now, counters))?;
        let passed = now.saturating_duration_since(then).as_millis() as f32;
        let (_, counters) = self.last.as_ref()?;
        let busy = counters.iter().filter_map(|(path, idle)| {
            let (_, before) = last.iter().find(|one| one.0 == *path)?;
            let idle = idle.checked_sub(*before)? as f32;
            (passed > 0.0).then(|| ((1.0 - idle / passed) * 100.0).clamp(0.0, 100.0))
        });
        busy.max_by(f32::total_cmp)
    }
}

/// Milliseconds of each part: `xe`, newer and older `i915`.
fn counters(class: &Path) -> Vec<(PathBuf, u64)> {
    let mut places = Vec::new();
    for (_, tile) in numbered(&class.join("device"), "tile", "") {
        let parts = numbered(&tile, "gt", "").into_iter();
        places.extend(parts.map(|(_, part)| part.join("gtidle/idle_residency_ms")));
    }
    let parts = numbered(&class.join("gt"), "gt", "").into_iter();
    places.extend(parts.map(|(_, part)| part.join("rc6_residency_ms")));
    if places.is_empty() {
        places.push(class.join("power/rc6_residency_ms"));
    }
    let values = places.into_iter();
    values
        .filter_map(|path| number(&path).map(|value| (path, value)))
        .collect()
}
