/* guest_recipe.c - reads boards/guests/NAME.yaml
 *
 * Strict: each mapping has a table of its keys, and what is not in it is an error
 * with its place.  Recipes are not boards: they have no parameters and extend
 * nothing, so libyaml's own tree is enough.
 */
#include "guest.h"

#include <ctype.h>
#include <yaml.h>

struct reader {
	yaml_document_t doc;
	const char *shown;
	bool extends; /* no key must be there: the other recipe has them */
	struct err *e;
};

struct key {
	const char *name;
	bool (*read)(struct reader *r, yaml_node_t *node, void *to);
	size_t offset;
	bool required;
};

void words_add(struct words *w, const char *text, size_t n)
{
	GROW(&w->list, w->n, &w->cap);
	w->list[w->n++] = xstrndup(text, n);
}

bool words_have(const struct words *w, const char *text)
{
	for (size_t i = 0; i < w->n; i++)
		if (!strcmp(w->list[i], text))
			return true;
	return false;
}

void words_free(struct words *w)
{
	for (size_t i = 0; i < w->n; i++)
		free(w->list[i]);
	free(w->list);
	*w = (struct words){ 0 };
}

/* -- Values ------------------------------------------------------------------- */

static bool wrong(struct reader *r, const yaml_node_t *at, const char *what, const char *word)
{
	return err_set(r->e, "%s:%zu:%zu: %s%s%s%s", r->shown, at->start_mark.line + 1,
		       at->start_mark.column + 1, what, *word ? " `" : "", word, *word ? "`" : "");
}

static const char *scalar(const yaml_node_t *node)
{
	if (node->type != YAML_SCALAR_NODE ||
	    strlen((const char *)node->data.scalar.value) != node->data.scalar.length)
		return NULL;
	return (const char *)node->data.scalar.value;
}

static bool read_text(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	if (!text || !*text)
		return wrong(r, node, "a text is wanted here", "");
	free(*(char **)to); /* of the recipe that is extended */
	*(char **)to = xstrdup(text);
	return true;
}

static bool read_bool(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	if (!text || (strcmp(text, "true") != 0 && strcmp(text, "false") != 0))
		return wrong(r, node, "true or false is wanted here", "");
	*(bool *)to = !strcmp(text, "true");
	return true;
}

static bool read_mebibytes(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);
	char *end = NULL;
	unsigned long n = text && isdigit((unsigned char)*text) ? strtoul(text, &end, 10) : 0;

	if (!end || strcmp(end, "M") != 0 || n < 8 || n > 65536)
		return wrong(r, node, "a size from 8M to 65536M is wanted here", "");
	*(u64 *)to = n * MIB;
	return true;
}

/* Names become parts of paths and arguments of programs. */
static bool plain_name(const char *text)
{
	if (!isalnum((unsigned char)*text))
		return false;
	return !text[strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				  "0123456789+-._")];
}

static bool read_name(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	if (!text || !plain_name(text))
		return wrong(r, node, "not a name:", text ? text : "");
	return read_text(r, node, to);
}

/* These are only checked: nothing is stored. */
static bool read_version(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	(void)to;
	return (text && !strcmp(text, "1")) ||
	       wrong(r, node, "only version 1 of the format is known", "");
}

static bool read_kind(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	(void)to;
	return (text && !strcmp(text, "guest")) || wrong(r, node, "`kind: guest` is wanted", "");
}

static bool read_base(struct reader *r, yaml_node_t *node, void *to)
{
	(void)r;
	(void)node;
	(void)to;
	return true; /* see find_base() */
}

static yaml_node_t *node_at(struct reader *r, int index)
{
	return yaml_document_get_node(&r->doc, index);
}

static bool read_list(struct reader *r, yaml_node_t *node, struct words *to,
		      bool (*good)(const char *text))
{
	if (node->type != YAML_SEQUENCE_NODE)
		return wrong(r, node, "a list is wanted here: [a, b]", "");
	for (yaml_node_item_t *i = node->data.sequence.items.start;
	     i < node->data.sequence.items.top; i++) {
		yaml_node_t *item = node_at(r, *i);
		const char *text = scalar(item);

		if (!text || !good(text))
			return wrong(r, item, "this cannot stand in the list:", text ? text : "");
		words_add(to, text, strlen(text));
	}
	return true;
}

static bool read_names(struct reader *r, yaml_node_t *node, void *to)
{
	return read_list(r, node, to, plain_name);
}

/* "[" and "[[" are busybox applets. */
static bool applet_name(const char *text)
{
	return plain_name(text) || !strcmp(text, "[") || !strcmp(text, "[[");
}

static bool read_applets(struct reader *r, yaml_node_t *node, void *to)
{
	return read_list(r, node, to, applet_name);
}

/* Nothing of a guest lands outside of it. */
static bool guest_path(const char *text)
{
	return *text == '/' && text[1] && !strstr(text, "//") && !strstr(text, "/.") &&
	       !text[strcspn(text, " \n\"\\")];
}

