/* access.h - guest RAM by host address: the accesses of harts, each of them one host access.
 *
 * Aligned ones are single-copy atomic, as the memory model wants; others may tear.  Harts and
 * devices race here as their guest tells them to.
 */
#ifndef ACCESS_H
#define ACCESS_H

#include "base.h"

struct packed1 {
	u8 v;
} PACKED;
struct packed2 {
	u16 v;
} PACKED;
struct packed4 {
	u32 v;
} PACKED;
struct packed8 {
	u64 v;
} PACKED;

#define RAM_ACCESS(n, type)                                                                        \
	static inline NO_TSAN u64 ram_load##n(const u8 *p)                                         \
	{                                                                                          \
		return ((const volatile struct packed##n *)p)->v;                                  \
	}                                                                                          \
	static inline NO_TSAN void ram_store##n(u8 *p, u64 v)                                      \
	{                                                                                          \
		((volatile struct packed##n *)p)->v = (type)v;                                     \
	}

RAM_ACCESS(1, u8)
RAM_ACCESS(2, u16)
RAM_ACCESS(4, u32)
RAM_ACCESS(8, u64)

typedef u64 ram_vector __attribute__((vector_size(16)));

struct packed16 {
	ram_vector v;
} PACKED;

static inline NO_TSAN ram_vector ram_differs16(const u8 *p, const u8 *copy)
{
	return ((const volatile struct packed16 *)p)->v ^ ((const struct packed16 *)copy)->v;
}

/* 64 bytes of RAM are those of the copy; false: perhaps not. */
static inline bool ram_same64(const u8 *p, const u8 *copy)
{
	ram_vector v = ram_differs16(p, copy) | ram_differs16(p + 16, copy + 16) |
		       ram_differs16(p + 32, copy + 32) | ram_differs16(p + 48, copy + 48);

	return !(v[0] | v[1]);
}

/* Atomics: `p` is aligned.  The value is what was there, zero-extended. */
#define RAM_RMW(name, n, type, compute)                                                            \
	static inline u64 ram_##name##n(u8 *p, u64 b)                                              \
	{                                                                                          \
		type *at = (type *)(void *)p;                                                      \
		type was = __atomic_load_n(at, __ATOMIC_RELAXED), v = (type)b, now;                \
                                                                                                   \
		do                                                                                 \
			now = (compute);                                                           \
		while (!__atomic_compare_exchange_n(at, &was, now, true, __ATOMIC_SEQ_CST,         \
						    __ATOMIC_RELAXED));                            \
		return was;                                                                        \
	}
#define RAM_ATOMICS(n, type, signed_type)                                                          \
	static inline u64 ram_swap##n(u8 *p, u64 b)                                                \
	{                                                                                          \
		return __atomic_exchange_n((type *)(void *)p, (type)b, __ATOMIC_SEQ_CST);          \
	}                                                                                          \
	static inline u64 ram_add##n(u8 *p, u64 b)                                                 \
	{                                                                                          \
		return __atomic_fetch_add((type *)(void *)p, (type)b, __ATOMIC_SEQ_CST);           \
	}                                                                                          \
	static inline u64 ram_cas##n(u8 *p, u64 expected, u64 b)                                   \
	{                                                                                          \
		type was = (type)expected;                                                         \
                                                                                                   \
		__atomic_compare_exchange_n((type *)(void *)p, &was, (type)b, false,               \
					    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);                   \
		return was;                                                                        \
	}                                                                                          \
	static inline u64 ram_lr##n(const u8 *p)                                                   \
	{                                                                                          \
		return __atomic_load_n((const type *)(const void *)p, __ATOMIC_SEQ_CST);           \
	}                                                                                          \
	RAM_RMW(xor, n, type, was ^ v)                                                             \
	RAM_RMW(and, n, type, was &v)                                                              \
	RAM_RMW(or, n, type, was | v)                                                              \
	RAM_RMW(min, n, type, (signed_type)was < (signed_type)v ? was : v)                         \
	RAM_RMW(max, n, type, (signed_type)was > (signed_type)v ? was : v)                         \
	RAM_RMW(minu, n, type, was < v ? was : v)                                                  \
	RAM_RMW(maxu, n, type, was > v ? was : v)

RAM_ATOMICS(4, u32, i32)
RAM_ATOMICS(8, u64, i64)

#endif
