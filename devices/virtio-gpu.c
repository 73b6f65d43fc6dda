/* virtio-gpu.c - a display that the guest draws for: fbcon, X, Wayland
 *
 * Spec: virtio 1.2 section 5.7, two-dimensional part.  A resource is a picture in memory of
 * this host; the guest draws in memory of its own, the resource's backing, and has what is
 * new transferred, then flushed to the scanouts that show it.  Queue 0 takes commands, queue 1
 * those for cursors.  A command is done when its chain comes back, so a fence asks for
 * nothing more.  What the monitors prefer is in their EDID; another size of a viewer's window
 * is an event.
 *
 * All that is allocated for resources together has a limit, `memory`.  A snapshot carries no
 * pixels: after a restore a resource is what its backing holds.
 *
 * Not modeled: 3D (virgl), blob and UUID resources, context types, capability sets.
 */
#include "display.h"
#include "virtio.h"

#include <stdlib.h>

#define CONTROL 0
#define CURSOR  1

#define F_EDID 1

/* Section 5.7.4 */
enum { CONFIG_EVENTS = 0, CONFIG_CLEAR = 4, CONFIG_SCANOUTS = 8, CONFIG_BYTES = 16 };
#define EVENT_DISPLAY 1

/* Section 5.7.6.7: the header of commands and responses. */
enum { AT_TYPE = 0, AT_FLAGS = 4, AT_FENCE = 8, AT_CONTEXT = 16, AT_RING = 20, HEADER = 24 };
#define FLAG_FENCE 1

enum command_type {
	GET_DISPLAY_INFO = 0x100,
	RESOURCE_CREATE_2D,
	RESOURCE_UNREF,
	SET_SCANOUT,
	RESOURCE_FLUSH,
	TRANSFER_TO_HOST_2D,
	RESOURCE_ATTACH_BACKING,
	RESOURCE_DETACH_BACKING,
	GET_EDID = 0x10a,
	UPDATE_CURSOR = 0x300,
	MOVE_CURSOR,
};

enum response {
	OK_NODATA = 0x1100,
	OK_DISPLAY_INFO,
	OK_EDID = 0x1104,
	ERR_UNSPEC = 0x1200,
	ERR_OUT_OF_MEMORY,
	ERR_INVALID_SCANOUT_ID,
	ERR_INVALID_RESOURCE_ID,
	ERR_INVALID_CONTEXT_ID,
	ERR_INVALID_PARAMETER,
};

#define RESOURCES     256
#define BACKINGS      65536 /* of all resources: 256 MiB in single pages */
#define COMMAND_BYTES 56
#define EDID_FIELD    1024 /* room for it in the response */
#define REPLY_BYTES   (HEADER + 8 + EDID_FIELD)
#define PIXEL         4
/* Copying takes time: what of it counts as one more of the chains of a turn. */
#define BURST         64
#define TURN_BYTES    MIB
#define TURN_BACKINGS 1024

struct resource {
	u32 id; /* 0: none */
	u32 format, width, height;
	u32 first, n; /* its part of the backings */
};

struct backing {
	u64 gpa;
	u32 len;
	u32 unused; /* so that all bytes of a snapshot are known */
};

struct output {
	u32 resource;     /* 0: off */
	struct rect part; /* of the resource */
	u32 cursor;       /* a resource; 0: none */
	u32 hot_x, hot_y;
	i32 x, y;
};

struct gpu {
	struct virtio v;

	/* properties */
	struct display *host;
	u32 scanouts, width, height;
	u64 memory;

	u32 events;
	struct resource resources[RESOURCES];
	struct output outputs[DISPLAY_SCANOUTS];
	struct backing *backings; /* BACKINGS of them, `used` */
	u32 used, backings_cap;

	/* What follows from that, and what is the host's doing: no state. */
	struct {
		u8 *pixels;
		u64 size;
	} memories[RESOURCES];
	u64 allocated;
	u32 cursor_shown[DISPLAY_SCANOUTS]; /* the resource */
	struct {
		u32 width, height;
	} monitors[DISPLAY_SCANOUTS];
};

