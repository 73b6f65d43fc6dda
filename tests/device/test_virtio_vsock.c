/* virtio-vsock: packets between a guest's driver and sockets of the host, which the test plays. */
#include "virtio_bench.h"

#include "vsock.h"

extern const struct device_class device_virtio_vsock;

#define RECEIVE  0
#define TRANSMIT 1
#define HEADER   44
#define PACKET   4096u

enum { REQUEST = 1, RESPONSE, RST, SHUTDOWN, DATA, CREDIT_UPDATE, CREDIT_REQUEST };

/* -- The host ---------------------------------------------------------------------------- */

struct host {
	struct vsock s;
	u32 opened, accepted, accepted_port, ended, closed, flushed, ready; /* how often */
	u32 slot, port;  /* the last that was opened */
	u32 closed_slot; /* the last that was closed */
	u32 nout;
	u8 out[VSOCK_WINDOW * 2];
};

static struct host host;

static void host_open(struct vsock *s, u32 slot, u32 port)
{
	(void)s;
	host.opened++;
	host.slot = slot;
	host.port = port;
}

static void host_accept(struct vsock *s, u32 slot, u32 port)
{
	(void)s, (void)slot;
	host.accepted++;
	host.accepted_port = port;
}

static void host_write(struct vsock *s, u32 slot, const u8 *bytes, u32 n)
{
	(void)s, (void)slot;
	assert_true(host.nout + n <= sizeof(host.out));
	memcpy(host.out + host.nout, bytes, n);
	host.nout += n;
}

static void host_end(struct vsock *s, u32 slot)
{
	(void)s, (void)slot;
	host.ended++;
}

static void host_close(struct vsock *s, u32 slot, bool flush)
{
	(void)s;
	host.closed++;
	host.flushed += flush;
	host.closed_slot = slot;
}

static void host_ready(struct vsock *s)
{
	(void)s;
	host.ready++;
}

static void host_clear(struct vsock *s, u32 slot)
{
	(void)s, (void)slot;
}

static const struct vsock_ops host_ops = { .open = host_open,
					   .accept = host_accept,
					   .write = host_write,
					   .end = host_end,
					   .close = host_close,
					   .ready = host_ready,
					   .clear = host_clear };

static void on_sockets(driver_test *test)
{
	for (u32 pci = 0; pci < 2; pci++) {
		struct bench *b = bench_new();
		struct driver d;

		memset(&host, 0, sizeof(host));
		host.s.ops = &host_ops;
		b->vsock = &host.s;
		driver_init(&d, b, &device_virtio_vsock, "guest-cid=7", pci);
		test(&d);
		bench_end(b);
	}
}

/* -- The guest ------------------------------------------------------------------------------ */

static void give_buffers(struct driver *d, u32 n)
{
	while (n--) {
		u64 at = DATA_AT + PACKET * (u64)(d->q[RECEIVE].avail_index % 16);

		add_chain(d, RECEIVE, &(struct buffer){ at, PACKET, true }, 1);
	}
	driver_kick(d, RECEIVE);
}

static void start(struct driver *d)
{
	driver_start(d, 0, 3, 16);
	give_buffers(d, 8);
}

struct packet {
	u64 src, dst;
	u32 src_port, dst_port, len, type, op, flags, alloc, fwd;
};

#define SEND_AT (DATA_AT + 0x20000)

/* `len` of data follow that are 0, 1, 2, ... */
static void send_packet(struct driver *d, const struct packet *p, u32 bytes)
{
	u8 *h = ram(d, SEND_AT);

	put_le64(h, p->src);
	put_le64(h + 8, p->dst);
	put_le32(h + 16, p->src_port);
	put_le32(h + 20, p->dst_port);
	put_le32(h + 24, p->len);
	put_le16(h + 28, (u16)p->type);
	put_le16(h + 30, (u16)p->op);
	put_le32(h + 32, p->flags);
	put_le32(h + 36, p->alloc);
	put_le32(h + 40, p->fwd);
	for (u32 i = 0; i < bytes; i++)
		h[HEADER + i] = (u8)i;
	add_chain(d, TRANSMIT, &(struct buffer){ SEND_AT, HEADER + bytes, false }, 1);
	driver_kick(d, TRANSMIT);
}

