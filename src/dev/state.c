/* state.c - snapshot and restore: registers and state fields, in row order.
 *
 * A snapshot comes from a file that may have been changed by anyone: all of it is
 * checked before any of it is taken.
 */
#include "core.h"

#include <inttypes.h>

/* Where a field's bytes are, and how many. */
static u8 *field_bytes(void *object, const struct field *f, size_t *n)
{
	u8 *at = (u8 *)object + f->at;
	u8 *pointed;
	u32 count;

	*n = f->size;
	if (!f->pointer)
		return at;
	memcpy(&pointed, at, sizeof(pointed));
	memcpy(&count, (u8 *)object + f->count_at, sizeof(count));
	*n = pointed ? f->size * count : 0;
	return pointed;
}

void fields_clear(void *object, const struct field *fields)
{
	const struct field *f;
	size_t n;

	for_each(f, fields) {
		u8 *bytes = field_bytes(object, f, &n);

		if (n)
			memset(bytes, 0, n);
	}
}

/* The rows are walked three times: to save, to check, to load. */
struct walk {
	u8 *buf;
	size_t cap, n;
	enum { SAVE, CHECK, LOAD } what;
	const char *bad; /* CHECK: the first row that is out of range */
};

static void walk_bytes(struct walk *w, void *bytes, size_t n)
{
	if (n && w->buf && w->n <= w->cap && n <= w->cap - w->n) {
		if (w->what == SAVE)
			memcpy(w->buf + w->n, bytes, n);
		else if (w->what == LOAD)
			memcpy(bytes, w->buf + w->n, n);
	}
	w->n += n;
}

static void walk_fields(struct walk *w, void *object, const struct field *fields)
{
	const struct field *f;
	size_t n;

	for_each(f, fields) {
		u8 *bytes = field_bytes(object, f, &n);

		if (w->what == CHECK && f->max && !f->pointer &&
		    load_bytes(w->buf + w->n, (u32)n) > f->max && !w->bad)
			w->bad = f->name;
		walk_bytes(w, bytes, n);
	}
}

static void walk(struct walk *w, struct device *dev)
{
	const struct device_engine *en = dev->engine;
	const struct reg *r;

	for (u32 i = 0; i < en->nlayers; i++)
		walk_fields(w, en->layers[i].object, en->layers[i].layer->state);
	for_each(r, dev->class->regs)
		walk_bytes(w, device_member(dev, r->at), r->width);
	walk_fields(w, dev, dev->class->state);
}

size_t device_save(struct device *dev, u8 *buf, size_t cap)
{
	struct walk w = { .buf = buf, .cap = cap, .what = SAVE };

	device_lock(dev);
	walk(&w, dev);
	device_unlock(dev);
	return w.n;
}

bool device_restore(struct device *dev, const u8 *buf, size_t len, struct err *e)
{
	struct walk w = { .buf = (u8 *)(uintptr_t)buf, .cap = len, .what = CHECK };
	size_t want = device_save(dev, NULL, 0);

	if (len != want) {
		err_set(e, "%zu bytes of state, expected %zu", len, want);
		return err_in(e, "%s", dev->name);
	}
	device_lock(dev);
	walk(&w, dev);
	if (!w.bad) {
		timer_off(dev);
		block_drain_all(dev);
		w.what = LOAD;
		w.n = 0;
		walk(&w, dev);
		device_layers_changed(
			dev); /* the model's may want guest memory: is it a bus master? */
		device_changed(dev);
	}
	device_unlock(dev);
	if (w.bad) {
		err_set(e, "%s is out of range", w.bad);
		return err_in(e, "%s", dev->name);
	}
	return true;
}
