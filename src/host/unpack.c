/* unpack.c - gzip and zstd, for kernels that come compressed. */
#include "host.h"

#include "config.h"

#include <zlib.h>
#if HAVE_ZSTD
#include <zstd.h>
#endif

/* A growing result that stops at `max`. */
struct sink {
	u8 *p;
	size_t n, cap, max;
};

enum { STEP = 1 << 20 };

static bool sink_room(struct sink *s, struct err *e)
{
	if (s->n < s->cap)
		return true;
	if (s->cap >= s->max)
		return err_code(e, "E0501", "unpacks to more than %zu MiB", s->max >> 20);
	s->cap = MIN(s->max, MAX(s->cap * 2, (size_t)STEP));
	s->p = xrealloc(s->p, s->cap);
	return true;
}

static bool damaged(struct err *e, const char *why)
{
	return err_code(e, "E0501", "its compressed data is damaged or cut off: %s", why);
}

static bool gunzip(const u8 *from, size_t n, struct sink *s, struct err *e)
{
	z_stream z = { .next_in = (z_const Bytef *)from, .avail_in = (uInt)MIN(n, UINT32_MAX) };
	int status = inflateInit2(&z, 15 + 16);

	while (status == Z_OK) {
		if (!sink_room(s, e))
			break;
		z.next_out = s->p + s->n;
		z.avail_out = (uInt)(s->cap - s->n);
		status = inflate(&z, Z_NO_FLUSH);
		s->n = s->cap - z.avail_out;
		if (status == Z_BUF_ERROR && z.avail_in)
			status = Z_OK;
	}
	if (status != Z_STREAM_END && status != Z_OK)
		damaged(e, z.msg ? z.msg : "unexpected end");
	inflateEnd(&z);
	return status == Z_STREAM_END;
}

#if HAVE_ZSTD
static bool unzstd(const u8 *from, size_t n, struct sink *s, struct err *e)
{
	ZSTD_DStream *z = ZSTD_createDStream();
	ZSTD_inBuffer in = { from, n, 0 };
	size_t left = 1;
	bool ok = z;

	while (ok && left && sink_room(s, e)) {
		ZSTD_outBuffer out = { s->p, s->cap, s->n };

		left = ZSTD_decompressStream(z, &out, &in);
		if (ZSTD_isError(left))
			ok = damaged(e, ZSTD_getErrorName(left));
		else if (left && in.pos == n && out.pos == s->n)
			ok = damaged(e, "unexpected end");
		s->n = out.pos;
	}
	ZSTD_freeDStream(z);
	return ok && !left;
}
#else
static bool unzstd(const u8 *from, size_t n, struct sink *s, struct err *e)
{
	(void)from, (void)n, (void)s;
	err_code(e, "E0501", "it is compressed with zstd, which this build lacks");
	return err_hint(e, "apt install libzstd-dev, then ./configure --with-zstd");
}
#endif

bool host_unpack(const u8 *from, size_t n, size_t max, u8 **to, size_t *len, struct err *e)
{
	struct sink s = { .max = max };
	bool gzip = n > 2 && from[0] == 0x1f && from[1] == 0x8b;

	err_set(e, "unpacking failed");
	if (gzip ? !gunzip(from, n, &s, e) : !unzstd(from, n, &s, e)) {
		free(s.p);
		return false;
	}
	*to = s.p;
	*len = s.n;
	return true;
}
