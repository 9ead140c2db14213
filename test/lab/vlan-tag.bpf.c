// SPDX-License-Identifier: (GPL-2.0-only OR BSD-2-Clause)
// Puts a device onto one VLAN of a trunk, as an 802.1Q device would; VLAN_ID is given at compile time.
#include <linux/bpf.h>
#include <linux/pkt_cls.h>

#define SECTION(name) __attribute__((section(name), used))

static long (*vlan_push)(struct __sk_buff *skb, __u16 proto, __u16 tci) = (void *)BPF_FUNC_skb_vlan_push;
static long (*vlan_pop)(struct __sk_buff *skb) = (void *)BPF_FUNC_skb_vlan_pop;

SECTION("tc/tag")
int push_tag(struct __sk_buff *skb)
{
	return vlan_push(skb, __builtin_bswap16(0x8100), VLAN_ID) ? TC_ACT_SHOT : TC_ACT_OK;
}

SECTION("tc/untag")
int pop_tag(struct __sk_buff *skb)
{
	if (!skb->vlan_present || (skb->vlan_tci & 0xfff) != VLAN_ID)
		return TC_ACT_SHOT;
	return vlan_pop(skb) ? TC_ACT_SHOT : TC_ACT_OK;
}

char gpl[] SECTION("license") = "Dual BSD/GPL";
