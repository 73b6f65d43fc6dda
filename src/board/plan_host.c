/* plan_host.c - `host:` of a device: what it is connected to outside. */
#include "parts.h"

/* -- What can be used only once ----------------------------------------------------- */

static bool is_claimed(struct planner *pl, enum diag_code code, const char *what,
		       const char *sentence, struct pos at)
{
	const struct pair *other = map_pair(pl->claimed, what);

	if (!other)
		return false;
	diag_report(pl->b->ds, at, code, "%s", sentence);
	diag_note(pl->b->ds, other->key_at, "the first use is here");
	return true;
}

static void claim(struct planner *pl, const char *what, struct pos at)
{
	map_put(&pl->b->arena, pl->claimed, arena_text(&pl->b->arena, what, strlen(what)), at,
		node_new(&pl->b->arena, NODE_SCALAR, at));
}

void plan_claim(struct planner *pl, enum diag_code code, const char *what, const char *sentence,
		struct pos at)
{
	if (!is_claimed(pl, code, what, sentence, at))
		claim(pl, what, at);
}

/* What is written nobody else has; what is only read others may read. */
static void claim_file(struct planner *pl, const char *path, bool reading, struct pos at)
{
	const char *sentence = arena_printf(&pl->b->arena, "`%s` is used twice", path);
	const char *written = arena_printf(&pl->b->arena, "/%s", path);
	const char *read = arena_printf(&pl->b->arena, "read /%s", path);

	if (is_claimed(pl, DIAG_host_twice, written, sentence, at) ||
	    (!reading && is_claimed(pl, DIAG_host_twice, read, sentence, at)))
		return;
	if (!reading || !map_pair(pl->claimed, read))
		claim(pl, reading ? read : written, at);
}

void plan_claim_file(struct planner *pl, const char *path, struct pos at)
{
	claim_file(pl, path, false, at);
}

/* -- Character devices ---------------------------------------------------------------- */

static void read_own_path(struct planner *pl, struct node *n, const char *key,
			  struct host_spec *spec)
{
	if (!check_text(pl->b, n, key))
		return;
	spec->path = node_path(&pl->b->arena, n);
	plan_claim_file(pl, spec->path, n->at);
}

/* The words of the claim are those of a forward: both are a port of this host. */
static void read_chardev_port(struct planner *pl, struct node *n, const char *key,
			      struct host_spec *spec)
{
	u64 port;

	if (!check_number(pl->b, n, key, &port) ||
	    !check_range(pl->b, n, key, UNIT_NONE, port, 1, UINT16_MAX))
		return;
	spec->port = (u16)port;
	plan_claim(pl, DIAG_host_twice, arena_printf(&pl->b->arena, "127.0.0.1:%u", spec->port),
		   arena_printf(&pl->b->arena, "port 127.0.0.1:%u of this host is used twice",
				spec->port),
		   n->at);
}

static bool read_chardev_map(struct planner *pl, const struct node *n, struct host_spec *spec)
{
	static const struct {
		const char *key;
		enum spec_kind kind;
		void (*read)(struct planner *pl, struct node *n, const char *key,
			     struct host_spec *spec);
	} kinds[] = { { "file", HOST_FILE_OUT, read_own_path },
		      { "socket", HOST_SOCKET, read_own_path },
		      { "log", HOST_LOG, read_own_path },
		      { "tcp", HOST_TCP, read_chardev_port } };
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
		if (p->value->absent)
			report_absent(pl->b, p, key);
		else
			kinds[i].read(pl, p->value, key, spec);
	}
	if (!any)
		report_missing(pl->b, n->at, "one of `file:`, `socket:`, `log:` and `tcp:`", NULL);
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

static void warn_qcow2(struct planner *pl, const char *path, struct pos at)
{
	diag_report(pl->b->ds, at, DIAG_qcow2_as_raw,
		    "`%s` is read as a raw image: what a file is called or begins with is not "
		    "asked",
		    path);
	diag_hint(pl->b->ds, "add `format: qcow2`, or `format: raw` if that is meant");
}

/* NULL: it is not there, which may be a mistake, and then that is reported. */
static const char *read_disk_file(struct planner *pl, const struct node *n, const char *device,
				  struct pos *at)
{
	struct pair *p = map_pair(n, "file");

