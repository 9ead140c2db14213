/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ways out of a tc program: a port, a tunnel, both many times over, or the end. */
#ifndef VTEP_OUTPUT_TC_H
#define VTEP_OUTPUT_TC_H

#include <linux/pkt_cls.h>

#include "acl.h"
#include "counters.h"
#include "encap.h"
#include "parse.h"

/* How a frame counts: a GSO super-frame is as many packets as it will be on the wire. */
struct measure {
	__u32 packets;
	__u32 bytes;
	__u32 longest; /* longest frame of them, Ethernet header included */
};

#define TAGS_MAX 2

/* Bytes up to the payload of TCP or UDP, but for a tag in the metadata: with two tags at the most and IPv4 options, but
 * without extension headers. 0 for anything else. */
static __always_inline __u32 gso_header_length(struct __sk_buff *skb)
{
	__u32 l3 = ETH_HLEN, l4;
	__be16 ethertype = 0;
	__u8 protocol;

	bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype));
	for (int tags = skb->vlan_present ? 1 : 0; tags < TAGS_MAX && is_vlan_type(ethertype); tags++) {
		bpf_skb_load_bytes(skb, l3 + offsetof(struct vlan_tag, ethertype), &ethertype, sizeof(ethertype));
		l3 += sizeof(struct vlan_tag);
	}
	if (ethertype == bpf_htons(ETH_P_IP)) {
		struct iphdr ip;

		if (bpf_skb_load_bytes(skb, l3, &ip, sizeof(ip)) || ip.version != 4 || ip.ihl < 5)
			return 0;
		protocol = ip.protocol;
		l4 = l3 + ip.ihl * 4;
	} else if (ethertype == bpf_htons(ETH_P_IPV6)) {
		struct ipv6hdr ip6;

		if (bpf_skb_load_bytes(skb, l3, &ip6, sizeof(ip6)) || ip6.version != 6)
			return 0;
		protocol = ip6.nexthdr;
		l4 = l3 + sizeof(ip6);
	} else {
		return 0;
	}
	if (protocol == IPPROTO_TCP) {
		struct tcphdr tcp;

		return bpf_skb_load_bytes(skb, l4, &tcp, sizeof(tcp)) ? 0 : l4 + tcp.doff * 4;
	}
	return protocol == IPPROTO_UDP && l4 <= skb->len ? l4 + sizeof(struct udphdr) : 0;
}

/* A tag that is left, in metadata or inline, is part of the frame. */
static __always_inline struct measure measure(struct __sk_buff *skb)
{
	__u32 tag = skb->vlan_present ? 4 : 0;
	__u32 length = skb->len + tag;
	struct measure m = {.packets = 1, .bytes = length, .longest = length};
	__u32 gso_size = skb->gso_size;
	__u32 header = gso_size ? gso_header_length(skb) : 0;

	if (header) {
		__u32 payload = skb->len > header ? skb->len - header : 0;

		m.packets = (payload + gso_size - 1) / gso_size;
		if (!m.packets)
			m.packets = 1;
		m.bytes = length + (m.packets - 1) * (header + tag);
		m.longest = header + tag + (payload < gso_size ? payload : gso_size);
	}
	return m;
}

static __always_inline int drop(__u32 ifindex, __u32 reason, __u32 packets)
{
	count_drop(ifindex, reason, packets);
	return TC_ACT_SHOT;
}

static __always_inline int has_tag(struct __sk_buff *skb)
{
	__be16 ethertype = 0;

	bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype));
	return skb->vlan_present || is_vlan_type(ethertype);
}

/* A frame with a tag of its own must not leave an untagged binding: the server would take it for another VLAN. */
static __always_inline int may_leave(struct __sk_buff *skb, __u32 vlan)
{
	return vlan || !has_tag(skb);
}

static __always_inline int to_port(struct __sk_buff *skb, __u32 from, __u32 ifindex, __u32 vlan, __u32 slot,
				   const struct measure *m)
{
	if (!may_leave(skb, vlan))
		return drop(from, DROP_INNER_VLAN, m->packets);
	if (is_denied_in_tc(skb, slot, ifindex, vlan, ACL_EGRESS))
		return drop(from, DROP_ACL_DENIED, m->packets);
	if (vlan && bpf_skb_vlan_push(skb, bpf_htons(ETH_P_8021Q), vlan))
		return drop(from, DROP_HELPER_FAILED, m->packets);
	count_to_local(slot, m->packets, m->bytes);
	if (tracing)
		tell(EVENT_TO_PORT, 0, ifindex, vlan, NULL, 0);
	return bpf_redirect(ifindex, 0);
}

