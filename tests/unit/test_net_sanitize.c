/* The guard before libslirp: what passes, what is put right, what is dropped. */
#include "chance.h"
#include "check.h"
#include "netio.h"

static const struct net_rules rules = { .host = { 10, 0, 2, 2 }, .ipv6 = true };

/* -- Frames ------------------------------------------------------------------------- */

struct frame {
	u8 b[2048];
	u32 n;
};

static void ether(struct frame *f, u32 type, u32 n)
{
	static const u8 addresses[12] = { 0x52, 0x55, 10, 0, 2, 2, 0x52, 0x54, 0, 1, 2, 3 };

	memset(f, 0, sizeof(*f));
	memcpy(f->b, addresses, sizeof(addresses));
	put_be16(f->b + 12, (u16)type);
	f->n = 14 + n;
}

static u32 plain_sum(const u8 *p, u32 n, u32 sum)
{
	for (u32 i = 0; i < n; i++)
		sum += (u32)p[i] << (i & 1 ? 0 : 8);
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

/* `n` bytes in IP; returns where they begin. */
static u8 *ip4(struct frame *f, u32 proto, u32 n)
{
	u8 *h = f->b + 14;

	ether(f, 0x0800, 20 + n);
	h[0] = 0x45;
	put_be16(h + 2, (u16)(20 + n));
	h[8] = 64;
	h[9] = (u8)proto;
	memcpy(h + 12, (u8[]){ 10, 0, 2, 15, 10, 0, 2, 2 }, 8);
	return h + 20;
}

static u8 *ip6(struct frame *f, u32 proto, u32 n)
{
	u8 *h = f->b + 14;

	ether(f, 0x86dd, 40 + n);
	h[0] = 0x60;
	put_be16(h + 4, (u16)n);
	h[6] = (u8)proto;
	h[7] = 64;
	h[8] = h[24] = 0xfe;
	h[9] = h[25] = 0xc0;
	h[23] = 15;
	h[39] = 2;
	return h + 40;
}

static u8 *tcp(struct frame *f, bool v6, u32 data)
{
	u8 *t = v6 ? ip6(f, 6, 20 + data) : ip4(f, 6, 20 + data);

	put_be16(t, 40000);
	put_be16(t + 2, 80);
	t[12] = 0x50;
	t[13] = 0x10;
	for (u32 i = 0; i < data; i++)
		t[20 + i] = (u8)(i * 3 + 1);
	return t;
}

static u8 *udp(struct frame *f, bool v6, u32 port, u32 data)
{
	u8 *u = v6 ? ip6(f, 17, 8 + data) : ip4(f, 17, 8 + data);

	put_be16(u, 1000);
	put_be16(u + 2, (u16)port);
	put_be16(u + 4, (u16)(8 + data));
	return u;
}

static u8 *arp(struct frame *f)
{
	u8 *a = f->b + 14;

	ether(f, 0x0806, 28);
	memcpy(a, (u8[]){ 0, 1, 8, 0, 6, 4, 0, 1 }, 8);
	return a;
}

/* Of TCP and UDP: right is 0xffff. */
static u32 transport_sum(const struct frame *f, bool v6)
{
	u32 at = v6 ? 54 : 34, n = f->n - at;
	u32 sum = v6 ? plain_sum(f->b + 22, 32, 0) : plain_sum(f->b + 26, 8, 0);

	return plain_sum(f->b + at, n, sum + f->b[v6 ? 20 : 23] + n);
}

static bool passes(struct frame *f, bool csum)
{
	struct net_work w = { .csum = csum };

	return net_sanitize(&rules, f->b, &f->n, &w);
}

/* -- Promises -------------------------------------------------------------------------- */

static void what_guests_need_passes_as_it_is(void **state)
{
	struct frame f, was;

	for (u32 i = 0; i < 10; i++) {
		switch (i) {
		case 0:
			arp(&f);
			break;
		case 1:
			tcp(&f, false, 1460);
			break;
		case 2:
			tcp(&f, true, 1);
			break;
		case 3:
			udp(&f, false, 53, 30);
			break;
		case 4:
			udp(&f, true, 547, 60);
			break;
		case 5:
			udp(&f, false, 67, 300);
			break;
		case 6:
			ip4(&f, 1, 64)[0] = 8;
			break;
		case 7:
			ip6(&f, 58, 64)[0] = 128;
			break;
		case 8:
			ip6(&f, 58, 16)[0] = 133;
			break;
		default:
			ip6(&f, 58, 32)[0] = 135;
		}
		was = f;
		if (!passes(&f, false))
			fail_msg("frame %u was dropped", i);
		assert_int_equal(f.n, was.n);
		assert_memory_equal(f.b, was.b, f.n);
	}
	(void)state;
}

static void urgent_data_is_made_ordinary_with_the_right_checksum(void **state)
{
	for (u32 v6 = 0; v6 < 2; v6++) {
		struct frame f;
		u8 *t = tcp(&f, v6, 33);

		t[13] |= 0x20;
		put_be16(t + 18, 7);
		assert_true(passes(&f, false));
		assert_int_equal(t[13], 0x10);
		assert_int_equal(get_be16(t + 18), 0);
		assert_int_equal(transport_sum(&f, v6), 0xffff);
	}
	(void)state;
}

static void a_checksum_that_was_left_to_us_is_made(void **state)
{
	for (u32 v6 = 0; v6 < 2; v6++) {
		struct frame f;

		tcp(&f, v6, 7);
		assert_true(passes(&f, true));
		assert_int_equal(transport_sum(&f, v6), 0xffff);
		udp(&f, v6, 53, 7);
		assert_true(passes(&f, true));
		assert_int_equal(transport_sum(&f, v6), 0xffff);
	}
	(void)state;
}

static void padding_is_cut_off(void **state)
{
	struct frame f;

	tcp(&f, false, 0);
	f.n = 60;
	assert_true(passes(&f, false));
	assert_int_equal(f.n, 54);
	tcp(&f, true, 0);
	f.n += 9;
	assert_true(passes(&f, false));
	assert_int_equal(f.n, 74);
	arp(&f);
	f.n = 60;
	assert_true(passes(&f, false));
	assert_int_equal(f.n, 42);
	(void)state;
}

/* One byte of a sound frame is changed. */
struct harm {
	enum { ARP, TCP4, TCP6, UDP4, UDP6, ICMP4, ND } frame;
	u32 at, value;
	const char *why;
};

static const struct harm harms[] = {
	{ TCP4, 12, 0x88, "another ethertype: NC-SI" },
	{ TCP4, 12, 0x81, "a VLAN tag" },
	{ TCP4, 6, 0x53, "sent by a group" },
	{ TCP4, 14, 0x44, "a header shorter than IP's" },
	{ TCP4, 14, 0x46, "IP options" },
	{ TCP4, 14, 0x65, "version 6 in an IPv4 frame" },
	{ TCP4, 16, 0xff, "longer than the frame" },
	{ TCP4, 17, 19, "shorter than its header" },
	{ TCP4, 20, 0x20, "more fragments follow" },
	{ TCP4, 21, 0x01, "a fragment" },
	{ TCP4, 23, 2, "IGMP" },
	{ TCP4, 23, 41, "IPv6 in IPv4" },
	{ TCP4, 46, 0x40, "a TCP header of 16 bytes" },
	{ TCP4, 46, 0xf0, "a TCP header longer than the packet" },
	{ TCP6, 14, 0x40, "version 4 in an IPv6 frame" },
	{ TCP6, 18, 0x10, "longer than the frame" },
	{ TCP6, 20, 0, "hop-by-hop options" },
	{ TCP6, 20, 44, "an IPv6 fragment" },
	{ TCP6, 20, 1, "ICMP of the other version" },
	{ UDP4, 39, 37, "UDP that says it is shorter" },
	{ UDP4, 39, 39, "UDP that says it is longer" },
	{ UDP4, 37, 69, "TFTP" },
	{ UDP4, 37, 67, "DHCP too short for its fixed part" },
	{ UDP6, 57, 69, "TFTP" },
	{ ICMP4, 34, 3, "ICMP that is no question" },
	{ ICMP4, 34, 0, "an answer nobody asked for" },
	{ ND, 54, 134, "a router of its own" },
	{ ND, 54, 137, "a redirect" },
	{ ND, 54, 143, "a listener report" },
	{ ARP, 15, 6, "ARP for another medium" },
	{ ARP, 18, 8, "ARP with longer addresses" },
	{ ARP, 19, 16, "ARP for other addresses" },
	{ ARP, 21, 3, "reverse ARP" },
};

static void make(struct frame *f, const struct harm *h)
{
	switch (h->frame) {
	case ARP:
		arp(f);
		break;
	case TCP4:
	case TCP6:
		tcp(f, h->frame == TCP6, 20);
		break;
	case UDP4:
	case UDP6:
		udp(f, h->frame == UDP6, 53, 30);
		break;
	case ICMP4:
		ip4(f, 1, 64)[0] = 8;
		break;
	case ND:
		ip6(f, 58, 32)[0] = 135;
		break;
	}
}

static void what_only_attackers_send_is_dropped(void **state)
{
	for (u32 i = 0; i < ARRAY_LEN(harms); i++) {
		struct frame f;

		make(&f, &harms[i]);
		assert_true(passes(&f, false));
		make(&f, &harms[i]);
		f.b[harms[i].at] = (u8)harms[i].value;
		if (passes(&f, false))
			fail_msg("%s passed", harms[i].why);
	}
	(void)state;
}

static void every_frame_cut_short_is_dropped(void **state)
{
	static const struct harm kinds[] = { { .frame = ARP },  { .frame = TCP4 },
					     { .frame = TCP6 }, { .frame = UDP4 },
					     { .frame = UDP6 }, { .frame = ICMP4 },
					     { .frame = ND } };

	for (u32 k = 0; k < ARRAY_LEN(kinds); k++) {
		struct frame f;

		make(&f, &kinds[k]);
		for (u32 n = f.n; n--;) {
			/* On the heap, exactly: a read beyond the end is seen. */
			u8 *cut = xzalloc(n);
			u32 len = n;

			memcpy(cut, f.b, n);
			if (net_sanitize(&rules, cut, &len, &(struct net_work){ .csum = true }))
				fail_msg("kind %u passed with %u bytes", k, n);
			free(cut);
		}
	}
	(void)state;
}

static void without_ipv6_none_of_it_passes(void **state)
{
	const struct net_rules only4 = { .host = { 10, 0, 2, 2 } };
	struct frame f;

	tcp(&f, true, 0);
	assert_false(net_sanitize(&only4, f.b, &f.n, &(struct net_work){ .csum = false }));
	(void)state;
}

static void random_frame(struct frame *f, u32 *seed)
{
	make(f, &(struct harm){ .frame = xorshift(seed) % 7 });
	for (u32 i = xorshift(seed) % 4; i; i--)
		f->b[xorshift(seed) % 90] = (u8)xorshift(seed);
	f->n = MIN(f->n, 14 + xorshift(seed) % 100);
}

static void doing_it_twice_changes_nothing(void **state)
{
	u32 seed = 1, passed = 0;

	for (u32 i = 0; i < 200000; i++) {
		bool csum = xorshift(&seed) & 1;
		struct frame f, once;

		random_frame(&f, &seed);
		if (!passes(&f, csum))
			continue;
		passed++;
		once = f;
		assert_true(passes(&f, csum));
		assert_int_equal(f.n, once.n);
		assert_memory_equal(f.b, once.b, f.n);
	}
	assert_true(passed > 1000);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_guests_need_passes_as_it_is),
		cmocka_unit_test(urgent_data_is_made_ordinary_with_the_right_checksum),
		cmocka_unit_test(a_checksum_that_was_left_to_us_is_made),
		cmocka_unit_test(padding_is_cut_off),
		cmocka_unit_test(what_only_attackers_send_is_dropped),
		cmocka_unit_test(every_frame_cut_short_is_dropped),
		cmocka_unit_test(without_ipv6_none_of_it_passes),
		cmocka_unit_test(doing_it_twice_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
