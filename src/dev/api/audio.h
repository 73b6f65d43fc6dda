/* audio.h - who hears a guest's sound, and what a guest hears, for virtio-snd.
 *
 * One format for all, which guests' libraries and every host can convert: 48000 frames a
 * second of two little-endian samples of 16 bits.
 */
#ifndef AUDIO_H
#define AUDIO_H

#include "device.h"

#define AUDIO_HZ       48000
#define AUDIO_CHANNELS 2
#define AUDIO_FRAME    4 /* bytes */

struct audio;

/* Never blocks for long and never fails: what there is no room for is lost. */
void audio_play(struct audio *a, const u8 *bytes, u32 n);

/* Something can be recorded.  Does not change. */
bool audio_records(const struct audio *a);
/* The guest begins or ends to record: a microphone is open only in between. */
void audio_listen(struct audio *a, bool on);
/* The next bytes; silence takes the place of what has not come. */
void audio_record(struct audio *a, u8 *bytes, u32 n);

/* -- For host/, which implements one --------------------------------------- */

/* Any thread but for free. */
struct audio_ops {
	void (*play)(struct audio *a, const u8 *bytes, u32 n);
	/* Both or neither.  record returns how many bytes there were. */
	void (*listen)(struct audio *a, bool on);
	u32 (*record)(struct audio *a, u8 *bytes, u32 n);
	void (*free)(struct audio *a);
};

struct audio {
	const struct audio_ops *ops;
};

#endif
