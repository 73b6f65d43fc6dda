/* A folder of the host as 9P2000.L: what a client can do in it, and never outside of it. */
#define _GNU_SOURCE
#include "folder.h"
#include "p9_client.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "nobody inside may read this"

static char share[64];

static const char *in_share(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", share, name);
	return path;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(fclose(f), 0);
}

static int setup(void **state)
{
	char path[128];

	if (make_folder(state))
		return -1;
	in_folder(share, sizeof(share), "share");
	write_file(in_folder(path, sizeof(path), "secret"), SECRET);
	return mkdir(share, 0755);
}

static void server(struct client *c, bool read_only, u32 most)
{
	int root = open(share, O_PATH | O_DIRECTORY | O_CLOEXEC);

	assert_true(root >= 0);
	c->server = p9_new(root, read_only, most);
	assert_non_null(c->server);
	client_attach(c);
}

static struct client *new_client(void)
{
	struct client *c = xzalloc(sizeof(*c));

	server(c, false, 100);
	return c;
}

static void end(struct client *c)
{
	const char *const argv[] = { "find", share, "-mindepth", "1", "-delete", NULL };
	struct err e = { 0 };

	p9_free(c->server);
	free(c);
	assert_true(host_run(argv, NULL, &e));
}

static void make(struct client *c, u32 fid, const char *name)
{
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, fid, 0u), 0);
	assert_int_equal(client_ask(c, T_LCREATE, "wswww", fid, name, 2u, 0644u, 0u), 0);
}

static u32 open_files(void)
{
	DIR *d = opendir("/proc/self/fd");
	u32 n = 0;

	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* -- Out of the folder ----------------------------------------------------------------------- */

/* Every message that takes a name, with one that is none. */
static void assert_no_name(struct client *c, const char *name)
{
	assert_int_not_equal(client_walk(c, 0, 1, name), 0);
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, 1u, 0u), 0);
	assert_int_not_equal(client_ask(c, T_LCREATE, "wswww", 1u, name, 2u, 0644u, 0u), 0);
	assert_int_equal(client_ask(c, T_CLUNK, "w", 1u), 0);
	assert_int_not_equal(client_ask(c, T_MKDIR, "wsww", 0u, name, 0755u, 0u), 0);
	assert_int_not_equal(client_ask(c, T_SYMLINK, "wssw", 0u, name, "x", 0u), 0);
	assert_int_not_equal(client_ask(c, T_MKNOD, "wswwww", 0u, name, 0100644u, 0u, 0u, 0u), 0);
	assert_int_not_equal(client_ask(c, T_RENAMEAT, "wsws", 0u, "file", 0u, name), 0);
	assert_int_not_equal(client_ask(c, T_RENAMEAT, "wsws", 0u, name, 0u, "new"), 0);
	assert_int_not_equal(client_ask(c, T_LINK, "wws", 0u, 5u, name), 0);
	assert_int_not_equal(client_ask(c, T_UNLINKAT, "wsw", 0u, name, 0u), 0);
	assert_int_not_equal(client_ask(c, T_UNLINKAT, "wsw", 0u, name, 0x200u), 0);
}

static void no_name_leads_out_of_the_folder(void **state)
{
	static const char *const names[] = { "..",        ".",    "",          "/",
					     "../secret", "/etc", "sub/inner", "sub/../../secret" };
	struct client *c = new_client();
	char secret[128];

	make(c, 5, "file");
	assert_int_equal(client_ask(c, T_MKDIR, "wsww", 0u, "sub", 0755u, 0u), 0);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		assert_no_name(c, names[i]);
	assert_int_equal(access(in_folder(secret, sizeof(secret), "secret"), F_OK), 0);
	end(c);
	(void)state;
}

static void a_link_is_a_text_that_nobody_follows(void **state)
{
	struct client *c = new_client();
	char text[128];

	assert_int_equal(client_ask(c, T_SYMLINK, "wssw", 0u, "up", "..", 0u), 0);
	assert_int_equal(client_ask(c, T_SYMLINK, "wssw", 0u, "out", "../secret", 0u), 0);
	assert_int_equal(readlink(in_share("out"), text, sizeof(text)), 9);
	assert_int_equal(client_walk(c, 0, 1, "up"), 0);
	assert_int_not_equal(client_walk(c, 1, 2, "secret"), 0);
	assert_int_equal(client_ask(c, T_WALK, "wwhss", 0u, 2u, 2u, "up", "secret"), 0);
	assert_int_equal(client_get(c, 2), 1); /* the link, and not what is behind it */
	assert_null(p9_fid(c->server, 2));
	assert_int_equal(client_walk(c, 0, 3, "out"), 0);
	assert_int_equal(client_ask(c, T_READLINK, "w", 3u), 0);
	assert_int_equal(client_get(c, 2), 9);
	assert_memory_equal(c->answer + c->at, "../secret", 9);
	assert_int_not_equal(client_ask(c, T_LOPEN, "ww", 3u, 0u), 0);
	assert_int_not_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 3u, 1u, 0777u, 0u, 0u, (u64)0,
					(u64)0, (u64)0, (u64)0, (u64)0),
			     0);
	end(c);
	(void)state;
}

