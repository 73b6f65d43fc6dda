/* The other ends of a network cable, without a guest: libslirp in its helper, a wire of
 * sockets, captures; ports and who has them. */
#define _GNU_SOURCE
#include "check.h"
#include "host.h"
#include "packet.h"
#include "patience.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define MANY   64
#define LITTLE 100000000

static char folder[] = "/tmp/test_net.XXXXXX";

/* -- A card that keeps what arrives ------------------------------------------------- */

struct card {
	struct net *n;
	bool full; /* it takes nothing */
	u32 narrived, nchanged;
	struct {
		u32 len;
		u8 bytes[1600];
		struct net_work work;
	} arrived[MANY];
};

struct bench {
	struct loop *l;
	struct card card[2];
	u64 end;
	u32 turns; /* of the loop */
	bool (*done)(struct bench *b);
};

static bool card_receive(void *ctx, u8 *frame, u32 len, struct net_work *work)
{
	struct card *c = ctx;

	if (c->full)
		return false;
	if (c->narrived < MANY && len <= sizeof(c->arrived[0].bytes)) {
		c->arrived[c->narrived].len = len;
		c->arrived[c->narrived].work = *work;
		memcpy(c->arrived[c->narrived++].bytes, frame, len);
	}
	return true;
}

static void card_changed(void *ctx)
{
	((struct card *)ctx)->nchanged++;
}

static void plug(struct card *c, struct net *n)
{
	assert_non_null(n);
	c->n = n;
	n->receive = card_receive;
	n->changed = card_changed;
	n->ctx = c;
}

static void bench_init(struct bench *b)
{
	struct err e = { 0 };

	*b = (struct bench){ .l = loop_new(&e) };
	assert_non_null(b->l);
}

static void bench_fini(struct bench *b)
{
	for (u32 i = 0; i < 2; i++)
		if (b->card[i].n)
			b->card[i].n->ops->free(b->card[i].n);
	loop_free(b->l);
}

static u64 look(void *ctx)
{
	struct bench *b = ctx;
	u64 now = now_ns();

	b->turns++;
	if ((b->done && b->done(b)) || now >= b->end)
		loop_quit(b->l);
	return MIN(now + 1000000, b->end);
}

/* Runs the loop until that is so: false, it never was. */
static bool until(struct bench *b, bool (*done)(struct bench *b))
{
	b->done = done;
	b->end = now_ns() + (done ? PATIENCE_NS : LITTLE);
	loop_run(b->l, look, b);
	return done && done(b);
}

static bool any_arrived(struct bench *b)
{
	return b->card[0].narrived;
}

static void send_frame(struct card *c, const void *frame, u32 len)
{
	assert_true(c->n->ops->send(c->n, frame, len, &(struct net_work){ .csum = false }));
}

static void make_frame(u8 *f, const u8 *to, const u8 *from, u32 n)
{
	for (u32 i = 0; i < n; i++)
		f[i] = (u8)i;
	memcpy(f, to, 6);
	memcpy(f + 6, from, 6);
	put_be16(f + 12, 0x88b5);
}

static const struct host_slirp options = { .name = "net0", .ipv6 = true };

static void with_slirp(struct bench *b)
{
	struct err e = { 0 };

	if (!host_slirp_version())
		skip();
	bench_init(b);
	plug(&b->card[0], host_slirp(b->l, &options, &e));
}

/* -- libslirp -------------------------------------------------------------------------- */

static const u8 own[6] = { 0x52, 0x54, 0, 1, 2, 3 };
static const u8 everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static void start_frame(u8 *f, const u8 *to, u32 type)
{
	memcpy(f, to, 6);
	memcpy(f + 6, own, 6);
	put_be16(f + 12, (u16)type);
}

static void ask_who_has(struct card *c, const u8 *ip)
{
	u8 f[42] = { 0 };

	start_frame(f, everyone, 0x0806);
	memcpy(f + 14, (u8[]){ 0, 1, 8, 0, 6, 4, 0, 1 }, 8);
	memcpy(f + 22, own, 6);
	memcpy(f + 28, (u8[]){ 10, 0, 2, 15 }, 4);
	memcpy(f + 38, ip, 4);
	send_frame(c, f, sizeof(f));
}

