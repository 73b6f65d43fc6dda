/* virtio-net, and the work on frames that its engine does for either side. */
#include "virtio_bench.h"

extern const struct device_class device_virtio_net;

#define RX      0
#define TX      1
#define COMMAND 2
#define HEADER  12
#define SIZE    64

#define F_CSUM           ((u64)1 << 0)
#define F_GUEST_CSUM     ((u64)1 << 1)
#define F_GUEST_OFFLOADS ((u64)1 << 2)
#define F_MTU            ((u64)1 << 3)
#define F_GUEST_TSO4     ((u64)1 << 7)
#define F_HOST_TSO4      ((u64)1 << 11)
#define F_HOST_TSO6      ((u64)1 << 12)
#define F_HOST_ECN       ((u64)1 << 13)
#define F_MRG            ((u64)1 << 15)
#define F_CTRL           ((u64)1 << 17)
#define F_CTRL_RX        ((u64)1 << 18)
#define F_RX_EXTRA       ((u64)1 << 20)
#define F_MQ             ((u64)1 << 22)
#define F_MAC_ADDR       ((u64)1 << 23)

#define ALL (NET_CSUM | NET_TSO4 | NET_TSO6 | NET_ECN)

static const u8 own[6] = { 0x52, 0x54, 0, 1, 2, 3 };
static const u8 everyone[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

/* -- A card on the bench ----------------------------------------------------------- */

static void with_settings(const char *settings, driver_test *test)
{
	on_both(&device_virtio_net, settings, test);
}

static void on_cards(driver_test *test)
{
	with_settings("", test);
}

static u8 *rx_buffer(struct driver *d, u32 i)
{
	return ram(d, DATA_AT + 0x1000 * (u64)i);
}

static void give_buffers(struct driver *d, u32 n, u32 len)
{
	for (u32 i = 0; i < n; i++) {
		u32 slot = d->q[RX].avail_index % 32;

		add_chain(d, RX, &(struct buffer){ DATA_AT + 0x1000 * (u64)slot, len, true }, 1);
	}
	driver_kick(d, RX);
}

#define TX_AT (DATA_AT + 0x40000u)

/* The header and the frame as two buffers; NULL: no offload. */
static void transmit_on(struct driver *d, u32 q, const u8 *header, const u8 *frame, u32 len)
{
	u64 at = TX_AT + 0x1000 * (u64)(d->q[q].avail_index % 16);

	memset(ram(d, at), 0, HEADER);
	if (header)
		memcpy(ram(d, at), header, HEADER);
	memcpy(ram(d, at + HEADER), frame, len);
	add_chain(d, q, (struct buffer[]){ { at, HEADER, false }, { at + HEADER, len, false } }, 2);
	driver_kick(d, q);
}

static void transmit(struct driver *d, const u8 *header, const u8 *frame, u32 len)
{
	transmit_on(d, TX, header, frame, len);
}

static void make_frame(u8 *f, u32 n, const u8 *to)
{
	for (u32 i = 0; i < n; i++)
		f[i] = (u8)(i * 7 + 1);
	memcpy(f, to, 6);
	f[12] = 0x88; /* a local experiment: no IP to be understood */
	f[13] = 0xb5;
}

static bool arrive(struct driver *d, const u8 *to, u32 n)
{
	u8 f[NET_FRAME_MAX];

	make_frame(f, n, to);
	return bench_frame(d->b, f, n, &(struct net_work){ .good = false });
}

/* -- TCP frames, and an opinion on them of the test's own ------------------------------ */

#define TCP4_HEADERS 54

static u32 plain_sum(const u8 *p, u32 n, u32 sum)
{
	for (u32 i = 0; i < n; i++)
		sum += (u32)p[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static u32 tcp_sum(const u8 *f, u32 n, bool v6)
{
	u32 tcp = v6 ? 54 : 34, len = n - tcp;
	u32 sum = v6 ? plain_sum(f + 22, 32, 0) : plain_sum(f + 26, 8, 0);

	return plain_sum(f + tcp, len, sum + 6 + len);
}

static void set16(u8 *p, u32 v)
{
	p[0] = (u8)(v >> 8);
	p[1] = (u8)v;
}

/* A TCP frame of `data` bytes whose checksum is still that of the pseudo-header. */
static u32 make_tcp(u8 *f, u32 data, bool v6)
{
	u32 tcp = v6 ? 54 : 34, n = tcp + 20 + data, sum;

	memset(f, 0, tcp + 20);
	memcpy(f, own, 6);
	set16(f + 12, v6 ? 0x86dd : 0x0800);
	if (v6) {
		f[14] = 0x60;
		set16(f + 18, n - 54);
		f[20] = 6;
		f[22] = 0xfe, f[37] = 1, f[38] = 0xfe, f[53] = 2;
	} else {
		f[14] = 0x45;
		set16(f + 16, n - 14);
		set16(f + 18, 0x1000);
		f[22] = 64;
		f[23] = 6;
		f[26] = 10, f[29] = 15, f[30] = 10, f[33] = 2;
		set16(f + 24, ~plain_sum(f + 14, 20, 0));
	}
	set16(f + tcp, 40000);
	set16(f + tcp + 2, 80);
	put_be32(f + tcp + 4, 0xfffff000);
	f[tcp + 12] = 0x50;
	f[tcp + 13] = 0x99; /* CWR ACK PSH FIN */
	for (u32 i = 0; i < data; i++)
		f[tcp + 20 + i] = (u8)(i * 11);
	sum = (v6 ? plain_sum(f + 22, 32, 0) : plain_sum(f + 26, 8, 0)) + 6 + (n - tcp);
	set16(f + tcp + 16, plain_sum(NULL, 0, sum));
	return n;
}

static void tcp_header(u8 *h, u32 mss, bool v6)
{
	memset(h, 0, HEADER);
	h[0] = 1;
	h[1] = mss ? (v6 ? 4 : 1) : 0;
	h[4] = (u8)mss;
	h[5] = (u8)(mss >> 8);
	h[6] = v6 ? 54 : 34;
	h[8] = 16;
}

/* -- Sending ---------------------------------------------------------------------------- */

static void check_send(struct driver *d)
{
	u8 f[1514];
	u32 head, written;

	driver_start(d, 0, 2, SIZE);
	make_frame(f, sizeof(f), everyone);
	transmit(d, NULL, f, sizeof(f));
	assert_int_equal(d->b->nsent, 1);
	assert_int_equal(d->b->sent_bytes, sizeof(f));
	assert_memory_equal(d->b->sent, f, sizeof(f));
	assert_false(d->b->sent_work.csum || d->b->sent_work.cut);
	assert_true(take_used(d, TX, &head, &written));
	assert_int_equal(written, 0);
	assert_true(driver_line(d));
}

static void what_the_driver_sends_goes_out_as_it_is(void **state)
{
	on_cards(check_send);
	(void)state;
}

static void check_full(struct driver *d)
{
	u8 f[100];

	driver_start(d, 0, 2, SIZE);
	d->b->cable_full = true;
	for (u32 i = 0; i < 3; i++) {
		make_frame(f, sizeof(f), everyone);
		f[20] = (u8)i;
		transmit(d, NULL, f, sizeof(f));
	}
	assert_int_equal(d->b->nsent, 0);
	assert_int_equal(used_index(d, TX), 1); /* one waits in the card, two in the queue */
	d->b->cable_full = false;
	d->b->cable.changed(d->b->cable.ctx);
	assert_int_equal(d->b->nsent, 3);
	assert_int_equal(d->b->sent[20], 2);
	assert_int_equal(used_index(d, TX), 3);
}

static void behind_a_full_cable_frames_wait_in_their_order(void **state)
{
	on_cards(check_full);
	(void)state;
}

static void check_burst(struct driver *d)
{
	u8 f[60];

	driver_start(d, 0, 2, 256);
	make_frame(f, sizeof(f), everyone);
	memset(ram(d, TX_AT), 0, HEADER);
	memcpy(ram(d, TX_AT + HEADER), f, sizeof(f));
	for (u32 i = 0; i < 250; i++)
		add_chain(d, TX, &(struct buffer){ TX_AT, HEADER + sizeof(f), false }, 1);
	d->v->budget = 0;
	driver_kick(d, TX);
	assert_int_equal(d->b->nsent, 250);
}

static void a_full_queue_is_sent(void **state)
{
	on_cards(check_burst);
	(void)state;
}

static void check_hostile_chains(struct driver *d)
{
	struct buffer bad[][2] = {
		{ { TX_AT, HEADER, false }, { TX_AT, 100, true } },
		{ { TX_AT, HEADER - 1, false }, { TX_AT, 1, true } },
		{ { TX_AT, HEADER, false }, { TX_AT, 13, false } },
		{ { TX_AT, HEADER, false }, { TX_AT, NET_FRAME_MAX + 1, false } },
	};
	u64 errors = device_guest_errors(d->dev);

	driver_start(d, 0, 2, SIZE);
	for (u32 i = 0; i < ARRAY_LEN(bad); i++)
		add_chain(d, TX, bad[i], 2);
	driver_kick(d, TX);
	assert_int_equal(d->b->nsent, 0);
	assert_int_equal(used_index(d, TX), ARRAY_LEN(bad));
	assert_int_equal(device_guest_errors(d->dev) - errors, ARRAY_LEN(bad));
	assert_int_equal(driver_status(d), 0xf);
	add_chain(d, TX, &(struct buffer){ BENCH_RAM_BASE, 0x30000, false }, 1);
	driver_kick(d, TX);
	assert_int_equal(driver_status(d) & 0x40, 0x40);
}

static void a_chain_that_is_no_frame_is_given_back_and_counted(void **state)
{
	on_cards(check_hostile_chains);
	(void)state;
}

/* -- Offloads of what is sent --------------------------------------------------------------- */

static void check_csum_kept(struct driver *d)
{
	u8 f[200], h[HEADER];
	u32 n = make_tcp(f, 100, false);

	driver_start(d, F_CSUM, 2, SIZE);
	tcp_header(h, 0, false);
	transmit(d, h, f, n);
	assert_memory_equal(d->b->sent, f, n);
	assert_true(d->b->sent_work.csum);
	assert_int_equal(d->b->sent_work.csum_start, 34);
	assert_int_equal(d->b->sent_work.csum_offset, 16);
}

static void a_checksum_is_left_to_a_cable_that_takes_it(void **state)
{
	on_cards(check_csum_kept);
	(void)state;
}

static void check_csum(struct driver *d)
{
	u8 f[300], h[HEADER];

	driver_start(d, F_CSUM, 2, SIZE);
	for (u32 v6 = 0; v6 < 2; v6++)
		for (u32 data = 1; data < 4; data++) {
			u32 n = make_tcp(f, data, v6);

			d->b->cable.takes = 0;
			tcp_header(h, 0, v6);
			transmit(d, h, f, n);
			assert_int_equal(d->b->sent_bytes, n);
			assert_int_equal(tcp_sum(d->b->sent, n, v6), 0xffff);
			assert_false(d->b->sent_work.csum);
		}
}

static void a_checksum_is_completed_for_a_cable_that_does_not(void **state)
{
	on_cards(check_csum);
	(void)state;
}

/* What is sent is looked at as it passes. */
struct pieces {
	u32 n, bytes, mss;
	bool v6;
	struct net inner;
};

static struct pieces pieces;

static bool look_at_piece(struct net *n, const u8 *f, u32 len, const struct net_work *w)
{
	u32 tcp = pieces.v6 ? 54 : 34, data = len - tcp - 20;
	bool last = data < pieces.mss;

	assert_int_equal(tcp_sum(f, len, pieces.v6), 0xffff);
	assert_int_equal(get_be32(f + tcp + 4), 0xfffff000 + pieces.bytes);
	assert_int_equal(f[tcp + 13] & 0x9, last ? 0x9 : 0);
	assert_int_equal(f[tcp + 13] >> 7, pieces.n == 0);
	assert_int_equal(f[tcp + 20], (u8)(pieces.bytes * 11));
	if (!pieces.v6) {
		assert_int_equal(plain_sum(f + 14, 20, 0), 0xffff);
		assert_int_equal(get_be16(f + 16), len - 14);
		assert_int_equal(get_be16(f + 18), 0x1000 + pieces.n);
	} else {
		assert_int_equal(get_be16(f + 18), len - 54);
	}
	assert_false(w->csum || w->cut);
	pieces.n++;
	pieces.bytes += data;
	(void)n;
	return true;
}

static void send_large(struct driver *d, bool v6)
{
	static const struct net_ops ops = { .send = look_at_piece };
	u8 f[4000], h[HEADER];
	u32 n = make_tcp(f, 3600, v6);

	pieces = (struct pieces){ .mss = 1000, .v6 = v6 };
	d->b->cable.ops = &ops;
	d->b->cable.takes = 0;
	tcp_header(h, 1000, v6);
	h[1] |= 0x80;
	transmit(d, h, f, n);
	assert_int_equal(pieces.n, 4);
	assert_int_equal(pieces.bytes, 3600);
}

static void check_cut(struct driver *d)
{
	driver_start(d, F_CSUM | F_HOST_TSO4 | F_HOST_TSO6 | F_HOST_ECN, 2, SIZE);
	send_large(d, false);
	send_large(d, true);
}

static void a_large_segment_becomes_several_with_headers_of_their_own(void **state)
{
	on_cards(check_cut);
	(void)state;
}

static void check_whole(struct driver *d)
{
	u8 f[4000], h[HEADER];
	u32 n = make_tcp(f, 3600, false);

	driver_start(d, F_CSUM | F_HOST_TSO4, 2, SIZE);
	d->b->cable.takes = NET_TSO4;
	tcp_header(h, 1000, false);
	transmit(d, h, f, n);
	assert_int_equal(d->b->nsent, 1);
	assert_int_equal(d->b->sent_bytes, n);
	assert_int_equal(d->b->sent_work.cut, NET_TSO4);
	assert_int_equal(d->b->sent_work.mss, 1000);
	assert_int_equal(tcp_sum(d->b->sent, n, false), 0xffff);
}

static void a_cable_may_take_large_segments_and_no_checksums(void **state)
{
	on_cards(check_whole);
	(void)state;
}

static void check_refused_work(struct driver *d)
{
	u8 f[4000], h[HEADER];
	u32 n = make_tcp(f, 3600, false);

	driver_start(d, 0, 2, SIZE);
	tcp_header(h, 0, false);
	transmit(d, h, f, n);
	assert_int_equal(d->b->nsent, 0);
	driver_start(d, F_CSUM, 2, SIZE);
	tcp_header(h, 1000, false);
	transmit(d, h, f, n);
	assert_int_equal(d->b->nsent, 0);
	h[1] = 3; /* UDP */
	transmit(d, h, f, n);
	assert_int_equal(d->b->nsent, 0);
	assert_int_equal(driver_status(d), 0xf);
	assert_int_equal(used_index(d, TX), 2);
}

static void work_that_was_not_agreed_on_drops_the_frame(void **state)
{
	on_cards(check_refused_work);
	(void)state;
}

/* Each changes one thing of a sound frame. */
static const struct nonsense {
	u32 at, value;
	bool header; /* of the virtio header, else of the frame */
} nonsense[] = {
	{ 6, 33, true },     { 6, 13, true },           { 6, 0xff, true },   { 8, 17, true },
	{ 9, 0xff, true },   { 4, 10, true } /* mss */, { 0, 0, true },      { 14, 0x65, false },
	{ 14, 0x44, false }, { 14, 0x46, false },       { 20, 0x20, false }, { 21, 1, false },
	{ 23, 17, false },   { 46, 0x40, false },       { 46, 0xf0, false }, { 12, 0x86, false },
};

static void check_nonsense(struct driver *d)
{
	u8 f[200], h[HEADER];

	driver_start(d, F_CSUM | F_HOST_TSO4, 2, SIZE);
	for (u32 takes = 0; takes <= ALL; takes += ALL)
		for (u32 i = 0; i < ARRAY_LEN(nonsense); i++) {
			const struct nonsense *x = &nonsense[i];
			u32 n = make_tcp(f, 38, false);

			tcp_header(h, 64 + 256, false);
			if (x->at == 4)
				h[5] = 0;
			(x->header ? h : f)[x->at] = (u8)x->value;
			d->b->cable.takes = takes;
			transmit(d, h, f, n);
			if (d->b->nsent)
				fail_msg("row %u was sent", i);
		}
}

static void an_offload_that_makes_no_sense_never_leaves(void **state)
{
	on_cards(check_nonsense);
	(void)state;
}

/* -- Receiving ------------------------------------------------------------------------------- */

static void check_receive(struct driver *d)
{
	u8 f[NET_FRAME_MAX];
	u32 head, written;

	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 1, 1600);
	assert_true(arrive(d, own, 1000));
	assert_true(take_used(d, RX, &head, &written));
	assert_int_equal(written, HEADER + 1000);
	make_frame(f, 1000, own);
	assert_memory_equal(rx_buffer(d, 0) + HEADER, f, 1000);
	assert_memory_equal(rx_buffer(d, 0), "\0\0\0\0\0\0\0\0\0\0\1\0", HEADER);
	assert_true(driver_line(d));
}

static void what_arrives_is_in_the_drivers_buffer_with_a_header(void **state)
{
	on_cards(check_receive);
	(void)state;
}

static void check_merge(struct driver *d)
{
	u8 f[NET_FRAME_MAX], got[3000];
	u32 head, written, n = 0;

	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 8, 700);
	assert_true(arrive(d, own, 2500));
	assert_int_equal(get_le16(rx_buffer(d, 0) + 10), 4);
	for (u32 i = 0; take_used(d, RX, &head, &written); i++) {
		memcpy(got + n, rx_buffer(d, i), written);
		n += written;
	}
	assert_int_equal(n, HEADER + 2500);
	make_frame(f, 2500, own);
	assert_memory_equal(got + HEADER, f, 2500);
	assert_true(arrive(d, own, 100)); /* the next one follows behind */
	assert_true(take_used(d, RX, &head, &written));
	assert_int_equal(head, 4);
	assert_int_equal(used_index(d, RX), 5);
}

static void a_large_frame_is_spread_over_merged_buffers(void **state)
{
	on_cards(check_merge);
	(void)state;
}

static void check_too_few(struct driver *d)
{
	u32 ready;

	driver_start(d, F_MRG | F_EVENT_IDX, 2, SIZE);
	give_buffers(d, 3, 700);
	assert_false(arrive(d, own, 2500));
	assert_int_equal(used_index(d, RX), 0);
	assert_int_equal(d->v->q[RX].in_flight, 0);
	ready = d->b->cable_ready;
	give_buffers(d, 1, 700);
	assert_int_equal(d->b->cable_ready, ready + 1);
	assert_true(arrive(d, own, 2500));
	assert_int_equal(used_index(d, RX), 4);
}

static void with_too_few_buffers_the_cable_keeps_the_frame(void **state)
{
	on_cards(check_too_few);
	(void)state;
}

static void check_no_merge(struct driver *d)
{
	u32 head, written;

	driver_start(d, 0, 2, SIZE);
	give_buffers(d, 2, 700);
	assert_true(arrive(d, own, 689)); /* one byte too many: lost */
	assert_int_equal(used_index(d, RX), 0);
	assert_true(arrive(d, own, 688));
	assert_true(take_used(d, RX, &head, &written));
	assert_int_equal(written, 700);
	assert_int_equal(get_le16(rx_buffer(d, 0) + 10), 1);
}

static void without_merging_a_frame_is_in_one_buffer_or_lost(void **state)
{
	on_cards(check_no_merge);
	(void)state;
}

static void check_tiny_buffers(struct driver *d)
{
	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 63, 12);
	give_buffers(d, 1, 1);
	assert_true(arrive(d, own, 1514)); /* in no 64 buffers */
	assert_int_equal(used_index(d, RX), 0);
	assert_int_equal(driver_status(d), 0xf);
	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 64, 11); /* not even the header */
	assert_true(arrive(d, own, 100));
	assert_int_equal(used_index(d, RX), 0);
}

