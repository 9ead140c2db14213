//! What can be fuzzed.

mod access;
mod bfd_tc;
mod flow;
mod overlay;
mod parsers;
mod session;
mod shortcuts;

pub(crate) use bfd_tc::own_frame;

/// What is done with an input, by its name.
#[derive(Clone, Copy)]
pub struct Target {
    /// As `make fuzz F=` has it.
    pub name: &'static str,
    /// Panics at a finding.
    pub run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 9] = [
    target("access_tc", access::run),
    target("overlay_tc", overlay::run),
    target("access_xdp", shortcuts::run_access),
    target("underlay_xdp", shortcuts::run_underlay),
    target("bfd_tc", bfd_tc::run),
    target("flow", flow::run),
    target("parsers", parsers::run),
    target("bfd_packet", session::run_packet),
    target("bfd_session", session::run_session),
];

const fn target(name: &'static str, run: fn(&[u8])) -> Target {
    Target { name, run }
}
