/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Wire formats and the predicates on them that tc and XDP share. */
#ifndef VTEP_PARSE_H
#define VTEP_PARSE_H

#include <bpf/bpf_endian.h>
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>

#include "layout.h"

#define VXLAN_PORT 4789
#define VLAN_ID_MASK 0x0fff

struct vlan_tag {
	__be16 tci;
	__be16 ethertype;
} __attribute__((packed));

/* RFC 7348 section 5. */
struct vxlan_header {
	__be32 flags;
	__be32 vni; /* upper 24 bits; the last byte is reserved */
} __attribute__((packed));

#define VXLAN_VNI_VALID 0x08000000u

#define OUTER_LENGTH (ETH_HLEN + sizeof(struct iphdr) + sizeof(struct udphdr) + sizeof(struct vxlan_header))

static __always_inline int is_vlan_type(__be16 ethertype)
{
	return ethertype == bpf_htons(ETH_P_8021Q) || ethertype == bpf_htons(ETH_P_8021AD);
}

static __always_inline int is_group(const __u8 *mac)
{
	return mac[0] & 1;
}

static __always_inline int is_valid_source(const __u8 *mac)
{
	return !is_group(mac) && (mac[0] | mac[1] | mac[2] | mac[3] | mac[4] | mac[5]);
}

/* 01:80:c2:00:00:00 to 0f: never forwarded by a bridge (IEEE 802.1Q, table 8-1). */
static __always_inline int is_link_local(const __u8 *mac)
{
	return mac[0] == 0x01 && mac[1] == 0x80 && mac[2] == 0xc2 && mac[3] == 0 && mac[4] == 0 && (mac[5] & 0xf0) == 0;
}

static __always_inline int is_same_mac(const __u8 *a, const __u8 *b)
{
	return !((a[0] ^ b[0]) | (a[1] ^ b[1]) | (a[2] ^ b[2]) | (a[3] ^ b[3]) | (a[4] ^ b[4]) | (a[5] ^ b[5]));
}

static __always_inline struct mac_key mac_key(__u32 switch_slot, const __u8 *mac)
{
	struct mac_key key = {.switch_slot = switch_slot};

	__builtin_memcpy(key.mac, mac, 6);
	return key;
}

static __always_inline struct address mapped_v4(__be32 v4)
{
	struct address address = {.bytes = {[10] = 0xff, [11] = 0xff}};

	__builtin_memcpy(&address.bytes[12], &v4, 4);
	return address;
}

#endif