static void buffers_of_a_few_bytes_cost_the_frame_and_nothing_else(void **state)
{
	on_cards(check_tiny_buffers);
	(void)state;
}

static void check_odd_lengths(struct driver *d)
{
	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 1, 1600);
	assert_true(arrive(d, own, 13));
	assert_int_equal(used_index(d, RX), 0);
	assert_true(arrive(d, own, 14));
	assert_int_equal(used_index(d, RX), 1);
}

static void a_frame_without_a_whole_header_is_none(void **state)
{
	on_cards(check_odd_lengths);
	(void)state;
}

static void check_stopped(struct driver *d)
{
	assert_true(arrive(d, own, 100)); /* nobody is there */
	driver_start(d, F_MRG, 2, SIZE);
	assert_false(arrive(d, own, 100)); /* somebody is, without buffers */
	driver_set_status(d, 0);
	assert_true(arrive(d, own, 100));
}

static void without_a_driver_frames_are_lost_and_not_kept(void **state)
{
	on_cards(check_stopped);
	(void)state;
}

/* -- Offloads of what arrives ------------------------------------------------------------------ */

static u32 arrive_large(struct driver *d, u32 mss, bool csum)
{
	u8 f[4000];
	u32 n = make_tcp(f, 3600, false);
	struct net_work w = { .csum = csum, .csum_start = 34, .csum_offset = 16 };

	if (mss) {
		w.cut = NET_TSO4;
		w.mss = (u16)mss;
	}
	assert_true(bench_frame(d->b, f, n, &w));
	return n;
}

