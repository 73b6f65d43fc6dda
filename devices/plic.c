/* plic.c - platform-level interrupt controller
 *
 * Spec: RISC-V Platform-Level Interrupt Controller Specification 1.0.0.
 *
 *	0x000000 + 4 * source                   priority, 0 .. 7; 0 never interrupts
 *	0x001000 + 4 * word                     pending, a bit each
 *	0x002000 + 0x80 * context + 4 * word    enable, a bit each
 *	0x200000 + 0x1000 * context             threshold
 *	0x200004 + 0x1000 * context             claim (read) and complete (write)
 *
 * A context is one privilege mode of one hart.  A source goes: its line is high, so
 * it is pending; a claim clears that and marks it as claimed; completion ends that,
 * and if the line is still high it is pending again.  A line that falls before the
 * claim leaves it pending (chapter 5 of the specification, "Interrupt Gateways").
 *
 * Not modeled: edge-triggered gateways.
 */
#include "device.h"
#include "dt.h"

#include <strings.h>

#define SOURCES  1024 /* with source 0, which there is not */
#define WORDS_OF (SOURCES / 32)

#define PENDING      0x1000
#define ENABLE       0x2000
#define ENABLE_SIZE  0x80
#define CONTEXT      0x200000
#define CONTEXT_SIZE 0x1000
#define PRIORITIES   7

enum { THRESHOLD = 0, CLAIM = 4 };

struct context {
	u32 hart, irq;
};

struct plic {
	struct device dev;

	/* properties */
	u32 sources;
	struct text_list contexts;

	u32 ncontexts, nwords;
	struct wire *out; /* one per context */
	u8 priority[SOURCES];
	u32 level[WORDS_OF], pending[WORDS_OF], claimed[WORDS_OF];
	u32 (*enable)[WORDS_OF]; /* per context */
	u32 *threshold;
};

/* The sources that exist, of those in `word`. */
static u32 real(const struct plic *p, u32 word)
{
	u32 after = p->sources + 1 - 32 * word; /* how many ids from here on */

	return (u32)LOW_BITS(MIN(after, 32)) & (word ? ~(u32)0 : ~(u32)1);
}

/* -- Who interrupts whom ------------------------------------------------------- */

/* The highest priority wins, then the lowest number. */
static void best_in(const struct plic *p, u32 context, u32 word, u32 *best)
{
	u32 candidates = p->pending[word] & p->enable[context][word];

	for (; candidates; candidates &= candidates - 1) {
		u32 id = 32 * word + (u32)ffs((int)candidates) - 1;

		if (p->priority[id] > p->priority[*best])
			*best = id;
	}
}

/* 0: none.  Source 0 has priority 0, so no other of priority 0 is ever better. */
static u32 best(const struct plic *p, u32 context)
{
	u32 id = 0;

	for (u32 w = 0; w < p->nwords; w++)
		if (p->pending[w])
			best_in(p, context, w, &id);
	return id;
}

static void plic_update(struct device *dev)
{
	struct plic *p = (struct plic *)dev;
	bool any = false;

	for (u32 w = 0; w < p->nwords; w++) {
		p->pending[w] |= p->level[w] & ~p->claimed[w];
		any |= p->pending[w];
	}
	for (u32 c = 0; c < p->ncontexts; c++)
		wire_set(dev, &p->out[c], any && p->priority[best(p, c)] > p->threshold[c]);
}

static void plic_input(struct device *dev, u32 line, bool level)
{
	struct plic *p = (struct plic *)dev;
	u32 bit = (u32)1 << line % 32;

	assert(line >= 1 && line <= p->sources); /* the builder did the wiring */
	p->level[line / 32] = level ? p->level[line / 32] | bit : p->level[line / 32] & ~bit;
}

/* The threshold keeps a context from being interrupted, not from asking (chapter 8). */
static u32 claim(struct plic *p, u32 context)
{
	u32 id = best(p, context);

	if (id) {
		p->pending[id / 32] &= ~((u32)1 << id % 32);
		p->claimed[id / 32] |= (u32)1 << id % 32;
		plic_update(&p->dev);
	}
	return id;
}

static void complete(struct plic *p, u32 context, u32 id)
{
	u32 bit = (u32)1 << id % 32;

	if (id > p->sources || !(p->enable[context][id / 32] & bit)) {
		guest_error(&p->dev, "context %u completes %u, which it has not enabled", context,
			    id);
		return;
	}
	p->claimed[id / 32] &= ~bit;
}

