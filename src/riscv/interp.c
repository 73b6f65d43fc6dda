/* interp.c - rv.def read with numbers for values: the interpreter.
 *
 * It is read twice.  The first reading gives slow_x(): all of the instruction, at any length,
 * memory through mem_load() and its like.  The second gives exec2_x() and exec4_x(), for the
 * compressed and the full length: they know nothing but TLB hits and leave all else, before
 * anything is written, to slow_x().  Lengths are constants there because a load of op->len
 * would lie on the chain from one op to the next; and a hit path has no call, for which the
 * compiler would save registers.
 *
 * Handlers call each other last, which compilers make a jump.  Each pass through a loop or a
 * page counts `left` down, and at its end everything returns to run(): where calls do stay
 * calls (sanitizers, -O0) the host's stack holds one slice.
 */
#include "hart.h"

#include "access.h"
#include "softfloat.h"

/* Arrays of ops are aligned to their size: the slot is the pc. */
#define PC (base + ((uintptr_t)op >> 3 & 0xffe))

#define GO() TAIL return op->fn(OP_PASS)

/* -- Values --------------------------------------------------------------------------- */

static u64 clmul(u64 a, u64 b)
{
	u64 v = 0;

	for (u32 i = 0; i < 64; i++)
		v ^= b >> i & 1 ? a << i : 0;
	return v;
}

/* Bits 63 and up of the 127-bit product. */
static u64 clmulr(u64 a, u64 b)
{
	u64 v = 0;

	for (u32 i = 0; i < 64; i++)
		v ^= b >> i & 1 ? a >> (63 - i) : 0;
	return v;
}

/* By zero: all ones; the largest negative by -1: itself ("M" Extension, Division). */
static inline u64 div_signed(u64 a, u64 b)
{
	if (!b)
		return ~(u64)0;
	return b == ~(u64)0 ? -a : (u64)((i64)a / (i64)b);
}

static inline u64 rem_signed(u64 a, u64 b)
{
	if (!b)
		return a;
	return b == ~(u64)0 ? 0 : (u64)((i64)a % (i64)b);
}

/* Without the host's instruction the compiler would call a function. */
static inline u64 popcount(u64 a)
{
	a -= a >> 1 & (u64)0x5555555555555555;
	a = (a & (u64)0x3333333333333333) + (a >> 2 & (u64)0x3333333333333333);
	a = (a + (a >> 4)) & (u64)0x0f0f0f0f0f0f0f0f;
	return a * (u64)0x0101010101010101 >> 56;
}

/* 0xff for each byte that is not 0. */
static inline u64 orc_b(u64 a)
{
	u64 low7 = (u64)0x7f7f7f7f7f7f7f7f;
	u64 any = ((a & low7) + low7) | a;

	return (any >> 7 & (u64)0x0101010101010101) * 0xff;
}

static inline u64 unbox32(u64 f)
{
	return f >> 32 == 0xffffffff ? (u32)f : F32_NAN;
}

static inline u64 unbox16(u64 f)
{
	return f >> 16 == 0xffffffffffff ? (u16)f : F16_NAN;
}

/* fflags, for an operation that may raise some: FS is dirty from here on. */
static inline u32 *fp_flags(struct hart *h)
{
	h->mstatus |= MSTATUS_FS;
	return &h->fflags;
}

static inline u32 fp_round(const struct hart *h, const struct op *op)
{
	u32 rm = (u32)op->imm >> 8;

	return rm == 7 ? h->frm : rm;
}

/* Writes before reads: the one order that x86 does not keep by itself.  (The sanitizer knows
 * no fences, only that it does not.) */
static inline NO_TSAN void full_fence(void)
{
	atomic_thread_fence(memory_order_seq_cst);
}

/* The sets are written "iorw", of memory or devices. */
static inline NO_TSAN void fence(u32 word)
{
	if (word >> 24 & 5 && word >> 20 & 10)
		full_fence();
	else
		atomic_thread_fence(memory_order_acq_rel);
}