static void check_arrive_whole(struct driver *d)
{
	static const u8 header[HEADER] = { 1, 1, 54, 0, 0xe8, 3, 34, 0, 16, 0, 1, 0 };
	u32 head, written, n;

	driver_start(d, F_MRG | F_GUEST_CSUM | F_GUEST_TSO4, 2, SIZE);
	give_buffers(d, 1, 4096);
	n = arrive_large(d, 1000, true);
	assert_true(take_used(d, RX, &head, &written));
	assert_int_equal(written, HEADER + n);
	assert_memory_equal(rx_buffer(d, 0), header, HEADER);
}

static void a_driver_that_can_gets_large_segments_whole(void **state)
{
	on_cards(check_arrive_whole);
	(void)state;
}

static void check_arrive_cut(struct driver *d)
{
	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 4, 1600);
	arrive_large(d, 1000, true);
	assert_int_equal(used_index(d, RX), 4);
	for (u32 i = 0; i < 4; i++) {
		u32 n = TCP4_HEADERS + (i < 3 ? 1000 : 600);

		assert_int_equal(tcp_sum(rx_buffer(d, i) + HEADER, n, false), 0xffff);
		assert_int_equal(rx_buffer(d, i)[0], 0);
	}
}

static void a_driver_that_cannot_gets_them_cut(void **state)
{
	on_cards(check_arrive_cut);
	(void)state;
}

