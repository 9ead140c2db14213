//! Where frames go into tunnels, and whose frames come out of them.

use std::collections::{BTreeSet, HashSet};

use model::{Locator, Mac, SwitchId};

use super::Tables;
use crate::{
    error::Error,
    floods::{self, Member},
    layout::{FLOOD_FAN_OUT_MAX, FloodKey, Origin},
    spec::{FloodSpec, GroupSpec, Notice, OriginSpec, RemoteMacSpec},
};

impl Tables {
    /// Adds or redirects a remote MAC.
    ///
    /// # Errors
    /// The switch or the tunnel was not put; table full.
    pub fn put_remote_mac(&mut self, spec: &RemoteMacSpec) -> Result<Vec<Notice>, Error> {
        let key = self.mac_key(spec.switch_id, spec.mac)?;
        let tunnel = self.tunnels.number(spec.locator.remote)?;
        let change = self.macs.put_remote(key, tunnel, own_vni(&spec.locator))?;
        Ok(self.notices(change))
    }

    /// Removes a remote MAC.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_remote_mac(&mut self, switch_id: SwitchId, mac: Mac) -> Result<(), Error> {
        match self.mac_key(switch_id, mac) {
            Ok(key) => self.macs.remove_remote(&key),
            Err(_) => Ok(()),
        }
    }

    /// Replaces the list of where a switch's frames to unknown destinations go beside its bindings.
    ///
    /// # Errors
    /// The switch was not put. A tunnel was not put, or these are more members than a list may have: the others are served.
    pub fn put_flood(&mut self, spec: &FloodSpec) -> Result<(), Error> {
        let key = FloodKey::unknown(self.switches.slot(spec.switch_id)?);
        let (members, result) = self.members(&spec.locators);
        if members.is_empty() {
            self.floods.remove(key)?;
        } else {
            self.floods.put(key, members)?;
        }
        self.switches
            .set_floods_to_macs(spec.switch_id, spec.is_of_macs)?;
        result
    }

    /// Replaces the list of where a switch's frames to one group go instead; an empty one leaves them the bindings.
    ///
    /// # Errors
    /// As `put_flood`; the address is no group's.
    pub fn put_group(&mut self, spec: &GroupSpec) -> Result<(), Error> {
        if !spec.mac.is_group() {
            return Err(Error::Invalid(format!("{} is no group", spec.mac)));
        }
        let key = FloodKey::group(self.switches.slot(spec.switch_id)?, spec.mac.octets());
        let (members, result) = self.members(&spec.locators);
        self.floods.put(key, members)?;
        result
    }

    /// Frames to the group go where those to unknown destinations go.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_group(&mut self, switch_id: SwitchId, mac: Mac) -> Result<(), Error> {
        match self.switches.slot(switch_id) {
            Ok(slot) => self.floods.remove(FloodKey::group(slot, mac.octets())),
            Err(_) => Ok(()),
        }
    }

    /// From now on frames from the locator's VTEP in the locator's VNI are the switch's.
    ///
    /// # Errors
    /// The switch or the tunnel was not put; the locator has no VNI; table full.
    pub fn put_origin(&mut self, spec: &OriginSpec) -> Result<(), Error> {
        let slot = self.switches.slot(spec.switch_id)?;
        let origin = self.origin(&spec.locator)?;
        self.origins.put(origin, slot)?;
        self.tunnels.mark_own_vnis(spec.locator.remote, true)
    }

    /// From now on the VNIs of the switches alone say whose such frames are.
    ///
    /// # Errors
    /// The kernel's answer.
    pub fn remove_origin(&mut self, locator: &Locator) -> Result<(), Error> {
        match self.origin(locator) {
            Ok(origin) => {
                self.origins.remove(origin)?;
                self.unmark_own_vnis(origin.tunnel)
            }
            Err(_) => Ok(()),
        }
    }

    /// The frames of switches that are removed are nobody's.
    pub(super) fn forget_origins(&mut self, slots: &HashSet<u32>) -> Result<(), Error> {
        let own = self.origins.entries();
        let own: Vec<Origin> = own
            .filter(|(_, slot)| slots.contains(slot))
            .map(|(origin, _)| origin)
            .collect();
        for origin in &own {
            self.origins.remove(*origin)?;
        }
        let tunnels: HashSet<u32> = own.iter().map(|origin| origin.tunnel).collect();
        tunnels
            .into_iter()
            .try_for_each(|tunnel| self.unmark_own_vnis(tunnel))
    }

    fn unmark_own_vnis(&mut self, tunnel: u32) -> Result<(), Error> {
        match self.remote_of(tunnel) {
            Some(remote) if !self.origins.has(tunnel) => self.tunnels.mark_own_vnis(remote, false),
            _ => Ok(()),
        }
    }

    fn origin(&self, locator: &Locator) -> Result<Origin, Error> {
        let tunnel = self.tunnels.number(locator.remote)?;
        match own_vni(locator) {
            0 => Err(Error::Invalid(format!(
                "locator {locator} has no VNI of its own"
            ))),
            vni => Ok(Origin { tunnel, vni }),
        }
    }

    /// The members that can be served, and what the first other one lacks.
    fn members(&self, locators: &[Locator]) -> (BTreeSet<Member>, Result<(), Error>) {
        let mut members = BTreeSet::new();
        let mut result = Ok(());
        for locator in locators {
            let added = self.member(locator).and_then(|member| {
                if members.len() == FLOOD_FAN_OUT_MAX as usize && !members.contains(&member) {
                    return Err(floods::too_many_members());
                }
                members.insert(member);
                Ok(())
            });
            result = result.and(added);
        }
        (members, result)
    }

    fn member(&self, locator: &Locator) -> Result<Member, Error> {
        Ok(Member {
            target: self.tunnels.number(locator.remote)?,
            vni: own_vni(locator),
            vlan: 0,
            binding_slot: 0,
        })
    }
}

fn own_vni(locator: &Locator) -> u32 {
    locator.vni.map_or(0, model::Vni::get)
}
