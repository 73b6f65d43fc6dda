/* fetch.c - from a recipe to a guest in the cache
 *
 * One fetch at a time (a lock).  What is made appears as a whole: it is built in a
 * folder beside the guest's, which then takes its place.  So an end in the middle,
 * whatever it is, leaves the old guest, the packages and the part of a package that
 * is there.
 */
#include "fetch.h"
#include "guest.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <inttypes.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

struct fetch {
	const struct fetch_options *o;
	struct recipe *recipe;
	char *cache, *store, *incoming;
	char *folder, *building, *unpacked; /* of the guest */
	struct apt apt;
	struct packages packages;  /* unpacked, for what is in them */
	struct packages installed; /* on the disk */
	u64 on_disk;               /* packages that are unpacked there already */
	u64 missing_bytes;
	struct err *e;
};

static void tell(const struct fetch *f, enum fetch_stage stage, const char *text, u64 done,
		 u64 total)
{
	const struct fetch_progress p = { stage, text, done, total };

	if (f->o->progress)
		f->o->progress(f->o->ctx, &p);
}

/* -- Before anything is done ---------------------------------------------------------- */

static bool have_programs(const struct recipe *r, struct err *e)
{
	static const struct {
		const char *program, *package;
		bool installs; /* needed only by a guest that is installed */
	} needed[] = { { "apt-get", "apt", false },      { "dpkg-deb", "dpkg", false },
		       { "mke2fs", "e2fsprogs", false }, { "debugfs", "e2fsprogs", false },
		       { "xz", "xz-utils", false },      { "env", "coreutils", false },
		       { "fakeroot", "fakeroot", true }, { "depmod", "kmod", true } };

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		char *path = program_find(needed[i].program);

		free(path);
		if (path || (needed[i].installs && !r->install.n))
			continue;
		err_code(e, "E0604", "a guest cannot be made without `%s`", needed[i].program);
		return err_hint(e, "apt install %s; or name files: -p kernel=FILE -p initrd=FILE",
				needed[i].package);
	}
	return true;
}

/* Held until the descriptor is closed, by whatever end. */
static int lock(const struct fetch *f)
{
	char *path = xprintf("%s/lock", f->cache);
	int fd = host_mkdirs(f->cache, f->e) ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd < 0 && !f->e->text[0])
		err_code(f->e, "E0604", "%s: %s", path, strerror(errno));
	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		tell(f, FETCH_WAIT, "another vmbuild fetch", 0, 0);
		while (flock(fd, LOCK_EX) && errno == EINTR)
			;
	}
	free(path);
	return fd;
}

/* A machine that runs on the disk would lose it. */
static bool disk_is_free(const struct fetch *f)
{
	char *path = xprintf("%s/image", f->folder);
	const struct host_disk d = { .path = path, .cache = HOST_WRITEBACK };
	struct block *b;
	bool is_free = access(path, F_OK) != 0;

	if (!is_free && (b = host_disk_open(&d, f->e))) {
		b->ops->free(b);
		is_free = true;
	}
	free(path);
	return is_free;
}

/* -- Packages ---------------------------------------------------------------------------- */

static u64 bytes_of(const struct packages *p)
{
	u64 sum = 0;

	for (size_t i = 0; i < p->n; i++)
		sum += p->list[i].bytes;
	return sum;
}

static char *stored(const struct fetch *f, const struct package *p)
{
	return xprintf("%s/%s.deb", f->store, p->sha256);
}

/* What is damaged in the store is as good as absent. */
static bool in_store(const struct fetch *f, const struct package *p)
{
	char *path = stored(f, p), hash[SHA256_HEX];
	struct err why;
	bool there = !access(path, R_OK) && sha256_file(path, hash, &why);
	bool good = there && !strcmp(hash, p->sha256);

	if (there && !good) {
		log_line(LOG_WARNING, "%s was damaged (sha256 %s) and is removed", path, hash);
		unlink(path);
	}
	free(path);
	return good;
}

/* Into the store, if it is what the signed index promises; else it is removed. */
static bool adopt(const struct fetch *f, const struct package *p)
{
	char *pattern = xprintf("%s/%s_*.deb", f->incoming, p->name), *to = stored(f, p);
	char hash[SHA256_HEX] = "nothing";
	glob_t found = { 0 };
	bool ok = false;

	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; !ok && i < found.gl_pathc; i++) {
		const char *file = found.gl_pathv[i];

		if (!sha256_file(file, hash, f->e))
			continue;
		ok = !strcmp(hash, p->sha256) && !rename(file, to);
		if (!ok)
			unlink(file); /* damaged, or an older version */
	}
	if (!ok) {
		err_code(f->e, "E0703", "the package %s is damaged: sha256 wanted %s, found %s",
			 p->name, p->sha256, hash);
		err_hint(f->e, "fetch again; only the bad file was removed");
	}
	globfree(&found);
	free(pattern);
	free(to);
	return ok;
}

