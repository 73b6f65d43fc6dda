/* engine.c - the ways to run guest instructions that this build has. */
#include "riscv.h"

#define E(name) extern const struct engine engine_##name;
#include "engines.inc"
#undef E

const struct engine *const engines[] = {
#define E(name) &engine_##name,
#include "engines.inc"
#undef E
	NULL
};

const struct engine *engine_find(const char *name)
{
	for (u32 i = 0; engines[i]; i++)
		if (!strcmp(engines[i]->name, name))
			return engines[i];
	return NULL;
}
