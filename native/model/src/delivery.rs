//! The copies of one frame, collected: each destination takes its copy or refuses it with a reason.

use crate::acl::Direction;
use crate::drop_reason::DropReason;
use crate::ethernet::EthernetFrame;
use crate::frame::Frame;
use crate::locator::Locator;
use crate::outcome::{Outcome, Output, Verdict};
use crate::switch_id::SwitchId;
use crate::tables::{BindingKey, Tables};
use crate::vlan;

/// An inner frame in its logical switch, and what became of its copies so far.
pub(crate) struct Delivery<'a> {
    tables: &'a Tables,
    switch: SwitchId,
    frame: Frame<'a>,
    inner: EthernetFrame<'a>,
    outputs: Vec<Output>,
    drops: Vec<DropReason>,
}

impl<'a> Delivery<'a> {
    pub(crate) fn new(
        tables: &'a Tables,
        switch: SwitchId,
        frame: Frame<'a>,
    ) -> Result<Self, DropReason> {
        let inner = EthernetFrame::new_checked(frame.bytes).map_err(|_| DropReason::Truncated)?;
        if inner.ends_within_tag() {
            return Err(DropReason::Truncated);
        }
        Ok(Self {
            tables,
            switch,
            frame,
            inner,
            outputs: Vec::new(),
            drops: Vec::new(),
        })
    }

    pub(crate) fn inner(&self) -> &EthernetFrame<'a> {
        &self.inner
    }

    pub(crate) fn refuse(&mut self, reason: DropReason) {
        self.drops.push(reason);
    }

    /// A frame that still has a tag would hop VLANs out of an untagged binding.
    pub(crate) fn send_to_binding(&mut self, to: BindingKey) {
        if self.inner.is_tagged() && !to.vlan.is_tagged() {
            return self.refuse(DropReason::InnerVlan);
        }
        if !self
            .tables
            .is_permitted(to, Direction::Egress, self.frame.bytes)
        {
            return self.refuse(DropReason::AclDenied);
        }
        let bytes = vlan::tagged(&self.inner, to.vlan);
        self.outputs.push(Output::ToPort {
            port: to.port,
            vlan: to.vlan,
            bytes,
        });
    }

    pub(crate) fn send_to_tunnel(&mut self, to: Locator) {
        let tunnel = self.tables.tunnels.get(&to.remote);
        let vni = self.tables.vni_to(self.switch, &to);
        let (Some(tunnel), Some(vni)) = (tunnel, vni) else {
            return self.refuse(DropReason::NoTunnel);
        };
        if tunnel.is_exceeded_by(self.frame.measure().longest) {
            return self.refuse(DropReason::Oversize);
        }
        let inner = self.frame.bytes.to_vec();
        self.outputs.push(Output::ToTunnel {
            remote: to.remote,
            local: tunnel.local,
            vni,
            inner,
        });
    }

    /// To all bindings of the logical switch but the one that the frame came from, and to the end points.
    pub(crate) fn flood(
        &mut self,
        from: Option<BindingKey>,
        locators: impl Iterator<Item = Locator>,
    ) {
        let tables = self.tables;
        for to in tables
            .bindings_of(self.switch)
            .filter(|&to| Some(to) != from)
        {
            self.send_to_binding(to);
        }
        for locator in locators {
            self.send_to_tunnel(locator);
        }
        if self.outputs.is_empty() && self.drops.is_empty() {
            self.refuse(DropReason::NoDestination);
        }
    }

    /// What became of all copies. Without any copy or reason there was no destination.
    pub(crate) fn finish(self) -> Outcome {
        let measure = self.frame.measure();
        let Self { outputs, drops, .. } = self;
        let verdict = if outputs.is_empty() {
            Verdict::Drop(drops.first().copied().unwrap_or(DropReason::NoDestination))
        } else {
            Verdict::Forward(outputs)
        };
        Outcome {
            verdict,
            measure,
            drops,
            received: None,
            learn: None,
            notes: Vec::new(),
        }
    }
}
