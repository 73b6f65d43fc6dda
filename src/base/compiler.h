/* compiler.h - what is not C11: the only file with compiler extensions. */
#ifndef COMPILER_H
#define COMPILER_H

#define PRINTF(fmt, va) __attribute__((format(printf, fmt, va)))
#define NORETURN        __attribute__((noreturn))
#define NOINLINE        __attribute__((noinline))
#define ALWAYS_INLINE   inline __attribute__((always_inline))
#define COLD            __attribute__((cold, noinline))
#define LIKELY(c)       __builtin_expect(!!(c), 1)
#define UNLIKELY(c)     __builtin_expect(!!(c), 0)
/* Guests race with each other and with devices in their own memory: not a bug of ours. */
#define NO_TSAN         __attribute__((no_sanitize("thread")))
#define CLZ64(v)        __builtin_clzll(v) /* v != 0 */
#define CTZ64(v)        __builtin_ctzll(v) /* v != 0 */
#define POPCOUNT64(v)   __builtin_popcountll(v)
#define BSWAP64(v)      __builtin_bswap64(v)
#define UNREACHABLE()   __builtin_unreachable()
/* For access at any alignment, through pointers of any type. */
#define PACKED          __attribute__((packed, may_alias))
/* A function that compares and swaps 16 bytes; all but the first x86-64 CPUs can. */
#if defined(__x86_64__)
#define CAS16 __attribute__((target("cx16")))
#else
#define CAS16
#endif

/* True on overflow; the wrapped result is stored either way. */
#define ADD_OVERFLOWS(a, b, out) __builtin_add_overflow(a, b, out)
#define SUB_OVERFLOWS(a, b, out) __builtin_sub_overflow(a, b, out)
#define MUL_OVERFLOWS(a, b, out) __builtin_mul_overflow(a, b, out)

/* `TAIL return f(...)` is a jump.  gcc has no attribute for it and does it from
 * -O2 on; clang is told to. */
#if defined(__has_attribute)
#if __has_attribute(musttail)
#define TAIL __attribute__((musttail))
#endif
#endif
#ifndef TAIL
#define TAIL
#endif

/* 128-bit arithmetic, for mulh and soft-float. */
__extension__ typedef unsigned __int128 u128;
__extension__ typedef __int128 i128;

#endif
