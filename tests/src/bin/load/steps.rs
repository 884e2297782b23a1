//! The talk with the observer over stdin and stdout.

use std::io::{BufRead, Read, Write};

/// Where the workload stops and waits, if it was told to.
#[derive(Clone, Copy)]
pub struct Steps {
    wait: bool,
}

impl Steps {
    pub fn new(wait: bool) -> Self {
        Self { wait }
    }

    /// Prints the own pid and waits for the word to begin.
    pub fn ready(self) {
        say(&format!("{{\"pid\":{}}}", std::process::id()));
        self.next();
    }

    /// Waits for the next line of stdin.
    pub fn next(self) {
        if self.wait {
            let mut line = String::new();
            let read = std::io::stdin().lock().read_line(&mut line);
            if matches!(read, Ok(0) | Err(_)) {
                std::process::exit(0);
            }
        }
    }

    /// Prints the result and sleeps until stdin ends, or else until the last child is dead.
    pub fn done(self, result: &str) {
        say(result);
        if self.wait {
            let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
        } else {
            while crate::fork::reap_one() {}
        }
    }
}

/// One line on stdout, at once.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // An observer that went away is no reason to panic: the lifetime is bounded.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}