struct request {
	const struct vchain *chain;
	u8 command[COMMAND_BYTES]; /* its fixed part */
	u8 reply[REPLY_BYTES];
	u32 reply_bytes;
};

/* Section 5.7.6.8: named by the order of bytes, where pixel_format is a number's. */
static const struct format {
	u32 number;
	enum pixel_format pixels;
	enum pixel_format cursor; /* the same with alpha: Linux fills it in whatever it said */
} formats[] = {
	{ 1, PIXEL_A8R8G8B8, PIXEL_A8R8G8B8 },   /* B8G8R8A8 */
	{ 2, PIXEL_X8R8G8B8, PIXEL_A8R8G8B8 },   /* B8G8R8X8 */
	{ 3, PIXEL_B8G8R8A8, PIXEL_B8G8R8A8 },   /* A8R8G8B8 */
	{ 4, PIXEL_B8G8R8X8, PIXEL_B8G8R8A8 },   /* X8R8G8B8 */
	{ 67, PIXEL_A8B8G8R8, PIXEL_A8B8G8R8 },  /* R8G8B8A8 */
	{ 68, PIXEL_R8G8B8X8, PIXEL_R8G8B8A8 },  /* X8B8G8R8 */
	{ 121, PIXEL_R8G8B8A8, PIXEL_R8G8B8A8 }, /* A8B8G8R8 */
	{ 134, PIXEL_X8B8G8R8, PIXEL_A8B8G8R8 }, /* R8G8B8X8 */
};

static const struct format *find_format(u32 number)
{
	for (u32 i = 0; i < ARRAY_LEN(formats); i++)
		if (formats[i].number == number)
			return &formats[i];
	return NULL;
}

static struct rect get_rect(const u8 *p)
{
	return (struct rect){ get_le32(p), get_le32(p + 4), get_le32(p + 8), get_le32(p + 12) };
}

/* -- Resources --------------------------------------------------------------------------- */

static struct resource *find(struct gpu *g, u32 id)
{
	for (u32 i = 0; id && i < RESOURCES; i++)
		if (g->resources[i].id == id)
			return &g->resources[i];
	return NULL;
}

static u32 index_of(const struct gpu *g, const struct resource *r)
{
	return (u32)(r - g->resources);
}

static u8 *pixels_of(const struct gpu *g, const struct resource *r)
{
	return g->memories[index_of(g, r)].pixels;
}

static u64 bytes_of(const struct resource *r)
{
	return (u64)r->width * r->height * PIXEL;
}

static bool is_possible(const struct resource *r)
{
	return find_format(r->format) && r->width && r->height && r->width <= DISPLAY_MOST &&
	       r->height <= DISPLAY_MOST;
}

static bool is_inside(struct rect part, const struct resource *r)
{
	return range_inside(part.x, part.width, 0, r->width) &&
	       range_inside(part.y, part.height, 0, r->height);
}

static struct picture picture_of(const struct gpu *g, const struct resource *r, struct rect part)
{
	u32 stride = r->width * PIXEL;

	return (struct picture){
		.pixels = pixels_of(g, r) + (size_t)part.y * stride + (size_t)part.x * PIXEL,
		.width = part.width,
		.height = part.height,
		.stride = stride,
		.format = find_format(r->format)->pixels,
	};
}

static bool allocate(struct gpu *g, const struct resource *r)
{
	u32 i = index_of(g, r);
	u64 size = bytes_of(r);

	if (size > g->memory - g->allocated)
		return false;
	g->memories[i].pixels = calloc(1, size);
	if (!g->memories[i].pixels)
		return false;
	g->memories[i].size = size;
	g->allocated += size;
	return true;
}

