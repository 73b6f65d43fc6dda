/* device.h - all that a device model may use, with the headers beside it.
 *
 * A device is one file in devices/ that defines one constant, DEVICE(name).
 * From it come the YAML checks, the JSON schema, help, the FDT node, MMIO
 * dispatch, reset, snapshot, trace names, the generic test and a fuzz target.
 * A model never prints, exits or aborts, and never includes another model: what
 * the guest does is input, not an error.
 *
 * Every hook is called with the device's lock held, by the engine, from any
 * thread.  A model has no threads, atomics or clocks of its own.
 */
#ifndef DEVICE_H
#define DEVICE_H

#include "base.h"

#include <stdatomic.h>

struct chardev;
struct device;
struct dt_node;
struct net_work;

/* -- Wires -------------------------------------------------------------------
 *
 * An interrupt, a GPIO line, a reset: one wire from an output to one listener.
 * Setting the level it already has is free.  The listener hears of it after the
 * hook has returned and the lock is released, always with the newest level.
 */
struct wire {
	struct device *to; /* the listener, its input `line`; or NULL, and then: */
	void (*set)(void *ctx, u32 line, bool level);
	void *ctx;
	u32 line;
	_Atomic bool level, pulse;
	bool queued;
	struct wire *next;
};

void wire_set(struct device *dev, struct wire *wire, bool level);
/* High for a moment: the listener hears of it, and then of the level that it has. */
void wire_pulse(struct device *dev, struct wire *wire);

/* In init(), for a property's reference to a GPIO line: `wire` sets its level, or it is
 * heard as input `line`.  Does nothing if the controller is disabled. */
struct ref;
void wire_to_gpio(struct device *dev, struct wire *wire, const struct ref *ref);
void wire_from_gpio(struct device *dev, const struct ref *ref, u32 line);

/* -- What a board file says about a device -----------------------------------
 *
 * A row of .props is one key.  The YAML key is the member's name with '-' for
 * '_', or .key: "windows.mem32" is the key mem32 of the map `windows`.
 */
enum prop_kind {
	/* the kind      the member               written in YAML as */
	PROP_KIND_U32,     /* u32                   10, 0x10, 0b10 */
	PROP_KIND_U64,     /* u64                   the same */
	PROP_KIND_SIZE,    /* u64                   64K, 1G */
	PROP_KIND_HZ,      /* u32                   10MHz */
	PROP_KIND_TIME,    /* u64, nanoseconds      10ms */
	PROP_KIND_BOOL,    /* bool                  true, false */
	PROP_KIND_ENUM,    /* u32, index            one of .words */
	PROP_KIND_TEXT,    /* const char *          text; NULL if absent */
	PROP_KIND_PATH,    /* const char *          a file; made absolute */
	PROP_KIND_MAC,     /* u8[6]                 "52:54:00:12:34:56" */
	PROP_KIND_RANGE,   /* struct range          [base, size] */
	PROP_KIND_LIST,    /* struct text_list      [a, b] */
	PROP_KIND_IRQS,    /* struct wire[max]      10, 7-22, [1, 2], auto */
	PROP_KIND_OUTPUTS, /* struct wire[max]      (connected where it is used) */
	PROP_KIND_REF,     /* struct ref            NAME [CELL ...] */
	PROP_KIND_TABLE,   /* struct table          {name: {key: value}} */
	PROP_KIND_CHARDEV, /* struct chardev *      host: stdio */
	PROP_KIND_BLOCK,   /* struct block *        host: {file: x.img} */
	PROP_KIND_NET,     /* struct net *          host: {net: slirp} */
	PROP_KIND_DISPLAY, /* struct display *      host: {display: main} */
	PROP_KIND_SHARE,   /* struct share *        host: {share: folder} */
	PROP_KIND_AUDIO,   /* struct audio *        host: {wav: file} */
	PROP_KIND_VSOCK,   /* struct vsock *        host: {socket: path} */
};

struct range {
	u64 base, size;
};

struct text_list {
	const char *const *text;
	u32 n;
};

