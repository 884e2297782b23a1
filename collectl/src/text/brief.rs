//! Brief lines: a column group a subsystem, one line a sample.
//!
//! Groups always come in the order of [`Group::ALL`], whatever was asked for first.

use std::fmt::Write as _;

use super::scale::Column;

const PERCENT: Column = Column::of(3, 1000);
const COUNT5: Column = Column::of(5, 1000);
const COUNT6: Column = Column::of(6, 1000);
const BYTES6: Column = Column::of(6, 1024);
const COUNT4: Column = Column::of(4, 1000);
const KILO4: Column = Column::of_kilo(4);

/// Memory and its fragments have one title.
const MEMORY_AND_BUDDIES: &str = "<-----------------Memory----------------->";

/// A column group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Group {
    /// `c`: busy and system share in percent, interrupts and context switches a second.
    Cpu,
    /// `j`: interrupts a second, of each CPU.
    Interrupts,
    /// `m`: free, buffers, cached, inactive, slab, mapped; KB.
    Memory,
    /// `b`: free memory by order, a character each.
    Buddies,
    /// `d`: KB and requests a second, read and written.
    Disks,
    /// `n`: KB and packets a second, in and out.
    Network,
    /// `t`: errors of IP, TCP, UDP, ICMP; totals.
    Tcp,
    /// `s`: sockets in use, of UDP, raw ones, fragments.
    Sockets,
    /// `i`: file handles, inodes.
    Files,
    /// `f`: NFS reads, writes, other calls, commits a second.
    Nfs,
}

impl Group {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 10] = [
        Self::Cpu,
        Self::Interrupts,
        Self::Memory,
        Self::Buddies,
        Self::Disks,
        Self::Network,
        Self::Tcp,
        Self::Sockets,
        Self::Files,
        Self::Nfs,
    ];

    /// The one of a letter of `-s`.
    #[must_use]
    pub fn of_letter(letter: char) -> Option<Self> {
        Some(match letter {
            'c' => Self::Cpu,
            'j' => Self::Interrupts,
            'm' => Self::Memory,
            'b' => Self::Buddies,
            'd' => Self::Disks,
            'n' => Self::Network,
            't' => Self::Tcp,
            's' => Self::Sockets,
            'i' => Self::Files,
            'f' => Self::Nfs,
            _ => return None,
        })
    }

    /// What is above its columns.
    fn title(self, cpus: usize) -> String {
        let title = match self {
            Self::Cpu => "<--------CPU-------->",
            Self::Interrupts => {
                let dashes = (5 * cpus).saturating_sub("<Int>".len());
                let left = dashes / 2;
                return format!("<{}Int{}>", "-".repeat(left), "-".repeat(dashes - left));
            }
            Self::Memory => "<-----------Memory----------->",
            Self::Buddies => "<--Memory-->",
            Self::Disks => "<----------Disks----------->",
            Self::Network => "<----------Network---------->",
            Self::Tcp => "<-------TCP-------->",
            Self::Sockets => "<------Sockets----->",
            Self::Files => "<----Files--->",
            Self::Nfs => "<------NFS Totals------>",
        };
        title.to_owned()
    }

    fn names(self, cpus: usize, to: &mut String) {
        let names = match self {
            Self::Cpu => "cpu sys inter  ctxsw ",
            Self::Interrupts => {
                for cpu in 0..cpus {
                    // The name is cut so that the column stays.
                    let _ = match cpu {
                        0..=9 => write!(to, "Cpu{cpu} "),
                        _ => write!(to, "{:>4} ", format!("C{cpu}")),
                    };
                }
                ""
            }
            Self::Memory => "Free Buff Cach Inac Slab  Map ",
            Self::Buddies => "  Fragments ",
            Self::Disks => "KBRead  Reads KBWrit Writes ",
            Self::Network => "  KBIn  PktIn  KBOut  PktOut ",
            Self::Tcp => "  IP  Tcp  Udp Icmp ",
            Self::Sockets => " Tcp  Udp  Raw Frag ",
            Self::Files => "Handle Inodes ",
            Self::Nfs => " Reads Writes Meta Comm ",
        };
        to.push_str(names);
    }

    /// How its values are written: a column each, and whether one more blank is before it.
    fn columns(self) -> &'static [(Column, bool)] {
        match self {
            Self::Cpu => &[
                (PERCENT, false),
                (PERCENT, false),
                (COUNT5, false),
                (COUNT6, false),
            ],
            // The last one is that of all that follow.
            Self::Interrupts | Self::Tcp | Self::Sockets => &[(COUNT4, false)],
            Self::Memory => &[(KILO4, false)],
            Self::Buddies => &[],
            Self::Disks => &[
                (BYTES6, false),
                (COUNT6, false),
                (BYTES6, false),
                (COUNT6, false),
            ],
            Self::Network => &[
                (BYTES6, false),
                (COUNT6, false),
                (BYTES6, false),
                (COUNT6, true),
            ],
            Self::Files => &[(COUNT6, false)],
            Self::Nfs => &[
                (COUNT6, false),
                (COUNT6, false),
                (COUNT4, false),
                (COUNT4, false),
            ],
        }
    }
}

