/* json.c - a board for other programs: what `vmbuild map` and `vmbuild describe` show.
 *
 * Addresses are text, "0x80000000": JSON readers that keep numbers as doubles lose bits.
 */
#include "parts.h"

#include <inttypes.h>

static void add_text(struct str *out, const char *key, const char *text)
{
	str_add(out, "\"%s\":", key);
	str_json(out, text);
}

static void add_span(struct str *out, u64 base, u64 size)
{
	str_add(out, ",\"base\":\"0x%" PRIx64 "\",\"size\":%" PRIu64, base, size);
}

/* -- The map ------------------------------------------------------------------------ */

static void add_memory(struct str *out, const struct plan_memory *m)
{
	str_add(out, "{");
	add_text(out, "name", m->name);
	add_span(out, m->base, m->size);
	str_add(out, "}");
}

static void add_irqs(struct str *out, const struct plan *p, const struct plan_device *d)
{
	const struct prop *r;
	const char *sep = "";
	u32 row = 0;

	str_add(out, ",\"interrupts\":[");
	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		for (u32 i = 0; r->kind == PROP_KIND_IRQS && i < v->n; i++, sep = ",") {
			str_add(out, "%s{", sep);
			add_text(out, "controller", p->devices[v->irqs[i].controller].name);
			str_add(out, ",\"line\":%u}", v->irqs[i].line);
		}
	}
	str_add(out, "]");
}

static void add_windows(struct str *out, const struct plan_device *d)
{
	const struct prop *r;
	const char *sep = "";
	char key[64];
	u32 row = 0;

	str_add(out, ",\"windows\":[");
	for_rows(r, d->class->props) {
		const struct value *v = &d->values[row++];

		if (r->kind != PROP_KIND_RANGE || !v->size)
			continue;
		str_add(out, "%s{", sep);
		add_text(out, "name", prop_key(r, key, sizeof(key)));
		add_span(out, v->num, v->size);
		str_add(out, "}");
		sep = ",";
	}
	str_add(out, "]");
}

static void add_files(struct str *out, const struct plan_device *d)
{
	const struct prop *r;
	const char *sep = "";
	u32 row = 0;

	str_add(out, ",\"files\":[");
	for_rows(r, d->class->props) {
		const struct host_spec *h = d->values[row++].host;

		if (!h || !h->path)
			continue;
		str_add(out, "%s", sep);
		str_json(out, h->path);
		sep = ",";
	}
	str_add(out, "]");
}

static void add_device(struct str *out, const struct plan *p, u32 i)
{
	const struct plan_device *d = &p->devices[i];

	str_add(out, "{");
	add_text(out, "name", d->name);
	str_add(out, ",");
	add_text(out, "device", d->class->name);
	if (d->parent == PLAN_NONE && d->size)
		add_span(out, d->base, d->size);
	if (d->parent != PLAN_NONE) {
		str_add(out, ",");
		add_text(out, "bus", p->devices[d->parent].name);
		str_add(out, ",\"slot\":%u", d->slot);
	}
	add_irqs(out, p, d);
	add_windows(out, d);
	add_files(out, d);
	str_add(out, ",\"console\":%s,\"disabled\":%s}", p->stdout_device == i ? "true" : "false",
		d->disabled ? "true" : "false");
}

static void add_map(struct str *out, const struct plan *p)
{
	str_add(out, "\"memory\":[");
	for (u32 i = 0; i < p->nmemory; i++) {
		str_add(out, i ? ",\n  " : "\n  ");
		add_memory(out, &p->memory[i]);
	}
	str_add(out, "],\n \"devices\":[");
	for (u32 i = 0; i < p->ndevices; i++) {
		str_add(out, i ? ",\n  " : "\n  ");
		add_device(out, p, i);
	}
	str_add(out, "]");
}

void plan_map_json(const struct plan *p, struct str *out)
{
	str_add(out, "{");
	add_map(out, p);
	str_add(out, "}\n");
}

/* -- The board ---------------------------------------------------------------------- */

static void add_param(struct str *out, const struct param *p)
{
	str_add(out, "{");
	add_text(out, "name", p->name);
	str_add(out, ",");
	add_text(out, "type", param_types[p->type]);
	str_add(out, ",\"required\":%s,", p->required ? "true" : "false");
	add_text(out, "value", p->val.absent ? NULL : p->val.text);
	if (p->max != UINT64_MAX)
		str_add(out, ",\"min\":%" PRIu64 ",\"max\":%" PRIu64, p->min, p->max);
	for (u32 i = 0; p->words && p->words[i]; i++) {
		str_add(out, i ? "," : ",\"words\":[");
		str_json(out, p->words[i]);
	}
	str_add(out, p->words && p->words[0] ? "]," : ",");
	add_text(out, "doc", p->doc);
	str_add(out, "}");
}

static void add_cluster(struct str *out, const struct plan_cluster *c)
{
	struct str isa = { 0 };

	isa_format(&c->isa, &isa);
	str_add(out, "{");
	add_text(out, "name", c->name);
	str_add(out, ",\"first\":%u,\"count\":%u,", c->first, c->count);
	add_text(out, "isa", str_text(&isa));
	str_add(out, ",");
	add_text(out, "mmu", c->mmu);
	str_add(out, "}");
	str_free(&isa);
}

static void add_boot(struct str *out, const struct plan_boot *boot)
{
	static const char *const firmware[] = { "builtin", "none" };

	add_text(out, "firmware",
		 boot->firmware == FIRMWARE_FILE ? boot->firmware_file.path
						 : firmware[boot->firmware]);
	str_add(out, ",");
	add_text(out, "kernel", boot->kernel.path);
	str_add(out, ",");
	add_text(out, "initrd", boot->initrd.path);
	str_add(out, ",");
	add_text(out, "dtb", boot->dtb.path);
	str_add(out, ",");
	add_text(out, "bootargs", boot->bootargs);
	str_add(out, ",\"load\":[");
	for (u32 i = 0; i < boot->nload; i++) {
		str_add(out, i ? "," : "");
		str_json(out, boot->load[i].path);
	}
	str_add(out, "]");
}

void plan_describe_json(const struct board *b, struct str *out)
{
	const struct plan *p = &b->plan;

	str_add(out, "{");
	add_text(out, "name", p->name);
	str_add(out, ",");
	add_text(out, "description", p->description);
	str_add(out, ",");
	add_text(out, "guest", p->guest);
	str_add(out, ",\"guest-missing\":%s,\n \"parameters\":[",
		p->guest_missing ? "true" : "false");
	for (u32 i = 0; i < b->nparams; i++) {
		str_add(out, i ? ",\n  " : "\n  ");
		add_param(out, &b->params[i]);
	}
	str_add(out, "],\n \"clusters\":[");
	for (u32 i = 0; i < p->nclusters; i++) {
		str_add(out, i ? ",\n  " : "\n  ");
		add_cluster(out, &p->clusters[i]);
	}
	str_add(out, "],\n \"boot\":{");
	add_boot(out, &p->boot);
	str_add(out, "},\n ");
	add_map(out, p);
	str_add(out, "}\n");
}
