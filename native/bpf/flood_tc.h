/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Head-end replication: one clone to each member of a logical switch's flood list. */
#ifndef VTEP_FLOOD_TC_H
#define VTEP_FLOOD_TC_H

#include "output_tc.h"

struct flood {
	struct __sk_buff *skb;
	struct flood_key key;
	__u32 ifindex; /* where the frame came in; 0: from a tunnel, whose frames go to no tunnel (split horizon) */
	__u32 vlan;
	__u32 vni;
	__u32 vxlan_ifindex;
	__u32 refused; /* members that were left out under a reason of their own */
	__u32 sent;
	struct measure measure;
};

static __always_inline void refuse(struct flood *flood, __u32 reason)
{
	count_drop(flood->ifindex, reason, flood->measure.packets);
	flood->refused++;
}

static __always_inline void flood_to_port(struct flood *flood, const struct flood_member *member)
{
	struct __sk_buff *skb = flood->skb;
	__u32 ifindex = member->target, vlan = member->vlan, slot = member->binding_slot;
	long result;

	if (ifindex == flood->ifindex && vlan == flood->vlan)
		return;
	if (!may_leave(skb, vlan)) {
		refuse(flood, DROP_INNER_VLAN);
		return;
	}
	if (is_denied_in_tc(skb, slot, ifindex, vlan, ACL_EGRESS)) {
		refuse(flood, DROP_ACL_DENIED);
		return;
	}
	if (vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), vlan)) {
		refuse(flood, DROP_HELPER_FAILED);
		return;
	}
	result = bpf_clone_redirect(skb, ifindex, 0);
	if (vlan)
		bpf_skb_vlan_pop(skb);
	if (result < 0) {
		refuse(flood, DROP_HELPER_FAILED);
		return;
	}
	count_to_local(slot, flood->measure.packets, flood->measure.bytes);
	flood->sent++;
	if (tracing)
		tell(EVENT_TO_PORT, 0, ifindex, vlan, NULL, 0);
}

static __always_inline void flood_to_tunnel(struct flood *flood, __u32 tunnel_slot)
{
	struct tunnel *tunnel = bpf_map_lookup_elem(&tunnels, &tunnel_slot);
	__u32 reason;

	if (!tunnel)
		reason = DROP_NO_TUNNEL;
	else if (exceeds(tunnel, &flood->measure))
		reason = DROP_OVERSIZE;
	else
		reason = set_tunnel(flood->skb, tunnel, flood->vni);
	if (reason) {
		refuse(flood, reason);
		return;
	}
	if (bpf_clone_redirect(flood->skb, flood->vxlan_ifindex, 0) < 0) {
		refuse(flood, DROP_HELPER_FAILED);
		return;
	}
	flood->sent++;
	if (tracing)
		tell(EVENT_TO_TUNNEL, 0, flood->ifindex, 0, NULL, tunnel_slot);
}

static long flood_member(__u32 index, void *context)
{
	struct flood *flood = context;
	struct flood_key key = flood->key;
	struct flood_member *member;

	key.index = index;
	member = bpf_map_lookup_elem(&flood_members, &key);
	/* Between two generations a slot may be missing; the list that replaces it is already in place. */
	if (!member)
		return 0;
	if (member->kind == FLOOD_PORT)
		flood_to_port(flood, member);
	else if (flood->ifindex)
		flood_to_tunnel(flood, member->target);
	return 0;
}

/* ifindex 0: the frame came from a tunnel. The frame itself is consumed. */
static __always_inline int flood_frame(struct __sk_buff *skb, __u32 switch_slot, const struct logical_switch *ls,
				       __u32 ifindex, __u32 vlan, const struct measure *m)
{
	struct flood flood = {
		.skb = skb,
		.key = {.switch_slot = switch_slot, .generation = ls->flood_generation},
		.ifindex = ifindex,
		.vlan = vlan,
		.vni = ls->vni,
		.vxlan_ifindex = vxlan_ifindex(),
		.measure = *m,
	};
	__u32 count = ls->flood_count;

	if (count > FLOOD_FAN_OUT_MAX)
		count = FLOOD_FAN_OUT_MAX;
	bpf_loop(count, flood_member, &flood, 0);
	if (!flood.sent && !flood.refused)
		return drop(ifindex, DROP_NO_DESTINATION, m->packets);
	return TC_ACT_STOLEN;
}

#endif
