/* fuzz_virtio_vsock.c - any bytes as what a guest's driver and programs of the host do to a
 * virtio-vsock.
 *
 * The host keeps to what vsock.h says of it and does it at any moment; the guest sends packets
 * with few ports, so that connections come to be, and anything else.  Whatever happens: the
 * device asks only for what its slots allow and writes no more than the window, no chain stays
 * behind in it, and after a reset all slots are free.
 */
#include "virtio_life.h"

#include "vsock.h"

extern const struct device_class device_virtio_vsock;

#define QUEUES 3
#define HEADER 44

enum { RECEIVE, TRANSMIT };
enum slot_state { FREE, OPENING, CALLED, OPEN };

static struct host {
	struct vsock s;
	struct {
		enum slot_state state;
		bool closing, ended;
		u32 waits; /* bytes that have not gone out */
	} slot[VSOCK_SLOTS];
} host;

/* -- What the device asks of the host ------------------------------------------------------ */

static void must(bool is)
{
	if (!is)
		abort();
}

static void host_open(struct vsock *s, u32 slot, u32 port)
{
	(void)s, (void)port;
	must(slot < VSOCK_SLOTS && host.slot[slot].state == FREE);
	host.slot[slot].state = OPENING;
}

static void host_accept(struct vsock *s, u32 slot, u32 port)
{
	(void)s, (void)port;
	must(slot < VSOCK_SLOTS && host.slot[slot].state == CALLED && !host.slot[slot].closing);
	host.slot[slot].state = OPEN;
}

static void host_write(struct vsock *s, u32 slot, const u8 *bytes, u32 n)
{
	(void)s, (void)bytes;
	must(slot < VSOCK_SLOTS && host.slot[slot].state == OPEN && !host.slot[slot].closing);
	must(n <= VSOCK_WINDOW - host.slot[slot].waits);
	host.slot[slot].waits += n;
}

static void host_end(struct vsock *s, u32 slot)
{
	(void)s;
	must(slot < VSOCK_SLOTS && host.slot[slot].state == OPEN && !host.slot[slot].closing);
}

static void host_close(struct vsock *s, u32 slot, bool flush)
{
	(void)s, (void)flush;
	must(slot < VSOCK_SLOTS && host.slot[slot].state != FREE);
	host.slot[slot].closing = true;
}

static void host_ready(struct vsock *s)
{
	(void)s;
}

static void host_clear(struct vsock *s, u32 slot)
{
	(void)s;
	memset(&host.slot[slot], 0, sizeof(host.slot[slot]));
}

static const struct vsock_ops host_ops = { .open = host_open,
					   .accept = host_accept,
					   .write = host_write,
					   .end = host_end,
					   .close = host_close,
					   .ready = host_ready,
					   .clear = host_clear };

/* -- What the host does ---------------------------------------------------------------------- */

static void call_guest(u32 port)
{
	i32 slot = host.s.engine->incoming(&host.s, port);

	if (slot < 0)
		return;
	must(slot < VSOCK_SLOTS && host.slot[slot].state == FREE);
	host.slot[slot].state = CALLED;
}

static void data_comes(u32 slot, u32 n)
{
	static u8 bytes[VSOCK_WINDOW];

	if (!host.slot[slot].ended)
		must(host.s.engine->receive(&host.s, slot, bytes, n) <= n);
}

static void data_goes(u32 slot, u32 n)
{
	n = MIN(n, host.slot[slot].waits);
	host.slot[slot].waits -= n;
	host.s.engine->sent(&host.s, slot, n);
}

static void end_comes(u32 slot)
{
	if (!host.slot[slot].ended)
		host.s.engine->ended(&host.s, slot);
	host.slot[slot].ended = true;
}

