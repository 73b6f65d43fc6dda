/* guest_modules.c - picks kernel modules and what they need
 *
 * Debian's package has no modules.dep, because its installation runs depmod.  What
 * a module needs also stands in it ("depends=" of .modinfo), so that is read.
 */
#include "guest.h"
#include "host.h"

#include <glob.h>

#define LONGEST_LIST ((size_t)4 << 20)

struct collect {
	struct modules *m;
	char *folder;          /* .../lib/modules/RELEASE */
	char *order, *builtin; /* lists of paths, one a line */
	struct words open;     /* being looked at: they cannot need each other */
	struct err *e;
};

/* Programs that write to standard output what a module's file name says is packed. */
static const struct {
	const char *suffix, *program;
} packed[] = { { "", NULL }, { ".xz", "xz" }, { ".zst", "zstd" }, { ".gz", "gzip" } };

/* modprobe takes - and _ for the same. */
static char *module_name(const char *text, size_t n)
{
	char *name = xstrndup(text, n);

	for (char *c = name; *c; c++)
		if (*c == '-')
			*c = '_';
	return name;
}

/* The line of a list that names this module, or NULL. */
static char *find_path(const char *list, const char *name)
{
	while (*list) {
		size_t n = strcspn(list, "\n"), start = n;
		char *found;
		bool same;

		while (start && list[start - 1] != '/')
			start--;
		if (n > start + 3) {
			found = module_name(list + start, n - start - 3); /* without ".ko" */
			same = !strcmp(found, name);
			free(found);
			if (same)
				return xstrndup(list, n);
		}
		list += n + (list[n] == '\n');
	}
	return NULL;
}

static bool read_ko(const char *path, struct str *out, struct err *e)
{
	for (size_t i = 0; i < ARRAY_LEN(packed); i++) {
		char *file = xprintf("%s%s", path, packed[i].suffix);
		const char *argv[] = { packed[i].program, "-dc", "--", file, NULL };
		glob_t found;
		bool there = !glob(file, GLOB_NOSORT, NULL, &found), ok = false;
		size_t n;
		u8 *bytes;

		globfree(&found);
		if (there && packed[i].program) {
			ok = guest_run(argv, out, e);
		} else if (there && (bytes = host_read_file(file, 64 * MIB, &n, e))) {
			str_bytes(out, bytes, n);
			free(bytes);
			ok = true;
		}
		free(file);
		if (there)
			return ok;
	}
	return err_set(e, "%s: no such module", path);
}

static void split(struct words *out, const char *text, const char *between)
{
	while (*text) {
		size_t n = strcspn(text, between);
		char *name = module_name(text, n);

		if (n)
			words_add(out, name, n);
		free(name);
		text += n + (text[n] != 0);
	}
}

static bool read_info(struct module *m, struct err *e)
{
	size_t n = 0;
	const char *info = ko_info(m->bytes.p, m->bytes.n, &n);

	if (!info)
		return err_set(e, "%s: not a kernel module", m->path);
	for (size_t at = 0; at < n; at += strlen(info + at) + 1) {
		const char *text = info + at;

		if (text_starts(text, "depends="))
			split(&m->needs, text + strlen("depends="), ",");
		else if (text_starts(text, "alias="))
			words_add(&m->aliases, text + strlen("alias="),
				  strlen(text) - strlen("alias="));
	}
	return true;
}

static void module_free(struct module *m)
{
	free(m->name);
	free(m->path);
	str_free(&m->bytes);
	words_free(&m->needs);
	words_free(&m->aliases);
}

static bool have(const struct modules *m, const char *name)
{
	for (size_t i = 0; i < m->n; i++)
		if (!strcmp(m->list[i].name, name))
			return true;
	return false;
}

static bool read_module(struct collect *c, struct module *m)
{
	char *file = xprintf("%s/%s", c->folder, m->path);
	struct str slim = { 0 };
	bool ok = read_ko(file, &m->bytes, c->e) && read_info(m, c->e);

	free(file);
	if (ok && ko_slim(m->bytes.p, m->bytes.n, &slim)) {
		str_free(&m->bytes);
		m->bytes = slim;
	}
	return ok;
}

