/* SPDX-License-Identifier: GPL-2.0 OR BSD-2-Clause */
/* BFD in tunnels: control packets go to user space, and are answered on its behalf while no daemon runs. */
#ifndef VTEP_BFD_TC_H
#define VTEP_BFD_TC_H

#include "output_tc.h"

#define BFD_PORT 3784
#define BFD_VERSION_1 0x20
#define BFD_VERSION_MASK 0xe0
#define BFD_STATE_UP 0xc0
#define BFD_STATE_MASK 0xc0
#define BFD_POLL 0x20
#define BFD_FINAL 0x10

/* RFC 5880 section 4.1, in its frame. */
struct bfd_frame {
	struct ethhdr eth;
	struct iphdr ip;
	struct udphdr udp;
	__u8 version_diagnostic;
	__u8 state_flags;
	__u8 multiplier;
	__u8 length;
	__be32 my_discriminator;
	__be32 your_discriminator;
	__be32 intervals[3];
} __attribute__((packed));

_Static_assert(sizeof(struct bfd_frame) == BFD_FRAME_LENGTH, "bfd_frame");

static __always_inline int is_bfd(const struct bfd_frame *frame)
{
	return frame->eth.h_proto == bpf_htons(ETH_P_IP) && frame->ip.version == 4 && frame->ip.ihl == 5 &&
	       frame->ip.protocol == IPPROTO_UDP && !(frame->ip.frag_off & bpf_htons(0x3fff)) &&
	       frame->udp.dest == bpf_htons(BFD_PORT);
}

/* Whether a tunnel has not had its share yet. Processors that count at once may let a few more through. */
static __always_inline int may_punt(__u32 tunnel)
{
	struct punt_meter *meter = bpf_map_lookup_elem(&punt_meters, &tunnel);
	__u64 now = bpf_ktime_get_ns();

	if (!meter)
		return 0;
	if (now - meter->second_ns > 1000000000ull) {
		meter->second_ns = now;
		meter->count = 0;
	}
	return meter->count++ < PUNTS_PER_SECOND;
}

/* Copies a frame for user space; returns whether there was room. */
static __always_inline int punt(struct __sk_buff *skb, __u32 tunnel, const struct address *remote, __u32 vni)
{
	struct punt *record;
	__u32 length = skb->len;

	if (!may_punt(tunnel))
		return 0;
	record = bpf_ringbuf_reserve(&punts, sizeof(*record), 0);
	if (!record)
		return 0;
	if (length > PUNT_FRAME_MAX)
		length = PUNT_FRAME_MAX;
	record->remote = *remote;
	record->received_ns = bpf_ktime_get_ns();
	record->vni = vni;
	record->length = length;
	/* is_bfd has seen this many; the verifier wants to see it too. */
	if (length < BFD_FRAME_LENGTH || bpf_skb_load_bytes(skb, 0, record->frame, length))
		record->length = 0;
	bpf_ringbuf_submit(record, 0);
	return 1;
}

/* User space has shown no sign of life for so long that the session needs somebody else to speak for it. */
static __always_inline int is_abandoned(const struct bfd_session *session)
{
	__u32 zero = 0;
	__u64 *beat = bpf_map_lookup_elem(&bfd_heartbeat, &zero);

	return session->answer_after_ns && beat && bpf_ktime_get_ns() - *beat > session->answer_after_ns;
}

/* Only where both ends are up and mean the same session: whatever is new is for user space to judge. */
static __always_inline int is_steady(const struct bfd_frame *received, const struct bfd_frame *own)
{
	return received->ip.ttl == 255 && (received->version_diagnostic & BFD_VERSION_MASK) == BFD_VERSION_1 &&
	       (received->state_flags & BFD_STATE_MASK) == BFD_STATE_UP &&
	       (own->state_flags & BFD_STATE_MASK) == BFD_STATE_UP &&
	       received->your_discriminator == own->my_discriminator &&
	       received->my_discriminator == own->your_discriminator;
}

/* Turns the received frame into the session's last one. A poll is answered as such (RFC 5880 section 6.5). */
static __always_inline int answer(struct __sk_buff *skb, const struct tunnel *tunnel, const struct bfd_frame *own,
				  int is_poll)
{
	const __u64 flags = BPF_F_RECOMPUTE_CSUM | BPF_F_INVALIDATE_HASH;
	__u8 state_flags = own->state_flags | (is_poll ? BFD_FINAL : 0);
	__u32 reason;

	if (bpf_skb_change_tail(skb, sizeof(*own), 0) || bpf_skb_store_bytes(skb, 0, own, sizeof(*own), flags) ||
	    bpf_skb_store_bytes(skb, offsetof(struct bfd_frame, state_flags), &state_flags, 1, flags))
		return drop(0, DROP_HELPER_FAILED, 1);
	reason = set_tunnel(skb, tunnel, 0);
	if (reason)
		return drop(0, reason, 1);
	return bpf_redirect(vxlan_ifindex(), 0);
}

/* A frame whose VNI is no logical switch's: BFD of a tunnel that has a session, or nothing of ours. BFD in the VNI of a
 * logical switch stays a frame of that switch, since its stations could have sent it. A function of its own: the
 * stack of the program has no room for another frame's headers. */
static __noinline int without_switch(struct __sk_buff *skb, const struct bpf_tunnel_key *outer, __u32 packets)
{
	struct address remote = mapped_v4(bpf_htonl(outer->remote_ipv4));
	struct bfd_frame received;
	const struct bfd_frame *own;
	struct bfd_session *session;
	struct tunnel *tunnel;
	struct vtep *vtep;
	int is_punted;

	if (bpf_skb_load_bytes(skb, 0, &received, sizeof(received)) || !is_bfd(&received))
		return drop(0, DROP_UNKNOWN_VNI, packets);
	vtep = bpf_map_lookup_elem(&vteps, &remote);
	session = bpf_map_lookup_elem(&bfd_sessions, &remote);
	if (!vtep || !session)
		return drop(0, DROP_UNKNOWN_VNI, packets);
	is_punted = punt(skb, vtep->tunnel, &remote, outer->tunnel_id);
	tunnel = bpf_map_lookup_elem(&tunnels, &vtep->tunnel);
	if (tunnel && is_abandoned(session)) {
		own = (const struct bfd_frame *)session->frame;
		if (is_steady(&received, own))
			return answer(skb, tunnel, own, received.state_flags & BFD_POLL);
	}
	return is_punted ? TC_ACT_STOLEN : drop(0, DROP_PUNT_FULL, packets);
}

#endif
