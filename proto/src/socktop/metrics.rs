//! The answer to `get_metrics`.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Gpu, Tcp, Udp, finite};

/// State of the machine. Field names, types and their order are the wire format.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Metrics {
    /// When the sample was taken, in milliseconds of Unix time.
    pub sampled_at_ms: u64,
    /// Use of the whole machine in percent, 0 to 100.
    pub cpu_total: f32,
    /// Use of each logical CPU in percent, 0 to 100.
    pub cpu_per_core: Vec<f32>,
    /// Memory in bytes.
    pub mem_total: u64,
    /// Memory that is not available, in bytes; at most `mem_total`.
    pub mem_used: u64,
    /// Swap space in bytes.
    pub swap_total: u64,
    /// Swap space in use, in bytes; at most `swap_total`.
    pub swap_used: u64,
    /// Name of the host.
    pub hostname: String,
    /// Temperature of the CPU in degrees Celsius.
    pub cpu_temp_c: Option<f32>,
    /// Always empty: disks have a request of their own.
    pub disks: [(); 0],
    /// Network interfaces whose traffic is counted nowhere else here. The client shows one rate,
    /// the sum over all of them.
    pub networks: Vec<Network>,
    /// Always empty: the client crashes on a list shorter than its last process list.
    pub top_processes: [(); 0],
    /// Graphics processors in a stable order; `null` where there is none.
    pub gpus: Option<Vec<Gpu>>,
    /// An extension: the interfaces whose traffic is in `networks` already, or stays on the host.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub networks_virtual: Vec<Network>,
    /// An extension: TCP since boot; left out if it is not known, as `udp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tcp: Option<Tcp>,
    /// An extension: UDP since boot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub udp: Option<Udp>,
    /// Sources that an operator has paused: what they tell is 0 or missing here. An extension.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paused: Vec<String>,
    /// What the server has counted; an extension that clients ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<ServerCounters>,
}

/// Connections and requests since the agent began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerCounters {
    /// Connections at the moment.
    pub connections: u64,
    /// Connections accepted from the system, whatever became of them.
    pub accepted: u64,
    /// Refused because there were too many connections.
    pub refused_full: u64,
    /// Refused because there were too many connections from their address.
    pub refused_per_address: u64,
    /// Closed because the handshakes took too long.
    pub handshake_timeouts: u64,
    /// Requests that were no HTTP or no handshake.
    pub bad_handshakes: u64,
    /// Requests with a missing or wrong token.
    pub unauthorized: u64,
    /// Requests of web pages that are not allowed.
    pub foreign_origin: u64,
    /// TLS handshakes that failed.
    pub tls_failures: u64,
    /// WebSocket requests that were understood.
    pub requests: u64,
    /// WebSocket messages that were not understood or broke the rules.
    pub bad_requests: u64,
    /// WebSocket messages that were too large.
    pub too_large: u64,
    /// Connections closed because the client took no answers.
    pub slow_closed: u64,
    /// Connections that the system did not give.
    pub accept_errors: u64,
}

/// One network interface.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Name of the interface.
    pub name: String,
    /// Bytes received since boot.
    pub received: u64,
    /// Bytes sent since boot.
    pub transmitted: u64,
    /// An extension: `physical`, `loopback`, or what kind of virtual interface it is.
    #[serde(default, skip_serializing_if = "str::is_empty")]
    pub kind: Cow<'static, str>,
}

impl Metrics {
    /// Puts every value into the range that clients bear; some crash outside it.
    pub fn sanitize(&mut self) {
        self.cpu_total = finite(self.cpu_total, 0.0, 100.0);
        for core in &mut self.cpu_per_core {
            *core = finite(*core, 0.0, 100.0);
        }
        self.mem_used = self.mem_used.min(self.mem_total);
        self.swap_used = self.swap_used.min(self.swap_total);
        self.cpu_temp_c = self.cpu_temp_c.filter(|celsius| celsius.is_finite());
        self.gpus.take_if(|gpus| gpus.is_empty());
        for gpu in self.gpus.iter_mut().flatten() {
            gpu.sanitize();
        }
    }
}
