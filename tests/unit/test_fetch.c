/* Fetching, without a network: apt-get and apt-cache are scripts of ours. */
#include "check.h"

#include "fetch.h"
#include "guest.h"
#include "host.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* -- SHA-256: the examples of FIPS 180-4 and of its test vectors --------------------- */

static void sha256_of_known_texts(void **state)
{
	char hex[SHA256_HEX], *million = xzalloc(1000000);

	sha256_hex("", 0, hex);
	assert_string_equal(hex,
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	sha256_hex("abc", 3, hex);
	assert_string_equal(hex,
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 56, hex);
	assert_string_equal(hex,
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', 1000000);
	sha256_hex(million, 1000000, hex);
	assert_string_equal(hex,
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(million);
	(void)state;
}

/* -- What apt prints --------------------------------------------------------------------- */

static void a_package_is_read_with_its_version_hash_and_dependencies(void **state)
{
	struct packages p = { 0 };

	apt_parse_show(&p, "Package: linux-image-6.12\nVersion: 6.12-1\nSize: 112\n"
			   "Pre-Depends: dpkg:any\nDepends: kmod (>= 1), base | other, last\n"
			   "SHA256: abcd\nDescription: text\n Package: not a field\n\n");
	assert_int_equal(p.n, 1);
	assert_string_equal(p.list[0].name, "linux-image-6.12");
	assert_string_equal(p.list[0].version, "6.12-1");
	assert_string_equal(p.list[0].sha256, "abcd");
	assert_int_equal(p.list[0].bytes, 112);
	assert_int_equal(p.list[0].depends.n, 4);
	assert_string_equal(p.list[0].depends.list[2], "base");
	assert_string_equal(p.list[0].depends.list[3], "last");
	packages_free(&p);
	(void)state;
}

static void the_archive_is_found_in_the_index_and_not_its_security_updates(void **state)
{
	char *base = apt_parse_base("Other|Other|http://o.invalid/x/\n"
				    "Debian|Debian-Security|http://s.invalid/security/\n"
				    "Debian|Debian|http://m.invalid/linux/debian/\n",
				    "");

	assert_string_equal(base, "http://m.invalid/linux/debian/");
	free(base);
	(void)state;
}

static void without_an_index_the_archive_is_found_by_its_name(void **state)
{
	char *base = apt_parse_base(
		"", "'http://s.invalid/debian-security/dists/bookworm-security/InRelease' a 0\n"
		    "'http://m.invalid/debian/dists/bookworm/InRelease' b 0\n");

	assert_string_equal(base, "http://m.invalid/debian/");
	free(base);
	assert_null(apt_parse_base("", "'http://m.invalid/ubuntu/dists/noble/InRelease' a 0\n"));
	(void)state;
}

static void what_apt_complains_about_gets_its_code(void **state)
{
	struct err e;

	apt_explain("E: Failed to fetch http://m.invalid/x.deb  Hash Sum mismatch\n"
		    "   Hashes of expected file:\n    - SHA256:aa11\n"
		    "   Hashes of received file:\n    - SHA256:bb22\n",
		    &e);
	assert_string_equal(e.code, "E0703");
	assert_non_null(strstr(e.text, "wanted aa11, found bb22"));
	apt_explain("W: x\nE: The repository 'x' is not signed.\n", &e);
	assert_string_equal(e.code, "E0703");
	apt_explain("E: You don't have enough free space in /x.\n", &e);
	assert_string_equal(e.code, "E0609");
	apt_explain("E: Could not resolve 'm.invalid'\n", &e);
	assert_string_equal(e.code, "E0701");
	assert_non_null(strstr(e.text, "Could not resolve 'm.invalid'"));
	(void)state;
}

/* -- The whole way, with packages of ours ------------------------------------------------- */

#define RECIPE                                                                                     \
	"vmbuild: 1\nkind: guest\nname: tiny\ndescription: d\nsuite: s\ncomponent: main\n"         \
	"architecture: riscv64\nkeyring: none.gpg\npackages: [tiny]\n"                             \
	"parts: {kernel: boot/vmlinux-*}\nbootargs: root=/dev/vda\nmodules: []\n"                  \
	"applets: [sh]\nfolders: [/bin]\nfiles: {/bin/busybox: {copy: usr/busybox}}\n"             \
	"image-size: 16M\n"

/* Makes the package tiny; what apt-cache tells of it is true. */
static const char package_script[] =
	"set -e; cd \"$1\"; mkdir -p tiny/DEBIAN tiny/boot tiny/usr/lib/modules/6.0\n"
	"printf 'Package: tiny\\nVersion: 1\\nArchitecture: all\\nMaintainer: x\\n"
	"Description: x\\n' >tiny/DEBIAN/control\n"
	"echo kernel >tiny/boot/vmlinux-6.0; echo busybox >tiny/usr/busybox\n"
	": >tiny/usr/lib/modules/6.0/modules.order\n"
	": >tiny/usr/lib/modules/6.0/modules.builtin\n"
	"dpkg-deb --build tiny tiny.deb >/dev/null\n"
	"{ echo Package: tiny; echo Version: 1\n"
	"  echo Architecture: all; echo Size: $(wc -c <tiny.deb)\n"
	"  echo SHA256: $(sha256sum <tiny.deb | cut -d' ' -f1); } >show\n";

/* $STUB says how the mirror is; apt.conf says where downloads go. */
static const char apt_get_script[] =
	"#!/bin/sh\n"
	"case \"$STUB $*\" in\n"
	"*indextargets*) echo 'Debian|Debian|http://m.invalid/debian/' ;;\n"
	"*print-uris*) ;;\n"
	"dead*) echo 'E: Could not connect to m.invalid' >&2; exit 100 ;;\n"
	"*install*)\n"
	"  echo dlstatus:1:50.0:x\n"
	"  to=\"$HERE/cache/vmbuild/store/incoming/tiny_1_all.deb\"\n"
	"  cp \"$HERE/tiny.deb\" \"$to\"\n"
	"  [ $STUB != damaged ] || echo x >>\"$to\" ;;\n"
	"esac\n";

static const char apt_cache_script[] = "#!/bin/sh\ncat \"$HERE/show\"\n";

static char here[] = "/tmp/test_fetch.XXXXXX";

static char *in_here(const char *name)
{
	return xprintf("%s/%s", here, name);
}

static void write_program(const char *name, const char *text)
{
	char *path = in_here(name);
	struct err e;

	assert_true(host_write_file(path, text, strlen(text), &e));
	assert_int_equal(chmod(path, 0755), 0);
	free(path);
}

static bool have_debian_tools(void)
{
	static const char *const names[] = { "dpkg-deb", "mke2fs", "debugfs", "xz", "sha256sum" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		char *path = program_find(names[i]);

		if (!path)
			return false;
		free(path);
	}
	return true;
}

/* Root could not see whose files are on a disk that anybody makes. */
static bool become_nobody(void)
{
	const char *argv[] = { "chown", "-R", "65534:65534", here, NULL };
	struct err e;

	return geteuid() || (host_run(argv, NULL, &e) && !setgid(65534) && !setuid(65534));
}

static int set_up(void **state)
{
	const char *argv[] = { "sh", "-c", package_script, "sh", here, NULL };
	char *cache, *bin, *path;
	struct err e;

	(void)state;
	if (!mkdtemp(here))
		return -1;
	if (!have_debian_tools())
		return 0;
	cache = in_here("cache");
	bin = in_here("bin");
	path = xprintf("%s:%s", bin, getenv("PATH"));
	host_mkdirs(bin, &e);
	write_program("bin/apt-get", apt_get_script);
	write_program("bin/apt-cache", apt_cache_script);
	setenv("HERE", here, 1);
	setenv("PATH", path, 1);
	setenv("XDG_CACHE_HOME", cache, 1);
	free(path);
	free(bin);
	free(cache);
	return host_run(argv, NULL, &e) && become_nobody() ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	return remove_all(here) ? 0 : -1;
}

struct seen {
	u32 stages; /* bit by enum fetch_stage */
	u64 most;
};

static void see(void *ctx, const struct fetch_progress *p)
{
	struct seen *s = ctx;

	s->stages |= (u32)1 << p->stage;
	if (p->stage == FETCH_GET)
		s->most = MAX(s->most, p->done);
}

static bool fetch(const char *mirror_is, struct fetch_options o, struct err *e)
{
	struct recipe *r = recipe_read(RECIPE, strlen(RECIPE), "tiny.yaml", NULL, NULL, e);
	bool ok;

	assert_non_null(r);
	setenv("STUB", mirror_is, 1);
	ok = fetch_recipe(r, &o, e);
	recipe_free(r);
	return ok;
}

static void forget_all(void)
{
	char *cache = in_here("cache");

	if (!have_debian_tools())
		skip();
	assert_true(remove_all(cache));
	free(cache);
}

static bool cache_has(const char *name)
{
	char *path = xprintf("%s/cache/vmbuild/%s", here, name);
	bool has = !access(path, F_OK);

	free(path);
	return has;
}

static void a_fetched_guest_has_its_parts_and_a_manifest(void **state)
{
	struct seen seen = { 0 };
	struct err e;

	forget_all();
	assert_true(fetch("well", (struct fetch_options){ .progress = see, .ctx = &seen }, &e));
	assert_true(cache_has("guests/tiny/kernel"));
	assert_true(cache_has("guests/tiny/initrd"));
	assert_true(cache_has("guests/tiny/image"));
	assert_true(cache_has("guests/tiny/manifest"));
	assert_false(cache_has("guests/tiny.new"));
	assert_false(cache_has("guests/tiny.old"));
	assert_true(seen.stages >> FETCH_DONE & 1);
	assert_true(seen.most > 0);
	(void)state;
}

static void the_second_fetch_asks_apt_nothing(void **state)
{
	struct err e;

	forget_all();
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	assert_true(fetch("dead", (struct fetch_options){ 0 }, &e));
	(void)state;
}

static void a_damaged_package_is_refused_with_both_hashes_and_removed(void **state)
{
	struct err e;

	forget_all();
	assert_false(fetch("damaged", (struct fetch_options){ 0 }, &e));
	assert_string_equal(e.code, "E0703");
	assert_non_null(strstr(e.text, "wanted "));
	assert_non_null(strstr(e.text, "found "));
	assert_false(cache_has("store/incoming/tiny_1_all.deb"));
	assert_false(cache_has("guests/tiny"));
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	(void)state;
}

static void a_mirror_that_does_not_answer_says_so_and_leaves_the_guest(void **state)
{
	struct err e;

	forget_all();
	assert_false(fetch("dead", (struct fetch_options){ .mirror = "http://m.invalid/" }, &e));
	assert_string_equal(e.code, "E0701");
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	assert_false(fetch("dead", (struct fetch_options){ .fresh = true }, &e));
	assert_string_equal(e.code, "E0701");
	assert_true(cache_has("guests/tiny/manifest"));
	(void)state;
}

static void offline_works_with_what_is_there_and_never_calls_for_more(void **state)
{
	struct err e;

	forget_all();
	assert_false(fetch("dead", (struct fetch_options){ .offline = true }, &e));
	assert_string_equal(e.code, "E0701");
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	assert_true(fetch("dead", (struct fetch_options){ .offline = true, .fresh = true }, &e));
	(void)state;
}

/* The recipe that the disk was made by, as the manifest says. */
static bool the_disk_is_of(const char *hash)
{
	char *manifest = guest_manifest("tiny"), *of = guest_image_recipe(manifest);
	bool is = of && !strcmp(of, hash);

	free(of);
	free(manifest);
	return is;
}

/* Another recipe is what another vmbuild brings; the disk is the user's. */
static void a_changed_recipe_keeps_the_disk_and_fresh_makes_a_new_one(void **state)
{
	char *image = in_here("cache/vmbuild/guests/tiny/image");
	char *manifest = in_here("cache/vmbuild/guests/tiny/manifest");
	static const char old[] = "{\n  \"recipe\": \"0ld\"\n}\n";
	struct err e;
	size_t n;
	u8 *bytes;

	forget_all();
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	assert_true(host_write_file(image, "mine", 4, &e));
	assert_true(host_write_file(manifest, old, strlen(old), &e));
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	bytes = host_read_file(image, 64 * MIB, &n, &e);
	assert_int_equal(n, 4);
	free(bytes);
	assert_true(the_disk_is_of("0ld"));
	assert_true(fetch("well", (struct fetch_options){ .fresh = true }, &e));
	bytes = host_read_file(image, 64 * MIB, &n, &e);
	assert_int_equal(n, 16 * MIB);
	free(bytes);
	assert_false(the_disk_is_of("0ld"));
	free(image);
	free(manifest);
	(void)state;
}

static void a_fetch_that_ended_while_it_changed_places_loses_no_disk(void **state)
{
	char *folder = in_here("cache/vmbuild/guests/tiny");
	char *old = in_here("cache/vmbuild/guests/tiny.old"), *image = xprintf("%s/image", folder);
	struct err e;
	size_t n;
	u8 *bytes;

	forget_all();
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	assert_true(host_write_file(image, "mine", 4, &e));
	assert_int_equal(rename(folder, old), 0);
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	bytes = host_read_file(image, 64 * MIB, &n, &e);
	assert_int_equal(n, 4);
	free(bytes);
	free(image);
	free(old);
	free(folder);
	(void)state;
}

static void files_on_the_disk_belong_to_root(void **state)
{
	char *image = in_here("cache/vmbuild/guests/tiny/image");
	const char *argv[] = { "debugfs", "-R", "stat /bin/busybox", image, NULL };
	struct str out = { 0 };
	struct err e;

	forget_all();
	assert_true(fetch("well", (struct fetch_options){ 0 }, &e));
	assert_true(guest_run(argv, &out, &e));
	assert_non_null(strstr(str_text(&out), "User:     0   Group:     0"));
	str_free(&out);
	free(image);
	(void)state;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_of_known_texts),
		cmocka_unit_test(a_package_is_read_with_its_version_hash_and_dependencies),
		cmocka_unit_test(the_archive_is_found_in_the_index_and_not_its_security_updates),
		cmocka_unit_test(without_an_index_the_archive_is_found_by_its_name),
		cmocka_unit_test(what_apt_complains_about_gets_its_code),
		cmocka_unit_test(a_fetched_guest_has_its_parts_and_a_manifest),
		cmocka_unit_test(the_second_fetch_asks_apt_nothing),
		cmocka_unit_test(a_damaged_package_is_refused_with_both_hashes_and_removed),
		cmocka_unit_test(a_mirror_that_does_not_answer_says_so_and_leaves_the_guest),
		cmocka_unit_test(offline_works_with_what_is_there_and_never_calls_for_more),
		cmocka_unit_test(a_changed_recipe_keeps_the_disk_and_fresh_makes_a_new_one),
		cmocka_unit_test(a_fetch_that_ended_while_it_changed_places_loses_no_disk),
		cmocka_unit_test(files_on_the_disk_belong_to_root),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
