/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The shortcut from a server into a tunnel: known unicast over a resolved next hop. All else goes up to tc. */
#ifndef VTEP_ACCESS_XDP_H
#define VTEP_ACCESS_XDP_H

#include "acl.h"
#include "encap.h"
#include "fdb.h"

SEC("xdp.frags") int access_xdp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct binding_key at = {.ifindex = ctx->ingress_ifindex};
	__u32 tag_length = 0, inner, hash, slot, vni;
	struct ethhdr *eth = data;
	struct mac_key source, destination;
	struct logical_switch *ls;
	struct binding *binding;
	struct local_mac *local;
	struct remote_mac *remote;
	struct tunnel *tunnel;
	__u8 macs[12];
	void *payload;
	__be16 ethertype;

	if (data + ETH_HLEN + sizeof(struct vlan_tag) > data_end)
		return XDP_PASS;
	ethertype = eth->h_proto;
	payload = data + ETH_HLEN;
	if (ethertype == bpf_htons(ETH_P_8021Q)) {
		struct vlan_tag *tag = payload;

		at.vlan = bpf_ntohs(tag->tci) & VLAN_ID_MASK;
		ethertype = tag->ethertype;
		payload += sizeof(*tag);
		tag_length = sizeof(*tag);
	}
	if (is_vlan_type(ethertype) || is_group(eth->h_dest) || !is_valid_source(eth->h_source))
		return XDP_PASS;
	binding = bpf_map_lookup_elem(&bindings, &at);
	if (!binding)
		return XDP_PASS;
	slot = binding->slot;
	ls = bpf_map_lookup_elem(&switches, &binding->switch_slot);
	if (!ls || !(ls->flags & SWITCH_ACTIVE))
		return XDP_PASS;

	source = mac_key(binding->switch_slot, eth->h_source);
	local = bpf_map_lookup_elem(&local_macs, &source);
	if (!local || !is_at(local, at.ifindex, at.vlan))
		return XDP_PASS;
	destination = mac_key(binding->switch_slot, eth->h_dest);
	if (bpf_map_lookup_elem(&local_macs, &destination))
		return XDP_PASS;
	remote = bpf_map_lookup_elem(&remote_macs, &destination);
	if (!remote)
		return XDP_PASS;
	vni = remote->vni ? remote->vni : ls->vni;
	if (!vni)
		return XDP_PASS;
	tunnel = bpf_map_lookup_elem(&tunnels, &remote->tunnel);
	if (!tunnel || !tunnel->ifindex || !(tunnel->flags & TUNNEL_XDP) || tunnel->header_len != OUTER_LENGTH)
		return XDP_PASS;
	inner = (__u32)bpf_xdp_get_buff_len(ctx) - tag_length;
	if (inner > tunnel->inner_mtu + ETH_HLEN)
		return XDP_PASS;
	/* What is denied goes up too, where it is counted. */
	if (is_denied_in_xdp(ctx, slot, at.ifindex, at.vlan, ACL_INGRESS, 0, 2 * ETH_ALEN + tag_length))
		return XDP_PASS;

	hash = flow_hash(eth->h_dest, ethertype, payload, data_end);
	__builtin_memcpy(macs, eth, sizeof(macs));
	if (bpf_xdp_adjust_head(ctx, (int)tag_length - (int)OUTER_LENGTH))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (data + OUTER_LENGTH + sizeof(macs) > data_end)
		return XDP_DROP;
	write_outer(data, tunnel, vni, hash, inner);
	if (tag_length)
		__builtin_memcpy(data + OUTER_LENGTH, macs, sizeof(macs));

	refresh(local);
	count_from_local(slot, 1, inner);
	if (tracing)
		tell(EVENT_TO_TUNNEL, 0, tunnel->ifindex, 0, NULL, remote->tunnel);
	return bpf_redirect(tunnel->ifindex, 0);
}

#endif
