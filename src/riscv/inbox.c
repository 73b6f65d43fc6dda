/* inbox.c - what other threads ask of a hart
 *
 * Three ways to reach a hart: an atomic (interrupt bits, `stopping`), a request in the
 * inbox, or state under the inbox's lock; each followed by hart_kick().  A wake-up cannot
 * be lost: the one who wakes stores `event` and then reads `asleep`, the hart stores
 * `asleep` and then reads `event`, all in one total order, so one of them sees the other.
 */
#include "hart.h"

#include <errno.h>

#include <time.h>

void inbox_init(struct inbox *in)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* now_ns() */
	pthread_mutex_init(&in->lock, NULL);
	pthread_cond_init(&in->wake, &attr);
	pthread_cond_init(&in->served, NULL);
	pthread_condattr_destroy(&attr);
	in->parked = true;
}

void inbox_fini(struct inbox *in)
{
	pthread_cond_destroy(&in->served);
	pthread_cond_destroy(&in->wake);
	pthread_mutex_destroy(&in->lock);
}

void hart_kick(struct hart *h)
{
	struct inbox *in = &h->inbox;

	atomic_store(&h->event, 1);
	if (!atomic_load(&in->asleep))
		return;
	pthread_mutex_lock(&in->lock);
	pthread_cond_signal(&in->wake);
	pthread_mutex_unlock(&in->lock);
}

/* -- The hart's own side ------------------------------------------------------------ */

static void park(struct inbox *in)
{
	in->parked = true;
	pthread_cond_broadcast(&in->served);
}

/* What came in meanwhile; it is copied out before any of it is done, as fences take time. */
void inbox_serve(struct hart *h)
{
	struct inbox *in = &h->inbox;
	struct fence todo[INBOX_FENCES];
	bool code, forget;
	u64 upto;
	u32 n;

	if (!atomic_exchange(&in->filled, false))
		return;
	pthread_mutex_lock(&in->lock);
	n = in->nfences;
	memcpy(todo, in->fences, MIN(n, INBOX_FENCES) * sizeof(todo[0]));
	code = in->code;
	forget = in->forget;
	upto = in->posted;
	in->nfences = 0;
	in->code = in->forget = false;
	pthread_mutex_unlock(&in->lock);

	if (forget)
		mmu_forget(h);
	if (code)
		code_fence(h);
	if (n > INBOX_FENCES)
		mmu_fence(h, 0, 0, 0);
	for (u32 i = 0; n <= INBOX_FENCES && i < n; i++)
		mmu_fence_range(h, todo[i].gva, todo[i].size, todo[i].asid, todo[i].flags);

	pthread_mutex_lock(&in->lock);
	in->done = upto;
	pthread_cond_broadcast(&in->served);
	pthread_mutex_unlock(&in->lock);
}

void inbox_park(struct hart *h)
{
	pthread_mutex_lock(&h->inbox.lock);
	park(&h->inbox);
	pthread_mutex_unlock(&h->inbox.lock);
}

void inbox_unpark(struct hart *h)
{
	pthread_mutex_lock(&h->inbox.lock);
	h->inbox.parked = false;
	pthread_mutex_unlock(&h->inbox.lock);
	inbox_serve(h);
}

static bool wait_on(struct inbox *in, u64 deadline_ns)
{
	struct timespec at = {
		.tv_sec = (time_t)(deadline_ns / 1000000000),
		.tv_nsec = (long)(deadline_ns % 1000000000),
	};

	if (deadline_ns == NEVER_NS)
		return pthread_cond_wait(&in->wake, &in->lock) == 0;
	return pthread_cond_timedwait(&in->wake, &in->lock, &at) != ETIMEDOUT;
}

void inbox_sleep(struct hart *h, u64 deadline_ns)
{
	struct inbox *in = &h->inbox;

	pthread_mutex_lock(&in->lock);
	park(in);
	atomic_store(&in->asleep, true);
	while (!atomic_load(&h->event))
		if (!wait_on(in, deadline_ns))
			break;
	atomic_store(&in->asleep, false);
	in->parked = false;
	pthread_mutex_unlock(&in->lock);
	inbox_serve(h);
}

/* -- The others' side --------------------------------------------------------------- */

enum request { FENCE, FENCE_I, FORGET };

static void post(struct hart *target, enum request what, const struct fence *f)
{
	struct inbox *in = &target->inbox;
	bool parked;

	pthread_mutex_lock(&in->lock);
	in->posted++;
	if (what == FENCE_I)
		in->code = true;
	else if (what == FORGET)
		in->forget = true;
	else if (in->nfences < INBOX_FENCES)
		in->fences[in->nfences++] = *f;
	else
		in->nfences = INBOX_FENCES + 1;
	atomic_store(&in->filled, true);
	parked = in->parked;
	pthread_mutex_unlock(&in->lock);
	if (!parked)
		hart_kick(target);
}

void inbox_post(struct hart *target, const struct fence *f)
{
	post(target, f ? FENCE : FENCE_I, f);
}

void inbox_post_forget(struct hart *target)
{
	post(target, FORGET, NULL);
}

void inbox_wait(struct hart *target)
{
	struct inbox *in = &target->inbox;
	u64 want;

	pthread_mutex_lock(&in->lock);
	want = in->posted;
	while (!in->parked && in->done < want)
		pthread_cond_wait(&in->served, &in->lock);
	pthread_mutex_unlock(&in->lock);
}
