#include "typist.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define PACE_NS     10000000ull    /* 50 keys a second: a guest's buffers hold some dozens */
#define LOOK_NS     10000000ull    /* how often it is looked whether the guest is ready */
#define PATIENCE_NS 10000000000ull /* for a guest that takes nothing any more */

struct typist {
	struct typists *all;
	struct input_source *hands;
	struct script script;
	char *name;
	size_t at;
	u64 due_ns, pace_ns;
	u64 waiting_ns; /* since then for the guest; 0: it is not waited for */
	bool shifted, done;
	struct err wrong; /* text empty: nothing */
};

/* -- One step --------------------------------------------------------------------------- */

static void end(struct typist *t)
{
	t->done = true;
	t->due_ns = NEVER_NS;
	input_source_free(t->hands);
	t->hands = NULL;
	script_free(&t->script);
}

static void fail(struct typist *t, const char *what)
{
	err_set(&t->wrong, "%s:%u: %s", t->name, t->script.steps[t->at].line, what);
	log_line(LOG_ERROR, "%s", t->wrong.text);
	end(t);
}

/* Caps lock turns letters round. */
static bool needs_shift(const struct typist *t, const struct script_step *s)
{
	return s->x != (s->letter && (input_leds(t->all->in) & INPUT_CAPS_LOCK));
}

static bool shift(struct typist *t, bool on)
{
	t->shifted = on;
	return input_key(t->hands, KEY_LEFTSHIFT, on);
}

static bool place(struct typist *t, const struct script_step *s)
{
	u32 width, height;

	if (!screens_size(t->all->screens, &width, &height))
		fail(t, "the machine shows no picture to move in");
	else if (s->x < 0 || s->y < 0 || (u32)s->x >= width || (u32)s->y >= height)
		fail(t, "that is outside of the picture");
	else
		return input_place(t->hands, (u32)s->x, (u32)s->y, width, height);
	return true;
}

/* False: no guest listens for it. */
static bool act(struct typist *t, const struct script_step *s)
{
	switch (s->op) {
	case SCRIPT_KEY:
		return input_key(t->hands, s->code, s->x);
	case SCRIPT_PLACE:
		return place(t, s);
	case SCRIPT_MOVE:
		return input_move(t->hands, s->x, s->y);
	case SCRIPT_WHEEL:
		return input_wheel(t->hands, s->x, s->y);
	default:
		return true;
	}
}

static bool is_event(const struct script_step *s)
{
	return s->op <= SCRIPT_WHEEL;
}

/* What is not yet due, or waits for the guest, is not done. */
static bool guest_is_ready(struct typist *t, const struct script_step *s, u64 now_ns)
{
	bool ready = s->op == SCRIPT_KEYBOARD  ? input_hears(t->all->in, KEY_ENTER)
		     : s->op == SCRIPT_POINTER ? input_pointers(t->all->in)
					       : !is_event(s) || input_told(t->all->in);
	u64 patience = is_event(s) ? PATIENCE_NS : s->ns;

	if (ready) {
		t->waiting_ns = 0;
		return true;
	}
	if (!t->waiting_ns)
		t->waiting_ns = now_ns;
	t->due_ns = now_ns + LOOK_NS;
	if (now_ns - t->waiting_ns >= patience)
		fail(t, is_event(s) ? "the guest takes no more keys"
				    : "no guest listens within that time");
	return false;
}

static void do_step(struct typist *t, u64 now_ns)
{
	const struct script_step *s = &t->script.steps[t->at];
	bool on;

	if (!guest_is_ready(t, s, now_ns))
		return;
	t->due_ns = now_ns + (is_event(s) ? t->pace_ns : s->op == SCRIPT_WAIT ? s->ns : 0);
	if (s->op == SCRIPT_PACE)
		t->pace_ns = s->ns;
	if (s->op == SCRIPT_SHIFT) {
		on = needs_shift(t, s);
		if (on == t->shifted)
			t->due_ns = now_ns;
		else
			shift(t, on);
	} else if (!act(t, s)) {
		fail(t, "no guest listens for it");
	}
	if (!t->done && ++t->at == t->script.n)
		end(t);
}