static void what_is_mounted_below_it_is_not_in_it(void **state)
{
	struct client *c = xzalloc(sizeof(*c));

	c->server = p9_new(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC), true, 10);
	assert_non_null(c->server);
	client_attach(c);
	assert_int_equal(client_walk(c, 0, 1, "etc"), 0);
	assert_int_equal(client_walk(c, 0, 2, "proc"), EXDEV); /* where our own memory is a file */
	p9_free(c->server);
	free(c);
	(void)state;
}

/* It was a folder when it was walked to; the host's user moves things meanwhile. */
static void a_folder_that_becomes_a_link_stays_the_folder(void **state)
{
	struct client *c = new_client();
	char moved[128];

	assert_int_equal(client_ask(c, T_MKDIR, "wsww", 0u, "sub", 0755u, 0u), 0);
	assert_int_equal(client_walk(c, 0, 1, "sub"), 0);
	snprintf(moved, sizeof(moved), "%s/moved", share);
	assert_int_equal(rename(in_share("sub"), moved), 0);
	assert_int_equal(symlink("..", in_share("sub")), 0);
	assert_int_not_equal(client_walk(c, 1, 2, "secret"), 0);
	assert_int_equal(client_ask(c, T_MKDIR, "wsww", 1u, "inner", 0755u, 0u), 0);
	assert_int_equal(access(in_share("moved/inner"), F_OK), 0);
	end(c);
	(void)state;
}

static void pipes_and_devices_are_not_opened(void **state)
{
	struct client *c = new_client();

	assert_int_equal(client_ask(c, T_MKNOD, "wswwww", 0u, "pipe", 0010644u, 0u, 0u, 0u), 0);
	assert_int_equal(client_walk(c, 0, 1, "pipe"), 0);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 0u), EOPNOTSUPP); /* it would wait */
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 1u), EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 8u, 0u, 0u, 0u, (u64)0, (u64)0,
				    (u64)0, (u64)0, (u64)0),
			 EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_MKNOD, "wswwww", 0u, "null", 0020666u, 1u, 3u, 0u), EPERM);
	assert_int_equal(client_ask(c, T_MKNOD, "wswwww", 0u, "disk", 0060666u, 7u, 0u, 0u), EPERM);
	end(c);
	(void)state;
}

static void nothing_that_is_there_is_opened_by_creating_it(void **state)
{
	struct client *c = new_client();

	assert_int_equal(client_ask(c, T_SYMLINK, "wssw", 0u, "out", "../secret", 0u), 0);
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, 1u, 0u), 0);
	assert_int_equal(client_ask(c, T_LCREATE, "wswww", 1u, "out", 01002u, 0644u, 0u), EEXIST);
	end(c);
	(void)state;
}

/* -- What a client may ------------------------------------------------------------------------- */

static void what_is_written_is_read_and_is_in_the_hosts_file(void **state)
{
	struct client *c = new_client();
	char text[16] = "";
	FILE *f;

	make(c, 1, "file");
	assert_int_equal(client_ask(c, T_WRITE, "wdwd", 1u, (u64)4, 8u, (u64)0x3837363534333231),
			 0);
	assert_int_equal(client_get(c, 4), 8);
	assert_int_equal(client_ask(c, T_FSYNC, "ww", 1u, 0u), 0);
	assert_int_equal(client_ask(c, T_READ, "wdw", 1u, (u64)6, 100u), 0);
	assert_int_equal(client_get(c, 4), 6);
	assert_memory_equal(c->answer + c->at, "345678", 6);
	f = fopen(in_share("file"), "r");
	assert_int_equal(fread(text, 1, sizeof(text), f), 12);
	assert_memory_equal(text,
			    "\0\0\0\0"
			    "12345678",
			    12);
	fclose(f);
	end(c);
	(void)state;
}

