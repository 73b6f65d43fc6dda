/* disk_image.c - what `vmbuild image` does with files. */
#define _GNU_SOURCE /* SEEK_DATA */
#include "disk_image.h"
#include "layer.h"

#include <errno.h>
#include <inttypes.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE (64 * KIB)

/* -- Making --------------------------------------------------------------------------- */

static bool check_size(u64 size, struct err *e)
{
	if (size > INT64_MAX)
		return err_set(e, "no file of this host can be as large");
	if (size && size % SECTOR_BYTES == 0)
		return true;
	err_set(e, "a disk has a whole number of sectors of 512 bytes, and at least one");
	return err_hint(e, "4G, 512M");
}

static bool fill_raw(struct layer *m, u64 size, struct err *e)
{
	int error = m->store.resize(&m->store, size);

	m->size = m->raw_size = size;
	return !error || host_err_file(e, "write", m->path, error);
}

static bool fill_qcow2(struct layer *m, const struct qcow2_shape *shape, struct err *e)
{
	int error = qcow2_create(&m->store, shape, e);

	if (error)
		return error == EINVAL ? err_in(e, "`%s`", m->path)
				       : host_err_file(e, "write", m->path, error);
	m->qcow2 = qcow2_open(&m->store, m->path, true, e);
	m->size = shape->size;
	return m->qcow2;
}

static bool fill(struct layer *m, enum host_format format, u64 size, struct err *e)
{
	const struct qcow2_shape shape = {
		.size = size, .version = 3, .cluster_bits = QCOW2_CLUSTER_BITS, .refcount_order = 4
	};

	return format == HOST_RAW ? fill_raw(m, size, e) : fill_qcow2(m, &shape, e);
}

/* The file stays open for its name; the layer has a descriptor of its own. */
static struct layer *begin(struct new_file *f, const char *path, struct err *e)
{
	int fd;

	if (!new_file_open(f, path, e))
		return NULL;
	fd = dup(f->fd);
	if (fd >= 0)
		return layer_of_file(fd, path);
	host_err_file(e, "write", path, errno);
	new_file_drop(f);
	return NULL;
}

/* Twice: counts that go down wait for the first. */
static bool end(struct new_file *f, struct layer *m, bool good, struct err *e)
{
	int error = 0;

	for (u32 i = 0; good && !error && i < 2; i++)
		error = layer_flush(m);
	if (error)
		good = host_err_file(e, "write", m->path, error);
	if (!good)
		m->read_only = true; /* nothing more is worth writing */
	layer_free(m);
	good = good && new_file_keep(f, e);
	new_file_drop(f);
	return good;
}

bool disk_image_create(const char *path, enum host_format format, u64 size, struct err *e)
{
	struct new_file f;
	struct layer *m = check_size(size, e) ? begin(&f, path, e) : NULL;

	return m && end(&f, m, fill(m, format, size, e), e);
}

/* -- Over another --------------------------------------------------------------------------- */

static bool fill_overlay(struct layer *m, const struct host_layer *base, u64 size, struct err *e)
{
	char *name = realpath(base->path, NULL);
	const struct qcow2_shape shape = {
		.size = size,
		.version = 3,
		.cluster_bits = QCOW2_CLUSTER_BITS,
		.refcount_order = 4,
		.backing = name ? name : base->path,
		.backing_format = base->format == HOST_RAW ? "raw" : "qcow2",
	};
	bool good = fill_qcow2(m, &shape, e);

	free(name);
	return good;
}

/* It notes what it lies over, for other programs and so that it is not used without. */
bool disk_image_overlay(const char *path, const struct host_layer *base, struct err *e)
{
	const struct layer_options look = { .read_only = true, .alone = true };
	struct layer *under = layer_open(base, &look, e);
	struct new_file f;
	struct layer *m;
	u64 size;

	if (!under)
		return false;
	size = under->size;
	layer_free(under);
	m = begin(&f, path, e);
	return m && end(&f, m, fill_overlay(m, base, size, e), e);
}

/* -- Copying ---------------------------------------------------------------------------------- */

/* A hole of a raw file is known without reading it. */
static void look_for_hole(struct layer_run *run)
{
#ifdef SEEK_DATA
	off_t data;

	if (run->kind != RUN_DATA || run->image->qcow2)
		return;
	data = lseek(run->image->fd, (off_t)run->at, SEEK_DATA);
	if (data < 0 && errno == ENXIO) {
		run->kind = RUN_ZEROS;
	} else if (data > (off_t)run->at) {
		run->kind = RUN_ZEROS;
		run->length = MIN(run->length, (u64)data - run->at);
	}
#else
	(void)run;
#endif
}

static bool is_zero(const u8 *p, size_t n)
{
	return !p[0] && !memcmp(p, p + 1, n - 1);
}

static int put(struct layer *to, const u8 *bytes, size_t n, u64 offset)
{
	if (is_zero(bytes, n))
		return 0;
	return to->qcow2 ? qcow2_write(to->qcow2, bytes, n, offset)
			 : to->store.write(&to->store, bytes, n, offset);
}

