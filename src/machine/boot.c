/* boot.c - where firmware, kernel, initrd and device tree go.
 *
 *   RAM base              firmware, if there is one
 *   + text_offset         kernel (2 MiB where the firmware ends before that)
 *   + 0x220_0000          where OpenSBI's fw_jump copies the device tree
 *   ...
 *   top - DTB - initrd    initrd, as high as it goes
 *   top - 2 MiB           the boot hart's fw_dynamic information, then the device tree
 *
 * `top` is the end of the first RAM, but not above 3 GiB: kernels and firmware with
 * 32-bit addresses must reach it.
 */
#include "boot.h"

#include "report.h"

#include <inttypes.h>
#include <unistd.h>

enum {
	INFO_SIZE = 4096,        /* room for struct fw_dynamic_info */
	DTB_ROOM = 64 * 1024,    /* OpenSBI grows the tree in place */
	DTB_SPARE = 32 * 1024,   /* before that, what the tree's header claims as well */
	FW_JUMP_FDT = 0x2200000, /* OpenSBI, platform/generic: FW_JUMP_FDT_OFFSET */
	FW_DYNAMIC_MAGIC = 0x4942534f,
	KERNEL_ALIGN = 2 * 1024 * 1024,
};

static const u64 dtb_below = 3 * GIB;

/* Something that takes up RAM: what it is, where, and where the board says so. */
struct placed {
	const char *what;
	struct image image; /* or only a place */
	u64 base, size;     /* around all of its segments */
	struct pos at;
};

struct boot {
	const struct plan *plan;
	struct placed *placed;
	size_t n, cap;
	struct placed *firmware, *kernel; /* set once all are placed */

	u64 entry, dtb_at, info_at;
	u8 *dtb;
	size_t dtb_len;
};

/* -- Reading ------------------------------------------------------------------ */

static struct placed *add(struct boot *b, const char *what, struct pos at)
{
	struct placed *p;

	GROW(&b->placed, b->n, &b->cap);
	p = &b->placed[b->n++];
	*p = (struct placed){ .what = what, .at = at };
	return p;
}

/* The smallest range around all segments. */
static void measure(struct placed *p)
{
	u64 lo = UINT64_MAX, hi = 0;

	for (u32 i = 0; i < p->image.nsegments; i++) {
		const struct segment *s = &p->image.segment[i];

		lo = MIN(lo, s->gpa);
		hi = MAX(hi, s->gpa + s->size);
	}
	p->base = p->image.nsegments ? lo : 0;
	p->size = p->image.nsegments ? hi - lo : 0;
}

static void move(struct placed *p, u64 base)
{
	p->image.segment[0].gpa = base;
	measure(p);
}

static u64 ram_base(const struct boot *b)
{
	return b->plan->memory[0].base;
}

static bool report_misaligned(const struct placed *p, struct diags *ds)
{
	char at[32], near[32];

	diag_report(ds, p->at, DIAG_misaligned, "`%s` must start at a multiple of 2 MiB, not at %s",
		    p->image.path, address_text(at, sizeof(at), p->base));
	return diag_hint(ds, "the next one is %s",
			 address_text(near, sizeof(near), align_up(p->base, KERNEL_ALIGN)));
}

/* Where no better way out is known: this one always works. */
static bool report_image(struct diags *ds, const char *what, const struct plan_image *from,
			 const struct err *e)
{
	report(ds, from->at, e);
	if (!e->hint[0] && strcmp(what, "load") != 0)
		diag_hint(ds, "--set boot.%s=FILE names another", what);
	return false;
}

static bool read_kernel(struct boot *b, const struct image_source *files, const char *what,
			const struct plan_image *from, struct diags *ds)
{
	struct placed *p = add(b, what, from->at);
	struct err e;

	if (!image_open(&p->image, files, from->path, &e))
		return report_image(ds, what, from, &e);
	if (p->image.kind == IMAGE_IS_LINUX) {
		u64 at = p->image.text_offset ? p->image.text_offset : KERNEL_ALIGN;

		move(p, from->has_at ? from->load_at : ram_base(b) + at);
		p->image.has_entry = true;
		p->image.entry = p->base;
		if (p->base % KERNEL_ALIGN)
			return report_misaligned(p, ds);
	}
	measure(p);
	return true;
}

/* OpenSBI's ELF files are linked at 0 and relocate themselves. */
static void move_all(struct image *im, u64 base)
{
	for (u32 i = 0; i < im->nsegments; i++)
		im->segment[i].gpa += base;
	im->entry += base;
}

