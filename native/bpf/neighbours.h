/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Suppression of ARP and neighbour discovery: a question for the MAC of a remote station is made into its answer.
 * model/src/neighbours.rs defines which questions are answered, and why no others. */
#ifndef VTEP_NEIGHBOURS_H
#define VTEP_NEIGHBOURS_H

#include "fdb.h"

#define ARP_ETHERNET 1
#define ARP_REQUEST 1
#define ARP_REPLY 2

/* RFC 826 for Ethernet and IPv4. */
struct arp_packet {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_mac[6];
	__u8 sender[4];
	__u8 target_mac[6];
	__u8 target[4];
};

#define ND_SOLICITATION 135
#define ND_ADVERTISEMENT 136
#define ND_SOURCE_MAC 1
#define ND_TARGET_MAC 2
#define ND_SOLICITED_OVERRIDE 0x60000000u
#define ND_HOP_LIMIT 255

/* RFC 4861 sections 4.3 and 4.4, with a link-layer address as the only option. */
struct nd_packet {
	struct ipv6hdr ip;
	__u8 type;
	__u8 code;
	__sum16 checksum;
	__be32 flags;
	__be32 target[4];
	__u8 option_type;
	__u8 option_length;
	__u8 mac[6];
};

#define ND_MESSAGE_LENGTH (sizeof(struct nd_packet) - sizeof(struct ipv6hdr))

_Static_assert(sizeof(struct arp_packet) == 28, "arp_packet");
_Static_assert(sizeof(struct nd_packet) == 72, "nd_packet");

union question {
	struct arp_packet arp;
	struct nd_packet nd;
};

/* Too large for the stack. Programs that answer run with softirqs disabled, so one at a time on a processor. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, union question);
} neighbour_question SEC(".maps");

/* A question as it came in. */
struct asked {
	__u8 macs[12]; /* destination and source */
	__u32 switch_slot;
	struct binding_key at;
};

/* The MAC behind an address, as long as frames to it go into a tunnel, and unless it is the asking station's. */
static __always_inline int find_neighbour(const struct asked *asked, const struct address *address, __u8 *mac)
{
	struct neighbour_key at = {.switch_slot = asked->switch_slot, .address = *address};
	struct neighbour *found = bpf_map_lookup_elem(&neighbours, &at);
	struct remote_mac *remote;
	struct mac_key key;

	if (!found || is_same_mac(found->mac, &asked->macs[6]))
		return 0;
	key = mac_key(asked->switch_slot, found->mac);
	remote = bpf_map_lookup_elem(&remote_macs, &key);
	if (!remote || bpf_map_lookup_elem(&local_macs, &key) || !bpf_map_lookup_elem(&tunnels, &remote->tunnel))
		return 0;
	__builtin_memcpy(mac, key.mac, 6);
	return 1;
}

/* Answers go to where frames to their receiver go, so to a station that is known to be here. */
static __always_inline int is_known_here(const struct asked *asked)
{
	struct mac_key key = mac_key(asked->switch_slot, &asked->macs[6]);
	struct local_mac *local = bpf_map_lookup_elem(&local_macs, &key);

	return local && is_at(local, asked->at.ifindex, asked->at.vlan);
}

static __always_inline int is_broadcast(const __u8 *mac)
{
	return (mac[0] & mac[1] & mac[2] & mac[3] & mac[4] & mac[5]) == 0xff;
}

static __always_inline int is_zero(const __u8 *address)
{
	return !(address[0] | address[1] | address[2] | address[3]);
}

static __always_inline int is_same_v4(const __u8 *a, const __u8 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* Neither a probe nor a gratuitous one. */
static __always_inline int is_arp_question(const struct arp_packet *arp, const struct asked *asked)
{
	return arp->hardware == bpf_htons(ARP_ETHERNET) && arp->protocol == bpf_htons(ETH_P_IP) &&
	       arp->hardware_length == ETH_ALEN && arp->protocol_length == sizeof(arp->target) &&
	       arp->operation == bpf_htons(ARP_REQUEST) && is_broadcast(asked->macs) &&
	       is_same_mac(arp->sender_mac, &asked->macs[6]) && !is_zero(arp->sender) &&
	       !is_same_v4(arp->sender, arp->target);
}

/* Makes the answer in place; returns whether there is one. */
static __always_inline int answer_arp(struct arp_packet *arp, const struct asked *asked, __u8 *mac)
{
	struct address target = {.bytes = {[10] = 0xff, [11] = 0xff}};
	__u8 sender[4];

	if (!is_arp_question(arp, asked))
		return 0;
	__builtin_memcpy(&target.bytes[12], arp->target, 4);
	if (!find_neighbour(asked, &target, mac))
		return 0;
	__builtin_memcpy(sender, arp->sender, 4);
	arp->operation = bpf_htons(ARP_REPLY);
	__builtin_memcpy(arp->target_mac, arp->sender_mac, 6);
	__builtin_memcpy(arp->sender_mac, mac, 6);
	__builtin_memcpy(arp->sender, arp->target, 4);
	__builtin_memcpy(arp->target, sender, 4);
	return 1;
}

/* Of message and pseudo-header (RFC 4443 section 2.3), folded; 0 where the message has the right one in it. */
static __always_inline __u16 nd_checksum(struct nd_packet *nd)
{
	/* The addresses lie right before the message. */
	__u32 sum = (__u32)bpf_csum_diff(NULL, 0, nd->ip.saddr.in6_u.u6_addr32,
					 sizeof(nd->ip.saddr) + sizeof(nd->ip.daddr) + ND_MESSAGE_LENGTH,
					 bpf_htons(ND_MESSAGE_LENGTH + IPPROTO_ICMPV6));

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

static __always_inline int is_same_v6(const __be32 *a, const __be32 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]));
}

