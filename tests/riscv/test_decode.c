/* Promises about the patterns of rv.def as a whole, and the decoder beside objdump. */
#include "check.h"

#include "hart.h"

#include <unistd.h>

/* Without what binutils 2.40 does not know: Zicond, Zacas, Zfa, Zcb. */
#define OBJDUMP_ISA                                                                                \
	"rv64imafdc_zicsr_zifencei_zba_zbb_zbc_zbs_zicbom_zicbop_zicboz_zihintpause_zawrs_"        \
	"zfhmin_svinval"
#define ALL_ISA OBJDUMP_ISA "_zicond_zacas_zfa_zcb"

static struct decoder *decoder(const char *text)
{
	struct isa_error bad;
	struct isa isa;

	assert_true(isa_parse(text, &isa, &bad));
	return decoder_new(&isa);
}

static bool legal(const char *isa, u32 word)
{
	struct decoder *d = decoder(isa);
	struct op op;
	bool ok = decode(d, word, &op) != ROW_ILLEGAL;

	decoder_free(d);
	return ok;
}

static u64 rnd(u64 *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	return *s ^= *s << 17;
}

/* -- The table ---------------------------------------------------------------------------- */

static void two_patterns_match_one_word_only_if_one_is_a_case_of_the_other(void **state)
{
	struct decoder *d = decoder(ALL_ISA);
	struct pattern p, q;
	u32 nested = 0;

	for (u32 i = 0; decoder_pattern(d, i, &p); i++)
		for (u32 k = 0; k < i && decoder_pattern(d, k, &q); k++) {
			if (p.len != q.len || (p.match ^ q.match) & p.mask & q.mask)
				continue;
			if ((p.mask & q.mask) != p.mask && (p.mask & q.mask) != q.mask)
				fail_msg("%s overlaps %s", p.name, q.name);
			if (p.mask == q.mask)
				fail_msg("%s equals %s", p.name, q.name);
			nested++;
		}
	/* c.addi16sp in c.lui, c.jr in c.mv, c.jalr in c.add, c.ebreak in both and in c.jalr,
	 * pause in fence */
	assert_int_equal(nested, 6);
	decoder_free(d);
	(void)state;
}

static void each_pattern_decodes_to_its_own_name(void **state)
{
	struct decoder *d = decoder(ALL_ISA);
	u64 seed = 88172645463325252;
	struct pattern p;

	for (u32 i = 0; decoder_pattern(d, i, &p); i++) {
		size_t n = strlen(p.name);
		char name[32], text[96];
		u32 hits = 0;

		for (size_t c = 0; c <= n; c++)
			name[c] = p.name[c] == '_' ? '.' : p.name[c];
		for (u32 k = 0; k < 100; k++) {
			u32 word = p.match | ((u32)rnd(&seed) & ~p.mask);

			disasm(d, word, 0, text, sizeof(text));
			hits += !strncmp(text, name, n) && strchr(" .", text[n]);
		}
		if (hits < 40) /* of roundings, a quarter is reserved */
			fail_msg("%s: %u of 100, last %s", p.name, hits, text);
	}
	decoder_free(d);
	(void)state;
}