/* clang-format off */
#define IMM        ((u64)(i64)op->imm)
#define K(k)       ((u64)(i64)(k))
#define RD         (h->x[op->rd % X_SINK])
#define ADD(a, b)  ((a) + (b))
#define SUB(a, b)  ((a) - (b))
#define MUL(a, b)  ((a) * (b))
#define AND(a, b)  ((a) & (b))
#define OR(a, b)   ((a) | (b))
#define XOR(a, b)  ((a) ^ (b))
#define NOT(a)     (~(a))
#define SHAMT(a)   ((a) & 63)
#define SHL(a, b)  ((a) << (b))
#define SHR(a, b)  ((a) >> (b))
#define SAR(a, b)  ((u64)((i64)(a) >> (b)))
#define ROR64(a, b) ror64(a, b)
#define ROR32(a, b) ror32((u32)(a), b)
#define EQ(a, b)   ((u64)((a) == (b)))
#define NE(a, b)   ((u64)((a) != (b)))
#define LT(a, b)   ((u64)((i64)(a) < (i64)(b)))
#define GE(a, b)   ((u64)((i64)(a) >= (i64)(b)))
#define LTU(a, b)  ((u64)((a) < (b)))
#define GEU(a, b)  ((u64)((a) >= (b)))
#define SEL(c, a, b) ((c) ? (a) : (b))
#define SX8(a)     ((u64)(i64)(i8)(a))
#define SX16(a)    ((u64)(i64)(i16)(a))
#define SX32(a)    ((u64)(i64)(i32)(a))
#define ZX32(a)    ((u64)(u32)(a))
#define MULH(a, b)   ((u64)((i128)(i64)(a) * (i64)(b) >> 64))
#define MULHSU(a, b) ((u64)((i128)(i64)(a) * (i128)(b) >> 64))
#define MULHU(a, b)  ((u64)((u128)(a) * (b) >> 64))
#define DIV(a, b)  div_signed(a, b)
#define REM(a, b)  rem_signed(a, b)
#define DIVU(a, b) ((b) ? (a) / (b) : ~(u64)0)
#define REMU(a, b) ((b) ? (a) % (b) : (a))
#define CLZ(a)     ((a) ? (u64)CLZ64(a) : 64)
#define CTZ(a)     ((a) ? (u64)CTZ64(a) : 64)
#define CLZ32(a)   ((u32)(a) ? (u64)CLZ64(ZX32(a)) - 32 : 32)
#define CTZ32(a)   ((u32)(a) ? (u64)CTZ64(ZX32(a)) : 32)
#define POPCNT(a)  popcount(a)
#define REV8(a)    BSWAP64(a)
#define ORCB(a)    orc_b(a)
#define CLMUL(a, b)  clmul(a, b)
#define CLMULH(a, b) (clmulr(a, b) >> 1)
#define CLMULR(a, b) clmulr(a, b)