static void on_index(void *ctx, u32 percent)
{
	tell(ctx, FETCH_INDEX, "list of packages", MIN(percent, 100), 100);
}

static void on_get(void *ctx, u32 percent)
{
	const struct fetch *f = ctx;

	tell(f, FETCH_GET, "packages", f->missing_bytes * MIN(percent, 100) / 100,
	     f->missing_bytes);
}

/* apt sets what was damaged aside; nobody will look at it. */
static void drop_failed(const struct fetch *f)
{
	char *pattern = xprintf("%s/partial/*.FAILED", f->incoming);
	glob_t found = { 0 };

	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++)
		unlink(found.gl_pathv[i]);
	globfree(&found);
	free(pattern);
}

enum loan { LEND, TAKE_BACK };

/* apt does not get what it got already, so it gets a look at what is in the store.  What
 * cannot be lent is got once more. */
static void lend(const struct fetch *f, enum loan loan)
{
	for (size_t i = 0; i < f->installed.n; i++) {
		char *name = apt_file_name(&f->installed.list[i]);
		char *to = xprintf("%s/%s", f->incoming, name);
		char *from = stored(f, &f->installed.list[i]);
		bool there = !access(from, F_OK);

		if (there)
			unlink(to);
		if (there && loan == LEND && link(from, to))
			log_line(LOG_DEBUG, "%s: %s", to, strerror(errno));
		free(from);
		free(to);
		free(name);
	}
}

static bool download(struct fetch *f, const struct packages *all, const struct packages *missing)
{
	bool ok;

	if (all == &f->packages)
		return apt_download(&f->apt, missing, on_get, f, f->e);
	lend(f, LEND);
	ok = apt_download_install(&f->apt, on_get, f, f->e);
	lend(f, TAKE_BACK);
	return ok;
}

static bool get(struct fetch *f, const struct packages *all, const struct packages *missing)
{
	bool ok;

	f->missing_bytes = bytes_of(missing);
	tell(f, FETCH_GET, "packages", 0, f->missing_bytes);
	ok = download(f, all, missing);
	drop_failed(f);
	if (ok)
		tell(f, FETCH_GET, "packages", f->missing_bytes, f->missing_bytes);
	for (size_t i = 0; ok && i < missing->n; i++)
		ok = adopt(f, &missing->list[i]);
	return ok;
}

static u64 free_bytes(const struct fetch *f)
{
	struct statvfs v;

	return statvfs(f->cache, &v) ? UINT64_MAX : (u64)v.f_bavail * v.f_frsize;
}

/* The packages, unpacked once, and the disk.  A kernel's package holds a little more than its
 * size, as what is in it is compressed already; others hold five times as much, which is in
 * a folder and on the disk. */
static bool have_space(struct fetch *f, const struct packages *missing)
{
	u64 there = free_bytes(f);
	u64 need = 64 * MIB + bytes_of(missing) + bytes_of(&f->packages) * 3 / 2 +
		   bytes_of(&f->installed) * 10;

	if (there >= need)
		return true;
	err_code(f->e, "E0609", "%" PRIu64 " MiB are needed in %s, %" PRIu64 " MiB are free",
		 need / MIB, f->cache, there / MIB);
	return err_hint(f->e, "make room, or set XDG_CACHE_HOME to a folder on another disk");
}

static bool have_packages(struct fetch *f, const struct packages *all)
{
	struct packages missing = { 0 };
	bool ok = true;

	for (size_t i = 0; i < all->n; i++) {
		if (in_store(f, &all->list[i]))
			continue;
		GROW(&missing.list, missing.n, &missing.cap);
		missing.list[missing.n++] = all->list[i]; /* borrowed */
	}
	if (missing.n && f->o->offline) {
		ok = err_code(f->e, "E0701", "the package %s is not in the cache",
			      missing.list[0].name);
		err_hint(f->e, "once without --offline: vmbuild fetch %s", f->recipe->name);
	} else {
		ok = have_space(f, &missing) && (!missing.n || get(f, all, &missing));
	}
	free(missing.list);
	return ok;
}