/* ELF by its magic number; else the bytes as they are, entered at the first. */
static bool read_firmware(struct boot *b, const struct image_source *files,
			  const struct plan_image *from, struct diags *ds)
{
	struct placed *p = add(b, "firmware", from->at);
	struct err e;

	if (!image_open_raw(&p->image, files, from->path,
			    from->has_at ? from->load_at : ram_base(b), &e))
		return report_image(ds, "firmware", from, &e);
	p->image.has_entry = true;
	p->image.entry = p->image.segment[0].gpa;
	if (p->image.len > 4 && !memcmp(p->image.bytes,
					"\x7f"
					"ELF",
					4)) {
		p->image.kind = IMAGE_IS_ELF;
		p->image.nsegments = 0;
		if (!elf_read(&p->image, &e))
			return report(ds, from->at, &e);
		if (p->image.anywhere)
			move_all(&p->image, ram_base(b));
	} else if (!image_is_code(&p->image, &e)) {
		return report(ds, from->at, &e);
	}
	measure(p);
	return true;
}

static bool read_raw(struct boot *b, const struct image_source *files, const char *what,
		     const struct plan_image *from, struct diags *ds)
{
	struct placed *p = add(b, what, from->at);
	struct err e;

	if (!image_open_raw(&p->image, files, from->path, from->load_at, &e))
		return report_image(ds, what, from, &e);
	measure(p);
	return true;
}

static bool read_load(struct boot *b, const struct image_source *files,
		      const struct plan_image *from, struct diags *ds)
{
	if (from->format == IMAGE_RAW)
		return read_raw(b, files, "load", from, ds);
	return read_kernel(b, files, "load", from, ds);
}

static bool read_all(struct boot *b, const struct image_source *files, struct diags *ds)
{
	const struct plan_boot *boot = &b->plan->boot;
	u32 before = ds->errors;

	if (boot->firmware == FIRMWARE_FILE)
		read_firmware(b, files, &boot->firmware_file, ds);
	if (boot->kernel.path)
		read_kernel(b, files, "kernel", &boot->kernel, ds);
	for (u32 i = 0; i < boot->nload; i++)
		read_load(b, files, &boot->load[i], ds);
	if (boot->initrd.path)
		read_raw(b, files, "initrd", &boot->initrd, ds);
	return ds->errors == before;
}

static struct placed *find(struct boot *b, const char *what)
{
	for (size_t i = 0; i < b->n; i++)
		if (!strcmp(b->placed[i].what, what))
			return &b->placed[i];
	return NULL;
}

/* -- The device tree ------------------------------------------------------------ */

static bool user_tree(struct boot *b, const struct image_source *files, struct diags *ds)
{
	const struct plan_image *from = &b->plan->boot.dtb;
	struct err e;

	b->dtb = image_read(files, from->path, MIB, &b->dtb_len, &e);
	if (!b->dtb)
		return report_image(ds, "dtb", from, &e);
	if (b->dtb_len < 40 || get_be32(b->dtb) != 0xd00dfeed || get_be32(b->dtb + 4) > b->dtb_len)
		return diag_report(ds, from->at, DIAG_not_bootable,
				   "`%s` is no device tree blob, or is cut off", from->path);
	return true;
}

static bool own_tree(struct boot *b, const struct fdt_extra *extra, struct diags *ds)
{
	struct err e;

	free(b->dtb);
	b->dtb = plan_fdt(b->plan, extra, &b->dtb_len, &e);
	return b->dtb || report(ds, b->plan->boot.at, &e);
}

/* U-Boot copies as many bytes as the header says, and later adds to the copy in place. */
static void claim_spare(struct boot *b)
{
	u8 *padded = xzalloc(b->dtb_len + DTB_SPARE);

	memcpy(padded, b->dtb, b->dtb_len);
	free(b->dtb);
	b->dtb = padded;
	b->dtb_len += DTB_SPARE;
	put_be32(b->dtb + 4, (u32)b->dtb_len);
}

/* The tree names the initrd, whose place depends on the size of the tree: written once to
 * learn the size, which the addresses do not change. */
static bool place_tree(struct boot *b, const struct image_source *files, bool rng_seed,
		       struct diags *ds)
{
	const struct plan_memory *ram = &b->plan->memory[0];
	struct placed *initrd = find(b, "initrd"), *tree;
	struct fdt_extra extra = { .initrd_start = 1, .initrd_end = 2 };
	u64 top = MIN(ram->base + ram->size, MAX(dtb_below, ram->base)), room;
	u8 seed[32];

