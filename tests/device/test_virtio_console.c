/* virtio-console */
#include "virtio_bench.h"

extern const struct device_class device_virtio_console;

#define RECEIVE  0
#define TRANSMIT 1

static void on_consoles(driver_test *test)
{
	on_both(&device_virtio_console, "", test);
}

static void give_buffer(struct driver *d, u32 len)
{
	u64 at = DATA_AT + 0x1000 * (u64)(d->q[RECEIVE].avail_index % 16);

	add_chain(d, RECEIVE, &(struct buffer){ at, len, true }, 1);
	driver_kick(d, RECEIVE);
}

static void print(struct driver *d, const char *text)
{
	memcpy(ram(d, DATA_AT), text, strlen(text));
	add_chain(d, TRANSMIT, &(struct buffer){ DATA_AT, (u32)strlen(text), false }, 1);
	driver_kick(d, TRANSMIT);
}

static void check_print(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 2, 16);
	print(d, "hello, ");
	print(d, "world\n");
	assert_int_equal(d->b->nout, 13);
	assert_memory_equal(d->b->out, "hello, world\n", 13);
	assert_true(take_used(d, TRANSMIT, &head, &written));
	assert_int_equal(written, 0);
	assert_true(driver_line(d));
}

static void what_the_driver_prints_goes_out(void **state)
{
	on_consoles(check_print);
	(void)state;
}

static void check_long_print(struct driver *d)
{
	for (u32 i = 0; i < 7000; i++)
		*ram(d, DATA_AT + i) = (u8)(i * 7);
	driver_start(d, 0, 2, 16);
	add_chain(d, TRANSMIT,
		  (struct buffer[]){ { DATA_AT, 4095, false }, { DATA_AT + 4095, 2905, false } },
		  2);
	driver_kick(d, TRANSMIT);
	assert_int_equal(d->b->nout, 7000);
	assert_memory_equal(d->b->out, ram(d, DATA_AT), 7000);
}

static void a_long_print_is_neither_cut_nor_mixed_up(void **state)
{
	on_consoles(check_long_print);
	(void)state;
}

static void check_too_long(struct driver *d)
{
	driver_start(d, 0, 2, 16);
	add_chain(d, TRANSMIT,
		  (struct buffer[]){ { BENCH_RAM_BASE, BENCH_RAM_SIZE, false },
				     { BENCH_RAM_BASE, BENCH_RAM_SIZE, false } },
		  2);
	driver_kick(d, TRANSMIT);
	assert_int_equal(d->b->nout, 0);
	assert_int_equal(driver_status(d) & 0x40, 0x40);
}

static void a_print_of_more_than_a_mebibyte_breaks_the_rules(void **state)
{
	on_consoles(check_too_long);
	(void)state;
}

static void check_typing(struct driver *d)
{
	u32 head, written;

	assert_int_equal(bench_type(d->dev, "early"), 0); /* nobody is there to take it */
	driver_start(d, 0, 2, 16);
	assert_true(d->b->ready > 0); /* the far end was told */
	give_buffer(d, 4);
	assert_int_equal(bench_type(d->dev, "abcdefghij"), 10);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 4);
	assert_memory_equal(ram(d, DATA_AT), "abcd", 4);
	assert_false(take_used(d, RECEIVE, &head, &written));
	give_buffer(d, 100);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 6);
	assert_memory_equal(ram(d, DATA_AT + 0x1000), "efghij", 6);
	give_buffer(d, 100);
	assert_false(take_used(d, RECEIVE, &head, &written));
}

static void what_is_typed_fills_the_drivers_buffers_in_order(void **state)
{
	on_consoles(check_typing);
	(void)state;
}

static void check_pressure(struct driver *d)
{
	char text[5000];
	u32 took, ready, head, written, got = 0;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	driver_start(d, 0, 2, 16);
	took = bench_type(d->dev, text);
	assert_true(took > 0 && took < 4999);
	assert_int_equal(bench_type(d->dev, text), 0);
	ready = d->b->ready;
	give_buffer(d, 100);
	assert_int_equal(d->b->ready, ready + 1);
	assert_int_equal(bench_type(d->dev, text), 100);
	for (u32 i = 0; i < 100; i++) {
		while (take_used(d, RECEIVE, &head, &written))
			got += written;
		give_buffer(d, 100);
	}
	assert_int_equal(got, took + 100);
}

