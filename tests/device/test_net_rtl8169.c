/* What drivers expect of an RTL8169, and what hostile ones get. */
#include "bench.h"

#define BAR     0x40000000u
#define TX      (BENCH_RAM_BASE + 0x1000)
#define RX      (BENCH_RAM_BASE + 0x2000)
#define BUFFERS (BENCH_RAM_BASE + 0x10000)
#define OUTSIDE 0x10000000u

enum {
	MAC = 0x00,
	MULTICAST = 0x08,
	COUNTERS = 0x10,
	TX_RING = 0x20,
	COMMAND = 0x37,
	POLL = 0x38,
	MASK = 0x3c,
	STATUS = 0x3e,
	TX_CONFIG = 0x40,
	RX_CONFIG = 0x44,
	LOCK = 0x50,
	PHY = 0x60,
	PHY_STATUS = 0x6c,
	RX_MAX = 0xda,
	CPLUS = 0xe0,
	RX_RING = 0xe4,
};

enum {
	RX_OK = 1,
	TX_OK = 4,
	TX_ERROR = 8,
	RX_NONE = 0x10,
	LINK = 0x20,
	SYSTEM_ERROR = 0x8000,
};

#define OWN   0x80000000u
#define EOR   0x40000000u
#define FIRST 0x20000000u
#define LAST  0x10000000u
#define WHOLE (OWN | FIRST | LAST)

struct card {
	struct bench *b;
	struct device *bridge, *dev;
	struct bench_values values;
};

static void put(struct card *c, u32 reg, u32 width, u64 v)
{
	mem_io_write(c->b->machine.mem, NULL, BAR + reg, width, v);
}

static u64 get(struct card *c, u32 reg, u32 width)
{
	u64 v = 0;

	assert_true(mem_io_read(c->b->machine.mem, NULL, BAR + reg, width, &v));
	return v;
}

static u8 *ram(struct card *c, u64 gpa)
{
	return c->b->ram + (gpa - BENCH_RAM_BASE);
}

static void config(struct card *c, u32 reg, u32 width, u32 v)
{
	device_write(c->bridge, (1 << 15) + reg, width, v);
}

static void card_start(struct card *c)
{
	const struct device_class *class = bench_find("net-rtl8169");
	struct err e = { 0 };

	c->b = bench_new();
	c->bridge = bench_add(c->b, "pcie-ecam", "reg=0x30000000:16M windows.mem32=0x40000000:16M");
	memset(&c->values, 0, sizeof(c->values));
	bench_parse(&c->values, class, "");
	c->dev = bench_place(c->b, class, c->values.values,
			     (struct device_place){ .parent = c->bridge, .slot = 1 }, &e);
	assert_non_null(c->dev);
	config(c, 0x14, 4, BAR);
	config(c, 0x04, 2, 6);
	put(c, LOCK, 1, 0xc0);
	put(c, TX_RING, 4, TX);
	put(c, RX_RING, 4, RX);
	put(c, RX_CONFIG, 4, 0x0a); /* mine, broadcast */
	put(c, COMMAND, 1, 0x0c);
	put(c, MASK, 2, 0xffff);
}

static void card_end(struct card *c)
{
	bench_end(c->b);
}

static bool irq(struct card *c)
{
	return device_wire(c->bridge, "interrupts", 1)->level; /* INTA of slot 1 */
}

static void descriptor(struct card *c, u64 ring, u32 i, u32 what, u32 tag, u64 address)
{
	u8 *d = ram(c, ring + i * sizeof(u8[16]));

	put_le32(d + 4, tag);
	put_le64(d + 8, address);
	put_le32(d, what);
}

static u32 first_word(struct card *c, u64 ring, u32 i)
{
	return get_le32(ram(c, ring + i * sizeof(u8[16])));
}

static void fill(u8 *p, u32 n, u8 from)
{
	for (u32 i = 0; i < n; i++)
		p[i] = (u8)(from + i);
}

