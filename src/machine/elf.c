/* elf.c - ELF files: segments at physical addresses, the entry, symbols.
 *
 * Tool Interface Standard ELF 1.2 and the RISC-V ELF psABI.  Fields are read at
 * their offsets: 32-bit and 64-bit headers differ only in a table.
 */
#include "image.h"

#include <inttypes.h>

enum { ET_DYN = 3, EM_RISCV = 243, PT_LOAD = 1, SHT_SYMTAB = 2 };

/* Where the fields of a header are; `wide` ones have 8 bytes in class 64. */
struct layout {
	u32 word;                                                    /* 4 or 8 */
	u32 entry, phoff, shoff, phentsize, phnum, shentsize, shnum; /* ELF header */
	u32 p_offset, p_vaddr, p_paddr, p_filesz, p_memsz, phsize;   /* program header */
	u32 sh_offset, sh_size, sh_link, shsize;                     /* section header */
	u32 st_value, symsize;                                       /* symbol */
};

static const struct layout layout32 = { 4,  24, 28, 32, 42, 44, 46, 48, 4, 8,
					12, 16, 20, 32, 16, 20, 24, 40, 4, 16 };
static const struct layout layout64 = { 8,  24, 32, 40, 54, 56, 58, 60, 8, 16,
					24, 32, 40, 56, 24, 32, 40, 64, 8, 24 };

static const struct layout *layout_of(const struct image *im)
{
	return im->bytes[4] == 2 ? &layout64 : &layout32;
}

static bool inside(const struct image *im, u64 off, u64 n)
{
	return range_inside(off, n, 0, im->len);
}

static u16 half(const struct image *im, u64 off)
{
	return get_le16(im->bytes + off);
}

static u64 word(const struct image *im, u64 off)
{
	const u8 *p = im->bytes + off;

	return layout_of(im)->word == 8 ? get_le64(p) : get_le32(p);
}

/* Those that people mix up with RISC-V's. */
static const char *machine_name(u16 machine)
{
	static const struct {
		u16 number;
		const char *name;
	} machines[] = { { 3, "x86" },        { 8, "MIPS" },      { 20, "PowerPC" },
			 { 21, "PowerPC" },   { 22, "S/390" },    { 40, "ARM" },
			 { 62, "x86-64" },    { 183, "AArch64" }, { 247, "BPF" },
			 { 258, "LoongArch" } };

	for (size_t i = 0; i < ARRAY_LEN(machines); i++)
		if (machines[i].number == machine)
			return machines[i].name;
	return "an unusual one";
}

static bool check_header(struct image *im, struct err *e)
{
	const u8 *p = im->bytes;

	if (im->len < 52 || (p[4] != 1 && p[4] != 2) || (p[4] == 2 && im->len < 64))
		return image_refuse(im, e, IMAGE_DAMAGED, "a truncated ELF file (%zu bytes)",
				    im->len);
	im->xlen = p[4] == 2 ? 64 : 32;
	if (p[5] != 1)
		return image_refuse(im, e, IMAGE_FOREIGN,
				    "a big-endian ELF; harts are little-endian");
	if (half(im, 18) != EM_RISCV)
		return image_refuse(im, e, IMAGE_FOREIGN,
				    "an ELF for another machine, %s, not RISC-V",
				    machine_name(half(im, 18)));
	return true;
}

static bool add_segment(struct image *im, u64 ph, u32 number, struct err *e)
{
	const struct layout *l = layout_of(im);
	u64 offset = word(im, ph + l->p_offset), filesz = word(im, ph + l->p_filesz);
	u64 memsz = word(im, ph + l->p_memsz), paddr = word(im, ph + l->p_paddr);

	if (!memsz)
		return true;
	if (filesz > memsz)
		return image_refuse(im, e, IMAGE_DAMAGED,
				    "segment %u has more bytes in the file (%" PRIu64
				    ") than in memory (%" PRIu64 ")",
				    number, filesz, memsz);
	if (!inside(im, offset, filesz))
		return image_refuse(im, e, IMAGE_DAMAGED,
				    "it is cut off: segment %u needs %" PRIu64 " bytes at %" PRIu64
				    ", the file has %zu",
				    number, filesz, offset, im->len);
	if (im->nsegments == IMAGE_SEGMENTS)
		return err_code(e, "E0501", "`%s` has more than %d segments to load", im->path,
				IMAGE_SEGMENTS);
	im->segment[im->nsegments++] = (struct segment){ paddr, memsz, im->bytes + offset, filesz };
	return true;
}

