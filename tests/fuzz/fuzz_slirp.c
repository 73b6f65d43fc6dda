/* fuzz_slirp.c - any bytes as the frames of a guest, through the guard into libslirp.
 *
 * Each frame is its length and its bytes; a new libslirp for each input, closed to the world
 * outside, so that no input asks a real network for anything.  Whatever the guard lets pass,
 * libslirp survives.
 */
#include "netio.h"

#include <stdlib.h>
#include <string.h>

#include "config.h"

int fuzz_one(const uint8_t *data, size_t size);

#if HAVE_SLIRP

#include <slirp/libslirp.h>

static ssize_t send_packet(const void *bytes, size_t n, void *ctx)
{
	(void)bytes, (void)ctx;
	return (ssize_t)n;
}

static void on_error(const char *text, void *ctx)
{
	(void)text, (void)ctx;
}

static int64_t on_clock(void *ctx)
{
	(void)ctx;
	return 1000000000;
}

static void *timer_new(SlirpTimerCb fn, void *fn_ctx, void *ctx)
{
	(void)fn, (void)fn_ctx, (void)ctx;
	return malloc(1);
}

static void timer_free(void *timer, void *ctx)
{
	(void)ctx;
	free(timer);
}

static void timer_mod(void *timer, int64_t ms, void *ctx)
{
	(void)timer, (void)ms, (void)ctx;
}

static void on_fd(int fd, void *ctx)
{
	(void)fd, (void)ctx;
}

static void notify(void *ctx)
{
	(void)ctx;
}

static struct in_addr address(u8 host)
{
	struct in_addr a;

	memcpy(&a, (u8[]){ 10, 0, 2, host }, sizeof(a));
	return a;
}

static Slirp *make_slirp(void)
{
	static const SlirpCb callbacks = { .send_packet = send_packet,
					   .guest_error = on_error,
					   .clock_get_ns = on_clock,
					   .timer_new = timer_new,
					   .timer_free = timer_free,
					   .timer_mod = timer_mod,
					   .register_poll_fd = on_fd,
					   .unregister_poll_fd = on_fd,
					   .notify = notify };
	SlirpConfig config = { .version = 4,
			       .restricted = 1,
			       .in_enabled = true,
			       .vnetwork = address(0),
			       .vnetmask = { .s_addr = htonl(0xffffff00) },
			       .vhost = address(2),
			       .vdhcp_start = address(15),
			       .vnameserver = address(3),
			       .in6_enabled = true,
			       .vprefix_len = 64,
			       .disable_host_loopback = true };

	memcpy(&config.vprefix_addr6, (u8[2]){ 0xfe, 0xc0 }, 2);
	config.vhost6 = config.vnameserver6 = config.vprefix_addr6;
	config.vhost6.s6_addr[15] = 2;
	config.vnameserver6.s6_addr[15] = 3;
	return slirp_new(&config, &callbacks, NULL);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	const struct net_rules rules = { .host = { 10, 0, 2, 2 }, .ipv6 = true };
	Slirp *slirp = make_slirp();

	if (!slirp)
		abort();
	while (size > 2) {
		struct net_work work = { .csum = data[0] & 0x80 };
		u32 n = (u32)MIN((size_t)(data[0] & 0x7f) << 8 | data[1], size - 2), len = n;
		u8 *frame = xzalloc(n);

		memcpy(frame, data + 2, n);
		if (net_sanitize(&rules, frame, &len, &work))
			slirp_input(slirp, frame, (int)len);
		free(frame);
		data += 2 + n;
		size -= 2 + n;
	}
	slirp_cleanup(slirp);
	return 0;
}

#else

int fuzz_one(const uint8_t *data, size_t size)
{
	(void)data, (void)size;
	return 0;
}

#endif
