/* guest.c - which guests there are, and where their parts lie */
#define _XOPEN_SOURCE 700 /* nftw */
#include "guest.h"
#include "fetch.h"
#include "host.h"

#include <dirent.h>
#include <errno.h>
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#define LARGEST_RECIPE ((size_t)256 << 10)
#define DEEPEST        8

/* -- Folders ----------------------------------------------------------------------- */

static int remove_one(const char *path, const struct stat *st, int flag, struct FTW *at)
{
	(void)st;
	(void)flag;
	(void)at;
	return remove(path) && errno != ENOENT;
}

bool remove_all(const char *path)
{
	struct stat st;

	return lstat(path, &st) || !nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

u64 disk_bytes(const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	struct stat st;
	u64 sum = lstat(path, &st) ? 0 : (u64)st.st_blocks * 512;

	while (dir && (entry = readdir(dir))) {
		char *inside = xprintf("%s/%s", path, entry->d_name);

		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			sum += disk_bytes(inside);
		free(inside);
	}
	if (dir)
		closedir(dir);
	return sum;
}

char *guest_folder(const char *name)
{
	char *cache = host_cache_dir();
	char *folder = xprintf("%s/guests/%s", cache, name);

	free(cache);
	return folder;
}

char *guest_manifest(const char *name)
{
	char *folder = guest_folder(name), *path = xprintf("%s/manifest", folder);
	struct err ignored;
	size_t n;
	char *text = (char *)host_read_file(path, MIB, &n, &ignored);

	free(path);
	free(folder);
	return text;
}

/* -- Recipes ------------------------------------------------------------------------- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool recipe_names(struct words *out, struct err *e)
{
	static const char suffix[] = ".yaml";
	char *data = host_data_dir(), *path = xprintf("%s/boards/guests", data);
	DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir)
		err_code(e, "E0702", "no guests are known: %s: %s", path, strerror(errno));
	while (dir && (entry = readdir(dir)))
		if (text_ends(entry->d_name, suffix) && entry->d_name[0] != '.')
			words_add(out, entry->d_name, strlen(entry->d_name) - strlen(suffix));
	if (out->n)
		qsort(out->list, out->n, sizeof(*out->list), by_name);
	if (dir)
		closedir(dir);
	free(path);
	free(data);
	return dir;
}

static bool unknown_guest(const struct words *names, const char *name, struct err *e)
{
	struct nearest near = { 0 };

	for (size_t i = 0; i < names->n; i++)
		nearest_try(&near, name, names->list[i]);
	err_code(e, "E0204", "there is no guest `%.100s`", name);
	return near.word ? err_hint(e, "did you mean `%s`?", near.word)
			 : err_hint(e, "vmbuild fetch --list shows what there is");
}

static recipe_find find_base;

/* `depth`: how many recipes extend this one. */
static struct recipe *read_recipe(const char *name, u32 depth, struct err *e)
{
	char *data = host_data_dir(), *path = xprintf("%s/boards/guests/%s.yaml", data, name);
	struct recipe *r = NULL;
	size_t n;
	char *text = (char *)host_read_file(path, LARGEST_RECIPE, &n, e);

	if (text)
		r = recipe_read(text, n, path, find_base, &depth, e);
	if (r && strcmp(r->name, name) != 0) {
		err_set(e, "%s: the name in the file is another one: `%s`", path, r->name);
		recipe_free(r);
		r = NULL;
	}
	free(text);
	free(path);
	free(data);
	return r;
}

static struct recipe *find_base(void *ctx, const char *name, struct err *e)
{
	const u32 *depth = ctx;

	if (*depth < DEEPEST)
		return read_recipe(name, *depth + 1, e);
	err_set(e, "the recipe `%s` extends too many others, or itself", name);
	return NULL;
}

struct recipe *guest_recipe(const char *name, struct err *e)
{
	struct words names = { 0 };
	struct recipe *r = NULL;

	if (recipe_names(&names, e)) {
		if (words_have(&names, name))
			r = read_recipe(name, 0, e);
		else
			unknown_guest(&names, name, e);
	}
	words_free(&names);
	return r;
}

/* -- What there is ---------------------------------------------------------------------- */

/* Of a text in the manifest; NULL: it has none. */
static const char *value(const char *manifest, const char *key)
{
	char *before = xprintf("\"%s\": \"", key);
	const char *at = manifest ? strstr(manifest, before) : NULL;

	at = at ? at + strlen(before) : NULL;
	free(before);
	return at;
}

static bool is_hash(const char *at, const struct recipe *r)
{
	return at && !strncmp(at, r->hash, strlen(r->hash));
}

static const char *image_value(const char *manifest)
{
	const char *at = value(manifest, "image");

	return at ? at : value(manifest, "recipe");
}

bool guest_is_of(const char *manifest, const struct recipe *r)
{
	return is_hash(value(manifest, "recipe"), r);
}

char *guest_image_recipe(const char *manifest)
{
	const char *at = image_value(manifest);

	return at ? xstrndup(at, strcspn(at, "\"")) : NULL;
}

static enum guest_state state_of(const struct recipe *r, const char *manifest)
{
	if (!manifest)
		return GUEST_NONE;
	if (!guest_is_of(manifest, r))
		return GUEST_OLD;
	return is_hash(image_value(manifest), r) ? GUEST_CURRENT : GUEST_OLD_DISK;
}

static void describe(struct guests *out, const struct recipe *r)
{
	char *folder = guest_folder(r->name);
	struct guest_info *g;

	GROW(&out->list, out->n, &out->cap);
	g = &out->list[out->n++];
	g->name = xstrdup(r->name);
	g->description = xstrdup(r->description);
	g->manifest = guest_manifest(r->name);
	g->state = state_of(r, g->manifest);
	g->bytes = g->manifest ? disk_bytes(folder) : 0;
	free(folder);
}

bool fetch_list(struct guests *out, struct err *e)
{
	struct words names = { 0 };
	bool ok = recipe_names(&names, e);

	for (size_t i = 0; ok && i < names.n; i++) {
		struct recipe *r = read_recipe(names.list[i], 0, e);

		ok = r;
		if (r)
			describe(out, r);
		recipe_free(r);
	}
	words_free(&names);
	return ok;
}

void guests_free(struct guests *g)
{
	for (size_t i = 0; i < g->n; i++) {
		free(g->list[i].name);
		free(g->list[i].description);
		free(g->list[i].manifest);
	}
	free(g->list);
	*g = (struct guests){ 0 };
}

static bool has_part(const struct recipe *r, const char *part)
{
	for (size_t i = 0; i < r->parts.n; i++)
		if (!strcmp(r->parts.list[i].name, part))
			return true;
	return !strcmp(part, "initrd") || !strcmp(part, "image");
}

static bool unknown_part(const struct recipe *r, const char *part, struct err *e)
{
	struct str s = { 0 };

	for (size_t i = 0; i < r->parts.n; i++)
		str_add(&s, "%s, ", r->parts.list[i].name);
	err_code(e, "E0204", "the guest `%s` has no part `%.64s`", r->name, part);
	err_hint(e, "it has %sinitrd, image and bootargs", str_text(&s));
	str_free(&s);
	return false;
}

static char *part_path(const struct recipe *r, const char *part, struct err *e)
{
	char *folder = guest_folder(r->name), *path = xprintf("%s/%s", folder, part);

	free(folder);
	if (!has_part(r, part)) {
		unknown_part(r, part, e);
	} else if (!fetch_is_there(r->name) || access(path, F_OK)) {
		err_code(e, "E0702", "the guest `%s` is not fetched yet", r->name);
		err_hint(e, "vmbuild fetch %s", r->name);
	} else {
		return path;
	}
	free(path);
	return NULL;
}

char *fetch_part(const char *guest, const char *part, struct err *e)
{
	struct recipe *r = guest_recipe(guest, e);
	char *text = NULL;

	if (r)
		text = !strcmp(part, "bootargs") ? xstrdup(r->bootargs) : part_path(r, part, e);
	recipe_free(r);
	return text;
}

bool fetch_is_there(const char *guest)
{
	char *manifest = guest_manifest(guest);

	free(manifest);
	return manifest;
}

bool fetch_is_old(const char *guest)
{
	struct err e = { 0 };
	struct recipe *r = guest_recipe(guest, &e);
	char *manifest = guest_manifest(guest);
	bool old = r && manifest && !guest_is_of(manifest, r);

	free(manifest);
	recipe_free(r);
	return old;
}

/* ext4, "The Super Block": at byte 1024; s_mtime, the time of the last mount, is a u32 at
 * 0x2c in it, and 0 in a new file system. */
bool fetch_disk_used(const char *guest)
{
	char *folder = guest_folder(guest), *image = xprintf("%s/image", folder);
	FILE *f = fopen(image, "rbe");
	u8 mounted[4];
	bool used = f && !fseek(f, 1024 + 0x2c, SEEK_SET) &&
		    fread(mounted, sizeof(mounted), 1, f) == 1 && get_le32(mounted);

	if (f)
		fclose(f);
	free(image);
	free(folder);
	return used;
}