/* A kernel's entry is virtual; the hart starts with paging off. */
static u64 physical(const struct image *im, u64 ph, u64 entry)
{
	const struct layout *l = layout_of(im);
	u64 vaddr = word(im, ph + l->p_vaddr), memsz = word(im, ph + l->p_memsz);

	return entry >= vaddr && entry - vaddr < memsz ? entry - vaddr + word(im, ph + l->p_paddr)
						       : entry;
}

bool elf_read(struct image *im, struct err *e)
{
	const struct layout *l;
	u64 phoff, entry;
	u32 phnum;

	if (!check_header(im, e))
		return false;
	l = layout_of(im);
	phoff = word(im, l->phoff);
	phnum = half(im, l->phnum);
	if (half(im, l->phentsize) != l->phsize || !inside(im, phoff, (u64)phnum * l->phsize))
		return image_refuse(im, e, IMAGE_DAMAGED,
				    "it is cut off: its program headers are not in it");
	im->entry = entry = word(im, l->entry);
	for (u32 i = 0; i < phnum; i++) {
		u64 ph = phoff + (u64)i * l->phsize;

		if (get_le32(im->bytes + ph) != PT_LOAD)
			continue;
		if (!add_segment(im, ph, i, e))
			return false;
		if (im->entry == entry)
			im->entry = physical(im, ph, entry);
	}
	if (!im->nsegments) {
		err_code(e, "E0501", "`%s` is an ELF with nothing to load", im->path);
		return err_hint(e, "an object file (.o) must be linked first");
	}
	im->has_entry = true;
	im->anywhere = half(im, 16) == ET_DYN;
	return true;
}

/* -- Symbols ----------------------------------------------------------------- */

/* A NUL-terminated string inside the file, equal to `name`. */
static bool name_is(const struct image *im, u64 off, const char *name)
{
	size_t n = strlen(name) + 1;

	return inside(im, off, n) && !memcmp(im->bytes + off, name, n);
}

static bool find_in_table(const struct image *im, u64 symtab, u64 strtab, const char *name,
			  u64 *value)
{
	const struct layout *l = layout_of(im);
	u64 off = word(im, symtab + l->sh_offset), size = word(im, symtab + l->sh_size);
	u64 names = word(im, strtab + l->sh_offset), at;

	if (!inside(im, off, size))
		return false;
	for (u64 i = 0; i + l->symsize <= size; i += l->symsize)
		if (!ADD_OVERFLOWS(names, get_le32(im->bytes + off + i), &at) &&
		    name_is(im, at, name)) {
			*value = word(im, off + i + l->st_value);
			return true;
		}
	return false;
}

bool elf_symbol(const struct image *im, const char *name, u64 *value)
{
	const struct layout *l;
	u64 shoff;
	u32 shnum;

	if (im->kind != IMAGE_IS_ELF)
		return false;
	l = layout_of(im);
	shoff = word(im, l->shoff);
	shnum = half(im, l->shnum);
	if (half(im, l->shentsize) != l->shsize || !inside(im, shoff, (u64)shnum * l->shsize))
		return false;
	for (u32 i = 0; i < shnum; i++) {
		u64 sh = shoff + (u64)i * l->shsize;
		u32 link;

		if (get_le32(im->bytes + sh + 4) != SHT_SYMTAB)
			continue;
		link = get_le32(im->bytes + sh + l->sh_link);
		if (link < shnum &&
		    find_in_table(im, sh, shoff + (u64)link * l->shsize, name, value))
			return true;
	}
	return false;
}