static void rows_of_absent_extensions_are_illegal(void **state)
{
	static const struct {
		u32 word;
		const char *with, *without;
	} t[] = {
		{ 0x02c58533, "rv64im", "rv64i" },                       /* mul */
		{ 0x1005b52f, "rv64ia", "rv64im" },                      /* lr.d */
		{ 0x00c5f553, "rv64if_zicsr", "rv64i_zicsr" },           /* fadd.s */
		{ 0x02c5f553, "rv64ifd_zicsr", "rv64if_zicsr" },         /* fadd.d */
		{ 0x0001, "rv64ic", "rv64i" },                           /* c.nop */
		{ 0x2188, "rv64ifdc_zicsr", "rv64ifc_zicsr" },           /* c.fld */
		{ 0x0000100f, "rv64i_zifencei", "rv64i" },               /* fence.i */
		{ 0x30002573, "rv64i_zicsr", "rv64i" },                  /* csrr */
		{ 0x20b52533, "rv64i_zba", "rv64i_zbb" },                /* sh1add */
		{ 0x60051513, "rv64i_zbb", "rv64i_zba" },                /* clz */
		{ 0x0ac59533, "rv64i_zbc", "rv64i" },                    /* clmul */
		{ 0x28c59533, "rv64i_zbs", "rv64i" },                    /* bset */
		{ 0x0ec5d533, "rv64i_zicond", "rv64i" },                 /* czero.eqz */
		{ 0xcdf5c573, "rv64i_zimop", "rv64i" },                  /* mop.r.31 */
		{ 0xcec5c573, "rv64i_zimop", "rv64i" },                  /* mop.rr.7 */
		{ 0x0015a00f, "rv64i_zicbom", "rv64i_zicboz" },          /* cbo.clean */
		{ 0x0045a00f, "rv64i_zicboz", "rv64i_zicbom" },          /* cbo.zero */
		{ 0x00d00073, "rv64ia_zawrs", "rv64ia" },                /* wrs.nto */
		{ 0x28c5b52f, "rv64ia_zacas", "rv64ia" },                /* amocas.d */
		{ 0x00059507, "rv64if_zfhmin_zicsr", "rv64if_zicsr" },   /* flh */
		{ 0xf0100553, "rv64if_zfa_zicsr", "rv64if_zicsr" },      /* fli.s */
		{ 0xf2100553, "rv64ifd_zfa_zicsr", "rv64if_zfa_zicsr" }, /* fli.d */
		{ 0x8188, "rv64ic_zcb", "rv64ic" },                      /* c.lbu */
		{ 0x9d4d, "rv64imc_zcb", "rv64ic_zcb" },                 /* c.mul */
		{ 0x16b50073, "rv64i_svinval", "rv64i" },                /* sinval.vma */
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		if (!legal(t[i].with, t[i].word))
			fail_msg("%08x is illegal on %s", t[i].word, t[i].with);
		if (legal(t[i].without, t[i].word))
			fail_msg("%08x is legal on %s", t[i].word, t[i].without);
	}
	(void)state;
}

static void reserved_encodings_are_illegal(void **state) /* trap:6 trap:7 */
{
	static const u32 words[] = {
		0x0000,
		0xffffffff,
		0x0010,
		0x0004, /* zeroes, ones, c.addi4spn of 0 */
		0x4002,
		0x6002,
		0x8002,
		0x2001, /* c.lwsp, c.ldsp to zero; c.jr zero; c.addiw zero */
		0x6001,
		0x6081,
		0x6101, /* c.lui of 0; c.addi16sp of 0 */
		0x9c61,
		0x9c79,
		0x8000,               /* reserved arithmetic; reserved quadrant 0 */
		0x0200101b | 1 << 25, /* slliw by 32 */
		0x0200501b,
		0x4200501b, /* srliw, sraiw by 32 */
		0x04001013,
		0x44005013, /* slli, srai with another funct6 */
		0x00002063,
		0x00003063, /* branches 2 and 3 */
		0x00007003,
		0x00004023, /* load 7, store 4 */
		0x00001067, /* jalr with funct3 1 */
		0x40001033,
		0x06000033, /* add with other funct7s */
		0x00200073,
		0x10200173,
		0x30200173, /* uret; sret and mret with rd */
		0x00004073, /* system with funct3 4 */
		0x1005952f,
		0x1015a52f, /* lr of a halfword; lr.w with rs2 */
		0x0000505b,
		0x0000000b, /* custom, reserved opcodes */
		0x00005553,
		0x00006553, /* fadd.s with rm 5 and 6 */
		0x04c5f553,
		0x06c5f553, /* fadd.h (only Zfhmin), fadd.q */
		0x5815f553, /* fsqrt.s with rs2 */
		0x0000200f | 3 << 20,
		0x0000300f, /* cbo 3; misc-mem 3 */
		0x00005033 | 2 << 25,
	};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (legal("rv64gc_zba_zbb_zbs_zicbom_zicboz_zfhmin", words[i]))
			fail_msg("%08x", words[i]);
	(void)state;
}

