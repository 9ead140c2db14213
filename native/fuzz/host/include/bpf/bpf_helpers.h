/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Takes the place of libbpf's header: the helpers that the programs use, as functions of the host. A program that
 * starts to use another one does not compile here until the helper is written. */
#ifndef VTEP_HOST_BPF_HELPERS_H
#define VTEP_HOST_BPF_HELPERS_H

#include <linux/bpf.h>
#include <stddef.h>

#define SEC(name)
#define __uint(name, value) int(*name)[value]
#define __type(name, value) typeof(value) *name
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif
#ifndef __noinline
#define __noinline __attribute__((noinline))
#endif

struct map;

/* The map behind a definition: it is made when it is first asked for. */
struct map *host_map_of(const void *definition, __u32 type, __u32 max_entries, __u32 key_size, __u32 value_size);
void *host_map_lookup(struct map *map, const void *key);
long host_map_update(struct map *map, const void *key, const void *value, __u64 flags);
long host_map_delete(struct map *map, const void *key);

#define HOST_MAP(map)                                                                                                  \
	host_map_of((map), sizeof(*(map)->type) / sizeof(int), sizeof(*(map)->max_entries) / sizeof(int),              \
		    sizeof(*(map)->key), sizeof(*(map)->value))
#define bpf_map_lookup_elem(map, key) host_map_lookup(HOST_MAP(map), key)
#define bpf_map_update_elem(map, key, value, flags) host_map_update(HOST_MAP(map), key, value, flags)
#define bpf_map_delete_elem(map, key) host_map_delete(HOST_MAP(map), key)

void *bpf_ringbuf_reserve(void *ring, __u64 size, __u64 flags);
void bpf_ringbuf_submit(void *record, __u64 flags);
void bpf_ringbuf_discard(void *record, __u64 flags);

__u64 bpf_ktime_get_ns(void);
__u64 bpf_ktime_get_coarse_ns(void);
__s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size, __wsum seed);
long bpf_loop(__u32 count, long (*step)(__u32 index, void *context), void *context, __u64 flags);

long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length);
long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length, __u64 flags);
long bpf_skb_vlan_push(struct __sk_buff *skb, __be16 type, __u16 control);
long bpf_skb_vlan_pop(struct __sk_buff *skb);
long bpf_skb_pull_data(struct __sk_buff *skb, __u32 length);
long bpf_skb_adjust_room(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags);
long bpf_skb_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags);
long bpf_skb_get_tunnel_key(struct __sk_buff *skb, struct bpf_tunnel_key *key, __u32 size, __u64 flags);
long bpf_skb_set_tunnel_key(struct __sk_buff *skb, struct bpf_tunnel_key *key, __u32 size, __u64 flags);
long bpf_clone_redirect(struct __sk_buff *skb, __u32 ifindex, __u64 flags);
long bpf_redirect(__u32 ifindex, __u64 flags);

__u64 bpf_xdp_get_buff_len(struct xdp_md *ctx);
long bpf_xdp_load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 length);
long bpf_xdp_adjust_head(struct xdp_md *ctx, int delta);

#endif