/* -- Sending -------------------------------------------------------------------------------- */

static void a_frame_goes_out_and_its_descriptors_come_back(void **state)
{
	struct card c;

	card_start(&c);
	fill(ram(&c, BUFFERS), 100, 0);
	fill(ram(&c, BUFFERS + 0x1000), 50, 100);
	descriptor(&c, TX, 0, OWN | FIRST | 100, 0, BUFFERS);
	descriptor(&c, TX, 1, OWN | LAST | 50, 0, BUFFERS + 0x1000);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 1);
	assert_int_equal(c.b->sent_bytes, 150);
	for (u32 i = 0; i < 150; i++)
		assert_int_equal(c.b->sent[i], i);
	assert_int_equal(first_word(&c, TX, 0), FIRST | 100);
	assert_int_equal(first_word(&c, TX, 1), LAST | 50);
	assert_int_equal(get(&c, STATUS, 2) & TX_OK, TX_OK);
	card_end(&c);
	(void)state;
}

static void a_frame_is_sent_when_all_of_it_is_there(void **state)
{
	struct card c;

	card_start(&c);
	descriptor(&c, TX, 0, OWN | FIRST | 100, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 0);
	assert_int_equal(first_word(&c, TX, 0) & OWN, OWN);
	descriptor(&c, TX, 1, OWN | LAST | 50, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 1);
	card_end(&c);
	(void)state;
}

static void a_short_frame_is_filled_up_with_zeros(void **state)
{
	struct card c;

	card_start(&c);
	memset(c.b->sent, 0xff, 100);
	memset(ram(&c, BUFFERS), 0xee, 64);
	descriptor(&c, TX, 0, WHOLE | 20, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->sent_bytes, 60);
	assert_int_equal(c.b->sent[19], 0xee);
	assert_int_equal(c.b->sent[20], 0);
	assert_int_equal(c.b->sent[59], 0);
	card_end(&c);
	(void)state;
}

static void the_ring_ends_where_a_descriptor_says_so(void **state)
{
	struct card c;

	card_start(&c);
	for (u32 round = 0; round < 3; round++) {
		descriptor(&c, TX, 0, WHOLE | 60, 0, BUFFERS);
		descriptor(&c, TX, 1, WHOLE | EOR | 61, 0, BUFFERS);
		put(&c, POLL, 1, 0x40);
		assert_int_equal(c.b->nsent, 2 * round + 2);
		assert_int_equal(c.b->sent_bytes, 61);
	}
	assert_int_equal(first_word(&c, TX, 1), FIRST | LAST | EOR | 61);
	card_end(&c);
	(void)state;
}

static void a_frame_waits_while_the_cable_is_full(void **state)
{
	struct card c;

	card_start(&c);
	c.b->cable_full = true;
	for (u32 i = 0; i < 3; i++)
		descriptor(&c, TX, i, WHOLE | (60 + i), 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 0);
	assert_int_equal(first_word(&c, TX, 1) & OWN, OWN);
	c.b->cable_full = false;
	c.b->cable.changed(c.b->cable.ctx);
	assert_int_equal(c.b->nsent, 3);
	assert_int_equal(c.b->sent_bytes, 62);
	card_end(&c);
	(void)state;
}

/* An IPv4 frame with a TCP header and some data; returns its length. */
static u32 tcp_frame(u8 *f, u32 data)
{
	memset(f, 0, 54 + data);
	put_be16(f + 12, 0x0800);
	f[14] = 0x45;
	put_be16(f + 16, (u16)(40 + data));
	f[23] = 6;
	put_be32(f + 26, 0x0a00020f);
	put_be32(f + 30, 0x0a000202);
	f[46] = 0x50;
	return 54 + data;
}

