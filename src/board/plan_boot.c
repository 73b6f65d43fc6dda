/* plan_boot.c - what runs first.  Whether the files are there, and are something a hart
 * can run, shows when they are loaded. */
#include "parts.h"

static void read_image(struct board *b, struct plan_image *image, struct node *n, const char *what)
{
	if (!check_text(b, n, what))
		return;
	image->path = node_path(&b->arena, n);
	image->at = (n->from ? n->from : n)->at; /* where a person wrote the name */
}

static void read_named(struct board *b, const struct node *boot, const char *key,
		       struct plan_image *image)
{
	struct node *n = map_get(boot, key);

	if (n)
		read_image(b, image, n, key);
}

static void read_firmware(struct board *b, struct plan_boot *boot, struct node *n)
{
	const char *text = check_text(b, n, "firmware");

	if (!text || !strcmp(text, "builtin"))
		return;
	if (!strcmp(text, "none")) {
		boot->firmware = FIRMWARE_NONE;
		return;
	}
	boot->firmware = FIRMWARE_FILE;
	read_image(b, &boot->firmware_file, n, "firmware");
}

static void read_load(struct board *b, struct plan_image *image, const struct node *item)
{
	const struct node *map = check_map(b, item, "load"), *n;
	struct pair *file;
	i32 format;

	if (!map)
		return;
	image->at = item->at;
	check_keys(b, map, "an image to load", lang_load);
	file = map_pair(map, "file");
	if (!file)
		report_missing(b, item->at, "`file:`", "what to load");
	else if (file->value->absent)
		report_absent(b, file, "file");
	else
		read_image(b, image, file->value, "file");
	n = map_get(map, "at");
	image->has_at = n && check_unit(b, n, "at", UNIT_SIZE, &image->load_at);
	n = map_get(map, "format");
	format = n ? check_word(b, n, "format", words_formats) : -1;
	if (format >= 0)
		image->format = format == 0 ? IMAGE_ELF : format == 1 ? IMAGE_RAW : IMAGE_LINUX;
	if (n && image->format == IMAGE_RAW && !map_pair(map, "at")) {
		diag_report(b->ds, n->at, DIAG_raw_without_at,
			    "raw code does not say where it belongs");
		diag_hint(b->ds, "add `at: 0x8000_0000`");
	}
}

static void read_loads(struct planner *pl, struct plan_boot *boot, const struct node *n)
{
	u32 count = n->kind == NODE_LIST ? n->n : 1;

	boot->load = NEW_N(&pl->b->arena, struct plan_image, count);
	for (u32 i = 0; i < count; i++)
		read_load(pl->b, &boot->load[boot->nload++],
			  n->kind == NODE_LIST ? n->items[i] : n);
}

/* Without the spaces that an empty parameter leaves at its ends. */
static const char *trimmed(struct arena *a, const char *s)
{
	size_t n;

	s += strspn(s, " ");
	n = strlen(s);
	while (n && s[n - 1] == ' ')
		n--;
	return arena_text(a, s, n);
}

/* -- Words of the command line that name a device ----------------------------------------- */

/* Devices that Linux numbers together: those of one class, in order. */
static u32 count_named(const struct plan *p, const char *name)
{
	u32 n = 0;

	for (u32 i = 0; i < p->ndevices; i++)
		n += !p->devices[i].disabled && p->devices[i].class->linux_name &&
		     !strcmp(p->devices[i].class->linux_name, name);
	return n;
}

/* "0" is the first, and of disks "a". */
static bool nth_of(const char *s, bool letters, u32 *n)
{
	if (letters && *s >= 'a' && *s <= 'z')
		return *n = (u32)(*s - 'a'), true;
	if (letters || *s < '0' || *s > '9')
		return false;
	for (*n = 0; *s >= '0' && *s <= '9' && *n < 1000; s++)
		*n = *n * 10 + (u32)(*s - '0');
	return true;
}