static void the_far_end_waits_while_the_driver_takes_nothing(void **state)
{
	on_consoles(check_pressure);
	(void)state;
}

static void check_reset(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 2, 16);
	assert_int_equal(bench_type(d->dev, "old"), 3);
	driver_start(d, 0, 2, 16);
	give_buffer(d, 100);
	assert_false(take_used(d, RECEIVE, &head, &written));
}

static void a_reset_drops_what_was_typed_before(void **state)
{
	on_consoles(check_reset);
	(void)state;
}

static void check_resize(struct driver *d)
{
	struct chardev *c = &d->b->far;
	u32 generation;

	assert_int_equal(driver_offered(d) & 1, 1);
	assert_int_equal(driver_config(d, 0, 4), 0); /* the bench's far end is no terminal */
	driver_start(d, 1, 2, 16);
	generation = driver_get(d, VIRTIO_REG_CONFIG_GENERATION);
	c->resized(c->ctx, 132, 43);
	assert_int_equal(driver_config(d, 0, 2), 132);
	assert_int_equal(driver_config(d, 2, 2), 43);
	assert_int_not_equal(driver_get(d, VIRTIO_REG_CONFIG_GENERATION), generation);
	assert_true(driver_line(d));
	assert_int_equal(driver_take_isr(d), 2);
	driver_set_status(d, 0);
	assert_int_equal(driver_config(d, 0, 2), 132); /* the terminal is as large as before */
	c->resized(c->ctx, 100000, 0x20000);
	assert_int_equal(driver_config(d, 0, 4), 0xffffffff);
}

static void a_new_size_reaches_the_driver_as_a_change_of_configuration(void **state)
{
	on_consoles(check_resize);
	(void)state;
}

static void check_restore(struct driver *d)
{
	u8 saved[16384];
	struct err e = { .text = "" };
	u32 head, written;
	size_t n;

	driver_start(d, 0, 2, 16);
	bench_type(d->dev, "kept");
	n = device_save(d->dev, saved, sizeof(saved));
	assert_true(n <= sizeof(saved));
	device_reset(d->dev);
	assert_true(device_restore(d->dev, saved, n, &e));
	give_buffer(d, 100);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 4);
	assert_memory_equal(ram(d, DATA_AT), "kept", 4);
}

static void a_snapshot_keeps_what_was_typed(void **state)
{
	on_consoles(check_restore);
	(void)state;
}

/* -- Several ports ------------------------------------------------------------------------ */

#define CONTROL_RECEIVE 2
#define CONTROL_SEND    3
#define RECEIVE_OF(p)   (2 * (p) + 2)
#define TRANSMIT_OF(p)  (2 * (p) + 3)
#define F_BOTH          3 /* SIZE and MULTIPORT */
#define MESSAGE_AT      (DATA_AT + 0x10000)
#define MESSAGES_AT     (DATA_AT + 0x20000)
#define MESSAGE_ROOM    128

enum {
	DEVICE_READY,
	PORT_ADD,
	PORT_REMOVE,
	PORT_READY,
	CONSOLE_PORT,
	RESIZE,
	PORT_OPEN,
	PORT_NAME
};

/* A far end that keeps what it gets. */
struct far_end {
	struct chardev c;
	char got[64];
	u32 n, ready;
	u32 columns, rows;
};

static void far_write(struct chardev *c, const u8 *bytes, size_t n)
{
	struct far_end *f = (struct far_end *)c;

	while (n-- && f->n < sizeof(f->got))
		f->got[f->n++] = (char)*bytes++;
}

static void far_ready(struct chardev *c)
{
	((struct far_end *)c)->ready++;
}

