//! How much work the programs are for the verifier of the kernel that the tests run on.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "no devices are needed here")]
mod lab;

use aya::programs::{Program, ProgramError, ProgramInfo};
use datapath::{Mode, Tables};

/// The verifier gives a program up at a million instructions. Older ones recognise fewer states as seen before: what
/// Linux 6.18 checked in 78,000 was too much for Linux 6.1.
const INSTRUCTIONS_MAX: u32 = 40_000;

#[test]
fn the_verifier_checks_each_program_with_little_work() {
    lab::enter_namespace();
    let (mut tables, _) = Tables::open("programs", Mode::Tc, false).unwrap();
    for name in ["access_tc", "overlay_tc", "access_xdp", "underlay_xdp"] {
        let info = info(tables.program(name).unwrap()).unwrap();
        let checked = info.verified_instruction_count().unwrap();
        println!("{name}: {checked} instructions");
        assert!(checked < INSTRUCTIONS_MAX, "{name}: {checked} instructions");
    }
}

fn info(program: &Program) -> Result<ProgramInfo, ProgramError> {
    match program {
        Program::SchedClassifier(program) => program.info(),
        Program::Xdp(program) => program.info(),
        other => panic!("{other:?}"),
    }
}
