/* dtb_harts.c - /cpus: what each hart is, and how harts are grouped.
 *
 * Bindings: riscv/cpus.yaml, riscv/extensions.yaml, cpu/cpu-topology.  Both forms of the
 * ISA are written from one value: some guests read only the old string, others only the
 * new list.
 */
#include "dtb.h"

#define CACHE_BLOCK 64 /* bytes that cbo.* works on */

static void write_isa(struct dtb *t, const struct isa *isa)
{
	static const struct {
		enum isa_ext ext;
		const char *prop;
	} blocks[] = {
		{ EXT_Zicbom, "riscv,cbom-block-size" },
		{ EXT_Zicbop, "riscv,cbop-block-size" },
		{ EXT_Zicboz, "riscv,cboz-block-size" },
	};
	const char *names[EXT_COUNT];
	struct str s = { 0 };
	char base[8];
	u32 n = 0;

	isa_format(isa, &s);
	dtb_text(t, "riscv,isa", str_text(&s));
	str_free(&s);
	snprintf(base, sizeof(base), "rv%ui", isa->xlen);
	dtb_text(t, "riscv,isa-base", base);
	for (; isa_nth(isa, n); n++)
		names[n] = isa_nth(isa, n);
	dtb_texts(t, "riscv,isa-extensions", names, n, NULL);
	for (size_t i = 0; i < ARRAY_LEN(blocks); i++)
		if (isa_has(isa, blocks[i].ext))
			dtb_u32(t, blocks[i].prop, CACHE_BLOCK);
}

static void write_intc(struct dtb *t, u32 hart)
{
	u32 slot = slot_of_intc(t, hart);

	dtb_begin(t, "interrupt-controller", slot);
	dtb_text(t, "compatible", "riscv,cpu-intc");
	dtb_flag(t, "interrupt-controller");
	dtb_u32(t, "#interrupt-cells", 1);
	dtb_phandle(t, slot);
	dtb_own_phandle(t, slot);
	dtb_end(t);
}

static void write_cpu(struct dtb *t, const struct plan_cluster *c, u32 hart)
{
	u32 id = t->p->harts[hart].id;
	char name[24];

	snprintf(name, sizeof(name), "cpu@%x", id);
	dtb_begin(t, name, slot_of_cpu(t, hart));
	dtb_text(t, "device_type", "cpu");
	dtb_u32(t, "reg", id);
	dtb_text(t, "status", "okay");
	dtb_texts(t, "compatible", c->compatible, c->ncompatible, "riscv");
	write_isa(t, &c->isa);
	if (c->s_mode) {
		snprintf(name, sizeof(name), "riscv,%s", c->mmu);
		dtb_text(t, "mmu-type", name);
	}
	dtb_own_phandle(t, slot_of_cpu(t, hart));
	write_intc(t, hart);
	dtb_end(t);
}

/* Clusters and cores are counted from 0, whatever the ids of the harts. */
static void write_cpu_map(struct dtb *t)
{
	char name[24];
	u32 hart = 0;

	dtb_begin(t, "cpu-map", SLOT_NONE);
	for (u32 k = 0; k < t->p->nclusters; k++) {
		snprintf(name, sizeof(name), "cluster%u", k);
		dtb_begin(t, name, SLOT_NONE);
		for (u32 i = 0; i < t->p->clusters[k].count; i++) {
			snprintf(name, sizeof(name), "core%u", i);
			dtb_begin(t, name, SLOT_NONE);
			dtb_u32(t, "cpu", dtb_phandle(t, slot_of_cpu(t, hart++)));
			dtb_end(t);
		}
		dtb_end(t);
	}
	dtb_end(t);
}

void dtb_harts(struct dtb *t)
{
	u32 hart = 0;

	dtb_begin(t, "cpus", SLOT_NONE);
	dtb_u32(t, "#address-cells", 1);
	dtb_u32(t, "#size-cells", 0);
	dtb_u32(t, "timebase-frequency", t->p->timebase_hz);
	for (u32 k = 0; k < t->p->nclusters; k++)
		for (u32 i = 0; i < t->p->clusters[k].count; i++)
			write_cpu(t, &t->p->clusters[k], hart++);
	write_cpu_map(t);
	dtb_end(t);
}
