/* template.c - a new board to begin with, and the words that can follow on a command line. */
#include "parts.h"

/* -- A new board ----------------------------------------------------------------------- */

static void add_comment(struct str *out, size_t line, const char *text)
{
	size_t wide = out->n - line;

	str_add(out, "%*s # %s\n", wide < 44 ? (int)(44 - wide) : 0, "", text);
}

static void add_params(const struct board *b, struct str *out)
{
	if (!b->nparams)
		return;
	str_add(out,
		"\n# A plain value is a new default; `-p NAME=VALUE` sets one for a single run.\n"
		"params:\n");
	for (u32 i = 0; i < b->nparams; i++) {
		const struct param *p = &b->params[i];
		size_t line = out->n;

		str_add(out, "  # %s: %s", p->name,
			p->val.absent || p->type == PARAM_PATH ? "..."
			: p->val.text[0]                       ? p->val.text
							       : "\"\"");
		add_comment(out, line, p->doc ? p->doc : param_types[p->type]);
	}
}

static void add_devices(const struct board *b, struct str *out)
{
	const struct plan *p = &b->plan;

	str_add(out, "\n# Without `device:` an entry changes an inherited device, with it it makes "
		     "one:\n"
		     "# `vmbuild devices` lists the classes, `vmbuild devices NAME` what one can "
		     "be told.\n"
		     "devices:\n");
	for (u32 i = 0; i < p->ndevices; i++) {
		const struct plan_device *d = &p->devices[i];
		size_t line = out->n;

		str_add(out, "  # %s: {...}", d->name);
		add_comment(out, line, d->class->doc);
	}
	str_add(out, "  # uart1: {device: uart-16550, reg: auto, interrupts: auto, host: pty}\n"
		     "  # rtc0: !delete\n");
}

void board_template(const struct board *b, const char *name, const char *from, struct str *out)
{
	size_t line;

	str_add(out,
		"vmbuild: 1                                   # the version of this language\n"
		"kind: board\n"
		"name: %s\n"
		"description: what it is, in one line\n",
		name);
	line = out->n;
	str_add(out, "extends: %s", from);
	add_comment(out, line, "all of it is here already");
	add_params(b, out);
	str_add(out, "\n# boot: {kernel: Image, bootargs: console=ttyS0}\n");
	add_devices(b, out);
	str_add(out,
		"\n# vmbuild check %s.yaml    is it right?\n"
		"# vmbuild map %s.yaml      what is where\n"
		"# vmbuild run %s.yaml      run it\n",
		name, name, name);
}

/* -- Completion ---------------------------------------------------------------------------- */

void board_param_words(const struct board *b, struct str *out)
{
	for (u32 i = 0; i < b->nparams; i++)
		str_add(out, "%s=\n", b->params[i].name);
}

static void add_paths(const struct node *map, const char *prefix, struct str *out)
{
	struct pair *p;

	for_pairs(p, map) {
		char path[256];

		snprintf(path, sizeof(path), "%s%s%s", prefix, *prefix ? "." : "", p->key);
		if (p->value->kind == NODE_MAP)
			add_paths(p->value, path, out);
		else
			str_add(out, "%s=\n", path);
	}
}

/* What a device could be told besides. */
static void add_props(const struct plan_device *d, struct str *out)
{
	const struct prop *r;
	char key[64];

	for_rows(r, d->class->props)
		str_add(out, "devices.%s.%s=\n", d->name, prop_key(r, key, sizeof(key)));
}

void board_path_words(const struct board *b, struct str *out)
{
	add_paths(b->root, "", out);
	for (u32 i = 0; i < b->plan.ndevices; i++)
		if (b->plan.devices[i].parent == PLAN_NONE)
			add_props(&b->plan.devices[i], out);
}
