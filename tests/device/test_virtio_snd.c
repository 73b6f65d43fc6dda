/* virtio-snd: the test plays the driver and hears what the host would. */
#include "virtio_bench.h"

#include "audio.h"

extern const struct device_class device_virtio_snd;

#define CONTROL  0
#define TRANSMIT 2
#define RECEIVE  3

#define MS ((u64)1000000)

enum { INFO = 0x100, SET_PARAMS, PREPARE, RELEASE, START, STOP };
enum { OK = 0x8000, BAD_MSG, NOT_SUPP, IO_ERR };

static struct {
	struct audio a;
	u32 n;
	u8 bytes[65536];
} ear;

static void hear(struct audio *a, const u8 *bytes, u32 n)
{
	(void)a;
	assert_true(ear.n + n <= sizeof(ear.bytes));
	memcpy(ear.bytes + ear.n, bytes, n);
	ear.n += n;
}

static const struct audio_ops ear_ops = { .play = hear };

/* A microphone hears numbers that count, as many as there are. */
static struct {
	bool on;
	u8 next;
	u32 there;
} microphone;

static void listen(struct audio *a, bool on)
{
	(void)a;
	microphone.on = on;
}

static u32 hears(struct audio *a, u8 *bytes, u32 n)
{
	(void)a;
	n = MIN(n, microphone.there);
	microphone.there -= n;
	for (u32 i = 0; i < n; i++)
		bytes[i] = ++microphone.next;
	return n;
}

static const struct audio_ops both_ops = { .play = hear, .listen = listen, .record = hears };

static void on_cards_with(const struct audio_ops *ops, driver_test *test)
{
	for (u32 pci = 0; pci < 2; pci++) {
		struct bench *b = bench_new();
		struct driver d;

		memset(&ear, 0, sizeof(ear));
		memset(&microphone, 0, sizeof(microphone));
		ear.a.ops = ops;
		b->audio = &ear.a;
		driver_init(&d, b, &device_virtio_snd, "", pci);
		test(&d);
		bench_end(b);
	}
}

static void on_cards(driver_test *test)
{
	on_cards_with(&ear_ops, test);
}

static void on_recorders(driver_test *test)
{
	on_cards_with(&both_ops, test);
}

/* -- Commands -------------------------------------------------------------------------------- */

static u32 send(struct driver *d, const u8 *bytes, u32 n, u32 room)
{
	u32 head, written;

	memcpy(ram(d, DATA_AT), bytes, n);
	memset(ram(d, DATA_AT + 0x100), 0, 0x100);
	add_chain(d, CONTROL,
		  (struct buffer[]){ { DATA_AT, n, false }, { DATA_AT + 0x100, room, true } }, 2);
	driver_kick(d, CONTROL);
	while (take_used(d, CONTROL, &head, &written))
		;
	return get_le32(ram(d, DATA_AT + 0x100));
}

static u32 command_to(struct driver *d, u32 stream, u32 code)
{
	u8 bytes[8] = { 0 };

	put_le32(bytes, code);
	put_le32(bytes + 4, stream);
	return send(d, bytes, sizeof(bytes), 4);
}

static u32 command(struct driver *d, u32 code)
{
	return command_to(d, 0, code);
}

static u32 set_params_of(struct driver *d, u32 stream, u8 channels, u8 format, u8 rate)
{
	u8 bytes[24] = { 0 };

	put_le32(bytes, SET_PARAMS);
	put_le32(bytes + 4, stream);
	put_le32(bytes + 8, 38400);
	put_le32(bytes + 12, 9600);
	bytes[20] = channels;
	bytes[21] = format;
	bytes[22] = rate;
	return send(d, bytes, sizeof(bytes), 4);
}

static u32 set_params(struct driver *d, u8 channels, u8 format, u8 rate)
{
	return set_params_of(d, 0, channels, format, rate);
}

static void start(struct driver *d)
{
	driver_start(d, 0, 4, 16);
	assert_int_equal(set_params(d, 2, 5, 7), OK);
	assert_int_equal(command(d, PREPARE), OK);
}

/* -- Pieces of sound ------------------------------------------------------------------------- */

static u64 piece_at(u32 i)
{
	return DATA_AT + 0x1000 + 0x3000 * (u64)i;
}

