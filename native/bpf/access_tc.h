/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Frames from a server: binding, learning, then port, tunnel or flood. */
#ifndef VTEP_ACCESS_TC_H
#define VTEP_ACCESS_TC_H

#include "fdb.h"
#include "flood_tc.h"

SEC("classifier") int access_tc(struct __sk_buff *skb)
{
	struct binding_key at = {.ifindex = skb->ifindex};
	struct binding *binding;
	struct logical_switch *ls;
	struct local_mac *local;
	struct remote_mac *remote;
	struct mac_key source, destination;
	struct measure m;
	__u8 macs[12];
	__u32 slot, switch_slot;

	if (bpf_skb_load_bytes(skb, 0, macs, sizeof(macs)))
		return drop(at.ifindex, DROP_TRUNCATED, 1);
	if (skb->vlan_present) {
		if (skb->vlan_proto != bpf_htons(ETH_P_8021Q))
			return drop(at.ifindex, DROP_UNSUPPORTED_TAG, measure(skb).packets);
		at.vlan = skb->vlan_tci & VLAN_ID_MASK;
	}
	binding = bpf_map_lookup_elem(&bindings, &at);
	if (!binding)
		return drop(at.ifindex, DROP_UNBOUND_VLAN, measure(skb).packets);
	slot = binding->slot;
	switch_slot = binding->switch_slot;
	ls = bpf_map_lookup_elem(&switches, &switch_slot);
	if (!ls || !ls->vni)
		return drop(at.ifindex, DROP_UNKNOWN_SWITCH, measure(skb).packets);
	if (skb->vlan_present && bpf_skb_vlan_pop(skb))
		return drop(at.ifindex, DROP_HELPER_FAILED, 1);
	m = measure(skb);
	if (!is_valid_source(&macs[6]))
		return drop(at.ifindex, DROP_INVALID_SOURCE, m.packets);
	if (is_link_local(macs))
		return drop(at.ifindex, DROP_LINK_LOCAL, m.packets);

	count_from_local(slot, m.packets, m.bytes);
	source = mac_key(switch_slot, &macs[6]);
	learn(&source, at.ifindex, at.vlan, slot);

	if (is_group(macs))
		return flood_frame(skb, switch_slot, ls, at.ifindex, at.vlan, &m);
	destination = mac_key(switch_slot, macs);
	local = bpf_map_lookup_elem(&local_macs, &destination);
	if (local) {
		if (is_at(local, at.ifindex, at.vlan))
			return drop(at.ifindex, DROP_SAME_PORT, m.packets);
		return to_port(skb, at.ifindex, local->ifindex, local->vlan, local->binding_slot, &m);
	}
	remote = bpf_map_lookup_elem(&remote_macs, &destination);
	if (remote)
		return to_tunnel(skb, at.ifindex, remote->tunnel, ls->vni, &m);
	return flood_frame(skb, switch_slot, ls, at.ifindex, at.vlan, &m);
}

#endif
