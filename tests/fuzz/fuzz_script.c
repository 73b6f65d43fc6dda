/* fuzz_script.c - any bytes as a script of keys and pointer events, and as a text to type.
 *
 * Whatever it is: it is read, or the mistake has a place in it; what was read holds keys and
 * numbers that there are; typing it comes to an end, and then no key is down.
 */
#define DESK_MOST 80u
#include "desk.h"
#include "fuzz.h"

#include "typist.h"

static void must(bool is)
{
	if (!is)
		abort();
}

static void check_places(const struct diags *ds, const char *text)
{
	u32 lines = 1;

	for (const char *p = text; *p; p++)
		lines += *p == '\n';
	for (size_t i = 0; i < ds->n; i++)
		must(ds->list[i].at.line <= lines && ds->list[i].at.col && ds->list[i].at.len);
}

static void check_steps(const struct script *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct script_step *step = &s->steps[i];

		must(step->op <= SCRIPT_POINTER);
		must(step->op != SCRIPT_KEY || (step->code && step->code < INPUT_CODES));
		must(step->x >= -INPUT_MAX && step->x <= INPUT_MAX);
		must(step->y >= -INPUT_MAX && step->y <= INPUT_MAX);
	}
}

/* Time goes as the typist wants it to. */
static void type(struct script *s)
{
	struct desk *d = desk_new(bench_new());
	struct bench *b = bench_of(&d->dev);
	struct screens screens = { 0 };
	struct typists t = { .in = b->machine.input, .screens = &screens };
	struct err e = { 0 };
	size_t most = 10 * s->n + 10;
	u64 now = 1, next = 0;

	must(typists_start(&t, s, "script", now, &e));
	while (next != NEVER_NS && most--) {
		next = typists_due(&t, now);
		now = MAX(now, next);
	}
	must(next == NEVER_NS);
	typists_free(&t);
	for (u32 i = 0; i < sizeof(d->port.down); i++)
		must(!d->port.down[i]);
	bench_end(b);
}

static void look(struct script *s, struct diags *ds, bool good, const char *text)
{
	must(good == !ds->errors);
	check_places(ds, text);
	check_steps(s);
	if (good)
		type(s);
	script_free(s);
	diags_free(ds);
}

int fuzz_one(const uint8_t *data, size_t size)
{
	char *text = xzalloc(size + 1);
	struct script s = { 0 };
	struct diags ds = { 0 };

	memcpy(text, data, size);
	look(&s, &ds, script_read(&s, "t.input", text, &ds), text);
	look(&s, &ds, script_type(&s, text, &ds), text);
	free(text);
	return 0;
}