/* The i-th piece, of so many ms, all of its bytes are i + 1. */
static void give(struct driver *d, u32 i, u32 ms)
{
	u32 n = 192 * ms;
	u64 at = piece_at(i);

	put_le32(ram(d, at), 0);
	memset(ram(d, at + 4), (int)i + 1, n);
	add_chain(d, TRANSMIT,
		  (struct buffer[]){
			  { at, 4, false }, { at + 4, n, false }, { at + 0x2ff0, 8, true } },
		  3);
	driver_kick(d, TRANSMIT);
}

static u32 status(struct driver *d, u32 i)
{
	return get_le32(ram(d, piece_at(i) + 0x2ff0));
}

static u32 back(struct driver *d)
{
	return used_index(d, TRANSMIT);
}

/* -- Tests --------------------------------------------------------------------------------------
 */

static void check_info(struct driver *d)
{
	u8 bytes[16] = { 0 };
	const u8 *info = ram(d, DATA_AT + 0x104);

	assert_int_equal(driver_config(d, 0, 4), 0);
	assert_int_equal(driver_config(d, 4, 4), 1);
	assert_int_equal(driver_config(d, 8, 4), 0);
	driver_start(d, 0, 4, 16);
	put_le32(bytes, INFO);
	put_le32(bytes + 8, 1);
	put_le32(bytes + 12, 32);
	assert_int_equal(send(d, bytes, sizeof(bytes), 36), OK);
	assert_int_equal(get_le64(info + 8), 1 << 5);
	assert_int_equal(get_le64(info + 16), 1 << 7);
	assert_int_equal(info[24], 0);
	assert_int_equal(info[25], 2);
	assert_int_equal(info[26], 2);
	put_le32(bytes + 8, 2); /* there is one */
	assert_int_equal(send(d, bytes, sizeof(bytes), 68), BAD_MSG);
	put_le32(bytes + 8, 0xffffffff);
	assert_int_equal(send(d, bytes, sizeof(bytes), 68), BAD_MSG);
}

static void there_is_one_stream_with_one_format(void **state)
{
	on_cards(check_info);
	(void)state;
}

static void check_pace(struct driver *d)
{
	start(d);
	for (u32 i = 0; i < 3; i++)
		give(d, i, 50);
	bench_advance(d->b, 200 * MS);
	assert_int_equal(back(d), 0); /* it has not been started */
	assert_int_equal(command(d, START), OK);
	bench_advance(d->b, 49 * MS);
	assert_int_equal(back(d), 0);
	bench_advance(d->b, 1 * MS);
	assert_int_equal(back(d), 1);
	assert_int_equal(status(d, 0), OK);
	assert_true(driver_line(d));
	bench_advance(d->b, 99 * MS);
	assert_int_equal(back(d), 2);
	bench_advance(d->b, 1 * MS);
	assert_int_equal(back(d), 3);
}

static void a_piece_comes_back_when_it_would_have_been_heard(void **state)
{
	on_cards(check_pace);
	(void)state;
}

static void check_heard(struct driver *d)
{
	start(d);
	command(d, START);
	for (u32 i = 0; i < 3; i++)
		give(d, i, 50);
	bench_advance(d->b, 200 * MS);
	assert_int_equal(ear.n, 3 * 50 * 192);
	for (u32 i = 0; i < ear.n; i++)
		assert_int_equal(ear.bytes[i], i / (50 * 192) + 1);
	bench_advance(d->b, 1000 * MS); /* a gap */
	give(d, 0, 50);
	bench_advance(d->b, 49 * MS);
	assert_int_equal(back(d), 3);
	bench_advance(d->b, 1 * MS);
	assert_int_equal(back(d), 4);
}

static void the_host_hears_all_of_it_in_order_and_a_gap_is_not_made_up_for(void **state)
{
	on_cards(check_heard);
	(void)state;
}

static void check_late(struct driver *d)
{
	start(d);
	for (u32 i = 0; i < 4; i++)
		give(d, i, 50);
	command(d, START);
	d->b->now += 80 * MS; /* the host was busy */
	bench_advance(d->b, 0);
	assert_int_equal(back(d), 1);
	bench_advance(d->b, 19 * MS);
	assert_int_equal(back(d), 1);
	bench_advance(d->b, 1 * MS);
	assert_int_equal(back(d), 2);
	d->b->now += 5000 * MS; /* it was stopped */
	bench_advance(d->b, 0);
	assert_int_equal(back(d), 3);
	bench_advance(d->b, 49 * MS);
	assert_int_equal(back(d), 3);
	bench_advance(d->b, 1 * MS);
	assert_int_equal(back(d), 4);
}

