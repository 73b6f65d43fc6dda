/* panic.c - hears on a console that the guest's Linux kernel has panicked.
 *
 * Linux, kernel/panic.c: "Kernel panic - not syncing: WHY", and then the kernel stops for ever
 * or restarts without a word.  An orderly end is announced, "reboot: ..." (kernel/reboot.c): a
 * guest that says so has only shown an old log.
 */
#include "live.h"

struct ear {
	struct machine *machine;
	pthread_mutex_t lock;
	char line[256]; /* the last one, so far; what does not fit is dropped */
	size_t n;
};

/* What people meet, and what to do about it. */
static const struct {
	const char *why, *hint;
} panics[] = {
	{ "Unable to mount root fs", "is there an initrd with the driver, and is `root=` right?" },
	{ "No working init found", "is `init=` right, and is the program one for RISC-V?" },
	{ "Attempted to kill init",
	  "the guest's first program has ended; the lines before say why" },
};

static void tell(struct machine *m, const char *why)
{
	char clean[256];
	struct err what;

	if (atomic_exchange(&m->panicked, true))
		return;
	text_clean(clean, sizeof(clean), why, strcspn(why, "\r"));
	err_code(&what, diag_rows[DIAG_guest_panic].code, "Linux panicked: %s", clean);
	for (u32 i = 0; i < ARRAY_LEN(panics); i++)
		if (strstr(clean, panics[i].why))
			err_hint(&what, "%s", panics[i].hint);
	m->host->finding(m->host->ctx, LOG_ERROR, &what);
}

static void judge(struct machine *m, const char *line)
{
	static const char panic[] = "Kernel panic - not syncing: ";
	const char *at = strstr(line, panic);

	if (at && !strstr(line, "---[ end "))
		tell(m, at + strlen(panic));
	else if (strstr(line, "reboot: "))
		atomic_store(&m->panicked, false);
}

void ear_hear(void *ctx, const u8 *bytes, size_t n)
{
	struct ear *ear = ctx;

	pthread_mutex_lock(&ear->lock);
	for (size_t i = 0; i < n; i++) {
		if (bytes[i] == '\n') {
			ear->line[ear->n] = 0;
			ear->n = 0;
			judge(ear->machine, ear->line);
		} else if (bytes[i] && ear->n + 1 < sizeof(ear->line)) {
			ear->line[ear->n++] = (char)bytes[i];
		}
	}
	pthread_mutex_unlock(&ear->lock);
}

struct ear *ear_new(struct machine *m)
{
	struct ear *ear = xzalloc(sizeof(*ear));

	ear->machine = m;
	pthread_mutex_init(&ear->lock, NULL);
	GROW(&m->ears, m->nears, &m->ears_cap);
	return m->ears[m->nears++] = ear;
}

void ears_free(struct machine *m)
{
	for (size_t i = 0; i < m->nears; i++) {
		pthread_mutex_destroy(&m->ears[i]->lock);
		free(m->ears[i]);
	}
	free(m->ears);
}
