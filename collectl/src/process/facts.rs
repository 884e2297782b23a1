//! The files of a process as numbers: `stat`, `status`, `io`, `schedstat` (proc_pid_stat(5) and its
//! neighbours). What is missing or wrong is `None`; nothing panics.

use super::row::{CpuTime, Faults, Io, Memory, Switches};

/// A `stat` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat<'a> {
    /// Command name, any bytes.
    pub name: &'a [u8],
    /// State letter.
    pub state: char,
    /// Parent's process id.
    pub ppid: u32,
    /// Page faults since it began.
    pub faults: Faults,
    /// CPU time since it began.
    pub time: CpuTime,
    /// CPU time of dead children.
    pub children: CpuTime,
    /// The kernel's priority.
    pub priority: i32,
    /// Nice value.
    pub nice: i32,
    /// Threads alive.
    pub threads: u32,
    /// When it began, ticks since boot.
    pub start_ticks: u64,
    /// Virtual memory, bytes.
    pub size_bytes: u64,
    /// CPU it last ran on.
    pub cpu: u32,
    /// What follows the parent.
    pub rest: &'a [u8],
}

impl<'a> Stat<'a> {
    /// Of a file's text.
    pub fn parse(text: &'a [u8]) -> Option<Self> {
        let open = text.iter().position(|&byte| byte == b'(')?;
        // The name may hold parentheses; nothing after it does.
        let close = text.iter().rposition(|&byte| byte == b')')?;
        let name = text.get(open + 1..close)?;
        let after = text[close + 1..].trim_ascii();
        let mut words = after.splitn(3, |&byte| byte == b' ');
        let state = char::from(*words.next()?.first()?);
        let ppid = number(words.next()?)?;
        let rest = words.next()?;
        if !state.is_ascii_alphabetic() {
            return None;
        }
        let mut fields = rest.split(|&byte| byte == b' ');
        // Fields have the numbers of the manual page; the first here is 5.
        let mut next = 5;
        let mut field = |wanted: usize| {
            let skip = wanted - next;
            next = wanted + 1;
            fields.nth(skip)
        };
        Some(Self {
            name,
            state,
            ppid,
            rest,
            faults: Faults {
                minor: number(field(10)?)?,
                major: number(field(12)?)?,
            },
            time: CpuTime::of_ticks(number(field(14)?)?, number(field(15)?)?),
            children: CpuTime::of_ticks(number(field(16)?)?, number(field(17)?)?),
            priority: number(field(18)?)?,
            nice: number(field(19)?)?,
            threads: number(field(20)?)?,
            start_ticks: number(field(22)?)?,
            size_bytes: number(field(23)?)?,
            cpu: number(field(39)?)?,
        })
    }
}

/// A `status` file, as far as it is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Status {
    /// The process of a thread.
    pub process: Option<u32>,
    /// Real user id.
    pub uid: Option<u32>,
    /// Sizes of memory.
    pub memory: Memory,
    /// Context switches since it began.
    pub switches: Switches,
}

impl Status {
    /// Of a file's text.
    pub fn parse(text: &[u8]) -> Self {
        let mut status = Self::default();
        for line in text.split(|&byte| byte == b'\n') {
            status.line(line);
        }
        status
    }

    /// Takes what a line says: whether it is one that is wanted.
    pub fn line(&mut self, line: &[u8]) -> bool {
        let Some((key, value)) = pair(line) else {
            return false;
        };
        let memory = &mut self.memory;
        let place = match key {
            b"Tgid" => {
                self.process = number(value);
                return true;
            }
            b"Uid" => {
                self.uid = number(value);
                return true;
            }
            b"VmPeak" => &mut memory.peak,
            b"VmSize" => &mut memory.size,
            b"VmLck" => &mut memory.locked,
            b"VmPin" => &mut memory.pinned,
            b"VmHWM" => &mut memory.high_water,
            b"VmRSS" => &mut memory.resident,
            b"VmData" => &mut memory.data,
            b"VmStk" => &mut memory.stack,
            b"VmExe" => &mut memory.code,
            b"VmLib" => &mut memory.library,
            b"VmPTE" => &mut memory.tables,
            b"VmSwap" => &mut memory.swap,
            b"voluntary_ctxt_switches" => &mut self.switches.voluntary,
            b"nonvoluntary_ctxt_switches" => &mut self.switches.involuntary,
            _ => return false,
        };
        if let Some(value) = number(value) {
            *place = value;
        }
        true
    }
}

impl Io {
    /// Of a file's text.
    pub(super) fn parse(text: &[u8]) -> Self {
        let mut io = Self::default();
        for line in text.split(|&byte| byte == b'\n') {
            io.line(line);
        }
        io
    }