/* From the guest's port 1000 to the host's 77. */
static struct packet sound(u32 op)
{
	return (struct packet){ .src = 7,
				.dst = 2,
				.src_port = 1000,
				.dst_port = 77,
				.type = 1,
				.op = op,
				.alloc = 65536 };
}

static void send(struct driver *d, u32 op, u32 len, u32 flags)
{
	struct packet p = sound(op);

	p.len = len;
	p.flags = flags;
	send_packet(d, &p, len);
}

/* The next packet to the guest; its data are in *data. */
static bool take(struct driver *d, struct packet *p, const u8 **data)
{
	u64 at = DATA_AT + PACKET * (u64)(d->q[RECEIVE].seen % 16);
	const u8 *h = ram(d, at);
	u32 head, written;

	if (!take_used(d, RECEIVE, &head, &written))
		return false;
	*p = (struct packet){ get_le64(h),      get_le64(h + 8),  get_le32(h + 16),
			      get_le32(h + 20), get_le32(h + 24), get_le16(h + 28),
			      get_le16(h + 30), get_le32(h + 32), get_le32(h + 36),
			      get_le32(h + 40) };
	*data = h + HEADER;
	assert_int_equal(written, HEADER + p->len);
	assert_int_equal(p->src, 2);
	assert_int_equal(p->dst, 7);
	assert_int_equal(p->type, 1);
	assert_int_equal(p->alloc, VSOCK_WINDOW);
	return true;
}

static struct packet expect(struct driver *d, u32 op)
{
	struct packet p;
	const u8 *data;

	assert_true(take(d, &p, &data));
	assert_int_equal(p.op, op);
	return p;
}

static void expect_nothing(struct driver *d)
{
	struct packet p;
	const u8 *data;

	assert_false(take(d, &p, &data));
}

/* Connected from the guest's side. */
static void connect_out(struct driver *d)
{
	start(d);
	send(d, REQUEST, 0, 0);
	assert_int_equal(host.opened, 1);
	assert_int_equal(host.port, 77);
	expect_nothing(d);
	host.s.engine->opened(&host.s, host.slot);
	assert_int_equal(expect(d, RESPONSE).dst_port, 1000);
}

/* -- Tests --------------------------------------------------------------------------------------
 */

static void check_out(struct driver *d)
{
	const u8 *data;
	struct packet p;

	connect_out(d);
	send(d, DATA, 300, 0);
	assert_int_equal(host.nout, 300);
	for (u32 i = 0; i < 300; i++)
		assert_int_equal(host.out[i], (u8)i);
	assert_int_equal(host.s.engine->receive(&host.s, host.slot, (const u8 *)"answer", 6), 6);
	assert_true(take(d, &p, &data));
	assert_int_equal(p.op, DATA);
	assert_memory_equal(data, "answer", 6);
	assert_true(driver_line(d));
}

static void a_guest_connects_out_and_both_talk(void **state)
{
	on_sockets(check_out);
	(void)state;
}

static void check_refused(struct driver *d)
{
	start(d);
	send(d, REQUEST, 0, 0);
	host.s.engine->closed(&host.s, host.slot);
	assert_int_equal(expect(d, RST).src_port, 77);
	send(d, REQUEST, 0, 0); /* the slot is free again */
	assert_int_equal(host.opened, 2);
}

static void nobody_there_is_a_reset(void **state)
{
	on_sockets(check_refused);
	(void)state;
}

static void check_in(struct driver *d)
{
	struct packet p = sound(RESPONSE);
	u32 port;
	i32 slot;

	assert_int_equal(host.s.engine->incoming(&host.s, 1000), -1); /* no driver */
	start(d);
	slot = host.s.engine->incoming(&host.s, 1000);
	assert_true(slot >= 0);
	port = expect(d, REQUEST).src_port;
	p.dst_port = port;
	send_packet(d, &p, 0);
	assert_int_equal(host.accepted, 1);
	assert_int_equal(host.accepted_port, port);
	assert_true(host.s.engine->incoming(&host.s, 1000) >= 0);
	assert_int_not_equal(expect(d, REQUEST).src_port, port); /* another end */
}

static void the_host_connects_in(void **state)
{
	on_sockets(check_in);
	(void)state;
}

