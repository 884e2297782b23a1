//! Which subsystems, by collectl's letters.

/// What `-s` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Selection {
    /// Nothing.
    #[default]
    Default,
    /// `-scdn`: these.
    These(Subsystems),
    /// `-s-d+m`: the usual ones without some, with others.
    Change {
        /// Not these.
        without: Subsystems,
        /// These, too.
        with: Subsystems,
    },
}

impl Selection {
    /// What it is where these are the usual ones.
    #[must_use]
    pub const fn of(self, usual: Subsystems) -> Subsystems {
        match self {
            Self::Default => usual,
            Self::These(these) => these,
            Self::Change { without, with } => Subsystems(usual.0 & !without.0 | with.0),
        }
    }
}

/// Subsystems by collectl's letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Subsystems(u32);

/// A subsystem: lower case is a summary, upper case the details.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Subsystem {
    /// `c`: CPU time, interrupts, switches, load.
    Cpu,
    /// `j`: interrupts of each CPU.
    Interrupts,
    /// `m`: memory.
    Memory,
    /// `b`: free memory by order.
    Buddies,
    /// `d`: disks.
    Disks,
    /// `n`: network interfaces.
    Network,
    /// `t`: IP, TCP, UDP, ICMP.
    Tcp,
    /// `s`: sockets.
    Sockets,
    /// `i`: files, inodes, directory entries.
    Files,
    /// `f`: NFS.
    Nfs,
    /// `C`: each CPU.
    CpuDetail,
    /// `J`: each interrupt.
    InterruptDetail,
    /// `D`: each disk.
    DiskDetail,
    /// `N`: each interface.
    NetworkDetail,
    /// `Z`: processes.
    Processes,
}

impl Subsystem {
    /// All of them, in the order of brief lines, then details.
    pub const ALL: [(char, Self); 15] = [
        ('c', Self::Cpu),
        ('j', Self::Interrupts),
        ('m', Self::Memory),
        ('b', Self::Buddies),
        ('d', Self::Disks),
        ('n', Self::Network),
        ('t', Self::Tcp),
        ('s', Self::Sockets),
        ('i', Self::Files),
        ('f', Self::Nfs),
        ('C', Self::CpuDetail),
        ('J', Self::InterruptDetail),
        ('D', Self::DiskDetail),
        ('N', Self::NetworkDetail),
        ('Z', Self::Processes),
    ];

    /// The one of a letter.
    #[must_use]
    pub fn of_letter(letter: char) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|one| one.0 == letter).map(|one| one.1)
    }

    /// Its letter.
    #[must_use]
    pub fn letter(self) -> char {
        Self::ALL[self as usize].0
    }

    /// Whether it is a line a device or process, not one a sample.
    #[must_use]
    pub fn is_detail(self) -> bool {
        self >= Self::CpuDetail
    }
}

impl Subsystems {
    /// `cdn`: what is shown unless somebody says otherwise.
    pub const INTERACTIVE: Self = Self::NONE
        .with(Subsystem::Cpu)
        .with(Subsystem::Disks)
        .with(Subsystem::Network);

    /// `bcdfijmnst`: all summaries, the usual ones of a daemon.
    pub const SUMMARIES: Self = Self((1 << Subsystem::CpuDetail as u8) - 1);

    const NONE: Self = Self(0);

    /// Whether a brief line can hold them.
    #[must_use]
    pub const fn are_brief(self) -> bool {
        self.0 & !Self::SUMMARIES.0 == 0
    }

    /// With one more.
    #[must_use]
    pub const fn with(self, one: Subsystem) -> Self {
        Self(self.0 | 1 << one as u8)
    }

    /// With one less.
    #[must_use]
    pub const fn without(self, one: Subsystem) -> Self {
        Self(self.0 & !(1 << one as u8))
    }

    /// Whether it is one of them.
    #[must_use]
    pub const fn has(self, one: Subsystem) -> bool {
        self.0 & 1 << one as u8 != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Subsystem::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Subsystem> {
        let all = Subsystem::ALL.into_iter().map(|one| one.1);
        all.filter(move |&one| self.has(one))
    }
}

impl FromIterator<Subsystem> for Subsystems {
    fn from_iter<I: IntoIterator<Item = Subsystem>>(all: I) -> Self {
        all.into_iter().fold(Self::default(), Self::with)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_and_subsystems_are_the_same() {
        for (at, (letter, one)) in Subsystem::ALL.into_iter().enumerate() {
            assert_eq!(one as usize, at);
            assert_eq!(Subsystem::of_letter(letter), Some(one));
            assert_eq!(one.letter(), letter);
            assert_eq!(one.is_detail(), letter.is_uppercase());
        }
        assert_eq!(Subsystem::of_letter('?'), None);
        let some = Subsystems::default()
            .with(Subsystem::Cpu)
            .with(Subsystem::Processes);
        assert_eq!(some.iter().map(Subsystem::letter).collect::<String>(), "cZ");
        assert!(
            some.without(Subsystem::Cpu)
                .without(Subsystem::Processes)
                .is_empty()
        );
    }
}
