/* fuzz_9p.c - any bytes as what a client asks of a shared folder.
 *
 * A request is a type and fields; most fids and names are among a few, so that requests have
 * to do with each other, and some bytes are as they come.  Whatever it asks: an answer fits
 * its room and says how long it is, what lies beside the folder stays what it is and is in no
 * answer, and a new session has nothing open.
 */
#define _GNU_SOURCE
#include "../p9_client.h"
#include "life.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define SECRET "hG7-not-for-guests"

/* -- The folder: one a process, emptied between two inputs ------------------------------------ */

static char home[64];

static void remove_home(void)
{
	char command[100];

	snprintf(command, sizeof(command), "rm -rf %s", home);
	if (system(command))
		perror(home);
}

static int open_folder(void)
{
	char path[100];
	FILE *f;

	if (!*home) {
		snprintf(home, sizeof(home), "/tmp/vmbuild-fuzz.XXXXXX");
		if (!mkdtemp(home))
			abort();
		atexit(remove_home);
		snprintf(path, sizeof(path), "%s/secret", home);
		f = fopen(path, "w");
		if (!f || fputs(SECRET, f) < 0 || fclose(f))
			abort();
	}
	snprintf(path, sizeof(path), "%s/share", home);
	if (mkdir(path, 0700) && errno != EEXIST)
		abort();
	return open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

/* Two levels are all that a life makes, and there are few names. */
static void clear(int folder, u32 depth)
{
	int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd >= 0 ? fdopendir(fd) : NULL;
	const struct dirent *e;

	while (d && (e = readdir(d))) {
		int inner;

		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..") ||
		    !unlinkat(folder, e->d_name, 0))
			continue;
		if (fchmodat(folder, e->d_name, 0700, 0))
			abort();
		inner = openat(folder, e->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (inner >= 0 && depth)
			clear(inner, depth - 1);
		if (inner >= 0)
			close(inner);
		unlinkat(folder, e->d_name, AT_REMOVEDIR);
	}
	if (d)
		closedir(d);
}

static void look_outside(int folder)
{
	int fd = openat(folder, "../secret", O_RDONLY | O_CLOEXEC);
	char text[sizeof(SECRET)] = "";
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

	if (n != sizeof(SECRET) - 1 || strcmp(text, SECRET) != 0)
		abort();
	close(fd);
}

/* -- Requests
 * -------------------------------------------------------------------------------------- */

/* Mostly few, or the input would be gone too soon. */
static u32 take_count(struct input *in)
{
	u32 n = take(in, 1);

	return n < 0xf8 ? n % 8 : n;
}

static void put_name(struct client *c, struct input *in)
{
	static const char *const names[] = { "a",         "b",      "sub", "up",          "..",
					     "../secret", "secret", ".",   "/etc/passwd", "sub/a" };
	u32 what = take(in, 1);
	u32 which = what & 0x80 ? what % (ARRAY_LEN(names) + 2) : what % 3;
	u32 n;

	if (which < ARRAY_LEN(names)) {
		n = (u32)strlen(names[which]);
		put_field(c, n, 2);
		memcpy(c->request + c->n, names[which], n);
		c->n += n;
		return;
	}
	n = take_count(in);
	put_field(c, n, 2);
	while (n-- && in->left)
		put_field(c, take(in, 1), 1);
}

/* The fields of a type: f a fid, n a name, others as in put_fields(). */
static const struct {
	u8 type;
	const char *fields;
} types[] = {
	/* the most likely */
	{ T_WALK, "ffhnnn" },    { T_LOPEN, "fw" },
	{ T_LCREATE, "fnwww" },  { T_WRITE, "fdhx" },
	{ T_STATFS, "f" },       { T_SYMLINK, "fnnw" },
	{ T_MKNOD, "fnmwww" },   { T_READLINK, "f" },
	{ T_GETATTR, "fd" },     { T_SETATTR, "fwmwwddddd" },
	{ T_READDIR, "fdh" },    { T_FSYNC, "fw" },
	{ T_LINK, "ffn" },       { T_MKDIR, "fnmw" },
	{ T_RENAMEAT, "fnfn" },  { T_UNLINKAT, "fnh" },
	{ T_READ, "fdh" },       { T_CLUNK, "f" },
	{ T_ATTACH, "fwnnw" },   { T_VERSION, "wn" },
	{ T_LOCK, "fbwddwn" },   { T_FLUSH, "h" },
	{ T_GETLOCK, "fbddwn" }, { T_REMOVE, "f" },
};

static void put_one(struct client *c, struct input *in, char kind)
{
	u32 n;

	switch (kind) {
	case 'f':
		n = take(in, 1);
		put_field(c, n & 0x80 ? n % 8 : n % 3, 4);
		break;
	case 'n':
		put_name(c, in);
		break;
	case 'm': /* kind and permissions: mostly a file's */
		put_field(c, take(in, 1) & 1 ? take(in, 4) : 0100600 | take(in, 1), 4);
		break;
	case 'x':
		for (n = take_count(in); n-- && in->left;)
			put_field(c, take(in, 1), 1);
		break;
	case 'd': /* mostly small: files do not grow large */
		put_field(c,
			  take(in, 1) & 0x80 ? (u64)take(in, 4) << take(in, 1) % 36 : take(in, 1),
			  8);
		break;
	default:
		put_field(c, take(in, 2), kind == 'b' ? 1 : kind == 'h' ? 2 : 4);
	}
}

static void make_request(struct client *c, struct input *in)
{
	/* Half of them walk, or ask for what is most likely to go well. */
	u32 what = take(in, 1), flaw = take(in, 1);
	u32 which = what & 0x80 ? what % 32 : what % 4;

	which = which < ARRAY_LEN(types) ? which : 0;

	c->n = P9_HEADER;
	for (const char *f = types[which].fields; *f; f++)
		put_one(c, in, *f);
	if (types[which].type == T_WALK)
		c->request[P9_HEADER + 8] = (u8)(flaw % 4);
	c->request[4] = flaw == 0xff ? (u8)take(in, 1) : types[which].type;
	put_le16(c->request + 5, TAG);
	put_le32(c->request, flaw == 0xfe   ? take(in, 4)
			     : flaw == 0xfd ? c->n - take(in, 1) % c->n
					    : c->n);
}

/* In memory of its own, so that reading on is seen. */
static void send(struct client *c, struct input *in)
{
	u32 room = take(in, 1) & 1 ? CLIENT_MSIZE : take(in, 2), n;
	u8 *request = malloc(c->n), *answer = malloc(room + 1);

	if (!request || !answer)
		abort();
	memcpy(request, c->request, c->n);
	n = p9_answer(c->server, request, c->n, answer, room);
	if (n > room || (n && (n < P9_HEADER || get_le32(answer) != n)))
		abort();
	if (n && memmem(answer, n, SECRET, strlen(SECRET)))
		abort();
	free(request);
	free(answer);
}

/* One that has thrown away its session or its root begins again, sooner or later. */
static void go_on(struct client *c, struct input *in)
{
	const struct fid *root = p9_fid(c->server, 0);

	if ((!c->server->msize || !root || root->io >= 0) && take(in, 1) & 1)
		client_attach(c);
}

static void furnish(int folder)
{
	if (symlinkat("..", folder, "up") || mkdirat(folder, "sub", 0700))
		abort();
}

static void check_closed(struct client *c)
{
	p9_forget(c->server);
	if (c->server->files)
		abort();
}

int fuzz_one(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct client *c = xzalloc(sizeof(*c));
	int folder = open_folder();
	bool read_only = take(&in, 1) & 1;

	c->server = p9_new(folder, read_only, 7);
	if (!c->server)
		abort();
	client_attach(c);
	furnish(folder);
	for (u32 steps = 0; in.left && steps < 200; steps++) {
		make_request(c, &in);
		send(c, &in);
		go_on(c, &in);
	}
	look_outside(folder);
	check_closed(c);
	clear(folder, 8);
	p9_free(c->server);
	free(c);
	return 0;
}
