/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Access control lists of bindings: one scan for tc and XDP, over the flow that each of them reads.
 * model/src/acl.rs defines what matches. */
#ifndef VTEP_ACL_H
#define VTEP_ACL_H

#include "flow.h"
#include "maps.h"

/* Programs that judge run with softirqs disabled, so one at a time on a processor. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct reading);
} acl_reading SEC(".maps");

struct acl_scan {
	const struct flow *flow;
	__u32 first;
	__u32 is_denied;
};

static __always_inline int is_within(const __be32 *address, const __be32 *network, const __be32 *mask)
{
	return !(((address[0] ^ network[0]) & mask[0]) | ((address[1] ^ network[1]) & mask[1]) |
		 ((address[2] ^ network[2]) & mask[2]) | ((address[3] ^ network[3]) & mask[3]));
}

static __always_inline int matches_link(const struct acl_rule *rule, __u32 asked, const struct flow *flow)
{
	if ((asked & ACL_SOURCE_MAC) && !is_same_mac(rule->source_mac, flow->source_mac))
		return 0;
	if ((asked & ACL_DESTINATION_MAC) && !is_same_mac(rule->destination_mac, flow->destination_mac))
		return 0;
	return !(asked & ACL_ETHERTYPE) || rule->ethertype == flow->ethertype || rule->ethertype == flow->outer_type;
}

static __always_inline int matches_network(const struct acl_rule *rule, __u32 asked, const struct flow *flow)
{
	if ((asked & ACL_IPV4) && flow->family != 4)
		return 0;
	if ((asked & ACL_IPV6) && flow->family != 6)
		return 0;
	if ((asked & ACL_SOURCE) && !is_within(flow->source, rule->source, rule->source_mask))
		return 0;
	if ((asked & ACL_DESTINATION) && !is_within(flow->destination, rule->destination, rule->destination_mask))
		return 0;
	return !(asked & ACL_PROTOCOL) || rule->protocol == flow->protocol || rule->protocol == flow->next_header;
}

static __always_inline int matches_transport(const struct acl_rule *rule, __u32 asked, const struct flow *flow)
{
	__u32 has = flow->has;

	if ((asked & ACL_SOURCE_PORT) && (!(has & FLOW_HAS_PORTS) || flow->source_port < rule->source_port_first ||
					  flow->source_port > rule->source_port_last))
		return 0;
	if ((asked & ACL_DESTINATION_PORT) &&
	    (!(has & FLOW_HAS_PORTS) || flow->destination_port < rule->destination_port_first ||
	     flow->destination_port > rule->destination_port_last))
		return 0;
	if ((asked & ACL_TCP_FLAGS) &&
	    (!(has & FLOW_HAS_TCP_FLAGS) || (flow->tcp_flags & rule->tcp_flags_mask) != rule->tcp_flags))
		return 0;
	if ((asked & ACL_ICMP_TYPE) && (!(has & FLOW_HAS_ICMP) || flow->icmp_type != rule->icmp_type))
		return 0;
	return !(asked & ACL_ICMP_CODE) || ((has & FLOW_HAS_ICMP) && flow->icmp_code == rule->icmp_code);
}

static __always_inline int matches(const struct acl_rule *rule, const struct flow *flow)
{
	__u32 asked = rule->asked;

	if (!matches_link(rule, asked, flow) || !matches_network(rule, asked, flow))
		return 0;
	if (!(asked & ACL_TRANSPORT))
		return 1;
	/* The first fragment was judged in full; a later one passes where that one may have. */
	if (flow->is_later_fragment)
		return (asked & ACL_PERMIT) != 0;
	return matches_transport(rule, asked, flow);
}

static long judge_by_rule(__u32 index, void *context)
{
	struct acl_scan *scan = context;
	__u32 slot = scan->first + index;
	struct acl_rule *rule = bpf_map_lookup_elem(&acl_rules, &slot);

	if (!rule) {
		scan->is_denied = 1;
		return 1;
	}
	if (!matches(rule, scan->flow))
		return 0;
	scan->is_denied = !(rule->asked & ACL_PERMIT);
	return 1;
}

/* What a list asks for and the frame hides is denied before the first rule: nothing gets past a rule by being cut. */
static __always_inline int is_denied_by(struct acl_scan *scan, const struct acl_list *list)
{
	if (scan->flow->unreadable & list->asks)
		return 1;
	scan->first = list->first;
	scan->is_denied = 0;
	bpf_loop(list->count, judge_by_rule, scan, 0);
	return scan->is_denied;
}

/* Without a list at the place everything is permitted. */
static __always_inline int is_denied_at(struct acl_scan *scan, const struct acl_key *place)
{
	const struct acl_list *list = bpf_map_lookup_elem(&acls, place);

	return list && is_denied_by(scan, list);
}

/* The functions below are global ones: the verifier checks each once by itself, not once more for every way that leads
 * to it. Otherwise Linux 6.1 gives the tc programs up at a million instructions. */

static __always_inline struct reading *reading(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&acl_reading, &zero);
}

/* Reads the flow that judge() judges; returns whether it could. */
__noinline int read_skb(struct __sk_buff *skb)
{
	struct source from = {.context = skb, .end = skb->len};
	struct reading *to = reading();

	if (!to)
		return 0;
	read_flow(&from, 0, 2 * ETH_ALEN, skb->vlan_present ? (__be16)skb->vlan_proto : 0, to);
	return 1;
}

/* The same in XDP. The inner frame begins at macs_at; its ethertype behind the binding's tag is at type_at. */
__noinline int read_xdp(struct xdp_md *ctx, __u32 macs_at, __u32 type_at)
{
	struct source from = {.context = ctx, .is_xdp = 1, .end = (__u32)bpf_xdp_get_buff_len(ctx)};
	struct reading *to = reading();

	if (!to)
		return 0;
	read_flow(&from, macs_at, type_at, 0, to);
	return 1;
}

/* Whether the flow that was read is denied. at->vlan: of the binding. The list of the whole port and that of the VLAN
 * must both permit. */
__noinline int judge(const struct acl_key *at)
{
	struct reading *of = reading();
	struct acl_scan scan = {};
	struct acl_key place = {};

	if (!at || !of)
		return 1;
	scan.flow = &of->flow;
	place.ifindex = at->ifindex;
	place.direction = at->direction;
	if (is_denied_at(&scan, &place))
		return 1;
	place.vlan = at->vlan;
	return place.vlan && is_denied_at(&scan, &place);
}

/* A binding without an ACL costs a look at one word. */
static __always_inline int has_acl(__u32 binding_slot, __u32 direction)
{
	__u32 *directions = bpf_map_lookup_elem(&binding_acls, &binding_slot);

	return directions && (*directions & 1u << direction);
}

static __always_inline int is_denied_in_tc(struct __sk_buff *skb, __u32 slot, __u32 ifindex, __u32 vlan,
					   __u32 direction)
{
	struct acl_key at = {.ifindex = ifindex, .vlan = vlan, .direction = direction};

	return has_acl(slot, direction) && (!read_skb(skb) || judge(&at));
}

static __always_inline int is_denied_in_xdp(struct xdp_md *ctx, __u32 slot, __u32 ifindex, __u32 vlan, __u32 direction,
					    __u32 macs_at, __u32 type_at)
{
	struct acl_key at = {.ifindex = ifindex, .vlan = vlan, .direction = direction};

	return has_acl(slot, direction) && (!read_xdp(ctx, macs_at, type_at) || judge(&at));
}

#endif
