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

/* What was at `p`, which is aligned and now holds `value` if that was `expected`.  All
 * but the first x86-64 CPUs can; compilers would ask a library. */
static inline u128 cas16(void *p, u128 expected, u128 value)
{
#if defined(__x86_64__)
	unsigned long low = (unsigned long)expected, high = (unsigned long)(expected >> 64);

	__asm__ volatile("lock cmpxchg16b (%2)"
			 : "+a"(low), "+d"(high)
			 : "r"(p), "b"((unsigned long)value), "c"((unsigned long)(value >> 64))
			 : "memory", "cc");
	return (u128)high << 64 | low;
#else
	return __sync_val_compare_and_swap((u128 *)p, expected, value);
#endif
}

#endif