static bool collect(struct collect *c, const char *name)
{
	struct module m = { .name = xstrdup(name) };
	char *builtin = find_path(c->builtin, name);
	bool known = builtin || have(c->m, name), ok = known;

	free(builtin);
	if (!known && words_have(&c->open, name)) {
		err_set(c->e, "the kernel modules in %s need each other in a circle", name);
	} else if (!known) {
		words_add(&c->open, name, strlen(name));
		m.path = find_path(c->order, name);
		ok = m.path ? read_module(c, &m)
			    : err_set(c->e, "the kernel package has no module `%s`", name);
		for (size_t i = 0; ok && i < m.needs.n; i++)
			ok = collect(c, m.needs.list[i]);
	}
	if (known || !ok) {
		module_free(&m);
		return ok;
	}
	GROW(&c->m->list, c->m->n, &c->m->cap);
	c->m->list[c->m->n++] = m;
	return true;
}

static char *read_list(const char *folder, const char *name, struct err *e)
{
	char *path = xprintf("%s/%s", folder, name);
	size_t n;
	char *text = (char *)host_read_file(path, LONGEST_LIST, &n, e);

	free(path);
	return text;
}

/* The one folder that has a list of modules. */
static char *modules_folder(const char *unpacked, struct err *e)
{
	char *pattern = xprintf("%s/usr/lib/modules/*/modules.order", unpacked);
	char *older = xprintf("%s/lib/modules/*/modules.order", unpacked);
	char *folder = NULL;
	glob_t found;

	if (glob(pattern, 0, NULL, &found) == GLOB_NOMATCH)
		glob(older, 0, NULL, &found);
	if (found.gl_pathc == 1)
		folder = xstrndup(found.gl_pathv[0],
				  strlen(found.gl_pathv[0]) - strlen("/modules.order"));
	else
		err_set(e, "the packages have %zu kernels, one is wanted", found.gl_pathc);
	globfree(&found);
	free(pattern);
	free(older);
	return folder;
}

bool modules_read(struct modules *m, const char *unpacked, const struct words *wanted,
		  struct err *e)
{
	struct collect c = { .m = m, .e = e };
	bool ok;

	c.folder = modules_folder(unpacked, e);
	if (!c.folder)
		return false;
	free(m->release);
	m->release = xstrdup(strrchr(c.folder, '/') + 1);
	c.order = read_list(c.folder, "modules.order", e);
	c.builtin = c.order ? read_list(c.folder, "modules.builtin", e) : NULL;
	ok = c.builtin;
	for (size_t i = 0; ok && i < wanted->n; i++) {
		char *name = module_name(wanted->list[i], strlen(wanted->list[i]));

		ok = collect(&c, name);
		free(name);
	}
	words_free(&c.open);
	free(c.order);
	free(c.builtin);
	free(c.folder);
	return ok;
}

void modules_free(struct modules *m)
{
	for (size_t i = 0; i < m->n; i++)
		module_free(&m->list[i]);
	free(m->list);
	free(m->release);
	*m = (struct modules){ 0 };
}

/* modprobe loads from the right.  `list` holds each module after its needs, so reading
 * it backwards and taking what is needed so far gives that order. */
static void dep_line(const struct modules *m, size_t of, struct str *out)
{
	struct words needed = { 0 };

	str_add(out, "%s:", m->list[of].path);
	for (size_t i = of + 1; i-- > 0;) {
		const struct module *x = &m->list[i];

		if (i != of && !words_have(&needed, x->name))
			continue;
		if (i != of)
			str_add(out, " %s", x->path);
		for (size_t j = 0; j < x->needs.n; j++)
			words_add(&needed, x->needs.list[j], strlen(x->needs.list[j]));
	}
	str_add(out, "\n");
	words_free(&needed);
}

void modules_dep(const struct modules *m, struct str *out)
{
	for (size_t i = 0; i < m->n; i++)
		dep_line(m, i, out);
}

void modules_alias(const struct modules *m, struct str *out)
{
	for (size_t i = 0; i < m->n; i++)
		for (size_t j = 0; j < m->list[i].aliases.n; j++)
			str_add(out, "alias %s %s\n", m->list[i].aliases.list[j], m->list[i].name);
}
