/* Fails check 5: `vmbuild run` exits 3 and names it. */
#include "isa.h"

TEST
	li	gp, 5
	j	fail
