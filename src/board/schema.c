/* schema.c - the board language as a JSON schema (draft-07), for editors.
 *
 * From the tables of lang.c and the rows of the classes: nothing here knows a key.  Readers
 * of YAML 1.2 take 0x1000_0000 and 256M for texts, so numbers are integers or texts of a
 * pattern.  null is allowed everywhere: it is what `!delete` and `devices:` with nothing
 * under it become.
 */
#include "parts.h"

#include <inttypes.h>

struct schema {
	const struct device_class *const *classes;
	struct str *out;
	u32 depth;
	bool more; /* a comma is due */
};

/* -- JSON -------------------------------------------------------------------------- */

static void line(struct schema *s)
{
	str_add(s->out, "%s\n%*s", s->more ? "," : "", (int)s->depth * 2, "");
	s->more = true;
}

static void key(struct schema *s, const char *name)
{
	line(s);
	str_json(s->out, name);
	str_add(s->out, ": ");
}

static void open(struct schema *s, const char *name, char bracket)
{
	if (name)
		key(s, name);
	else
		line(s);
	str_add(s->out, "%c", bracket);
	s->depth++;
	s->more = false;
}

static void close(struct schema *s, char bracket)
{
	s->depth--;
	s->more = false;
	line(s);
	str_add(s->out, "%c", bracket);
}

static void text(struct schema *s, const char *name, const char *value)
{
	key(s, name);
	str_json(s->out, value);
}

static void raw(struct schema *s, const char *name, const char *json)
{
	key(s, name);
	str_add(s->out, "%s", json);
}

/* -- Kinds of values ------------------------------------------------------------------ */

#define NUMBER "(0|[1-9][0-9]*(_[0-9]+)*|0x[0-9a-fA-F]+(_[0-9a-fA-F]+)*|0b[01]+(_[01]+)*)"
#define EXPR   "\\\\$\\\\("

#define SCALAR(pattern)                                                                            \
	"{\"type\": [\"integer\", \"string\", \"null\"], \"minimum\": 0, \"pattern\": "            \
	"\"^(" pattern ")$|" EXPR "\"}"
/* The unit is always written. */
#define WITH_UNIT(units)                                                                           \
	"{\"type\": [\"string\", \"null\"], \"pattern\": \"^" NUMBER "(" units ")$|" EXPR "\"}"
#define TEXT "{\"type\": [\"string\", \"number\", \"boolean\", \"null\"]}"
#define LIST_OF(what)                                                                              \
	"{\"anyOf\": [{\"$ref\": \"#/definitions/" what                                            \
	"\"}, {\"type\": \"array\", \"items\": {\"$ref\": \"#/definitions/" what "\"}}]}"

/* clang-format off */
static const struct {
	const char *name, *json;
} definitions[] = {
	{ "any",    "{}" },
	{ "text",   TEXT },
	{ "texts",  LIST_OF("text") },
	{ "number", SCALAR(NUMBER) },
	{ "size",   SCALAR(NUMBER "[KMGT]?") },
	{ "hz",     WITH_UNIT("Hz|kHz|MHz|GHz") },
	{ "time",   WITH_UNIT("ns|us|ms|s") },
	{ "bool",   "{\"type\": [\"boolean\", \"string\", \"null\"], \"pattern\": \"" EXPR "\"}" },
	{ "isa",    "{\"type\": [\"string\", \"null\"], \"pattern\": \"^rv(32|64)[a-z0-9_]+$|" EXPR "\"}" },
	{ "name",   "{\"type\": [\"string\", \"null\"], \"pattern\": \"^[a-z][a-z0-9_]*$|" EXPR "\"}" },
	{ "span",   "{\"type\": [\"array\", \"null\"], \"items\": {\"$ref\": \"#/definitions/size\"}, "
		    "\"minItems\": 2, \"maxItems\": 2}" },
	{ "spans",  LIST_OF("span") },
	{ "reg",    "{\"anyOf\": [{\"$ref\": \"#/definitions/size\"}, {\"$ref\": \"#/definitions/span\"}, "
		    "{\"const\": \"auto\"}]}" },
	{ "slot",   "{\"anyOf\": [{\"$ref\": \"#/definitions/number\"}, {\"const\": \"auto\"}]}" },
	{ "line",   SCALAR(NUMBER "(-" NUMBER ")?( [a-z-]+)?|auto") },
	{ "lines",  LIST_OF("line") },
	{ "irqs",   "{\"anyOf\": [{\"$ref\": \"#/definitions/lines\"}, {\"type\": \"object\", "
		    "\"additionalProperties\": {\"$ref\": \"#/definitions/lines\"}}]}" },
	{ "choices", "{\"anyOf\": [{\"$ref\": \"#/definitions/texts\"}, {\"type\": \"object\", "
		     "\"additionalProperties\": {\"type\": \"object\", "
		     "\"additionalProperties\": {\"$ref\": \"#/definitions/text\"}}}]}" },
	{ "ref",    "{\"type\": [\"string\", \"null\"], \"pattern\": \"^ *[a-z][a-z0-9_]*( +[0-9a-zA-Z_-]+)*$|"
		    EXPR "\"}" },
	{ "refs",   LIST_OF("ref") },
	{ "mac",    "{\"type\": [\"string\", \"null\"], \"pattern\": \"^([0-9a-fA-F]{2}:){5}[0-9a-fA-F]{2}$|"
		    EXPR "\"}" },
	{ "path",   TEXT },
	{ "files",  LIST_OF("text") },
	{ "version", "{\"const\": 1}" },
	{ "nodes",  "{\"type\": [\"object\", \"null\"]}" },
};

