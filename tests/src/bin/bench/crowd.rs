//! Processes for the agents to look at.

use crate::{pin, stats::median};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use subjiffy_tests::load::{Load, number};
use subjiffy_tests::process::Owned;
use subjiffy_tests::{build, truth};

/// How long an active process works each time it wakes up, every 10 ms.
const DUTY_US: u32 = 50;

/// Sleeping and active processes; they end on drop.
pub struct Crowd {
    _idle: Load,
    _active: Load,
}

impl Crowd {
    pub fn start(idle: usize, active: usize) -> Self {
        wait_for_burials();
        let all = |command: String| {
            let mut load = start(&command);
            load.run();
            load
        };
        Self {
            _idle: all(format!("idle --count {idle}")),
            _active: all(format!(
                "active --count {active} --duty-us {DUTY_US} --seconds 290"
            )),
        }
    }
}

/// The dead of an earlier crowd are adopted by init, which reaps them when it finds the time; until
/// then an agent asks after them.
fn wait_for_burials() {
    let end = Instant::now() + Duration::from_secs(10);
    let is_zombie = |pid: u32| truth::state(pid) == Some('Z');
    while truth::processes().iter().any(|one| is_zombie(one.0)) && Instant::now() < end {
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// A workload of the `load` program.
pub fn start(command: &str) -> Load {
    Load::start(&build::load().to_string_lossy(), command)
}

/// `subjiffy top --json` at 1 kHz.
pub fn top(stdout: Stdio) -> Result<Owned, String> {
    let mut command = Command::new(build::binary());
    command.args(["top", "--json", "-i", "1ms"]);
    command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(Stdio::null());
    let child = command.spawn();
    child
        .map(Owned)
        .map_err(|error| format!("subjiffy top: {error}"))
}

/// Nanoseconds of half a round of a game of two (`load pingpong ...`) on the first CPU: the median of
/// some games, which are short so that few of them see the rest of the machine.
pub fn half_round_ns(game: &str, games: usize) -> Result<f64, String> {
    let play = || {
        let mut game = start(game);
        let line = game.run();
        game.finish();
        number(&line, "ns_per_round") as f64 / 2.0
    };
    let games = pin::on(pin::first()?, || {
        (0..games).map(|_| play()).collect::<Vec<_>>()
    })?;
    Ok(median(&games))
}
