#include "base.h"

static log_fn *sink;
static void *sink_ctx;

void log_sink(log_fn *fn, void *ctx)
{
	sink = fn;
	sink_ctx = ctx;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	char line[512];
	va_list ap;

	if (!sink)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	sink(sink_ctx, level, line);
}

bool rate_pass(struct rate *r, u64 now)
{
	u64 earned;

	if (!r->every_ns)
		return false;
	earned = (now - r->last_ns) / r->every_ns;
	if (earned) {
		r->last_ns += earned * r->every_ns;
		r->tokens = (u32)MIN(earned + r->tokens, r->burst);
	}
	if (!r->tokens) {
		r->dropped++;
		return false;
	}
	r->tokens--;
	return true;
}
