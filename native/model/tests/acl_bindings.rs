//! Where the ACLs of bindings stand in the way of a frame.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(dead_code, reason = "each test file uses a part of the site")]

mod site;

use model::acl::{Action, Rule};
use model::{
    AclKey, Direction, Mac, Origin, Shortcut, Tables, process_access, process_access_xdp,
    process_overlay,
};
use site::{
    BROADCAST, NEWCOMER, NOW, REMOTE_1, SERVER_1, SERVER_2, VM_1, binding, frame, port, site, tell,
    vni,
};

const DENY: Rule = Rule::new(Action::Deny);
const TAG_100: [u8; 4] = [0x81, 0x00, 0x00, 100];

fn with(lists: &[(u32, u16, Direction, Rule)]) -> Tables {
    let mut tables = site();
    for &(port, vlan, direction, rule) in lists {
        let at = binding(port, vlan);
        let key = AclKey {
            port: at.port,
            vlan: at.vlan,
            direction,
        };
        tables.acls.insert(key, vec![rule]).unwrap();
    }
    tables
}

fn told(tables: &Tables, ingress: u32, bytes: &[u8]) -> String {
    tell(&process_access(tables, port(ingress), bytes.into(), NOW))
}

#[test]
fn a_denied_frame_is_not_learned_and_not_counted_as_received() {
    let tables = with(&[(11, 0, Direction::Ingress, DENY)]);
    assert_eq!(
        told(&tables, 11, &frame(VM_1, NEWCOMER, &[], 60)),
        "drop acl_denied"
    );
}

#[test]
fn the_list_of_a_port_is_for_every_tag() {
    let tables = with(&[(12, 0, Direction::Ingress, DENY)]);
    assert_eq!(
        told(&tables, 12, &frame(VM_1, SERVER_2, &TAG_100, 64)),
        "drop acl_denied"
    );
}

#[test]
fn the_list_of_a_vlan_is_for_that_tag_alone() {
    let tables = with(&[
        (11, 7, Direction::Ingress, DENY),
        (12, 7, Direction::Ingress, DENY),
    ]);
    assert_eq!(
        told(&tables, 12, &frame(SERVER_1, SERVER_2, &TAG_100, 64)),
        "refresh 02:00:00:00:00:02, count 12/100 60, to 11/0 60"
    );
    assert_eq!(
        told(
            &tables,
            11,
            &frame(BROADCAST, SERVER_1, &[0x81, 0x00, 0x00, 7], 64)
        ),
        "drop acl_denied"
    );
}

#[test]
fn both_lists_must_permit() {
    let of = |mac| Rule {
        source_mac: Some(Mac::new(mac)),
        ..DENY
    };
    let tables = with(&[
        (12, 0, Direction::Ingress, of(SERVER_2)),
        (12, 100, Direction::Ingress, of(NEWCOMER)),
    ]);
    for mac in [SERVER_2, NEWCOMER] {
        assert_eq!(
            told(&tables, 12, &frame(VM_1, mac, &TAG_100, 64)),
            "drop acl_denied"
        );
    }
}

#[test]
fn local_switching_is_judged_on_both_ends() {
    let egress = with(&[(12, 100, Direction::Egress, DENY)]);
    assert_eq!(
        told(&egress, 11, &frame(SERVER_2, SERVER_1, &[], 60)),
        "refresh 02:00:00:00:00:01, count 11/0 60, drop acl_denied"
    );
    let ingress = with(&[(12, 100, Direction::Ingress, DENY)]);
    assert_eq!(
        told(&ingress, 11, &frame(SERVER_2, SERVER_1, &[], 60)),
        "refresh 02:00:00:00:00:01, count 11/0 60, to 12/100 64"
    );
}

#[test]
fn each_copy_of_a_flooded_frame_is_judged_where_it_leaves() {
    let tables = with(&[(12, 100, Direction::Egress, DENY)]);
    assert_eq!(
        told(&tables, 11, &frame(BROADCAST, SERVER_1, &[], 60)),
        "refresh 02:00:00:00:00:01, count 11/0 60, drop acl_denied, to 13/0 60, \
         to 198.51.100.1 vni 5001 60, to 198.51.100.2 vni 5001 60"
    );
}

#[test]
fn frames_from_tunnels_are_judged_where_they_leave() {
    let tables = with(&[(11, 0, Direction::Egress, DENY)]);
    let origin = Origin {
        vni: vni(5001),
        remote: REMOTE_1.into(),
    };
    let known = frame(SERVER_1, VM_1, &[], 60);
    assert_eq!(
        tell(&process_overlay(&tables, origin, known.as_slice().into())),
        "drop acl_denied"
    );
    let unknown = frame(BROADCAST, VM_1, &[], 60);
    assert_eq!(
        tell(&process_overlay(&tables, origin, unknown.as_slice().into())),
        "drop acl_denied, to 12/100 64, to 13/0 60"
    );
}

#[test]
fn the_shortcut_leaves_denied_frames_to_tc() {
    let bytes = frame(VM_1, SERVER_1, &[], 60);
    let taken = |tables: &Tables| {
        let shortcut = process_access_xdp(tables, port(11), bytes.as_slice().into(), NOW);
        shortcut != Shortcut::Pass
    };
    assert!(taken(&site()));
    assert!(!taken(&with(&[(11, 0, Direction::Ingress, DENY)])));
    assert!(taken(&with(&[(11, 0, Direction::Egress, DENY)])));
}
