/* fetch_apt.c - gets packages with the host's apt, and leaves the host's apt alone
 *
 * Mirror, proxy and credentials are the host's: apt.conf(5) is read as always, and
 * a file of ours after it moves state and cache into our folder, for another
 * architecture and another release.  apt checks the signature of the release and
 * the hashes of all that follows from it.  No root, no hook of the host runs.
 */
#include "guest.h"
#include "host.h"

#include <sys/stat.h>
#include <unistd.h>

/* -- What apt prints ------------------------------------------------------------ */

void packages_free(struct packages *p)
{
	for (size_t i = 0; i < p->n; i++) {
		free(p->list[i].name);
		free(p->list[i].version);
		free(p->list[i].architecture);
		free(p->list[i].sha256);
		words_free(&p->list[i].depends);
	}
	free(p->list);
	*p = (struct packages){ 0 };
}

/* The value if the line is "key: value", as far as one of `until`. */
static bool field(char **to, const char *line, const char *key, const char *until)
{
	if (!text_starts(line, key) || *to)
		return false;
	line += strlen(key);
	line += strspn(line, " ");
	*to = xstrndup(line, strcspn(line, until));
	return true;
}

/* "a (>= 1), b:any | c, d": a, b, d. */
static void add_depends(struct words *to, const char *line)
{
	while (*line && *line != '\n') {
		size_t n;

		line += strspn(line, " ,");
		n = strcspn(line, " ,|(:\n");
		if (n)
			words_add(to, line, n);
		line += strcspn(line, ",\n");
	}
}