static void host_step(struct input *in)
{
	u32 what = take(in, 1), slot = take(in, 1) % 4;

	if (what % 8 == 0)
		call_guest(take(in, 1) % 2);
	if (host.slot[slot].state == FREE)
		return;
	if (host.slot[slot].closing || what % 8 == 1)
		host.s.engine->closed(&host.s, slot);
	else if (host.slot[slot].state == OPENING && what % 8 < 5) {
		host.slot[slot].state = OPEN;
		host.s.engine->opened(&host.s, slot);
	} else if (host.slot[slot].state != OPEN)
		return;
	else if (what % 8 < 4)
		data_comes(slot, take(in, 2));
	else if (what % 8 == 4)
		end_comes(slot);
	else
		data_goes(slot, take(in, 2));
}

/* -- What the guest does ----------------------------------------------------------------------- */

static void give_buffers(struct driver *d, struct input *in)
{
	u32 size = take(in, 1) < 0xe0 ? 0x800 : take(in, 2);

	for (u32 n = take(in, 1) % 8; n; n--) {
		struct buffer b = { DATA_AT + 0x800 * (u64)(n + 8), size, true };

		add_chain(d, RECEIVE, &b, 1);
	}
	driver_kick(d, RECEIVE);
}

/* Of the host's calls the guest learns the host's ports, so it may guess them. */
static void send_packet(struct driver *d, struct input *in)
{
	static const u8 ops[] = { 1, 1, 2, 3, 4, 5, 5, 5, 5, 5, 5, 6, 7, 7, 0, 8 };
	u32 op = take(in, 1), ports = take(in, 1), len = 0;
	u32 host_port = ports & 0x80 ? 0x40000000u + (ports & 3) : ports & 1;
	u8 *h = ram(d, DATA_AT);

	if (ops[op % 16] == 5)
		len = take(in, 1) * (op & 0x40 ? 257u : 1);
	memset(h, 0, HEADER);
	put_le64(h, op >= 0xf0 ? take(in, 1) : 3);
	put_le64(h + 8, 2);
	put_le32(h + 16, ports >> 4 & 1);
	put_le32(h + 20, host_port);
	put_le32(h + 24, len);
	put_le16(h + 28, 1);
	put_le16(h + 30, ops[op % 16]);
	put_le32(h + 32, ports >> 5 & 3);
	put_le32(h + 36, ports & 8 ? take(in, 4) : 65536);
	put_le32(h + 40, ports & 4 ? take(in, 4) : 0);
	for (u32 n = op & 0x20 ? 6 : 1; n; n--) {
		add_chain(d, TRANSMIT, &(struct buffer){ DATA_AT, HEADER + len, false }, 1);
		driver_kick(d, TRANSMIT);
	}
}

static void step(struct driver *d, struct input *in)
{
	u32 op = take(in, 1) % 16;

	if (life_step(d, QUEUES, in, op))
		return;
	if (op < 7)
		give_buffers(d, in);
	else if (op < 11)
		host_step(in);
	else
		send_packet(d, in);
}

/* The host closes what it is asked to close. */
static void check_all_slots_are_free(struct driver *d)
{
	life_reset(d);
	life_start(d, QUEUES, UINT32_MAX);
	for (u32 i = 0; i < VSOCK_SLOTS; i++) {
		must(host.slot[i].state == FREE || host.slot[i].closing);
		if (host.slot[i].closing)
			host.s.engine->closed(&host.s, i);
	}
	for (u32 i = 0; i < VSOCK_SLOTS; i++)
		call_guest(i);
	for (u32 i = 0; i < VSOCK_SLOTS; i++)
		must(host.slot[i].state == CALLED);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct bench *b = bench_new();
	u32 how = take(&in, 1);
	struct driver d;

	memset(&host, 0, sizeof(host));
	host.s.ops = &host_ops;
	b->vsock = &host.s;
	driver_init(&d, b, &device_virtio_vsock, "", how & 1);
	life_start(&d, QUEUES, how & 2 ? take(&in, 4) : UINT32_MAX);
	for (u32 steps = 0; in.left && steps < 300; steps++) {
		step(&d, &in);
		life_look(&d);
	}
	check_all_slots_are_free(&d);
	bench_end(b);
	return 0;
}
