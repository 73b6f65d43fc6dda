/* Messages: how they are collected, ordered and shown. */
#include "loading.h"

static const char wrong[] = MACHINE "stdout: uatr0\n"
				    "devices:\n"
				    "  uart1: {device: uart-16550, reg: 0x1000_0000}\n";

static char *said(const struct diags *ds, enum diag_style style, u32 most)
{
	struct str s = { 0 };

	diags_format(ds, style, most, &s);
	return s.p ? s.p : xstrdup("");
}

static void a_person_sees_place_cause_line_caret_label_note_and_hint(void **state)
{
	struct loaded l = load_text(wrong);

	assert_string_equal(
		str_text(&l.said),
		"t.yaml:5:9: error[E0212]: stdout: there is no device `uatr0`\n"
		"    5 | stdout: uatr0\n"
		"      |         ^^^^^\n"
		"  hint: did you mean `uart0`?\n"
		"t.yaml:7:36: error[E0301]: `uart1` overlaps `uart0` on the system bus\n"
		"    7 |   uart1: {device: uart-16550, reg: 0x1000_0000}\n"
		"      |                                    ^^^^^^^^^^^ "
		"0x1000_0000..0x1000_00ff\n"
		"machines/riscv-virt.yaml:45:37: note: `uart0` covers 0x1000_0000..0x1000_00ff\n"
		"   45 |   uart0:  {device: uart-16550, reg: 0x1000_0000, interrupts: 10, "
		"clock-frequency: 3686400Hz}\n"
		"      |                                     ^^^^^^^^^^^\n"
		"  hint: write `reg: auto`; the first free hole is 0x1000_1000\n");
	loaded_free(&l);
	(void)state;
}

static void an_editor_sees_one_line_each(void **state)
{
	struct loaded l = load_text(wrong);
	char *text = said(&l.ds, DIAG_GCC, 0);

	assert_string_equal(
		text,
		"t.yaml:5:9: error: stdout: there is no device `uatr0` [E0212]\n"
		"t.yaml:5:9: note: did you mean `uart0`?\n"
		"t.yaml:7:36: error: `uart1` overlaps `uart0` on the system bus [E0301]\n"
		"machines/riscv-virt.yaml:45:37: note: `uart0` covers 0x1000_0000..0x1000_00ff\n"
		"t.yaml:7:36: note: write `reg: auto`; the first free hole is 0x1000_1000\n");
	free(text);
	loaded_free(&l);
	(void)state;
}

static void a_program_sees_json(void **state)
{
	struct loaded l = load_text(MACHINE "stdout: 'ua\"rt'\n");
	char *text = said(&l.ds, DIAG_JSON, 0);

	assert_string_equal(
		text,
		"[{\"code\":\"E0212\",\"level\":\"error\",\"file\":\"t.yaml\",\"line\":5,"
		"\"column\":10,"
		"\"length\":5,\"text\":\"stdout: there is no device `ua\\\"rt`\",\"label\":null,"
		"\"hint\":\"did you mean `uart0`?\",\"notes\":[]}]\n");
	free(text);
	loaded_free(&l);
	(void)state;
}

static void nothing_wrong_is_an_empty_list(void **state)
{
	struct diags ds = { 0 };
	char *text = said(&ds, DIAG_TEXT, 20);

	assert_string_equal(text, "");
	free(text);
	text = said(&ds, DIAG_JSON, 20);
	assert_string_equal(text, "[]\n");
	free(text);
	(void)state;
}

static void the_rest_is_counted(void **state)
{
	struct diags ds = { 0 };
	char *text;

	for (u32 i = 0; i < 1500; i++)
		diag_report(&ds, (struct pos){ .file = "f", .line = i + 1, .col = 1, .len = 1 },
			    DIAG_yaml, "number %u", i);
	diag_hint(&ds, "goes nowhere");
	assert_int_equal(ds.errors, 1500);
	text = said(&ds, DIAG_GCC, 2);
	assert_string_equal(text, "f:1:1: error: number 0 [E0101]\n"
				  "f:2:1: error: number 1 [E0101]\n"
				  "and 1498 more (--all shows them)\n");
	free(text);
	diags_free(&ds);
	(void)state;
}

static struct pos at(const char *file, u32 line, u32 col)
{
	return (struct pos){ .file = file, .line = line, .col = col, .len = 1 };
}

