/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The hash of an inner flow, word for word that of model/src/flow_hash.rs, which defines it. */
#ifndef VTEP_FLOW_HASH_H
#define VTEP_FLOW_HASH_H

#include "parse.h"

/* RFC 7348 section 5: source ports from the dynamic range 49152 to 65535. */
#define FLOW_PORT_FIRST 49152
#define FLOW_PORT_MASK 0x3fff

#define FRAGMENT_BITS 0x3fff

static __always_inline __u32 rotate_left(__u32 word, int bits)
{
	return (word << bits) | (word >> (32 - bits));
}

static __always_inline __u32 mix(__u32 state, __u32 word)
{
	state ^= rotate_left(word * 0xcc9e2d51, 15) * 0x1b873593;
	return rotate_left(state, 13) * 5 + 0xe6546b64;
}

static __always_inline __u32 hash_words(__u32 a, __u32 b, __u32 c, __u32 d)
{
	__u32 state = mix(mix(mix(mix(0, a), b), c), d) ^ 16;

	state = (state ^ (state >> 16)) * 0x85ebca6b;
	state = (state ^ (state >> 13)) * 0xc2b2ae35;
	return state ^ (state >> 16);
}

static __always_inline __u32 load_word(const void *bytes)
{
	__be32 word;

	__builtin_memcpy(&word, bytes, sizeof(word));
	return bpf_ntohl(word);
}

static __always_inline __u32 flow_ports(__u8 protocol, void *l4, void *data_end)
{
	if ((protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || l4 + 4 > data_end)
		return 0;
	return load_word(l4);
}

static __always_inline __u32 folded(const struct in6_addr *address)
{
	const __be32 *words = address->in6_u.u6_addr32;

	return bpf_ntohl(words[0] ^ words[1] ^ words[2] ^ words[3]);
}

/* macs: the 12 bytes of both MACs; payload: what follows the ethertype of the frame without its binding's tag. */
static __always_inline __u32 flow_hash(const __u8 *macs, __be16 ethertype, void *payload, void *data_end)
{
	__u32 kind = (__u32)bpf_ntohs(ethertype) << 16;
	struct iphdr *ip = payload;
	struct ipv6hdr *ip6 = payload;

	if (ethertype == bpf_htons(ETH_P_IP) && (void *)(ip + 1) <= data_end && ip->version == 4) {
		__u32 ports = 0;

		if (ip->ihl == 5 && !(ip->frag_off & bpf_htons(FRAGMENT_BITS)))
			ports = flow_ports(ip->protocol, ip + 1, data_end);
		return hash_words(bpf_ntohl(ip->saddr), bpf_ntohl(ip->daddr), ports, kind | ip->protocol);
	}
	if (ethertype == bpf_htons(ETH_P_IPV6) && (void *)(ip6 + 1) <= data_end && ip6->version == 6)
		return hash_words(folded(&ip6->saddr), folded(&ip6->daddr), flow_ports(ip6->nexthdr, ip6 + 1, data_end),
				  kind | ip6->nexthdr);
	return hash_words(load_word(macs), load_word(macs + 4), load_word(macs + 8), kind);
}

#endif
