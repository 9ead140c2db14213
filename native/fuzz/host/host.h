/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The eBPF programs on the host: what Rust calls (src/host.rs), and what the helpers share. */
#ifndef VTEP_HOST_H
#define VTEP_HOST_H

#include <bpf/bpf_helpers.h>
#include <linux/if_ether.h>
#include <stdbool.h>
#include <stdint.h>

#define TAG_LENGTH 4

/* What the outer header says, in host byte order. */
struct tunnel_metadata {
	uint32_t is_present;
	uint32_t vni;
	uint32_t remote;
	uint32_t local;
};

/* A frame as a driver or a device hands it over. */
struct arrival {
	const uint8_t *bytes; /* with its tags inline */
	uint32_t length;
	uint32_t linear; /* XDP: bytes that the program can reach directly; the rest is in fragments */
	uint32_t ifindex;
	uint32_t gso_size;
	uint32_t is_untagged; /* tc: the receive path has put the outermost tag into the metadata */
	struct tunnel_metadata outer;
};

/* A frame on its way out, with its tags inline. */
struct copy {
	uint32_t ifindex;
	uint32_t length;
	struct tunnel_metadata outer;
	uint8_t *bytes;
};

void host_reset(uint64_t now_ns);
int host_run(const char *program, const struct arrival *arrival);
uint32_t host_copies(const struct copy **copies);
uint32_t host_records(const char *ring, const uint8_t *const **records, const uint32_t **lengths);
struct map *host_map(const char *name);
uint32_t host_map_key_size(const struct map *map);
uint32_t host_map_value_size(const struct map *map);
uint32_t host_map_entries(const struct map *map, void (*each)(const void *key, const void *value, void *context),
			  void *context);

/* Between the files of the host. */
void *allocate(size_t size); /* ends where it says, so that one byte more is noticed */
void maps_clear(void);
void rings_clear(void);
uint32_t ring_records(const void *ring, const uint8_t *const **records, const uint32_t **lengths);
bool rings_are_settled(void);
void clock_set(uint64_t now_ns);
void output_clear(void);
void output_put(uint32_t ifindex, uint8_t *bytes, uint32_t length, const struct tunnel_metadata *outer);
uint32_t output_redirected(void); /* target of the last bpf_redirect; 0: none */
void output_is_xdp(bool is_xdp);
int run_tc(int (*program)(struct __sk_buff *skb), const struct arrival *arrival);
int run_xdp(int (*program)(struct xdp_md *ctx), const struct arrival *arrival);

#endif
