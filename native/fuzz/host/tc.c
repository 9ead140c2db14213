/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* Socket buffers: the helpers behave as net/core/filter.c and net/core/skbuff.c of Linux 6.1 do. */
#include "host.h"
#include <arpa/inet.h>
#include <errno.h>
#include <linux/pkt_cls.h>
#include <stdlib.h>
#include <string.h>

#define VLAN_HEADER_LENGTH (ETH_HLEN + TAG_LENGTH)
#define LENGTH_MAX 65535u
#define ADJUST_MAX 0xfff
/* SKB_MAX_ALLOC with pages of 4 KiB: a longer buffer is one of fragments. */
#define SKB_MAX (16384u - 320u)
#define ENOTSUPP 524

struct packet {
	struct __sk_buff skb;
	uint8_t *bytes; /* skb.len of them, and not one more */
	struct bpf_tunnel_key received;
	struct bpf_tunnel_key sent;
	bool is_from_tunnel;
	bool is_for_tunnel;
};

static struct packet *packet_of(const struct __sk_buff *skb)
{
	return (struct packet *)((char *)(uintptr_t)skb - offsetof(struct packet, skb));
}

static uint16_t word_at(const struct packet *packet, uint32_t offset)
{
	uint16_t word;

	memcpy(&word, packet->bytes + offset, sizeof(word));
	return word;
}

/* Replaces the bytes, in fresh memory: a pointer into the old ones is no longer valid. */
static void set_bytes(struct packet *packet, uint8_t *bytes, uint32_t length)
{
	free(packet->bytes);
	packet->bytes = bytes;
	packet->skb.len = length;
	packet->skb.data = (unsigned long)bytes;
	packet->skb.data_end = (unsigned long)bytes + length;
}

static bool is_vlan(uint32_t type)
{
	return type == htons(ETH_P_8021Q) || type == htons(ETH_P_8021AD);
}

/* vlan_set_encap_proto(): types below 1536 are lengths. */
static uint16_t protocol_of(const struct packet *packet, uint32_t offset)
{
	uint16_t type = word_at(packet, offset);

	if (ntohs(type) >= ETH_P_802_3_MIN)
		return type;
	if (packet->skb.len >= offset + 4 && word_at(packet, offset + 2) == 0xffff)
		return htons(ETH_P_802_3);
	return htons(ETH_P_802_2);
}

/* __skb_vlan_pop(). */
static long cut_tag(struct packet *packet, uint16_t *control)
{
	struct __sk_buff *skb = &packet->skb;
	uint8_t *bytes;

	if (skb->len < VLAN_HEADER_LENGTH)
		return -ENOMEM;
	*control = ntohs(word_at(packet, ETH_HLEN));
	skb->protocol = protocol_of(packet, ETH_HLEN + 2);
	bytes = allocate(skb->len - TAG_LENGTH);
	memcpy(bytes, packet->bytes, 2 * ETH_ALEN);
	memcpy(bytes + 2 * ETH_ALEN, packet->bytes + 2 * ETH_ALEN + TAG_LENGTH, skb->len - 2 * ETH_ALEN - TAG_LENGTH);
	set_bytes(packet, bytes, skb->len - TAG_LENGTH);
	return 0;
}

static uint8_t *with_tag(const struct packet *packet, uint16_t type, uint16_t control)
{
	uint8_t *bytes = allocate(packet->skb.len + TAG_LENGTH);
	uint16_t tag[2] = {type, htons(control)};

	memcpy(bytes, packet->bytes, 2 * ETH_ALEN);
	memcpy(bytes + 2 * ETH_ALEN, tag, sizeof(tag));
	memcpy(bytes + 2 * ETH_ALEN + TAG_LENGTH, packet->bytes + 2 * ETH_ALEN, packet->skb.len - 2 * ETH_ALEN);
	return bytes;
}

static long move_tag(struct packet *packet)
{
	struct __sk_buff *skb = &packet->skb;
	uint32_t type = skb->protocol;
	uint16_t control;
	long failed = cut_tag(packet, &control);

	if (failed)
		return failed;
	skb->vlan_present = 1;
	skb->vlan_proto = type;
	skb->vlan_tci = control;
	return 0;
}

long bpf_skb_vlan_pop(struct __sk_buff *skb)
{
	struct packet *packet = packet_of(skb);
	uint16_t control;
	long failed;

	if (skb->vlan_present) {
		skb->vlan_present = skb->vlan_tci = skb->vlan_proto = 0;
	} else {
		if (!is_vlan(skb->protocol))
			return 0;
		failed = cut_tag(packet, &control);
		if (failed)
			return failed;
	}
	return is_vlan(skb->protocol) ? move_tag(packet) : 0;
}

long bpf_skb_vlan_push(struct __sk_buff *skb, __be16 type, __u16 control)
{
	struct packet *packet = packet_of(skb);

	if (!is_vlan(type))
		type = htons(ETH_P_8021Q);
	if (skb->vlan_present) {
		skb->protocol = skb->vlan_proto;
		set_bytes(packet, with_tag(packet, (uint16_t)skb->vlan_proto, (uint16_t)skb->vlan_tci),
			  skb->len + TAG_LENGTH);
	}
	skb->vlan_present = 1;
	skb->vlan_proto = type;
	skb->vlan_tci = control;
	return 0;
}