static void a_removed_file_that_is_open_lives_on(void **state)
{
	struct client *c = new_client();

	make(c, 1, "file");
	assert_int_equal(client_walk(c, 0, 2, "file"), 0); /* not open */
	assert_int_equal(client_ask(c, T_UNLINKAT, "wsw", 0u, "file", 0u), 0);
	assert_int_equal(access(in_share("file"), F_OK), -1);
	assert_int_equal(client_ask(c, T_WRITE, "wdwb", 1u, (u64)0, 1u, 'x'), 0);
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 2u, 8u, 0u, 0u, 0u, (u64)100,
				    (u64)0, (u64)0, (u64)0, (u64)0),
			 0);
	assert_int_equal(client_ask(c, T_GETATTR, "wd", 2u, (u64)0x7ff), 0);
	client_get(c, 8), client_get(c, 5), client_get(c, 8), client_get(c, 4);
	client_get(c, 8);
	assert_int_equal(client_get(c, 8), 0); /* no name */
	client_get(c, 8);
	assert_int_equal(client_get(c, 8), 100);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 2u, 0u), 0);
	assert_int_equal(client_ask(c, T_READ, "wdw", 2u, (u64)0, 200u), 0);
	assert_int_equal(client_get(c, 4), 100);
	assert_int_equal(client_get(c, 1), 'x');
	end(c);
	(void)state;
}

static void names_move_and_files_get_second_ones(void **state)
{
	struct client *c = new_client();

	make(c, 1, "file");
	assert_int_equal(client_ask(c, T_MKDIR, "wsww", 0u, "sub", 0755u, 0u), 0);
	assert_int_equal(client_walk(c, 0, 2, "sub"), 0);
	assert_int_equal(client_ask(c, T_RENAMEAT, "wsws", 0u, "file", 2u, "inner"), 0);
	assert_int_equal(client_ask(c, T_LINK, "wws", 0u, 1u, "again"), 0);
	assert_int_equal(access(in_share("sub/inner"), F_OK), 0);
	assert_int_equal(access(in_share("again"), F_OK), 0);
	assert_int_equal(client_ask(c, T_UNLINKAT, "wsw", 0u, "sub", 0x200u), ENOTEMPTY);
	assert_int_equal(client_ask(c, T_UNLINKAT, "wsw", 2u, "inner", 0u), 0);
	assert_int_equal(client_ask(c, T_UNLINKAT, "wsw", 0u, "sub", 0x200u), 0);
	end(c);
	(void)state;
}

static void files_are_roots_and_never_set_user_id(void **state)
{
	struct client *c = new_client();
	struct stat st;

	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, 1u, 0u), 0);
	assert_int_equal(client_ask(c, T_LCREATE, "wswww", 1u, "file", 2u, 06755u, 0u), 0);
	assert_int_equal(stat(in_share("file"), &st), 0);
	assert_int_equal(st.st_mode & 06000, 0);
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 1u, 07711u, 0u, 0u, (u64)0,
				    (u64)0, (u64)0, (u64)0, (u64)0),
			 0);
	assert_int_equal(stat(in_share("file"), &st), 0);
	assert_int_equal(st.st_mode & 07777, 01711);
	assert_int_equal(st.st_uid, geteuid());
	assert_int_equal(client_ask(c, T_GETATTR, "wd", 1u, (u64)0x7ff), 0);
	client_get(c, 8), client_get(c, 5), client_get(c, 8), client_get(c, 4);
	assert_int_equal(client_get(c, 8), 0); /* user and group */
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 6u, 0u, 0u, 0u, (u64)0, (u64)0,
				    (u64)0, (u64)0, (u64)0),
			 0);
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 2u, 0u, 1000u, 0u, (u64)0,
				    (u64)0, (u64)0, (u64)0, (u64)0),
			 EPERM);
	end(c);
	(void)state;
}

static void times_are_set_to_what_stands_there_or_to_now(void **state)
{
	struct client *c = new_client();
	struct stat st;

	make(c, 1, "file");
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 0x1b0u, 0u, 0u, 0u, (u64)0,
				    (u64)1000, (u64)5, (u64)2000, (u64)6),
			 0);
	assert_int_equal(stat(in_share("file"), &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_int_equal(st.st_mtim.tv_sec, 2000);
	assert_int_equal(st.st_mtim.tv_nsec, 6);
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 0x20u, 0u, 0u, 0u, (u64)0,
				    (u64)0, (u64)0, (u64)0, (u64)0),
			 0);
	assert_int_equal(stat(in_share("file"), &st), 0);
	assert_int_equal(st.st_atim.tv_sec, 1000);
	assert_true(st.st_mtim.tv_sec > 2000);
	end(c);
	(void)state;
}

