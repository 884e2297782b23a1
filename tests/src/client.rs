//! A client that takes JSON only.

use crate::raw::Raw;
use crate::wire;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A connection to the agent.
pub struct Client(Raw);

impl Client {
    /// Connects to a `ws://HOST:PORT/ws`.
    ///
    /// # Panics
    /// When that fails.
    pub fn connect(url: &str) -> Self {
        Self(Raw::connect(url))
    }

    /// The JSON that answers a request, in the frame that its length asks for.
    ///
    /// # Panics
    /// When no JSON comes within ten seconds.
    pub fn ask(&mut self, request: &str) -> Value {
        let answer = wire::json(&self.0.ask(request));
        answer.unwrap_or_else(|error| panic!("{request}: {error}"))
    }

    /// Asks again and again until the answer is right; it has `limit`.
    ///
    /// # Panics
    /// When it never is.
    pub fn ask_until(
        &mut self,
        request: &str,
        limit: Duration,
        mut right: impl FnMut(&Value) -> bool,
    ) -> Value {
        let end = Instant::now() + limit;
        loop {
            let answer = self.ask(request);
            if right(&answer) {
                return answer;
            }
            assert!(Instant::now() < end, "still after {limit:?}: {answer:#}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}
