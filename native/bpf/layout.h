/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Keys and values of the pinned maps: one definition for tc and XDP, mirrored in datapath/src/layout.rs.
 * Both sides assert the same sizes and offsets at compile time; the loader compares the sizes again with the kernel's.
 */
#ifndef VTEP_LAYOUT_H
#define VTEP_LAYOUT_H

#include <linux/types.h>
#include <stddef.h>

/* A port and a VLAN on it; VLAN 0 stands for untagged and priority-tagged frames. */
struct binding_key {
	__u32 ifindex;
	__u32 vlan;
};

struct binding {
	__u32 switch_slot;
	__u32 slot; /* index into binding_counts */
};

struct logical_switch {
	__u8 id[16]; /* Logical_Switch UUID; all zero: the slot is free */
	__u32 vni;   /* 0: frames have the VNIs of the locators alone */
	__u32 flags; /* SWITCH_* */
};

#define SWITCH_ACTIVE 1u         /* the slot is taken, and frames of its bindings are forwarded */
#define SWITCH_FLOODS_TO_MACS 2u /* FLOOD_UNKNOWN is made of its remote MACs: no row says where unknown-dst is */

struct mac_key {
	__u32 switch_slot;
	__u8 mac[6];
	__u16 zero;
};

/* Where a local MAC is: one word, so that a move is one step for readers and for the counts. */
union place {
	struct {
		__u32 ifindex;
		__u16 vlan;
		__u16 binding_slot;
	};
	__u64 word;
};

struct local_mac {
	union place place;
	__u64 last_seen_ns; /* CLOCK_MONOTONIC, coarse; 0: to be forgotten at once */
	__u64 moved_ns;     /* when a move was last told */
};

#define ANY 0xffffffffu

/* Whose local MACs: a port's in a logical switch, a port's (ANY switch), a logical switch's (ANY port), or all. */
struct mac_scope {
	__u32 switch_slot;
	__u32 ifindex;
};

/* User space alone writes it. */
struct mac_limit {
	__u32 limit;   /* so many MACs at the most */
	__u32 reserve; /* the last of them are for ports that hold less than share */
	__u32 share;
	__u32 removed; /* MACs that user space has taken out of the table, ever */
};

/* The programs alone write it. A scope holds added - removed MACs. */
struct mac_usage {
	__u64 refused_ns; /* when a MAC was last refused for the limit, to REFUSED_INTERVAL_NS */
	__u32 added;      /* MACs made or moved here, less those that moved away */
	__u32 zero;
};

struct remote_mac {
	__u64 refused_ns; /* when this MAC was last reported on an access port */
	__u32 tunnel;
	__u32 vni; /* the locator's own; 0: that of the logical switch */
};

/* IPv4 addresses are stored v4-mapped, so that an IPv6 underlay needs no new map. */
struct address {
	__u8 bytes[16];
};

/* An address that the controller gave with a remote MAC. */
struct neighbour_key {
	__u32 switch_slot;
	struct address address;
};

struct neighbour {
	__u8 mac[6];
	__u16 zero;
};

#define TUNNEL_HEADER_MAX 80

struct tunnel {
	struct address remote;
	struct address local;
	__u32 inner_mtu; /* largest inner layer-3 packet, in bytes */
	__u32 ifindex;   /* underlay device with a resolved next hop; 0: the kernel routes it */
	__u32 flags;     /* TUNNEL_* */
	__u32 header_len;
	__u8 header[TUNNEL_HEADER_MAX]; /* outer headers; lengths, UDP source port and VNI are zero */
};

#define TUNNEL_XDP 1u /* the underlay device can be the target of an XDP redirect */

/* What is known of the sender of a tunnel packet. */
struct vtep {
	__u32 tunnel;
	__u32 flags; /* VTEP_* */
};

#define VTEP_OWN_VNIS 1u /* origins has entries of this tunnel */

/* Where a frame comes from whose VNI is that of a locator. */
struct origin {
	__u32 tunnel;
	__u32 vni;
};

struct port {
	__u32 flags; /* PORT_* */
};

#define PORT_XDP 1u /* the port can be the target of an XDP redirect */

/* The flood lists of a logical switch: its bindings, where frames to unknown destinations go beside them, and where
 * frames to one group go instead. */
struct flood_key {
	__u32 switch_slot;
	__u8 mac[6]; /* FLOOD_GROUP: the group; else zero */
	__u16 kind;  /* FLOOD_* */
};

#define FLOOD_PORTS 0u
#define FLOOD_UNKNOWN 1u
#define FLOOD_GROUP 2u

struct flood_list {
	__u32 number; /* another one for each version of each list */
	__u32 count;
};

struct flood_member_key {
	__u32 list;
	__u32 index;
};

struct flood_member {
	__u32 target; /* ifindex of a port, or tunnel */
	__u32 vni;    /* of a tunnel: the locator's own; 0: that of the logical switch */
	__u32 vlan;   /* of a port, as is binding_slot */
	__u32 binding_slot;
};

struct binding_counters {
	__u64 packets_from_local;
	__u64 bytes_from_local;
	__u64 packets_to_local;
	__u64 bytes_to_local;
};

struct drop_key {
	__u32 ifindex; /* 0: the overlay side */
	__u32 reason;
};

#define EVENT_LEARNED 1u
#define EVENT_MOVED 2u
#define EVENT_REFUSED 3u
#define EVENT_FULL 4u
/* Only while the programs are traced by the tests (const volatile tracing). */
#define EVENT_DROPPED 16u
#define EVENT_TO_PORT 17u
#define EVENT_TO_TUNNEL 18u

