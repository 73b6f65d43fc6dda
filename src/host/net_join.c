/* net_join.c - several segments of one TCP connection, in a row, become one frame.
 *
 * libslirp sends what a connection has in segments as large as the guest said.  What follows
 * without a gap, with the same headers but for what counts, goes to the machine as one large
 * segment, with the work of cutting it left to do (net.h): a datagram, a wake-up and an
 * interrupt for all of them; and a card that takes large segments never cuts.  The other way
 * a driver that cuts its segments itself has them put together again before libslirp, which
 * answers each frame with one of its own.
 */
#include "netio.h"

#define MOST (65535 + ETH_BYTES) /* what the length of IPv4 can say */

/* Data behind headers without options, and nothing else that is to be said.  Padding is none
 * of the data. */
static bool find_segment(const u8 *f, u32 n, struct packet *s)
{
	return packet_find_tcp(f, n, s) && s->ip == ETH_BYTES &&
	       s->tcp == s->ip + (s->v6 ? IP6_BYTES : IP4_BYTES) && s->data == s->tcp + TCP_BYTES &&
	       packet_said_end(f, s) == n && !(f[s->tcp + 12] & 0xf) &&
	       (f[s->tcp + TCP_FLAGS] & ~TCP_PSH) == TCP_ACK;
}

/* But for length, identification, checksums, sequence and PSH. */
static bool same_headers(const u8 *a, const u8 *b, const struct packet *s)
{
	const u8 *x = a + s->tcp, *y = b + s->tcp;

	if (memcmp(a, b, ETH_BYTES) != 0 || memcmp(x, y, 4) != 0 || memcmp(x + 8, y + 8, 5) != 0 ||
	    memcmp(x + 14, y + 14, 2) != 0)
		return false;
	a += s->ip;
	b += s->ip;
	if (s->v6)
		return !memcmp(a, b, 4) && !memcmp(a + 6, b + 6, IP6_BYTES - 6);
	return !memcmp(a, b, 2) && !memcmp(a + 6, b + 6, 4) && !memcmp(a + 12, b + 12, 8);
}

static bool goes_on(const struct net_join *j, const u8 *frame, u32 n, const struct packet *s)
{
	u32 bytes = n - s->data;

	return j->len && !j->whole && bytes <= j->mss && j->len + bytes <= MOST &&
	       same_headers(j->frame, frame, s) &&
	       get_be32(frame + s->tcp + TCP_SEQUENCE) == j->next;
}

/* A short one is the last that its sender had for now; so is one with PSH. */
static void append(struct net_join *j, const u8 *frame, u32 n, const struct packet *s)
{
	u32 bytes = n - s->data;

	memcpy(j->frame + j->len, frame + s->data, bytes);
	j->frame[s->tcp + TCP_FLAGS] |= frame[s->tcp + TCP_FLAGS];
	j->len += bytes;
	j->next += bytes;
	j->parts++;
	j->whole = bytes < j->mss || j->mss < NET_MSS_MIN || frame[s->tcp + TCP_FLAGS] & TCP_PSH;
}

/* Its checksum is right or still to be made: a wrong one would be lost in the frame's. */
static bool can_join(const struct net_work *work)
{
	return (work->good || work->csum) && !work->cut;
}

bool net_join(struct net_join *j, const u8 *frame, u32 n, const struct net_work *work)
{
	struct packet s;

	if (!can_join(work) || !find_segment(frame, n, &s) || (j->len && !goes_on(j, frame, n, &s)))
		return false;
	if (!j->len) {
		memcpy(j->frame, frame, s.data);
		j->len = s.data;
		j->at = s;
		j->mss = (u16)(n - s.data);
		j->next = get_be32(frame + s.tcp + TCP_SEQUENCE);
		j->parts = 0;
		j->whole = false;
		j->work = *work;
	}
	append(j, frame, n, &s);
	return true;
}

/* As one who leaves the checksum to others would have it: the pseudo-header's sum. */
static void set_headers(u8 *f, u32 n, const struct packet *at)
{
	packet_set_length(f, n, at);
	put_be16(f + at->tcp + TCP_CHECKSUM,
		 packet_pseudo_sum(f + at->ip, at->v6, PROTO_TCP, n - at->tcp));
}

u32 net_join_end(struct net_join *j, struct net_work *work)
{
	u32 n = j->len;

	*work = j->work;
	j->len = 0;
	if (!n || j->parts == 1)
		return n;
	set_headers(j->frame, n, &j->at);
	*work = (struct net_work){ .csum = true,
				   .csum_start = (u16)j->at.tcp,
				   .csum_offset = TCP_CHECKSUM,
				   .cut = j->at.v6 ? NET_TSO6 : NET_TSO4,
				   .mss = j->mss };
	return n;
}
