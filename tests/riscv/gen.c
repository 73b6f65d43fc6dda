/* gen.c - writes a random program
 *
 *	gen [--seed N] [--segments N] [--items N] [--rounds N] [--avoid SUBJECTS]
 *	    [--only SEGMENTS] [--nop ITEMS] [--log] [--log] [--list] [-o FILE]
 *
 * The same arguments give the same file on every host.  It is an ELF file for M-mode at the
 * start of RAM, which prints all registers, CSRs and hashes of memory through the UART and ends
 * through the test finisher, as QEMU's `virt` has them.  SUBJECTS are rows of rv.def, extensions
 * and words of gen_*.c, for an oracle that does not have them.  --only keeps these segments
 * ("0,3-5"), --nop makes nops of these items; --log has the program
 * print every trap at its end, --list prints its code.
 */
#include "gen.h"

#include <stdlib.h>
#include <string.h>

/* -- Random numbers ------------------------------------------------------------------------ */

static u64 mixed(u64 z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
	z = (z ^ z >> 27) * 0x94d049bb133111eb;
	return z ^ z >> 31;
}

u64 rnd(struct gen *g)
{
	g->random += 0x9e3779b97f4a7c15;
	return mixed(g->random);
}

u32 below(struct gen *g, u32 n)
{
	return (u32)((rnd(g) >> 32) * n >> 32);
}

bool chance(struct gen *g, u32 percent)
{
	return below(g, 100) < percent;
}

/* -- Lists in options ------------------------------------------------------------------------- */

bool avoids(const struct gen *g, const char *subject)
{
	size_t n = strlen(subject);

	for (const char *at = g->avoid; *at; at += strcspn(at, ","), at += *at == ',')
		if (strcspn(at, ",") == n && !strncmp(at, subject, n))
			return true;
	return false;
}

bool listed(const char *ranges, u32 n)
{
	while (ranges && *ranges) {
		char *end;
		u32 first = (u32)strtoul(ranges, &end, 10), last = first;

		if (*end == '-')
			last = (u32)strtoul(end + 1, &end, 10);
		if (n >= first && n <= last)
			return true;
		ranges = *end == ',' ? end + 1 : "";
	}
	return false;
}

/* -- Segments ------------------------------------------------------------------------------- */

static void choose_mode(struct gen *g)
{
	static const enum priv modes[] = { PRIV_M, PRIV_S, PRIV_S, PRIV_U };
	u32 extra = below(g, 100);

	g->mode = modes[below(g, ARRAY_LEN(modes))];
	g->paged = chance(g, 75);
	g->mprv = g->mode == PRIV_M && g->paged && chance(g, 40) && !avoids(g, "mprv");
	g->async = extra < 15 && !g->mprv;
	g->inject = extra >= 85;
	g->delegates = g->mode != PRIV_M && chance(g, 50);
}

/* What S-mode may not do; then the protection of a part of DATA. */
static u64 protections(struct gen *g)
{
	static const u64 bits[] = { MSTATUS_TVM, MSTATUS_TW, MSTATUS_TSR };
	/* The handler of S-mode needs its sret. */
	u64 status = chance(g, 15) ? bits[below(g, g->delegates ? 2 : 3)] : 0;
	u64 size = (u64)8 << below(g, 12), cfg = 0x18 | below(g, 8);

	g->fenced = status != MSTATUS_TVM;
	if ((cfg & 3) == 2) /* W without R is reserved */
		cfg |= 1;
	if (chance(g, 80) || avoids(g, "pmp"))
		cfg = 0;
	put(g, "li x5,%" PRIu64 "; csrrw x0,pmpaddr,x5",
	    ((RAM + DATA + below(g, DATA_PAGES * PAGE_SIZE)) & -size) >> 2 | (size / 8 - 1));
	put(g, "li x5,%" PRIu64 "; csrrw x0,pmpcfg,x5", (u64)0x1f << 56 | cfg);
	return status;
}

static void delegation(struct gen *g)
{
	put(g, "li x5,%u; csrrw x0,medeleg,x5", g->delegates ? (u32)rnd(g) & 0xb1ff : 0);
	put(g, "li x5,%u; csrrw x0,mideleg,x5", g->delegates ? (u32)rnd(g) & 0x222 : 0);
	put(g, "la x5,strap; csrrw x0,stvec,x5; la x5,@%x; csrrw x0,sscratch,x5", CTX + CTX_S);
}

/* The timer now and a few times more, and the software interrupt.  The counters go back to
 * where they were, as handlers have counted. */
