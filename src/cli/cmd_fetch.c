/* cmd_fetch.c - vmbuild fetch: guests into the cache. */
#include "cli.h"

#include "fetch.h"

#include <inttypes.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { BAR = 18, WIDE = 80 }; /* characters */

/* -- Progress: one line that changes at a terminal, a line for each stage elsewhere -- */

struct shown {
	const char *guest;
	bool tty;
	bool any;
	enum fetch_stage stage;
	u64 since_ns, last_ns;
};

static const char *const stage_names[] = {
	[FETCH_WAIT] = "wait",     [FETCH_INDEX] = "index", [FETCH_GET] = "get",
	[FETCH_UNPACK] = "unpack", [FETCH_BUILD] = "build", [FETCH_SETUP] = "setup",
	[FETCH_DONE] = "done",
};

static double mib(u64 bytes)
{
	return (double)bytes / (double)MIB;
}

static u32 columns(void)
{
	struct winsize w;

	return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || !w.ws_col ? WIDE : w.ws_col;
}

static void add_bar(struct str *s, u64 done, u64 total)
{
	u32 full = (u32)(done * BAR / total);

	str_add(s, "[");
	for (u32 i = 0; i < BAR; i++)
		str_add(s, i < full ? "#" : "-");
	str_add(s, "] %3" PRIu64 " %%", done * 100 / total);
}

static void add_rate(struct str *s, const struct fetch_progress *p, u64 ns)
{
	double rate = ns ? (double)p->done / ((double)ns / 1e9) : 0;

	str_add(s, "  %.1f/%.1f MiB", mib(p->done), mib(p->total));
	if (columns() >= WIDE && rate > 0 && p->done < p->total)
		str_add(s, "  %.1f MiB/s  %.0f s left", rate / (double)MIB,
			(double)(p->total - p->done) / rate);
}

static void draw(const struct shown *s, const struct fetch_progress *p, u64 now)
{
	struct str line = { 0 };

	str_add(&line, "  %-7s ", stage_names[p->stage]);
	if (p->total)
		add_bar(&line, p->done, p->total);
	else
		str_add(&line, "%s", p->text);
	if (p->stage == FETCH_GET && p->total)
		add_rate(&line, p, now - s->since_ns);
	fprintf(stderr, "\r%s\033[K", str_text(&line));
	str_free(&line);
}

static void say(const struct fetch_progress *p)
{
	fprintf(stderr, "  %-7s %s", stage_names[p->stage], p->text);
	if (p->stage == FETCH_GET && p->total)
		fprintf(stderr, ", %.1f MiB", mib(p->total));
	fprintf(stderr, "\n");
}

static void finish(struct shown *s, const struct fetch_progress *p)
{
	char *cache = host_cache_dir();

	if (!p->total)
		fprintf(stderr, "%s is in the cache; --fresh gets new packages and a new disk\n",
			s->guest);
	else
		fprintf(stderr, "%s: Linux %s, initrd and disk are in %s/guests/%s\n", s->guest,
			p->text, cache, s->guest);
	if (p->total && !p->done)
		fprintf(stderr, "the disk is the one that was there; --fresh makes a new one\n");
	free(cache);
}

static void on_progress(void *ctx, const struct fetch_progress *p)
{
	struct shown *s = ctx;
	u64 now = now_ns();
	bool changed = !s->any || p->stage != s->stage;
	bool last = p->total && p->done == p->total;

	if (changed && s->tty && s->any)
		fprintf(stderr, "\n");
	if (changed)
		*s = (struct shown){ s->guest, s->tty, p->stage != FETCH_DONE, p->stage, now, 0 };
	if (p->stage == FETCH_DONE)
		finish(s, p);
	else if (!s->tty && changed)
		say(p);
	else if (s->tty && (changed || last || now - s->last_ns > 100000000)) {
		draw(s, p, now);
		s->last_ns = now;
	}
}

static bool at_terminal(void)
{
	const char *term = getenv("TERM");

	return host_is_tty(STDERR_FILENO) && term && strcmp(term, "dumb") != 0;
}

static bool fetch(const char *guest, struct fetch_options *o, struct err *e)
{
	struct shown s = { .guest = guest, .tty = at_terminal() };
	bool ok;

	o->progress = on_progress;
	o->ctx = &s;
	ok = fetch_guest(guest, o, e);
	if (!ok && s.tty && s.any)
		fprintf(stderr, "\n");
	return ok;
}

