/* node.c - the tree of a board file: maps that keep their order, lists, places. */
#include "parts.h"

#define INDEX_FROM 16 /* pairs; a smaller map is searched */

struct node *node_new(struct arena *a, enum node_kind kind, struct pos at)
{
	struct node *n = NEW(a, struct node);

	n->kind = kind;
	n->at = at;
	return n;
}

struct node *node_text(struct arena *a, const char *text, struct pos at)
{
	struct node *n = node_new(a, NODE_SCALAR, at);

	n->text = text;
	return n;
}

/* -- Maps --------------------------------------------------------------------- */

static u32 hash(const char *s)
{
	u32 h = 2166136261u; /* FNV-1a */

	for (; *s; s++)
		h = (h ^ (u8)*s) * 16777619u;
	return h;
}

/* The slot of a key, or the empty one where it would go.  A key that was deleted and
 * came back has a later pair: the slot is then the newer one's. */
static u32 *index_slot(const struct node *map, const char *key)
{
	u32 i = hash(key) & (map->index_size - 1);

	while (map->index[i] && strcmp(map->pairs[map->index[i] - 1].key, key) != 0)
		i = (i + 1) & (map->index_size - 1);
	return &map->index[i];
}

static void index_make(struct arena *a, struct node *map)
{
	map->index_size = map->cap * 4;
	map->index = NEW_N(a, u32, map->index_size);
	for (u32 i = 0; i < map->n; i++)
		*index_slot(map, map->pairs[i].key) = i + 1;
}

struct pair *map_pair(const struct node *map, const char *key)
{
	assert(map->kind == NODE_MAP);
	if (map->index) {
		u32 i = *index_slot(map, key);

		return i && map->pairs[i - 1].value ? &map->pairs[i - 1] : NULL;
	}
	for (u32 i = 0; i < map->n; i++)
		if (map->pairs[i].value && !strcmp(map->pairs[i].key, key))
			return &map->pairs[i];
	return NULL;
}

struct node *map_get(const struct node *map, const char *key)
{
	struct pair *p = map_pair(map, key);

	return p && !p->value->absent ? p->value : NULL;
}

struct pair *map_next(const struct node *map, const struct pair *p)
{
	u32 i = p ? (u32)(p - map->pairs) + 1 : 0;

	assert(map->kind == NODE_MAP);
	while (i < map->n && !map->pairs[i].value)
		i++;
	return i < map->n ? &map->pairs[i] : NULL;
}

struct pair *map_put(struct arena *a, struct node *map, const char *key, struct pos key_at,
		     struct node *value)
{
	u32 cap = map->cap;

	assert(map->kind == NODE_MAP && !map_pair(map, key));
	ARENA_GROW(a, &map->pairs, map->n, &map->cap);
	map->pairs[map->n++] = (struct pair){ key, key_at, value };
	if (map->cap != cap && map->cap > INDEX_FROM)
		index_make(a, map);
	else if (map->index)
		*index_slot(map, key) = map->n;
	return &map->pairs[map->n - 1];
}

void list_put(struct arena *a, struct node *list, struct node *item)
{
	assert(list->kind == NODE_LIST);
	list->items = arena_grow(a, list->items, list->n, &list->cap, sizeof(list->items[0]));
	list->items[list->n++] = item;
}

/* -- Places ------------------------------------------------------------------- */

static const char *skip_characters(const char *s, u32 n)
{
	for (; n && *s && *s != '\n'; n--)
		do
			s++;
		while (((u8)*s & 0xc0) == 0x80);
	return s;
}

static u32 count_characters(const char *s, size_t bytes)
{
	u32 n = 0;

	for (size_t i = 0; i < bytes; i++)
		n += ((u8)s[i] & 0xc0) != 0x80;
	return n;
}

struct pos node_part(const struct node *n, size_t off, size_t len)
{
	const char *s = n->at.text;
	struct pos at = n->at;
	u32 before, quote;

	if (n->kind != NODE_SCALAR || !s)
		return at;
	for (u32 i = 1; i < at.line && (s = strchr(s, '\n')); i++)
		s++;
	if (!s)
		return at;
	s = skip_characters(s, at.col - 1);
	quote = n->quoted && (*s == '"' || *s == '\'');
	s += quote;
	if (strncmp(s, n->text, off + len) != 0)
		return at;
	before = count_characters(s, off);
	at.col += quote + before;
	at.len = MAX(count_characters(s + off, len), 1);
	return at;
}

/* -- Words -------------------------------------------------------------------- */

const char *nearest_word(const char *wrong, const char *const *words)
{
	struct nearest n = { 0 };

	for (; *words; words++)
		nearest_try(&n, wrong, *words);
	return n.word;
}

#define MOST_WORDS 24 /* in a sentence */

const char *words_text(struct arena *a, const char *const *words, const char *last)
{
	struct str s = { 0 };
	const char *text;

	for (u32 i = 0; words[i] && i < MOST_WORDS; i++) {
		str_add(&s, "%s", !i ? "" : words[i + 1] ? ", " : last);
		str_add(&s, words[i][0] ? "`%s`" : "\"\"%s", words[i]);
		if (i == MOST_WORDS - 1 && words[i + 1])
			str_add(&s, ", ...");
	}
	text = arena_text(a, str_text(&s), s.n);
	str_free(&s);
	return text;
}

bool is_name(const char *s)
{
	if (*s < 'a' || *s > 'z')
		return false;
	return !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_")];
}

bool is_interface(const char *s)
{
	size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.");

	return n && n < 16 && !s[n] && *s != '.' && *s != '-';
}

bool is_kebab(const char *s)
{
	return *s && *s != '-' && !s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")];
}
