/* sbi_dbcn.c - SBI debug console
 *
 * Spec: SBI 2.0, chapter "Debug Console Extension".  Calls may be partial; ours moves at
 * most LIMIT bytes, so that a guest cannot keep its hart in here.
 */
#include "sbi.h"

enum { LIMIT = 64 * 1024, CHUNK = 256 };

/* "Shared memory physical address range parameter": all of it must be RAM. */
static bool accessible(const struct hart *h, const u64 *a)
{
	u64 n = a[0], lo = a[1], hi = a[2];

	return !hi && (!n || mem_slice(h->env->mem, lo, n));
}

static struct sbi_ret console_write(struct hart *h, const u64 *a)
{
	u64 n = MIN(a[0], LIMIT), done = 0;
	u8 bytes[CHUNK];

	if (!accessible(h, a))
		return sbi_error(SBI_INVALID_PARAM);
	while (done < n) {
		u64 now = MIN(n - done, CHUNK);

		if (!mem_read(h->env->mem, a[1] + done, bytes, now))
			return sbi_error(SBI_INVALID_PARAM);
		h->env->console_write(h->env->ctx, bytes, now);
		done += now;
	}
	return sbi_ok(done);
}

static struct sbi_ret console_read(struct hart *h, const u64 *a)
{
	u64 n = MIN(a[0], LIMIT), done = 0;
	u8 bytes[CHUNK];

	if (!accessible(h, a))
		return sbi_error(SBI_INVALID_PARAM);
	while (done < n) {
		size_t got = h->env->console_read(h->env->ctx, bytes, MIN(n - done, CHUNK));

		if (!got)
			break;
		if (!mem_write(h->env->mem, a[1] + done, bytes, got))
			return sbi_error(SBI_FAILED);
		done += got;
	}
	return sbi_ok(done);
}

static struct sbi_ret console_write_byte(struct hart *h, const u64 *a)
{
	u8 byte = (u8)a[0];

	h->env->console_write(h->env->ctx, &byte, 1);
	return sbi_ok(0);
}

static sbi_fn *const functions[] = { console_write, console_read, console_write_byte };

const struct sbi_extension sbi_dbcn = { 0x4442434e, ARRAY_LEN(functions), functions };