static bool resolve(struct fetch *f)
{
	return apt_resolve(&f->apt, &f->packages, f->e) &&
	       (!f->recipe->install.n || apt_resolve_install(&f->apt, &f->installed, f->e));
}

static bool know_packages(struct fetch *f)
{
	char *sources;
	bool known;

	if (!apt_init(&f->apt, f->recipe, f->cache, f->o->mirror, f->e))
		return false;
	if (!f->o->offline)
		return apt_update(&f->apt, on_index, f, f->e) && resolve(f);
	sources = xprintf("%s/updated", f->apt.folder);
	known = !access(sources, F_OK);
	free(sources);
	if (!known) {
		err_code(f->e, "E0701", "no package index is in the cache");
		return err_hint(f->e, "once without --offline: vmbuild fetch %s", f->recipe->name);
	}
	return resolve(f);
}

/* -- Building -------------------------------------------------------------------------------- */

static bool unpack(struct fetch *f)
{
	for (size_t i = 0; i < f->packages.n; i++) {
		char *deb = stored(f, &f->packages.list[i]);
		const char *argv[] = { "dpkg-deb", "-x", deb, f->unpacked, NULL };
		bool ok;

		tell(f, FETCH_UNPACK, "packages", i, f->packages.n);
		ok = guest_run(argv, NULL, f->e);
		free(deb);
		if (!ok)
			return false;
	}
	tell(f, FETCH_UNPACK, "packages", f->packages.n, f->packages.n);
	return true;
}

static bool read_only(const char *path, struct err *e)
{
	return !chmod(path, 0444) || err_set(e, "%s: %s", path, strerror(errno));
}

static bool take_part(struct fetch *f, const struct recipe_part *part)
{
	char *pattern = xprintf("%s/%s", f->unpacked, part->glob);
	char *to = xprintf("%s/%s", f->building, part->name);
	glob_t found = { 0 };
	bool ok;

	glob(pattern, 0, NULL, &found);
	if (found.gl_pathc != 1)
		ok = err_set(f->e, "%zu files of the packages are %s, one is wanted",
			     found.gl_pathc, part->glob);
	else
		ok = !rename(found.gl_pathv[0], to) || err_set(f->e, "%s: %s", to, strerror(errno));
	ok = ok && read_only(to, f->e);
	globfree(&found);
	free(pattern);
	free(to);
	return ok;
}

static bool take_parts(struct fetch *f)
{
	for (size_t i = 0; i < f->recipe->parts.n; i++)
		if (!take_part(f, &f->recipe->parts.list[i]))
			return false;
	return true;
}

static bool build_initrd(struct fetch *f, const struct modules *m)
{
	char *path = xprintf("%s/initrd", f->building);
	struct tree t;
	bool ok = guest_tree(&t, f->recipe, &f->recipe->initrd, m, f->unpacked, f->e) &&
		  guest_initrd(&t, path, f->e) && read_only(path, f->e);

	guest_tree_free(&t);
	free(path);
	return ok;
}

/* What is in the recipe, and where the guest's own apt finds packages. */
static bool own_files(struct fetch *f, struct tree *t)
{
	char *sources = apt_sources(&f->apt, f->e);
	bool ok = sources && guest_tree_files(t, &f->recipe->image, f->unpacked, f->e) &&
		  guest_tree_text(t, "etc/apt/sources.list", sources, f->e);

	free(sources);
	return ok;
}

static void on_deb(void *ctx)
{
	struct fetch *f = ctx;

	tell(f, FETCH_BUILD, "disk", ++f->on_disk, f->installed.n);
}

static bool install_image(struct fetch *f, const struct modules *m, const char *work,
			  const char *path)
{
	struct words debs = { 0 };
	struct install in = { &debs, f->unpacked, m->release, work, on_deb, f };
	struct tree t = { 0 };
	bool ok = own_files(f, &t);

	for (size_t i = 0; i < f->installed.n; i++) {
		char *deb = stored(f, &f->installed.list[i]);

		words_add(&debs, deb, strlen(deb));
		free(deb);
	}
	ok = ok && guest_install(&in, &t, f->recipe->image_bytes, path, f->e);
	guest_tree_free(&t);
	words_free(&debs);
	return ok;
}

static void on_setup(void *ctx, u64 done, u64 total)
{
	tell(ctx, FETCH_SETUP, "packages", MIN(done, total), total);
}

static bool set_up(struct fetch *f)
{
	char *log = xprintf("%s.log", f->folder);
	struct setup s = { f->building, f->recipe->setup, log, on_setup, f };
	bool ok;

	tell(f, FETCH_SETUP, "packages, in the guest", 0, 0);
	ok = guest_setup(&s, f->e);
	free(log);
	return ok;
}

