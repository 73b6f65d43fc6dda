/* websocket.c - RFC 6455 as a server: frames in and out, and the handshake's one sum.
 *
 * A client is anyone: what it sends is taken apart as it comes, nothing is kept but the head
 * of one frame.
 */
#include "rfb.h"

enum { OP_CONTINUE = 0, OP_BINARY = 2, OP_CLOSE = 8, OP_PING = 9, OP_PONG = 10 };
#define FIN       0x80
#define MASKED    0x80
#define CONTROL   0x08
#define HEAD_MASK 4

/* -- SHA-1 (FIPS 180-4 section 6.1) and base64, for the handshake alone ---------------------- */

static u32 rotate(u32 v, u32 n)
{
	return v << n | v >> (32 - n);
}

static void sha1_block(u32 *h, const u8 *p)
{
	u32 w[80], a = h[0], b = h[1], c = h[2], d = h[3], e = h[4];

	for (u32 i = 0; i < 80; i++)
		w[i] = i < 16 ? get_be32(p + 4 * i)
			      : rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
	for (u32 i = 0; i < 80; i++) {
		u32 f = i < 20   ? (b & c) | (~b & d)
			: i < 40 ? b ^ c ^ d
			: i < 60 ? (b & c) | (b & d) | (c & d)
				 : b ^ c ^ d;
		u32 k = i < 20   ? 0x5a827999
			: i < 40 ? 0x6ed9eba1
			: i < 60 ? 0x8f1bbcdc
				 : 0xca62c1d6;
		u32 t = rotate(a, 5) + f + e + k + w[i];

		e = d;
		d = c;
		c = rotate(b, 30);
		b = a;
		a = t;
	}
	h[0] += a;
	h[1] += b;
	h[2] += c;
	h[3] += d;
	h[4] += e;
}

/* Of at most 119 bytes. */
static void sha1(const u8 *bytes, size_t n, u8 sum[20])
{
	u32 h[5] = { 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0 };
	size_t padded = n < 56 ? 64 : 128;
	u8 block[128] = { 0 };

	assert(n <= 119);
	memcpy(block, bytes, n);
	block[n] = 0x80;
	put_be32(block + padded - 4, (u32)n * 8);
	for (size_t i = 0; i < padded; i += 64)
		sha1_block(h, block + i);
	for (u32 i = 0; i < 5; i++)
		put_be32(sum + 4 * i, h[i]);
}

static void base64(const u8 *bytes, size_t n, char *text)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < n; i += 3) {
		u32 v = (u32)bytes[i] << 16 | (i + 1 < n ? (u32)bytes[i + 1] << 8 : 0) |
			(i + 2 < n ? bytes[i + 2] : 0);

		*text++ = digits[v >> 18 & 63];
		*text++ = digits[v >> 12 & 63];
		*text++ = i + 1 < n ? digits[v >> 6 & 63] : '=';
		*text++ = i + 2 < n ? digits[v & 63] : '=';
	}
	*text = 0;
}

/* Section 4.2.2 */
void websocket_accept(const char *key, char accept[29])
{
	char text[120];
	u8 sum[20];

	snprintf(text, sizeof(text), "%.64s258EAFA5-E914-47DA-95CA-C5AB0DC85B11", key);
	sha1((const u8 *)text, strlen(text), sum);
	base64(sum, sizeof(sum), accept);
}

/* -- Frames (section 5.2) ------------------------------------------------------------------------
 */

static void add_head(struct str *out, u32 op, size_t n)
{
	u8 head[10] = { (u8)(FIN | op), (u8)n };

	if (n < 126) {
		str_bytes(out, head, 2);
	} else if (n <= UINT16_MAX) {
		head[1] = 126;
		put_be16(head + 2, (u16)n);
		str_bytes(out, head, 4);
	} else {
		head[1] = 127;
		put_be32(head + 2, (u32)((u64)n >> 32));
		put_be32(head + 6, (u32)n);
		str_bytes(out, head, 10);
	}
}

void websocket_wrap(const void *bytes, size_t n, struct str *out)
{
	add_head(out, OP_BINARY, n);
	str_bytes(out, bytes, n);
}

/* How many bytes the head has, as far as it is known. */
static u32 head_bytes(const struct websocket *w)
{
	u32 n = w->nhead < 2 ? 0 : w->head[1] & 0x7f;

	if (w->nhead < 2)
		return 2;
	return 2 + (n == 126 ? 2 : n == 127 ? 8 : 0) + HEAD_MASK;
}

static u64 length_of(const struct websocket *w)
{
	u32 n = w->head[1] & 0x7f;

	if (n == 126)
		return get_be16(w->head + 2);
	if (n == 127)
		return (u64)get_be32(w->head + 2) << 32 | get_be32(w->head + 6);
	return n;
}

/* The head is whole. */
static bool begin(struct websocket *w, struct str *out)
{
	u32 op = w->head[0] & 0xf;

	w->left = length_of(w);
	w->masked = 0;
	if (op != OP_CONTINUE && op != OP_BINARY && op != OP_CLOSE && op != OP_PING &&
	    op != OP_PONG)
		return false;
	if (op & CONTROL && (w->left > 125 || !(w->head[0] & FIN)))
		return false;
	if (op == OP_CLOSE) {
		add_head(out, OP_CLOSE, 0);
		w->ended = true;
		return false;
	}
	if (op == OP_PING)
		add_head(out, OP_PONG, (size_t)w->left);
	return true;
}

/* The next bytes of its content. */
static void unmask(struct websocket *w, const u8 *bytes, size_t n, struct str *to, struct str *out)
{
	const u8 *mask = w->head + head_bytes(w) - HEAD_MASK;
	u32 op = w->head[0] & 0xf;

	for (size_t i = 0; i < n; i++) {
		u8 byte = bytes[i] ^ mask[w->masked++ % 4];

		if (op == OP_PING)
			str_bytes(out, &byte, 1);
		else if (op != OP_PONG)
			str_bytes(to, &byte, 1);
	}
	w->left -= n;
}

bool websocket_take(struct websocket *w, const u8 *bytes, size_t n, struct str *to, struct str *out)
{
	while (n && !w->ended) {
		size_t part = 1;

		if (w->nhead < head_bytes(w)) {
			w->head[w->nhead++] = *bytes;
			if (w->nhead == 2 && !(w->head[1] & MASKED))
				return false; /* section 5.1 */
			if (w->nhead > 2 && w->nhead == head_bytes(w) && !begin(w, out))
				return false;
		} else {
			part = (size_t)MIN(n, w->left);
			unmask(w, bytes, part, to, out);
		}
		if (w->nhead > 2 && w->nhead == head_bytes(w) && !w->left)
			w->nhead = 0;
		bytes += part;
		n -= part;
	}
	return !w->ended;
}
