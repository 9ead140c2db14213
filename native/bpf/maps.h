/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The gateway's tables. Rust fills all but local_macs, which the programs learn, and the counters. */
#ifndef VTEP_MAPS_H
#define VTEP_MAPS_H

#include "acl_layout.h"
#include "layout.h"
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct settings);
} settings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, PORTS_MAX);
	__type(key, __u32); /* ifindex */
	__type(value, struct port);
} ports SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BINDINGS_MAX);
	__type(key, struct binding_key);
	__type(value, struct binding);
} bindings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SWITCHES_MAX);
	__type(key, __u32); /* switch slot */
	__type(value, struct logical_switch);
} switches SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, SWITCHES_MAX);
	__type(key, __u32);   /* VNI */
	__type(value, __u32); /* switch slot */
} vnis SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, LOCAL_MACS_MAX);
	__type(key, struct mac_key);
	__type(value, struct local_mac);
} local_macs SEC(".maps");

/* Entries come and go with bindings; where there is none nothing is learned. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAC_SCOPES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mac_scope);
	__type(value, struct mac_limit);
} mac_limits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAC_SCOPES_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mac_scope);
	__type(value, struct mac_usage);
} mac_usages SEC(".maps");

/* Elements are freed after a grace period instead of being recycled under a reader, here and below. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, REMOTE_MACS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct mac_key);
	__type(value, struct remote_mac);
} remote_macs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, NEIGHBOURS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct neighbour_key);
	__type(value, struct neighbour);
} neighbours SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TUNNELS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32); /* tunnel */
	__type(value, struct tunnel);
} tunnels SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, TUNNELS_MAX);
	__type(key, struct address); /* remote VTEP */
	__type(value, struct vtep);
} vteps SEC(".maps");

/* The logical switches of frames whose VNI is a locator's own; they go before vnis. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ORIGINS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct origin);
	__type(value, __u32); /* switch slot */
} origins SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, struct address); /* tunnel address of this gateway */
	__type(value, __u32);
} local_addresses SEC(".maps");

/* A list is replaced by writing its next version beside it, under a new number, and then replacing the entry here. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOOD_LISTS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flood_key);
	__type(value, struct flood_list);
} flood_lists SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, FLOOD_MEMBERS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct flood_member_key);
	__type(value, struct flood_member);
} flood_members SEC(".maps");

/* Which directions of a binding have a list, by binding slot: bit ACL_INGRESS, bit ACL_EGRESS. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, BINDINGS_MAX);
	__type(key, __u32);   /* binding slot */
	__type(value, __u32); /* directions */
} binding_acls SEC(".maps");

/* A list is replaced as flood lists are: its rules are written beside the old ones, then the entry here is. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, ACLS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct acl_key);
	__type(value, struct acl_list);
} acls SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, ACL_RULES_MAX);
	__type(key, __u32);
	__type(value, struct acl_rule);
} acl_rules SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, BINDINGS_MAX);
	__type(key, __u32); /* binding slot */
	__type(value, struct binding_counters);
} binding_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_HASH);
	__uint(max_entries, 8192);
	__type(key, struct drop_key);
	__type(value, __u64);
} drops SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 20);
} events SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, TUNNELS_MAX);
	__type(key, __u32);   /* tunnel */
	__type(value, __u64); /* data packets received */
} tunnel_counts SEC(".maps");

/* Rust writes an entry when the state of its session changes; BFD from a VTEP without an entry is nobody's. */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, BFD_SESSIONS_MAX);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, struct address); /* remote VTEP */
	__type(value, struct bfd_session);
} bfd_sessions SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64); /* when user space last ran its sessions, CLOCK_MONOTONIC */
} bfd_heartbeat SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 17);
} punts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TUNNELS_MAX);
	__type(key, __u32); /* tunnel */
	__type(value, struct punt_meter);
} punt_meters SEC(".maps");

#endif
