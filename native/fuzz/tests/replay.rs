//! What was found before, and the inputs that fuzzing begins with.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{fs, path::Path};

use fuzz::{TARGETS, seeds::seeds};

const SCENES: u8 = 48;

#[test]
fn what_was_found_before_is_mended() {
    for target in TARGETS {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("findings")
            .join(target.name);
        let Ok(files) = fs::read_dir(&folder) else {
            continue;
        };
        for file in files {
            let path = file.unwrap().path();
            println!("{}", path.display());
            (target.run)(&fs::read(&path).unwrap());
        }
    }
}

#[test]
fn the_programs_on_the_host_agree_with_the_model_on_every_seed() {
    for target in TARGETS {
        let inputs = seeds(target.name, SCENES);
        assert!(!inputs.is_empty());
        for (number, input) in inputs.iter().enumerate() {
            println!("{} seed {number}: {input:02x?}", target.name);
            (target.run)(input);
        }
    }
}
