/* hostile.h - stands for src/base/tuning.h in MODE=hostile: nothing stays in a cache. */
#ifndef TUNING_H
#define TUNING_H

#define TLB_ENTRIES  2 /* an access over a page end must not find the second page first */
#define JUMP_ENTRIES 1
#define TARGETS      1
#define LAST_TABLES  1
#define CONTEXTS     1
#define CODE_PAGES   2
#define SLICE        1

#define JIT_SLICE    1
#define JIT_HEAT     1
#define JIT_NEVER    255
#define JIT_INSNS    1
#define JIT_BLOCK    1
#define JIT_DOUBTS   1
#define JIT_RUNS     4
#define JIT_CHAINS   0
#define JIT_GUESSES  1
#define JIT_PATIENCE 1
#define JIT_MISSES   0
#define JIT_WRONG    0
#define JIT_SIZE     (128 * 1024)
#define JIT_PAGES    2

#endif
