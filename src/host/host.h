/* host.h - what the program wants from the computer it runs on.
 *
 * Every #ifdef of the project is in this folder.  Nothing here knows machines or
 * boards: cli/ hands these to machine/ as function pointers.
 */
#ifndef HOST_H
#define HOST_H

#include "audio.h"
#include "base.h"
#include "block.h"
#include "chardev.h"
#include "display.h"
#include "exec.h"
#include "forward.h"
#include "input.h"
#include "net.h"
#include "share.h"
#include "vsock.h"

/* Once, before anything is opened: descriptors 0 to 2 are open, SIGPIPE and SIGXFSZ are
 * errors of write(), not ends of the process (run.c). */
bool host_init(struct err *e);

/* -- Event loop (loop.c): one thread, usually the main one -------------------- */

struct loop;

struct loop *loop_new(struct err *e);
void loop_free(struct loop *l);

/* Callbacks run on the loop's thread.  Adding and removing: on that thread too. */
enum { LOOP_READ = 1, LOOP_WRITE = 2, LOOP_HANGUP = 4 };
typedef void loop_fn(void *ctx, u32 events);
struct loop_fd;
struct loop_fd *loop_add(struct loop *l, int fd, u32 events, loop_fn *fn, void *ctx);
void loop_want(struct loop_fd *f, u32 events);
void loop_remove(struct loop_fd *f); /* does not close the descriptor */
/* In the callback of a socket that listens: who has connected, with these flags of SOCK_ and
 * closed on exec; or -1.  If the host has no descriptor left, the socket is not looked at for a
 * second: who waits there would be reported without end. */
int loop_accept(struct loop_fd *f, int flags);
/* Runs fn on the loop's thread, soon: asked for by loop_call() from any thread or a signal
 * handler, once for however many asks came before. */
struct loop_call;
struct loop_call *loop_call_new(struct loop *l, void (*fn)(void *ctx), void *ctx);
void loop_call(struct loop_call *c);
void loop_call_free(struct loop_call *c);
/* Calls fn on the loop's thread after the signal came, whichever thread it came to.  NULL
 * for fn gives the signal back to who had it before. */
bool loop_signal(struct loop *l, int signal, void (*fn)(void *ctx, int signal), void *ctx,
		 struct err *e);

/* `due` runs what is due and returns the host time (now_ns) of the next, or
 * UINT64_MAX.  Returns when loop_quit() was called. */
void loop_run(struct loop *l, u64 (*due)(void *ctx), void *ctx);
/* From any thread, also a signal handler: look at `due` again; leave loop_run(). */
void loop_wake(struct loop *l);
void loop_quit(struct loop *l);

/* -- Guest RAM (ram.c) --------------------------------------------------------- */

/* Memory for engines that compile. */
extern const struct exec_host host_exec;
/* The same, and says what is there in /tmp/perf-PID.map, where Linux's perf looks for it when it
 * reports: so the file stays.  NULL with *e.  host_exec_perf_end() closes it, if it was made, once
 * nothing runs there. */
const struct exec_host *host_exec_perf(struct err *e);
bool host_exec_perf_end(struct err *e);

/* Zero-filled, in huge pages where the host has them; refuses more than the computer can
 * ever give (E0603), warns of more than it can give now.  `name` is for messages. */
u8 *host_ram_new(u64 size, const char *name, struct err *e);
void host_ram_free(u8 *p, u64 size);
/* Whole pages of it become zero and cost nothing until they are touched. */
void host_ram_discard(u8 *p, u64 n);

/* -- Disks (disk.c) ------------------------------------------------------------- */

enum host_cache { HOST_WRITEBACK, HOST_WRITETHROUGH, HOST_DIRECT, HOST_UNSAFE };

enum host_format { HOST_RAW, HOST_QCOW2 };

struct host_layer {
	const char *path; /* a regular file or a block device */
	enum host_format format;
	const struct host_layer *backing; /* qcow2: what lies under it, or NULL */
};

struct host_disk {
	const char *path;
	enum host_format format;
	const struct host_layer *backing;
	bool read_only;
	bool ephemeral;        /* what is written is forgotten: the image is only read */
	enum host_cache cache; /* none: of a raw image that is written to */
};

/* Locked against other runs (OFD lock; E0602 says by whom where it can be known). */
struct block *host_disk_open(const struct host_disk *d, struct err *e);