/* DHCPDISCOVER, with the checksum of IP and none of UDP. */
static void discover(struct card *c)
{
	u8 f[14 + 20 + 8 + 300] = { 0 }, *ip = f + 14, *udp = ip + 20, *dhcp = udp + 8;
	u32 sum = 0;

	start_frame(f, everyone, 0x0800);
	ip[0] = 0x45;
	put_be16(ip + 2, 328);
	ip[8] = 64;
	ip[9] = 17;
	memset(ip + 16, 0xff, 4);
	for (u32 i = 0; i < 20; i += 2)
		sum += get_be16(ip + i);
	put_be16(ip + 10, (u16) ~((sum & 0xffff) + (sum >> 16)));
	put_be16(udp, 68);
	put_be16(udp + 2, 67);
	put_be16(udp + 4, 308);
	dhcp[0] = 1;
	dhcp[1] = 1;
	dhcp[2] = 6;
	memcpy(dhcp + 28, own, 6);
	put_be32(dhcp + 236, 0x63825363);
	memcpy(dhcp + 240, (u8[]){ 53, 1, 1, 255 }, 4);
	send_frame(c, f, sizeof(f));
}

static bool offer_arrived(struct bench *b)
{
	for (u32 i = 0; i < b->card[0].narrived; i++) {
		const u8 *f = b->card[0].arrived[i].bytes;

		if (get_be16(f + 12) == 0x0800 && f[23] == 17 && get_be16(f + 36) == 68)
			return !memcmp(f + 14 + 20 + 8 + 16, (u8[]){ 10, 0, 2, 15 }, 4);
	}
	return false;
}

static void dhcp_offers_the_first_address(void **state)
{
	struct bench b;

	with_slirp(&b);
	assert_true(atomic_load(&b.card[0].n->link));
	discover(&b.card[0]);
	assert_true(until(&b, offer_arrived));
	bench_fini(&b);
	(void)state;
}

/* From fec0::7 to fec0::2, all that comes after the checksum. */
static void send_icmp6(struct card *c, u8 type, const u8 *bytes, u32 n)
{
	u8 f[14 + 40 + 4 + 32] = { 0 }, *ip = f + 14, *icmp = ip + 40;

	assert_true(n <= 32);
	start_frame(f, everyone, 0x86dd);
	ip[0] = 0x60;
	put_be16(ip + 4, (u16)(4 + n));
	ip[6] = 58;
	ip[7] = 255;
	memcpy(ip + 8, (u8[16]){ 0xfe, 0xc0, [15] = 7 }, 16);
	memcpy(ip + 24, (u8[16]){ 0xfe, 0xc0, [15] = 2 }, 16);
	icmp[0] = type;
	memcpy(icmp + 4, bytes, n);
	put_be16(icmp + 2, sum16_end(sum16(packet_pseudo_sum(ip, true, 58, 4 + n), icmp, 4 + n)));
	send_frame(c, f, 14 + 40 + 4 + n);
}

static bool icmp6_arrived(struct bench *b, u8 type)
{
	for (u32 i = 0; i < b->card[0].narrived; i++) {
		const u8 *f = b->card[0].arrived[i].bytes;

		if (get_be16(f + 12) == 0x86dd && f[20] == 58 && f[54] == type)
			return true;
	}
	return false;
}

static bool asked_for_neighbor(struct bench *b)
{
	return icmp6_arrived(b, 135);
}

static bool echo_arrived(struct bench *b)
{
	return icmp6_arrived(b, 129);
}

/* libslirp keeps its answer for a second at most, until it knows whose address that is. */
static void an_answer_goes_out_when_its_receiver_has_said_who_he_is(void **state)
{
	static const u8 echo[] = { 0, 1, 0, 0, 'e', 'c', 'h', 'o' };
	u8 advertisement[28] = { 0x60, [4] = 0xfe, 0xc0, [19] = 7, 2, 1 };
	struct bench b;

	with_slirp(&b);
	send_icmp6(&b.card[0], 128, echo, sizeof(echo));
	assert_true(until(&b, asked_for_neighbor));
	memcpy(advertisement + 22, own, 6);
	send_icmp6(&b.card[0], 136, advertisement, sizeof(advertisement));
	assert_true(until(&b, echo_arrived));
	bench_fini(&b);
	(void)state;
}

static void a_card_that_takes_nothing_gets_its_frame_later(void **state)
{
	struct bench b;

	with_slirp(&b);
	b.card[0].full = true;
	discover(&b.card[0]);
	until(&b, NULL);
	assert_int_equal(b.card[0].narrived, 0);
	b.card[0].full = false;
	b.card[0].n->ops->ready(b.card[0].n);
	assert_true(until(&b, any_arrived));
	bench_fini(&b);
	(void)state;
}

