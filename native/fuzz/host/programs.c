/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The programs, compiled for the host as they are. */
#include "host.h"

#include "gateway.bpf.c"
#include <string.h>

/* Definitions of maps have types of their own; each is told by name once. */
#define NAMED(map)                                                                                                     \
	if (!strcmp(name, #map))                                                                                       \
	return HOST_MAP(&(map))

struct map *host_map(const char *name)
{
	NAMED(settings);
	NAMED(ports);
	NAMED(bindings);
	NAMED(switches);
	NAMED(vnis);
	NAMED(local_macs);
	NAMED(mac_limits);
	NAMED(mac_usages);
	NAMED(remote_macs);
	NAMED(neighbours);
	NAMED(tunnels);
	NAMED(vteps);
	NAMED(origins);
	NAMED(local_addresses);
	NAMED(flood_lists);
	NAMED(flood_members);
	NAMED(binding_acls);
	NAMED(acls);
	NAMED(acl_rules);
	NAMED(binding_counts);
	NAMED(drops);
	NAMED(bfd_sessions);
	NAMED(bfd_heartbeat);
	NAMED(punt_meters);
	return NULL;
}

uint32_t host_records(const char *ring, const uint8_t *const **records, const uint32_t **lengths)
{
	return ring_records(strcmp(ring, "punts") ? (const void *)&events : (const void *)&punts, records, lengths);
}

_Static_assert(sizeof(struct flow) == 64 && offsetof(struct flow, protocol) == 48, "flow");

static int flow_tc(struct __sk_buff *skb)
{
	return read_skb(skb);
}

static int flow_xdp(struct xdp_md *ctx)
{
	return read_xdp(ctx, 0, 2 * ETH_ALEN);
}

/* What the last run of flow_tc or flow_xdp has read. */
const struct flow *host_flow(void)
{
	return &reading()->flow;
}

void host_reset(uint64_t now_ns)
{
	maps_clear();
	rings_clear();
	output_clear();
	clock_set(now_ns);
}

/* The verdict; -1 for a program that there is not, -2 where a record of a ring was neither submitted nor discarded. */
int host_run(const char *program, const struct arrival *arrival)
{
	int verdict;

	output_clear();
	rings_clear();
	if (!strcmp(program, "access_tc"))
		verdict = run_tc(access_tc, arrival);
	else if (!strcmp(program, "overlay_tc"))
		verdict = run_tc(overlay_tc, arrival);
	else if (!strcmp(program, "access_xdp"))
		verdict = run_xdp(access_xdp, arrival);
	else if (!strcmp(program, "underlay_xdp"))
		verdict = run_xdp(underlay_xdp, arrival);
	else if (!strcmp(program, "flow_tc"))
		verdict = run_tc(flow_tc, arrival);
	else if (!strcmp(program, "flow_xdp"))
		verdict = run_xdp(flow_xdp, arrival);
	else
		return -1;
	return rings_are_settled() ? verdict : -2;
}