/* `m` has what is in the initrd. */
static bool tree_image(struct fetch *f, struct modules *m, const char *work, const char *path)
{
	struct tree t = { 0 };
	bool ok = modules_read(m, f->unpacked, &f->recipe->modules, f->e) &&
		  guest_tree(&t, f->recipe, &f->recipe->image, m, f->unpacked, f->e) &&
		  guest_image(&t, f->recipe->image_bytes, work, path, f->e);

	guest_tree_free(&t);
	return ok;
}

static bool build_image(struct fetch *f, struct modules *m)
{
	char *path = xprintf("%s/image", f->building), *work = xprintf("%s/work", f->building);
	bool ok = f->recipe->install.n ? install_image(f, m, work, path)
				       : tree_image(f, m, work, path);

	remove_all(work);
	free(path);
	free(work);
	return ok && (!f->recipe->setup || set_up(f));
}

static bool has_image(const struct fetch *f)
{
	char *path = xprintf("%s/image", f->folder);
	bool there = !access(path, F_OK);

	free(path);
	return there;
}

static void add_packages(struct str *s, const char *key, const struct packages *list)
{
	str_add(s, ",\n  \"%s\": [", key);
	for (size_t i = 0; i < list->n; i++) {
		const struct package *p = &list->list[i];

		str_add(s, "%s\n    {\"name\": \"%s\", \"version\": \"%s\", \"sha256\": \"%s\"}",
			i ? "," : "", p->name, p->version, p->sha256);
	}
	str_add(s, "\n  ]");
}

/* `kept` is the recipe of a disk that was there before, or NULL. */
static bool write_manifest(struct fetch *f, const char *release, const char *kept)
{
	char *path = xprintf("%s/manifest", f->building);
	struct str s = { 0 };
	bool ok;

	str_add(&s, "{\n  \"guest\": \"%s\",\n  \"recipe\": \"%s\",\n  \"image\": \"%s\"",
		f->recipe->name, f->recipe->hash, kept ? kept : f->recipe->hash);
	str_add(&s, ",\n  \"kernel\": \"%s\"", release);
	add_packages(&s, "packages", &f->packages);
	add_packages(&s, "installed", &f->installed);
	str_add(&s, "\n}\n");
	ok = host_write_file(path, s.p, s.n, f->e);
	str_free(&s);
	free(path);
	return ok;
}

static bool move_image(const char *from_folder, const char *to_folder)
{
	char *from = xprintf("%s/image", from_folder), *to = xprintf("%s/image", to_folder);
	bool ok = !access(to, F_OK) || !rename(from, to) || errno == ENOENT;

	free(from);
	free(to);
	return ok;
}

/* What take_place() leaves when it is ended in the middle: the user's disk is in the old
 * folder. */
static bool recover(struct fetch *f)
{
	char *old = xprintf("%s.old", f->folder);
	bool ok = access(old, F_OK) ||
		  (access(f->folder, F_OK) ? !rename(old, f->folder) : move_image(old, f->folder));

	if (!ok)
		err_set(f->e, "%s: %s", old, strerror(errno));
	free(old);
	return ok;
}

/* The user's disk moves into the new folder, if that has none of its own. */
static bool take_place(struct fetch *f)
{
	char *old = xprintf("%s.old", f->folder);
	bool ok = remove_all(old) && (!rename(f->folder, old) || errno == ENOENT) &&
		  !rename(f->building, f->folder) && move_image(old, f->folder);

	if (ok)
		remove_all(old);
	else
		err_set(f->e, "%s: %s", f->folder, strerror(errno));
	free(old);
	return ok;
}

/* Programs say that the disk is full in many ways, or cannot even say it. */
static bool explain(struct fetch *f)
{
	if (free_bytes(f) >= MIB)
		return false;
	err_code(f->e, "E0609", "no space is left in %s", f->cache);
	return err_hint(f->e, "make room; what was fetched is kept");
}

static bool make_room(struct fetch *f)
{
	if (!remove_all(f->building))
		return err_set(f->e, "%s: cannot be removed", f->building);
	return host_mkdirs(f->unpacked, f->e);
}