/* -- All of them --------------------------------------------------------------------------- */

static void typist_free(struct typist *t)
{
	if (!t)
		return;
	if (!t->done)
		end(t);
	free(t->name);
	free(t);
}

/* A free place, or that of the one that has been done for longest. */
static struct typist **find_place(struct typists *all)
{
	u32 best = TYPISTS;

	for (u32 i = 0; i < TYPISTS; i++) {
		if (!all->list[i])
			return &all->list[i];
		if (all->list[i]->done && (best == TYPISTS || all->number[i] < all->number[best]))
			best = i;
	}
	return best == TYPISTS ? NULL : &all->list[best];
}

u32 typists_start(struct typists *all, struct script *s, const char *name, u64 now_ns,
		  struct err *e)
{
	struct typist **place = find_place(all), *t;

	if (!input_exists(all->in)) {
		err_set(e, "this machine has no keyboard and no pointer");
		err_hint(e, "keyboard0: {device: virtio-keyboard}");
		return 0;
	}
	if (!place) {
		err_set(e, "%u scripts are being typed already", TYPISTS);
		return 0;
	}
	typist_free(*place);
	*place = t = xzalloc(sizeof(*t));
	t->all = all;
	t->name = xstrdup(name);
	t->hands = input_source_new(all->in);
	t->script = *s;
	*s = (struct script){ 0 };
	t->pace_ns = PACE_NS;
	t->due_ns = now_ns;
	if (!t->script.n)
		end(t);
	all->number[place - all->list] = ++all->last;
	return all->last;
}

/* Steps that take no time are done at once, but not without end. */
u64 typists_due(struct typists *all, u64 now_ns)
{
	u64 next = NEVER_NS;

	for (u32 i = 0; i < TYPISTS; i++) {
		struct typist *t = all->list[i];

		for (u32 n = 0; t && t->due_ns <= now_ns && n < 1000; n++)
			do_step(t, now_ns);
		if (t)
			next = MIN(next, t->due_ns);
	}
	return next;
}

void typists_free(struct typists *all)
{
	for (u32 i = 0; i < TYPISTS; i++) {
		typist_free(all->list[i]);
		all->list[i] = NULL;
	}
}

/* -- Requests ---------------------------------------------------------------------------------- */

static char *read_script(int file, struct err *e)
{
	char *text = xzalloc(SCRIPT_MOST + 1);
	struct stat st;
	ssize_t n = -1;

	/* A pipe could hold up the machine. */
	if (file >= 0 && !fstat(file, &st) && S_ISREG(st.st_mode))
		n = pread(file, text, SCRIPT_MOST, 0);
	if (n >= 0)
		return text;
	free(text);
	err_set(e, "a script needs a file that it stands in");
	return NULL;
}

/* Called `name` where it goes wrong. */
static bool start(struct typists *all, const char *name, int file, struct str *answer,
		  struct err *e)
{
	char *text = read_script(file, e);
	struct script s = { 0 };
	struct diags ds = { 0 };
	u32 number = 0;

	if (!text)
		return false;
	if (script_read(&s, name, text, &ds))
		number = typists_start(all, &s, name, now_ns(), e);
	else
		err_set(e, "the script has mistakes"); /* the command looked before */
	if (number)
		str_add(answer, "%u", number);
	script_free(&s);
	diags_free(&ds);
	free(text);
	return number;
}

static bool say_how(const struct typists *all, u32 number, struct str *answer, struct err *e)
{
	for (u32 i = 0; i < TYPISTS; i++) {
		const struct typist *t = all->list[i];

		if (!t || all->number[i] != number)
			continue;
		if (t->wrong.text[0])
			return err_set(e, "%s", t->wrong.text);
		str_add(answer, "%s", t->done ? "done" : "typing");
		return true;
	}
	return err_set(e, "nobody types that script");
}

bool typists_request(struct typists *all, const char *request, int file, struct str *answer,
		     struct err *e)
{
	static const char named[] = "input as ";
	unsigned number;

	if (sscanf(request, "input %u", &number) == 1)
		return say_how(all, number, answer, e);
	return start(all, text_starts(request, named) ? request + strlen(named) : "script", file,
		     answer, e);
}