	if (top == ram->base)
		top = ram->base + ram->size;
	if (!initrd)
		extra = (struct fdt_extra){ 0 };
	if (rng_seed && getentropy(seed, sizeof(seed)) == 0) {
		extra.rng_seed = seed;
		extra.rng_seed_len = sizeof(seed);
	}
	if (b->plan->boot.dtb.path ? !user_tree(b, files, ds) : !own_tree(b, &extra, ds))
		return false;
	room = INFO_SIZE + b->dtb_len + DTB_SPARE + DTB_ROOM;
	if (room > top - ram->base)
		return diag_report(ds, ram->at, DIAG_no_room_for_dtb,
				   "`%s` has no room for the device tree (%" PRIu64 " KiB)",
				   ram->name, room / KIB);
	b->info_at = align_down(top - room, INFO_SIZE);
	b->dtb_at = b->info_at + INFO_SIZE;
	if (initrd && !b->plan->boot.initrd.has_at)
		move(initrd, align_down(b->info_at - MIN(initrd->size, b->info_at), INFO_SIZE));
	if (initrd && !b->plan->boot.dtb.path) {
		extra.initrd_start = initrd->base;
		extra.initrd_end = initrd->base + initrd->size;
		if (!own_tree(b, &extra, ds))
			return false;
	}
	claim_spare(b);
	tree = add(b, "device tree", b->plan->boot.at);
	tree->base = b->info_at;
	tree->size = room;
	return true;
}

/* -- Checks ----------------------------------------------------------------------- */

/* "kernel `vmlinuz`" */
static const char *named(const struct placed *p, char *buf, size_t cap)
{
	if (p->image.path)
		snprintf(buf, cap, "%s `%s`", p->what, p->image.path);
	else
		snprintf(buf, cap, "the %s", p->what);
	return buf;
}

/* "0x8000_0000..0x8000_ffff" */
static const char *span(char *buf, size_t cap, u64 base, u64 size)
{
	char lo[32], hi[32];

	snprintf(buf, cap, "%s..%s", address_text(lo, sizeof(lo), base),
		 address_text(hi, sizeof(hi), base + size - 1));
	return buf;
}

static bool in_ram(const struct boot *b, u64 base, u64 size)
{
	for (u32 i = 0; i < b->plan->nmemory; i++)
		if (range_inside(base, size, b->plan->memory[i].base, b->plan->memory[i].size))
			return true;
	return false;
}

/* The power of two that has room for all, in MiB, or 0: more RAM is not the way out. */
static u64 enough_ram(const struct boot *b, const struct placed *p)
{
	const struct plan_memory *ram = &b->plan->memory[0];
	u64 need = 2 * KERNEL_ALIGN, mib = 16;

	if (p->base < ram->base || p->base - ram->base > need + 16 * p->size)
		return 0;
	for (size_t i = 0; i < b->n; i++)
		need += b->placed[i].size;
	while (mib * MIB < need)
		mib *= 2;
	return mib * MIB > ram->size ? mib : 0;
}

static bool hint_room(const struct boot *b, const struct placed *p, struct diags *ds)
{
	const struct plan_memory *ram = &b->plan->memory[0];
	u64 mib = enough_ram(b, p);
	bool headers = p->image.kind == IMAGE_IS_ELF && p->base < ram->base &&
		       p->base + 0x10000 >= ram->base;
	char buf[80];

	if (headers)
		return diag_hint(ds, "the linker put the ELF headers into a page of their own "
				     "below the program: link with -Wl,-N");
	if (mib)
		return diag_hint(ds, "more RAM: -p ram=%" PRIu64 "M", mib);
	return diag_hint(ds, p->image.kind == IMAGE_IS_ELF ? "link it for %s" : "`at:` within %s",
			 span(buf, sizeof(buf), ram->base, ram->size));
}

static bool check_in_ram(const struct boot *b, const struct placed *p, struct diags *ds)
{
	const struct plan_memory *ram = &b->plan->memory[0];
	char what[320], at[80], number[32] = "";

	for (u32 i = 0; i < p->image.nsegments; i++) {
		const struct segment *s = &p->image.segment[i];

		if (in_ram(b, s->gpa, s->size))
			continue;
		if (p->image.kind == IMAGE_IS_ELF)
			snprintf(number, sizeof(number), " (segment %u)", i);
		diag_report(ds, p->at, DIAG_outside_ram, "%s does not lie in RAM: it takes %s%s",
			    named(p, what, sizeof(what)), span(at, sizeof(at), s->gpa, s->size),
			    number);
		diag_note(ds, ram->at, "`%s` covers %s", ram->name,
			  span(at, sizeof(at), ram->base, ram->size));
		return hint_room(b, p, ds);
	}
	return true;
}