static int listen_on(u16 *port)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t n = sizeof(a);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(fd, (struct sockaddr *)&a, n), 0);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&a, &n), 0);
	*port = ntohs(a.sin_port);
	return fd;
}

static u16 free_port(void)
{
	u16 port;

	close(listen_on(&port));
	return port;
}

static int connect_to(u16 port)
{
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_port = htons(port),
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
		return fd;
	close(fd);
	return -1;
}

/* Someone asks who 10.0.2.15 is: the forward's SYN waits for that. */
static bool asked_for_guest(struct bench *b)
{
	for (u32 i = 0; i < b->card[0].narrived; i++) {
		const u8 *f = b->card[0].arrived[i].bytes;

		if (get_be16(f + 12) == 0x0806 && !memcmp(f + 38, (u8[]){ 10, 0, 2, 15 }, 4))
			return true;
	}
	return false;
}

/* What was asked of the helper of the first card while the loop runs. */
struct question {
	u32 number;
	struct forward f;
	struct err e;
	enum forward_answer answer;
};

static struct question question;

static void ask_helper(struct bench *b, bool add, const struct forward *f)
{
	question = (struct question){ .f = *f };
	question.number = host_forward_ask(b->card[0].n, add, f, &question.e);
	assert_true(question.number);
}

static bool helper_answered(struct bench *b)
{
	if (question.answer == FORWARD_ASKED)
		question.answer = host_forward_answer(b->card[0].n, question.number, &question.f,
						      &question.e);
	return question.answer != FORWARD_ASKED;
}

static void a_forward_leads_to_the_guest_and_can_be_taken_away(void **state)
{
	struct bench b;
	struct forward f;
	struct err e = { 0 };
	char text[32];
	int fd;

	with_slirp(&b);
	snprintf(text, sizeof(text), "%u:22", free_port());
	assert_true(forward_parse(text, &f, &e));
	assert_true(host_forward_add(b.card[0].n, &f, &e));
	fd = connect_to(f.port);
	assert_true(fd >= 0);
	assert_true(until(&b, asked_for_guest));
	close(fd);
	ask_helper(&b, false, &f);
	assert_true(until(&b, helper_answered));
	assert_int_equal(question.answer, FORWARD_DONE);
	assert_int_equal(connect_to(f.port), -1);
	assert_int_equal(host_forward_ask(b.card[0].n, false, &f, &e), 0);
	assert_non_null(strstr(e.text, "is not forwarded"));
	bench_fini(&b);
	(void)state;
}

static void a_port_in_use_names_who_has_it(void **state)
{
	struct bench b;
	struct forward f = { .address = { 127, 0, 0, 1 }, .guest_port = 22 };
	struct err e = { 0 };
	int fd = listen_on(&f.port);
	char pid[32];

	with_slirp(&b);
	assert_false(host_forward_add(b.card[0].n, &f, &e));
	assert_string_equal(e.code, "E0601");
	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_non_null(strstr(e.text, pid));
	assert_non_null(strstr(e.hint, "+:22"));
	close(fd);
	bench_fini(&b);
	(void)state;
}

static void with_a_plus_the_next_free_port_is_taken(void **state)
{
	struct bench b;
	struct forward f = { .address = { 127, 0, 0, 1 }, .guest_port = 22, .or_next = true };
	struct err e = { 0 };
	int fd = listen_on(&f.port);
	u16 first = f.port;

	with_slirp(&b);
	assert_true(host_forward_add(b.card[0].n, &f, &e));
	assert_true(f.port > first);
	f.port = first;
	ask_helper(&b, true, &f);
	assert_true(until(&b, helper_answered));
	assert_int_equal(question.answer, FORWARD_DONE);
	assert_true(question.f.port > first + 1);
	close(fd);
	bench_fini(&b);
	(void)state;
}

static void a_forward_in_another_machine_is_named_by_that_machine(void **state)
{
	struct bench b, c;
	struct forward f = { .address = { 127, 0, 0, 1 }, .port = free_port(), .guest_port = 22 };
	struct err e = { 0 };
	char pid[32];

	with_slirp(&b);
	with_slirp(&c);
	assert_true(host_forward_add(b.card[0].n, &f, &e));
	assert_false(host_forward_add(c.card[0].n, &f, &e));
	/* Not the helper's: this process, which started it. */
	snprintf(pid, sizeof(pid), "(pid %d)", (int)getpid());
	assert_non_null(strstr(e.text, pid));
	bench_fini(&b);
	bench_fini(&c);
	(void)state;
}