/* What one device offers to another by reference: `clocks: osc`. */
enum provides {
	PROVIDES_CLOCK,
	PROVIDES_GPIO,
	PROVIDES_RESET,
	PROVIDES_MSI,    /* interrupt files: an IMSIC */
	PROVIDES_DOMAIN, /* an interrupt domain: an APLIC */
	PROVIDES_FW_CFG, /* items for firmware */
	PROVIDES_COUNT
};

struct ref {
	struct device *dev; /* the provider, or NULL */
	u32 cell[3], n;
};

/* How a GPIO line is read: its second cell, bit 0. */
static inline bool ref_active_low(const struct ref *ref)
{
	return ref->cell[1] & 1;
}

/* Rows of a nested map, each a struct of the model's own: .rows describes it. */
struct table {
	const void *rows;
	u32 n;
};

struct prop {
	const char *name, *doc;
	const char *key; /* or NULL: the name, with '-' */
	/* FDT property that repeats the value, or NULL.  Left out where the value was not
	 * given and the default is 0 or NULL. */
	const char *fdt;
	enum prop_kind kind;
	size_t at; /* offset in the model */
	bool required;
	bool automatic;    /* IRQS: `auto` if not given */
	u64 def, min, max; /* numbers; max 0: the type's.  IRQS, OUTPUTS: lines in .max */
	const char *def_text;
	const char *const *words; /* ENUM, LIST: what each may be; NULL-terminated */
	bool per_hart;            /* LIST: one for each hart, if it is given */
	enum provides wants;      /* REF; a list of up to .max references if that is above 1 */
	const struct prop *rows;  /* TABLE */
	size_t row_size;          /* TABLE; each row begins with const char *name */
};

/* A property's value, checked against its row: board/ writes it, dev/ applies it.
 * Pointers belong to the plan.  What it has follows from the row's kind. */
struct value {
	bool given; /* else the default stands in num or text */
	u64 num;    /* number, bool, enum index, Hz, ns, size; base of a range */
	u64 size;   /* of a range */
	const char *text;
	u8 mac[6];
	u32 n; /* IRQS, LIST, TABLE: how many */
	const char *const *list;
	const struct value_irq *irqs;
	const struct value_ref *ref;
	const struct value_row *rows;
	const struct host_spec *host; /* CHARDEV, BLOCK, NET, DISPLAY, SHARE, VSOCK, AUDIO */
};

struct value_irq {
	u32 controller; /* index in the plan's devices */
	u32 line, flags;
};

struct value_ref {
	u32 provider; /* index in the plan's devices */
	u32 cell[3], n;
};

struct value_row {
	const char *name;
	const struct value *values; /* one per row of prop.rows */
};

/* -- Registers ---------------------------------------------------------------
 *
 * A register: where the guest sees it, where the model keeps it, and what else
 * an access does.  Windows that are not a list of registers (a FIFO array, PCI
 * configuration) have the class's read and write hooks instead or beside: an
 * offset without a row goes to them, and without hooks reads 0.
 */
enum reg_access { RO, RW, W1C, WO };

struct reg {
	const char *name;
	u32 off;
	u32 width; /* 1, 2, 4 or 8: the member's size */
	enum reg_access access;
	size_t at;
	u64 reset;
	u64 mask; /* bits that a write changes; 0 means all */
	/* Instead of, or before, the plain access; the row's member is then only state. */
	u64 (*on_read)(struct device *dev);
	void (*on_write)(struct device *dev, u64 value);
};

/* State that a snapshot must carry beside the registers, and a reset clears. */
struct field {
	const char *name;
	size_t at, size;
	size_t count_at; /* u32 member that says how many, for an allocated array; 0: none */
	bool pointer;    /* the member points at `count` elements of `size` */
	u64 max; /* a number of 1, 2, 4 or 8 bytes: a snapshot with more is refused; 0: any */
};

/* A constant FDT property. */
struct fdt_prop {
	const char *name;
	enum { FDT_IS_FLAG, FDT_IS_U32, FDT_IS_TEXT } kind;
	u32 value;
	const char *text;
};

/* -- The class --------------------------------------------------------------- */

/* Where a device may stand.  A class with both MMIO and PCI is made by the
 * transport of the place it is nested in. */
