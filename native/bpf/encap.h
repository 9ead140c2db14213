/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The outer header of a tunnel whose next hop is resolved, written from its template. */
#ifndef VTEP_ENCAP_H
#define VTEP_ENCAP_H

#include "flow_hash.h"

/* RFC 1624: the template's checksum was made with length 0; adds the real one. */
static __always_inline __u16 checksum_with_length(__be16 template_checksum, __be16 length)
{
	__u32 sum = (__u16)~template_checksum + (__u32)length;

	sum = (sum & 0xffff) + (sum >> 16);
	return (__u16)~sum;
}

/* Writes the outer headers over the first OUTER_LENGTH bytes of the packet; inner: length of the frame behind them. */
static __always_inline void write_outer(void *data, const struct tunnel *tunnel, __u32 vni, __u32 hash, __u32 inner)
{
	struct iphdr *ip = data + ETH_HLEN;
	struct udphdr *udp = (void *)(ip + 1);
	struct vxlan_header *vxlan = (void *)(udp + 1);

	__builtin_memcpy(data, tunnel->header, OUTER_LENGTH);
	ip->tot_len = bpf_htons(OUTER_LENGTH - ETH_HLEN + inner);
	ip->check = checksum_with_length(ip->check, ip->tot_len);
	udp->source = bpf_htons(FLOW_PORT_FIRST + (hash & FLOW_PORT_MASK));
	udp->len = bpf_htons(sizeof(*udp) + sizeof(*vxlan) + inner);
	vxlan->vni = bpf_htonl(vni << 8);
}

#endif
