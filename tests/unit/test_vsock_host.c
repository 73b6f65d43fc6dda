/* A guest's ports as UNIX sockets: the host's half of virtio-vsock. */
#define _GNU_SOURCE
#include "check.h"
#include "folder.h"
#include "patience.h"

#include <errno.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A device that notes what it hears, and a loop on a thread of its own. */
static struct {
	struct loop *l;
	struct vsock *s;
	pthread_t thread;
	pthread_mutex_t lock;
	u32 opened, ended, closed, sent, port; /* the port that somebody wants */
	i32 answer;                            /* to incoming() */
	u32 room;
	size_t n;
	u8 got[4 * VSOCK_WINDOW];
} dev;

static void count(u32 *what, u32 n)
{
	pthread_mutex_lock(&dev.lock);
	*what += n;
	pthread_mutex_unlock(&dev.lock);
}

static u32 value(const u32 *what)
{
	u32 v;

	pthread_mutex_lock(&dev.lock);
	v = *what;
	pthread_mutex_unlock(&dev.lock);
	return v;
}

static void wait_for(const u32 *what, u32 v)
{
	AWAIT(value(what) == v);
}

static void on_opened(struct vsock *s, u32 slot)
{
	(void)s, (void)slot;
	count(&dev.opened, 1);
}

static i32 on_incoming(struct vsock *s, u32 port)
{
	(void)s;
	count(&dev.port, port);
	return dev.answer;
}

static u32 received(void)
{
	u32 n;

	pthread_mutex_lock(&dev.lock);
	n = (u32)dev.n;
	pthread_mutex_unlock(&dev.lock);
	return n;
}

static u32 on_receive(struct vsock *s, u32 slot, const u8 *bytes, u32 n)
{
	(void)s, (void)slot;
	pthread_mutex_lock(&dev.lock);
	n = MIN(n, dev.room);
	dev.room -= n;
	memcpy(dev.got + dev.n, bytes, n);
	dev.n += n;
	pthread_mutex_unlock(&dev.lock);
	return n;
}

static void on_sent(struct vsock *s, u32 slot, u32 n)
{
	(void)s, (void)slot;
	count(&dev.sent, n);
}

static void on_ended(struct vsock *s, u32 slot)
{
	(void)s, (void)slot;
	count(&dev.ended, 1);
}

static void on_closed(struct vsock *s, u32 slot)
{
	s->ops->clear(s, slot);
	count(&dev.closed, 1);
}

static const struct vsock_engine engine = { on_opened, on_incoming, on_receive,
					    on_sent,   on_ended,    on_closed };

static void *turn(void *ctx)
{
	loop_run(ctx, NULL, NULL);
	return NULL;
}

static char path[64];

static int start(void **state)
{
	struct err e = { 0 };

	memset(&dev, 0, sizeof(dev));
	pthread_mutex_init(&dev.lock, NULL);
	dev.room = sizeof(dev.got);
	dev.answer = 3;
	dev.l = loop_new(&e);
	dev.s = host_vsock(dev.l, in_folder(path, sizeof(path), "vm.sock"), &e);
	assert_non_null(dev.s);
	dev.s->engine = &engine;
	pthread_create(&dev.thread, NULL, turn, dev.l);
	(void)state;
	return 0;
}

static int end(void **state)
{
	loop_quit(dev.l);
	pthread_join(dev.thread, NULL);
	dev.s->ops->free(dev.s);
	loop_free(dev.l);
	(void)state;
	return 0;
}

/* -- Programs of the host ----------------------------------------------------------------- */

static struct sockaddr_un address(const char *suffix)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };

	snprintf(a.sun_path, sizeof(a.sun_path), "%s%s", path, suffix);
	return a;
}