static void check_kept_work(struct driver *d)
{
	struct net_work w = { .csum = true, .csum_start = 34, .csum_offset = 16 };
	u8 f[200];
	u32 n = make_tcp(f, 100, false);

	driver_start(d, F_MRG, 2, SIZE);
	assert_false(bench_frame(d->b, f, n, &w));
	give_buffers(d, 1, 1600);
	assert_true(bench_frame(d->b, f, n, &w));
	assert_int_equal(tcp_sum(rx_buffer(d, 0) + HEADER, n, false), 0xffff);
}

static void a_frame_that_was_kept_is_summed_up_once(void **state)
{
	on_cards(check_kept_work);
	(void)state;
}

static void check_good(struct driver *d)
{
	u8 f[200];
	u32 n = make_tcp(f, 100, false);

	driver_start(d, F_MRG | F_GUEST_CSUM, 2, SIZE);
	give_buffers(d, 2, 1600);
	bench_frame(d->b, f, n, &(struct net_work){ .good = true });
	assert_int_equal(rx_buffer(d, 0)[0], 2);
	bench_frame(d->b, f, n, &(struct net_work){ .good = false });
	assert_int_equal(rx_buffer(d, 1)[0], 0);
}

static void checksums_that_were_verified_are_said_to_be_good(void **state)
{
	on_cards(check_good);
	(void)state;
}

