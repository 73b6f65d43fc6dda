/* virtio-9p.c - a folder of the host
 *
 * Spec: none but Linux's virtio_9p.h: one queue of messages, and a name to mount.  What the
 * messages are is the host's affair (share.h).
 *
 * A chain is a request that the device reads and room for its answer.  The request is copied
 * whole before anybody looks at it, the answer after it is complete.  Requests are made at
 * start: a driver that has more of them waits in the queue.
 */
#include "share.h"
#include "virtio.h"

#define F_MOUNT_TAG 0

#define REQUESTS 8
#define TAG_MOST 64

struct request {
	struct share_req share; /* first: done() gets it */
	struct vchain chain;
	struct request *next;
};

struct p9 {
	struct virtio v;

	/* properties */
	struct share *host;
	const char *tag;

	struct request *requests, *idle;
	u8 *bytes;    /* of all requests and answers */
	bool serving; /* serve() is at work: an answer that is there at once does not call it */
};

static void serve(struct p9 *p);

static void set_idle(struct p9 *p, struct request *r)
{
	r->next = p->idle;
	p->idle = r;
}

static void answer(struct p9 *p, const struct request *r)
{
	u32 n = r->share.nout;

	if (r->chain.generation != p->v.generation)
		return; /* a reset came meanwhile: the chain is nobody's */
	n = (u32)vchain_write(&p->v, &r->chain, 0, r->share.out, n);
	virtq_push(&p->v, &r->chain, n);
	virtq_notify(&p->v, 0);
}

static void p9_done(struct share_req *req)
{
	struct request *r = (struct request *)req;
	struct p9 *p = (struct p9 *)req->dev;

	answer(p, r);
	set_idle(p, r);
	if (!p->serving)
		serve(p);
}

/* One that is too long is answered by nothing: it cannot be copied to be judged. */
static void submit(struct p9 *p, struct request *r)
{
	struct share_req *s = &r->share;

	s->done = p9_done;
	s->room = (u32)MIN(r->chain.in_bytes, SHARE_MESSAGE);
	s->nout = 0;
	s->nin = (u32)r->chain.out_bytes;
	if (r->chain.out_bytes <= SHARE_MESSAGE &&
	    vchain_read(&p->v, &r->chain, 0, s->in, s->nin) == s->nin) {
		share_submit(p->host, s);
		return;
	}
	guest_error(&p->v.dev, "a request is longer than %u bytes", (u32)SHARE_MESSAGE);
	answer(p, r);
	set_idle(p, r);
}

static void serve(struct p9 *p)
{
	p->serving = true;
	while (p->idle && virtq_pop(&p->v, 0, &p->idle->chain)) {
		struct request *r = p->idle;

		p->idle = r->next;
		submit(p, r);
	}
	p->serving = false;
}

static void p9_kick(struct virtio *v, u32 q)
{
	(void)q;
	serve((struct p9 *)v);
}

/* le16 length, the name. */
static void p9_config(struct virtio *v, u8 *config)
{
	const struct p9 *p = (const struct p9 *)v;
	size_t n = strlen(p->tag);

	put_le16(config, (u16)n);
	memcpy(config + 2, p->tag, n);
}

/* Requests that the host has come back by themselves. */
static void p9_reset(struct device *dev)
{
	share_forget(((struct p9 *)dev)->host);
}

static bool p9_init(struct device *dev, struct err *e)
{
	struct p9 *p = (struct p9 *)dev;

	if (!p->tag)
		p->tag = dev->name;
	if (!*p->tag || strlen(p->tag) > TAG_MOST)
		return err_set(e, "the name to mount has 1 to %d bytes, `%s` has %zu", TAG_MOST,
			       p->tag, strlen(p->tag));
	p->requests = xcalloc(REQUESTS, sizeof(*p->requests));
	p->bytes = xcalloc(REQUESTS, 2 * SHARE_MESSAGE);
	for (u32 i = 0; i < REQUESTS; i++) {
		p->requests[i].share.in = p->bytes + 2 * i * SHARE_MESSAGE;
		p->requests[i].share.out = p->requests[i].share.in + SHARE_MESSAGE;
		set_idle(p, &p->requests[i]);
	}
	return true;
}

static void p9_fini(struct device *dev)
{
	free(((struct p9 *)dev)->requests);
	free(((struct p9 *)dev)->bytes);
}

/* clang-format off */
#define SELF struct p9

VIRTIO_DEVICE(virtio_9p) = {
	VIRTIO_ROWS,
	.name         = "virtio-9p",
	.doc          = "a folder of the host: mount -t 9p -o trans=virtio NAME FOLDER",
	.linux_driver = "9pnet_virtio",
	.linux_config = "NET_9P_VIRTIO",
	.qemu         = "virtio-9p-pci",
	.size         = sizeof(SELF),
	.example      = "share0: {device: virtio-9p, host: {share: folder, read-only: true}}",
	.init         = p9_init,
	.fini         = p9_fini,
	.reset        = p9_reset,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_SHARE(host, .required = true, .doc = "the folder, and whether it can be written"),
		PROP_TEXT(tag, .doc = "what guests mount; the device's name if not given")),

	.virtio = &(const struct virtio_class){
		.id          = 9,
		.queues      = 1,
		.size_max    = 128,
		.burst       = 64,
		.most_bytes  = 4 * MIB,
		.features    = (u64)1 << F_MOUNT_TAG,
		.pci_class   = 0x00ff00,
		.config_size = 2 + TAG_MOST,
		.config_read = p9_config,
		.kick        = p9_kick,
	},
};
