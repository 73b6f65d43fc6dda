/* sbi.h - the built-in SBI from inside: what sbi.c and sbi_*.c share.
 *
 * Spec: RISC-V Supervisor Binary Interface 2.0.  An extension is a table of functions by
 * FID; they run on the calling hart's thread.
 */
#ifndef SBI_H
#define SBI_H

#include "hart.h"

enum sbi_error {
	SBI_SUCCESS = 0,
	SBI_FAILED = -1,
	SBI_NOT_SUPPORTED = -2,
	SBI_INVALID_PARAM = -3,
	SBI_INVALID_ADDRESS = -5,
	SBI_ALREADY_AVAILABLE = -6,
	SBI_ALREADY_STARTED = -7,
	SBI_ALREADY_STOPPED = -8,
	SBI_NO_SHMEM = -9
};

struct sbi_ret {
	enum sbi_error error;
	u64 value;
};

/* `a` is a copy of a0 to a5. */
typedef struct sbi_ret sbi_fn(struct hart *h, const u64 *a);

struct sbi_extension {
	u64 id;
	u32 n;
	sbi_fn *const *functions; /* by FID; NULL: not supported */
};

extern const struct sbi_extension sbi_dbcn, sbi_hsm, sbi_pmu, sbi_rfence;

static inline struct sbi_ret sbi_ok(u64 value)
{
	return (struct sbi_ret){ SBI_SUCCESS, value };
}

static inline struct sbi_ret sbi_error(enum sbi_error error)
{
	return (struct sbi_ret){ error, 0 };
}

/* The hart with this mhartid that the guest's S-mode may know of; NULL if there is none. */
struct hart *sbi_hart(const struct hart *h, u64 id);

/* "Hart list parameter": bits from hart `base` on; base -1 means all harts. */
struct sbi_harts {
	u64 mask, base;
};

bool sbi_harts_valid(const struct hart *h, struct sbi_harts set);
/* The i-th hart of the machine if it is in the set, else NULL. */
struct hart *sbi_harts_at(const struct hart *h, struct sbi_harts set, u32 i);

#endif
