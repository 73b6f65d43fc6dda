/* test_png.c - surfaces as PNG files, read back with zlib alone. */
#include "check.h"

#include "host.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define W 37u
#define H 11u

/* The chunk at `at` has this type, and its sum is right; returns where the next one is. */
static size_t chunk(const struct str *png, size_t at, const char *type, const u8 **bytes, u32 *n)
{
	const u8 *p = (const u8 *)png->p + at;

	assert_true(at + 12 <= png->n);
	*n = get_be32(p);
	*bytes = p + 8;
	assert_true(at + 12 + *n <= png->n);
	assert_memory_equal(p + 4, type, 4);
	assert_int_equal(get_be32(p + 8 + *n), crc32(0, p + 4, 4 + *n));
	return at + 12 + *n;
}

static void a_picture_read_back_is_the_surface(void **state)
{
	u32 pixels[W * H], seed = 1;
	const struct surface s = { W, H, pixels, W * H };
	u8 rows[H * (1 + 3 * W)], above[3 * W] = { 0 };
	uLongf len = sizeof(rows);
	struct str png = { 0 };
	struct err e = { 0 };
	const u8 *bytes;
	size_t at;
	u32 n;

	for (u32 i = 0; i < W * H; i++)
		pixels[i] = seed = seed * 1664525 + 1013904223;
	assert_true(host_png(&s, &png, &e));
	assert_memory_equal(png.p, "\211PNG\r\n\032\n", 8);
	at = chunk(&png, 8, "IHDR", &bytes, &n);
	assert_int_equal(get_be32(bytes), W);
	assert_int_equal(get_be32(bytes + 4), H);
	assert_memory_equal(bytes + 8, "\10\2\0\0\0", 5); /* 8 bits of RGB, nothing special */
	at = chunk(&png, at, "IDAT", &bytes, &n);
	assert_int_equal(uncompress(rows, &len, bytes, n), Z_OK);
	assert_int_equal(len, sizeof(rows));
	at = chunk(&png, at, "IEND", &bytes, &n);
	assert_int_equal(at, png.n);
	for (u32 y = 0; y < H; y++) {
		const u8 *row = rows + y * (1 + 3 * W);

		assert_int_equal(row[0], 2); /* the difference to the row above */
		for (u32 x = 0; x < 3 * W; x++) {
			above[x] = (u8)(above[x] + row[1 + x]);
			assert_int_equal(above[x],
					 (u8)(pixels[y * W + x / 3] >> (16 - 8 * (x % 3))));
		}
	}
	str_free(&png);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_picture_read_back_is_the_surface),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