static bool far_size(const struct chardev *c, u32 *columns, u32 *rows)
{
	const struct far_end *f = (const struct far_end *)c;

	*columns = f->columns;
	*rows = f->rows;
	return f->columns;
}

struct ports {
	struct driver d;
	struct far_end far[3];
};

typedef void ports_test(struct ports *p);

/* hvc0, then a port `agent`, then a console `second` that is 80 x 25. */
static void with_ports(bool pci, ports_test *test)
{
	static const struct chardev_ops ops = { .write = far_write,
						.ready = far_ready,
						.size = far_size };
	static const struct value agent[2] = { { .given = true }, { .num = 0 } };
	static const struct value second[2] = { { .given = true }, { .given = true, .num = 1 } };
	static const struct value_row rows[2] = { { "agent", agent }, { "second", second } };
	const struct device_class *class = &device_virtio_console;
	struct ports p = { .far[2] = { .columns = 80, .rows = 25 } };
	const struct prop *r;

	p.d.b = bench_new();
	p.d.pci = pci;
	for (u32 i = 0; i < 3; i++) {
		p.far[i].c.ops = &ops;
		p.d.b->lines[i] = &p.far[i].c;
	}
	bench_parse(&p.d.values, class, "");
	for_each(r, class->props)
		if (!strcmp(r->name, "ports"))
			p.d.values.values[r - class->props] =
				(struct value){ .given = true, .n = 2, .rows = rows };
	if (pci)
		driver_on_pci(&p.d, class);
	else
		driver_on_mmio(&p.d, class);
	p.d.v = (struct virtio *)p.d.dev;
	test(&p);
	bench_end(p.d.b);
}

static void on_ports(ports_test *test)
{
	with_ports(false, test);
	with_ports(true, test);
}

static void give_control_buffers(struct driver *d, u32 n, u32 room)
{
	while (n--) {
		u64 at = MESSAGES_AT + MESSAGE_ROOM * (u64)(d->q[CONTROL_RECEIVE].avail_index % 16);

		add_chain(d, CONTROL_RECEIVE, &(struct buffer){ at, room, true }, 1);
	}
	driver_kick(d, CONTROL_RECEIVE);
}

static void tell(struct driver *d, u32 port, u32 event, u32 value)
{
	u8 *m = ram(d, MESSAGE_AT);

	put_le32(m, port);
	put_le32(m + 4, event | value << 16);
	add_chain(d, CONTROL_SEND, &(struct buffer){ MESSAGE_AT, 8, false }, 1);
	driver_kick(d, CONTROL_SEND);
}

/* The next message: port, event and value 1 as expected; what follows, as text. */
static const char *hear(struct driver *d, u32 port, u32 event)
{
	static char text[MESSAGE_ROOM];
	u32 head, written;
	const u8 *m;

	if (!take_used(d, CONTROL_RECEIVE, &head, &written))
		fail_msg("nothing is said of event %u of port %u", event, port);
	m = ram(d, get_le64(ram(d, d->q[CONTROL_RECEIVE].desc + 16 * (u64)head)));
	assert_int_equal(get_le32(m), port);
	assert_int_equal(get_le16(m + 4), event);
	assert_int_equal(get_le16(m + 6), 1);
	memcpy(text, m + 8, written - 8);
	text[written - 8] = 0;
	return text;
}

static void hear_nothing(struct driver *d)
{
	assert_int_equal(d->q[CONTROL_RECEIVE].seen, used_index(d, CONTROL_RECEIVE));
}

static void begin(struct driver *d)
{
	driver_start(d, F_BOTH, 8, 16);
	give_control_buffers(d, 12, MESSAGE_ROOM);
	tell(d, UINT32_MAX, DEVICE_READY, 1);
	for (u32 i = 0; i < 3; i++)
		hear(d, i, PORT_ADD);
	hear_nothing(d);
}

