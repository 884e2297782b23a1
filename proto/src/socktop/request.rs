//! What a client asks for.

use std::{borrow::Cow, fmt, str::FromStr};

use serde::Deserialize;
use thiserror::Error;

const KNOWN: &str =
    "get_metrics, get_disks, get_processes, get_process_metrics:PID or get_journal_entries:PID";

/// Most bytes of a request that an error repeats.
const EXCERPT: usize = 64;

/// One request, sent by a client as a text frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Request {
    /// The machine: CPU, memory, networks.
    Metrics,
    /// The mounted disks.
    Disks,
    /// All processes.
    Processes,
    /// One process in detail.
    ProcessMetrics {
        /// Process id.
        pid: u32,
    },
    /// The newest journal entries of one process.
    JournalEntries {
        /// Process id.
        pid: u32,
    },
}

/// How a request is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `get_metrics`, as socktop's clients ask; they expect long answers compressed.
    Words,
    /// `{"type":"metrics"}`, as socktop's documentation shows; its examples expect JSON as text.
    Json,
}

impl Form {
    /// The form of a text frame, whether it is a request or not.
    #[must_use]
    pub fn of(text: &str) -> Self {
        if text.trim_start().starts_with('{') {
            Self::Json
        } else {
            Self::Words
        }
    }
}

/// Why a message is no request.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RequestError {
    /// A text frame with nothing but white space.
    #[error("empty request; send {KNOWN}")]
    Empty,
    /// A text that names no request.
    #[error("unknown request {excerpt:?}; send {KNOWN}")]
    Unknown {
        /// Start of the request.
        excerpt: String,
    },
    /// A request about one process without a valid process id.
    #[error("{name} needs a pid from 0 to 4294967295, such as {name}:1234, got {excerpt:?}")]
    Pid {
        /// Name of the request.
        name: &'static str,
        /// Start of what was given as the process id.
        excerpt: String,
    },
    /// A text that starts like a JSON object and is no request object.
    #[error(r#"bad JSON request {excerpt:?} near column {column}; send {{"type":"metrics"}} or {{"type":"process_metrics","pid":1234}}"#)]
    Json {
        /// Start of the request.
        excerpt: String,
        /// Where reading stopped, in bytes from 1.
        column: usize,
    },
    /// A binary frame; requests are text.
    #[error("binary frame; send a text frame with {KNOWN}")]
    Binary,
}

#[derive(Deserialize)]
struct JsonForm<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    pid: Option<u32>,
}

impl Request {
    /// Reads one text frame: `get_metrics` and so on, or the JSON form `{"type":"metrics"}`.
    /// White space around it is ignored; names are case-sensitive.
    pub fn parse(text: &str) -> Result<Self, RequestError> {
        let text = text.trim();
        match text {
            "" => return Err(RequestError::Empty),
            "get_metrics" => return Ok(Self::Metrics),
            "get_disks" => return Ok(Self::Disks),
            "get_processes" => return Ok(Self::Processes),
            _ if Form::of(text) == Form::Json => return Self::parse_json(text),
            _ => {}
        }
        let (name, pid) = text.split_once(':').unwrap_or((text, ""));
        match name {
            "get_process_metrics" => {
                parse_pid("get_process_metrics", pid).map(|pid| Self::ProcessMetrics { pid })
            }
            "get_journal_entries" => {
                parse_pid("get_journal_entries", pid).map(|pid| Self::JournalEntries { pid })
            }
            _ => Err(RequestError::Unknown {
                excerpt: excerpt(text),
            }),
        }
    }

    fn parse_json(text: &str) -> Result<Self, RequestError> {
        let form: JsonForm<'_> =
            serde_json::from_str(text).map_err(|error| RequestError::Json {
                excerpt: excerpt(text),
                column: error.column(),
            })?;
        let pid = |name| {
            form.pid.ok_or_else(|| RequestError::Pid {
                name,
                excerpt: String::new(),
            })
        };
        match form.kind.as_ref() {
            "metrics" => Ok(Self::Metrics),
            "disks" => Ok(Self::Disks),
            "processes" => Ok(Self::Processes),
            "process_metrics" => Ok(Self::ProcessMetrics {
                pid: pid("get_process_metrics")?,
            }),
            "journal_entries" => Ok(Self::JournalEntries {
                pid: pid("get_journal_entries")?,
            }),
            _ => Err(RequestError::Unknown {
                excerpt: excerpt(text),
            }),
        }
    }

    /// The name in the text form, without the process id.
    pub fn name(self) -> &'static str {
        match self {
            Self::Metrics => "get_metrics",
            Self::Disks => "get_disks",
            Self::Processes => "get_processes",
            Self::ProcessMetrics { .. } => "get_process_metrics",
            Self::JournalEntries { .. } => "get_journal_entries",
        }
    }

    /// The process asked about, for the requests about one process.
    pub fn pid(self) -> Option<u32> {
        match self {
            Self::ProcessMetrics { pid } | Self::JournalEntries { pid } => Some(pid),
            Self::Metrics | Self::Disks | Self::Processes => None,
        }
    }
}

impl RequestError {
    /// What the client sent, shortened; empty where it was empty or binary.
    pub fn excerpt(&self) -> &str {
        match self {
            Self::Unknown { excerpt } | Self::Json { excerpt, .. } => excerpt,
            Self::Pid { name, .. } => name,
            Self::Empty | Self::Binary => "",
        }
    }
}

/// Writes the text form.
impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())?;
        self.pid().map_or(Ok(()), |pid| write!(f, ":{pid}"))
    }
}

impl FromStr for Request {
    type Err = RequestError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

fn parse_pid(name: &'static str, pid: &str) -> Result<u32, RequestError> {
    pid.parse().map_err(|_| RequestError::Pid {
        name,
        excerpt: excerpt(pid),
    })
}

fn excerpt(text: &str) -> String {
    let end = (0..=EXCERPT.min(text.len()))
        .rev()
        .find(|&at| text.is_char_boundary(at));
    text[..end.unwrap_or(0)].to_owned()
}
