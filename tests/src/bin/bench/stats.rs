//! What many figures come down to.

/// The value below which `share` (0 to 1) of the values lie.
pub fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let last = sorted.len().saturating_sub(1) as f64;
    sorted
        .get((last * share).round() as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    match sorted.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => sorted[middle],
        _ => f64::midpoint(sorted[middle - 1], sorted[middle]),
    }
}

pub fn max(values: &[f64]) -> f64 {
    percentile(values, 1.0)
}

/// As short as a figure of a measurement may be.
pub fn short(value: f64) -> String {
    match value.abs() {
        0.0..10.0 => format!("{value:.2}"),
        10.0..100.0 => format!("{value:.1}"),
        100.0.. => format!("{value:.0}"),
        _ => "-".to_owned(),
    }
}

/// Median and the ends.
pub fn spread(values: &[f64]) -> String {
    let [low, high] = [0.0, 1.0].map(|share| short(percentile(values, share)));
    format!("{} ({low}..{high})", short(median(values)))
}