/* -- Registers ------------------------------------------------------------------ */

enum what { NOTHING, PRIORITY_REG, PENDING_REG, ENABLE_REG, THRESHOLD_REG, CLAIM_REG };

struct where {
	enum what what;
	u32 context;
	u32 i; /* source or word */
};

static struct where nothing(struct plic *p, u64 off, u32 width)
{
	guest_error(&p->dev, "no register of %u bytes at offset 0x%x", width, (u32)off);
	return (struct where){ .what = NOTHING };
}

static struct where decode(struct plic *p, u64 off, u32 width)
{
	struct where r = { .what = NOTHING };

	if (off < PENDING) {
		r = (struct where){ PRIORITY_REG, 0, (u32)(off / 4) };
	} else if (off < ENABLE) {
		r = (struct where){ PENDING_REG, 0, (u32)(off - PENDING) / 4 };
	} else if (off < CONTEXT) {
		r.what = ENABLE_REG;
		r.context = (u32)(off - ENABLE) / ENABLE_SIZE;
		r.i = (u32)(off - ENABLE) % ENABLE_SIZE / 4;
	} else {
		u32 reg = (u32)(off - CONTEXT) % CONTEXT_SIZE;

		r.what = reg == THRESHOLD ? THRESHOLD_REG : reg == CLAIM ? CLAIM_REG : NOTHING;
		r.context = (u32)((off - CONTEXT) / CONTEXT_SIZE);
	}
	if (width != 4 || r.what == NOTHING || r.context >= p->ncontexts ||
	    (r.what == PRIORITY_REG && r.i > p->sources) ||
	    (r.what == PENDING_REG && r.i >= WORDS_OF))
		return nothing(p, off, width);
	return r;
}

static u64 plic_read(struct device *dev, u64 off, u32 width)
{
	struct plic *p = (struct plic *)dev;
	struct where r = decode(p, off, width);

	switch (r.what) {
	case PRIORITY_REG:
		return p->priority[r.i];
	case PENDING_REG:
		return p->pending[r.i];
	case ENABLE_REG:
		return p->enable[r.context][r.i];
	case THRESHOLD_REG:
		return p->threshold[r.context];
	case CLAIM_REG:
		return claim(p, r.context);
	case NOTHING:
		break;
	}
	return 0;
}

static void plic_write(struct device *dev, u64 off, u32 width, u64 value)
{
	struct plic *p = (struct plic *)dev;
	struct where r = decode(p, off, width);

	switch (r.what) {
	case PRIORITY_REG:
		p->priority[r.i] = r.i ? value & PRIORITIES : 0;
		break;
	case ENABLE_REG:
		p->enable[r.context][r.i] = r.i < p->nwords ? (u32)value & real(p, r.i) : 0;
		break;
	case THRESHOLD_REG:
		p->threshold[r.context] = value & PRIORITIES;
		break;
	case CLAIM_REG:
		complete(p, r.context, (u32)value);
		break;
	case PENDING_REG: /* read-only */
	case NOTHING:
		break;
	}
}

/* -- Contexts -------------------------------------------------------------------- */

/* A hart's modes: what `contexts:` says, or all that it has. */
static const char *modes(const struct text_list *said, const struct hart_info *harts, u32 hart)
{
	if (said->n)
		return said->text[hart];
	return harts[hart].s_mode ? "MS" : "M";
}

/* In the order of context numbers.  Returns how many; `out` may be NULL. */
static u32 list_contexts(const struct text_list *said, const struct hart_info *harts, u32 nharts,
			 struct context *out)
{
	u32 n = 0;

	for (u32 h = 0; h < nharts; h++)
		for (const char *m = modes(said, harts, h); *m; m++, n++)
			if (out)
				out[n] = (struct context){ h, *m == 'M' ? IRQ_M_EXT : IRQ_S_EXT };
	return n;
}

static bool check_modes(const char *text, const struct hart_info *hart, struct err *e)
{
	bool s = !strcmp(text, "S") || !strcmp(text, "MS");

	if (!s && strcmp(text, "M") != 0 && *text)
		return err_set(e, "contexts: `%s` is not M, S, MS or \"\"", text);
	if (s && !hart->s_mode)
		return err_set(e, "contexts: `%s` for hart %u, which has no S-mode", text,
			       hart->id);
	return true;
}

