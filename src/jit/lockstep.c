/* lockstep.c - each block in both engines, compared
 *
 * A second hart, on trial, interprets the instructions of the block first.  What it wrote to
 * memory is noted and undone; then the compiled block runs, and all that the guest can see must
 * be the same: registers, CSRs, floating-point flags, the bytes written, where it goes on.
 *
 * A block is cut before an instruction whose effects cannot be undone (devices), or which need
 * not be the same twice (time); that one is interpreted, once.  Jumps between blocks return here.
 * Harts take turns, some blocks each, so that nobody sees what is undone.
 */
#include "jit.h"

#include <inttypes.h>
#include <stdlib.h>

/* What one hart is tried by.  Only the hart whose turn it is uses its own. */
struct tried {
	struct hart *hart;
	struct trial trial;
	struct ir_block ir;
	u16 insns_at[JIT_INSNS + 1];     /* nodes: INSN of each instruction, and the end */
	const struct jit_page *page;     /* that the block is in */
	struct hart *after;              /* after so many steps: JIT_INSNS + 1 of them */
	u32 writes_after[JIT_INSNS + 1]; /* how many writes there were then */
	u8 wrote[ARRAY_LEN(((struct trial *)0)->writes)][64];
	u32 steps;
	bool left_block; /* by its last step */
	bool stale;      /* translations changed outside of its sight */
	u64 blocks, insns, others;
};

/* Turns go round: who comes first is first. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t next;
	u64 came, served;
} turns = { .lock = PTHREAD_MUTEX_INITIALIZER, .next = PTHREAD_COND_INITIALIZER };

/* Who waits for his turn holds up nobody. */
static void begin_turn(struct hart *h)
{
	u64 mine;

	inbox_park(h);
	pthread_mutex_lock(&turns.lock);
	mine = turns.came++;
	while (turns.served != mine)
		pthread_cond_wait(&turns.next, &turns.lock);
	pthread_mutex_unlock(&turns.lock);
	inbox_unpark(h);
}

static void end_turn(void)
{
	pthread_mutex_lock(&turns.lock);
	turns.served++;
	pthread_cond_broadcast(&turns.next);
	pthread_mutex_unlock(&turns.lock);
}

/* -- The trial ------------------------------------------------------------------------ */

/* CSRs that time or other threads change, or that reach beyond the hart. */
static bool is_volatile_csr(u32 word)
{
	static const u16 numbers[] = { 0xc01, 0x344, 0x144, 0x14d, 0x30a, 0x309,
				       0x151, 0x15c, 0xdb0, 0x351, 0x35c, 0xfb0 };

	for (size_t i = 0; i < ARRAY_LEN(numbers); i++)
		if (word >> 20 == numbers[i])
			return true;
	return false;
}

static void read_block(struct tried *t, const struct hart *h, u32 max_insns)
{
	u32 n = 0;

	ir_read(&t->ir, h, t->page->bytes, (u32)(h->pc % PAGE_SIZE), max_insns);
	for (u32 i = 0; i < t->ir.n; i++)
		if (t->ir.ir[i].op == IR_INSN)
			t->insns_at[n++] = (u16)i;
	while (n <= JIT_INSNS)
		t->insns_at[n++] = (u16)t->ir.n;
}

/* The node of the instruction's INSN, or ir.n. */
static u32 insn_node(const struct tried *t, u32 insn)
{
	return t->insns_at[insn];
}

static u64 offset_behind(const struct tried *t, u32 insn)
{
	const struct ir *i = &t->ir.ir[insn_node(t, insn)];

	return (u64)i->k + i->b;
}

static bool can_be_tried(const struct tried *t, u32 insn)
{
	const struct ir_block *b = &t->ir;
	u32 i = insn_node(t, insn);

	if (i == b->n || offset_behind(t, insn) > PAGE_SIZE)
		return false;
	for (i++; i < b->n && b->ir[i].op != IR_INSN; i++)
		if (b->ir[i].op == IR_END ||
		    (b->ir[i].op == IR_CSR && is_volatile_csr((u32)b->ir[i].k)))
			return false;
	return true;
}

static void undo(struct trial *t, u32 from)
{
	while (t->nwrites > from) {
		t->nwrites--;
		memcpy(t->writes[t->nwrites].at, t->writes[t->nwrites].was,
		       t->writes[t->nwrites].size);
	}
}

/* As compiled code has it: what changed since the last fence.i is not seen. */
static u32 word_of(const struct tried *t, u32 insn)
{
	const struct ir *i = &t->ir.ir[insn_node(t, insn)];
	const u8 *bytes = t->page->bytes + i->k;

	return i->b == 4 ? get_le32(bytes) : get_le16(bytes);
}

