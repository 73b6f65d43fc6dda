/* decoder.h - the text of rv.def, for the decoder and the disassembler. */
#ifndef DECODER_H
#define DECODER_H

#include "hart.h"

/* A line of rv.def, without its meaning. */
struct source {
	const char *name, *ext, *bits;
	const char *where, *fixed; /* C rows */
	const char *operands;
	enum row row;
	u32 xlen; /* 0: any */
};

extern const struct source sources[];
extern const u32 source_count;

/* decode(), and the line that matched, or NULL. */
enum row decode_source(const struct decoder *d, u32 word, struct op *op, const struct source **out);

#endif
