/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* To which logical switch a frame from a tunnel belongs, for tc and XDP. */
#ifndef VTEP_ORIGIN_H
#define VTEP_ORIGIN_H

#include "maps.h"

/* The slot of the logical switch; what the sender's locators say goes before the logical switches' own VNIs.
 * vtep: NULL for a sender that no tunnel leads to. */
static __always_inline __u32 *switch_of(const struct vtep *vtep, __u32 vni)
{
	__u32 *slot = NULL;

	if (vtep && (vtep->flags & VTEP_OWN_VNIS)) {
		struct origin origin = {.tunnel = vtep->tunnel, .vni = vni};

		slot = bpf_map_lookup_elem(&origins, &origin);
	}
	return slot ? slot : bpf_map_lookup_elem(&vnis, &vni);
}

#endif
