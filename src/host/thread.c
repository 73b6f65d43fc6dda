#include "internal.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

bool host_thread(pthread_t *t, void *(*fn)(void *ctx), void *ctx, struct err *e)
{
	sigset_t all, before;
	int error;

	sigfillset(&all);
	/* What a thread does wrong itself must not wait. */
	sigdelset(&all, SIGSEGV);
	sigdelset(&all, SIGBUS);
	sigdelset(&all, SIGILL);
	sigdelset(&all, SIGFPE);
	sigdelset(&all, SIGABRT);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = pthread_create(t, NULL, fn, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return !error || err_set(e, "the host starts no more threads: %s", strerror(error));
}

void host_cond_init(pthread_cond_t *c)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC); /* now_ns()'s */
	pthread_cond_init(c, &attr);
	pthread_condattr_destroy(&attr);
}

bool host_cond_wait_until(pthread_cond_t *c, pthread_mutex_t *m, u64 until_ns)
{
	struct timespec ts = { .tv_sec = (time_t)(until_ns / 1000000000),
			       .tv_nsec = (long)(until_ns % 1000000000) };

	return pthread_cond_timedwait(c, m, &ts) != ETIMEDOUT;
}