static int parent_of(const char *pid)
{
	char path[300], state;
	int parent = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%s/stat", pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*d (%*[^)]) %c %d", &state, &parent) != 2)
		parent = 0;
	if (f)
		fclose(f);
	return parent;
}

/* A child of that process, or 0. */
static int child_of(int pid)
{
	struct dirent *entry;
	DIR *dir = opendir("/proc");
	int child = 0;

	assert_non_null(dir);
	while (pid > 0 && !child && (entry = readdir(dir)))
		if (parent_of(entry->d_name) == pid)
			child = (int)strtol(entry->d_name, NULL, 10);
	closedir(dir);
	return child;
}

static size_t forwards_of(struct bench *b)
{
	const struct forward *list;

	return host_forwards(b->card[0].n, &list);
}

static bool is_forwarded(struct bench *b)
{
	return forwards_of(b) == 1;
}

static bool is_not_forwarded(struct bench *b)
{
	return forwards_of(b) == 0;
}

/* How often this thread gave up its CPU, which nobody took from it. */
static long times_waited(void)
{
	struct rusage use;

	assert_int_equal(getrusage(RUSAGE_THREAD, &use), 0);
	return use.ru_nvcsw;
}

/* The helper stands still: a guest's frames fill the socket, so that a request has no room. */
static void the_loop_does_not_wait_for_a_helper_and_gets_its_answer_late(void **state)
{
	struct bench b;
	struct forward f = { .address = { 127, 0, 0, 1 }, .port = free_port(), .guest_port = 22 };
	struct forward other = f;
	const struct net_work work = { .csum = false };
	struct err e = { 0 };
	u8 frame[1000];
	u32 number;
	long before;
	int worker, fd;

	with_slirp(&b);
	worker = child_of(child_of((int)getpid()));
	kill(worker, SIGSTOP);
	make_frame(frame, everyone, own, sizeof(frame));
	while (b.card[0].n->ops->send(b.card[0].n, frame, sizeof(frame), &work))
		;
	before = times_waited();
	ask_helper(&b, true, &f);
	assert_false(helper_answered(&b));
	assert_int_equal(times_waited(), before);
	until(&b, NULL);
	assert_false(helper_answered(&b));
	assert_int_equal(forwards_of(&b), 0);

	kill(worker, SIGCONT);
	other.port = 1; /* whose answer is not mistaken for the late one's */
	other.address[0] = 192;
	number = host_forward_ask(b.card[0].n, true, &other, &e);
	assert_true(until(&b, helper_answered));
	assert_int_equal(question.answer, FORWARD_DONE);
	assert_int_equal(forwards_of(&b), 1);
	fd = connect_to(f.port);
	assert_true(fd >= 0);
	close(fd);
	question = (struct question){ .number = number };
	assert_true(until(&b, helper_answered));
	assert_int_equal(question.answer, FORWARD_FAILED);
	assert_string_equal(question.e.code, "E0601");
	bench_fini(&b);
	(void)state;
}

static void a_forward_that_nobody_asks_about_any_more_is_known_all_the_same(void **state)
{
	struct bench b;
	struct forward f = { .address = { 127, 0, 0, 1 }, .port = free_port(), .guest_port = 22 };
	struct err e = { 0 };

	with_slirp(&b);
	ask_helper(&b, true, &f);
	assert_true(until(&b, is_forwarded));
	ask_helper(&b, false, &f);
	assert_true(until(&b, is_not_forwarded));
	assert_int_equal(connect_to(f.port), -1);
	f.address[0] = 192;
	for (u32 i = 0; i < 200; i++) { /* what is answered and not fetched takes no room */
		question =
			(struct question){ .number = host_forward_ask(b.card[0].n, true, &f, &e) };
		if (!question.number)
			until(&b, NULL);
	}
	assert_true(question.number);
	assert_true(until(&b, helper_answered));
	assert_int_equal(question.answer, FORWARD_FAILED);
	bench_fini(&b);
	(void)state;
}

static bool unplugged(struct bench *b)
{
	return !atomic_load(&b->card[0].n->link);
}

static void a_helper_that_dies_is_an_unplugged_cable(void **state)
{
	struct bench b;
	int worker;

	with_slirp(&b);
	worker = child_of(child_of((int)getpid()));
	assert_true(worker > 0);
	assert_int_equal(kill(worker, SIGKILL), 0);
	assert_true(until(&b, unplugged));
	assert_int_equal(b.card[0].nchanged, 1);
	for (u32 i = 0; i < 5000; i++)
		discover(&b.card[0]); /* never full: they go nowhere */
	bench_fini(&b);
	assert_int_equal(child_of((int)getpid()), 0); /* nothing is left behind */
	(void)state;
}

