//! Headers.

use std::{path::Path, time::Duration};

use jiff::tz::{Offset, TimeZone};
use proptest::{collection::vec, prelude::*};

use super::*;
use crate::options::{Intervals, Options, Subsystem};

pub(super) const COLLECTL: &str = "\
################################################################################
# Collectl:   V4.3.1-1  HiRes: 1  Options: -scm -i.5 -c2 --comment Host: nowhere 
# Host:       vm  DaemonOpts: -s+YZ
# Booted:     1795150250.8 [20261120-05:50:50]
# Distro:     debian 12.11, Ubuntu 9  Platform: Some Box
# Date:       20261120-183904  Secs: 1795196344 TZ: +0100
# SubSys:     cmY Options:  Interval: .5:60 NumCPUs: 4 [HYPER] NumBud: 3 Flags: ix
# Filters:    NfsFilt:  EnvFilt:  TcpFilt: ituc
# HZ:         100  Arch: x86_64-linux-gnu-thread-multi PageSize: 4096
# Cpu:        AuthenticAMD Speed(MHz): 2596.120 Cores: 2  Siblings: 4 Nodes: 1
# Kernel:     6.18.44-fc-v657  Memory: 24684092 kB  Swap: 0 kB
# NumDisks:   2 DiskNames: vda dm-0
# NumNets:    2 NetNames: lo:?? eth0:1000
# Comment:    Kernel: none
################################################################################
";

#[test]
fn a_header_of_collectl_is_understood_and_written_the_same() {
    let header = Header::parse(COLLECTL).unwrap();
    assert_eq!(header.version, VERSION);
    assert_eq!((header.begun, header.ahead), (1795196344, 3600));
    assert_eq!(
        header.zone(),
        TimeZone::fixed(Offset::from_seconds(3600).unwrap())
    );
    assert_eq!(
        (header.subsystems.as_str(), header.interval.as_str()),
        ("cmY", ".5:60")
    );
    assert_eq!(
        (header.words.as_str(), header.daemon_words.as_str()),
        ("-scm -i.5 -c2 --comment Host: nowhere", "-s+YZ")
    );
    assert!((header.main_interval() - 0.5).abs() < 1e-9);
    let system = &header.system;
    assert_eq!(
        (
            system.host.as_str(),
            system.booted_cs,
            system.cpus,
            system.zones
        ),
        ("vm", 179515025080, 4, 3)
    );
    assert_eq!(
        (system.distro.as_str(), system.platform.as_str()),
        ("debian 12.11, Ubuntu 9", "Some Box")
    );
    assert_eq!(
        (
            system.kernel.as_str(),
            system.memory_kb,
            system.hz,
            system.page_size
        ),
        ("6.18.44-fc-v657", 24684092, 100, 4096)
    );
    assert_eq!(
        system.interfaces,
        [("lo".to_owned(), None), ("eth0".to_owned(), Some(1000))]
    );
    assert_eq!(header.comment.as_deref(), Some("Kernel: none"));
    assert_eq!(header.to_string(), COLLECTL);
}

#[test]
fn a_header_that_says_little_is_one_and_other_text_is_none() {
    let little = Header::parse("# Collectl:   V3.6.0\n# SubSys:      Options: \n").unwrap();
    assert_eq!(
        (
            little.version.as_str(),
            little.subsystems.as_str(),
            little.begun
        ),
        ("3.6.0", "", 0)
    );
    let error = Header::parse("# some file\n").unwrap_err();
    assert!(error.contains("# Collectl:   V4.3.1-1"), "{error}");
}

#[test]
fn facts_of_this_machine_make_a_header_that_is_read_again() {
    let now = 1_795_196_344_700_000_000;
    let system = System::of(Path::new("/"), now);
    assert!(system.cpus > 0 && system.memory_kb > 0 && system.zones > 0 && system.process_io);
    assert!(!system.host.is_empty() && !system.kernel.is_empty() && !system.interfaces.is_empty());
    let mut options = options();
    options.comment = Some(" two\nlines\t".to_owned());
    let zone = TimeZone::fixed(Offset::from_seconds(-5400).unwrap());
    let header = Header::of(&options, system, now, &zone);
    let text = header.to_string();
    assert_eq!(Header::parse(&text).unwrap(), header, "{text}");
    assert!(
        text.contains("# Date:       20261120-160904  Secs: 1795196344 TZ: -0130\n"),
        "{text}"
    );
    assert!(
        text.contains("# SubSys:     cZ Options:  Interval: 0.25:1.5 NumCPUs: "),
        "{text}"
    );
    assert!(text.contains("# Comment:    two lines\n"), "{text}");
}

