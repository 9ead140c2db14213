//! What libFuzzer calls. `VTEPGW_FUZZ_TARGET` names the target; `VTEPGW_FUZZ_SEEDS` a folder to write seeds into first.

#![no_main]

use std::{env, fs, path::Path, process, slice, sync::OnceLock};

use fuzz::{TARGETS, Target, seeds::seeds};

const SCENES: u8 = 64;

static CHOSEN: OnceLock<Target> = OnceLock::new();

/// Chooses the target.
#[unsafe(no_mangle)]
pub extern "C" fn LLVMFuzzerInitialize(_: *const i32, _: *const *const *const u8) -> i32 {
    let name = env::var("VTEPGW_FUZZ_TARGET").unwrap_or_default();
    let Some(target) = TARGETS.into_iter().find(|target| target.name == name) else {
        let names = TARGETS.map(|target| target.name);
        eprintln!("VTEPGW_FUZZ_TARGET is to be one of {}", names.join(", "));
        process::exit(2);
    };
    CHOSEN.get_or_init(|| target);
    if let Ok(folder) = env::var("VTEPGW_FUZZ_SEEDS") {
        for (number, seed) in seeds(&name, SCENES).iter().enumerate() {
            let file = Path::new(&folder).join(format!("seed-{number}"));
            if let Err(error) = fs::write(&file, seed) {
                eprintln!("{}: {error}", file.display());
                process::exit(2);
            }
        }
    }
    0
}

/// Runs the target on one input.
///
/// # Safety
/// `data` must point to `size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn LLVMFuzzerTestOneInput(data: *const u8, size: usize) -> i32 {
    // SAFETY: the caller says so; libFuzzer gives no pointer where there are no bytes.
    let bytes = if size == 0 {
        &[]
    } else {
        unsafe { slice::from_raw_parts(data, size) }
    };
    if let Some(target) = CHOSEN.get() {
        (target.run)(bytes);
    }
    0
}