static void a_keeper_that_dies_does_not_stop_the_machine(void **state)
{
	struct bench b;
	int keeper, worker;

	with_slirp(&b);
	keeper = child_of((int)getpid());
	worker = child_of(keeper);
	assert_true(keeper > 0 && worker > 0);
	kill(worker, SIGSTOP);
	kill(keeper, SIGKILL);
	kill(worker, SIGKILL);
	assert_true(until(&b, unplugged));
	b.turns = 0;
	until(&b, NULL);
	assert_true(b.turns < 1000); /* it sleeps: a turn a millisecond is the test's own */
	bench_fini(&b);
	(void)state;
}

static void the_hosts_own_addresses_answer(void **state)
{
	struct bench b;

	with_slirp(&b);
	ask_who_has(&b.card[0], (u8[]){ 10, 0, 2, 2 });
	assert_true(until(&b, any_arrived));
	ask_who_has(&b.card[0], (u8[]){ 10, 0, 2, 77 });
	b.card[0].narrived = 0;
	until(&b, NULL);
	assert_int_equal(b.card[0].narrived, 0);
	bench_fini(&b);
	(void)state;
}

/* -- A wire of sockets ---------------------------------------------------------------------- */

static void on_a_wire(struct bench *b)
{
	struct err e = { 0 };
	char path[100];

	bench_init(b);
	snprintf(path, sizeof(path), "%s/lan", folder);
	plug(&b->card[0], host_net_socket(b->l, path, &e));
	plug(&b->card[1], host_net_socket(b->l, path, &e));
}

static bool other_arrived(struct bench *b)
{
	return b->card[1].narrived;
}

static void a_frame_reaches_the_other_card_with_its_work(void **state)
{
	struct net_work w = { .csum = true,
			      .csum_start = 34,
			      .csum_offset = 16,
			      .cut = NET_TSO4,
			      .ecn = true,
			      .mss = 1448 };
	struct bench b;
	u8 f[1514];

	on_a_wire(&b);
	make_frame(f, everyone, own, sizeof(f));
	assert_true(b.card[0].n->ops->send(b.card[0].n, f, sizeof(f), &w));
	assert_true(until(&b, other_arrived));
	assert_int_equal(b.card[1].arrived[0].len, sizeof(f));
	assert_memory_equal(b.card[1].arrived[0].bytes, f, sizeof(f));
	assert_memory_equal(&b.card[1].arrived[0].work, &w, sizeof(w));
	assert_int_equal(b.card[0].narrived, 0); /* not one's own */
	bench_fini(&b);
	(void)state;
}

static void two_cards_on_a_wire_have_two_addresses(void **state)
{
	struct bench b;

	on_a_wire(&b);
	assert_memory_not_equal(b.card[0].n->mac, b.card[1].n->mac, 6);
	bench_fini(&b);
	(void)state;
}

static void what_is_for_one_card_goes_to_it_alone(void **state)
{
	static const u8 other[6] = { 0x52, 0x54, 0, 9, 9, 9 };
	struct bench b;
	struct card third = { .full = false };
	struct err e = { 0 };
	char path[100];
	u8 f[60];

	on_a_wire(&b);
	snprintf(path, sizeof(path), "%s/lan", folder);
	plug(&third, host_net_socket(b.l, path, &e));
	make_frame(f, own, other, sizeof(f)); /* so card 1 is heard to be `other` */
	send_frame(&b.card[1], f, sizeof(f));
	assert_true(until(&b, any_arrived));
	third.narrived = 0;
	make_frame(f, other, own, sizeof(f));
	send_frame(&b.card[0], f, sizeof(f));
	assert_true(until(&b, other_arrived));
	until(&b, NULL);
	assert_int_equal(third.narrived, 0);
	third.n->ops->free(third.n);
	bench_fini(&b);
	(void)state;
}

