/* guest_ko.c - inside a kernel module
 *
 * System V ABI, chapters "ELF Header", "Sections", "Symbol Table", "Relocation".
 *
 * Assemblers for RISC-V keep a local symbol for every label, because linkers may
 * shorten code: ext4.ko of Debian 13 is 7.0 MB, 5.2 MB of it labels that nothing
 * refers to.  Linux reads, hashes and keeps all of that, which costs an emulated
 * machine more time than the file system's own work.  ko_slim() leaves out such
 * labels, type information (BTF) and the signature, which would not match any more.
 */
#include "guest.h"

#include <elf.h>

/* A relocatable file for 64 bits, its tables checked to lie inside. */
struct ko {
	const u8 *p;
	size_t size;
	const Elf64_Ehdr *head;
	const Elf64_Shdr *sections;
	u32 nsections;
};

static bool has_bytes(const Elf64_Shdr *s)
{
	return s->sh_type != SHT_NULL && s->sh_type != SHT_NOBITS;
}

static bool ko_open(struct ko *k, const void *bytes, size_t size)
{
	const Elf64_Ehdr *h = bytes;

	*k = (struct ko){ .p = bytes, .size = size, .head = h };
	if (size < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 || h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_type != ET_REL || h->e_shentsize != sizeof(Elf64_Shdr) || h->e_shoff % 8 ||
	    !range_inside(h->e_shoff, h->e_shnum * sizeof(Elf64_Shdr), 0, size) ||
	    h->e_shstrndx >= h->e_shnum)
		return false;
	k->sections = (const Elf64_Shdr *)(k->p + h->e_shoff);
	k->nsections = h->e_shnum;
	for (u32 i = 0; i < k->nsections; i++) {
		const Elf64_Shdr *s = &k->sections[i];

		if (has_bytes(s) && !range_inside(s->sh_offset, s->sh_size, 0, size))
			return false;
	}
	return true;
}

/* A NUL-terminated text in a string section, or NULL. */
static const char *ko_text(const struct ko *k, u32 section, u64 at)
{
	const Elf64_Shdr *s = &k->sections[section];
	const char *text;

	if (s->sh_type != SHT_STRTAB || at >= s->sh_size)
		return NULL;
	text = (const char *)k->p + s->sh_offset + at;
	return memchr(text, 0, s->sh_size - at) ? text : NULL;
}

const char *ko_info(const void *ko, size_t size, size_t *n)
{
	struct ko k;

	if (!ko_open(&k, ko, size))
		return NULL;
	for (u32 i = 0; i < k.nsections; i++) {
		const Elf64_Shdr *s = &k.sections[i];
		const char *name = ko_text(&k, k.head->e_shstrndx, s->sh_name);
		const char *text;

		if (!name || strcmp(name, ".modinfo") != 0 || s->sh_type != SHT_PROGBITS ||
		    !s->sh_size)
			continue;
		text = (const char *)k.p + s->sh_offset;
		*n = s->sh_size;
		return text[*n - 1] ? NULL : text;
	}
	return NULL;
}

/* -- Slimming ---------------------------------------------------------------- */

struct slim {
	struct ko k;
	const Elf64_Shdr *symtab;
	const Elf64_Sym *symbols;
	u32 nsymbols;
	u32 *number; /* the new one of each symbol, 0: left out */
	struct str *out;
};

static bool is_table(const Elf64_Shdr *s, u64 row)
{
	return s->sh_entsize == row && s->sh_size % row == 0 && s->sh_offset % 8 == 0;
}

static bool find_symbols(struct slim *s)
{
	for (u32 i = 0; i < s->k.nsections; i++) {
		const Elf64_Shdr *t = &s->k.sections[i];

		if (t->sh_type != SHT_SYMTAB)
			continue;
		if (!is_table(t, sizeof(Elf64_Sym)) || t->sh_link >= s->k.nsections ||
		    t->sh_size / sizeof(Elf64_Sym) > UINT32_MAX)
			return false;
		s->symtab = t;
		s->symbols = (const Elf64_Sym *)(s->k.p + t->sh_offset);
		s->nsymbols = (u32)(t->sh_size / sizeof(Elf64_Sym));
		s->number = xcalloc(s->nsymbols, sizeof(*s->number));
		return true;
	}
	return false;
}

static bool loaded(const struct slim *s, const Elf64_Shdr *section)
{
	const Elf64_Shdr *all = s->k.sections;

	if (section->sh_type == SHT_RELA)
		return section->sh_info < s->k.nsections &&
		       all[section->sh_info].sh_flags & SHF_ALLOC;
	return section->sh_flags & SHF_ALLOC;
}

static bool kept(const struct slim *s, u32 index)
{
	const Elf64_Shdr *section = &s->k.sections[index];

	return loaded(s, section) || section == s->symtab || index == s->symtab->sh_link ||
	       index == s->k.head->e_shstrndx;
}

