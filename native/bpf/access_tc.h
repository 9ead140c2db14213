/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Frames from a server: binding, learning, then answer, port, tunnel or flood. */
#ifndef VTEP_ACCESS_TC_H
#define VTEP_ACCESS_TC_H

#include "acl.h"
#include "flood_tc.h"
#include "learn.h"
#include "neighbours.h"

struct outer_tag {
	__u32 type; /* as on the wire; 0: the frame has no tag */
	__u16 control;
	__u16 is_cut; /* the frame ends within the tag */
};

/* The receive path puts the tag into the metadata; a frame that did not come that way (BPF_PROG_TEST_RUN) has it
 * inline. */
static __always_inline struct outer_tag outer_tag(struct __sk_buff *skb)
{
	struct outer_tag tag = {};
	struct vlan_tag inlined;

	if (skb->vlan_present) {
		tag.type = skb->vlan_proto;
		tag.control = skb->vlan_tci;
	} else if (is_vlan_type(skb->protocol)) {
		tag.type = skb->protocol;
		tag.is_cut = bpf_skb_load_bytes(skb, ETH_HLEN, &inlined, sizeof(inlined)) != 0;
		tag.control = tag.is_cut ? 0 : bpf_ntohs(inlined.tci);
	}
	return tag;
}

/* Removes the binding's tag; returns 0 or a drop reason. The kernel moves a second tag into the metadata, which
 * fails where the frame ends within that tag. */
static __always_inline __u32 remove_tag(struct __sk_buff *skb)
{
	if (!bpf_skb_vlan_pop(skb))
		return 0;
	return skb->len < ETH_HLEN + sizeof(struct vlan_tag) ? DROP_TRUNCATED : DROP_HELPER_FAILED;
}

/* A frame for a group: to everybody, unless it asks for what is known here. The egress ACL judges the answer as it
 * would judge the owner's. */
static __always_inline int to_group(struct __sk_buff *skb, const struct binding_key *at, const __u8 *macs,
				    __u32 switch_slot, const struct logical_switch *ls, __u32 slot,
				    const struct measure *m)
{
	struct asked asked = {.switch_slot = switch_slot, .at = *at};
	__u32 reason;
	int verdict;

	__builtin_memcpy(asked.macs, macs, sizeof(asked.macs));
	reason = answer_question(skb, &asked);
	if (reason == NOT_ANSWERED)
		return flood_frame(skb, macs, switch_slot, ls, at->ifindex, at->vlan, m);
	if (reason)
		return drop(at->ifindex, reason, 1);
	verdict = to_port(skb, at->ifindex, at->ifindex, at->vlan, slot, m);
	if (verdict == TC_ACT_REDIRECT)
		count_reason(at->ifindex, NOTE_NEIGHBOUR_ANSWERED, 1);
	return verdict;
}

SEC("classifier") int access_tc(struct __sk_buff *skb)
{
	struct binding_key at = {.ifindex = skb->ifindex};
	struct binding *binding;
	struct logical_switch *ls;
	struct local_mac *local;
	union place there;
	struct remote_mac *remote;
	struct mac_key source, destination;
	struct outer_tag tag;
	struct measure m;
	__u8 macs[12];
	__u32 slot, switch_slot, reason;

	if (bpf_skb_load_bytes(skb, 0, macs, sizeof(macs)))
		return drop(at.ifindex, DROP_TRUNCATED, 1);
	tag = outer_tag(skb);
	if (tag.type && tag.type != bpf_htons(ETH_P_8021Q))
		return drop(at.ifindex, DROP_UNSUPPORTED_TAG, measure(skb).packets);
	if (tag.is_cut)
		return drop(at.ifindex, DROP_TRUNCATED, 1);
	at.vlan = tag.control & VLAN_ID_MASK;
	binding = bpf_map_lookup_elem(&bindings, &at);
	if (!binding)
		return drop(at.ifindex, DROP_UNBOUND_VLAN, measure(skb).packets);
	slot = binding->slot;
	switch_slot = binding->switch_slot;
	ls = bpf_map_lookup_elem(&switches, &switch_slot);
	if (!ls || !(ls->flags & SWITCH_ACTIVE))
		return drop(at.ifindex, DROP_UNKNOWN_SWITCH, measure(skb).packets);
	if (tag.type) {
		reason = remove_tag(skb);
		if (reason)
			return drop(at.ifindex, reason, 1);
	}
	m = measure(skb);
	/* Behind a priority tag another one would be hidden from the bindings of its VLAN. */
	if (tag.type && !at.vlan && has_tag(skb))
		return drop(at.ifindex, DROP_INNER_VLAN, m.packets);
	if (!is_valid_source(&macs[6]))
		return drop(at.ifindex, DROP_INVALID_SOURCE, m.packets);
	if (is_link_local(macs))
		return drop(at.ifindex, DROP_LINK_LOCAL, m.packets);
	if (is_denied_in_tc(skb, slot, at.ifindex, at.vlan, ACL_INGRESS))
		return drop(at.ifindex, DROP_ACL_DENIED, m.packets);

	count_from_local(slot, m.packets, m.bytes);
	source = mac_key(switch_slot, &macs[6]);
	there.ifindex = at.ifindex;
	there.vlan = at.vlan;
	there.binding_slot = slot;
	learn(&source, there.word, m.packets);

	if (is_group(macs))
		return to_group(skb, &at, macs, switch_slot, ls, slot, &m);
	destination = mac_key(switch_slot, macs);
	local = bpf_map_lookup_elem(&local_macs, &destination);
	if (local) {
		there = place_of(local);
		if (there.ifindex == at.ifindex && there.vlan == at.vlan)
			return drop(at.ifindex, DROP_SAME_PORT, m.packets);
		return to_port(skb, at.ifindex, there.ifindex, there.vlan, there.binding_slot, &m);
	}
	remote = bpf_map_lookup_elem(&remote_macs, &destination);
	if (remote)
		return to_tunnel(skb, at.ifindex, remote->tunnel, remote->vni ? remote->vni : ls->vni, &m);
	return flood_frame(skb, macs, switch_slot, ls, at.ifindex, at.vlan, &m);
}

#endif
