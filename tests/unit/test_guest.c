#include "check.h"
#include "folder.h"

#include "guest.h"
#include "host.h"

#include <elf.h>

/* -- Recipes --------------------------------------------------------------------- */

#define HEAD                                                                                       \
	"vmbuild: 1\nkind: guest\nname: x\ndescription: d\nsuite: s\ncomponent: main\n"            \
	"architecture: riscv64\nkeyring: k.gpg\npackages: [p]\nparts: {kernel: boot/v*}\n"         \
	"bootargs: root=/dev/vda\nmodules: []\napplets: [sh]\nfolders: [/bin]\nimage-size: "       \
	"16M\n"

static struct recipe *read_text(const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	return recipe_read(text, strlen(text), "x.yaml", NULL, NULL, e);
}

static void refused(const char *text, const char *why)
{
	struct err e;
	struct recipe *r = read_text(text, &e);

	assert_null(r);
	assert_string_equal(e.text, why);
}

static void the_recipe_of_debian_small_can_be_read(void **state)
{
	struct err e = { 0 };
	size_t n;
	char *text = (char *)host_read_file("boards/guests/debian-small.yaml", MIB, &n, &e);
	struct recipe *r;

	assert_non_null(text);
	r = recipe_read(text, n, "debian-small.yaml", NULL, NULL, &e);
	assert_string_equal(e.text, "");
	assert_non_null(r);
	assert_true(words_have(&r->initrd_modules, "virtio_blk"));
	assert_int_equal(r->image_bytes, 256 * MIB);
	recipe_free(r);
	free(text);
	(void)state;
}

static void a_misspelt_key_has_its_place_and_a_hint(void **state)
{
	struct err e;

	assert_null(read_text("vmbuild: 1\nkind: guest\nnmae: x\n", &e));
	assert_string_equal(e.text, "x.yaml:3:1: a recipe has no key `nmae`");
	assert_string_equal(e.hint, "did you mean `name`?");
	(void)state;
}

static void a_key_that_is_missing_or_there_twice_is_refused(void **state)
{
	refused("vmbuild: 1\nkind: guest\n", "x.yaml:1:1: this key is missing here: `name`");
	refused("vmbuild: 1\nvmbuild: 1\n", "x.yaml:2:1: the key is there twice: `vmbuild`");
	(void)state;
}

static void another_version_or_kind_is_refused(void **state)
{
	refused("vmbuild: 2\n", "x.yaml:1:10: only version 1 of the format is known");
	refused("vmbuild: 1\nkind: board\n", "x.yaml:2:7: `kind: guest` is wanted");
	(void)state;
}

static void nothing_of_a_recipe_leads_out_of_the_guest_or_the_packages(void **state)
{
	refused(HEAD "files: {/a/../../b: {text: x}}\n",
		"x.yaml:16:9: not a path in the guest: `/a/../../b`");
	refused(HEAD "files: {/a: {copy: ../b}}\n",
		"x.yaml:16:20: not a file of a package: `../b`");
	refused(HEAD "files: {/a: {copy: /b}}\n", "x.yaml:16:20: not a file of a package: `/b`");
	refused("vmbuild: 1\nkind: guest\nname: ../x\n", "x.yaml:3:7: not a name: `../x`");
	(void)state;
}

static void a_file_is_text_or_a_copy_or_a_link(void **state)
{
	refused(HEAD "files: {/a: {text: x, link: y}}\n",
		"x.yaml:16:13: one of text, copy and link is wanted here");
	(void)state;
}

/* -- One recipe upon another ----------------------------------------------------------- */

static struct recipe *find_head(void *ctx, const char *name, struct err *e)
{
	(void)ctx;
	if (!strcmp(name, "x"))
		return read_text(HEAD "files: {/a: {text: x}}\n", e);
	err_set(e, "there is no recipe `%s`", name);
	return NULL;
}

static struct recipe *read_upon(const char *text, struct err *e)
{
	*e = (struct err){ 0 };
	return recipe_read(text, strlen(text), "y.yaml", find_head, NULL, e);
}

#define UPON "vmbuild: 1\nkind: guest\nname: y\nextends: x\n"

static void a_recipe_that_extends_another_adds_to_lists_and_replaces_texts(void **state)
{
	struct err e;
	struct recipe *r = read_upon(UPON "description: mine\napplets: [ls]\nimage-size: 32M\n"
					  "files: {/b: {text: y}}\n",
				     &e);

	assert_non_null(r);
	assert_string_equal(r->name, "y");
	assert_string_equal(r->description, "mine");
	assert_string_equal(r->bootargs, "root=/dev/vda");
	assert_int_equal(r->image_bytes, 32 * MIB);
	assert_int_equal(r->applets.n, 2);
	assert_string_equal(r->files.list[0].path, "/a");
	assert_string_equal(r->files.list[1].path, "/b");
	recipe_free(r);
	(void)state;
}

