/* The event loop: descriptors, deadlines, wakes, signals. */
#include "check.h"
#include "host.h"
#include "patience.h"

#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define MS ((u64)1000000)

struct seen {
	struct loop *l;
	struct loop_fd *f;
	u32 calls, events, stop_after;
	int fd;
	u64 due_ns, at_ns;
	pthread_t thread;
};

static struct loop *new_loop(void)
{
	struct err e = { 0 };
	struct loop *l = loop_new(&e);

	assert_non_null(l);
	return l;
}

static void count_byte(void *ctx, u32 events)
{
	struct seen *s = ctx;
	char c;

	s->events = events;
	if (events & LOOP_READ)
		assert_true(read(s->fd, &c, 1) >= 0);
	if (++s->calls == s->stop_after)
		loop_quit(s->l);
}

static void a_readable_descriptor_is_reported_until_it_is_read(void **state)
{
	struct seen s = { .l = new_loop(), .stop_after = 3 };
	int p[2];

	assert_int_equal(pipe(p), 0);
	s.fd = p[0];
	s.f = loop_add(s.l, p[0], LOOP_READ, count_byte, &s);
	assert_int_equal(write(p[1], "abc", 3), 3);
	loop_run(s.l, NULL, NULL);
	assert_int_equal(s.calls, 3);
	assert_int_equal(s.events, LOOP_READ);
	loop_free(s.l);
	close(p[0]);
	close(p[1]);
	(void)state;
}

static u64 quit_when_due(void *ctx)
{
	struct seen *s = ctx;

	s->calls++;
	if (now_ns() < s->due_ns)
		return s->due_ns;
	s->at_ns = now_ns();
	loop_quit(s->l);
	return UINT64_MAX;
}

static void one_that_wants_nothing_is_left_alone(void **state)
{
	struct seen s = { .l = new_loop(), .due_ns = now_ns() + 20 * MS };
	struct seen watch = { .l = s.l };
	int p[2];

	assert_int_equal(pipe(p), 0);
	watch.f = loop_add(s.l, p[0], LOOP_READ, count_byte, &watch);
	loop_want(watch.f, 0);
	close(p[1]); /* a hang-up, which poll() never stops reporting */
	loop_run(s.l, quit_when_due, &s);
	assert_int_equal(watch.calls, 0);
	assert_true(s.calls <= 3);
	loop_free(s.l);
	close(p[0]);
	(void)state;
}

static void remove_both(void *ctx, u32 events)
{
	struct seen *s = ctx;

	s[0].calls++;
	loop_remove(s[0].f);
	loop_remove(s[1].f);
	loop_quit(s[0].l);
	(void)events;
}

static void a_removed_descriptor_is_not_called_in_the_same_round(void **state)
{
	struct seen s[2] = { { .l = new_loop() }, { 0 } };
	int p[2];

	assert_int_equal(pipe(p), 0);
	assert_int_equal(write(p[1], "x", 1), 1);
	/* Both are readable; whichever comes first removes the other. */
	s[0].f = loop_add(s[0].l, p[0], LOOP_READ, remove_both, s);
	s[1].f = loop_add(s[0].l, p[0], LOOP_READ, remove_both, s);
	loop_run(s[0].l, NULL, NULL);
	assert_int_equal(s[0].calls, 1);
	loop_free(s[0].l);
	close(p[0]);
	close(p[1]);
	(void)state;
}

static u64 lateness(struct seen *s)
{
	s->calls = 0;
	s->due_ns = now_ns() + 2 * MS + 345678;
	loop_run(s->l, quit_when_due, s);
	assert_true(s->at_ns >= s->due_ns);
	assert_true(s->calls <= 3); /* slept, and did not spin */
	return s->at_ns - s->due_ns;
}

static void a_deadline_is_met_and_never_early(void **state)
{
	struct seen s = { .l = new_loop() };

	for (u32 i = 0; i < 20; i++)
		lateness(&s);
	AWAIT(lateness(&s) < MS / 2); /* later where others have the CPU */
	loop_free(s.l);
	(void)state;
}

