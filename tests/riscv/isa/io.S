/* trap:01 trap:12 - accesses to devices: a misaligned one is an access fault and reaches no
 * device, a load into x0 does, and a window to a device works through page tables.
 *
 * Unprivileged manual, "Load and Store Instructions"; privileged manual, "Physical Memory
 * Attributes". Atomic accesses to a device are access faults too (AMONone, RsrvNone).
 */
#include "isa.h"

#define RW  (PTE_R|PTE_W|PTE_A|PTE_D|PTE_V)

TEST
	li	s1, MTIMECMP
	li	s2, CLINT
	CHECK
	li	a0, 0x0102030405060708
	sd	a0, 0(s1)
	addi	a1, s1, 1
	TRAP(CAUSE_LOAD_ACCESS, lw a0, 0(a1))
	EQR(s10, a1)
	TRAP(CAUSE_LOAD_ACCESS, lh a0, 0(a1))
	TRAP(CAUSE_STORE_ACCESS, sw zero, 0(a1))
	EQR(s10, a1)
	TRAP(CAUSE_STORE_ACCESS, sh zero, 0(a1))
	addi	a1, s1, 4
	TRAP(CAUSE_LOAD_ACCESS, ld a0, 0(a1))
	TRAP(CAUSE_STORE_ACCESS, sd zero, 0(a1))
	CHECK
	ld	a0, 0(s1)
	EQ(a0, 0x0102030405060708)
	lw	a0, 0(s1)
	EQ(a0, 0x05060708)
	lw	a0, 4(s1)
	EQ(a0, 0x01020304)

	/* atomics */
	TRAP(CAUSE_LOAD_ACCESS, lr.w a0, (s1))
	TRAP(CAUSE_STORE_ACCESS, amoadd.w a0, zero, (s1))
	EQR(s10, s1)
	TRAP(CAUSE_STORE_ACCESS, amoswap.d a0, zero, (s1))
	TRAP(CAUSE_STORE_ACCESS, sc.w a0, zero, (s1))
	/* fetches */
	RUN(M_MODE, s1)
	EQ(s8, CAUSE_FETCH_ACCESS)
	EQR(s10, s1)

	/* A read with rd = x0 has its effect: claiming from the PLIC takes the interrupt away. */
	CHECK
	li	s3, PLIC
	li	s4, UART
	li	t0, 1
	sw	t0, 40(s3)			/* source 10: priority 1 */
	li	t1, PLIC+0x2000
	li	t0, 1<<10
	sw	t0, 0(t1)			/* enabled for hart 0's M-mode */
	li	s5, PLIC+0x200000		/* its threshold and claim */
	sw	zero, 0(s5)
	li	t0, 2				/* transmitter empty */
	sb	t0, 1(s4)
1:	csrr	a0, mip
	li	a1, MEIP
	and	a0, a0, a1
	beqz	a0, 1b
	lw	zero, 4(s5)
	CHECK
	csrr	a0, mip
	and	a0, a0, a1
	EQ(a0, 0)
	sb	zero, 1(s4)
	li	t0, 10
	sw	t0, 4(s5)

	/* nothing between the devices */
	li	a1, 0x01000000
	TRAP(CAUSE_LOAD_ACCESS, lw a0, 0(a1))
	TRAP(CAUSE_STORE_ACCESS, sw a0, 0(a1))

	/* through Sv39 */
	CHECK
	MAP_WINDOW
	li	t0, CLINT
	PTE_AT(level0, 0, t0, RW)
	li	t0, MTIMECMP
	PTE_AT(level0, 1, t0, RW)
	SATP(8, root)
	sfence.vma
	li	a1, 0x100001000
	AS(S_MODE, ld a0, 0(a1))
	EQ(a0, 0x0102030405060708)
	addi	a2, a1, 2
	AS_TRAP(S_MODE, CAUSE_LOAD_ACCESS, a2, lw a0, 0(a2))
PASS

	TABLES