static void a_place_that_was_left_behind_is_taken_again(void **state)
{
	struct bench b;
	struct err e = { 0 };
	char path[100], name[120];
	struct stat st;

	bench_init(&b);
	snprintf(path, sizeof(path), "%s/old", folder);
	snprintf(name, sizeof(name), "%s/0", path);
	plug(&b.card[0], host_net_socket(b.l, path, &e));
	/* As kill -9 would leave it: the name, and nobody behind it. */
	assert_int_equal(rename(name, "/tmp/test_net.left"), 0);
	b.card[0].n->ops->free(b.card[0].n);
	b.card[0].n = NULL;
	assert_int_equal(rename("/tmp/test_net.left", name), 0);
	plug(&b.card[0], host_net_socket(b.l, path, &e));
	assert_int_equal(b.card[0].n->mac[5], 1);
	bench_fini(&b);
	assert_int_equal(stat(name, &st), -1); /* and nothing stays */
	(void)state;
}

static void a_folder_that_others_may_write_to_is_no_wire(void **state)
{
	struct bench b;
	struct err e = { 0 };
	char path[100];

	bench_init(&b);
	snprintf(path, sizeof(path), "%s/open", folder);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(chmod(path, 0777), 0);
	assert_null(host_net_socket(b.l, path, &e));
	assert_string_equal(e.code, "E0604");
	bench_fini(&b);
	(void)state;
}

/* From a place on the wire, but not by us: headers cut, wrong, and in vain. */
static void a_stray_datagram_harms_nobody(void **state)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX }, from = { .sun_family = AF_UNIX };
	struct bench b;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	u8 f[60] = { 0x4e, 1 };

	on_a_wire(&b);
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/lan/0", folder);
	snprintf(from.sun_path, sizeof(from.sun_path), "%s/lan/7", folder);
	assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
	for (u32 n = 0; n < 26; n++) {
		assert_int_equal(sendto(fd, f, n, 0, (struct sockaddr *)&to, sizeof(to)), n);
		if (n % 8 == 0)
			until(&b, NULL);
	}
	f[0] = 0;
	assert_int_equal(sendto(fd, f, 60, 0, (struct sockaddr *)&to, sizeof(to)), 60);
	until(&b, NULL);
	assert_int_equal(b.card[0].narrived, 0);
	close(fd);
	unlink(from.sun_path);
	bench_fini(&b);
	(void)state;
}

/* -- Captures ------------------------------------------------------------------------------------
 */

static u8 *read_capture(const char *path, size_t *n)
{
	struct err e = { 0 };
	u8 *bytes = host_read_file(path, 1 << 20, n, &e);

	assert_non_null(bytes);
	return bytes;
}

/* Blocks of the kind, all of whose lengths agree. */
static u32 count_blocks(const u8 *bytes, size_t n, u32 kind)
{
	u32 count = 0, len;

	for (size_t at = 0; at < n; at += len) {
		assert_true(n - at >= 12);
		len = get_le32(bytes + at + 4);
		assert_true(len % 4 == 0 && len >= 12 && len <= n - at);
		assert_int_equal(get_le32(bytes + at + len - 4), len);
		count += get_le32(bytes + at) == kind;
	}
	return count;
}

static void a_capture_has_what_went_both_ways(void **state)
{
	struct bench b;
	struct err e = { 0 };
	char path[100];
	size_t n;
	u8 f[61], *bytes;

	on_a_wire(&b);
	snprintf(path, sizeof(path), "%s/a.pcapng", folder);
	plug(&b.card[0], host_pcap(b.card[0].n, path, "net0", &e));
	make_frame(f, everyone, own, sizeof(f));
	send_frame(&b.card[0], f, sizeof(f));
	send_frame(&b.card[1], f, sizeof(f) - 1);
	assert_true(until(&b, any_arrived));
	bytes = read_capture(path, &n);
	assert_int_equal(count_blocks(bytes, n, 0x0a0d0d0a), 1);
	assert_int_equal(count_blocks(bytes, n, 1), 1);
	assert_int_equal(count_blocks(bytes, n, 6), 2);
	assert_non_null(memmem(bytes, n, f, sizeof(f)));
	free(bytes);
	bench_fini(&b);
	(void)state;
}

static void a_capture_of_no_cable_has_what_was_sent(void **state)
{
	struct bench b;
	struct err e = { 0 };
	char path[100];
	size_t n;
	u8 f[60], *bytes;

	bench_init(&b);
	snprintf(path, sizeof(path), "%s/b.pcapng", folder);
	plug(&b.card[0], host_pcap(NULL, path, "net0", &e));
	make_frame(f, everyone, own, sizeof(f));
	send_frame(&b.card[0], f, sizeof(f));
	bytes = read_capture(path, &n);
	assert_int_equal(count_blocks(bytes, n, 6), 1);
	free(bytes);
	bench_fini(&b);
	(void)state;
}

