/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Frames that left. */
#include "host.h"
#include <linux/pkt_cls.h>
#include <stdlib.h>

#define COPIES_MAX 4096

static struct copy copies[COPIES_MAX];
static uint32_t copy_count;
static uint32_t redirected;
static bool in_xdp;

void output_clear(void)
{
	for (uint32_t i = 0; i < copy_count; i++)
		free(copies[i].bytes);
	copy_count = 0;
	redirected = 0;
}

void output_is_xdp(bool is_xdp)
{
	in_xdp = is_xdp;
}

/* Takes the bytes over. */
void output_put(uint32_t ifindex, uint8_t *bytes, uint32_t length, const struct tunnel_metadata *outer)
{
	if (copy_count == COPIES_MAX)
		abort();
	copies[copy_count++] = (struct copy){.ifindex = ifindex, .length = length, .outer = *outer, .bytes = bytes};
}

uint32_t output_redirected(void)
{
	return redirected;
}

uint32_t host_copies(const struct copy **found)
{
	*found = copies;
	return copy_count;
}

long bpf_redirect(__u32 ifindex, __u64 flags)
{
	if (flags)
		return in_xdp ? XDP_ABORTED : TC_ACT_SHOT;
	redirected = ifindex;
	return in_xdp ? XDP_REDIRECT : TC_ACT_REDIRECT;
}
