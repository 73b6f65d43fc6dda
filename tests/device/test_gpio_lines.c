/* Buttons and lamps on the lines of a GPIO controller. */
#include "bench.h"

#include "input.h"

enum { INPUT_VAL = 0x00, INPUT_EN = 0x04, OUTPUT_EN = 0x08, OUTPUT_VAL = 0x0c };

struct panel {
	struct bench *b;
	struct device *gpio, *dev;
	struct bench_values values;
	struct value_ref ref;
	struct input_source *user;
};

/* As `gpios: gpio0 LINE` says, and its second cell. */
static void panel_start(struct panel *p, const char *class, const char *settings, u32 line,
			bool active_low)
{
	const struct device_class *c = bench_find(class);
	struct err e = { 0 };

	memset(p, 0, sizeof(*p));
	p->b = bench_new();
	p->gpio = p->b->ref = bench_add(p->b, "gpio-sifive", "");
	p->ref = (struct value_ref){ 0, { line, active_low }, 2 };
	bench_parse(&p->values, c, settings);
	p->values.values[0].ref = &p->ref;
	p->values.values[0].n = 1;
	p->dev = bench_place(p->b, c, p->values.values, (struct device_place){ 0 }, &e);
	assert_non_null(p->dev);
	device_settle(p->gpio);
	device_settle(p->dev);
	p->user = input_source_new(p->b->machine.input);
}

static void panel_end(struct panel *p)
{
	input_source_free(p->user);
	bench_end(p->b);
}

static u32 pads(struct panel *p)
{
	wr(p->gpio, INPUT_EN, 0xffff);
	return rd(p->gpio, INPUT_VAL);
}

static void a_button_sets_the_level_of_its_line(void **state)
{
	struct panel p;

	panel_start(&p, "keys-gpio", "key=POWER", 5, false);
	assert_int_equal(pads(&p), 0);
	assert_true(input_key(p.user, KEY_POWER, true));
	assert_int_equal(pads(&p), 1 << 5);
	bench_advance(p.b, 100000000);
	assert_true(input_key(p.user, KEY_POWER, false));
	assert_int_equal(pads(&p), 0);
	assert_false(input_key(p.user, KEY_A, true));
	panel_end(&p);
	(void)state;
}

static void a_button_that_is_active_low_is_high_until_it_is_pressed(void **state)
{
	struct panel p;

	panel_start(&p, "keys-gpio", "key=POWER", 5, true);
	assert_int_equal(pads(&p), 1 << 5);
	assert_true(input_key(p.user, KEY_POWER, true));
	assert_int_equal(pads(&p), 0);
	panel_end(&p);
	(void)state;
}

static void each_level_of_a_button_stays_for_a_while(void **state)
{
	struct panel p;

	panel_start(&p, "keys-gpio", "key=POWER", 0, false);
	assert_true(input_key(p.user, KEY_POWER, true));
	assert_true(input_key(p.user, KEY_POWER, false));
	assert_int_equal(pads(&p), 1);
	bench_advance(p.b, 20000000);
	assert_int_equal(pads(&p), 1);
	bench_advance(p.b, 20000000);
	assert_int_equal(pads(&p), 0);
	panel_end(&p);
	(void)state;
}

static void assert_told(struct panel *p, const char *text)
{
	assert_int_equal(p->b->nout, strlen(text));
	assert_memory_equal(p->b->out, text, strlen(text));
	p->b->nout = 0;
}

static void a_lamp_tells_when_it_changes(void **state)
{
	struct panel p;

	panel_start(&p, "leds-gpio", "", 3, false);
	assert_told(&p, "");
	wr(p.gpio, OUTPUT_EN, 0xff);
	wr(p.gpio, OUTPUT_VAL, 1 << 3);
	assert_told(&p, "dut on\n");
	wr(p.gpio, OUTPUT_VAL, 1 << 3 | 1);
	assert_told(&p, "");
	wr(p.gpio, OUTPUT_VAL, 1);
	assert_told(&p, "dut off\n");
	panel_end(&p);
	(void)state;
}

static void a_lamp_that_is_active_low_is_lit_while_its_line_is_low(void **state)
{
	struct panel p;

	panel_start(&p, "leds-gpio", "", 3, true);
	assert_told(&p, "dut on\n");
	wr(p.gpio, OUTPUT_EN, 0xff);
	wr(p.gpio, OUTPUT_VAL, 1 << 3);
	assert_told(&p, "dut off\n");
	panel_end(&p);
	(void)state;
}

static void without_a_controller_nothing_is_connected(void **state)
{
	struct device *button = bench_with("keys-gpio", "key=POWER");
	struct device *lamp = bench_add(bench_of(button), "leds-gpio", "");

	device_settle(button);
	device_settle(lamp);
	bench_free(button);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_button_sets_the_level_of_its_line),
		cmocka_unit_test(a_button_that_is_active_low_is_high_until_it_is_pressed),
		cmocka_unit_test(each_level_of_a_button_stays_for_a_while),
		cmocka_unit_test(a_lamp_tells_when_it_changes),
		cmocka_unit_test(a_lamp_that_is_active_low_is_lit_while_its_line_is_low),
		cmocka_unit_test(without_a_controller_nothing_is_connected),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
