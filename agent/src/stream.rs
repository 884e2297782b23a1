//! Samples for one client of `/stream`, as it asked for them.

use std::{sync::Arc, time::Duration};

use bytes::{Bytes, BytesMut};
use clap::ValueEnum;
use subjiffy_proto::stream::StreamRequest;
use tokio::sync::watch;

use crate::{
    cli,
    collect::moment::Moment,
    elements::{Entry, State},
    json::{
        self, Choice,
        fields::{FIELDS, Field, find},
    },
    model::Snapshot,
    order::{SortKey, first},
    sampler::{Handle, Subscription},
};

/// Most messages do not need more memory than this; it grows for those that do.
const BUFFER: usize = 4096;

/// What a client wants.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    period: Option<Duration>,
    sort: SortKey,
    limit: Option<usize>,
    fields: Option<Vec<&'static Field>>,
}

impl Wish {
    /// Understands a request.
    ///
    /// # Errors
    /// What is wrong and what would be right.
    pub fn from_request(request: &StreamRequest) -> Result<Self, String> {
        let period = request.period.as_deref().map(cli::period).transpose();
        let period = period.map_err(|error| format!("bad period: {error}"))?;
        let sort = match &request.sort {
            None => SortKey::default(),
            Some(word) => SortKey::from_str(word, false)
                .map_err(|_| format!("unknown sort {word:?}; there are {}", sort_keys()))?,
        };
        let field = |name: &String| {
            find(name).ok_or_else(|| format!("unknown field {name:?}; there are {}", field_names()))
        };
        let fields = request.fields.as_ref();
        let fields = fields.map(|names| names.iter().map(field).collect::<Result<Vec<_>, _>>());
        let fields = fields.transpose()?;
        if fields.as_ref().is_some_and(Vec::is_empty) {
            return Err(format!("no fields; there are {}", field_names()));
        }
        if let Some(name) = fields.as_deref().and_then(twice) {
            return Err(format!("field {name:?} is named twice"));
        }
        Ok(Self {
            period,
            sort,
            limit: request.limit.map(|limit| limit as usize),
            fields,
        })
    }
}