enum bus { BUS_NONE = 0, BUS_MMIO = 1, BUS_PCI = 2, BUS_I2C = 4, BUS_SPI = 8, BUS_PS2 = 16 };

struct device_class {
	const char *name, *doc;
	const char *compatible[4];
	const char *const *similar; /* compatibles of other chips that it can stand for, or NULL */
	const char *node;           /* FDT node name: "serial"; NULL: no node */
	bool in_chosen;             /* its node stands below /chosen */
	const char *inner_node;   /* the FDT rows stand in a node of this name below it; or NULL */
	const char *node_number;  /* the property whose number ends it: "clock-33333333"; or NULL */
	const char *binding;      /* "serial/8250.yaml" */
	const char *linux_driver; /* its name in /sys/bus: "of_serial", "a, b", or NULL */
	const char *linux_config; /* "SERIAL_OF_PLATFORM", or NULL */
	const char *linux_name;   /* what Linux calls its n-th: "ttyS" or "vd", or NULL */
	const char *qemu;         /* what QEMU's users call it, for did-you-mean, or NULL */
	size_t size;              /* of the model struct */
	u32 on;                   /* mask of enum bus; 0 means BUS_MMIO */
	enum bus bus;             /* what it offers to devices nested in it */
	u64 mmio_size;            /* of the window; 0: `reg:` must give a size */
	u64 mmio_max;    /* largest size `reg:` may give; 0: mmio_size.  Both 0: no window */
	u64 mmio_align;  /* of the base; 0: the size, at most 4 KiB */
	bool holds_code; /* its window is memory that a machine may begin in */
	u64 mmio_split;  /* offset at which `reg` in the tree begins a second range; 0: none */
	u32 irq_cells;   /* interrupt controllers: 1 or 2; else 0 */
	u32 irq_address_cells;   /* controllers: cells of an interrupt-map address; usually 0 */
	const char *irq_limit;   /* controllers: the property that says the highest line */
	const char *gpio_count;  /* PROVIDES_GPIO: the property that says how many lines */
	const char *place_count; /* SPI: the property that says how many chip selects; 1 or more */
	i32 cells[PROVIDES_COUNT]; /* 1 + number of cells it provides; 0: does not provide, unless
				    * it has a property `cells.clock` (...), and that is given */
	bool shareable_irq;
	bool stdout_capable; /* may be `stdout:` */
	const struct prop *props;
	const struct reg *regs;
	const struct field *state;
	const struct fdt_prop *fdt;
	const struct virtio_class *virtio; /* virtio.h */
	const struct pci_class *pci;       /* pci.h */
	const struct spi_class *spi;       /* spi.h */
	const struct i2c_class *i2c;       /* i2c.h */
	const struct ps2_class *ps2;       /* ps2.h */
	const struct hid_class *hid;       /* hid_i2c.h */
	const struct input_sink *sink;     /* input.h */
	const char *example;               /* one line of YAML */

	/* Hooks, all optional. */

	/* After the properties are set, once: allocate what follows from them. */
	bool (*init)(struct device *dev, struct err *e);
	void (*fini)(struct device *dev); /* also half-built */
	/* After all state is cleared; may come at any moment, twice. */
	void (*reset)(struct device *dev);
	/* Recompute wires from state, and arm the timer: after every other hook but read and
	 * on_read (which call it if they changed something), and after restore.  Idempotent. */
	void (*update)(struct device *dev);
	/* An input wire changed.  `line` is below what the class said it has. */
	void (*input)(struct device *dev, u32 line, bool level);
	/* Offsets without a register row.  Width is 1, 2, 4 or 8, off a multiple of it. */
	u64 (*read)(struct device *dev, u64 off, u32 width);
	void (*write)(struct device *dev, u64 off, u32 width, u64 value);
	/* A timer armed with timer_at() is due.  `now` is guest time in ns (clock.h). */
	void (*timer)(struct device *dev);
	/* Bytes arrived from a chardev, `from` if there are several: at most `room` of them. */
	u32 (*room)(struct device *dev, const struct chardev *from);
	void (*receive)(struct device *dev, const struct chardev *from, const u8 *bytes, u32 n);
	/* The far end changed size (a terminal). */
	void (*resized)(struct device *dev, const struct chardev *from, u32 columns, u32 rows);
	/* A frame arrived (net.h).  False: there is no room now; net_ready() brings it again. */
	bool (*frame)(struct device *dev, const u8 *bytes, u32 n, const struct net_work *work);
	/* What net_send() refused can be sent; or the cable was plugged in or out. */
	void (*net_changed)(struct device *dev);
	/* The monitor at a scanout has another size (display.h); 0, 0: it was unplugged. */
	void (*monitor)(struct device *dev, u32 scanout, u32 width, u32 height);
	/* What a command asks of it while it runs; the answer is text for a person. */
	bool (*ask)(struct device *dev, const char *request, struct str *answer, struct err *e);
	/* After the table-driven FDT properties (dt.h). */
	void (*fdt_more)(struct dt_node *node);
};

