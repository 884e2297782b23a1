//! Calls of NFS.

use super::change;
use crate::record;

/// Calls by what they do, changes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Calls {
    /// Reads.
    pub reads: f64,
    /// Writes.
    pub writes: f64,
    /// Of names and attributes.
    pub meta: f64,
    /// Commits.
    pub commits: f64,
}

/// What NFS did between two readings, changes.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Nfs {
    /// This machine as a client.
    pub client: Calls,
    /// Calls that were sent again.
    pub retransmissions: f64,
    /// Credentials that were fetched again.
    pub refreshes: f64,
    /// This machine as a server.
    pub server: Calls,
    /// Packets over UDP.
    pub udp: f64,
    /// Packets over TCP.
    pub tcp: f64,
    /// Connections.
    pub connections: f64,
    /// Calls with bad credentials.
    pub bad_credentials: f64,
    /// Calls of clients that may not.
    pub bad_clients: f64,
}

/// Numbers of the procedures that are shown: reads, writes, commits, then those of names and attributes.
struct Procedures(usize, usize, Option<usize>, &'static [usize]);

const V2: Procedures = Procedures(6, 8, None, &[1, 2, 4, 16]);
const V3: Procedures = Procedures(6, 7, Some(21), &[1, 2, 3, 4, 16, 17]);
const V4_CLIENT: Procedures = Procedures(1, 2, Some(3), &[9, 17, 18, 19, 29]);
const V4_SERVER: Procedures = Procedures(25, 38, Some(5), &[3, 9, 15, 26, 34]);

/// The change of a number of a list; 0 if either has none.
fn at(old: &[u64], new: &[u64], at: usize) -> f64 {
    let both = old.get(at).zip(new.get(at));
    both.map_or(0.0, |(&old, &new)| change(old, new) as f64)
}

impl Calls {
    fn between(old: &[(u8, Vec<u64>)], new: &[(u8, Vec<u64>)], v4: &Procedures) -> Self {
        let mut calls = Self::default();
        for (version, now) in new {
            let procedures = match version {
                2 => &V2,
                3 => &V3,
                4 => v4,
                _ => continue,
            };
            let Some((_, before)) = old.iter().find(|one| one.0 == *version) else {
                continue;
            };
            let one = |number| at(before, now, number);
            calls.reads += one(procedures.0);
            calls.writes += one(procedures.1);
            calls.commits += procedures.2.map_or(0.0, one);
            calls.meta += procedures.3.iter().map(|&number| one(number)).sum::<f64>();
        }
        calls
    }
}

impl Nfs {
    pub(super) fn between(old: &record::Nfs, new: &record::Nfs) -> Self {
        Self {
            client: Calls::between(&old.client, &new.client, &V4_CLIENT),
            retransmissions: at(&old.client_rpc, &new.client_rpc, 1),
            refreshes: at(&old.client_rpc, &new.client_rpc, 2),
            server: Calls::between(&old.server, &new.server, &V4_SERVER),
            udp: at(&old.server_net, &new.server_net, 1),
            tcp: at(&old.server_net, &new.server_net, 2),
            connections: at(&old.server_net, &new.server_net, 3),
            bad_credentials: at(&old.server_rpc, &new.server_rpc, 2),
            bad_clients: at(&old.server_rpc, &new.server_rpc, 3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted_by_what_they_do() {
        let old = record::Nfs {
            client_rpc: vec![0; 3],
            client: vec![(3, vec![0; 22])],
            ..record::Nfs::default()
        };
        let mut calls = vec![0; 22];
        (calls[6], calls[7], calls[21], calls[1], calls[17]) = (5, 4, 3, 2, 1);
        let new = record::Nfs {
            client_rpc: vec![9, 8, 7],
            // A version that was not there before says nothing yet; what is too short says less.
            client: vec![(3, calls), (4, vec![9; 60]), (7, vec![1])],
            server: vec![(4, vec![1])],
            ..record::Nfs::default()
        };
        let nfs = Nfs::between(&old, &new);
        let expected = Calls {
            reads: 5.0,
            writes: 4.0,
            meta: 3.0,
            commits: 3.0,
        };
        assert_eq!(nfs.client, expected);
        assert_eq!((nfs.retransmissions, nfs.refreshes), (8.0, 7.0));
        assert_eq!(nfs.server, Calls::default());
    }
}
