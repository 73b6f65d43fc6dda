/* net_work.c - the work on a frame that a sender may leave to the receiver.
 *
 * RFC 1071 (the checksum), RFC 791 and 8200 (IP), RFC 9293 (TCP).  A checksum is completed
 * where it stands; a large TCP segment becomes several, each with headers of its own.
 * Both ends of a cable are hostile: whether the work makes sense is judged once, from the
 * frame's own headers, before anything is done.
 */
#include "core.h"

#define ETH_BYTES  14
#define VLAN_BYTES 4
#define IP4_BYTES  20
#define IP6_BYTES  40
#define TCP_BYTES  20
#define PROTO_TCP  6

#define TCP_FIN 0x01
#define TCP_PSH 0x08
#define TCP_CWR 0x80

/* Where the parts of a TCP frame are. */
struct layout {
	u32 ip, tcp, data;
	bool v6;
};

static void complete(u8 *frame, u32 len, struct net_work *work)
{
	u32 start = work->csum_start;

	put_be16(frame + start + work->csum_offset,
		 sum16_end(sum16(0, frame + start, len - start)));
	work->csum = false;
	work->good = true;
}

/* -- Headers ------------------------------------------------------------------------ */

static bool find_ip(const u8 *frame, u32 len, struct layout *at)
{
	u32 type_at = ETH_BYTES - 2, type;

	if (get_be16(frame + type_at) == 0x8100)
		type_at += VLAN_BYTES;
	at->ip = type_at + 2;
	if (len < at->ip + IP4_BYTES)
		return false;
	type = get_be16(frame + type_at);
	at->v6 = type == 0x86dd;
	return at->v6 || type == 0x0800;
}

static bool find_tcp(const u8 *frame, u32 len, struct layout *at)
{
	const u8 *ip = frame + at->ip;

	if (at->v6) {
		at->tcp = at->ip + IP6_BYTES;
		return len >= at->tcp + TCP_BYTES && ip[0] >> 4 == 6 && ip[6] == PROTO_TCP;
	}
	at->tcp = at->ip + (ip[0] & 0xfu) * 4;
	/* No fragment: neither an offset nor more to come. */
	return ip[0] >> 4 == 4 && (ip[0] & 0xf) >= 5 && len >= at->tcp + TCP_BYTES &&
	       ip[9] == PROTO_TCP && !(get_be16(ip + 6) & 0x3fff);
}

static bool find_data(const u8 *frame, u32 len, struct layout *at)
{
	u32 words = frame[at->tcp + 12] >> 4;

	at->data = at->tcp + words * 4;
	return words >= 5 && len > at->data;
}

static bool find_layout(const u8 *frame, u32 len, struct layout *at)
{
	return find_ip(frame, len, at) && find_tcp(frame, len, at) && find_data(frame, len, at);
}

bool net_work_sound(const u8 *frame, u32 len, const struct net_work *work)
{
	struct layout at;

	if (work->csum &&
	    (work->csum_start < ETH_BYTES || (u32)work->csum_start + work->csum_offset + 2 > len))
		return false;
	if (!work->cut)
		return true;
	return work->csum && work->mss >= NET_MSS_MIN && find_layout(frame, len, &at) &&
	       work->cut == (at.v6 ? NET_TSO6 : NET_TSO4) && work->csum_start == at.tcp &&
	       work->csum_offset == 16;
}

/* -- Whole headers ---------------------------------------------------------------------- */

static void set_lengths(u8 *frame, u32 len, const struct layout *at)
{
	u8 *ip = frame + at->ip;

	if (at->v6) {
		put_be16(ip + 4, (u16)(len - at->tcp));
		return;
	}
	put_be16(ip + 2, (u16)(len - at->ip));
	put_be16(ip + 10, 0);
	put_be16(ip + 10, sum16_end(sum16(0, ip, at->tcp - at->ip)));
}

static u32 pseudo_header(const u8 *frame, u32 len, const struct layout *at)
{
	const u8 *ip = frame + at->ip;
	u32 addresses = at->v6 ? sum16(0, ip + 8, 32) : sum16(0, ip + 12, 8);

	return addresses + PROTO_TCP + (len - at->tcp);
}

/* Lengths and checksums of a TCP frame, whatever was in them. */
static void finish(u8 *frame, u32 len, const struct layout *at)
{
	u8 *tcp = frame + at->tcp;

	set_lengths(frame, len, at);
	put_be16(tcp + 16, 0);
	put_be16(tcp + 16, sum16_end(sum16(pseudo_header(frame, len, at), tcp, len - at->tcp)));
}

/* -- Cutting ------------------------------------------------------------------------------ */

/* The i-th piece's own headers: identification, sequence number, flags. */
static void number(u8 *piece, const struct layout *at, u32 i, u32 off, bool last)
{
	u8 *ip = piece + at->ip, *tcp = piece + at->tcp;

	if (!at->v6)
		put_be16(ip + 4, (u16)(get_be16(ip + 4) + i));
	put_be32(tcp + 4, get_be32(tcp + 4) + off);
	if (!last)
		tcp[13] &= (u8) ~(TCP_FIN | TCP_PSH);
	if (i)
		tcp[13] &= (u8)~TCP_CWR;
}

/* Once one has gone the frame cannot be taken back: the others are lost if there is no
 * room for them, and TCP sends them again. */
static bool cut(const struct net_sink *to, const u8 *frame, u32 len, const struct net_work *work)
{
	const struct net_work done = { .good = true };
	u32 bytes, n;
	struct layout at;

	if (!find_layout(frame, len, &at))
		return true;
	bytes = len - at.data;
	for (u32 off = 0, i = 0; off < bytes; off += n, i++) {
		n = MIN(bytes - off, work->mss);
		memcpy(to->scratch, frame, at.data);
		memcpy(to->scratch + at.data, frame + at.data + off, n);
		number(to->scratch, &at, i, off, off + n == bytes);
		finish(to->scratch, at.data + n, &at);
		if (!to->emit(to->ctx, to->scratch, at.data + n, &done))
			return i;
	}
	return true;
}

bool net_work_do(const struct net_sink *to, u8 *frame, u32 len, struct net_work *work)
{
	struct layout at;

	if (work->cut && (!(to->takes & work->cut) || (work->ecn && !(to->takes & NET_ECN))))
		return cut(to, frame, len, work);
	if (work->csum && !(to->takes & NET_CSUM)) {
		if (work->cut && find_layout(frame, len, &at)) {
			finish(frame, len, &at);
			work->csum = false;
			work->good = true;
		} else {
			complete(frame, len, work);
		}
	}
	return to->emit(to->ctx, frame, len, work);
}
