/* fuzz.h - what fuzz targets share.  Each has fuzz_one(); under libFuzzer that is the target,
 * in `make check` the files of the corpus go through it, each also with some bytes changed.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "../board/loading.h"

int fuzz_one(const uint8_t *data, size_t size);

#endif
