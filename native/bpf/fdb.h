/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Learning. Only access ports learn; remote MACs are the controller's. */
#ifndef VTEP_FDB_H
#define VTEP_FDB_H

#include "counters.h"
#include "parse.h"

#define REFRESH_NS 1000000000ull
#define REFUSED_INTERVAL_NS 10000000000ull

/* The entry's cache line is written once a second at the most, not once a packet. */
static __always_inline void refresh(struct local_mac *entry)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	if (now - entry->last_seen_ns > REFRESH_NS)
		entry->last_seen_ns = now;
}

static __always_inline int is_at(const struct local_mac *entry, __u32 ifindex, __u32 vlan)
{
	return entry->ifindex == ifindex && entry->vlan == vlan;
}

static __always_inline void learn(const struct mac_key *source, __u32 ifindex, __u32 vlan, __u32 binding_slot,
				  __u32 packets)
{
	struct local_mac *known = bpf_map_lookup_elem(&local_macs, source);
	struct remote_mac *remote;
	struct local_mac entry = {.ifindex = ifindex, .vlan = vlan, .binding_slot = binding_slot};

	if (known && is_at(known, ifindex, vlan)) {
		refresh(known);
		return;
	}
	remote = bpf_map_lookup_elem(&remote_macs, source);
	entry.last_seen_ns = bpf_ktime_get_coarse_ns();
	if (remote) {
		count_reason(ifindex, NOTE_REMOTE_MAC_ON_ACCESS, packets);
		if (!remote->refused_ns || entry.last_seen_ns - remote->refused_ns > REFUSED_INTERVAL_NS) {
			remote->refused_ns = entry.last_seen_ns;
			tell(EVENT_REFUSED, source->switch_slot, ifindex, vlan, source->mac, 0);
		}
		return;
	}
	if (bpf_map_update_elem(&local_macs, source, &entry, BPF_ANY)) {
		count_reason(ifindex, NOTE_LEARN_TABLE_FULL, packets);
		return;
	}
	tell(known ? EVENT_MOVED : EVENT_LEARNED, source->switch_slot, ifindex, vlan, source->mac, 0);
}

#endif
