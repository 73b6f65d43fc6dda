/* net_pcap.c - a capture of all that passes, to look at with Wireshark or tcpdump.
 *
 * Spec: pcapng, draft-ietf-opsawg-pcapng: a section header, one interface, then a packet
 * block for each frame.  Frames stand as they pass: checksums and large segments that are
 * left to the receiver look unfinished, as they do in captures on any computer.  Each frame
 * is written at once, so that a run that is killed leaves a whole file.
 */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#define SECTION   0x0a0d0d0a
#define INTERFACE 1
#define PACKET    6
#define MAGIC     0x1a2b3c4d

enum { OPT_END = 0, IF_NAME = 2, IF_TSRESOL = 9, EPB_FLAGS = 2 };
enum { INBOUND = 1, OUTBOUND = 2 };

struct pcap {
	struct net net; /* first: towards the engine */
	struct net *inner;
	int fd;
	char *path;
	pthread_mutex_t lock;
	bool failed;
};

/* -- Blocks ---------------------------------------------------------------------- */

/* Stops at the first error: half a block would spoil what is there. */
static void append(struct pcap *p, struct iovec *iov, int n)
{
	ssize_t want = 0, put;

	for (int i = 0; i < n; i++)
		want += (ssize_t)iov[i].iov_len;
	pthread_mutex_lock(&p->lock);
	if (!p->failed) {
		put = writev(p->fd, iov, n);
		p->failed = put != want;
		if (p->failed)
			log_line(LOG_WARNING, "%s: the capture ends here: %s", p->path,
				 put < 0 ? strerror(errno) : "no space");
	}
	pthread_mutex_unlock(&p->lock);
}

static void write_start(struct pcap *p, const char *name)
{
	u8 section[28] = { 0 }, interface[52] = { 0 };
	struct iovec iov[] = { { section, sizeof(section) }, { interface, sizeof(interface) } };

	put_le32(section, SECTION);
	put_le32(section + 4, sizeof(section));
	put_le32(section + 8, MAGIC);
	put_le16(section + 12, 1);
	memset(section + 16, 0xff, 8); /* length unknown */
	put_le32(section + 24, sizeof(section));

	put_le32(interface, INTERFACE);
	put_le32(interface + 4, sizeof(interface));
	put_le16(interface + 8, 1); /* Ethernet */
	put_le16(interface + 16, IF_NAME);
	put_le16(interface + 18, 16);
	snprintf((char *)interface + 20, 16, "%s", name);
	put_le16(interface + 36, IF_TSRESOL);
	put_le16(interface + 38, 1);
	interface[40] = 9; /* nanoseconds */
	put_le32(interface + 48, sizeof(interface));
	append(p, iov, 2);
}

static void write_frame(struct pcap *p, const u8 *frame, u32 len, u32 direction)
{
	u64 now = wall_ns();
	u8 head[28], tail[4 + 16] = { 0 };
	u32 pad = (4 - len % 4) % 4, total = (u32)sizeof(head) + len + pad + 16;
	struct iovec iov[] = { { head, sizeof(head) },
			       { (void *)(uintptr_t)frame, len },
			       { tail + 4 - pad, pad + 16 } };

	put_le32(head, PACKET);
	put_le32(head + 4, total);
	put_le32(head + 8, 0);
	put_le32(head + 12, (u32)(now >> 32));
	put_le32(head + 16, (u32)now);
	put_le32(head + 20, len);
	put_le32(head + 24, len);
	put_le16(tail + 4, EPB_FLAGS);
	put_le16(tail + 6, 4);
	put_le32(tail + 8, direction);
	put_le32(tail + 16, total); /* after the end of options */
	append(p, iov, 3);
}

/* -- In between --------------------------------------------------------------------- */

static bool pcap_send(struct net *n, const u8 *frame, u32 len, const struct net_work *work)
{
	struct pcap *p = (struct pcap *)n;

	if (p->inner && !p->inner->ops->send(p->inner, frame, len, work))
		return false;
	write_frame(p, frame, len, OUTBOUND);
	return true;
}

/* Written when it is taken, so once; before that, because the engine may change it. */
static bool pcap_receive(void *ctx, u8 *frame, u32 len, struct net_work *work)
{
	struct pcap *p = ctx;
	bool taken;
	u8 *copy;

	if (!p->net.receive)
		return true;
	copy = malloc(len);
	if (copy)
		memcpy(copy, frame, len);
	taken = p->net.receive(p->net.ctx, frame, len, work);
	if (taken && copy)
		write_frame(p, copy, len, INBOUND);
	free(copy);
	return taken;
}

static void pcap_changed(void *ctx)
{
	struct pcap *p = ctx;

	atomic_store(&p->net.link, atomic_load(&p->inner->link));
	if (p->net.changed)
		p->net.changed(p->net.ctx);
}

static void pcap_ready(struct net *n)
{
	struct pcap *p = (struct pcap *)n;

	if (p->inner && p->inner->ops->ready)
		p->inner->ops->ready(p->inner);
}

static void pcap_free(struct net *n)
{
	struct pcap *p = (struct pcap *)n;

	if (p->inner)
		p->inner->ops->free(p->inner);
	if (p->fd >= 0)
		close(p->fd);
	pthread_mutex_destroy(&p->lock);
	free(p->path);
	free(p);
}

static const struct net_ops pcap_ops = { pcap_send, pcap_ready, pcap_free };

static void join(struct pcap *p, struct net *inner)
{
	p->inner = inner;
	p->net.takes = inner->takes;
	memcpy(p->net.mac, inner->mac, sizeof(p->net.mac));
	atomic_store(&p->net.link, atomic_load(&inner->link));
	inner->receive = pcap_receive;
	inner->changed = pcap_changed;
	inner->ctx = p;
}

struct net *host_pcap(struct net *inner, const char *path, const char *name, struct err *e)
{
	struct pcap *p = xzalloc(sizeof(*p));

	p->net.ops = &pcap_ops;
	p->path = xstrdup(path);
	pthread_mutex_init(&p->lock, NULL);
	if (inner)
		join(p, inner);
	p->fd = host_output_file(path, O_NOFOLLOW, 0600, e);
	if (p->fd < 0) {
		pcap_free(&p->net);
		return NULL;
	}
	write_start(p, name);
	return &p->net;
}