struct event {
	__u32 kind;
	__u32 switch_slot;
	__u32 ifindex;
	__u32 vlan;
	__u8 mac[6];
	__u16 zero;
	__u32 value; /* EVENT_DROPPED: reason; EVENT_TO_TUNNEL: tunnel */
};

#define PUNT_FRAME_MAX 96

/* A frame for user space. */
struct punt {
	struct address remote; /* outer source */
	__u64 received_ns;     /* CLOCK_MONOTONIC */
	__u32 vni;
	__u32 length; /* of frame; longer frames are cut */
	__u8 frame[PUNT_FRAME_MAX];
};

/* So many frames a second go to user space from one tunnel: five times what a session of 50 ms needs. One remote
 * VTEP must not fill the queue of all. */
#define PUNTS_PER_SECOND 100u

struct punt_meter {
	__u64 second_ns; /* when the second began, CLOCK_MONOTONIC */
	__u64 count;
};

#define BFD_FRAME_LENGTH 66
#define BFD_FORWARDING_IF_RX 1u
#define BFD_CPATH_DOWN 2u
#define BFD_CHECK_TNL_KEY 4u

/* A BFD session as its next daemon needs it (native/bfd). The programs look at answer_after_ns and at the frame only:
 * the frame is what is sent for the session while no daemon runs. */
struct bfd_session {
	__u64 answer_after_ns; /* how old the heartbeat has to be; 0: the session is not up */
	__u32 min_tx_us;       /* intervals in use */
	__u32 min_rx_us;
	__u32 remote_min_tx_us;
	__u32 remote_min_rx_us;
	__u32 config_min_tx_ms;
	__u32 config_min_rx_ms;
	__u32 config_decay_min_rx_ms;
	__u32 config_flags; /* BFD_* */
	__u8 local_ip[4];   /* inner addresses, as configured */
	__u8 remote_ip[4];
	__u8 local_mac[6];
	__u8 remote_mac[6];
	__u8 state;
	__u8 diagnostic;
	__u8 remote_state;
	__u8 remote_diagnostic;
	__u8 remote_multiplier;
	__u8 remote_is_demand;
	__u8 zero[2];
	__u32 discriminator;
	__u32 remote_discriminator;
	__u8 frame[BFD_FRAME_LENGTH];
	__u8 pad[2];
};

struct settings {
	__u32 vxlan_ifindex; /* the collect-metadata VXLAN device */
	__u32 layout;        /* version of this layout: maps of another one are not adopted */
};

#define BINDINGS_MAX 32768
#define SWITCHES_MAX 8192
#define LOCAL_MACS_MAX 65536
/* Every binding may be the only one of its port in its logical switch. */
#define MAC_SCOPES_MAX (BINDINGS_MAX + SWITCHES_MAX + PORTS_MAX + 1)
#define REMOTE_MACS_MAX 262144
#define NEIGHBOURS_MAX 262144
#define TUNNELS_MAX 8192
#define PORTS_MAX 256
#define ORIGINS_MAX 65536
#define FLOOD_LISTS_MAX 65536
#define FLOOD_MEMBERS_MAX 262144
#define FLOOD_FAN_OUT_MAX 1024
#define BFD_SESSIONS_MAX 1024

_Static_assert(sizeof(struct binding_key) == 8, "binding_key");
_Static_assert(sizeof(struct binding) == 8, "binding");
_Static_assert(sizeof(struct logical_switch) == 24 && offsetof(struct logical_switch, vni) == 16, "logical_switch");
_Static_assert(sizeof(struct mac_key) == 12 && offsetof(struct mac_key, mac) == 4, "mac_key");
_Static_assert(sizeof(union place) == 8 && offsetof(union place, binding_slot) == 6, "place");
_Static_assert(sizeof(struct local_mac) == 24 && offsetof(struct local_mac, last_seen_ns) == 8, "local_mac");
_Static_assert(sizeof(struct mac_scope) == 8, "mac_scope");
_Static_assert(sizeof(struct mac_limit) == 16 && offsetof(struct mac_limit, removed) == 12, "mac_limit");
_Static_assert(sizeof(struct mac_usage) == 16 && offsetof(struct mac_usage, added) == 8, "mac_usage");
_Static_assert(BINDINGS_MAX <= 0x10000, "union place holds a binding slot in 16 bits");
_Static_assert(sizeof(struct remote_mac) == 16 && offsetof(struct remote_mac, tunnel) == 8, "remote_mac");
_Static_assert(sizeof(struct neighbour_key) == 20 && offsetof(struct neighbour_key, address) == 4, "neighbour_key");
_Static_assert(sizeof(struct neighbour) == 8, "neighbour");
_Static_assert(sizeof(struct tunnel) == 128 && offsetof(struct tunnel, header) == 48, "tunnel");
_Static_assert(sizeof(struct vtep) == 8, "vtep");
_Static_assert(sizeof(struct origin) == 8, "origin");
_Static_assert(sizeof(struct flood_key) == 12 && offsetof(struct flood_key, kind) == 10, "flood_key");
_Static_assert(sizeof(struct flood_list) == 8, "flood_list");
_Static_assert(sizeof(struct flood_member_key) == 8, "flood_member_key");
_Static_assert(sizeof(struct flood_member) == 16, "flood_member");
_Static_assert(sizeof(struct binding_counters) == 32, "binding_counters");
_Static_assert(sizeof(struct event) == 28 && offsetof(struct event, value) == 24, "event");
_Static_assert(sizeof(struct punt) == 128 && offsetof(struct punt, frame) == 32, "punt");
_Static_assert(sizeof(struct punt_meter) == 16, "punt_meter");
_Static_assert(sizeof(struct bfd_session) == 144 && offsetof(struct bfd_session, frame) == 76, "bfd_session");

#endif
