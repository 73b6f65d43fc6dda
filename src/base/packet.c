#include "packet.h"

static bool find_ip(const u8 *frame, u32 len, struct packet *p)
{
	u32 type_at = ETH_BYTES - 2, type;

	if (len < ETH_BYTES)
		return false;
	if (get_be16(frame + type_at) == ETH_VLAN)
		type_at += VLAN_BYTES;
	p->ip = type_at + 2;
	if (len < p->ip + IP4_BYTES)
		return false;
	type = get_be16(frame + type_at);
	p->v6 = type == ETH_IP6;
	return p->v6 || type == ETH_IP4;
}

static bool find_tcp(const u8 *frame, u32 len, struct packet *p)
{
	const u8 *ip = frame + p->ip;

	if (p->v6) {
		p->tcp = p->ip + IP6_BYTES;
		return len >= p->tcp + TCP_BYTES && ip[0] >> 4 == 6 && ip[6] == PROTO_TCP;
	}
	p->tcp = p->ip + (ip[0] & 0xfu) * 4;
	/* No fragment: neither an offset nor more to come. */
	return ip[0] >> 4 == 4 && (ip[0] & 0xf) >= 5 && len >= p->tcp + TCP_BYTES &&
	       ip[9] == PROTO_TCP && !(get_be16(ip + 6) & 0x3fff);
}

static bool find_data(const u8 *frame, u32 len, struct packet *p)
{
	u32 words = frame[p->tcp + 12] >> 4;

	p->data = p->tcp + words * 4;
	return words >= 5 && len > p->data;
}

bool packet_find_tcp(const u8 *frame, u32 len, struct packet *p)
{
	return find_ip(frame, len, p) && find_tcp(frame, len, p) && find_data(frame, len, p);
}

u32 packet_said_end(const u8 *frame, const struct packet *p)
{
	const u8 *ip = frame + p->ip;

	return p->v6 ? p->tcp + get_be16(ip + 4) : p->ip + get_be16(ip + 2);
}

void packet_set_length(u8 *frame, u32 len, const struct packet *p)
{
	u8 *ip = frame + p->ip;

	if (p->v6) {
		put_be16(ip + 4, (u16)(len - p->tcp));
		return;
	}
	put_be16(ip + 2, (u16)(len - p->ip));
	put_be16(ip + 10, 0);
	put_be16(ip + 10, sum16_end(sum16(0, ip, p->tcp - p->ip)));
}

u16 packet_pseudo_sum(const u8 *ip, bool v6, u32 protocol, u32 n)
{
	return sum16(protocol + n, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8);
}
