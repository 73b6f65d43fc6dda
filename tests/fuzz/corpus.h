/* corpus.h - the corpus through a target without a fuzzer: every file as it is, and changed a
 * little in ways that are the same each time.  None may take longer than a few seconds.
 */
#ifndef CORPUS_H
#define CORPUS_H

#include "chance.h"
#include "fuzz.h"
#include "patience.h"

#include <dirent.h>

#define CHANGES 12 /* of each file */

static u32 corpus_seed = 1;

static inline u32 corpus_random(u32 below)
{
	return xorshift(&corpus_seed) % below;
}

static inline void corpus_timed(const char *path, const u8 *bytes, size_t n)
{
	u64 start = cpu_ns();

	fuzz_one(bytes, n);
	if (cpu_ns() - start > (u64)10 * 1000000000) /* sanitizers are slow */
		fail_msg("%s takes too long", path);
}

/* A byte changed, a piece taken out, a piece repeated. */
static inline size_t corpus_change(u8 *bytes, size_t n, size_t cap)
{
	size_t at = corpus_random((u32)n), len = 1 + corpus_random((u32)MIN(n - at, 16));

	switch (corpus_random(3)) {
	case 0:
		bytes[at] = (u8) "{}[]:,-#&*!|>%@`\"' \n\t0x$()~."[corpus_random(29)];
		return n;
	case 1:
		memmove(bytes + at, bytes + at + len, n - at - len);
		return n - len;
	default:
		if (n + len > cap)
			return n;
		memmove(bytes + at + len, bytes + at, n - at);
		return n + len;
	}
}

static inline void corpus_file(const char *path)
{
	struct err why = { 0 };
	size_t n = 0, changed;
	u8 *bytes = (u8 *)load_real(path, 2 * MIB, &n, &why);
	u8 *copy = xzalloc(n + 64);

	corpus_timed(path, bytes, n);
	for (u32 i = 0; n && i < CHANGES; i++) {
		memcpy(copy, bytes, n);
		changed = corpus_change(copy, n, n + 64);
		if (changed)
			changed = corpus_change(copy, changed, n + 64);
		corpus_timed(path, copy, changed);
	}
	free(copy);
	free(bytes);
}

static inline u32 corpus_folder(const char *folder, const char *suffix)
{
	DIR *d = opendir(folder);
	struct dirent *e;
	u32 n = 0;

	if (!d)
		fail_msg("no folder %s", folder);
	while ((e = readdir(d))) {
		char *path = xprintf("%s/%s", folder, e->d_name);

		if (text_ends(path, suffix)) {
			corpus_file(path);
			n++;
		}
		free(path);
	}
	closedir(d);
	return n;
}

#endif