/// The two lines above the columns, each with its end. `time` is how many characters of the second
/// one its own words about the time take, such as `Time     `.
#[must_use]
pub fn headers(groups: &[Group], cpus: usize, time: &str) -> String {
    let (mut above, mut names) = (String::new(), String::new());
    let mut at = 0;
    while let Some(&group) = groups.get(at) {
        group.names(cpus, &mut names);
        at += 1;
        if group == Group::Memory && groups.get(at) == Some(&Group::Buddies) {
            Group::Buddies.names(cpus, &mut names);
            above.push_str(MEMORY_AND_BUDDIES);
            at += 1;
        } else {
            above.push_str(&group.title(cpus));
        }
    }
    let blanks = " ".repeat(time.len());
    format!("#{blanks}{above}\n#{time}{names}\n")
}

/// Appends the values of a group, each with a blank behind it.
pub fn values(to: &mut String, group: Group, values: &[f64], wide: bool) {
    let columns = group.columns();
    for (number, &value) in values.iter().enumerate() {
        let Some(&(column, apart)) = columns.get(number).or(columns.last()) else {
            return;
        };
        if apart {
            to.push(' ');
        }
        let shown = column.show(value, wide).to_string();
        let _ = write!(to, "{shown:>width$} ", width = column.width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(letters: &str) -> Vec<Group> {
        let mut groups: Vec<_> = letters.chars().filter_map(Group::of_letter).collect();
        groups.sort_unstable();
        groups
    }

    /// As collectl 4.3.1 writes them on a machine with two CPUs (`--showcolheaders`).
    #[test]
    fn headers_are_those_of_collectl() {
        for (letters, above, names) in [
            ("c", "<--------CPU-------->", "cpu sys inter  ctxsw "),
            ("j", "<--Int--->", "Cpu0 Cpu1 "),
            (
                "m",
                "<-----------Memory----------->",
                "Free Buff Cach Inac Slab  Map ",
            ),
            ("b", "<--Memory-->", "  Fragments "),
            (
                "d",
                "<----------Disks----------->",
                "KBRead  Reads KBWrit Writes ",
            ),
            (
                "n",
                "<----------Network---------->",
                "  KBIn  PktIn  KBOut  PktOut ",
            ),
            ("t", "<-------TCP-------->", "  IP  Tcp  Udp Icmp "),
            ("s", "<------Sockets----->", " Tcp  Udp  Raw Frag "),
            ("i", "<----Files--->", "Handle Inodes "),
            ("f", "<------NFS Totals------>", " Reads Writes Meta Comm "),
            (
                "ndc",
                "<--------CPU--------><----------Disks-----------><----------Network---------->",
                "cpu sys inter  ctxsw KBRead  Reads KBWrit Writes   KBIn  PktIn  KBOut  PktOut ",
            ),
            (
                "bm",
                "<-----------------Memory----------------->",
                "Free Buff Cach Inac Slab  Map   Fragments ",
            ),
        ] {
            let lines = headers(&of(letters), 2, "");
            assert_eq!(lines, format!("#{above}\n#{names}\n"), "{letters}");
        }
        let timed = headers(&of("c"), 2, "Time     ");
        assert_eq!(
            timed,
            "#         <--------CPU-------->\n#Time     cpu sys inter  ctxsw \n"
        );
    }

    /// From a capture.
    #[test]
    fn values_stand_under_their_names() {
        let mut line = String::from("03:52:27  ");
        values(&mut line, Group::Cpu, &[100.0, 22.0, 1350.0, 2671.0], false);
        values(
            &mut line,
            Group::Disks,
            &[230.0, 42.0, 379_303.0, 585.0],
            false,
        );
        values(&mut line, Group::Network, &[0.0; 4], false);
        assert_eq!(
            line,
            "03:52:27  100  22  1350   2671    230     42 379303    585      0      0      0       0 "
        );
    }
}
