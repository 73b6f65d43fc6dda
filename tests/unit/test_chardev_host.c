/* The host's ends of serial lines: a file, a pseudo-terminal, a socket, a port. */
#define _GNU_SOURCE
#include "check.h"
#include "folder.h"
#include "patience.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* A device that keeps what it gets, and a loop on a thread of its own. */
struct bench {
	struct loop *l;
	struct chardev *c;
	pthread_t thread;
	pthread_mutex_t lock;
	char got[256];
	size_t n;
	u32 room;
};

static u32 device_room(void *ctx)
{
	struct bench *b = ctx;
	u32 room;

	pthread_mutex_lock(&b->lock);
	room = b->room;
	pthread_mutex_unlock(&b->lock);
	return room;
}

static void device_receive(void *ctx, const u8 *bytes, u32 n)
{
	struct bench *b = ctx;

	pthread_mutex_lock(&b->lock);
	if (b->n + n < sizeof(b->got)) {
		memcpy(b->got + b->n, bytes, n);
		b->n += n;
	}
	pthread_mutex_unlock(&b->lock);
}

static void bench_init(struct bench *b)
{
	struct err e = { 0 };

	*b = (struct bench){ .l = loop_new(&e), .room = 16 };
	pthread_mutex_init(&b->lock, NULL);
	assert_non_null(b->l);
}

static void *turn(void *ctx)
{
	loop_run(ctx, NULL, NULL);
	return NULL;
}

static void bench_start(struct bench *b, struct chardev *c)
{
	assert_non_null(c);
	b->c = c;
	c->room = device_room;
	c->receive = device_receive;
	c->ctx = b;
	pthread_create(&b->thread, NULL, turn, b->l);
}

static void bench_fini(struct bench *b)
{
	loop_quit(b->l);
	if (b->thread)
		pthread_join(b->thread, NULL);
	if (b->c)
		b->c->ops->free(b->c);
	loop_free(b->l);
}

static void say(struct bench *b, const char *text)
{
	b->c->ops->write(b->c, (const u8 *)text, strlen(text));
}

static void set_room(struct bench *b, u32 room)
{
	pthread_mutex_lock(&b->lock);
	b->room = room;
	pthread_mutex_unlock(&b->lock);
	b->c->ops->ready(b->c);
}

static bool has_got(struct bench *b, const char *text)
{
	bool same;

	pthread_mutex_lock(&b->lock);
	same = b->n == strlen(text) && !memcmp(b->got, text, b->n);
	pthread_mutex_unlock(&b->lock);
	return same;
}

static void expect_got(struct bench *b, const char *text)
{
	AWAIT(has_got(b, text));
}

static void expect_from(int fd, const char *text)
{
	char buf[64] = "";
	size_t n = 0;

	while (n < strlen(text)) {
		struct pollfd p = { .fd = fd, .events = POLLIN };
		ssize_t got;

		assert_int_equal(poll(&p, 1, PATIENCE_S * 1000), 1);
		got = read(fd, buf + n, sizeof(buf) - 1 - n);
		assert_true(got > 0);
		n += (size_t)got;
	}
	assert_string_equal(buf, text);
}

static int connect_to(const char *path)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(a.sun_path, sizeof(a.sun_path), "%.100s", path);
	if (connect(fd, (struct sockaddr *)&a, sizeof(a))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool hears(struct bench *b, int fd)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	say(b, "x");
	return poll(&p, 1, 10) == 1;
}

/* Drops bytes while nobody is connected, so the text is said until it comes. */
static void talk_to(struct bench *b, int fd)
{
	char c;

	AWAIT(hears(b, fd));
	assert_int_equal(read(fd, &c, 1), 1);
	assert_int_equal(c, 'x');
}