static void check_hostile_peer(struct driver *d)
{
	u8 f[200];
	u32 n = make_tcp(f, 100, false);

	driver_start(d, F_MRG | F_GUEST_CSUM | F_GUEST_TSO4, 2, SIZE);
	give_buffers(d, 2, 1600);
	assert_true(bench_frame(d->b, f, n, &(struct net_work){ .csum = true, .csum_start = 199 }));
	assert_true(bench_frame(d->b, f, n, &(struct net_work){ .cut = NET_TSO4, .mss = 1 }));
	assert_int_equal(used_index(d, RX), 0);
}

static void a_peers_offload_that_makes_no_sense_does_not_arrive(void **state)
{
	on_cards(check_hostile_peer);
	(void)state;
}

/* -- Commands ---------------------------------------------------------------------------------- */

/* The answer: 0 is OK. */
static u8 command_on(struct driver *d, u32 q, const u8 *bytes, u32 n)
{
	memcpy(ram(d, TX_AT), bytes, n);
	*ram(d, TX_AT + 0x1000) = 0xee;
	add_chain(d, q,
		  (struct buffer[]){ { TX_AT, 2, false },
				     { TX_AT + 2, n - 2, false },
				     { TX_AT + 0x1000, 1, true } },
		  3);
	driver_kick(d, q);
	return *ram(d, TX_AT + 0x1000);
}

