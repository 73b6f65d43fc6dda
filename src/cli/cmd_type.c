/* cmd_type.c - `vmbuild type` and `vmbuild input`: a script goes to the run, which types it. */
#define _GNU_SOURCE /* memfd_create */
#include "script.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

/* -- Reading ---------------------------------------------------------------------------- */

static char *read_text(const char *file, struct err *e)
{
	size_t n;
	u8 *bytes = host_read_file(file, SCRIPT_MOST, &n, e);
	char *text;

	if (!bytes)
		return NULL;
	text = xstrndup((char *)bytes, n);
	free(bytes);
	if (strlen(text) == n)
		return text;
	err_set(e, "%s: a byte is 0, so it is no text", file);
	free(text);
	return NULL;
}

/* The text, which then has no mistakes, or NULL: a message has been printed. */
static char *read_script(struct script *s, const char *file, const struct args *a)
{
	struct err e = { 0 };
	struct diags ds = { 0 };
	char *text = read_text(file, &e);
	bool done;

	if (!text) {
		print_err(&e);
		return NULL;
	}
	done = script_read(s, file, text, &ds);
	print_diags(&ds, a);
	diags_free(&ds);
	if (done)
		return text;
	free(text);
	return NULL;
}

bool script_load(struct script *s, const char *file, const struct args *a)
{
	char *text = read_script(s, file, a);

	free(text);
	return text;
}

/* -- Having it typed ---------------------------------------------------------------------- */

/* Until all has been typed. */
static bool wait_for(const char *machine, const char *number, struct err *e)
{
	struct str answer = { 0 };
	char request[40];
	bool done;

	snprintf(request, sizeof(request), "input %.20s", number);
	done = ask_while(machine, request, "typing", NEVER_NS, &answer, e);
	str_free(&answer);
	return done;
}

static bool send(const char *machine, const char *name, int file, const char *text, struct err *e)
{
	struct str number = { 0 };
	char request[300];
	size_t n = strlen(text);
	bool done;

	if (file < 0 || write(file, text, n) != (ssize_t)n)
		return err_set(e, "the host gives no memory file: %s", strerror(errno));
	snprintf(request, sizeof(request), "input as %.250s", name);
	done = control_ask_file(machine, request, file, &number, e) &&
	       wait_for(machine, str_text(&number), e);
	str_free(&number);
	return done;
}

static int have_typed(const char *machine, const char *name, const char *text)
{
	int file = memfd_create("script", MFD_CLOEXEC);
	struct err e = { 0 };
	bool done = send(machine, name, file, text, &e);

	if (!done)
		print_err(&e);
	if (file >= 0)
		close(file);
	return done ? EXIT_OK : EXIT_HOST;
}

/* -- Commands --------------------------------------------------------------------------------- */

int cmd_input(const struct args *a)
{
	struct script s = { 0 };
	char *text = read_script(&s, a->text[1], a);
	int code = text ? have_typed(a->text[0], a->text[1], text) : EXIT_USAGE;

	script_free(&s);
	free(text);
	return code;
}

/* TEXT as a statement: what would end the quotes is escaped. */
static void add_statement(struct str *script, const char *text)
{
	str_add(script, "type \"");
	for (; *text; text++) {
		if (*text == '\n')
			str_add(script, "\\n");
		else if (*text == '\\' && text[1])
			str_add(script, "\\%c", *++text);
		else
			str_add(script, "%s%c", *text == '"' ? "\\" : "", *text);
	}
	str_add(script, "\"");
}

int cmd_type(const struct args *a)
{
	struct script s = { 0 };
	struct str script = { 0 };
	struct diags ds = { 0 };
	int code = EXIT_USAGE;

	if (script_type(&s, a->text[1], &ds)) {
		add_statement(&script, a->text[1]);
		if (script.n <= SCRIPT_MOST)
			code = have_typed(a->text[0], SCRIPT_TEXT, str_text(&script));
		else
			print_usage_error("the text has more than %u bytes", SCRIPT_MOST);
	}
	print_diags(&ds, a);
	diags_free(&ds);
	script_free(&s);
	str_free(&script);
	return code;
}
