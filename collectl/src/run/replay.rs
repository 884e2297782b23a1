//! Samples of plot files: their rows as lines.

use std::{iter::Peekable, sync::Arc};

use crate::{
    options::{Options, Selection, Subsystem, Subsystems},
    output::Lines,
    record::{
        Error,
        plot::{Columns, Reader, Row},
    },
};

/// The samples of a plot file: rows with the same time.
pub struct Samples<'a> {
    options: &'a Options,
    zone: jiff::tz::TimeZone,
    rows: Peekable<Reader>,
    columns: Arc<Columns>,
    /// Those that are shown.
    chosen: Vec<usize>,
    header: Arc<str>,
}

impl<'a> Samples<'a> {
    pub fn new(options: &'a Options, reader: Reader) -> Self {
        let mut samples = Self {
            options,
            zone: reader.zone().clone(),
            columns: Arc::clone(reader.columns()),
            rows: reader.peekable(),
            chosen: Vec::new(),
            header: Arc::default(),
        };
        samples.choose();
        samples
    }

    /// Whether the file has nothing of what was asked for.
    pub fn is_empty(&self) -> bool {
        self.chosen.is_empty()
    }

    /// What `-s` chooses of the columns; all, if it says nothing.
    fn choose(&mut self) {
        let all: Subsystems = Subsystem::ALL.into_iter().map(|one| one.1).collect();
        self.chosen = match self.options.selection {
            Selection::Default => (0..self.columns.names().len()).collect(),
            selection => self.columns.of(selection.of(all)),
        };
        self.header = self.columns.line(&self.chosen, &self.options.plot).into();
    }

    /// The next one.
    ///
    /// # Errors
    /// A line is no row; what is behind it comes next.
    pub fn read(&mut self) -> Option<Result<Lines, Error>> {
        let first = match self.rows.next()? {
            Ok(row) => row,
            Err(error) => return Some(Err(error)),
        };
        if first.columns != self.columns {
            self.columns = Arc::clone(&first.columns);
            self.choose();
        }
        let mut body = self.line(&first);
        let belongs =
            |row: &Row| row.time == first.time && Arc::ptr_eq(&row.columns, &first.columns);
        while let Some(Ok(row)) = self.rows.next_if(|next| next.as_ref().is_ok_and(belongs)) {
            body.push_str(&self.line(&row));
        }
        Some(Ok(Lines {
            header: Arc::clone(&self.header),
            body: body.into(),
        }))
    }

    fn line(&self, row: &Row) -> String {
        let Options { plot, time, .. } = self.options;
        row.line(&self.chosen, plot, *time, &self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::tz::TimeZone;
    use std::fs;

    fn samples(options: &Options, text: &str) -> Vec<(String, String)> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("vm-20261120.prc");
        fs::write(&path, text).unwrap();
        let reader = Reader::open(&path, &TimeZone::UTC).unwrap();
        let mut samples = Samples::new(options, reader);
        let next = || samples.read().map(Result::unwrap);
        let text = |lines: Lines| (lines.header.to_string(), lines.body.to_string());
        std::iter::from_fn(next).map(text).collect()
    }

    #[test]
    fn lines_of_the_same_time_are_a_sample() {
        let header = "#Date Time PID Command\n";
        let text = format!(
            "####\n# Host: vm\n####\n{header}20261120 17:39:37 1 x y\n20261120 17:39:37 2 z\n20261120 17:39:38 1 x\n"
        );
        let sample = |body: &str| (header.to_owned(), body.to_owned());
        assert_eq!(
            samples(&Options::default(), &text),
            [
                sample("20261120 17:39:37 1 x y\n20261120 17:39:37 2 z\n"),
                sample("20261120 17:39:38 1 x\n")
            ]
        );
    }

    #[test]
    fn other_columns_are_another_header_and_only_some_can_be_chosen() {
        let text = "#UTC [CPU]User% [MEM]Free\n1795196377 1 2\n#UTC [MEM]Free [CPU]Sys%\n1795196377 3 4\n1795196378 5 6\n";
        let mut options = Options::default();
        options.plot.utc = true;
        let headers: Vec<_> = samples(&options, text)
            .into_iter()
            .map(|sample| sample.0)
            .collect();
        assert_eq!(
            headers,
            [
                "#UTC [CPU]User% [MEM]Free\n",
                "#UTC [MEM]Free [CPU]Sys%\n",
                "#UTC [MEM]Free [CPU]Sys%\n"
            ]
        );
        options.selection = Selection::These(Subsystems::default().with(Subsystem::Memory));
        let bodies: Vec<_> = samples(&options, text)
            .into_iter()
            .map(|sample| sample.1)
            .collect();
        assert_eq!(
            bodies,
            ["1795196377 2\n", "1795196377 3\n", "1795196378 5\n"]
        );
    }
}