static void order_is_by_place_and_what_is_said_twice_is_said_once(void **state)
{
	struct diags ds = { 0 };
	char *text;

	diag_report(&ds, at("b", 2, 1), DIAG_yaml, "four");
	diag_report(&ds, at("a", 9, 9), DIAG_yaml, "three");
	diag_report(&ds, at("b", 2, 1), DIAG_yaml, "four");
	diag_report(&ds, at("main", 3, 1), DIAG_unused, "two");
	diag_report(&ds, at("main", 2, 7), DIAG_yaml, "one");
	diag_report(&ds, (struct pos){ 0 }, DIAG_yaml, "five");
	diags_sort(&ds, "main");
	assert_int_equal(ds.errors, 4);
	assert_int_equal(ds.warnings, 1);
	text = said(&ds, DIAG_GCC, 0);
	assert_string_equal(text, "main:2:7: error: one [E0101]\n"
				  "main:3:1: warning: two [W0218]\n"
				  "a:9:9: error: three [E0101]\n"
				  "b:2:1: error: four [E0101]\n"
				  "error: five [E0101]\n");
	free(text);
	diags_free(&ds);
	(void)state;
}

static void no_escape_sequence_of_a_file_reaches_the_terminal(void **state)
{
	struct loaded l = load_text(MACHINE "stdout: \"\\e[31m\\u009b31m\"\n");
	char *text = said(&l.ds, DIAG_TEXT, 0);

	assert_null(strchr(text, '\033'));
	assert_null(strstr(text, "\xc2\x9b"));
	free(text);
	loaded_free(&l);
	(void)state;
}

static void color_is_only_color(void **state)
{
	struct loaded l = load_text(wrong);
	char *plain = said(&l.ds, DIAG_TEXT, 0), *color = said(&l.ds, DIAG_COLOR, 0), *to = color;

	for (char *from = color; *from; from++) {
		if (*from == '\033')
			from += strcspn(from, "m");
		else
			*to++ = *from;
	}
	*to = 0;
	assert_string_equal(plain, color);
	free(plain);
	free(color);
	loaded_free(&l);
	(void)state;
}

/* By number, and of one number the error first. */
static bool comes_before(const char *a, const char *b)
{
	int c = strcmp(a + 1, b + 1);

	return c < 0 || (!c && *a < *b);
}

static void every_code_has_a_page_of_its_own(void **state)
{
	for (u32 i = 0; i < DIAG_COUNT; i++) {
		const struct diag_row *r = &diag_rows[i];

		assert_int_equal(strlen(r->code), 5);
		assert_non_null(memchr("EWG", r->code[0], 3));
		assert_true(strlen(r->title) >= 8 && strlen(r->title) < 80);
		assert_true(strlen(r->page) > 60);
		assert_true(text_ends(r->page, "\n"));
		if (i) /* in order, and none twice */
			assert_true(comes_before(diag_rows[i - 1].code, r->code));
		for (const char *line = r->page; *line; line += strcspn(line, "\n") + 1)
			assert_true(strcspn(line, "\n") <= 100);
	}
	(void)state;
}

static void a_class_is_described_as_text_and_as_json(void **state)
{
	struct str s = { 0 };

	class_describe(&test_everything, &s);
	assert_non_null(strstr(str_text(&s), "shape.depth        number"));
	assert_non_null(strstr(str_text(&s), "(red, green, blue)"));
	assert_non_null(strstr(str_text(&s), "      code "));
	str_free(&s);
	class_json(&test_chip, &s);
	assert_string_equal(
		str_text(&s),
		"{\"name\":\"test-chip\",\"doc\":\"an I2C chip\",\"compatible\":"
		"[\"vmbuild,chip\"],\"binding\":null,\"linux-driver\":null,"
		"\"linux-config\":null,\"qemu\":null,\"example\":null,\"properties\":[]}");
	str_free(&s);
	(void)state;
}

static void a_class_is_found_by_its_other_names(void **state)
{
	assert_string_equal(class_nearest(device_classes, "ns16550a"), "uart-16550");
	assert_string_equal(class_nearest(device_classes, "clint0"), "clint");
	assert_string_equal(class_nearest(device_classes, "virtio-rng-pci"), "virtio-rng");
	assert_string_equal(class_nearest(device_classes, "virtoi-blk"), "virtio-blk");
	assert_null(class_nearest(device_classes, "toaster"));
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_person_sees_place_cause_line_caret_label_note_and_hint),
		cmocka_unit_test(an_editor_sees_one_line_each),
		cmocka_unit_test(a_program_sees_json),
		cmocka_unit_test(nothing_wrong_is_an_empty_list),
		cmocka_unit_test(the_rest_is_counted),
		cmocka_unit_test(order_is_by_place_and_what_is_said_twice_is_said_once),
		cmocka_unit_test(no_escape_sequence_of_a_file_reaches_the_terminal),
		cmocka_unit_test(color_is_only_color),
		cmocka_unit_test(every_code_has_a_page_of_its_own),
		cmocka_unit_test(a_class_is_described_as_text_and_as_json),
		cmocka_unit_test(a_class_is_found_by_its_other_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