	if (!p) {
		report_missing(pl->b, n->at, "`file:`", "the disk's image");
		diag_hint(pl->b->ds, "write `%s: {host: {file: disk.img, format: raw}}`", device);
	} else if (p->value->absent) {
		report_absent(pl->b, p, "file");
	} else if (check_text(pl->b, p->value, "file")) {
		*at = (p->value->from ? p->value->from : p->value)->at;
		return node_path(&pl->b->arena, p->value);
	}
	return NULL;
}

static enum disk_format read_format(struct planner *pl, const struct node *map, const char *path,
				    struct pos at)
{
	static const enum disk_format formats[] = { DISK_RAW, DISK_QCOW2 };
	const struct node *v = map_get(map, "format");
	i32 word = v ? check_word(pl->b, v, "format", words_disk) : 0;

	if (!v && path && text_ends(path, ".qcow2"))
		warn_qcow2(pl, path, at);
	return formats[MAX(word, 0)];
}

/* Only qcow2 knows what it lacks. */
static bool may_have_backing(struct planner *pl, const struct pair *p, enum disk_format format,
			     u32 depth)
{
	if (format != DISK_QCOW2)
		diag_report(pl->b->ds, p->key_at, DIAG_wrong_form,
			    "backing: nothing lies under a raw image");
	else if (depth == DISK_LAYERS)
		diag_report(pl->b->ds, p->key_at, DIAG_wrong_form,
			    "backing: more than %d images under each other", DISK_LAYERS);
	else
		return true;
	if (format != DISK_QCOW2)
		diag_hint(pl->b->ds, "add `format: qcow2`, if the image over it is one");
	return false;
}

static const struct disk_backing *read_backing(struct planner *pl, const struct node *map,
					       enum disk_format format, const char *device,
					       u32 depth)
{
	struct pair *p = map_pair(map, "backing");
	struct disk_backing *b;
	const struct node *in;
	struct pos at;

	if (!p || p->value->absent || !may_have_backing(pl, p, format, depth))
		return NULL;
	in = check_map(pl->b, p->value, "backing");
	if (!in) {
		diag_hint(pl->b->ds, "write `backing: {file: base.img, format: raw}`");
		return NULL;
	}
	check_keys(pl->b, in, "`backing:` of a disk", lang_backing);
	b = NEW(&pl->b->arena, struct disk_backing);
	b->path = read_disk_file(pl, in, device, &at);
	if (b->path)
		claim_file(pl, b->path, true, at);
	b->format = read_format(pl, in, b->path, at);
	b->backing = read_backing(pl, in, b->format, device, depth + 1);
	return b;
}

static void read_cache(struct planner *pl, const struct node *map, struct host_spec *spec)
{
	static const enum disk_cache kinds[] = { CACHE_WRITEBACK, CACHE_WRITETHROUGH, CACHE_NONE,
						 CACHE_UNSAFE };
	const struct node *v = map_get(map, "cache");
	i32 word = v ? check_word(pl->b, v, "cache", words_cache) : 0;

	spec->cache = kinds[MAX(word, 0)];
	if (spec->cache != CACHE_NONE || spec->format == DISK_RAW)
		return;
	diag_report(pl->b->ds, v->at, DIAG_wrong_form, "cache: `none` is for raw images");
	diag_hint(pl->b->ds, "cache: writeback");
}

static void read_flag(struct planner *pl, const struct node *map, const char *key, bool *flag)
{
	const struct node *v = map_get(map, key);

	if (v)
		check_bool(pl->b, v, key, flag);
}

static bool read_disk(struct planner *pl, const struct node *n, const char *device,
		      struct host_spec *spec)
{
	const struct node *map = check_map(pl->b, n, "host");

	if (!map) {
		diag_hint(pl->b->ds, "write `host: {file: %s, format: raw}`",
			  n->kind == NODE_SCALAR ? n->text : "disk.img");
		return false;
	}
	check_keys(pl->b, map, "`host:` of a disk", lang_disk);
	spec->kind = HOST_DISK;
	spec->path = read_disk_file(pl, map, device, &spec->at);
	spec->format = read_format(pl, map, spec->path, spec->at);
	spec->backing = read_backing(pl, map, spec->format, device, 1);
	read_cache(pl, map, spec);
	read_flag(pl, map, "read-only", &spec->read_only);
	read_flag(pl, map, "ephemeral", &spec->ephemeral);
	if (spec->path)
		claim_file(pl, spec->path, spec->read_only || spec->ephemeral, spec->at);
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

/* -- Sockets ---------------------------------------------------------------------------- */

static bool read_vsock(struct planner *pl, const struct node *n, const char *device,
		       struct host_spec *spec)
{
	const struct node *map = check_map(pl->b, n, "host");
	struct pair *p = map ? map_pair(map, "socket") : NULL;

