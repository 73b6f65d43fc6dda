/* aplic.c - one interrupt domain of an advanced platform-level interrupt controller
 *
 * Spec: RISC-V Advanced Interrupt Architecture 1.0, "Advanced Platform-Level Interrupt Controller
 * (APLIC)".
 *
 * A domain is at M-level or S-level.  Lines arrive at the root, which hands those that it delegates
 * on to its child, one wire for the level and one that says "withheld".  With `msi-parent:` a
 * domain sends messages, without it drives a line of each hart; domaincfg.DM is fixed accordingly.
 * Hart indexes count the harts that have the domain's level, as do the files of an IMSIC.
 *
 * Where messages go is wired (mmsiaddrcfgh.L is 1 and the addresses are hidden).  After a reset a
 * domain with a child delegates all sources: the specification leaves it open, and a kernel without
 * firmware below it finds them in its own domain.
 *
 * Not modeled: more than one child, big-endian access (BE is 0), Guest Index.
 */
#include "device.h"
#include "dt.h"

#define SOURCES  1024 /* numbers; 0 is none */
#define WORDS_OF (SOURCES / 32)
#define HARTS    64

enum { LEVEL_M, LEVEL_S };
static const u32 lines[] = { [LEVEL_M] = IRQ_M_EXT, [LEVEL_S] = IRQ_S_EXT };

/* Input lines: levels by source, and from a parent "withheld" by source. */
#define WITHHELD SOURCES

enum {
	DOMAINCFG = 0x0000,
	SOURCECFG = 0x0000, /* of source 0, which is none */
	MMSIADDRCFGH = 0x1bc4,
	SETIP = 0x1c00,
	SETIPNUM = 0x1cdc,
	IN_CLRIP = 0x1d00,
	CLRIPNUM = 0x1ddc,
	SETIE = 0x1e00,
	SETIENUM = 0x1edc,
	CLRIE = 0x1f00,
	CLRIENUM = 0x1fdc,
	SETIPNUM_LE = 0x2000,
	GENMSI = 0x3000,
	TARGET = 0x3000, /* of source 0 */
	IDC = 0x4000,
	IDC_SIZE = 32,

	DOMAINCFG_FIXED = 0x80 << 24,
	DOMAINCFG_IE = 1 << 8,
	DOMAINCFG_DM = 1 << 2,
	MSIADDR_LOCKED = 1 << 31,
	DELEGATED = 1 << 10, /* sourcecfg */
};

/* sourcecfg.SM */
enum mode { INACTIVE, DETACHED, EDGE1 = 4, EDGE0, LEVEL1, LEVEL0 };

/* What delivers to one hart (direct mode), by number of its register. */
enum { IDELIVERY = 0x00, IFORCE = 0x04, ITHRESHOLD = 0x08, TOPI = 0x18, CLAIMI = 0x1c };

struct idc {
	u32 idelivery, iforce, ithreshold;
};

struct aplic {
	struct device dev;

	/* properties */
	u32 level, sources;
	struct ref children, msi_parent;

	u32 nharts;
	struct wire *out;             /* to each hart (direct mode) */
	struct wire *down, *withhold; /* to the child, by source */

	u32 domaincfg, genmsi;
	u32 wire[WORDS_OF], withheld[WORDS_OF], ip[WORDS_OF], ie[WORDS_OF];
	u32 sourcecfg[SOURCES], target[SOURCES];
	struct idc idc[HARTS];
};

static u32 bit_of(u32 source)
{
	return (u32)1 << source % 32;
}

static bool test(const u32 *words, u32 source)
{
	return words[source / 32] & bit_of(source);
}

static void set(u32 *words, u32 source, bool on)
{
	if (on)
		words[source / 32] |= bit_of(source);
	else
		words[source / 32] &= ~bit_of(source);
}

/* -- Sources -------------------------------------------------------------------- */

static bool by_msi(const struct aplic *a)
{
	return a->msi_parent.dev;
}

/* Not one of another domain, as far as this one can see. */
static bool implemented(const struct aplic *a, u32 source)
{
	return source && source <= a->sources && !test(a->withheld, source);
}

