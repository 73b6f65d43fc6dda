/* props.c - checked values into a model's members, before its init hook. */
#include "core.h"

struct applier {
	struct device *dev;
	const struct device_config *config;
	struct err *e;
};

static void apply_text(void *member, const char *text)
{
	memcpy(member, &text, sizeof(text));
}

static void apply_wires(struct device *dev, const struct prop *p, struct wire *wires)
{
	for (u64 i = 0; i < p->max; i++)
		device_add_wire(dev, &wires[i]);
}

static bool attach(struct applier *a, const struct prop *p, const struct value *v, void **object)
{
	*object = NULL;
	a->e->text[0] = 0;
	if (a->config->attach && v->given)
		*object = a->config->attach(a->config->ctx, p, v, a->e);
	return *object || !a->e->text[0];
}

static bool apply_ref(struct applier *a, const struct prop *p, const struct value *v,
		      struct ref *ref)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	ref->dev = object;
	if (v->ref) {
		ref->n = v->ref->n;
		memcpy(ref->cell, v->ref->cell, sizeof(ref->cell));
	}
	return true;
}

static bool apply_refs(struct applier *a, const struct prop *p, const struct value *v,
		       struct ref *refs)
{
	struct value one = *v;

	if (p->max <= 1)
		return apply_ref(a, p, v, refs);
	assert(v->n <= p->max);
	for (u32 i = 0; i < v->n; i++) {
		one.ref = v->ref + i;
		if (!apply_ref(a, p, &one, refs + i))
			return false;
	}
	return true;
}

static bool apply_chardev(struct applier *a, const struct prop *p, const struct value *v,
			  struct chardev **member)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	*member = chardev_attach(a->dev, object);
	return true;
}

static bool apply_block(struct applier *a, const struct prop *p, const struct value *v,
			struct block **member)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	*member = block_attach(a->dev, object);
	return true;
}

static bool apply_net(struct applier *a, const struct prop *p, const struct value *v,
		      struct net **member)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	*member = net_attach(a->dev, object);
	return true;
}

static bool apply_share(struct applier *a, const struct prop *p, const struct value *v,
			struct share **member)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	*member = share_attach(a->dev, object);
	return true;
}

static bool apply_vsock(struct applier *a, const struct prop *p, const struct value *v,
			struct vsock **member)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	*member = vsock_attach(a->dev, object);
	return true;
}

static bool apply_audio(struct applier *a, const struct prop *p, const struct value *v,
			struct audio **member)
{
	void *object;

	if (!attach(a, p, v, &object))
		return false;
	*member = audio_attach(a->dev, object);
	return true;
}

static bool apply_table(struct applier *a, const struct prop *p, const struct value *v,
			struct table *table);

/* `object` is the model, or a row of a table. */
static bool apply(struct applier *a, const struct prop *p, const struct value *v, u8 *object)
{
	void *member = object + p->at;

	switch (p->kind) {
	case PROP_KIND_U32:
	case PROP_KIND_HZ:
	case PROP_KIND_ENUM:
		store_bytes(member, 4, v->num);
		return true;
	case PROP_KIND_U64:
	case PROP_KIND_SIZE:
	case PROP_KIND_TIME:
		store_bytes(member, 8, v->num);
		return true;
	case PROP_KIND_BOOL:
		*(bool *)member = v->num != 0;
		return true;
	case PROP_KIND_TEXT:
	case PROP_KIND_PATH:
		apply_text(member, v->text);
		return true;
	case PROP_KIND_MAC:
		memcpy(member, v->mac, sizeof(v->mac));
		return true;
	case PROP_KIND_RANGE:
		*(struct range *)member = (struct range){ v->num, v->size };
		return true;
	case PROP_KIND_LIST:
		*(struct text_list *)member = (struct text_list){ v->list, v->n };
		return true;
	case PROP_KIND_IRQS:
	case PROP_KIND_OUTPUTS:
		apply_wires(a->dev, p, member);
		return true;
	case PROP_KIND_REF:
		return apply_refs(a, p, v, member);
	case PROP_KIND_TABLE:
		return apply_table(a, p, v, member);
	case PROP_KIND_CHARDEV:
		return apply_chardev(a, p, v, member);
	case PROP_KIND_BLOCK:
		return apply_block(a, p, v, member);
	case PROP_KIND_NET:
		return apply_net(a, p, v, member);
	case PROP_KIND_DISPLAY:
		*(struct display **)member = display_attach(a->dev);
		return true;
	case PROP_KIND_SHARE:
		return apply_share(a, p, v, member);
	case PROP_KIND_VSOCK:
		return apply_vsock(a, p, v, member);
	case PROP_KIND_AUDIO:
		return apply_audio(a, p, v, member);
	}
	return true;
}

/* Each row is a struct of the model's own that begins with its name. */
static bool apply_table(struct applier *a, const struct prop *p, const struct value *v,
			struct table *table)
{
	u8 *rows = device_alloc(a->dev, v->n * p->row_size);

	for (u32 i = 0; i < v->n; i++) {
		const struct value *column = v->rows[i].values;
		u8 *row = rows + i * p->row_size;
		const struct prop *r;

		apply_text(row, v->rows[i].name);
		for_each(r, p->rows)
			if (!apply(a, r, column++, row))
				return false;
	}
	*table = (struct table){ rows, v->n };
	return true;
}

bool props_apply(struct device *dev, const struct device_config *config, struct err *e)
{
	struct applier a = { dev, config, e };
	const struct value *v = config->values;
	const struct prop *p;

	for_each(p, dev->class->props)
		if (!apply(&a, p, v++, (u8 *)dev))
			return err_in(e, "%s", p->name);
	return true;
}

static const struct prop *find(const struct device_class *class, const char *name)
{
	const struct prop *p;

	for_each(p, class->props)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

struct wire *device_wire(struct device *dev, const char *prop, u32 i)
{
	const struct prop *p = find(dev->class, prop);

	if (!p || (p->kind != PROP_KIND_IRQS && p->kind != PROP_KIND_OUTPUTS) || i >= p->max)
		return NULL;
	return (struct wire *)device_member(dev, p->at) + i;
}

u32 device_input_count(const struct device *dev)
{
	const struct prop *p;

	if (!dev->class->irq_limit)
		return 0;
	p = find(dev->class, dev->class->irq_limit);
	assert(p && p->kind == PROP_KIND_U32);
	return (u32)load_bytes(device_member(dev, p->at), 4) + 1;
}