/* KEY_WORD and the maps have schemas of their own. */
static const char *const key_names[] = {
	[KEY_ANY] = "any",     [KEY_VERSION] = "version", [KEY_TEXT] = "text",
	[KEY_NUMBER] = "number", [KEY_SIZE] = "size",     [KEY_HZ] = "hz",
	[KEY_BOOL] = "bool",   [KEY_PATH] = "path",       [KEY_FILES] = "files",
	[KEY_ISA] = "isa",     [KEY_NAME] = "name",       [KEY_TEXTS] = "texts",
	[KEY_SPAN] = "span",   [KEY_SPANS] = "spans",     [KEY_LINES] = "lines",
	[KEY_IRQS] = "irqs",   [KEY_CHOICES] = "choices",
	[KEY_REG] = "reg",     [KEY_SLOT] = "slot",       [KEY_CLASS] = "class",
	[KEY_DEVICES] = "devices", [KEY_PARAMS] = "params", [KEY_NODES] = "nodes",
	[KEY_BACKING] = "backing",
};

static const char *const prop_names[] = {
	[PROP_KIND_U32] = "number", [PROP_KIND_U64] = "number", [PROP_KIND_SIZE] = "size",
	[PROP_KIND_HZ] = "hz",      [PROP_KIND_TIME] = "time",  [PROP_KIND_BOOL] = "bool",
	[PROP_KIND_TEXT] = "text",  [PROP_KIND_PATH] = "path",  [PROP_KIND_MAC] = "mac",
	[PROP_KIND_RANGE] = "span", [PROP_KIND_LIST] = "texts", [PROP_KIND_IRQS] = "lines",
	[PROP_KIND_REF] = "refs",   [PROP_KIND_CHARDEV] = "chardev", [PROP_KIND_BLOCK] = "disk",
	[PROP_KIND_NET] = "network", [PROP_KIND_DISPLAY] = "display", [PROP_KIND_SHARE] = "share", [PROP_KIND_VSOCK] = "vsock", [PROP_KIND_AUDIO] = "audio",
	[PROP_KIND_OUTPUTS] = "any",
};
/* clang-format on */

static void describe(struct schema *s, const char *doc)
{
	if (doc)
		text(s, "description", doc);
}

/* One of the words, nothing, or what an expression makes of it. */
static void words(struct schema *s, const char *const *list)
{
	open(s, "anyOf", '[');
	line(s);
	str_add(s->out, "{\"enum\": [");
	for (u32 i = 0; list[i]; i++) {
		str_json(s->out, list[i]);
		str_add(s->out, ", ");
	}
	str_add(s->out, "null]}");
	line(s);
	str_add(s->out, "{\"type\": \"string\", \"pattern\": \"" EXPR "\"}");
	close(s, ']');
}

/* Draft-07 ignores what stands beside a $ref, so it goes into an allOf. */
static void described_ref(struct schema *s, const char *name, const char *doc)
{
	describe(s, doc);
	open(s, "allOf", '[');
	line(s);
	str_add(s->out, "{\"$ref\": \"#/definitions/%s\"}", name);
	close(s, ']');
}

/* -- The tables of the language ---------------------------------------------------------- */

static void language_map(struct schema *s, const struct lang_key *keys);