/* -- Shared folders (share.c, p9*.c) ---------------------------------------------- */

/* All files in it, but nothing that a symbolic link in it leads to. */
struct share *host_share(const char *folder, bool read_only, struct err *e);

/* -- Sound (audio_*.c) ----------------------------------------------------------------- */

struct audio *host_wav(const char *path, struct err *e);
/* By SDL2: the speakers and, while the guest records, the microphone. */
struct audio *host_sdl_audio(struct loop *l, bool records, struct err *e);

/* -- Sockets of guests (vsock.c) ------------------------------------------------------ */

/* Listens at `path` for who wants to a guest's port; the guest's connections go to the
 * sockets path_PORT. */
struct vsock *host_vsock(struct loop *l, const char *path, struct err *e);

/* -- Character devices (chardev_*.c, console.c) ---------------------------------- */

struct chardev *host_file_out(const char *path, bool append, struct err *e);
struct chardev *host_pty(struct loop *l, const char *name, struct err *e);    /* logs its path */
struct chardev *host_socket(struct loop *l, const char *path, struct err *e); /* listens */
/* Listens on 127.0.0.1, and logs it. */
struct chardev *host_tcp(struct loop *l, const char *name, u16 port, struct err *e);

/* The terminal, or stdin and stdout where they are none.  One a process. */
struct console;

/* What the keys after the prefix ask for; called on the loop's thread. */
struct console_events {
	/* Ctrl-] q: the power button; again within 3 s: kill.  NULL: there is none. */
	void (*quit)(void *ctx);
	void (*kill)(void *ctx);                     /* Ctrl-] x */
	void (*reset)(void *ctx);                    /* Ctrl-] r */
	void (*pause)(void *ctx);                    /* Ctrl-] p: toggles */
	void (*status)(void *ctx, struct str *line); /* Ctrl-] i */
	void *ctx;
};

struct console_options {
	u8 prefix;      /* 0 means 0x1d, Ctrl-] */
	bool eof_quits; /* end of input ends the run */
};

struct console *console_new(struct loop *l, const struct console_options *o,
			    const struct console_events *events, struct err *e);
struct chardev *console_chardev(struct console *c); /* owned by the console */
/* Raw mode on (at a terminal), the hint line printed. */
void console_start(struct console *c);
/* The terminal as it was; safe to call twice.  Crashes, SIGTERM and SIGHUP do it too. */
void console_stop(struct console *c);
void console_free(struct console *c);
/* A line of ours, from any thread, to standard error; where that is the same as standard
 * output, between the guest's lines, with CR LF in raw mode. */
void console_message(struct console *c, const char *line);

/* -- Networks (net_*.c) ------------------------------------------------------------ */

const char *host_slirp_version(void); /* NULL: this build is without it */

/* libslirp in a process of its own: NAT, DHCP and DNS at 10.0.(2 + subnet).0/24. */
struct host_slirp {
	const char *name; /* of the card, for messages */
	u32 subnet;
	bool ipv6;
	bool host_loopback; /* the guest reaches what listens on 127.0.0.1 here */
};

struct net *host_slirp(struct loop *l, const struct host_slirp *o, struct err *e);
/* Before the machine runs: it waits.  A `+` forward gets the port that was free.  E0601 says who
 * has it, where that can be known. */
bool host_forward_add(struct net *slirp, struct forward *f, struct err *e);
/* While it runs, on the loop's thread, which must not wait: its number, or 0. */
u32 host_forward_ask(struct net *slirp, bool add, const struct forward *f, struct err *e);
enum forward_answer { FORWARD_ASKED, FORWARD_DONE, FORWARD_FAILED };
/* What came of it, told once: in *f what was done, or in *e why not. */
enum forward_answer host_forward_answer(struct net *slirp, u32 number, struct forward *f,
					struct err *e);
size_t host_forwards(const struct net *slirp, const struct forward **list);
/* The hidden role of this program: what is behind HOST_NET_HELPER on its command line,
 * with the machine on descriptor HOST_NET_FD. */
#define HOST_NET_HELPER "net-helper"
#define HOST_NET_FD     3
int host_net_helper(int argc, char **argv);

/* A tap device that is there and ours. */
struct net *host_tap(struct loop *l, const char *interface, struct err *e);
/* The machines of this user whose cards name the same folder are on one wire. */
struct net *host_net_socket(struct loop *l, const char *folder, struct err *e);
/* Writes all that passes to a pcapng file; owns `inner`, which may be NULL: no cable. */
struct net *host_pcap(struct net *inner, const char *path, const char *name, struct err *e);

