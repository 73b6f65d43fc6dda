/* virtio-snd.c - a sound card that plays and, where the host lets it, records
 *
 * Spec: virtio 1.2 section 5.14.  Queue 0 takes commands, queue 1 events, of which there are
 * none, queue 2 sound to play, queue 3 room for sound that is recorded.  Each direction has one
 * stream with one format, which the libraries of guests convert to (audio.h).
 *
 * A piece of sound is handed to the host when its turn comes, and comes back when it would
 * have been heard, by the guest's clock: the host cannot make the guest wait, and what it has
 * no room for is lost.  Recording is the same the other way: a piece is filled when its time is
 * over, and silence stands for what the host has not got.  Until then it stays in the queue, so
 * that nothing of it needs to be kept here.
 *
 * Not modeled: jacks, channel maps, volume controls.
 */
#include "audio.h"
#include "clock.h"
#include "virtio.h"

#define CONTROL  0
#define TRANSMIT 2
#define RECEIVE  3

#define AT_ONCE    4096
#define MOST_BYTES (256 * (u32)KIB) /* of a piece: more than a second */
#define QUEUE_SIZE 64
#define LATE_NS    500000000 /* later than that is a pause */

/* Section 5.14.6 */
enum {
	R_JACK_INFO = 1,
	R_PCM_INFO = 0x100,
	R_SET_PARAMS = 0x101,
	R_PREPARE = 0x102,
	R_RELEASE = 0x103,
	R_START = 0x104,
	R_STOP = 0x105,
	R_CHMAP_INFO = 0x200,
};

enum { S_OK = 0x8000, S_BAD_MSG, S_NOT_SUPP, S_IO_ERR };

enum { FORMAT_S16 = 5, RATE_48000 = 7 };

#define COMMAND_BYTES 24 /* the longest */
#define INFO_BYTES    32

/* Where a command has what. */
enum { AT_STREAM = 4, AT_BUFFER = 8, AT_PERIOD = 12, AT_FEATURES = 16, AT_CHANNELS = 20 };
enum { AT_START = 4, AT_COUNT = 8, AT_SIZE = 12 };

enum { PLAY, RECORD, STREAMS };
enum stream { UNSET, SET, PREPARED, RUNNING };

struct sound {
	struct virtio v;

	/* properties */
	struct audio *host;

	u32 stream[STREAMS]; /* enum stream */

	/* The piece that is being recorded, by guest time. */
	u64 since_ns; /* 0: none was */
	u64 full_ns;  /* 0: none is */

	/* The piece that is being heard. */
	u32 has_piece;
	u16 head;
	u64 status_gpa;
	u64 until_ns; /* guest time; 0: nothing is heard */
};

static struct sound *sound_of(struct virtio *v)
{
	return (struct sound *)v;
}

/* -- Sound ------------------------------------------------------------------------------ */

/* The status is le32 status, le32 bytes of latency: the last eight bytes. */
static void finish(struct sound *s, const struct vchain *c, u64 status_gpa, u32 status, u64 bytes)
{
	u8 end[8] = { 0 };

	put_le32(end, status);
	dma_write(&s->v.dev, status_gpa, end, sizeof(end));
	virtq_push(&s->v, c, (u32)bytes + sizeof(end));
}

static void finish_piece(struct sound *s, u32 status)
{
	const struct vchain c = { .head = s->head,
				  .queue = TRANSMIT,
				  .generation = s->v.generation };

	s->has_piece = 0;
	finish(s, &c, s->status_gpa, status, 0);
}

static void hand_over(struct sound *s, const struct vchain *c)
{
	u8 bytes[AT_ONCE];
	u64 n;

	for (u64 off = 4; (n = vchain_read(&s->v, c, off, bytes, sizeof(bytes))); off += n)
		audio_play(s->host, bytes, (u32)n);
}

static u64 length_ns(u64 bytes)
{
	return mul_div(bytes / AUDIO_FRAME, 1000000000, AUDIO_HZ);
}

/* One follows the other, also if we look a little late; after a gap it begins now. */
static void begin_piece(struct sound *s, const struct vchain *c, u64 status_gpa)
{
	u64 now = clock_ns(&s->v.dev);
	bool follows = s->until_ns && now < s->until_ns + LATE_NS;

	s->until_ns = (follows ? s->until_ns : now) + length_ns(c->out_bytes - 4);
	s->has_piece = 1;
	s->head = c->head;
	s->status_gpa = status_gpa;
	hand_over(s, c);
}

/* False: it has no room for a status, or lies in pieces smaller than that. */
static bool find_status(struct sound *s, const struct vchain *c, u64 *gpa)
{
	u32 last = c->nout + c->nin - 1;

	if (c->nin && c->seg[last].len >= 8) {
		*gpa = c->seg[last].gpa + c->seg[last].len - 8;
		return true;
	}
	guest_error(&s->v.dev, "a piece of sound has no room for a status");
	virtq_push(&s->v, c, 0);
	return false;
}

