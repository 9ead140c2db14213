/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Keys and values of the maps of ACLs, mirrored in datapath/src/layout/acl.rs. */
#ifndef VTEP_ACL_LAYOUT_H
#define VTEP_ACL_LAYOUT_H

#include <linux/types.h>
#include <stddef.h>

#define ACL_INGRESS 0u /* from the server toward the logical switch */
#define ACL_EGRESS 1u

struct acl_key {
	__u32 ifindex;
	__u32 vlan; /* 0: the whole port, whatever the tag */
	__u32 direction;
};

/* The rules first..first+count of acl_rules. */
struct acl_list {
	__u32 first;
	__u32 count;
	__u32 asks; /* FLOW_*: what any of the rules has to see to be judged */
};

/* What a rule asks for. */
#define ACL_PERMIT 0x0001u /* what it does: else it denies */
#define ACL_SOURCE_MAC 0x0002u
#define ACL_DESTINATION_MAC 0x0004u
#define ACL_ETHERTYPE 0x0008u
#define ACL_IPV4 0x0010u
#define ACL_IPV6 0x0020u
#define ACL_SOURCE 0x0040u
#define ACL_DESTINATION 0x0080u
#define ACL_PROTOCOL 0x0100u
#define ACL_SOURCE_PORT 0x0200u
#define ACL_DESTINATION_PORT 0x0400u
#define ACL_TCP_FLAGS 0x0800u
#define ACL_ICMP_TYPE 0x1000u
#define ACL_ICMP_CODE 0x2000u
#define ACL_TRANSPORT (ACL_SOURCE_PORT | ACL_DESTINATION_PORT | ACL_TCP_FLAGS | ACL_ICMP_TYPE | ACL_ICMP_CODE)

struct acl_rule {
	__u32 asked; /* ACL_* */
	__u8 source_mac[6];
	__u8 destination_mac[6];
	__be32 source[4]; /* masked; IPv4 in the last word */
	__be32 source_mask[4];
	__be32 destination[4];
	__be32 destination_mask[4];
	__u16 source_port_first;
	__u16 source_port_last;
	__u16 destination_port_first;
	__u16 destination_port_last;
	__u16 tcp_flags; /* masked */
	__u16 tcp_flags_mask;
	__u16 ethertype;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 zero[3];
};

#define ACLS_MAX 65536
#define ACL_RULES_MAX 65536

_Static_assert(sizeof(struct acl_key) == 12, "acl_key");
_Static_assert(sizeof(struct acl_list) == 12, "acl_list");
_Static_assert(sizeof(struct acl_rule) == 100 && offsetof(struct acl_rule, source) == 16 &&
		       offsetof(struct acl_rule, source_port_first) == 80 && offsetof(struct acl_rule, protocol) == 94,
	       "acl_rule");

#endif
