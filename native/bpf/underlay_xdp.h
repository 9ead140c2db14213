/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The shortcut from a tunnel to a server: known unicast whose outer header is beyond doubt. All else, and all
 * traffic of the box itself, goes up to the kernel. */
#ifndef VTEP_UNDERLAY_XDP_H
#define VTEP_UNDERLAY_XDP_H

#include "acl.h"
#include "counters.h"
#include "fdb.h"
#include "origin.h"
#include "parse.h"

/* RFC 791 section 3.1, for a header without options. */
static __always_inline int is_checksum_right(const void *header)
{
	const __u16 *words = header;
	__u32 sum = 0;

#pragma unroll
	for (int i = 0; i < (int)sizeof(struct iphdr) / 2; i++)
		sum += words[i];
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff;
}

struct outer {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	struct vxlan_header vxlan;
	struct ethhdr inner;
} __attribute__((packed));

/* Lengths must agree with the frame: what lies beyond the datagram is padding, which tc sees removed. */
static __always_inline int is_ours(const struct outer *outer, __u32 length)
{
	struct address local;

	if (outer->eth.h_proto != bpf_htons(ETH_P_IP) || outer->ip.version != 4 || outer->ip.ihl != 5 ||
	    outer->ip.protocol != IPPROTO_UDP || (outer->ip.frag_off & bpf_htons(0x3fff)) ||
	    outer->udp.dest != bpf_htons(VXLAN_PORT) || outer->udp.check ||
	    !(outer->vxlan.flags & bpf_htonl(VXLAN_VNI_VALID)))
		return 0;
	if (bpf_ntohs(outer->ip.tot_len) + ETH_HLEN != length ||
	    bpf_ntohs(outer->udp.len) + sizeof(outer->ip) + ETH_HLEN != length ||
	    !is_checksum_right((const void *)outer + ETH_HLEN))
		return 0;
	local = mapped_v4(outer->ip.daddr);
	return bpf_map_lookup_elem(&local_addresses, &local) != NULL;
}

SEC("xdp.frags") int underlay_xdp(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	__u32 length = (__u32)bpf_xdp_get_buff_len(ctx), *switch_slot, tunnel, tag_length, ifindex, slot, vlan;
	struct outer *outer = data;
	struct mac_key destination;
	struct address remote;
	struct local_mac *local;
	union place there;
	struct port *port;
	struct vtep *vtep;
	__u8 macs[12];

	if (data + sizeof(*outer) > data_end || !is_ours(outer, length))
		return XDP_PASS;
	remote = mapped_v4(outer->ip.saddr);
	vtep = bpf_map_lookup_elem(&vteps, &remote);
	if (!vtep)
		return XDP_PASS;
	tunnel = vtep->tunnel;
	switch_slot = switch_of(vtep, bpf_ntohl(outer->vxlan.vni) >> 8);
	if (!switch_slot)
		return XDP_PASS;
	if (is_group(outer->inner.h_dest) || !is_valid_source(outer->inner.h_source))
		return XDP_PASS;
	destination = mac_key(*switch_slot, outer->inner.h_dest);
	local = bpf_map_lookup_elem(&local_macs, &destination);
	if (!local)
		return XDP_PASS;
	there = place_of(local);
	ifindex = there.ifindex;
	slot = there.binding_slot;
	vlan = there.vlan;
	tag_length = vlan ? sizeof(struct vlan_tag) : 0;
	port = bpf_map_lookup_elem(&ports, &ifindex);
	if (!port || !(port->flags & PORT_XDP))
		return XDP_PASS;
	/* tc drops a tag that would hop VLANs, and one that the frame ends within. */
	if (is_vlan_type(outer->inner.h_proto) && (!vlan || length < sizeof(*outer) + sizeof(struct vlan_tag)))
		return XDP_PASS;
	if (is_denied_in_xdp(ctx, slot, ifindex, vlan, ACL_EGRESS, OUTER_LENGTH, OUTER_LENGTH + 2 * ETH_ALEN))
		return XDP_PASS;

	__builtin_memcpy(macs, &outer->inner, sizeof(macs));
	if (bpf_xdp_adjust_head(ctx, (int)OUTER_LENGTH - (int)tag_length))
		return XDP_PASS;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (tag_length) {
		/* The inner ethertype already stands where it belongs, behind the tag. */
		__be16 *tag = data + sizeof(macs);

		if ((void *)(tag + 2) > data_end)
			return XDP_DROP;
		__builtin_memcpy(data, macs, sizeof(macs));
		tag[0] = bpf_htons(ETH_P_8021Q);
		tag[1] = bpf_htons(vlan);
	}
	count_from_tunnel(tunnel, 1);
	count_to_local(slot, 1, length - OUTER_LENGTH);
	if (tracing)
		tell(EVENT_TO_PORT, 0, ifindex, vlan, NULL, 0);
	return bpf_redirect(ifindex, 0);
}

#endif