fn twice(fields: &[&'static Field]) -> Option<&'static str> {
    let mut names: Vec<_> = fields.iter().map(|field| field.name).collect();
    names.sort_unstable();
    let pair = names.windows(2).find(|pair| pair[0] == pair[1])?;
    Some(pair[0])
}

fn field_names() -> String {
    FIELDS.each_ref().map(|field| field.name).join(", ")
}

fn sort_keys() -> String {
    let keys = SortKey::value_variants().iter();
    let names = keys.filter_map(ValueEnum::to_possible_value);
    let names: Vec<_> = names.map(|value| value.get_name().to_owned()).collect();
    names.join(", ")
}

/// The samples of one client.
#[derive(Debug)]
pub struct Stream {
    sampler: Handle,
    /// `None` while the output is paused: then nothing is sampled for it.
    subscription: Option<Subscription>,
    output: Arc<Entry>,
    states: watch::Receiver<State>,
    writer: Writer,
}

impl Stream {
    /// Begins; who did not ask for a period has the agent's, which may change.
    #[must_use]
    pub fn begin(sampler: &Handle, wish: Wish, output: &Arc<Entry>) -> Self {
        Self {
            sampler: sampler.clone(),
            subscription: None,
            output: Arc::clone(output),
            states: output.watch(),
            writer: Writer {
                wish,
                last_seq: None,
                places: Vec::new(),
                line: Vec::new(),
                buffer: BytesMut::new(),
            },
        }
    }

    /// The newest sample that was not given yet, as JSON. `None` if the sampler has ended. Nothing is
    /// lost when the future is dropped.
    pub async fn next(&mut self) -> Option<Bytes> {
        loop {
            let state = *self.states.borrow_and_update();
            match state {
                State::Running => {
                    let period = self.writer.wish.period;
                    let begin = || self.sampler.subscribe(period);
                    let subscription = self.subscription.get_or_insert_with(begin);
                    tokio::select! {
                        biased;
                        snapshot = subscription.next() => {
                            let snapshot = snapshot?;
                            return self.write(&snapshot);
                        }
                        changed = self.states.changed() => changed.ok()?,
                    }
                }
                State::Stopped => return None,
                State::Paused | State::Failed | State::Unsupported => {
                    self.subscription = None;
                    self.writer.last_seq = None;
                    self.states.changed().await.ok()?;
                }
            }
        }
    }

    /// One more that is there already, as [`Stream::next`] would give it.
    pub fn more(&mut self) -> Option<Bytes> {
        let snapshot = self.subscription.as_mut()?.more()?;
        self.write(&snapshot)
    }

    fn write(&mut self, snapshot: &Snapshot) -> Option<Bytes> {
        let begun = Moment::now();
        let message = self.writer.write(snapshot);
        self.output.polled(&begun, None);
        Some(message)
    }
}

/// Writes messages in memory that it uses again once they are sent.
#[derive(Debug)]
struct Writer {
    wish: Wish,
    last_seq: Option<u64>,
    places: Vec<u32>,
    line: Vec<u8>,
    buffer: BytesMut,
}

impl Writer {
    fn write(&mut self, snapshot: &Snapshot) -> Bytes {
        let last = self.last_seq.replace(snapshot.seq);
        let skipped = last.map_or(0, |last| snapshot.seq.saturating_sub(last + 1));
        let limit = self.wish.limit.unwrap_or(usize::MAX);
        first(snapshot, self.wish.sort, limit, &mut self.places);
        let choice = Choice {
            places: Some(&self.places),
            fields: self.wish.fields.as_deref(),
            skipped: Some(skipped),
        };
        self.line.clear();
        json::write_choice(&mut self.line, snapshot, &choice);
        self.buffer.reserve(self.line.len().max(BUFFER));
        self.buffer.extend_from_slice(&self.line);
        self.buffer.split().freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Process;

    fn wish(text: &str) -> Result<Wish, String> {
        Wish::from_request(&StreamRequest::parse(text).map_err(|error| error.to_string())?)
    }

    #[test]
    fn a_wish_that_cannot_be_met_is_refused_with_what_can() {
        for (text, wrong, right) in [
            (r#"{"period":"1us"}"#, "bad period", "1ms to 1h"),
            (r#"{"sort":"CPU"}"#, "unknown sort \"CPU\"", "cpu, delay"),
            (
                r#"{"fields":["pid","cpu"]}"#,
                "unknown field \"cpu\"",
                "cpu_ns",
            ),
            (r#"{"fields":[]}"#, "no fields", "start_ns"),
            (r#"{"fields":["pid","comm","pid"]}"#, "\"pid\"", "twice"),
        ] {
            let error = wish(text).unwrap_err();
            assert!(error.contains(wrong) && error.contains(right), "{error}");
        }
    }

    #[test]
    fn a_message_says_how_many_samples_it_skipped() {
        let mut writer = Writer {
            wish: wish(r#"{"limit":1,"fields":["cpu_ns"]}"#).unwrap(),
            last_seq: None,
            places: Vec::new(),
            line: Vec::new(),
            buffer: BytesMut::new(),
        };
        let process = |cpu_ns| Process {
            cpu_ns,
            ..Process::default()
        };
        let mut seen = Vec::new();
        for seq in [7, 8, 12] {
            let snapshot = Snapshot {
                seq,
                processes: vec![process(5), process(9)],
                ..Snapshot::default()
            };
            let line: serde_json::Value = serde_json::from_slice(&writer.write(&snapshot)).unwrap();
            assert_eq!(line["processes"], serde_json::json!([{"cpu_ns": 9}]));
            seen.push(line["skipped"].as_u64());
        }
        assert_eq!(seen, [Some(0), Some(0), Some(3)]);
    }

    #[test]
    fn memory_is_used_again_once_a_message_is_sent() {
        let mut writer = Writer {
            wish: Wish::default(),
            last_seq: None,
            places: Vec::new(),
            line: Vec::new(),
            buffer: BytesMut::new(),
        };
        let first = writer.write(&Snapshot::default()).as_ptr();
        let again = (0..100).any(|_| writer.write(&Snapshot::default()).as_ptr() == first);
        assert!(again);
    }
}
