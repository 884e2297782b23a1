use std::{
    fs,
    path::{Path, PathBuf},
};

use super::*;
use crate::record::{Counters, Time};

/// A machine in a directory that is thrown away.
struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        fs::create_dir(tree.0.path().join("proc")).unwrap();
        tree
    }

    fn file(&self, path: &str, text: &str) -> &Self {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn at(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn machine(&self, letters: &str) -> Machine {
        Machine::open(self.0.path(), subsystems(letters)).unwrap()
    }

    fn record(&self, letters: &str) -> String {
        read(&mut self.machine(letters))
    }
}

fn subsystems(letters: &str) -> Subsystems {
    let letters = letters.chars();
    letters
        .map(|one| Subsystem::of_letter(one).unwrap())
        .collect()
}

fn read(machine: &mut Machine) -> String {
    let mut text = String::new();
    machine.read(&mut text);
    text
}

#[test]
fn records_have_the_form_of_collectls_raw_files() {
    let tree = Tree::new();
    tree.file(
        "proc/stat",
        "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 460 1 2\nctxt 36\nbtime 17\nprocesses 10\n\
         procs_running 1\nprocs_blocked 0\nsoftirq 5 6\n",
    )
    .file("proc/loadavg", "0.05 0.21 0.56 1/91 3763\n")
    .file("proc/buddyinfo", "Node 0, zone      DMA      0      3 \n")
    .file("proc/interrupts", "           CPU0\n 24:    1  IO-APIC   5-edge      ACPI:Ged\nERR:    0\n")
    .file("proc/sys/fs/dentry-state", "607446\t602968\t45\t0\t242177\t0\n")
    .file("proc/sys/fs/inode-nr", "359804\t7\n")
    .file("proc/sys/fs/file-nr", "517\t0\t2466177\n")
    .file("proc/net/rpc/nfs", "net 0 0 0 0\nrpc 1 2 3\n")
    .file("proc/net/rpc/nfsd", "rpc 4 5 6 7 8\n");
    assert_eq!(
        tree.record("bcjif"),
        "buddy Node 0, zone      DMA      0      3 \n\
         cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\nintr 460\nctxt 36\nprocesses 10\n\
         procs_running 1\nprocs_blocked 0\n\
         int  24:    1  IO-APIC   5-edge      ACPI:Ged\nint ERR:    0\n\
         load 0.05 0.21 0.56 1/91 3763\n\
         fs-ds 607446\t602968\t45\t0\t242177\t0\nfs-is 359804\t7\nfs-fnr 517\t0\t2466177\n\
         nfsc-net 0 0 0 0\nnfsc-rpc 1 2 3\nnfss-rpc 4 5 6 7 8\n"
    );
}

#[test]
fn what_collectls_playback_would_take_for_something_else_is_left_out() {
    let tree = Tree::new();
    tree.file("proc/meminfo", "MemTotal: 9 kB\nInactive: 5 kB\nInactive(file): 3 kB\nActive(anon): 1 kB\nShmem: 2 kB\n")
        .file("proc/vmstat", "nr_free_pages 3\nnr_shmem 4\nnr_shmem_hugepages 0\npgpgin 5\npgalloc_dma32 6\npgrefill 7\n")
        .file("proc/net/sockstat", "sockets: used 14\nUDP: inuse 3 mem 9\nUDPLITE: inuse 0\nFRAG: inuse 0 memory 0\n")
        .file("proc/net/snmp", "Ip: A B\nIp: 1 2\nUdpLite: A\nUdpLite: 7\nIcmpMsg: A\nIcmpMsg: 1\nTcp: A\nTcp: -1\n")
        .file("proc/net/netstat", "TcpExt: SyncookiesSent TCPFastRetrans TW\nTcpExt: 1 2 3\nIpExt: A\nIpExt: 1\n");
    assert_eq!(
        tree.record("mst"),
        "tcp-TcpExt: TCPFastRetrans TW\ntcp-TcpExt: 2 3\n\
         tcp-Ip: A B\ntcp-Ip: 1 2\ntcp-Tcp: A\ntcp-Tcp: -1\n\
         MemTotal: 9 kB\nInactive: 5 kB\nShmem: 2 kB\n\
         nr_shmem 4\npgpgin 5\npgalloc_dma32 6\n\
         sock sockets: used 14\nsock UDP: inuse 3\nsock FRAG: inuse 0 memory 0\n"
    );
}

#[test]
fn only_what_is_wanted_is_read_and_what_is_missing_is_no_error() {
    let tree = Tree::new();
    tree.file("proc/loadavg", "0 0 0 1/2 3\n")
        .file("proc/meminfo", "MemTotal: 1 kB\n");
    assert_eq!(tree.record("dnZ"), "");
    let mut machine = tree.machine("cm");
    assert_eq!(read(&mut machine), "load 0 0 0 1/2 3\nMemTotal: 1 kB\n");
    // What comes later is found.
    tree.file("proc/vmstat", "pgpgin 5\n");
    assert_eq!(
        read(&mut machine),
        "load 0 0 0 1/2 3\nMemTotal: 1 kB\npgpgin 5\n"
    );
    let none = tree.at("nowhere");
    let error = Machine::open(&none, subsystems("c"))
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with(&format!("{}/proc: No such file", none.display())),
        "{error}"
    );
}

