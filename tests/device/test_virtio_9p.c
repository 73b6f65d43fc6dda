/* virtio-9p: messages between a queue and a folder, which the test plays. */
#include "virtio_bench.h"

#include "share.h"

extern const struct device_class device_virtio_9p;

/* A folder that answers when the test says so. */
struct folder {
	struct share s;
	struct share_req *first, **last;
	u32 waiting, forgotten;
};

static void folder_submit(struct share *s, struct share_req *req)
{
	struct folder *f = (struct folder *)s;

	req->next = NULL;
	*f->last = req;
	f->last = &req->next;
	f->waiting++;
}

static void folder_forget(struct share *s)
{
	((struct folder *)s)->forgotten++;
}

static const struct share_ops folder_ops = { .submit = folder_submit, .forget = folder_forget };

static struct folder folder;

/* The oldest request gets its own bytes back, as far as there is room. */
static void echo(void)
{
	struct share_req *req = folder.first;

	assert_non_null(req);
	folder.first = req->next;
	if (!folder.first)
		folder.last = &folder.first;
	folder.waiting--;
	req->nout = MIN(req->nin, req->room);
	memcpy(req->out, req->in, req->nout);
	folder.s.complete(folder.s.ctx, req);
}

static void on_folders(const char *settings, driver_test *test)
{
	for (u32 pci = 0; pci < 2; pci++) {
		struct bench *b = bench_new();
		struct driver d;

		folder = (struct folder){ .s.ops = &folder_ops, .last = &folder.first };
		b->share = &folder.s;
		driver_init(&d, b, &device_virtio_9p, settings, pci);
		test(&d);
		bench_end(b);
	}
}

static void ask(struct driver *d, const char *text, u32 room)
{
	u64 at = DATA_AT + 0x2000 * (u64)(d->q[0].avail_index % 16);

	memcpy(ram(d, at), text, strlen(text));
	add_chain(
		d, 0,
		(struct buffer[]){ { at, (u32)strlen(text), false }, { at + 0x1000, room, true } },
		2);
	driver_kick(d, 0);
}

static void check_answer(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 1, 64);
	ask(d, "request", 0x1000);
	assert_false(take_used(d, 0, &head, &written));
	memset(ram(d, DATA_AT), 'x', 7); /* it has been copied */
	echo();
	assert_true(take_used(d, 0, &head, &written));
	assert_int_equal(written, 7);
	assert_memory_equal(ram(d, DATA_AT + 0x1000), "request", 7);
	assert_true(driver_line(d));
}

static void a_request_is_copied_and_its_answer_comes_later(void **state)
{
	on_folders("", check_answer);
	(void)state;
}

static void check_many(struct driver *d)
{
	u32 head, written, heads = 0, most = 0;

	driver_start(d, 0, 1, 64);
	for (u32 i = 0; i < 30; i++) {
		ask(d, "x", 1);
		most = MAX(most, folder.waiting);
	}
	assert_true(most < 30);
	while (folder.waiting)
		echo();
	while (take_used(d, 0, &head, &written)) {
		assert_int_equal(written, 1);
		heads++;
	}
	assert_int_equal(heads, 30);
}

static void more_requests_than_it_can_hold_wait_in_the_queue(void **state)
{
	on_folders("", check_many);
	(void)state;
}

static void check_reset(struct driver *d)
{
	u32 head, written, before;

	driver_start(d, 0, 1, 64);
	ask(d, "old", 0x1000);
	ask(d, "older", 0x1000);
	before = folder.forgotten;
	driver_start(d, 0, 1, 64);
	assert_int_equal(folder.forgotten, before + 1);
	memset(ram(d, DATA_AT), 0, 0x8000);
	ask(d, "new", 0x1000);
	echo();
	echo();
	assert_false(take_used(d, 0, &head, &written));
	assert_int_equal(*ram(d, DATA_AT + 0x1000), 0); /* nothing is written any more */
	echo();
	assert_true(take_used(d, 0, &head, &written));
	assert_memory_equal(ram(d, DATA_AT + 0x1000), "new", 3);
	device_reset(d->dev);
	assert_int_equal(folder.forgotten, before + 2);
}

static void answers_to_what_was_asked_before_a_reset_are_dropped(void **state)
{
	on_folders("", check_reset);
	(void)state;
}

static void check_long(struct driver *d)
{
	u32 head, written;
	const struct buffer half = { BENCH_RAM_BASE, 0x60000, false };

	driver_start(d, 0, 1, 64);
	add_chain(d, 0, (struct buffer[]){ half, half, { DATA_AT, 100, true } }, 3);
	driver_kick(d, 0);
	assert_int_equal(folder.waiting, 0);
	assert_true(take_used(d, 0, &head, &written));
	assert_int_equal(written, 0);
	assert_int_equal(device_guest_errors(d->dev), 1);
	ask(d, "fine", 4);
	assert_int_equal(folder.waiting, 1);
	echo();
}

static void a_request_that_is_too_long_comes_back_without_an_answer(void **state)
{
	on_folders("", check_long);
	(void)state;
}

static void check_no_room(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 1, 64);
	add_chain(d, 0, &(struct buffer){ DATA_AT, 100, false }, 1);
	driver_kick(d, 0);
	assert_int_equal(folder.first->room, 0);
	echo();
	assert_true(take_used(d, 0, &head, &written));
	assert_int_equal(written, 0);
}

static void a_request_without_room_for_an_answer_gets_none(void **state)
{
	on_folders("", check_no_room);
	(void)state;
}

static void check_tag(struct driver *d)
{
	assert_int_equal(driver_offered(d) & 1, 1);
	assert_int_equal(driver_config(d, 0, 2), 4);
	assert_int_equal(driver_config(d, 2, 1), 'w');
	assert_int_equal(driver_config(d, 5, 1), 'k');
	assert_int_equal(driver_config(d, 6, 1), 0);
}

static void check_no_tag(struct driver *d)
{
	assert_int_equal(driver_config(d, 0, 2), 3);
	assert_int_equal(driver_config(d, 2, 1), 'd'); /* dut */
}

static void what_to_mount_is_the_tag_or_the_devices_name(void **state)
{
	on_folders("tag=work", check_tag);
	on_folders("", check_no_tag);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_copied_and_its_answer_comes_later),
		cmocka_unit_test(more_requests_than_it_can_hold_wait_in_the_queue),
		cmocka_unit_test(answers_to_what_was_asked_before_a_reset_are_dropped),
		cmocka_unit_test(a_request_that_is_too_long_comes_back_without_an_answer),
		cmocka_unit_test(a_request_without_room_for_an_answer_gets_none),
		cmocka_unit_test(what_to_mount_is_the_tag_or_the_devices_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
