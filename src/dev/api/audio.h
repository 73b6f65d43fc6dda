/* audio.h - who hears a guest's sound, for virtio-snd.
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

/* -- For host/, which implements one --------------------------------------- */

struct audio_ops {
	void (*play)(struct audio *a, const u8 *bytes, u32 n); /* any thread */
	void (*free)(struct audio *a);
};

struct audio {
	const struct audio_ops *ops;
};

#endif