#[test]
fn files_are_read_anew_each_time_and_text_that_is_no_utf_8_is_kept_as_far_as_it_is() {
    let tree = Tree::new();
    tree.file("proc/net/dev", "");
    let line = b"title\n title\n  en\xffh: 1 2\n".to_vec();
    fs::write(tree.at("proc/net/dev"), line).unwrap();
    let mut machine = tree.machine("n");
    assert_eq!(read(&mut machine), "Net   en\u{fffd}h: 1 2\n");
    tree.file("proc/net/dev", "  eth0: 3 4\n");
    assert_eq!(read(&mut machine), "Net   eth0: 3 4\n");
}

fn stats(names: &[&str]) -> String {
    let lines = names
        .iter()
        .map(|name| format!("   8       0 {name} 1 0 2 0 3 0 4 0 0 5 6\n"));
    lines.collect()
}

fn disks(record: &str) -> (Vec<&str>, Vec<&str>) {
    let lines = record.lines();
    let named = lines.filter_map(|line| line.strip_prefix("disk ")?.split_whitespace().nth(2));
    let outside = record
        .lines()
        .find_map(|line| line.strip_prefix("subjiffy-disks-outside"));
    (
        named.collect(),
        outside
            .into_iter()
            .flat_map(str::split_whitespace)
            .collect(),
    )
}

#[test]
fn whole_disks_are_in_records_by_what_the_system_says() {
    let tree = Tree::new();
    tree.file(
        "proc/diskstats",
        &stats(&[
            "sda",
            "sda1",
            "dm-0",
            "loop0",
            "c0d0p1",
            "nvme0c0n1",
            "odd0",
            "zram0",
        ]),
    );
    for (path, text) in [
        ("sda/size", "10\n"),
        ("sda1/partition", "1\n"),
        ("dm-0/slaves/sda1", ""),
        ("loop0/loop/backing_file", "x\n"),
        ("c0d0p1/size", "9\n"),
        ("nvme0c0n1/hidden", "1\n"),
        ("odd0/slaves/sda", ""),
        ("zram0/size", "8\n"),
    ] {
        tree.file(&format!("sys/class/block/{path}"), text);
    }
    let record = tree.record("D");
    // `odd0` is made of another disk, which its name does not tell.
    assert_eq!(
        disks(&record),
        (vec!["sda", "dm-0", "c0d0p1", "odd0"], vec!["dm-0", "odd0"])
    );
    let counters = Counters::parse(&record, Time::default());
    let inside = counters.disks.iter().filter(|one| !one.outside_totals);
    assert_eq!(
        inside.map(|one| one.name.as_str()).collect::<Vec<_>>(),
        ["sda", "c0d0p1"]
    );
}

#[test]
fn names_tell_where_the_system_says_nothing_and_changes_are_seen() {
    let tree = Tree::new();
    tree.file("proc/diskstats", &stats(&["sda", "sda1"]));
    let mut machine = tree.machine("d");
    assert_eq!(disks(&read(&mut machine)), (vec!["sda"], vec![]));
    tree.file("proc/diskstats", &stats(&["sda", "sda1", "sdb"]))
        .file("sys/class/block/sdb/slaves/sda", "");
    assert_eq!(
        disks(&read(&mut machine)),
        (vec!["sda", "sdb"], vec!["sdb"])
    );
    tree.file("proc/diskstats", &stats(&["sdc"]));
    assert_eq!(disks(&read(&mut machine)), (vec!["sdc"], vec![]));
}