static void a_late_host_does_not_make_sound_slower_and_a_pause_does_not_hurry_it(void **state)
{
	on_cards(check_late);
	(void)state;
}

static void check_stop(struct driver *d)
{
	start(d);
	command(d, START);
	for (u32 i = 0; i < 3; i++)
		give(d, i, 50);
	assert_int_equal(command(d, STOP), OK);
	bench_advance(d->b, 500 * MS);
	assert_int_equal(back(d), 1); /* the one that was being heard */
	assert_int_equal(command(d, START), OK);
	bench_advance(d->b, 50 * MS);
	assert_int_equal(back(d), 2);
	command(d, STOP);
	assert_int_equal(command(d, RELEASE), OK);
	assert_int_equal(back(d), 3);
	assert_int_equal(status(d, 2), OK);
}

static void a_stopped_stream_goes_on_and_a_released_one_gives_all_back(void **state)
{
	on_cards(check_stop);
	(void)state;
}

static void check_order(struct driver *d)
{
	u8 other[8] = { 0 };

	driver_start(d, 0, 4, 16);
	assert_int_equal(command(d, PREPARE), BAD_MSG);
	assert_int_equal(command(d, START), BAD_MSG);
	assert_int_equal(command(d, RELEASE), BAD_MSG);
	assert_int_equal(set_params(d, 1, 5, 7), NOT_SUPP);
	assert_int_equal(set_params(d, 2, 6, 7), NOT_SUPP);
	assert_int_equal(set_params(d, 2, 5, 6), NOT_SUPP);
	assert_int_equal(set_params(d, 2, 5, 7), OK);
	assert_int_equal(command(d, START), BAD_MSG);
	assert_int_equal(command(d, STOP), BAD_MSG);
	assert_int_equal(command(d, PREPARE), OK);
	assert_int_equal(command(d, STOP), BAD_MSG);
	assert_int_equal(command(d, START), OK);
	assert_int_equal(command(d, START), BAD_MSG);
	assert_int_equal(set_params(d, 2, 5, 7), BAD_MSG);
	assert_int_equal(command(d, 1), NOT_SUPP);
	assert_int_equal(command(d, 0xdeadbeef), NOT_SUPP);
	put_le32(other, STOP);
	put_le32(other + 4, 1); /* of another stream */
	assert_int_equal(send(d, other, sizeof(other), 4), BAD_MSG);
}

static void commands_have_an_order(void **state)
{
	on_cards(check_order);
	(void)state;
}

static void check_hostile(struct driver *d)
{
	start(d);
	command(d, START);
	put_le32(ram(d, piece_at(0)), 0); /* no sound */
	add_chain(d, TRANSMIT,
		  (struct buffer[]){ { piece_at(0), 4, false }, { piece_at(0) + 0x2ff0, 8, true } },
		  2);
	add_chain(d, TRANSMIT, &(struct buffer){ piece_at(1), 100, false }, 1);
	add_chain(d, TRANSMIT, &(struct buffer){ piece_at(1), 100, true }, 1);
	add_chain(d, TRANSMIT,
		  (struct buffer[]){ { piece_at(2), 3, false }, { piece_at(2) + 0x2ff0, 8, true } },
		  2);
	add_chain(
		d, TRANSMIT,
		(struct buffer[]){ { piece_at(1), 100, false }, { piece_at(1) + 0x2ff0, 7, true } },
		2);
	put_le32(ram(d, piece_at(3)), 7); /* another stream */
	add_chain(
		d, TRANSMIT,
		(struct buffer[]){ { piece_at(3), 100, false }, { piece_at(3) + 0x2ff0, 8, true } },
		2);
	driver_kick(d, TRANSMIT);
	add_chain(d, CONTROL, &(struct buffer){ DATA_AT, 3, false }, 1);
	add_chain(d, CONTROL, &(struct buffer){ DATA_AT, 8, false }, 1);
	driver_kick(d, CONTROL);
	bench_advance(d->b, 10 * MS);
	assert_int_equal(back(d), d->q[TRANSMIT].avail_index);
	assert_int_equal(status(d, 2), BAD_MSG);
	assert_int_equal(status(d, 3), BAD_MSG);
	assert_int_equal(ear.n, 0);
	assert_int_equal(driver_status(d) & 0x40, 0);
}

