/* A trap that nothing waits for fails the running check, 6, also from U-mode. */
#include "isa.h"

TEST
	ENTER(U_MODE)
	li	gp, 6
	.4byte	0
PASS