/* -- Pictures (png.c) ------------------------------------------------------------------ */

/* Of a surface that is not empty. */
bool host_png(const struct surface *s, struct str *out, struct err *e);
/* What a scanout shows now, with its cursor.  False: nothing. */
bool host_screenshot(struct display *d, u32 scanout, struct str *png, struct err *e);

/* -- Viewers --------------------------------------------------------------------------- */

/* An entry of `displays:`: a window, or a server that others look through. */
struct host_view {
	const char *name, *title;
	struct display *const *displays; /* they outlive the viewer; the list does not */
	u32 ndisplays;
	struct input *input;   /* the machine's */
	struct forward listen; /* of servers: where; the guest's port means nothing */
	const char *socket;    /* of VNC: a path to listen at instead; or NULL */
	/* Who looks does not want it any more: the run is to end.  Any thread. */
	void (*end)(void *ctx);
	void *ctx;
};

struct host_viewer {
	/* Runs what is due, on the loop's thread; the host time of the next.  NULL: nothing. */
	u64 (*due)(struct host_viewer *v);
	void (*status)(struct host_viewer *v, const char *text); /* for the title; or NULL */
	void (*free)(struct host_viewer *v);
};

/* Windows (sdl_view.c).  NULL with *e: there is no window system, or this build has no SDL2. */
struct host_viewer *host_sdl(struct loop *l, const struct host_view *view, struct err *e);
const char *host_sdl_version(void); /* NULL: this build has none */
bool host_has_windows(void);        /* it is worth a try */

/* Others look, at the first scanout of the first display device: VNC clients (rfb.c), or a
 * browser.  Where, is logged. */
struct host_viewer *host_vnc(struct loop *l, const struct host_view *view, struct err *e);
struct host_viewer *host_web(struct loop *l, const struct host_view *view, struct err *e);

/* -- Running machines (control.c) ------------------------------------------------------ */

/* A request of another command; on the loop's thread.  `answer` is text for a person. */
typedef bool control_fn(void *ctx, const char *request, struct str *answer, struct err *e);
struct control;
/* Named like the board, or with -2 and so on behind it if others run. */
struct control *control_new(struct loop *l, const char *board, control_fn *fn, void *ctx,
			    struct err *e);
const char *control_name(const struct control *c);
/* Within control_fn: the file that came with the request, or -1.  Closed afterwards. */
int control_file(const struct control *c);
void control_free(struct control *c); /* accepts NULL */
/* From another process. */
bool control_ask(const char *name, const char *request, struct str *answer, struct err *e);
/* With a file that the machine reads or writes: `fd` stays the caller's. */
bool control_ask_file(const char *name, const char *request, int fd, struct str *answer,
		      struct err *e);

/* -- Files and folders (path.c) --------------------------------------------------- */

/* The whole file, NUL added, at most `max` bytes; regular files only. */
u8 *host_read_file(const char *path, size_t max, size_t *len, struct err *e);
/* Appears complete or not at all: a temporary name, fsync, rename. */
bool host_write_file(const char *path, const void *bytes, size_t len, struct err *e);
/* For what is written at the end of a long run. */
bool host_can_write_file(const char *path, struct err *e);
bool host_mkdirs(const char *path, struct err *e);
char *host_cache_dir(void); /* $XDG_CACHE_HOME/vmbuild or ~/.cache/vmbuild */
/* $XDG_STATE_HOME/vmbuild or ~/.local/state/vmbuild; all of these are the caller's. */
char *host_state_dir(void);
/* Where the installation's boards/ and machines/ are: beside the program, or DATADIR. */
char *host_data_dir(void);
u32 host_cpus(void); /* that this process may run on */
bool host_is_tty(int fd);

/* Runs a program (argv[0] looked up in PATH) and waits.  `out` gets its standard
 * output, its last lines of standard error go into `e` if it fails. */
bool host_run(const char *const *argv, struct str *out, struct err *e);

/* -- Compressed files (unpack.c) ---------------------------------------------------- */

/* gzip or zstd, by what the bytes say.  `*to` is malloc'ed; at most `max` bytes. */
bool host_unpack(const u8 *from, size_t n, size_t max, u8 **to, size_t *len, struct err *e);

#endif
