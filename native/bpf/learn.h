/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Learning. Only access ports learn; remote MACs are the controller's. */
#ifndef VTEP_LEARN_H
#define VTEP_LEARN_H

#include "counters.h"
#include "fdb.h"
#include "mac_room.h"

#define REFUSED_INTERVAL_NS 10000000000ull
#define MOVED_INTERVAL_NS 1000000000ull

static __always_inline void add_mac(const struct mac_key *source, union place here, __u64 now, __u32 packets)
{
	struct local_mac entry = {.place = here, .last_seen_ns = now};
	struct mac_room room;
	__u32 note;
	long error;

	if (!find_scopes(&room, source->switch_slot, here.ifindex))
		return;
	note = claim_room(&room);
	if (note) {
		count_reason(here.ifindex, note, packets);
		tell_full(&room, note, source, here, now);
		return;
	}
	error = bpf_map_update_elem(&local_macs, source, &entry, BPF_NOEXIST);
	if (!error) {
		tell(EVENT_LEARNED, source->switch_slot, here.ifindex, here.vlan, source->mac, 0);
		return;
	}
	leave_room(&room);
	/* Another processor may have learned the MAC at the same time. */
	if (error != -EEXIST)
		count_reason(here.ifindex, NOTE_LEARN_TABLE_FULL, packets);
}

/* To another port. Returns whether the MAC is there now. */
static __always_inline int change_port(struct local_mac *known, const struct mac_key *source, union place from,
				       union place here, __u64 now, __u32 packets)
{
	struct mac_room room;

	if (!find_scopes(&room, source->switch_slot, here.ifindex))
		return 0;
	if (!claim_port(&room)) {
		/* It is not where it was: rather nowhere, once user space has forgotten it, and frames to it go to
		 * everybody. */
		known->last_seen_ns = 0;
		count_reason(here.ifindex, NOTE_LEARN_PORT_FULL, packets);
		tell_full(&room, NOTE_LEARN_PORT_FULL, source, here, now);
		return 0;
	}
	/* Of several processors that see the MAC at different ports one moves it from here, and counts that. */
	if (__sync_val_compare_and_swap(&known->place.word, from.word, here.word) != from.word) {
		__sync_fetch_and_add(&room.port_usage->added, -1);
		return 0;
	}
	__sync_fetch_and_add(&room.own_usage->added, 1);
	leave_port(source->switch_slot, from.ifindex);
	return 1;
}

static __always_inline void move_mac(struct local_mac *known, const struct mac_key *source, union place from,
				     union place here, __u64 now, __u32 packets)
{
	if (from.ifindex != here.ifindex) {
		if (!change_port(known, source, from, here, now, packets))
			return;
	} else if (__sync_val_compare_and_swap(&known->place.word, from.word, here.word) != from.word) {
		return;
	}
	known->last_seen_ns = now;
	count_reason(here.ifindex, NOTE_MAC_MOVED, packets);
	/* A MAC that flaps is told of once in a while; where it is then, user space finds in the table. */
	if (known->moved_ns && now - known->moved_ns < MOVED_INTERVAL_NS)
		return;
	known->moved_ns = now;
	tell(EVENT_MOVED, source->switch_slot, here.ifindex, here.vlan, source->mac, 0);
}

/* place: union place as a word. A function of its own, which needs no stack when the frame goes on its way. */
static __noinline int learn(const struct mac_key *source, __u64 place, __u32 packets)
{
	struct local_mac *known = bpf_map_lookup_elem(&local_macs, source);
	union place here = {.word = place}, from = {};
	struct remote_mac *remote;
	__u64 now;

	if (known) {
		from = place_of(known);
		if (from.word == here.word) {
			refresh(known);
			return 0;
		}
	}
	now = bpf_ktime_get_coarse_ns();
	remote = bpf_map_lookup_elem(&remote_macs, source);
	if (remote) {
		count_reason(here.ifindex, NOTE_REMOTE_MAC_ON_ACCESS, packets);
		if (!remote->refused_ns || now - remote->refused_ns > REFUSED_INTERVAL_NS) {
			remote->refused_ns = now;
			tell(EVENT_REFUSED, source->switch_slot, here.ifindex, here.vlan, source->mac, 0);
		}
	} else if (known) {
		move_mac(known, source, from, here, now, packets);
	} else {
		add_mac(source, here, now, packets);
	}
	return 0;
}

#endif
