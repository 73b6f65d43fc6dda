/* no_sdl.c - in the place of sdl_*.c where there is no SDL2. */
#include "internal.h"

const char *host_sdl_version(void)
{
	return NULL;
}

bool host_has_windows(void)
{
	return false;
}

static void no_sdl(struct err *e)
{
	err_set(e, "this build has no SDL2");
	err_hint(e, "./configure --install-deps, or apt install libsdl2-dev, and build again");
}

struct audio *host_sdl_audio(struct loop *l, bool records, struct err *e)
{
	(void)l, (void)records;
	no_sdl(e);
	return NULL;
}

struct host_viewer *host_sdl(struct loop *l, const struct host_view *view, struct err *e)
{
	(void)l, (void)view;
	no_sdl(e);
	return NULL;
}
