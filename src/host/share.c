/* share.c - a folder behind share.h: a thread that answers requests, one after the other.
 *
 * One thread, so that fids and folders need no locks and an answer never overtakes another;
 * what a slow disk does to one request it does to all.
 */
#define _GNU_SOURCE /* O_PATH, unshare */
#include "internal.h"

#include "p9.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__

#define FILES_MOST 65536u

struct folder {
	struct share s;
	struct p9 *server;
	pthread_t thread;
	bool started;

	pthread_mutex_t lock;
	pthread_cond_t more;
	struct share_req *first, **last;
	bool forget, ending;
};

/* With the lock. */
static struct share_req *take(struct folder *f)
{
	struct share_req *req = f->first;

	f->first = req->next;
	if (!f->first)
		f->last = &f->first;
	return req;
}

/* With the lock, which it gives up. */
static void serve(struct folder *f)
{
	struct share_req *req = f->first ? take(f) : NULL;
	bool forget = f->forget;

	f->forget = false;
	pthread_mutex_unlock(&f->lock);
	if (forget)
		p9_forget(f->server);
	if (req) {
		req->nout = p9_answer(f->server, req->in, req->nin, req->out, req->room);
		f->s.complete(f->s.ctx, req);
	}
	pthread_mutex_lock(&f->lock);
}

/* A mode is what the guest says: its own umask has been at work.  This thread's is its own. */
static void *work(void *ctx)
{
	struct folder *f = ctx;

	if (!unshare(CLONE_FS))
		umask(0);
	pthread_mutex_lock(&f->lock);
	while (!f->ending) {
		if (f->first || f->forget)
			serve(f);
		else
			pthread_cond_wait(&f->more, &f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	return NULL;
}

static void folder_submit(struct share *s, struct share_req *req)
{
	struct folder *f = (struct folder *)s;

	req->next = NULL;
	pthread_mutex_lock(&f->lock);
	*f->last = req;
	f->last = &req->next;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

static void folder_forget(struct share *s)
{
	struct folder *f = (struct folder *)s;

	pthread_mutex_lock(&f->lock);
	f->forget = true;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
}

static void folder_free(struct share *s)
{
	struct folder *f = (struct folder *)s;

	pthread_mutex_lock(&f->lock);
	f->ending = true;
	pthread_cond_signal(&f->more);
	pthread_mutex_unlock(&f->lock);
	if (f->started)
		pthread_join(f->thread, NULL);
	p9_free(f->server);
	pthread_cond_destroy(&f->more);
	pthread_mutex_destroy(&f->lock);
	free(f);
}

static const struct share_ops folder_ops = {
	.submit = folder_submit,
	.forget = folder_forget,
	.free = folder_free,
};

/* The folder's path is the user's: links in it are followed. */
static int open_root(const char *path, bool read_only, struct err *e)
{
	int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || access(path, R_OK | X_OK)) {
		host_err_file(e, "share", path, errno);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	if (!read_only && access(path, W_OK))
		log_line(LOG_WARNING, "the shared folder `%s` cannot be written: %s", path,
			 strerror(errno));
	return fd;
}

/* A guest has a descriptor for each file that it remembers, and one more for those that are
 * open: as many as this process may have, but for what the rest of it needs. */
static u32 files_most(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return 64;
	if (limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = MIN(limit.rlim_max, (rlim_t)4 * FILES_MOST);
		if (setrlimit(RLIMIT_NOFILE, &limit))
			getrlimit(RLIMIT_NOFILE, &limit);
	}
	return (u32)MIN(limit.rlim_cur / 4, FILES_MOST);
}

struct share *host_share(const char *path, bool read_only, struct err *e)
{
	struct folder *f = xzalloc(sizeof(*f));
	int root = open_root(path, read_only, e);

	f->s.ops = &folder_ops;
	f->last = &f->first;
	pthread_mutex_init(&f->lock, NULL);
	host_cond_init(&f->more);
	if (root >= 0) {
		f->server = p9_new(root, read_only, files_most());
		if (!f->server) {
			host_err_file(e, "open", "/proc/self/fd", errno);
			close(root);
		}
	}
	f->started = f->server && host_thread(&f->thread, work, f, e);
	if (!f->started) {
		folder_free(&f->s);
		return NULL;
	}
	return &f->s;
}

#else

struct share *host_share(const char *path, bool read_only, struct err *e)
{
	(void)read_only;
	err_set(e, "`%s`: this host has no openat2(), without which folders are not shared", path);
	return NULL;
}
#endif
