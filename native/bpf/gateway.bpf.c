/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* One object, so that tc and XDP share their maps. */
#include "access_tc.h"
#include "access_xdp.h"
#include "overlay_tc.h"
#include "underlay_xdp.h"

char _license[] SEC("license") = "Dual BSD/GPL";
