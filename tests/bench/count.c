/* count.c - a plugin of QEMU that counts the instructions of a guest
 *
 *	qemu-system-riscv64 -plugin ./count.so ...
 *
 * At the end it prints `instructions N` to standard error.  A block of code counts when it is
 * entered: what follows an instruction that faults is counted, too, which is little.
 *
 * QEMU's header is not in Debian's packages; what is used of version 1 of its interface stands
 * here.
 */
#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define HARTS 64

struct qemu_plugin_tb;
typedef uint64_t plugin_id;

extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
						  void (*cb)(plugin_id id,
							     struct qemu_plugin_tb *tb));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *tb,
						 void (*cb)(unsigned int hart, void *ctx),
						 int flags, void *ctx);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*cb)(plugin_id id, void *ctx),
					   void *ctx);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv);

/* Each hart has a line of the host's cache to itself. */
static struct {
	uint64_t n;
	char room[56];
} counts[HARTS];

static void on_entry(unsigned int hart, void *ctx)
{
	counts[hart % HARTS].n += (uintptr_t)ctx;
}

static void on_translated(plugin_id id, struct qemu_plugin_tb *tb)
{
	(void)id;
	qemu_plugin_register_vcpu_tb_exec_cb(tb, on_entry, 0, (void *)qemu_plugin_tb_n_insns(tb));
}

static void on_exit(plugin_id id, void *ctx)
{
	uint64_t sum = 0;

	(void)id;
	(void)ctx;
	for (int i = 0; i < HARTS; i++)
		sum += counts[i].n;
	fprintf(stderr, "instructions %" PRIu64 "\n", sum);
}

int qemu_plugin_install(plugin_id id, const void *info, int argc, char **argv)
{
	(void)info;
	(void)argc;
	(void)argv;
	qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
	qemu_plugin_register_atexit_cb(id, on_exit, NULL);
	return 0;
}
