#include "forward.h"

#include <stdlib.h>
#include <string.h>

#define FORM "write `2222:22`, `127.0.0.1:2222:22` or `5353:53/udp`"

/* Decimal, without signs or leading zeros, at most `max`; moves on behind it. */
static bool number(const char **at, u32 max, u32 *v)
{
	const char *s = *at;
	u32 n = 0;

	for (*v = 0; *s >= '0' && *s <= '9' && n < 6; s++, n++)
		*v = *v * 10 + (u32)(*s - '0');
	if (!n || (n > 1 && **at == '0') || *v > max)
		return false;
	*at = s;
	return true;
}

static bool character(const char **at, char c)
{
	if (**at != c)
		return false;
	++*at;
	return true;
}

static bool address(const char **at, u8 *to)
{
	const char *s = *at;
	u32 v;

	for (u32 i = 0; i < 4; i++) {
		if (!number(&s, 255, &v) || (i < 3 && !character(&s, '.')))
			return false;
		to[i] = (u8)v;
	}
	if (!character(&s, ':'))
		return false;
	*at = s;
	return true;
}

static bool port(const char **at, u16 *to)
{
	u32 v;

	if (!number(at, 65535, &v) || !v)
		return false;
	*to = (u16)v;
	return true;
}

static bool protocol(const char *s, bool *udp)
{
	*udp = !strcmp(s, "/udp");
	return !*s || *udp || !strcmp(s, "/tcp");
}

bool forward_parse(const char *text, struct forward *f, struct err *e)
{
	const char *s = text;

	*f = (struct forward){ .address = { 127, 0, 0, 1 } };
	if (strchr(s, '.') && !address(&s, f->address))
		err_set(e, "`%s` does not begin with an IPv4 address and a colon", text);
	else if (!port(&s, &f->port) || (f->or_next = character(&s, '+'), !character(&s, ':')) ||
		 !port(&s, &f->guest_port) || !protocol(s, &f->udp))
		err_set(e, "`%s` is no forward, [IPV4:]PORT:PORT with ports of 1 to 65535", text);
	else
		return true;
	return err_hint(e, FORM);
}

const char *forward_text(char buf[FORWARD_TEXT], const struct forward *f)
{
	snprintf(buf, FORWARD_TEXT, "%u.%u.%u.%u:%u%s", f->address[0], f->address[1], f->address[2],
		 f->address[3], f->port, f->udp ? "/udp" : "");
	return buf;
}

void forward_say(struct str *s, const char *card, const struct forward *f)
{
	char port[FORWARD_TEXT];

	str_add(s, "%s: %s leads to the guest's port %u", card, forward_text(port, f),
		f->guest_port);
}

bool forward_is_local(const struct forward *f)
{
	return f->address[0] == 127;
}

bool forward_same_port(const struct forward *a, const struct forward *b)
{
	return a->udp == b->udp && a->port == b->port &&
	       !memcmp(a->address, b->address, sizeof(a->address));
}
