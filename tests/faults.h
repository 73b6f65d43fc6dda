/* faults.h - src/base/tuning.h in MODE=faults: what FAULTS in the environment names goes wrong, or
 * is scarce, for as long as a program runs.  All else is as ever.
 */
#ifndef FAULTS_H
#define FAULTS_H

#include "../src/base/tuning.h"

/* Its name, the constant, and what that is then. */
#define FAULTS(F)                                                                                  \
	F(misses, JIT_MISSES, 3)          /* every third access takes the slow path */             \
	F(wrong, JIT_WRONG, 1)            /* every guess is, until code is made without */         \
	F(patient, JIT_PATIENCE, 1 << 30) /* code is made without guesses never */                 \
	F(chains, JIT_CHAINS, 0)          /* every jump between blocks asks C where to */          \
	F(insns, JIT_BLOCK, 1)            /* every block holds one instruction */                  \
	F(doubts, JIT_DOUBTS, 1)          /* what was changed checks itself at once, */            \
	F(slices, JIT_SLICE, 1)           /* every jump back looks at interrupts */                \
	F(pages, JIT_PAGES, 2)            /* two pages may have code, */                           \
	F(room, JIT_SIZE, 64 * 1024)      /* or as many as have room in this */

enum {
#define F(name, constant, value) NORMAL_##name = constant,
	FAULTS(F)
#undef F
};

extern struct faults {
#define F(name, constant, value) int name;
	FAULTS(F)
#undef F
} faults;

#undef JIT_MISSES
#undef JIT_WRONG
#undef JIT_PATIENCE
#undef JIT_CHAINS
#undef JIT_BLOCK
#undef JIT_DOUBTS
#undef JIT_SLICE
#undef JIT_PAGES
#undef JIT_SIZE
#define JIT_MISSES   faults.misses
#define JIT_WRONG    faults.wrong
#define JIT_PATIENCE faults.patient
#define JIT_CHAINS   faults.chains
#define JIT_BLOCK    faults.insns
#define JIT_DOUBTS   faults.doubts
#define JIT_SLICE    faults.slices
#define JIT_PAGES    faults.pages
#define JIT_SIZE     faults.room

#endif
