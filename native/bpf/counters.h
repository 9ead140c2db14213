/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* What is counted (bindings, drops) and what is told to user space (events). */
#ifndef VTEP_COUNTERS_H
#define VTEP_COUNTERS_H

#include "drop_reason.h"
#include "maps.h"

/* True only under test: every verdict is then told through the ring buffer. The verifier removes the code otherwise. */
const volatile __u32 tracing = 0;

static __always_inline void tell(__u32 kind, __u32 switch_slot, __u32 ifindex, __u32 vlan, const __u8 *mac, __u32 value)
{
	struct event *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	/* A full ring loses the event, not the entry: user space finds it in the next sweep of local_macs. */
	if (!event)
		return;
	event->kind = kind;
	event->switch_slot = switch_slot;
	event->ifindex = ifindex;
	event->vlan = vlan;
	event->zero = 0;
	event->value = value;
	if (mac)
		__builtin_memcpy(event->mac, mac, 6);
	else
		__builtin_memset(event->mac, 0, 6);
	bpf_ringbuf_submit(event, 0);
}

/* Counts packets under a reason; ifindex 0 is the overlay side. */
static __always_inline void count_reason(__u32 ifindex, __u32 reason, __u64 packets)
{
	struct drop_key key = {.ifindex = ifindex, .reason = reason};
	__u64 *count = bpf_map_lookup_elem(&drops, &key);

	if (!count) {
		__u64 zero = 0;

		bpf_map_update_elem(&drops, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&drops, &key);
		if (!count)
			return;
	}
	*count += packets;
}

static __always_inline void count_drop(__u32 ifindex, __u32 reason, __u64 packets)
{
	count_reason(ifindex, reason, packets);
	if (tracing)
		tell(EVENT_DROPPED, 0, ifindex, 0, NULL, reason);
}

/* A data packet from a tunnel: a sign of life for BFD (bfd_params:forwarding_if_rx). */
static __always_inline void count_from_tunnel(__u32 tunnel, __u64 packets)
{
	__u64 *count = bpf_map_lookup_elem(&tunnel_counts, &tunnel);

	if (count)
		*count += packets;
}

static __always_inline void count_from_local(__u32 slot, __u64 packets, __u64 bytes)
{
	struct binding_counters *counters = bpf_map_lookup_elem(&binding_counts, &slot);

	if (!counters)
		return;
	counters->packets_from_local += packets;
	counters->bytes_from_local += bytes;
}

static __always_inline void count_to_local(__u32 slot, __u64 packets, __u64 bytes)
{
	struct binding_counters *counters = bpf_map_lookup_elem(&binding_counts, &slot);

	if (!counters)
		return;
	counters->packets_to_local += packets;
	counters->bytes_to_local += bytes;
}

#endif