static void check_handshake(struct ports *p)
{
	struct driver *d = &p->d;
	const u8 *size;

	assert_int_equal(driver_offered(d) & F_BOTH, F_BOTH);
	assert_int_equal(driver_config(d, 4, 4), 3);
	begin(d);
	tell(d, 0, PORT_READY, 1);
	hear(d, 0, CONSOLE_PORT);
	hear(d, 0, PORT_OPEN);
	hear_nothing(d);
	tell(d, 1, PORT_READY, 1);
	hear(d, 1, PORT_OPEN);
	assert_string_equal(hear(d, 1, PORT_NAME), "agent");
	tell(d, 2, PORT_READY, 1);
	hear(d, 2, CONSOLE_PORT);
	size = (const u8 *)hear(d, 2, RESIZE);
	assert_int_equal(get_le16(size), 80);
	assert_int_equal(get_le16(size + 2), 25);
	hear(d, 2, PORT_OPEN);
	assert_string_equal(hear(d, 2, PORT_NAME), "second");
	hear_nothing(d);
	assert_int_equal(device_guest_errors(d->dev), 0);
}

static void each_port_is_introduced_with_name_and_kind(void **state)
{
	on_ports(check_handshake);
	(void)state;
}

static void print_at(struct driver *d, u32 q, const char *text)
{
	memcpy(ram(d, DATA_AT), text, strlen(text));
	add_chain(d, q, &(struct buffer){ DATA_AT, (u32)strlen(text), false }, 1);
	driver_kick(d, q);
}

static u32 type_at(struct far_end *f, const char *text)
{
	u32 n = MIN((u32)strlen(text), f->c.room(f->c.ctx));

	if (n)
		f->c.receive(f->c.ctx, (const u8 *)text, n);
	return n;
}

static void check_own_ends(struct ports *p)
{
	struct driver *d = &p->d;
	u32 head, written;

	begin(d);
	print_at(d, TRANSMIT, "zero");
	print_at(d, TRANSMIT_OF(1), "one");
	print_at(d, TRANSMIT_OF(2), "two");
	assert_memory_equal(p->far[0].got, "zero", 5);
	assert_memory_equal(p->far[1].got, "one", 4);
	assert_memory_equal(p->far[2].got, "two", 4);
	tell(d, 2, PORT_OPEN, 1);
	assert_int_equal(type_at(&p->far[2], "typed"), 5);
	add_chain(d, RECEIVE_OF(2), &(struct buffer){ DATA_AT + 64, 16, true }, 1);
	driver_kick(d, RECEIVE_OF(2));
	assert_true(take_used(d, RECEIVE_OF(2), &head, &written));
	assert_int_equal(written, 5);
	assert_memory_equal(ram(d, DATA_AT + 64), "typed", 5);
}

static void each_port_has_a_far_end_of_its_own(void **state)
{
	on_ports(check_own_ends);
	(void)state;
}

static void check_closed(struct ports *p)
{
	struct driver *d = &p->d;
	u32 head, written, ready;

	begin(d);
	assert_int_equal(type_at(&p->far[1], "early"), 0);
	assert_int_equal(type_at(&p->far[0], "early"), 0); /* with MULTIPORT hvc0 too */
	ready = p->far[1].ready;
	tell(d, 1, PORT_OPEN, 1);
	assert_int_equal(p->far[1].ready, ready + 1);
	assert_int_equal(type_at(&p->far[1], "abc"), 3);
	tell(d, 1, PORT_OPEN, 0);
	add_chain(d, RECEIVE_OF(1), &(struct buffer){ DATA_AT, 16, true }, 1);
	driver_kick(d, RECEIVE_OF(1));
	assert_false(take_used(d, RECEIVE_OF(1), &head, &written));
	assert_int_equal(type_at(&p->far[1], "late"), 0);
	tell(d, 1, PORT_OPEN, 1);
	assert_true(take_used(d, RECEIVE_OF(1), &head, &written));
	assert_int_equal(written, 3);
}

static void a_port_that_nobody_has_open_takes_nothing(void **state)
{
	on_ports(check_closed);
	(void)state;
}

