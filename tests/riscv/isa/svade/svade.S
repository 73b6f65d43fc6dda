/* trap:27 - a hart with Svade and without Svadu: ADUE cannot be set, and A and D are software's.
 *
 * Privileged manual, "Svade", "Machine Environment Configuration (menvcfg) Register".
 */
#include "isa.h"

#define RWX (PTE_R|PTE_W|PTE_X|PTE_V)

TEST
	CHECK
	ADUE_ON
	csrr	a0, menvcfg
	srli	a0, a0, 61
	andi	a0, a0, 1
	EQ(a0, 0)

	MAP_WINDOW
	PTE(level0, 0, page, RWX)
	SATP(8, root)
	sfence.vma
	li	s1, WINDOW
	AS_TRAP(S_MODE, CAUSE_LOAD_PAGE, s1, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	RUN_TRAP(S_MODE, s1, CAUSE_FETCH_PAGE, s1)
	PTE(level0, 0, page, RWX|PTE_A)
	sfence.vma
	CHECK
	AS(S_MODE, lw a0, 0(s1))
	AS_TRAP(S_MODE, CAUSE_STORE_PAGE, s1, sw a0, 0(s1))
	GET_PTE(a0, level0, 0)
	andi	a0, a0, PTE_A|PTE_D
	EQ(a0, PTE_A)
PASS

	CODE_PAGE(page)
	TABLES
