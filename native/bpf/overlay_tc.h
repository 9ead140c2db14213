/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Frames that the kernel's VXLAN device decapsulated: to ports, never to a tunnel. */
#ifndef VTEP_OVERLAY_TC_H
#define VTEP_OVERLAY_TC_H

#include "bfd_tc.h"
#include "fdb.h"
#include "flood_tc.h"
#include "origin.h"

SEC("classifier") int overlay_tc(struct __sk_buff *skb)
{
	struct bpf_tunnel_key outer = {};
	struct logical_switch *ls;
	struct local_mac *local;
	union place there;
	struct mac_key destination;
	struct address remote, local_address;
	struct measure m;
	__u8 macs[12];
	struct vtep *vtep;
	__u32 *found, switch_slot;

	if (bpf_skb_load_bytes(skb, 0, macs, sizeof(macs)))
		return drop(0, DROP_TRUNCATED, 1);
	m = measure(skb);
	if (bpf_skb_get_tunnel_key(skb, &outer, sizeof(outer), 0))
		return drop(0, DROP_NO_TUNNEL_KEY, m.packets);
	remote = mapped_v4(bpf_htonl(outer.remote_ipv4));
	vtep = bpf_map_lookup_elem(&vteps, &remote);
	found = switch_of(vtep, outer.tunnel_id);
	if (!found)
		return without_switch(skb, &outer, m.packets);
	switch_slot = *found;
	ls = bpf_map_lookup_elem(&switches, &switch_slot);
	if (!ls)
		return drop(0, DROP_UNKNOWN_SWITCH, m.packets);
	if (!vtep)
		return drop(0, DROP_UNKNOWN_VTEP, m.packets);
	local_address = mapped_v4(bpf_htonl(outer.local_ipv4));
	if (!bpf_map_lookup_elem(&local_addresses, &local_address))
		return drop(0, DROP_FOREIGN_ADDRESS, m.packets);
	count_from_tunnel(vtep->tunnel, m.packets);
	if (!is_valid_source(&macs[6]))
		return drop(0, DROP_INVALID_SOURCE, m.packets);
	if (is_link_local(macs))
		return drop(0, DROP_LINK_LOCAL, m.packets);

	if (is_group(macs))
		return flood_frame(skb, macs, switch_slot, ls, 0, 0, &m);
	destination = mac_key(switch_slot, macs);
	local = bpf_map_lookup_elem(&local_macs, &destination);
	if (local) {
		there = place_of(local);
		return to_port(skb, 0, there.ifindex, there.vlan, there.binding_slot, &m);
	}
	if (bpf_map_lookup_elem(&remote_macs, &destination))
		return drop(0, DROP_SPLIT_HORIZON, m.packets);
	return flood_frame(skb, macs, switch_slot, ls, 0, 0, &m);
}

#endif