static void release(struct gpu *g, u32 i)
{
	g->allocated -= g->memories[i].size;
	free(g->memories[i].pixels);
	g->memories[i].pixels = NULL;
	g->memories[i].size = 0;
}

/* -- Backings: one list, each resource's part in one piece --------------------------------- */

/* Where a copy has got to: it goes forward only. */
struct walk {
	const struct backing *at, *end;
	u64 base; /* offset of *at in the resource's backing */
};

static bool has_backing(const struct gpu *g, const struct resource *r)
{
	return r->n && range_inside(r->first, r->n, 0, g->used);
}

static struct walk walk_of(const struct gpu *g, const struct resource *r)
{
	const struct backing *first = g->backings + r->first;

	return has_backing(g, r) ? (struct walk){ first, first + r->n, 0 }
				 : (struct walk){ NULL, NULL, 0 };
}

/* False: there is no more, or it is not in RAM. */
static bool copy_from(struct gpu *g, struct walk *w, u64 off, u8 *to, u64 n)
{
	while (n) {
		u64 take;

		for (; w->at < w->end && off - w->base >= w->at->len; w->at++)
			w->base += w->at->len;
		if (w->at == w->end)
			return false;
		take = MIN(n, w->at->len - (off - w->base));
		if (!dma_read(&g->v.dev, w->at->gpa + (off - w->base), to, take))
			return false;
		off += take;
		to += take;
		n -= take;
	}
	return true;
}

/* The guest's rows begin at `off` and are as far apart as the resource's. */
static bool transfer(struct gpu *g, const struct resource *r, struct rect part, u64 off)
{
	u64 stride = (u64)r->width * PIXEL, row = (u64)part.width * PIXEL;
	u8 *to = pixels_of(g, r) + part.y * stride + (u64)part.x * PIXEL;
	struct walk w = walk_of(g, r);

	if (row == stride)
		return copy_from(g, &w, off, to, stride * part.height);
	for (u32 y = 0; y < part.height; y++, off += stride, to += stride)
		if (!copy_from(g, &w, off, to, row))
			return false;
	return true;
}

static void detach(struct gpu *g, struct resource *r)
{
	u32 n = has_backing(g, r) ? r->n : 0;

	if (n) {
		memmove(g->backings + r->first, g->backings + r->first + n,
			(g->used - r->first - n) * sizeof(*g->backings));
		g->used -= n;
		for (u32 i = 0; i < RESOURCES; i++)
			if (g->resources[i].first > r->first)
				g->resources[i].first -= n;
	}
	r->first = r->n = 0;
}

/* -- Scanouts -------------------------------------------------------------------------------- */

static void show(struct gpu *g, u32 i)
{
	const struct output *o = &g->outputs[i];
	const struct resource *r = find(g, o->resource);
	struct picture p;

	if (!r || !pixels_of(g, r) || !is_inside(o->part, r)) {
		display_show(g->host, i, NULL);
		return;
	}
	p = picture_of(g, r, o->part);
	display_show(g->host, i, &p);
}

static void show_cursor(struct gpu *g, u32 i)
{
	const struct output *o = &g->outputs[i];
	const struct resource *r = find(g, o->cursor);
	struct picture p;

	g->cursor_shown[i] = o->cursor;
	if (!r || !pixels_of(g, r) || r->width > CURSOR_MOST || r->height > CURSOR_MOST) {
		display_cursor_image(g->host, i, NULL, 0, 0);
		return;
	}
	p = picture_of(g, r, (struct rect){ 0, 0, r->width, r->height });
	p.format = find_format(r->format)->cursor;
	display_cursor_image(g->host, i, &p, o->hot_x, o->hot_y);
}

/* Nobody shows it any more: its pixels go.  A cursor that was made of it stays. */
static void forget(struct gpu *g, struct resource *r)
{
	detach(g, r);
	for (u32 i = 0; i < g->scanouts; i++)
		if (g->outputs[i].resource == r->id) {
			g->outputs[i].resource = 0;
			show(g, i);
		}
	release(g, index_of(g, r));
	r->id = 0;
}