static void wrong_pieces_come_back_and_make_no_sound(void **state)
{
	on_cards(check_hostile);
	(void)state;
}

static void check_reset(struct driver *d)
{
	start(d);
	command(d, START);
	give(d, 0, 50);
	give(d, 1, 50);
	driver_start(d, 0, 4, 16);
	memset(ram(d, piece_at(0) + 0x2ff0), 0x55, 8);
	bench_advance(d->b, 1000 * MS);
	assert_int_equal(back(d), 0);
	assert_int_equal(status(d, 0), 0x55555555);
	assert_int_equal(command(d, START), BAD_MSG);
}

static void a_reset_in_the_middle_of_a_piece_ends_it(void **state)
{
	on_cards(check_reset);
	(void)state;
}

/* -- Recording --------------------------------------------------------------------------------- */

static void start_recording(struct driver *d)
{
	driver_start(d, 0, 4, 16);
	bench_advance(d->b, 1 * MS); /* no guest records at time 0 */
	assert_int_equal(set_params_of(d, 1, 2, 5, 7), OK);
	assert_int_equal(command_to(d, 1, PREPARE), OK);
}

/* Room for so many ms; the status follows in the same buffer. */
static void give_room(struct driver *d, u32 i, u32 ms)
{
	u64 at = piece_at(i);

	put_le32(ram(d, at), 1);
	memset(ram(d, at + 4), 0xee, 0x2f00);
	add_chain(d, RECEIVE, (struct buffer[]){ { at, 4, false }, { at + 4, 192 * ms + 8, true } },
		  2);
	driver_kick(d, RECEIVE);
}

static const u8 *recorded(struct driver *d, u32 i)
{
	return ram(d, piece_at(i) + 4);
}

static void check_two_streams(struct driver *d)
{
	u8 bytes[16] = { 0 };
	const u8 *info = ram(d, DATA_AT + 0x104);

	assert_int_equal(driver_config(d, 4, 4), 2);
	driver_start(d, 0, 4, 16);
	put_le32(bytes, INFO);
	put_le32(bytes + 8, 2);
	put_le32(bytes + 12, 32);
	assert_int_equal(send(d, bytes, sizeof(bytes), 68), OK);
	assert_int_equal(info[24], 0);
	assert_int_equal(info[32 + 24], 1); /* its direction */
	assert_int_equal(get_le64(info + 32 + 8), 1 << 5);
	put_le32(bytes + 4, 1);
	put_le32(bytes + 8, 1);
	assert_int_equal(send(d, bytes, sizeof(bytes), 36), OK);
	assert_int_equal(info[24], 1);
	put_le32(bytes + 8, 2);
	assert_int_equal(send(d, bytes, sizeof(bytes), 68), BAD_MSG);
	put_le32(bytes + 4, 0xffffffff);
	assert_int_equal(send(d, bytes, sizeof(bytes), 68), BAD_MSG);
}

static void with_a_microphone_there_are_two_streams(void **state)
{
	on_recorders(check_two_streams);
	(void)state;
}

static void check_recording(struct driver *d)
{
	u32 head, written;

	microphone.there = 1000000;
	start_recording(d);
	for (u32 i = 0; i < 3; i++)
		give_room(d, i, 50);
	bench_advance(d->b, 500 * MS);
	assert_int_equal(used_index(d, RECEIVE), 0); /* it has not been started */
	assert_int_equal(command_to(d, 1, START), OK);
	bench_advance(d->b, 49 * MS);
	assert_int_equal(used_index(d, RECEIVE), 0);
	assert_int_equal(microphone.next, 0);
	bench_advance(d->b, 1 * MS);
	assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 50 * 192 + 8);
	for (u32 i = 0; i < 50 * 192; i++)
		assert_int_equal(recorded(d, 0)[i], (u8)(i + 1));
	assert_int_equal(get_le32(recorded(d, 0) + 50 * 192), OK);
	assert_int_equal(used_index(d, RECEIVE), 1);
	assert_true(driver_line(d));
	bench_advance(d->b, 100 * MS);
	assert_int_equal(used_index(d, RECEIVE), 3);
	assert_int_equal(recorded(d, 2)[0], (u8)(100 * 192 + 1));
}