static void operands_and_immediates_are_gathered(void **state)
{
	/* The widest immediates of each format, both signs. */
	static const struct {
		u32 word;
		const char *text;
	} t[] = {
		{ 0x80000537, "lui a0,0x80000" },
		{ 0x7ff58513, "addi a0,a1,2047" },
		{ 0x80058513, "addi a0,a1,-2048" },
		{ 0x80b63023, "sd a1,-2048(a2)" },
		{ 0x7eb63fa3, "sd a1,2047(a2)" },
		{ 0x80b50063, "beq a0,a1,0x7ffff000" },
		{ 0x7eb50fe3, "beq a0,a1,0x80000ffe" },
		{ 0x800000ef, "jal ra,0x7ff00000" },
		{ 0x7ffff0ef, "jal ra,0x800ffffe" },
		{ 0x43f5d513, "srai a0,a1,0x3f" },
		{ 0x300575f3, "csrrci a1,0x300,10" },
		{ 0x0330000f, "fence rw,rw" },
		{ 0x0000100f, "fence.i" },
		{ 0x1ec5b52f, "sc.d.aqrl a0,a2,(a1)" },
		{ 0x00c5b52f, "amoadd.d a0,a2,(a1)" },
		{ 0x6ac59543, "fmadd.d fa0,fa1,fa2,fa3,rtz" },
		{ 0x6ac5f543, "fmadd.d fa0,fa1,fa2,fa3" },
		{ 0xc2059553, "fcvt.w.d a0,fa1,rtz" },
		{ 0x1ffc, "c.addi4spn a5,sp,1020" },
		{ 0x5ffc, "c.lw a5,124(a5)" },
		{ 0x7ffc, "c.ld a5,248(a5)" },
		{ 0x117d, "c.addi sp,-1" },
		{ 0x717d, "c.addi16sp sp,-16" },
		{ 0x6105, "c.addi16sp sp,32" },
		{ 0x757d, "c.lui a0,0xfffff" },
		{ 0xb001, "c.j 0x7ffff800" },
		{ 0xaffd, "c.j 0x800007fe" },
		{ 0xd101, "c.beqz a0,0x7fffff00" },
		{ 0xed7d, "c.bnez a0,0x800000fe" },
		{ 0x957e, "c.add a0,t6" },
		{ 0x50fe, "c.lwsp ra,252(sp)" },
		{ 0x70fe, "c.ldsp ra,504(sp)" },
		{ 0xffee, "c.sdsp s11,504(sp)" },
		{ 0x8188, "c.lbu a0,0(a1)" },
		{ 0x81a8, "c.lbu a0,2(a1)" },
		{ 0x81c8, "c.lbu a0,1(a1)" },
		{ 0x85e8, "c.lh a0,2(a1)" },
		{ 0x9d75, "c.not a0" },
		{ 0x9d4d, "c.mul a0,a1" },
		{ 0x28c5c52f, "amocas.q a0,a2,(a1)" },
		{ 0xf2180553, "fli.d fa0,16" },
	};
	struct decoder *d = decoder(ALL_ISA);
	char text[96];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		disasm(d, t[i].word, 0x80000000, text, sizeof(text));
		assert_string_equal(text, t[i].text);
	}
	decoder_free(d);
	(void)state;
}