	if (!map)
		return diag_hint(pl->b->ds, "write `host: {socket: %s}`",
				 n->kind == NODE_SCALAR ? n->text : "vm.sock");
	check_keys(pl->b, map, "`host:` of virtio-vsock", lang_vsock);
	spec->kind = HOST_VSOCK;
	if (!p) {
		report_missing(pl->b, map->at, "`socket:`", "the path of the sockets");
		diag_hint(pl->b->ds, "write `%s: {host: {socket: vm.sock}}`", device);
	} else if (p->value->absent) {
		report_absent(pl->b, p, "socket");
	} else {
		read_own_path(pl, p->value, "socket", spec);
	}
	return true;
}

/* -- Sound ------------------------------------------------------------------------------ */

static bool read_player(struct planner *pl, const struct node *n, const char *key,
			struct host_spec *spec)
{
	i32 word = check_word(pl->b, n, key, words_audio);

	spec->kind = word > 0 ? HOST_SOUND : HOST_NULL;
	spec->or_nobody = word > 0 && !strcmp(words_audio[word], "auto");
	return word >= 0;
}

static void read_record(struct planner *pl, const struct node *map, struct host_spec *spec)
{
	struct pair *p = map_pair(map, "record");

	if (!p || !check_bool(pl->b, p->value, "record", &spec->record) || !spec->record ||
	    spec->kind == HOST_SOUND)
		return;
	diag_report(pl->b->ds, p->key_at, DIAG_wrong_form,
		    "record: the microphone comes with `play: auto` or `play: sdl`");
}

static bool read_audio_map(struct planner *pl, const struct node *n, const char *device,
			   struct host_spec *spec)
{
	struct pair *wav = map_pair(n, "wav"), *player = map_pair(n, "play");

	check_keys(pl->b, n, "`host:` of a sound card", lang_audio);
	if (wav && player)
		return diag_report(pl->b->ds, player->key_at, DIAG_wrong_form,
				   "host: it can be only one of `wav:` and `play:`");
	if (!wav && !player) {
		report_missing(pl->b, n->at, "one of `wav:` and `play:`", NULL);
		return diag_hint(pl->b->ds, "write `%s: {host: {wav: sound.wav}}`", device);
	}
	if ((wav ? wav : player)->value->absent) {
		report_absent(pl->b, wav ? wav : player, wav ? "wav" : "play");
	} else if (wav) {
		spec->kind = HOST_WAV;
		read_own_path(pl, wav->value, "wav", spec);
	} else {
		read_player(pl, player->value, "play", spec);
	}
	read_record(pl, n, spec);
	return true;
}

static bool read_audio(struct planner *pl, const struct node *n, const char *device,
		       struct host_spec *spec)
{
	return n->kind == NODE_MAP ? read_audio_map(pl, n, device, spec)
				   : read_player(pl, n, "host", spec);
}

const struct host_spec *plan_host_spec(struct planner *pl, const struct prop *row,
				       const struct node *n, const char *device)
{
	struct host_spec *spec = NEW(&pl->b->arena, struct host_spec);
	bool good;

	spec->name = device;
	spec->at = n->at;
	good = row->kind == PROP_KIND_CHARDEV   ? read_chardev(pl, n, spec)
	       : row->kind == PROP_KIND_NET     ? plan_net_spec(pl, n, device, spec)
	       : row->kind == PROP_KIND_DISPLAY ? plan_display_spec(pl, n, device, spec)
	       : row->kind == PROP_KIND_SHARE   ? read_share(pl, n, device, spec)
	       : row->kind == PROP_KIND_VSOCK   ? read_vsock(pl, n, device, spec)
	       : row->kind == PROP_KIND_AUDIO   ? read_audio(pl, n, device, spec)
						: read_disk(pl, n, device, spec);
	return good ? spec : NULL;
}
