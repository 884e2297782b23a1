//! The answer to `get_journal_entries`.

use serde::{Deserialize, Serialize};

use super::ascii;

/// What a process has logged. Field names, types and their order are the wire format.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Journal {
    /// Entries, newest first.
    pub entries: Vec<JournalEntry>,
    /// Their number.
    pub total_count: u32,
    /// Whether there are older ones that are not here.
    pub truncated: bool,
    /// Why there are none, or not all.
    pub notice: Option<String>,
    /// When they were read, in seconds of Unix time.
    pub cached_at: u64,
}

/// One entry.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// When it was received, as in `2026-11-20T04:00:00.123456Z`; ASCII.
    pub timestamp: String,
    /// The same in microseconds of Unix time.
    #[serde(default)]
    pub timestamp_us: u64,
    /// How important it is.
    pub priority: Priority,
    /// What it says; ASCII.
    pub message: String,
    /// Unit that the process belongs to.
    pub unit: Option<String>,
    /// Process that wrote it.
    pub pid: Option<u32>,
    /// Name of that process.
    pub comm: Option<String>,
    /// Its user.
    pub uid: Option<u32>,
    /// Its group.
    pub gid: Option<u32>,
    /// `message` unchanged, where that differs; clients ignore it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_text: Option<String>,
}

/// Importance of an entry (`syslog(3)`). Clients take these words and no others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Priority {
    /// 0
    Emergency,
    /// 1
    Alert,
    /// 2
    Critical,
    /// 3
    Error,
    /// 4
    Warning,
    /// 5
    Notice,
    /// 6, which journald assumes where none is given.
    #[default]
    Info,
    /// 7
    Debug,
}

impl Priority {
    /// From syslog's number, 0 to 7.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        Some(match number {
            0 => Self::Emergency,
            1 => Self::Alert,
            2 => Self::Critical,
            3 => Self::Error,
            4 => Self::Warning,
            5 => Self::Notice,
            6 => Self::Info,
            7 => Self::Debug,
            _ => return None,
        })
    }
}

impl Journal {
    /// Puts every value into the form that clients bear; some crash outside it.
    pub fn sanitize(&mut self) {
        self.total_count = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        for entry in &mut self.entries {
            let _ = ascii::enforce(&mut entry.timestamp);
            let message = ascii::enforce(&mut entry.message);
            entry.message_text = message.or(entry.message_text.take());
        }
    }
}