/* -- Questions ------------------------------------------------------------------------ */

static bool can_ask(void)
{
	return host_is_tty(STDIN_FILENO) && host_is_tty(STDERR_FILENO);
}

/* Enter alone is `otherwise`. */
static bool ask(const char *question, bool otherwise)
{
	char answer[16];

	fprintf(stderr, "%s [%s] ", question, otherwise ? "Y/n" : "y/N");
	if (!fgets(answer, sizeof(answer), stdin))
		return false;
	return answer[0] == '\n' ? otherwise : answer[0] == 'y' || answer[0] == 'Y';
}

bool offer_fetch(const char *guest, bool yes, struct err *e)
{
	struct fetch_options o = { 0 };
	char *part = fetch_part(guest, "kernel", e), *question;
	bool there = part;

	free(part);
	if (there || strcmp(e->code, "E0702") != 0 || (!yes && !can_ask()))
		return there;
	question = xprintf("%s. Fetch it now?", e->text);
	yes = yes || ask(question, true);
	free(question);
	return yes && fetch(guest, &o, e);
}

/* -- The command ------------------------------------------------------------------------- */

static void list_json(const struct guests *g)
{
	printf("[");
	for (size_t i = 0; i < g->n; i++) {
		const struct guest_info *x = &g->list[i];

		printf("%s\n{\"name\": \"%s\", \"fetched\": %s, \"stale\": %s, \"bytes\": %" PRIu64
		       ", \"manifest\": %s}",
		       i ? "," : "", x->name, x->state ? "true" : "false",
		       x->state == GUEST_OLD ? "true" : "false", x->bytes,
		       x->manifest ? x->manifest : "null");
	}
	printf("\n]\n");
}

static void list_text(const struct guests *g)
{
	static const char *const states[] = {
		[GUEST_NONE] = "-",
		[GUEST_OLD] = "old recipe",
		[GUEST_OLD_DISK] = "old disk",
		[GUEST_CURRENT] = "in the cache",
	};

	printf("%-20s %-12s %9s  %s\n", "GUEST", "STATE", "DISK", "WHAT");
	for (size_t i = 0; i < g->n; i++) {
		const struct guest_info *x = &g->list[i];

		printf("%-20s %-12s %5.0f MiB  %s\n", x->name, states[x->state], mib(x->bytes),
		       x->description);
	}
}

static bool list(const struct args *a, struct err *e)
{
	struct guests g = { 0 };
	bool ok = fetch_list(&g, e);

	if (ok && args_has(a, "json"))
		list_json(&g);
	else if (ok)
		list_text(&g);
	guests_free(&g);
	return ok;
}

static bool prune(struct err *e)
{
	u64 bytes;
	bool ok = fetch_prune(&bytes, e);

	if (ok)
		fprintf(stderr, "%.1f MiB are free again\n", mib(bytes));
	return ok;
}

static bool may_lose_disk(const struct args *a, const char *guest, struct err *e)
{
	if (!args_has(a, "fresh") || args_has(a, "yes") || !fetch_disk_used(guest))
		return true;
	if (can_ask() && ask("The disk was in use: all that was changed on it goes. Go on?", false))
		return true;
	err_set(e, "the disk of `%s` is kept", guest);
	return err_hint(e, "vmbuild fetch --fresh --yes %s makes a new one", guest);
}

static bool get(const struct args *a, const char *guest, struct err *e)
{
	struct fetch_options o = { .offline = args_has(a, "offline"),
				   .fresh = args_has(a, "fresh"),
				   .mirror = args_value(a, "mirror") };

	if (args_has(a, "if-missing") && fetch_is_there(guest) && !fetch_is_old(guest))
		return true;
	return may_lose_disk(a, guest, e) && fetch(guest, &o, e);
}

int cmd_fetch_main(const struct args *a)
{
	struct err e = { 0 };
	bool ok;

	if (args_has(a, "prune"))
		ok = prune(&e);
	else if (a->n && !args_has(a, "list"))
		ok = get(a, a->text[0], &e);
	else
		ok = list(a, &e);
	if (ok)
		return EXIT_OK;
	print_err(&e);
	return err_exit_code(&e);
}
