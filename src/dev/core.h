/* core.h - the engine behind device models: what machine/ and the tests call.
 *
 * A device is made from its class and checked values, then connected, then
 * reset.  Each has one lock, held around every hook; wires that a hook set are
 * delivered after it is released, so no two device locks are ever held at once.
 */
#ifndef CORE_H
#define CORE_H

#include "audio.h"
#include "block.h"
#include "chardev.h"
#include "clock.h"
#include "device.h"
#include "display.h"
#include "input.h"
#include "mem.h"
#include "net.h"
#include "share.h"
#include "timebase.h"
#include "vsock.h"

#include <pthread.h>

/* Rows end with one that has no name. */
#define for_each(p, list) for ((p) = (list); (p) && (p)->name; (p)++)

extern const struct device_class *const device_classes[]; /* NULL-terminated */

const struct device_class *device_find(const char *name); /* or NULL */

/* Another clock than the host's, for tests: all in host nanoseconds. */
struct device_clock {
	u64 (*now)(void *ctx);
	u64 (*wall)(void *ctx);
	u64 (*ticks)(void *ctx);
	void (*set_ticks)(void *ctx, u64 ticks);
	u64 (*ns_at)(void *ctx, u64 ticks); /* like timebase_ns_at() */
	void *ctx;
};

/* What devices share with the machine they are in.  Constant while they live. */
struct device_machine {
	struct mem *mem;
	struct timebase *time;
	const struct device_clock *clock; /* NULL: the host's, and `time` */
	const struct hart_info *harts;
	u32 nharts;
	struct timers *timers;
	struct input *input; /* NULL: nobody types */

	/* Called with the lock of a device held, so none of them calls a device. */
	void *ctx;
	void (*hart_input)(void *ctx, u32 hart, u32 irq, bool level);
	/* Interrupt files: a hart is given one; a message for it, false if there is no such
	 * identity. */
	void (*hart_files)(void *ctx, u32 hart, u32 irq, u32 ids);
	bool (*hart_msi)(void *ctx, u32 hart, u32 irq, u32 id);
	/* Harts forget where they saw memory. */
	void (*remapped)(void *ctx);
	/* A message-signaled interrupt; NULL: the machine has no controller for them.  Called
	 * with a device's lock held, so it takes none. */
	void (*msi)(void *ctx, u64 address, u32 data);
	void (*poweroff)(void *ctx, struct device *dev);
	void (*reboot)(void *ctx, struct device *dev);
	void (*fail)(void *ctx, struct device *dev, u32 code);
};

/* Where a device stands.  Windows are in the order of `reg:`. */
struct device_place {
	u64 base, size;        /* MMIO; size 0: none, or placed by the bus */
	struct device *parent; /* NULL: the system bus */
	u32 slot;              /* PCI device number, I2C address, SPI chip select */
};

/* `values` has one entry per row of class->props, already checked; the device copies
 * what it needs but not texts, which the caller keeps.  Back ends (chardev, block)
 * and references are given before init runs, through `attach`. */
struct device_config {
	const struct device_class *class;
	const char *name;
	const struct value *values;
	struct device_place place;
	/* The live object for a value of kind REF or of a back end, or NULL: there is none,
	 * or it failed and `e` says why.  May be NULL.  Back ends belong to the caller, who
	 * ends their threads before freeing the device. */
	void *(*attach)(void *ctx, const struct prop *p, const struct value *v, struct err *e);
	void *ctx;
};

/* Reset, its window in place, but its wires connected to nothing yet. */
struct device *device_new(const struct device_machine *m, const struct device_config *config,
			  struct err *e);
void device_free(struct device *dev); /* accepts NULL */
/* Machine reset: reset all, then device_settle() all, so that inputs are heard again. */
void device_reset(struct device *dev);
void device_settle(struct device *dev);
void device_update(struct device *dev);

/* The class has .ask. */
bool device_ask(struct device *dev, const char *request, struct str *answer, struct err *e);

struct wire *device_wire(struct device *dev, const char *prop, u32 i); /* or NULL */
/* Connects an output to an input line of another device. */
void wire_connect(struct wire *wire, struct device *to, u32 line);
void device_input(struct device *dev, u32 line, bool level);
/* Interrupt controllers: one more than the highest line.  Others: 0. */
u32 device_input_count(const struct device *dev);

