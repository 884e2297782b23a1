//! Plot files as lines: what they say is shown as it is.

use std::{path::Path, sync::Arc};

use crate::{
    output,
    record::{Error, Input, Next},
};

/// The samples of a plot file.
pub struct Lines {
    input: Input,
    header: Arc<str>,
    /// The line that ended the sample before.
    next: Option<String>,
}

impl Lines {
    /// Opens it.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn open(path: &Path) -> Result<Self, Error> {
        Ok(Self {
            input: Input::open(path)?,
            header: Arc::default(),
            next: None,
        })
    }

    /// The lines of the next sample: those with the same time.
    ///
    /// # Errors
    /// It cannot be read on, or was cut; what is before that was given.
    pub fn read(&mut self) -> Result<Option<output::Lines>, Error> {
        let mut body = match self.next.take() {
            Some(line) => line,
            None => match self.line()? {
                Some(line) => line,
                None => return Ok(None),
            },
        };
        let header = Arc::clone(&self.header);
        let first = body.len();
        while let Some(line) = self.line()? {
            let same = time(&line) == time(&body[..first]) && Arc::ptr_eq(&header, &self.header);
            if !same {
                self.next = Some(line);
                break;
            }
            body.push_str(&line);
        }
        Ok(Some(output::Lines {
            header,
            body: body.into(),
        }))
    }

    /// The next line of data, with its end.
    fn line(&mut self) -> Result<Option<String>, Error> {
        loop {
            match self.input.next()? {
                Next::End => return Ok(None),
                Next::Cut(why) => {
                    let why = format!("{why}; what is before it was shown");
                    return Err(self.input.cut(why));
                }
                Next::Line => {}
            }
            let line = self.input.line();
            if line.starts_with("#Date") || line.starts_with("#UTC") {
                let header = format!("{line}\n");
                if *self.header != *header {
                    self.header = header.into();
                }
            } else if !line.starts_with('#') {
                return Ok(Some(format!("{line}\n")));
            }
        }
    }
}

/// How a line begins: date and time, or seconds since the epoch, whatever is between.
fn time(line: &str) -> &str {
    let mut words =
        line.match_indices(|byte: char| !byte.is_ascii_digit() && byte != ':' && byte != '.');
    // `20261120 17:39:37 ` or `1795196377 `; the date is the only one of eight digits.
    let ends = match words.next() {
        Some((8, _)) => words.next(),
        first => first,
    };
    ends.map_or(line, |(at, _)| &line[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn samples(text: &str) -> Vec<(String, String)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vm-20261120.prc");
        fs::write(&path, text).unwrap();
        let mut lines = Lines::open(&path).unwrap();
        let next = || lines.read().unwrap();
        let text = |lines: output::Lines| (lines.header.to_string(), lines.body.to_string());
        std::iter::from_fn(next).map(text).collect()
    }

    #[test]
    fn lines_of_the_same_time_are_a_sample() {
        let header = "#Date Time PID\n";
        let text = format!(
            "####\n# Host: vm\n####\n{header}20261120 17:39:37 1 x\n20261120 17:39:37 2 y\n20261120 17:39:38 1 x\n"
        );
        let sample = |body: &str| (header.to_owned(), body.to_owned());
        assert_eq!(
            samples(&text),
            [
                sample("20261120 17:39:37 1 x\n20261120 17:39:37 2 y\n"),
                sample("20261120 17:39:38 1 x\n")
            ]
        );
    }

    #[test]
    fn other_columns_are_another_header() {
        let text = "#UTC,a\n1795196377,1\n#UTC,a,b\n1795196377,1,2\n1795196378,1,2\n";
        let headers: Vec<_> = samples(text).into_iter().map(|sample| sample.0).collect();
        assert_eq!(headers, ["#UTC,a\n", "#UTC,a,b\n", "#UTC,a,b\n"]);
    }

    #[test]
    fn times_are_found_with_any_separator() {
        assert_eq!(time("20261120,17:39:37.001,1"), "20261120,17:39:37.001");
        assert_eq!(time("1795196377\t1"), "1795196377");
        assert_eq!(time(""), "");
    }
}
