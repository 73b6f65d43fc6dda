/* audio_wav.c - a guest's sound in a WAV file.
 *
 * A file that is being written says that it goes on to the end, which players take; when it
 * is closed it gets its length.  Silence between sounds is not in it.
 */
#include "internal.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEADER 44
#define MOST   (UINT32_MAX - HEADER) /* lengths have 32 bits */

struct wav {
	struct audio a;
	struct outlet *out;
	int fd;
	char *path;
	_Atomic u64 bytes;
};

/* "RIFF", length of the rest, "WAVE", "fmt ", 16, kind (1: PCM), channels, frames a second, bytes
 * a second, bytes a frame, bits a sample, "data", length. */
static void make_header(u8 *h, u32 data)
{
	memcpy(h, "RIFF", 4);
	put_le32(h + 4, data > UINT32_MAX - 36 ? UINT32_MAX : data + 36);
	memcpy(h + 8, "WAVEfmt ", 8);
	put_le32(h + 16, 16);
	put_le16(h + 20, 1);
	put_le16(h + 22, AUDIO_CHANNELS);
	put_le32(h + 24, AUDIO_HZ);
	put_le32(h + 28, AUDIO_HZ * AUDIO_FRAME);
	put_le16(h + 32, AUDIO_FRAME);
	put_le16(h + 34, 8 * AUDIO_FRAME / AUDIO_CHANNELS);
	memcpy(h + 36, "data", 4);
	put_le32(h + 40, data);
}

static void wav_play(struct audio *a, const u8 *bytes, u32 n)
{
	struct wav *w = (struct wav *)a;

	if (atomic_fetch_add(&w->bytes, n) + n <= MOST)
		outlet_write(w->out, bytes, n);
}

/* As much as is really there: the disk may have been full. */
static void set_length(const struct wav *w)
{
	u8 header[HEADER];
	struct stat st;

	if (fstat(w->fd, &st) || st.st_size < HEADER)
		return;
	make_header(header, (u32)MIN((u64)st.st_size - HEADER, MOST));
	if (pwrite(w->fd, header, HEADER, 0) != HEADER)
		log_line(LOG_WARNING, "%s: its length is not in it: %s", w->path, strerror(errno));
}

static void wav_free(struct audio *a)
{
	struct wav *w = (struct wav *)a;

	outlet_free(w->out);
	if (w->fd >= 0) {
		set_length(w);
		close(w->fd);
	}
	free(w->path);
	free(w);
}

static const struct audio_ops wav_ops = { .play = wav_play, .free = wav_free };

static bool start(struct wav *w, struct err *e)
{
	u8 header[HEADER];

	w->fd = host_output_file(w->path, 0, 0666, e);
	if (w->fd < 0)
		return false;
	make_header(header, UINT32_MAX);
	if (write(w->fd, header, HEADER) != HEADER)
		return host_err_file(e, "write", w->path, errno);
	w->out = outlet_new(w->fd, w->path, e);
	return w->out;
}

struct audio *host_wav(const char *path, struct err *e)
{
	struct wav *w = xzalloc(sizeof(*w));

	w->a.ops = &wav_ops;
	w->fd = -1;
	w->path = xstrdup(path);
	if (!start(w, e)) {
		wav_free(&w->a);
		return NULL;
	}
	return &w->a;
}
