/* lock.c - BOARD.lock.yaml: what `auto` chose, so that it stays when the board changes.
 *
 * A pin is a wish: what is written in the board comes first, then pins, then what `auto`
 * chooses anew.  --locked makes each pin an order and each automatic thing without one a
 * mistake.
 */
#include "parts.h"

static const char *lock_path(struct arena *a, const char *board)
{
	size_t n = strlen(board);

	if (text_ends(board, ".yaml"))
		n -= strlen(".yaml");
	return arena_printf(a, "%.*s.lock.yaml", (int)n, board);
}

const char *board_lock_path(struct board *b)
{
	return lock_path(&b->arena, b->file);
}

/* -- Reading -------------------------------------------------------------------------- */

static struct pos board_start(const struct board *b)
{
	return (struct pos){ b->file, b->root->at.text, 1, 1, 1 };
}

static bool check_lock_head(struct board *b, const struct node *root)
{
	const struct node *version = map_get(root, "vmbuild"), *kind = map_get(root, "kind");

	if (!version || version->kind != NODE_SCALAR || strcmp(version->text, "1") != 0) {
		diag_report(b->ds, version ? version->at : root->at, DIAG_version,
			    "this is no lock file of format 1");
		return diag_hint(b->ds, "delete it, and let `vmbuild lock` write it");
	}
	if (!kind || kind->kind != NODE_SCALAR || strcmp(kind->text, "lock") != 0) {
		diag_report(b->ds, kind ? kind->at : root->at, DIAG_kind,
			    "`kind: lock` should stand here");
		return diag_hint(b->ds, "name the file otherwise: `%s` is the board's lock file",
				 root->at.file);
	}
	return true;
}

void lock_read(struct board *b)
{
	const char *path = board_lock_path(b), *text;
	struct err why = { 0 };
	size_t len = 0;
	char *bytes = b->host->read_file(b->host->ctx, path, BOARD_MAX_FILE, &len, &why);
	const struct node *devices;
	struct node *root;

	if (!bytes && b->locked) {
		diag_report(b->ds, board_start(b), DIAG_locked, "there is no lock file `%s`", path);
		diag_hint(b->ds, "`vmbuild lock %s` writes it", b->file);
	}
	if (!bytes)
		return;
	text = arena_text(&b->arena, bytes, len);
	free(bytes);
	root = tree_new_file(&b->arena, path, text, len, b->ds);
	if (!root || !check_lock_head(b, root))
		return;
	check_keys(b, root, "a lock file", lang_lock);
	devices = map_get(root, "devices");
	b->pins = devices ? check_map(b, devices, "devices") : NULL;
}

const struct node *lock_pin(const struct board *b, const char *device, const char *key)
{
	const struct node *n = b->pins ? map_get(b->pins, device) : NULL;

	return n && n->kind == NODE_MAP ? map_get(n, key) : NULL;
}

void lock_report_lost(struct board *b, const struct node *pin, const char *device, const char *why)
{
	diag_report(b->ds, pin->at, b->locked ? DIAG_locked : DIAG_pin_lost,
		    "`%s` cannot stay here: %s", device, why);
	if (b->locked)
		diag_hint(b->ds, "`vmbuild lock %s` chooses again", b->file);
	else
		diag_hint(b->ds, "it moves; `vmbuild lock %s` pins its new place", b->file);
}

/* -- Writing -------------------------------------------------------------------------- */

static void add_key(struct str *out, const char *device, u32 *keys)
{
	if (!*keys)
		str_add(out, "  %s: {", device);
	else
		str_add(out, ", ");
	++*keys;
}

static void add_irqs(const struct value *v, struct str *out)
{
	if (v->n == 1) {
		str_add(out, "%u", v->irqs[0].line);
		return;
	}
	for (u32 i = 0; i < v->n; i++)
		str_add(out, "%s%u", i ? ", " : "[", v->irqs[i].line);
	str_add(out, "]");
}

static void add_device(const struct board *b, u32 i, struct str *out, u32 *count)
{
	const struct plan_device *d = &b->plan.devices[i];
	const struct draft *draft = &b->drafts[i];
	const struct prop *r;
	u32 row = 0, keys = 0;
	char buf[64];

	if (draft->automatic) {
		add_key(out, d->name, &keys);
		if (draft->bus == BUS_MMIO)
			str_add(out, "reg: %s", address_text(buf, sizeof(buf), d->base));
		else
			str_add(out, "slot: %u", d->slot);
	}
	for_rows(r, d->class->props) {
		if (planned_automatic_irqs(b, i, row) && d->values[row].n) {
			add_key(out, d->name, &keys);
			str_add(out, "%s: ", prop_key(r, buf, sizeof(buf)));
			add_irqs(&d->values[row], out);
		}
		row++;
	}
	if (keys)
		str_add(out, "}\n");
	*count += keys;
}

u32 board_lock_text(const struct board *b, struct str *out)
{
	u32 count = 0;

	str_add(out,
		"# What `auto` chose for %s.yaml: places that stay when the board changes.\n"
		"# `vmbuild lock` writes it; without this file `auto` chooses anew.\n"
		"vmbuild: 1\nkind: lock\ndevices:\n",
		b->plan.name);
	for (u32 i = 0; i < b->plan.ndevices; i++)
		add_device(b, i, out, &count);
	return count;
}

/* -- Is all of it pinned? ---------------------------------------------------------------- */

static void check_pinned(struct board *b, const struct plan_device *d, const char *key)
{
	if (lock_pin(b, d->name, key))
		return;
	diag_report(b->ds, d->at, DIAG_locked,
		    "`%s:` of `%s` is automatic and not in the lock file", key, d->name);
	diag_hint(b->ds, "`vmbuild lock %s` adds it", b->file);
}

void lock_check(struct board *b)
{
	if (!b->locked || !b->pins)
		return;
	for (u32 i = 0; i < b->plan.ndevices; i++) {
		const struct plan_device *d = &b->plan.devices[i];
		const struct prop *r;
		u32 row = 0;
		char key[64];

		if (b->drafts[i].automatic)
			check_pinned(b, d, b->drafts[i].bus == BUS_PCI ? "slot" : "reg");
		for_rows(r, d->class->props) {
			if (planned_automatic_irqs(b, i, row))
				check_pinned(b, d, prop_key(r, key, sizeof(key)));
			row++;
		}
	}
}