/* False: it does not count, and is undone. */
static bool try_step(struct tried *t, u32 step)
{
	u32 writes = t->trial.nwrites;

	t->trial.refused = false;
	interp_word(t->hart, word_of(t, step));
	if (t->trial.refused) {
		undo(&t->trial, writes);
		return false;
	}
	hart_copy(&t->after[step + 1], t->hart);
	t->writes_after[step + 1] = t->trial.nwrites;
	return true;
}

/* The state after each step, what was written, and memory as it was before. */
static void try_block(struct tried *t, const struct hart *h)
{
	u64 base = align_down(h->pc, PAGE_SIZE);

	hart_copy(t->hart, h);
	hart_copy(&t->after[0], h);
	if (t->stale)
		mmu_forget(t->hart);
	t->stale = false;
	mmu_mode_changed(t->hart);
	t->trial.nwrites = 0;
	t->left_block = false;
	for (t->steps = 0; can_be_tried(t, t->steps) && !t->left_block; t->steps++) {
		if (!try_step(t, t->steps))
			break;
		t->left_block = t->hart->pc != base + offset_behind(t, t->steps);
	}
	for (u32 i = 0; i < t->trial.nwrites; i++)
		memcpy(t->wrote[i], t->trial.writes[i].at, t->trial.writes[i].size);
}

/* -- The judgment --------------------------------------------------------------------------------
 */

static const char *memory_difference(const struct tried *t, u32 steps)
{
	if (steps != t->steps) /* what was written last is not known for each step */
		return NULL;
	for (u32 i = 0; i < t->writes_after[steps]; i++)
		if (memcmp(t->wrote[i], t->trial.writes[i].at, t->trial.writes[i].size) != 0)
			return "memory";
	return NULL;
}

/* The step after which the hart is; the nearest if it is after none. */
static const char *difference(const struct tried *t, const struct hart *h, u32 *step)
{
	const char *what = "instret";

	*step = 0;
	for (u32 i = t->steps + 1; i--;) {
		if (hart_instret(&t->after[i]) != hart_instret(h))
			continue;
		*step = i;
		what = hart_difference(&t->after[i], h);
		if (!what || t->after[i].pc == h->pc)
			break;
	}
	return what ? what : memory_difference(t, *step);
}

static void report(const struct tried *t, const struct hart *h, const char *what, u32 step)
{
	const struct hart *want = &t->after[step];
	u64 base = align_down(t->after[0].pc, PAGE_SIZE);

	log_line(LOG_ERROR,
		 "lockstep: hart %u differs in %s after %u of %u instructions from 0x%" PRIx64,
		 h->index, what, step, t->ir.insns, t->after[0].pc);
	log_line(LOG_ERROR,
		 "  pc 0x%" PRIx64 ", should be 0x%" PRIx64 "; instret %" PRIu64 ", %" PRIu64,
		 h->pc, want->pc, hart_instret(h), hart_instret(want));
	for (u32 i = 1; i < 32; i++)
		if (h->x[i] != want->x[i])
			log_line(LOG_ERROR,
				 "  x%u 0x%" PRIx64 ", should be 0x%" PRIx64 " (was 0x%" PRIx64 ")",
				 i, h->x[i], want->x[i], t->after[0].x[i]);
	for (u32 i = 0; i < 32; i++)
		if (h->f[i] != want->f[i])
			log_line(LOG_ERROR, "  f%u 0x%" PRIx64 ", should be 0x%" PRIx64, i, h->f[i],
				 want->f[i]);
	log_line(LOG_ERROR,
		 "  fflags 0x%x, should be 0x%x; mstatus 0x%" PRIx64 ", should be 0x%" PRIx64,
		 h->fflags, want->fflags, h->mstatus, want->mstatus);
	for (u32 i = 0; i < t->ir.insns; i++) {
		u64 pc = base + (u64)t->ir.ir[insn_node(t, i)].k;
		char text[80];

		disasm(h->decoder, code_word((struct hart *)(uintptr_t)h, pc), pc, text,
		       sizeof(text));
		log_line(LOG_ERROR, "  %" PRIx64 "  %s", pc, text);
	}
}

/* -- A block -------------------------------------------------------------------------- */

/* Code of no more instructions than were tried; *kept: it is all of the block. */
static u32 code_of(struct hart *h, struct tried *t, struct jit_page *page, u32 *used)
{
	struct jit *j = h->env->jit;
	u32 start = (u32)(h->pc % PAGE_SIZE);
	_Atomic u32 *entry = &page->entry[start / 2];

	*used = j->code.used;
	if (t->left_block || t->steps == t->ir.insns) {
		if (*entry == j->code.miss && !cache_compile(j, h, page, start, false))
			return 0;
		*used = j->code.used;
		return *entry;
	}
	read_block(t, h, t->steps);
	return backend.block(&j->code, &t->ir, h, page, &j->made) ? j->made.code : 0;
}

