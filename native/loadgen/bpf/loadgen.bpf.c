/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* The ends of a measurement: `generate` makes each live frame of a test run into the next one of a list, `count` takes
 * the frames out at the far end, `shunt` stands in for a gateway that does nothing but move them on.
 */
#include <linux/bpf.h>
#include <linux/types.h>

#include <bpf/bpf_helpers.h>

#define TEMPLATES_MAX 65536
#define TEMPLATE_WORDS 16

/* Set before loading. */
const volatile __u32 templates_count = 1;
const volatile __u32 header_words =
	1; /* of 8 bytes: as much of a frame as differs between templates or may be overwritten */
const volatile __u32 target_ifindex = 0;
const volatile __u64 mark = 0; /* in each frame of ours, at this offset where it comes out */
const volatile __u32 mark_offset = 0;

struct frame_template {
	__u64 words[TEMPLATE_WORDS];
};

/* What one processor is to send. */
struct order {
	__u64 interval_ps; /* between two frames; 0: as fast as it can */
	__u64 frames;
};

/* What it has sent. */
struct progress {
	__u64 frames;
	__u64 first_ns; /* CLOCK_MONOTONIC */
	__u64 last_ns;  /* of the last frame but CLOCK_EVERY at most */
};

#define CLOCK_EVERY 64

struct counts {
	__u64 frames;
	__u64 bytes;
	__u64 others;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, TEMPLATES_MAX);
	__type(key, __u32);
	__type(value, struct frame_template);
} templates SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct order);
} orders SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct progress);
} progresses SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct counts);
} received SEC(".maps");

/* Whether the next frame's time has come. Late frames follow each other at once. */
static __always_inline int is_due(const struct order *order, struct progress *progress)
{
	__u64 now;

	if (progress->frames >= order->frames)
		return 0;
	if (!order->interval_ps && progress->frames % CLOCK_EVERY)
		return 1;
	now = bpf_ktime_get_ns();
	if (!progress->frames)
		progress->first_ns = now;
	if ((now - progress->first_ns) * 1000 < progress->frames * order->interval_ps)
		return 0;
	progress->last_ns = now;
	return 1;
}

/* One generator has one processor, so that its progress needs no lock. A test run goes on until a signal ends it;
 * frames whose time has not come are dropped. The kernel hands a frame that came back from the network as it was left
 * there: all of the header is written each time. */
SEC("xdp") int generate(struct xdp_md *ctx)
{
	__u64 *words = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct frame_template *template;
	struct progress *progress;
	struct order *order;
	__u32 zero = 0, index;

	order = bpf_map_lookup_elem(&orders, &zero);
	progress = bpf_map_lookup_elem(&progresses, &zero);
	if (!order || !progress)
		return XDP_ABORTED;
	if (!is_due(order, progress))
		return XDP_DROP;
	index = progress->frames % templates_count;
	template = bpf_map_lookup_elem(&templates, &index);
	if (!template)
		return XDP_ABORTED;
	for (int i = 0; i < TEMPLATE_WORDS; i++) {
		if (i >= (int)header_words)
			break;
		if (words + i + 1 > end)
			return XDP_ABORTED;
		words[i] = template->words[i];
	}
	progress->frames++;
	return bpf_redirect(target_ifindex, 0);
}

static __always_inline int is_marked(struct xdp_md *ctx, __u32 offset)
{
	void *at = (void *)(long)ctx->data + (offset & 0xff);

	return at + sizeof(mark) <= (void *)(long)ctx->data_end && *(__u64 *)at == mark;
}

/* A tag in the metadata is not among the bytes: the mark is then four bytes earlier. What is not marked belongs to the
 * network stack, which answers ARP. */
SEC("xdp.frags") int count(struct xdp_md *ctx)
{
	struct counts *counts;
	__u32 zero = 0;

	counts = bpf_map_lookup_elem(&received, &zero);
	if (!counts)
		return XDP_ABORTED;
	if (!is_marked(ctx, mark_offset) && !is_marked(ctx, mark_offset - 4)) {
		counts->others++;
		return XDP_PASS;
	}
	counts->frames++;
	counts->bytes += bpf_xdp_get_buff_len(ctx);
	return XDP_DROP;
}

SEC("xdp.frags") int shunt(struct xdp_md *ctx)
{
	return is_marked(ctx, mark_offset) ? bpf_redirect(target_ifindex, 0) : XDP_PASS;
}

char _license[] SEC("license") = "Dual BSD/GPL";