static bool read_path(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	if (!text || !guest_path(text))
		return wrong(r, node, "not a path in the guest:", text ? text : "");
	return read_text(r, node, to);
}

static bool read_paths(struct reader *r, yaml_node_t *node, void *to)
{
	return read_list(r, node, to, guest_path);
}

static bool package_path(const char *text)
{
	return *text && *text != '/' && !text_starts(text, "../") && !strstr(text, "/../");
}

static bool read_package_path(struct reader *r, yaml_node_t *node, void *to)
{
	const char *text = scalar(node);

	if (!text || !package_path(text))
		return wrong(r, node, "not a file of a package:", text ? text : "");
	return read_text(r, node, to);
}

/* -- Mappings ------------------------------------------------------------------ */

static const struct key *key_find(const struct key *keys, const char *name)
{
	for (; keys->name; keys++)
		if (!strcmp(keys->name, name))
			return keys;
	return NULL;
}

static bool unknown_key(struct reader *r, const yaml_node_t *at, const struct key *keys,
			const char *name)
{
	struct nearest near = { 0 };

	wrong(r, at, "a recipe has no key", name);
	for (; keys->name; keys++)
		nearest_try(&near, name, keys->name);
	if (near.word)
		err_hint(r->e, "did you mean `%s`?", near.word);
	return false;
}

static bool missing_key(struct reader *r, yaml_node_t *map, const struct key *keys, u32 seen)
{
	for (u32 i = 0; keys[i].name; i++)
		if (keys[i].required && !r->extends && !(seen >> i & 1))
			return wrong(r, map, "this key is missing here:", keys[i].name);
	return true;
}

static bool read_map(struct reader *r, yaml_node_t *map, const struct key *keys, void *base)
{
	u32 seen = 0;

	if (map->type != YAML_MAPPING_NODE)
		return wrong(r, map, "a mapping is wanted here: key: value", "");
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		yaml_node_t *at = node_at(r, p->key);
		const char *name = scalar(at);
		const struct key *k = name ? key_find(keys, name) : NULL;

		if (!k)
			return unknown_key(r, at, keys, name ? name : "?");
		if (seen >> (k - keys) & 1)
			return wrong(r, at, "the key is there twice:", name);
		seen |= (u32)1 << (k - keys);
		if (!k->read(r, node_at(r, p->value), (u8 *)base + k->offset))
			return false;
	}
	return missing_key(r, map, keys, seen);
}

/* clang-format off */
#define KEY(type, member, name, read) { name, read, offsetof(struct type, member), false }
#define MUST(type, member, name, read) { name, read, offsetof(struct type, member), true }

static const struct key file_keys[] = {
	KEY(recipe_file, text,       "text",       read_text),
	KEY(recipe_file, copy,       "copy",       read_package_path),
	KEY(recipe_file, link,       "link",       read_text),
	KEY(recipe_file, executable, "executable", read_bool),
	{ 0 }
};
/* clang-format on */

static bool read_file(struct reader *r, yaml_node_t *at, yaml_node_t *value, struct recipe_files *t)
{
	const char *path = scalar(at);
	struct recipe_file *f;

	if (!path || !guest_path(path))
		return wrong(r, at, "not a path in the guest:", path ? path : "");
	for (size_t i = 0; i < t->n; i++)
		if (!strcmp(t->list[i].path, path))
			return wrong(r, at, "the file is there twice:", path);
	GROW(&t->list, t->n, &t->cap);
	f = &t->list[t->n++];
	*f = (struct recipe_file){ .path = xstrdup(path) };
	if (!read_map(r, value, file_keys, f))
		return false;
	if (!!f->text + !!f->copy + !!f->link != 1)
		return wrong(r, value, "one of text, copy and link is wanted here", "");
	return true;
}

static bool read_files(struct reader *r, yaml_node_t *map, void *to)
{
	if (map->type != YAML_MAPPING_NODE)
		return wrong(r, map, "a mapping is wanted here: /path: {...}", "");
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++)
		if (!read_file(r, node_at(r, p->key), node_at(r, p->value), to))
			return false;
	return true;
}

static bool read_parts(struct reader *r, yaml_node_t *map, void *to)
{
	struct recipe_parts *parts = to;

	if (map->type != YAML_MAPPING_NODE)
		return wrong(r, map, "a mapping is wanted here: part: file", "");
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		struct recipe_part *part;

		GROW(&parts->list, parts->n, &parts->cap);
		part = &parts->list[parts->n++];
		if (!read_name(r, node_at(r, p->key), &part->name) ||
		    !read_package_path(r, node_at(r, p->value), &part->glob))
			return false;
	}
	return true;
}