#define RM         rm
#define FLAGS      fp_flags(h)
#define FA32       unbox32(FA)
#define FB32       unbox32(FB)
#define FC32       unbox32(FC)
#define FA16       unbox16(FA)
#define FNEG32(a)  ((a) ^ (u64)1 << 31)
#define FNEG64(a)  ((a) ^ (u64)1 << 63)
#define FSGNJ32(a, b) (((a) & 0x7fffffff) | ((b) & (u64)1 << 31))
#define FSGNJ64(a, b) (((a) & INT64_MAX) | ((b) & (u64)1 << 63))
#define FADD32(a, b) f32_add(a, b, RM, FLAGS)
#define FSUB32(a, b) f32_sub(a, b, RM, FLAGS)
#define FMUL32(a, b) f32_mul(a, b, RM, FLAGS)
#define FDIV32(a, b) f32_div(a, b, RM, FLAGS)
#define FSQRT32(a)   f32_sqrt(a, RM, FLAGS)
#define FMA32(a, b, c) f32_fma(a, b, c, RM, FLAGS)
#define FMIN32(a, b) f32_min(a, b, FLAGS)
#define FMAX32(a, b) f32_max(a, b, FLAGS)
#define FMINM32(a, b) f32_minm(a, b, FLAGS)
#define FMAXM32(a, b) f32_maxm(a, b, FLAGS)
#define FEQ32(a, b)  f32_eq(a, b, FLAGS)
#define FLT32(a, b)  f32_lt(a, b, FLAGS)
#define FLE32(a, b)  f32_le(a, b, FLAGS)
#define FLTQ32(a, b) f32_ltq(a, b, FLAGS)
#define FLEQ32(a, b) f32_leq(a, b, FLAGS)
#define FCLASS32(a)  f32_class(a)
#define FROUND32(a)  f32_round(a, RM, FLAGS)
#define FROUNDNX32(a) f32_roundnx(a, RM, FLAGS)
#define FLI32(i)     f32_fli((u32)(i))
#define FADD64(a, b) f64_add(a, b, RM, FLAGS)
#define FSUB64(a, b) f64_sub(a, b, RM, FLAGS)
#define FMUL64(a, b) f64_mul(a, b, RM, FLAGS)
#define FDIV64(a, b) f64_div(a, b, RM, FLAGS)
#define FSQRT64(a)   f64_sqrt(a, RM, FLAGS)
#define FMA64(a, b, c) f64_fma(a, b, c, RM, FLAGS)
#define FMIN64(a, b) f64_min(a, b, FLAGS)
#define FMAX64(a, b) f64_max(a, b, FLAGS)
#define FMINM64(a, b) f64_minm(a, b, FLAGS)
#define FMAXM64(a, b) f64_maxm(a, b, FLAGS)
#define FEQ64(a, b)  f64_eq(a, b, FLAGS)
#define FLT64(a, b)  f64_lt(a, b, FLAGS)
#define FLE64(a, b)  f64_le(a, b, FLAGS)
#define FLTQ64(a, b) f64_ltq(a, b, FLAGS)
#define FLEQ64(a, b) f64_leq(a, b, FLAGS)
#define FCLASS64(a)  f64_class(a)
#define FROUND64(a)  f64_round(a, RM, FLAGS)
#define FROUNDNX64(a) f64_roundnx(a, RM, FLAGS)
#define FLI64(i)     f64_fli((u32)(i))
#define F32_TO(t, a)   f32_to_##t(a, RM, FLAGS)
#define F64_TO(t, a)   f64_to_##t(a, RM, FLAGS)
#define F32_FROM(t, a) f32_from_##t(a, RM, FLAGS)
#define F64_FROM(t, a) f64_from_##t(a, RM, FLAGS)
#define F32_TO_F64(a)  f32_to_f64(a, FLAGS)
#define F64_TO_F32(a)  f64_to_f32(a, RM, FLAGS)
#define F16_TO_F32(a)  f16_to_f32(a, FLAGS)
#define F16_TO_F64(a)  f16_to_f64(a, FLAGS)
#define F32_TO_F16(a)  f32_to_f16(a, RM, FLAGS)
#define F64_TO_F16(a)  f64_to_f16(a, RM, FLAGS)
#define F64_MOD_I32(a) f64_cvtmod_w(a, FLAGS)

/* -- Statements.  `no`: the instruction did not happen; where to go from there, ROW says. */

#define SET(v)     { const u64 val = (v); if (LIKELY(!no)) h->x[op->rd] = val; }
#define FSET64(v)  { const u64 val = (v); if (LIKELY(!no)) { h->f[op->rd] = val; h->mstatus |= MSTATUS_FS; } }
#define FSET32(v)  FSET64((v) | (u64)0xffffffff00000000)
#define FSET16(v)  FSET64((v) | (u64)0xffffffffffff0000)
#define HELPER(f)  { h->left = left; if (help_##f(h, op, PC)) return h->left; }
#define FP         if (UNLIKELY(!(h->mstatus & MSTATUS_FS))) { TAIL return op_illegal(OP_PASS); }
#define ROUND      const u32 rm = fp_round(h, op); \
		   if (UNLIKELY(rm > FRM_RMM)) { TAIL return op_illegal(OP_PASS); }
#define FENCE      fence((u32)op->imm);
#define ORDER      if (op->imm == 3) full_fence();

/* A, B, FA, FB, FC and PC are read before anything is written. */
#define OPERANDS                                                             \
	const u64 A = h->x[op->rs1], B = h->x[op->rs2];                      \
	const u64 FA = h->f[op->rs1 % 32], FB = h->f[op->rs2 % 32], FC = h->f[op->imm & 31]; \
	bool no = false, taken = false, jumps = false;                       \
	u64 to = 0;                                                          \
	(void)A, (void)B, (void)FA, (void)FB, (void)FC, (void)no, (void)taken, (void)jumps, (void)to;
