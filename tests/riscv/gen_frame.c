/* gen_frame.c - what surrounds the random part of a program
 *
 * All of it is data and lines of assembly.  In the handlers x31 points to CTX, x5 is the
 * cause, x6 the pc and x7 tval; a trap's four words go into the hash, then its instruction is
 * skipped.  After a fetch that faults the program goes on at x1, as all that jump to places
 * which may not be there have linked to it.
 */
#include "gen.h"

#include <stdlib.h>
#include <string.h>

enum {
	CLINT_MTIMECMP = 0x2004000,
	CLINT_MTIME = 0x200bff8,
	UART = 0x10000000,
	FINISHER = 0x100000
};
enum { PTE_V = 1, PTE_R = 2, PTE_W = 4, PTE_X = 8, PTE_U = 16, PTE_A = 64, PTE_D = 128 };
enum { PTE_ALL = PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D };

#define HASH_FACTOR ((u64)0x9e3779b97f4a7c15)

static void put64(struct gen *g, u32 at, u64 value)
{
	put_le64(g->image + at, value);
}

/* -- Values ------------------------------------------------------------------------------- */

static u64 corner_float(struct gen *g)
{
	static const u32 singles[] = {
		0,          0x80000000, 1,          0x807fffff, 0x00800000, 0x3f800000, 0xbf800000,
		0x3f800001, 0x7f7fffff, 0xff7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc12345,
		0x7f800001, 0xffbfffff, 0x4f000000, 0xcf000000, 0x5f000000, 0x4effffff, 0x3f000000,
		0x3effffff, 0x33000000, 0x34000000, 0x7effffff, 0x40490fdb,
	};
	static const u16 halves[] = { 0, 0x8001, 0x3c00, 0x7bff, 0x7c00, 0xfe00, 0x7d00, 0x03ff };
	u32 s = singles[below(g, ARRAY_LEN(singles))];
	u64 sign = (u64)(s >> 31) << 63, fraction = (u64)(s & 0x7fffff) << 29, exponent;

	switch (below(g, 8)) {
	case 0:
		return s; /* not boxed */
	case 1:
		return 0xffffffff00000000 | (u32)rnd(g);
	case 2:
		return 0xffffffffffff0000 | halves[below(g, ARRAY_LEN(halves))];
	case 3: /* an exponent at random, not too far from 1 */
		exponent = 1023 - 70 + below(g, 140);
		return (rnd(g) & ~((u64)0x7ff << 52)) | exponent << 52;
	case 4:
	case 5: /* the same kinds for doubles: the exponent's ends stay ends */
		if ((s >> 23 & 255) == 255)
			return sign | (u64)0x7ff << 52 | fraction;
		if (!(s >> 23 & 255))
			return sign | fraction >> below(g, 52);
		return sign | (u64)((s >> 23 & 255) + 1023 - 127) << 52 | fraction | below(g, 3);
	default:
		return 0xffffffff00000000 | s;
	}
}

u64 corner(struct gen *g)
{
	u64 bit = (u64)1 << below(g, 64);

	switch (below(g, 14)) {
	case 0:
		return 0;
	case 1:
		return (u64)below(g, 5) - 2;
	case 2:
		return bit;
	case 3:
		return bit - 1;
	case 4:
		return ~bit;
	case 5:
		return (u64)(i64)(i32)rnd(g);
	case 6:
		return chance(g, 50) ? (u64)1 << 63 : (u64)-1 >> 1;
	case 7:
		return (u64)INT32_MIN + below(g, 3) - 1;
	case 8:
		return (u64)INT32_MAX + below(g, 3);
	case 9:
		return below(g, 256);
	case 10:
	case 11:
	case 12:
		return corner_float(g);
	default:
		return rnd(g);
	}
}

/* -- Memory --------------------------------------------------------------------------------- */

/* Near a page end, or anywhere. */
u32 data_offset(struct gen *g)
{
	if (chance(g, 50)) {
		u32 end = (1 + below(g, DATA_PAGES - 1)) * PAGE_SIZE;

		return end + below(g, 64) - 32;
	}
	return 2048 + below(g, DATA_PAGES * PAGE_SIZE - 4096 - 16);
}

static u64 wild_pointer(struct gen *g)
{
	const u64 places[] = {
		NO_PLACE, WINDOW + NO_PLACE,  (u64)1 << 38, (u64)-1 << 38, ((u64)1 << 63) + RAM,
		0x180000, ((u64)1 << 56) - 8, WINDOW,       -(u64)2048,
	};
	u64 place = places[below(g, ARRAY_LEN(places))];

	return place + below(g, 16);
}

