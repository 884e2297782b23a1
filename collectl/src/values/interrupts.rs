//! Interrupts by kind and CPU.

use super::{Cpu, change};
use crate::record::{self, CpuTimes};

/// Interrupts of a kind between two readings.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interrupt {
    /// Number or name.
    pub label: String,
    /// Kind and devices, one blank between words.
    pub text: String,
    /// Changes by CPU number.
    pub by_cpu: Vec<f64>,
}

/// The CPU of a column of `/proc/interrupts`, which has one for each that is online.
fn cpu_of_column(cpus: &[(u32, CpuTimes)], columns: usize, column: usize) -> usize {
    if cpus.len() == columns {
        cpus[column].0 as usize
    } else {
        column
    }
}

/// The column of a CPU; nearly always it is where it was guessed.
fn column_of_cpu(
    cpus: &[(u32, CpuTimes)],
    columns: usize,
    cpu: usize,
    guess: usize,
) -> Option<usize> {
    let is = |one: &(u32, CpuTimes)| one.0 as usize == cpu;
    if cpus.len() == columns && cpus.get(guess).is_some_and(is) {
        Some(guess)
    } else if cpus.len() == columns {
        cpus.iter().position(is)
    } else {
        Some(cpu).filter(|&cpu| cpu < columns)
    }
}

/// Fills in interrupts by kind, and those of each CPU.
pub(super) fn set(
    interrupts: &mut Vec<Interrupt>,
    cpus: &mut Vec<Cpu>,
    old: &record::Counters,
    new: &record::Counters,
) {
    // Totals of errors have one column, of no CPU.
    let columns = |all: &record::Counters| {
        let counts = all.interrupts.iter().map(|one| one.totals.len());
        counts.max().unwrap_or(0)
    };
    let (old_columns, new_columns) = (columns(old), columns(new));
    interrupts.resize_with(new.interrupts.len(), Interrupt::default);
    for (at, (interrupt, now)) in interrupts.iter_mut().zip(&new.interrupts).enumerate() {
        super::name(&mut interrupt.label, &now.label);
        super::name(&mut interrupt.text, &now.text);
        interrupt.by_cpu.clear();
        let before = super::same(&old.interrupts, at, |one| one.label == now.label);
        for (column, &total) in now.totals.iter().enumerate() {
            let cpu = cpu_of_column(&new.cpus, new_columns, column);
            let old_column = column_of_cpu(&old.cpus, old_columns, cpu, column);
            let old_total = before
                .zip(old_column)
                .and_then(|(one, column)| one.totals.get(column));
            let grown = old_total.map_or(0.0, |&old| change(old, total) as f64);
            if cpu >= MOST_CPUS {
                continue;
            }
            if interrupt.by_cpu.len() <= cpu {
                interrupt.by_cpu.resize(cpu + 1, 0.0);
            }
            interrupt.by_cpu[cpu] = grown;
            super::cpu_at(cpus, cpu).interrupts += grown;
        }
    }
}

/// Numbers of CPUs beyond are nonsense of a broken file.
pub(super) const MOST_CPUS: usize = 1 << 16;