/* A hart as a device may know it: which there are and what lines they have. */
struct hart_info {
	u32 id;
	bool s_mode;
	bool aia; /* Smaia: it can have an IMSIC */
};

/* The first member of every model.  What is below `class` belongs to the engine. */
struct device {
	const struct device_class *class;
	const char *name;             /* "gpio0"; owned by the plan */
	struct device_engine *engine; /* the lock, the machine's services: src/dev */
};

/* A register of 64 bits that also answers in halves: what an access reads, and what the register
 * is after one that writes. */
static inline u64 half_of(u64 whole, u64 off, u32 width)
{
	return width == 8 ? whole : whole >> (8 * (off & 4)) & LOW_BITS(32);
}

static inline u64 with_half(u64 whole, u64 off, u32 width, u64 value)
{
	u64 shift = 8 * (off & 4);

	return width == 8 ? value : (whole & ~(LOW_BITS(32) << shift)) | value << shift;
}

u64 device_window(const struct device *dev); /* the size of its registers' window */
const struct hart_info *device_harts(const struct device *dev, u32 *n);

/* Interrupt lines of a hart, by number of their bit in mip. */
enum { IRQ_S_SOFT = 1, IRQ_M_SOFT = 3, IRQ_M_TIMER = 7, IRQ_S_EXT = 9, IRQ_M_EXT = 11 };

/* The harts that have a line: those of S-level need S-mode.  Returns how many; `list`, of their
 * indexes, may be NULL. */
static inline u32 harts_with_line(const struct hart_info *harts, u32 n, u32 irq, u32 *list)
{
	u32 count = 0;

	for (u32 h = 0; h < n; h++) {
		if (!harts[h].s_mode && (irq == IRQ_S_SOFT || irq == IRQ_S_EXT))
			continue;
		if (list)
			list[count] = h;
		count++;
	}
	return count;
}

/* Connects an output to an interrupt line of a hart, in init(). */
void wire_to_hart(struct device *dev, struct wire *wire, u32 hart, u32 irq);

/* Connects an output to an input line of another device, in init(). */
void wire_to_device(struct device *dev, struct wire *wire, struct device *to, u32 line);

/* In init(), of an interrupt controller that stands before another: what the board connects to
 * a line of `behind` arrives at that line of `dev`. */
void lines_arrive_first(struct device *dev, struct device *behind);

/* -- Message-signaled interrupts -----------------------------------------------
 *
 * An IMSIC's window is a page for each interrupt file.  Files are part of their harts: a message
 * takes no lock.
 */
#define MSI_PAGE 4096
struct msi_files {
	const u32 *hart; /* of each file; lives as long as the device */
	u32 n;
	u32 irq; /* the line behind it, as in wire_to_hart() */
	u32 ids; /* identities are 1 to this: 63, 127, ... 2047 */
};
void msi_files_init(struct device *dev, const struct msi_files *files); /* in init() */
/* Makes an identity pending in a file of `controller`, whatever its lock; false: no such one. */
bool msi_post(struct device *controller, u32 file, u32 id);

/* The guest did what the specification forbids.  Rate-limited; names the device. */
void guest_error(struct device *dev, const char *fmt, ...) PRINTF(2, 3);

/* test-sifive, watchdogs: the machine ends or starts again, soon, not here. */
void device_poweroff(struct device *dev);
void device_reboot(struct device *dev);
void device_fail(struct device *dev, u32 code);