/* The class whose devices are called like this, of those that this build has. */
static const struct device_class *class_called(const struct board *b, const char *s)
{
	const struct device_class *found = NULL;

	for (const struct device_class *const *c = b->classes; *c; c++)
		if ((*c)->linux_name && text_starts(s, (*c)->linux_name) &&
		    (!found || strlen((*c)->linux_name) > strlen(found->linux_name)))
			found = *c;
	return found;
}

static void check_device_word(struct planner *pl, const struct node *n, const char *word,
			      size_t len, enum diag_code code)
{
	struct board *b = pl->b;
	const char *s = arena_text(&b->arena, word, len);
	const struct device_class *c = class_called(b, s);
	bool letters = code == DIAG_no_root_disk;
	const char *some = NULL;
	u32 nth, count;

	if (!c || !nth_of(s + strlen(c->linux_name), letters, &nth))
		return;
	count = count_named(pl->p, c->linux_name);
	if (nth < count)
		return;
	diag_report(b->ds, node_part(n, (size_t)(word - n->text), len), code,
		    "`%s` would be %s number %u of this board, and it has %u", s, c->name, nth + 1,
		    count);
	for (u32 i = 0; i < pl->p->ndevices && !some; i++)
		if (!pl->p->devices[i].disabled &&
		    (letters ? pl->p->devices[i].class == c : pl->p->stdout_device == i))
			some = pl->p->devices[i].class->linux_name;
	if (some)
		diag_hint(b->ds, letters ? "the first is `%sa`" : "the console is `%s0`", some);
}

static void check_bootargs(struct planner *pl, const struct node *n)
{
	static const struct {
		const char *word;
		enum diag_code code;
	} words[] = { { "console=", DIAG_no_such_console }, { "root=/dev/", DIAG_no_root_disk } };

	for (const char *s = n->text; *s; s += strspn(s, " ")) {
		size_t len = strcspn(s, " ");

		for (size_t i = 0; i < ARRAY_LEN(words); i++) {
			size_t skip = strlen(words[i].word);

			if (text_starts(s, words[i].word))
				check_device_word(pl, n, s + skip, len - skip, words[i].code);
		}
		s += len;
	}
}

/* The SBI in the host stands in for M-mode, so what it serves has S-mode. */
static void check_builtin(struct planner *pl, const struct plan_boot *boot)
{
	bool starts = boot->kernel.path || boot->nload;

	for (u32 i = 0; i < pl->p->nclusters; i++) {
		const struct plan_cluster *c = &pl->p->clusters[i];

		if (!starts || boot->firmware != FIRMWARE_BUILTIN || c->s_mode)
			continue;
		diag_report(pl->b->ds, boot->at, DIAG_mmu,
			    "the built-in firmware is for harts with S-mode, and `%s` has none",
			    c->name);
		diag_note(pl->b->ds, c->at, "`%s` is here", c->name);
		diag_hint(pl->b->ds,
			  "write `firmware: FILE`, of OpenSBI for example, or `firmware: none` "
			  "for a program in M-mode");
		return;
	}
}

void plan_boot(struct planner *pl)
{
	struct board *b = pl->b;
	struct plan_boot *boot = &pl->p->boot;
	struct pair *at = map_pair(b->root, "boot");
	const struct node *map = at ? check_map(b, at->value, "boot") : NULL;
	struct node *n;

	boot->at = at ? at->key_at : (struct pos){ b->file, b->root->at.text, 1, 1, 1 };
	if (!map)
		return;
	check_keys(b, map, "`boot:`", lang_boot);
	if ((n = map_get(map, "firmware")))
		read_firmware(b, boot, n);
	read_named(b, map, "kernel", &boot->kernel);
	read_named(b, map, "initrd", &boot->initrd);
	read_named(b, map, "dtb", &boot->dtb);
	if ((n = map_get(map, "bootargs")) && check_text(b, n, "bootargs")) {
		boot->bootargs = trimmed(&b->arena, n->text);
		check_bootargs(pl, n);
	}
	if ((n = map_get(map, "load")))
		read_loads(pl, boot, n);
	if ((n = map_get(map, "entry")))
		boot->has_entry = check_unit(b, n, "entry", UNIT_SIZE, &boot->entry);
	check_builtin(pl, boot);
}