/* Leaves the outer header to the kernel's VXLAN device; returns 0 or a drop reason. */
static __always_inline __u32 set_tunnel(struct __sk_buff *skb, const struct tunnel *tunnel, __u32 vni)
{
	struct bpf_tunnel_key key = {.tunnel_id = vni, .tunnel_ttl = 64};
	__be32 remote, local;

	__builtin_memcpy(&remote, &tunnel->remote.bytes[12], 4);
	__builtin_memcpy(&local, &tunnel->local.bytes[12], 4);
	key.remote_ipv4 = bpf_ntohl(remote);
	key.local_ipv4 = bpf_ntohl(local);
	if (bpf_skb_set_tunnel_key(skb, &key, sizeof(key), BPF_F_ZERO_CSUM_TX | BPF_F_DONT_FRAGMENT))
		return DROP_HELPER_FAILED;
	return 0;
}

static __always_inline int exceeds(const struct tunnel *tunnel, const struct measure *m)
{
	return m->longest > tunnel->inner_mtu + ETH_HLEN;
}

static __always_inline __u32 vxlan_ifindex(void)
{
	__u32 zero = 0;
	struct settings *s = bpf_map_lookup_elem(&settings, &zero);

	return s ? s->vxlan_ifindex : 0;
}

/* What the flow hash of a frame looks at. */
#define HASHED_MAX (ETH_HLEN + sizeof(struct ipv6hdr) + 4)

/* A super-frame stays whole: the kernel is told which headers are new, and cuts it where the device cannot. The number
 * in ENCAP_L2 is that of the inner Ethernet header alone. */
#define PUSH_OUTER                                                                                                     \
	(BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_ENCAP_L3_IPV4 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP |                       \
	 BPF_F_ADJ_ROOM_ENCAP_L2(ETH_HLEN) | BPF_F_ADJ_ROOM_ENCAP_L2_ETH)

/* Pushes the outer header onto a frame whose next hop is resolved. Returns whether it did: the kernel makes room in IP
 * frames only, a tag in the metadata would get outside, and an IP packet ends at 65535 bytes. */
static __always_inline int push_outer(struct __sk_buff *skb, const struct tunnel *tunnel, __u32 vni)
{
	void *data = (void *)(long)skb->data, *data_end = (void *)(long)skb->data_end;
	__u32 length = skb->len, hash;
	struct ethhdr inner;

	if (!tunnel->ifindex || tunnel->header_len != OUTER_LENGTH || skb->vlan_present ||
	    length > 0xffff - OUTER_LENGTH)
		return 0;
	if (data + HASHED_MAX > data_end) {
		bpf_skb_pull_data(skb, length < HASHED_MAX ? length : HASHED_MAX);
		data = (void *)(long)skb->data;
		data_end = (void *)(long)skb->data_end;
	}
	if (data + ETH_HLEN > data_end)
		return 0;
	__builtin_memcpy(&inner, data, sizeof(inner));
	hash = flow_hash(data, inner.h_proto, data + ETH_HLEN, data_end);
	if (bpf_skb_adjust_room(skb, OUTER_LENGTH, BPF_ADJ_ROOM_MAC, PUSH_OUTER))
		return 0;
	data = (void *)(long)skb->data;
	data_end = (void *)(long)skb->data_end;
	if (data + OUTER_LENGTH + sizeof(inner) > data_end)
		return 0;
	write_outer(data, tunnel, vni, hash, length);
	__builtin_memcpy(data + OUTER_LENGTH, &inner, sizeof(inner));
	return 1;
}

static __always_inline int to_tunnel(struct __sk_buff *skb, __u32 from, __u32 tunnel_slot, __u32 vni,
				     const struct measure *m)
{
	struct tunnel *tunnel = bpf_map_lookup_elem(&tunnels, &tunnel_slot);
	__u32 reason;

	if (!tunnel || !vni)
		return drop(from, DROP_NO_TUNNEL, m->packets);
	if (exceeds(tunnel, m))
		return drop(from, DROP_OVERSIZE, m->packets);
	if (tracing)
		tell(EVENT_TO_TUNNEL, 0, from, 0, NULL, tunnel_slot);
	if (push_outer(skb, tunnel, vni))
		return bpf_redirect(tunnel->ifindex, 0);
	reason = set_tunnel(skb, tunnel, vni);
	if (reason)
		return drop(from, reason, m->packets);
	return bpf_redirect(vxlan_ifindex(), 0);
}

#endif
