//! NVIDIA's graphics processors, by its management library (NVML, nvml.h). The library belongs to
//! the driver: it is there or not, and may come while the agent runs.

use std::ffi::OsStr;

use nvml_wrapper::{Device, Nvml, enum_wrappers::device::TemperatureSensor, error::NvmlError};

use super::{Gpu, Memory};

/// The name that the driver installs; the one without a number is for compilers.
const LIBRARY: &str = "libnvidia-ml.so.1";

/// The library, when it is there.
#[derive(Debug, Default)]
pub struct Nvidia {
    library: Option<Nvml>,
    /// Whether the log was told that it was found, and that it fails: once each is enough.
    told: (bool, bool),
}

impl Nvidia {
    /// Loads the library unless it is loaded.
    pub fn look(&mut self) {
        if self.library.is_some() {
            return;
        }
        match Nvml::builder().lib_path(OsStr::new(LIBRARY)).init() {
            Ok(library) => {
                if !std::mem::replace(&mut self.told.0, true) {
                    tracing::info!("NVIDIA's library {LIBRARY} found");
                }
                self.library = Some(library);
            }
            Err(error) => tracing::debug!("no NVIDIA graphics by {LIBRARY}: {error}"),
        }
    }

    /// All of them. A value that one does not support, or that fails, is left out.
    pub fn read(&mut self) -> Vec<Gpu> {
        let Some(library) = &self.library else {
            return Vec::new();
        };
        match read(library) {
            Ok(gpus) => gpus,
            Err(error) => {
                // The driver was unloaded or replaced: the library must be loaded anew.
                if !std::mem::replace(&mut self.told.1, true) {
                    tracing::warn!("NVIDIA's library {LIBRARY} fails, trying again: {error}");
                }
                self.library = None;
                Vec::new()
            }
        }
    }
}

fn read(library: &Nvml) -> Result<Vec<Gpu>, NvmlError> {
    let count = library.device_count()?;
    let mut gpus = Vec::new();
    let mut failed = None;
    for index in 0..count {
        match library.device_by_index(index) {
            Ok(device) => gpus.push(gpu(&device, index)),
            // One that was lost, or that this user may not see, hides no other.
            Err(error) => failed = Some(error),
        }
    }
    failed.filter(|_| gpus.is_empty()).map_or(Ok(gpus), Err)
}

fn gpu(device: &Device<'_>, index: u32) -> Gpu {
    let address = device.pci_info().map(|info| address(&info.bus_id));
    let memory = device.memory_info().ok().map(|info| Memory {
        used: info.used,
        total: info.total,
    });
    let celsius = device.temperature(TemperatureSensor::Gpu).ok();
    Gpu {
        // Without an address they stay in the library's order, before the others.
        address: address.unwrap_or_else(|_| format!("#{index:08}")),
        vendor: "NVIDIA",
        name: device
            .name()
            .unwrap_or_else(|_| format!("NVIDIA GPU {index}")),
        busy_percent: device
            .utilization_rates()
            .ok()
            .map(|rates| rates.gpu as f32),
        memory: memory.filter(|memory| memory.total > 0),
        celsius: celsius
            .map(|celsius| celsius as f32)
            .filter(|celsius| (0.0..=250.0).contains(celsius)),
    }
}

/// As sysfs writes it: NVML has eight digits of domain and large letters.
fn address(bus_id: &str) -> String {
    let address = bus_id.to_ascii_lowercase();
    match address.split_once(':') {
        Some((domain, rest)) if domain.len() == 8 && domain.starts_with("0000") => {
            format!("{}:{rest}", &domain[4..])
        }
        _ => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_written_as_in_sysfs() {
        assert_eq!(address("00000000:C1:00.0"), "0000:c1:00.0");
        assert_eq!(address("0000:01:00.0"), "0000:01:00.0");
        assert_eq!(address("00010000:01:00.0"), "00010000:01:00.0");
        assert_eq!(address(""), "");
        assert_eq!(address("äöüä:1"), "äöüä:1");
    }

    #[test]
    fn without_the_library_there_is_nothing() {
        assert_eq!(Nvidia::default().read(), []);
    }
}
