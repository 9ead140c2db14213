/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Head-end replication: one clone to each binding of a logical switch, and to each tunnel that the destination names.
 */
#ifndef VTEP_FLOOD_TC_H
#define VTEP_FLOOD_TC_H

#include "output_tc.h"

struct flood {
	struct __sk_buff *skb;
	__u32 list;
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

static __always_inline struct flood_member *member(const struct flood *flood, __u32 index)
{
	struct flood_member_key key = {.list = flood->list, .index = index};

	return bpf_map_lookup_elem(&flood_members, &key);
}

/* User space keeps the members of a list that was replaced until no program is in it. */
static __always_inline long miss(struct flood *flood)
{
	refuse(flood, DROP_MEMBER_MISSING);
	return 0;
}

static long flood_to_port(__u32 index, void *context)
{
	struct flood *flood = context;
	struct flood_member *to = member(flood, index);
	struct __sk_buff *skb = flood->skb;
	__u32 ifindex, vlan, slot;
	long result;

	if (!to)
		return miss(flood);
	ifindex = to->target;
	vlan = to->vlan;
	slot = to->binding_slot;
	if (ifindex == flood->ifindex && vlan == flood->vlan)
		return 0;
	if (!may_leave(skb, vlan)) {
		refuse(flood, DROP_INNER_VLAN);
		return 0;
	}
	if (is_denied_in_tc(skb, slot, ifindex, vlan, ACL_EGRESS)) {
		refuse(flood, DROP_ACL_DENIED);
		return 0;
	}
	if (vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), vlan)) {
		refuse(flood, DROP_HELPER_FAILED);
		return 0;
	}
	result = bpf_clone_redirect(skb, ifindex, 0);
	if (vlan)
		bpf_skb_vlan_pop(skb);
	if (result < 0) {
		refuse(flood, DROP_HELPER_FAILED);
		return 0;
	}
	count_to_local(slot, flood->measure.packets, flood->measure.bytes);
	flood->sent++;
	if (tracing)
		tell(EVENT_TO_PORT, 0, ifindex, vlan, NULL, 0);
	return 0;
}

static long flood_to_tunnel(__u32 index, void *context)
{
	struct flood *flood = context;
	struct flood_member *to = member(flood, index);
	struct tunnel *tunnel;
	__u32 number, vni, reason;

	if (!to)
		return miss(flood);
	number = to->target;
	vni = to->vni ? to->vni : flood->vni;
	tunnel = bpf_map_lookup_elem(&tunnels, &number);
	if (!tunnel || !vni)
		reason = DROP_NO_TUNNEL;
	else if (exceeds(tunnel, &flood->measure))
		reason = DROP_OVERSIZE;
	else
		reason = set_tunnel(flood->skb, tunnel, vni);
	if (reason) {
		refuse(flood, reason);
		return 0;
	}
	if (bpf_clone_redirect(flood->skb, flood->vxlan_ifindex, 0) < 0) {
		refuse(flood, DROP_HELPER_FAILED);
		return 0;
	}
	flood->sent++;
	if (tracing)
		tell(EVENT_TO_TUNNEL, 0, flood->ifindex, 0, NULL, number);
	return 0;
}

/* The list for the group, even an empty one. */
static __always_inline struct flood_list *group_list(__u32 switch_slot, const __u8 *destination)
{
	struct flood_key key = {.switch_slot = switch_slot, .kind = FLOOD_GROUP};

	if (!is_group(destination))
		return NULL;
	__builtin_memcpy(key.mac, destination, sizeof(key.mac));
	return bpf_map_lookup_elem(&flood_lists, &key);
}

static __always_inline struct flood_list *unknown_list(__u32 switch_slot)
{
	struct flood_key key = {.switch_slot = switch_slot, .kind = FLOOD_UNKNOWN};

	return bpf_map_lookup_elem(&flood_lists, &key);
}

/* Makes a list that of the loop which comes; answers how many turns it takes. */
static __always_inline __u32 select_list(struct flood *flood, const struct flood_list *list)
{
	if (!list)
		return 0;
	flood->list = list->number;
	return list->count < FLOOD_FAN_OUT_MAX ? list->count : FLOOD_FAN_OUT_MAX;
}

/* One copy to each tunnel that the destination names. */
static __always_inline void flood_to_tunnels(struct flood *flood, const __u8 *destination, __u32 switch_slot,
					     const struct logical_switch *ls)
{
	struct flood_list *list = group_list(switch_slot, destination);
	__u32 turns;

	if (list) {
		turns = select_list(flood, list);
	} else {
		turns = select_list(flood, unknown_list(switch_slot));
		/* Not after the loop: the verifier would follow each turn with what is asked there. */
		if (turns && (ls->flags & SWITCH_FLOODS_TO_MACS))
			count_reason(flood->ifindex, NOTE_FLOODED_TO_REMOTE_MACS, flood->measure.packets);
	}
	bpf_loop(turns, flood_to_tunnel, flood, 0);
}

/* ifindex 0: the frame came from a tunnel. The frame itself is consumed. */
static __always_inline int flood_frame(struct __sk_buff *skb, const __u8 *destination, __u32 switch_slot,
				       const struct logical_switch *ls, __u32 ifindex, __u32 vlan,
				       const struct measure *m)
{
	struct flood_key ports = {.switch_slot = switch_slot, .kind = FLOOD_PORTS};
	struct flood flood = {
		.skb = skb,
		.ifindex = ifindex,
		.vlan = vlan,
		.vni = ls->vni,
		.vxlan_ifindex = vxlan_ifindex(),
		.measure = *m,
	};
	__u32 turns;

	turns = select_list(&flood, bpf_map_lookup_elem(&flood_lists, &ports));
	bpf_loop(turns, flood_to_port, &flood, 0);
	if (ifindex)
		flood_to_tunnels(&flood, destination, switch_slot, ls);
	if (!flood.sent && !flood.refused)
		return drop(ifindex, DROP_NO_DESTINATION, m->packets);
	return TC_ACT_STOLEN;
}

#endif
