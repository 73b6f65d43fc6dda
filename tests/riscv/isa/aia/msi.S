/* An APLIC in MSI mode: when it sends, what, and to whom; level and edge, and genmsi.
 *
 * AIA 1.0, "Advanced Platform-Level Interrupt Controller (APLIC)": "Precise effects on
 * interrupt-pending bits" and "Interrupt forwarding by MSIs".  The source is the UART on line 10.
 */
#include "isa.h"
#include "aia.h"

#define LINE 10
#define ID   33

/* The UART wants to send, and has nothing to: its line is high. */
#define RAISE li t5, UART; li t6, 2; sb t6, 1(t5)
#define LOWER li t5, UART; sb zero, 1(t5)

/* A bit of a domain is set, or is not. */
#define SET(base, off)   CHECK; 1: LOAD(a0, base, off); li t6, 1<<LINE; and a0, a0, t6; beqz a0, 1b
#define CLEAR(base, off) CHECK; 1: LOAD(a0, base, off); li t6, 1<<LINE; and a0, a0, t6; bnez a0, 1b

/* A message came, and is taken. */
#define CAME(id)                                                                                  \
	CHECK; li t4, 1<<(id); 1: GET(m, a0, EIP0); and t5, a0, t4; beqz t5, 1b;                   \
	EQR(a0, t4); csrw mireg, zero
#define NONE_CAME REG(m, EIP0, 0)

TEST
	/* the delivery mode is fixed, and so is where messages go */
	WORD(APLIC_M, 0, 0x80000004)
	STORE(APLIC_M, 0, 0x100)
	WORD(APLIC_M, 0, 0x80000104)
	WORD(APLIC_M, 0x1bc4, 0x80000000)
	STORE(APLIC_M, 0x1bc0, -1)
	WORD(APLIC_M, 0x1bc0, 0)
	WORD(APLIC_S, 0x1bc4, 0)

	/* a source that is not active has no target, pending or enable bit */
	STORE(APLIC_M, 4*LINE, 0)
	STORE(APLIC_M, TARGET+4*LINE, ID)
	WORD(APLIC_M, TARGET+4*LINE, 0)
	STORE(APLIC_M, SETIENUM, LINE)
	WORD(APLIC_M, SETIE, 0)
	STORE(APLIC_M, SETIPNUM, LINE)
	WORD(APLIC_M, SETIP, 0)

	/* a level: once when it rises, and not again by itself */
	STORE(APLIC_M, 4*LINE, LEVEL1)
	WORD(APLIC_M, 4*LINE, LEVEL1)
	STORE(APLIC_M, TARGET+4*LINE, ID)
	WORD(APLIC_M, TARGET+4*LINE, ID)
	STORE(APLIC_M, SETIENUM, LINE)
	WORD(APLIC_M, SETIE, 1<<LINE)
	RAISE
	CAME(ID)
	SET(APLIC_M, IN_CLRIP)
	CLEAR(APLIC_M, SETIP)
	NONE_CAME
	/* ... but when asked while it is high */
	STORE(APLIC_M, SETIPNUM_LE, LINE)
	CAME(ID)
	LOWER
	CLEAR(APLIC_M, IN_CLRIP)
	STORE(APLIC_M, SETIPNUM_LE, LINE)
	NONE_CAME
	RAISE
	CAME(ID)

	/* not enabled, it pends; falling, it does not */
	LOWER
	CLEAR(APLIC_M, IN_CLRIP)
	STORE(APLIC_M, CLRIENUM, LINE)
	RAISE
	SET(APLIC_M, SETIP)
	NONE_CAME
	LOWER
	CLEAR(APLIC_M, SETIP)
	RAISE
	SET(APLIC_M, SETIP)
	STORE(APLIC_M, CLRIPNUM, LINE)
	CLEAR(APLIC_M, SETIP)
	STORE(APLIC_M, SETIPNUM, LINE)
	STORE(APLIC_M, SETIENUM, LINE)
	CAME(ID)

	/* nor does it go out while the domain is off */
	STORE(APLIC_M, 0, 0)
	STORE(APLIC_M, SETIPNUM, LINE)
	SET(APLIC_M, SETIP)
	NONE_CAME
	STORE(APLIC_M, 0, 0x100)
	CAME(ID)

	/* inverted: low is high */
	STORE(APLIC_M, CLRIENUM, LINE)
	STORE(APLIC_M, 4*LINE, LEVEL0)
	CLEAR(APLIC_M, IN_CLRIP)
	LOWER
	SET(APLIC_M, IN_CLRIP)
	SET(APLIC_M, SETIP)
	STORE(APLIC_M, CLRIPNUM, LINE)

	/* an edge pends although the line falls again, and can be set by software */
	STORE(APLIC_M, 4*LINE, EDGE1)
	STORE(APLIC_M, CLRIPNUM, LINE)
	RAISE
	LOWER
	SET(APLIC_M, SETIP)
	STORE(APLIC_M, SETIENUM, LINE)
	CAME(ID)
	STORE(APLIC_M, SETIP, -1)
	CAME(ID)

	/* genmsi sends at once, domain on or off */
	STORE(APLIC_M, 0, 0)
	STORE(APLIC_M, GENMSI, 5)
	CAME(5)
	WORD(APLIC_M, GENMSI, 5)

	/* delegated, it is the child's and goes to S-level */
	STORE(APLIC_M, 4*LINE, DELEGATED)
	WORD(APLIC_M, 4*LINE, DELEGATED)
	WORD(APLIC_M, TARGET+4*LINE, 0)
	WORD(APLIC_M, SETIE, 0)
	STORE(APLIC_S, 0, 0x100)
	STORE(APLIC_S, 4*LINE, LEVEL1)
	WORD(APLIC_S, 4*LINE, LEVEL1)
	STORE(APLIC_S, TARGET+4*LINE, ID)
	STORE(APLIC_S, SETIENUM, LINE)
	RAISE
	CHECK
1:	GET(s, a0, EIP0)
	beqz	a0, 1b
	EQ(a0, 1<<ID)
	NONE_CAME
	/* a leaf cannot delegate; what is taken back is gone */
	STORE(APLIC_S, 4*LINE, DELEGATED)
	WORD(APLIC_S, 4*LINE, 0)
	STORE(APLIC_S, 4*LINE, LEVEL1)
	STORE(APLIC_M, 4*LINE, 0)
	CHECK
1:	LOAD(a0, APLIC_S, 4*LINE)
	bnez	a0, 1b
	STORE(APLIC_S, 4*LINE, LEVEL1)
	WORD(APLIC_S, 4*LINE, 0)
	LOWER
PASS