long bpf_skb_load_bytes(const struct __sk_buff *skb, __u32 offset, void *to, __u32 length)
{
	if ((uint64_t)offset + length > skb->len) {
		memset(to, 0, length);
		return -EFAULT;
	}
	memcpy(to, packet_of(skb)->bytes + offset, length);
	return 0;
}

long bpf_skb_store_bytes(struct __sk_buff *skb, __u32 offset, const void *from, __u32 length, __u64 flags)
{
	(void)flags;
	if ((uint64_t)offset + length > skb->len)
		return -EFAULT;
	memcpy(packet_of(skb)->bytes + offset, from, length);
	return 0;
}

long bpf_skb_change_tail(struct __sk_buff *skb, __u32 length, __u64 flags)
{
	uint8_t *bytes;

	if (flags || length > LENGTH_MAX || length < ETH_HLEN)
		return -EINVAL;
	bytes = allocate(length);
	memcpy(bytes, packet_of(skb)->bytes, length < skb->len ? length : skb->len);
	set_bytes(packet_of(skb), bytes, length);
	skb->gso_size = 0;
	return 0;
}

/* All bytes are within reach. */
long bpf_skb_pull_data(struct __sk_buff *skb, __u32 length)
{
	return length > skb->len ? -ENOMEM : 0;
}

/* Room is made between the Ethernet header and an IP header, whose bytes are zero then. Super-frames are not of a
 * declared type here, as in the kernel's own test runs, and are refused. */
long bpf_skb_adjust_room(struct __sk_buff *skb, __s32 difference, __u32 mode, __u64 flags)
{
	struct packet *packet = packet_of(skb);
	uint8_t *bytes;

	(void)flags;
	if (mode != BPF_ADJ_ROOM_MAC || difference <= 0 || difference > ADJUST_MAX)
		return -EINVAL;
	if (skb->protocol != htons(ETH_P_IP) && skb->protocol != htons(ETH_P_IPV6))
		return -ENOTSUPP;
	if (skb->gso_size || skb->len + (uint32_t)difference > SKB_MAX)
		return -ENOTSUPP;
	bytes = allocate(skb->len + (uint32_t)difference);
	memcpy(bytes, packet->bytes, ETH_HLEN);
	memset(bytes + ETH_HLEN, 0, (uint32_t)difference);
	memcpy(bytes + ETH_HLEN + difference, packet->bytes + ETH_HLEN, skb->len - ETH_HLEN);
	set_bytes(packet, bytes, skb->len + (uint32_t)difference);
	return 0;
}

long bpf_skb_get_tunnel_key(struct __sk_buff *skb, struct bpf_tunnel_key *key, __u32 size, __u64 flags)
{
	if (flags || size != sizeof(*key) || !packet_of(skb)->is_from_tunnel) {
		memset(key, 0, size);
		return -EINVAL;
	}
	*key = packet_of(skb)->received;
	return 0;
}

long bpf_skb_set_tunnel_key(struct __sk_buff *skb, struct bpf_tunnel_key *key, __u32 size, __u64 flags)
{
	if ((flags & ~(__u64)(BPF_F_ZERO_CSUM_TX | BPF_F_DONT_FRAGMENT)) || size != sizeof(*key))
		return -EINVAL;
	packet_of(skb)->sent = *key;
	packet_of(skb)->is_for_tunnel = true;
	return 0;
}

/* The frame as it would leave: with the tag that is in the metadata. */
static void emit(const struct packet *packet, uint32_t ifindex)
{
	const struct __sk_buff *skb = &packet->skb;
	struct tunnel_metadata outer = {
		.is_present = packet->is_for_tunnel,
		.vni = packet->sent.tunnel_id,
		.remote = packet->sent.remote_ipv4,
		.local = packet->sent.local_ipv4,
	};
	uint8_t *bytes;

	if (skb->vlan_present) {
		bytes = with_tag(packet, (uint16_t)skb->vlan_proto, (uint16_t)skb->vlan_tci);
		output_put(ifindex, bytes, skb->len + TAG_LENGTH, &outer);
		return;
	}
	bytes = allocate(skb->len);
	memcpy(bytes, packet->bytes, skb->len);
	output_put(ifindex, bytes, skb->len, &outer);
}

long bpf_clone_redirect(struct __sk_buff *skb, __u32 ifindex, __u64 flags)
{
	if (flags || !ifindex)
		return -EINVAL;
	emit(packet_of(skb), ifindex);
	return 0;
}

int run_tc(int (*program)(struct __sk_buff *skb), const struct arrival *arrival)
{
	struct packet packet = {.skb = {.ifindex = arrival->ifindex, .gso_size = arrival->gso_size}};
	uint8_t *bytes = allocate(arrival->length);
	int verdict;

	memcpy(bytes, arrival->bytes, arrival->length);
	set_bytes(&packet, bytes, arrival->length);
	packet.skb.ingress_ifindex = arrival->ifindex;
	packet.skb.protocol = protocol_of(&packet, 2 * ETH_ALEN);
	if (arrival->is_untagged && is_vlan(packet.skb.protocol))
		move_tag(&packet);
	packet.is_from_tunnel = arrival->outer.is_present;
	packet.received = (struct bpf_tunnel_key){
		.tunnel_id = arrival->outer.vni,
		.remote_ipv4 = arrival->outer.remote,
		.local_ipv4 = arrival->outer.local,
		.tunnel_ttl = 64,
	};
	output_is_xdp(false);
	verdict = program(&packet.skb);
	if (verdict == TC_ACT_REDIRECT)
		emit(&packet, output_redirected());
	free(packet.bytes);
	return verdict;
}
