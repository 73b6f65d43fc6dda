/* pcm.c - plays standard input on a guest's first sound card, or records so many periods from it
 * to standard output, by the kernel's interface: 48 kHz, two channels of 16 bits.
 *
 *	pcm play <sound		pcm record PERIODS >sound
 *
 * For long-virtio; a guest without ALSA's library has no aplay.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <sound/asound.h>

#define RATE   48000
#define PERIOD 1920 /* frames: 40 ms; the driver has a buffer of 160 */
#define FRAME  4

static int fail(const char *what)
{
	perror(what);
	exit(1);
}

static void set_mask(struct snd_pcm_hw_params *p, int which, unsigned int bit)
{
	struct snd_mask *m = &p->masks[which - SNDRV_PCM_HW_PARAM_FIRST_MASK];

	memset(m, 0, sizeof(*m));
	m->bits[bit / 32] = 1u << bit % 32;
}

static void set_number(struct snd_pcm_hw_params *p, int which, unsigned int value)
{
	struct snd_interval *i = &p->intervals[which - SNDRV_PCM_HW_PARAM_FIRST_INTERVAL];

	*i = (struct snd_interval){ .min = value, .max = value, .integer = 1 };
}

static void set_params(int fd)
{
	struct snd_pcm_hw_params p = { .rmask = ~0u };

	memset(p.masks, 0xff, sizeof(p.masks));
	for (unsigned int i = 0; i < sizeof(p.intervals) / sizeof(p.intervals[0]); i++)
		p.intervals[i].max = ~0u;
	set_mask(&p, SNDRV_PCM_HW_PARAM_ACCESS, SNDRV_PCM_ACCESS_RW_INTERLEAVED);
	set_mask(&p, SNDRV_PCM_HW_PARAM_FORMAT, SNDRV_PCM_FORMAT_S16_LE);
	set_mask(&p, SNDRV_PCM_HW_PARAM_SUBFORMAT, SNDRV_PCM_SUBFORMAT_STD);
	set_number(&p, SNDRV_PCM_HW_PARAM_CHANNELS, 2);
	set_number(&p, SNDRV_PCM_HW_PARAM_RATE, RATE);
	set_number(&p, SNDRV_PCM_HW_PARAM_PERIOD_SIZE, PERIOD);
	set_number(&p, SNDRV_PCM_HW_PARAM_PERIODS, 4);
	if (ioctl(fd, SNDRV_PCM_IOCTL_HW_PARAMS, &p) || ioctl(fd, SNDRV_PCM_IOCTL_PREPARE))
		fail("parameters");
}

/* Whole periods: what is missing at the end is silence. */
static size_t read_period(char *bytes)
{
	size_t n = 0;
	ssize_t got;

	memset(bytes, 0, PERIOD * FRAME);
	while (n < PERIOD * FRAME && (got = read(STDIN_FILENO, bytes + n, PERIOD * FRAME - n)) > 0)
		n += (size_t)got;
	return n;
}

static int open_card(const char *path)
{
	int fd = open(path, O_RDWR);

	if (fd < 0)
		fail("open");
	set_params(fd);
	return fd;
}

static int play(void)
{
	static char bytes[PERIOD * FRAME];
	int fd = open_card("/dev/snd/pcmC0D0p");

	while (read_period(bytes)) {
		struct snd_xferi x = { .buf = bytes, .frames = PERIOD };

		if (ioctl(fd, SNDRV_PCM_IOCTL_WRITEI_FRAMES, &x))
			fail("write");
	}
	return ioctl(fd, SNDRV_PCM_IOCTL_DRAIN) ? fail("drain") : 0;
}

static int record(int periods)
{
	static char bytes[PERIOD * FRAME];
	int fd = open_card("/dev/snd/pcmC0D0c");

	while (periods--) {
		struct snd_xferi x = { .buf = bytes, .frames = PERIOD };

		if (ioctl(fd, SNDRV_PCM_IOCTL_READI_FRAMES, &x))
			fail("read");
		if (write(STDOUT_FILENO, bytes, sizeof(bytes)) != sizeof(bytes))
			fail("write");
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "play"))
		return play();
	if (argc == 3 && !strcmp(argv[1], "record"))
		return record(atoi(argv[2]));
	fprintf(stderr, "pcm play | pcm record PERIODS\n");
	return 2;
}