static enum mode mode_of(const struct aplic *a, u32 source)
{
	return a->sourcecfg[source] & DELEGATED ? INACTIVE : (enum mode)a->sourcecfg[source];
}

static bool is_level(enum mode m)
{
	return m == LEVEL1 || m == LEVEL0;
}

static bool is_edge(enum mode m)
{
	return m == EDGE1 || m == EDGE0;
}

static bool rectified(const struct aplic *a, u32 source)
{
	enum mode m = mode_of(a, source);

	return (is_level(m) || is_edge(m)) && test(a->wire, source) != (m == EDGE0 || m == LEVEL0);
}

/* Of one that is not active, everything is zero. */
static void make_inactive(struct aplic *a, u32 source)
{
	set(a->ip, source, false);
	set(a->ie, source, false);
	a->target[source] = 0;
}

/* Section "Precise effects on interrupt-pending bits": a level is pending as long as it is high,
 * or with messages until it was sent. */
static void set_pending(struct aplic *a, u32 source)
{
	enum mode m = mode_of(a, source);

	if (m == INACTIVE || (is_level(m) && !rectified(a, source)))
		return;
	set(a->ip, source, true);
}

static void clear_pending(struct aplic *a, u32 source)
{
	if (!is_level(mode_of(a, source)) || by_msi(a))
		set(a->ip, source, false);
}

static void write_sourcecfg(struct aplic *a, u32 source, u32 v)
{
	static const u8 legal =
		1 << INACTIVE | 1 << DETACHED | 1 << EDGE1 | 1 << EDGE0 | 1 << LEVEL1 | 1 << LEVEL0;
	bool was = mode_of(a, source);

	if (v & DELEGATED)
		a->sourcecfg[source] = a->children.dev ? DELEGATED : 0;
	else
		a->sourcecfg[source] = legal >> (v & 7) & 1 ? v & 7 : INACTIVE;
	if (!mode_of(a, source))
		make_inactive(a, source);
	else if (!was)
		a->target[source] = by_msi(a) ? 0 : 1; /* the least priority number */
	if (is_level(mode_of(a, source)))
		set_pending(a, source);
}

/* -- Delivery by messages ----------------------------------------------------------- */

static void send(struct aplic *a, u32 target)
{
	if (!msi_post(a->msi_parent.dev, target >> 18, target & 0x7ff))
		guest_error(&a->dev, "a message for file %u, identity %u, which is not there",
			    target >> 18, target & 0x7ff);
}

static void send_all(struct aplic *a)
{
	for (u32 w = 0; w <= a->sources / 32; w++) {
		u32 bits = a->ip[w] & a->ie[w];

		a->ip[w] &= ~bits;
		for (; bits; bits &= bits - 1)
			send(a, a->target[32 * w + (u32)ffs((int)bits) - 1]);
	}
}

/* -- Direct delivery ------------------------------------------------------------------ */

static u32 priority(const struct aplic *a, u32 source)
{
	return a->target[source] & 0xff;
}

/* The least priority number, then the least source: topi. */
static u32 top(const struct aplic *a, u32 hart)
{
	u32 best = 0, limit = a->idc[hart].ithreshold;

	for (u32 w = 0; w <= a->sources / 32; w++)
		for (u32 bits = a->ip[w] & a->ie[w]; bits; bits &= bits - 1) {
			u32 i = 32 * w + (u32)ffs((int)bits) - 1;

			if (a->target[i] >> 18 == hart && (!limit || priority(a, i) < limit) &&
			    (!best || priority(a, i) < priority(a, best)))
				best = i;
		}
	return best ? best << 16 | priority(a, best) : 0;
}

static void drive_harts(struct aplic *a)
{
	for (u32 h = 0; h < a->nharts; h++) {
		const struct idc *idc = &a->idc[h];
		bool on = (a->domaincfg & DOMAINCFG_IE) && idc->idelivery;

		wire_set(&a->dev, &a->out[h], on && (idc->iforce || top(a, h)));
	}
}

/* -- From state to wires ----------------------------------------------------------------- */

static void hand_down(struct aplic *a)
{
	for (u32 i = 1; i <= a->sources; i++) {
		wire_set(&a->dev, &a->withhold[i], !(a->sourcecfg[i] & DELEGATED));
		wire_set(&a->dev, &a->down[i], test(a->wire, i));
	}
}