/* -- Guest memory ------------------------------------------------------------
 *
 * RAM and nothing else; all of it or nothing.  Copy in once, check the copy, use
 * the copy: other harts write while you look.  A PCI function without bus-master
 * enable gets false.
 */
bool dma_read(struct device *dev, u64 gpa, void *to, u64 n);
bool dma_write(struct device *dev, u64 gpa, const void *from, u64 n);
/* For bulk data in place until a request ends; NULL if not RAM. */
u8 *dma_slice(struct device *dev, u64 gpa, u64 n);
/* Ring indices: aligned, load-acquire and store-release. */
bool dma_load16(struct device *dev, u64 gpa, u16 *v);
bool dma_store16(struct device *dev, u64 gpa, u16 v);
/* The whole pages in it are not needed: they become zero and go back to the host. */
bool dma_discard(struct device *dev, u64 gpa, u64 n);
/* In init(): the window is read-only memory instead of registers.  Loaders fill it. */
bool device_window_is_rom(struct device *dev, struct err *e);
/* In init(): the window is memory that harts read and run, and `read` and `write` of the class in
 * its place while flash_hide() says so; stores go to `write` always.  Returns the bytes, or NULL.
 * Who changes them calls flash_changed(). */
u8 *device_window_is_flash(struct device *dev, struct err *e);
void flash_hide(struct device *dev, bool hidden);
void flash_changed(struct device *dev, u64 off, u64 n);
/* The same for memory that harts may write too: its bytes, or NULL. */
u8 *device_window_is_ram(struct device *dev, struct err *e);
void dma_fence(void); /* store -> load, both ways (virtio EVENT_IDX) */

/* -- Table rows --------------------------------------------------------------
 *
 * They name a member of SELF, which each model defines as its struct; TYPED
 * refuses, at compile time, a member of another type.
 */
/* clang-format off */
#define TYPED(T, m)    (offsetof(SELF, m) + 0 * sizeof(_Generic(&((SELF *)0)->m, T: 0)))
#define WIRE_ARRAY(m)  (offsetof(SELF, m) + 0 * sizeof(_Generic(&((SELF *)0)->m[0], struct wire *: 0)))
#define LENGTH(m)      (sizeof(((SELF *)0)->m) / sizeof(((SELF *)0)->m[0]))

