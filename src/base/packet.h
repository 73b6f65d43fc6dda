/* packet.h - where the headers of a frame are, for those who cut, join or judge it.
 *
 * RFC 791 and 8200 (IP), RFC 9293 (TCP); IEEE 802.1Q (the tag).
 */
#ifndef PACKET_H
#define PACKET_H

#include "base.h"

enum { ETH_BYTES = 14, VLAN_BYTES = 4, IP4_BYTES = 20, IP6_BYTES = 40, TCP_BYTES = 20 };
enum { ETH_IP4 = 0x0800, ETH_ARP = 0x0806, ETH_VLAN = 0x8100, ETH_IP6 = 0x86dd };
enum { PROTO_ICMP = 1, PROTO_TCP = 6, PROTO_UDP = 17, PROTO_ICMP6 = 58 };
enum { TCP_SEQUENCE = 4, TCP_FLAGS = 13, TCP_CHECKSUM = 16 }; /* offsets */
enum { TCP_FIN = 0x01, TCP_PSH = 0x08, TCP_ACK = 0x10, TCP_URG = 0x20, TCP_CWR = 0x80 };

/* Offsets into a frame with TCP. */
struct packet {
	u32 ip, tcp, data;
	bool v6;
};

/* False: it is no whole TCP segment with data: no fragment, no extension headers.  What IP says
 * of its length may be anything. */
bool packet_find_tcp(const u8 *frame, u32 len, struct packet *p);
/* What IP's length says is the frame's end. */
u32 packet_said_end(const u8 *frame, const struct packet *p);
/* IP's length, and the checksum of its header. */
void packet_set_length(u8 *frame, u32 len, const struct packet *p);
/* Of the pseudo-header, for `n` bytes of a protocol. */
u16 packet_pseudo_sum(const u8 *ip, bool v6, u32 protocol, u32 n);

#endif
