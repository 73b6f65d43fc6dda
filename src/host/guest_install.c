/* guest_install.c - a disk with a Debian on it, made without being root
 *
 * boards/guests/unpack does it with Debian's own tools.  fakeroot remembers whose the
 * files are from there to mke2fs.
 */
#include "guest.h"
#include "host.h"

static void on_line(void *ctx, const char *line)
{
	const struct install *in = ctx;

	(void)line;
	in->on_deb(in->ctx);
}

static bool unpack(const struct install *in, const char *root, const char *own, struct err *e)
{
	char *data = host_data_dir(), *script = xprintf("%s/boards/guests/unpack", data);
	char *modules = xprintf("%s/usr/lib/modules", in->unpacked),
	     *log = xprintf("%s/errors", in->work);
	/* Not everybody's PATH has /sbin, where depmod is. */
	const char *first[] = {
		"env",       "-C",   in->work,     "PATH=/usr/sbin:/usr/bin:/sbin:/bin",
		"fakeroot",  "-s",   GUEST_OWNERS, "--",
		"sh",        script, root,         modules,
		in->release, own
	};
	const char **argv = xcalloc(ARRAY_LEN(first) + in->debs->n + 1, sizeof(*argv));
	struct str errors = { 0 };
	bool ok;

	memcpy(argv, first, sizeof(first));
	memcpy(argv + ARRAY_LEN(first), in->debs->list, in->debs->n * sizeof(*argv));
	ok = program_follow(argv, log, on_line, (void *)in, &errors);
	if (!ok)
		err_set(e, "the packages cannot be unpacked: %.*s",
			(int)strcspn(str_text(&errors), "\n"), str_text(&errors));
	str_free(&errors);
	free(argv);
	free(log);
	free(modules);
	free(script);
	free(data);
	return ok;
}

bool guest_install(const struct install *in, const struct tree *t, u64 bytes, const char *path,
		   struct err *e)
{
	char *root = xprintf("%s/root", in->work), *own = xprintf("%s/own", in->work);
	bool ok = host_mkdirs(in->work, e) && guest_put_tree(t, own, e) &&
		  unpack(in, root, own, e) && guest_ext4(root, in->work, bytes, path, e);

	free(root);
	free(own);
	return ok;
}
