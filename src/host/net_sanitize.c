/* net_sanitize.c - the guard before libslirp.
 *
 * libslirp has been broken from this side a dozen times, and the copy on this host may be
 * an old one.  So it gets only frames whose every length was checked, of the protocols
 * that it serves: ARP; IPv4 without options and fragments; IPv6 without extension headers;
 * in them TCP without urgent data, UDP, and of ICMP what asks and what finds neighbors.
 *
 * RFC 791, 792, 793, 768, 826; 8200, 4443, 4861.
 */
#include "netio.h"

#define ARP_BYTES  28
#define UDP_BYTES  8
#define ICMP_BYTES 8
#define ND_BYTES   24  /* a neighbor's solicitation or advertisement */
#define DHCP_BYTES 240 /* fixed part and magic cookie */

enum { PORT_DHCP = 67, PORT_TFTP = 69 };

/* A packet whose IP header is known to be sound: `n` bytes after it. */
struct judged {
	u8 *ip, *payload;
	u32 n;
	bool v6;
	bool sum; /* its TCP or UDP checksum must be made */
};

/* -- Checksums ---------------------------------------------------------------------- */

static void set_checksum(const struct judged *p, u32 proto, u8 *at)
{
	u16 sum = packet_pseudo_sum(p->ip, p->v6, proto, p->n);

	put_be16(at, 0);
	put_be16(at, sum16_end(sum16(sum, p->payload, p->n)));
}

/* -- What is in IP ---------------------------------------------------------------------- */

static bool tcp(const struct judged *p)
{
	u8 *h = p->payload;
	bool sum = p->sum;

	if (p->n < TCP_BYTES || h[12] >> 4 < 5 || (h[12] >> 4) * 4u > p->n)
		return false;
	if (h[TCP_FLAGS] & TCP_URG || get_be16(h + 18)) {
		h[TCP_FLAGS] &= (u8)~TCP_URG;
		put_be16(h + 18, 0);
		sum = true;
	}
	if (sum)
		set_checksum(p, PROTO_TCP, h + TCP_CHECKSUM);
	return true;
}

static bool is_tftp(const struct net_rules *rules, const struct judged *p)
{
	return get_be16(p->payload + 2) == PORT_TFTP &&
	       (p->v6 || !memcmp(p->ip + 16, rules->host, sizeof(rules->host)));
}

static bool udp(const struct net_rules *rules, const struct judged *p)
{
	u8 *h = p->payload;

	if (p->n < UDP_BYTES || get_be16(h + 4) != p->n || is_tftp(rules, p))
		return false;
	if (get_be16(h + 2) == PORT_DHCP && p->n < UDP_BYTES + DHCP_BYTES)
		return false;
	if (p->sum)
		set_checksum(p, PROTO_UDP, h + 6);
	return true;
}

static bool icmp(const struct judged *p)
{
	return p->n >= ICMP_BYTES && p->payload[0] == 8; /* echo request */
}

static bool icmp6(const struct judged *p)
{
	if (p->n < ICMP_BYTES)
		return false;
	switch (p->payload[0]) {
	case 128: /* echo request */
	case 133: /* router solicitation */
		return true;
	case 135: /* neighbor solicitation */
	case 136: /* neighbor advertisement */
		return p->n >= ND_BYTES;
	default:
		return false;
	}
}

static bool in_ip(const struct net_rules *rules, const struct judged *p, u32 proto)
{
	switch (proto) {
	case PROTO_TCP:
		return tcp(p);
	case PROTO_UDP:
		return udp(rules, p);
	case PROTO_ICMP:
		return !p->v6 && icmp(p);
	case PROTO_ICMP6:
		return p->v6 && icmp6(p);
	default:
		return false;
	}
}

/* -- What is in Ethernet --------------------------------------------------------------------- */

static bool arp(const u8 *p, u32 n)
{
	return n >= ARP_BYTES && get_be16(p) == 1 && get_be16(p + 2) == ETH_IP4 && p[4] == 6 &&
	       p[5] == 4 && (get_be16(p + 6) == 1 || get_be16(p + 6) == 2);
}

static bool ip4(const struct net_rules *rules, struct judged *p, u32 *n)
{
	u8 *h = p->ip;
	u32 total;

	if (*n < IP4_BYTES || h[0] != 0x45)
		return false;
	total = get_be16(h + 2);
	if (total < IP4_BYTES || total > *n || (get_be16(h + 6) & 0x3fff))
		return false;
	*n = total;
	p->payload = h + IP4_BYTES;
	p->n = total - IP4_BYTES;
	return in_ip(rules, p, h[9]);
}

static bool ip6(const struct net_rules *rules, struct judged *p, u32 *n)
{
	u8 *h = p->ip;

	if (!rules->ipv6 || *n < IP6_BYTES || h[0] >> 4 != 6)
		return false;
	p->v6 = true;
	p->n = get_be16(h + 4);
	p->payload = h + IP6_BYTES;
	if (p->n > *n - IP6_BYTES)
		return false;
	*n = IP6_BYTES + p->n;
	return in_ip(rules, p, h[6]);
}

bool net_sanitize(const struct net_rules *rules, u8 *frame, u32 *len, const struct net_work *work)
{
	struct judged p = { .ip = frame + ETH_BYTES, .sum = work->csum };
	u32 n = *len - ETH_BYTES;
	bool good;

	if (*len < ETH_BYTES || *len > NET_FRAME_MAX || frame[6] & 1)
		return false;
	switch (get_be16(frame + 12)) {
	case ETH_ARP:
		good = arp(p.ip, n);
		n = ARP_BYTES;
		break;
	case ETH_IP4:
		good = ip4(rules, &p, &n);
		break;
	case ETH_IP6:
		good = ip6(rules, &p, &n);
		break;
	default:
		good = false;
	}
	*len = ETH_BYTES + n;
	return good;
}
