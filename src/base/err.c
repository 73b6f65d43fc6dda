#include "base.h"

static void put(char *to, size_t cap, const char *fmt, va_list ap) PRINTF(3, 0);

static void put(char *to, size_t cap, const char *fmt, va_list ap)
{
	vsnprintf(to, cap, fmt, ap);
}

bool err_set(struct err *e, const char *fmt, ...)
{
	va_list ap;

	e->hint[0] = e->code[0] = 0;
	va_start(ap, fmt);
	put(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return false;
}

bool err_code(struct err *e, const char *code, const char *fmt, ...)
{
	va_list ap;

	e->hint[0] = 0;
	snprintf(e->code, sizeof(e->code), "%s", code);
	va_start(ap, fmt);
	put(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	return false;
}

bool err_hint(struct err *e, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	put(e->hint, sizeof(e->hint), fmt, ap);
	va_end(ap);
	return false;
}

bool err_in(struct err *e, const char *fmt, ...)
{
	char old[sizeof(e->text)];
	va_list ap;
	size_t n;

	snprintf(old, sizeof(old), "%s", e->text);
	va_start(ap, fmt);
	put(e->text, sizeof(e->text), fmt, ap);
	va_end(ap);
	n = strlen(e->text);
	if (n + 3 < sizeof(e->text)) /* a long tail is cut off */
		snprintf(e->text + n, sizeof(e->text) - n, ": %.*s", (int)(sizeof(e->text) - n - 3),
			 old);
	return false;
}
