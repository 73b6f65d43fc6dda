/* fp-check.c - runs vectors from stdin through softfloat
 *
 *	fp-check f64_mulAdd rne
 *
 * A line is the operands, the result and the flags, in hexadecimal, in the order
 * of fflags.  An integer of 32 bits is compared in the width that it is printed in.
 */
#include "fp_ops.h"

#include <inttypes.h>

enum { SHOWN = 10 };

static bool find_mode(const char *name, u32 *rm)
{
	for (*rm = 0; *rm < ARRAY_LEN(fp_modes); ++*rm) {
		if (!strcmp(fp_modes[*rm], name))
			return true;
	}
	return false;
}

/* Fields with their widths in bits; how many there were. */
static u32 parse(const char *line, u64 *value, u32 *bits, u32 max)
{
	u32 n = 0;
	char *end;

	while (n < max) {
		value[n] = strtoull(line, &end, 16);
		if (end == line)
			break;
		line += strspn(line, " ");
		bits[n++] = 4 * (u32)(end - line);
		line = end;
	}
	return n;
}

static bool check(const struct fp_op *op, u32 rm, const u64 *value, const u32 *bits)
{
	u32 operands = fp_operands(op), flags = 0;
	u64 want = value[operands], want_flags = value[operands + 1];
	u64 got = fp_apply(op, value, rm, &flags) & LOW_BITS(bits[operands]);

	if (got == want && flags == want_flags)
		return true;
	fprintf(stderr, "got %" PRIx64 " %02x\n", got, flags);
	return false;
}

int main(int argc, char **argv)
{
	const struct fp_op *op = argc == 3 ? fp_find(argv[1]) : NULL;
	u64 vectors = 0, mismatches = 0, value[5];
	char line[128];
	u32 rm, bits[5];

	if (!op || !find_mode(argv[2], &rm)) {
		fprintf(stderr, "usage: fp-check OPERATION rne|rtz|rdn|rup|rmm <VECTORS\n");
		return 2;
	}
	while (fgets(line, sizeof(line), stdin)) {
		vectors++;
		if (parse(line, value, bits, ARRAY_LEN(value)) == fp_operands(op) + 2 &&
		    check(op, rm, value, bits))
			continue;
		if (++mismatches <= SHOWN)
			fprintf(stderr, "at  %s", line);
	}
	printf("vectors %" PRIu64 ", mismatches %" PRIu64 "\n", vectors, mismatches);
	return mismatches || !vectors;
}