static void a_capture_goes_into_a_file_that_nobody_else_writes(void **state)
{
	char path[100];
	struct err e = { 0 }, e2 = { 0 };
	struct net *first;

	snprintf(path, sizeof(path), "%s/fifo", folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(host_pcap(NULL, path, "net0", &e)); /* and does not wait for a reader */
	assert_non_null(strstr(e.text, "not a file"));

	snprintf(path, sizeof(path), "%s/c.pcapng", folder);
	first = host_pcap(NULL, path, "net0", &e2);
	assert_non_null(first);
	assert_null(host_pcap(NULL, path, "net1", &e2));
	assert_non_null(strstr(e2.text, "it is open in "));
	first->ops->free(first);
	(void)state;
}

static void a_tap_that_is_not_there_says_how_to_make_one(void **state)
{
	struct bench b;
	struct err e = { 0 };

	bench_init(&b);
	assert_null(host_tap(b.l, "vmbuild-none", &e));
	assert_string_equal(e.code, "E0606");
	assert_non_null(strstr(e.hint, "ip tuntap add vmbuild-none"));
	bench_fini(&b);
	(void)state;
}

/* -- What other commands say to a run --------------------------------------------------- */

static struct control *asked;

static bool on_request(void *ctx, const char *request, struct str *answer, struct err *e)
{
	(void)ctx;
	if (!strcmp(request, "write"))
		return write(control_file(asked), "written", 7) == 7;
	if (asked)
		assert_int_equal(control_file(asked), -1);
	if (!strcmp(request, "fail"))
		return err_code(e, "E0601", "in use") || err_hint(e, "another");
	str_add(answer, "%s yourself\n", request);
	return true;
}

/* Another process is played by a thread: to ask is to wait. */
struct asker {
	const char *name, *request;
	int file;
	struct str answer;
	struct err e;
	_Atomic bool done;
	bool ok;
};

static struct asker asker;

static void *ask(void *ctx)
{
	asker.ok = control_ask_file(asker.name, asker.request, asker.file, &asker.answer, &asker.e);
	atomic_store(&asker.done, true);
	(void)ctx;
	return NULL;
}

static bool answered(struct bench *b)
{
	(void)b;
	return atomic_load(&asker.done);
}

static bool ask_run_with(struct bench *b, const char *name, const char *request, int file)
{
	pthread_t thread;

	str_free(&asker.answer);
	asker = (struct asker){ .name = name, .request = request, .file = file };
	pthread_create(&thread, NULL, ask, NULL);
	until(b, answered);
	pthread_join(thread, NULL);
	return asker.ok;
}

static bool ask_run(struct bench *b, const char *name, const char *request)
{
	return ask_run_with(b, name, request, -1);
}

static u32 open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	u32 n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

static void a_request_may_bring_a_file_and_none_is_left_open(void **state)
{
	char path[] = "/tmp/vmbuild-test-XXXXXX", bytes[8] = "";
	int file = mkstemp(path);
	struct bench b;
	struct err e = { 0 };
	u32 before;

	bench_init(&b);
	asked = control_new(b.l, "virt", on_request, NULL, &e);
	assert_non_null(asked);
	assert_true(ask_run(&b, "virt", "hello"));
	before = open_files();
	assert_true(ask_run_with(&b, "virt", "write", file));
	assert_int_equal(pread(file, bytes, 7, 0), 7);
	assert_string_equal(bytes, "written");
	assert_true(ask_run(&b, "virt", "hello")); /* the next one brings none */
	assert_int_equal(open_files(), before);
	str_free(&asker.answer);
	control_free(asked);
	asked = NULL;
	bench_fini(&b);
	unlink(path);
	close(file);
	(void)state;
}

static void a_request_is_answered_or_says_why_not(void **state)
{
	struct control *c;
	struct bench b;
	struct err e = { 0 };

	bench_init(&b);
	c = control_new(b.l, "virt", on_request, NULL, &e);
	assert_non_null(c);
	assert_string_equal(control_name(c), "virt");
	assert_true(ask_run(&b, "virt", "hello"));
	assert_string_equal(str_text(&asker.answer), "hello yourself\n");
	assert_false(ask_run(&b, "virt", "fail"));
	assert_string_equal(asker.e.code, "E0601");
	assert_string_equal(asker.e.text, "in use");
	assert_string_equal(asker.e.hint, "another");
	assert_false(ask_run(&b, "vrt", "hello"));
	assert_string_equal(asker.e.hint, "running: virt");
	assert_false(ask_run(&b, "../virt", "hello"));
	str_free(&asker.answer);
	control_free(c);
	bench_fini(&b);
	(void)state;
}

static void a_second_run_of_a_board_has_a_name_of_its_own(void **state)
{
	struct control *c, *d;
	struct bench b;
	struct err e = { 0 };

	bench_init(&b);
	c = control_new(b.l, "virt", on_request, NULL, &e);
	d = control_new(b.l, "virt", on_request, NULL, &e);
	assert_string_equal(control_name(d), "virt-2");
	control_free(c);
	c = control_new(b.l, "virt", on_request, NULL, &e);
	assert_string_equal(control_name(c), "virt"); /* it is free again */
	control_free(c);
	control_free(d);
	bench_fini(&b);
	(void)state;
}

/* -- Forwards as text --------------------------------------------------------------------- */

static void a_forward_is_read_as_it_is_written(void **state)
{
	struct err e = { 0 };
	struct forward f;
	char text[FORWARD_TEXT];

	assert_true(forward_parse("0.0.0.0:8080+:80/udp", &f, &e));
	assert_true(f.udp && f.or_next && !forward_is_local(&f));
	assert_int_equal(f.guest_port, 80);
	assert_string_equal(forward_text(text, &f), "0.0.0.0:8080/udp");
	assert_true(forward_parse("2222:22", &f, &e));
	assert_true(!f.udp && !f.or_next && forward_is_local(&f));
	assert_false(forward_parse("2222:22 ", &f, &e));
	assert_false(forward_parse("", &f, &e));
	assert_false(forward_parse("1.2.3:4:5", &f, &e));
	assert_false(forward_parse("99999999999:1", &f, &e));
	(void)state;
}

static int make_folder(void **state)
{
	(void)state;
	return mkdtemp(folder) && !setenv("XDG_RUNTIME_DIR", folder, 1) ? 0 : -1;
}

static int remove_folder(void **state)
{
	const char *argv[] = { "rm", "-rf", folder, NULL };
	struct err e = { 0 };

	(void)state;
	return host_run(argv, NULL, &e) ? 0 : -1;
}

/* The helper is this program again. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dhcp_offers_the_first_address),
		cmocka_unit_test(an_answer_goes_out_when_its_receiver_has_said_who_he_is),
		cmocka_unit_test(a_card_that_takes_nothing_gets_its_frame_later),
		cmocka_unit_test(a_forward_leads_to_the_guest_and_can_be_taken_away),
		cmocka_unit_test(a_port_in_use_names_who_has_it),
		cmocka_unit_test(with_a_plus_the_next_free_port_is_taken),
		cmocka_unit_test(a_forward_in_another_machine_is_named_by_that_machine),
		cmocka_unit_test(the_loop_does_not_wait_for_a_helper_and_gets_its_answer_late),
		cmocka_unit_test(a_forward_that_nobody_asks_about_any_more_is_known_all_the_same),
		cmocka_unit_test(a_helper_that_dies_is_an_unplugged_cable),
		cmocka_unit_test(a_keeper_that_dies_does_not_stop_the_machine),
		cmocka_unit_test(the_hosts_own_addresses_answer),
		cmocka_unit_test(a_frame_reaches_the_other_card_with_its_work),
		cmocka_unit_test(two_cards_on_a_wire_have_two_addresses),
		cmocka_unit_test(what_is_for_one_card_goes_to_it_alone),
		cmocka_unit_test(a_place_that_was_left_behind_is_taken_again),
		cmocka_unit_test(a_folder_that_others_may_write_to_is_no_wire),
		cmocka_unit_test(a_stray_datagram_harms_nobody),
		cmocka_unit_test(a_capture_has_what_went_both_ways),
		cmocka_unit_test(a_capture_of_no_cable_has_what_was_sent),
		cmocka_unit_test(a_capture_goes_into_a_file_that_nobody_else_writes),
		cmocka_unit_test(a_tap_that_is_not_there_says_how_to_make_one),
		cmocka_unit_test(a_request_may_bring_a_file_and_none_is_left_open),
		cmocka_unit_test(a_request_is_answered_or_says_why_not),
		cmocka_unit_test(a_second_run_of_a_board_has_a_name_of_its_own),
		cmocka_unit_test(a_forward_is_read_as_it_is_written),
	};

	if (argc > 1 && !strcmp(argv[1], HOST_NET_HELPER))
		return host_net_helper(argc - 2, argv + 2);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
