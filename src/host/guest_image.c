/* guest_image.c - a tree of files as an initrd and as an ext4 disk
 *
 * mke2fs -d fills the disk from a folder, so nobody needs to be root.  It would
 * give the files to whoever runs it; debugfs then gives them to root, or fakeroot
 * tells it whose they are.
 */
#include "cpio.h"
#include "guest.h"
#include "host.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

bool guest_initrd(const struct tree *t, const char *path, struct err *e)
{
	struct cpio c = { 0 };
	bool ok = true;

	for (size_t i = 0; ok && i < t->n; i++) {
		const struct node *n = &t->list[i];

		if (n->kind == NODE_FOLDER)
			ok = cpio_folder(&c, n->path);
		else if (n->kind == NODE_LINK)
			ok = cpio_link(&c, n->path, str_text(&n->bytes));
		else
			ok = cpio_file(&c, n->path, n->executable, n->bytes.p, n->bytes.n);
	}
	cpio_end(&c);
	ok = ok ? host_write_file(path, c.out.p, c.out.n, e)
		: err_set(e, "a file for the initrd is larger than 4 GiB");
	str_free(&c.out);
	return ok;
}

static bool put_node(const struct node *n, const char *path, struct err *e)
{
	bool open_to_all = n->kind == NODE_FOLDER || n->executable;

	if (n->kind == NODE_LINK)
		return !symlink(str_text(&n->bytes), path) ||
		       err_set(e, "%s: %s", path, strerror(errno));
	if (n->kind == NODE_FOLDER ? !host_mkdirs(path, e)
				   : !host_write_file(path, n->bytes.p, n->bytes.n, e))
		return false;
	return !chmod(path, open_to_all ? 0755 : 0644) || /* whatever the user's umask is */
	       err_set(e, "%s: %s", path, strerror(errno));
}

bool guest_put_tree(const struct tree *t, const char *folder, struct err *e)
{
	struct node root = { .kind = NODE_FOLDER };
	bool ok = put_node(&root, folder, e);

	for (size_t i = 0; ok && i < t->n; i++) {
		char *path = xprintf("%s/%s", folder, t->list[i].path);

		ok = put_node(&t->list[i], path, e);
		free(path);
	}
	return ok;
}

static bool make_sparse(const char *path, u64 bytes, struct err *e)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);
	bool ok = fd >= 0 && !ftruncate(fd, (off_t)bytes);

	if (!ok)
		err_set(e, "%s: %s", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return ok;
}

bool guest_ext4(const char *folder, const char *work, u64 bytes, const char *path, struct err *e)
{
	char *mke2fs = program_find("mke2fs"); /* it was there when we began */
	/* Nothing lazy: the guest would finish it while it should be idle. */
	/* clang-format off */
	const char *argv[] = {
		"env", "-C", work, "fakeroot", "-i", GUEST_OWNERS, "--",
		mke2fs, "-q", "-F", "-t", "ext4", "-b", "4096", "-L", "root",
		"-E", "lazy_itable_init=0,lazy_journal_init=0", "-d", folder, "--", path, NULL
	};
	/* clang-format on */
	struct str out = { 0 };
	bool ok = make_sparse(path, bytes, e) && guest_run(work ? argv : argv + 7, &out, e);

	free(mke2fs);
	str_free(&out);
	return ok;
}

static bool give_to_root(const struct tree *t, const char *script, const char *path, struct err *e)
{
	const char *argv[] = { "debugfs", "-w", "-f", script, path, NULL };
	struct str text = { 0 }, out = { 0 };
	bool ok;

	for (size_t i = 0; i < t->n; i++)
		str_add(&text, "sif /%s uid 0\nsif /%s gid 0\n", t->list[i].path, t->list[i].path);
	str_add(&text, "sif / uid 0\nsif / gid 0\nsif /lost+found uid 0\nsif /lost+found gid 0\n");
	ok = host_write_file(script, text.p, text.n, e) && guest_run(argv, &out, e);
	str_free(&text);
	str_free(&out);
	return ok;
}

bool guest_image(const struct tree *t, u64 bytes, const char *work, const char *path, struct err *e)
{
	char *folder = xprintf("%s/root", work), *script = xprintf("%s/owners", work);
	bool ok = guest_put_tree(t, folder, e) && guest_ext4(folder, NULL, bytes, path, e) &&
		  give_to_root(t, script, path, e);

	free(folder);
	free(script);
	return ok;
}
