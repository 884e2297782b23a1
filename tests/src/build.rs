//! The binary under test.

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
    BINARY.get_or_init(|| std::env::var_os("SUBJIFFY_BIN").map_or_else(build, PathBuf::from))
}

fn build() -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.toml");
    let output = Command::new(cargo)
        .args(["build", "--release", "-p", "subjiffy", "--bin", "subjiffy"])
        .args(["--message-format", "json", "--manifest-path"])
        .arg(root)
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "the agent does not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let artifacts = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    artifacts
        .filter_map(|a: serde_json::Value| Some(PathBuf::from(a["executable"].as_str()?)))
        .next_back()
        .expect("an executable among the messages of cargo")
}
