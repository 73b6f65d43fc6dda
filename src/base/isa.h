/* isa.h - ISA strings: "rv64gc_zba_sstc" to a set of extensions and back.
 *
 * Unprivileged manual, chapter "ISA Extension Naming Conventions".  The rows of
 * isa.def are all the names this project knows: what each needs, and whether a
 * hart can have it.  board/ checks and writes device trees with it; riscv/
 * builds decoders from it.
 */
#ifndef ISA_H
#define ISA_H

#include "bits.h"

enum isa_ext {
#define EXT(id, name, state, needs, doc) EXT_##id,
#include "isa.def"
#undef EXT
	EXT_COUNT
};

struct isa {
	u32 xlen;    /* 32 or 64 */
	u64 bits[2]; /* by enum isa_ext */
};

_Static_assert(EXT_COUNT <= 128, "struct isa has two words");

struct isa_row {
	const char *name;  /* lower case, as in riscv,isa-extensions */
	bool implemented;  /* by every engine, with passing tests */
	const char *needs; /* names, separated by spaces */
	const char *doc;
};

extern const struct isa_row isa_rows[EXT_COUNT];

static inline bool isa_has(const struct isa *isa, enum isa_ext x)
{
	return bits_has(isa->bits, x);
}

static inline bool isa_same(const struct isa *a, const struct isa *b)
{
	return a->xlen == b->xlen && a->bits[0] == b->bits[0] && a->bits[1] == b->bits[1];
}

static inline void isa_set(struct isa *isa, enum isa_ext x)
{
	bits_put(isa->bits, x);
}

/* What is wrong with an ISA string, and where in it. */
enum isa_mistake {
	ISA_OK,
	ISA_NO_BASE,       /* not rv32i..., rv64i... or rv64g... */
	ISA_UNKNOWN,       /* no such extension; `name` */
	ISA_UNIMPLEMENTED, /* known, but no engine has it; `name` */
	ISA_NEEDS,         /* `name` needs `other`, which is not there */
	ISA_EXCLUDES       /* `name` and `other` exclude each other */
};

struct isa_error {
	enum isa_mistake mistake;
	u32 at, len; /* bytes into the text */
	char name[24], other[24];
};

/* Stops at the first mistake.  `g` and `c` bring what they stand for; an extension
 * brings nothing else along, so that the YAML says all that the guest is told. */
bool isa_parse(const char *text, struct isa *out, struct isa_error *e);

/* Canonical order: "rv64imafdc_zicsr_...".  For riscv,isa. */
void isa_format(const struct isa *isa, struct str *out);
/* The i-th extension in canonical order, or NULL.  For riscv,isa-extensions. */
const char *isa_nth(const struct isa *isa, u32 i);
/* The nearest name to a misspelt one, or NULL. */
const char *isa_nearest(const char *name);

#endif
