//! The maps of an earlier process, found through the programs that it left on the devices of this network namespace.

use std::mem::size_of;

use aya::{
    maps::{Array, Map, MapData, MapInfo},
    programs::loaded_programs,
};

use crate::{
    bpffs::BpfFs,
    error::Error,
    layout::{
        Address, BfdSession, Binding, BindingCounters, BindingKey, DropKey, FloodKey, FloodList,
        FloodMember, FloodMemberKey, LAYOUT, LocalMac, LogicalSwitch, MacKey, MacLimit, MacScope,
        MacUsage, Neighbour, NeighbourKey, Origin, Port, PuntMeter, RemoteMac, Settings, Tunnel,
        Vtep,
        acl::{AclKey, AclList, AclRule},
    },
};

/// A map with the sizes of its keys and values.
pub type MapShape = (&'static str, usize, usize);

/// All maps that hold state.
pub const MAPS: [MapShape; 27] = [
    ("settings", 4, size_of::<Settings>()),
    ("ports", 4, size_of::<Port>()),
    ("bindings", size_of::<BindingKey>(), size_of::<Binding>()),
    ("switches", 4, size_of::<LogicalSwitch>()),
    ("vnis", 4, 4),
    ("local_macs", size_of::<MacKey>(), size_of::<LocalMac>()),
    ("mac_limits", size_of::<MacScope>(), size_of::<MacLimit>()),
    ("mac_usages", size_of::<MacScope>(), size_of::<MacUsage>()),
    ("remote_macs", size_of::<MacKey>(), size_of::<RemoteMac>()),
    (
        "neighbours",
        size_of::<NeighbourKey>(),
        size_of::<Neighbour>(),
    ),
    ("tunnels", 4, size_of::<Tunnel>()),
    ("vteps", size_of::<Address>(), size_of::<Vtep>()),
    ("origins", size_of::<Origin>(), 4),
    ("local_addresses", size_of::<Address>(), 4),
    ("flood_lists", size_of::<FloodKey>(), size_of::<FloodList>()),
    (
        "flood_members",
        size_of::<FloodMemberKey>(),
        size_of::<FloodMember>(),
    ),
    ("binding_counts", 4, size_of::<BindingCounters>()),
    ("drops", size_of::<DropKey>(), 8),
    ("events", 0, 0),
    ("tunnel_counts", 4, 8),
    (
        "bfd_sessions",
        size_of::<Address>(),
        size_of::<BfdSession>(),
    ),
    ("bfd_heartbeat", 4, 8),
    ("punts", 0, 0),
    ("punt_meters", 4, size_of::<PuntMeter>()),
    ("binding_acls", 4, 4),
    ("acls", size_of::<AclKey>(), size_of::<AclList>()),
    ("acl_rules", 4, size_of::<AclRule>()),
];

/// Pins the maps that a program holds, for the loader to take instead of new ones. Maps of another layout are left:
/// all of them then start empty.
pub fn pin_maps_of(program: u32, bpffs: &BpfFs) -> Result<(), Error> {
    let Some(info) = loaded_programs()
        .flatten()
        .find(|info| info.id() == program)
    else {
        return Ok(());
    };
    let ids = info.map_ids()?.unwrap_or_default();
    let mut found = Vec::new();
    for id in ids {
        let map = MapInfo::from_id(id)?;
        let shape = (
            map.name_as_str().unwrap_or_default(),
            map.key_size() as usize,
            map.value_size() as usize,
        );
        if let Some(known) = MAPS.iter().find(|known| known.0 == shape.0) {
            if *known != shape {
                return Ok(());
            }
            found.push((known.0, id));
        }
    }
    if found.len() < MAPS.len() || layout_of(&found)? != Some(LAYOUT) {
        return Ok(());
    }
    for (name, id) in found {
        let path = bpffs.path(name);
        MapData::from_id(id)?
            .pin(&path)
            .map_err(|error| Error::Bpf(format!("pin map {name}: {error}")))?;
    }
    Ok(())
}

/// The version that the process wrote which made the maps.
fn layout_of(found: &[(&str, u32)]) -> Result<Option<u32>, Error> {
    let Some((_, id)) = found.iter().find(|(name, _)| *name == "settings") else {
        return Ok(None);
    };
    let settings: Array<MapData, Settings> = Array::try_from(Map::Array(MapData::from_id(*id)?))?;
    Ok(Some(settings.get(&0, 0)?.layout))
}