/* clang-format on */

static inline u64 ror64(u64 a, u64 n)
{
	return a >> n | a << (-n & 63);
}

static inline u64 ror32(u32 a, u64 n)
{
	return a >> n | a << (-n & 31);
}

/* -- Ends of the road: back to run() ------------------------------------------------------ */

static COLD i64 op_illegal(OP_ARGS)
{
	h->left = left;
	trap_illegal(h, PC);
	return h->left;
}

/* h->fault says why. */
static COLD i64 op_fault(OP_ARGS)
{
	h->left = left;
	trap_raise(h, PC, h->fault.cause, h->fault.tval);
	return h->left;
}

/* The end of a slice. */
static i64 op_pause(OP_ARGS)
{
	h->pc = PC;
	return left;
}

/* To h->pc, if the jump cache knows it. */
static i64 op_jump(OP_ARGS)
{
	u64 pc = h->pc;
	const struct jump *j = jump_of(h->ctx, pc);

	(void)op, (void)base;
	if (UNLIKELY(j->page != (pc & ~(u64)(PAGE_SIZE - 1)) || left <= 0))
		return left;
	op = &j->ops[pc / 2 % PAGE_SLOTS];
	base = pc & ~(u64)(PAGE_SIZE - 1);
	GO();
}

i64 op_decode(OP_ARGS)
{
	code_decode(h, op);
	GO();
}

i64 op_end(OP_ARGS)
{
	h->pc = base + PAGE_SIZE + (u64)op->imm;
	TAIL return op_jump(OP_PASS);
}

i64 op_cross(OP_ARGS)
{
	h->left = left;
	h->pc = PC;
	op = code_single(h);
	if (!op)
		return h->left;
	GO();
}

/* Not PC: the array's last two slots lie behind the page. */
i64 op_single_end(OP_ARGS)
{
	h->pc = base + (u64)(op - code_singles(h)) * 2;
	return left;
}

/* -- The first reading: everything, slowly ------------------------------------------------- */

static ALWAYS_INLINE u64 take(struct got got, bool *no)
{
	*no |= got.fault;
	return got.value;
}

/* Without C a jump must go to a multiple of 4, else the jump itself traps. */
static bool misaligned(struct hart *h, u64 to)
{
	if (LIKELY(!(to & 2) || hart_has(h, EXT_Zca)))
		return false;
	h->fault.cause = CAUSE_FETCH_MISALIGNED;
	h->fault.tval = to;
	return true;
}