static void check_waiting(struct ports *p)
{
	struct driver *d = &p->d;

	driver_start(d, F_BOTH, 8, 16);
	tell(d, UINT32_MAX, DEVICE_READY, 1);
	give_control_buffers(d, 2, MESSAGE_ROOM);
	hear(d, 0, PORT_ADD);
	hear(d, 1, PORT_ADD);
	give_control_buffers(d, 2, MESSAGE_ROOM);
	hear(d, 2, PORT_ADD);
	hear_nothing(d);
	tell(d, 1, PORT_READY, 1);
	hear(d, 1, PORT_OPEN);
	give_control_buffers(d, 1, 10); /* "ag" */
	assert_string_equal(hear(d, 1, PORT_NAME), "ag");
	assert_int_equal(device_guest_errors(d->dev), 1);
}

static void what_is_to_be_said_waits_for_the_drivers_buffers(void **state)
{
	on_ports(check_waiting);
	(void)state;
}

static void check_old_driver(struct ports *p)
{
	struct driver *d = &p->d;
	u32 head, written;

	driver_start(d, 0, 2, 16);
	print_at(d, TRANSMIT, "zero");
	assert_memory_equal(p->far[0].got, "zero", 5);
	assert_int_equal(type_at(&p->far[0], "ab"), 2);
	give_buffer(d, 16);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 2);
	assert_int_equal(type_at(&p->far[1], "ab"), 0);
	driver_queue(d, CONTROL_SEND, 16);
	tell(d, UINT32_MAX, DEVICE_READY, 1);
	assert_int_equal(used_index(d, CONTROL_SEND), 0);
	assert_int_equal(device_guest_errors(d->dev), 1);
}

static void a_driver_without_multiport_has_hvc0_as_ever(void **state)
{
	on_ports(check_old_driver);
	(void)state;
}

static void check_new_size(struct ports *p)
{
	struct driver *d = &p->d;
	struct chardev *c = &p->far[2].c;
	const u8 *size;

	begin(d);
	c->resized(c->ctx, 132, 43);
	hear_nothing(d); /* nobody looks at it yet */
	tell(d, 2, PORT_OPEN, 1);
	c->resized(c->ctx, 100, 0x12345);
	size = (const u8 *)hear(d, 2, RESIZE);
	assert_int_equal(get_le16(size), 100);
	assert_int_equal(get_le16(size + 2), 0xffff);
	tell(d, 1, PORT_OPEN, 1);
	p->far[1].c.resized(p->far[1].c.ctx, 1, 1);
	hear_nothing(d); /* it is no console */
}

static void a_new_size_of_a_console_that_is_open_is_said(void **state)
{
	on_ports(check_new_size);
	(void)state;
}

static void check_nonsense(struct ports *p)
{
	static const struct {
		u32 port, event, value;
	} wrong[] = { { 3, PORT_READY, 1 },
		      { UINT32_MAX, PORT_OPEN, 1 },
		      { 0, PORT_ADD, 1 },
		      { 1, PORT_NAME, 1 },
		      { 1, 8, 1 },
		      { 1, 0xffff, 0xffff },
		      { 1, CONSOLE_PORT, 1 },
		      { 0, DEVICE_READY, 0 },
		      { 1, PORT_READY, 0 },
		      { 0x80000001, RESIZE, 1 } };
	struct driver *d = &p->d;

	begin(d);
	for (u32 i = 0; i < ARRAY_LEN(wrong); i++) {
		tell(d, wrong[i].port, wrong[i].event, wrong[i].value);
		assert_int_equal(device_guest_errors(d->dev), i + 1);
	}
	put_le32(ram(d, MESSAGE_AT), 1);
	put_le32(ram(d, MESSAGE_AT) + 4, PORT_READY | 1 << 16); /* good, but cut short */
	add_chain(d, CONTROL_SEND, &(struct buffer){ MESSAGE_AT, 7, false }, 1);
	driver_kick(d, CONTROL_SEND);
	add_chain(d, CONTROL_SEND, &(struct buffer){ MESSAGE_AT, 8, true }, 1);
	driver_kick(d, CONTROL_SEND);
	assert_int_equal(device_guest_errors(d->dev), ARRAY_LEN(wrong) + 2);
	hear_nothing(d);
	assert_int_equal(driver_status(d), 0xf);
	tell(d, 1, PORT_READY, 1);
	hear(d, 1, PORT_OPEN);
}

