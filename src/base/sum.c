/* sum.c - the sum of the Internet checksum, RFC 1071
 *
 * Ones' complement does not mind the order of the bytes in a word, nor how wide the words are
 * (sections 2B and 2C): so they are added as they lie, four at a time, and turned once.
 */
#include "base.h"

static u16 fold(u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (u16)sum;
}

u16 sum16(u32 sum, const void *bytes, size_t n)
{
	const u8 *p = bytes;
	u64 wide = 0;
	u8 turned[2];

	for (; n >= 8; n -= 8, p += 8) {
		u64 v = get_le64(p);

		wide += (v >> 32) + (u32)v;
	}
	for (; n >= 2; n -= 2, p += 2)
		wide += get_le16(p);
	wide += n ? *p : 0;
	put_le16(turned, fold(wide));
	return fold((u64)sum + get_be16(turned));
}

u16 sum16_end(u32 sum)
{
	u16 v = (u16)~fold(sum);

	return v ? v : 0xffff;
}
