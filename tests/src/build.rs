//! The binary under test, and the workloads for programs that cargo does not build them for.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The `subjiffy` program: `SUBJIFFY_BIN` (an absolute path), or else built once in the release profile, because the
/// accuracy of an unoptimized agent is nobody's concern.
///
/// # Panics
/// When the build fails.
pub fn binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        std::env::var_os("SUBJIFFY_BIN")
            .map_or_else(|| build("subjiffy", "subjiffy"), PathBuf::from)
    })
}

/// The `load` program, built once in the release profile. Tests have it as `CARGO_BIN_EXE_load`.
///
/// # Panics
/// When the build fails.
pub fn load() -> &'static Path {
    static LOAD: OnceLock<PathBuf> = OnceLock::new();
    LOAD.get_or_init(|| build(env!("CARGO_PKG_NAME"), "load"))
}

fn build(package: &str, program: &str) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.toml");
    let output = Command::new(cargo)
        .args(["build", "--release", "-p", package, "--bin", program])
        .args(["--message-format", "json", "--manifest-path"])
        .arg(root)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{program} does not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let artifacts = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    artifacts
        .filter_map(|a: serde_json::Value| Some(PathBuf::from(a["executable"].as_str()?)))
        .next_back()
        .expect("an executable among the messages of cargo")
}