static u64 thunk_pointer(struct gen *g)
{
	u64 page = WINDOW + RAM + THUNKS + below(g, 4) * PAGE_SIZE;

	return page + below(g, 4) * 64;
}

static void pool(struct gen *g)
{
	for (u32 i = 0; i < POOL_END; i++) {
		u64 v = corner(g);

		if (i >= POOL_THUNKS)
			v = thunk_pointer(g);
		else if (i >= POOL_EDGE)
			v = RAM + RAM_SIZE - (avoids(g, "ram-end") ? PAGE_SIZE : 0) - below(g, 16);
		else if (i >= POOL_WILD)
			v = wild_pointer(g);
		else if (i >= POOL_DATA)
			v = WINDOW + RAM + DATA + data_offset(g);
		put64(g, POOL + 8 * i, v);
	}
}

static void data(struct gen *g)
{
	for (u32 i = 0; i < DATA_PAGES * PAGE_SIZE; i += 8)
		put64(g, DATA + i, corner(g));
}

/* Functions of at most 64 bytes. */
static void thunks(struct gen *g)
{
	g->busy = RESERVED | 1 << 1 | 1 << 5 | (u32)1 << 31;
	for (u32 f = 0; f < 2 * PAGE_SIZE / 64; f++) {
		g->at = THUNKS + 64 * f;
		for (u32 n = 1 + below(g, 5); n; n--)
			put_word(g, random_plain4(g), 4);
		put(g, "jalr x0,0(x1)");
	}
}

/* -- Page tables ------------------------------------------------------------------------------- */

static u32 table(u32 space, u32 n)
{
	return TABLES + (space * 4 + n) * PAGE_SIZE;
}

static u64 entry_of(u64 gpa, u64 flags)
{
	return gpa >> 12 << 10 | flags;
}

u64 satp_of(u32 space)
{
	return (u64)SATP_SV39 << 60 | (u64)(space + 1) << 44 | (RAM + table(space, 0)) >> 12;
}

/* The k-th page of the window: its address, and where its page table entry is. */
void window_entry(u32 space, u32 k, u64 *gva, u32 *entry)
{
	*gva = WINDOW + RAM + DATA + k * PAGE_SIZE;
	*entry = table(space, 2) + (u32)(*gva >> 12 & 511) * 8;
}

/* Mostly a page that works, of data or of thunks. */
u64 random_entry(struct gen *g, u32 k)
{
	bool thunk = k >= DATA_PAGES;
	u32 place =
		thunk ? THUNKS + below(g, 2) * PAGE_SIZE : DATA + below(g, DATA_PAGES) * PAGE_SIZE;
	u64 flags = PTE_V | PTE_R | PTE_A | PTE_D | (thunk ? PTE_X : PTE_W);

	if (chance(g, 45))
		flags |= PTE_U;
	if (chance(g, 25))
		flags ^= (u64)1 << below(g, 4); /* V, R, W or X */
	if (chance(g, 25))
		flags &= ~(u64)(PTE_D | (chance(g, 50) ? PTE_A : 0));
	if (chance(g, 4) && !avoids(g, "pte-high"))
		flags |= (u64)1 << (54 + below(g, 10)); /* reserved, PBMT or N */
	return entry_of(RAM + place, flags);
}

static void tables(struct gen *g, u32 space)
{
	u32 root = table(space, 0);
	u64 gva;
	u32 at;

	put64(g, root + (RAM >> 30) * 8, entry_of(RAM, PTE_ALL));
	put64(g, root + ((ALIAS_S + RAM) >> 30 & 511) * 8, entry_of(RAM, PTE_ALL));
	put64(g, root + ((ALIAS_U + RAM) >> 30) * 8, entry_of(RAM + table(space, 3), PTE_V));
	put64(g, table(space, 3), entry_of(RAM, PTE_ALL | PTE_U));
	put64(g, root + ((WINDOW + RAM) >> 30) * 8, entry_of(RAM + table(space, 1), PTE_V));
	put64(g, table(space, 1), entry_of(RAM + table(space, 2), PTE_V));
	for (u32 k = 0; k < WINDOWS; k++) {
		window_entry(space, k, &gva, &at);
		put64(g, at, random_entry(g, k));
	}
}

/* -- Traps ----------------------------------------------------------------------------------- */

