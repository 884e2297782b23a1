//! A process that changes its name.

use crate::args::Args;
use crate::steps::Steps;
use std::ffi::CString;
use std::time::Duration;

/// Takes the names, given as hexadecimal bytes, one after the other and keeps the last one.
pub fn rename(args: &mut Args, steps: Steps) -> Result<(), String> {
    let names: String = args.required("names")?;
    let every = Duration::from_millis(args.or("every-ms", 0)?);
    args.done()?;
    let names = names
        .split(',')
        .map(from_hex)
        .collect::<Result<Vec<_>, _>>()?;
    steps.ready();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            std::thread::sleep(every);
        }
        rustix::thread::set_name(name).map_err(|e| format!("set_name: {e}"))?;
    }
    steps.done("{}");
    Ok(())
}

fn from_hex(text: &str) -> Result<CString, String> {
    let bytes = (0..text.len())
        .step_by(2)
        .map(|at| {
            text.get(at..at + 2)
                .and_then(|pair| u8::from_str_radix(pair, 16).ok())
                .ok_or_else(|| format!("not hexadecimal: {text}"))
        })
        .collect::<Result<Vec<_>, _>>()?;
    CString::new(bytes).map_err(|e| e.to_string())
}
