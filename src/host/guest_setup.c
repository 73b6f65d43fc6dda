/* guest_setup.c - the first start of a disk, in a machine of ours
 *
 * Packages bring scripts that configure them, for the guest's processor.  So the guest
 * runs them: this program, once more, with boards/virt.yaml and the recipe's `setup`
 * as the first process.  That writes to the console how far it is:
 *
 *	vmbuild: setup 12/163
 *	vmbuild: setup done
 */
#include "guest.h"
#include "host.h"

#include <errno.h>
#include <unistd.h>

struct follow {
	const struct setup *s;
	FILE *log;
	bool done;
	char last[160];
};

static void on_line(void *ctx, const char *line)
{
	static const char says[] = "vmbuild: setup ";
	struct follow *f = ctx;
	char *end;
	u64 done;

	fprintf(f->log, "%s\n", line);
	if (!text_starts(line, says)) {
		if (*line)
			text_clean(f->last, sizeof(f->last), line, strcspn(line, "\r"));
		return;
	}
	line += strlen(says);
	f->done |= text_starts(line, "done");
	done = strtoull(line, &end, 10);
	if (end != line && *end == '/')
		f->s->on_step(f->s->ctx, done, strtoull(end + 1, NULL, 10));
}

static bool run(struct follow *f, struct str *errors)
{
	const struct setup *s = f->s;
	char *data = host_data_dir(), *board = xprintf("%s/boards/virt.yaml", data);
	char *kernel = xprintf("kernel=%s/kernel", s->folder);
	char *initrd = xprintf("initrd=%s/initrd", s->folder);
	char *image = xprintf("image=%s/image", s->folder);
	char *append = xprintf("append=init=%s", s->program);
	char *log = xprintf("%s/errors", s->folder);
	/* The disk is worth nothing before all is done, so flushes would only cost time. */
	const char *argv[] = { "/proc/self/exe",
			       "run",
			       "-q",
			       board,
			       "-p",
			       kernel,
			       "-p",
			       initrd,
			       "-p",
			       image,
			       "-p",
			       append,
			       "--set",
			       "devices.pcie0.devices.disk0.host.cache=unsafe",
			       "--timeout",
			       "90m",
			       NULL };
	bool ok = program_follow(argv, log, on_line, f, errors);

	unlink(log);
	free(log);
	free(append);
	free(image);
	free(initrd);
	free(kernel);
	free(board);
	free(data);
	return ok;
}

/* A guest that started says more than the program that ran it. */
static bool explain(const struct follow *f, const struct str *errors, struct err *e)
{
	const char *text = *f->last ? f->last : str_text(errors);

	err_set(e, "the guest could not set itself up: %.*s", (int)strcspn(text, "\n"), text);
	return err_hint(e, "what it wrote is in %s", f->s->log);
}

bool guest_setup(const struct setup *s, struct err *e)
{
	struct follow f = { .s = s, .log = fopen(s->log, "we") };
	struct str errors = { 0 };
	bool ok;

	if (!f.log)
		return err_set(e, "%s: %s", s->log, strerror(errno));
	ok = run(&f, &errors) && f.done;
	fprintf(f.log, "%s", str_text(&errors));
	fclose(f.log);
	if (ok)
		unlink(s->log);
	else
		explain(&f, &errors, e);
	str_free(&errors);
	return ok;
}
