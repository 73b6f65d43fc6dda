/* Never ends: the time limit is what stops it. */
#include "isa.h"

TEST
1:	j	1b