static void check_credit_in(struct driver *d)
{
	static u8 much[100000];
	struct packet p = sound(REQUEST);
	const u8 *data;
	u32 ready, got = 0;

	start(d);
	p.alloc = 5000;
	send_packet(d, &p, 0);
	host.s.engine->opened(&host.s, host.slot);
	expect(d, RESPONSE);
	assert_int_equal(host.s.engine->receive(&host.s, host.slot, much, sizeof(much)), 5000);
	while (take(d, &p, &data))
		got += p.len;
	assert_int_equal(got, 5000);
	assert_int_equal(host.s.engine->receive(&host.s, host.slot, much, sizeof(much)), 0);
	ready = host.ready;
	p = sound(CREDIT_UPDATE);
	p.alloc = 5000;
	p.fwd = 3000; /* of the 5000 */
	send_packet(d, &p, 0);
	assert_true(host.ready > ready);
	assert_int_equal(host.s.engine->receive(&host.s, host.slot, much, sizeof(much)), 3000);
	p.fwd = 20000; /* more than it ever got: no credit */
	send_packet(d, &p, 0);
	assert_int_equal(host.s.engine->receive(&host.s, host.slot, much, sizeof(much)), 0);
}

static void a_guest_gets_no_more_than_it_has_room_for(void **state)
{
	on_sockets(check_credit_in);
	(void)state;
}

static void check_credit_out(struct driver *d)
{
	struct packet p;

	connect_out(d);
	for (u32 i = 0; i < 2; i++)
		send(d, DATA, 65536, 0);
	assert_int_equal(host.nout, VSOCK_WINDOW);
	host.s.engine->sent(&host.s, host.slot, VSOCK_WINDOW / 4 - 1);
	expect_nothing(d);
	host.s.engine->sent(&host.s, host.slot, 1);
	p = expect(d, CREDIT_UPDATE);
	assert_int_equal(p.fwd, VSOCK_WINDOW / 4);
	send(d, CREDIT_REQUEST, 0, 0);
	expect(d, CREDIT_UPDATE);
	send(d, DATA, VSOCK_WINDOW / 4, 0);
	assert_int_equal(host.nout, VSOCK_WINDOW + VSOCK_WINDOW / 4);
	send(d, DATA, 1, 0); /* one too many */
	assert_int_equal(host.nout, VSOCK_WINDOW + VSOCK_WINDOW / 4);
	expect(d, RST);
	assert_int_equal(host.closed, 1);
}

static void a_guest_that_sends_more_than_there_is_room_for_is_cut_off(void **state)
{
	on_sockets(check_credit_out);
	(void)state;
}

static void check_end(struct driver *d)
{
	connect_out(d);
	host.s.engine->ended(&host.s, host.slot);
	assert_int_equal(expect(d, SHUTDOWN).flags, 2); /* nothing more will be sent */
	send(d, DATA, 10, 0);                           /* the other way goes on */
	assert_int_equal(host.nout, 10);
	send(d, SHUTDOWN, 0, 2);
	assert_int_equal(host.ended, 1);
	send(d, SHUTDOWN, 0, 1);
	assert_int_equal(host.flushed, 1); /* what was sent goes out before */
	expect_nothing(d);
	host.s.engine->closed(&host.s, host.slot);
	expect(d, RST);
	send(d, REQUEST, 0, 0); /* the ports are free */
	assert_int_equal(host.opened, 2);
}

static void each_side_ends_for_itself(void **state)
{
	on_sockets(check_end);
	(void)state;
}

/* On a connection of its own. */
static void check_wrong(struct driver *d, struct packet p, u32 bytes)
{
	u32 closed, out = host.nout;

	send(d, REQUEST, 0, 0);
	host.s.engine->opened(&host.s, host.slot);
	expect(d, RESPONSE);
	closed = host.closed;
	send_packet(d, &p, bytes);
	assert_int_equal(host.nout, out);
	assert_int_equal(host.closed, closed + (p.src_port == 1000));
	expect(d, RST);
	expect_nothing(d);
	if (p.src_port != 1000)
		send(d, RST, 0, 0);
	host.s.engine->closed(&host.s, host.slot);
	give_buffers(d, 2);
}

