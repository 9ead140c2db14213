/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The fields of a frame that ACLs match, read from a tc or XDP context. What is read here, and what counts as
 * unreadable, is defined by model/src/acl/flow.rs. */
#ifndef VTEP_FLOW_H
#define VTEP_FLOW_H

#include "parse.h"
#include <bpf/bpf_helpers.h>

/* What of a frame cannot be read; the same bits say what the rules of a list ask for (struct acl_list). */
#define FLOW_NETWORK 1u   /* addresses */
#define FLOW_PROTOCOL 2u  /* upper-layer protocol */
#define FLOW_TRANSPORT 4u /* ports, TCP flags, ICMP type and code */

#define FLOW_HAS_PORTS 1u
#define FLOW_HAS_TCP_FLAGS 2u
#define FLOW_HAS_ICMP 4u

/* A protocol that no header can name. */
#define FLOW_NO_PROTOCOL 0xffff

struct flow {
	__u8 destination_mac[6];
	__u8 source_mac[6];
	__u16 outer_type; /* of the frame without the tag of its binding */
	__u16 ethertype;  /* behind one inner tag */
	__be32 source[4]; /* IPv4: in the last word */
	__be32 destination[4];
	__u16 protocol;    /* of the upper layer, behind all extension headers */
	__u16 next_header; /* as the fixed header says it */
	__u16 source_port;
	__u16 destination_port;
	__u16 tcp_flags;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 family;            /* 4, 6, or 0 for frames without a readable IP header */
	__u8 has;               /* FLOW_HAS_* */
	__u8 unreadable;        /* FLOW_NETWORK, FLOW_PROTOCOL, FLOW_TRANSPORT */
	__u8 is_later_fragment; /* without the transport header */
};

/* A header, and the flow that is being made of it: too large for the stack. */
struct reading {
	struct flow flow;
	union {
		struct iphdr ip;
		struct ipv6hdr ip6;
		struct tcphdr tcp;
		__be16 ports[2];
		__u8 bytes[8];
	} header;
};

/* Where the bytes come from; is_xdp is known at compile time. */
struct source {
	void *context;
	int is_xdp;
	__u32 end; /* of the frame, then of the packet */
};

static __always_inline long load(const struct source *from, __u32 at, void *to, __u32 length)
{
	return from->is_xdp ? bpf_xdp_load_bytes(from->context, at, to, length)
			    : bpf_skb_load_bytes(from->context, at, to, length);
}

/* Loads what lies before the end of the packet: behind it is padding. */
static __always_inline int load_within(const struct source *from, __u32 at, void *to, __u32 length)
{
	return at + length > from->end || load(from, at, to, length);
}

static __always_inline void read_tcp(const struct source *from, __u32 at, struct reading *to)
{
	struct flow *flow = &to->flow;

	if (load_within(from, at, &to->header, sizeof(struct tcphdr))) {
		flow->unreadable |= FLOW_TRANSPORT;
		return;
	}
	flow->source_port = bpf_ntohs(to->header.tcp.source);
	flow->destination_port = bpf_ntohs(to->header.tcp.dest);
	flow->tcp_flags = bpf_ntohl(tcp_flag_word(&to->header.tcp)) >> 16 & 0x0fff;
	flow->has = FLOW_HAS_PORTS | FLOW_HAS_TCP_FLAGS;
}

/* length: of the whole header, of which the first four bytes are looked at. */
static __always_inline int load_first_word(const struct source *from, __u32 at, __u32 length, struct reading *to)
{
	if (at + length <= from->end && !load(from, at, &to->header, sizeof(__u32)))
		return 1;
	to->flow.unreadable |= FLOW_TRANSPORT;
	return 0;
}

static __always_inline void read_ports(const struct source *from, __u32 at, __u32 length, struct reading *to)
{
	if (!load_first_word(from, at, length, to))
		return;
	to->flow.source_port = bpf_ntohs(to->header.ports[0]);
	to->flow.destination_port = bpf_ntohs(to->header.ports[1]);
	to->flow.has = FLOW_HAS_PORTS;
}

static __always_inline void read_icmp(const struct source *from, __u32 at, __u32 length, struct reading *to)
{
	if (!load_first_word(from, at, length, to))
		return;
	to->flow.icmp_type = to->header.bytes[0];
	to->flow.icmp_code = to->header.bytes[1];
	to->flow.has = FLOW_HAS_ICMP;
}

#define SCTP_HEADER_LENGTH 12
#define ICMP_HEADER_LENGTH 8
#define ICMP6_HEADER_LENGTH 4

/* fragment: the offset of this fragment in eight bytes; 0 for a first one or a whole packet. */
static __always_inline void read_transport(const struct source *from, __u32 at, __u32 fragment, struct reading *to)
{
	struct flow *flow = &to->flow;

	if (fragment) {
		flow->is_later_fragment = 1;
		/* RFC 3128: a fragment at offset 1 can overwrite the flags of a first one that passed. */
		if (flow->protocol == IPPROTO_TCP && fragment == 1)
			flow->unreadable |= FLOW_TRANSPORT;
		return;
	}
	if (flow->protocol == IPPROTO_TCP)
		read_tcp(from, at, to);
	else if (flow->protocol == IPPROTO_UDP)
		read_ports(from, at, sizeof(struct udphdr), to);
	else if (flow->protocol == IPPROTO_SCTP)
		read_ports(from, at, SCTP_HEADER_LENGTH, to);
	else if (flow->protocol == IPPROTO_ICMP && flow->family == 4)
		read_icmp(from, at, ICMP_HEADER_LENGTH, to);
	else if (flow->protocol == IPPROTO_ICMPV6 && flow->family == 6)
		read_icmp(from, at, ICMP6_HEADER_LENGTH, to);
}

