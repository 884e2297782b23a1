//! The rule for text, binary and gzip.

use super::{binary, gunzip, payload, text};
use crate::socktop::{COMPRESS_ABOVE, Disk, Encoder, List, Metrics, Row};

/// Metrics whose JSON has exactly `size` bytes.
fn metrics_of(size: usize) -> Metrics {
    let empty = serde_json::to_string(&Metrics::default()).unwrap().len();
    Metrics {
        hostname: "h".repeat(size - empty),
        ..Metrics::default()
    }
}

#[test]
fn json_is_text_up_to_the_threshold_and_gzip_above() {
    let mut encoder = Encoder::new();
    let at = encoder.metrics(metrics_of(COMPRESS_ABOVE));
    assert_eq!(text(&at).len(), COMPRESS_ABOVE);

    let above = encoder.metrics(metrics_of(COMPRESS_ABOVE + 1));
    let json = gunzip(binary(&above));
    assert_eq!(json.len(), COMPRESS_ABOVE + 1);
    assert_eq!(
        serde_json::from_slice::<Metrics>(&json).unwrap(),
        metrics_of(COMPRESS_ABOVE + 1)
    );
    let plain = above.clone().plain();
    assert_eq!(text(&plain).as_bytes(), json);
    assert_eq!(at.clone().plain(), at);
}

#[test]
fn protobuf_is_plain_up_to_the_threshold_and_gzip_above() {
    let mut encoder = Encoder::new();
    // Around the name are a key and a length of two bytes, for the row and for the name.
    let comm = vec![b'n'; COMPRESS_ABOVE - 6];
    let row = |comm| {
        [Row {
            comm,
            ..Row::default()
        }]
    };
    let at = encoder.processes(List::default(), row(&comm));
    assert_eq!(binary(&at).len(), COMPRESS_ABOVE);
    assert_eq!(binary(&at)[0], 0x12);

    let longer = [comm.as_slice(), b"n"].concat();
    let above = encoder.processes(List::default(), row(&longer));
    assert_eq!(gunzip(binary(&above)).len(), COMPRESS_ABOVE + 1);
}

#[test]
fn incompressible_json_survives() {
    let mut state = 1_u64;
    let mut noise = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        char::from_u32((state >> 40) as u32 % 0xd800).unwrap_or('?')
    };
    let name: String = (0..100_000).map(|_| noise()).collect();
    let disk = Disk {
        name,
        ..Disk::default()
    };
    let frame = Encoder::new().disks(vec![disk.clone()]);
    assert_eq!(
        serde_json::from_slice::<Vec<Disk>>(&payload(&frame)).unwrap(),
        [disk]
    );
}

#[test]
fn no_disks_are_an_empty_array() {
    assert_eq!(text(&Encoder::new().disks(Vec::new())), "[]");
}
