//! The pure forwarding model and the eBPF programs agree, on generated tables and frames. The programs run in the
//! kernel that the tests run on: three of them by `BPF_PROG_TEST_RUN`, the fourth on packets from a wire.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod access_tc;
mod adoption;
mod effects;
#[path = "../lab/mod.rs"]
mod lab;
mod mac_room;
mod overlay_tc;
#[allow(dead_code, reason = "these tests send in their own ways")]
#[path = "../lab/packet_socket.rs"]
mod packet_socket;
mod rig;
mod shortcuts;
mod wire;

use proptest::{
    strategy::Strategy,
    test_runner::{Config, TestCaseResult, TestError, TestRunner},
};
use std::cell::RefCell;

use rig::Rig;

/// Runs generated cases on one rig, as many as `PROPTEST_CASES` says (256).
fn agree<S: Strategy>(rig: Rig, cases: &S, check: impl Fn(&mut Rig, S::Value) -> TestCaseResult) {
    agree_in(Config::default().cases, rig, cases, check);
}

/// Runs so many generated cases on one rig.
fn agree_in<S: Strategy>(
    count: u32,
    rig: Rig,
    cases: &S,
    check: impl Fn(&mut Rig, S::Value) -> TestCaseResult,
) {
    let config = Config {
        cases: count,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..Config::default()
    };
    let rig = RefCell::new(rig);
    let result = TestRunner::new(config).run(cases, |case| check(&mut rig.borrow_mut(), case));
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("{reason}\nsmallest case: {case:?}"),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}
