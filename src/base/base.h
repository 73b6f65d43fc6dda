/* base.h - the bottom layer: types, errors, memory, text.  Includes only libc.
 *
 * Everything here may be called from any thread unless it says otherwise.
 */
#ifndef BASE_H
#define BASE_H

#include "compiler.h"

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "banned.h"

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int8_t i8;
typedef int16_t i16;
typedef int32_t i32;
typedef int64_t i64;

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define LOW_BITS(n)  ((n) >= 64 ? ~(u64)0 : ((u64)1 << (n)) - 1)
#define MIN(a, b)    ((a) < (b) ? (a) : (b))
#define MAX(a, b)    ((a) > (b) ? (a) : (b))

#define KIB ((u64)1 << 10)
#define MIB ((u64)1 << 20)
#define GIB ((u64)1 << 30)

/* `align` is a power of two; a sum that wraps gives 0. */
static inline u64 align_up(u64 v, u64 align)
{
	return (v + align - 1) & ~(align - 1);
}

static inline u64 align_down(u64 v, u64 align)
{
	return v & ~(align - 1);
}

/* [base, base + size) lies inside [lo, lo + len); nothing can wrap. */
static inline bool range_inside(u64 base, u64 size, u64 lo, u64 len)
{
	return base >= lo && size <= len && base - lo <= len - size;
}

static inline bool ranges_overlap(u64 a, u64 asize, u64 b, u64 bsize)
{
	return asize && bsize && (a < b ? b - a < asize : a - b < bsize);
}

/* -- Errors (err.c) ---------------------------------------------------------
 *
 * An error is text for a person.  A function that can fail takes a struct err
 * last, returns false or NULL, and has filled it in.  Only cli/ prints one.
 * Mistakes in a board file have a place and a code: board/ collects those as
 * struct diag instead.  `code` is a row of diag.def ("E0602") where the error
 * has a page of its own, or empty; `hint` is one thing that can be done.
 */
struct err {
	char text[512];
	char hint[256];
	char code[8];
};

/* All return false, so that callers can `return err_set(e, ...)`. */
bool err_set(struct err *e, const char *fmt, ...) PRINTF(2, 3);
bool err_code(struct err *e, const char *code, const char *fmt, ...) PRINTF(3, 4);
bool err_in(struct err *e, const char *fmt, ...) PRINTF(2, 3); /* prefix context */
bool err_hint(struct err *e, const char *fmt, ...) PRINTF(2, 3);

/* Of the hosts that we know: what is used together should not lie in two of them. */
#define CACHE_LINE 64

/* -- Memory (alloc.c) --------------------------------------------------------
 *
 * Out of memory ends the process: sizes that come from files or guests are
 * bounded before they get here.  All results are freed with free().
 */
void *xzalloc(size_t size); /* zeroed; never NULL */
void *xcalloc(size_t n, size_t size);
void *xaligned(size_t align, size_t size); /* zeroed, at a multiple of `align`: a power of 2 */
void *xrealloc(void *p, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t n);
char *xprintf(const char *fmt, ...) PRINTF(1, 2);

/* Room for one more element at `(*p)[n]`: doubles as needed.  `p` is a T **. */
#define GROW(p, n, cap) (*(p) = grow(*(p), (n), (cap), sizeof(**(p))))
void *grow(void *p, size_t n, size_t *cap, size_t size);

/* -- Text (str.c) ------------------------------------------------------------
 *
 * A growing string.  `struct str s = { 0 }` is empty; `s.p` is NULL or ends in
 * a NUL that `s.n` does not count.  str_free() makes it empty again.
 */
struct str {
	char *p;
	size_t n, cap;
};

void str_add(struct str *s, const char *fmt, ...) PRINTF(2, 3);
void str_vadd(struct str *s, const char *fmt, va_list ap) PRINTF(2, 0);
void str_bytes(struct str *s, const void *p, size_t n);
void str_json(struct str *s, const char *text); /* quoted and escaped; NULL is null */
void str_free(struct str *s);
const char *str_text(const struct str *s); /* never NULL */

/* Letters to change, insert, drop or swap to make one of the other. */
u32 text_distance(const char *a, const char *b);
/* The nearest of the words tried to a misspelt one, if one is near enough to be meant:
 * start with { 0 }; `word` is NULL until then. */