#define PROP(k, T, m, ...)    { .name = #m, .kind = k, .at = TYPED(T, m), __VA_ARGS__ }
#define PROP_U32(m, ...)      PROP(PROP_KIND_U32, u32 *, m, __VA_ARGS__)
#define PROP_U64(m, ...)      PROP(PROP_KIND_U64, u64 *, m, __VA_ARGS__)
#define PROP_SIZE(m, ...)     PROP(PROP_KIND_SIZE, u64 *, m, __VA_ARGS__)
#define PROP_HZ(m, ...)       PROP(PROP_KIND_HZ, u32 *, m, __VA_ARGS__)
#define PROP_TIME(m, ...)     PROP(PROP_KIND_TIME, u64 *, m, __VA_ARGS__)
#define PROP_BOOL(m, ...)     PROP(PROP_KIND_BOOL, bool *, m, __VA_ARGS__)
#define PROP_ENUM(m, ...)     PROP(PROP_KIND_ENUM, u32 *, m, __VA_ARGS__)
#define PROP_TEXT(m, ...)     PROP(PROP_KIND_TEXT, const char **, m, __VA_ARGS__)
#define PROP_PATH(m, ...)     PROP(PROP_KIND_PATH, const char **, m, __VA_ARGS__)
#define PROP_MAC(m, ...)      PROP(PROP_KIND_MAC, u8 (*)[6], m, __VA_ARGS__)
#define PROP_RANGE(m, ...)    PROP(PROP_KIND_RANGE, struct range *, m, __VA_ARGS__)
#define PROP_LIST(m, ...)     PROP(PROP_KIND_LIST, struct text_list *, m, __VA_ARGS__)
#define PROP_REF(m, ...)      PROP(PROP_KIND_REF, struct ref *, m, __VA_ARGS__)
#define REF_ARRAY(m)          (offsetof(SELF, m) + 0 * sizeof(_Generic(&((SELF *)0)->m[0], struct ref *: 0)))
#define PROP_REFS(m, ...)     { .name = #m, .kind = PROP_KIND_REF, .at = REF_ARRAY(m), .max = LENGTH(m), __VA_ARGS__ }
#define PROP_CHARDEV(m, ...)  PROP(PROP_KIND_CHARDEV, struct chardev **, m, __VA_ARGS__)
#define PROP_BLOCK(m, ...)    PROP(PROP_KIND_BLOCK, struct block **, m, __VA_ARGS__)
#define PROP_NET(m, ...)      PROP(PROP_KIND_NET, struct net **, m, __VA_ARGS__)
#define PROP_DISPLAY(m, ...)  PROP(PROP_KIND_DISPLAY, struct display **, m, __VA_ARGS__)
#define PROP_SHARE(m, ...)    PROP(PROP_KIND_SHARE, struct share **, m, __VA_ARGS__)
#define PROP_VSOCK(m, ...)    PROP(PROP_KIND_VSOCK, struct vsock **, m, __VA_ARGS__)
#define PROP_AUDIO(m, ...)    PROP(PROP_KIND_AUDIO, struct audio **, m, __VA_ARGS__)
#define PROP_TABLE(m, R, ...) PROP(PROP_KIND_TABLE, struct table *, m, .row_size = sizeof(R), __VA_ARGS__)
#define PROP_IRQS(m, ...)     { .name = #m, .kind = PROP_KIND_IRQS, .at = WIRE_ARRAY(m), .max = LENGTH(m), __VA_ARGS__ }
#define PROP_OUTPUTS(m, ...)  { .name = #m, .kind = PROP_KIND_OUTPUTS, .at = WIRE_ARRAY(m), .max = LENGTH(m), __VA_ARGS__ }

/* The access is the first of `...`, because C11 wants at least one argument there. */
#define REG(o, m, ...) { .name = #m, .off = o, .width = 4, .at = TYPED(u32 *, m), .access = __VA_ARGS__ }
#define REG8(o, m, ...) { .name = #m, .off = o, .width = 1, .at = TYPED(u8 *, m), .access = __VA_ARGS__ }
#define REG64(o, m, ...) { .name = #m, .off = o, .width = 8, .at = TYPED(u64 *, m), .access = __VA_ARGS__ }
#define FIELD(m)       { .name = #m, .at = offsetof(SELF, m), .size = sizeof(((SELF *)0)->m), \
			 .max = _Generic(&((SELF *)0)->m, bool *: 1, default: 0) }
/* A number that indexes or counts: restoring more than `most` is refused. */
#define FIELD_MAX(m, most) { .name = #m, .at = offsetof(SELF, m), \
			     .size = sizeof(((SELF *)0)->m), .max = most }
/* An array that init() allocated: `m` points at `n` (a u32 member) elements. */
#define FIELD_N(m, n_) { .name = #m, .at = offsetof(SELF, m), .size = sizeof(*((SELF *)0)->m), \
			 .pointer = true, .count_at = TYPED(u32 *, n_) }
#define FDT_FLAG(s)    { .name = s, .kind = FDT_IS_FLAG }
#define FDT_U32(s, v)  { .name = s, .kind = FDT_IS_U32, .value = v }
#define FDT_TEXT(s, t) { .name = s, .kind = FDT_IS_TEXT, .text = t }

#define PROPS(...)     ((const struct prop[]){ __VA_ARGS__, { 0 } })
#define REGS(...)      ((const struct reg[]){ __VA_ARGS__, { 0 } })
#define STATE(...)     ((const struct field[]){ __VA_ARGS__, { 0 } })
#define FDT(...)       ((const struct fdt_prop[]){ __VA_ARGS__, { 0 } })
#define WORDS(...)     ((const char *const[]){ __VA_ARGS__, NULL })

#define DEVICE(id) \
	_Static_assert(offsetof(SELF, dev) == 0, "struct device must come first"); \
	extern const struct device_class device_##id; \
	const struct device_class device_##id
/* clang-format on */

#endif
