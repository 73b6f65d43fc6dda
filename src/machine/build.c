/* build.c - the plan's devices, made and wired.
 *
 * A device is made after those it refers to; the plan has no cycles (E0215).
 */
#include "live.h"

#include "report.h"

/* -- Back ends and references ---------------------------------------------------- */

struct attaching {
	struct machine *m;
	const struct plan_device *pd;
	struct pos at; /* of the value that failed */
};

static void *attach_chardev(struct machine *m, const struct host_spec *spec, struct err *e)
{
	struct chardev *c;

	if (!spec)
		return NULL;
	c = m->host->chardev(m->host->ctx, spec, spec->name, e);
	if (!c)
		return NULL;
	if (!m->options.no_doctor) {
		c->seen = ear_hear;
		c->seen_ctx = ear_new(m);
	}
	GROW(&m->chardevs, m->nchardevs, &m->chardevs_cap);
	return m->chardevs[m->nchardevs++] = c;
}

static void *attach_block(struct machine *m, const struct plan_device *pd,
			  const struct host_spec *spec, struct err *e)
{
	struct block *b;

	if (!spec)
		return NULL;
	b = m->host->block(m->host->ctx, spec, pd->name, e);
	if (!b)
		return NULL;
	GROW(&m->blocks, m->nblocks, &m->blocks_cap);
	return m->blocks[m->nblocks++] = b;
}

static void *attach_net(struct machine *m, const struct plan_device *pd,
			const struct host_spec *spec, struct err *e)
{
	struct net *n;

	if (!spec)
		return NULL;
	n = m->host->net(m->host->ctx, spec, pd->name, e);
	if (!n)
		return NULL;
	GROW(&m->nets, m->nnets, &m->nets_cap);
	return m->nets[m->nnets++] = n;
}

static void *attach_share(struct machine *m, const struct plan_device *pd,
			  const struct host_spec *spec, struct err *e)
{
	struct share *s;

	if (!spec)
		return NULL;
	s = m->host->share(m->host->ctx, spec, pd->name, e);
	if (!s)
		return NULL;
	GROW(&m->shares, m->nshares, &m->shares_cap);
	return m->shares[m->nshares++] = s;
}

static void *attach_vsock(struct machine *m, const struct plan_device *pd,
			  const struct host_spec *spec, struct err *e)
{
	struct vsock *s;

	if (!spec)
		return NULL;
	s = m->host->vsock(m->host->ctx, spec, pd->name, e);
	if (!s)
		return NULL;
	GROW(&m->vsocks, m->nvsocks, &m->vsocks_cap);
	return m->vsocks[m->nvsocks++] = s;
}

static void *attach_audio(struct machine *m, const struct plan_device *pd,
			  const struct host_spec *spec, struct err *e)
{
	struct audio *a;

	if (!spec)
		return NULL;
	a = m->host->audio(m->host->ctx, spec, pd->name, e);
	if (!a)
		return NULL;
	GROW(&m->audios, m->naudios, &m->audios_cap);
	return m->audios[m->naudios++] = a;
}

static void *attach(void *ctx, const struct prop *p, const struct value *v, struct err *e)
{
	struct attaching *a = ctx;

	if (v->host)
		a->at = v->host->at;
	switch (p->kind) {
	case PROP_KIND_REF:
		return v->ref ? a->m->devices[v->ref->provider] : NULL;
	case PROP_KIND_CHARDEV:
		return attach_chardev(a->m, v->host, e);
	case PROP_KIND_BLOCK:
		return attach_block(a->m, a->pd, v->host, e);
	case PROP_KIND_NET:
		return attach_net(a->m, a->pd, v->host, e);
	case PROP_KIND_SHARE:
		return attach_share(a->m, a->pd, v->host, e);
	case PROP_KIND_VSOCK:
		return attach_vsock(a->m, a->pd, v->host, e);
	case PROP_KIND_AUDIO:
		return attach_audio(a->m, a->pd, v->host, e);
	default:
		return NULL;
	}
}

/* -- Making ------------------------------------------------------------------------ */

static bool made(const struct machine *m, u32 i)
{
	return m->devices[i] || m->plan->devices[i].disabled;
}

static bool ready_to_make(const struct machine *m, const struct plan_device *pd)
{
	const struct prop *p;
	u32 i = 0;

	if (pd->parent != PLAN_NONE && !made(m, pd->parent))
		return false;
	for_each(p, pd->class->props) {
		const struct value *v = &pd->values[i++];

		if (p->kind == PROP_KIND_REF && v->ref && !made(m, v->ref->provider))
			return false;
	}
	return true;
}