/* True: it is one for a stream that runs.  Else it has come back. */
static bool check_piece(struct sound *s, const struct vchain *c, u32 stream, u64 *gpa)
{
	u8 id[4];

	if (!find_status(s, c, gpa))
		return false;
	if (vchain_read(&s->v, c, 0, id, 4) != 4 || get_le32(id) != stream)
		finish(s, c, *gpa, S_BAD_MSG, 0);
	else if (s->stream[stream] != RUNNING)
		finish(s, c, *gpa, s->stream[stream] == PREPARED ? S_OK : S_IO_ERR, 0);
	else
		return true;
	return false;
}

/* What waits in the queue of a stream that does not play stays there. */
static void play(struct sound *s)
{
	struct vchain c;
	u64 gpa;

	if (s->has_piece && clock_ns(&s->v.dev) >= s->until_ns)
		finish_piece(s, S_OK);
	while (s->stream[PLAY] != PREPARED && !s->has_piece && virtq_pop(&s->v, TRANSMIT, &c))
		if (check_piece(s, &c, PLAY, &gpa))
			begin_piece(s, &c, gpa);
	if (!s->has_piece)
		s->until_ns = 0;
	virtq_notify(&s->v, TRANSMIT);
}

/* -- Recording ---------------------------------------------------------------------------- */

static void fill(struct sound *s, const struct vchain *c, u64 n)
{
	u8 bytes[AT_ONCE];

	for (u64 off = 0; off < n; off += AT_ONCE) {
		u32 take = (u32)MIN(n - off, AT_ONCE);

		audio_record(s->host, bytes, take);
		vchain_write(&s->v, c, off, bytes, take);
	}
}

/* False: it goes back into the queue, for its time is not over. */
static bool record_piece(struct sound *s, const struct vchain *c, u64 status_gpa)
{
	u64 now = clock_ns(&s->v.dev), n = c->in_bytes - 8;
	bool follows = s->since_ns && now < s->since_ns + LATE_NS;

	if (!follows)
		s->since_ns = now;
	s->full_ns = s->since_ns + length_ns(n);
	if (now < s->full_ns)
		return false;
	s->since_ns = s->full_ns;
	fill(s, c, n);
	finish(s, c, status_gpa, S_OK, n);
	return true;
}

static void record(struct sound *s)
{
	struct vchain c;
	u64 gpa;

	s->full_ns = 0;
	while (s->stream[RECORD] != PREPARED && virtq_pop(&s->v, RECEIVE, &c))
		if (check_piece(s, &c, RECORD, &gpa) && !record_piece(s, &c, gpa)) {
			virtq_unpop(&s->v, RECEIVE, 1);
			break;
		}
	virtq_notify(&s->v, RECEIVE);
}

/* -- Commands ----------------------------------------------------------------------------- */

/* All that waits comes back before the stream is released (5.14.6.6.5). */
static void give_all_back(struct sound *s, u32 stream)
{
	u32 q = stream == PLAY ? TRANSMIT : RECEIVE;
	struct vchain c;
	u64 gpa;

	if (stream == PLAY && s->has_piece)
		finish_piece(s, S_OK);
	while (virtq_pop(&s->v, q, &c))
		check_piece(s, &c, stream, &gpa);
	virtq_notify(&s->v, q);
}

static bool is_our_format(const u8 *command)
{
	u32 buffer = get_le32(command + AT_BUFFER), period = get_le32(command + AT_PERIOD);

	return period && buffer >= period && !get_le32(command + AT_FEATURES) &&
	       command[AT_CHANNELS] == AUDIO_CHANNELS && command[AT_CHANNELS + 1] == FORMAT_S16 &&
	       command[AT_CHANNELS + 2] == RATE_48000;
}

/* From which states a command leads where. */
static const struct step {
	u32 command, from; /* bits of enum stream */
	enum stream to;
} steps[] = {
	{ R_SET_PARAMS, 1 << UNSET | 1 << SET | 1 << PREPARED, SET },
	{ R_PREPARE, 1 << SET | 1 << PREPARED, PREPARED },
	{ R_START, 1 << PREPARED, RUNNING },
	{ R_STOP, 1 << RUNNING, PREPARED },
	{ R_RELEASE, 1 << SET | 1 << PREPARED, SET },
};

static u32 streams(const struct sound *s)
{
	return audio_records(s->host) ? STREAMS : 1;
}

