//! Graphics cards as the kernel's graphics drivers show them: `/sys/class/drm/card*`.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Instant,
};

use super::{Gpu, amd, intel};
use crate::sensors::hwmon::{self, numbered, word};

/// Who made a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Maker {
    Amd,
    Intel,
    Nvidia,
}

impl Maker {
    /// By the number on the PCI bus. Others make screens of virtual machines and of servers'
    /// maintenance processors, which compute nothing.
    fn from_number(number: &str) -> Option<Self> {
        match number {
            "0x1002" => Some(Self::Amd),
            "0x8086" => Some(Self::Intel),
            "0x10de" => Some(Self::Nvidia),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Amd => "AMD",
            Self::Intel => "Intel",
            Self::Nvidia => "NVIDIA",
        }
    }
}

/// One card.
#[derive(Debug)]
pub struct Card {
    /// Its address on the bus.
    pub address: String,
    maker: Maker,
    name: String,
    /// Its directory in `class/drm`.
    class: PathBuf,
    idle: intel::Idle,
}

/// Brings `cards` up to date; what is known of those that stay is kept.
pub fn look(sys: &Path, cards: &mut Vec<Card>) {
    let found = numbered(&sys.join("class/drm"), "card", "");
    let found: Vec<_> = found
        .into_iter()
        .filter_map(|(_, path)| card(path))
        .collect();
    cards.retain(|card| found.iter().any(|new| new.is(card)));
    for new in found {
        if !cards.iter().any(|card| card.is(&new)) {
            cards.push(new);
        }
    }
}

fn card(class: PathBuf) -> Option<Card> {
    let device = class.join("device");
    let number = word(&device.join("vendor"))?;
    let maker = Maker::from_number(&number)?;
    let place = fs::canonicalize(&device).ok()?;
    let model = word(&device.join("device")).unwrap_or_default();
    let hex = |text: &str| text.trim_start_matches("0x").to_owned();
    let numbers = format!("{} GPU {}:{}", maker.name(), hex(&number), hex(&model));
    Some(Card {
        address: place.file_name()?.to_string_lossy().into_owned(),
        maker,
        name: word(&device.join("product_name")).unwrap_or(numbers),
        class,
        idle: intel::Idle::default(),
    })
}

impl Card {
    fn is(&self, other: &Self) -> bool {
        (&self.class, &self.address, self.maker) == (&other.class, &other.address, other.maker)
    }

    /// What it says now.
    pub fn read(&mut self, now: Instant) -> Gpu {
        let device = self.class.join("device");
        let mut gpu = Gpu {
            address: self.address.clone(),
            vendor: self.maker.name(),
            name: self.name.clone(),
            ..Gpu::default()
        };
        // Asking would wake it, and keep it awake for as long as somebody looks.
        if word(&device.join("power/runtime_status")).as_deref() == Some("suspended") {
            self.idle = intel::Idle::default();
            gpu.busy_percent = Some(0.0);
            return gpu;
        }
        gpu.celsius = celsius(&device);
        match self.maker {
            Maker::Amd => {
                gpu.busy_percent = amd::busy_percent(&device);
                gpu.memory = amd::memory(&device);
            }
            Maker::Intel => gpu.busy_percent = self.idle.busy_percent(&self.class, now),
            Maker::Nvidia => {}
        }
        gpu
    }
}

/// The chip's temperature, of several the one on its edge (AMD) or of its package (Intel), which is
/// what other tools show.
fn celsius(device: &Path) -> Option<f32> {
    let chips = numbered(&device.join("hwmon"), "hwmon", "");
    let chips = chips.iter().filter_map(|(_, path)| hwmon::chip(path));
    let mut inputs: Vec<_> = chips.flat_map(|chip| chip.inputs).collect();
    let rank = |label: &str| match label.to_ascii_lowercase().as_str() {
        "edge" | "pkg" | "package" | "gpu" => 0,
        "" => 1,
        "junction" => 2,
        _ => 3,
    };
    inputs.sort_by_key(|input| (rank(&input.label), input.number));
    inputs.iter().find_map(hwmon::Input::celsius)
}

/// A decimal number in a file.
pub(super) fn number(path: &Path) -> Option<u64> {
    word(path)?.parse().ok()
}
