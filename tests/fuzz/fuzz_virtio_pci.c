/* fuzz_virtio_pci.c - any bytes as what a driver does with a virtio device's place on PCI.
 *
 * Configuration space is written anywhere and through the window of its capability; BARs move
 * onto each other, over RAM and out of the bridge's windows; registers are written in any order,
 * so is the MSI-X table; somebody types, so that the device has something to tell.  Whatever
 * happens: a BAR is nowhere or inside the bridge's windows; a function that is no bus master, or
 * sleeps, leaves memory as it is; messages are sent by who may; after a reset the device starts.
 */
#include "virtio_life.h"

#include "input.h"

extern const struct device_class device_virtio_keyboard, device_virtio_snd, device_virtio_net;

#define QUEUES 2

enum { COMMAND = 0x04, BAR0 = 0x10, BAR1 = 0x14, WINDOW = 5 };
enum { MEMORY = 2, MASTER = 4 };

static struct pci_function *function; /* of the life that is lived */

static u32 command_of(const struct pci_function *f)
{
	return pci_config(f, COMMAND, 2);
}

static bool sleeps(const struct pci_function *f)
{
	return pci_config(f, f->power, 1) & 3;
}

static bool is_master(const struct pci_function *f)
{
	return command_of(f) & MASTER && !sleeps(f);
}

static void take_message(void *ctx, u64 address, u32 data)
{
	u32 control = pci_config(function, function->msix_cap + 3, 1);

	(void)ctx, (void)address, (void)data;
	if (!is_master(function) || (control & 0xc0) != 0x80)
		abort();
}

static void look_at_bars(void)
{
	for (u32 i = 0; i < 2; i++) {
		const struct pci_bar_window *w = &function->bar[i];

		if (w->mapped && (w->gpa < BAR_AT || w->gpa + w->mapped > BAR_AT + 256 * MIB ||
				  !(command_of(function) & MEMORY) || sleeps(function)))
			abort();
	}
}

/* Where software finds nothing it writes nothing. */
static void store(struct driver *d, u64 gpa, u32 width, u64 v)
{
	mem_io_write(d->b->machine.mem, NULL, gpa & ~(u64)(width - 1), width, v);
}

static void load(struct driver *d, u64 gpa, u32 width)
{
	u64 v;

	mem_io_read(d->b->machine.mem, NULL, gpa & ~(u64)(width - 1), width, &v);
}

static u64 bar(u32 i)
{
	return function->bar[i].mapped ? function->bar[i].gpa : i ? MSIX_AT : BAR_AT;
}

static u32 width_of(struct input *in)
{
	return 1u << take(in, 1) % 4;
}

static void set_up(struct driver *d)
{
	store(d, ecam(SLOT, function->power), 2, 0); /* D0 */
	store(d, ecam(SLOT, BAR0), 4, BAR_AT);
	store(d, ecam(SLOT, BAR1), 4, MSIX_AT);
	store(d, ecam(SLOT, COMMAND), 2, MEMORY | MASTER);
}

static void move_bar(struct driver *d, struct input *in)
{
	static const u32 places[] = {
		BAR_AT,  MSIX_AT, BAR_AT + 0x1000, BAR_AT + 0xffff000, BENCH_RAM_BASE,
		ECAM_AT, 0,       UINT32_MAX
	};
	u32 what = take(in, 1);

	store(d, ecam(SLOT, what & 8 ? BAR1 : BAR0), 4,
	      what & 0x10 ? take(in, 4) : places[what % 8]);
}

/* The window of the last capability: bar, offset, length, data. */
static void use_window(struct driver *d, struct input *in)
{
	u32 cap = function->hook_at - 16, what = take(in, 1);

	store(d, ecam(SLOT, cap + 4), 1, what & 0x80 ? take(in, 1) : 0);
	store(d, ecam(SLOT, cap + 8), 4, what & 0x40 ? take(in, 4) : take(in, 2) % 0x4000);
	store(d, ecam(SLOT, cap + 12), 4, what & 0x20 ? take(in, 4) : 1u << (what & 3));
	if (what & 0x10)
		load(d, ecam(SLOT, cap + 16), width_of(in));
	else
		store(d, ecam(SLOT, cap + 16), width_of(in), take(in, 4));
}

/* A register of the common configuration: mostly as wide as it is. */
static void set_register(struct driver *d, struct input *in)
{
	u32 what = take(in, 1);
	struct driver_reg r = { 0 };

	switch (what % 8) {
	case 0:
		r = driver_reg(VIRTIO_REG_STATUS);
		break;
	case 1:
		r = driver_reg(VIRTIO_REG_QUEUE_SEL);
		break;
	case 2:
		r = driver_reg(VIRTIO_REG_QUEUE_ENABLE);
		break;
	case 3:
		r = driver_reg(VIRTIO_REG_QUEUE_SIZE);
		break;
	case 4:
		r = driver_reg(VIRTIO_REG_QUEUE_VECTOR);
		break;
	case 5:
		r = driver_reg(VIRTIO_REG_CONFIG_VECTOR);
		break;
	default:
		r.pci = take(in, 1) % 0x40 & ~3u;
		r.pci_width = 4;
	}
	store(d, bar(0) + r.pci, r.pci_width,
	      what & 0x80 ? take(in, r.pci_width) : take(in, 1) % 17);
}