static void async_begin(struct gen *g)
{
	put(g, "csrrs x5,minstret,x0; sd x5,%u(x6); csrrs x5,mcycle,x0; sd x5,%u(x6)", CTX_INSTRET,
	    CTX_CYCLE);
	put(g, "addi x5,x0,%u; sd x5,%u(x6)", below(g, 4), CTX_BUDGET);
	put(g, "li x7,0x200bff8; ld x5,0(x7); addi x5,x5,%u; li x7,0x2004000; sd x5,0(x7)",
	    below(g, 40));
	put(g, "lui x7,0x2000; addi x5,x0,%u; sw x5,0(x7)", below(g, 2));
}

static void async_end(struct gen *g)
{
	put(g, "li x7,0x2004000; addi x5,x0,-1; sd x5,0(x7); lui x7,0x2000; sw x0,0(x7)");
	put(g,
	    "la x6,shared; ld x5,%u(x6); csrrw x0,mcycle,x5; ld x5,%u(x6); "
	    "csrrw x0,minstret,x5",
	    CTX_CYCLE, CTX_INSTRET);
}

static u64 floating_point(struct gen *g)
{
	u64 fs = chance(g, 92) ? 3 : below(g, 4);

	if (avoids(g, "fs-dirty") && fs)
		fs = 3;
	return fs << 13;
}

/* From M-mode to the body, in its mode, at the address that it has there. */
static void enter(struct gen *g, u32 n)
{
	u64 status = (u64)g->mode << 11;
	u64 alias = g->paged && g->mode == PRIV_U ? ALIAS_U : 0;

	status |= protections(g);
	status |= floating_point(g);
	if (chance(g, 40))
		status |= MSTATUS_SUM;
	if (chance(g, 40))
		status |= MSTATUS_MXR;
	if (g->async || g->inject)
		status |= MSTATUS_MPIE | (chance(g, 70) ? MSTATUS_SIE : 0);
	if (g->paged && chance(g, 30) && g->mode == PRIV_S)
		alias = ALIAS_S;
	delegation(g);
	put(g, "li x5,%" PRIu64 "; csrrw x0,satp,x5; sfence_vma x0,x0",
	    g->paged ? satp_of(below(g, 2)) : 0);
	put(g, "li x5,0x222; csrrc x0,mip,x5; csrrw x0,mcountinhibit,x0");
	put(g, "li x5,%" PRIu64 "; csrrw x0,menvcfg,x5",
	    ENVCFG_ADUE | (rnd(g) & (ENVCFG_CBIE | ENVCFG_CBCFE | ENVCFG_CBZE | ENVCFG_PBMTE)));
	put(g, "addi x5,x0,%u; csrrw x0,mcounteren,x5", below(g, 8));
	put(g, "li x5,%" PRIu64 "; csrrw x0,mstatus,x5", status);
	put(g, "la x6,shared; la x5,leave%u; sd x5,%u(x6); la x5,cont%u; sd x5,%u(x6)", n,
	    CTX_LEAVE, n, CTX_CONT);
	if (g->async)
		async_begin(g);
	put(g, "li x5,%u; csrrw x0,mie,x5",
	    g->async    ? 0x88
	    : g->inject ? (avoids(g, "interrupt-order") ? 2 : 0x222)
			: 0);
	put(g, "la x5,body%u; li x6,%" PRIi64 "; add x5,x5,x6; csrrw x0,mepc,x5; mret", n,
	    (i64)alias);
}

static void segment(struct gen *g, u32 n, u32 nitems, bool kept)
{
	put(g, "S%u:", n);
	if (kept)
		put(g, "addi x0,x0,0");
	else
		put(g, "jal x0,S%u", n + 1);
	choose_mode(g);
	enter(g, n);
	functions(g);
	put(g, "body%u:", n);
	set_pointers(g);
	if (g->mprv)
		put(g, "li x5,0x20800; csrrs x0,mstatus,x5");
	items(g, nitems / 2 + below(g, nitems));
	put(g, "leave%u: ecall; cont%u:", n, n);
	if (g->async)
		async_end(g);
}

static void program(struct gen *g, u64 seed, u32 segments, u32 nitems, u32 rounds, const char *only)
{
	g->random = mixed(seed);
	frame(g, rounds);
	g->at = CODE;
	g->switches = SWITCHES;
	for (u32 n = 0; n < segments; n++) {
		g->random = mixed(mixed(seed) + n + 1);
		segment(g, n, nitems, !only || listed(only, n));
	}
	put(g, "S%u:", segments);
	rounds_end(g);
	while (g->at % 8)
		put_word(g, 0, 2);
	put(g, "codeend:");
	resolve(g);
}

