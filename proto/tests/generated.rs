//! The committed messages are what the schema generates. `SUBJIFFY_BLESS=1` rewrites them.

use std::{env, fs, path::Path};

const HEADER: &str = "//! Generated from `proto/socktop.proto`; `SUBJIFFY_BLESS=1 cargo test -p subjiffy-proto` rewrites it.\n\n";

fn generate(root: &Path) -> String {
    let schemas =
        protox::compile(["socktop.proto"], [root.join("proto")]).expect("the schema compiles");
    let module = prost_build::Module::from_protobuf_package_name("socktop");
    let requests = schemas
        .file
        .into_iter()
        .map(|file| (module.clone(), file))
        .collect();
    let mut modules = prost_build::Config::new()
        .generate(requests)
        .expect("the schema generates code");
    HEADER.to_owned() + &modules.remove(&module).expect("one module per package")
}

#[test]
fn committed_messages_match_the_schema() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("src/generated/socktop.rs");
    let fresh = generate(root);
    if env::var_os("SUBJIFFY_BLESS").is_some() {
        fs::write(&path, &fresh).expect("the generated file is writable");
    }
    let committed = fs::read_to_string(&path).expect("the generated file is readable");
    if let Some((number, (old, new))) = committed
        .lines()
        .zip(fresh.lines())
        .enumerate()
        .find(|(_, (old, new))| old != new)
    {
        panic!(
            "src/generated/socktop.rs line {} is out of date; set SUBJIFFY_BLESS=1 to rewrite it\n\
             - {old}\n+ {new}",
            number + 1
        );
    }
    assert_eq!(
        committed.len(),
        fresh.len(),
        "src/generated/socktop.rs is out of date in length"
    );
}
