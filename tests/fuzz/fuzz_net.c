/* fuzz_net.c - any bytes as a frame before libslirp: it is dropped, or it is sound, and then
 * the guard has nothing more to change in it.
 */
#include "netio.h"

#include <stdlib.h>
#include <string.h>

int fuzz_one(const uint8_t *data, size_t size);

/* What libslirp relies on, written down a second time. */
static bool is_sound(const u8 *f, u32 n)
{
	u32 type = n < 14 ? 0 : get_be16(f + 12);

	if (type == 0x0806)
		return n == 42;
	if (type == 0x0800)
		return n >= 34 && f[14] == 0x45 && get_be16(f + 16) == n - 14 &&
		       !(get_be16(f + 20) & 0x3fff) &&
		       (f[23] != 6 || (n >= 54 && !(f[47] & 0x20) && !get_be16(f + 52)));
	return type == 0x86dd && n >= 54 && f[14] >> 4 == 6 && get_be16(f + 18) == n - 54 &&
	       (f[20] != 6 || (n >= 74 && !(f[67] & 0x20) && !get_be16(f + 72)));
}

int fuzz_one(const uint8_t *data, size_t size)
{
	const struct net_rules rules = { .host = { 10, 0, 2, 2 }, .ipv6 = true };
	struct net_work work = { .csum = size && data[0] & 1 };
	u32 n = size ? (u32)MIN(size - 1, NET_FRAME_MAX) : 0, once;
	u8 *frame = malloc(n + 1), *was; /* to the byte: reading on is seen */

	if (!frame)
		abort();
	if (n)
		memcpy(frame, data + 1, n);
	frame = realloc(frame, n ? n : 1);
	if (net_sanitize(&rules, frame, &n, &work)) {
		if (!is_sound(frame, n))
			abort();
		once = n;
		was = malloc(n);
		if (!was)
			abort();
		memcpy(was, frame, n);
		if (!net_sanitize(&rules, frame, &n, &work) || n != once || memcmp(was, frame, n))
			abort();
		free(was);
	}
	free(frame);
	return 0;
}
