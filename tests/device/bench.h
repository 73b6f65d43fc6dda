/* bench.h - devices on a bench: no guest, no host, and a clock that stands still.
 *
 * bench("uart-16550") is one device with its defaults; bench_with() sets properties
 * as "sources=96 contexts=M,MS reg=0xc000000:0x600000".  bench_add() puts another on
 * the bench of the first; bench_of() finds what surrounds a device; bench_free() ends
 * them all.  The device's interrupt is device_wire(dev, "interrupts", 0)->level.
 */
#ifndef BENCH_H
#define BENCH_H

#include "chance.h"
#include "check.h"

#include "core.h"

#define BENCH_RAM_BASE 0x80000000u
#define BENCH_RAM_SIZE (1u << 20)
#define BENCH_HARTS    8
#define BENCH_DEVICES  8
#define BENCH_BASE     0x10000000u /* of the first device's window, unless reg= says else */
#define BENCH_HZ       10000000u   /* of the timebase */

struct bench {
	struct device_machine machine;
	struct timebase time;
	struct device_clock clock;
	u64 now, wall, skew; /* ns, ns, ticks */
	u8 *ram;
	struct hart_info harts[BENCH_HARTS];
	_Atomic bool line[BENCH_HARTS][64]; /* interrupt lines of the harts */
	u32 rises[BENCH_HARTS][64];         /* how often a line became high */
	u32 ids[BENCH_HARTS][64];           /* identities of the file behind a line */
	struct {
		u32 hart, irq, id;
	} msi[16]; /* messages that came */
	u32 nmsi;

	struct device *devices[BENCH_DEVICES];
	struct bench_values *values[BENCH_DEVICES]; /* whose texts they use */
	u32 ndevices;
	u64 next_base;

	u32 poweroffs, reboots, fails, fail_code, wakes;

	struct chardev far; /* what a device's `host:` is connected to */
	u8 out[8192];       /* what the device wrote there */
	u32 nout;
	u32 ready;
	struct chardev *lines[4]; /* of a device that has several, in their order; or far */
	u32 next_line;
	struct block *disk;  /* the next devices' disk, or NULL */
	struct share *share; /* the next devices' folder, or NULL */
	struct audio *audio; /* of a sound card */
	struct vsock *vsock; /* the same for sockets */
	struct net cable;    /* of a network card */
	bool cable_full;
	u8 sent[NET_FRAME_MAX]; /* the last frame that went out */
	struct net_work sent_work;
	u32 sent_bytes, nsent, cable_ready;
	struct input_source *hands; /* of who types */
	struct device *ref;         /* what the next devices' references mean, or NULL */
	const char *ref_prop;       /* ... but only of this property, if it is not NULL */
};

/* -- The clock ----------------------------------------------------------------- */

static inline u64 bench_now(void *ctx)
{
	return ((struct bench *)ctx)->now;
}

static inline u64 bench_wall(void *ctx)
{
	return ((struct bench *)ctx)->wall + ((struct bench *)ctx)->now;
}

static inline u64 bench_ticks(void *ctx)
{
	struct bench *b = ctx;

	return mul_div(b->now, BENCH_HZ, 1000000000) + b->skew;
}

static inline void bench_set_ticks(void *ctx, u64 ticks)
{
	struct bench *b = ctx;

	b->skew += ticks - bench_ticks(b);
}

static inline u64 bench_ns_at(void *ctx, u64 ticks)
{
	struct bench *b = ctx;
	u64 ns_a_tick = 1000000000 / BENCH_HZ;

	if (ticks <= bench_ticks(b))
		return b->now;
	ticks -= b->skew;
	return ticks > NEVER_NS / ns_a_tick ? NEVER_NS : ticks * ns_a_tick;
}

/* Time passes; what comes due fires at its own moment. */
static inline void bench_advance(struct bench *b, u64 ns)
{
	u64 end = b->now + ns, next;

	while ((next = timers_run_at(b->machine.timers, b->now)) <= end)
		b->now = MAX(next, b->now);
	b->now = end;
}

/* -- The machine around -------------------------------------------------------- */

static inline void bench_hart_input(void *ctx, u32 hart, u32 irq, bool level)
{
	struct bench *b = ctx;

	b->rises[hart][irq] += level && !b->line[hart][irq];
	b->line[hart][irq] = level;
}

static inline void bench_hart_files(void *ctx, u32 hart, u32 irq, u32 ids)
{
	((struct bench *)ctx)->ids[hart][irq] = ids;
}

