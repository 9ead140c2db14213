/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The kernel's header with contexts whose pointers are as wide as the host's. */
#ifndef VTEP_HOST_LINUX_BPF_H
#define VTEP_HOST_LINUX_BPF_H

#define __sk_buff uapi_sk_buff
#define xdp_md uapi_xdp_md
#include_next <linux/bpf.h>
#undef __sk_buff
#undef xdp_md

struct __sk_buff {
	__u32 len;
	__u32 protocol;
	__u32 vlan_present;
	__u32 vlan_tci;
	__u32 vlan_proto;
	__u32 ingress_ifindex;
	__u32 ifindex;
	__u32 gso_size;
	unsigned long data;
	unsigned long data_end;
};

struct xdp_md {
	unsigned long data;
	unsigned long data_end;
	__u32 ingress_ifindex;
};

#endif