static void a_socket_serves_one_client_after_the_other(void **state)
{
	struct err e = { 0 };
	struct bench b;
	struct stat st;
	char path[64];
	int fd;

	bench_init(&b);
	in_folder(path, sizeof(path), "s");
	bench_start(&b, host_socket(b.l, path, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	say(&b, "for nobody");

	fd = connect_to(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "hello", 5), 5);
	expect_got(&b, "hello");
	talk_to(&b, fd);
	close(fd);

	fd = connect_to(path);
	assert_true(fd >= 0);
	talk_to(&b, fd);
	assert_int_equal(write(fd, " again", 6), 6);
	expect_got(&b, "hello again");
	bench_fini(&b);
	close(fd);
	assert_int_equal(stat(path, &st), -1); /* gone with it */
	(void)state;
}

static void what_a_client_left_waits_for_room(void **state)
{
	struct err e = { 0 };
	struct bench b;
	char path[64];
	int fd;

	bench_init(&b);
	b.room = 0;
	in_folder(path, sizeof(path), "s");
	bench_start(&b, host_socket(b.l, path, &e));
	fd = connect_to(path);
	assert_int_equal(write(fd, "one", 3), 3);
	close(fd);
	fd = connect_to(path); /* although the device has not read */
	talk_to(&b, fd);
	assert_true(has_got(&b, ""));
	set_room(&b, 16);
	expect_got(&b, "one");
	bench_fini(&b);
	close(fd);
	(void)state;
}

/* To a client that reads nothing: the guest waits a second, then loses bytes.  Its nanoseconds. */
static u64 talk_to_the_deaf(void)
{
	static char much[3 * 1024 * 1024];
	struct err e = { 0 };
	struct bench b;
	char path[64];
	u64 start;
	int fd;

	bench_init(&b);
	in_folder(path, sizeof(path), "s");
	bench_start(&b, host_socket(b.l, path, &e));
	fd = connect_to(path);
	talk_to(&b, fd);
	start = now_ns();
	b.c->ops->write(b.c, (const u8 *)much, sizeof(much));
	assert_true(now_ns() - start >= 1000000000);
	for (u32 i = 0; i < 10; i++)
		say(&b, "lost as well");
	shutdown(fd, SHUT_WR); /* so it counts as gone, while a write to it is stuck */
	usleep(50000);
	bench_fini(&b);
	close(fd);
	return now_ns() - start;
}

static void a_client_that_does_not_read_does_not_hold_up_the_end(void **state)
{
	AWAIT(talk_to_the_deaf() < 3000000000); /* longer where others have the CPU */
	(void)state;
}

static void a_socket_is_never_put_over_something_else(void **state)
{
	struct err e = { 0 };
	struct bench b;
	char path[64], longer[200];
	int fd;

	bench_init(&b);
	in_folder(path, sizeof(path), "file");
	assert_true(host_write_file(path, "mine", 4, &e));
	assert_null(host_socket(b.l, path, &e));
	assert_non_null(strstr(e.text, "is no socket"));
	assert_int_equal(access(path, F_OK), 0);

	in_folder(path, sizeof(path), "s");
	bench_start(&b, host_socket(b.l, path, &e));
	assert_null(host_socket(b.l, path, &e));
	assert_non_null(strstr(e.text, "in use by another program"));
	fd = connect_to(path);
	assert_true(fd >= 0);
	close(fd);

	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = 0;
	assert_null(host_socket(b.l, longer, &e));
	assert_non_null(strstr(e.text, "longer than"));
	bench_fini(&b);
	(void)state;
}

static void a_socket_left_behind_is_replaced(void **state)
{
	struct sockaddr_un a = { .sun_family = AF_UNIX };
	struct err e = { 0 };
	struct bench b;
	char path[64];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	in_folder(path, sizeof(path), "stale");
	snprintf(a.sun_path, sizeof(a.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	close(fd);
	bench_init(&b);
	bench_start(&b, host_socket(b.l, path, &e));
	fd = connect_to(path);
	assert_true(fd >= 0);
	close(fd);
	bench_fini(&b);
	(void)state;
}

static int tcp_socket(u16 port, struct sockaddr_in *a)
{
	*a = (struct sockaddr_in){ .sin_family = AF_INET,
				   .sin_port = htons(port),
				   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	return socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
}

/* One that is free just now. */
static u16 free_port(void)
{
	struct sockaddr_in a;
	socklen_t n = sizeof(a);
	int fd = tcp_socket(0, &a);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	close(fd);
	return ntohs(a.sin_port);
}

static void a_port_is_served_like_a_socket(void **state)
{
	struct err e = { 0 };
	struct sockaddr_in a;
	struct bench b;
	u16 port = free_port();

	bench_init(&b);
	bench_start(&b, host_tcp(b.l, "uart1", port, &e));
	for (u32 i = 0; i < 2; i++) {
		int fd = tcp_socket(port, &a);

		assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), 0);
		talk_to(&b, fd);
		assert_int_equal(write(fd, "hi", 2), 2);
		expect_got(&b, i ? "hihi" : "hi");
		close(fd);
	}
	bench_fini(&b);
	(void)state;
}

static void a_port_is_open_to_this_computer_alone(void **state)
{
	struct err e = { 0 };
	struct sockaddr_in a;
	struct bench b;
	u16 port = free_port();
	int fd = tcp_socket(port, &a);

	bench_init(&b);
	bench_start(&b, host_tcp(b.l, "uart1", port, &e));
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1); /* 127.0.0.2 is not 127.0.0.1 */
	assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof(a)), -1);
	assert_int_equal(errno, ECONNREFUSED);
	close(fd);
	bench_fini(&b);
	(void)state;
}