static void what_a_recipe_extends_is_in_its_hash(void **state)
{
	struct err e;
	struct recipe *alone = read_text(HEAD "files: {}\n", &e), *r = read_upon(UPON, &e);
	char own[SHA256_HEX];

	sha256_hex(UPON, strlen(UPON), own);
	assert_string_not_equal(r->hash, own);
	assert_string_not_equal(r->hash, alone->hash);
	recipe_free(r);
	recipe_free(alone);
	(void)state;
}

static void a_recipe_extends_only_what_there_is(void **state)
{
	struct err e;

	assert_null(read_upon("vmbuild: 1\nkind: guest\nname: y\nextends: z\n", &e));
	assert_string_equal(e.text, "there is no recipe `z`");
	assert_null(read_upon("vmbuild: 1\nkind: guest\nname: y\nextends: ../x\n", &e));
	assert_string_equal(e.text, "y.yaml:4:10: not a name: `../x`");
	(void)state;
}

/* -- Kernel modules ------------------------------------------------------------------ */

/* Sections of a module small enough to read: one function that calls another. */
enum { NONE, TEXT, RELA, INFO, BTF, SYMTAB, STRTAB, SHSTRTAB, SECTIONS };

static const char names[] = "\0.text\0.rela.text\0.modinfo\0.BTF\0.symtab\0.strtab\0.shstrtab";
static const char strings[] = "\0.Lused\0.Lunused\0init_module\0printk";
static const char info[] = "license=GPL\0depends=b,c-d\0alias=virtio:d00000002v*";

struct ko {
	Elf64_Ehdr head;
	Elf64_Shdr sections[SECTIONS];
	Elf64_Sym symbols[5];
	Elf64_Rela rela[2];
	u8 text[16];
	char info[sizeof(info)], btf[64], strings[sizeof(strings)], names[sizeof(names)];
};

#define SECTION(k, i, at, kind, member, ...)                                                       \
	((k)->sections[i] = (Elf64_Shdr){ .sh_name = (at),                                         \
					  .sh_type = (kind),                                       \
					  .sh_offset = offsetof(struct ko, member),                \
					  .sh_size = sizeof((k)->member),                          \
					  .sh_addralign = 1,                                       \
					  __VA_ARGS__ })

static struct ko module(void)
{
	struct ko k = { .head = { .e_type = ET_REL,
				  .e_shentsize = sizeof(Elf64_Shdr),
				  .e_shnum = SECTIONS,
				  .e_shstrndx = SHSTRTAB,
				  .e_shoff = offsetof(struct ko, sections) } };

	memcpy(k.head.e_ident, ELFMAG, SELFMAG);
	k.head.e_ident[EI_CLASS] = ELFCLASS64;
	k.head.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(k.info, info, sizeof(info));
	memcpy(k.strings, strings, sizeof(strings));
	memcpy(k.names, names, sizeof(names));
	k.symbols[1] = (Elf64_Sym){ .st_name = 8, .st_shndx = TEXT }; /* .Lunused */
	k.symbols[2] = (Elf64_Sym){ .st_name = 1, .st_shndx = TEXT, .st_value = 4 };
	k.symbols[3] = (Elf64_Sym){ .st_name = 17,
				    .st_shndx = TEXT,
				    .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC) };
	k.symbols[4] =
		(Elf64_Sym){ .st_name = 29, .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE) };
	k.rela[0] = (Elf64_Rela){ .r_offset = 0, .r_info = ELF64_R_INFO((u64)4, 19) };
	k.rela[1] = (Elf64_Rela){ .r_offset = 8, .r_info = ELF64_R_INFO((u64)2, 24) };
	SECTION(&k, TEXT, 1, SHT_PROGBITS, text, .sh_flags = SHF_ALLOC | SHF_EXECINSTR);
	SECTION(&k, RELA, 7, SHT_RELA, rela, .sh_info = TEXT, .sh_link = SYMTAB,
		.sh_entsize = sizeof(Elf64_Rela));
	SECTION(&k, INFO, 18, SHT_PROGBITS, info, .sh_flags = SHF_ALLOC);
	SECTION(&k, BTF, 27, SHT_PROGBITS, btf, .sh_flags = 0);
	SECTION(&k, SYMTAB, 32, SHT_SYMTAB, symbols, .sh_link = STRTAB, .sh_info = 3,
		.sh_entsize = sizeof(Elf64_Sym));
	SECTION(&k, STRTAB, 40, SHT_STRTAB, strings, .sh_flags = 0);
	SECTION(&k, SHSTRTAB, 48, SHT_STRTAB, names, .sh_flags = 0);
	return k;
}