static void set_vector(struct driver *d, struct input *in)
{
	u32 at = take(in, 1) % 0x50, width = 4u << take(in, 1) % 2;

	store(d, bar(1) + at, width, (u64)take(in, 4) << 32 | take(in, 2));
	store(d, ecam(SLOT, function->msix_cap + 3), 1, take(in, 1));
	load(d, bar(1) + 0x800 + at, width);
}

/* As a driver does it that wants messages, but for the bus. */
static void want_messages(struct driver *d, struct input *in)
{
	u32 vector = take(in, 1) % 4;

	store(d, bar(1) + 16 * vector + 12, 4, 0);
	store(d, ecam(SLOT, function->msix_cap + 3), 1, 0x80);
	store(d, bar(0) + driver_reg(VIRTIO_REG_CONFIG_VECTOR).pci, 2, vector);
	for (u32 q = 0; q < QUEUES; q++) {
		store(d, bar(0) + driver_reg(VIRTIO_REG_QUEUE_SEL).pci, 2, q);
		store(d, bar(0) + driver_reg(VIRTIO_REG_QUEUE_VECTOR).pci, 2, vector);
	}
}

/* Anything near; a slot that is empty and the bridge's own too. */
static void configure(struct driver *d, struct input *in)
{
	u32 slot = take(in, 1), off = take(in, 2) & 0xfff, width = width_of(in);

	slot = slot < 0xe0 ? SLOT : slot % 4;
	off = off < 0xe00 ? off & 0xff : off;
	load(d, ecam(slot, off), width);
	store(d, ecam(slot, off), width, (u64)take(in, 4) << 16 | take(in, 4));
}

static void type(struct driver *d, struct input *in)
{
	u32 what = take(in, 1);

	input_key(d->b->hands, KEY_A + what % 16, what & 0x80);
	bench_advance(d->b, 100000);
}

static void act(struct driver *d, struct input *in)
{
	switch (take(in, 1) % 16) {
	case 0:
		configure(d, in);
		break;
	case 1:
		move_bar(d, in);
		break;
	case 2:
		store(d, ecam(SLOT, COMMAND), 2, take(in, 1) % 8);
		break;
	case 3:
		use_window(d, in);
		break;
	case 4:
		store(d, bar(0) + take(in, 2) % 0x4800, width_of(in), take(in, 4));
		break;
	case 5:
		load(d, bar(0) + take(in, 2) % 0x4800, width_of(in));
		break;
	case 6:
		set_vector(d, in);
		break;
	case 7:
		store(d, bar(0) + 0x3000 + take(in, 1) % 24, 2, 0);
		break;
	case 8:
		type(d, in);
		break;
	case 9:
		want_messages(d, in);
		break;
	case 10:
		if (take(in, 1) < 64)
			device_reset(take(in, 1) & 7 ? d->dev : d->bridge);
		break;
	default:
		set_register(d, in);
	}
}

/* What a master may write is its own affair; what another may write is nothing. */
static void act_and_look(struct driver *d, struct input *in, u8 *before)
{
	bool master = is_master(function);

	if (!master)
		memcpy(before, d->b->ram, BENCH_RAM_SIZE);
	act(d, in);
	if (!master && !is_master(function) && memcmp(before, d->b->ram, BENCH_RAM_SIZE) != 0)
		abort();
	look_at_bars();
}

static void step(struct driver *d, struct input *in, u8 *before)
{
	switch (take(in, 1) % 16) {
	case 0:
		life_chain(d, QUEUES, in);
		break;
	case 1:
		if (take(in, 1) < 16)
			life_poke(d, QUEUES, in);
		break;
	case 2:
		set_up(d);
		break;
	case 3:
		set_up(d);
		life_start(d, QUEUES, take(in, 4));
		break;
	default:
		act_and_look(d, in, before);
	}
}

static void check_it_starts(struct driver *d)
{
	device_reset(d->bridge);
	life_reset(d);
	life_start(d, QUEUES, UINT32_MAX);
	if (driver_status(d) != 0xf)
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	static const struct device_class *const classes[] = { &device_virtio_keyboard,
							      &device_virtio_snd,
							      &device_virtio_net };
	struct input in = { data, size };
	u8 *before = xzalloc(BENCH_RAM_SIZE);
	struct bench *b = bench_new();
	struct driver d;

	b->machine.msi = take_message;
	driver_init(&d, b, classes[take(&in, 1) % ARRAY_LEN(classes)], "", true);
	function = pci_function(d.dev);
	life_start(&d, QUEUES, UINT32_MAX);
	for (u32 steps = 0; in.left && steps < 300; steps++)
		step(&d, &in, before);
	check_it_starts(&d);
	bench_end(b);
	free(before);
	return 0;
}