static u8 command(struct driver *d, const u8 *bytes, u32 n)
{
	return command_on(d, COMMAND, bytes, n);
}

static u8 mode(struct driver *d, u32 which, u32 on)
{
	return command(d, (u8[]){ 0, (u8)which, (u8)on }, 3);
}

static bool hears(struct driver *d, const u8 *to)
{
	u16 before = used_index(d, RX);

	give_buffers(d, 1, 200);
	assert_true(arrive(d, to, 100));
	return used_index(d, RX) != before;
}

static const u8 other[6] = { 0x52, 0x54, 0, 9, 9, 9 };
static const u8 group[6] = { 0x33, 0x33, 0, 0, 0, 1 };

static void check_modes(struct driver *d)
{
	driver_start(d, F_MRG | F_CTRL | F_CTRL_RX | F_RX_EXTRA, 3, SIZE);
	assert_true(hears(d, everyone));
	assert_false(hears(d, other));
	assert_false(hears(d, group));
	assert_int_equal(mode(d, 1, 1), 0); /* all groups */
	assert_true(hears(d, group));
	assert_int_equal(mode(d, 3, 1), 0); /* none */
	assert_false(hears(d, group));
	assert_int_equal(mode(d, 5, 1), 0); /* no broadcast */
	assert_false(hears(d, everyone));
	assert_int_equal(mode(d, 2, 1), 0); /* all cards */
	assert_true(hears(d, other));
	assert_int_equal(mode(d, 0, 1), 0); /* everything */
	assert_true(hears(d, group));
	assert_int_equal(mode(d, 6, 1), 1);
	assert_int_equal(mode(d, 0, 0), 0);
	driver_start(d, F_MRG, 2, SIZE);
	assert_true(hears(d, other)); /* a driver that cannot choose hears all */
}

static void the_driver_chooses_what_it_hears(void **state)
{
	on_cards(check_modes);
	(void)state;
}

static void check_table(struct driver *d)
{
	u8 set[2 + 4 + 6 + 4 + 6] = { 1, 0, 1 };
	u8 many[2 + 4 + 4 + 65 * 6] = { 1, 0, 0, 0, 0, 0, 65 };

	driver_start(d, F_MRG | F_CTRL | F_CTRL_RX, 3, SIZE);
	memcpy(set + 6, other, 6);
	set[12] = 1;
	memcpy(set + 16, group, 6);
	assert_int_equal(command(d, set, sizeof(set)), 0);
	assert_true(hears(d, other));
	assert_true(hears(d, group));
	assert_int_equal(command(d, many, sizeof(many)), 0); /* too many groups: all of them */
	assert_false(hears(d, other));
	assert_true(hears(d, group));
	set[12] = 2; /* more than the command holds */
	assert_int_equal(command(d, set, sizeof(set)), 1);
	set[2] = set[5] = 0xff;
	assert_int_equal(command(d, set, sizeof(set)), 1);
	assert_true(hears(d, group)); /* a refused one changes nothing */
}

static void the_drivers_lists_of_addresses_are_heeded(void **state)
{
	on_cards(check_table);
	(void)state;
}

static void check_set_mac(struct driver *d)
{
	u8 set[8] = { 1, 1, 0x02, 1, 1, 1, 1, 1 };

	driver_start(d, F_MRG | F_CTRL | F_CTRL_RX | F_MAC_ADDR, 3, SIZE);
	assert_false(hears(d, set + 2));
	assert_int_equal(command(d, set, sizeof(set)), 0);
	assert_true(hears(d, set + 2));
	assert_int_equal(driver_config(d, 0, 1), 0x02);
	driver_set_status(d, 0);
	assert_int_equal(driver_config(d, 0, 1), 0x52); /* as the board has it */
}