static void interpret_one(struct hart *h, struct tried *t)
{
	interp_step(h);
	t->stale = true;
	t->others++;
}

/* Back to where the trial began. */
static void rewind_to_start(struct hart *h, struct tried *t)
{
	for (u32 i = t->trial.nwrites; i--;)
		memcpy(t->trial.writes[i].at, t->trial.writes[i].was, t->trial.writes[i].size);
	hart_copy(h, &t->after[0]);
	mmu_mode_changed(h);
}

static const char *compare_once(struct hart *h, struct tried *t, struct jit_page *page, u32 *step)
{
	struct jit *j = h->env->jit;
	u32 used, code, writes;
	const char *what;

	try_block(t, h);
	writes = t->trial.nwrites;
	undo(&t->trial, 0);
	t->trial.nwrites = writes;
	*step = 0;
	code = t->steps ? code_of(h, t, page, &used) : 0;
	if (!code) {
		interpret_one(h, t);
		return NULL;
	}
	jit_enter(h, code);
	j->code.used = used;
	what = difference(t, h, step);
	if (!what && !*step)
		interpret_one(h, t);
	t->blocks++;
	t->insns += *step;
	return what;
}

/* Devices write to memory at any time, between the two runs too: what does not differ again was
 * one of them. */
static void compare_block(struct hart *h, struct tried *t, struct jit_page *page)
{
	const char *what;
	u32 step;

	for (u32 i = 0; i < 3; i++) {
		what = compare_once(h, t, page, &step);
		if (!what)
			return;
		if (i < 2)
			rewind_to_start(h, t);
	}
	report(t, h, what, step);
	h->env->stop(h->env->ctx, STOP_FAIL, 1);
}

/* False: the next instruction may take its time (wfi), so it is for when the turn is over. */
static bool go(struct hart *h)
{
	struct tried *t = h->tried;
	struct jit_page *page;

	if (h->left <= JIT_INSNS)
		hart_slice(h, JIT_SLICE + JIT_INSNS);
	page = jit_page_at_pc(h, false);
	if (!page) {
		t->stale = true;
		return true;
	}
	if (page == &h->env->jit->none)
		return false;
	t->page = page;
	read_block(t, h, JIT_BLOCK);
	if (t->ir.ir[1].op == IR_END)
		return false;
	compare_block(h, t, page);
	return true;
}

#define BLOCKS 100 /* of one turn */

static void run(struct hart *h)
{
	do {
		bool on = true;

		begin_turn(h);
		for (u32 i = 0; on && i < BLOCKS && !atomic_load(&h->event); i++)
			on = go(h);
		end_turn();
		if (!on)
			interpret_one(h, h->tried);
		h->tried->stale |= atomic_load(&h->event);
	} while (!atomic_load(&h->event) || hart_poll(h));
}

/* -- Life ----------------------------------------------------------------------------- */

static bool open_lockstep(struct hart_env *env, struct err *e)
{
	if (!engine_jit.open(env, e))
		return false;
	env->jit->code.chains = false;
	return true;
}

static void close_lockstep(struct hart_env *env)
{
	engine_jit.close(env);
}

static void attach(struct hart *h)
{
	struct tried *t = xzalloc(sizeof(*t));

	engine_jit.attach(h);
	t->after = xcalloc(JIT_INSNS + 1, sizeof(t->after[0]));
	t->hart = hart_new(h->config, h->env, h->index, NULL);
	t->hart->trial = &t->trial;
	t->stale = true;
	h->tried = t;
}

static void detach(struct hart *h)
{
	hart_free(h->tried->hart);
	free(h->tried->after);
	free(h->tried);
	engine_jit.detach(h);
}

static void stats(const struct hart_env *env, struct str *out)
{
	u64 blocks = 0, insns = 0, others = 0;

	for (u32 i = 0; i < env->nharts; i++) {
		blocks += env->harts[i]->tried->blocks;
		insns += env->harts[i]->tried->insns;
		others += env->harts[i]->tried->others;
	}
	engine_jit.stats(env, out);
	str_add(out,
		"lockstep-blocks %" PRIu64 "\nlockstep-compared %" PRIu64
		"\nlockstep-interpreted %" PRIu64 "\n",
		blocks, insns, others);
}

const struct engine engine_lockstep = {
	.name = "lockstep",
	.doc = "runs each block compiled and interpreted, and compares; slow, and so is its time",
	.slowness = 20,
	.open = open_lockstep,
	.close = close_lockstep,
	.attach = attach,
	.detach = detach,
	.run = run,
	.stats = stats,
};