/* Through the register rows and hooks, as a hart does.  Any thread.  What is not there,
 * misaligned or of the wrong width is a guest_error() and reads 0. */
u64 device_read(struct device *dev, u64 off, u32 width);
void device_write(struct device *dev, u64 off, u32 width, u64 value);

/* Returns the size needed; writes at most `cap` bytes of it. */
size_t device_save(struct device *dev, u8 *buf, size_t cap);
bool device_restore(struct device *dev, const u8 *buf, size_t len, struct err *e);

/* A message that a device stores at `address`; false: no file of this one is there. */
bool msi_store(struct device *controller, u64 address, u32 data);

u64 device_guest_errors(const struct device *dev); /* counted, also those not logged */

/* -- Timers (timers.c): one heap a machine ----------------------------------- */

/* `wake` is called, from any thread, when the earliest deadline has moved forward. */
struct timers *timers_new(void (*wake)(void *ctx), void *ctx);
void timers_free(struct timers *t); /* accepts NULL; after all devices */
/* Fires what is due; returns the host time (now_ns) of the next, or NEVER_NS. */
u64 timers_run(struct timers *t);
u64 timers_run_at(struct timers *t, u64 now_ns); /* for another clock than the host's */
/* For harts: call fn(ctx, slot) at `host_ns`.  `slot` is 0 .. nslots - 1.  Once, before
 * any is armed; fn must not call a device. */
void timers_slots(struct timers *t, u32 nslots, void (*fn)(void *ctx, u32 slot), void *ctx);
void timers_slot_at(struct timers *t, u32 slot, u64 host_ns); /* NEVER_NS: off */
/* The clock has jumped: everything armed is due, and looks at the time again. */
void timers_recheck(struct timers *t);

/* -- Keyboards and pointers (input.c): what api/input.h calls a struct input -- */

struct input *input_new(void);
void input_free(struct input *in); /* accepts NULL; after all devices and sources */

/* -- For the files of src/dev ------------------------------------------------ */

struct timer {
	u64 ns;
	u32 place;  /* in the heap, from 1; 0: not armed */
	bool fired; /* taken from the heap and not yet called */
	u32 slot;
	struct device *dev; /* or NULL: slot */
};

void timers_add(struct timers *t, struct timer *timer); /* makes room for it */
void timers_remove(struct timers *t, struct timer *timer);
void timers_arm(struct timers *t, struct timer *timer, u64 host_ns); /* NEVER_NS: off */
bool timers_take_fired(struct timers *t, struct timer *timer);

/* What the engine puts around a model, innermost first: virtio, a PCI function.  It has
 * an object of its own; the rows of `state` are offsets into that.  The lock is held. */
struct device_layer {
	const struct field *state; /* cleared by a reset, carried by a snapshot */
	void (*fini)(struct device *dev, void *object);
	void (*reset)(struct device *dev, void *object);  /* before the model's */
	void (*update)(struct device *dev, void *object); /* after the model's */
	/* The MMIO window is the layer's, not the model's, if these are there. */
	u64 (*read)(struct device *dev, void *object, u64 off, u32 width);
	void (*write)(struct device *dev, void *object, u64 off, u32 width, u64 value);
};

void device_add_layer(struct device *dev, const struct device_layer *layer, void *object);
void *device_layer(const struct device *dev, const struct device_layer *layer); /* or NULL */

/* Called by device_new() for every device, after properties, place and back ends are set
 * and before init; each adds its layer or leaves the device alone.  In this order, so that
 * a virtio device finds out whether it is a PCI function. */
bool pci_attach(struct device *dev, struct err *e);
bool virtio_attach(struct device *dev, struct err *e);
/* On an I2C or SPI bus: found there from now on, until it is freed, which is before the bus. */
bool bus_attach(struct device *dev, struct err *e);
void bus_detach(struct device *dev);
/* Plugged into a PS/2 port, which hears of what it says. */
bool ps2_attach(struct device *dev, struct err *e);

struct device_engine {
	pthread_mutex_t lock;
	const struct device_machine *machine;
	struct device_place place;