static inline bool bench_hart_msi(void *ctx, u32 hart, u32 irq, u32 id)
{
	struct bench *b = ctx;

	if (!id || id > b->ids[hart][irq])
		return false;
	if (b->nmsi < ARRAY_LEN(b->msi)) {
		b->msi[b->nmsi].hart = hart;
		b->msi[b->nmsi].irq = irq;
		b->msi[b->nmsi++].id = id;
	}
	return true;
}

static inline void bench_poweroff(void *ctx, struct device *dev)
{
	((struct bench *)ctx)->poweroffs++;
	(void)dev;
}

static inline void bench_reboot(void *ctx, struct device *dev)
{
	((struct bench *)ctx)->reboots++;
	(void)dev;
}

static inline void bench_fail(void *ctx, struct device *dev, u32 code)
{
	((struct bench *)ctx)->fails++;
	((struct bench *)ctx)->fail_code = code;
	(void)dev;
}

static inline void bench_wake(void *ctx)
{
	((struct bench *)ctx)->wakes++;
}

static inline void bench_out(struct chardev *c, const u8 *bytes, size_t n)
{
	struct bench *b = (struct bench *)(void *)((u8 *)c - offsetof(struct bench, far));

	while (n-- && b->nout < sizeof(b->out))
		b->out[b->nout++] = *bytes++;
}

static inline void bench_ready(struct chardev *c)
{
	((struct bench *)(void *)((u8 *)c - offsetof(struct bench, far)))->ready++;
}

static inline const struct chardev_ops *bench_chardev_ops(void)
{
	static const struct chardev_ops ops = { .write = bench_out, .ready = bench_ready };

	return &ops;
}

static inline struct bench *bench_of_cable(struct net *n)
{
	return (struct bench *)(void *)((u8 *)n - offsetof(struct bench, cable));
}

static inline bool bench_net_send(struct net *n, const u8 *frame, u32 len,
				  const struct net_work *work)
{
	struct bench *b = bench_of_cable(n);

	if (b->cable_full)
		return false;
	assert_true(len <= sizeof(b->sent));
	memcpy(b->sent, frame, len);
	b->sent_bytes = len;
	b->sent_work = *work;
	b->nsent++;
	return true;
}

static inline void bench_net_ready(struct net *n)
{
	bench_of_cable(n)->cable_ready++;
}

static inline const struct net_ops *bench_net_ops(void)
{
	static const struct net_ops ops = { .send = bench_net_send, .ready = bench_net_ready };

	return &ops;
}

static inline struct bench *bench_new(void)
{
	struct bench *b = xzalloc(sizeof(*b));
	struct err e = { 0 };

	b->wall = (u64)1700000000 * 1000000000;
	b->next_base = BENCH_BASE;
	b->far.ops = bench_chardev_ops();
	b->cable.ops = bench_net_ops();
	b->cable.takes = NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN;
	b->cable.link = true;
	timebase_init(&b->time, BENCH_HZ);
	b->time.epoch_ns = 0;
	b->clock = (struct device_clock){ bench_now,       bench_wall,  bench_ticks,
					  bench_set_ticks, bench_ns_at, b };
	for (u32 i = 0; i < BENCH_HARTS; i++)
		b->harts[i] = (struct hart_info){ i, true, true };
	b->ram = xzalloc(BENCH_RAM_SIZE);
	b->machine = (struct device_machine){
		.mem = mem_new(),
		.time = &b->time,
		.clock = &b->clock,
		.harts = b->harts,
		.nharts = BENCH_HARTS,
		.timers = timers_new(bench_wake, b),
		.input = input_new(),
		.ctx = b,
		.hart_input = bench_hart_input,
		.hart_files = bench_hart_files,
		.hart_msi = bench_hart_msi,
		.poweroff = bench_poweroff,
		.reboot = bench_reboot,
		.fail = bench_fail,
	};
	b->hands = input_source_new(b->machine.input);
	assert_true(
		mem_add_ram(b->machine.mem, "ram0", BENCH_RAM_BASE, BENCH_RAM_SIZE, b->ram, &e));
	return b;
}

/* -- Settings -------------------------------------------------------------------- */

struct bench_values {
	struct value values[32];
	char text[256];
	const char *list[32];
	u64 base, size;
};

static inline u64 bench_number(const char *s)
{
	char *end;
	u64 v = strtoull(s, &end, 0);

	return v << (*end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0);
}

static inline bool bench_same_key(const char *key, const char *name)
{
	for (; *key && *name; key++, name++)
		if (*key != *name && !(*key == '-' && *name == '_'))
			return false;
	return *key == *name;
}

