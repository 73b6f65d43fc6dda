/* An APLIC that interrupts harts itself: priorities, threshold, claim, force, and both levels.
 *
 * AIA 1.0, "Interrupt delivery directly by the APLIC".  The source is the UART on line 10.
 */
#include "isa.h"
#include "aia.h"

#define LINE 10

#define IDELIVERY  (IDC+0x00)
#define IFORCE     (IDC+0x04)
#define ITHRESHOLD (IDC+0x08)
#define TOPI       (IDC+0x18)
#define CLAIMI     (IDC+0x1c)

#define RAISE li t5, UART; li t6, 2; sb t6, 1(t5)
#define LOWER li t5, UART; sb zero, 1(t5)

/* mip has the bit, or has it not: lines may take a moment. */
#define HIGH(bit) CHECK; li t4, bit; 1: csrr a0, mip; and a0, a0, t4; beqz a0, 1b
#define LOW(bit)  CHECK; li t4, bit; 1: csrr a0, mip; and a0, a0, t4; bnez a0, 1b

TEST
	/* no messages here */
	WORD(APLIC_M, 0, 0x80000000)
	STORE(APLIC_M, 0, 0x104)
	WORD(APLIC_M, 0, 0x80000100)
	WORD(APLIC_M, 0x1bc4, 0)
	STORE(APLIC_M, GENMSI, 5)
	WORD(APLIC_M, GENMSI, 0)

	/* a priority of 0 is 1 */
	STORE(APLIC_M, 4*LINE, LEVEL1)
	STORE(APLIC_M, TARGET+4*LINE, 0)
	WORD(APLIC_M, TARGET+4*LINE, 1)
	STORE(APLIC_M, TARGET+4*LINE, 7)
	STORE(APLIC_M, SETIENUM, LINE)
	STORE(APLIC_M, IDELIVERY, 1)
	RAISE
	HIGH(MEIP)
	WORD(APLIC_M, TOPI, LINE<<16|7)

	/* the threshold lets through what is below it; topi needs neither IE nor idelivery */
	STORE(APLIC_M, ITHRESHOLD, 7)
	LOW(MEIP)
	WORD(APLIC_M, TOPI, 0)
	STORE(APLIC_M, ITHRESHOLD, 8)
	HIGH(MEIP)
	STORE(APLIC_M, IDELIVERY, 0)
	LOW(MEIP)
	WORD(APLIC_M, TOPI, LINE<<16|7)
	STORE(APLIC_M, IDELIVERY, 1)
	STORE(APLIC_M, 0, 0)
	LOW(MEIP)
	WORD(APLIC_M, TOPI, LINE<<16|7)
	STORE(APLIC_M, 0, 0x100)
	STORE(APLIC_M, ITHRESHOLD, 0)
	HIGH(MEIP)

	/* a claim does not clear a level */
	WORD(APLIC_M, CLAIMI, LINE<<16|7)
	WORD(APLIC_M, CLAIMI, LINE<<16|7)
	STORE(APLIC_M, CLRIPNUM, LINE)
	WORD(APLIC_M, SETIP, 1<<LINE)
	LOWER
	LOW(MEIP)
	STORE(APLIC_M, SETIPNUM, LINE)
	WORD(APLIC_M, SETIP, 0)
	WORD(APLIC_M, CLAIMI, 0)

	/* it clears an edge */
	STORE(APLIC_M, 4*LINE, EDGE1)
	RAISE
	HIGH(MEIP)
	WORD(APLIC_M, CLAIMI, LINE<<16|7)
	LOW(MEIP)
	LOWER
	STORE(APLIC_M, SETIPNUM, LINE)
	HIGH(MEIP)
	WORD(APLIC_M, CLAIMI, LINE<<16|7)
	LOW(MEIP)

	/* of two the smaller priority number comes first, then the smaller source */
	STORE(APLIC_M, 4*3, 1)			/* detached: software alone sets it */
	STORE(APLIC_M, 4*50, 1)
	STORE(APLIC_M, TARGET+4*3, 9)
	STORE(APLIC_M, TARGET+4*50, 2)
	STORE(APLIC_M, SETIENUM, 3)
	STORE(APLIC_M, SETIENUM, 50)
	STORE(APLIC_M, SETIPNUM, 3)
	STORE(APLIC_M, SETIPNUM, 50)
	WORD(APLIC_M, TOPI, 50<<16|2)
	STORE(APLIC_M, TARGET+4*50, 9)
	WORD(APLIC_M, TOPI, 3<<16|9)
	WORD(APLIC_M, CLAIMI, 3<<16|9)
	WORD(APLIC_M, CLAIMI, 50<<16|9)
	WORD(APLIC_M, CLAIMI, 0)
	LOW(MEIP)

	/* forced: an interrupt with nothing to claim, which ends it */
	STORE(APLIC_M, IFORCE, 1)
	HIGH(MEIP)
	WORD(APLIC_M, TOPI, 0)
	WORD(APLIC_M, CLAIMI, 0)
	WORD(APLIC_M, IFORCE, 0)
	LOW(MEIP)

	/* the child interrupts S-level with what is delegated */
	STORE(APLIC_M, 4*LINE, DELEGATED)
	STORE(APLIC_S, 0, 0x100)
	STORE(APLIC_S, 4*LINE, LEVEL1)
	STORE(APLIC_S, TARGET+4*LINE, 4)
	STORE(APLIC_S, SETIENUM, LINE)
	STORE(APLIC_S, IDELIVERY, 1)
	RAISE
	HIGH(SEIP)
	LOW(MEIP)
	WORD(APLIC_S, CLAIMI, LINE<<16|4)
	LOWER
	LOW(SEIP)
PASS