static void check_headers(struct driver *d)
{
	static const u32 ops[] = { 0, 1, 2, 8, 9, 0xffff };
	struct packet p;

	start(d);
	p = sound(DATA), p.src = 8, p.len = 4;
	check_wrong(d, p, 4);
	p = sound(DATA), p.dst = 3, p.len = 4;
	check_wrong(d, p, 4);
	p = sound(DATA), p.type = 2, p.len = 4;
	check_wrong(d, p, 4);
	p = sound(DATA), p.len = 5; /* longer than the packet */
	check_wrong(d, p, 4);
	p = sound(DATA), p.len = 0xffffffff;
	check_wrong(d, p, 4);
	p = sound(DATA), p.src_port = 5, p.len = 4; /* no such connection */
	check_wrong(d, p, 4);
	for (u32 i = 0; i < ARRAY_LEN(ops); i++)
		check_wrong(d, sound(ops[i]), 0);
	assert_int_equal(driver_status(d) & 0x40, 0);
	add_chain(d, TRANSMIT, &(struct buffer){ SEND_AT, HEADER - 1, false }, 1);
	driver_kick(d, TRANSMIT);
	assert_int_equal(used_index(d, TRANSMIT), d->q[TRANSMIT].avail_index); /* all come back */
}

static void a_wrong_header_is_a_reset_and_nothing_else(void **state)
{
	on_sockets(check_headers);
	(void)state;
}

static void check_many(struct driver *d)
{
	struct packet p = sound(REQUEST);

	start(d);
	for (p.src_port = 1; p.src_port <= VSOCK_SLOTS; p.src_port++)
		send_packet(d, &p, 0);
	assert_int_equal(host.opened, VSOCK_SLOTS);
	expect_nothing(d);
	send_packet(d, &p, 0);
	assert_int_equal(host.opened, VSOCK_SLOTS);
	expect(d, RST);
	assert_int_equal(host.s.engine->incoming(&host.s, 1), -1);
}

static void there_are_as_many_connections_as_slots(void **state)
{
	on_sockets(check_many);
	(void)state;
}

static void check_no_buffers(struct driver *d)
{
	struct packet p = sound(DATA);
	u32 taken, n = 0;

	driver_start(d, 0, 3, 256);
	for (u32 i = 0; i < 100; i++)
		send_packet(d, &p, 0); /* each wants a reset */
	taken = used_index(d, TRANSMIT);
	assert_true(taken < 100);
	for (u32 i = 0; i < 200; i++) {
		const u8 *data;

		give_buffers(d, 1);
		while (take(d, &p, &data))
			n++;
	}
	assert_int_equal(used_index(d, TRANSMIT), 100);
	assert_int_equal(n, 100);
}

static void without_buffers_for_answers_no_packet_is_taken(void **state)
{
	on_sockets(check_no_buffers);
	(void)state;
}

static void check_reset(struct driver *d)
{
	u32 slot;

	connect_out(d);
	slot = host.slot;
	start(d);
	assert_int_equal(host.closed, 1);
	assert_int_equal(host.closed_slot, slot);
	host.s.engine->sent(&host.s, slot, 10); /* what was under way */
	host.s.engine->ended(&host.s, slot);
	assert_int_equal(host.s.engine->receive(&host.s, slot, (const u8 *)"late", 4), 4);
	expect_nothing(d);
	send(d, REQUEST, 0, 0);
	assert_int_not_equal(host.slot, slot); /* not free before the host says so */
	host.s.engine->closed(&host.s, slot);
	expect_nothing(d);
	device_reset(d->dev);
	device_reset(d->dev);
	assert_int_equal(host.closed, 2);
}

static void a_reset_ends_all_connections_and_hears_no_more_of_them(void **state)
{
	on_sockets(check_reset);
	(void)state;
}

static void check_cid(struct driver *d)
{
	assert_int_equal(driver_config(d, 0, 4), 7);
	assert_int_equal(driver_config(d, 4, 4), 0);
}

static void the_guest_learns_its_number(void **state)
{
	on_sockets(check_cid);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_connects_out_and_both_talk),
		cmocka_unit_test(nobody_there_is_a_reset),
		cmocka_unit_test(the_host_connects_in),
		cmocka_unit_test(a_guest_gets_no_more_than_it_has_room_for),
		cmocka_unit_test(a_guest_that_sends_more_than_there_is_room_for_is_cut_off),
		cmocka_unit_test(each_side_ends_for_itself),
		cmocka_unit_test(a_wrong_header_is_a_reset_and_nothing_else),
		cmocka_unit_test(there_are_as_many_connections_as_slots),
		cmocka_unit_test(without_buffers_for_answers_no_packet_is_taken),
		cmocka_unit_test(a_reset_ends_all_connections_and_hears_no_more_of_them),
		cmocka_unit_test(the_guest_learns_its_number),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