/* -- Commands --------------------------------------------------------------------------------- */

static u32 get_display_info(struct gpu *g, struct request *q)
{
	u32 x = 0;

	for (u32 i = 0; i < g->scanouts; i++) {
		u8 *p = q->reply + HEADER + 24 * i;

		put_le32(p, x);
		put_le32(p + 8, g->monitors[i].width);
		put_le32(p + 12, g->monitors[i].height);
		put_le32(p + 16, g->monitors[i].width && g->monitors[i].height);
		x += g->monitors[i].width;
	}
	q->reply_bytes = HEADER + 24 * DISPLAY_SCANOUTS;
	return OK_DISPLAY_INFO;
}

static u32 get_edid(struct gpu *g, struct request *q)
{
	u32 i = get_le32(q->command + 24);

	if (!virtio_has(&g->v, F_EDID))
		return ERR_UNSPEC;
	if (i >= g->scanouts)
		return ERR_INVALID_SCANOUT_ID;
	put_le32(q->reply + HEADER, EDID_BYTES);
	display_edid(q->reply + HEADER + 8, g->v.dev.name, g->monitors[i].width,
		     g->monitors[i].height);
	q->reply_bytes = REPLY_BYTES;
	return OK_EDID;
}

static u32 create(struct gpu *g, struct request *q)
{
	const struct resource new = { .id = get_le32(q->command + 24),
				      .format = get_le32(q->command + 28),
				      .width = get_le32(q->command + 32),
				      .height = get_le32(q->command + 36) };

	if (!new.id || find(g, new.id))
		return ERR_INVALID_RESOURCE_ID;
	if (!is_possible(&new))
		return ERR_INVALID_PARAMETER;
	for (u32 i = 0; i < RESOURCES; i++) {
		struct resource *r = &g->resources[i];

		if (r->id)
			continue;
		*r = new;
		if (allocate(g, r))
			return OK_NODATA;
		r->id = 0;
		break;
	}
	return ERR_OUT_OF_MEMORY;
}

static u32 unref(struct gpu *g, struct request *q)
{
	struct resource *r = find(g, get_le32(q->command + 24));

	if (!r)
		return ERR_INVALID_RESOURCE_ID;
	forget(g, r);
	return OK_NODATA;
}

static u32 set_scanout(struct gpu *g, struct request *q)
{
	struct rect part = get_rect(q->command + 24);
	u32 i = get_le32(q->command + 40), id = get_le32(q->command + 44);
	const struct resource *r = find(g, id);

	if (i >= g->scanouts)
		return ERR_INVALID_SCANOUT_ID;
	if (id && !r)
		return ERR_INVALID_RESOURCE_ID;
	if (r && (rect_empty(part) || !is_inside(part, r)))
		return ERR_INVALID_PARAMETER;
	g->outputs[i].resource = id;
	g->outputs[i].part = part;
	show(g, i);
	return OK_NODATA;
}

/* What of the flushed part an output shows, as it sees it. */
static struct rect seen_by(const struct output *o, struct rect r)
{
	u32 x = MAX(r.x, o->part.x), y = MAX(r.y, o->part.y);
	u32 right = MIN(r.x + r.width, o->part.x + o->part.width);
	u32 low = MIN(r.y + r.height, o->part.y + o->part.height);

	if (x >= right || y >= low)
		return (struct rect){ 0, 0, 0, 0 };
	return (struct rect){ x - o->part.x, y - o->part.y, right - x, low - y };
}

static u32 flush(struct gpu *g, struct request *q)
{
	struct rect part = get_rect(q->command + 24);
	const struct resource *r = find(g, get_le32(q->command + 40));

	if (!r)
		return ERR_INVALID_RESOURCE_ID;
	if (!is_inside(part, r))
		return ERR_INVALID_PARAMETER;
	for (u32 i = 0; i < g->scanouts; i++)
		if (g->outputs[i].resource == r->id)
			display_damage(g->host, i, seen_by(&g->outputs[i], part));
	return OK_NODATA;
}

