/* timers.c - all deadlines of a machine, of devices and harts, in one binary heap.
 *
 * The heap's lock is a leaf: nothing is called with it held.  A device's timer that
 * is due is marked as fired, then its lock is taken; if somebody armed or disarmed it
 * in between, the mark is gone and nothing happens.
 */
#include "core.h"

struct timers {
	pthread_mutex_t lock;
	struct timer **heap; /* heap[0] is the earliest */
	u32 n;
	u32 users;
	size_t cap;

	struct timer *slots;
	void (*slot_due)(void *ctx, u32 slot);
	void *slot_ctx;

	void (*wake)(void *ctx);
	void *wake_ctx;
};

static void put(struct timers *t, u32 i, struct timer *timer)
{
	t->heap[i] = timer;
	timer->place = i + 1;
}

static void sift_up(struct timers *t, u32 i, struct timer *timer)
{
	while (i && t->heap[(i - 1) / 2]->ns > timer->ns) {
		put(t, i, t->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(t, i, timer);
}

static u32 earlier_child(const struct timers *t, u32 i)
{
	u32 left = 2 * i + 1, right = left + 1;

	return right < t->n && t->heap[right]->ns < t->heap[left]->ns ? right : left;
}

static void sift_down(struct timers *t, u32 i, struct timer *timer)
{
	u32 child;

	while (2 * i + 1 < t->n && t->heap[child = earlier_child(t, i)]->ns < timer->ns) {
		put(t, i, t->heap[child]);
		i = child;
	}
	put(t, i, timer);
}

static void take_out(struct timers *t, struct timer *timer)
{
	u32 i = timer->place - 1;
	struct timer *last;

	if (!timer->place)
		return;
	timer->place = 0;
	last = t->heap[--t->n];
	if (last == timer)
		return;
	if (i && t->heap[(i - 1) / 2]->ns > last->ns)
		sift_up(t, i, last);
	else
		sift_down(t, i, last);
}

struct timers *timers_new(void (*wake)(void *ctx), void *ctx)
{
	struct timers *t = xzalloc(sizeof(*t));

	pthread_mutex_init(&t->lock, NULL);
	t->wake = wake;
	t->wake_ctx = ctx;
	return t;
}

void timers_free(struct timers *t)
{
	if (!t)
		return;
	pthread_mutex_destroy(&t->lock);
	free(t->slots);
	free(t->heap);
	free(t);
}

/* The heap never grows later: no guest can make it. */
static void reserve(struct timers *t, u32 more)
{
	pthread_mutex_lock(&t->lock);
	t->users += more;
	while (t->cap < t->users)
		GROW(&t->heap, t->cap, &t->cap);
	pthread_mutex_unlock(&t->lock);
}

void timers_add(struct timers *t, struct timer *timer)
{
	assert(!timer->place);
	reserve(t, 1);
}

void timers_remove(struct timers *t, struct timer *timer)
{
	timers_arm(t, timer, NEVER_NS);
	pthread_mutex_lock(&t->lock);
	t->users--;
	pthread_mutex_unlock(&t->lock);
}

void timers_slots(struct timers *t, u32 nslots, void (*fn)(void *ctx, u32 slot), void *ctx)
{
	assert(!t->slots);
	t->slots = xcalloc(nslots, sizeof(*t->slots));
	t->slot_due = fn;
	t->slot_ctx = ctx;
	for (u32 i = 0; i < nslots; i++)
		t->slots[i].slot = i;
	reserve(t, nslots);
}

void timers_arm(struct timers *t, struct timer *timer, u64 host_ns)
{
	bool first;

	pthread_mutex_lock(&t->lock);
	timer->fired = false;
	if (timer->place && timer->ns == host_ns) {
		pthread_mutex_unlock(&t->lock);
		return;
	}
	take_out(t, timer);
	if (host_ns != NEVER_NS) {
		timer->ns = host_ns;
		sift_up(t, t->n++, timer);
	}
	first = timer->place == 1;
	pthread_mutex_unlock(&t->lock);
	if (first && t->wake)
		t->wake(t->wake_ctx);
}

void timers_slot_at(struct timers *t, u32 slot, u64 host_ns)
{
	timers_arm(t, &t->slots[slot], host_ns);
}

void timers_recheck(struct timers *t)
{
	pthread_mutex_lock(&t->lock);
	for (u32 i = 0; i < t->n; i++)
		t->heap[i]->ns = 0; /* all equal: still a heap */
	pthread_mutex_unlock(&t->lock);
	if (t->wake)
		t->wake(t->wake_ctx);
}

bool timers_take_fired(struct timers *t, struct timer *timer)
{
	bool fired;

	pthread_mutex_lock(&t->lock);
	fired = timer->fired;
	timer->fired = false;
	pthread_mutex_unlock(&t->lock);
	return fired;
}

static void fire_device(struct timers *t, struct timer *timer)
{
	struct device *dev = timer->dev;

	device_lock(dev);
	if (timers_take_fired(t, timer)) {
		if (dev->class->timer)
			dev->class->timer(dev);
		device_changed(dev);
	}
	device_unlock(dev);
}

/* The next that is due, out of the heap; or NULL, and *next is when to look again. */
static struct timer *take_due(struct timers *t, u64 now, u64 *next)
{
	struct timer *timer = NULL;

	pthread_mutex_lock(&t->lock);
	*next = t->n ? t->heap[0]->ns : NEVER_NS;
	if (t->n && *next <= now) {
		timer = t->heap[0];
		take_out(t, timer);
		timer->fired = true;
	}
	pthread_mutex_unlock(&t->lock);
	return timer;
}

/* A timer may be armed again for a time that has passed: each gets its turn, and what
 * is then due is left to the next call. */
u64 timers_run_at(struct timers *t, u64 now)
{
	u32 turns = t->users;
	struct timer *timer;
	u64 next;

	while (turns-- && (timer = take_due(t, now, &next))) {
		if (timer->dev)
			fire_device(t, timer);
		else if (timers_take_fired(t, timer))
			t->slot_due(t->slot_ctx, timer->slot);
	}
	pthread_mutex_lock(&t->lock);
	next = t->n ? t->heap[0]->ns : NEVER_NS;
	pthread_mutex_unlock(&t->lock);
	return next;
}

u64 timers_run(struct timers *t)
{
	return timers_run_at(t, now_ns());
}