#[test]
fn facts_of_a_machine_come_from_its_files() {
    let tree = tempfile::tempdir().unwrap();
    for (path, text) in [
        ("proc/sys/kernel/hostname", "node7.example.org\n"),
        ("proc/sys/kernel/osrelease", "6.1.0\n"),
        ("proc/uptime", "1000.25 1\n"),
        (
            "proc/cpuinfo",
            "vendor_id\t: Some\ncpu MHz\t\t: 2000.5\nsiblings\t: 8\ncpu cores\t: 4\n",
        ),
        ("proc/stat", "cpu 1 2 3 4\ncpu0 1 2 3 4\n"),
        ("proc/meminfo", "MemTotal: 7 kB\nSwapTotal: 5 kB\n"),
        (
            "proc/net/dev",
            "a\n eth0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n tap0: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n",
        ),
        ("sys/class/net/eth0/operstate", "up\n"),
        ("sys/class/net/eth0/speed", "2500\n"),
        ("sys/class/net/tap0/operstate", "up\n"),
        ("sys/class/net/tap0/speed", "10\n"),
        ("sys/devices/system/cpu/cpu0/x", ""),
        ("sys/devices/system/cpu/cpu1/x", ""),
        ("sys/devices/system/cpu/cpufreq/x", ""),
        ("sys/devices/system/node/node0/x", ""),
        ("sys/devices/system/node/node1/x", ""),
        ("etc/debian_version", "12.1\n"),
        (
            "etc/lsb-release",
            "DISTRIB_ID=X\nDISTRIB_DESCRIPTION=\"X 9\"\n",
        ),
    ] {
        let path = tree.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let system = System::of(tree.path(), 5_000_900_000_000);
    assert_eq!(
        (system.host.as_str(), system.kernel.as_str()),
        ("node7", "6.1.0")
    );
    assert_eq!(
        (
            system.booted_cs,
            system.cpus,
            system.cpus_disabled,
            system.nodes
        ),
        (399_975, 2, true, 2)
    );
    assert_eq!(
        (
            system.vendor.as_str(),
            system.mhz.as_str(),
            system.cores,
            system.siblings
        ),
        ("Some", "2000.5", 4, 8)
    );
    assert_eq!(
        (system.memory_kb, system.swap_kb, system.process_io),
        (7, 5, false)
    );
    assert_eq!(
        system.interfaces,
        [("eth0".to_owned(), Some(2500)), ("tap0".to_owned(), None)]
    );
    assert_eq!(
        (system.distro.as_str(), system.platform.as_str()),
        ("debian 12.1, X 9", "Unknown")
    );
    assert_eq!(System::of(&tree.path().join("nowhere"), 0).host, "");
}

fn options() -> Options {
    Options {
        subsystems: [Subsystem::Processes, Subsystem::Cpu].into_iter().collect(),
        intervals: Intervals {
            main: Duration::from_millis(250),
            processes: Duration::from_millis(1500),
        },
        words: "-scZ -i.25:1.5".to_owned(),
        ..Options::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn headers_come_back_as_they_went(
        host in "[a-z][a-z0-9-]{0,8}", words in "[-a-z0-9=:.]{1,9}( [-A-Za-z:]{1,9}){0,3}", begun in 100_000_000u64..9_000_000_000,
        minutes in -14 * 60i32..=14 * 60, cpus in 0u32..9999, disks in vec("[a-z]{2}[a-z0-9-]{0,4}", 0..4),
        nets in vec(("[a-z][a-z0-9.@-]{0,6}", proptest::option::of(0u64..100_000)), 0..4), booted_cs in 0u64..900_000_000_000,
        comment in proptest::option::of("[A-Z][a-z:]{0,8}"), cores in 1u32..64, siblings in 1u32..128,
    ) {
        let system = System {
            host, cpus, disks, interfaces: nets, booted_cs, cores, siblings,
            distro: "a b".to_owned(), platform: "c".to_owned(), vendor: "v w".to_owned(), mhz: "1.5".to_owned(), kernel: "6".to_owned(),
            arch: "x86_64".to_owned(), hz: 100, page_size: 4096, nodes: 1, ..System::default()
        };
        let header = Header {
            version: VERSION.to_owned(), words, begun, ahead: minutes * 60, subsystems: "cd".to_owned(), interval: "1".to_owned(),
            tcp_filter: "itu".to_owned(), flags: "x".to_owned(), system, comment, ..Header::default()
        };
        prop_assert_eq!(Header::parse(&header.to_string()).unwrap(), header);
    }
}
