//! The status of elements again and again.

use std::{
    io::{ErrorKind, Write},
    path::Path,
    time::{Duration, Instant},
};

use subjiffy_proto::control::{StatusReply, period::word};

use super::{
    connection::{Connection, Patience},
    ending::Ending,
    error::CtlError,
    reply,
    screen::{Screen, Size},
    table,
};
use crate::timer::Ticker;

/// What is watched.
#[derive(Debug, Clone, Copy)]
pub struct Watch<'a> {
    /// The socket.
    pub path: &'a Path,
    /// What is asked.
    pub line: &'a str,
    /// For connecting, and for a reply.
    pub timeout: Duration,
    /// How often.
    pub interval: Duration,
}

impl Watch<'_> {
    /// Shows tables until somebody asks to end or `out` is closed. An agent that goes away is waited
    /// for. `size` is looked at each time.
    ///
    /// # Errors
    /// If there is nothing to watch in the beginning, or `out` cannot be written.
    pub fn run(
        &self,
        out: impl Write,
        size: impl Fn() -> Size,
        ending: &Ending,
    ) -> Result<(), CtlError> {
        let mut agent = Agent {
            watch: *self,
            connection: None,
        };
        let mut screen = Screen::new(out);
        let mut ticker = Ticker::new(self.interval, Instant::now());
        let (mut seen, mut said) = (false, None);
        loop {
            let size = size();
            let lines = match agent.ask(ending) {
                Err(CtlError::Ended) => return Ok(()),
                Err(error) if !seen => return Err(error),
                Err(error) => {
                    let text = self.missing(&error);
                    // Once in a stream, and whenever the reason is another one.
                    let old = size.is_none() && said.as_ref() == Some(&text);
                    said = Some(text.clone());
                    if old {
                        Vec::new()
                    } else {
                        wrapped(&text, size)
                    }
                }
                Ok(status) => {
                    (seen, said) = (true, None);
                    self.table(&status, size)
                }
            };
            if !lines.is_empty() {
                match screen.show(&lines, size) {
                    Err(error) if error.kind() == ErrorKind::BrokenPipe => return Ok(()),
                    shown => shown.map_err(CtlError::Output)?,
                }
            }
            if ending.wait(ticker.next()) {
                return Ok(());
            }
            ticker.advance(Instant::now());
        }
    }

    fn table(&self, status: &StatusReply, size: Size) -> Vec<String> {
        let Some((columns, _)) = size else {
            return table::lines(status, usize::MAX);
        };
        let (path, interval) = (self.path.display().to_string(), word(self.interval));
        let title = format!("{}: every {interval}", reply::plain(&path));
        let mut lines = vec![title, String::new()];
        lines.extend(table::lines(status, columns));
        lines
    }

    fn missing(&self, error: &CtlError) -> String {
        let error = reply::plain(&error.to_string());
        format!("{error}; trying again every {}", word(self.interval))
    }
}

/// A sentence goes on below, where a table is cut.
fn wrapped(text: &str, size: Size) -> Vec<String> {
    let columns = size.map_or(usize::MAX, |(columns, _)| columns.max(1));
    let letters: Vec<char> = text.chars().collect();
    letters.chunks(columns).map(String::from_iter).collect()
}

/// The agent, as long as it is there.
struct Agent<'a> {
    watch: Watch<'a>,
    connection: Option<Connection>,
}

impl Agent<'_> {
    /// Over the connection that is there. It may have been closed meanwhile, for being idle or by an
    /// agent that was started again: then over a new one.
    fn ask(&mut self, ending: &Ending) -> Result<StatusReply, CtlError> {
        if let Some(connection) = self.connection.take() {
            match self.over(connection, ending) {
                Err(CtlError::Closed(_) | CtlError::Broken(_)) => {}
                asked => return asked,
            }
        }
        let connection = Connection::open(self.watch.path, self.watch.timeout)?;
        self.over(connection, ending)
    }

    fn over(
        &mut self,
        mut connection: Connection,
        ending: &Ending,
    ) -> Result<StatusReply, CtlError> {
        connection.say(self.watch.line)?;
        let text = connection.reply(Patience {
            timeout: Some(self.watch.timeout),
            ending: Some(ending),
        })?;
        let status = reply::status(&text);
        // A late reply would be taken for that to the next line: then there is no next line.
        if !matches!(status, Err(CtlError::Foreign(_))) {
            self.connection = Some(connection);
        }
        status
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_is_never_cut() {
        assert_eq!(wrapped("abcde", Some((2, 9))), ["ab", "cd", "e"]);
        assert_eq!(wrapped("abcde", None), ["abcde"]);
        assert_eq!(wrapped("ab", Some((0, 0))), ["a", "b"]);
    }
}