static void language_value(struct schema *s, const struct lang_key *k)
{
	if (k->kind == KEY_WORD) {
		describe(s, k->doc);
		words(s, k->words);
	} else if (k->kind == KEY_MAP) {
		describe(s, k->doc);
		language_map(s, k->in);
	} else if (k->kind == KEY_ITEMS) {
		describe(s, k->doc);
		open(s, "anyOf", '[');
		open(s, NULL, '{');
		language_map(s, k->in);
		close(s, '}');
		open(s, NULL, '{');
		text(s, "type", "array");
		open(s, "items", '{');
		language_map(s, k->in);
		close(s, '}');
		close(s, '}');
		close(s, ']');
	} else {
		described_ref(s, key_names[k->kind], k->doc);
	}
}

static void scratch(struct schema *s)
{
	raw(s, "patternProperties", "{\"^x-\": {}}");
	raw(s, "additionalProperties", "false");
}

/* A table of one row `*` is a map of any names; `when` may stand in any map of those. */
static void language_map(struct schema *s, const struct lang_key *keys)
{
	raw(s, "type", "[\"object\", \"null\"]");
	if (!strcmp(keys->key, "*")) {
		open(s, "additionalProperties", '{');
		language_value(s, keys);
		close(s, '}');
		return;
	}
	open(s, "properties", '{');
	for (; keys->key; keys++) {
		open(s, keys->key, '{');
		language_value(s, keys);
		close(s, '}');
	}
	raw(s, "when", "{\"$ref\": \"#/definitions/bool\"}");
	close(s, '}');
	scratch(s);
}

/* -- Classes ------------------------------------------------------------------------------- */

static void props_map(struct schema *s, const struct prop *rows, const char *prefix);

static void prop_value(struct schema *s, const struct prop *p)
{
	if (p->kind == PROP_KIND_ENUM) {
		describe(s, p->doc);
		words(s, p->words);
	} else if (p->kind == PROP_KIND_TABLE) {
		describe(s, p->doc);
		raw(s, "type", "[\"object\", \"null\"]");
		open(s, "additionalProperties", '{');
		raw(s, "type", "[\"object\", \"null\"]");
		open(s, "properties", '{');
		props_map(s, p->rows, "");
		close(s, '}');
		raw(s, "additionalProperties", "false");
		close(s, '}');
	} else {
		described_ref(s, prop_names[p->kind], p->doc);
	}
}

static bool is_first_of_group(const struct prop *rows, const struct prop *p, size_t n)
{
	for (const struct prop *r = rows; r < p; r++)
		if (r->key && !strncmp(r->key, p->key, n))
			return false;
	return true;
}

/* Rows whose key begins with `prefix`; "windows.mem32" is in a map of its own. */
static void props_map(struct schema *s, const struct prop *rows, const char *prefix)
{
	size_t n = strlen(prefix), dot;
	char name[64], group[64];
	const struct prop *p;

	for_rows(p, rows) {
		prop_key(p, name, sizeof(name));
		if (!text_starts(name, prefix))
			continue;
		dot = n + strcspn(name + n, ".");
		if (!name[dot]) {
			open(s, name + n, '{');
			prop_value(s, p);
			close(s, '}');
		} else if (is_first_of_group(rows, p, dot + 1)) {
			snprintf(group, sizeof(group), "%.*s.", (int)dot, name);
			name[dot] = 0;
			open(s, name + n, '{');
			raw(s, "type", "[\"object\", \"null\"]");
			open(s, "properties", '{');
			props_map(s, rows, group);
			close(s, '}');
			raw(s, "additionalProperties", "false");
			close(s, '}');
		}
	}
}

static void class_definition(struct schema *s, const struct device_class *c)
{
	open(s, c->name, '{');
	describe(s, c->doc);
	open(s, "properties", '{');
	for (const struct lang_key *k = lang_device; k->key; k++) {
		if (k->where && !(k->where & (c->on ? c->on : BUS_MMIO)))
			continue;
		open(s, k->key, '{');
		language_value(s, k);
		close(s, '}');
	}
	raw(s, "when", "{\"$ref\": \"#/definitions/bool\"}");
	props_map(s, c->props, "");
	close(s, '}');
	scratch(s);
	close(s, '}');
}

static void class_names(struct schema *s)
{
	open(s, "class", '{');
	open(s, "enum", '[');
	for (const struct device_class *const *c = s->classes; *c; c++) {
		line(s);
		str_json(s->out, (*c)->name);
	}
	close(s, ']');
	close(s, '}');
}

