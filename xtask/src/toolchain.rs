//! The pinned tools that build the BPF object, and how to get them.
//!
//! All of them are Debian 12 packages but the linker, which comes from the crates registry.
//! Another compiler or linker would give another object, so their versions are checked.

use std::{
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};

use crate::process;

/// The compiler's version, and cargo's; any patch release will do.
const RUST_VERSION: &str = "1.96";
pub const RUSTC: &str = "/usr/bin/rustc";
pub const CARGO: &str = "/usr/bin/cargo";

/// The library source that `-Zbuild-std` compiles.
pub const RUST_SOURCE: &str = "/usr/lib/rustlib/src/rust";

/// The linker's version, exactly.
const LINKER_VERSION: &str = "0.13.0";
const LINKER: &str = "bpf-linker";
/// Its feature for the LLVM release that the compiler has, too.
const LINKER_LLVM: &str = "llvm-22";

const LLVM_BIN: &str = "/usr/lib/llvm-22/bin";
const LLVM_LIB: &str = "/usr/lib/llvm-22/lib";
pub const STRIP: &str = "/usr/lib/llvm-22/bin/llvm-strip";

/// What must exist, and the Debian package that has it.
const PACKAGES: [(&str, &str); 5] = [
    (RUSTC, "rustc-web"),
    (CARGO, "cargo-web"),
    (
        "/usr/lib/rustlib/src/rust/library/core/Cargo.toml",
        "rust-web-src",
    ),
    ("/usr/lib/llvm-22/bin/llvm-config", "llvm-22-dev"),
    (STRIP, "llvm-22"),
];

/// The tools, all there and of the right versions.
pub struct Tools {
    /// The directory of the linker.
    linker: PathBuf,
}

impl Tools {
    /// Checks that everything is there; installs what is missing, if asked to.
    pub fn ready(workspace: &Path, install: bool) -> Result<Self> {
        packages(install)?;
        for (name, tool) in [("the compiler", RUSTC), ("cargo", CARGO)] {
            let version = version(tool)?;
            if !is_release(&version, RUST_VERSION) {
                bail!("{name} {tool} is version {version}, but {RUST_VERSION} is needed");
            }
        }
        Ok(Self {
            linker: linker(&workspace.join("target/tools"), install)?,
        })
    }

    /// The directories where the compiler finds its linker and that its LLVM.
    pub fn path(&self) -> Result<[&str; 2]> {
        Ok([text(&self.linker)?, LLVM_BIN])
    }
}

fn packages(install: bool) -> Result<()> {
    let missing: Vec<_> = PACKAGES
        .iter()
        .filter(|(file, _)| !Path::new(file).exists())
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names: Vec<&str> = missing.iter().map(|(_, package)| *package).collect();
    if !install {
        let files: Vec<&str> = missing.iter().map(|(file, _)| *file).collect();
        bail!(
            "missing: {}. As root on Debian 12:\n  \
             apt-get install --no-install-recommends {}\n\
             or `cargo xtask ebpf --install`",
            files.join(", "),
            names.join(" ")
        );
    }
    let apt = || process::command("apt-get", &[]);
    process::run(apt().args(["update", "--quiet", "--quiet"]))?;
    let install = ["install", "--quiet", "--yes", "--no-install-recommends"];
    process::run(
        apt()
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(install)
            .args(names),
    )
}

/// Finds the linker in `tools`, where we install it, or in the search path.
fn linker(tools: &Path, install: bool) -> Result<PathBuf> {
    let here = tools.join("bin");
    let path = env::var_os("PATH").unwrap_or_default();
    let found = std::iter::once(here.clone())
        .chain(env::split_paths(&path))
        .find(|directory| directory.join(LINKER).exists());
    let problem = match found {
        None => format!("missing: {LINKER} {LINKER_VERSION}"),
        Some(directory) => {
            let file = directory.join(LINKER);
            let version = version(text(&file)?)?;
            if version == LINKER_VERSION {
                return Ok(directory);
            }
            format!(
                "{} is version {version}, but {LINKER_VERSION} is needed",
                file.display()
            )
        }
    };
    if !install {
        bail!(
            "{problem}. To install it:\n  \
             PATH={LLVM_BIN}:$PATH RUSTFLAGS=-L{LLVM_LIB} {CARGO} {} --root {}\n\
             or `cargo xtask ebpf --install`",
            install_arguments().join(" "),
            tools.display()
        );
    }
    let mut cargo = process::command(CARGO, &[LLVM_BIN]);
    cargo
        .env("RUSTC", RUSTC)
        .env("RUSTFLAGS", format!("-L{LLVM_LIB}"));
    process::run(cargo.args(install_arguments()).arg("--root").arg(tools))?;
    Ok(here)
}

fn install_arguments() -> [&'static str; 9] {
    [
        "install",
        "--quiet",
        "--locked",
        "--version",
        LINKER_VERSION,
        "--no-default-features",
        "--features",
        LINKER_LLVM,
        LINKER,
    ]
}

/// The second word of what `--version` says.
fn version(tool: &str) -> Result<String> {
    let said = process::output(process::command(tool, &[]).arg("--version"))?;
    let word = said.split_whitespace().nth(1);
    word.map(str::to_owned)
        .with_context(|| format!("{tool} --version says no version: {said:?}"))
}

/// Whether `version` is a patch release of `wanted`.
fn is_release(version: &str, wanted: &str) -> bool {
    version
        .strip_prefix(wanted)
        .is_some_and(|rest| rest.starts_with('.'))
}

fn text(path: &Path) -> Result<&str> {
    path.to_str()
        .with_context(|| format!("{} is no UTF-8", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_patch_releases_pass() {
        assert!(is_release("1.96.0", "1.96"));
        assert!(is_release("1.96.1", "1.96"));
        assert!(!is_release("1.960.0", "1.96"));
        assert!(!is_release("1.95.0", "1.96"));
    }
}
