/* Zicond: zero if the condition is zero, or if it is not.
 *
 * Unprivileged manual, "Integer Conditional (Zicond) Operations".
 */
#include "isa.h"

TEST
	RR(czero.eqz, 0, -1, 0)
	RR(czero.eqz, -1, -1, 1)
	RR(czero.eqz, 5, 5, 0x8000000000000000)
	RR(czero.eqz, 7, 7, 0x100000000)
	RR(czero.nez, -1, -1, 0)
	RR(czero.nez, 0, -1, 1)
	RR(czero.nez, 0, 5, 0x8000000000000000)
	RR(czero.nez, 0, 7, 0x100000000)
PASS