/* -- Output ----------------------------------------------------------------------------------- */

static bool is_nop(u32 word, u32 len)
{
	return len == 2 ? word == 0x13 : (word & 0xffff) == 0x0001;
}

/* The segments that are kept, without what became nops.  S3 is a segment, #12 an item. */
static void list(const struct gen *g, const char *only)
{
	const struct label *l = g->labels, *end = g->labels + g->nlabels;
	struct op op;
	bool kept = true;

	for (u32 at = CODE; at < g->at; at += 2u * op.len) {
		u32 word = get_le32(g->image + at);
		char text[64];

		for (; l < end && (l->at <= at || l->at < CODE || l->at > g->at); l++) {
			if (l->name[0] == 'S')
				kept = !only || listed(only, (u32)strtoul(l->name + 1, NULL, 10));
			if (l->at == at && kept)
				printf("%s:\n", l->name);
		}
		decoded(g, word, &op);
		disasm(g->decoder, word, RAM + at, text, sizeof(text));
		if (kept && !is_nop(word, op.len))
			printf("%8" PRIx64 "  %0*" PRIx32 "\t%s\n", RAM + at, op.len * 4,
			       op.len == 2 ? word : word & 0xffff, text);
	}
}

static void put_elf(u8 *p, u32 size)
{
	static const u8 ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	memcpy(p, ident, sizeof(ident));
	p[16] = 2;   /* executable */
	p[18] = 243; /* RISC-V */
	p[20] = 1;
	put_le64(p + 24, RAM);
	put_le64(p + 32, 64); /* program headers */
	put_le32(p + 48, 5);  /* RVC, double */
	p[52] = 64;
	p[54] = 56;
	p[56] = 1;

	put_le32(p + 64, 1); /* to be loaded */
	put_le32(p + 68, 7);
	put_le64(p + 72, PAGE_SIZE);
	put_le64(p + 80, RAM);
	put_le64(p + 88, RAM);
	put_le64(p + 96, size);
	put_le64(p + 104, size);
	put_le64(p + 112, PAGE_SIZE);
}

static bool write_file(const struct gen *g, const char *path)
{
	u8 head[PAGE_SIZE] = { 0 };
	FILE *f = fopen(path, "wb");
	bool ok;

	if (!f)
		return false;
	put_elf(head, g->at);
	ok = fwrite(head, sizeof(head), 1, f) == 1 && fwrite(g->image, g->at, 1, f) == 1;
	return !fclose(f) && ok;
}

static int usage(void)
{
	fprintf(stderr,
		"usage: gen [--seed N] [--segments N] [--items N] [--rounds N]"
		" [--avoid SUBJECTS] [--only SEGMENTS] [--nop ITEMS] [--log] [--list] [-o FILE]\n");
	return 2;
}

int main(int argc, char **argv)
{
	struct gen *g = xzalloc(sizeof(*g));
	const char *seed = "1", *segments = "24", *nitems = "24", *rounds = "200", *only = NULL,
		   *out = NULL;
	const struct {
		const char *name, **value;
	} options[] = {
		{ "--seed", &seed },      { "--segments", &segments },
		{ "--items", &nitems },   { "--rounds", &rounds },
		{ "--avoid", &g->avoid }, { "--only", &only },
		{ "--nop", &g->nops },    { "-o", &out },
	};
	bool listing = false;

	g->avoid = "";
	for (int i = 1; i < argc; i++) {
		u32 o = 0;

		if (!strcmp(argv[i], "--list") || !strcmp(argv[i], "--log")) {
			*(argv[i][3] == 'i' ? &listing : &g->log) = true;
			continue;
		}
		while (o < ARRAY_LEN(options) && strcmp(options[o].name, argv[i]))
			o++;
		if (o == ARRAY_LEN(options) || ++i == argc)
			return usage();
		*options[o].value = argv[i];
	}
	asm_init(g);
	program(g, strtoull(seed, NULL, 0), (u32)strtoul(segments, NULL, 0),
		(u32)strtoul(nitems, NULL, 0), (u32)strtoul(rounds, NULL, 0), only);
	if (listing)
		list(g, only);
	if (out && !write_file(g, out)) {
		perror(out);
		return 1;
	}
	asm_free(g);
	free(g);
	return 0;
}