static void the_driver_may_change_the_address_until_it_resets(void **state)
{
	on_cards(check_set_mac);
	(void)state;
}

static void check_offloads(struct driver *d)
{
	u8 set[10] = { 5, 0, 2 }; /* GUEST_CSUM alone */
	u32 head, written;

	driver_start(d, F_MRG | F_CTRL | F_GUEST_OFFLOADS | F_GUEST_CSUM | F_GUEST_TSO4, 3, SIZE);
	assert_int_equal(command(d, set, sizeof(set)), 0);
	give_buffers(d, 8, 1600);
	arrive_large(d, 1000, true);
	assert_true(take_used(d, RX, &head, &written));
	assert_int_equal(written, HEADER + TCP4_HEADERS + 1000);
	set[3] = 1; /* TSO6, which was not agreed on */
	assert_int_equal(command(d, set, sizeof(set)), 1);
}

static void the_driver_can_switch_offloads_off_while_it_runs(void **state)
{
	on_cards(check_offloads);
	(void)state;
}

static void check_commands(struct driver *d)
{
	driver_start(d, F_CTRL, 3, SIZE);
	assert_int_equal(mode(d, 0, 1), 1); /* not agreed on */
	assert_int_equal(command(d, (u8[]){ 4, 0, 1, 0 }, 4), 1);
	assert_int_equal(command(d, (u8[]){ 9, 0, 1 }, 3), 1);
	assert_int_equal(command(d, (u8[]){ 1, 1, 1 }, 3), 1);
	add_chain(d, COMMAND, &(struct buffer){ TX_AT, 1, true }, 1);
	driver_kick(d, COMMAND);
	assert_int_equal(*ram(d, TX_AT), 1);
	assert_int_equal(driver_status(d), 0xf);
	add_chain(d, COMMAND, &(struct buffer){ TX_AT, 100, false }, 1);
	driver_kick(d, COMMAND);
	assert_int_equal(driver_status(d) & 0x40, 0x40); /* nowhere to put the answer */
}

static void a_command_that_is_none_is_answered_with_an_error(void **state)
{
	on_cards(check_commands);
	(void)state;
}

/* -- Several queues ------------------------------------------------------------------------------
 */

static void send_flow(struct driver *d, u32 pair)
{
	u8 f[200];
	u32 n = make_tcp(f, 50, false);

	transmit_on(d, 2 * pair + 1, NULL, f, n);
}

/* The answer to that flow: addresses and ports changed over. */
static u32 answer(struct driver *d)
{
	u8 f[200], was[200];
	u32 n = make_tcp(f, 50, false);

	memcpy(was, f, n);
	memcpy(f + 26, was + 30, 4);
	memcpy(f + 30, was + 26, 4);
	memcpy(f + 34, was + 36, 2);
	memcpy(f + 36, was + 34, 2);
	assert_true(bench_frame(d->b, f, n, &(struct net_work){ .good = false }));
	for (u32 pair = 0; pair < 3; pair++)
		if (d->q[2 * pair].seen != used_index(d, 2 * pair)) {
			d->q[2 * pair].seen++;
			return pair;
		}
	return 99;
}

static void check_pairs(struct driver *d)
{
	driver_start(d, F_MRG | F_CTRL | F_MQ, 7, SIZE);
	assert_int_equal(driver_config(d, 8, 2), 3);
	for (u32 pair = 0; pair < 3; pair++) {
		for (u32 i = 0; i < 8; i++)
			add_chain(d, 2 * pair, &(struct buffer){ DATA_AT + 0x1000 * i, 1600, true },
				  1);
		driver_kick(d, 2 * pair);
	}
	send_flow(d, 2);
	assert_int_equal(answer(d), 0); /* one pair is in use */
	assert_int_equal(command_on(d, 6, (u8[]){ 4, 0, 3, 0 }, 4), 0);
	send_flow(d, 2);
	assert_int_equal(answer(d), 2);
	send_flow(d, 1);
	assert_int_equal(answer(d), 1);
	assert_int_equal(command_on(d, 6, (u8[]){ 4, 0, 4, 0 }, 4), 1);
	assert_int_equal(command_on(d, 6, (u8[]){ 4, 0, 0, 0 }, 4), 1);
}

static void a_flow_arrives_on_the_pair_that_it_was_sent_on(void **state)
{
	with_settings("queues=3", check_pairs);
	(void)state;
}

/* -- Configuration ------------------------------------------------------------------------ */

static void check_config(struct driver *d)
{
	u8 mac[6];
	u64 offered = driver_offered(d);

	for (u32 i = 0; i < 6; i++)
		mac[i] = (u8)driver_config(d, i, 1);
	assert_int_equal(mac[0], 0x52); /* made from its name */
	assert_int_equal(driver_config(d, 6, 2), 1);
	assert_false(offered & (F_MTU | F_MQ));
	assert_true(offered & F_MRG);
}

static void a_card_has_an_address_and_a_link(void **state)
{
	on_cards(check_config);
	(void)state;
}