static void compressed_words_mean_full_ones(void **state)
{
	static const struct {
		u16 compressed;
		u32 full;
	} t[] = {
		/* clang-format off */
		{ 0x1ffc, 0x3fc10793 }, /* c.addi4spn a5, sp, 1020   addi */
		{ 0x2188, 0x0005b507 }, /* c.fld fa0, 0(a1) */
		{ 0x5dd4, 0x03c5a683 }, /* c.lw a3, 60(a1) */
		{ 0x7dd4, 0x0b85b683 }, /* c.ld a3, 184(a1) */
		{ 0xbdd4, 0x0ad5bc27 }, /* c.fsd fa3, 184(a1) */
		{ 0xddd4, 0x02d5ae23 }, /* c.sw a3, 60(a1) */
		{ 0xfdd4, 0x0ad5bc23 }, /* c.sd a3, 184(a1) */
		{ 0x157d, 0xfff50513 }, /* c.addi a0, -1 */
		{ 0x357d, 0xfff5051b }, /* c.addiw a0, -1 */
		{ 0x557d, 0xfff00513 }, /* c.li a0, -1 */
		{ 0x717d, 0xff010113 }, /* c.addi16sp sp, -16 */
		{ 0x757d, 0xfffff537 }, /* c.lui a0, 0xfffff */
		{ 0x917d, 0x03f55513 }, /* c.srli a0, 63 */
		{ 0x957d, 0x43f55513 }, /* c.srai a0, 63 */
		{ 0x997d, 0xfff57513 }, /* c.andi a0, -1 */
		{ 0x8d0d, 0x40b50533 }, { 0x8d2d, 0x00b54533 }, /* c.sub, c.xor */
		{ 0x8d4d, 0x00b56533 }, { 0x8d6d, 0x00b57533 }, /* c.or, c.and */
		{ 0x9d0d, 0x40b5053b }, { 0x9d2d, 0x00b5053b }, /* c.subw, c.addw */
		{ 0xb001, 0x801ff06f }, /* c.j .-2048 */
		{ 0xd101, 0xf00500e3 }, /* c.beqz a0, .-256 */
		{ 0xed7d, 0x0e051f63 }, /* c.bnez a0, .+254 */
		{ 0x157e, 0x03f51513 }, /* c.slli a0, 63 */
		{ 0x357e, 0x1f813507 }, /* c.fldsp fa0, 504(sp) */
		{ 0x557e, 0x0fc12503 }, /* c.lwsp a0, 252(sp) */
		{ 0x757e, 0x1f813503 }, /* c.ldsp a0, 504(sp) */
		{ 0x8502, 0x00050067 }, /* c.jr a0 */
		{ 0x852e, 0x00b00533 }, /* c.mv a0, a1 */
		{ 0x9002, 0x00100073 }, /* c.ebreak */
		{ 0x9502, 0x000500e7 }, /* c.jalr a0 */
		{ 0x952e, 0x00b50533 }, /* c.add a0, a1 */
		{ 0xbfaa, 0x1ea13c27 }, /* c.fsdsp fa0, 504(sp) */
		{ 0xdfaa, 0x0ea12e23 }, /* c.swsp a0, 252(sp) */
		{ 0xffaa, 0x1ea13c23 }, /* c.sdsp a0, 504(sp) */
		{ 0x81e8, 0x0035c503 }, { 0x85a8, 0x0025d503 }, /* c.lbu, c.lhu */
		{ 0x85e8, 0x00259503 }, { 0x89e8, 0x00a581a3 }, /* c.lh, c.sb */
		{ 0x8da8, 0x00a59123 },                         /* c.sh */
		{ 0x9d61, 0x0ff57513 }, { 0x9d65, 0x60451513 }, /* c.zext.b, c.sext.b */
		{ 0x9d69, 0x0805453b }, { 0x9d6d, 0x60551513 }, /* c.zext.h, c.sext.h */
		{ 0x9d71, 0x0805053b }, { 0x9d75, 0xfff54513 }, /* c.zext.w, c.not */
		{ 0x9d4d, 0x02b50533 },                         /* c.mul */
		/* clang-format on */
	};
	struct decoder *d = decoder(ALL_ISA);

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		struct op a = { 0 }, b = { 0 };
		enum row row = decode(d, t[i].compressed, &a);

		if (row == ROW_ILLEGAL || row != decode(d, t[i].full, &b))
			fail_msg("%04x is row %d", t[i].compressed, row);
		assert_int_equal(a.len, 1);
		b.len = 1;
		if (a.rd != b.rd || a.rs1 != b.rs1 || a.rs2 != b.rs2 || a.imm != b.imm)
			fail_msg("%04x and %08x: %d %d %d %d, %d %d %d %d", t[i].compressed,
				 t[i].full, a.rd, a.rs1, a.rs2, a.imm, b.rd, b.rs1, b.rs2, b.imm);
	}
	decoder_free(d);
	(void)state;
}

/* -- objdump ---------------------------------------------------------------------------------- */

#define TOOLS "riscv64-linux-gnu-"
#define MARCH "rv64gc_zba_zbb_zbc_zbs_zicbom_zicbop_zicboz_zawrs_zfhmin_svinval"

static bool have_objdump(void)
{
	return !system(TOOLS "objdump --version >/dev/null 2>&1 && " TOOLS
			     "as --version >/dev/null 2>&1");
}

/* objdump's lines for the words, each aligned to 4 bytes: 16-bit ones with a c.nop behind. */
static FILE *objdump(char *dir, const u32 *words, size_t n)
{
	char path[64], command[512];
	FILE *f;

	assert_non_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/words", dir);
	f = fopen(path, "wb");
	assert_non_null(f);
	for (size_t i = 0; i < n; i++) {
		u32 w = (words[i] & 3) == 3 ? words[i] : words[i] | 0x00010000;

		assert_int_equal(fwrite(&w, sizeof(w), 1, f), 1);
	}
	fclose(f);
	snprintf(command, sizeof(command),
		 "cd %s && echo '.incbin \"words\"' | " TOOLS "as -march=" MARCH " -o o - && " TOOLS
		 "objdump -D -z -j .text -M no-aliases o",
		 dir);
	f = popen(command, "r");
	assert_non_null(f);
	return f;
}

static void remove_files(const char *dir)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", dir);
	assert_int_equal(system(command), 0);
}