void apt_parse_show(struct packages *out, const char *text)
{
	struct package *p = NULL;

	while (*text) {
		if (text_starts(text, "Package: ")) {
			GROW(&out->list, out->n, &out->cap);
			p = &out->list[out->n++];
			field(&p->name, text, "Package:", " \n");
		} else if (p && text_starts(text, "Size: ")) {
			p->bytes = strtoull(text + strlen("Size: "), NULL, 10);
		} else if (p && text_starts(text, "Depends: ")) {
			add_depends(&p->depends, text + strlen("Depends: "));
		} else if (p && text_starts(text, "Pre-Depends: ")) {
			add_depends(&p->depends, text + strlen("Pre-Depends: "));
		} else if (p) {
			(void)(field(&p->version, text, "Version:", " \n") ||
			       field(&p->architecture, text, "Architecture:", " \n") ||
			       field(&p->sha256, text, "SHA256:", " \n"));
		}
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
}

static const char *next_line(const char *text)
{
	text += strcspn(text, "\n");
	return text + (*text == '\n');
}

void apt_parse_simulation(struct words *out, const char *text)
{
	static const char install[] = "Inst ";

	for (; *text; text = next_line(text))
		if (text_starts(text, install))
			words_add(out, text + strlen(install),
				  strcspn(text + strlen(install), " :\n"));
}

char *apt_file_name(const struct package *p)
{
	struct str s = { 0 };

	str_add(&s, "%s_", p->name);
	for (const char *c = p->version; *c; c++)
		str_add(&s, *c == ':' ? "%%3a" : "%c", *c);
	str_add(&s, "_%s.deb", p->architecture);
	return s.p;
}

/* "Debian|Debian|http://.../debian/": the archive itself, not that of security updates. */
static char *base_of_target(const char *line)
{
	static const char prefix[] = "Debian|Debian|";

	if (!text_starts(line, prefix))
		return NULL;
	line += strlen(prefix);
	return xstrndup(line, strcspn(line, "\n"));
}

/* "'http://.../debian/dists/bookworm/InRelease' name 0": by its name, for want of better. */
static char *base_of_uri(const char *line)
{
	size_t n = strcspn(line, "\n");
	char *text = xstrndup(line, n), *dists = strstr(text, "/debian/dists/");
	char *base = NULL;

	if (*text == '\'' && dists)
		base = xstrndup(text + 1, (size_t)(dists + strlen("/debian/") - text - 1));
	free(text);
	return base;
}

char *apt_parse_base(const char *targets, const char *uris)
{
	char *base = NULL;

	for (const char *line = targets; !base && *line; line = next_line(line))
		base = base_of_target(line);
	for (const char *line = uris; !base && *line; line = next_line(line))
		base = base_of_uri(line);
	if (base && base[strcspn(base, " \t[]\"")]) {
		free(base);
		return NULL;
	}
	return base;
}

/* The n-th "SHA256:" in what apt says of a file that is not as it should be. */
static void hash_in(const char *text, u32 nth, char hash[SHA256_HEX])
{
	static const char key[] = "SHA256:";

	for (u32 i = 0; text && i <= nth; i++) {
		text = strstr(text, key);
		text = text ? text + strlen(key) : NULL;
	}
	snprintf(hash, SHA256_HEX, "%.*s", text ? (int)strspn(text, "0123456789abcdef") : 4,
		 text ? text : "none");
}

/* Its first "E: " line, or else the last line. */
static void error_line(const char *text, char *out, size_t cap)
{
	const char *line = text;

	for (const char *at = text; *at; at = next_line(at)) {
		line = at;
		if (text_starts(at, "E: "))
			break;
	}
	line += text_starts(line, "E: ") ? strlen("E: ") : 0;
	text_clean(out, cap, line, strcspn(line, "\n"));
}

bool apt_explain(const char *text, struct err *e)
{
	static const char *const signature[] = { "is not signed", "couldn't be verified",
						 "NO_PUBKEY",     "GPG error",
						 "EXPKEYSIG",     "invalid signature" };
	char line[256], wanted[SHA256_HEX], found[SHA256_HEX];

	error_line(text, line, sizeof(line));
	if (strstr(text, "Hash Sum mismatch")) {
		hash_in(text, 0, wanted);
		hash_in(text, 1, found);
		err_code(e, "E0703", "what the mirror sent is damaged: sha256 wanted %s, found %s",
			 wanted, found);
		return err_hint(e, "fetch again; nothing of it was kept");
	}
	for (size_t i = 0; i < ARRAY_LEN(signature); i++) {
		if (!strstr(text, signature[i]))
			continue;
		err_code(e, "E0703", "the archive is not signed by Debian's keys: %s", line);
		return err_hint(e, "apt install debian-archive-keyring");
	}
	if (strstr(text, "No space left") || strstr(text, "enough free space")) {
		err_code(e, "E0609", "no space is left for the packages");
		return err_hint(e, "make room; what was fetched is kept");
	}
	return err_code(e, "E0701", "apt-get says: %s", line);
}

/* -- Our configuration of apt ------------------------------------------------------ */

static bool make_folders(const struct apt *a, struct err *e)
{
	char *lists = xprintf("%s/lists/partial", a->folder);
	char *partial = xprintf("%s/partial", a->incoming);
	bool ok = host_mkdirs(lists, e) && host_mkdirs(partial, e);

	free(lists);
	free(partial);
	return ok;
}

static bool is_wanted(const struct packages *want, const char *name)
{
	for (size_t i = 0; i < want->n; i++)
		if (!strcmp(want->list[i].name, name))
			return true;
	return false;
}

/* What is installed, as apt sees it.  Only a package that is to be installed is continued
 * where its download was cut off, but nobody installs anything here: so all that it
 * depends on is there already, in a version newer than any. */
static bool write_status(const struct apt *a, const struct packages *want, struct err *e)
{
	char *path = xprintf("%s/status", a->folder);
	struct words told = { 0 };
	struct str s = { 0 };
	bool ok;

	for (size_t i = 0; want && i < want->n; i++) {
		const struct words *depends = &want->list[i].depends;

		for (size_t j = 0; j < depends->n; j++) {
			const char *name = depends->list[j];

			if (is_wanted(want, name) || words_have(&told, name))
				continue;
			words_add(&told, name, strlen(name));
			str_add(&s,
				"Package: %s\nStatus: install ok installed\nVersion: 9999:1\n"
				"Architecture: %s\nMaintainer: none\nDescription: none\n\n",
				name, a->recipe->architecture);
		}
	}
	ok = host_write_file(path, str_text(&s), s.n, e);
	words_free(&told);
	str_free(&s);
	free(path);
	return ok;
}

static bool write_config(const struct apt *a, struct err *e)
{
	struct str s = { 0 };
	char *status = xprintf("%s/status", a->folder);
	bool ok;

	str_add(&s,
		"// Written by vmbuild, read after the host's own configuration.\n"
		"#clear APT::Update;\n"
		"#clear DPkg;\n"
		"#clear APT::Architectures;\n"
		"#clear APT::Default-Release;\n"
		"APT::Architecture \"%s\";\n"
		"APT::Architectures { \"%s\"; };\n"
		"APT::Get::AllowUnauthenticated \"false\";\n"
		"APT::Get::List-Cleanup \"true\";\n"
		"APT::Update::Error-Mode \"any\";\n"
		"Acquire::AllowInsecureRepositories \"false\";\n"
		"Acquire::AllowWeakRepositories \"false\";\n"
		"Acquire::Languages \"none\";\n"
		"Acquire::Retries \"2\";\n",
		a->recipe->architecture, a->recipe->architecture);
	if (!geteuid()) /* the other user that apt would become cannot enter home folders */
		str_add(&s, "APT::Sandbox::User \"root\";\n");
	str_add(&s,
		"Dir::State \"%s\";\n"
		"Dir::State::lists \"%s/lists/\";\n"
		"Dir::State::status \"%s\";\n"
		"Dir::Cache \"%s\";\n"
		"Dir::Cache::archives \"%s/\";\n"
		"Dir::Cache::pkgcache \"pkgcache.bin\";\n"
		"Dir::Cache::srcpkgcache \"srcpkgcache.bin\";\n"
		"Dir::Etc::sourcelist \"%s/sources.list\";\n"
		"Dir::Etc::sourceparts \"/dev/null\";\n"
		"Dir::Etc::preferences \"/dev/null\";\n"
		"Dir::Etc::preferencesparts \"/dev/null\";\n",
		a->folder, a->folder, status, a->folder, a->incoming, a->folder);
	ok = host_write_file(a->config, s.p, s.n, e) && write_status(a, NULL, e);
	str_free(&s);
	free(status);
	return ok;
}

/* With the keyring where Debian puts it; without, apt takes the keys that it trusts. */
static bool write_sources(const struct apt *a, struct err *e)
{
	const struct recipe *r = a->recipe;
	char *keyring = xprintf("/usr/share/keyrings/%s", r->keyring);
	char *path = xprintf("%s/sources.list", a->folder);
	struct str s = { 0 };
	bool ok;

	str_add(&s, "deb [arch=%s", r->architecture);
	if (!access(keyring, R_OK))
		str_add(&s, " signed-by=%s", keyring);
	str_add(&s, "] %s %s %s\n", a->base, r->suite, r->component);
	ok = host_write_file(path, s.p, s.n, e);
	str_free(&s);
	free(path);
	free(keyring);
	return ok;
}

static char *find_base(struct err *e)
{
	const char *targets[] = { "env",      "LC_ALL=C",
				  "apt-get",  "indextargets",
				  "--format", "$(ORIGIN)|$(LABEL)|$(REPO_URI)",
				  NULL };
	const char *uris[] = { "env", "LC_ALL=C", "apt-get", "update", "--print-uris", NULL };
	struct str a = { 0 }, b = { 0 };
	char *base = NULL;

	if (guest_run(targets, &a, e) && guest_run(uris, &b, e)) {
		base = apt_parse_base(str_text(&a), str_text(&b));
		if (!base) {
			err_code(e, "E0701", "this host's apt knows no mirror of Debian");
			err_hint(e, "name one: vmbuild fetch --mirror URL, without `dists/`");
		}
	}
	str_free(&a);
	str_free(&b);
	return base;
}

bool apt_init(struct apt *a, const struct recipe *r, const char *cache, const char *mirror,
	      struct err *e)
{
	*a = (struct apt){ .recipe = r };
	a->folder = xprintf("%s/apt/%s-%s", cache, r->suite, r->architecture);
	a->incoming = xprintf("%s/store/incoming", cache);
	a->config = xprintf("%s/apt.conf", a->folder);
	if (mirror)
		a->base = xstrdup(mirror);
	if (a->folder[strcspn(a->folder, "\"\n")])
		return err_set(e, "apt cannot use a folder of this name: %s", a->folder);
	if (mirror && mirror[strcspn(mirror, " \t\n[]\"")])
		return err_set(e, "this is not the address of a mirror: %s", mirror);
	return make_folders(a, e) && write_config(a, e);
}

void apt_fini(struct apt *a)
{
	free(a->folder);
	free(a->incoming);
	free(a->config);
	free(a->base);
}

/* -- Running apt ------------------------------------------------------------------------ */

struct follow {
	apt_progress *progress;
	void *ctx;
};

/* "dlstatus:2:93.3855:Retrieving file 2 of 4" */
static void status_line(void *ctx, const char *line)
{
	struct follow *f = ctx;

	if (!text_starts(line, "dlstatus:"))
		return;
	line += strlen("dlstatus:");
	line += strcspn(line, ":");
	if (*line)
		f->progress(f->ctx, (u32)strtoul(line + 1, NULL, 10));
}

/* apt-get, with -qq so that its output is nothing but the status lines. */
static bool run_apt(const struct apt *a, const struct words *more, struct follow *f, struct err *e)
{
	/* clang-format off */
	const char *first[] = { "env", "LC_ALL=C", "apt-get", "-qq", "-c", a->config,
				"-o", "APT::Status-Fd=1" };
	/* clang-format on */
	const char **argv = xcalloc(ARRAY_LEN(first) + more->n + 1, sizeof(*argv));
	char *log = xprintf("%s/errors", a->folder);
	struct str errors = { 0 };
	bool ok;

	memcpy(argv, first, sizeof(first));
	for (size_t i = 0; i < more->n; i++)
		argv[ARRAY_LEN(first) + i] = more->list[i];
	ok = program_follow(argv, log, status_line, f, &errors);
	if (!ok)
		apt_explain(str_text(&errors), e);
	str_free(&errors);
	free(log);
	free(argv);
	return ok;
}

/* Days since the index was brought up to date; -1: never. */
static long index_age(const char *stamp)
{
	struct stat st;
	u64 now = wall_ns() / 1000000000;

	if (stat(stamp, &st))
		return -1;
	return (u64)st.st_mtime < now ? (long)((now - (u64)st.st_mtime) / 86400) : 0;
}

static void add_age(const char *stamp, struct err *e)
{
	long days = index_age(stamp);
	char old[sizeof(e->text)];

	if (strcmp(e->code, "E0701") != 0)
		return;
	snprintf(old, sizeof(old), "%s", e->text);
	if (days < 0) {
		err_code(e, "E0701", "the mirror does not answer: %.400s", old);
		err_hint(e, "it is the one of this host's apt; --mirror URL names another");
	} else {
		err_code(e, "E0701",
			 "the mirror does not answer; the package index is %ld days old: %.400s",
			 days, old);
		err_hint(e, "--offline uses what is cached");
	}
}

bool apt_update(struct apt *a, apt_progress *progress, void *ctx, struct err *e)
{
	struct follow f = { progress, ctx };
	struct words args = { 0 };
	char *stamp = xprintf("%s/updated", a->folder);
	bool ok;

	if (!a->base)
		a->base = find_base(e);
	words_add(&args, "update", strlen("update"));
	ok = a->base && write_sources(a, e);
	if (ok && !run_apt(a, &args, &f, e)) {
		add_age(stamp, e);
		ok = false;
	}
	ok = ok && host_write_file(stamp, "", 0, e);
	words_free(&args);
	free(stamp);
	return ok;
}

static bool run_words(const struct words *w, struct str *out, struct err *e)
{
	const char **argv = xcalloc(w->n + 1, sizeof(*argv));
	bool ok;

	memcpy(argv, w->list, w->n * sizeof(*argv));
	ok = guest_run(argv, out, e);
	free(argv);
	return ok;
}

static bool is_whole(const struct package *p, const char *name)
{
	return !strcmp(p->name, name) && p->version && p->architecture && p->sha256 &&
	       strlen(p->sha256) == SHA256_HEX - 1;
}

static bool show(const struct apt *a, const struct words *names, struct packages *out,
		 struct err *e)
{
	const char *first[] = { "env",     "LC_ALL=C", "apt-cache",        "-c",
				a->config, "show",     "--no-all-versions" };
	struct words argv = { 0 };
	struct str text = { 0 };
	size_t before = out->n;
	bool ok;

	if (!names->n)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		words_add(&argv, first[i], strlen(first[i]));
	for (size_t i = 0; i < names->n; i++)
		words_add(&argv, names->list[i], strlen(names->list[i]));
	ok = run_words(&argv, &text, e);
	if (ok)
		apt_parse_show(out, str_text(&text));
	for (size_t i = 0; ok && i < names->n; i++)
		if (before + i >= out->n || !is_whole(&out->list[before + i], names->list[i]))
			ok = err_code(e, "E0701", "the package index has no `%s`", names->list[i]);
	words_free(&argv);
	str_free(&text);
	return ok;
}

bool apt_resolve(const struct apt *a, struct packages *out, struct err *e)
{
	struct packages meta = { 0 };
	struct words names = { 0 };
	bool ok = show(a, &a->recipe->meta_packages, &meta, e);

	for (size_t i = 0; ok && i < meta.n; i++) {
		const struct package *p = &meta.list[i];

		if (p->depends.n)
			words_add(&names, p->depends.list[0], strlen(p->depends.list[0]));
		else
			ok = err_set(e, "the package `%s` depends on nothing", p->name);
	}
	ok = ok && show(a, &a->recipe->packages, out, e) && show(a, &names, out, e);
	words_free(&names);
	packages_free(&meta);
	return ok;
}

/* A system from nothing: Debian counts on its essential packages, so nothing depends on them. */
static void add_install(struct words *args, const struct recipe *r)
{
	static const char *const first[] = { "--no-install-recommends", "install", "?essential" };

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		words_add(args, first[i], strlen(first[i]));
	for (size_t i = 0; i < r->install.n; i++)
		words_add(args, r->install.list[i], strlen(r->install.list[i]));
}

bool apt_resolve_install(const struct apt *a, struct packages *out, struct err *e)
{
	const char *first[] = {
		"env", "LC_ALL=C", "apt-get", "-qq", "-c", a->config, "--simulate"
	};
	struct words argv = { 0 }, names = { 0 };
	struct str text = { 0 };
	bool ok;

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		words_add(&argv, first[i], strlen(first[i]));
	add_install(&argv, a->recipe);
	ok = write_status(a, NULL, e) && run_words(&argv, &text, e);
	if (ok)
		apt_parse_simulation(&names, str_text(&text));
	ok = ok && show(a, &names, out, e);
	words_free(&argv);
	words_free(&names);
	str_free(&text);
	return ok;
}

bool apt_download(const struct apt *a, const struct packages *want, apt_progress *progress,
		  void *ctx, struct err *e)
{
	static const char *const first[] = { "--download-only", "--yes", "--no-install-recommends",
					     "install" };
	struct follow f = { progress, ctx };
	struct words args = { 0 };
	bool ok;

	for (size_t i = 0; i < ARRAY_LEN(first); i++)
		words_add(&args, first[i], strlen(first[i]));
	for (size_t i = 0; i < want->n; i++) {
		char *arg = xprintf("%s=%s", want->list[i].name, want->list[i].version);

		words_add(&args, arg, strlen(arg));
		free(arg);
	}
	ok = write_status(a, want, e) && run_apt(a, &args, &f, e);
	words_free(&args);
	return ok;
}

bool apt_download_install(const struct apt *a, apt_progress *progress, void *ctx, struct err *e)
{
	struct follow f = { progress, ctx };
	struct words args = { 0 };
	bool ok;

	words_add(&args, "--download-only", strlen("--download-only"));
	words_add(&args, "--yes", strlen("--yes"));
	add_install(&args, a->recipe);
	ok = write_status(a, NULL, e) && run_apt(a, &args, &f, e);
	words_free(&args);
	return ok;
}

char *apt_sources(const struct apt *a, struct err *e)
{
	char *path = xprintf("%s/sources.list", a->folder);
	size_t n;
	char *text = (char *)host_read_file(path, MIB, &n, e);

	free(path);
	return text;
}