#define SLOW_ATOMIC(name, n)                                                                       \
	static struct got slow_##name##n(struct hart *h, u64 a, u64 b)                             \
	{                                                                                          \
		struct got got = { 0, true };                                                      \
		u8 *p = mem_atomic(h, a, n, ACCESS_STORE);                                         \
                                                                                                   \
		if (p) {                                                                           \
			got = (struct got){ ram_##name##n(p, b), false };                          \
			mem_done(h);                                                               \
		}                                                                                  \
		return got;                                                                        \
	}
#define SLOW_RESERVED(n)                                                                           \
	static struct got slow_lr##n(struct hart *h, u64 a)                                        \
	{                                                                                          \
		u8 *p = mem_atomic(h, a, n, ACCESS_LOAD);                                          \
                                                                                                   \
		return p ? (struct got){ lr##n(h, p), false } : (struct got){ 0, true };           \
	}                                                                                          \
	static struct got slow_sc##n(struct hart *h, u64 a, u64 b)                                 \
	{                                                                                          \
		u8 *p = mem_atomic(h, a, n, ACCESS_STORE);                                         \
		struct got got = { 0, true };                                                      \
                                                                                                   \
		if (p) {                                                                           \
			got = (struct got){ sc##n(h, p, b), false };                               \
			mem_done(h);                                                               \
		}                                                                                  \
		return got;                                                                        \
	}                                                                                          \
	static struct got slow_cas##n(struct hart *h, u64 a, u64 expected, u64 b)                  \
	{                                                                                          \
		u8 *p = mem_atomic(h, a, n, ACCESS_STORE);                                         \
		struct got got = { 0, true };                                                      \
                                                                                                   \
		if (p) {                                                                           \
			got = (struct got){ ram_cas##n(p, expected, b), false };                   \
			mem_done(h);                                                               \
		}                                                                                  \
		return got;                                                                        \
	}

/* A reservation is the address and the value; sc succeeds if the value is still there, so a
 * store of the same value in between goes unseen.  sc ends it in any case. */
#define RESERVED(n)                                                                                \
	static inline u64 lr##n(struct hart *h, u8 *p)                                             \
	{                                                                                          \
		h->reserved = p;                                                                   \
		h->reserved_size = n;                                                              \
		return h->reserved_value = ram_lr##n(p);                                           \
	}                                                                                          \
	static inline u64 sc##n(struct hart *h, u8 *p, u64 b)                                      \
	{                                                                                          \
		bool mine = h->reserved == p && h->reserved_size == n;                             \
                                                                                                   \
		h->reserved = NULL;                                                                \
		return !mine || ram_cas##n(p, h->reserved_value, b) != h->reserved_value;          \
	}

#define BOTH_SIZES(m, ...) m(__VA_ARGS__, 4) m(__VA_ARGS__, 8)
RESERVED(4)
RESERVED(8)
SLOW_RESERVED(4)
SLOW_RESERVED(8)
BOTH_SIZES(SLOW_ATOMIC, swap)
BOTH_SIZES(SLOW_ATOMIC, add)
BOTH_SIZES(SLOW_ATOMIC, xor)
BOTH_SIZES(SLOW_ATOMIC, and)
BOTH_SIZES(SLOW_ATOMIC, or)
BOTH_SIZES(SLOW_ATOMIC, min)
BOTH_SIZES(SLOW_ATOMIC, max)
BOTH_SIZES(SLOW_ATOMIC, minu)
BOTH_SIZES(SLOW_ATOMIC, maxu)

/* clang-format off */
#define NEXT           (PC + 2 * (u64)op->len)
#define LOAD(n, a)     take(mem_load(h, a, n), &no)
#define STORE(n, a, v) take(mem_store(h, a, n, v), &no);
#define AMO(name, n, a, v) take(slow_##name##n(h, a, v), &no)
#define CAS(n, a, e, v)    take(slow_cas##n(h, a, e, v), &no)
#define LR(n, a)       take(slow_lr##n(h, a), &no)
#define SC(n, a, v)    take(slow_sc##n(h, a, v), &no)
#define JUMP(t)        to = (t); jumps = true; no |= misaligned(h, to);
#define BRANCH(c)      if (c) { JUMP(PC + IMM) }

#define I(name, ext, bits, opnds, sem)                 \
	static NOINLINE i64 slow_##name(OP_ARGS)       \
	{                                              \
		OPERANDS                               \
		sem                                    \
		if (UNLIKELY(no)) {                    \
			TAIL return op_fault(OP_PASS); \
		}                                      \
		left--;                                \
		if (jumps) {                           \
			h->pc = to;                    \
			TAIL return op_jump(OP_PASS);  \
		}                                      \
		op += op->len;                         \
		GO();                                  \
	}
#include "rv.def"
#undef NEXT
#undef LOAD
#undef STORE
#undef AMO
#undef CAS
#undef LR
#undef SC
#undef JUMP
#undef BRANCH
/* clang-format on */

/* -- The second reading: TLB hits ------------------------------------------------------------ */

/* The entry is found by the first byte and checked by the last, so an access over a page end
 * misses; `mask` keeps the bits that must be 0 of an aligned one, too. */
#define HIT(tag, mask)                                                                             \
	static ALWAYS_INLINE u8 *hit_##tag(struct hart *h, u64 a, u64 last, u64 mask, bool *no)    \
	{                                                                                          \
		const struct tlb_entry *e = &h->ctx->tlb[a / PAGE_SIZE % TLB_ENTRIES];             \
                                                                                                   \
		*no |= UNLIKELY(e->tag != ((a + last) & mask));                                    \
		return (u8 *)(uintptr_t)(a + e->addend);                                           \
	}
HIT(r, mask)
HIT(w, mask)

#define PAGE_MASK       (~(u64)(PAGE_SIZE - 1))
#define ALIGNED_MASK(n) (~(u64)(PAGE_SIZE - 1) | ((n)-1))

#define HIT_PLAIN(n)                                                                               \
	static ALWAYS_INLINE u64 hit_load##n(struct hart *h, u64 a, bool *no)                      \
	{                                                                                          \
		u8 *p = hit_r(h, a, n - 1, PAGE_MASK, no);                                         \
                                                                                                   \
		return *no ? 0 : ram_load##n(p);                                                   \
	}                                                                                          \
	static ALWAYS_INLINE void hit_store##n(struct hart *h, u64 a, u64 v, bool *no)             \
	{                                                                                          \
		u8 *p = hit_w(h, a, n - 1, PAGE_MASK, no);                                         \
                                                                                                   \
		if (!*no)                                                                          \
			ram_store##n(p, v);                                                        \
	}
#define HIT_ATOMIC(name, n)                                                                        \
	static ALWAYS_INLINE u64 hit_##name##n(struct hart *h, u64 a, u64 v, bool *no)             \
	{                                                                                          \
		u8 *p = hit_w(h, a, 0, ALIGNED_MASK(n), no);                                       \
                                                                                                   \
		return *no ? 0 : ram_##name##n(p, v);                                              \
	}
#define HIT_RESERVED(n)                                                                            \
	static ALWAYS_INLINE u64 hit_lr##n(struct hart *h, u64 a, bool *no)                        \
	{                                                                                          \
		u8 *p = hit_r(h, a, 0, ALIGNED_MASK(n), no);                                       \
                                                                                                   \
		return *no ? 0 : lr##n(h, p);                                                      \
	}                                                                                          \
	static ALWAYS_INLINE u64 hit_sc##n(struct hart *h, u64 a, u64 v, bool *no)                 \
	{                                                                                          \
		u8 *p = hit_w(h, a, 0, ALIGNED_MASK(n), no);                                       \
                                                                                                   \
		return *no ? 0 : sc##n(h, p, v);                                                   \
	}                                                                                          \
	static ALWAYS_INLINE u64 hit_cas##n(struct hart *h, u64 a, u64 e, u64 v, bool *no)         \
	{                                                                                          \
		u8 *p = hit_w(h, a, 0, ALIGNED_MASK(n), no);                                       \
                                                                                                   \
		return *no ? 0 : ram_cas##n(p, e, v);                                              \
	}
HIT_PLAIN(1)
HIT_PLAIN(2)
HIT_PLAIN(4)
HIT_PLAIN(8)
HIT_RESERVED(4)
HIT_RESERVED(8)
BOTH_SIZES(HIT_ATOMIC, swap)
BOTH_SIZES(HIT_ATOMIC, add)
BOTH_SIZES(HIT_ATOMIC, xor)
BOTH_SIZES(HIT_ATOMIC, and)
BOTH_SIZES(HIT_ATOMIC, or)
BOTH_SIZES(HIT_ATOMIC, min)
BOTH_SIZES(HIT_ATOMIC, max)
BOTH_SIZES(HIT_ATOMIC, minu)
BOTH_SIZES(HIT_ATOMIC, maxu)

/* clang-format off */
#define NEXT           (PC + 2 * slots)
#define LOAD(n, a)     hit_load##n(h, a, &no)
#define STORE(n, a, v) hit_store##n(h, a, v, &no);
#define AMO(name, n, a, v) hit_##name##n(h, a, v, &no)
#define CAS(n, a, e, v)    hit_cas##n(h, a, e, v, &no)
#define LR(n, a)       hit_lr##n(h, a, &no)
#define SC(n, a, v)    hit_sc##n(h, a, v, &no)
#define JUMP(t)        to = (t); jumps = true;
#define BRANCH(c)      taken = (c); /* only to a target in the page */

/* Two bytes of code are 16 of ops. */
static inline const struct op *branch_op(const struct op *op)
{
	return (const struct op *)(const void *)((const u8 *)op + (i64)op->imm * 8);
}

#define EXEC(fun, again, n, sem)                                                            \
	static i64 fun(OP_ARGS)                                                             \
	{                                                                                   \
		enum { slots = n };                                                         \
		OPERANDS                                                                    \
		sem                                                                         \
		if (UNLIKELY(no)) {                                                         \
			TAIL return again(OP_PASS);                                         \
		}                                                                           \
		left--;                                                                     \
		if (jumps) {                                                                \
			const struct jump *j = jump_of(h->ctx, to);                         \
			if (UNLIKELY(j->page != (to & PAGE_MASK) || left <= 0)) {           \
				h->pc = to;                                                 \
				return left;                                                \
			}                                                                   \
			op = &j->ops[to / 2 % PAGE_SLOTS];                                  \
			base = to & PAGE_MASK;                                              \
			GO();                                                               \
		}                                                                           \
		if (taken) {                                                                \
			op = branch_op(op);                                                 \
			if (UNLIKELY(left <= 0)) {                                          \
				TAIL return op_pause(OP_PASS);                              \
			}                                                                   \
			GO();                                                               \
		}                                                                           \
		op += slots;                                                                \
		GO();                                                                       \
	}
#define I(name, ext, bits, opnds, sem)               \
	EXEC(exec4_##name, slow_##name, 2, sem)      \
	EXEC(exec2_##name, slow_##name, 1, sem)
#include "rv.def"
#undef BRANCH
#undef JUMP
/* clang-format on */

/* -- Tables ------------------------------------------------------------------------------ */

static op_fn *const handlers[ROW_COUNT][3] = {
#define I(name, ext, bits, opnds, sem) { slow_##name, exec2_##name, exec4_##name },
#include "rv.def"
};

/* A third reading: what kind of jump a row is. */
/* clang-format off */
#undef SET
#undef FSET64
#undef FSET32
#undef FSET16
#undef STORE
#undef HELPER
#undef FP
#undef ROUND
#undef FENCE
#undef ORDER
#define SET(v)
#define FSET64(v)
#define FSET32(v)
#define FSET16(v)
#define STORE(n, a, v)
#define HELPER(f)
#define FP
#define ROUND
#define FENCE
#define ORDER
#define BRANCH(c) + JUMP_BY_IMM
#define JUMP(t)   + JUMP_TO
enum { JUMP_NONE, JUMP_BY_IMM, JUMP_TO };
static const u8 jump_kind[ROW_ILLEGAL + 1] = {
#define I(name, ext, bits, opnds, sem) JUMP_NONE sem,
#include "rv.def"
};
/* clang-format on */

/* The quick handlers do not check alignment, and add a branch's offset to op. */
static bool needs_slow(const struct hart *h, const struct op *op, enum row row, u32 slot)
{
	u64 to = slot * 2 + (u64)(i64)op->imm;
	bool ialign4 = !hart_has(h, EXT_Zca);

	switch (jump_kind[row]) {
	case JUMP_BY_IMM:
		return to >= PAGE_SIZE || (ialign4 && to & 2);
	case JUMP_TO:
		return ialign4;
	default:
		return false;
	}
}

void interp_bind(const struct hart *h, struct op *op, enum row row, u32 slot)
{
	if (row == ROW_ILLEGAL)
		op->fn = op_illegal;
	else if (slot == PAGE_SLOTS || needs_slow(h, op, row, slot))
		op->fn = handlers[row][0];
	else
		op->fn = handlers[row][op->len];
}

bool interp_jumps(enum row row)
{
	return jump_kind[row] != JUMP_NONE;
}

static void go(struct hart *h, const struct op *op)
{
	if (op)
		h->left = op->fn(op, h, align_down(h->pc, PAGE_SIZE), h->left);
}

/* A slice of one ends where slices are looked at: behind a jump. */
void interp_trace(struct hart *h)
{
	hart_slice(h, 1);
	go(h, code_at(h));
}

void interp_in_place(struct hart *h, struct code_page *page)
{
	hart_slice(h, 1);
	go(h, code_in_place(h, page));
}

void interp_step(struct hart *h)
{
	go(h, code_single(h));
}

void interp_word(struct hart *h, u32 word)
{
	go(h, code_word_at_pc(h, word));
}

static void run(struct hart *h)
{
	do {
		if (h->left <= 0)
			hart_slice(h, SLICE);
		go(h, code_at(h));
	} while (LIKELY(!atomic_load_explicit(&h->event, memory_order_acquire)) || hart_poll(h));
}

const struct engine engine_interp = {
	.name = "interp",
	.doc = "interpreter: decoded instructions, a few hundred million a second",
	.run = run,
};
