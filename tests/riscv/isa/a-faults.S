/* trap:13 trap:14 trap:15 - atomic accesses that fault: misaligned ones always, even where plain
 * ones work; AMO and SC as stores, LR as a load, the SC also without a reservation.
 *
 * Unprivileged manual, "A Extension"; privileged manual, "Machine Cause Register", and "Physical
 * Memory Attributes", Misaligned Atomicity Granule (there is none here). The order of SC's
 * checks is open; we check first, as Sail does.
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_A|PTE_D|PTE_V)

/* A misaligned one may raise an access fault instead ("Misaligned Atomicity Granule");
 * ours is the misaligned exception, which lets firmware emulate it. */
#define MISALIGNED(cause, size, ...)                                                              \
	li	s3, 1;                                                                             \
1:	la	a1, words;                                                                         \
	add	a1, a1, s3;                                                                        \
	TRAP(cause, __VA_ARGS__);                                                                  \
	bne	s10, a1, fail;                                                                     \
	addi	s3, s3, 1;                                                                         \
	li	t0, size;                                                                          \
	blt	s3, t0, 1b

#define NOWHERE(cause, ...) li a1, 8; TRAP(cause, __VA_ARGS__); EQ(s10, 8)

TEST
	MISALIGNED(CAUSE_LOAD_MISALIGNED, 4, lr.w a0, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, sc.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amoswap.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amoadd.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amoxor.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amoand.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amoor.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amomin.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amomax.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amominu.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amomaxu.w a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 4, amocas.w a0, a2, a1)
	MISALIGNED(CAUSE_LOAD_MISALIGNED, 8, lr.d a0, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, sc.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amoswap.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amoadd.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amoxor.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amoand.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amoor.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amomin.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amomax.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amominu.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amomaxu.d a0, a2, (a1))
	MISALIGNED(CAUSE_STORE_MISALIGNED, 8, amocas.d a0, a2, a1)
	MISALIGNED(CAUSE_STORE_MISALIGNED, 16, amocas.q a2, a4, a1)

	NOWHERE(CAUSE_LOAD_ACCESS, lr.w a0, (a1))
	NOWHERE(CAUSE_LOAD_ACCESS, lr.d a0, (a1))
	NOWHERE(CAUSE_STORE_ACCESS, sc.w a0, a2, (a1))
	NOWHERE(CAUSE_STORE_ACCESS, amoadd.w a0, a2, (a1))
	NOWHERE(CAUSE_STORE_ACCESS, amoswap.d zero, a2, (a1))
	NOWHERE(CAUSE_STORE_ACCESS, amomaxu.d a1, a2, (a1))

	/* pages: W without use, R only, W but not dirty */
	MAP_WINDOW
	PTE(level0, 0, page, RWX)
	PTE(level0, 1, page, PTE_R|PTE_A|PTE_D|PTE_V)
	PTE(level0, 2, page, PTE_X|PTE_A|PTE_D|PTE_V)
	SATP(8, root)
	sfence.vma
	li	a1, WINDOW
	CHECK
	li	a2, 5
	AS(S_MODE, amoadd.w a0, a2, (a1))
	EQ(a0, 0)
	la	a3, page
	lw	a3, 0(a3)
	EQ(a3, 5)

	/* read-only: an AMO needs R and W, and faults as a store */
	li	a4, 4096
	add	a1, a1, a4
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, amoadd.w a0, a2, (a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, amoor.d zero, zero, (a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, sc.w a0, a2, (a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, amocas.w a0, a2, a1)
	CHECK
	AS(S_MODE, lr.w a0, (a1))
	EQ(a0, 5)
	add	a1, a1, a4
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, lr.w a0, (a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, amoadd.d a0, a2, (a1))
	add	a1, a1, a4
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, a1, lr.d a0, (a1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, a1, sc.d a0, a2, (a1))

	/* what faulted has changed nothing */
	CHECK
	la	a3, page
	lw	a3, 0(a3)
	EQ(a3, 5)
PASS

	.data
	.balign	64
words:	.zero	64
	TABLES
	PAGE(page)