/* clang-format off */
static const struct key recipe_keys[] = {
	MUST(recipe, name,          "vmbuild",       read_version),
	MUST(recipe, name,          "kind",          read_kind),
	MUST(recipe, name,          "name",          read_name),
	KEY(recipe,  name,          "extends",       read_base),
	MUST(recipe, description,   "description",   read_text),
	MUST(recipe, suite,         "suite",         read_name),
	MUST(recipe, component,     "component",     read_name),
	MUST(recipe, architecture,  "architecture",  read_name),
	MUST(recipe, keyring,       "keyring",       read_name),
	MUST(recipe, packages,      "packages",      read_names),
	KEY(recipe,  meta_packages, "meta-packages", read_names),
	KEY(recipe,  install,       "install",       read_names),
	KEY(recipe,  setup,         "setup",         read_path),
	MUST(recipe, parts,         "parts",         read_parts),
	MUST(recipe, bootargs,      "bootargs",      read_text),
	KEY(recipe,  initrd_modules, "initrd-modules", read_names),
	KEY(recipe,  modules,       "modules",       read_names),
	MUST(recipe, applets,       "applets",       read_applets),
	MUST(recipe, folders,       "folders",       read_paths),
	MUST(recipe, files,         "files",         read_files),
	KEY(recipe,  initrd,        "initrd",        read_files),
	KEY(recipe,  image,         "image",         read_files),
	MUST(recipe, image_bytes,   "image-size",    read_mebibytes),
	{ 0 }
};
/* clang-format on */

/* The node of the key `extends`, or NULL. */
static yaml_node_t *base_node(struct reader *r, yaml_node_t *map)
{
	if (map->type != YAML_MAPPING_NODE)
		return NULL;
	for (yaml_node_pair_t *p = map->data.mapping.pairs.start; p < map->data.mapping.pairs.top;
	     p++) {
		const char *name = scalar(node_at(r, p->key));

		if (name && !strcmp(name, "extends"))
			return node_at(r, p->value);
	}
	return NULL;
}

/* An empty recipe, or the one that this extends: texts then replace, lists add. */
static struct recipe *first_recipe(struct reader *r, yaml_node_t *root, recipe_find *find,
				   void *ctx)
{
	yaml_node_t *node = base_node(r, root);
	const char *name = node ? scalar(node) : NULL;

	if (!node)
		return xzalloc(sizeof(struct recipe));
	if (!name || !plain_name(name)) {
		wrong(r, node, "not a name:", name ? name : "");
		return NULL;
	}
	r->extends = true;
	return find(ctx, name, r->e);
}

/* What it extends may change alone. */
static void add_hash(struct recipe *to, const char *text, size_t n)
{
	struct str both = { 0 };

	str_add(&both, "%s", to->hash);
	str_bytes(&both, text, n);
	sha256_hex(both.p, both.n, to->hash);
	str_free(&both);
}

static struct recipe *read_document(struct reader *r, recipe_find *find, void *ctx)
{
	yaml_node_t *root = yaml_document_get_root_node(&r->doc);
	struct recipe *to;

	if (!root) {
		err_set(r->e, "%s: the file is empty", r->shown);
		return NULL;
	}
	to = first_recipe(r, root, find, ctx);
	if (to && !read_map(r, root, recipe_keys, to)) {
		recipe_free(to);
		to = NULL;
	}
	return to;
}

struct recipe *recipe_read(const char *text, size_t n, const char *shown, recipe_find *find,
			   void *ctx, struct err *e)
{
	struct reader r = { .shown = shown, .e = e };
	struct recipe *to = NULL;
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		abort(); /* out of memory */
	yaml_parser_set_input_string(&parser, (const u8 *)text, n);
	if (yaml_parser_load(&parser, &r.doc)) {
		to = read_document(&r, find, ctx);
		yaml_document_delete(&r.doc);
	} else {
		err_set(e, "%s:%zu:%zu: not YAML from here on: %s", shown,
			parser.problem_mark.line + 1, parser.problem_mark.column + 1,
			parser.problem ? parser.problem : "?");
	}
	yaml_parser_delete(&parser);
	if (to)
		add_hash(to, text, n);
	return to;
}

static void free_files(struct recipe_files *t)
{
	for (size_t i = 0; i < t->n; i++) {
		free(t->list[i].path);
		free(t->list[i].text);
		free(t->list[i].copy);
		free(t->list[i].link);
	}
	free(t->list);
}

void recipe_free(struct recipe *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->parts.n; i++) {
		free(r->parts.list[i].name);
		free(r->parts.list[i].glob);
	}
	free(r->parts.list);
	free_files(&r->files);
	free_files(&r->initrd);
	free_files(&r->image);
	words_free(&r->packages);
	words_free(&r->meta_packages);
	words_free(&r->install);
	words_free(&r->initrd_modules);
	words_free(&r->modules);
	words_free(&r->applets);
	words_free(&r->folders);
	free(r->name);
	free(r->description);
	free(r->suite);
	free(r->component);
	free(r->architecture);
	free(r->keyring);
	free(r->bootargs);
	free(r->setup);
	free(r);
}