static inline void bench_split(struct bench_values *v, struct value *to, char *s)
{
	for (to->list = v->list; s; to->n++) {
		char *comma = strchr(s, ',');

		if (comma)
			*comma++ = 0;
		assert_true(to->n < ARRAY_LEN(v->list));
		v->list[to->n] = s;
		s = comma;
	}
}

static inline void bench_range(char *s, u64 *base, u64 *size)
{
	char *colon = strchr(s, ':');

	*base = bench_number(s);
	*size = colon ? bench_number(colon + 1) : 0;
}

static inline void bench_set(struct bench_values *v, const struct prop *p, struct value *to,
			     char *s)
{
	to->given = true;
	switch (p->kind) {
	case PROP_KIND_BOOL:
		to->num = !strcmp(s, "true");
		break;
	case PROP_KIND_ENUM:
		for (to->num = 0; strcmp(p->words[to->num], s) != 0; to->num++)
			;
		break;
	case PROP_KIND_TEXT:
	case PROP_KIND_PATH:
		to->text = s;
		break;
	case PROP_KIND_LIST:
		bench_split(v, to, s);
		break;
	case PROP_KIND_RANGE:
		bench_range(s, &to->num, &to->size);
		break;
	default:
		to->num = bench_number(s);
	}
}

static inline void bench_setting(struct bench_values *v, const struct device_class *class,
				 char *word)
{
	char *value = strchr(word, '=');
	const struct prop *p;
	u32 i = 0;

	if (!value)
		fail_msg("`%s` is not key=value", word);
	*value++ = 0;
	if (!strcmp(word, "reg")) {
		bench_range(value, &v->base, &v->size);
		return;
	}
	for_each(p, class->props) {
		if (bench_same_key(word, p->key ? p->key : p->name)) {
			bench_set(v, p, &v->values[i], value);
			return;
		}
		i++;
	}
	fail_msg("%s has no property `%s`", class->name, word);
}

static inline void bench_parse(struct bench_values *v, const struct device_class *class,
			       const char *settings)
{
	const struct prop *p;
	char *at = v->text;
	u32 i = 0;

	for_each(p, class->props) {
		assert_true(i < ARRAY_LEN(v->values));
		v->values[i].num = p->def;
		v->values[i].text = p->def_text;
		v->values[i].given = p->kind == PROP_KIND_CHARDEV || p->kind == PROP_KIND_BLOCK ||
				     p->kind == PROP_KIND_NET || p->kind == PROP_KIND_SHARE ||
				     p->kind == PROP_KIND_VSOCK || p->kind == PROP_KIND_AUDIO ||
				     p->kind == PROP_KIND_REF;
		i++;
	}
	assert_true(strlen(settings) < sizeof(v->text));
	snprintf(v->text, sizeof(v->text), "%s", settings);
	while (*at) {
		size_t n = strcspn(at, " ");
		bool last = !at[n];

		at[n] = 0;
		if (n)
			bench_setting(v, class, at);
		at += n + !last;
	}
}

/* -- Devices ------------------------------------------------------------------- */

static inline void *bench_attach(void *ctx, const struct prop *p, const struct value *v,
				 struct err *e)
{
	struct bench *b = ctx;

	(void)v;
	(void)e;
	if (p->kind == PROP_KIND_CHARDEV)
		return b->lines[b->next_line] ? b->lines[b->next_line++] : &b->far;
	if (p->kind == PROP_KIND_BLOCK)
		return b->disk;
	if (p->kind == PROP_KIND_NET)
		return &b->cable;
	if (p->kind == PROP_KIND_SHARE)
		return b->share;
	if (p->kind == PROP_KIND_VSOCK)
		return b->vsock;
	if (p->kind == PROP_KIND_AUDIO)
		return b->audio;
	return !b->ref_prop || bench_same_key(b->ref_prop, p->name) ? b->ref : NULL;
}

static inline const struct device_class *bench_find(const char *class)
{
	const struct device_class *c = device_find(class);

	if (!c)
		fail_msg("no device `%s`", class);
	return c;
}

static inline struct device *bench_place(struct bench *b, const struct device_class *class,
					 const struct value *values, struct device_place place,
					 struct err *e)
{
	struct device_config config = {
		.class = class,
		.name = "dut",
		.values = values,
		.place = place,
		.attach = bench_attach,
		.ctx = b,
	};
	struct device *dev = device_new(&b->machine, &config, e);

	if (dev) {
		assert_true(b->ndevices < BENCH_DEVICES);
		b->devices[b->ndevices++] = dev;
	}
	return dev;
}

