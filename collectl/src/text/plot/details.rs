//! Plot fields of each CPU, disk and interface.

use super::fields::Fields;
use crate::text::{context::Context, order::found};

pub(super) fn cpu_names(to: &mut Fields<'_>, context: &Context<'_>) {
    for cpu in 0..context.cpus() {
        to.names(
            format_args!("CPU:{cpu}"),
            &[
                "User%", "Nice%", "Sys%", "Wait%", "Irq%", "Soft%", "Steal%", "Idle%", "Totl%",
                "Guest%", "GuestN%", "Intrpt",
            ],
        );
    }
}

pub(super) fn cpus(to: &mut Fields<'_>, context: &Context<'_>) {
    for number in 0..context.cpus() {
        let cpu = context.cpu(number);
        // In the order of their names, unlike collectl's.
        to.numbers(&cpu.shares.in_order());
        to.numbers(&[context.interval.rate(cpu.interrupts)]);
    }
}

pub(super) fn disk_names(to: &mut Fields<'_>, order: &[String]) {
    for disk in order {
        to.names(
            format_args!("DSK:{disk}"),
            &[
                "Name", "Reads", "RMerge", "RKBytes", "WaitR", "Writes", "WMerge", "WKBytes",
                "WaitW", "Request", "QueLen", "Wait", "SvcTim", "Util",
            ],
        );
    }
}

pub(super) fn disks(to: &mut Fields<'_>, context: &Context<'_>, order: &[String]) {
    let interval = context.interval;
    let rate = |change| interval.rate(change);
    for (at, name) in order.iter().enumerate() {
        to.put(name);
        let Some(disk) = found(&interval.disks, at, |one| one.name == *name) else {
            // It went: its columns stay.
            to.numbers(&[0.0; 13]);
            continue;
        };
        to.numbers(&[
            rate(disk.reads),
            rate(disk.reads_merged),
            rate(disk.read_kb),
            disk.read_wait(),
            rate(disk.writes),
            rate(disk.writes_merged),
            rate(disk.written_kb),
            disk.write_wait(),
            disk.size(),
            disk.queue(),
            disk.wait(),
            disk.service(),
            disk.busy_share(interval.seconds),
        ]);
    }
}

pub(super) fn interface_names(to: &mut Fields<'_>, order: &[String]) {
    for interface in order {
        to.names(
            format_args!("NET:{interface}"),
            &[
                "Name", "RxPkt", "TxPkt", "RxKB", "TxKB", "RxErr", "RxDrp", "RxFifo", "RxFra",
                "RxCmp", "RxMlt", "TxErr", "TxDrp", "TxFifo", "TxColl", "TxCar", "TxCmp", "RxErrs",
                "TxErrs",
            ],
        );
    }
}

pub(super) fn interfaces(to: &mut Fields<'_>, context: &Context<'_>, order: &[String]) {
    let interval = context.interval;
    let rate = |change| interval.rate(change);
    for (at, name) in order.iter().enumerate() {
        to.put(name);
        let Some(one) = found(&interval.interfaces, at, |one| one.name == *name) else {
            to.numbers(&[0.0; 18]);
            continue;
        };
        let packets_and_kb = [one.received[1], one.sent[1], one.kb_in(), one.kb_out()];
        to.numbers(&packets_and_kb.map(rate));
        for &change in one.received[2..].iter().chain(&one.sent[2..]) {
            to.number(rate(change));
        }
        to.numbers(&[rate(one.errors_in()), rate(one.errors_out())]);
    }
}
