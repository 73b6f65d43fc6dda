/* net_join.c - several segments of one TCP connection, in a row, become one frame.
 *
 * libslirp sends what a connection has in segments as large as the guest said.  What follows
 * without a gap, with the same headers but for what counts, goes to the machine as one large
 * segment, with the work of cutting it left to do (net.h): a datagram, a wake-up and an
 * interrupt for all of them; and a card that takes large segments never cuts.  The other way
 * a driver that cuts its segments itself has them put together again before libslirp, which
 * answers each frame with one of its own.
 *
 * RFC 791, 8200 and 9293.
 */
#include "netio.h"

#define ETH_BYTES 14
#define IP4_BYTES 20
#define IP6_BYTES 40
#define TCP_BYTES 20
#define MOST      (65535 + ETH_BYTES) /* what the length of IPv4 can say */

enum { PROTO_TCP = 6, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_CHECKSUM = 16 };

struct segment {
	u32 ip, tcp, data, n; /* where they are; the end */
	bool v6;
};

/* Data behind headers without options, and nothing else that is to be said.  Padding is none
 * of the data. */
static bool find_segment(const u8 *f, u32 n, struct segment *s)
{
	u32 type, said;

	if (n < ETH_BYTES + IP4_BYTES + TCP_BYTES)
		return false;
	type = get_be16(f + 12);
	s->v6 = type == 0x86dd;
	s->ip = ETH_BYTES;
	s->tcp = ETH_BYTES + (s->v6 ? IP6_BYTES : IP4_BYTES);
	s->data = s->tcp + TCP_BYTES;
	s->n = n;
	if (s->v6) {
		said = get_be16(f + s->ip + 4) + s->tcp;
		if (f[s->ip] >> 4 != 6 || f[s->ip + 6] != PROTO_TCP)
			return false;
	} else {
		said = get_be16(f + s->ip + 2) + s->ip;
		if (type != 0x0800 || f[s->ip] != 0x45 || f[s->ip + 9] != PROTO_TCP ||
		    get_be16(f + s->ip + 6) & 0x3fff)
			return false;
	}
	return said == n && n > s->data && f[s->tcp + 12] == TCP_BYTES / 4 << 4 &&
	       (f[s->tcp + 13] & ~TCP_PSH) == TCP_ACK;
}

/* But for length, identification, checksums, sequence and PSH. */
static bool same_headers(const u8 *a, const u8 *b, const struct segment *s)
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

static bool goes_on(const struct net_join *j, const u8 *frame, const struct segment *s)
{
	u32 bytes = s->n - s->data;

	return j->len && !j->whole && bytes <= j->mss && j->len + bytes <= MOST &&
	       same_headers(j->frame, frame, s) && get_be32(frame + s->tcp + 4) == j->next;
}

/* A short one is the last that its sender had for now; so is one with PSH. */
static void append(struct net_join *j, const u8 *frame, const struct segment *s)
{
	u32 bytes = s->n - s->data;

	memcpy(j->frame + j->len, frame + s->data, bytes);
	j->frame[s->tcp + 13] |= frame[s->tcp + 13];
	j->len += bytes;
	j->next += bytes;
	j->parts++;
	j->whole = bytes < j->mss || j->mss < NET_MSS_MIN || frame[s->tcp + 13] & TCP_PSH;
}

/* Its checksum is right or still to be made: a wrong one would be lost in the frame's. */
static bool can_join(const struct net_work *work)
{
	return (work->good || work->csum) && !work->cut;
}

bool net_join(struct net_join *j, const u8 *frame, u32 n, const struct net_work *work)
{
	struct segment s;

	if (!can_join(work) || !find_segment(frame, n, &s) || (j->len && !goes_on(j, frame, &s)))
		return false;
	if (!j->len) {
		memcpy(j->frame, frame, s.data);
		j->len = s.data;
		j->mss = (u16)(n - s.data);
		j->next = get_be32(frame + s.tcp + 4);
		j->parts = 0;
		j->whole = false;
		j->work = *work;
	}
	append(j, frame, &s);
	return true;
}

/* As one who leaves the checksum to others would have it: the pseudo-header's sum. */
static void set_headers(u8 *f, u32 n, bool v6)
{
	u32 tcp = ETH_BYTES + (v6 ? IP6_BYTES : IP4_BYTES);
	u8 *ip = f + ETH_BYTES;

	if (v6) {
		put_be16(ip + 4, (u16)(n - tcp));
	} else {
		put_be16(ip + 2, (u16)(n - ETH_BYTES));
		put_be16(ip + 10, 0);
		put_be16(ip + 10, sum16_end(sum16(0, ip, IP4_BYTES)));
	}
	put_be16(f + tcp + TCP_CHECKSUM,
		 sum16(PROTO_TCP + n - tcp, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8));
}

u32 net_join_end(struct net_join *j, struct net_work *work)
{
	bool v6 = j->frame[ETH_BYTES] >> 4 == 6;
	u32 n = j->len;

	*work = j->work;
	j->len = 0;
	if (!n || j->parts == 1)
		return n;
	set_headers(j->frame, n, v6);
	*work = (struct net_work){ .csum = true,
				   .csum_start = ETH_BYTES + (v6 ? IP6_BYTES : IP4_BYTES),
				   .csum_offset = TCP_CHECKSUM,
				   .cut = v6 ? NET_TSO6 : NET_TSO4,
				   .mss = j->mss };
	return n;
}
