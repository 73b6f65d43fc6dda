/* tuning.h - sizes that change speed and nothing else.
 *
 * MODE=hostile includes tests/hostile.h first, which has this guard and the smallest
 * sizes that can work: what a large cache hides happens there at every step.  MODE=faults
 * includes tests/faults.h, which lets some of them be chosen when a program starts.
 */
#ifndef TUNING_H
#define TUNING_H

#define TLB_ENTRIES  2048 /* of one context; a power of two */
#define JUMP_ENTRIES 4096 /* the same for targets of jumps between pages */
#define TARGETS      4096 /* indirect jumps of compiled code that a context remembers, the same */
#define LAST_TABLES  64   /* of page tables, the last level, that a hart remembers */
#define CONTEXTS     14   /* of one hart: M, S, S with SUM, and some of U-mode, MXR and MPRV */
#define CODE_PAGES   1024 /* decoded pages of one hart */
#define SLICE        1024 /* instructions between two looks at interrupts */

#define JIT_SLICE    4096               /* the same in compiled code */
#define JIT_HEAT     16                 /* how often code is interpreted before it is compiled */
#define JIT_NEVER    255                /* heat that code cannot have: the interpreter's */
#define JIT_INSNS    64                 /* there is room for in a block */
#define JIT_BLOCK    JIT_INSNS          /* and it has */
#define JIT_DOUBTS   64                 /* runs of changed code until it checks itself, ... */
#define JIT_RUNS     65536              /* ... and then, until it does no longer */
#define JIT_CHAINS   1                  /* 0: each jump between blocks looks its target up */
#define JIT_GUESSES  64                 /* pages that loops remember, of loads and of stores */
#define JIT_PATIENCE 64                 /* wrong ones in JIT_SLICE instructions */
#define JIT_MISSES   0                  /* n: each n-th lookup in the TLB misses; 0: as it comes */
#define JIT_WRONG    0                  /* the same of guesses */
#define JIT_SIZE     (64 * 1024 * 1024) /* bytes of code of one machine */
#define JIT_PAGES    4096               /* pages that have some */

#endif
