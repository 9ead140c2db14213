/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Ring buffers, the clock, loops and sums. */
#include "host.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX 4096
#define LOOPS_MAX (1u << 23)

struct record {
	const void *ring;
	uint8_t *bytes;
	uint32_t length;
	bool is_submitted;
};

static struct record records[RECORDS_MAX];
static uint32_t record_count;
static uint64_t now;

void *bpf_ringbuf_reserve(void *ring, __u64 size, __u64 flags)
{
	struct record *record = &records[record_count];

	if (flags || record_count == RECORDS_MAX)
		return NULL;
	record_count++;
	*record = (struct record){.ring = ring, .bytes = allocate(size), .length = (uint32_t)size};
	/* The kernel's memory is not cleared either. */
	memset(record->bytes, 0xa5, size);
	return record->bytes;
}

static struct record *record_of(const void *bytes)
{
	for (uint32_t i = record_count; i-- > 0;)
		if (records[i].bytes == bytes && !records[i].is_submitted)
			return &records[i];
	abort();
}

void bpf_ringbuf_submit(void *record, __u64 flags)
{
	(void)flags;
	record_of(record)->is_submitted = true;
}

void bpf_ringbuf_discard(void *record, __u64 flags)
{
	struct record *discarded = record_of(record);

	(void)flags;
	discarded->is_submitted = true;
	discarded->ring = NULL;
}

/* Whether each record that was reserved has been submitted or given back: the verifier would ask for that. */
bool rings_are_settled(void)
{
	for (uint32_t i = 0; i < record_count; i++)
		if (!records[i].is_submitted)
			return false;
	return true;
}

void rings_clear(void)
{
	for (uint32_t i = 0; i < record_count; i++)
		free(records[i].bytes);
	record_count = 0;
}

uint32_t ring_records(const void *ring, const uint8_t *const **bytes, const uint32_t **lengths)
{
	static const uint8_t *found[RECORDS_MAX];
	static uint32_t found_lengths[RECORDS_MAX];
	uint32_t count = 0;

	for (uint32_t i = 0; i < record_count; i++) {
		if (records[i].ring != ring)
			continue;
		found[count] = records[i].bytes;
		found_lengths[count++] = records[i].length;
	}
	*bytes = found;
	*lengths = found_lengths;
	return count;
}

void clock_set(uint64_t now_ns)
{
	now = now_ns;
}

__u64 bpf_ktime_get_ns(void)
{
	return now;
}

__u64 bpf_ktime_get_coarse_ns(void)
{
	return now;
}

long bpf_loop(__u32 count, long (*step)(__u32 index, void *context), void *context, __u64 flags)
{
	if (flags)
		return -EINVAL;
	if (count > LOOPS_MAX)
		return -E2BIG;
	for (__u32 i = 0; i < count; i++)
		if (step(i, context))
			return (long)i + 1;
	return count;
}

/* The sum of one's complement of what comes, less what goes; not folded. */
__s64 bpf_csum_diff(__be32 *from, __u32 from_size, __be32 *to, __u32 to_size, __wsum seed)
{
	uint64_t sum = seed;

	if (from_size % 4 || to_size % 4)
		return -EINVAL;
	for (__u32 i = 0; i < from_size / 4; i++)
		sum += (uint32_t)~from[i];
	for (__u32 i = 0; i < to_size / 4; i++)
		sum += to[i];
	while (sum >> 32)
		sum = (sum & 0xffffffff) + (sum >> 32);
	return (__s64)sum;
}
