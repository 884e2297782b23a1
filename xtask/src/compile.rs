//! The build of the BPF object: same sources, same bytes, wherever they lie.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, Result};

use crate::{
    places::Places,
    process,
    toolchain::{CARGO, RUSTC, STRIP, Tools},
};

/// The compilation target.
pub const TARGET: &str = "bpfel-unknown-none";

const PACKAGE: &str = "subjiffy-ebpf";
/// The one package of ours that it depends on.
const SHARED: &str = "subjiffy-common";
const PROGRAM: &str = "subjiffy-program";

/// The release profile, for this build only: one unit of code, so that its order is fixed, and
/// full debug information, which the linker makes the type information (BTF) from.
const PROFILE: [(&str, &str); 6] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "3"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "fat"),
    ("CARGO_PROFILE_RELEASE_DEBUG", "2"),
    ("CARGO_PROFILE_RELEASE_PANIC", "abort"),
    ("CARGO_PROFILE_RELEASE_STRIP", "none"),
];

/// Builds the program and returns the file that holds it.
pub fn object(tools: &Tools, places: &Places) -> Result<PathBuf> {
    // Cargo judges by the time of a file whether it is new. A proof must not rest on that.
    process::run(cargo(tools, places, "clean")?.args(["--package", PACKAGE, "--package", SHARED]))?;
    process::run(
        cargo(tools, places, "build")?
            .args(["--locked", "-Zbuild-std=core"])
            .args([
                "--package",
                PACKAGE,
                "--features",
                "program",
                "--bin",
                PROGRAM,
            ]),
    )?;

    let linked = places.target.join(TARGET).join("release").join(PROGRAM);
    let object = places.target.join("subjiffy.bpf.o");
    strip(&linked, &object)?;
    Ok(object)
}

fn cargo(tools: &Tools, places: &Places, task: &str) -> Result<Command> {
    let mut cargo = process::command(CARGO, &tools.path()?);
    cargo
        .current_dir(&places.workspace)
        .env("RUSTC", RUSTC)
        // A wrapper from the user's configuration is not for this build.
        .env("RUSTC_WRAPPER", "")
        .env("RUSTC_WORKSPACE_WRAPPER", "")
        // `-Zbuild-std` and aya's inline assembly are unstable, the compiler is a stable release.
        .env("RUSTC_BOOTSTRAP", "1")
        .env("CARGO_ENCODED_RUSTFLAGS", flags(places).join("\x1f"))
        .envs(PROFILE)
        .args([
            task,
            "--quiet",
            "--release",
            "--target",
            TARGET,
            "--target-dir",
        ])
        .arg(&places.target);
    Ok(cargo)
}

fn flags(places: &Places) -> Vec<String> {
    let mut flags = vec![
        // Only programs that look at registers depend on it, and ours do not.
        "--cfg=bpf_target_arch=\"x86_64\"".to_owned(),
        "-Clinker=bpf-linker".to_owned(),
        "-Clink-arg=--btf".to_owned(),
    ];
    flags.extend(places.replacements().iter().map(|(from, to)| {
        // The object tells nothing of the machine.
        format!("--remap-path-prefix={}={to}", from.display())
    }));
    flags
}

/// Drops the debug information; the type information stays.
fn strip(linked: &Path, object: &Path) -> Result<()> {
    if object.exists() {
        fs::remove_file(object).with_context(|| format!("removing {}", object.display()))?;
    }
    process::run(
        process::command(STRIP, &[])
            .arg("--strip-debug")
            .arg("-o")
            .arg(object)
            .arg(linked),
    )
}