static void aplic_update(struct device *dev)
{
	struct aplic *a = (struct aplic *)dev;

	if (a->down)
		hand_down(a);
	if (!by_msi(a))
		drive_harts(a);
	else if (a->domaincfg & DOMAINCFG_IE)
		send_all(a);
}

static void change_level(struct aplic *a, u32 source, bool level)
{
	bool was = rectified(a, source), now;

	set(a->wire, source, level);
	now = rectified(a, source);
	if (now && !was)
		set_pending(a, source);
	else if (!now && is_level(mode_of(a, source)))
		set(a->ip, source, false);
}

static void aplic_input(struct device *dev, u32 line, bool level)
{
	struct aplic *a = (struct aplic *)dev;
	u32 source = line % SOURCES;

	assert(source >= 1 && source <= a->sources); /* the builder did the wiring */
	if (line < WITHHELD) {
		change_level(a, source, level);
		return;
	}
	set(a->withheld, source, level);
	if (level) {
		a->sourcecfg[source] = 0;
		make_inactive(a, source);
	}
}

/* -- Registers ----------------------------------------------------------------------------- */

/* A register of one word for 32 sources: which word, if `off` is one of `base`. */
static bool in_array(u64 off, u32 base, u32 *word)
{
	*word = (u32)(off - base) / 4;
	return off >= base && *word < WORDS_OF;
}

static u32 inputs(const struct aplic *a, u32 word)
{
	u32 v = 0;

	for (u32 i = 0; i < 32; i++)
		v |= (u32)rectified(a, 32 * word + i) << i;
	return v;
}

static u32 read_claim(struct aplic *a, u32 hart)
{
	u32 v = top(a, hart);

	if (v)
		clear_pending(a, v >> 16);
	else
		a->idc[hart].iforce = 0;
	aplic_update(&a->dev);
	return v;
}

static u32 read_idc(struct aplic *a, u32 hart, u32 reg)
{
	switch (reg) {
	case IDELIVERY:
		return a->idc[hart].idelivery;
	case IFORCE:
		return a->idc[hart].iforce;
	case ITHRESHOLD:
		return a->idc[hart].ithreshold;
	case TOPI:
		return top(a, hart);
	case CLAIMI:
		return read_claim(a, hart);
	}
	return 0;
}

static void write_idc(struct aplic *a, u32 hart, u32 reg, u32 v)
{
	struct idc *idc = &a->idc[hart];

	if (reg == IDELIVERY)
		idc->idelivery = v & 1;
	else if (reg == IFORCE)
		idc->iforce = v & 1;
	else if (reg == ITHRESHOLD)
		idc->ithreshold = v & 0xff;
}

/* Direct mode alone has them. */
static bool has_idc(const struct aplic *a, u64 off)
{
	return off >= IDC && (off - IDC) / IDC_SIZE < a->nharts && !by_msi(a);
}

static u32 read_domaincfg(const struct aplic *a)
{
	return (u32)DOMAINCFG_FIXED | a->domaincfg | (by_msi(a) ? (u32)DOMAINCFG_DM : 0);
}

static u64 aplic_read(struct device *dev, u64 off, u32 width)
{
	struct aplic *a = (struct aplic *)dev;
	u32 w;

	if (width != 4) {
		guest_error(dev, "a load of %u bytes at 0x%x", width, (u32)off);
		return 0;
	}
	if (has_idc(a, off))
		return read_idc(a, (u32)(off - IDC) / IDC_SIZE, (u32)off % IDC_SIZE);
	if (off == DOMAINCFG)
		return read_domaincfg(a);
	if (off < SOURCECFG + 4 * SOURCES)
		return a->sourcecfg[off / 4];
	if (off == MMSIADDRCFGH)
		return by_msi(a) && a->level == LEVEL_M ? (u32)MSIADDR_LOCKED : 0;
	if (in_array(off, SETIP, &w))
		return a->ip[w];
	if (in_array(off, IN_CLRIP, &w))
		return inputs(a, w);
	if (in_array(off, SETIE, &w))
		return a->ie[w];
	if (off == GENMSI)
		return a->genmsi;
	if (off > TARGET && off < TARGET + 4 * SOURCES)
		return a->target[(off - TARGET) / 4];
	return 0;
}

