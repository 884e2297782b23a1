//! Which temperature is the CPU's.

use super::hwmon::Chip;

/// The hottest of the temperatures that say most about the CPU; of those that can be read now.
#[must_use]
pub fn temperature(chips: &[Chip]) -> Option<f32> {
    let mut best: Option<(u8, f32)> = None;
    let mut ranked: Vec<_> = chips
        .iter()
        .flat_map(|chip| chip.inputs.iter().map(move |input| (chip, input)))
        .filter_map(|(chip, input)| Some((rank(&chip.driver, &input.label)?, input)))
        .collect();
    ranked.sort_by_key(|one| one.0);
    for (rank, input) in ranked {
        if best.is_some_and(|best| best.0 < rank) {
            break;
        }
        if let Some(celsius) = input.celsius() {
            let hottest = best.map_or(celsius, |best| best.1.max(celsius));
            best = Some((rank, hottest));
        }
    }
    best.map(|best| best.1)
}

/// How well a temperature stands for the CPU, 0 best. `None` if it is something else.
fn rank(driver: &str, label: &str) -> Option<u8> {
    let (driver, label) = (driver.to_ascii_lowercase(), label.to_ascii_lowercase());
    let is = |begin: &str| label.starts_with(begin);
    match driver.as_str() {
        // Intel: the whole package, else its cores.
        "coretemp" if is("package") || is("physical") => Some(0),
        "coretemp" => Some(2),
        // AMD: `Tctl` is what fans are controlled by and may lie some degrees above `Tdie`.
        "k10temp" | "zenpower" if is("tdie") => Some(0),
        "k10temp" | "zenpower" if is("tctl") || label.is_empty() => Some(1),
        "k10temp" | "zenpower" if is("tccd") => Some(2),
        "k8temp" | "via_cputemp" => Some(2),
        "k10temp" | "zenpower" => None,
        // The package of Intel and the SoCs of small machines, as thermal zones.
        "x86_pkg_temp" => Some(3),
        // Graphics and disks may have such labels too (`package` of an Intel graphics card).
        "amdgpu" | "i915" | "xe" | "nouveau" | "radeon" | "nvme" | "drivetemp" => None,
        name if is_soc(name) => Some(4),
        // What a board's own chips say about the CPU.
        _ if label.contains("tctl") || label.contains("tdie") => Some(5),
        _ if label.contains("cpu") || label.contains("package") => Some(6),
        _ => None,
    }
}

/// Names such as `cpu_thermal`, `cpu-thermal`, `cpu0-thermal`, `cpu_big_thermal`, `soc_thermal`.
fn is_soc(driver: &str) -> bool {
    driver.starts_with("cpu")
        || [
            "soc_thermal",
            "soc-thermal",
            "bigcore",
            "littlecore",
            "bcm2835_thermal",
        ]
        .iter()
        .any(|name| driver.starts_with(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_is_better_than_its_cores_and_the_cpu_than_the_board() {
        let order = [
            ("coretemp", "Package id 0"),
            ("coretemp", "Core 3"),
            ("x86_pkg_temp", ""),
            ("cpu_thermal", ""),
            ("nct6798", "SMBUSMASTER CPU"),
        ];
        let ranks: Vec<_> = order
            .map(|(driver, label)| rank(driver, label).unwrap())
            .into();
        assert!(ranks.is_sorted_by(|a, b| a < b), "{ranks:?}");
        assert!(rank("k10temp", "Tdie") < rank("k10temp", "Tctl"));
    }

    #[test]
    fn other_things_are_no_cpu() {
        for (driver, label) in [
            ("nvme", "Composite"),
            ("amdgpu", "edge"),
            ("i915", "Package"),
            ("acpitz", ""),
            ("iwlwifi_1", ""),
            ("pch_cannonlake", ""),
            ("nct6798", "SYSTIN"),
        ] {
            assert_eq!(rank(driver, label), None, "{driver} {label}");
        }
    }
}
