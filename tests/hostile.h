/* hostile.h - stands for src/base/tuning.h in MODE=hostile: nothing stays in a cache. */
#ifndef TUNING_H
#define TUNING_H

#define TLB_ENTRIES  1
#define JUMP_ENTRIES 1
#define CONTEXTS     1
#define CODE_PAGES   2
#define SLICE        1

#endif