static void checksums_are_left_to_the_cable(void **state)
{
	struct card c;
	u32 n;

	card_start(&c);
	n = tcp_frame(ram(&c, BUFFERS), 10);
	descriptor(&c, TX, 0, WHOLE | 1u << 18 | 1u << 16 | n, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_true(c.b->sent_work.csum);
	assert_int_equal(c.b->sent_work.csum_start, 34);
	assert_int_equal(c.b->sent_work.csum_offset, 16);
	/* 0a00 + 020f + 0a00 + 0202 + 6 + 30 */
	assert_int_equal(get_be16(c.b->sent + 50), 0x1811 + 6 + 30);
	/* 4500 + 0032 + 0006 + 0a00 + 020f + 0a00 + 0202 */
	assert_int_equal(get_be16(c.b->sent + 24), (u16) ~(0x4500 + 0x32 + 6 + 0x1811));
	card_end(&c);
	(void)state;
}

static void large_segments_are_left_to_the_cable(void **state)
{
	struct card c;
	u32 n;

	card_start(&c);
	n = tcp_frame(ram(&c, BUFFERS), 4000);
	descriptor(&c, TX, 0, WHOLE | 1u << 27 | 1000u << 16 | n, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 1);
	assert_int_equal(c.b->sent_bytes, n);
	assert_int_equal(c.b->sent_work.cut, NET_TSO4);
	assert_int_equal(c.b->sent_work.mss, 1000);
	card_end(&c);
	(void)state;
}

static void a_tag_is_put_in_where_the_driver_asks(void **state)
{
	struct card c;

	card_start(&c);
	fill(ram(&c, BUFFERS), 100, 0);
	descriptor(&c, TX, 0, WHOLE | 100, 1u << 17 | 0x3412, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->sent_bytes, 104);
	assert_int_equal(c.b->sent[11], 11);
	assert_int_equal(get_be32(c.b->sent + 12), 0x81001234);
	assert_int_equal(c.b->sent[16], 12);
	card_end(&c);
	(void)state;
}

/* -- Receiving ------------------------------------------------------------------------------- */

static bool arrives(struct card *c, u32 len, u8 to)
{
	struct net_work w = { .good = true };
	u8 f[2000];

	memset(f, to, 6);
	fill(f + 6, len - 6, 6);
	return bench_frame(c->b, f, len, &w);
}

static void a_frame_that_arrives_fills_the_next_descriptor(void **state)
{
	struct card c;
	u8 *at;

	card_start(&c);
	descriptor(&c, RX, 0, OWN | EOR | 0x600, 0, BUFFERS);
	at = ram(&c, BUFFERS);
	memset(at, 0xee, 300);
	assert_true(arrives(&c, 100, 0xff));
	assert_int_equal(first_word(&c, RX, 0), EOR | FIRST | LAST | 1u << 25 | 104);
	assert_int_equal(at[0], 0xff);
	assert_int_equal(at[99], 99);
	assert_int_equal(get_le32(at + 100), 0);
	assert_int_equal(at[104], 0xee);
	assert_int_equal(get(&c, STATUS, 2), RX_OK);
	assert_true(irq(&c));
	card_end(&c);
	(void)state;
}

static void a_long_frame_takes_several_descriptors(void **state)
{
	struct card c;

	card_start(&c);
	for (u32 i = 0; i < 3; i++)
		descriptor(&c, RX, i, OWN | 64, 0, BUFFERS + i * 0x100);
	memset(ram(&c, BUFFERS), 0xee, 0x300);
	assert_true(arrives(&c, 126, 0xff)); /* and two bytes of check sequence in the second */
	assert_int_equal(first_word(&c, RX, 0), FIRST | 1u << 25 | 64);
	assert_int_equal(first_word(&c, RX, 1), 1u << 25 | 64);
	assert_int_equal(first_word(&c, RX, 2), LAST | 1u << 25 | 130);
	assert_int_equal(ram(&c, BUFFERS)[0x3f], 0x3f);
	assert_int_equal(ram(&c, BUFFERS)[0x40], 0xee);
	assert_int_equal(ram(&c, BUFFERS)[0x100], 0x40);
	assert_int_equal(ram(&c, BUFFERS)[0x13d], 0x7d);
	assert_int_equal(get_le32(ram(&c, BUFFERS + 0x13e)), 0xeeee0000);
	assert_int_equal(get_le16(ram(&c, BUFFERS + 0x200)), 0);
	assert_int_equal(ram(&c, BUFFERS)[0x202], 0xee);
	card_end(&c);
	(void)state;
}

static void frames_for_others_are_not_taken(void **state)
{
	struct card c;
	u8 mac[6];
	u32 got = 0;

	card_start(&c);
	for (u32 i = 0; i < 16; i++)
		descriptor(&c, RX, i, OWN | 0x600, 0, BUFFERS);
	put(&c, MAC, 4, 0x22222222);
	put(&c, MAC + 4, 2, 0x2222);
	for (u32 i = 0; i < 6; i++)
		mac[i] = (u8)get(&c, MAC + i, 1);
	assert_int_equal(mac[5], 0x22);
	assert_true(arrives(&c, 60, 0x44));
	assert_true(arrives(&c, 60, 0x33));
	assert_int_equal(first_word(&c, RX, got) & OWN, OWN);
	assert_true(arrives(&c, 60, 0x22));
	assert_int_equal(first_word(&c, RX, got++), FIRST | LAST | 1u << 26 | 64);
	put(&c, RX_CONFIG, 4, 0x04);
	assert_true(arrives(&c, 60, 0x33));
	assert_true(arrives(&c, 60, 0xff));
	assert_true(arrives(&c, 60, 0x22));
	assert_int_equal(first_word(&c, RX, got) & OWN, OWN);
	put(&c, MULTICAST, 8, UINT64_MAX);
	assert_true(arrives(&c, 60, 0x33));
	assert_int_equal(first_word(&c, RX, got++), FIRST | LAST | 1u << 27 | 64);
	put(&c, RX_CONFIG, 4, 0x01);
	assert_true(arrives(&c, 60, 0x44));
	assert_int_equal(first_word(&c, RX, got++) & OWN, 0);
	card_end(&c);
	(void)state;
}

/* 01:00:5e:00:00:01 has the check sequence 0x7fa32d9b, whose first six bits are 31. */
static void the_multicast_hash_is_the_first_bits_of_the_check_sequence(void **state)
{
	static const u8 all_hosts[6] = { 0x01, 0x00, 0x5e, 0x00, 0x00, 0x01 };
	struct net_work w = { 0 };
	struct card c;
	u8 f[60] = { 0 };

	card_start(&c);
	memcpy(f, all_hosts, 6);
	put(&c, RX_CONFIG, 4, 0x04);
	descriptor(&c, RX, 0, OWN | 0x600, 0, BUFFERS);
	put(&c, MULTICAST, 8, ~((u64)1 << 31));
	assert_true(bench_frame(c.b, f, sizeof(f), &w));
	assert_int_equal(first_word(&c, RX, 0) & OWN, OWN);
	put(&c, MULTICAST, 8, (u64)1 << 31);
	assert_true(bench_frame(c.b, f, sizeof(f), &w));
	assert_int_equal(first_word(&c, RX, 0) & OWN, 0);
	card_end(&c);
	(void)state;
}

static void a_frame_without_room_comes_again_and_is_lost_in_the_end(void **state)
{
	struct card c;
	u32 ready, tries = 0;

	card_start(&c);
	assert_false(arrives(&c, 100, 0xff));
	assert_int_equal(get(&c, STATUS, 2), RX_NONE);
	ready = c.b->cable_ready;
	for (u32 i = 0; i < 30; i++) { /* what the guest does meanwhile does not put it off */
		bench_advance(c.b, 10000);
		get(&c, MASK, 2);
		put(&c, MASK, 2, 0xffff);
	}
	assert_true(c.b->cable_ready > ready);
	descriptor(&c, RX, 0, OWN | 0x600, 0, BUFFERS);
	assert_true(arrives(&c, 100, 0xff));
	assert_int_equal(first_word(&c, RX, 0) & OWN, 0);
	while (!arrives(&c, 100, 0xff))
		tries++;
	assert_in_range(tries, 1, 100);
	assert_int_equal(get(&c, 0x4c, 4), 1);
	card_end(&c);
	(void)state;
}

static void a_checksum_that_is_known_to_be_right_is_told(void **state)
{
	struct net_work w = { .good = true };
	struct card c;
	u8 f[100];

	card_start(&c);
	tcp_frame(f, 46);
	memset(f, 0xff, 6);
	descriptor(&c, RX, 0, OWN | 0x600, 0, BUFFERS);
	descriptor(&c, RX, 1, OWN | 0x600, 0, BUFFERS);
	descriptor(&c, RX, 2, OWN | 0x600, 0, BUFFERS);
	assert_true(bench_frame(c.b, f, sizeof(f), &w));
	assert_int_equal(first_word(&c, RX, 0) & 3u << 17, 0);
	put(&c, CPLUS, 2, 0x20);
	assert_true(bench_frame(c.b, f, sizeof(f), &w));
	assert_int_equal(first_word(&c, RX, 1) & 3u << 17, 1u << 17);
	w.good = false;
	assert_true(bench_frame(c.b, f, sizeof(f), &w));
	assert_int_equal(first_word(&c, RX, 2) & 3u << 17, 0);
	card_end(&c);
	(void)state;
}

static void no_limit_of_length_is_written_as_sixteen_kilobytes(void **state)
{
	struct card c;

	card_start(&c);
	descriptor(&c, RX, 0, OWN | 0x600, 0, BUFFERS);
	put(&c, RX_MAX, 2, 103);
	assert_true(arrives(&c, 100, 0xff));
	assert_int_equal(first_word(&c, RX, 0) & OWN, OWN);
	put(&c, RX_MAX, 2, 0x4000);
	assert_true(arrives(&c, 100, 0xff));
	assert_int_equal(first_word(&c, RX, 0) & OWN, 0);
	card_end(&c);
	(void)state;
}

/* -- Registers -------------------------------------------------------------------------------- */

static void an_interrupt_is_a_level_until_it_is_acknowledged(void **state)
{
	struct card c;

	card_start(&c);
	put(&c, POLL, 1, 1);
	assert_true(irq(&c));
	put(&c, MASK, 2, 0xfeff);
	assert_false(irq(&c));
	put(&c, MASK, 2, 0xffff);
	put(&c, STATUS, 2, 0x0100);
	assert_false(irq(&c));
	card_end(&c);
	(void)state;
}

static u16 phy(struct card *c, u32 r)
{
	put(c, PHY, 4, r << 16);
	assert_int_equal(get(c, PHY, 4) >> 31, 1);
	return (u16)get(c, PHY, 4);
}

static void the_phy_tells_of_the_cable(void **state)
{
	struct card c;

	card_start(&c);
	assert_int_equal(phy(&c, 2), 0x001c);
	assert_int_equal(phy(&c, 3), 0xc912);
	assert_int_equal(phy(&c, 1) & 0x24, 0x24);
	assert_int_equal(get(&c, PHY_STATUS, 1), 0x13);
	c.b->cable.link = false;
	c.b->cable.changed(c.b->cable.ctx);
	assert_int_equal(phy(&c, 1) & 0x24, 0);
	assert_int_equal(get(&c, PHY_STATUS, 1), 0);
	assert_int_equal(get(&c, STATUS, 2) & LINK, LINK);
	put(&c, PHY, 4, 1u << 31 | 9 << 16 | 0x200);
	assert_int_equal(get(&c, PHY, 4) >> 31, 0);
	assert_int_equal(phy(&c, 9), 0x200);
	card_end(&c);
	(void)state;
}

static void the_address_changes_only_while_it_is_unlocked(void **state)
{
	struct card c;
	u64 was;

	card_start(&c);
	was = get(&c, MAC, 4);
	put(&c, LOCK, 1, 0);
	put(&c, MAC, 4, 0x12345678);
	assert_int_equal(get(&c, MAC, 4), was);
	put(&c, LOCK, 1, 0xc0);
	put(&c, MAC, 4, 0x12345678);
	assert_int_equal(get(&c, MAC, 4), 0x12345678);
	assert_int_equal(get(&c, TX_CONFIG, 4) & 0xfcf00000, 0x10000000);
	card_end(&c);
	(void)state;
}

static void counters_go_to_ram_when_asked(void **state)
{
	struct card c;

	card_start(&c);
	descriptor(&c, TX, 0, WHOLE | 60, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	descriptor(&c, RX, 0, OWN | 0x600, 0, BUFFERS);
	assert_true(arrives(&c, 60, 0xff));
	put(&c, COUNTERS + 4, 4, 0);
	put(&c, COUNTERS, 4, BUFFERS | 8);
	assert_int_equal(get(&c, COUNTERS, 4), BUFFERS);
	assert_int_equal(get_le64(ram(&c, BUFFERS)), 1);
	assert_int_equal(get_le64(ram(&c, BUFFERS + 8)), 1);
	assert_int_equal(get_le64(ram(&c, BUFFERS + 48)), 1);
	put(&c, COUNTERS, 4, BUFFERS | 1);
	assert_int_equal(get_le64(ram(&c, BUFFERS)), 0);
	card_end(&c);
	(void)state;
}

/* -- Drivers that are wrong ----------------------------------------------------------------------
 */

static void rings_and_frames_outside_ram_reach_nothing(void **state)
{
	struct card c;

	card_start(&c);
	descriptor(&c, TX, 0, WHOLE | 100, 0, OUTSIDE);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 0);
	assert_int_equal(get(&c, STATUS, 2) & TX_ERROR, TX_ERROR);
	assert_int_equal(first_word(&c, TX, 0) & OWN, 0);
	put(&c, TX_RING, 4, BAR);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(get(&c, STATUS, 2) & SYSTEM_ERROR, SYSTEM_ERROR);
	put(&c, STATUS, 2, 0xffff);
	descriptor(&c, RX, 0, OWN | 0x600, 0, BAR);
	assert_true(arrives(&c, 100, 0xff));
	assert_int_equal(get(&c, STATUS, 2) & SYSTEM_ERROR, SYSTEM_ERROR);
	put(&c, COUNTERS, 4, BAR | 8);
	card_end(&c);
	(void)state;
}

static void a_frame_that_never_ends_is_given_back(void **state)
{
	struct card c;

	card_start(&c);
	for (u32 i = 0; i < 200; i++)
		descriptor(&c, TX, i, OWN | FIRST | 0xffff, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 0);
	assert_int_equal(first_word(&c, TX, 0) & OWN, 0);
	assert_int_equal(get(&c, STATUS, 2) & TX_ERROR, TX_ERROR);
	card_end(&c);
	(void)state;
}

static void buffers_of_no_bytes_are_no_room(void **state)
{
	struct card c;

	card_start(&c);
	for (u32 i = 0; i < 200; i++)
		descriptor(&c, RX, i, OWN, 0, BUFFERS);
	assert_false(arrives(&c, 100, 0xff));
	assert_int_equal(first_word(&c, RX, 0), OWN);
	card_end(&c);
	(void)state;
}

static void without_bus_mastering_nothing_is_read(void **state)
{
	struct card c;

	card_start(&c);
	descriptor(&c, TX, 0, WHOLE | 100, 0, BUFFERS);
	config(&c, 0x04, 2, 2);
	put(&c, POLL, 1, 0x40);
	assert_int_equal(c.b->nsent, 0);
	assert_int_equal(first_word(&c, TX, 0) & OWN, OWN);
	card_end(&c);
	(void)state;
}

static void a_reset_stops_it_with_a_frame_waiting(void **state)
{
	struct card c;

	card_start(&c);
	c.b->cable_full = true;
	descriptor(&c, TX, 0, WHOLE | 100, 0, BUFFERS);
	put(&c, POLL, 1, 0x40);
	put(&c, COMMAND, 1, 0x10);
	assert_int_equal(get(&c, COMMAND, 1), 0);
	c.b->cable_full = false;
	assert_true(arrives(&c, 100, 0xff)); /* and is lost */
	put(&c, COMMAND, 1, 0x0c);
	c.b->cable.changed(c.b->cable.ctx);
	assert_int_equal(c.b->nsent, 0);
	card_end(&c);
	(void)state;
}

static void any_ring_is_survived(void **state)
{
	struct card c;
	u32 seed = 1;

	card_start(&c);
	for (u32 round = 0; round < 3000; round++) {
		for (u32 i = 0; i < 64; i++) {
			u32 r = xorshift(&seed), far = xorshift(&seed);
			u64 to = r & 1 ? BUFFERS + far % 0x1000 : far;

			descriptor(&c, r & 2 ? TX : RX, i, xorshift(&seed) | (r & 4 ? OWN : 0),
				   xorshift(&seed), to);
		}
		c.b->cable_full = seed & 0x80;
		put(&c, POLL, 1, 0x40);
		arrives(&c, 60 + seed % 1900, 0xff);
		bench_advance(c.b, seed % 1000000);
		if (seed % 61 == 0)
			device_reset(c.dev);
		if (seed % 7 == 0) {
			config(&c, 0x14, 4, BAR);
			config(&c, 0x04, 2, 6);
			put(&c, TX_RING, 4, TX);
			put(&c, RX_RING, 4, RX);
			put(&c, RX_CONFIG, 4, 0x0f);
			put(&c, COMMAND, 1, 0x0c);
		}
	}
	card_end(&c);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_frame_goes_out_and_its_descriptors_come_back),
		cmocka_unit_test(a_frame_is_sent_when_all_of_it_is_there),
		cmocka_unit_test(a_short_frame_is_filled_up_with_zeros),
		cmocka_unit_test(the_ring_ends_where_a_descriptor_says_so),
		cmocka_unit_test(a_frame_waits_while_the_cable_is_full),
		cmocka_unit_test(checksums_are_left_to_the_cable),
		cmocka_unit_test(large_segments_are_left_to_the_cable),
		cmocka_unit_test(a_tag_is_put_in_where_the_driver_asks),
		cmocka_unit_test(a_frame_that_arrives_fills_the_next_descriptor),
		cmocka_unit_test(a_long_frame_takes_several_descriptors),
		cmocka_unit_test(frames_for_others_are_not_taken),
		cmocka_unit_test(the_multicast_hash_is_the_first_bits_of_the_check_sequence),
		cmocka_unit_test(a_frame_without_room_comes_again_and_is_lost_in_the_end),
		cmocka_unit_test(a_checksum_that_is_known_to_be_right_is_told),
		cmocka_unit_test(no_limit_of_length_is_written_as_sixteen_kilobytes),
		cmocka_unit_test(an_interrupt_is_a_level_until_it_is_acknowledged),
		cmocka_unit_test(the_phy_tells_of_the_cable),
		cmocka_unit_test(the_address_changes_only_while_it_is_unlocked),
		cmocka_unit_test(counters_go_to_ram_when_asked),
		cmocka_unit_test(rings_and_frames_outside_ram_reach_nothing),
		cmocka_unit_test(a_frame_that_never_ends_is_given_back),
		cmocka_unit_test(buffers_of_no_bytes_are_no_room),
		cmocka_unit_test(without_bus_mastering_nothing_is_read),
		cmocka_unit_test(a_reset_stops_it_with_a_frame_waiting),
		cmocka_unit_test(any_ring_is_survived),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
