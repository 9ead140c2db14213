//! Logical switches, their VNIs and their flood lists.

use std::collections::{BTreeSet, HashMap};

use aya::{
    Ebpf,
    maps::{Array, MapData},
};
use model::SwitchId;

use crate::{
    error::Error,
    layout::{
        FLOOD_FAN_OUT_MAX, FLOOD_PORT, FLOOD_TUNNEL, FloodKey, FloodMember, LogicalSwitch,
        SWITCHES_MAX,
    },
    table::{Table, take},
};

/// A member of a flood list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Member {
    /// A binding.
    Port {
        /// The port's interface index.
        ifindex: u32,
        /// VLAN of the binding.
        vlan: u32,
        /// Where the binding counts.
        binding_slot: u32,
    },
    /// A tunnel, by its number.
    Tunnel(u32),
}

struct Switch {
    slot: u32,
    vni: u32,
    flood_generation: u32,
    flood_count: u32,
    members: BTreeSet<Member>,
}

/// The tables of logical switches.
pub struct Switches {
    by_id: HashMap<SwitchId, Switch>,
    by_slot: HashMap<u32, SwitchId>,
    table: Array<MapData, LogicalSwitch>,
    vnis: Table<u32, u32>,
    flood_members: Table<FloodKey, FloodMember>,
}

impl Switches {
    /// Opens the tables and reads back what they hold.
    pub fn adopt(ebpf: &mut Ebpf) -> Result<Self, Error> {
        let mut this = Self {
            by_id: HashMap::new(),
            by_slot: HashMap::new(),
            table: Array::try_from(take(ebpf, "switches")?)?,
            vnis: Table::take(ebpf, "vnis", "VNIs", SWITCHES_MAX)?,
            flood_members: Table::take(
                ebpf,
                "flood_members",
                "flood list members",
                crate::layout::FLOOD_MEMBERS_MAX,
            )?,
        };
        for (slot, entry) in (0..).zip(this.table.iter()) {
            let entry = entry?;
            if entry != LogicalSwitch::default() {
                let id = SwitchId::new(u128::from_be_bytes(entry.id));
                this.by_slot.insert(slot, id);
                this.by_id.insert(
                    id,
                    Switch {
                        slot,
                        vni: entry.vni,
                        flood_generation: entry.flood_generation,
                        flood_count: entry.flood_count,
                        members: BTreeSet::new(),
                    },
                );
            }
        }
        this.adopt_flood_lists()?;
        Ok(this)
    }

    /// Reads the lists back; what belongs to no list (left by a process that was killed while it wrote one) goes.
    fn adopt_flood_lists(&mut self) -> Result<(), Error> {
        for (key, member) in self.flood_members.entries()? {
            let switch = self
                .by_slot
                .get(&key.switch_slot)
                .and_then(|id| self.by_id.get_mut(id));
            match switch {
                Some(switch)
                    if switch.flood_generation == key.generation
                        && key.index < switch.flood_count =>
                {
                    switch.members.insert(Member::from_entry(member));
                }
                _ => self.flood_members.remove(&key)?,
            }
        }
        Ok(())
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

    /// All switches with their VNIs.
    pub fn entries(&self) -> impl Iterator<Item = (SwitchId, u32)> + '_ {
        self.by_id.iter().map(|(id, switch)| (*id, switch.vni))
    }

    /// Adds a switch or changes its VNI. The new VNI is accepted before frames are sent with it, and the old one
    /// until after.
    pub fn put(&mut self, id: SwitchId, vni: u32) -> Result<(), Error> {
        if !(1..1 << 24).contains(&vni) {
            return Err(Error::Invalid(format!("VNI {vni} is not in 1..16777215")));
        }
        let old = self.by_id.get(&id).map(|switch| (switch.slot, switch.vni));
        let slot = match old {
            Some((slot, _)) => slot,
            None => self.free_slot()?,
        };
        self.vnis.put(vni, slot)?;
        let switch = self.by_id.entry(id).or_insert_with(|| Switch {
            slot,
            vni,
            flood_generation: 0,
            flood_count: 0,
            members: BTreeSet::new(),
        });
        switch.vni = vni;
        self.by_slot.insert(slot, id);
        self.write(id)?;
        match old {
            Some((_, old_vni)) if old_vni != vni => self.forget_vni(old_vni, slot),
            _ => Ok(()),
        }
    }

    /// Removes a switch with its VNI and its flood list. Bindings and MACs must be gone.
    pub fn remove(&mut self, id: SwitchId) -> Result<(), Error> {
        let Some(switch) = self.by_id.get(&id) else {
            return Ok(());
        };
        let (slot, vni, generation, count) = (
            switch.slot,
            switch.vni,
            switch.flood_generation,
            switch.flood_count,
        );
        self.forget_vni(vni, slot)?;
        self.table.set(slot, LogicalSwitch::default(), 0)?;
        self.forget_list(slot, generation, count)?;
        self.by_slot.remove(&slot);
        self.by_id.remove(&id);
        Ok(())
    }

