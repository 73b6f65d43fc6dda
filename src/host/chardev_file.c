/* chardev_file.c - output into a file, anew or behind what is there; nothing comes in. */
#include "internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct file_out {
	struct chardev chr;
	struct outlet *out;
	int fd;
};

static void file_write(struct chardev *c, const u8 *bytes, size_t n)
{
	outlet_write(((struct file_out *)c)->out, bytes, n);
}

static void file_ready(struct chardev *c)
{
	(void)c;
}

static bool file_size(const struct chardev *c, u32 *columns, u32 *rows)
{
	(void)c;
	(void)columns;
	(void)rows;
	return false;
}

static void file_free(struct chardev *c)
{
	struct file_out *f = (struct file_out *)c;

	outlet_free(f->out);
	if (f->fd >= 0)
		close(f->fd);
	free(f);
}

static const struct chardev_ops file_ops = {
	.write = file_write,
	.ready = file_ready,
	.size = file_size,
	.free = file_free,
};

static bool is_file(int fd)
{
	struct stat st;

	return !fstat(fd, &st) && S_ISREG(st.st_mode);
}

static int open_for_output(const char *path, bool append, struct err *e)
{
	int fd = host_open_output(path, O_CREAT | (append ? O_APPEND : 0), 0666);

	if (fd < 0 && errno == ENXIO)
		err_code(e, "E0604", "cannot write `%s`: nobody reads this pipe", path);
	else if (fd < 0)
		host_err_file(e, "write", path, errno);
	if (fd < 0 || append || !is_file(fd) || host_empty_file(fd, path, e))
		return fd;
	close(fd);
	return -1;
}

struct chardev *host_file_out(const char *path, bool append, struct err *e)
{
	struct file_out *f = xzalloc(sizeof(*f));

	f->chr.ops = &file_ops;
	f->fd = open_for_output(path, append, e);
	if (f->fd >= 0)
		f->out = outlet_new(f->fd, path, e);
	if (!f->out) {
		file_free(&f->chr);
		return NULL;
	}
	return &f->chr;
}