static bool build(struct fetch *f)
{
	bool keep_image = has_image(f) && !f->o->fresh;
	char *manifest = keep_image ? guest_manifest(f->recipe->name) : NULL;
	char *kept = guest_image_recipe(manifest);
	struct modules m = { 0 };
	bool ok;

	ok = make_room(f) && unpack(f);
	if (ok)
		tell(f, FETCH_BUILD, keep_image ? "initrd" : "initrd and disk", 0, 0);
	ok = ok && take_parts(f) &&
	     modules_read(&m, f->unpacked, &f->recipe->initrd_modules, f->e) &&
	     build_initrd(f, &m) && (keep_image || build_image(f, &m)) &&
	     write_manifest(f, m.release, kept);
	if (!ok)
		explain(f); /* before room is made */
	remove_all(f->unpacked);
	ok = ok && take_place(f);
	if (ok)
		tell(f, FETCH_DONE, m.release, !keep_image, 1);
	else
		remove_all(f->building);
	modules_free(&m);
	free(kept);
	free(manifest);
	return ok;
}

/* -- All together ----------------------------------------------------------------------------- */

static bool is_current(const struct fetch *f)
{
	char *manifest = guest_manifest(f->recipe->name);
	bool current = guest_is_of(manifest, f->recipe) && has_image(f);

	free(manifest);
	return current;
}

static bool run(struct fetch *f)
{
	if (!recover(f))
		return false;
	if (!f->o->fresh && is_current(f)) {
		tell(f, FETCH_DONE, "", 0, 0);
		return true;
	}
	if (!disk_is_free(f) || !have_programs(f->recipe, f->e))
		return false;
	return ((know_packages(f) && have_packages(f, &f->packages) &&
		 have_packages(f, &f->installed)) ||
		explain(f)) &&
	       build(f);
}

bool fetch_recipe(struct recipe *r, const struct fetch_options *o, struct err *e)
{
	struct fetch f = { .o = o, .recipe = r, .e = e };
	bool ok = false;
	int fd;

	*e = (struct err){ 0 };
	f.cache = host_cache_dir();
	f.store = xprintf("%s/store", f.cache);
	f.incoming = xprintf("%s/incoming", f.store);
	f.folder = guest_folder(r->name);
	f.building = xprintf("%s.new", f.folder);
	f.unpacked = xprintf("%s/unpacked", f.building);
	fd = lock(&f);
	if (fd >= 0) {
		ok = run(&f);
		close(fd);
	}
	packages_free(&f.packages);
	packages_free(&f.installed);
	apt_fini(&f.apt);
	free(f.cache);
	free(f.store);
	free(f.incoming);
	free(f.folder);
	free(f.building);
	free(f.unpacked);
	return ok;
}

bool fetch_guest(const char *guest, const struct fetch_options *o, struct err *e)
{
	struct recipe *r = guest_recipe(guest, e);
	bool ok = r && fetch_recipe(r, o, e);

	recipe_free(r);
	return ok;
}

/* -- Pruning ------------------------------------------------------------------------------------
 */

/* "<sha256>.deb" that a manifest names. */
static bool is_used(const struct guests *g, const char *path)
{
	const char *name = strrchr(path, '/') + 1;
	char *hash = xstrndup(name, strcspn(name, "."));
	bool used = false;

	for (size_t i = 0; i < g->n; i++)
		used |= g->list[i].manifest && strstr(g->list[i].manifest, hash);
	free(hash);
	return used;
}

static void prune(const struct guests *g, const char *pattern, u64 *bytes)
{
	glob_t found = { 0 };

	glob(pattern, 0, NULL, &found);
	for (size_t i = 0; i < found.gl_pathc; i++) {
		const char *path = found.gl_pathv[i];
		u64 size = disk_bytes(path);

		if (!is_used(g, path) && remove_all(path))
			*bytes += size;
	}
	globfree(&found);
}

bool fetch_prune(u64 *bytes, struct err *e)
{
	static const char *const patterns[] = { "store/*.deb", "store/incoming/*", "guests/*.new",
						"guests/*.old" };
	const struct fetch_options o = { 0 };
	struct fetch f = { .o = &o, .cache = host_cache_dir(), .e = e };
	struct guests g = { 0 };
	int fd = -1;
	bool ok;

	*e = (struct err){ 0 };
	*bytes = 0;
	ok = fetch_list(&g, e) && (fd = lock(&f)) >= 0;
	for (size_t i = 0; ok && i < ARRAY_LEN(patterns); i++) {
		char *pattern = xprintf("%s/%s", f.cache, patterns[i]);

		prune(&g, pattern, bytes);
		free(pattern);
	}
	if (fd >= 0)
		close(fd);
	guests_free(&g);
	free(f.cache);
	return ok;
}
