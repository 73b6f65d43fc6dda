/* trap:08 - fences with unknown fields are fences; PAUSE, prefetches and writes to x0 are hints
 * and change nothing.
 *
 * Unprivileged manual, "Memory Ordering Instructions", "HINT Instructions", "Zihintpause".
 */
#include "isa.h"

TEST
	CHECK
	li	a0, 5
	li	ra, 6
	fence
	fence	rw, w
	fence	i, o
	fence.tso
	pause
	.4byte	0x0000000f		/* fence 0, 0 */
	.4byte	0x7ff0000f		/* fm = 7 */
	.4byte	0x1230000f		/* fm = 1 */
	.4byte	0x0ff0008f		/* rd = ra */
	.4byte	0x0ff5000f		/* rs1 = a0 */
	.4byte	0xfff5050f		/* everything */
	.4byte	0x0000100f		/* fence.i */
	.4byte	0xfff5150f		/* fence.i with all fields set */
	EQ(a0, 5)
	EQ(ra, 6)

	/* arithmetic into x0 */
	CHECK
	.4byte	0x00150013		/* addi x0, a0, 1 */
	.4byte	0x00056013		/* ori x0, a0, 0: prefetch.i */
	.4byte	0x80156013		/* prefetch.r */
	.4byte	0x00356013		/* prefetch.w */
	.4byte	0x00b50033		/* add x0, a0, a1 */
	.4byte	0x12345037		/* lui x0 */
	.4byte	0x12345017		/* auipc x0 */
	.4byte	0x00251033		/* sll x0: ntl hints are add x0, x0, x2..x5 */
	.4byte	0x00200033
	.4byte	0x00500033
	EQ(zero, 0)
	EQ(a0, 5)
PASS
