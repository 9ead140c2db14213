//! Access control lists: what a binding lets through, as the schema's ACL and `ACL_entry` say it.
//!
//! The first rule of a list that matches decides; a frame that none matches is permitted (vtep.xml, ACL). A frame that
//! hides what a rule of the list asks for is denied before the first rule, so that nothing gets past a firewall by being
//! cut: RFC 1858, RFC 3128, RFC 7112. See [`flow::Unreadable`] for what that is.

pub mod flow;
mod rule;

pub use rule::{Action, Flags, Masked, Ports, Rule};

use crate::number::{PortId, VlanId};
use crate::tables::{BindingKey, Tables};
use flow::Flow;

/// Which way frames go, as seen from the logical switch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// From the server toward the logical switch.
    Ingress,
    /// From the logical switch to the server.
    Egress,
}

/// What a list is found by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AclKey {
    /// The access port.
    pub port: PortId,
    /// The VLAN; 0 takes all frames of the port, whatever their tag.
    pub vlan: VlanId,
    /// Which way.
    pub direction: Direction,
}

/// Whether a list lets a flow through.
#[must_use]
pub fn is_permitted(rules: &[Rule], flow: &Flow) -> bool {
    if rules.iter().any(|rule| flow.unreadable.hides_from(rule)) {
        return false;
    }
    let first = rules.iter().find(|rule| rule.matches(flow));
    first.is_none_or(|rule| rule.action == Action::Permit)
}

impl Tables {
    /// Whether the ACLs of a binding let a frame through: the list of the whole port and the list of the VLAN must
    /// both permit it. `frame` is without the tag of the binding.
    #[must_use]
    pub fn is_permitted(&self, at: BindingKey, direction: Direction, frame: &[u8]) -> bool {
        let of = |vlan| {
            let key = AclKey {
                port: at.port,
                vlan,
                direction,
            };
            self.acls.get(&key)
        };
        let of_port = of(VlanId::UNTAGGED);
        let of_vlan = at.vlan.is_tagged().then(|| of(at.vlan)).flatten();
        let mut lists = of_port.into_iter().chain(of_vlan).peekable();
        if lists.peek().is_none() {
            return true;
        }
        let flow = Flow::read(frame);
        lists.all(|rules| is_permitted(rules, &flow))
    }
}