    /// The tunnels of a switch's flood list.
    pub fn flood_tunnels(&self, id: SwitchId) -> impl Iterator<Item = u32> + '_ {
        self.by_id
            .get(&id)
            .into_iter()
            .flat_map(|switch| &switch.members)
            .filter_map(|member| match member {
                Member::Tunnel(tunnel) => Some(*tunnel),
                Member::Port { .. } => None,
            })
    }

    /// Replaces the tunnels of a switch's flood list; its bindings stay.
    pub fn put_flood_tunnels(&mut self, id: SwitchId, tunnels: &[u32]) -> Result<(), Error> {
        let mut members = self.members(id)?;
        members.retain(|member| matches!(member, Member::Port { .. }));
        members.extend(tunnels.iter().map(|tunnel| Member::Tunnel(*tunnel)));
        self.replace_members(id, members)
    }

    /// Adds a binding to a switch's flood list.
    pub fn add_flood_port(&mut self, id: SwitchId, port: Member) -> Result<(), Error> {
        let mut members = self.members(id)?;
        members.insert(port);
        self.replace_members(id, members)
    }

    /// Takes a binding out of a switch's flood list.
    pub fn remove_flood_port(&mut self, id: SwitchId, port: Member) -> Result<(), Error> {
        let Ok(mut members) = self.members(id) else {
            return Ok(());
        };
        members.remove(&port);
        self.replace_members(id, members)
    }

    /// Whether any flood list names a tunnel.
    pub fn is_flooded_to(&self, tunnel: u32) -> bool {
        self.by_id
            .values()
            .any(|switch| switch.members.contains(&Member::Tunnel(tunnel)))
    }

    fn members(&self, id: SwitchId) -> Result<BTreeSet<Member>, Error> {
        let switch = self
            .by_id
            .get(&id)
            .ok_or_else(|| Error::NoSuchSwitch(id.to_string()))?;
        Ok(switch.members.clone())
    }

    /// Writes the new list beside the old one, points the switch at it, and only then removes the old one.
    fn replace_members(&mut self, id: SwitchId, members: BTreeSet<Member>) -> Result<(), Error> {
        let count = u32::try_from(members.len()).unwrap_or(u32::MAX);
        if count > FLOOD_FAN_OUT_MAX {
            return Err(Error::TableFull {
                table: "members of one flood list",
                limit: FLOOD_FAN_OUT_MAX,
            });
        }
        let Some(switch) = self.by_id.get_mut(&id) else {
            return Err(Error::NoSuchSwitch(id.to_string()));
        };
        if switch.members == members {
            return Ok(());
        }
        let slot = switch.slot;
        let (old_generation, old_count) = (switch.flood_generation, switch.flood_count);
        let generation = old_generation.wrapping_add(1);
        for (index, member) in (0..).zip(&members) {
            let key = FloodKey {
                switch_slot: slot,
                generation,
                index,
            };
            if let Err(error) = self.flood_members.put(key, member.to_entry()) {
                self.forget_list(slot, generation, index)?;
                return Err(error);
            }
        }
        switch.flood_generation = generation;
        switch.flood_count = count;
        switch.members = members;
        self.write(id)?;
        self.forget_list(slot, old_generation, old_count)
    }

    fn write(&mut self, id: SwitchId) -> Result<(), Error> {
        let Some(switch) = self.by_id.get(&id) else {
            return Ok(());
        };
        let entry = LogicalSwitch {
            id: id.get().to_be_bytes(),
            vni: switch.vni,
            flood_count: switch.flood_count,
            flood_generation: switch.flood_generation,
            reserved: 0,
        };
        Ok(self.table.set(switch.slot, entry, 0)?)
    }

    fn forget_list(&mut self, slot: u32, generation: u32, count: u32) -> Result<(), Error> {
        for index in 0..count {
            self.flood_members.remove(&FloodKey {
                switch_slot: slot,
                generation,
                index,
            })?;
        }
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

    fn free_slot(&self) -> Result<u32, Error> {
        (0..SWITCHES_MAX)
            .find(|slot| !self.by_slot.contains_key(slot))
            .ok_or(Error::TableFull {
                table: "logical switches",
                limit: SWITCHES_MAX,
            })
    }
}

impl Member {
    const fn to_entry(self) -> FloodMember {
        match self {
            Self::Port {
                ifindex,
                vlan,
                binding_slot,
            } => FloodMember {
                kind: FLOOD_PORT,
                target: ifindex,
                vlan,
                binding_slot,
            },
            Self::Tunnel(tunnel) => FloodMember {
                kind: FLOOD_TUNNEL,
                target: tunnel,
                vlan: 0,
                binding_slot: 0,
            },
        }
    }

    const fn from_entry(entry: FloodMember) -> Self {
        match entry.kind {
            FLOOD_PORT => Self::Port {
                ifindex: entry.target,
                vlan: entry.vlan,
                binding_slot: entry.binding_slot,
            },
            _ => Self::Tunnel(entry.target),
        }
    }
}