static void *wake_later(void *ctx)
{
	struct seen *s = ctx;

	usleep(10000);
	s->due_ns = 0; /* seen because of the wake */
	loop_wake(s->l);
	return NULL;
}

static u64 until_moved(void *ctx)
{
	struct seen *s = ctx;

	if (s->calls++ == 0)
		pthread_create(&s->thread, NULL, wake_later, s);
	else if (!s->due_ns)
		loop_quit(s->l);
	return UINT64_MAX;
}

static void a_wake_from_another_thread_looks_at_the_deadline_again(void **state)
{
	struct seen s = { .l = new_loop(), .due_ns = UINT64_MAX };

	loop_run(s.l, until_moved, &s);
	assert_int_equal(s.calls, 2);
	pthread_join(s.thread, NULL);
	loop_free(s.l);
	(void)state;
}

#define ASKS 20000

struct calls {
	struct loop *l;
	struct loop_call *call;
	_Atomic u32 asked;
	u32 ran, seen;
};

static void *ask_often(void *ctx)
{
	struct calls *c = ctx;

	for (u32 i = 0; i < ASKS; i++) {
		atomic_fetch_add(&c->asked, 1);
		loop_call(c->call);
	}
	return NULL;
}

static void on_call(void *ctx)
{
	struct calls *c = ctx;

	c->ran++;
	c->seen = atomic_load(&c->asked);
	if (c->seen == 2 * ASKS)
		loop_quit(c->l);
}

static void no_call_is_lost_when_threads_ask_at_once(void **state)
{
	struct calls c = { .l = new_loop() };
	pthread_t t[2];

	c.call = loop_call_new(c.l, on_call, &c);
	for (u32 i = 0; i < 2; i++)
		pthread_create(&t[i], NULL, ask_often, &c);
	loop_run(c.l, NULL, NULL); /* hangs if the last one was lost */
	assert_int_equal(c.seen, 2 * ASKS);
	assert_true(c.ran <= 2 * ASKS);
	for (u32 i = 0; i < 2; i++)
		pthread_join(t[i], NULL);
	loop_call_free(c.call);
	loop_free(c.l);
	(void)state;
}

static void on_usr1(void *ctx, int signal)
{
	struct seen *s = ctx;

	s->calls++;
	s->events = (u32)signal;
	loop_quit(s->l);
}

static u64 raise_once(void *ctx)
{
	struct seen *s = ctx;

	if (!s->due_ns++)
		kill(getpid(), SIGUSR1);
	return UINT64_MAX;
}

static void a_signal_is_handled_on_the_loops_thread_and_given_back(void **state)
{
	struct seen s = { .l = new_loop() };
	struct sigaction now;
	struct err e = { 0 };

	signal(SIGUSR1, SIG_IGN);
	assert_true(loop_signal(s.l, SIGUSR1, on_usr1, &s, &e));
	loop_run(s.l, raise_once, &s);
	assert_int_equal(s.calls, 1);
	assert_int_equal(s.events, SIGUSR1);
	loop_free(s.l);
	sigaction(SIGUSR1, NULL, &now);
	assert_true(now.sa_handler == SIG_IGN);
	signal(SIGUSR1, SIG_DFL);
	(void)state;
}

static void a_signal_has_one_loop(void **state)
{
	struct seen a = { .l = new_loop() }, b = { .l = new_loop() };
	struct err e = { 0 };

	assert_true(loop_signal(a.l, SIGUSR2, on_usr1, &a, &e));
	assert_false(loop_signal(b.l, SIGUSR2, on_usr1, &b, &e));
	assert_non_null(strstr(e.text, "another event loop"));
	loop_free(a.l);
	assert_true(loop_signal(b.l, SIGUSR2, on_usr1, &b, &e));
	loop_free(b.l);
	(void)state;
}

static void a_quit_before_the_run_ends_it_at_once(void **state)
{
	struct loop *l = new_loop();

	loop_quit(l);
	loop_run(l, NULL, NULL);
	loop_free(l);
	(void)state;
}