static void check_mtu(struct driver *d)
{
	assert_true(driver_offered(d) & F_MTU);
	assert_int_equal(driver_config(d, 10, 2), 9000);
}

static void an_mtu_is_told_if_it_is_given(void **state)
{
	with_settings("mtu=9000", check_mtu);
	(void)state;
}

static void check_unplugged(struct driver *d)
{
	driver_start(d, 0, 2, SIZE);
	driver_take_isr(d);
	d->b->cable.link = false;
	d->b->cable.changed(d->b->cable.ctx);
	assert_int_equal(driver_config(d, 6, 2), 0);
	assert_int_equal(driver_take_isr(d), 2);
	d->b->cable.changed(d->b->cable.ctx); /* only room: no news */
	assert_int_equal(driver_take_isr(d), 0);
}

static void a_cable_that_is_pulled_is_told(void **state)
{
	on_cards(check_unplugged);
	(void)state;
}

static void the_back_ends_address_goes_before_one_made_from_the_name(void **state)
{
	struct bench *b = bench_new();
	struct driver d;

	memcpy(b->cable.mac, own, 6);
	driver_init(&d, b, &device_virtio_net, "", false);
	assert_int_equal(driver_config(&d, 5, 1), own[5]);
	bench_end(b);
	(void)state;
}

/* -- Reset -------------------------------------------------------------------------------- */

static void check_reset(struct driver *d)
{
	u8 f[100];

	driver_start(d, 0, 2, SIZE);
	d->b->cable_full = true;
	make_frame(f, sizeof(f), everyone);
	transmit(d, NULL, f, sizeof(f));
	driver_set_status(d, 0);
	d->b->cable_full = false;
	d->b->cable.changed(d->b->cable.ctx);
	assert_int_equal(d->b->nsent, 0); /* a reset card has nothing to send */
	driver_start(d, F_MRG, 2, SIZE);
	give_buffers(d, 1, 1600);
	assert_true(arrive(d, own, 100));
	assert_int_equal(used_index(d, RX), 1);
	transmit(d, NULL, f, 60);
	assert_int_equal(d->b->nsent, 1);
	assert_int_equal(d->b->sent_bytes, 60);
}

static void a_reset_forgets_the_frame_that_waits(void **state)
{
	on_cards(check_reset);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_the_driver_sends_goes_out_as_it_is),
		cmocka_unit_test(behind_a_full_cable_frames_wait_in_their_order),
		cmocka_unit_test(a_full_queue_is_sent),
		cmocka_unit_test(a_chain_that_is_no_frame_is_given_back_and_counted),
		cmocka_unit_test(a_checksum_is_left_to_a_cable_that_takes_it),
		cmocka_unit_test(a_checksum_is_completed_for_a_cable_that_does_not),
		cmocka_unit_test(a_large_segment_becomes_several_with_headers_of_their_own),
		cmocka_unit_test(a_cable_may_take_large_segments_and_no_checksums),
		cmocka_unit_test(work_that_was_not_agreed_on_drops_the_frame),
		cmocka_unit_test(an_offload_that_makes_no_sense_never_leaves),
		cmocka_unit_test(what_arrives_is_in_the_drivers_buffer_with_a_header),
		cmocka_unit_test(a_large_frame_is_spread_over_merged_buffers),
		cmocka_unit_test(with_too_few_buffers_the_cable_keeps_the_frame),
		cmocka_unit_test(without_merging_a_frame_is_in_one_buffer_or_lost),
		cmocka_unit_test(buffers_of_a_few_bytes_cost_the_frame_and_nothing_else),
		cmocka_unit_test(a_frame_without_a_whole_header_is_none),
		cmocka_unit_test(without_a_driver_frames_are_lost_and_not_kept),
		cmocka_unit_test(a_driver_that_can_gets_large_segments_whole),
		cmocka_unit_test(a_driver_that_cannot_gets_them_cut),
		cmocka_unit_test(a_frame_that_was_kept_is_summed_up_once),
		cmocka_unit_test(checksums_that_were_verified_are_said_to_be_good),
		cmocka_unit_test(a_peers_offload_that_makes_no_sense_does_not_arrive),
		cmocka_unit_test(the_driver_chooses_what_it_hears),
		cmocka_unit_test(the_drivers_lists_of_addresses_are_heeded),
		cmocka_unit_test(the_driver_may_change_the_address_until_it_resets),
		cmocka_unit_test(the_driver_can_switch_offloads_off_while_it_runs),
		cmocka_unit_test(a_command_that_is_none_is_answered_with_an_error),
		cmocka_unit_test(a_flow_arrives_on_the_pair_that_it_was_sent_on),
		cmocka_unit_test(a_card_has_an_address_and_a_link),
		cmocka_unit_test(an_mtu_is_told_if_it_is_given),
		cmocka_unit_test(a_cable_that_is_pulled_is_told),
		cmocka_unit_test(the_back_ends_address_goes_before_one_made_from_the_name),
		cmocka_unit_test(a_reset_forgets_the_frame_that_waits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
