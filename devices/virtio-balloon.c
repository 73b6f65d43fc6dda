/* virtio-balloon.c - memory that the guest does not use goes back to the host
 *
 * Spec: virtio 1.2 section 5.5.  Two ways: of the pages that the guest was asked for it gives
 * numbers (queue 0), and takes some back (queue 1); and of what it has free anyway it reports
 * ranges.  Either way the pages become zero and cost nothing until they are touched again, so
 * there is nothing to do when they are.  A guest that reports or gives what is not its RAM
 * has done nothing.
 *
 * Which queue is which depends on the features in force, for the driver counts only those
 * that it uses; by the specification reports are always number 4.
 *
 * Not modeled: free page hints, which are for migration; page poison.
 */
#include "clock.h"
#include "virtio.h"

#include <inttypes.h>

#define PAGE 4096

enum { F_STATS = 1, F_DEFLATE_ON_OOM = 2, F_REPORTING = 5 };

enum { CONFIG_TARGET = 0, CONFIG_ACTUAL = 4, CONFIG_BYTES = 8 };

#define AT_ONCE 64 /* page numbers */

/* Section 5.5.6.4: what the driver says of its memory; in bytes but where it counts. */
enum { STAT_FREE = 4, STAT_TOTAL = 5, STAT_AVAILABLE = 6, STATS = 16 };

#define STAT_BYTES 10

struct balloon {
	struct virtio v;

	/* properties */
	u64 take;

	u32 target; /* pages that the guest shall give; outlives a reset */
	u32 actual; /* as the guest says */
	u64 given;  /* bytes that came back, by either way */

	/* The buffer in which it says how it is: given back, it comes again with news. */
	u32 has_buffer;
	u16 head;
	u32 queue;
	u64 stat[STATS], stats_ns;
	u32 has_stats;
};

static struct balloon *balloon_of(struct virtio *v)
{
	return (struct balloon *)v;
}

/* -- Pages ----------------------------------------------------------------------------- */

struct run {
	u64 first, n; /* pages */
};

static void discard(struct balloon *b, const struct run *r)
{
	if (!r->n)
		return;
	if (dma_discard(&b->v.dev, r->first * PAGE, r->n * PAGE))
		b->given += r->n * PAGE;
	else
		guest_error(&b->v.dev, "page %" PRIu64 " of the balloon is not RAM", r->first);
}

/* Pages that lie beside each other go back together. */
static void add_page(struct balloon *b, struct run *r, u64 page)
{
	if (r->n && page == r->first + r->n) {
		r->n++;
	} else if (r->n && page + 1 == r->first) {
		r->first--;
		r->n++;
	} else {
		discard(b, r);
		*r = (struct run){ page, 1 };
	}
}

static void inflate(struct balloon *b, const struct vchain *c)
{
	u8 numbers[4 * AT_ONCE];
	struct run r = { 0 };
	u64 n;

	for (u64 off = 0; (n = vchain_read(&b->v, c, off, numbers, sizeof(numbers))); off += n)
		for (u32 i = 0; i < n / 4; i++)
			add_page(b, &r, get_le32(numbers + 4 * i));
	discard(b, &r);
}

static void report(struct balloon *b, const struct vchain *c)
{
	for (u32 i = c->nout; i < c->nout + c->nin; i++)
		if (dma_discard(&b->v.dev, c->seg[i].gpa, c->seg[i].len))
			b->given += c->seg[i].len;
}

/* -- How the guest is ------------------------------------------------------------------------ */

static void give_buffer_back(struct balloon *b)
{
	const struct vchain c = { .head = b->head,
				  .queue = b->queue,
				  .generation = b->v.generation };

	if (!b->has_buffer)
		return;
	b->has_buffer = 0;
	virtq_push(&b->v, &c, 0);
	virtq_notify(&b->v, b->queue);
}

static void read_stats(struct balloon *b, const struct vchain *c)
{
	u8 entry[STAT_BYTES];

	for (u64 off = 0; vchain_read(&b->v, c, off, entry, STAT_BYTES) == STAT_BYTES;
	     off += STAT_BYTES)
		if (get_le16(entry) < STATS)
			b->stat[get_le16(entry)] = get_le64(entry + 2);
	b->stats_ns = clock_ns(&b->v.dev);
	b->has_stats = 1;
}

static void keep_buffer(struct balloon *b, const struct vchain *c)
{
	give_buffer_back(b); /* the driver has only one */
	read_stats(b, c);
	b->has_buffer = 1;
	b->head = c->head;
	b->queue = c->queue;
}

/* -- Queues ----------------------------------------------------------------------------------- */

enum role { INFLATE, DEFLATE, TELL, REPORT, NONE };

static enum role role_of(const struct virtio *v, u32 q)
{
	bool tells = virtio_has(v, F_STATS), reports = virtio_has(v, F_REPORTING);

