/* net_work.c - the work on a frame that a sender may leave to the receiver.
 *
 * RFC 1071 (the checksum), RFC 791 and 8200 (IP), RFC 9293 (TCP).  A checksum is completed
 * where it stands; a large TCP segment becomes several, each with headers of its own.
 * Both ends of a cable are hostile: whether the work makes sense is judged once, from the
 * frame's own headers, before anything is done.
 */
#include "core.h"
#include "packet.h"

static void complete(u8 *frame, u32 len, struct net_work *work)
{
	u32 start = work->csum_start;

	put_be16(frame + start + work->csum_offset,
		 sum16_end(sum16(0, frame + start, len - start)));
	work->csum = false;
	work->good = true;
}

bool net_work_sound(const u8 *frame, u32 len, const struct net_work *work)
{
	struct packet at;

	if (work->csum &&
	    (work->csum_start < ETH_BYTES || (u32)work->csum_start + work->csum_offset + 2 > len))
		return false;
	if (!work->cut)
		return true;
	return work->csum && work->mss >= NET_MSS_MIN && packet_find_tcp(frame, len, &at) &&
	       work->cut == (at.v6 ? NET_TSO6 : NET_TSO4) && work->csum_start == at.tcp &&
	       work->csum_offset == TCP_CHECKSUM;
}

/* Lengths and checksums of a TCP frame, whatever was in them. */
static void finish(u8 *frame, u32 len, const struct packet *at)
{
	u8 *tcp = frame + at->tcp;
	u32 n = len - at->tcp;

	packet_set_length(frame, len, at);
	put_be16(tcp + TCP_CHECKSUM, 0);
	put_be16(tcp + TCP_CHECKSUM,
		 sum16_end(sum16(packet_pseudo_sum(frame + at->ip, at->v6, PROTO_TCP, n), tcp, n)));
}

/* -- Cutting ------------------------------------------------------------------------------ */

/* The i-th piece's own headers: identification, sequence number, flags. */
static void number(u8 *piece, const struct packet *at, u32 i, u32 off, bool last)
{
	u8 *ip = piece + at->ip, *tcp = piece + at->tcp;

	if (!at->v6)
		put_be16(ip + 4, (u16)(get_be16(ip + 4) + i));
	put_be32(tcp + TCP_SEQUENCE, get_be32(tcp + TCP_SEQUENCE) + off);
	if (!last)
		tcp[TCP_FLAGS] &= (u8) ~(TCP_FIN | TCP_PSH);
	if (i)
		tcp[TCP_FLAGS] &= (u8)~TCP_CWR;
}

/* Once one has gone the frame cannot be taken back: the others are lost if there is no
 * room for them, and TCP sends them again. */
static bool cut(const struct net_sink *to, const u8 *frame, u32 len, const struct net_work *work)
{
	const struct net_work done = { .good = true };
	u32 bytes, n;
	struct packet at;

	if (!packet_find_tcp(frame, len, &at))
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
	struct packet at;

	if (work->cut && (!(to->takes & work->cut) || (work->ecn && !(to->takes & NET_ECN))))
		return cut(to, frame, len, work);
	if (work->csum && !(to->takes & NET_CSUM)) {
		if (work->cut && packet_find_tcp(frame, len, &at)) {
			finish(frame, len, &at);
			work->csum = false;
			work->good = true;
		} else {
			complete(frame, len, work);
		}
	}
	return to->emit(to->ctx, frame, len, work);
}