/* An entry without `device:` changes an inherited device, and may have any key of any. */
static void device_definition(struct schema *s)
{
	open(s, "device", '{');
	raw(s, "type", "[\"object\", \"null\"]");
	raw(s, "properties",
	    "{\"device\": {\"$ref\": \"#/definitions/class\"}, "
	    "\"devices\": {\"$ref\": \"#/definitions/devices\"}}");
	open(s, "allOf", '[');
	for (const struct device_class *const *c = s->classes; *c; c++) {
		line(s);
		str_add(s->out,
			"{\"if\": {\"type\": \"object\", \"required\": [\"device\"], "
			"\"properties\": {\"device\": {\"const\": \"%s\"}}}, "
			"\"then\": {\"$ref\": \"#/definitions/%s\"}}",
			(*c)->name, (*c)->name);
	}
	close(s, ']');
	close(s, '}');
	open(s, "devices", '{');
	raw(s, "type", "[\"object\", \"null\"]");
	raw(s, "patternProperties",
	    "{\"^[a-z][a-z0-9_]*$\": {\"$ref\": \"#/definitions/device\"}, "
	    "\"^x-\": {}}");
	raw(s, "additionalProperties", "false");
	close(s, '}');
}

static void map_definition(struct schema *s, const char *name, const struct lang_key *keys)
{
	open(s, name, '{');
	language_map(s, keys);
	close(s, '}');
}

/* A parameter is declared by a map, or gets a new default by a plain value. */
static void params_definition(struct schema *s)
{
	open(s, "params", '{');
	raw(s, "type", "[\"object\", \"null\"]");
	open(s, "additionalProperties", '{');
	open(s, "anyOf", '[');
	line(s);
	str_add(s->out, TEXT);
	map_definition(s, NULL, lang_params);
	close(s, ']');
	close(s, '}');
	close(s, '}');
}

static void word_or_map_definition(struct schema *s, const char *name, const char *const *list,
				   const struct lang_key *keys)
{
	open(s, name, '{');
	open(s, "anyOf", '[');
	open(s, NULL, '{');
	words(s, list);
	close(s, '}');
	map_definition(s, NULL, keys);
	close(s, ']');
	close(s, '}');
}

static void host_definitions(struct schema *s)
{
	word_or_map_definition(s, "chardev", words_chardev, lang_chardev);
	map_definition(s, "disk", lang_disk);
	map_definition(s, "backing", lang_backing);
	map_definition(s, "network", lang_net);
	map_definition(s, "display", lang_display);
	map_definition(s, "share", lang_share);
	map_definition(s, "vsock", lang_vsock);
	word_or_map_definition(s, "audio", words_audio, lang_audio);
}

/* -- The whole ------------------------------------------------------------------------------ */

/* What a kind of file may not have. */
static void kinds(struct schema *s)
{
	open(s, "allOf", '[');
	for (u32 i = 0; words_kinds[i]; i++) {
		bool more = false;

		line(s);
		str_add(s->out,
			"{\"if\": {\"properties\": {\"kind\": {\"const\": \"%s\"}}}, "
			"\"then\": {\"properties\": {",
			words_kinds[i]);
		for (const struct lang_key *k = lang_top; k->key; k++)
			if (!(k->where >> i & 1)) {
				str_add(s->out, "%s\"%s\": false", more ? ", " : "", k->key);
				more = true;
			}
		str_add(s->out, "}}}");
	}
	close(s, ']');
}

void language_schema(const struct device_class *const *classes, struct str *out)
{
	struct schema s = { .classes = classes, .out = out, .depth = 1 };

	str_add(out, "{");
	text(&s, "$schema", "http://json-schema.org/draft-07/schema#");
	text(&s, "title", "vmbuild board file, version 1");
	raw(&s, "required", "[\"vmbuild\", \"kind\"]");
	language_map(&s, lang_top);
	kinds(&s);
	open(&s, "definitions", '{');
	for (size_t i = 0; i < ARRAY_LEN(definitions); i++)
		raw(&s, definitions[i].name, definitions[i].json);
	class_names(&s);
	device_definition(&s);
	params_definition(&s);
	host_definitions(&s);
	for (const struct device_class *const *c = classes; *c; c++)
		class_definition(&s, *c);
	close(&s, '}');
	s.depth = 0;
	s.more = false;
	line(&s);
	str_add(out, "}\n");
}
