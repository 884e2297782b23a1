//! Where things lie on this machine. None of it may show in an object that others get.

use std::{
    collections::BTreeSet,
    env,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::{
    compile::TARGET,
    process,
    toolchain::{CARGO, RUST_SOURCE, RUSTC},
};

/// Directories whose names a compiler sees.
pub struct Places {
    pub workspace: PathBuf,
    /// Where the objects go.
    pub target: PathBuf,
    /// Each holds packages of a registry.
    pub registries: BTreeSet<PathBuf>,
    /// The library source, with and without symbolic links.
    pub rust_source: BTreeSet<PathBuf>,
}

/// The root of the workspace: the directory above this package, which cargo tells who it runs.
pub fn workspace() -> Result<PathBuf> {
    let package = env::var_os("CARGO_MANIFEST_DIR").context("run this as `cargo xtask`")?;
    let workspace = Path::new(&package)
        .parent()
        .context("the package xtask is in no workspace")?;
    workspace
        .canonicalize()
        .with_context(|| format!("finding {}", workspace.display()))
}

impl Places {
    /// Asks cargo, which alone knows where it unpacks packages.
    pub fn find(workspace: PathBuf) -> Result<Self> {
        let mut cargo = process::command(CARGO, &[]);
        cargo.env("RUSTC", RUSTC).current_dir(&workspace);
        if let Some(target) = env::var_os("CARGO_TARGET_DIR") {
            cargo.env("CARGO_TARGET_DIR", target);
        }
        cargo.args([
            "metadata",
            "--locked",
            "--format-version",
            "1",
            "--filter-platform",
            TARGET,
        ]);
        let metadata: Value = serde_json::from_str(&process::output(&mut cargo)?)
            .context("the answer of `cargo metadata`")?;
        let target = metadata["target_directory"]
            .as_str()
            .context("no target directory")?;
        let source = Path::new(RUST_SOURCE);
        let real = source
            .canonicalize()
            .with_context(|| format!("finding {RUST_SOURCE}"))?;
        Ok(Self {
            workspace,
            target: PathBuf::from(target).join("bpf"),
            registries: registries(&metadata)?,
            rust_source: BTreeSet::from([source.to_owned(), real]),
        })
    }

    /// What the compiler writes instead of each directory. Later ones win over earlier ones.
    pub fn replacements(&self) -> Vec<(&Path, &'static str)> {
        let mut all = vec![(&*self.workspace, "/subjiffy"), (&*self.target, "/target")];
        all.extend(self.registries.iter().map(|path| (&**path, "/registry")));
        all.extend(self.rust_source.iter().map(|path| (&**path, "/rust")));
        all
    }
}

/// The directories two levels above the manifests of packages that are not ours.
fn registries(metadata: &Value) -> Result<BTreeSet<PathBuf>> {
    let packages = metadata["packages"]
        .as_array()
        .context("`cargo metadata` lists no packages")?;
    packages
        .iter()
        .filter(|package| !package["source"].is_null())
        .map(|package| {
            let manifest = package["manifest_path"]
                .as_str()
                .context("a package has no path")?;
            let registry = Path::new(manifest).ancestors().nth(2);
            Ok(registry
                .with_context(|| format!("{manifest} is in no registry"))?
                .to_owned())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_where_foreign_packages_lie() {
        let metadata = serde_json::json!({ "packages": [
            { "source": null, "manifest_path": "/checkout/agent/Cargo.toml" },
            { "source": "registry+x", "manifest_path": "/r/host-1/aya-1.0.0/Cargo.toml" },
            { "source": "registry+x", "manifest_path": "/r/host-1/log-0.4.0/Cargo.toml" },
        ]});
        assert_eq!(
            registries(&metadata).unwrap(),
            BTreeSet::from(["/r/host-1".into()])
        );
    }
}
