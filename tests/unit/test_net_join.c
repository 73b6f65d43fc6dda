/* Segments of a TCP connection that become one frame, and what does not. */
#include "check.h"
#include "core.h"
#include "netio.h"

#define DATA 1460
#define MANY 60

struct frame {
	u8 b[1600];
	u32 n;
};

/* -- Segments as libslirp sends them ---------------------------------------------------- */

static u32 ip_bytes(bool v6)
{
	return v6 ? 40 : 20;
}

static u8 *tcp_of(struct frame *f, bool v6)
{
	return f->b + 14 + ip_bytes(v6);
}

static void set_checksums(struct frame *f, bool v6)
{
	u8 *ip = f->b + 14, *tcp = tcp_of(f, v6);
	u32 n = f->n - 14 - ip_bytes(v6);

	if (v6) {
		put_be16(ip + 4, (u16)n);
	} else {
		put_be16(ip + 2, (u16)(f->n - 14));
		put_be16(ip + 10, 0);
		put_be16(ip + 10, sum16_end(sum16(0, ip, 20)));
	}
	put_be16(tcp + 16, 0);
	put_be16(tcp + 16,
		 sum16_end(sum16(sum16(6 + n, v6 ? ip + 8 : ip + 12, v6 ? 32 : 8), tcp, n)));
}

/* The i-th of a row that has DATA bytes each; this one has `data`. */
static void segment(struct frame *f, bool v6, u32 i, u32 data)
{
	static const u8 ethernet[12] = { 0x52, 0x54, 0, 1, 2, 3, 0x52, 0x55, 10, 0, 2, 2 };
	u8 *ip = f->b + 14, *tcp = tcp_of(f, v6);

	*f = (struct frame){ .n = 14 + ip_bytes(v6) + 20 + data };
	memcpy(f->b, ethernet, sizeof(ethernet));
	put_be16(f->b + 12, v6 ? 0x86dd : 0x0800);
	if (v6) {
		ip[0] = 0x60;
		ip[6] = 6;
		ip[7] = 64;
		ip[8] = ip[24] = 0xfe;
		ip[9] = ip[25] = 0xc0;
		ip[23] = 2;
		ip[39] = 15;
	} else {
		ip[0] = 0x45;
		put_be16(ip + 4, (u16)(77 + i));
		ip[8] = 64;
		ip[9] = 6;
		memcpy(ip + 12, (u8[]){ 10, 0, 2, 2, 10, 0, 2, 15 }, 8);
	}
	put_be16(tcp, 80);
	put_be16(tcp + 2, 40000);
	put_be32(tcp + 4, 0xfffff000 + i * DATA); /* passes 0 */
	put_be32(tcp + 8, 99);
	tcp[12] = 0x50;
	tcp[13] = 0x10;
	put_be16(tcp + 14, 8760);
	for (u32 k = 0; k < data; k++)
		tcp[20 + k] = (u8)(i + k * 3);
	set_checksums(f, v6);
}

static const struct net_work good = { .good = true };

static bool join(struct net_join *j, const struct frame *f)
{
	return net_join(j, f->b, f->n, &good);
}

/* -- Cutting it again -------------------------------------------------------------------- */

struct pieces {
	struct frame at[MANY];
	u32 n;
};

static bool keep(void *ctx, u8 *frame, u32 len, const struct net_work *work)
{
	struct pieces *p = ctx;

	assert_true(p->n < MANY && len <= sizeof(p->at[0].b));
	assert_true(!work->csum && !work->cut);
	memcpy(p->at[p->n].b, frame, len);
	p->at[p->n++].n = len;
	return true;
}

static struct pieces cut_again(struct net_join *j)
{
	static u8 scratch[NET_FRAME_MAX];
	struct pieces p = { .n = 0 };
	const struct net_sink sink = { keep, &p, 0, scratch };
	struct net_work work;
	u32 n = net_join_end(j, &work);

	if (n) {
		assert_true(net_work_sound(j->frame, n, &work));
		assert_true(net_work_do(&sink, j->frame, n, &work));
	}
	return p;
}

