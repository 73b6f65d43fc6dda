/* Code that runs so often that an engine may compile it: what is constant in it, and what needs
 * many registers of the host, still is what the instructions say.
 *
 * Unprivileged manual, "RV64I", "Zbb: Basic bit-manipulation", "Zbs: Single-bit instructions".
 */
#include "isa.h"

TEST
	li	s1, 200
	li	s7, -1
	li	t4, 7
again:
	li	t1, 0x1000000000		/* pc and a constant that is not of 32 bits */
0:	auipc	t0, 0
	add	t0, t0, t1
	la	t2, 0b
	sub	t0, t0, t2
	EQ(t0, 0x1000000000)

	li	t1, 0xffffffc000000000
0:	auipc	t0, 0
	add	t0, t0, t1
	la	t2, 0b
	sub	t0, t0, t2
	EQ(t0, 0xffffffc000000000)

	bclr	t3, s7, t4			/* a constant shifted, inverted, and in none of its registers */
	EQ(t3, -129)
	bset	t3, zero, t4
	EQ(t3, 128)

	la	s2, again			/* two addresses that are known */
	la	s3, last
	max	t5, s2, s3
	EQA(t5, last)
	minu	t5, s2, s3
	EQA(t5, again)
	max	t5, s3, s2
	EQA(t5, last)
	min	t5, s3, s2
	EQA(t5, again)

	addi	s1, s1, -1
	bnez	s1, again
last:
PASS