/* A function of each source that is set in a word. */
static void each(struct aplic *a, u32 word, u32 bits, void (*f)(struct aplic *a, u32 source))
{
	for (; bits; bits &= bits - 1) {
		u32 source = 32 * word + (u32)ffs((int)bits) - 1;

		if (implemented(a, source))
			f(a, source);
	}
}

static void enable(struct aplic *a, u32 source)
{
	if (mode_of(a, source))
		set(a->ie, source, true);
}

static void disable(struct aplic *a, u32 source)
{
	set(a->ie, source, false);
}

/* The registers that name one source or a word of them, and what they do to each. */
static const struct {
	u32 array, number;
	void (*f)(struct aplic *a, u32 source);
} actions[] = {
	{ SETIP, SETIPNUM, set_pending },
	{ IN_CLRIP, CLRIPNUM, clear_pending },
	{ SETIE, SETIENUM, enable },
	{ CLRIE, CLRIENUM, disable },
};

static bool act(struct aplic *a, u64 off, u32 v)
{
	u64 number = off == SETIPNUM_LE ? SETIPNUM : off;
	u32 w;

	for (u32 i = 0; i < ARRAY_LEN(actions); i++) {
		if (in_array(off, actions[i].array, &w))
			return each(a, w, v, actions[i].f), true;
		if (number == actions[i].number)
			return each(a, v / 32, bit_of(v), actions[i].f), true;
	}
	return false;
}

/* The priority number is never 0. */
static u32 legal_target(const struct aplic *a, u32 v)
{
	if (by_msi(a))
		return v & 0xfffc07ff;
	return (v & 0xfffc00ff) | (v & 0xff ? 0 : 1);
}

static void write_source(struct aplic *a, u64 off, u32 v)
{
	u32 source = (u32)off % (4 * SOURCES) / 4;

	if (!implemented(a, source))
		return;
	if (off < SOURCECFG + 4 * SOURCES)
		write_sourcecfg(a, source, v);
	else if (mode_of(a, source))
		a->target[source] = legal_target(a, v);
}

static void aplic_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct aplic *a = (struct aplic *)dev;
	u32 v = (u32)value;

	if (width != 4) {
		guest_error(dev, "a store of %u bytes at 0x%x", width, (u32)off);
	} else if (has_idc(a, off)) {
		write_idc(a, (u32)(off - IDC) / IDC_SIZE, (u32)off % IDC_SIZE, v);
	} else if (off == DOMAINCFG) {
		a->domaincfg = v & DOMAINCFG_IE;
	} else if (off == GENMSI && by_msi(a)) {
		a->genmsi = v & 0xfffc07ff;
		send(a, a->genmsi);
	} else if (off < SOURCECFG + 4 * SOURCES || (off >= TARGET && off < TARGET + 4 * SOURCES)) {
		write_source(a, off, v);
	} else {
		act(a, off, v);
	}
}

/* -- Life ------------------------------------------------------------------------------------ */

static void aplic_reset(struct device *dev)
{
	struct aplic *a = (struct aplic *)dev;

	for (u32 i = 1; a->children.dev && i <= a->sources; i++)
		a->sourcecfg[i] = DELEGATED;
}

static void connect_harts(struct aplic *a, const struct hart_info *harts, u32 nharts)
{
	u32 *list = xcalloc(nharts, sizeof(list[0]));

	harts_with_line(harts, nharts, lines[a->level], list);
	a->out = xcalloc(a->nharts, sizeof(a->out[0]));
	for (u32 i = 0; i < a->nharts; i++)
		wire_to_hart(&a->dev, &a->out[i], list[i], lines[a->level]);
	free(list);
}

static void connect_child(struct aplic *a)
{
	struct device *child = a->children.dev;

	a->down = xcalloc(a->sources + 1, sizeof(a->down[0]));
	a->withhold = xcalloc(a->sources + 1, sizeof(a->withhold[0]));
	lines_arrive_first(&a->dev, child);
	for (u32 i = 1; i <= a->sources; i++) {
		wire_to_device(&a->dev, &a->withhold[i], child, WITHHELD + i);
		wire_to_device(&a->dev, &a->down[i], child, i);
	}
}

