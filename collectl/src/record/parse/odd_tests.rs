//! Records of kernels and machines that are unlike the one at hand.

use super::*;
use crate::record::{Disk, Memory, Paging, Sockets};

fn parsed(text: &str) -> Counters {
    Counters::parse(text, Time::default())
}

#[test]
fn disks_have_from_eleven_to_seventeen_numbers_and_partitions_once_had_four() {
    let text = "disk    8    0 sda 1 2 3 4 5 6 7 8 9 10 11\n\
                disk  259    0 nvme0n1 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15\n\
                disk  254    0 vda 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17\n\
                disk    8    1 sda1 20 30 40 50\n\
                disk  104    0 cciss/c0d0 1 2 3 4 5 6 7 8 9 10 11\n\
                disk    8   16 sdb 1 2 3 4 5 6 7 8 9 10\n\
                disk    8   32 sdc 1 2 3 4 5 x 7 8 9 10 11\n";
    let disks = parsed(text).disks;
    let names: Vec<_> = disks.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["sda", "nvme0n1", "vda", "sda1", "cciss/c0d0"]);
    let expected = Disk {
        major: 254,
        minor: 0,
        name: "vda".to_owned(),
        reads: 1,
        reads_merged: 2,
        sectors_read: 3,
        read_ms: 4,
        writes: 5,
        writes_merged: 6,
        sectors_written: 7,
        write_ms: 8,
        in_flight: 9,
        busy_ms: 10,
        weighted_ms: 11,
        outside_totals: false,
    };
    assert_eq!(disks[2], expected);
    let part = &disks[3];
    assert_eq!(
        (
            part.reads,
            part.sectors_read,
            part.writes,
            part.sectors_written
        ),
        (20, 30, 40, 50)
    );
    assert!(part.outside_totals);
}

