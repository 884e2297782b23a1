//! Can a program panic? The kernel refuses one that can, with a message that does not say so.

use anyhow::{Context, Result, bail};
use object::{Object, ObjectSymbol, read::elf::ElfFile64};

/// Part of the names of all functions that panic.
const PANICKING: &str = "9panicking";

/// Fails if a path that panics is left in the object.
pub fn none_in(bytes: &[u8]) -> Result<()> {
    let file = ElfFile64::<object::Endianness>::parse(bytes).context("reading the built object")?;
    let mut names = file.symbols().filter_map(|symbol| symbol.name().ok());
    if let Some(name) = names.find(|name| name.contains(PANICKING)) {
        bail!(
            "a program can panic, so no kernel would load it: {name} is called. Look for an index \
             or a division that is not checked, or an assertion of aya-ebpf that always fails"
        );
    }
    Ok(())
}
