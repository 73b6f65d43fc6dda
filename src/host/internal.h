/* internal.h - what the files of host/ share: threads, streams of bytes, messages. */
#ifndef INTERNAL_H
#define INTERNAL_H

#include "host.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* -- Threads (thread.c) --------------------------------------------------------- */

/* With all signals blocked: they are the business of the loop's thread, and SIGPIPE
 * and SIGXFSZ arrive as EPIPE and EFBIG. */
bool host_thread(pthread_t *t, void *(*fn)(void *ctx), void *ctx, struct err *e);
/* A condition whose deadlines are of now_ns(). */
void host_cond_init(pthread_cond_t *c);
/* False if `until_ns` passed first. */
bool host_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *m, u64 until_ns);

/* -- Output (outlet.c) ----------------------------------------------------------- */

/* A megabyte of patience before a slow reader.  A thread of its own writes, so that a
 * stopped terminal or a full pipe blocks nobody else, and no descriptor that other
 * programs share is made non-blocking.  When the buffer is full the writer waits while
 * the reader takes something now and then; a reader that takes nothing for a second
 * loses bytes until it reads again. */
struct outlet;

/* `fd` -1: all bytes go nowhere.  The descriptor stays the caller's. */
struct outlet *outlet_new(int fd, const char *name, struct err *e);
/* Any thread. */
void outlet_write(struct outlet *o, const u8 *bytes, size_t n);
/* Another reader, or -1: what the last one has not taken is gone.  A write under way is
 * waited for, so a socket is shut down before. */
void outlet_attach(struct outlet *o, int fd);
/* Waits until all is out, or the reader has stalled for a second. */
void outlet_flush(struct outlet *o);
u64 outlet_lost(struct outlet *o);  /* bytes */
void outlet_free(struct outlet *o); /* flushes */

/* -- Input (inlet.c) ------------------------------------------------------------- */

/* Bytes from a descriptor to a chardev's device, at the pace of its room().  All on the
 * loop's thread but inlet_ready(). */
struct inlet;

struct inlet_options {
	struct chardev *to;
	/* Looks at bytes as they come and may take some out; returns how many stay.  NULL: all
	 * do. */
	size_t (*filter)(void *ctx, u8 *bytes, size_t n);
	/* No more will come: end of file, or the far end is gone.  What was read is delivered
	 * still, and then the second one is called. */
	void (*ended)(void *ctx);
	void (*delivered)(void *ctx);
	void *ctx;
};

struct inlet *inlet_new(struct loop *l, const struct inlet_options *options);
void inlet_open(struct inlet *in, int fd); /* which stays the caller's */
void inlet_close(struct inlet *in);        /* what was read is delivered still */
void inlet_ready(struct inlet *in);        /* the device has more room; any thread */
void inlet_free(struct inlet *in);

/* -- Names of sockets (unix_socket.c) ------------------------------------------------------ */

#define UNIX_NAME 64

/* Names in a folder, of which one is taken. */
struct unix_names {
	const char *folder, *base;
	u32 most;
	void (*name)(const struct unix_names *names, u32 i, char *name); /* UNIX_NAME bytes */
};

/* False: it is too long. */
bool unix_address(struct sockaddr_un *a, const char *folder, const char *name);
/* Makes the folder if need be; false, if others than this user may write there. */
bool unix_folder(const char *folder, struct err *e);
/* The first free name, or one that a killed run has left behind: which, or -1. */
i32 unix_bind(int fd, const struct unix_names *names, struct err *e);

/* A socket that listens at a path, for this user alone; one that a killed run has left
 * behind is replaced, anything else is an error. */
struct unix_listener {
	int fd;     /* -1: none */
	char *path; /* NULL: it is at none */
	dev_t dev;  /* of what was made there */
	ino_t ino;
};

bool unix_listen(struct unix_listener *l, const char *path, int backlog, struct err *e);
void unix_unlisten(struct unix_listener *l); /* also after unix_listen() has failed */

/* -- Who has it (holder.c) --------------------------------------------------------------- */

/* Who has the file open and locked, as text: `vmbuild "debian" (pid 4242)`. */
bool holder_of_file(int fd, char *out, size_t cap);
bool holder_is_self(int fd); /* through another descriptor */
/* Who listens there. */
bool holder_of_port(const u8 *address, u32 port, bool udp, char *out, size_t cap);

/* -- Files (path.c, new_file.c) ----------------------------------------------------------- */

char *host_folder_of(const char *path); /* the caller's */
/* The names in it are on the disk, where the file system can promise that. */
void host_sync_folder(const char *path);
/* What this user's umask leaves of 0666.  False: errno. */
bool host_give_mode(int fd);
int host_open_output(const char *path, int flags, mode_t mode); /* for writing; -1: errno */
/* For this program alone to write: a disk or another run's output that is in use stays as it
 * is. */
bool host_empty_file(int fd, const char *path, struct err *e);
/* A regular file, emptied.  -1: *e says why. */
int host_output_file(const char *path, int flags, mode_t mode, struct err *e);

struct new_file {
	int fd;
	char *path, *temporary;
};

/* False: *e says why, and nothing has to be dropped. */
bool new_file_open(struct new_file *f, const char *path, struct err *e);
bool new_file_keep(struct new_file *f, struct err *e); /* it is there now; then drop it */
void new_file_drop(struct new_file *f);

/* -- Messages (message.c) ---------------------------------------------------------- */

/* E0604 or E0609 for errno: "cannot open `x.img`: No such file or directory". */
bool host_err_file(struct err *e, const char *verb, const char *path, int error);
/* E0601: "cannot forward 127.0.0.1:80: in use by ..."; what to do then is the caller's to say. */
bool host_err_port(struct err *e, const char *verb, const struct forward *f, int error);

#endif