static void more_memory_than_the_host_has_is_refused_with_what_fits(void **state)
{
	struct err e = { 0 };

	assert_null(host_ram_new((u64)4 << 40, "ram0", &e));
	assert_string_equal(e.code, "E0603");
	assert_non_null(strstr(e.text, "4 TiB of guest memory asked, "));
	assert_non_null(strstr(e.text, " can be had on this host"));
	assert_int_equal(strncmp(e.hint, "-p ram=", 7), 0);
	(void)state;
}

static void guest_memory_is_zero_and_can_be_written(void **state)
{
	struct err e = { 0 };
	u64 size = 64 * MIB;
	u8 *ram = host_ram_new(size, "ram0", &e);

	assert_non_null(ram);
	assert_int_equal(ram[0] | ram[size - 1] | ram[size / 2], 0);
	ram[size - 1] = 1;
	host_ram_free(ram, size);
	host_ram_free(NULL, 0);
	(void)state;
}

/* -- Who connects when there is no descriptor left -------------------------------------- */

struct door {
	struct seen seen;
	struct rlimit limit; /* that was there before */
	int client;          /* -1: not yet */
};

static void open_door(void *ctx, u32 events)
{
	struct door *d = ctx;

	(void)events;
	d->seen.calls++;
	d->client = loop_accept(d->seen.f, 0);
	if (d->client >= 0)
		loop_quit(d->seen.l);
}

/* The shortage is over a while after somebody has knocked. */
static u64 lift_limit(void *ctx)
{
	struct door *d = ctx;

	if (!d->seen.calls)
		d->seen.due_ns = now_ns() + 300 * MS;
	if (now_ns() < d->seen.due_ns)
		return d->seen.due_ns;
	setrlimit(RLIMIT_NOFILE, &d->limit);
	return UINT64_MAX;
}

static void who_connects_without_a_descriptor_waits_and_the_loop_sleeps(void **state)
{
	struct door d = { .seen = { .l = new_loop() }, .client = -1 };
	struct sockaddr name = { .sa_family = AF_UNIX }; /* the kernel chooses one */
	socklen_t n = sizeof(name.sa_family);
	struct sockaddr_storage at;
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	int caller = socket(AF_UNIX, SOCK_STREAM, 0);
	struct rlimit none;

	assert_int_equal(bind(listener, &name, n), 0);
	assert_int_equal(listen(listener, 1), 0);
	n = sizeof(at);
	assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &n), 0);
	assert_int_equal(connect(caller, (struct sockaddr *)&at, n), 0);
	getrlimit(RLIMIT_NOFILE, &d.limit);
	none = d.limit;
	none.rlim_cur = (rlim_t)caller + 1;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	d.seen.f = loop_add(d.seen.l, listener, LOOP_READ, open_door, &d);
	loop_run(d.seen.l, lift_limit, &d);
	assert_true(d.client >= 0);
	assert_int_equal(d.seen.calls, 2); /* in vain, and when the second was over */
	loop_free(d.seen.l);
	close(d.client);
	close(caller);
	close(listener);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_readable_descriptor_is_reported_until_it_is_read),
		cmocka_unit_test(one_that_wants_nothing_is_left_alone),
		cmocka_unit_test(a_removed_descriptor_is_not_called_in_the_same_round),
		cmocka_unit_test(a_deadline_is_met_and_never_early),
		cmocka_unit_test(a_wake_from_another_thread_looks_at_the_deadline_again),
		cmocka_unit_test(no_call_is_lost_when_threads_ask_at_once),
		cmocka_unit_test(a_signal_is_handled_on_the_loops_thread_and_given_back),
		cmocka_unit_test(a_signal_has_one_loop),
		cmocka_unit_test(a_quit_before_the_run_ends_it_at_once),
		cmocka_unit_test(more_memory_than_the_host_has_is_refused_with_what_fits),
		cmocka_unit_test(guest_memory_is_zero_and_can_be_written),
		cmocka_unit_test(who_connects_without_a_descriptor_waits_and_the_loop_sleeps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