static bool check_domain(const struct aplic *a, struct err *e)
{
	const struct aplic *child = (const struct aplic *)a->children.dev;

	if (IDC + (u64)a->nharts * IDC_SIZE > device_window(&a->dev))
		return err_set(e, "reg: %u harts need 0x%x bytes", a->nharts,
			       IDC + a->nharts * IDC_SIZE);
	if (!child)
		return true;
	if (a->level != LEVEL_M)
		return err_set(e, "children: a domain that has one is at level M");
	if (child->sources != a->sources)
		return err_set(e, "sources: %u, and its child has %u", a->sources, child->sources);
	return true;
}

static bool aplic_init(struct device *dev, struct err *e)
{
	struct aplic *a = (struct aplic *)dev;
	u32 nharts;
	const struct hart_info *harts = device_harts(dev, &nharts);

	a->nharts = harts_with_line(harts, nharts, lines[a->level], NULL);
	if (!check_domain(a, e))
		return false;
	if (!by_msi(a))
		connect_harts(a, harts, nharts);
	if (a->children.dev)
		connect_child(a);
	return true;
}

static void aplic_fini(struct device *dev)
{
	struct aplic *a = (struct aplic *)dev;

	free(a->out);
	free(a->down);
	free(a->withhold);
}

/* -- Device tree --------------------------------------------------------------------------------
 */

/* Firmware shall delegate all that there is. */
static void aplic_fdt(struct dt_node *node)
{
	u32 child = dt_ref_phandle(node, "children");
	u32 sources = (u32)dt_value(node, "sources")->num;
	u32 level = (u32)dt_value(node, "level")->num;

	if (child)
		dt_add_cells(node, "riscv,delegation", (const u32[]){ child, 1, sources }, 3);
	if (!dt_ref_phandle(node, "msi_parent"))
		dt_add_hart_lines(node, lines[level]);
	if (level == LEVEL_M && dt_is_for_s_mode(node))
		dt_add_text(node, "status", "disabled");
}

/* clang-format off */
#define SELF struct aplic

DEVICE(aplic) = {
	.name         = "aplic",
	.doc          = "a domain of an advanced platform-level interrupt controller",
	.compatible   = { "qemu,aplic", "riscv,aplic" }, /* the binding wants a maker first */
	.node         = "interrupt-controller",
	.binding      = "interrupt-controller/riscv,aplic.yaml",
	.linux_driver = "riscv-aplic",
	.linux_config = "RISCV_APLIC",
	.qemu         = "riscv.aplic",
	.size         = sizeof(SELF),
	.mmio_size    = 0x8000,
	.cells        = { [PROVIDES_DOMAIN] = 1 },
	.irq_cells    = 2,
	.irq_limit    = "sources",
	.example      = "aplic_s: {device: aplic, level: S, reg: 0x0d00_0000, sources: 96, msi-parent: imsic_s}",
	.init         = aplic_init,
	.fini         = aplic_fini,
	.reset        = aplic_reset,
	.update       = aplic_update,
	.input        = aplic_input,
	.read         = aplic_read,
	.write        = aplic_write,
	.fdt_more     = aplic_fdt,

	.props = PROPS(
		PROP_ENUM(level, .words = WORDS("M", "S"), .required = true,
			  .doc = "the mode that it interrupts"),
		PROP_U32(sources, .def = 96, .min = 1, .max = SOURCES - 1, .fdt = "riscv,num-sources",
			 .doc = "the highest interrupt line"),
		PROP_REF(msi_parent, .wants = PROVIDES_MSI, .fdt = "msi-parent",
			 .doc = "the imsic that its messages go to; without one it drives the harts' lines"),
		PROP_REF(children, .wants = PROVIDES_DOMAIN, .fdt = "riscv,children",
			 .doc = "the domain, at level S, that it delegates to")),

	.fdt = FDT(
		FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 2),
		FDT_U32("#address-cells", 0)),

	.state = STATE(
		FIELD(domaincfg), FIELD(genmsi), FIELD(wire), FIELD(withheld), FIELD(ip), FIELD(ie),
		FIELD(sourcecfg), FIELD(target), FIELD(idc)),
};