static u32 transfer_to_host(struct gpu *g, struct request *q)
{
	struct rect part = get_rect(q->command + 24);
	u64 off = get_le64(q->command + 40);
	const struct resource *r = find(g, get_le32(q->command + 48));

	if (!r)
		return ERR_INVALID_RESOURCE_ID;
	if (!is_inside(part, r))
		return ERR_INVALID_PARAMETER;
	virtio_spend(&g->v, (u32)((u64)part.width * part.height * PIXEL / TURN_BYTES) +
				    r->n / TURN_BACKINGS);
	return transfer(g, r, part, off) ? OK_NODATA : ERR_INVALID_PARAMETER;
}

/* Neighbors become one. */
static void add_backing(struct gpu *g, struct resource *r, const u8 *entry)
{
	u64 gpa = get_le64(entry);
	u32 len = get_le32(entry + 8);
	struct backing *last = r->n ? &g->backings[g->used - 1] : NULL;

	if (last && last->gpa + last->len == gpa && last->len <= UINT32_MAX - len) {
		last->len += len;
		return;
	}
	g->backings[g->used++] = (struct backing){ .gpa = gpa, .len = len };
	r->n++;
}

static u32 attach_backing(struct gpu *g, struct request *q)
{
	struct resource *r = find(g, get_le32(q->command + 24));
	u32 n = get_le32(q->command + 28), here;
	u64 at = HEADER + 8;
	u8 entries[64][16];

	if (!r)
		return ERR_INVALID_RESOURCE_ID;
	if (r->n || n > (q->chain->out_bytes - at) / sizeof(entries[0]))
		return ERR_INVALID_PARAMETER;
	if (n > BACKINGS - g->used)
		return ERR_OUT_OF_MEMORY;
	virtio_spend(&g->v, n / TURN_BACKINGS);
	r->first = g->used;
	for (; n; n -= here, at += here * sizeof(entries[0])) {
		here = MIN(n, (u32)ARRAY_LEN(entries));
		if (vchain_read(&g->v, q->chain, at, entries, here * sizeof(entries[0])) !=
		    here * sizeof(entries[0])) {
			detach(g, r);
			return ERR_UNSPEC;
		}
		for (u32 i = 0; i < here; i++)
			add_backing(g, r, entries[i]);
	}
	return OK_NODATA;
}

static u32 detach_backing(struct gpu *g, struct request *q)
{
	struct resource *r = find(g, get_le32(q->command + 24));

	if (!r)
		return ERR_INVALID_RESOURCE_ID;
	detach(g, r);
	return OK_NODATA;
}

/* Section 5.7.6.10: both cursor commands have a place, one has an image too. */
static u32 move_cursor(struct gpu *g, struct request *q)
{
	u32 i = get_le32(q->command + 24);
	struct output *o;

	if (i >= g->scanouts)
		return ERR_INVALID_SCANOUT_ID;
	o = &g->outputs[i];
	o->x = (i32)get_le32(q->command + 28);
	o->y = (i32)get_le32(q->command + 32);
	display_cursor_move(g->host, i, o->x, o->y);
	return OK_NODATA;
}

static u32 update_cursor(struct gpu *g, struct request *q)
{
	u32 i = get_le32(q->command + 24), id = get_le32(q->command + 40);
	const struct resource *r = find(g, id);

	if (i >= g->scanouts)
		return ERR_INVALID_SCANOUT_ID;
	if (id && !r)
		return ERR_INVALID_RESOURCE_ID;
	if (r && (r->width > CURSOR_MOST || r->height > CURSOR_MOST))
		return ERR_INVALID_PARAMETER;
	g->outputs[i].cursor = id;
	g->outputs[i].hot_x = get_le32(q->command + 44);
	g->outputs[i].hot_y = get_le32(q->command + 48);
	show_cursor(g, i);
	return move_cursor(g, q);
}