/* Whether it was the reading or the writing that failed is told by *what. */
static int copy_run(struct layer *from, struct layer *to, u64 offset, u64 length, u8 *buf,
		    const char **what)
{
	int error = 0;

	for (u64 done = 0; !error && done < length; done += PIECE) {
		size_t n = (size_t)MIN(PIECE, length - done);

		*what = "read";
		error = layer_read(from, buf, n, offset + done);
		if (error)
			break;
		*what = "write";
		error = put(to, buf, n, offset + done);
	}
	return error;
}

static bool copy(const struct disk_copy *c, struct layer *from, struct layer *to, struct err *e)
{
	u8 *buf = xzalloc(PIECE);
	const char *what = "read";
	struct layer_run run;
	int error = 0;

	for (u64 at = 0; !error && at < from->size; at += run.length) {
		if (c->progress)
			c->progress(c->ctx, at, from->size);
		error = layer_map(from, at, MIN(from->size - at, 16 * MIB), &run);
		if (error)
			break;
		look_for_hole(&run);
		if (run.kind != RUN_ZEROS)
			error = copy_run(from, to, at, run.length, buf, &what);
	}
	free(buf);
	if (c->progress)
		c->progress(c->ctx, from->size, from->size);
	if (error == EUCLEAN) {
		err_code(e, "E0620", "the tables of `%s` are damaged", from->path);
		return err_hint(e, "`vmbuild image check` says where");
	}
	return !error || host_err_file(e, what, *what == 'r' ? from->path : to->path, error);
}

bool disk_image_convert(const struct disk_copy *c, struct err *e)
{
	const struct layer_options look = { .read_only = true };
	struct layer *from = layer_open(c->from, &look, e), *to;
	struct new_file f;
	bool good = false;

	if (!from)
		return false;
	to = begin(&f, c->to, e);
	if (to)
		good = end(&f, to, fill(to, c->format, from->size, e) && copy(c, from, to, e), e);
	layer_free(from);
	return good;
}

/* -- Changing -------------------------------------------------------------------------------------
 */

static bool resize(struct layer *m, u64 size, bool shrink, struct err *e)
{
	int error;

	if (m->is_device) {
		err_set(e, "`%s` is a block device: its size is not ours to change", m->path);
		return err_hint(e, "lvresize, parted, or what made it");
	}
	if (size < m->size && !shrink) {
		err_set(e, "`%s` has %" PRIu64 " bytes: what is behind the new end would be lost",
			m->path, m->size);
		return err_hint(e, "--shrink, if the guest does not use it any more");
	}
	if (m->qcow2)
		error = qcow2_resize(m->qcow2, size);
	else
		error = m->store.resize(&m->store, size);
	if (!error)
		error = layer_flush(m);
	if (error == EUCLEAN) {
		err_code(e, "E0620", "the tables of `%s` are damaged", m->path);
		return err_hint(e, "`vmbuild image check` says where");
	}
	return !error || host_err_file(e, "resize", m->path, error);
}

bool disk_image_resize(const struct host_layer *image, u64 size, bool shrink, struct err *e)
{
	const struct layer_options change = { .alone = true };
	struct layer *m = check_size(size, e) ? layer_open(image, &change, e) : NULL;
	bool good = m && resize(m, size, shrink, e);

	layer_free(m);
	return good;
}

/* -- Looking
 * ---------------------------------------------------------------------------------------- */

bool disk_image_info(const struct host_layer *image, struct disk_image_info *info, struct err *e)
{
	const struct layer_options look = { .read_only = true, .alone = true };
	struct layer *m = layer_open(image, &look, e);
	struct stat st;

	*info = (struct disk_image_info){ 0 };
	if (!m)
		return false;
	info->size = m->size;
	info->is_device = m->is_device;
	info->used = fstat(m->fd, &st) ? 0 : (u64)st.st_blocks * 512;
	if (m->qcow2) {
		info->qcow2 = qcow2_info(m->qcow2);
		snprintf(info->backing, sizeof(info->backing), "%s",
			 info->qcow2.backing ? info->qcow2.backing : "");
		snprintf(info->backing_format, sizeof(info->backing_format), "%s",
			 info->qcow2.backing_format ? info->qcow2.backing_format : "");
		info->qcow2.backing = info->qcow2.backing_format = NULL; /* gone with it */
	}
	layer_free(m);
	return true;
}

static bool cannot_check(const char *path, int error, struct err *e)
{
	switch (error) {
	case EOPNOTSUPP:
		err_code(e, "E0620", "`%s` has snapshots or bitmaps, which are not known here",
			 path);
		break;
	case EFBIG:
		err_code(e, "E0620", "`%s` has too many clusters to count them in memory", path);
		break;
	default:
		return host_err_file(e, "check", path, error);
	}
	return err_hint(e, "qemu-img check knows more");
}

bool disk_image_check(const char *path, bool repair, struct qcow2_report *r, struct err *e)
{
	const struct host_layer image = { .path = path, .format = HOST_QCOW2 };
	const struct layer_options o = { .read_only = !repair, .alone = true };
	struct layer *m = layer_open(&image, &o, e);
	int error;

	if (!m)
		return false;
	error = qcow2_check(m->qcow2, repair, r);
	layer_free(m);
	return !error || cannot_check(path, error, e);
}