static bool check_overlap(const struct boot *b, const struct placed *p, const struct placed *q,
			  struct diags *ds)
{
	char one[320], other[320], at[80];
	u64 mib = enough_ram(b, p);

	if (!ranges_overlap(p->base, p->size, q->base, q->size))
		return true;
	diag_report(ds, p->at, DIAG_images_overlap, "%s overlaps %s in memory",
		    named(p, one, sizeof(one)), named(q, other, sizeof(other)));
	diag_label(ds, "%s", span(at, sizeof(at), p->base, p->size));
	diag_note(ds, q->at, "%s takes %s", other, span(at, sizeof(at), q->base, q->size));
	if (mib)
		return diag_hint(ds, "more RAM: -p ram=%" PRIu64 "M", mib);
	return diag_hint(ds, "another `at:` under `load:`, or another program");
}

/* fw_jump moves the tree to a fixed place, whatever lies there. */
static bool check_fw_jump(struct boot *b, struct diags *ds)
{
	u64 copy = ram_base(b) + FW_JUMP_FDT;
	struct placed *fw = b->firmware;
	char what[320], at[80], to[32];

	if (!fw || (!strstr(fw->image.path, "fw_jump") && !strstr(fw->image.path, "fw-jump")))
		return true;
	for (size_t i = 0; i < b->n; i++) {
		struct placed *p = &b->placed[i];

		if (!ranges_overlap(copy, b->dtb_len + DTB_ROOM, p->base, p->size))
			continue;
		diag_report(ds, p->at, DIAG_no_room_for_dtb,
			    "%s lies where fw_jump copies the device tree, %s",
			    named(p, what, sizeof(what)), address_text(to, sizeof(to), copy));
		diag_label(ds, "%s", span(at, sizeof(at), p->base, p->size));
		return diag_hint(ds, "fw_dynamic leaves the tree where it is");
	}
	return true;
}

/* What does not lie in RAM at all is not said to overlap as well. */
static bool check_places(struct boot *b, struct diags *ds)
{
	u32 before = ds->errors;

	for (size_t i = 0; i < b->n; i++)
		check_in_ram(b, &b->placed[i], ds);
	if (ds->errors != before)
		return false;
	for (size_t i = 0; i < b->n; i++)
		for (size_t j = 0; j < i; j++)
			check_overlap(b, &b->placed[i], &b->placed[j], ds);
	check_fw_jump(b, ds);
	return ds->errors == before;
}

/* -- The entry --------------------------------------------------------------------- */

static struct placed *entered(struct boot *b)
{
	if (b->firmware)
		return b->firmware;
	if (b->kernel)
		return b->kernel;
	for (size_t i = 0; i < b->n; i++)
		if (b->placed[i].image.has_entry)
			return &b->placed[i];
	return NULL;
}

/* Raw code has no entry point of its own. */
static bool report_nothing(const struct boot *b, struct diags *ds)
{
	const struct plan_boot *boot = &b->plan->boot;
	char at[32];

	if (boot->nload) {
		diag_report(ds, boot->load[0].at, DIAG_nothing_to_boot,
			    "nothing to boot: raw code does not say where it begins");
		return diag_hint(ds, "add `entry: %s` to `boot:`",
				 address_text(at, sizeof(at), boot->load[0].load_at));
	}
	diag_report(ds, boot->at, DIAG_nothing_to_boot,
		    "nothing to boot: %s names no kernel, guest or firmware", b->plan->name);
	return diag_hint(ds, b->plan->guest ? "--guest NAME, or -p kernel=FILE"
					    : "--set boot.kernel=FILE names one");
}

/* Flash, which brings its own. */
static bool in_flash(const struct plan *p, u64 gpa)
{
	for (u32 i = 0; i < p->ndevices; i++)
		if (p->devices[i].class->holds_code && !p->devices[i].disabled &&
		    range_inside(gpa, 2, p->devices[i].base, p->devices[i].size))
			return true;
	return false;
}

