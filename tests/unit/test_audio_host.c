/* A guest's sound in a file of the host, and through SDL to a driver that has files, too. */
#include "check.h"
#include "folder.h"
#include "patience.h"

#include <sys/stat.h>

static char path[64];

static void a_wav_file_says_what_is_in_it(void **state)
{
	struct err e = { 0 };
	struct audio *a = host_wav(in_folder(path, sizeof(path), "sound.wav"), &e);
	u8 piece[4000], *file;
	size_t n;

	assert_non_null(a);
	memset(piece, 7, sizeof(piece));
	for (u32 i = 0; i < 3; i++)
		a->ops->play(a, piece, sizeof(piece));
	a->ops->free(a);
	file = host_read_file(path, MIB, &n, &e);
	assert_non_null(file);
	assert_int_equal(n, 44 + 12000);
	assert_memory_equal(file, "RIFF", 4);
	assert_int_equal(get_le32(file + 4), 36 + 12000);
	assert_memory_equal(file + 8, "WAVEfmt ", 8);
	assert_int_equal(get_le16(file + 20), 1); /* PCM */
	assert_int_equal(get_le16(file + 22), 2); /* channels */
	assert_int_equal(get_le32(file + 24), 48000);
	assert_int_equal(get_le32(file + 28), 192000); /* bytes a second */
	assert_int_equal(get_le16(file + 34), 16);     /* bits */
	assert_memory_equal(file + 36, "data", 4);
	assert_int_equal(get_le32(file + 40), 12000);
	assert_int_equal(file[44], 7);
	free(file);
	(void)state;
}

static void what_is_no_file_is_refused(void **state)
{
	struct err e = { 0 };

	assert_null(host_wav("/no/such/folder/x.wav", &e));
	assert_string_equal(e.code, "E0604");
	assert_null(host_wav("/dev/null", &e));
	assert_non_null(strstr(e.text, "not a file"));
	in_folder(path, sizeof(path), "fifo");
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_null(host_wav(path, &e)); /* and does not wait for a reader */
	(void)state;
}

/* -- SDL2, whose driver `disk` plays into a file and hears another ----------------------------- */

#define PIECE 4000

struct ends {
	struct loop *l;
	u64 at_ns;
};

static u64 end_when_due(void *ctx)
{
	struct ends *ends = ctx;

	if (now_ns() < ends->at_ns)
		return ends->at_ns;
	loop_quit(ends->l);
	return UINT64_MAX;
}

static void run_loop(struct loop *l, u64 ms)
{
	struct ends ends = { l, now_ns() + ms * 1000000 };

	loop_run(l, end_when_due, &ends);
}

static struct audio *sdl_audio(struct loop *l, bool records)
{
	struct err e = { 0 };
	struct audio *a;

	setenv("SDL_AUDIODRIVER", "disk", true);
	a = host_sdl_audio(l, records, &e);
	if (!a)
		fail_msg("%s", e.text);
	return a;
}

/* The first of `n` bytes that are all `what`; NULL: they are not there. */
static const u8 *find_run(const u8 *bytes, size_t size, u8 what, size_t n)
{
	for (size_t i = 0, run = 0; i < size; i++) {
		run = bytes[i] == what ? run + 1 : 0;
		if (run == n)
			return bytes + i + 1 - n;
	}
	return NULL;
}

static bool is_heard(struct loop *l, u8 piece)
{
	struct err e = { 0 };
	size_t n;
	u8 *file;
	bool heard;

	run_loop(l, 20);
	file = host_read_file(path, 16 * MIB, &n, &e);
	heard = file && find_run(file, n, piece, PIECE);
	free(file);
	return heard;
}

/* Into the file.  False: others had the CPU for longer than the silence lasts. */
static bool play_three_pieces(void)
{
	struct err e = { 0 };
	struct loop *l = loop_new(&e);
	struct audio *a = sdl_audio(l, false);
	u64 start = now_ns();
	u8 piece[PIECE];
	bool in_time;

	assert_false(audio_records(a));
	for (u8 i = 1; i <= 3; i++) {
		memset(piece, i, sizeof(piece));
		audio_play(a, piece, sizeof(piece));
	}
	in_time = now_ns() - start < 50000000;
	AWAIT(is_heard(l, 3));
	a->ops->free(a);
	loop_free(l);
	return in_time;
}

static void sound_is_led_in_by_silence_and_heard_without_a_gap(void **state)
{
	struct err e = { 0 };
	const u8 *heard;
	size_t n;
	u8 *file;

	if (!host_sdl_version())
		skip();
	setenv("SDL_DISKAUDIOFILE", in_folder(path, sizeof(path), "heard"), true);
	AWAIT(play_three_pieces());
	file = host_read_file(path, 16 * MIB, &n, &e);
	assert_non_null(file);
	heard = find_run(file, n, 1, PIECE);
	assert_non_null(heard);
	assert_true(heard - file >= 48 * 4 * 50); /* 50 ms */
	assert_non_null(find_run(file, (size_t)(heard - file), 0, 48 * 4 * 50));
	assert_ptr_equal(find_run(file, n, 2, PIECE), heard + PIECE);
	assert_ptr_equal(find_run(file, n, 3, PIECE), heard + 2 * PIECE);
	free(file);
	(void)state;
}

static u32 record_some(struct loop *l, struct audio *a, u8 *bytes, u32 n)
{
	run_loop(l, 20);
	return a->ops->record(a, bytes, n);
}

static void the_microphone_hears_only_while_somebody_listens(void **state)
{
	struct err e = { 0 };
	struct loop *l;
	u8 piece[PIECE];
	struct audio *a;
	FILE *f;

	if (!host_sdl_version())
		skip();
	l = loop_new(&e);
	f = fopen(in_folder(path, sizeof(path), "said"), "w");
	assert_non_null(f);
	for (u32 i = 0; i < 1000000; i++)
		assert_int_not_equal(fputc(0x55, f), EOF);
	assert_int_equal(fclose(f), 0);
	setenv("SDL_DISKAUDIOFILEIN", path, true);
	setenv("SDL_DISKAUDIOFILE", "/dev/null", true);
	a = sdl_audio(l, true);
	run_loop(l, 100);
	assert_int_equal(a->ops->record(a, piece, PIECE), 0);
	audio_listen(a, true);
	AWAIT(record_some(l, a, piece, PIECE) > 0);
	assert_int_equal(piece[0], 0x55);
	audio_listen(a, false);
	run_loop(l, 20);
	assert_int_equal(a->ops->record(a, piece, PIECE), 0);
	audio_record(a, piece, PIECE); /* silence then */
	assert_non_null(find_run(piece, PIECE, 0, PIECE));
	a->ops->free(a);
	loop_free(l);
	(void)state;
}

static void where_nothing_can_be_heard_that_is_said(void **state)
{
	struct err e = { 0 };
	struct loop *l = loop_new(&e);

	setenv("SDL_AUDIODRIVER", "nonsense", true);
	assert_null(host_sdl_audio(l, false, &e));
	assert_non_null(strstr(e.text, host_sdl_version() ? "no sound: " : "no SDL2"));
	assert_true(e.hint[0]);
	loop_free(l);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_wav_file_says_what_is_in_it),
		cmocka_unit_test(what_is_no_file_is_refused),
		cmocka_unit_test(sound_is_led_in_by_silence_and_heard_without_a_gap),
		cmocka_unit_test(the_microphone_hears_only_while_somebody_listens),
		cmocka_unit_test(where_nothing_can_be_heard_that_is_said),
	};
	struct err e = { 0 };

	host_init(&e);
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
