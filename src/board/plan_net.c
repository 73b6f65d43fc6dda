/* plan_net.c - `host:` of a network card: what its cable leads to. */
#include "parts.h"

static const char *kind_of(u32 mask)
{
	u32 kind = 0;

	while (!(mask >> kind & 1))
		kind++;
	return words_net[kind];
}

/* Those of another back end are no misspellings. */
static void check_net_keys(struct planner *pl, const struct node *map, enum net_kind kind)
{
	check_keys(pl->b, map, "`host:` of a network card", lang_net);
	for (const struct lang_key *k = lang_net; k->key; k++) {
		const struct pair *p = map_pair(map, k->key);

		if (!p || !k->where || k->where >> kind & 1)
			continue;
		diag_report(pl->b->ds, p->key_at, DIAG_unknown_key, "`net: %s` has no key `%s`",
			    words_net[kind], p->key);
		diag_hint(pl->b->ds, "`%s:` is for `net: %s`", p->key, kind_of(k->where));
	}
}

/* -- Forwards ---------------------------------------------------------------------- */

static void warn_open(struct planner *pl, const struct node *n, const struct forward *f)
{
	char buf[FORWARD_TEXT];

	diag_report(pl->b->ds, n->at, DIAG_open_port,
		    "forward: %s is open to other computers, not only to this one",
		    forward_text(buf, f));
	diag_hint(pl->b->ds, "without an address it is 127.0.0.1");
}

static bool read_forward(struct planner *pl, const struct node *n, struct forward *f)
{
	const char *text = check_text(pl->b, n, "forward");
	char buf[FORWARD_TEXT];
	struct err e = { 0 };

	if (!text)
		return false;
	if (!forward_parse(text, f, &e)) {
		diag_report(pl->b->ds, n->at, DIAG_wrong_form, "forward: %s", e.text);
		return diag_hint(pl->b->ds, "%s", e.hint);
	}
	if (!forward_is_local(f))
		warn_open(pl, n, f);
	forward_text(buf, f);
	if (!f->or_next)
		plan_claim(pl, DIAG_host_twice, buf,
			   arena_printf(&pl->b->arena, "port %s of this host is used twice", buf),
			   n->at);
	return true;
}

static void read_forwards(struct planner *pl, const struct node *n, struct net_spec *spec)
{
	u32 count = n->kind == NODE_LIST ? n->n : 1;

	spec->forwards = NEW_N(&pl->b->arena, struct forward, count + 1);
	for (u32 i = 0; i < count; i++)
		if (read_forward(pl, n->kind == NODE_LIST ? n->items[i] : n,
				 &spec->forwards[spec->nforwards]))
			spec->nforwards++;
}

/* -- The other keys ------------------------------------------------------------------- */

static const char *read_path(struct planner *pl, const struct node *map, const char *key)
{
	struct pair *p = map_pair(map, key);

	if (p && p->value->absent)
		report_absent(pl->b, p, key);
	if (!p || p->value->absent)
		return NULL;
	return check_text(pl->b, p->value, key) ? node_path(&pl->b->arena, p->value) : NULL;
}

static void read_pcap(struct planner *pl, const struct node *map, struct net_spec *spec)
{
	const struct node *n = map_get(map, "pcap");

	spec->pcap = n ? read_path(pl, map, "pcap") : NULL;
	if (spec->pcap)
		plan_claim_file(pl, spec->pcap, n->at);
}

/* Several behind one host are several networks: 10.0.2.0/24, 10.0.3.0/24, ... */
static void read_slirp(struct planner *pl, const struct node *map, struct net_spec *spec)
{
	const struct node *n;

	spec->subnet = pl->nslirp++;
	spec->ipv6 = true;
	if ((n = map_get(map, "ipv6")))
		check_bool(pl->b, n, "ipv6", &spec->ipv6);
	if ((n = map_get(map, "host-loopback")))
		check_bool(pl->b, n, "host-loopback", &spec->host_loopback);
	if ((n = map_get(map, "forward")))
		read_forwards(pl, n, spec);
}

static void read_tap(struct planner *pl, const struct node *map, const char *device,
		     struct net_spec *spec)
{
	const struct node *n = map_get(map, "interface");

	if (!n) {
		report_missing(pl->b, map->at, "`interface:`", "the tap device of this host");
		diag_hint(pl->b->ds, "write `%s: {host: {net: tap, interface: tap0}}`", device);
		return;
	}
	spec->interface = check_text(pl->b, n, "interface");
	if (!spec->interface)
		return;
	if (!is_interface(spec->interface)) {
		diag_report(pl->b->ds, n->at, DIAG_out_of_range,
			    "interface: `%s` is no name of a network interface", spec->interface);
		diag_hint(pl->b->ds, "it has 1 to 15 letters, digits, `-`, `_` and `.`");
		return;
	}
	plan_claim(pl, DIAG_host_twice, arena_printf(&pl->b->arena, "tap %s", spec->interface),
		   arena_printf(&pl->b->arena, "`%s` is used twice", spec->interface), n->at);
}

static void read_socket(struct planner *pl, const struct node *map, const char *device,
			struct net_spec *spec)
{
	if (!map_pair(map, "path")) {
		report_missing(pl->b, map->at, "`path:`",
			       "the folder where the machines of one network meet");
		diag_hint(pl->b->ds, "write `%s: {host: {net: socket, path: /tmp/lan}}`", device);
		return;
	}
	spec->path = read_path(pl, map, "path");
}

bool plan_net_spec(struct planner *pl, const struct node *n, const char *device,
		   struct host_spec *host)
{
	const struct node *map = check_map(pl->b, n, "host"), *net;
	struct net_spec *spec = &host->net;
	i32 word;

	host->kind = HOST_NET;
	if (!map)
		return diag_hint(pl->b->ds, "write `host: {net: %s}`",
				 n->kind == NODE_SCALAR && nearest_word(n->text, words_net)
					 ? nearest_word(n->text, words_net)
					 : "slirp");
	net = map_get(map, "net");
	if (!net) {
		report_missing(pl->b, map->at, "`net:`", "what the cable leads to");
		return diag_hint(pl->b->ds, "`net:` is one of %s",
				 words_text(&pl->b->arena, words_net, " and "));
	}
	word = check_word(pl->b, net, "net", words_net);
	if (word < 0)
		return false;
	spec->kind = (enum net_kind)word;
	check_net_keys(pl, map, spec->kind);
	read_pcap(pl, map, spec);
	if (spec->kind == NET_SLIRP)
		read_slirp(pl, map, spec);
	else if (spec->kind == NET_TAP)
		read_tap(pl, map, device, spec);
	else if (spec->kind == NET_SOCKET)
		read_socket(pl, map, device, spec);
	return true;
}

/* slirp 127.0.0.1:2222->22 */
void net_spec_text(const struct net_spec *spec, struct str *out)
{
	char buf[FORWARD_TEXT];

	str_add(out, "%s", words_net[spec->kind]);
	if (spec->interface || spec->path)
		str_add(out, " %s", spec->interface ? spec->interface : spec->path);
	for (u32 i = 0; i < spec->nforwards; i++)
		str_add(out, ", %s%s -> %u", forward_text(buf, &spec->forwards[i]),
			spec->forwards[i].or_next ? " or next" : "", spec->forwards[i].guest_port);
	if (spec->pcap)
		str_add(out, ", %s", spec->pcap);
}
