//! What IP, TCP, UDP and ICMP did.

use super::change;
use crate::record;

/// Totals of protocols between two readings: changes; of levels, too.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Protocols {
    changes: Vec<(String, String, f64)>,
}

impl Protocols {
    /// The change of a name of a group, such as `Tcp` and `InSegs`; 0 if there is none.
    #[must_use]
    pub fn get(&self, group: &str, name: &str) -> f64 {
        let mut all = self.changes.iter();
        let found = all.find(|one| one.1 == name && one.0 == group);
        found.map_or(0.0, |one| one.2)
    }

    /// All of them: group, name, change.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str, f64)> {
        let all = self.changes.iter();
        all.map(|(group, name, change)| (group.as_str(), name.as_str(), *change))
    }

    /// Packets of IP that went wrong.
    #[must_use]
    pub fn ip_errors(&self) -> f64 {
        let ip = |name| self.get("Ip", name);
        ip("InHdrErrors")
            + ip("InAddrErrors")
            + ip("InUnknownProtos")
            + ip("InDiscards")
            + ip("OutDiscards")
            + ip("ReasmFails")
            + ip("FragFails")
    }

    /// Connections that failed and segments that were bad.
    #[must_use]
    pub fn tcp_errors(&self) -> f64 {
        self.get("Tcp", "AttemptFails") + self.get("Tcp", "InErrs")
    }

    /// Datagrams for nobody, and bad ones.
    #[must_use]
    pub fn udp_errors(&self) -> f64 {
        self.get("Udp", "NoPorts") + self.get("Udp", "InErrors")
    }

    /// Bad messages and destinations that could not be reached.
    #[must_use]
    pub fn icmp_errors(&self) -> f64 {
        let icmp = |name| self.get("Icmp", name);
        icmp("InErrors") + icmp("InDestUnreachs") + icmp("OutErrors")
    }

    /// Fills in the changes.
    pub(super) fn set(&mut self, old: Option<&record::Protocols>, new: &record::Protocols) {
        self.changes.resize_with(new.totals.len(), Default::default);
        let old = old.unwrap_or(new);
        for (at, (to, (group, name, total))) in self.changes.iter_mut().zip(&new.totals).enumerate()
        {
            super::name(&mut to.0, group);
            super::name(&mut to.1, name);
            let before = super::same(&old.totals, at, |one| one.1 == *name && one.0 == *group);
            to.2 = before.map_or(0.0, |before| grown(name, before.2, *total));
        }
    }
}

/// The one level among the totals goes up and down.
fn grown(name: &str, old: i64, new: i64) -> f64 {
    if name == "CurrEstab" {
        return new.wrapping_sub(old) as f64;
    }
    match (u64::try_from(old), u64::try_from(new)) {
        (Ok(old), Ok(new)) => change(old, new) as f64,
        _ => 0.0,
    }
}
