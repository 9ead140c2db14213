/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* XDP buffers with fragments: the helpers behave as net/core/filter.c of Linux 6.1 does. */
#include "host.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* XDP_PACKET_HEADROOM without struct xdp_frame. */
#define HEADROOM (256 - 40)
#define OFFSET_MAX 0xffffu

struct buffer {
	struct xdp_md ctx;
	uint8_t *linear; /* ends with the directly reachable bytes */
	uint32_t headroom;
	uint8_t *rest; /* what is in fragments */
	uint32_t rest_length;
};

static struct buffer *buffer_of(const struct xdp_md *ctx)
{
	return (struct buffer *)((char *)(uintptr_t)ctx - offsetof(struct buffer, ctx));
}

static uint32_t linear_length(const struct xdp_md *ctx)
{
	return (uint32_t)(ctx->data_end - ctx->data);
}

/* Bytes for the program to reach, in memory of their own. What lies before them cannot be told from them by an address
 * sanitizer, so the headroom is a number only and grows into fresh memory. */
static void set_linear(struct buffer *buffer, uint8_t *bytes, uint32_t length)
{
	free(buffer->linear);
	buffer->linear = bytes;
	buffer->ctx.data = (unsigned long)bytes;
	buffer->ctx.data_end = (unsigned long)bytes + length;
}

__u64 bpf_xdp_get_buff_len(struct xdp_md *ctx)
{
	return linear_length(ctx) + buffer_of(ctx)->rest_length;
}

long bpf_xdp_load_bytes(struct xdp_md *ctx, __u32 offset, void *to, __u32 length)
{
	const struct buffer *buffer = buffer_of(ctx);
	uint32_t linear = linear_length(ctx);

	if (offset > OFFSET_MAX || length > OFFSET_MAX)
		return -EFAULT;
	if (offset + length > linear + buffer->rest_length)
		return -EINVAL;
	for (__u32 i = 0; i < length; i++, offset++)
		((uint8_t *)to)[i] = offset < linear ? buffer->linear[offset] : buffer->rest[offset - linear];
	return 0;
}

long bpf_xdp_adjust_head(struct xdp_md *ctx, int delta)
{
	struct buffer *buffer = buffer_of(ctx);
	uint32_t old = linear_length(ctx), kept = old;
	uint8_t *bytes;

	if (-delta > (int)buffer->headroom || delta > (int)old - ETH_HLEN)
		return -EINVAL;
	if (delta > 0)
		kept -= (uint32_t)delta;
	bytes = allocate((size_t)((int)old - delta));
	memcpy(bytes + ((int)old - delta - (int)kept), buffer->linear + (old - kept), kept);
	buffer->headroom = (uint32_t)((int)buffer->headroom + delta);
	set_linear(buffer, bytes, (uint32_t)((int)old - delta));
	return 0;
}

int run_xdp(int (*program)(struct xdp_md *ctx), const struct arrival *arrival)
{
	uint32_t linear = arrival->linear < arrival->length ? arrival->linear : arrival->length;
	struct buffer buffer = {.ctx = {.ingress_ifindex = arrival->ifindex}, .headroom = HEADROOM};
	const struct tunnel_metadata none = {};
	uint8_t *bytes = allocate(linear), *whole;
	int verdict;

	memcpy(bytes, arrival->bytes, linear);
	set_linear(&buffer, bytes, linear);
	buffer.rest_length = arrival->length - linear;
	buffer.rest = allocate(buffer.rest_length);
	memcpy(buffer.rest, arrival->bytes + linear, buffer.rest_length);
	output_is_xdp(true);
	verdict = program(&buffer.ctx);
	/* Whatever the verdict is: what goes up has to be as it came. */
	linear = linear_length(&buffer.ctx);
	whole = allocate(linear + buffer.rest_length);
	memcpy(whole, buffer.linear, linear);
	memcpy(whole + linear, buffer.rest, buffer.rest_length);
	output_put(output_redirected(), whole, linear + buffer.rest_length, &none);
	free(buffer.linear);
	free(buffer.rest);
	return verdict;
}
