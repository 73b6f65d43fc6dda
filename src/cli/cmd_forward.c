/* cmd_forward.c - `vmbuild forward`, and the run's side of it.
 *
 * A build without libslirp has the card and no cable: guests see the same computer.
 */
#include "cables.h"

#define PATIENCE_NS 5000000000 /* for the helper */
#define ASKED       "asked"

/* -- Opening -------------------------------------------------------------------------- */

static bool add_all(struct net *slirp, const struct net_spec *spec, struct err *e)
{
	bool done = true;

	for (u32 i = 0; done && i < spec->nforwards; i++) {
		struct forward f = spec->forwards[i];

		done = host_forward_add(slirp, &f, e);
	}
	return done;
}

static struct net *open_slirp(struct cables *c, const struct net_spec *spec, const char *card,
			      struct err *e)
{
	const struct host_slirp o = { .name = card,
				      .subnet = spec->subnet,
				      .ipv6 = spec->ipv6,
				      .host_loopback = spec->host_loopback };
	struct net *n;

	if (!host_slirp_version()) {
		log_line(LOG_WARNING, "%s: this build has no libslirp: the cable is not plugged in",
			 card);
		return NULL;
	}
	n = host_slirp(c->loop, &o, e);
	if (n && !add_all(n, spec, e)) {
		n->ops->free(n);
		return NULL;
	}
	if (n && c->n < CABLES) {
		c->list[c->n].card = card;
		c->list[c->n++].slirp = n;
	}
	return n;
}

struct net *cables_open_bare(struct cables *c, const struct host_spec *spec, const char *card,
			     struct err *e)
{
	switch (spec->net.kind) {
	case NET_SLIRP:
		return open_slirp(c, &spec->net, card, e);
	case NET_TAP:
		return host_tap(c->loop, spec->net.interface, e);
	case NET_SOCKET:
		return host_net_socket(c->loop, spec->net.path, e);
	case NET_NONE:
		break;
	}
	return NULL;
}

struct net *cables_open(struct cables *c, const struct host_spec *spec, const char *card,
			struct err *e)
{
	struct net *n = cables_open_bare(c, spec, card, e);

	if (e->text[0] || !spec->net.pcap)
		return n;
	return host_pcap(n, spec->net.pcap, card, e);
}

/* -- Requests ------------------------------------------------------------------------------ */

static void list(const struct cables *c, struct str *answer)
{
	for (u32 i = 0; i < c->n; i++) {
		const struct forward *f;
		size_t n = host_forwards(c->list[i].slirp, &f);

		for (size_t k = 0; k < n; k++) {
			forward_say(answer, c->list[i].card, &f[k]);
			str_add(answer, "\n");
		}
	}
}

/* The first one, if no card is named; -1: there is none. */
static i32 find(const struct cables *c, const char *card, struct err *e)
{
	for (u32 i = 0; i < c->n; i++)
		if (!*card || !strcmp(c->list[i].card, card))
			return (i32)i;
	if (*card)
		err_set(e, "this machine has no card `%s` on libslirp", card);
	else
		err_set(e, "this machine has no card on libslirp");
	return -1;
}

/* Answered with what to ask for how it went. */
static bool ask(const struct cables *c, bool add, const char *text, const char *card,
		struct str *answer, struct err *e)
{
	i32 i = find(c, card, e);
	struct forward f;
	u32 number = i >= 0 && forward_parse(text, &f, e)
			     ? host_forward_ask(c->list[i].slirp, add, &f, e)
			     : 0;

	if (number)
		str_add(answer, "forward %s %u %s", add ? "added" : "removed", number,
			c->list[i].card);
	return number;
}

static bool say_how(const struct cables *c, bool add, const char *number, const char *card,
		    struct str *answer, struct err *e)
{
	i32 i = find(c, card, e);
	struct forward f;

	if (i < 0)
		return false;
	switch (host_forward_answer(c->list[i].slirp, (u32)strtoul(number, NULL, 10), &f, e)) {
	case FORWARD_ASKED:
		str_add(answer, ASKED);
		return true;
	case FORWARD_DONE:
		if (add)
			forward_say(answer, c->list[i].card, &f);
		return true;
	case FORWARD_FAILED:
		break;
	}
	return false;
}

bool cables_request(struct cables *c, const char *request, struct str *answer, struct err *e)
{
	char verb[8] = "", text[64] = "", card[40] = "";
	int words = sscanf(request, "forward %7s %63s %39s", verb, text, card);

	if (text_starts(request, "forward") && words < 1) {
		list(c, answer);
		return true;
	}
	if (words > 1 && (!strcmp(verb, "add") || !strcmp(verb, "remove")))
		return ask(c, !strcmp(verb, "add"), text, card, answer, e);
	if (words > 1 && (!strcmp(verb, "added") || !strcmp(verb, "removed")))
		return say_how(c, !strcmp(verb, "added"), text, card, answer, e);
	return err_set(e, "this machine does not know that request");
}

/* -- The command --------------------------------------------------------------------------------
 */

/* The machine does not wait for its helper; this does, for a while. */
static bool have_it_done(const char *machine, const char *request, struct str *said, struct err *e)
{
	struct str question = { 0 };
	bool done = control_ask(machine, request, &question, e) &&
		    ask_while(machine, str_text(&question), ASKED, now_ns() + PATIENCE_NS, said, e);

	str_free(&question);
	if (!done || strcmp(str_text(said), ASKED) != 0)
		return done;
	err_set(e, "the network's helper does not answer");
	return err_hint(e, "it may do so later: `vmbuild forward %s` lists what there is", machine);
}

static int change(const char *machine, const char *request)
{
	struct str said = { 0 };
	struct err e = { 0 };
	bool done = have_it_done(machine, request, &said, &e);

	if (!done)
		print_err(&e);
	else if (said.n)
		printf("%s\n", str_text(&said));
	str_free(&said);
	return done ? EXIT_OK : EXIT_HOST;
}

static bool is_verb(const char *s)
{
	return !strcmp(s, "add") || !strcmp(s, "remove");
}

int cmd_forward(const struct args *a)
{
	const char *card = args_value(a, "card");
	char request[160];
	struct forward f;
	struct err e = { 0 };

	if (a->n == 1)
		return print_answer(a->text[0], "forward");
	if (a->n == 2 || !is_verb(a->text[1])) {
		print_usage_error("after the machine stand `add` or `remove` and the ports: "
				  "`vmbuild forward %s add 8080:80`",
				  a->text[0]);
		return EXIT_USAGE;
	}
	if (!forward_parse(a->text[2], &f, &e)) {
		print_err(&e);
		return EXIT_USAGE;
	}
	snprintf(request, sizeof(request), "forward %s %s %s", a->text[1], a->text[2],
		 card ? card : "");
	return change(a->text[0], request);
}