/* For each relocation of what is loaded, the symbol's number is in place of `number`. */
static bool mark_relocated(struct slim *s)
{
	for (u32 i = 0; i < s->k.nsections; i++) {
		const Elf64_Shdr *t = &s->k.sections[i];
		const Elf64_Rela *rela;

		if (t->sh_type == SHT_REL)
			return false; /* RISC-V has none */
		if (t->sh_type != SHT_RELA || !loaded(s, t))
			continue;
		if (!is_table(t, sizeof(*rela)))
			return false;
		rela = (const Elf64_Rela *)(s->k.p + t->sh_offset);
		for (u64 j = 0; j < t->sh_size / sizeof(*rela); j++) {
			u64 symbol = ELF64_R_SYM(rela[j].r_info);

			if (symbol >= s->nsymbols)
				return false;
			s->number[symbol] = 1;
		}
	}
	return true;
}

static bool number_symbols(struct slim *s)
{
	u32 next = 1;

	for (u32 i = 1; i < s->nsymbols; i++) {
		const char *name = ko_text(&s->k, s->symtab->sh_link, s->symbols[i].st_name);

		if (!name)
			return false;
		if (s->number[i] || ELF64_ST_BIND(s->symbols[i].st_info) != STB_LOCAL ||
		    !text_starts(name, ".L"))
			s->number[i] = next++;
	}
	s->number[0] = 0;
	return true;
}

/* Symbols go out with new places of their names; the names are collected. */
static void put_symbols(struct slim *s, Elf64_Shdr *head, struct str *names)
{
	Elf64_Sym none = { 0 };

	str_bytes(names, "", 1);
	str_bytes(s->out, &none, sizeof(none));
	head->sh_info = 1; /* the first that is not local */
	for (u32 i = 1; i < s->nsymbols; i++) {
		Elf64_Sym sym = s->symbols[i];
		const char *name = ko_text(&s->k, s->symtab->sh_link, sym.st_name);

		if (!s->number[i])
			continue;
		sym.st_name = *name ? (u32)names->n : 0;
		if (*name)
			str_bytes(names, name, strlen(name) + 1);
		if (ELF64_ST_BIND(sym.st_info) == STB_LOCAL)
			head->sh_info = s->number[i] + 1;
		str_bytes(s->out, &sym, sizeof(sym));
	}
}

static void put_relocations(struct slim *s, const Elf64_Shdr *t)
{
	const Elf64_Rela *rela = (const Elf64_Rela *)(s->k.p + t->sh_offset);

	for (u64 j = 0; j < t->sh_size / sizeof(*rela); j++) {
		Elf64_Rela r = rela[j];

		r.r_info =
			ELF64_R_INFO((u64)s->number[ELF64_R_SYM(r.r_info)], ELF64_R_TYPE(r.r_info));
		str_bytes(s->out, &r, sizeof(r));
	}
}

static void pad_to(struct str *out, u64 align)
{
	while (align > 1 && out->n % align)
		str_bytes(out, "", 1);
}

static void put_section(struct slim *s, u32 index, Elf64_Shdr *head, struct str *names)
{
	const Elf64_Shdr *t = &s->k.sections[index];

	pad_to(s->out, MAX(MIN(t->sh_addralign, 4096), 8));
	head->sh_offset = s->out->n;
	if (t == s->symtab)
		put_symbols(s, head, names);
	else if (index == s->symtab->sh_link)
		str_bytes(s->out, names->p, names->n);
	else if (t->sh_type == SHT_RELA)
		put_relocations(s, t);
	else if (has_bytes(t))
		str_bytes(s->out, s->k.p + t->sh_offset, t->sh_size);
	if (has_bytes(t))
		head->sh_size = s->out->n - head->sh_offset;
}

/* Sections keep their numbers, which symbols refer to; one left out becomes SHT_NULL. */
static void put_all(struct slim *s)
{
	Elf64_Shdr *heads = xcalloc(s->k.nsections, sizeof(*heads));
	Elf64_Ehdr head = *s->k.head;
	struct str names = { 0 };
	u32 strtab = s->symtab->sh_link;

	str_bytes(s->out, &head, sizeof(head));
	for (u32 i = 0; i < s->k.nsections; i++) {
		if (!kept(s, i) || i == strtab)
			continue;
		heads[i] = s->k.sections[i];
		put_section(s, i, &heads[i], &names);
	}
	heads[strtab] = s->k.sections[strtab]; /* last: now the names are known */
	put_section(s, strtab, &heads[strtab], &names);
	pad_to(s->out, 8);
	head.e_shoff = s->out->n;
	str_bytes(s->out, heads, s->k.nsections * sizeof(*heads));
	memcpy(s->out->p, &head, sizeof(head));
	str_free(&names);
	free(heads);
}

bool ko_slim(const void *ko, size_t size, struct str *out)
{
	struct slim s = { .out = out };
	bool ok = ko_open(&s.k, ko, size) && find_symbols(&s) && mark_relocated(&s) &&
		  number_symbols(&s) && s.symtab->sh_link != s.k.head->e_shstrndx;

	if (ok)
		put_all(&s);
	free(s.number);
	return ok;
}
