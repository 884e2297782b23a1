//! The answer to `get_disks`.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

/// One disk or partition. Field names, types and their order are the wire format.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Disk {
    /// Device as in the mount table, such as `/dev/vda`; unique within one answer.
    pub name: String,
    /// Size in bytes.
    pub total: u64,
    /// Room for unprivileged users in bytes; at most `total`.
    pub available: u64,
    /// Temperature in degrees Celsius.
    pub temperature: Option<f32>,
    /// Whether it is drawn indented below the disk before it.
    pub is_partition: bool,
    /// An extension: where it is mounted; none for a disk that is listed for its partitions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mount_point: Option<String>,
    /// An extension: its file system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fs_type: Option<String>,
}

impl Disk {
    /// Puts every value into the range that clients bear. Of disks with one name the first stays.
    pub fn sanitize(disks: &mut Vec<Self>) {
        let mut seen = HashSet::new();
        disks.retain(|disk| seen.insert(disk.name.clone()));
        for disk in disks {
            disk.available = disk.available.min(disk.total);
            disk.temperature = disk.temperature.filter(|celsius| celsius.is_finite());
        }
    }
}
