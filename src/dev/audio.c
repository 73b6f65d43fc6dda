/* audio.c - joins who hears it to a device; nobody does, if no board says so. */
#include "core.h"

void audio_play(struct audio *a, const u8 *bytes, u32 n)
{
	a->ops->play(a, bytes, n);
}

bool audio_records(const struct audio *a)
{
	return a->ops->record;
}

void audio_listen(struct audio *a, bool on)
{
	a->ops->listen(a, on);
}

void audio_record(struct audio *a, u8 *bytes, u32 n)
{
	u32 got = a->ops->record(a, bytes, n);

	memset(bytes + got, 0, n - got);
}

static void null_play(struct audio *a, const u8 *bytes, u32 n)
{
	(void)a, (void)bytes, (void)n;
}

static const struct audio_ops null_ops = { .play = null_play };

struct audio *audio_attach(struct device *dev, struct audio *a)
{
	if (!a) {
		a = device_alloc(dev, sizeof(*a));
		a->ops = &null_ops;
	}
	return a;
}