static void a_piece_is_filled_when_its_time_is_over(void **state)
{
	on_recorders(check_recording);
	(void)state;
}

static void check_late_recording(struct driver *d)
{
	start_recording(d);
	for (u32 i = 0; i < 4; i++)
		give_room(d, i, 50);
	command_to(d, 1, START);
	d->b->now += 80 * MS; /* the host was busy */
	bench_advance(d->b, 0);
	assert_int_equal(used_index(d, RECEIVE), 1);
	bench_advance(d->b, 20 * MS);
	assert_int_equal(used_index(d, RECEIVE), 2);
	d->b->now += 5000 * MS; /* it was stopped */
	bench_advance(d->b, 0);
	assert_int_equal(used_index(d, RECEIVE), 2); /* what it would have heard is not made up */
	bench_advance(d->b, 50 * MS);
	assert_int_equal(used_index(d, RECEIVE), 3);
}

static void a_late_host_records_no_slower_and_a_pause_is_left_out(void **state)
{
	on_recorders(check_late_recording);
	(void)state;
}

static void check_silence(struct driver *d)
{
	microphone.there = 100;
	start_recording(d);
	command_to(d, 1, START);
	give_room(d, 0, 50);
	bench_advance(d->b, 50 * MS);
	assert_int_equal(recorded(d, 0)[99], 100);
	for (u32 i = 100; i < 50 * 192; i++)
		assert_int_equal(recorded(d, 0)[i], 0);
}

static void silence_stands_for_what_the_host_has_not_got(void **state)
{
	on_recorders(check_silence);
	(void)state;
}

static void check_privacy(struct driver *d)
{
	struct err e = { 0 };
	u8 saved[4096];
	size_t n;

	start_recording(d);
	assert_false(microphone.on);
	command_to(d, 1, START);
	assert_true(microphone.on);
	n = device_save(d->dev, saved, sizeof(saved));
	assert_true(n <= sizeof(saved));
	command_to(d, 1, STOP);
	assert_false(microphone.on);
	command_to(d, 1, START);
	driver_start(d, 0, 4, 16);
	assert_false(microphone.on);
	assert_true(device_restore(d->dev, saved, n, &e));
	assert_true(microphone.on);
	device_reset(d->dev);
	assert_false(microphone.on);
}

static void the_microphone_is_open_only_while_the_guest_records(void **state)
{
	on_recorders(check_privacy);
	(void)state;
}

static void check_both(struct driver *d)
{
	microphone.there = 1000000;
	start(d);
	assert_int_equal(set_params_of(d, 1, 2, 5, 7), OK);
	assert_int_equal(command_to(d, 1, PREPARE), OK);
	command_to(d, 0, START);
	give(d, 0, 30);
	bench_advance(d->b, 10 * MS);
	command_to(d, 1, START);
	give_room(d, 1, 40);
	bench_advance(d->b, 20 * MS);
	assert_int_equal(back(d), 1);
	assert_int_equal(used_index(d, RECEIVE), 0);
	bench_advance(d->b, 20 * MS);
	assert_int_equal(used_index(d, RECEIVE), 1);
	assert_int_equal(ear.n, 30 * 192);
	give_room(d, 2, 40);
	command_to(d, 1, STOP);
	assert_int_equal(command_to(d, 1, RELEASE), OK);
	assert_int_equal(used_index(d, RECEIVE), 2);
	assert_int_equal(get_le32(recorded(d, 2) + 40 * 192), OK);
}

static void both_directions_keep_their_own_pace(void **state)
{
	on_recorders(check_both);
	(void)state;
}

