//! What `amdgpu` says in sysfs (Documentation/gpu/amdgpu/driver-misc.rst, thermal.rst).

use std::path::Path;

use super::{Memory, drm::number};

/// How busy it is, in percent.
#[must_use]
pub fn busy_percent(device: &Path) -> Option<f32> {
    let percent = number(&device.join("gpu_busy_percent"))?;
    (percent <= 100).then_some(percent as f32)
}

/// Its own memory; of processors with graphics inside, the part set aside for it.
#[must_use]
pub fn memory(device: &Path) -> Option<Memory> {
    let total = number(&device.join("mem_info_vram_total")).filter(|&total| total > 0)?;
    let used = number(&device.join("mem_info_vram_used"))?.min(total);
    Some(Memory { used, total })
}