static void the_strings_of_a_module_are_found(void **state)
{
	struct ko k = module();
	size_t n;
	const char *found = ko_info(&k, sizeof(k), &n);

	assert_non_null(found);
	assert_int_equal(n, sizeof(info));
	assert_memory_equal(found, info, n);
	(void)state;
}

static void a_slim_module_keeps_what_is_loaded_and_the_symbols_that_it_refers_to(void **state)
{
	struct ko k = module();
	struct str out = { 0 };
	const Elf64_Shdr *s;
	const Elf64_Sym *symbols;
	const Elf64_Rela *rela;
	const char *text;
	size_t n;

	assert_true(ko_slim(&k, sizeof(k), &out));
	s = (const Elf64_Shdr *)(out.p + ((const Elf64_Ehdr *)out.p)->e_shoff);
	assert_int_equal(s[BTF].sh_type, SHT_NULL);
	assert_int_equal(s[TEXT].sh_size, sizeof(k.text));
	assert_non_null(ko_info(out.p, out.n, &n));

	assert_int_equal(s[SYMTAB].sh_size / sizeof(Elf64_Sym), 4); /* without .Lunused */
	assert_int_equal(s[SYMTAB].sh_info, 2);                     /* one local */
	symbols = (const Elf64_Sym *)(out.p + s[SYMTAB].sh_offset);
	text = out.p + s[STRTAB].sh_offset;
	rela = (const Elf64_Rela *)(out.p + s[RELA].sh_offset);
	assert_string_equal(text + symbols[ELF64_R_SYM(rela[0].r_info)].st_name, "printk");
	assert_string_equal(text + symbols[ELF64_R_SYM(rela[1].r_info)].st_name, ".Lused");
	assert_int_equal(symbols[ELF64_R_SYM(rela[1].r_info)].st_value, 4);
	assert_int_equal(ELF64_R_TYPE(rela[1].r_info), 24);
	str_free(&out);
	(void)state;
}

static void a_module_with_wrong_tables_is_refused_and_never_read_beyond_its_end(void **state)
{
	struct ko good = module(), bad;
	size_t n;

	for (size_t i = 0; i < offsetof(struct ko, text); i++) {
		u8 *copy = xzalloc(sizeof(good)); /* on the heap: the sanitizer sees its end */
		struct str out = { 0 };

		memcpy(copy, &good, sizeof(good));
		copy[i] ^= 0xff;
		ko_info(copy, sizeof(good), &n);
		ko_slim(copy, sizeof(good), &out);
		str_free(&out);
		free(copy);
	}
	bad = good;
	bad.sections[INFO].sh_offset = sizeof(good);
	assert_null(ko_info(&bad, sizeof(bad), &n));
	bad = good;
	bad.rela[0].r_info = ELF64_R_INFO((u64)99, 1);
	assert_false(ko_slim(&bad, sizeof(bad), &(struct str){ 0 }));
	(void)state;
}

static struct modules chain(void)
{
	static const char *const row[][3] = { { "crc16", "", "" },
					      { "jbd2", "", "" },
					      { "ext4", "jbd2", "crc16" } };
	struct modules m = { .release = xstrdup("6.12") };

	for (size_t i = 0; i < ARRAY_LEN(row); i++) {
		GROW(&m.list, m.n, &m.cap);
		m.list[m.n].name = xstrdup(row[i][0]);
		m.list[m.n].path = xprintf("kernel/%s.ko", row[i][0]);
		for (size_t j = 1; j < 3; j++)
			if (*row[i][j])
				words_add(&m.list[m.n].needs, row[i][j], strlen(row[i][j]));
		m.n++;
	}
	words_add(&m.list[2].aliases, "fs-ext4", strlen("fs-ext4"));
	return m;
}

static void modules_dep_lists_what_is_needed_and_nothing_twice(void **state)
{
	struct modules m = chain();
	struct str dep = { 0 }, alias = { 0 };

	modules_dep(&m, &dep);
	modules_alias(&m, &alias);
	assert_string_equal(dep.p, "kernel/crc16.ko:\nkernel/jbd2.ko:\n"
				   "kernel/ext4.ko: kernel/jbd2.ko kernel/crc16.ko\n");
	assert_string_equal(alias.p, "alias fs-ext4 ext4\n");
	str_free(&dep);
	str_free(&alias);
	modules_free(&m);
	(void)state;
}

