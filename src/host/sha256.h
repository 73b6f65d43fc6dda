/* sha256.h - SHA-256 (FIPS 180-4), to check what was downloaded. */
#ifndef SHA256_H
#define SHA256_H

#include "base.h"

#define SHA256_HEX 65 /* 64 digits and a NUL */

void sha256_hex(const void *bytes, size_t n, char hex[SHA256_HEX]);
bool sha256_file(const char *path, char hex[SHA256_HEX], struct err *e);

#endif