	if (q < 2)
		return q ? DEFLATE : INFLATE;
	if (tells && q == 2)
		return TELL;
	return reports && (q == (tells ? 3u : 2u) || q == 4) ? REPORT : NONE;
}

static void balloon_kick(struct virtio *v, u32 q)
{
	struct balloon *b = balloon_of(v);
	enum role role = role_of(v, q);
	struct vchain c;

	while (role != NONE && virtq_pop(v, q, &c)) {
		if (role == TELL) {
			keep_buffer(b, &c);
			continue;
		}
		if (role == INFLATE)
			inflate(b, &c);
		else if (role == REPORT)
			report(b, &c);
		virtq_push(v, &c, 0);
	}
	virtq_notify(v, q);
}

/* -- What the user asks --------------------------------------------------------------------------
 */

static void add_mib(struct str *s, u64 bytes)
{
	str_add(s, "%" PRIu64 " MiB", bytes / MIB);
}

static void describe(struct balloon *b, struct str *s)
{
	str_add(s, "%s: ", b->v.dev.name);
	add_mib(s, (u64)b->actual * PAGE);
	str_add(s, " taken from the guest, ");
	add_mib(s, (u64)b->target * PAGE);
	str_add(s, " asked for; ");
	add_mib(s, b->given);
	str_add(s, " given back to this host so far\n");
	if (!b->has_stats)
		return;
	str_add(s, "the guest says: ");
	add_mib(s, b->stat[STAT_TOTAL]);
	str_add(s, " of memory, ");
	add_mib(s, b->stat[STAT_FREE]);
	str_add(s, " free, ");
	add_mib(s, b->stat[STAT_AVAILABLE]);
	str_add(s, " available (%" PRIu64 " s ago)\n",
		(clock_ns(&b->v.dev) - b->stats_ns) / 1000000000);
}

/* "", or how many bytes the guest shall give. */
static bool balloon_ask(struct device *dev, const char *request, struct str *answer, struct err *e)
{
	struct balloon *b = balloon_of((struct virtio *)dev);
	u64 bytes;

	if (sscanf(request, "%" SCNu64, &bytes) == 1) {
		if (bytes / PAGE > UINT32_MAX)
			return err_set(e, "%s: that is more than a balloon holds", dev->name);
		b->target = (u32)(bytes / PAGE);
		virtio_config_changed(&b->v);
	}
	if (!virtio_running(&b->v))
		str_add(answer, "%s: no driver in the guest has started it\n", dev->name);
	describe(b, answer);
	give_buffer_back(b); /* the next answer will have news */
	return true;
}

/* -- The device ---------------------------------------------------------------------------------
 */

static void balloon_config(struct virtio *v, u8 *config)
{
	put_le32(config + CONFIG_TARGET, balloon_of(v)->target);
	put_le32(config + CONFIG_ACTUAL, balloon_of(v)->actual);
}

static void balloon_config_write(struct virtio *v, u32 off, u32 width, u32 value)
{
	if (off == CONFIG_ACTUAL && width == 4)
		balloon_of(v)->actual = value;
	else
		guest_error(&v->dev, "configuration is read-only at 0x%x", off);
}

static bool balloon_init(struct device *dev, struct err *e)
{
	struct balloon *b = balloon_of((struct virtio *)dev);

	if (b->take / PAGE > UINT32_MAX)
		return err_set(e, "take: that is more than a balloon holds");
	b->target = (u32)(b->take / PAGE);
	return true;
}

/* clang-format off */
#define SELF struct balloon

VIRTIO_DEVICE(virtio_balloon) = {
	VIRTIO_ROWS,
	.name         = "virtio-balloon",
	.doc          = "gives memory that the guest does not use back to this host",
	.linux_driver = "virtio_balloon",
	.linux_config = "VIRTIO_BALLOON",
	.qemu         = "virtio-balloon-pci",
	.size         = sizeof(SELF),
	.example      = "balloon0: {device: virtio-balloon}",
	.init         = balloon_init,
	.ask          = balloon_ask,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_SIZE(take, .doc = "memory that the guest shall do without from the start")),

	.state = STATE(FIELD(actual), FIELD(given), FIELD_MAX(has_buffer, 1), FIELD(head),
		       FIELD_MAX(queue, 4), FIELD(stat), FIELD(stats_ns), FIELD_MAX(has_stats, 1)),

	.virtio = &(const struct virtio_class){
		.id           = 5,
		.queues       = 5,
		.size_max     = 128,
		.burst        = 16,
		.features     = (u64)1 << F_STATS | (u64)1 << F_DEFLATE_ON_OOM | (u64)1 << F_REPORTING,
		.pci_class    = 0x00ff00,
		.config_size  = CONFIG_BYTES,
		.config_read  = balloon_config,
		.config_write = balloon_config_write,
		.kick         = balloon_kick,
	},
};