struct nearest {
	const char *word;
	u32 distance;
};
void nearest_try(struct nearest *n, const char *wrong, const char *word);
bool text_starts(const char *s, const char *prefix);
bool text_ends(const char *s, const char *suffix);
/* `out` gets `s` with control characters and bytes above 0x7e as \xNN: guests and
 * files may hold escape sequences.  Cuts off at `cap`. */
const char *text_clean(char *out, size_t cap, const char *s, size_t n);

/* -- Log (log.c) -------------------------------------------------------------
 *
 * One line without a newline.  The sink is set once, by cli/, before threads
 * start; without one, lines go nowhere.  A notice is what one cannot do without, as
 * an address that was chosen just now: it is told where information is not wanted.
 */
enum log_level { LOG_ERROR, LOG_WARNING, LOG_NOTICE, LOG_INFO, LOG_DEBUG };
typedef void log_fn(void *ctx, enum log_level level, const char *line);

void log_sink(log_fn *fn, void *ctx);
void log_line(enum log_level level, const char *fmt, ...) PRINTF(2, 3);

/* A token bucket: `burst` events at once, one more each `every_ns`.  Zero-filled
 * means closed; use RATE().  Callers serialize. */
struct rate {
	u64 every_ns, last_ns;
	u32 burst, tokens;
	u64 dropped; /* since the last one that passed */
};

#define RATE(n, ns) ((struct rate){ .every_ns = (ns), .burst = (n), .tokens = (n) })
bool rate_pass(struct rate *r, u64 now_ns);

/* -- Time (time.c) ----------------------------------------------------------- */

u64 now_ns(void);  /* host's monotonic clock */
u64 wall_ns(void); /* since 1970, UTC */

/* v * num / den without overflow in between; den > 0, the result fits 64 bits. */
u64 mul_div(u64 v, u64 num, u64 den);

/* -- The Internet checksum (sum.c) ---------------------------------------------- */

/* `sum` and the `n` bytes, as 16-bit words: only the last piece of a whole may be odd. */
u16 sum16(u32 sum, const void *bytes, size_t n);
/* The checksum of that.  Of 0 and 0xffff, which mean the same, UDP sends the second: the
 * first is "no checksum". */
u16 sum16_end(u32 sum);

/* -- Bytes (inline) ----------------------------------------------------------
 *
 * Hosts are little-endian (configure checks); these are for unaligned bytes.
 */
static inline u16 get_le16(const void *p)
{
	const u8 *b = p;

	return (u16)(b[0] | b[1] << 8);
}

static inline u32 get_le32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] | (u32)b[1] << 8 | (u32)b[2] << 16 | (u32)b[3] << 24;
}

static inline u64 get_le64(const void *p)
{
	return get_le32(p) | (u64)get_le32((const u8 *)p + 4) << 32;
}

static inline u16 get_be16(const void *p)
{
	const u8 *b = p;

	return (u16)(b[0] << 8 | b[1]);
}

static inline u32 get_be32(const void *p)
{
	const u8 *b = p;

	return (u32)b[0] << 24 | (u32)b[1] << 16 | (u32)b[2] << 8 | (u32)b[3];
}

static inline u64 get_be64(const void *p)
{
	return (u64)get_be32(p) << 32 | get_be32((const u8 *)p + 4);
}

static inline void put_be16(void *p, u16 v)
{
	u8 *b = p;

	b[0] = (u8)(v >> 8);
	b[1] = (u8)v;
}

static inline void put_be32(void *p, u32 v)
{
	u8 *b = p;

	b[0] = (u8)(v >> 24);
	b[1] = (u8)(v >> 16);
	b[2] = (u8)(v >> 8);
	b[3] = (u8)v;
}

static inline void put_be64(void *p, u64 v)
{
	put_be32(p, (u32)(v >> 32));
	put_be32((u8 *)p + 4, (u32)v);
}

static inline void put_le16(void *p, u16 v)
{
	u8 *b = p;

	b[0] = (u8)v;
	b[1] = (u8)(v >> 8);
}

static inline void put_le32(void *p, u32 v)
{
	u8 *b = p;

	b[0] = (u8)v;
	b[1] = (u8)(v >> 8);
	b[2] = (u8)(v >> 16);
	b[3] = (u8)(v >> 24);
}

static inline void put_le64(void *p, u64 v)
{
	put_le32(p, (u32)v);
	put_le32((u8 *)p + 4, (u32)(v >> 32));
}

#endif
