//! One graphics processor in the answer to `get_metrics`.

use serde::{Deserialize, Serialize};

use super::finite;

/// One graphics processor. Clients know several names for most of these fields and reject an
/// answer that has two names of one field, so each has one name only; what is unknown is left out.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Gpu {
    /// What it is called.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Who made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vendor: Option<String>,
    /// How busy it is in percent, 0 to 100.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub utilization_gpu_pct: Option<f32>,
    /// Its memory in use, in bytes; at most `mem_total_bytes`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem_used_bytes: Option<u64>,
    /// Its memory in bytes; above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mem_total_bytes: Option<u64>,
    /// Its temperature in degrees Celsius.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temp_c: Option<f32>,
}

impl Gpu {
    /// Puts every value into the range that clients bear: they crash on a total of 0, on more used
    /// than there is, and on one of the two without the other.
    pub fn sanitize(&mut self) {
        let memory = self.mem_used_bytes.zip(self.mem_total_bytes);
        let memory = memory.filter(|&(_, total)| total > 0);
        self.mem_used_bytes = memory.map(|(used, total)| used.min(total));
        self.mem_total_bytes = memory.map(|(_, total)| total);
        let busy = self.utilization_gpu_pct.filter(|busy| !busy.is_nan());
        self.utilization_gpu_pct = busy.map(|busy| finite(busy, 0.0, 100.0));
        self.temp_c = self.temp_c.filter(|celsius| celsius.is_finite());
    }
}
