/* Compressed kernels: gzip and zstd, whole, cut off, damaged, and larger than allowed. */
#include "check.h"
#include "config.h"
#include "host.h"

#include <zlib.h>
#if HAVE_ZSTD
#include <zstd.h>
#endif

enum { PLAIN = 3 << 20 }; /* more than one step of the result */

/* Compresses to half or so: neither runs nor noise. */
static u8 *plain_bytes(void)
{
	u8 *p = xzalloc(PLAIN);
	u32 x = 1;

	for (size_t i = 0; i < PLAIN; i++) {
		x = x * 1103515245 + 12345;
		p[i] = (u8)(x >> 16 & 0x0f);
	}
	return p;
}

static size_t gzip(const u8 *from, u8 *to, size_t cap)
{
	z_stream z = { .next_in = (z_const Bytef *)from,
		       .avail_in = PLAIN,
		       .next_out = to,
		       .avail_out = (uInt)cap };

	assert_int_equal(deflateInit2(&z, Z_BEST_SPEED, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY),
			 Z_OK);
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	assert_int_equal(deflateEnd(&z), Z_OK);
	return cap - z.avail_out;
}

#if HAVE_ZSTD
static size_t zstd(const u8 *from, u8 *to, size_t cap)
{
	size_t n = ZSTD_compress(to, cap, from, PLAIN, 1);

	assert_false(ZSTD_isError(n));
	return n;
}
#endif

typedef size_t pack_fn(const u8 *from, u8 *to, size_t cap);

struct packed {
	u8 *plain, *bytes;
	size_t n;
};

static struct packed pack(pack_fn *with)
{
	struct packed p = { .plain = plain_bytes(), .bytes = xzalloc(PLAIN) };

	p.n = with(p.plain, p.bytes, PLAIN);
	return p;
}

static void drop(struct packed *p)
{
	free(p->plain);
	free(p->bytes);
}

static void comes_back_whole(pack_fn *with)
{
	struct packed p = pack(with);
	struct err e = { 0 };
	size_t n = 0;
	u8 *to;

	assert_true(host_unpack(p.bytes, p.n, PLAIN, &to, &n, &e));
	assert_int_equal(n, PLAIN);
	assert_memory_equal(to, p.plain, PLAIN);
	free(to);
	drop(&p);
}

static void refused(const struct packed *p, size_t n, size_t max, const char *why)
{
	struct err e = { 0 };
	size_t len;
	u8 *to;

	assert_false(host_unpack(p->bytes, n, max, &to, &len, &e));
	assert_string_equal(e.code, "E0501");
	if (!strstr(e.text, why))
		fail_msg("%zu of %zu bytes: `%s` does not say `%s`", n, p->n, e.text, why);
}

static void is_refused_cut_off(pack_fn *with)
{
	struct packed p = pack(with);

	for (size_t n = 5; n < 40; n++)
		refused(&p, n, 2 * PLAIN, "damaged or cut off");
	for (size_t n = p.n / 7; n < p.n; n += p.n / 7)
		refused(&p, n, 2 * PLAIN, "damaged or cut off");
	refused(&p, p.n - 1, 2 * PLAIN, "damaged or cut off");
	drop(&p);
}

static void is_refused_if_larger_than_allowed(pack_fn *with)
{
	struct packed p = pack(with);

	refused(&p, p.n, PLAIN - 1, "unpacks to more than 2 MiB");
	refused(&p, p.n, MIB, "unpacks to more than 1 MiB");
	drop(&p);
}

static void gzip_comes_back_whole(void **state)
{
	comes_back_whole(gzip);
	(void)state;
}

static void gzip_is_refused_cut_off(void **state)
{
	is_refused_cut_off(gzip);
	(void)state;
}

static void gzip_is_refused_if_larger_than_allowed(void **state)
{
	is_refused_if_larger_than_allowed(gzip);
	(void)state;
}

#if HAVE_ZSTD
static void zstd_comes_back_whole(void **state)
{
	comes_back_whole(zstd);
	(void)state;
}

static void zstd_is_refused_cut_off(void **state)
{
	is_refused_cut_off(zstd);
	(void)state;
}

static void zstd_is_refused_if_larger_than_allowed(void **state)
{
	is_refused_if_larger_than_allowed(zstd);
	(void)state;
}

#else
static void a_build_without_zstd_says_how_to_get_it(void **state)
{
	static const u8 magic[] = { 0x28, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0 };
	struct err e = { 0 };
	size_t n;
	u8 *to;

	assert_false(host_unpack(magic, sizeof(magic), MIB, &to, &n, &e));
	assert_non_null(strstr(e.text, "which this build lacks"));
	assert_non_null(strstr(e.hint, "./configure --with-zstd"));
	(void)state;
}
#endif

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gzip_comes_back_whole),
		cmocka_unit_test(gzip_is_refused_cut_off),
		cmocka_unit_test(gzip_is_refused_if_larger_than_allowed),
#if HAVE_ZSTD
		cmocka_unit_test(zstd_comes_back_whole),
		cmocka_unit_test(zstd_is_refused_cut_off),
		cmocka_unit_test(zstd_is_refused_if_larger_than_allowed),
#else
		cmocka_unit_test(a_build_without_zstd_says_how_to_get_it),
#endif
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