/* Lines in which ? is m or s.  Offsets from x28 are those of the shared part of CTX. */
static void put_for(struct gen *g, char mode, const char *lines)
{
	char *text = xstrdup(lines);

	for (char *c = text; *c; c++)
		if (*c == '?')
			*c = mode;
	put(g, "%s", text);
	free(text);
}

static const char save[] = "?trap:\n"
			   "csrrw x31,?scratch,x31\n"
			   "sd x5,40(x31); sd x6,48(x31); sd x7,56(x31)\n"
			   "sd x28,224(x31); sd x29,232(x31); sd x30,240(x31)\n"
			   "csrrw x5,?scratch,x31; sd x5,248(x31)\n"
			   "la x28,shared\n"
			   "csrrs x5,?cause,x0; csrrs x6,?epc,x0; csrrs x7,?tval,x0\n"
			   "blt x5,x0,?interrupt\n"
			   /* The ecall that ends the segment? */
			   "slli x30,x6,32; srli x30,x30,32\n"
			   "ld x29,24(x28); beq x29,x30,?leave\n";

static const char restore[] = "ld x5,40(x31); ld x6,48(x31); ld x7,56(x31)\n"
			      "ld x28,224(x31); ld x29,232(x31); ld x30,240(x31)\n"
			      "ld x31,248(x31)\n";

static const char mix[] = "?mix:\n"
			  "ld x29,0(x28); ld x30,8(x28)\n"
			  "xor x29,x29,x5; mul x29,x29,x30\n"
			  "xor x29,x29,x6; mul x29,x29,x30\n"
			  "xor x29,x29,x7; mul x29,x29,x30\n"
			  "csrrs x7,?status,x0; ld x5,16(x28); and x7,x7,x5\n"
			  "xor x29,x29,x7; mul x29,x29,x30\n"
			  "srli x7,x29,32; xor x29,x29,x7\n"
			  "sd x29,0(x28)\n";

/* Interrupts stay where they are; fetches that fault go back to x1, unless it is there that they
 * do, which ends the segment; all else is skipped: 4 bytes in the window, whose pages are those
 * that their entries say (its addresses have bit 37, no others do), or what memory has there. */
static const char skip[] = "csrrs x5,?cause,x0; blt x5,x0,?back\n"
			   "beq x5,x0,?fetch\n"
			   "addi x29,x0,1; beq x5,x29,?fetch\n"
			   "addi x29,x0,12; beq x5,x29,?fetch\n"
			   "slli x29,x6,26; blt x29,x0,?four\n"
			   "slli x30,x6,32; srli x30,x30,32\n"
			   "lhu x29,0(x30); andi x29,x29,3; addi x30,x0,3\n"
			   "beq x29,x30,?four; addi x6,x6,2; jal x0,?back\n"
			   "?four: addi x6,x6,4; jal x0,?back\n"
			   "?fetch: xor x29,x6,x1; srli x29,x29,1; beq x29,x0,?leave\n"
			   "addi x6,x1,0\n"
			   "?back: csrrw x0,?epc,x6\n";

/* What came is switched off.  The timer and the software interrupt of M-mode, which come at any
 * time, leave no trace. */
static const char interrupt[] = "?interrupt:\n"
				"slli x29,x5,1; srli x29,x29,1\n"
				"addi x30,x0,1; sll x30,x30,x29; csrrc x0,?ie,x30\n";

static const char m_interrupt[] = "addi x30,x0,7; beq x29,x30,mtimer\n"
				  "addi x30,x0,3; bne x29,x30,mmix\n"
				  "lui x30,0x2000; sw x0,0(x30); jal x0,mback\n"
				  "mtimer: ld x30,48(x28); beq x30,x0,mback\n"
				  "addi x30,x30,-1; sd x30,48(x28)\n"
				  "li x30,0x200bff8; ld x29,0(x30); addi x29,x29,20\n"
				  "li x30,0x2004000; sd x29,0(x30)\n"
				  "addi x30,x0,128; csrrs x0,mie,x30; jal x0,mback\n";

/* The end of a segment: to M-mode, floating point on, all else off. */
static const char m_leave[] = "mleave:\n"
			      "li x5,0x7800; csrrw x0,mstatus,x5; csrrw x0,mie,x0\n"
			      "ld x6,32(x28); jal x0,mback\n";

/* tval of an ebreak may be its pc or 0. */
static const char no_tval[] = "addi x29,x0,3; bne x5,x29,?tvals; csrrw x0,?tval,x0\n"
			      "addi x7,x0,0; ?tvals:\n";

