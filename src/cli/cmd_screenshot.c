/* cmd_screenshot.c - `vmbuild screenshot`, and the run's side of it: who shows what. */
#define _GNU_SOURCE /* memfd_create */
#include "screens.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define PICTURE_MOST ((size_t)256 * MIB)

/* -- Pictures ---------------------------------------------------------------------- */

/* gpu0, or gpu0.1 for the second scanout of one that has several. */
static void scanout_name(const struct display *d, u32 scanout, char *name, size_t cap)
{
	if (scanout)
		snprintf(name, cap, "%s.%u", display_name(d), scanout);
	else
		snprintf(name, cap, "%s", display_name(d));
}

static bool no_such_scanout(const struct screens *s, const char *name, struct err *e)
{
	struct str names = { 0 };

	for (u32 i = 0; i < s->n; i++)
		for (u32 k = 0; k < display_scanout_count(s->list[i].display); k++) {
			char one[64];

			scanout_name(s->list[i].display, k, one, sizeof(one));
			str_add(&names, "%s%s", names.n ? ", " : "", one);
		}
	if (s->n)
		err_set(e, "this machine has no display device `%s`", name);
	else
		err_set(e, "this machine has no display device");
	if (s->n)
		err_hint(e, "there is: %s", str_text(&names));
	str_free(&names);
	return false;
}

bool screens_picture(const struct screens *s, const char *name, struct str *png, struct err *e)
{
	for (u32 i = 0; i < s->n; i++) {
		struct display *d = s->list[i].display;

		for (u32 k = 0; k < display_scanout_count(d); k++) {
			char one[64];

			scanout_name(d, k, one, sizeof(one));
			if (!*name || !strcmp(name, one))
				return host_screenshot(d, k, png, e);
		}
	}
	return no_such_scanout(s, name, e);
}

/* -- Requests ------------------------------------------------------------------------ */

/* A pipe could hold up the machine. */
static bool is_regular(int file)
{
	struct stat st;

	return file >= 0 && !fstat(file, &st) && S_ISREG(st.st_mode);
}

static bool write_all(int file, const char *bytes, size_t n, struct err *e)
{
	while (n) {
		ssize_t done = write(file, bytes, n);

		if (done < 0 && errno != EINTR)
			return err_set(e, "the picture cannot be written: %s", strerror(errno));
		bytes += MAX(done, 0);
		n -= (size_t)MAX(done, 0);
	}
	return true;
}

bool screens_request(const struct screens *s, const char *request, int file, struct err *e)
{
	char name[64] = "";
	struct str png = { 0 };
	bool done;

	sscanf(request, "screenshot %63s", name);
	if (!is_regular(file))
		return err_set(e, "a picture needs a file to go into");
	done = screens_picture(s, name, &png, e) && write_all(file, png.p, png.n, e);
	str_free(&png);
	return done;
}

/* -- The command ------------------------------------------------------------------------ */

static bool read_back(int file, struct str *png, struct err *e)
{
	struct stat st;
	char *bytes;
	bool done;

	if (fstat(file, &st) || st.st_size <= 0 || (u64)st.st_size > PICTURE_MOST)
		return err_set(e, "the machine gave no picture");
	bytes = xzalloc((size_t)st.st_size);
	done = pread(file, bytes, (size_t)st.st_size, 0) == st.st_size;
	if (done)
		str_bytes(png, bytes, (size_t)st.st_size);
	free(bytes);
	return done || err_set(e, "the picture cannot be read back");
}

static bool fetch_picture(const char *machine, const char *scanout, int file, struct str *png,
			  struct err *e)
{
	struct str answer = { 0 };
	char request[96];
	bool done;

	snprintf(request, sizeof(request), "screenshot %s", scanout ? scanout : "");
	done = control_ask_file(machine, request, file, &answer, e) && read_back(file, png, e);
	str_free(&answer);
	return done;
}

int cmd_screenshot(const struct args *a)
{
	const char *machine = a->text[0], *path = a->text[1];
	int file = memfd_create("picture", MFD_CLOEXEC);
	struct str png = { 0 };
	struct err e = { 0 };
	bool done;

	done = file >= 0 || err_set(&e, "the host gives no memory file: %s", strerror(errno));
	done = done && fetch_picture(machine, args_value(a, "display"), file, &png, &e) &&
	       host_write_file(path, png.p, png.n, &e);
	if (!done)
		print_err(&e);
	if (file >= 0)
		close(file);
	str_free(&png);
	return done ? EXIT_OK : EXIT_HOST;
}
