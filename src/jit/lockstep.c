/* lockstep.c - each block in both engines, compared
 *
 * A second hart, on trial, interprets the instructions of the block first.  What it wrote to
 * memory is noted and undone; then the compiled block runs, and all that the guest can see must
 * be the same: registers, CSRs, floating-point flags, the bytes written, where it goes on, how it
 * sees memory from there, and whether an interrupt comes first.
 *
 * A block is cut before an instruction whose effects cannot be undone, or which need not be the
 * same twice; that one is interpreted, once:
 *
 *   loads and stores of devices, and of what is watched as they are: mmu.c refuses them
 *   the CSR `time`
 *   an instruction over the end of its page, of which only one half is known here
 *
 * A block that ends with what compiled code leaves to the interpreter anyway is not cut, but must
 * have stopped there: wfi, wrs.nto, wrs.sto, ebreak, what is no instruction, and an ecall that is
 * not U-mode's, as firmware may be behind it.
 *
 * Jumps between blocks return here.  Harts take turns, some blocks each, so that nobody sees what
 * is undone.
 */
#include "jit.h"

#include "csr.h"

#include <inttypes.h>
#include <stdlib.h>

/* What one hart is tried by.  Only the hart whose turn it is uses its own. */
struct tried {
	struct hart *hart;
	struct trial trial;
	struct ir_block ir, cut;
	u16 insns_at[JIT_INSNS + 1];     /* nodes: INSN of each instruction, and the end */
	const struct jit_page *page;     /* that the block is in */
	struct hart *after;              /* after so many steps: JIT_INSNS + 1 of them */
	u32 writes_after[JIT_INSNS + 1]; /* how many writes there were then */
	u8 wrote[ARRAY_LEN(((struct trial *)0)->writes)][64];
	u32 steps;
	bool left_block; /* by its last step */
	bool came;       /* an interrupt was due before the first, and nobody has looked yet */
	bool due;        /* one is after the last */
	bool whole;      /* the block that is compared with it; else it is cut */
	bool stale;      /* translations changed outside of its sight */
	u64 blocks, insns, ends, others;
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

static void read_block(struct tried *t, const struct hart *h)
{
	u32 n = 0;

	ir_read(&t->ir, h, t->page->bytes, (u32)(h->pc % PAGE_SIZE), JIT_BLOCK);
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

/* What stands alone behind the INSN of an instruction, if that is such a statement. */
static const struct ir *statement(const struct tried *t, u32 insn, enum ir_op op)
{
	u32 i = insn_node(t, insn) + 1;

	return i < t->ir.n && t->ir.ir[i].op == op ? &t->ir.ir[i] : NULL;
}

static bool ends_block(const struct tried *t, u32 insn)
{
	return statement(t, insn, IR_END);
}

/* Compiled code goes no further: the interpreter does it, in whatever engine. */
static bool is_left(const struct tried *t, u32 insn, enum priv priv)
{
	const struct ir *end = statement(t, insn, IR_END);

	return end && (!end->k || (end->k == (i64)(uintptr_t)help_ecall && priv != PRIV_U));
}

static bool reads_time(const struct tried *t, u32 insn)
{
	const struct ir *csr = statement(t, insn, IR_CSR);

	return csr && (u32)csr->k >> 20 == CSR_TIME;
}

static bool can_be_tried(const struct tried *t, u32 insn, enum priv priv)
{
	return insn < t->ir.insns && offset_behind(t, insn) <= PAGE_SIZE && !reads_time(t, insn) &&
	       !is_left(t, insn, priv);
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
	for (u32 i = writes; i < t->trial.nwrites; i++)
		memcpy(t->wrote[i], t->trial.writes[i].at, t->trial.writes[i].size);
	return true;
}

/* The state after each step, what that wrote, and what was there before. */
static void try_block(struct tried *t, const struct hart *h)
{
	u64 base = align_down(h->pc, PAGE_SIZE);

	hart_copy(t->hart, h);
	hart_copy(&t->after[0], h);
	if (t->stale)
		mmu_forget(t->hart);
	t->stale = false;
	mmu_mode_changed(t->hart);
	atomic_store(&t->hart->event, 0);
	t->came = trap_due(t->hart);
	t->trial.nwrites = t->writes_after[0] = 0;
	t->left_block = t->due = false;
	for (t->steps = 0; !t->left_block && can_be_tried(t, t->steps, t->hart->priv); t->steps++) {
		if (!try_step(t, t->steps))
			break;
		t->due = !t->came && atomic_load(&t->hart->event);
		t->left_block = t->due || t->hart->pc != base + offset_behind(t, t->steps);
	}
	t->whole = t->left_block || t->steps == t->ir.insns || is_left(t, t->steps, t->hart->priv);
}

/* -- The judgment --------------------------------------------------------------------------------
 */

/* Takes over into the bytes of write `to` those of write `from` that are the same bytes. */
static void overlay(const struct trial *t, u8 *bytes, u32 to, const u8 *others, u32 from)
{
	uintptr_t at = (uintptr_t)t->writes[to].at, other = (uintptr_t)t->writes[from].at;

	for (u32 i = 0; i < t->writes[from].size; i++)
		if (other + i - at < t->writes[to].size)
			bytes[other + i - at] = others[i];
}

/* What is where `write` goes when n writes are done: it itself may be among them or not. */
static void bytes_after(const struct tried *t, u32 n, u32 write, u8 *bytes)
{
	const struct trial *trial = &t->trial;

	if (write < n) {
		memcpy(bytes, t->wrote[write], trial->writes[write].size);
		for (u32 i = write + 1; i < n; i++)
			overlay(trial, bytes, write, t->wrote[i], i);
	} else {
		memcpy(bytes, trial->writes[write].was, trial->writes[write].size);
		for (u32 i = write; i-- > n;)
			overlay(trial, bytes, write, trial->writes[i].was, i);
	}
}

/* Writes that are done after so many steps.  A lookup for several accesses may have set A and D
 * bits for the first, which comes next. */
static u32 writes_done(const struct tried *t, u32 step)
{
	u32 n = t->writes_after[step];

	while (step < t->steps && n < t->writes_after[step + 1] && t->trial.writes[n].walked &&
	       !memcmp(t->wrote[n], t->trial.writes[n].at, t->trial.writes[n].size))
		n++;
	return n;
}

static const char *memory_difference(const struct tried *t, u32 step)
{
	u32 done = writes_done(t, step);
	u8 bytes[sizeof(t->wrote[0])];

	for (u32 i = 0; i < t->trial.nwrites; i++) {
		bytes_after(t, done, i, bytes);
		if (memcmp(bytes, t->trial.writes[i].at, t->trial.writes[i].size) != 0)
			return "memory";
	}
	return NULL;
}

/* What no register shows. */
static const char *hidden_difference(const struct tried *t, const struct hart *h, u32 step)
{
	if (!mmu_is_current(h))
		return "how memory is seen";
	if (t->due && step == t->steps && !atomic_load(&h->event))
		return "an interrupt that is due";
	return memory_difference(t, step);
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
		what = hart_difference(&t->after[0], &t->after[i], h);
		if (!what || t->after[i].pc == h->pc)
			break;
	}
	return what ? what : hidden_difference(t, h, *step);
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

const struct jit_page *lockstep_page(const struct hart *h)
{
	return h->tried && h->tried->whole ? h->tried->page : NULL;
}

/* Code of no more instructions than were tried; behind *used there is room again afterwards. */
static u32 code_of(struct hart *h, struct tried *t, struct jit_page *page, u32 *used)
{
	struct jit *j = h->env->jit;
	u32 start = (u32)(h->pc % PAGE_SIZE);
	_Atomic u32 *entry = &page->entry[start / 2];

	*used = j->code.used;
	if (t->whole) {
		if (*entry == j->code.miss && !cache_compile(j, h, page, start, false))
			return 0;
		*used = j->code.used;
		return *entry;
	}
	ir_read(&t->cut, h, page->bytes, start, t->steps);
	return backend.block(&j->code, &t->cut, h, page, &j->made) ? j->made.code : 0;
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
	hart_undo(h, &t->after[0], &t->after[t->steps]);
	mmu_forget(h);
	t->stale = true;
}

/* Accesses at the start of the block are in two pages: next time there is code for that. */
static bool part(struct hart *h, struct jit_page *page)
{
	return h->apart && cache_compile(h->env->jit, h, page, (u32)(h->pc % PAGE_SIZE), true);
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
	t->blocks++;
	t->insns += *step;
	t->ends += *step && ends_block(t, *step - 1);
	t->stale |= t->writes_after[*step] != writes; /* some were read, and never were */
	if (!what && !*step && !part(h, page))
		interpret_one(h, t);
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
	read_block(t, h);
	if (is_left(t, 0, h->priv))
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
	u64 blocks = 0, insns = 0, ends = 0, others = 0;

	for (u32 i = 0; i < env->nharts; i++) {
		blocks += env->harts[i]->tried->blocks;
		insns += env->harts[i]->tried->insns;
		ends += env->harts[i]->tried->ends;
		others += env->harts[i]->tried->others;
	}
	engine_jit.stats(env, out);
	str_add(out,
		"lockstep-blocks %" PRIu64 "\nlockstep-compared %" PRIu64 "\nlockstep-ends %" PRIu64
		"\nlockstep-interpreted %" PRIu64 "\n",
		blocks, insns, ends, others);
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
