//! What the end-to-end tests share: the agent under test, the workloads it observes, and truths
//! about them that owe nothing to the agent's own code.
//!
//! | variable | effect |
//! |---|---|
//! | `SUBJIFFY_BIN` | test this binary; without it the tests build one in the release profile |
//! | `SUBJIFFY_REQUIRE_BPF=1`, `CI=true` | tests that need BPF or root fail without it instead of being skipped |
//! | `SUBJIFFY_REQUIRE_TUI=1`, `CI=true` | the same for tests that need `socktop` 1.60.1 and `tmux` |
//! | `SUBJIFFY_REQUIRE_CLIENTS=1`, `CI=true` | the same for tests that need Node.js, Python, protoc, iperf3, curl, nginx, redis, socat or collectl |
//! | `SOCKTOP_BIN` | the `socktop` to test with; without it the one on the `PATH` |
//! | `SUBJIFFY_IDLE_SECONDS` | how long the idle agent is watched, 20 without it |
//! | `SUBJIFFY_PAUSE_SECONDS` | how long connections are left alone, 20 without it |
//! | `SUBJIFFY_SOAK_SECONDS` | how long the terminal client is watched at its fastest, 60 without it |

pub mod agent;
pub mod bpf;
pub mod build;
pub mod cgroup;
pub mod client;
pub mod clients;
pub mod collectl;
pub mod colmux;
pub mod control;
pub mod flood;
pub mod http;
pub mod journal;
pub mod load;
pub mod need;
pub mod netns;
pub mod network;
pub mod operations;
pub mod playback;
pub mod process;
pub mod raw;
pub mod recording;
pub mod relay;
pub mod sample;
pub mod screen;
pub mod server;
pub mod shape;
pub mod stream;
pub mod tls;
pub mod traffic;
pub mod truth;
pub mod window;
pub mod wire;
