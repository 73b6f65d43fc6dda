/* guest_tree.c - the files of a guest, from its recipe, its packages and its kernel */
#include "guest.h"
#include "host.h"

#define LARGEST_FILE ((size_t)64 << 20)

static struct node *find(const struct tree *t, const char *path, size_t n)
{
	for (size_t i = 0; i < t->n; i++)
		if (strlen(t->list[i].path) == n && !memcmp(t->list[i].path, path, n))
			return &t->list[i];
	return NULL;
}

static void append(struct tree *t, const char *path, size_t n, enum node_kind kind)
{
	GROW(&t->list, t->n, &t->cap);
	t->list[t->n++] = (struct node){ .path = xstrndup(path, n), .kind = kind };
}

/* A new node and the folders that it is in; NULL: the path is taken. */
static struct node *add(struct tree *t, const char *path, enum node_kind kind)
{
	path += *path == '/';
	if (find(t, path, strlen(path)))
		return NULL;
	for (const char *c = path; (c = strchr(c, '/')); c++)
		if (!find(t, path, (size_t)(c - path)))
			append(t, path, (size_t)(c - path), NODE_FOLDER);
	append(t, path, strlen(path), kind);
	return &t->list[t->n - 1];
}

static bool add_bytes(struct tree *t, const char *path, const void *bytes, size_t n, struct err *e)
{
	struct node *node = add(t, path, NODE_FILE);

	if (!node)
		return err_set(e, "two files want to be %s", path);
	str_bytes(&node->bytes, bytes, n);
	return true;
}

static bool copy_file(struct tree *t, const struct recipe_file *f, const char *unpacked,
		      struct err *e)
{
	char *path = xprintf("%s/%s", unpacked, f->copy);
	size_t n;
	u8 *bytes = host_read_file(path, LARGEST_FILE, &n, e);
	bool ok = bytes && add_bytes(t, f->path, bytes, n, e);

	free(bytes);
	free(path);
	return ok;
}

static bool add_file(struct tree *t, const struct recipe_file *f, const char *unpacked,
		     struct err *e)
{
	struct node *node;

	if (f->link) {
		node = add(t, f->path, NODE_LINK);
		if (!node)
			return err_set(e, "two files want to be %s", f->path);
		str_bytes(&node->bytes, f->link, strlen(f->link));
		return true;
	}
	if (f->text ? !add_bytes(t, f->path, f->text, strlen(f->text), e)
		    : !copy_file(t, f, unpacked, e))
		return false;
	t->list[t->n - 1].executable = f->executable;
	return true;
}

static bool add_files(struct tree *t, const struct recipe_files *files, const char *unpacked,
		      struct err *e)
{
	for (size_t i = 0; i < files->n; i++)
		if (!add_file(t, &files->list[i], unpacked, e))
			return false;
	return true;
}

/* What the recipe put there itself stays. */
static void add_applets(struct tree *t, const struct words *applets)
{
	for (size_t i = 0; i < applets->n; i++) {
		char *path = xprintf("bin/%s", applets->list[i]);
		struct node *node = add(t, path, NODE_LINK);

		if (node)
			str_bytes(&node->bytes, "busybox", strlen("busybox"));
		free(path);
	}
}

static bool add_modules(struct tree *t, const struct modules *m, struct err *e)
{
	char *folder = xprintf("lib/modules/%s", m->release);
	char *dep = xprintf("%s/modules.dep", folder), *alias = xprintf("%s/modules.alias", folder);
	struct str deps = { 0 }, aliases = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < m->n; i++) {
		char *path = xprintf("%s/%s", folder, m->list[i].path);

		ok = add_bytes(t, path, m->list[i].bytes.p, m->list[i].bytes.n, e);
		free(path);
	}
	modules_dep(m, &deps);
	modules_alias(m, &aliases);
	ok = ok && add_bytes(t, dep, str_text(&deps), deps.n, e) &&
	     add_bytes(t, alias, str_text(&aliases), aliases.n, e);
	str_free(&deps);
	str_free(&aliases);
	free(dep);
	free(alias);
	free(folder);
	return ok;
}

bool guest_tree_files(struct tree *t, const struct recipe_files *files, const char *unpacked,
		      struct err *e)
{
	*t = (struct tree){ 0 };
	return add_files(t, files, unpacked, e);
}

bool guest_tree_text(struct tree *t, const char *path, const char *text, struct err *e)
{
	return add_bytes(t, path, text, strlen(text), e);
}

bool guest_tree(struct tree *t, const struct recipe *r, const struct recipe_files *own,
		const struct modules *m, const char *unpacked, struct err *e)
{
	*t = (struct tree){ 0 };
	for (size_t i = 0; i < r->folders.n; i++)
		add(t, r->folders.list[i], NODE_FOLDER);
	if (!add_files(t, &r->files, unpacked, e) || !add_files(t, own, unpacked, e))
		return false;
	add_applets(t, &r->applets);
	return add_modules(t, m, e);
}

void guest_tree_free(struct tree *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].path);
		str_free(&t->list[i].bytes);
	}
	free(t->list);
	*t = (struct tree){ 0 };
}