/* What the two may say differently, and why. */
static bool same_meaning(const char *ours, const char *theirs)
{
	/* clang-format off */
	static const struct {
		const char *ours, *theirs; /* prefixes; "0x" is illegal */
	} known[] = {
		{ "c.addi ", "c.nop" },
		{ "c.slli ", "c.slli64" }, { "c.srli ", "c.srli64" }, { "c.srai ", "c.srai64" },
		{ "0x", "c.unimp" }, { "0x", "." }, { "0x", "c.addi16sp" }, /* of 0 is reserved */
		{ "csrrw ", "unimp" },
		{ "ori ", "prefetch." },
		{ "fence ", "." },  /* with rd, rs1 or fm: to be taken as a fence */
		{ "fence ", "fence.tso" }, { "pause", "fence" }, /* to an objdump without it */
		{ "fence.i", "." },
		{ "fcvt.", "." },   /* conversions that are exact take any mode */
		{ "0x", "uret" }, { "0x", "hret" }, { "0x", "sfence.vm\n" }, { "0x", "dret" },
		{ "0x", "hfence." }, { "0x", "hinval." }, { "0x", "hlv" }, { "0x", "hsv" },
	};
	/* clang-format on */

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (text_starts(ours, known[i].ours) && text_starts(theirs, known[i].theirs))
			return true;
	if (text_starts(ours, "0x") && strstr(theirs, ",unknown")) /* rounding mode 5 or 6 */
		return true;
	for (; *ours && *ours != ' '; ours++, theirs++)
		if (*ours != *theirs)
			return false;
	return !*theirs || strchr(" \t\n", *theirs);
}

static void compare(const u32 *words, size_t n)
{
	struct decoder *d = decoder(OBJDUMP_ISA);
	char dir[] = "/tmp/vmbuild-decode-XXXXXX", line[256], ours[96];
	size_t seen = 0;
	FILE *f;

	if (!have_objdump()) {
		decoder_free(d);
		print_message("skipped: no " TOOLS "objdump\n");
		skip();
	}
	f = objdump(dir, words, n);
	while (fgets(line, sizeof(line), f)) {
		char *end, *theirs = strchr(line, '\t');
		u64 at = strtoull(line, &end, 16);

		theirs = theirs ? strchr(theirs + 1, '\t') : NULL;
		if (*end != ':' || !theirs || at % 4)
			continue;
		assert_true(at / 4 < n);
		disasm(d, words[at / 4], at, ours, sizeof(ours));
		if (!same_meaning(ours, theirs + 1))
			fail_msg("%08x: %s, objdump says %s", words[at / 4], ours, theirs + 1);
		seen++;
	}
	assert_int_equal(pclose(f), 0);
	assert_int_equal(seen, n);
	remove_files(dir);
	decoder_free(d);
}

static void compressed_words_are_what_objdump_says(void **state)
{
	u32 *words = xcalloc(0x10000, sizeof(*words));
	size_t n = 0;

	for (u32 w = 0; w < 0x10000; w++)
		if ((w & 3) != 3)
			words[n++] = w;
	compare(words, n);
	free(words);
	(void)state;
}

/* Some of each pattern, words next to patterns, and words at random. */
static void full_words_are_what_objdump_says(void **state)
{
	struct decoder *d = decoder(OBJDUMP_ISA);
	u32 *words = xcalloc(60000, sizeof(*words));
	u64 seed = 88172645463325252;
	struct pattern p;
	size_t n = 0;

	for (u32 i = 0; decoder_pattern(d, i, &p); i++)
		for (u32 k = 0; k < 150 && p.len == 2; k++) {
			u32 w = p.match | ((u32)rnd(&seed) & ~p.mask);

			if (k % 3 == 1)
				w ^= (u32)1 << (7 + rnd(&seed) % 25);
			if (k % 3 == 2)
				w &= ~(u32)0x01f00000;
			words[n++] = w;
		}
	while (n < 60000) /* not the opcodes of V, nor of longer instructions */
		if (words[n] = (u32)rnd(&seed) | 3,
		    (words[n] & 0x7f) != 0x57 && (words[n] & 0x1c) != 0x1c)
			n++;
	compare(words, n);
	free(words);
	decoder_free(d);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(two_patterns_match_one_word_only_if_one_is_a_case_of_the_other),
		cmocka_unit_test(each_pattern_decodes_to_its_own_name),
		cmocka_unit_test(rows_of_absent_extensions_are_illegal),
		cmocka_unit_test(reserved_encodings_are_illegal),
		cmocka_unit_test(compressed_words_mean_full_ones),
		cmocka_unit_test(operands_and_immediates_are_gathered),
		cmocka_unit_test(compressed_words_are_what_objdump_says),
		cmocka_unit_test(full_words_are_what_objdump_says),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