static bool make(struct machine *m, u32 i, struct diags *ds)
{
	const struct plan_device *pd = &m->plan->devices[i];
	struct attaching a = { .m = m, .pd = pd, .at = pd->at };
	struct device_config config = {
		.class = pd->class,
		.name = pd->name,
		.values = pd->values,
		.place = { .base = pd->base,
			   .size = pd->size,
			   .parent = pd->parent == PLAN_NONE ? NULL : m->devices[pd->parent],
			   .slot = pd->slot },
		.attach = attach,
		.ctx = &a,
	};
	struct err e = { 0 };

	m->devices[i] = device_new(&m->services, &config, &e);
	return m->devices[i] || report(ds, a.at, &e);
}

/* Each round makes at least one, or an error has been reported. */
static bool make_all(struct machine *m, struct diags *ds)
{
	bool some = true, left = true;

	while (some && left) {
		some = left = false;
		for (u32 i = 0; i < m->plan->ndevices; i++) {
			if (made(m, i))
				continue;
			left = true;
			if (!ready_to_make(m, &m->plan->devices[i]))
				continue;
			if (!make(m, i, ds))
				return false;
			some = true;
		}
	}
	assert(!left); /* the plan has no cycles */
	return true;
}

/* -- Wiring ------------------------------------------------------------------------ */

static void wire_up(struct machine *m, u32 i)
{
	const struct plan_device *pd = &m->plan->devices[i];
	const struct prop *p;
	u32 row = 0;

	for_each(p, pd->class->props) {
		const struct value *v = &pd->values[row++];

		if (p->kind != PROP_KIND_IRQS)
			continue;
		for (u32 k = 0; k < v->n; k++) {
			struct device *to = m->devices[v->irqs[k].controller];
			struct wire *w = device_wire(m->devices[i], p->name, k);

			if (to && w)
				wire_connect(w, to, v->irqs[k].line);
		}
	}
}

static void list_displays(struct machine *m, u32 i)
{
	const struct plan_device *pd = &m->plan->devices[i];
	const struct prop *p;
	u32 row = 0;

	for_each(p, pd->class->props) {
		const struct value *v = &pd->values[row++];

		if (p->kind != PROP_KIND_DISPLAY)
			continue;
		GROW(&m->displays, m->ndisplays, &m->displays_cap);
		m->displays[m->ndisplays++] = (struct machine_display){
			*(struct display **)device_member(m->devices[i], p->at),
			v->host ? v->host->display : 0,
		};
	}
}

u32 machine_displays(const struct machine *m, const struct machine_display **list)
{
	*list = m->displays;
	return (u32)m->ndisplays;
}

bool build_devices(struct machine *m, struct diags *ds)
{
	m->devices = xcalloc(m->plan->ndevices, sizeof(m->devices[0]));
	if (!make_all(m, ds))
		return false;
	for (u32 i = 0; i < m->plan->ndevices; i++)
		if (m->devices[i]) {
			wire_up(m, i);
			list_displays(m, i);
		}
	return true;
}

/* Back ends first: their threads and callbacks know devices. */
void build_free(struct machine *m)
{
	for (size_t i = 0; i < m->nblocks; i++)
		m->blocks[i]->ops->free(m->blocks[i]);
	for (size_t i = 0; i < m->nnets; i++)
		m->nets[i]->ops->free(m->nets[i]);
	for (size_t i = 0; i < m->naudios; i++)
		m->audios[i]->ops->free(m->audios[i]);
	for (size_t i = 0; i < m->nvsocks; i++)
		m->vsocks[i]->ops->free(m->vsocks[i]);
	for (size_t i = 0; i < m->nshares; i++)
		m->shares[i]->ops->free(m->shares[i]);
	for (size_t i = 0; i < m->nchardevs; i++)
		if (m->chardevs[i]->ops->free)
			m->chardevs[i]->ops->free(m->chardevs[i]);
	for (u32 i = m->plan->ndevices; m->devices && i--;)
		device_free(m->devices[i]);
	free(m->blocks);
	free(m->chardevs);
	free(m->nets);
	free(m->displays);
	free(m->shares);
	free(m->vsocks);
	free(m->audios);
	free(m->devices);
}
