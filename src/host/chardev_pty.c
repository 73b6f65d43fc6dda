/* chardev_pty.c - a pseudo-terminal that screen, tio or minicom can open.
 *
 * We hold its slave side open too: else the master would report a hang-up whenever
 * nobody else has it open.  So we do not know whether anyone reads; output is kept
 * for a late reader, up to the outlet's size.
 */
#define _GNU_SOURCE /* posix_openpt, ptsname_r, cfmakeraw */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <termios.h>
#include <unistd.h>

struct pty {
	struct chardev chr;
	struct inlet *in;
	struct outlet *out;
	int master, slave;
};

static void pty_write(struct chardev *c, const u8 *bytes, size_t n)
{
	outlet_write(((struct pty *)c)->out, bytes, n);
}

static void pty_ready(struct chardev *c)
{
	inlet_ready(((struct pty *)c)->in);
}

/* The one who opens it may set a size, but a master is not told when it changes. */
static bool pty_size(const struct chardev *c, u32 *columns, u32 *rows)
{
	(void)c;
	(void)columns;
	(void)rows;
	return false;
}

/* What nobody took is thrown away before the outlet would wait for it. */
static void pty_free(struct chardev *c)
{
	struct pty *p = (struct pty *)c;

	inlet_free(p->in);
	outlet_free(p->out);
	if (p->slave >= 0)
		close(p->slave);
	if (p->master >= 0)
		close(p->master);
	free(p);
}

static const struct chardev_ops pty_ops = {
	.write = pty_write,
	.ready = pty_ready,
	.size = pty_size,
	.free = pty_free,
};

static bool open_pair(struct pty *p, char *path, size_t cap)
{
	struct termios t;

	p->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->master < 0 || grantpt(p->master) || unlockpt(p->master) ||
	    ptsname_r(p->master, path, cap))
		return false;
	p->slave = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (p->slave < 0 || tcgetattr(p->slave, &t))
		return false;
	cfmakeraw(&t); /* the guest's own terminal driver echoes */
	return !tcsetattr(p->slave, TCSANOW, &t);
}

struct chardev *host_pty(struct loop *l, const char *name, struct err *e)
{
	struct pty *p = xzalloc(sizeof(*p));
	struct inlet_options options = { .to = &p->chr };
	char path[64];

	p->chr.ops = &pty_ops;
	p->master = p->slave = -1;
	if (!open_pair(p, path, sizeof(path)))
		err_set(e, "%s: the host gives no pseudo-terminal: %s", name, strerror(errno));
	else
		p->out = outlet_new(p->master, name, e);
	if (!p->out) {
		pty_free(&p->chr);
		return NULL;
	}
	p->in = inlet_new(l, &options);
	inlet_open(p->in, p->master);
	log_line(LOG_NOTICE, "%s: %s", name, path);
	return &p->chr;
}