/* -- Folders
 * --------------------------------------------------------------------------------------- */

#define NAMES 300

/* Counts the names of one answer; the place of the next is in *at. */
static u32 count_names(struct client *c, u8 *seen, u64 *at)
{
	u32 bytes = (u32)client_get(c, 4), end = c->at + bytes, n = 0;

	for (; c->at < end; n++) {
		char name[256] = "";
		u32 length;

		client_get(c, 1), client_get(c, 4), client_get(c, 8);
		*at = client_get(c, 8);
		client_get(c, 1);
		length = (u32)client_get(c, 2);
		assert_true(c->at + length <= end && length < sizeof(name));
		memcpy(name, c->answer + c->at, length);
		c->at += length;
		if (name[0] != '.')
			seen[strtoul(name, NULL, 10)]++;
	}
	return n;
}

static void read_folder(struct client *c, u32 count, u8 *seen, bool remove)
{
	u64 at = 0;
	u32 turns = 0;

	for (;; turns++) {
		assert_int_equal(client_ask(c, T_READDIR, "wdw", 1u, at, count), 0);
		if (!count_names(c, seen, &at))
			break;
		if (remove)
			assert_int_equal(unlink(in_share("299")), turns ? -1 : 0);
	}
	assert_true(turns > 1);
}

static void a_folder_gives_each_name_once_while_others_go(void **state)
{
	struct client *c = new_client();
	u8 seen[NAMES];

	for (u32 i = 0; i < NAMES; i++) {
		char name[8];

		snprintf(name, sizeof(name), "%03u", i);
		write_file(in_share(name), "");
	}
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, 1u, 0u), 0);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 0200000u), 0);
	for (u32 round = 0; round < 3; round++) { /* 0 begins anew */
		memset(seen, 0, sizeof(seen));
		read_folder(c, 100 + 1000 * round, seen, round == 2);
		for (u32 i = 0; i < NAMES - 1; i++)
			assert_int_equal(seen[i], 1);
	}
	assert_int_equal(client_ask(c, T_READDIR, "wdw", 1u, (u64)0, 20u),
			 EINVAL); /* not one fits */
	end(c);
	(void)state;
}

/* -- Read-only
 * ------------------------------------------------------------------------------------- */

static void a_read_only_folder_refuses_whatever_changes_it(void **state)
{
	struct client *c = xzalloc(sizeof(*c));
	struct stat before, after;

	write_file(in_share("file"), "text");
	server(c, true, 100);
	assert_int_equal(stat(in_share("file"), &before), 0);
	assert_int_equal(client_walk(c, 0, 1, "file"), 0);
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, 2u, 0u), 0);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 1u), EROFS);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 2u), EROFS);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 01000u), EROFS);
	assert_int_equal(client_ask(c, T_LCREATE, "wswww", 2u, "new", 2u, 0644u, 0u), EROFS);
	assert_int_equal(client_ask(c, T_SYMLINK, "wssw", 0u, "new", "x", 0u), EROFS);
	assert_int_equal(client_ask(c, T_MKNOD, "wswwww", 0u, "new", 0100644u, 0u, 0u, 0u), EROFS);
	assert_int_equal(client_ask(c, T_MKDIR, "wsww", 0u, "new", 0755u, 0u), EROFS);
	assert_int_equal(client_ask(c, T_LINK, "wws", 0u, 1u, "new"), EROFS);
	assert_int_equal(client_ask(c, T_RENAMEAT, "wsws", 0u, "file", 0u, "new"), EROFS);
	assert_int_equal(client_ask(c, T_UNLINKAT, "wsw", 0u, "file", 0u), EROFS);
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 8u, 0u, 0u, 0u, (u64)0, (u64)0,
				    (u64)0, (u64)0, (u64)0),
			 EROFS);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 0u), 0);
	assert_int_equal(client_ask(c, T_WRITE, "wdwb", 1u, (u64)0, 1u, 'x'), EROFS);
	assert_int_equal(client_ask(c, T_READ, "wdw", 1u, (u64)0, 10u), 0);
	assert_int_equal(client_get(c, 4), 4);
	assert_int_equal(stat(in_share("file"), &after), 0);
	assert_int_equal(after.st_size, 4);
	assert_int_equal(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	assert_int_equal(access(in_share("new"), F_OK), -1);
	end(c);
	(void)state;
}

