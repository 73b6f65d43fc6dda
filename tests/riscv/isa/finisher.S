/* The test finisher ends a run too: 0x5555 is a pass.
 *
 * SiFive test device, as QEMU's virt has it.  A pass through `tohost` would not do here: what
 * fails does so there.
 */
#include "isa.h"

TEST
	CHECK
	li	s1, FINISHER
	sw	zero, 0(s1)			/* other values are ignored */
	li	t0, 0x5555
	sw	t0, 0(s1)
1:	j	1b
	j	fail