static bool find_entry(struct boot *b, struct diags *ds)
{
	const struct plan_boot *boot = &b->plan->boot;
	struct placed *p = entered(b);
	char at[32];

	if (!p && !boot->has_entry)
		return report_nothing(b, ds);
	b->entry = boot->has_entry ? boot->entry : p->image.entry;
	for (size_t i = 0; i < b->n; i++)
		if (range_inside(b->entry, 2, b->placed[i].base, b->placed[i].size))
			return true;
	if (in_flash(b->plan, b->entry))
		return true;
	diag_report(ds, boot->has_entry ? boot->at : p->at, DIAG_bad_entry,
		    "the entry point %s is outside of what was loaded",
		    address_text(at, sizeof(at), b->entry));
	return diag_hint(ds, "`entry:` under `boot:` names another");
}

static bool check_xlen(const struct boot *b, struct diags *ds)
{
	u32 xlen = b->plan->clusters[0].isa.xlen;

	for (size_t i = 0; i < b->n; i++) {
		const struct placed *p = &b->placed[i];

		if (p->image.kind != IMAGE_IS_ELF || !p->image.xlen || p->image.xlen == xlen)
			continue;
		diag_report(ds, p->at, DIAG_wrong_elf,
			    "`%s` is an ELF for %u-bit harts; this board has %u-bit ones",
			    p->image.path, p->image.xlen, xlen);
		return diag_hint(ds, "build it with -march=rv%ugc", xlen);
	}
	return true;
}

/* -- Life ---------------------------------------------------------------------------- */

struct boot *boot_new(const struct plan *plan, const struct image_source *files, bool rng_seed,
		      struct diags *ds)
{
	struct boot *b = xzalloc(sizeof(*b));

	b->plan = plan;
	if (!read_all(b, files, ds) || !place_tree(b, files, rng_seed, ds))
		goto bad;
	b->firmware = find(b, "firmware");
	b->kernel = find(b, "kernel");
	if (!check_xlen(b, ds) || !check_places(b, ds) || !find_entry(b, ds))
		goto bad;
	return b;
bad:
	boot_free(b);
	return NULL;
}

void boot_free(struct boot *b)
{
	if (!b)
		return;
	for (size_t i = 0; i < b->n; i++)
		image_close(&b->placed[i].image);
	free(b->placed);
	free(b->dtb);
	free(b);
}

static void zero(struct mem *mem, u64 gpa, u64 n)
{
	u8 *p = mem_slice(mem, gpa, n);

	assert(p); /* boot_new() checked it */
	memset(p, 0, n);
}

static void put(struct mem *mem, u64 gpa, const void *bytes, u64 n)
{
	bool fits = mem_write(mem, gpa, bytes, n);

	assert(fits);
	(void)fits;
}

/* What OpenSBI's fw_dynamic wants in a2: include/sbi/fw_dynamic.h, version 2. */
static void put_dynamic_info(const struct boot *b, struct mem *mem)
{
	u8 info[48] = { 0 };

	if (!b->kernel)
		return;
	put_le64(info, FW_DYNAMIC_MAGIC);
	put_le64(info + 8, 2);
	put_le64(info + 16, b->kernel->image.entry);
	put_le64(info + 24, PRIV_S);
	put_le64(info + 40, b->plan->harts[0].id);
	put(mem, b->info_at, info, sizeof(info));
}

void boot_load(const struct boot *b, struct mem *mem)
{
	for (size_t i = 0; i < b->n; i++)
		for (u32 k = 0; k < b->placed[i].image.nsegments; k++) {
			const struct segment *s = &b->placed[i].image.segment[k];

			put(mem, s->gpa, s->bytes, s->nbytes);
			zero(mem, s->gpa + s->nbytes, s->size - s->nbytes);
		}
	zero(mem, b->info_at, INFO_SIZE);
	put_dynamic_info(b, mem);
	put(mem, b->dtb_at, b->dtb, b->dtb_len);
}

struct hart_start boot_start(const struct boot *b, u32 hart)
{
	bool sbi = b->plan->boot.firmware == FIRMWARE_BUILTIN;
	u32 first = 0;

	while (sbi && first + 1 < b->plan->nharts && !b->plan->harts[first].s_mode)
		first++; /* FU540: hart 0 has no S-mode */
	return (struct hart_start){
		.pc = b->entry,
		.a0 = b->plan->harts[hart].id,
		.a1 = b->dtb_at,
		.a2 = b->firmware ? b->info_at : 0,
		.priv = sbi ? PRIV_S : PRIV_M,
		.stopped = sbi && hart != first,
	};
}

bool boot_symbol(const struct boot *b, const char *name, u64 *value)
{
	for (size_t i = 0; i < b->n; i++)
		if (elf_symbol(&b->placed[i].image, name, value))
			return true;
	return false;
}
