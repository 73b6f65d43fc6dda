/* plan_host.c - `host:` of a device: what it is connected to outside. */
#include "parts.h"

/* -- What can be used only once ----------------------------------------------------- */

void plan_claim(struct planner *pl, enum diag_code code, const char *what, const char *sentence,
		struct pos at)
{
	struct pair *twice = map_pair(pl->claimed, what);

	if (!twice) {
		map_put(&pl->b->arena, pl->claimed, arena_text(&pl->b->arena, what, strlen(what)),
			at, node_new(&pl->b->arena, NODE_SCALAR, at));
		return;
	}
	diag_report(pl->b->ds, at, code, "%s", sentence);
	diag_note(pl->b->ds, twice->key_at, "the first use is here");
}

void plan_claim_file(struct planner *pl, const char *path, struct pos at)
{
	plan_claim(pl, DIAG_host_twice, arena_printf(&pl->b->arena, "/%s", path),
		   arena_printf(&pl->b->arena, "`%s` is used twice", path), at);
}

/* -- Character devices ---------------------------------------------------------------- */

static bool read_chardev_map(struct planner *pl, const struct node *n, struct host_spec *spec)
{
	static const struct {
		const char *key;
		enum spec_kind kind;
	} kinds[] = { { "file", HOST_FILE_OUT }, { "socket", HOST_SOCKET }, { "log", HOST_LOG } };
	bool any = false;

	check_keys(pl->b, n, "`host:` of a character device", lang_chardev);
	for (u32 i = 0; i < ARRAY_LEN(kinds); i++) {
		const char *key = kinds[i].key;
		struct pair *p = map_pair(n, key);

		if (!p)
			continue;
		if (any) {
			diag_report(pl->b->ds, p->key_at, DIAG_wrong_form,
				    "host: it can be only one of these");
			return false;
		}
		any = true;
		spec->kind = kinds[i].kind;
		if (p->value->absent) {
			report_absent(pl->b, p, key);
		} else if (check_text(pl->b, p->value, key)) {
			spec->path = node_path(&pl->b->arena, p->value);
			plan_claim_file(pl, spec->path, p->value->at);
		}
	}
	if (!any)
		report_missing(pl->b, n->at, "one of `file:`, `socket:` and `log:`", NULL);
	return any;
}

static bool read_chardev(struct planner *pl, const struct node *n, struct host_spec *spec)
{
	static const enum spec_kind kinds[] = { HOST_NULL, HOST_STDIO, HOST_PTY };
	i32 word;

	if (n->kind == NODE_MAP)
		return read_chardev_map(pl, n, spec);
	word = check_word(pl->b, n, "host", words_chardev);
	if (word < 0)
		return false;
	spec->kind = kinds[word];
	if (spec->kind == HOST_STDIO)
		plan_claim(pl, DIAG_host_twice, "stdio", "two devices want the terminal", n->at);
	return true;
}

/* -- Disks ---------------------------------------------------------------------------- */

static void warn_qcow2(struct planner *pl, const struct host_spec *spec)
{
	diag_report(pl->b->ds, spec->at, DIAG_qcow2_as_raw,
		    "`%s` is read as a raw image: what a file is called or begins with is not "
		    "asked",
		    spec->path);
	diag_hint(pl->b->ds, "qemu-img convert -O raw makes a raw image of it");
}

static void read_disk_file(struct planner *pl, const struct node *n, const char *device,
			   struct host_spec *spec)
{
	struct pair *p = map_pair(n, "file");

	if (!p) {
		report_missing(pl->b, n->at, "`file:`", "the disk's image");
		diag_hint(pl->b->ds, "write `%s: {host: {file: disk.img, format: raw}}`", device);
	} else if (p->value->absent) {
		report_absent(pl->b, p, "file");
	} else if (check_text(pl->b, p->value, "file")) {
		spec->path = node_path(&pl->b->arena, p->value);
		spec->at = (p->value->from ? p->value->from : p->value)->at;
		if (text_ends(spec->path, ".qcow2"))
			warn_qcow2(pl, spec);
	}
}

static bool read_disk(struct planner *pl, const struct node *n, const char *device,
		      struct host_spec *spec)
{
	static const enum disk_cache kinds[] = { CACHE_WRITEBACK, CACHE_WRITETHROUGH, CACHE_NONE,
						 CACHE_UNSAFE };
	const struct node *map = check_map(pl->b, n, "host"), *v;
	i32 word;

	if (!map) {
		diag_hint(pl->b->ds, "write `host: {file: %s, format: raw}`",
			  n->kind == NODE_SCALAR ? n->text : "disk.img");
		return false;
	}
	check_keys(pl->b, map, "`host:` of a disk", lang_disk);
	spec->kind = HOST_DISK;
	read_disk_file(pl, map, device, spec);
	if ((v = map_get(map, "format")))
		check_word(pl->b, v, "format", words_disk);
	word = (v = map_get(map, "cache")) ? check_word(pl->b, v, "cache", words_cache) : 0;
	spec->cache = kinds[MAX(word, 0)];
	if ((v = map_get(map, "read-only")))
		check_bool(pl->b, v, "read-only", &spec->read_only);
	if (spec->path && !spec->read_only)
		plan_claim_file(pl, spec->path, spec->at);
	return true;
}

/* -- Folders ---------------------------------------------------------------------------- */

static bool read_share(struct planner *pl, const struct node *n, const char *device,
		       struct host_spec *spec)
{
	const struct node *map = check_map(pl->b, n, "host"), *v;
	struct pair *p = map ? map_pair(map, "share") : NULL;

	if (!map)
		return diag_hint(pl->b->ds, "write `host: {share: %s}`",
				 n->kind == NODE_SCALAR ? n->text : "folder");
	check_keys(pl->b, map, "`host:` of a shared folder", lang_share);
	spec->kind = HOST_SHARE;
	if ((v = map_get(map, "read-only")))
		check_bool(pl->b, v, "read-only", &spec->read_only);
	if (!p) {
		report_missing(pl->b, map->at, "`share:`", "the folder that the guest may use");
		diag_hint(pl->b->ds, "write `%s: {host: {share: folder}}`", device);
	} else if (p->value->absent) {
		report_absent(pl->b, p, "share");
	} else if (check_text(pl->b, p->value, "share")) {
		spec->path = node_path(&pl->b->arena, p->value);
	}
	return true;
}

const struct host_spec *plan_host_spec(struct planner *pl, const struct prop *row,
				       const struct node *n, const char *device)
{
	struct host_spec *spec = NEW(&pl->b->arena, struct host_spec);
	bool good;

	spec->at = n->at;
	good = row->kind == PROP_KIND_CHARDEV   ? read_chardev(pl, n, spec)
	       : row->kind == PROP_KIND_NET     ? plan_net_spec(pl, n, device, spec)
	       : row->kind == PROP_KIND_DISPLAY ? plan_display_spec(pl, n, device, spec)
	       : row->kind == PROP_KIND_SHARE   ? read_share(pl, n, device, spec)
						: read_disk(pl, n, device, spec);
	return good ? spec : NULL;
}