#define IPV4_OFFSET_MASK 0x1fff
#define UNREADABLE_PACKET (FLOW_NETWORK | FLOW_PROTOCOL | FLOW_TRANSPORT)

static __always_inline void read_ipv4(struct source *from, __u32 at, struct reading *to)
{
	const struct iphdr *ip = &to->header.ip;
	struct flow *flow = &to->flow;
	__u32 header, total;

	if (load_within(from, at, &to->header, sizeof(*ip)) || ip->version != 4) {
		flow->unreadable = UNREADABLE_PACKET;
		return;
	}
	header = ip->ihl * 4;
	total = bpf_ntohs(ip->tot_len);
	/* A super-frame of more than 64 KiB has no length in its header. */
	if (total && at + total < from->end)
		from->end = at + total;
	if (header < sizeof(*ip) || at + header > from->end) {
		flow->unreadable = UNREADABLE_PACKET;
		return;
	}
	flow->family = 4;
	flow->source[3] = ip->saddr;
	flow->destination[3] = ip->daddr;
	flow->protocol = ip->protocol;
	flow->next_header = ip->protocol;
	read_transport(from, at + header, bpf_ntohs(ip->frag_off) & IPV4_OFFSET_MASK, to);
}

#define EXTENSION_HEADERS_MAX 8

/* The headers that RFC 8200 has a node walk; what is behind ESP cannot be read, and AH counts as an upper layer. */
static __always_inline int is_extension(__u8 header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING || header == IPPROTO_DSTOPTS ||
	       header == IPPROTO_FRAGMENT;
}

static __always_inline void read_ipv6(struct source *from, __u32 at, struct reading *to)
{
	const struct ipv6hdr *ip6 = &to->header.ip6;
	const __u8 *header = to->header.bytes;
	struct flow *flow = &to->flow;
	__u32 fragment = 0, is_fragment = 0, payload;
	__u8 next;

	if (load_within(from, at, &to->header, sizeof(*ip6)) || ip6->version != 6) {
		flow->unreadable = UNREADABLE_PACKET;
		return;
	}
	flow->family = 6;
	__builtin_memcpy(flow->source, &ip6->saddr, sizeof(flow->source));
	__builtin_memcpy(flow->destination, &ip6->daddr, sizeof(flow->destination));
	payload = bpf_ntohs(ip6->payload_len);
	at += sizeof(*ip6);
	if (payload && at + payload < from->end)
		from->end = at + payload;
	next = ip6->nexthdr;
	flow->next_header = next;
	for (int i = 0; i < EXTENSION_HEADERS_MAX; i++) {
		if (!is_extension(next))
			break;
		/* Behind the first fragment's header nothing is left of the chain in a later one; two fragment headers
		 * have no meaning. */
		if (fragment || (is_fragment && next == IPPROTO_FRAGMENT) ||
		    load_within(from, at, &to->header, sizeof(to->header.bytes)))
			break;
		if (next == IPPROTO_FRAGMENT) {
			is_fragment = 1;
			fragment = ((__u32)header[2] << 8 | header[3]) >> 3;
			at += sizeof(to->header.bytes);
		} else {
			at += (header[1] + 1u) * 8;
		}
		next = header[0];
	}
	if (is_extension(next) || at > from->end) {
		flow->unreadable = FLOW_PROTOCOL | FLOW_TRANSPORT;
		return;
	}
	flow->protocol = next;
	read_transport(from, at, fragment, to);
}

/* macs_at, type_at: where the addresses and the ethertype behind the binding's tag are; tag_type: of an inner tag that
 * the kernel holds beside the bytes, 0 for none. */
static __always_inline void read_flow(struct source *from, __u32 macs_at, __u32 type_at, __be16 tag_type,
				      struct reading *to)
{
	__u32 at = type_at + sizeof(__be16);
	struct flow *flow = &to->flow;
	__be16 type, outer;

	__builtin_memset(flow, 0, sizeof(*flow));
	flow->protocol = FLOW_NO_PROTOCOL;
	flow->next_header = FLOW_NO_PROTOCOL;
	if (load(from, macs_at, flow->destination_mac, 12) || load(from, type_at, &type, sizeof(type))) {
		flow->unreadable = UNREADABLE_PACKET;
		return;
	}
	outer = type;
	if (tag_type) {
		outer = tag_type;
	} else if (is_vlan_type(type)) {
		/* A load that fails may clear what it was to fill: where the frame ends within the tag, the tag's type
		 * is all there is. */
		if (load(from, type_at + sizeof(struct vlan_tag), &type, sizeof(type))) {
			flow->unreadable = UNREADABLE_PACKET;
			type = outer;
		}
		at += sizeof(struct vlan_tag);
	}
	flow->outer_type = bpf_ntohs(outer);
	flow->ethertype = bpf_ntohs(type);
	if (flow->unreadable)
		return;
	if (type == bpf_htons(ETH_P_IP))
		read_ipv4(from, at, to);
	else if (type == bpf_htons(ETH_P_IPV6))
		read_ipv6(from, at, to);
	else if (is_vlan_type(type))
		flow->unreadable = UNREADABLE_PACKET;
}

#endif
