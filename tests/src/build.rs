//! The binary under test, and the workloads for programs that cargo does not build them for.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

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

/// The program of the package in that folder of the tests, which is a workspace of its own.
///
/// # Panics
/// When the build fails.
pub fn standalone(folder: &'static str) -> PathBuf {
    static BUILT: Mutex<BTreeMap<&str, PathBuf>> = Mutex::new(BTreeMap::new());
    let mut built = BUILT.lock().unwrap_or_else(PoisonError::into_inner);
    let path = built.entry(folder).or_insert_with(|| {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        // Where cargo puts everything else: the dependencies that both have are there already.
        let target = target_directory();
        cargo_build(&manifest.join("Cargo.toml"), |cargo| {
            cargo.arg("--locked").arg("--target-dir").arg(target)
        })
    });
    path.clone()
}

/// The target directory of the running test program, `target/debug/deps/...`.
fn target_directory() -> PathBuf {
    let program = std::env::current_exe().expect("the path of the test program");
    let target = program.ancestors().nth(3).expect("a target directory");
    target.to_owned()
}

fn build(package: &str, program: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("Cargo.toml");
    cargo_build(&root, |cargo| {
        cargo.args(["--release", "-p", package, "--bin", program])
    })
}

fn cargo_build(manifest: &Path, words: impl FnOnce(&mut Command) -> &mut Command) -> PathBuf {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = Command::new(cargo);
    command.args(["build", "--message-format", "json", "--manifest-path"]);
    let output = words(command.arg(manifest))
        .stderr(Stdio::inherit())
        .output()
        .expect("cargo");
    assert!(output.status.success(), "{command:?}: it does not build");
    let text = String::from_utf8_lossy(&output.stdout);
    let artifacts = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok());
    artifacts
        .filter_map(|a: serde_json::Value| Some(PathBuf::from(a["executable"].as_str()?)))
        .next_back()
        .expect("an executable among the messages of cargo")
}
