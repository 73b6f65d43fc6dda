/* input.c - from sources to the ports of devices.
 *
 * The lock of `struct input` is taken before a device's, and no hook of a device takes it.
 */
#include "core.h"

const struct input_key input_keys[] = {
#define KEY(name, code, plain, shifted, hid, set2, xt, keysym)                                     \
	{ code, plain, shifted, hid, set2, xt, keysym, #name },
#include "keys.def"
#undef KEY
	{ 0 }
};

struct input_source {
	struct input *in;
	struct input_source *next;
	u8 held[INPUT_CODES / 8];
};

struct input {
	pthread_mutex_t lock;
	struct device **sinks; /* in the order they were made */
	size_t n, cap;
	struct input_source *sources;
	struct device *pointer; /* that moved last: buttons and wheels go there if it has them */
	i32 x, y;               /* the last place, in pixels */
	bool placed;
};

static bool is_set(const u8 *bits, u32 i)
{
	return bits[i / 8] >> i % 8 & 1;
}

static void set(u8 *bits, u32 i, bool on)
{
	u8 bit = (u8)(1 << i % 8);

	bits[i / 8] = on ? bits[i / 8] | bit : bits[i / 8] & (u8)~bit;
}

static struct input_port *port_of(struct device *dev)
{
	return device_member(dev, dev->class->sink->port);
}

/* -- A port: the lock of its device is held ------------------------------------------------ */

static struct input_event *last(struct input_port *p)
{
	return &p->backlog[(p->first + p->n - 1) % INPUT_BACKLOG];
}

static i32 sum(i32 a, i32 b)
{
	i64 s = (i64)a + b;

	return (i32)MAX(-INPUT_MAX, MIN(s, INPUT_MAX));
}

/* Motion after motion of the same kind is one. */
static bool joined(struct input_port *p, const struct input_event *e)
{
	struct input_event *l = last(p);

	if (!p->n || l->kind != e->kind || e->kind == INPUT_KEY)
		return false;
	l->x = e->kind == INPUT_PLACE ? e->x : sum(l->x, e->x);
	l->y = e->kind == INPUT_PLACE ? e->y : sum(l->y, e->y);
	return true;
}

static void put(struct input_port *p, const struct input_event *e)
{
	bool full = p->n == INPUT_BACKLOG;

	if (e->kind == INPUT_KEY)
		set(p->down, e->code, e->x);
	if (joined(p, e))
		return;
	if (e->kind == INPUT_PLACE) {
		p->place = *e;
		p->place_waits = full;
	}
	if (!full) {
		p->n++;
		*last(p) = *e;
	}
}

/* What the backlog had no room for. */
static bool next_left_out(struct input_port *p, struct input_event *e)
{
	if (p->place_waits) {
		*e = p->place;
		p->place_waits = false;
		return true;
	}
	for (u32 i = 0; i < INPUT_CODES; i++) {
		if (is_set(p->down, i) == is_set(p->told, i))
			continue;
		*e = (struct input_event){ .kind = INPUT_KEY, .code = i, .x = is_set(p->down, i) };
		set(p->told, i, e->x);
		return true;
	}
	return false;
}

/* Of a key that was left out, what follows may be nothing new.  A restored backlog may hold
 * anything. */
static bool is_news(struct input_port *p, const struct input_event *e)
{
	if (e->kind != INPUT_KEY)
		return true;
	if (e->code >= INPUT_CODES || is_set(p->told, e->code) == (e->x != 0))
		return false;
	set(p->told, e->code, e->x);
	return true;
}

bool input_next(struct input_port *p, struct input_event *e)
{
	while (p->n) {
		*e = p->backlog[p->first];
		p->first = (p->first + 1) % INPUT_BACKLOG;
		p->n--;
		if (is_news(p, e))
			return true;
	}
	return next_left_out(p, e);
}

/* -- Devices ----------------------------------------------------------------------------- */

struct input *input_new(void)
{
	struct input *in = xzalloc(sizeof(*in));

	pthread_mutex_init(&in->lock, NULL);
	return in;
}

void input_free(struct input *in)
{
	if (!in)
		return;
	assert(!in->n && !in->sources);
	pthread_mutex_destroy(&in->lock);
	free(in->sinks);
	free(in);
}

void input_attach(struct device *dev)
{
	struct input *in = dev->engine->machine->input;

	if (!in || !dev->class->sink)
		return;
	pthread_mutex_lock(&in->lock);
	GROW(&in->sinks, in->n, &in->cap);
	in->sinks[in->n++] = dev;
	pthread_mutex_unlock(&in->lock);
}

void input_detach(struct device *dev)
{
	struct input *in = dev->engine->machine->input;
	size_t kept = 0;

	if (!in || !dev->class->sink)
		return;
	pthread_mutex_lock(&in->lock);
	for (size_t i = 0; i < in->n; i++)
		if (in->sinks[i] != dev)
			in->sinks[kept++] = in->sinks[i];
	in->n = kept;
	if (in->pointer == dev)
		in->pointer = NULL;
	pthread_mutex_unlock(&in->lock);
}

/* -- Which one: the lock of `in` is held -------------------------------------------------- */

/* Code 0: any.  Pointer 0: it need be none. */
static bool takes(struct device *dev, u32 code, u32 pointer)
{
	const struct input_sink *sink = dev->class->sink;
	bool yes;

	device_lock(dev);
	yes = (!code || sink->has(dev, code)) && (!pointer || sink->pointer & pointer) &&
	      sink->listens(dev);
	device_unlock(dev);
	return yes;
}

/* The pointer that moved last, if it will do: what happens at a place comes after the motion. */
static struct device *find(struct input *in, u32 code, u32 pointer)
{
	if (in->pointer && takes(in->pointer, code, pointer))
		return in->pointer;
	for (size_t i = 0; i < in->n; i++)
		if (takes(in->sinks[i], code, pointer))
			return in->sinks[i];
	return NULL;
}

static bool deliver(struct device *dev, const struct input_event *e)
{
	if (!dev)
		return false;
	device_lock(dev);
	put(port_of(dev), e);
	dev->class->sink->arrived(dev);
	device_changed(dev);
	device_unlock(dev);
	return true;
}

static bool deliver_motion(struct input *in, struct device *dev, const struct input_event *e)
{
	if (dev)
		in->pointer = dev;
	return deliver(dev, e);
}

/* To whom it went down, whether he listens still or not. */
static bool deliver_release(struct input *in, const struct input_event *e)
{
	bool taken = false;

	for (size_t i = 0; i < in->n; i++) {
		struct device *dev = in->sinks[i];
		bool down;

		device_lock(dev);
		down = is_set(port_of(dev)->down, e->code);
		device_unlock(dev);
		if (down)
			taken = deliver(dev, e);
	}
	return taken;
}

/* -- Sources --------------------------------------------------------------------------------- */

struct input_source *input_source_new(struct input *in)
{
	struct input_source *s = xzalloc(sizeof(*s));

	s->in = in;
	pthread_mutex_lock(&in->lock);
	s->next = in->sources;
	in->sources = s;
	pthread_mutex_unlock(&in->lock);
	return s;
}

void input_source_free(struct input_source *s)
{
	struct input_source **at;

	if (!s)
		return;
	input_release(s);
	pthread_mutex_lock(&s->in->lock);
	for (at = &s->in->sources; *at != s; at = &(*at)->next)
		;
	*at = s->next;
	pthread_mutex_unlock(&s->in->lock);
	free(s);
}

static bool another_holds(const struct input_source *s, u32 code)
{
	for (const struct input_source *o = s->in->sources; o; o = o->next)
		if (o != s && is_set(o->held, code))
			return true;
	return false;
}

static bool key(struct input_source *s, u32 code, bool down)
{
	const struct input_event e = { .kind = INPUT_KEY, .code = code, .x = down };

	if (is_set(s->held, code) == down)
		return true;
	set(s->held, code, down);
	if (another_holds(s, code))
		return true;
	return down ? deliver(find(s->in, code, 0), &e) : deliver_release(s->in, &e);
}

bool input_key(struct input_source *s, u32 code, bool down)
{
	bool taken;

	if (!code || code >= INPUT_CODES)
		return false;
	pthread_mutex_lock(&s->in->lock);
	taken = key(s, code, down);
	pthread_mutex_unlock(&s->in->lock);
	return taken;
}

void input_release(struct input_source *s)
{
	pthread_mutex_lock(&s->in->lock);
	for (u32 i = 1; i < INPUT_CODES; i++)
		key(s, i, false);
	pthread_mutex_unlock(&s->in->lock);
}

/* The middle of pixel `p` of `size`, so that what a guest makes of it, p' = v * size /
 * (INPUT_MAX + 1), is p, though it should round at other places than we do. */
static i32 place_of(u32 p, u32 size)
{
	return (i32)((2 * (u64)MIN(p, size - 1) + 1) * (INPUT_MAX + 1) / (2 * (u64)size));
}

static bool place(struct input *in, u32 x, u32 y, u32 width, u32 height)
{
	struct device *dev = find(in, 0, INPUT_ABSOLUTE);
	struct input_event e = { INPUT_PLACE, 0, place_of(x, width), place_of(y, height) };

	if (!dev) {
		dev = in->placed ? find(in, 0, INPUT_RELATIVE) : NULL;
		e = (struct input_event){ INPUT_MOVE, 0, sum((i32)x, -in->x), sum((i32)y, -in->y) };
	}
	in->x = (i32)x;
	in->y = (i32)y;
	in->placed = true;
	return deliver_motion(in, dev, &e);
}

bool input_place(struct input_source *s, u32 x, u32 y, u32 width, u32 height)
{
	bool taken;

	if (x >= width || y >= height || width > INPUT_MAX || height > INPUT_MAX)
		return false;
	pthread_mutex_lock(&s->in->lock);
	taken = place(s->in, x, y, width, height);
	pthread_mutex_unlock(&s->in->lock);
	return taken;
}

bool input_move(struct input_source *s, i32 x, i32 y)
{
	const struct input_event e = { INPUT_MOVE, 0, sum(x, 0), sum(y, 0) };
	bool taken;

	pthread_mutex_lock(&s->in->lock);
	taken = deliver_motion(s->in, find(s->in, 0, INPUT_RELATIVE), &e);
	pthread_mutex_unlock(&s->in->lock);
	return taken;
}

bool input_wheel(struct input_source *s, i32 x, i32 y)
{
	const struct input_event e = { INPUT_WHEEL, 0, sum(x, 0), sum(y, 0) };
	bool taken;

	pthread_mutex_lock(&s->in->lock);
	taken = deliver(find(s->in, 0, INPUT_WHEELS), &e);
	pthread_mutex_unlock(&s->in->lock);
	return taken;
}

/* -- Questions -------------------------------------------------------------------------------- */

bool input_exists(struct input *in)
{
	bool exists;

	pthread_mutex_lock(&in->lock);
	exists = in->n;
	pthread_mutex_unlock(&in->lock);
	return exists;
}

bool input_hears(struct input *in, u32 code)
{
	bool heard;

	pthread_mutex_lock(&in->lock);
	heard = find(in, code, 0);
	pthread_mutex_unlock(&in->lock);
	return heard;
}

static bool was_told(struct device *dev)
{
	bool told;

	device_lock(dev);
	told = !port_of(dev)->n || !dev->class->sink->listens(dev);
	device_unlock(dev);
	return told;
}

bool input_told(struct input *in)
{
	bool told = true;

	pthread_mutex_lock(&in->lock);
	for (size_t i = 0; told && i < in->n; i++)
		told = was_told(in->sinks[i]);
	pthread_mutex_unlock(&in->lock);
	return told;
}

u32 input_pointers(struct input *in)
{
	u32 pointers = 0;

	pthread_mutex_lock(&in->lock);
	for (size_t i = 0; i < in->n; i++)
		if (takes(in->sinks[i], 0, INPUT_ABSOLUTE | INPUT_RELATIVE))
			pointers |= in->sinks[i]->class->sink->pointer;
	pthread_mutex_unlock(&in->lock);
	return pointers & (INPUT_ABSOLUTE | INPUT_RELATIVE);
}

u32 input_leds(struct input *in)
{
	struct device *dev;
	u32 leds = 0;

	pthread_mutex_lock(&in->lock);
	dev = find(in, KEY_CAPSLOCK, 0);
	if (dev) {
		device_lock(dev);
		leds = port_of(dev)->leds;
		device_unlock(dev);
	}
	pthread_mutex_unlock(&in->lock);
	return leds;
}
