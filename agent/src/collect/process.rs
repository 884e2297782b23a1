//! One process: the sum of its threads, and what the kernel says about it.

use subjiffy_common::sched::Counters;

/// Who a process is. A process id alone is used again; with the start time it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Identity {
    /// Process id.
    pub pid: u32,
    /// When it began, ns since boot.
    pub start_ns: u64,
}

/// The state letter of `ps`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[repr(u8)]
pub enum State {
    /// On a CPU or waiting for one.
    Running = b'R',
    /// Waiting for an event.
    #[default]
    Sleeping = b'S',
    /// Waiting for a device.
    DiskSleep = b'D',
    /// Stopped by a signal.
    Stopped = b'T',
    /// Stopped by a debugger.
    Traced = b't',
    /// An idle kernel thread.
    Idle = b'I',
    /// A parked kernel thread.
    Parked = b'P',
    /// Dead, not yet reaped.
    Zombie = b'Z',
    /// Dead.
    Dead = b'X',
}

impl State {
    /// From the `TASK_*` bits of a task that left its CPU (include/linux/sched.h); 0 is a task that
    /// was preempted.
    #[must_use]
    pub fn from_task_state(bits: u32) -> Self {
        const NO_LOAD: u32 = 0x400;
        match bits {
            // 0x800 is TASK_NEW: it was born and has not run yet.
            0 | 0x800 => Self::Running,
            _ if bits & 0x1 != 0 => Self::Sleeping,
            _ if bits & 0x2 != 0 && bits & NO_LOAD != 0 => Self::Idle,
            _ if bits & 0x2 != 0 => Self::DiskSleep,
            _ if bits & 0x4 != 0 => Self::Stopped,
            _ if bits & 0x8 != 0 => Self::Traced,
            _ if bits & 0x20 != 0 => Self::Zombie,
            _ if bits & 0x40 != 0 => Self::Parked,
            _ if bits & (0x10 | 0x80) != 0 => Self::Dead,
            _ => Self::Sleeping,
        }
    }

    /// From the letter in `/proc/PID/stat`.
    #[must_use]
    pub fn from_letter(letter: u8) -> Self {
        match letter {
            b'R' => Self::Running,
            b'D' => Self::DiskSleep,
            b'T' => Self::Stopped,
            b't' => Self::Traced,
            b'I' => Self::Idle,
            b'P' => Self::Parked,
            b'Z' => Self::Zombie,
            b'X' | b'x' => Self::Dead,
            _ => Self::Sleeping,
        }
    }

    /// The letter.
    #[must_use]
    pub fn letter(self) -> char {
        char::from(self as u8)
    }
}

/// A command name as the kernel keeps it: 15 bytes and a NUL, of any content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Comm(pub [u8; 16]);

impl Comm {
    /// From a longer or shorter name.
    #[must_use]
    pub fn from_bytes(name: &[u8]) -> Self {
        let mut comm = [0; 16];
        let len = name.len().min(15);
        comm[..len].copy_from_slice(&name[..len]);
        Self(comm)
    }

    /// The bytes before the NUL.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.0.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// As text, with U+FFFD where it is not UTF-8.
    #[must_use]
    pub fn to_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(self.as_bytes())
    }
}

/// A process as one sample saw it. All counters are totals since it began.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ProcessSample {
    /// Who it is.
    pub id: Identity,
    /// Parent's process id.
    pub ppid: u32,
    /// Effective user id.
    pub uid: u32,
    /// Threads alive.
    pub threads: u32,
    /// Command name.
    pub comm: Comm,
    /// Position of a longer name in [`Sample::names`](super::sample::Sample::names), counted from
    /// 1; 0 for none. Kernel threads have one.
    pub name: u16,
    /// Position of what it did on sockets in
    /// [`Sample::traffic`](super::sample::Sample::traffic), counted from 1; 0 if it used none.
    pub traffic: u32,
    /// State of its first thread; running if any thread is on a CPU.
    pub state: State,
    /// As `wait` reports it, once it is dead.
    pub exit_code: u32,
    /// Resident memory, bytes.
    pub rss_bytes: u64,
    /// Its books.
    pub counters: Counters,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_those_of_ps() {
        for (bits, letter) in [
            (0, 'R'),
            (0x800, 'R'),
            (1, 'S'),
            (2, 'D'),
            (0x402, 'I'),
            (0x4, 'T'),
            (0x8, 't'),
        ] {
            assert_eq!(State::from_task_state(bits).letter(), letter, "{bits:#x}");
        }
        // TASK_INTERRUPTIBLE | TASK_FREEZABLE
        assert_eq!(State::from_task_state(0x2001).letter(), 'S');
        for letter in "RSDTtIPZX".chars() {
            assert_eq!(State::from_letter(letter as u8).letter(), letter);
        }
    }

    #[test]
    fn a_name_ends_at_its_nul_and_may_hold_anything() {
        assert_eq!(
            Comm::from_bytes(b"a name with more bytes").as_bytes(),
            b"a name with mor"
        );
        assert_eq!(Comm(*b"a\xffb\0old rest....").to_text(), "a\u{fffd}b");
        assert_eq!(Comm([b'x'; 16]).as_bytes().len(), 16);
    }
}