	struct wire **wires; /* all that it drives */
	u32 nwires;
	size_t wires_cap;
	struct wire *queue, **queue_end; /* set, not yet delivered */
	pthread_mutex_t delivery;        /* a leaf: orders calls of wire.set */

	struct {
		const struct device_layer *layer;
		void *object;
	} layers[3];
	u32 nlayers;
	struct pci_function *pci_function; /* pci.c: this device is one, or NULL */
	struct pci_bus *pci_bus;           /* pci.c: this device offers one, or NULL */
	struct device **children;          /* bus.c: by their places on this bus, or NULL */
	struct fw_cfg_item *fw_cfg_items;  /* fw_cfg.c: what others offer through this one */

	struct device *lines_first; /* wire.c: where its lines arrive; NULL: here */
	struct msi_files msi;       /* msi.c */

	struct timer timer;
	struct block_port *ports; /* block.c */
	u8 *memory;               /* the window's bytes, if it is no registers (dma.c) */
	bool registers_too;       /* flash: for stores, and while the memory is hidden */
	_Atomic bool memory_hidden;
	struct owned *owned;      /* memory freed with the device */
	_Atomic bool dma_blocked; /* bus-master enable is off */
	_Atomic u64 guest_errors;
	struct rate log;
};

void device_lock(struct device *dev);
void device_unlock(struct device *dev);         /* and delivers wires */
void device_changed(struct device *dev);        /* the lock is held: update() of all layers */
void device_layers_changed(struct device *dev); /* but the model's */
/* A wire that is no row of .props: reset lowers it, settle repeats it. */
void device_add_wire(struct device *dev, struct wire *wire);
void *device_alloc(struct device *dev, size_t size); /* zeroed; freed with the device */
void *device_member(const struct device *dev, size_t at);
u64 device_now(const struct device *dev); /* host time, in ns */

/* props.c */
bool props_apply(struct device *dev, const struct device_config *config, struct err *e);
/* regs.c: the model's rows, with the lock held */
void regs_reset(struct device *dev);
u64 regs_read(struct device *dev, u64 off, u32 width);
void regs_write(struct device *dev, u64 off, u32 width, u64 value);
void regs_map(struct device *dev); /* puts the window where its place says */
u64 load_bytes(const void *p, u32 width);
void store_bytes(void *p, u32 width, u64 value);
/* state.c */
void fields_clear(void *object, const struct field *fields);
/* chardev.c, block.c, net.c, share.c, vsock.c: joins a back end, or the null one, to a device */
struct chardev *chardev_attach(struct device *dev, struct chardev *c);
struct block *block_attach(struct device *dev, struct block *b);
struct net *net_attach(struct device *dev, struct net *n);
/* input.c: a device whose class has a .sink gets what is typed */
void input_attach(struct device *dev);
void input_detach(struct device *dev);
/* display.c: the engine's own; viewers come and go */
struct display *display_attach(struct device *dev);
struct share *share_attach(struct device *dev, struct share *s);
struct vsock *vsock_attach(struct device *dev, struct vsock *s);
struct audio *audio_attach(struct device *dev, struct audio *a);
void block_drain_all(struct device *dev); /* the lock is held */
void block_detach_all(struct device *dev);
/* net_work.c: does the work that is not in `takes` and emits what came of it, at most
 * `scratch` (NET_FRAME_MAX bytes) at a time.  False: emit() did not take the frame, which
 * then still has the work that `work` says. */
struct net_sink {
	bool (*emit)(void *ctx, u8 *frame, u32 len, const struct net_work *work);
	void *ctx;
	u32 takes;
	u8 *scratch;
};
bool net_work_sound(const u8 *frame, u32 len, const struct net_work *work);
bool net_work_do(const struct net_sink *to, u8 *frame, u32 len, struct net_work *work);
/* bus.c: the bus's lock is held.  Enter takes the lock of the device at `place` instead, and
 * leave gives it back, after its update(); or NULL: nobody is there. */
struct device *bus_enter(struct device *bus, u32 place);
void bus_leave(struct device *bus, struct device *child);
/* Runs done() of what has finished; the lock is held. */
void block_finish(struct device *dev);
bool block_waiting(struct device *dev);

#endif