/* NULL: `e` says why.  The general way: any values, under any parent. */
static inline struct device *bench_make(struct bench *b, const char *class,
					const struct value *values, struct device_place place,
					struct err *e)
{
	return bench_place(b, bench_find(class), values, place, e);
}

static inline struct device *bench_class(struct bench *b, const struct device_class *c,
					 const char *settings, struct err *e);

/* What stands nowhere but on PCI gets a bridge, and the next slot. */
static inline struct device_place bench_place_of(struct bench *b, const struct device_class *c,
						 const struct bench_values *v)
{
	struct device_place place = { v->base, v->size, NULL, 0 };
	struct err e = { 0 };

	if (c->on != BUS_PCI)
		return place;
	for (u32 i = 0; i < b->ndevices && !place.parent; i++)
		if (b->devices[i]->class->bus == BUS_PCI)
			place.parent = b->devices[i];
	if (!place.parent)
		place.parent = bench_class(b, bench_find("pcie-ecam"),
					   "reg=0x30000000:16M windows.mem32=0x40000000:16M", &e);
	place.slot = b->ndevices;
	return place;
}

/* A class that may be the test's own. */
static inline struct device *bench_class(struct bench *b, const struct device_class *c,
					 const char *settings, struct err *e)
{
	struct bench_values *v = xzalloc(sizeof(*v));
	struct device *dev;

	bench_parse(v, c, settings);
	if (!v->size)
		v->size = c->mmio_size ? c->mmio_size : MIN(c->mmio_max, MIB);
	if (!v->base)
		v->base = align_up(b->next_base, align_up(MAX(v->size, 0x1000), 0x1000));
	b->next_base = MAX(b->next_base, v->base + v->size);
	dev = bench_place(b, c, v->values, bench_place_of(b, c, v), e);
	if (dev)
		b->values[b->ndevices - 1] = v;
	else
		free(v);
	return dev;
}

/* On the bus of another, at a number. */
static inline struct device *bench_nest(struct device *bus, const char *class, u32 slot,
					const char *settings)
{
	struct bench *b = bus->engine->machine->ctx;
	struct bench_values *v = xzalloc(sizeof(*v));
	const struct device_class *c = bench_find(class);
	struct err e = { 0 };
	struct device *dev;

	bench_parse(v, c, settings);
	dev = bench_place(b, c, v->values, (struct device_place){ .parent = bus, .slot = slot },
			  &e);
	if (!dev)
		fail_msg("%s", e.text);
	b->values[b->ndevices - 1] = v;
	return dev;
}

static inline struct device *bench_try(struct bench *b, const char *class, const char *settings,
				       struct err *e)
{
	return bench_class(b, bench_find(class), settings, e);
}

static inline struct device *bench_add(struct bench *b, const char *class, const char *settings)
{
	struct err e = { 0 };
	struct device *dev = bench_try(b, class, settings, &e);

	if (!dev)
		fail_msg("%s", e.text);
	return dev;
}

static inline struct device *bench_with(const char *class, const char *settings)
{
	return bench_add(bench_new(), class, settings);
}

static inline struct device *bench(const char *class)
{
	return bench_with(class, "");
}

static inline struct bench *bench_of(const struct device *dev)
{
	return dev->engine->machine->ctx;
}

static inline void bench_end(struct bench *b)
{
	input_source_free(b->hands);
	while (b->ndevices) {
		device_free(b->devices[--b->ndevices]);
		free(b->values[b->ndevices]);
	}
	timers_free(b->machine.timers);
	input_free(b->machine.input);
	mem_free(b->machine.mem);
	free(b->ram);
	free(b);
}

static inline void bench_free(struct device *dev)
{
	bench_end(bench_of(dev));
}

/* The far end types; returns how much the device took. */
static inline u32 bench_type(struct device *dev, const char *text)
{
	struct chardev *c = &bench_of(dev)->far;
	u32 n = MIN((u32)strlen(text), c->room(c->ctx));

	if (n)
		c->receive(c->ctx, (const u8 *)text, n);
	return n;
}

/* A frame comes in; false: it is to come again. */
static inline bool bench_frame(struct bench *b, u8 *frame, u32 n, struct net_work *work)
{
	return b->cable.receive(b->cable.ctx, frame, n, work);
}

static inline void wr(struct device *dev, u64 off, u32 value)
{
	device_write(dev, off, 4, value);
}

static inline u32 rd(struct device *dev, u64 off)
{
	return (u32)device_read(dev, off, 4);
}

static inline void wr8(struct device *dev, u64 off, u32 value)
{
	device_write(dev, off, 1, value);
}

static inline u8 rd8(struct device *dev, u64 off)
{
	return (u8)device_read(dev, off, 1);
}

#endif
