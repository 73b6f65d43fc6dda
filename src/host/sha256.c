#include "sha256.h"

#include <errno.h>

#define BLOCK 64

struct sha256 {
	u32 h[8];
	u64 bytes;
	u8 block[BLOCK];
};

/* The first 32 bits of the fractional parts of the cube roots of the first 64 primes
 * (section 4.2.2). */
/* clang-format off */
static const u32 K[64] = {
	0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
	0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
	0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
	0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
	0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
	0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
	0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
	0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
};
/* clang-format on */

static u32 ror(u32 v, u32 n)
{
	return v >> n | v << (32 - n);
}

/* Section 6.2.2. */
static void eat_block(struct sha256 *s, const u8 *block)
{
	u32 w[64], v[8];

	for (u32 i = 0; i < 16; i++)
		w[i] = get_be32(block + (size_t)4 * i);
	for (u32 i = 16; i < 64; i++) {
		u32 a = w[i - 15], b = w[i - 2];

		w[i] = w[i - 16] + (ror(a, 7) ^ ror(a, 18) ^ a >> 3) + w[i - 7] +
		       (ror(b, 17) ^ ror(b, 19) ^ b >> 10);
	}
	memcpy(v, s->h, sizeof(v));
	for (u32 i = 0; i < 64; i++) {
		u32 a = v[0], e = v[4];
		u32 t1 = v[7] + (ror(e, 6) ^ ror(e, 11) ^ ror(e, 25)) + ((e & v[5]) ^ (~e & v[6])) +
			 K[i] + w[i];
		u32 t2 = (ror(a, 2) ^ ror(a, 13) ^ ror(a, 22)) +
			 ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));

		memmove(v + 1, v, 7 * sizeof(*v));
		v[4] += t1;
		v[0] = t1 + t2;
	}
	for (u32 i = 0; i < 8; i++)
		s->h[i] += v[i];
}

static struct sha256 start(void)
{
	return (struct sha256){ .h = { 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f,
				       0x9b05688c, 0x1f83d9ab, 0x5be0cd19 } };
}

static void eat(struct sha256 *s, const u8 *p, size_t n)
{
	size_t held = s->bytes % BLOCK;

	s->bytes += n;
	while (n) {
		size_t take = MIN(n, BLOCK - held);

		memcpy(s->block + held, p, take);
		p += take;
		n -= take;
		held = (held + take) % BLOCK;
		if (!held)
			eat_block(s, s->block);
	}
}

/* One 1 bit, zeros up to 8 bytes before the end of a block, the length in bits. */
static void finish(struct sha256 *s, char hex[SHA256_HEX])
{
	static const u8 pad[BLOCK] = { 0x80 };
	u64 bits = s->bytes * 8;
	u8 length[8];

	eat(s, pad, 1 + (BLOCK + 55 - s->bytes % BLOCK) % BLOCK);
	for (u32 i = 0; i < 8; i++)
		length[i] = (u8)(bits >> (56 - 8 * i));
	eat(s, length, sizeof(length));
	for (u32 i = 0; i < 8; i++)
		snprintf(hex + (size_t)8 * i, 9, "%08x", s->h[i]);
}

void sha256_hex(const void *bytes, size_t n, char hex[SHA256_HEX])
{
	struct sha256 s = start();

	eat(&s, bytes, n);
	finish(&s, hex);
}

bool sha256_file(const char *path, char hex[SHA256_HEX], struct err *e)
{
	struct sha256 s = start();
	FILE *f = fopen(path, "rbe");
	u8 *buf;
	size_t n;
	bool ok;

	if (!f)
		return err_set(e, "%s: %s", path, strerror(errno));
	buf = xzalloc(64 * KIB);
	while ((n = fread(buf, 1, 64 * KIB, f)) > 0)
		eat(&s, buf, n);
	ok = !ferror(f) || err_set(e, "%s: %s", path, strerror(errno));
	free(buf);
	fclose(f);
	finish(&s, hex);
	return ok;
}
