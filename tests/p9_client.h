/* p9_client.h - a client of 9P2000.L for tests: requests by fields, answers field by field. */
#ifndef P9_CLIENT_H
#define P9_CLIENT_H

#include "check.h"

#include "p9.h"

#include <errno.h>

enum {
	T_STATFS = 8,
	T_LOPEN = 12,
	T_LCREATE = 14,
	T_SYMLINK = 16,
	T_MKNOD = 18,
	T_RENAME = 20,
	T_READLINK = 22,
	T_GETATTR = 24,
	T_SETATTR = 26,
	T_XATTRWALK = 30,
	T_XATTRCREATE = 32,
	T_READDIR = 40,
	T_FSYNC = 50,
	T_LOCK = 52,
	T_GETLOCK = 54,
	T_LINK = 70,
	T_MKDIR = 72,
	T_RENAMEAT = 74,
	T_UNLINKAT = 76,
	T_VERSION = 100,
	T_AUTH = 102,
	T_ATTACH = 104,
	T_FLUSH = 108,
	T_WALK = 110,
	T_READ = 116,
	T_WRITE = 118,
	T_CLUNK = 120,
	T_REMOVE = 122,
};

#define CLIENT_MSIZE 65536u
#define TAG          0x1234

struct client {
	struct p9 *server;
	u8 request[CLIENT_MSIZE], answer[CLIENT_MSIZE];
	u32 n;    /* of the request */
	u32 room; /* for the answer */
	u32 at;   /* what of the answer has been looked at */
};

/* -- Requests: b, h, w, d are fields of 1, 2, 4, 8 bytes, s a text ------------------------------
 */

static inline void put_field(struct client *c, u64 v, u32 bytes)
{
	memcpy(c->request + c->n, &v, bytes);
	c->n += bytes;
}

static inline void put_fields(struct client *c, u8 type, const char *format, va_list ap)
{
	c->n = P9_HEADER;
	for (; *format; format++) {
		const char *text;

		switch (*format) {
		case 'b':
			put_field(c, va_arg(ap, u32), 1);
			break;
		case 'h':
			put_field(c, va_arg(ap, u32), 2);
			break;
		case 'w':
			put_field(c, va_arg(ap, u32), 4);
			break;
		case 'd':
			put_field(c, va_arg(ap, u64), 8);
			break;
		case 's':
			text = va_arg(ap, const char *);
			put_field(c, strlen(text), 2);
			memcpy(c->request + c->n, text, strlen(text));
			c->n += (u32)strlen(text);
			break;
		default:
			fail_msg("no field `%c`", *format);
		}
	}
	c->request[4] = type;
	put_le16(c->request + 5, TAG);
	put_le32(c->request, c->n);
}

/* 0, or the errno that the answer says. */
static inline int client_send(struct client *c)
{
	u32 n = p9_answer(c->server, c->request, c->n, c->answer, c->room);

	assert_true(n >= P9_HEADER && n <= c->room);
	assert_int_equal(get_le32(c->answer), n);
	assert_int_equal(get_le16(c->answer + 5), TAG);
	c->at = P9_HEADER;
	if (c->answer[4] == 7) {
		assert_int_equal(n, P9_HEADER + 4);
		return (int)get_le32(c->answer + P9_HEADER);
	}
	assert_int_equal(c->answer[4], c->request[4] + 1);
	return 0;
}

static inline int client_ask(struct client *c, u8 type, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	put_fields(c, type, format, ap);
	va_end(ap);
	return client_send(c);
}

static inline u64 client_get(struct client *c, u32 bytes)
{
	u64 v = 0;

	assert_true(c->at + bytes <= get_le32(c->answer));
	memcpy(&v, c->answer + c->at, bytes);
	c->at += bytes;
	return v;
}

/* -- Sessions -------------------------------------------------------------------------------------
 */

/* Fid 0 is the root. */
static inline void client_attach(struct client *c)
{
	c->room = CLIENT_MSIZE;
	assert_int_equal(client_ask(c, T_VERSION, "ws", CLIENT_MSIZE, "9P2000.L"), 0);
	assert_int_equal(client_get(c, 4), CLIENT_MSIZE);
	assert_int_equal(client_ask(c, T_ATTACH, "wwssw", 0u, ~0u, "root", "", 0u), 0);
}

static inline int client_walk(struct client *c, u32 from, u32 to, const char *name)
{
	return client_ask(c, T_WALK, "wwhs", from, to, 1u, name);
}

#endif