    /// Takes what a line says.
    pub(super) fn line(&mut self, line: &[u8]) {
        let Some((key, value)) = pair(line) else {
            return;
        };
        let place = match key {
            b"rchar" => &mut self.read_chars,
            b"wchar" => &mut self.written_chars,
            b"syscr" => &mut self.read_calls,
            b"syscw" => &mut self.write_calls,
            b"read_bytes" => &mut self.read_bytes,
            b"write_bytes" => &mut self.written_bytes,
            b"cancelled_write_bytes" => &mut self.cancelled_bytes,
            _ => return,
        };
        if let Some(value) = number(value) {
            *place = value;
        }
    }
}

/// A `schedstat` file: time on a CPU and time spent waiting for one, ns.
pub fn schedule(text: &[u8]) -> Option<(u64, u64)> {
    let mut words = text.trim_ascii().split(|&byte| byte == b' ');
    Some((number(words.next()?)?, number(words.next()?)?))
}

/// `KEY: VALUE...`: the key and the first word of the value.
fn pair(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = line.iter().position(|&byte| byte == b':')?;
    let value = line[colon + 1..].trim_ascii();
    let end = value.iter().position(u8::is_ascii_whitespace);
    Some((&line[..colon], &value[..end.unwrap_or(value.len())]))
}

/// A decimal number.
pub fn number<T: std::str::FromStr>(word: &[u8]) -> Option<T> {
    std::str::from_utf8(word).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn stat(name: &str) -> String {
        let numbers: Vec<_> = (5..=52).map(|field| field.to_string()).collect();
        format!("1 ({name}) S 4 {}\n", numbers.join(" "))
    }

    #[test]
    fn every_field_is_taken_from_its_place() {
        let text = stat("a) R (b");
        let stat = Stat::parse(text.as_bytes()).unwrap();
        assert_eq!(stat.name, b"a) R (b");
        assert_eq!((stat.state, stat.ppid), ('S', 4));
        assert_eq!((stat.faults.minor, stat.faults.major), (10, 12));
        assert_eq!(stat.time, CpuTime::of_ticks(14, 15));
        assert_eq!(stat.children, CpuTime::of_ticks(16, 17));
        assert_eq!((stat.priority, stat.nice, stat.threads), (18, 19, 20));
        assert_eq!((stat.start_ticks, stat.size_bytes, stat.cpu), (22, 23, 39));
        assert!(stat.rest.starts_with(b"5 6 ") && stat.rest.ends_with(b" 52"));
    }

    #[test]
    fn status_and_io_and_schedstat() {
        let status = Status::parse(
            b"Name:\tx\nTgid:\t7\nUid:\t33\t0\t0\t0\nVmPeak:\t  1 kB\nVmSize:\t 2 kB\nVmLck: 3 kB\nVmPin:4 kB\n\
              VmHWM: 5 kB\nVmRSS: 6 kB\nVmData: 7\nVmStk: 8\nVmExe: 9\nVmLib: 10\nVmPTE: 11\nVmSwap: 12 kB\n\
              voluntary_ctxt_switches:\t13\nnonvoluntary_ctxt_switches:\t14\n",
        );
        let memory = Memory {
            peak: 1,
            size: 2,
            locked: 3,
            pinned: 4,
            high_water: 5,
            resident: 6,
            data: 7,
            stack: 8,
            code: 9,
            library: 10,
            tables: 11,
            swap: 12,
        };
        assert_eq!(status.memory, memory);
        assert_eq!((status.process, status.uid), (Some(7), Some(33)));
        assert_eq!(
            (status.switches.voluntary, status.switches.involuntary),
            (13, 14)
        );
        let io = Io::parse(
            b"rchar: 1\nwchar: 2\nsyscr: 3\nsyscw: 4\nread_bytes: 5\nwrite_bytes: 6\ncancelled_write_bytes: 7\n",
        );
        let expected = Io {
            read_chars: 1,
            written_chars: 2,
            read_calls: 3,
            write_calls: 4,
            read_bytes: 5,
            written_bytes: 6,
            cancelled_bytes: 7,
        };
        assert_eq!(io, expected);
        assert_eq!(schedule(b"123 45 6\n"), Some((123, 45)));
        assert_eq!(schedule(b"123\n"), None);
    }

    #[test]
    fn what_is_cut_short_is_nothing() {
        let text = stat("x");
        let whole = text.find(" 40 ").unwrap();
        for end in 0..text.len() {
            // A number cut short is a number still, so only whole fields can be told.
            let found = Stat::parse(&text.as_bytes()[..end]).is_some();
            assert_eq!(found, end > whole - 2, "{end}");
        }
    }

    proptest! {
        #[test]
        fn no_input_panics(text: Vec<u8>, at in 0_usize..149, byte: u8) {
            Stat::parse(&text);
            Status::parse(&text);
            Io::parse(&text);
            schedule(&text);
            let mut text = stat("x").into_bytes();
            text[at] = byte;
            Stat::parse(&text);
        }
    }
}
