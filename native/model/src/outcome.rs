//! What becomes of a frame.

use std::net::IpAddr;

use crate::drop_reason::{DropReason, Note};
use crate::frame::Measure;
use crate::local_fdb::Learn;
use crate::number::{PortId, VlanId, Vni};
use crate::tables::BindingKey;

/// One copy of a frame on its way out.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Output {
    /// Out of an access port; counted as a packet to the local side of the binding.
    ToPort {
        /// The access port.
        port: PortId,
        /// The VLAN of the binding.
        vlan: VlanId,
        /// The frame as it leaves, with the tag of the binding.
        bytes: Vec<u8>,
    },
    /// Into a tunnel.
    ToTunnel {
        /// The peer's tunnel address.
        remote: IpAddr,
        /// Our tunnel address.
        local: IpAddr,
        /// The logical switch on the wire.
        vni: Vni,
        /// The frame without the tag of the binding.
        inner: Vec<u8>,
    },
}

/// Whether any copy leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// None does, and this is why: the first reason when several copies were refused.
    Drop(DropReason),
    /// These do: bindings first, then tunnels, each in order.
    Forward(Vec<Output>),
}

/// Everything that a frame brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Whether any copy leaves.
    pub verdict: Verdict,
    /// By how many packets and bytes each counter moves. Bytes are without the tag of the binding.
    pub measure: Measure,
    /// Every drop counter that moves, once per refused copy; holds the verdict's reason.
    pub drops: Vec<DropReason>,
    /// The binding whose from-local counter moves, once for all copies: set when a binding was found and both MACs
    /// were accepted. The to-local counter of a binding moves with each `Output::ToPort`.
    pub received: Option<BindingKey>,
    /// What the caller has `Tables::learn` take over.
    pub learn: Option<Learn>,
    /// What is counted beside that.
    pub notes: Vec<Note>,
}

impl Outcome {
    /// A frame that is refused before it has any effect.
    #[must_use]
    pub fn refused(reason: DropReason, measure: Measure) -> Self {
        Self {
            verdict: Verdict::Drop(reason),
            measure,
            drops: vec![reason],
            received: None,
            learn: None,
            notes: Vec::new(),
        }
    }

    /// The copies that leave.
    #[must_use]
    pub fn outputs(&self) -> &[Output] {
        match &self.verdict {
            Verdict::Drop(_) => &[],
            Verdict::Forward(outputs) => outputs,
        }
    }
}
