//! Logical switches and their VNIs.

use std::collections::HashMap;

use aya::{
    Ebpf,
    maps::{Array, MapData},
};
use model::SwitchId;

use crate::{
    error::Error,
    layout::{LogicalSwitch, SWITCH_ACTIVE, SWITCH_FLOODS_TO_MACS, SWITCHES_MAX},
    table::{Table, take},
};

/// The VNI is 0 where the locators' own are all there is.
#[derive(Clone, Copy)]
struct Switch {
    slot: u32,
    vni: u32,
    floods_to_macs: bool,
    is_stopped: bool,
}

/// A switch that is being put.
struct Change {
    id: SwitchId,
    slot: u32,
    vni: u32,
    old_vni: u32,
}

/// The tables of logical switches.
pub struct Switches {
    by_id: HashMap<SwitchId, Switch>,
    by_slot: HashMap<u32, SwitchId>,
    /// All slots below are taken.
    lowest_free: u32,
    table: Array<MapData, LogicalSwitch>,
    vnis: Table<u32, u32>,
}

impl Switches {
    /// Opens the tables and reads back what they hold.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let mut this = Self {
            by_id: HashMap::new(),
            by_slot: HashMap::new(),
            lowest_free: 0,
            table: Array::try_from(take(ebpf, "switches")?)?,
            vnis: Table::take(ebpf, "vnis", "VNIs", SWITCHES_MAX)?,
        };
        for (slot, entry) in (0..).zip(this.table.iter()) {
            let entry = entry?;
            if entry != LogicalSwitch::default() {
                let id = SwitchId::new(u128::from_be_bytes(entry.id));
                this.by_slot.insert(slot, id);
                let switch = Switch {
                    slot,
                    vni: entry.vni,
                    floods_to_macs: entry.flags & SWITCH_FLOODS_TO_MACS != 0,
                    is_stopped: entry.flags & SWITCH_ACTIVE == 0,
                };
                this.by_id.insert(id, switch);
            }
        }
        Ok(this)
    }

    /// The slot of a switch.
    pub fn slot(&self, id: SwitchId) -> Result<u32, Error> {
        self.by_id
            .get(&id)
            .map(|switch| switch.slot)
            .ok_or_else(|| Error::NoSuchSwitch(id.to_string()))
    }

    /// The switch in a slot.
    pub fn id(&self, slot: u32) -> Option<SwitchId> {
        self.by_slot.get(&slot).copied()
    }

    /// All switches with their VNIs, where they have one.
    pub fn entries(&self) -> impl Iterator<Item = (SwitchId, Option<u32>)> + '_ {
        self.by_id
            .iter()
            .map(|(id, switch)| (*id, Some(switch.vni).filter(|vni| *vni != 0)))
    }

    /// Adds switches or changes their VNIs; `None` leaves one the VNIs of its locators. The new VNIs of all are accepted before
    /// frames are sent with them, and the old ones until after: two that trade theirs lose no frame. One that found no room
    /// beside the old VNIs of others finds it the next time.
    pub fn put(&mut self, specs: &[(SwitchId, Option<u32>)]) -> Vec<Result<(), Error>> {
        let accepted: Vec<_> = specs
            .iter()
            .map(|(id, vni)| self.accept(*id, *vni))
            .collect();
        let sent: Vec<_> = accepted
            .into_iter()
            .map(|change| change.and_then(|change| self.send(&change).map(|()| change)))
            .collect();
        sent.into_iter()
            .map(|change| change.and_then(|change| self.forget_old(&change)))
            .collect()
    }

    fn accept(&mut self, id: SwitchId, vni: Option<u32>) -> Result<Change, Error> {
        if let Some(vni) = vni.filter(|vni| !(1..1 << 24).contains(vni)) {
            return Err(Error::Invalid(format!("VNI {vni} is not in 1..16777215")));
        }
        let old = self.by_id.get(&id).copied();
        let slot = match old {
            Some(old) => old.slot,
            None => self.free_slot()?,
        };
        if let Some(vni) = vni {
            self.vnis.put(vni, slot)?;
        }
        self.by_slot.insert(slot, id);
        let old = old.unwrap_or(Switch {
            slot,
            vni: 0,
            floods_to_macs: false,
            is_stopped: false,
        });
        self.by_id.insert(id, old);
        let vni = vni.unwrap_or(0);
        Ok(Change {
            id,
            slot,
            vni,
            old_vni: old.vni,
        })
    }

    fn send(&mut self, change: &Change) -> Result<(), Error> {
        let switch = Switch {
            slot: change.slot,
            vni: change.vni,
            floods_to_macs: self.floods_to_macs(change.id),
            is_stopped: false,
        };
        self.write(change.id, switch)
    }

    fn forget_old(&mut self, change: &Change) -> Result<(), Error> {
        if change.old_vni == change.vni {
            return Ok(());
        }
        self.forget_vni(change.old_vni, change.slot)
    }

    /// Whether the list for unknown destinations is made of remote MACs.
    pub fn floods_to_macs(&self, id: SwitchId) -> bool {
        let switch = self.by_id.get(&id);
        switch.is_some_and(|switch| switch.floods_to_macs)
    }

    /// Says whether it is.
    pub fn set_floods_to_macs(&mut self, id: SwitchId, floods_to_macs: bool) -> Result<(), Error> {
        match self.by_id.get(&id).copied() {
            Some(old) if old.floods_to_macs != floods_to_macs => {
                let switch = Switch {
                    floods_to_macs,
                    ..old
                };
                self.write(id, switch)
            }
            _ => Ok(()),
        }
    }

    /// Nothing is forwarded in a switch from now on, in neither direction.
    pub fn stop(&mut self, id: SwitchId) -> Result<(), Error> {
        let Some(&switch) = self.by_id.get(&id) else {
            return Ok(());
        };
        self.write(
            id,
            Switch {
                is_stopped: true,
                ..switch
            },
        )?;
        self.forget_vni(switch.vni, switch.slot)
    }

    /// Undoes [`Self::stop`].
    pub fn resume(&mut self, id: SwitchId) -> Result<(), Error> {
        match self.by_id.get(&id) {
            Some(switch) => {
                let vni = Some(switch.vni).filter(|vni| *vni != 0);
                self.put(&[(id, vni)]).into_iter().collect()
            }
            None => Ok(()),
        }
    }

    /// The switches that an earlier process stopped and did not remove.
    pub fn stopped(&self) -> Vec<SwitchId> {
        let switches = self.by_id.iter();
        switches
            .filter(|(_, switch)| switch.is_stopped)
            .map(|(id, _)| *id)
            .collect()
    }

    /// Removes a switch with its VNI. What refers to it must be gone.
    pub fn remove(&mut self, id: SwitchId) -> Result<(), Error> {
        let Some(&Switch { slot, vni, .. }) = self.by_id.get(&id) else {
            return Ok(());
        };
        self.forget_vni(vni, slot)?;
        self.table.set(slot, LogicalSwitch::default(), 0)?;
        self.lowest_free = self.lowest_free.min(slot);
        self.by_slot.remove(&slot);
        self.by_id.remove(&id);
        Ok(())
    }

    fn write(&mut self, id: SwitchId, switch: Switch) -> Result<(), Error> {
        let mut entry = LogicalSwitch::active(id, switch.vni, switch.floods_to_macs);
        if switch.is_stopped {
            entry.flags &= !SWITCH_ACTIVE;
        }
        self.table.set(switch.slot, entry, 0)?;
        self.by_id.insert(id, switch);
        Ok(())
    }

    /// Another switch may have been given the VNI meanwhile.
    fn forget_vni(&mut self, vni: u32, slot: u32) -> Result<(), Error> {
        if self.vnis.get(&vni)? == Some(slot) {
            self.vnis.remove(&vni)
        } else {
            Ok(())
        }
    }

    fn free_slot(&mut self) -> Result<u32, Error> {
        let free = (self.lowest_free..SWITCHES_MAX).find(|slot| !self.by_slot.contains_key(slot));
        self.lowest_free = free.unwrap_or(SWITCHES_MAX);
        free.ok_or(Error::TableFull {
            table: "logical switches",
            limit: SWITCHES_MAX,
        })
    }
}