/* -- The protocol
 * ----------------------------------------------------------------------------------- */

static void nothing_is_answered_before_a_version_is_agreed_upon(void **state)
{
	struct client *c = new_client();

	assert_int_equal(client_ask(c, T_VERSION, "ws", CLIENT_MSIZE, "9P2000.u"), 0);
	client_get(c, 4), client_get(c, 2);
	assert_memory_equal(c->answer + c->at, "unknown", 7);
	assert_int_equal(client_ask(c, T_ATTACH, "wwssw", 0u, ~0u, "root", "", 0u), EPROTO);
	assert_int_equal(client_ask(c, T_VERSION, "ws", 100u, "9P2000.L"), EINVAL);
	assert_int_equal(client_ask(c, T_VERSION, "ws", ~0u, "9P2000.L"), 0);
	assert_int_equal(client_get(c, 4), 512 * KIB);
	end(c);
	(void)state;
}

static void what_is_not_supported_says_so(void **state)
{
	struct client *c = new_client();

	assert_int_equal(client_ask(c, T_XATTRWALK, "wws", 0u, 1u, "user.x"), EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_XATTRCREATE, "wsdw", 0u, "user.x", (u64)1, 0u),
			 EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_AUTH, "wssw", 1u, "root", "", 0u), EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_RENAME, "wws", 0u, 0u, "x"), EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_REMOVE, "w", 0u), EOPNOTSUPP);
	assert_int_equal(client_ask(c, T_CLUNK, "w", 0u), EBADF); /* it is closed all the same */
	assert_int_equal(client_ask(c, 255, ""), EOPNOTSUPP);
	end(c);
	(void)state;
}

/* Each cut, in a copy without a byte behind it: whoever reads on is seen by ASan. */
static void assert_cut_is_refused(struct client *c, u8 type, const char *format, ...)
{
	u8 *cut, answer[64];
	va_list ap;
	u32 whole;

	va_start(ap, format);
	put_fields(c, type, format, ap);
	va_end(ap);
	whole = c->n;
	for (u32 n = P9_HEADER; n < whole; n++) {
		cut = malloc(n);
		assert_non_null(cut);
		memcpy(cut, c->request, n);
		assert_int_equal(p9_answer(c->server, cut, n, answer, sizeof(answer)), 0);
		put_le32(cut, n);
		assert_int_equal(p9_answer(c->server, cut, n, answer, sizeof(answer)), 11);
		assert_int_equal(answer[4], 7);
		free(cut);
	}
}

static void a_request_that_is_cut_short_does_nothing(void **state)
{
	struct client *c = new_client();

	make(c, 1, "file");
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, 2u, 0u), 0);
	assert_cut_is_refused(c, T_WALK, "wwhs", 0u, 3u, 1u, "file");
	assert_cut_is_refused(c, T_LOPEN, "ww", 2u, 0u);
	assert_cut_is_refused(c, T_LCREATE, "wsww", 2u, "new", 2u, 0644u);
	assert_cut_is_refused(c, T_SYMLINK, "wss", 0u, "new", "x");
	assert_cut_is_refused(c, T_MKNOD, "wsw", 0u, "new", 0100644u);
	assert_cut_is_refused(c, T_MKDIR, "wsw", 0u, "new", 0755u);
	assert_cut_is_refused(c, T_RENAMEAT, "wsws", 0u, "file", 0u, "new");
	assert_cut_is_refused(c, T_UNLINKAT, "wsw", 0u, "file", 0u);
	assert_cut_is_refused(c, T_LINK, "wws", 0u, 1u, "new");
	assert_cut_is_refused(c, T_READ, "wdw", 1u, (u64)0, 1u);
	assert_cut_is_refused(c, T_WRITE, "wdwb", 1u, (u64)0, 1u, 'x');
	assert_cut_is_refused(c, T_SETATTR, "wwwwwddddd", 1u, 8u, 0u, 0u, 0u, (u64)9, (u64)0,
			      (u64)0, (u64)0, (u64)0);
	assert_null(p9_fid(c->server, 3));
	assert_int_equal(access(in_share("new"), F_OK), -1);
	assert_int_equal(access(in_share("file"), F_OK), 0);
	end(c);
	(void)state;
}