/* Columns: the command, its queue, the bytes of its fixed part. */
static const struct command {
	u32 type, queue, bytes;
	u32 (*obey)(struct gpu *g, struct request *q);
} commands[] = {
	{ GET_DISPLAY_INFO, CONTROL, 24, get_display_info },
	{ RESOURCE_CREATE_2D, CONTROL, 40, create },
	{ RESOURCE_UNREF, CONTROL, 32, unref },
	{ SET_SCANOUT, CONTROL, 48, set_scanout },
	{ RESOURCE_FLUSH, CONTROL, 48, flush },
	{ TRANSFER_TO_HOST_2D, CONTROL, 56, transfer_to_host },
	{ RESOURCE_ATTACH_BACKING, CONTROL, 32, attach_backing },
	{ RESOURCE_DETACH_BACKING, CONTROL, 32, detach_backing },
	{ GET_EDID, CONTROL, 32, get_edid },
	{ UPDATE_CURSOR, CURSOR, 56, update_cursor },
	{ MOVE_CURSOR, CURSOR, 56, move_cursor },
};

static u32 obey(struct gpu *g, struct request *q)
{
	u32 had = (u32)vchain_read(&g->v, q->chain, 0, q->command, sizeof(q->command));
	u32 type = get_le32(q->command);

	for (u32 i = 0; i < ARRAY_LEN(commands); i++)
		if (commands[i].type == type && commands[i].queue == q->chain->queue) {
			if (had >= commands[i].bytes)
				return commands[i].obey(g, q);
			return ERR_INVALID_PARAMETER;
		}
	return ERR_UNSPEC;
}

static void answer(struct gpu *g, struct request *q, u32 type)
{
	u32 flags = get_le32(q->command + AT_FLAGS) & FLAG_FENCE;

	if (type >= ERR_UNSPEC) {
		guest_error(&g->v.dev, "command 0x%x is answered with error 0x%x",
			    get_le32(q->command), type);
		q->reply_bytes = HEADER;
	}
	put_le32(q->reply + AT_TYPE, type);
	put_le32(q->reply + AT_FLAGS, flags);
	if (flags) {
		memcpy(q->reply + AT_FENCE, q->command + AT_FENCE, 8);
		memcpy(q->reply + AT_CONTEXT, q->command + AT_CONTEXT, 4);
	}
}

static void gpu_kick(struct virtio *v, u32 queue)
{
	struct gpu *g = (struct gpu *)v;
	struct vchain c;

	while (virtq_pop(v, queue, &c)) {
		struct request q = { .chain = &c, .reply_bytes = HEADER };

		answer(g, &q, obey(g, &q));
		virtq_push(v, &c, (u32)vchain_write(v, &c, 0, q.reply, q.reply_bytes));
	}
	virtq_notify(v, queue);
}

/* -- The device ----------------------------------------------------------------------------------
 */

static void gpu_config(struct virtio *v, u8 *c)
{
	const struct gpu *g = (const struct gpu *)v;

	put_le32(c + CONFIG_EVENTS, g->events);
	put_le32(c + CONFIG_SCANOUTS, g->scanouts);
}

static void gpu_config_write(struct virtio *v, u32 off, u32 width, u32 value)
{
	struct gpu *g = (struct gpu *)v;

	if (off == CONFIG_CLEAR && width == 4)
		g->events &= ~value;
	else
		guest_error(&v->dev, "configuration is read-only at 0x%x", off);
}

static void gpu_monitor(struct device *dev, u32 i, u32 width, u32 height)
{
	struct gpu *g = (struct gpu *)dev;

	width = MIN(width, DISPLAY_MOST);
	height = MIN(height, DISPLAY_MOST);
	if (g->monitors[i].width == width && g->monitors[i].height == height)
		return;
	g->monitors[i].width = width;
	g->monitors[i].height = height;
	g->events |= EVENT_DISPLAY;
	virtio_config_changed(&g->v);
}

