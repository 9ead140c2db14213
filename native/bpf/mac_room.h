/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* How many MACs may be learned, and how many are. The counts are written when an entry is made or moves, never while a
 * limit refuses one. */
#ifndef VTEP_MAC_ROOM_H
#define VTEP_MAC_ROOM_H

#include <linux/errno.h>

#include "counters.h"

#define FULL_INTERVAL_NS 1000000000ull

struct mac_room {
	struct mac_limit *port_limit, *switch_limit, *table_limit, *own_limit;
	struct mac_usage *port_usage, *switch_usage, *table_usage, *own_usage; /* own: of the port in the switch */
};

static __always_inline __u32 held(const struct mac_usage *usage, const struct mac_limit *limit)
{
	return *(const volatile __u32 *)&usage->added - limit->removed;
}

/* How far this port may let a scope grow: the reserve is for ports that hold less than their share. */
static __always_inline __u32 bound(const struct mac_limit *limit, __u32 held_by_port)
{
	return held_by_port < limit->share ? limit->limit : limit->limit - limit->reserve;
}

/* Returns whether the binding is one that may learn: user space makes its scopes before it and removes them after. */
static __always_inline int find_scopes(struct mac_room *room, __u32 switch_slot, __u32 ifindex)
{
	struct mac_scope scope = {.switch_slot = switch_slot, .ifindex = ifindex};

	room->own_limit = bpf_map_lookup_elem(&mac_limits, &scope);
	room->own_usage = bpf_map_lookup_elem(&mac_usages, &scope);
	scope.switch_slot = ANY;
	room->port_limit = bpf_map_lookup_elem(&mac_limits, &scope);
	room->port_usage = bpf_map_lookup_elem(&mac_usages, &scope);
	scope.ifindex = ANY;
	room->table_limit = bpf_map_lookup_elem(&mac_limits, &scope);
	room->table_usage = bpf_map_lookup_elem(&mac_usages, &scope);
	scope.switch_slot = switch_slot;
	room->switch_limit = bpf_map_lookup_elem(&mac_limits, &scope);
	room->switch_usage = bpf_map_lookup_elem(&mac_usages, &scope);
	return room->own_limit && room->own_usage && room->port_limit && room->port_usage && room->table_limit &&
	       room->table_usage && room->switch_limit && room->switch_usage;
}

/* Takes one place; gives it back where others have taken the last one at the same time. */
static __always_inline int claim(struct mac_usage *usage, const struct mac_limit *limit, __u32 most)
{
	if (held(usage, limit) >= most)
		return 0;
	if (__sync_fetch_and_add(&usage->added, 1) - limit->removed < most)
		return 1;
	__sync_fetch_and_add(&usage->added, -1);
	return 0;
}

static __always_inline int claim_port(struct mac_room *room)
{
	return claim(room->port_usage, room->port_limit, room->port_limit->limit);
}

static __always_inline void leave_room(struct mac_room *room)
{
	__sync_fetch_and_add(&room->own_usage->added, -1);
	__sync_fetch_and_add(&room->port_usage->added, -1);
	__sync_fetch_and_add(&room->switch_usage->added, -1);
	__sync_fetch_and_add(&room->table_usage->added, -1);
}

/* Takes a place for one more MAC in all scopes; returns 0, or the note of the limit that refuses it. */
static __always_inline __u32 claim_room(struct mac_room *room)
{
	__u32 own = held(room->own_usage, room->own_limit), port = held(room->port_usage, room->port_limit);
	__u32 in_switch = bound(room->switch_limit, own), in_table = bound(room->table_limit, port);

	/* All are looked at before one is written: while there is no room, frames write nothing. */
	if (port >= room->port_limit->limit)
		return NOTE_LEARN_PORT_FULL;
	if (held(room->switch_usage, room->switch_limit) >= in_switch)
		return NOTE_LEARN_SWITCH_FULL;
	if (held(room->table_usage, room->table_limit) >= in_table)
		return NOTE_LEARN_TABLE_FULL;
	if (!claim_port(room))
		return NOTE_LEARN_PORT_FULL;
	__sync_fetch_and_add(&room->own_usage->added, 1);
	if (claim(room->switch_usage, room->switch_limit, in_switch)) {
		if (claim(room->table_usage, room->table_limit, in_table))
			return 0;
		__sync_fetch_and_add(&room->switch_usage->added, -1);
		__sync_fetch_and_add(&room->port_usage->added, -1);
		__sync_fetch_and_add(&room->own_usage->added, -1);
		return NOTE_LEARN_TABLE_FULL;
	}
	__sync_fetch_and_add(&room->port_usage->added, -1);
	__sync_fetch_and_add(&room->own_usage->added, -1);
	return NOTE_LEARN_SWITCH_FULL;
}

/* A MAC that came from another port of the logical switch, where it is counted no more. */
static __always_inline void leave_port(__u32 switch_slot, __u32 ifindex)
{
	struct mac_scope scope = {.switch_slot = switch_slot, .ifindex = ifindex};
	struct mac_usage *usage = bpf_map_lookup_elem(&mac_usages, &scope);

	if (usage)
		__sync_fetch_and_add(&usage->added, -1);
	scope.switch_slot = ANY;
	usage = bpf_map_lookup_elem(&mac_usages, &scope);
	if (usage)
		__sync_fetch_and_add(&usage->added, -1);
}

/* Says once in a while that there is no room: user space makes some where it can. */
static __always_inline void tell_full(struct mac_room *room, __u32 note, const struct mac_key *source, union place here,
				      __u64 now)
{
	struct mac_usage *usage = room->table_usage;

	if (note == NOTE_LEARN_PORT_FULL)
		usage = room->port_usage;
	else if (note == NOTE_LEARN_SWITCH_FULL)
		usage = room->switch_usage;
	if (usage->refused_ns && now - usage->refused_ns < FULL_INTERVAL_NS)
		return;
	usage->refused_ns = now;
	tell(EVENT_FULL, source->switch_slot, here.ifindex, here.vlan, source->mac, note);
}

#endif
