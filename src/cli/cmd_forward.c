/* cmd_forward.c - `vmbuild forward`, and the run's side of it.
 *
 * A build without libslirp has the card and no cable: guests see the same computer.
 */
#include "cables.h"

/* -- Opening -------------------------------------------------------------------------- */

static void add_line(struct str *s, const char *card, const struct forward *f)
{
	char port[FORWARD_TEXT];

	str_add(s, "%s: %s leads to the guest's port %u", card, forward_text(port, f),
		f->guest_port);
}

/* Says which port it became. */
static bool add(struct net *slirp, const char *card, struct forward f, struct str *said,
		struct err *e)
{
	if (!host_forward_add(slirp, &f, e))
		return false;
	add_line(said, card, &f);
	log_line(LOG_INFO, "%s", str_text(said));
	str_add(said, "\n");
	return true;
}

static bool add_all(struct net *slirp, const struct net_spec *spec, const char *card, struct err *e)
{
	bool done = true;

	for (u32 i = 0; done && i < spec->nforwards; i++) {
		struct str said = { 0 };

		done = add(slirp, card, spec->forwards[i], &said, e);
		str_free(&said);
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
	if (n && !add_all(n, spec, card, e)) {
		n->ops->free(n);
		return NULL;
	}
	if (n && c->n < CABLES) {
		c->list[c->n].card = card;
		c->list[c->n++].slirp = n;
	}
	return n;
}

static struct net *open_cable(struct cables *c, const struct net_spec *spec, const char *card,
			      struct err *e)
{
	switch (spec->kind) {
	case NET_SLIRP:
		return open_slirp(c, spec, card, e);
	case NET_TAP:
		return host_tap(c->loop, spec->interface, e);
	case NET_SOCKET:
		return host_net_socket(c->loop, spec->path, e);
	case NET_NONE:
		break;
	}
	return NULL;
}

struct net *cables_open(struct cables *c, const struct host_spec *spec, const char *card,
			struct err *e)
{
	struct net *n = open_cable(c, &spec->net, card, e);

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
			add_line(answer, c->list[i].card, &f[k]);
			str_add(answer, "\n");
		}
	}
}

/* The first one's, if no card is named. */
static struct net *find(const struct cables *c, const char *card, struct err *e)
{
	for (u32 i = 0; i < c->n; i++)
		if (!*card || !strcmp(c->list[i].card, card))
			return c->list[i].slirp;
	if (*card)
		err_set(e, "this machine has no card `%s` on libslirp", card);
	else
		err_set(e, "this machine has no card on libslirp");
	return NULL;
}

bool cables_request(struct cables *c, const char *request, struct str *answer, struct err *e)
{
	char verb[8] = "", text[64] = "", card[40] = "";
	int words = sscanf(request, "forward %7s %63s %39s", verb, text, card);
	bool adding = !strcmp(verb, "add");
	struct forward f;
	struct net *n;

	if (!text_starts(request, "forward") || words == 1 ||
	    (words > 1 && !adding && strcmp(verb, "remove") != 0))
		return err_set(e, "this machine does not know that request");
	if (words < 1) {
		list(c, answer);
		return true;
	}
	n = find(c, card, e);
	return n && forward_parse(text, &f, e) &&
	       (adding ? add(n, *card ? card : c->list[0].card, f, answer, e)
		       : host_forward_remove(n, &f, e));
}

/* -- The command --------------------------------------------------------------------------------
 */

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
	return print_answer(a->text[0], request);
}
