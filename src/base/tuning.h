/* tuning.h - sizes that change speed and nothing else.
 *
 * MODE=hostile includes tests/hostile.h first, which has this guard and the smallest
 * sizes that can work: what a large cache hides happens there at every step.
 */
#ifndef TUNING_H
#define TUNING_H

#define TLB_ENTRIES  1024 /* of one context; a power of two */
#define JUMP_ENTRIES 256  /* the same for targets of jumps between pages */
#define CONTEXTS     14   /* of one hart: M, S, S with SUM, and some of U-mode, MXR and MPRV */
#define CODE_PAGES   1024 /* decoded pages of one hart */
#define SLICE        1024 /* instructions between two looks at interrupts */

#endif
