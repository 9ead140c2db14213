//! Access control lists of ports, as the control plane speaks of them.

use model::Direction;

use super::Tables;
use crate::{
    error::Error,
    layout::{BindingKey, acl::AclKey},
    spec::AclSpec,
};

impl Tables {
    /// Replaces the rules of a port and VLAN in one direction; frames are judged by the old ones or by the new ones.
    /// Where there is no room for both nothing passes meanwhile; when that fails nothing passes.
    ///
    /// # Errors
    /// The device is no port; too many rules.
    pub fn put_acl(&mut self, spec: &AclSpec) -> Result<(), Error> {
        let key = self.acl_key(&spec.netdev, spec.vlan, spec.direction)?;
        let result = self.acls.put(key, &spec.rules);
        self.mark_bindings(key).and(result)
    }

    /// Lets everything pass that the rules of a port and VLAN kept back.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_acl(
        &mut self,
        netdev: &str,
        vlan: u16,
        direction: Direction,
    ) -> Result<(), Error> {
        let Ok(key) = self.acl_key(netdev, vlan, direction) else {
            return Ok(());
        };
        self.acls.remove(key)?;
        self.mark_bindings(key)
    }

    /// Every list, with its rules.
    pub(super) fn acls(&self) -> Vec<AclSpec> {
        self.acls
            .entries()
            .filter_map(|(key, rules)| {
                Some(AclSpec {
                    netdev: self.ports.netdev(key.ifindex)?.to_owned(),
                    vlan: u16::try_from(key.vlan).ok()?,
                    direction: key.direction(),
                    rules: rules.to_vec(),
                })
            })
            .collect()
    }

    fn acl_key(&self, netdev: &str, vlan: u16, direction: Direction) -> Result<AclKey, Error> {
        Ok(AclKey {
            ifindex: self.ports.ifindex(netdev)?,
            vlan: u32::from(vlan),
            direction: AclKey::number_of(direction),
        })
    }

    /// An earlier process may have ended between a list and its mark.
    pub(super) fn mark_all_bindings(&mut self) -> Result<(), Error> {
        self.mark_where(|_| true)
    }

    /// The list of a whole port is for all of its bindings.
    fn mark_bindings(&mut self, key: AclKey) -> Result<(), Error> {
        self.mark_where(|at| at.ifindex == key.ifindex && (key.vlan == 0 || at.vlan == key.vlan))
    }

    fn mark_where(&mut self, is_meant: impl Fn(BindingKey) -> bool) -> Result<(), Error> {
        self.bindings
            .entries()
            .filter(|(at, _)| is_meant(*at))
            .try_for_each(|(at, binding)| self.acls.mark(at, binding.slot))
    }
}