/* The solicited-node group of the target (RFC 4291 section 2.7.1), and the MAC of that group (RFC 2464 section 7). */
static __always_inline int is_to_its_group(const struct nd_packet *nd, const __u8 *mac)
{
	const __be32 *to = nd->ip.daddr.in6_u.u6_addr32;
	__be32 last = nd->target[3] | bpf_htonl(0xff000000);
	__be32 of_mac;

	__builtin_memcpy(&of_mac, &mac[2], sizeof(of_mac));
	return to[0] == bpf_htonl(0xff020000) && !to[1] && to[2] == bpf_htonl(1) && to[3] == last && mac[0] == 0x33 &&
	       mac[1] == 0x33 && of_mac == last;
}

static __always_inline int is_solicitation(struct nd_packet *nd, const struct asked *asked)
{
	const __be32 *from = nd->ip.saddr.in6_u.u6_addr32;

	return nd->ip.version == 6 && nd->ip.payload_len == bpf_htons(ND_MESSAGE_LENGTH) &&
	       nd->ip.nexthdr == IPPROTO_ICMPV6 && nd->ip.hop_limit == ND_HOP_LIMIT && nd->type == ND_SOLICITATION &&
	       !nd->code && nd->option_type == ND_SOURCE_MAC && nd->option_length == 1 &&
	       is_same_mac(nd->mac, &asked->macs[6]) && is_to_its_group(nd, asked->macs) &&
	       (from[0] | from[1] | from[2] | from[3]) && nd->ip.saddr.in6_u.u6_addr8[0] != 0xff &&
	       !is_same_v6(from, nd->target) && !nd_checksum(nd);
}

static __always_inline int answer_solicitation(struct nd_packet *nd, const struct asked *asked, __u8 *mac)
{
	__be32 first_word = bpf_htonl(0x60000000); /* version; no traffic class, no flow label */
	struct address target;

	if (!is_solicitation(nd, asked))
		return 0;
	__builtin_memcpy(&target, nd->target, sizeof(target));
	if (!find_neighbour(asked, &target, mac))
		return 0;
	__builtin_memcpy(&nd->ip, &first_word, sizeof(first_word));
	nd->ip.daddr = nd->ip.saddr;
	__builtin_memcpy(&nd->ip.saddr, &target, sizeof(target));
	nd->type = ND_ADVERTISEMENT;
	nd->flags = bpf_htonl(ND_SOLICITED_OVERRIDE);
	nd->option_type = ND_TARGET_MAC;
	__builtin_memcpy(nd->mac, mac, 6);
	nd->checksum = 0;
	nd->checksum = nd_checksum(nd);
	return 1;
}

/* Puts the answer into the frame; returns 0 or a drop reason. The checksum that a device made is of what is behind the
 * Ethernet header. */
static __always_inline __u32 write_answer(struct __sk_buff *skb, const struct asked *asked, const __u8 *mac,
					  const void *packet, __u32 length)
{
	__u8 macs[12];

	__builtin_memcpy(macs, &asked->macs[6], 6);
	__builtin_memcpy(&macs[6], mac, 6);
	if (bpf_skb_store_bytes(skb, 0, macs, sizeof(macs), 0) ||
	    bpf_skb_store_bytes(skb, ETH_HLEN, packet, length, BPF_F_RECOMPUTE_CSUM))
		return DROP_HELPER_FAILED;
	return 0;
}

#define NOT_ANSWERED 0xffffffffu

/* Makes a question into its answer; returns 0, a drop reason, or NOT_ANSWERED for a frame that stays as it is. A global
 * function, for the reason that acl.h gives. */
__noinline __u32 answer_question(struct __sk_buff *skb, const struct asked *asked)
{
	union question *question;
	__be16 ethertype = 0;
	__u32 zero = 0;
	__u8 mac[6];

	if (!asked || skb->gso_size || skb->vlan_present ||
	    bpf_skb_load_bytes(skb, offsetof(struct ethhdr, h_proto), &ethertype, sizeof(ethertype)))
		return NOT_ANSWERED;
	question = bpf_map_lookup_elem(&neighbour_question, &zero);
	if (!question)
		return NOT_ANSWERED;
	if (ethertype == bpf_htons(ETH_P_ARP)) {
		if (bpf_skb_load_bytes(skb, ETH_HLEN, &question->arp, sizeof(question->arp)) || !is_known_here(asked) ||
		    !answer_arp(&question->arp, asked, mac))
			return NOT_ANSWERED;
		return write_answer(skb, asked, mac, &question->arp, sizeof(question->arp));
	}
	if (ethertype == bpf_htons(ETH_P_IPV6)) {
		if (skb->len != ETH_HLEN + sizeof(question->nd) ||
		    bpf_skb_load_bytes(skb, ETH_HLEN, &question->nd, sizeof(question->nd)) || !is_known_here(asked) ||
		    !answer_solicitation(&question->nd, asked, mac))
			return NOT_ANSWERED;
		return write_answer(skb, asked, mac, &question->nd, sizeof(question->nd));
	}
	return NOT_ANSWERED;
}

#endif
