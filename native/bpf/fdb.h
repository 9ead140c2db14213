/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Entries of the local FDB, as tc and XDP read them. */
#ifndef VTEP_FDB_H
#define VTEP_FDB_H

#include "maps.h"

#define REFRESH_NS 1000000000ull

/* The entry's cache line is written once a second at the most, not once a packet. */
static __always_inline void refresh(struct local_mac *entry)
{
	__u64 now = bpf_ktime_get_coarse_ns();

	if (now - entry->last_seen_ns > REFRESH_NS)
		entry->last_seen_ns = now;
}

/* Read once: a move may come at any time. */
static __always_inline union place place_of(const struct local_mac *entry)
{
	return (union place){.word = *(const volatile __u64 *)&entry->place.word};
}

static __always_inline int is_at(const struct local_mac *entry, __u32 ifindex, __u32 vlan)
{
	union place there = place_of(entry);

	return there.ifindex == ifindex && there.vlan == vlan;
}

#endif
