/* sdl_audio.c - a guest's sound in the speakers of this host, and what its microphone hears, by
 * SDL2
 *
 * SDL's thread takes sound from a queue, which is kept short: the guest's clock and the sound
 * card's differ a little, and what is too much then is lost.  Sound that begins is led in by
 * silence, so that the next piece may come a little late.
 *
 * The microphone is open only while the guest records.  What it hears goes into a ring, in which
 * the newest takes the place of what nobody has fetched.  Opening takes its time, so the loop's
 * thread does it.
 */
#define _GNU_SOURCE /* RTLD_DEFAULT */
#include "sdl.h"

#include <dlfcn.h>

#define MS(n)   ((u32)AUDIO_HZ / 1000 * AUDIO_FRAME * (n)) /* bytes */
#define LEAD    MS(60)
#define MOST    MS(2000) /* more than the longest piece */
#define RING    MS(250)
#define SAMPLES 1024

struct sdl_audio {
	struct audio a;
	SDL_AudioDeviceID speakers;
	struct loop_call *attend;
	_Atomic bool listens; /* the guest records */

	pthread_mutex_t lock; /* guards what follows */
	u8 ring[RING];
	u32 first, n;

	/* The loop's own. */
	SDL_AudioDeviceID microphone; /* 0: closed */
	bool complained;
};

void sdl_leave(u32 subsystem)
{
	SDL_QuitSubSystem(subsystem);
	if (!SDL_WasInit(0))
		SDL_Quit();
}

/* -- Speakers ---------------------------------------------------------------------------- */

static void play(struct audio *a, const u8 *bytes, u32 n)
{
	static const u8 silence[LEAD];
	const struct sdl_audio *s = (const struct sdl_audio *)a;
	u32 queued = SDL_GetQueuedAudioSize(s->speakers);

	if (!queued)
		SDL_QueueAudio(s->speakers, silence, LEAD);
	if (queued + n <= MOST)
		SDL_QueueAudio(s->speakers, bytes, n);
}

/* -- The microphone ------------------------------------------------------------------------ */

/* On SDL's thread. */
static void on_heard(void *ctx, Uint8 *bytes, int count)
{
	struct sdl_audio *s = ctx;
	u32 n = (u32)count;

	pthread_mutex_lock(&s->lock);
	for (u32 i = n > RING ? n - RING : 0; i < n; i++) {
		s->ring[(s->first + s->n) % RING] = bytes[i];
		if (s->n < RING)
			s->n++;
		else
			s->first = (s->first + 1) % RING;
	}
	pthread_mutex_unlock(&s->lock);
}

static u32 record(struct audio *a, u8 *bytes, u32 n)
{
	struct sdl_audio *s = (struct sdl_audio *)a;

	pthread_mutex_lock(&s->lock);
	n = MIN(n, s->n);
	for (u32 i = 0; i < n; i++)
		bytes[i] = s->ring[(s->first + i) % RING];
	s->first = (s->first + n) % RING;
	s->n -= n;
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void want_microphone(struct audio *a, bool on)
{
	struct sdl_audio *s = (struct sdl_audio *)a;

	if (atomic_exchange(&s->listens, on) != on)
		loop_call(s->attend);
}

static SDL_AudioDeviceID open_device(struct sdl_audio *s, bool microphone)
{
	const SDL_AudioSpec want = { .freq = AUDIO_HZ,
				     .format = AUDIO_S16LSB,
				     .channels = AUDIO_CHANNELS,
				     .samples = SAMPLES,
				     .callback = microphone ? on_heard : NULL,
				     .userdata = s };
	SDL_AudioDeviceID id = SDL_OpenAudioDevice(NULL, microphone, &want, NULL, 0);

	if (id)
		SDL_PauseAudioDevice(id, 0);
	return id;
}

/* What was heard before is nobody's any more. */
static void close_microphone(struct sdl_audio *s)
{
	if (s->microphone)
		SDL_CloseAudioDevice(s->microphone);
	s->microphone = 0;
	pthread_mutex_lock(&s->lock);
	s->n = 0;
	pthread_mutex_unlock(&s->lock);
}

static void attend(void *ctx)
{
	struct sdl_audio *s = ctx;

	if (!s->listens) {
		close_microphone(s);
	} else if (!s->microphone) {
		s->microphone = open_device(s, true);
		if (!s->microphone && !s->complained)
			log_line(LOG_WARNING, "the guest hears silence: %s", SDL_GetError());
		s->complained |= !s->microphone;
	}
}

/* -- Making ---------------------------------------------------------------------------------- */

static void audio_free(struct audio *a)
{
	struct sdl_audio *s = (struct sdl_audio *)a;

	close_microphone(s);
	if (s->speakers)
		SDL_CloseAudioDevice(s->speakers);
	sdl_leave(SDL_INIT_AUDIO);
	loop_call_free(s->attend);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

static const struct audio_ops speakers_ops = { .play = play, .free = audio_free };
static const struct audio_ops both_ops = {
	.play = play, .listen = want_microphone, .record = record, .free = audio_free
};

typedef void alsa_says(const char *file, int line, const char *function, int err, const char *fmt,
		       ...);

static void say_nothing(const char *file, int line, const char *function, int err, const char *fmt,
			...)
{
	(void)file, (void)line, (void)function, (void)err, (void)fmt;
}

/* ALSA would print what is wrong itself, in many lines.  SDL may be linked with it, or not. */
static void quiet_alsa(void)
{
	int (*set)(alsa_says *);

	*(void **)&set = dlsym(RTLD_DEFAULT, "snd_lib_error_set_handler");
	if (set)
		set(say_nothing);
}

struct audio *host_sdl_audio(struct loop *l, bool records, struct err *e)
{
	struct sdl_audio *s = xzalloc(sizeof(*s));

	s->a.ops = records ? &both_ops : &speakers_ops;
	s->attend = loop_call_new(l, attend, s);
	pthread_mutex_init(&s->lock, NULL);
	quiet_alsa();
	SDL_SetMainReady();
	if (!SDL_InitSubSystem(SDL_INIT_AUDIO))
		s->speakers = open_device(s, false);
	if (s->speakers)
		return &s->a;
	err_set(e, "no sound: %s", SDL_GetError());
	err_hint(e, "`host: auto` runs without");
	audio_free(&s->a);
	return NULL;
}