static void check_hostile_rooms(struct driver *d)
{
	u32 head, written;

	start_recording(d);
	command_to(d, 1, START);
	add_chain(d, RECEIVE, &(struct buffer){ piece_at(0), 100, false }, 1);
	add_chain(d, RECEIVE, &(struct buffer){ piece_at(0), 100, true }, 1);
	put_le32(ram(d, piece_at(1)), 0); /* of the stream that plays */
	add_chain(d, RECEIVE,
		  (struct buffer[]){ { piece_at(1), 4, false }, { piece_at(1) + 4, 200, true } },
		  2);
	put_le32(ram(d, piece_at(2)), 1);
	add_chain(d, RECEIVE, /* room for the status alone */
		  (struct buffer[]){ { piece_at(2), 4, false }, { piece_at(2) + 4, 8, true } }, 2);
	driver_kick(d, RECEIVE);
	bench_advance(d->b, 1 * MS);
	assert_int_equal(used_index(d, RECEIVE), 4);
	assert_int_equal(get_le32(ram(d, piece_at(1) + 4 + 192)), BAD_MSG);
	give_room(d, 3, 10);
	bench_advance(d->b, 5 * MS);
	set_desc(d, RECEIVE, 7, piece_at(3) + 4, 192 * 20 + 8, D_WRITE, 0); /* larger meanwhile */
	bench_advance(d->b, 5 * MS);
	assert_int_equal(used_index(d, RECEIVE), 4); /* and so it takes longer */
	bench_advance(d->b, 10 * MS);
	for (u32 i = 0; i < 5; i++)
		assert_true(take_used(d, RECEIVE, &head, &written));
	assert_int_equal(written, 192 * 20 + 8);
	assert_int_equal(driver_status(d) & 0x40, 0);
}

static void wrong_rooms_come_back_and_one_that_changes_is_judged_again(void **state)
{
	on_recorders(check_hostile_rooms);
	(void)state;
}

static void check_any_sound(struct driver *d)
{
	static const u32 codes[] = { PREPARE, RELEASE, START, STOP };
	u32 r = 5;

	driver_start(d, 0, 4, 16);
	microphone.there = UINT32_MAX;
	for (u32 i = 0; i < 20000; i++) {
		u32 stream = xorshift(&r) % 8 ? xorshift(&r) % 2 : xorshift(&r);

		ear.n = 0;
		switch (xorshift(&r) % 6) {
		case 0:
			set_params_of(d, stream, 2, 5, 7);
			break;
		case 1:
		case 2:
			command_to(d, stream, codes[xorshift(&r) % ARRAY_LEN(codes)]);
			break;
		case 3:
			give(d, xorshift(&r) % 4, xorshift(&r) % 60);
			break;
		case 4:
			give_room(d, xorshift(&r) % 4, xorshift(&r) % 60);
			break;
		default:
			bench_advance(d->b, xorshift(&r) % (100 * MS));
		}
		if (!(xorshift(&r) % 64))
			driver_start(d, 0, 4, 16);
	}
	assert_false(driver_status(d) & 0x40 && !device_guest_errors(d->dev));
}

static void no_order_of_commands_and_pieces_does_harm(void **state)
{
	on_recorders(check_any_sound);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_is_one_stream_with_one_format),
		cmocka_unit_test(a_piece_comes_back_when_it_would_have_been_heard),
		cmocka_unit_test(the_host_hears_all_of_it_in_order_and_a_gap_is_not_made_up_for),
		cmocka_unit_test(
			a_late_host_does_not_make_sound_slower_and_a_pause_does_not_hurry_it),
		cmocka_unit_test(a_stopped_stream_goes_on_and_a_released_one_gives_all_back),
		cmocka_unit_test(commands_have_an_order),
		cmocka_unit_test(wrong_pieces_come_back_and_make_no_sound),
		cmocka_unit_test(a_reset_in_the_middle_of_a_piece_ends_it),
		cmocka_unit_test(with_a_microphone_there_are_two_streams),
		cmocka_unit_test(a_piece_is_filled_when_its_time_is_over),
		cmocka_unit_test(a_late_host_records_no_slower_and_a_pause_is_left_out),
		cmocka_unit_test(silence_stands_for_what_the_host_has_not_got),
		cmocka_unit_test(the_microphone_is_open_only_while_the_guest_records),
		cmocka_unit_test(both_directions_keep_their_own_pace),
		cmocka_unit_test(wrong_rooms_come_back_and_one_that_changes_is_judged_again),
		cmocka_unit_test(no_order_of_commands_and_pieces_does_harm),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
