/* csr.h - control and status registers: the rows of csr.def, for csr.c and compilers. */
#ifndef CSR_H
#define CSR_H

#include "hart.h"

enum csr_needs {
	CSR_NEEDS_NOTHING,
	CSR_NEEDS_S,        /* S-mode */
	CSR_NEEDS_FP,       /* F, and mstatus.FS on */
	CSR_NEEDS_COUNTER,  /* Zicntr, and the counter-enable bits */
	CSR_NEEDS_HPM,      /* Zihpm, and the counter-enable bits */
	CSR_NEEDS_STIMECMP, /* Sstc, and below M-mode STCE and mcounteren.TM */
	CSR_NEEDS_SATP,     /* S-mode, and in S-mode TVM clear */
	CSR_NEEDS_SMAIA,    /* Smaia */
	CSR_NEEDS_SSAIA,    /* S-mode, and Smaia or Ssaia */
	CSR_NEEDS_MVIEN,    /* S-mode and Smaia */
	CSR_NEEDS_MIREG,    /* Smaia, and what miselect says */
	CSR_NEEDS_SIREG,    /* as SSAIA, and what siselect says, if mvien does not hide it */
	CSR_NEEDS_MTOPEI,   /* Smaia, and a file of M-level */
	CSR_NEEDS_STOPEI,   /* as SSAIA, and a file of S-level that mvien does not hide */
	CSR_NEEDS_PMP       /* that many PMP entries */
};

/* Bits to clear, then bits to set: csrrw clears all.  `was` is what the instruction read. */
struct csr_change {
	u64 clear, set, was;
};

/* True: the next instruction may be another one than that behind the CSR access, as an
 * interrupt is due or addresses mean something else. */
typedef bool csr_write_fn(struct hart *h, u32 num, u64 value);
typedef bool csr_change_fn(struct hart *h, struct csr_change c);
typedef u64 csr_read_fn(const struct hart *h, u32 num);

/* The value is a member of struct hart (`read` is NULL) or what a function says. */
struct csr_row {
	u16 first, last;
	u16 member; /* PLAIN, CODE, HELD: offset in struct hart */
	u8 needs;   /* enum csr_needs */
	bool code;  /* CODE: csr_mask() says which bits it has */
	const char *name;
	u64 mask; /* PLAIN: bits that can be written, with no other effect */
	csr_read_fn *read;
	csr_write_fn *write; /* NULL: ignored */
	csr_change_fn *change;
};

extern const struct csr_row csr_rows[]; /* the first is none */
extern const u32 csr_nrows;

/* Fills h->csr_rows by what the hart's configuration has. */
void csr_init(struct hart *h);
/* Power-on values. */
void csr_reset(struct hart *h);

/* The row if the hart, in its privilege mode, may access `num` now; else NULL. */
const struct csr_row *csr_find(struct hart *h, u32 num, bool writes);
/* The row if its value is a member and the hart may read it whenever its privilege is enough. */
const struct csr_row *csr_member(const struct hart *h, u32 num);
/* Bits of a member that can be written, with no other effect. */
u64 csr_mask(const struct hart *h, const struct csr_row *row);
u64 csr_read(const struct hart *h, const struct csr_row *row, u32 num);
/* Result as of csr_write_fn. */
bool csr_change(struct hart *h, const struct csr_row *row, u32 num, struct csr_change c);

enum { CSR_SSTATUS = 0x100, CSR_TIME = 0xc01 };

/* The bits of mstatus that sstatus shows and writes; those that this hart can change. */
#define SSTATUS_WRITABLE                                                                           \
	(MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR)
u64 csr_sstatus_mask(const struct hart *h);

/* Bits of menvcfg that this hart has. */
u64 csr_envcfg_mask(const struct hart *h);

#endif