static void an_answer_fits_the_room_that_there_is(void **state)
{
	struct client *c = new_client();

	make(c, 1, "file");
	assert_int_equal(client_ask(c, T_SETATTR, "wwwwwddddd", 1u, 8u, 0u, 0u, 0u, (u64)100000,
				    (u64)0, (u64)0, (u64)0, (u64)0),
			 0);
	for (c->room = 11; c->room < 300; c->room++) {
		int error = client_ask(c, T_READ, "wdw", 1u, (u64)0, 100000u);

		assert_int_equal(error, 0);
		assert_int_equal(client_get(c, 4), c->room - 11);
		client_ask(c, T_GETATTR, "wd", 1u, (u64)0x7ff);
		client_ask(c, T_STATFS, "w", 1u);
		client_ask(c, T_WALK, "wwh", 0u, 2u, 0u);
		client_ask(c, T_CLUNK, "w", 2u);
	}
	end(c);
	(void)state;
}

static void what_a_client_has_open_is_bounded_and_closed_with_it(void **state)
{
	struct client *c = xzalloc(sizeof(*c));
	u32 before, n = 1;

	server(c, false, 20);
	before = open_files();
	while (client_ask(c, T_WALK, "wwh", 0u, n, 0u) == 0)
		n++;
	assert_int_equal(n, 20);
	assert_int_equal(client_ask(c, T_WALK, "wwh", 0u, n, 0u), EMFILE);
	assert_int_equal(open_files(), before + 19);
	for (u32 i = 1; i < n; i++)
		assert_int_equal(client_ask(c, T_LOPEN, "ww", i, 0u), 0);
	assert_int_equal(client_ask(c, T_LOPEN, "ww", 1u, 0u), EBUSY);
	client_attach(c); /* a new session */
	assert_int_equal(open_files(), before);
	assert_int_equal(client_ask(c, T_CLUNK, "w", 1u), EBADF);
	end(c);
	(void)state;
}

/* -- Behind share.h
 * --------------------------------------------------------------------------------- */

static void a_folder_that_is_not_there_is_a_message(void **state)
{
	struct err e = { 0 };
	char path[128];

	assert_null(host_share(in_folder(path, sizeof(path), "nowhere"), false, &e));
	assert_non_null(strstr(e.text, "cannot share"));
	assert_string_equal(e.code, "E0604");
	assert_null(host_share(in_folder(path, sizeof(path), "secret"), false, &e));
	assert_non_null(strstr(e.text, "Not a directory"));
	(void)state;
}

static void a_folder_that_this_user_cannot_read_is_a_message(void **state)
{
	struct err e = { 0 };
	char path[128];

	if (!geteuid())
		skip(); /* may read all */
	assert_int_equal(mkdir(in_folder(path, sizeof(path), "closed"), 0), 0);
	assert_null(host_share(path, true, &e));
	assert_non_null(strstr(e.text, "cannot share"));
	assert_int_equal(chmod(path, 0700), 0);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_name_leads_out_of_the_folder),
		cmocka_unit_test(a_link_is_a_text_that_nobody_follows),
		cmocka_unit_test(what_is_mounted_below_it_is_not_in_it),
		cmocka_unit_test(a_folder_that_becomes_a_link_stays_the_folder),
		cmocka_unit_test(pipes_and_devices_are_not_opened),
		cmocka_unit_test(nothing_that_is_there_is_opened_by_creating_it),
		cmocka_unit_test(what_is_written_is_read_and_is_in_the_hosts_file),
		cmocka_unit_test(a_removed_file_that_is_open_lives_on),
		cmocka_unit_test(names_move_and_files_get_second_ones),
		cmocka_unit_test(files_are_roots_and_never_set_user_id),
		cmocka_unit_test(times_are_set_to_what_stands_there_or_to_now),
		cmocka_unit_test(a_folder_gives_each_name_once_while_others_go),
		cmocka_unit_test(a_read_only_folder_refuses_whatever_changes_it),
		cmocka_unit_test(nothing_is_answered_before_a_version_is_agreed_upon),
		cmocka_unit_test(what_is_not_supported_says_so),
		cmocka_unit_test(a_request_that_is_cut_short_does_nothing),
		cmocka_unit_test(an_answer_fits_the_room_that_there_is),
		cmocka_unit_test(what_a_client_has_open_is_bounded_and_closed_with_it),
		cmocka_unit_test(a_folder_that_is_not_there_is_a_message),
		cmocka_unit_test(a_folder_that_this_user_cannot_read_is_a_message),
	};

	return cmocka_run_group_tests(tests, setup, remove_folder);
}
