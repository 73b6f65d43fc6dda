/* A request that nobody knows, in `tohost`: exit 3 and no check number. */
#include "isa.h"

TEST
	la	a0, tohost
	li	a1, 0x7777000000000000
	sd	a1, 0(a0)
1:	j	1b
