/* sbi_rfence.c - SBI remote fences
 *
 * Spec: SBI 2.0, chapter "RFENCE Extension".  The call returns when each hart has done the
 * fence, or is parked and will do it before its next instruction (see hart.h).  The caller
 * is parked meanwhile, so that two that fence each other both go on.
 *
 * Not modeled: the functions for hypervisors.
 */
#include "sbi.h"

static void wait_for_all(struct hart *h, struct sbi_harts set)
{
	inbox_park(h);
	for (u32 i = 0; i < h->env->nharts; i++) {
		struct hart *to = sbi_harts_at(h, set, i);

		if (to && to != h)
			inbox_wait(to);
	}
	inbox_unpark(h);
}

/* NULL: fence.i.  The caller's own fence goes through its inbox, too: it is served as the
 * last thing. */
static struct sbi_ret fence(struct hart *h, struct sbi_harts set, const struct fence *f)
{
	if (!sbi_harts_valid(h, set))
		return sbi_error(SBI_INVALID_PARAM);
	for (u32 i = 0; i < h->env->nharts; i++) {
		struct hart *to = sbi_harts_at(h, set, i);

		if (to)
			inbox_post(to, f);
	}
	wait_for_all(h, set);
	return sbi_ok(0);
}

/* A size of all ones, or start and size 0, stand for the whole address space. */
static struct fence pages(const u64 *a, u32 flags)
{
	bool all = a[3] == UINT64_MAX || (!a[2] && !a[3]);

	return (struct fence){ .gva = a[2],
			       .size = a[3],
			       .asid = a[4] & 0xffff,
			       .flags = all ? flags : flags | FENCE_GVA };
}

static bool wraps(const struct fence *f)
{
	return (f->flags & FENCE_GVA) && f->gva + f->size < f->gva && f->gva + f->size;
}

static struct sbi_ret fence_pages(struct hart *h, const u64 *a, u32 flags)
{
	struct fence f = pages(a, flags);

	if (wraps(&f))
		return sbi_error(SBI_INVALID_ADDRESS);
	return fence(h, (struct sbi_harts){ a[0], a[1] }, &f);
}

static struct sbi_ret fence_i(struct hart *h, const u64 *a)
{
	return fence(h, (struct sbi_harts){ a[0], a[1] }, NULL);
}

static struct sbi_ret sfence_vma(struct hart *h, const u64 *a)
{
	return fence_pages(h, a, 0);
}

static struct sbi_ret sfence_vma_asid(struct hart *h, const u64 *a)
{
	return fence_pages(h, a, FENCE_ASID);
}

static sbi_fn *const functions[] = { fence_i, sfence_vma, sfence_vma_asid };

const struct sbi_extension sbi_rfence = { 0x52464e43, ARRAY_LEN(functions), functions };