static bool check_contexts(const struct plic *p, const struct hart_info *harts, u32 nharts,
			   struct err *e)
{
	if (p->contexts.n && p->contexts.n != nharts)
		return err_set(e, "contexts: %u entries for %u harts", p->contexts.n, nharts);
	for (u32 h = 0; h < p->contexts.n; h++)
		if (!check_modes(p->contexts.text[h], &harts[h], e))
			return false;
	if (CONTEXT + (u64)p->ncontexts * CONTEXT_SIZE > device_window(&p->dev))
		return err_set(e, "reg: %u contexts need 0x%x bytes", p->ncontexts,
			       CONTEXT + p->ncontexts * CONTEXT_SIZE);
	return true;
}

static void connect(struct plic *p, const struct hart_info *harts, u32 nharts)
{
	struct context *list = xcalloc(p->ncontexts, sizeof(list[0]));

	list_contexts(&p->contexts, harts, nharts, list);
	for (u32 c = 0; c < p->ncontexts; c++)
		wire_to_hart(&p->dev, &p->out[c], list[c].hart, list[c].irq);
	free(list);
}

static bool plic_init(struct device *dev, struct err *e)
{
	struct plic *p = (struct plic *)dev;
	u32 nharts;
	const struct hart_info *harts = device_harts(dev, &nharts);

	if (!p->contexts.n || p->contexts.n == nharts)
		p->ncontexts = list_contexts(&p->contexts, harts, nharts, NULL);
	if (!check_contexts(p, harts, nharts, e))
		return false;
	p->nwords = p->sources / 32 + 1;
	p->out = xcalloc(p->ncontexts, sizeof(p->out[0]));
	p->enable = xcalloc(p->ncontexts, sizeof(p->enable[0]));
	p->threshold = xcalloc(p->ncontexts, sizeof(p->threshold[0]));
	connect(p, harts, nharts);
	return true;
}

static void plic_fini(struct device *dev)
{
	struct plic *p = (struct plic *)dev;

	free(p->out);
	free(p->enable);
	free(p->threshold);
}

/* The order of this list is what numbers the contexts. */
static void plic_fdt(struct dt_node *node)
{
	const struct value *v = dt_value(node, "contexts");
	struct text_list said = { v->list, v->n };
	u32 nharts, n, *cells;
	const struct hart_info *harts = dt_harts(node, &nharts);
	struct context *list;

	n = list_contexts(&said, harts, nharts, NULL);
	list = xcalloc(n, sizeof(list[0]));
	cells = xcalloc((size_t)n * 2, sizeof(cells[0]));
	list_contexts(&said, harts, nharts, list);
	for (u32 c = 0; c < n; c++) {
		cells[2 * c] = dt_hart_intc(node, list[c].hart);
		cells[2 * c + 1] = list[c].irq;
	}
	dt_add_cells(node, "interrupts-extended", cells, 2 * n);
	free(cells);
	free(list);
}

/* clang-format off */
#define SELF struct plic

DEVICE(plic) = {
	.name         = "plic",
	.doc          = "platform-level interrupt controller",
	.compatible   = { "sifive,plic-1.0.0", "riscv,plic0" },
	.node         = "interrupt-controller",
	.binding      = "interrupt-controller/sifive,plic-1.0.0.yaml",
	.linux_driver = "riscv-plic",
	.linux_config = "SIFIVE_PLIC",
	.qemu         = "riscv.sifive.plic",
	.size         = sizeof(SELF),
	.mmio_size    = 0x600000,
	.mmio_max     = 0x4000000,
	.irq_cells    = 1,
	.irq_limit    = "sources",
	.example      = "plic: {device: plic, reg: [0x0c00_0000, 6M], sources: 96}",
	.init         = plic_init,
	.fini         = plic_fini,
	.update       = plic_update,
	.input        = plic_input,
	.read         = plic_read,
	.write        = plic_write,
	.fdt_more     = plic_fdt,

	.props = PROPS(
		PROP_U32(sources, .def = 96, .min = 1, .max = SOURCES - 1, .fdt = "riscv,ndev",
			 .doc = "the highest interrupt line"),
		PROP_LIST(contexts, .per_hart = true, .words = WORDS("M", "S", "MS", ""),
			  .doc = "the modes of each hart, M, S or MS, if not all that it has")),

	.fdt = FDT(
		FDT_FLAG("interrupt-controller"), FDT_U32("#interrupt-cells", 1),
		FDT_U32("#address-cells", 0)),

	.state = STATE(
		FIELD(priority), FIELD(level), FIELD(pending), FIELD(claimed),
		FIELD_N(enable, ncontexts), FIELD_N(threshold, ncontexts)),
};