/* -- Promises -------------------------------------------------------------------------------- */

static struct net_join j;

static void check_row(bool v6)
{
	struct frame sent[MANY];
	struct pieces p;
	u32 n = 0;

	j.len = 0;
	do {
		assert_true(n < MANY);
		segment(&sent[n], v6, n, n == 7 ? DATA - 1 : DATA);
	} while (join(&j, &sent[n]) && ++n);
	assert_int_equal(n, 8); /* the short one was the last */
	p = cut_again(&j);
	assert_int_equal(p.n, n);
	for (u32 i = 0; i < n; i++) {
		assert_int_equal(p.at[i].n, sent[i].n);
		assert_memory_equal(p.at[i].b, sent[i].b, sent[i].n);
	}
	assert_int_equal(cut_again(&j).n, 0); /* and nothing is left */
}

static void what_was_joined_is_cut_into_what_was_sent(void **state)
{
	check_row(false);
	check_row(true);
	(void)state;
}

static void a_row_without_end_becomes_the_largest_packet_there_is(void **state)
{
	struct net_work work;
	struct frame f;
	u32 n = 0, len;

	j.len = 0;
	for (segment(&f, false, 0, DATA); join(&j, &f); segment(&f, false, ++n, DATA))
		assert_true(n < MANY);
	len = net_join_end(&j, &work);
	assert_in_range(len, 14 + 65535 - DATA, 14 + 65535);
	assert_true(net_work_sound(j.frame, len, &work));
	(void)state;
}

static void one_alone_stays_as_it_is(void **state)
{
	struct net_work work;
	struct frame f;

	j.len = 0;
	segment(&f, false, 0, DATA);
	assert_true(join(&j, &f));
	assert_int_equal(net_join_end(&j, &work), f.n);
	assert_memory_equal(j.frame, f.b, f.n);
	assert_true(work.good && !work.csum && !work.cut);
	(void)state;
}

/* As from a driver that cuts its segments itself, and leaves their checksums. */
static void what_has_its_checksum_still_to_be_made_is_joined_and_alone_keeps_that(void **state)
{
	const struct net_work left = { .csum = true, .csum_start = 34, .csum_offset = 16 };
	struct net_work work;
	struct frame f;

	j.len = 0;
	segment(&f, false, 0, DATA);
	assert_true(net_join(&j, f.b, f.n, &left));
	assert_int_equal(net_join_end(&j, &work), f.n);
	assert_memory_equal(&work, &left, sizeof(work));

	assert_true(net_join(&j, f.b, f.n, &left));
	segment(&f, false, 1, DATA);
	assert_true(net_join(&j, f.b, f.n, &left));
	assert_int_equal(net_join_end(&j, &work), 54 + 2 * DATA);
	assert_true(work.csum && work.cut == NET_TSO4 && work.mss == DATA);
	(void)state;
}

static void a_checksum_that_may_be_wrong_is_not_hidden_in_a_row(void **state)
{
	const struct net_work none = { 0 };
	struct frame f;

	j.len = 0;
	segment(&f, false, 0, DATA);
	assert_false(net_join(&j, f.b, f.n, &none));
	assert_true(join(&j, &f));
	segment(&f, false, 1, DATA);
	assert_false(net_join(&j, f.b, f.n, &none));
	(void)state;
}

/* What differs in that byte of the TCP header (or before it) does not go on. */
static void only_the_next_of_the_same_connection_goes_on(void **state)
{
	static const int differs[] = {
		-34 + 5, -34 + 11, -20 + 1, -20 + 8, -20 + 15, 0, 3, 7, 11, 15,
	};
	struct frame f;

	for (u32 i = 0; i <= ARRAY_LEN(differs); i++) {
		j.len = 0;
		segment(&f, false, 0, DATA);
		assert_true(join(&j, &f));
		segment(&f, false, 1, DATA);
		if (i < ARRAY_LEN(differs))
			tcp_of(&f, false)[differs[i]] ^= 1;
		assert_int_equal(join(&j, &f), i == ARRAY_LEN(differs));
	}
	(void)state;
}

