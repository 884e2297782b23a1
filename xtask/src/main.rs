//! Development tasks: `cargo xtask TASK`.
//!
//! * `ebpf`: the task that builds the BPF object or proves the committed one
//! * `toolchain`: the pinned tools for it, and how to get them
//! * `places`: where things lie on this machine, which no object may tell
//! * `compile`: the build itself
//! * `traces`: does an object tell where it was built?
//! * `panics`: does an object hold what no kernel loads?
//! * `difference`: where two objects differ
//! * `process`: child processes that inherit nothing by accident
#![forbid(unsafe_code)]

mod compile;
mod difference;
mod ebpf;
mod panics;
mod places;
mod process;
mod toolchain;
mod traces;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Development tasks of subjiffy.
#[derive(Parser)]
#[command(bin_name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Build the BPF object that users get, agent-ebpf/subjiffy.bpf.o
    Ebpf(ebpf::Options),
}

fn main() -> ExitCode {
    let result = match Arguments::parse().task {
        Task::Ebpf(options) => ebpf::run(&options),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