static void put(const char *name, const void *bytes, size_t n)
{
	char path[128];
	struct err e;

	assert_true(host_write_file(in_folder(path, sizeof(path), name), bytes, n, &e));
}

static void put_kernel(void)
{
	static const char order[] = "kernel/blk.ko\nkernel/gpu.ko\n", builtin[] = "b.ko\nc-d.ko\n";
	struct ko k = module();
	char path[128];
	struct err e;

	assert_true(host_mkdirs(in_folder(path, sizeof(path), "usr/lib/modules/6/kernel"), &e));
	put("usr/lib/modules/6/modules.order", order, strlen(order));
	put("usr/lib/modules/6/modules.builtin", builtin, strlen(builtin));
	put("usr/lib/modules/6/kernel/blk.ko", &k, sizeof(k));
	put("usr/lib/modules/6/kernel/gpu.ko", &k, sizeof(k));
}

static void the_disk_has_the_modules_of_the_initrd_and_its_own(void **state)
{
	struct err e;
	struct recipe *r = read_text(HEAD "files: {}\ninitrd-modules: [blk]\n", &e);
	struct words more = { 0 };
	struct modules m = { 0 };

	put_kernel();
	words_add(&more, "gpu", 3);
	words_add(&more, "blk", 3);
	assert_true(modules_read(&m, folder, &r->initrd_modules, &e));
	assert_int_equal(m.n, 1);
	assert_true(modules_read(&m, folder, &more, &e));
	assert_int_equal(m.n, 2);
	assert_string_equal(m.list[0].name, "blk");
	assert_string_equal(m.list[1].name, "gpu");
	words_free(&more);
	modules_free(&m);
	recipe_free(r);
	(void)state;
}

/* -- Trees --------------------------------------------------------------------------- */

static const struct node *find(const struct tree *t, const char *path, size_t *index)
{
	for (*index = 0; *index < t->n; (*index)++)
		if (!strcmp(t->list[*index].path, path))
			return &t->list[*index];
	return NULL;
}

static void folders_come_before_what_is_in_them(void **state)
{
	struct err e;
	struct recipe *r = read_text(HEAD "files: {/a/b/c: {text: x}}\n", &e);
	struct modules m = chain();
	struct tree t;
	size_t a, b, c;

	assert_non_null(r);
	assert_true(guest_tree(&t, r, &r->initrd, &m, "/nowhere", &e));
	assert_non_null(find(&t, "a", &a));
	assert_non_null(find(&t, "a/b", &b));
	assert_non_null(find(&t, "a/b/c", &c));
	assert_true(a < b && b < c);
	assert_non_null(find(&t, "lib/modules/6.12/kernel/ext4.ko", &a));
	guest_tree_free(&t);
	modules_free(&m);
	recipe_free(r);
	(void)state;
}

static void a_file_of_the_recipe_stays_where_an_applet_would_be(void **state)
{
	struct err e;
	struct recipe *r = read_text(HEAD "files: {/bin/sh: {text: mine}}\n", &e);
	struct modules m = chain();
	struct tree t;
	size_t at;

	assert_true(guest_tree(&t, r, &r->initrd, &m, "/nowhere", &e));
	assert_string_equal(find(&t, "bin/sh", &at)->bytes.p, "mine");
	guest_tree_free(&t);
	modules_free(&m);
	recipe_free(r);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_recipe_of_debian_small_can_be_read),
		cmocka_unit_test(a_misspelt_key_has_its_place_and_a_hint),
		cmocka_unit_test(a_key_that_is_missing_or_there_twice_is_refused),
		cmocka_unit_test(another_version_or_kind_is_refused),
		cmocka_unit_test(nothing_of_a_recipe_leads_out_of_the_guest_or_the_packages),
		cmocka_unit_test(a_file_is_text_or_a_copy_or_a_link),
		cmocka_unit_test(a_recipe_that_extends_another_adds_to_lists_and_replaces_texts),
		cmocka_unit_test(what_a_recipe_extends_is_in_its_hash),
		cmocka_unit_test(a_recipe_extends_only_what_there_is),
		cmocka_unit_test(the_strings_of_a_module_are_found),
		cmocka_unit_test(
			a_slim_module_keeps_what_is_loaded_and_the_symbols_that_it_refers_to),
		cmocka_unit_test(
			a_module_with_wrong_tables_is_refused_and_never_read_beyond_its_end),
		cmocka_unit_test(modules_dep_lists_what_is_needed_and_nothing_twice),
		cmocka_unit_test(the_disk_has_the_modules_of_the_initrd_and_its_own),
		cmocka_unit_test(folders_come_before_what_is_in_them),
		cmocka_unit_test(a_file_of_the_recipe_stays_where_an_applet_would_be),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