#[test]
fn what_a_record_says_of_totals_goes_before_names() {
    let disk = |name: &str| format!("disk 8 0 {name} 1 2 3 4 5 6 7 8 9 10 11\n");
    let net = |name: &str| format!("Net {name}: 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\n");
    let inside = |text: &str| {
        let counters = parsed(text);
        let disks = counters
            .disks
            .into_iter()
            .filter(|one| !one.outside_totals)
            .map(|one| one.name);
        let nets = counters
            .interfaces
            .into_iter()
            .filter(|one| !one.outside_totals);
        disks
            .chain(nets.map(|one| one.name))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let all =
        ["sda", "sda1", "dm-0"].map(disk).concat() + &["lo", "eth0", "bond0"].map(net).concat();
    assert_eq!(inside(&all), "sda eth0");
    assert_eq!(
        inside(&format!(
            "{all}subjiffy-disks-outside sda\nsubjiffy-nets-outside\n"
        )),
        "sda1 dm-0 lo eth0 bond0"
    );
    assert_eq!(
        inside(&format!("subjiffy-nets-outside eth0 lo\n{all}")),
        "sda bond0"
    );
}

#[test]
fn memory_without_newer_names_is_memory() {
    let text = "MemTotal:  1000 kB\nMemFree:  400 kB\nBuffers: 1 kB\nCached: 2 kB\nHugePages_Total:     3\n\
                nr_dirty 5\nnr_shmem 6\npgpgin 7\npgfault 8\n";
    let counters = parsed(text);
    let memory = Memory {
        total: 1000,
        free: 400,
        buffers: 1,
        cached: 2,
        huge_total: 3,
        ..Memory::default()
    };
    assert_eq!(counters.memory, Some(memory));
    let paging = Paging {
        paged_in: 7,
        faults: 8,
        ..Paging::default()
    };
    assert_eq!(counters.paging, Some(paging));
    assert_eq!(parsed("nr_shmem 6\nMemTotal: some\n"), Counters::default());
}

#[test]
fn sockets_are_told_by_name_wherever_they_stand() {
    let old = "sock sockets: used 100\nsock TCP: inuse 5 orphan 1 tw 2 alloc 6 mem 3\nsock UDP: inuse 7\nsock RAW: inuse 8\nsock FRAG: inuse 9 memory 10\n";
    let all = Sockets {
        used: 100,
        tcp: 5,
        orphan: 1,
        time_wait: 2,
        allocated: 6,
        memory: 3,
        udp: 7,
        raw: 8,
        fragments: 9,
        fragment_memory: 10,
    };
    assert_eq!(parsed(old).sockets, Some(all));
    let new = "sock UDPLITE: inuse 99\nsock UDP: inuse 7 mem 4\nsock TCP: mem 3 inuse 5\nsock TCP6: inuse 50\n";
    let some = Sockets {
        tcp: 5,
        memory: 3,
        udp: 7,
        ..Sockets::default()
    };
    assert_eq!(parsed(new).sockets, Some(some));
    assert_eq!(
        parsed("sock TCP: inuse\nsock TCP: inuse many\nsock\n").sockets,
        None
    );
}

#[test]
fn cpus_have_as_many_times_as_their_kernel_knows_and_gaps_between_them() {
    let counters = parsed(
        "cpu  10 20 30 40\ncpu0 1 2 3 4 5 6 7\ncpu4 1 2 3 4 5 6 7 8 9 10 11\ncpufreq 1 2 3 4\ncpu5 1 2 3\n",
    );
    assert_eq!(counters.cpu.unwrap().idle, 40);
    assert_eq!(counters.cpu.unwrap().iowait, 0);
    let numbers: Vec<_> = counters
        .cpus
        .iter()
        .map(|one| (one.0, one.1.softirq, one.1.guest_nice))
        .collect();
    assert_eq!(numbers, [(0, 7, 0), (4, 7, 10)]);
}

#[test]
fn interrupts_of_other_machines() {
    let text = "int  11:       2048          0     GICv3  27 Level     arch_timer\nint IPI0:      12     13       Rescheduling interrupts\nint Err:          0\nint  7:  3\nint\nint :\n";
    let interrupts = parsed(text).interrupts;
    let all: Vec<_> = interrupts
        .iter()
        .map(|one| (one.label.as_str(), &one.totals[..], one.text.as_str()))
        .collect();
    assert_eq!(
        all,
        [
            ("11", &[2048, 0][..], "GICv3 27 Level arch_timer"),
            ("IPI0", &[12, 13], "Rescheduling interrupts"),
            ("Err", &[0], ""),
            ("7", &[3], ""),
            ("", &[], ""),
        ]
    );
}

#[test]
fn interfaces_of_old_kernels_have_no_blank_behind_the_colon() {
    let text = "Net   eth0:123 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nNet eth0:1:5 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16\nNet  eth1: 1 2 3\nNet x\n";
    let interfaces = parsed(text).interfaces;
    let all: Vec<_> = interfaces
        .iter()
        .map(|one| (one.name.as_str(), one.received[0], one.sent[7]))
        .collect();
    assert_eq!(all, [("eth0", 123, 16), ("eth0:1", 5, 16)]);
}

#[test]
fn protocols_need_their_names_and_old_records_have_none() {
    let totals = |text: &str| parsed(text).protocols.map(|all| all.totals);
    assert_eq!(totals("tcp-Tcp: 1 2 3\nTcpExt: 1 2\n"), None);
    assert_eq!(totals("tcp-Tcp: A B\ntcp-Udp: 1 2\n"), None);
    let one = |name: &str, number: i64| ("Tcp".to_owned(), name.to_owned(), number);
    assert_eq!(
        totals("tcp-Tcp: A B C\ntcp-Tcp: 1 -2\n"),
        Some(vec![one("A", 1), one("B", -2)])
    );
}

#[test]
fn calls_of_nfs_that_were_cut_are_left_out() {
    let nfs = parsed("nfsc-proc3 3 1 2\nnfsc-proc4 2 5 6 7\nnfss-proc2 0\nnfss-rpc 1 2 3 4 5\n")
        .nfs
        .unwrap();
    assert_eq!(nfs.client, [(4, vec![5, 6, 7])]);
    assert_eq!(
        (nfs.server, nfs.server_rpc),
        (vec![(2, vec![])], vec![1, 2, 3, 4, 5])
    );
    assert_eq!(parsed("nfsc-net 1 2 3 4\nnfsx-rpc 1\n").nfs, None);
}

#[test]
fn numbers_that_are_none_or_too_large_are_passed_over() {
    let text = "intr 99999999999999999999999\nctxt -5\nprocesses\nload nan 1 2 1/2 3\nload 1e300 1 2 1/2\nload 1 2 3 4\n\
                fs-ds 1\nfs-fnr 1\t0\nbuddy Node x, zone DMA 1\nbuddy Node 0, zone\ncpu18446744073709551616 1 2 3 4\n";
    assert_eq!(parsed(text), Counters::default());
    let zones = parsed("buddy Node 3, zone Movable 1 2 3 4 5 6 7 8 9 10 11 12 13\n").buddies;
    assert_eq!((zones[0].node, zones[0].free.len()), (3, 13));
}