static int patient(int fd)
{
	struct timeval patience = { .tv_sec = PATIENCE_S };

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

static int caller(const char *line)
{
	struct sockaddr_un a = address("");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	patient(fd);
	assert_int_equal(send(fd, line, strlen(line), MSG_NOSIGNAL), strlen(line));
	return fd;
}

/* A program that listens for port 77 of the host. */
static int listener(void)
{
	struct sockaddr_un a = address("_77");
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	unlink(a.sun_path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	return fd;
}

static void expect_from(int fd, const char *text)
{
	char bytes[64] = "";

	assert_int_equal(recv(fd, bytes, strlen(text), MSG_WAITALL), strlen(text));
	assert_string_equal(bytes, text);
}

/* -- Tests ------------------------------------------------------------------------------------ */

static void who_names_a_port_gets_to_it_when_the_guest_accepts(void **state)
{
	struct stat st;
	int fd;

	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fd = caller("CONNECT 1234\nearly");
	wait_for(&dev.port, 1234);
	usleep(20000);
	assert_int_equal(received(), 0); /* the guest has not accepted */
	dev.s->ops->accept(dev.s, 3, 4000000000);
	expect_from(fd, "OK 4000000000\n");
	AWAIT(received() == 5);
	assert_memory_equal(dev.got, "early", 5);
	dev.s->ops->write(dev.s, 3, (const u8 *)"hello", 5);
	expect_from(fd, "hello");
	wait_for(&dev.sent, 5);
	close(fd);
	wait_for(&dev.ended, 1);
	dev.s->ops->close(dev.s, 3, true);
	wait_for(&dev.closed, 1);
	(void)state;
}

static void a_guest_that_refuses_is_the_end_of_it(void **state)
{
	char byte;
	int fd = caller("CONNECT 1\n");

	wait_for(&dev.port, 1);
	dev.s->ops->close(dev.s, 3, false);
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	wait_for(&dev.closed, 1);
	close(fd);
	dev.answer = -1; /* no slot is free */
	fd = caller("CONNECT 1\n");
	assert_int_equal(recv(fd, &byte, 1, 0), 0);
	close(fd);
	(void)state;
}

static void who_says_anything_else_is_cut_off(void **state)
{
	static const char *const lines[] = {
		"GET / HTTP/1.1\r\n",   "CONNECT\n",    "CONNECT \n",
		"CONNECT 4294967296\n", "CONNECT -1\n", "connect 5\n",
		"CONNECT 5 \n",         "\n",           "CONNECT 1111111111111111111111111111111"
	};

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		int fd = caller(lines[i]);
		char byte;
		ssize_t got = recv(fd, &byte, 1, 0);

		assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
		close(fd);
	}
	assert_int_equal(value(&dev.port), 0);
	(void)state;
}

static void many_who_say_nothing_keep_nobody_out(void **state)
{
	int silent[20], fd;

	for (u32 i = 0; i < ARRAY_LEN(silent); i++) {
		silent[i] = caller("CON");
		usleep(1000);
	}
	fd = caller("CONNECT 9\n");
	wait_for(&dev.port, 9);
	close(fd);
	for (u32 i = 0; i < ARRAY_LEN(silent); i++)
		close(silent[i]);
	(void)state;
}

static void a_guest_gets_to_the_program_that_listens_for_its_port(void **state)
{
	int l = listener(), fd;

	dev.s->ops->open(dev.s, 5, 77);
	wait_for(&dev.opened, 1);
	fd = patient(accept(l, NULL, NULL));
	dev.s->ops->write(dev.s, 5, (const u8 *)"first", 5);
	dev.s->ops->end(dev.s, 5);
	expect_from(fd, "first");
	assert_int_equal(recv(fd, dev.got, 1, 0), 0); /* the guest's end of it */
	assert_int_equal(send(fd, "answer", 6, 0), 6);
	close(fd);
	wait_for(&dev.ended, 1);
	assert_int_equal(received(), 6);
	dev.s->ops->open(dev.s, 6, 78); /* nobody is there */
	wait_for(&dev.closed, 1);
	assert_int_equal(value(&dev.opened), 1);
	close(l);
	(void)state;
}

static void all_that_was_sent_arrives_in_order_before_the_end(void **state)
{
	static u8 sent[6 * VSOCK_WINDOW], got[6 * VSOCK_WINDOW];
	int l = listener(), fd;
	u32 n = 0;
	size_t had = 0;

	for (u32 i = 0; i < sizeof(sent); i++)
		sent[i] = (u8)(i * 7 + (i >> 9));
	dev.s->ops->open(dev.s, 5, 77);
	wait_for(&dev.opened, 1);
	fd = patient(accept(l, NULL, NULL));
	while (n < sizeof(sent)) {
		u32 part = MIN(MIN(10007, VSOCK_WINDOW - (n - value(&dev.sent))),
			       (u32)sizeof(sent) - n);

		dev.s->ops->write(dev.s, 5, sent + n, part);
		n += part;
		if (!part && had == n) { /* all was sent, which is not said yet */
			usleep(1000);
		} else if (!part) { /* it is full: only then does the program read */
			ssize_t r = recv(fd, got + had, 50000, 0);

			assert_true(r > 0);
			had += (size_t)r;
		}
	}
	dev.s->ops->close(dev.s, 5, true);
	assert_int_equal(recv(fd, got + had, sizeof(got) - had, MSG_WAITALL), sizeof(got) - had);
	assert_memory_equal(got, sent, sizeof(sent));
	assert_int_equal(recv(fd, got, 1, 0), 0);
	wait_for(&dev.closed, 1);
	close(fd);
	close(l);
	(void)state;
}

static void what_the_device_does_not_take_waits(void **state)
{
	int l = listener(), fd;

	dev.room = 3;
	dev.s->ops->open(dev.s, 5, 77);
	wait_for(&dev.opened, 1);
	fd = patient(accept(l, NULL, NULL));
	assert_int_equal(send(fd, "abcdefgh", 8, 0), 8);
	close(fd);
	AWAIT(received() == 3);
	usleep(50000); /* and no more than that */
	assert_int_equal(received(), 3);
	assert_int_equal(value(&dev.ended), 0);
	pthread_mutex_lock(&dev.lock);
	dev.room = 100;
	pthread_mutex_unlock(&dev.lock);
	dev.s->ops->ready(dev.s);
	wait_for(&dev.ended, 1);
	assert_int_equal(received(), 8);
	assert_memory_equal(dev.got, "abcdefgh", 8);
	close(l);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_names_a_port_gets_to_it_when_the_guest_accepts,
						start, end),
		cmocka_unit_test_setup_teardown(a_guest_that_refuses_is_the_end_of_it, start, end),
		cmocka_unit_test_setup_teardown(who_says_anything_else_is_cut_off, start, end),
		cmocka_unit_test_setup_teardown(many_who_say_nothing_keep_nobody_out, start, end),
		cmocka_unit_test_setup_teardown(
			a_guest_gets_to_the_program_that_listens_for_its_port, start, end),
		cmocka_unit_test_setup_teardown(all_that_was_sent_arrives_in_order_before_the_end,
						start, end),
		cmocka_unit_test_setup_teardown(what_the_device_does_not_take_waits, start, end),
	};
	struct err e = { 0 };

	host_init(&e);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