/* Which part of a misaligned access it was that has no memory. */
static const char coarse_tval[] = "addi x29,x0,5; beq x5,x29,?coarse\n"
				  "addi x29,x0,7; bne x5,x29,?fine\n"
				  "?coarse: andi x7,x7,-8; csrrw x0,?tval,x7; ?fine:\n";

static const char log_it[] = "ld x29,72(x28)\n"
			     "sd x5,0(x29); sd x6,8(x29); sd x7,16(x29)\n"
			     "csrrs x30,?status,x0; sd x30,24(x29)\n"
			     "addi x29,x29,32; sd x29,72(x28)\n";

static void m_handler(struct gen *g)
{
	put_for(g, 'm', save);
	put(g, "la x29,sleaves; beq x29,x30,mleave");
	if (avoids(g, "ebreak-tval"))
		put_for(g, 'm', no_tval);
	if (avoids(g, "access-tval"))
		put_for(g, 'm', coarse_tval);
	if (g->log)
		put_for(g, 'm', log_it);
	put_for(g, 'm', mix);
	put_for(g, 'm', skip);
	put(g, "%s", restore);
	put(g, "mret");
	put_for(g, 'm', interrupt);
	put(g, "%s", m_interrupt);
	put(g, "%s", m_leave);
}

/* It cannot end a segment, so it asks M-mode to. */
static void s_handler(struct gen *g)
{
	put_for(g, 's', save);
	if (avoids(g, "ebreak-tval"))
		put_for(g, 's', no_tval);
	if (avoids(g, "access-tval"))
		put_for(g, 's', coarse_tval);
	if (g->log)
		put_for(g, 's', log_it);
	put_for(g, 's', mix);
	put_for(g, 's', skip);
	put(g, "%s", restore);
	put(g, "sret");
	put_for(g, 's', interrupt);
	put(g, "jal x0,smix");
	put(g, "sleave:\n%s", restore);
	put(g, "sleaves: ecall");
}

/* -- Start ---------------------------------------------------------------------------------- */

static void start(struct gen *g)
{
	put(g, "la x31,@%x; csrrw x0,mscratch,x31; la x5,mtrap; csrrw x0,mtvec,x5", CTX);
	put(g, "li x5,-1; csrrw x0,%u,x5; li x6,0x2004000; sd x5,0(x6); csrrw x0,stimecmp,x5",
	    0x3b7);
	put(g, "li x5,0x1f00000000000000; csrrw x0,pmpcfg,x5; csrrw x0,mie,x0");
	put(g, "li x5,0x7800; csrrw x0,mstatus,x5; csrrw x0,fcsr,x0; csrrw x0,satp,x0");
	put(g, "la x31,@%x", POOL);
	for (u32 r = 0; r < 32; r++)
		put(g, "fld f%u,%u(x31)", r, below(g, POOL_VALUES / 2) * 8);
	for (u32 r = 1; r < 32; r++)
		put(g, "ld x%u,%u(x31)", r, below(g, POOL_VALUES / 2) * 8);
	put(g, "csrrw x0,minstret,x0; csrrw x0,mcycle,x0; la x31,@%x; jalr x0,0(x31)", CODE);
}

void rounds_end(struct gen *g)
{
	put(g, "la x5,@%x; ld x6,%u(x5); addi x6,x6,-1; sd x6,%u(x5)", CTX + CTX_SHARED, CTX_ROUNDS,
	    CTX_ROUNDS);
	put(g, "la x5,end; beq x6,x0,over; la x5,@%x; over: jalr x0,0(x5)", CODE);
}

/* -- The end -------------------------------------------------------------------------------- */

struct dump {
	u32 n;
};

/* Prints x5 under this name; x6 points into the middle of DUMP. */
static void show(struct gen *g, struct dump *d, const char *name)
{
	u32 at = d->n++ * 16;

	assert(at < PAGE_SIZE);
	for (u32 i = 0; i < 8 && name[i]; i++)
		g->image[DUMP + at + i] = (u8)name[i];
	put(g, "sd x5,%d(x6)", (i32)at + 8 - 2048);
}

static bool shown(const struct gen *g, const struct csr_row *row)
{
	char subject[24];

	snprintf(subject, sizeof(subject), "csr.%s", row->name);
	return row->first == row->last && strcmp(row->name, "time") && !avoids(g, subject);
}