/* SYN, FIN, RST, URG, ECE, CWR and no ACK; options; no data; a fragment; padding. */
static void what_says_more_than_data_is_not_joined(void **state)
{
	static const u8 flags[] = { 0x12, 0x11, 0x14, 0x30, 0x50, 0x90, 0x00, 0x08 };
	struct frame f;

	j.len = 0;
	for (u32 i = 0; i < ARRAY_LEN(flags); i++) {
		segment(&f, false, 0, DATA);
		tcp_of(&f, false)[13] = flags[i];
		assert_false(join(&j, &f));
	}
	segment(&f, false, 0, DATA);
	tcp_of(&f, false)[12] = 0x60;
	assert_false(join(&j, &f));
	segment(&f, false, 0, DATA);
	f.b[14 + 6] = 0x20;
	assert_false(join(&j, &f));
	segment(&f, true, 0, 0);
	assert_false(join(&j, &f));
	segment(&f, false, 0, DATA);
	f.n++;
	assert_false(join(&j, &f));
	(void)state;
}

static void push_ends_a_frame_and_is_in_it(void **state)
{
	struct net_work work;
	struct frame f;

	j.len = 0;
	segment(&f, false, 0, DATA);
	assert_true(join(&j, &f));
	segment(&f, false, 1, DATA);
	tcp_of(&f, false)[13] |= 8;
	assert_true(join(&j, &f));
	segment(&f, false, 2, DATA);
	assert_false(join(&j, &f));
	assert_int_equal(net_join_end(&j, &work), 54 + 2 * DATA);
	assert_int_equal(j.frame[14 + 20 + 13], 0x18);
	(void)state;
}

/* Only the last piece of a large segment may be short. */
static void a_short_one_ends_a_frame(void **state)
{
	struct frame f;

	j.len = 0;
	segment(&f, false, 0, DATA);
	assert_true(join(&j, &f));
	segment(&f, false, 1, DATA - 1);
	assert_true(join(&j, &f));
	segment(&f, false, 2, DATA - 1);
	put_be32(tcp_of(&f, false) + 4, get_be32(tcp_of(&f, false) + 4) - 1);
	assert_false(join(&j, &f));
	(void)state;
}

/* No receiver takes segments of so few bytes: there would be thousands. */
static void tiny_segments_go_alone(void **state)
{
	struct frame f;

	j.len = 0;
	segment(&f, false, 0, NET_MSS_MIN - 1);
	assert_true(join(&j, &f));
	segment(&f, false, 0, NET_MSS_MIN - 1);
	put_be32(tcp_of(&f, false) + 4, 0xfffff000 + NET_MSS_MIN - 1);
	assert_false(join(&j, &f));
	(void)state;
}

/* To the byte: reading on is seen by ASan. */
static void no_byte_behind_a_frame_is_read(void **state)
{
	struct frame f;

	for (u32 v6 = 0; v6 < 2; v6++)
		for (u32 n = 0; n < 90; n++) {
			u8 *exact;

			segment(&f, v6, 0, 100);
			exact = xzalloc(MAX(n, 1));
			memcpy(exact, f.b, n);
			j.len = 0;
			assert_false(net_join(&j, exact, n, &good));
			free(exact);
		}
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_joined_is_cut_into_what_was_sent),
		cmocka_unit_test(a_row_without_end_becomes_the_largest_packet_there_is),
		cmocka_unit_test(one_alone_stays_as_it_is),
		cmocka_unit_test(
			what_has_its_checksum_still_to_be_made_is_joined_and_alone_keeps_that),
		cmocka_unit_test(a_checksum_that_may_be_wrong_is_not_hidden_in_a_row),
		cmocka_unit_test(only_the_next_of_the_same_connection_goes_on),
		cmocka_unit_test(what_says_more_than_data_is_not_joined),
		cmocka_unit_test(push_ends_a_frame_and_is_in_it),
		cmocka_unit_test(a_short_one_ends_a_frame),
		cmocka_unit_test(tiny_segments_go_alone),
		cmocka_unit_test(no_byte_behind_a_frame_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