/* After a restore a resource has no pixels, or those of another. */
static void revive(struct gpu *g, struct resource *r)
{
	u32 i = index_of(g, r);

	if (!r->id || (is_possible(r) && g->memories[i].size == bytes_of(r)))
		return;
	release(g, i);
	if (is_possible(r) && allocate(g, r))
		transfer(g, r, (struct rect){ 0, 0, r->width, r->height }, 0);
	else
		forget(g, r);
}

static void gpu_update(struct device *dev)
{
	struct gpu *g = (struct gpu *)dev;

	for (u32 i = 0; i < RESOURCES; i++)
		revive(g, &g->resources[i]);
	for (u32 i = 0; i < g->scanouts; i++) {
		show(g, i);
		if (g->cursor_shown[i] != g->outputs[i].cursor)
			show_cursor(g, i);
		display_cursor_move(g->host, i, g->outputs[i].x, g->outputs[i].y);
	}
}

static void gpu_reset(struct device *dev)
{
	struct gpu *g = (struct gpu *)dev;

	for (u32 i = 0; i < g->scanouts; i++) {
		show(g, i);
		show_cursor(g, i);
	}
	for (u32 i = 0; i < RESOURCES; i++)
		release(g, i);
}

static bool gpu_init(struct device *dev, struct err *e)
{
	struct gpu *g = (struct gpu *)dev;

	(void)e;
	g->backings_cap = BACKINGS;
	g->backings = xcalloc(BACKINGS, sizeof(*g->backings));
	display_scanouts(g->host, g->scanouts);
	for (u32 i = 0; i < g->scanouts; i++) {
		g->monitors[i].width = g->width;
		g->monitors[i].height = g->height;
	}
	return true;
}

static void gpu_fini(struct device *dev)
{
	struct gpu *g = (struct gpu *)dev;

	for (u32 i = 0; i < RESOURCES; i++)
		release(g, i);
	free(g->backings);
}

/* clang-format off */
#define SELF struct gpu

VIRTIO_DEVICE(virtio_gpu) = {
	VIRTIO_ROWS,
	.name         = "virtio-gpu",
	.doc          = "a display: /dev/dri/card0",
	.linux_driver = "virtio_gpu",
	.linux_config = "DRM_VIRTIO_GPU",
	.qemu         = "virtio-gpu-pci",
	.size         = sizeof(SELF),
	.example      = "gpu0: {device: virtio-gpu, width: 1280, height: 720}",
	.init         = gpu_init,
	.fini         = gpu_fini,
	.reset        = gpu_reset,
	.update       = gpu_update,
	.monitor      = gpu_monitor,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_DISPLAY(host, .doc = "where it is shown; on the first display, if not given"),
		PROP_U32(scanouts, .def = 1, .min = 1, .max = DISPLAY_SCANOUTS, .doc = "monitors that can be connected"),
		PROP_U32(width, .def = 1280, .min = 64, .max = 4095, .doc = "what they prefer, until a window has another size"),
		PROP_U32(height, .def = 720, .min = 64, .max = 4095, .doc = "the same downwards"),
		PROP_SIZE(memory, .def = 256 * MIB, .min = 16 * MIB, .max = GIB, .doc = "of this host, for pictures, at most")),

	.state = STATE(
		FIELD(events), FIELD(resources), FIELD(outputs), FIELD_MAX(used, BACKINGS),
		FIELD_N(backings, backings_cap)),

	.virtio = &(const struct virtio_class){
		.id           = 16,
		.queues       = 2,
		.size_max     = 256,
		.burst        = BURST,
		.most_bytes   = 2 * MIB,
		.features     = 1 << F_EDID,
		.pci_class    = 0x038000,
		.config_size  = CONFIG_BYTES,
		.config_read  = gpu_config,
		.config_write = gpu_config_write,
		.kick         = gpu_kick,
	},
};