/* The end's subroutines. */
static const char finish[] =
	"li x5,0x100000; li x6,0x5555; sw x6,0(x5)\n"
	"stay: jal x0,stay\n"
	/* from x6 to x7: names of 8 letters, and numbers */
	"lines: addi x28,x6,8\n"
	"names: lbu x10,0(x6); beq x10,x0,named\n"
	"jal x1,putc; addi x6,x6,1; bne x6,x28,names\n"
	"named: jal x5,number; addi x10,x0,10; jal x1,putc\n"
	"addi x6,x28,8; bne x6,x7,lines; jalr x0,0(x9)\n"
	/* a blank and the number at x28 */
	"number: addi x10,x0,32; jal x1,putc; ld x29,0(x28); addi x30,x0,60\n"
	"digits: srl x10,x29,x30; andi x10,x10,15; addi x31,x0,10\n"
	"blt x10,x31,small; addi x10,x10,39\n"
	"small: addi x10,x10,48; jal x1,putc; addi x30,x30,-4; bge x30,x0,digits\n"
	"jalr x0,0(x5)\n"
	/* x10 to the UART */
	"putc: lui x11,0x10000\n"
	"full: lbu x12,5(x11); andi x12,x12,32; beq x12,x0,full\n"
	"sb x10,0(x11); jalr x0,0(x1)\n"
	/* x5 = hash of the memory from x7 to x29 */
	"hash: addi x5,x0,0\n"
	"more: ld x10,0(x7); xor x5,x5,x10; mul x5,x5,x30; srli x10,x5,32; xor x5,x5,x10\n"
	"addi x7,x7,8; bltu x7,x29,more; jalr x0,0(x1)";

/* Cause, pc, tval and status of each trap. */
static void print_log(struct gen *g)
{
	put(g, "la x28,@%x; la x6,shared; ld x6,%u(x6)", LOG, CTX_LOG);
	put(g, "entry: beq x28,x6,logged; addi x7,x28,32");
	put(g, "part: jal x5,number; addi x28,x28,8; bne x28,x7,part");
	put(g, "addi x10,x0,10; jal x1,putc; jal x0,entry; logged:");
}

static void end(struct gen *g)
{
	struct dump d = { 0 };
	char name[16];

	put(g, "end: csrrw x31,mscratch,x31");
	for (u32 r = 1; r < 31; r++)
		put(g, "sd x%u,%u(x31)", r, 8 * r);
	put(g, "csrrw x5,mscratch,x31; sd x5,248(x31); la x6,@%x", DUMP + 2048);
	for (u32 i = 1; i < csr_nrows; i++)
		if (shown(g, &csr_rows[i])) {
			snprintf(name, sizeof(name), "%.8s", csr_rows[i].name);
			put(g, "csrrs x5,%u,x0", csr_rows[i].first);
			show(g, &d, name);
		}
	for (u32 r = 1; r < 32; r++) {
		snprintf(name, sizeof(name), "x%" PRIu32, r);
		put(g, "ld x5,%u(x31)", 8 * r);
		show(g, &d, name);
	}
	for (u32 r = 0; r < 32; r++) {
		snprintf(name, sizeof(name), "f%" PRIu32, r);
		put(g, "fmv_x_d x5,f%u", r);
		show(g, &d, name);
	}
	put(g, "la x28,shared; ld x5,0(x28)");
	show(g, &d, "traps");
	put(g, "ld x30,8(x28); la x7,@%x", TABLES);
	for (u32 at = TABLES; at < CODE; at += PAGE_SIZE) {
		snprintf(name, sizeof(name), "%" PRIx32, at);
		put(g, "la x29,@%x; jal x1,hash", at + PAGE_SIZE);
		show(g, &d, name);
	}
	put(g, "la x29,codeend; jal x1,hash");
	show(g, &d, "code");
	put(g, "la x6,@%x; la x7,@%x; jal x9,lines", DUMP, DUMP + d.n * 16);
	if (g->log)
		print_log(g);
	put(g, "%s", finish);
}

void frame(struct gen *g, u32 rounds)
{
	pool(g);
	data(g);
	tables(g, 0);
	tables(g, 1);
	put64(g, CTX + CTX_SHARED + CTX_FACTOR, HASH_FACTOR);
	put64(g, CTX + CTX_SHARED + CTX_STATUS,
	      avoids(g, "fs-dirty") ? ~(MSTATUS_FS | MSTATUS_SD) : ~(u64)0);
	put64(g, CTX + CTX_SHARED + CTX_ROUNDS, rounds);
	put64(g, CTX + CTX_SHARED + CTX_LOG, RAM + LOG);
	g->at = CTX + CTX_SHARED;
	put(g, "shared:");
	g->at = FRAME;
	start(g);
	m_handler(g);
	s_handler(g);
	end(g);
	assert(g->at <= CTX);
	thunks(g);
}
