/* boot.h - what lies in memory when the first hart starts, and where harts start.
 *
 * The images are read once and kept, so that a reboot needs no file again.
 */
#ifndef BOOT_H
#define BOOT_H

#include "board.h"
#include "image.h"
#include "mem.h"
#include "riscv.h"

struct boot;

/* Reads and places everything.  Mistakes go to `ds`, with both places of an overlap. */
struct boot *boot_new(const struct plan *plan, const struct image_source *files, bool rng_seed,
		      struct diags *ds); /* or NULL */
void boot_free(struct boot *b);          /* accepts NULL */

/* Copies it all into RAM. */
void boot_load(const struct boot *b, struct mem *mem);

/* How the i-th hart starts. */
struct hart_start boot_start(const struct boot *b, u32 hart);

/* An ELF symbol of what was loaded; false: no image has it. */
bool boot_symbol(const struct boot *b, const char *name, u64 *value);

#endif
