//! `cargo xtask ebpf`: the committed BPF object is what the sources give, byte for byte.

use std::{fs, path::Path};

use anyhow::{Context, Result, bail};

use crate::{
    compile, difference, panics,
    places::{self, Places},
    toolchain, traces,
};

/// Where the object lies in the repository.
const COMMITTED: &str = "agent-ebpf/subjiffy.bpf.o";

#[derive(clap::Args)]
pub struct Options {
    /// Build, but only compare with the committed object; fail on any difference
    #[arg(long)]
    check: bool,
    /// First install the tools that are missing (Debian 12, as root)
    #[arg(long)]
    install: bool,
}

/// Builds the object, and writes it into the repository or compares it with what is there.
pub fn run(options: &Options) -> Result<()> {
    let workspace = places::workspace()?;
    let tools = toolchain::Tools::ready(&workspace, options.install)?;
    let places = Places::find(workspace)?;
    let committed = places.workspace.join(COMMITTED);
    // The package's library embeds the object, so there must be one before the first is built.
    if !committed.exists() {
        fs::write(&committed, []).with_context(|| format!("creating {}", committed.display()))?;
    }

    let built = compile::object(&tools, &places)?;
    let bytes = read(&built)?;
    panics::none_in(&bytes).with_context(|| built.display().to_string())?;
    traces::none_in(&bytes, &places)
        .with_context(|| format!("{} must not be published", built.display()))?;

    if options.check {
        return compare(&committed, &built, &bytes);
    }
    fs::write(&committed, &bytes).with_context(|| format!("writing {}", committed.display()))?;
    println!("{COMMITTED}: {} bytes", bytes.len());
    Ok(())
}

fn compare(committed: &Path, built: &Path, bytes: &[u8]) -> Result<()> {
    if let Some(difference) = difference::between(&read(committed)?, bytes) {
        bail!(
            "{COMMITTED} is not what the sources give: {difference}\n\
             The new object is {}. Run `cargo xtask ebpf` and commit the result.",
            built.display()
        );
    }
    println!(
        "{COMMITTED} is what the sources give ({} bytes)",
        bytes.len()
    );
    Ok(())
}

fn read(path: &Path) -> Result<Vec<u8>> {
    fs::read(path).with_context(|| format!("reading {}", path.display()))
}
