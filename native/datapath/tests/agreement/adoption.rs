//! What the kernel holds outlives the process that put it there, and nothing outlives its removal.

use aya::{
    Pod,
    maps::{HashMap, Map, MapData},
};
use datapath::{
    Mode,
    layout::{
        Address, Binding, BindingKey, FloodKey, FloodList, FloodMember, FloodMemberKey, LocalMac,
        MacKey, Neighbour, NeighbourKey, Origin, RemoteMac, Tunnel, Vtep,
        acl::{AclKey, AclList},
    },
};
use model::{DropReason, strategies::scenes};
use proptest::prop_assert_eq;

use crate::{agree_in, rig::Rig};

/// Loading the programs takes a while.
const TAKE_OVERS: u32 = 12;
const SEQUENCES: u32 = 24;

#[test]
fn the_next_process_finds_the_tables_and_counts_on() {
    let rig = Rig::new(Mode::Xdp);
    let cases = scenes(&rig.scope);
    agree_in(TAKE_OVERS, rig, &cases, |rig, tables| {
        let tables = rig.realizable(tables);
        rig.apply(&tables);
        let before = rig.counted();
        rig.reopen();
        rig.assert_applied();
        prop_assert_eq!(rig.counted(), before.clone());
        rig.remove_acls();
        for (key, entry) in tables.local_macs.iter() {
            let before = rig.counted();
            rig.teach(*key, entry.at);
            let moved = rig.counted().since(&before);
            let same_port = (Some(entry.at.port), DropReason::SamePort.name());
            prop_assert_eq!(moved.reasons, [(same_port, 1)].into());
            prop_assert_eq!(moved.bindings.keys().collect::<Vec<_>>(), [&entry.at]);
        }
        Ok(())
    });
}

#[test]
fn removing_everything_leaves_nothing_in_the_kernels_tables() {
    let rig = Rig::new(Mode::Tc);
    let cases = (scenes(&rig.scope), scenes(&rig.scope), 0..4_usize);
    agree_in(SEQUENCES, rig, &cases, |rig, (first, second, by)| {
        let (first, second) = (rig.realizable(first), rig.realizable(second));
        rig.apply(&first);
        rig.apply(&Rig::rotated(second, by));
        rig.apply(&model::Tables::new(&rig.scope.limits));
        let retired = rig.tables().retired();
        if let Some(lists) = retired {
            rig.tables().free_retired(lists).unwrap();
        }
        let mut maps = rig.maps();
        let mut count = |name: &str, count: fn(MapData) -> usize| count(maps.remove(name).unwrap());
        prop_assert_eq!(count("bindings", entries::<BindingKey, Binding>), 0);
        prop_assert_eq!(count("vnis", entries::<u32, u32>), 0);
        prop_assert_eq!(count("local_macs", entries::<MacKey, LocalMac>), 0);
        prop_assert_eq!(count("remote_macs", entries::<MacKey, RemoteMac>), 0);
        prop_assert_eq!(count("neighbours", entries::<NeighbourKey, Neighbour>), 0);
        prop_assert_eq!(count("tunnels", entries::<u32, Tunnel>), 0);
        prop_assert_eq!(count("vteps", entries::<Address, Vtep>), 0);
        prop_assert_eq!(count("origins", entries::<Origin, u32>), 0);
        prop_assert_eq!(count("local_addresses", entries::<Address, u32>), 0);
        prop_assert_eq!(count("acls", entries::<AclKey, AclList>), 0);
        prop_assert_eq!(count("flood_lists", entries::<FloodKey, FloodList>), 0);
        prop_assert_eq!(
            count("flood_members", entries::<FloodMemberKey, FloodMember>),
            0
        );
        Ok(())
    });
}

fn entries<K: Pod, V: Pod>(map: MapData) -> usize {
    let map = HashMap::<_, K, V>::try_from(Map::HashMap(map)).unwrap();
    map.keys().count()
}