static void a_port_in_use_says_who_has_it(void **state)
{
	struct err e = { 0 };
	struct sockaddr_in a;
	struct bench b;
	u16 port = free_port();
	int fd = tcp_socket(port, &a);
	char me[32];

	bench_init(&b);
	assert_int_equal(bind(fd, (struct sockaddr *)&a, sizeof(a)), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_null(host_tcp(b.l, "uart1", port, &e));
	assert_string_equal(e.code, "E0601");
	snprintf(me, sizeof(me), "(pid %d)", (int)getpid());
	assert_non_null(strstr(e.text, me));
	close(fd);
	bench_fini(&b);
	(void)state;
}

static char line[256];

static void keep_line(void *ctx, enum log_level level, const char *text)
{
	(void)ctx;
	(void)level;
	snprintf(line, sizeof(line), "%s", text);
}

static void a_pty_says_where_it_is_and_carries_bytes_unchanged(void **state)
{
	struct err e = { 0 };
	struct bench b;
	int fd;

	bench_init(&b);
	log_sink(keep_line, NULL);
	bench_start(&b, host_pty(b.l, "uart1", &e));
	log_sink(NULL, NULL);
	assert_true(text_starts(line, "uart1: /dev/pts/"));
	say(&b, "early\n"); /* is kept for who comes later */
	fd = open(line + strlen("uart1: "), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fd >= 0);
	expect_from(fd, "early\n");
	assert_int_equal(write(fd, "a\r\003", 3), 3);
	expect_got(&b, "a\r\003");
	close(fd);
	usleep(20000);
	fd = open(line + strlen("uart1: "), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_int_equal(write(fd, "b", 1), 1);
	expect_got(&b, "a\r\003b");
	close(fd);
	bench_fini(&b);
	(void)state;
}

static void a_file_gets_all_by_the_time_it_is_freed(void **state)
{
	struct err e = { 0 };
	struct chardev *c;
	char path[64];
	size_t len;
	u8 *p;

	in_folder(path, sizeof(path), "out");
	assert_true(host_write_file(path, "what was there before", 21, &e));
	c = host_file_out(path, false, &e);
	assert_non_null(c);
	for (u32 i = 0; i < 100000; i++)
		c->ops->write(c, (const u8 *)"0123456789abcdef", 16);
	c->ops->free(c);
	p = host_read_file(path, 4 * MIB, &len, &e);
	assert_non_null(p);
	assert_int_equal(len, 1600000);
	assert_memory_equal(p + len - 16, "0123456789abcdef", 16);
	free(p);
	(void)state;
}

static void a_log_goes_on_behind_what_is_there(void **state)
{
	struct err e = { 0 };
	struct chardev *c;
	char path[64];
	size_t len;
	u8 *p;

	in_folder(path, sizeof(path), "log");
	for (u32 run = 0; run < 2; run++) {
		c = host_file_out(path, true, &e);
		assert_non_null(c);
		c->ops->write(c, (const u8 *)"line\n", 5);
		c->ops->free(c);
	}
	p = host_read_file(path, 100, &len, &e);
	assert_int_equal(len, 10);
	assert_memory_equal(p, "line\nline\n", 10);
	free(p);
	(void)state;
}

static void a_file_that_is_in_use_is_not_cut_off(void **state)
{
	struct err e = { 0 };
	struct chardev *c, *more;
	char path[64];

	in_folder(path, sizeof(path), "used");
	c = host_file_out(path, false, &e);
	assert_non_null(c);
	assert_null(host_file_out(path, false, &e));
	assert_string_equal(e.code, "E0604");
	assert_non_null(strstr(e.text, "it is open in "));
	more = host_file_out(path, true, &e); /* a log is anybody's */
	assert_non_null(more);
	more->ops->free(more);
	c->ops->free(c);
	(void)state;
}

static void a_file_that_cannot_be_written_is_told(void **state)
{
	struct err e = { 0 };
	char path[64];

	assert_null(host_file_out("/no/such/folder/x", false, &e));
	assert_string_equal(e.code, "E0604");
	in_folder(path, sizeof(path), "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(host_file_out(path, false, &e));
	assert_non_null(strstr(e.text, "nobody reads"));
	(void)state;
}

/* The thread that has met the end tells it late, as on a busy computer. */
static void keep_lines(void *lines, enum log_level level, const char *text)
{
	(void)level;
	if (strstr(text, "ends here"))
		usleep(50000);
	str_add(lines, "%s\n", text);
}

static void a_full_disk_ends_the_output_with_one_line(void **state)
{
	struct err e = { 0 };
	struct chardev *c = host_file_out("/dev/full", false, &e);
	struct str lines = { 0 };

	assert_non_null(c);
	log_sink(keep_lines, &lines);
	for (u32 i = 0; i < 100; i++)
		c->ops->write(c, (const u8 *)"lost", 4);
	c->ops->free(c);
	log_sink(NULL, NULL);
	assert_string_equal(str_text(&lines),
			    "/dev/full: output ends here: No space left on device\n"
			    "/dev/full: 400 bytes of output lost\n");
	str_free(&lines);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_socket_serves_one_client_after_the_other),
		cmocka_unit_test(what_a_client_left_waits_for_room),
		cmocka_unit_test(a_client_that_does_not_read_does_not_hold_up_the_end),
		cmocka_unit_test(a_socket_is_never_put_over_something_else),
		cmocka_unit_test(a_socket_left_behind_is_replaced),
		cmocka_unit_test(a_port_is_served_like_a_socket),
		cmocka_unit_test(a_port_is_open_to_this_computer_alone),
		cmocka_unit_test(a_port_in_use_says_who_has_it),
		cmocka_unit_test(a_pty_says_where_it_is_and_carries_bytes_unchanged),
		cmocka_unit_test(a_file_gets_all_by_the_time_it_is_freed),
		cmocka_unit_test(a_log_goes_on_behind_what_is_there),
		cmocka_unit_test(a_file_that_is_in_use_is_not_cut_off),
		cmocka_unit_test(a_file_that_cannot_be_written_is_told),
		cmocka_unit_test(a_full_disk_ends_the_output_with_one_line),
	};
	struct err e = { 0 };

	host_init(&e);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