static u32 change_stream(struct sound *s, u32 command, const u8 *bytes)
{
	u32 stream = get_le32(bytes + AT_STREAM);

	if (stream >= streams(s))
		return S_BAD_MSG;
	if (command == R_SET_PARAMS && !is_our_format(bytes))
		return S_NOT_SUPP;
	for (size_t i = 0; i < ARRAY_LEN(steps); i++) {
		if (steps[i].command != command)
			continue;
		if (!(steps[i].from >> s->stream[stream] & 1))
			return S_BAD_MSG;
		if (command == R_RELEASE)
			give_all_back(s, stream);
		s->stream[stream] = steps[i].to;
		return S_OK;
	}
	return S_NOT_SUPP;
}

/* le32 node, le32 features, le64 formats, le64 rates, direction, least and most channels; of
 * each stream that is asked for. */
static u32 stream_info(const struct sound *s, const u8 *command, u8 *info, u32 *n)
{
	u32 first = get_le32(command + AT_START), count = get_le32(command + AT_COUNT);

	if (!count || !range_inside(first, count, 0, streams(s)) ||
	    get_le32(command + AT_SIZE) != INFO_BYTES)
		return S_BAD_MSG;
	for (u32 i = first; i < first + count; i++, info += INFO_BYTES) {
		put_le64(info + 8, (u64)1 << FORMAT_S16);
		put_le64(info + 16, (u64)1 << RATE_48000);
		info[24] = i == RECORD;
		info[25] = info[26] = AUDIO_CHANNELS;
	}
	*n += count * INFO_BYTES;
	return S_OK;
}

static void command(struct sound *s, const struct vchain *c)
{
	u8 bytes[COMMAND_BYTES] = { 0 }, answer[4 + STREAMS * INFO_BYTES] = { 0 };
	u32 n = 4, code, status;

	if (vchain_read(&s->v, c, 0, bytes, sizeof(bytes)) < 4) {
		guest_error(&s->v.dev, "a command has no code");
		virtq_push(&s->v, c, 0);
		return;
	}
	code = get_le32(bytes);
	status = code == R_PCM_INFO ? stream_info(s, bytes, answer + 4, &n)
				    : change_stream(s, code, bytes);
	put_le32(answer, status);
	virtq_push(&s->v, c, (u32)vchain_write(&s->v, c, 0, answer, n));
}

static void sound_kick(struct virtio *v, u32 q)
{
	struct sound *s = sound_of(v);
	struct vchain c;

	if (q == CONTROL) {
		while (virtq_pop(v, CONTROL, &c))
			command(s, &c);
		virtq_notify(v, CONTROL);
	}
	if (q == CONTROL || q == TRANSMIT)
		play(s);
	if (q == CONTROL || q == RECEIVE)
		record(s);
}

/* -- The device ---------------------------------------------------------------------------- */

static void sound_timer(struct virtio *v)
{
	play(sound_of(v));
	record(sound_of(v));
}

static void sound_update(struct device *dev)
{
	const struct sound *s = (const struct sound *)dev;
	u64 next_ns = UINT64_MAX;

	if (audio_records(s->host))
		audio_listen(s->host, s->stream[RECORD] == RUNNING);
	if (s->has_piece)
		next_ns = s->until_ns;
	if (s->full_ns)
		next_ns = MIN(next_ns, s->full_ns);
	if (next_ns == UINT64_MAX)
		timer_off(dev);
	else
		timer_at(dev, next_ns);
}

/* le32 jacks, le32 streams, le32 channel maps */
static void sound_config(struct virtio *v, u8 *config)
{
	put_le32(config + 4, streams(sound_of(v)));
}

/* clang-format off */
#define SELF struct sound

VIRTIO_DEVICE(virtio_snd) = {
	VIRTIO_ROWS,
	.name         = "virtio-snd",
	.doc          = "a sound card that plays and records: 48 kHz, two channels of 16 bits",
	.linux_driver = "virtio_snd",
	.linux_config = "SND_VIRTIO",
	.qemu         = "virtio-sound-pci",
	.size         = sizeof(SELF),
	.example      = "sound0: {device: virtio-snd, host: {wav: sound.wav}}",
	.update       = sound_update,

	.props = PROPS(
		VIRTIO_INTERRUPT,
		PROP_AUDIO(host, .doc = "who hears it, and what it hears")),

	.state = STATE(FIELD_MAX(stream[PLAY], RUNNING), FIELD_MAX(stream[RECORD], RUNNING),
		       FIELD(since_ns), FIELD(full_ns), FIELD_MAX(has_piece, 1), FIELD(head),
		       FIELD(status_gpa), FIELD(until_ns)),

	.virtio = &(const struct virtio_class){
		.id          = 25,
		.queues      = 4,
		.size_max    = QUEUE_SIZE,
		.burst       = QUEUE_SIZE + 1,
		.most_bytes  = MOST_BYTES,
		.pci_class   = 0x040100,
		.config_size = 12,
		.config_read = sound_config,
		.timer       = sound_timer,
		.kick        = sound_kick,
	},
};
