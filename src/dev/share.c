/* share.c - joins a folder of the host to a device. */
#include "core.h"

static void complete(void *ctx, struct share_req *req)
{
	struct device *dev = ctx;

	device_lock(dev);
	req->done(req);
	device_changed(dev);
	device_unlock(dev);
}

void share_submit(struct share *s, struct share_req *req)
{
	req->dev = s->ctx;
	s->ops->submit(s, req);
}

void share_forget(struct share *s)
{
	s->ops->forget(s);
}

/* -- No folder: no request has an answer ------------------------------------------- */

static void null_submit(struct share *s, struct share_req *req)
{
	(void)s;
	req->nout = 0;
	req->done(req);
}

static void null_forget(struct share *s)
{
	(void)s;
}

static const struct share_ops null_ops = { .submit = null_submit, .forget = null_forget };

struct share *share_attach(struct device *dev, struct share *s)
{
	if (!s) {
		s = device_alloc(dev, sizeof(*s));
		s->ops = &null_ops;
	}
	s->ctx = dev;
	s->complete = complete;
	return s;
}