#[test]
fn an_empty_disk_comes_when_it_works() {
    let tree = Tree::new();
    tree.file("proc/diskstats", "8 0 sdb 0 0 0 0 0 0 0 0 0 0 0\n")
        .file("sys/class/block/sdb/size", "0\n");
    let mut machine = tree.machine("d");
    assert_eq!(read(&mut machine), "");
    tree.file("proc/diskstats", "8 0 sdb 0 0 0 0 1 0 0 0 0 0 0\n");
    assert_eq!(read(&mut machine), "disk 8 0 sdb 0 0 0 0 1 0 0 0 0 0 0\n");
}

fn interfaces(names: &[&str]) -> String {
    let lines = names
        .iter()
        .map(|name| format!("  {name}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n"));
    format!(
        "Inter-|   Receive\n face |bytes\n{}",
        lines.collect::<String>()
    )
}

fn inside(record: &str) -> Vec<String> {
    let counters = Counters::parse(record, Time::default());
    let inside = counters
        .interfaces
        .into_iter()
        .filter(|one| !one.outside_totals);
    inside.map(|one| one.name).collect()
}

#[test]
fn interfaces_with_a_device_make_up_the_totals() {
    let tree = Tree::new();
    tree.file("proc/net/dev", &interfaces(&["lo", "lan", "eth0", "bond0"]))
        .file("sys/class/net/lan/device/x", "")
        .file("sys/class/net/eth0/x", "");
    let record = tree.record("n");
    assert!(
        record.ends_with("subjiffy-nets-outside lo eth0 bond0\n"),
        "{record}"
    );
    assert_eq!(inside(&record), ["lan"]);
}

#[test]
fn in_a_container_names_make_up_the_totals() {
    let tree = Tree::new();
    tree.file("proc/net/dev", &interfaces(&["lo", "eth0", "tun0"]));
    assert_eq!(inside(&tree.record("n")), ["eth0"]);
    tree.file("proc/net/dev", &interfaces(&["lo", "tun0"]));
    assert_eq!(inside(&tree.record("n")), ["tun0"]);
}

#[test]
fn this_machine_is_read_and_understood() {
    let mut machine = Machine::open(Path::new("/"), subsystems("cjmbdntsifCJDN")).unwrap();
    let text = read(&mut machine);
    let counters = Counters::parse(&text, Time::default());
    let total = rustix::system::sysinfo();
    let memory = counters.memory.unwrap();
    let bytes = u128::from(total.totalram) * u128::from(total.mem_unit);
    assert_eq!(u128::from(memory.total) * 1024, bytes);
    assert!(memory.free <= memory.total && memory.cached <= memory.total);
    let online = fs::read_to_string("/proc/stat").unwrap();
    let online = online
        .lines()
        .filter(|line| line.starts_with("cpu"))
        .count()
        - 1;
    assert_eq!(counters.cpus.len(), online);
    let cpu = counters.cpu.unwrap();
    let idle: u64 = counters.cpus.iter().map(|one| one.1.idle).sum();
    assert!(
        cpu.idle.abs_diff(idle) <= online as u64,
        "{} {idle}",
        cpu.idle
    );
    assert!(counters.activity.unwrap().forks > 0);
    assert!(counters.load.unwrap().tasks > 0);
    assert!(counters.paging.unwrap().faults > 0);
    assert!(counters.sockets.unwrap().used > 0);
    assert!(counters.files.unwrap().open > 0);
    assert!(!counters.interfaces.is_empty());
    assert!(!counters.buddies.is_empty());
    assert!(
        counters
            .interrupts
            .iter()
            .all(|one| one.totals.len() <= online)
    );
    let protocols = counters.protocols.unwrap().totals;
    assert!(
        protocols
            .iter()
            .any(|one| (one.0.as_str(), one.1.as_str()) == ("Tcp", "RetransSegs"))
    );
    // Again, and the memory stays where it is.
    let mut again = String::with_capacity(2 * text.len());
    let place = again.as_ptr();
    for _ in 0..3 {
        again.clear();
        machine.read(&mut again);
    }
    assert_eq!(again.as_ptr(), place);
    assert_eq!(again.lines().count(), text.lines().count());
}