static void control_messages_without_sense_are_counted_and_change_nothing(void **state)
{
	on_ports(check_nonsense);
	(void)state;
}

/* Whatever is said, whatever buffers there are, typed into all the while. */
static void check_anything(struct ports *p)
{
	struct driver *d = &p->d;
	u32 r = 11;

	driver_start(d, F_BOTH, 8, 16);
	for (u32 i = 0; i < 20000; i++) {
		u32 port = xorshift(&r) % 8 ? xorshift(&r) % 4 : xorshift(&r);

		switch (xorshift(&r) % 5) {
		case 0:
			tell(d, port, xorshift(&r) % 9, xorshift(&r) % 3);
			break;
		case 1:
			give_control_buffers(d, 1, 1 + xorshift(&r) % MESSAGE_ROOM);
			break;
		case 2:
			add_chain(d, RECEIVE_OF(1), &(struct buffer){ DATA_AT, 4, true }, 1);
			driver_kick(d, xorshift(&r) % 12);
			break;
		case 3:
			type_at(&p->far[xorshift(&r) % 3], "some text that fills it");
			break;
		default:
			if (!(xorshift(&r) % 8))
				driver_start(d, xorshift(&r) % 4, 8, 16);
		}
		bench_advance(d->b, 1000);
	}
	begin(d);
}

static void no_conversation_does_harm(void **state)
{
	on_ports(check_anything);
	(void)state;
}

static void check_ports_restored(struct ports *p)
{
	struct driver *d = &p->d;
	u8 saved[16384];
	struct err e = { .text = "" };
	u32 head, written;
	size_t n;

	begin(d);
	tell(d, 1, PORT_OPEN, 1);
	assert_int_equal(type_at(&p->far[1], "kept"), 4);
	n = device_save(d->dev, saved, sizeof(saved));
	assert_true(n <= sizeof(saved));
	tell(d, 1, PORT_OPEN, 0);
	device_reset(d->dev);
	assert_true(device_restore(d->dev, saved, n, &e));
	add_chain(d, RECEIVE_OF(1), &(struct buffer){ DATA_AT, 16, true }, 1);
	driver_kick(d, RECEIVE_OF(1));
	assert_true(take_used(d, RECEIVE_OF(1), &head, &written));
	assert_memory_equal(ram(d, DATA_AT), "kept", 4);
}

static void a_snapshot_keeps_what_is_open_and_what_was_typed_there(void **state)
{
	on_ports(check_ports_restored);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_driver_prints_goes_out),
		cmocka_unit_test(a_long_print_is_neither_cut_nor_mixed_up),
		cmocka_unit_test(a_print_of_more_than_a_mebibyte_breaks_the_rules),
		cmocka_unit_test(what_is_typed_fills_the_drivers_buffers_in_order),
		cmocka_unit_test(the_far_end_waits_while_the_driver_takes_nothing),
		cmocka_unit_test(a_reset_drops_what_was_typed_before),
		cmocka_unit_test(a_new_size_reaches_the_driver_as_a_change_of_configuration),
		cmocka_unit_test(a_snapshot_keeps_what_was_typed),
		cmocka_unit_test(each_port_is_introduced_with_name_and_kind),
		cmocka_unit_test(each_port_has_a_far_end_of_its_own),
		cmocka_unit_test(a_port_that_nobody_has_open_takes_nothing),
		cmocka_unit_test(what_is_to_be_said_waits_for_the_drivers_buffers),
		cmocka_unit_test(a_driver_without_multiport_has_hvc0_as_ever),
		cmocka_unit_test(a_new_size_of_a_console_that_is_open_is_said),
		cmocka_unit_test(control_messages_without_sense_are_counted_and_change_nothing),
		cmocka_unit_test(no_conversation_does_harm),
		cmocka_unit_test(a_snapshot_keeps_what_is_open_and_what_was_typed_there),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
