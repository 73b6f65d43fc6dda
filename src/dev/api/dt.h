/* dt.h - what a class's fdt_more() may add to its node.
 *
 * Called by board/ while it writes the tree, from the plan: there is no live
 * device.  Values are those of the class's rows.  Phandles are resolved here, so
 * that nobody writes one.
 */
#ifndef DT_H
#define DT_H

#include "device.h"

const struct value *dt_value(const struct dt_node *n, const char *prop); /* its row's value */
const struct hart_info *dt_harts(const struct dt_node *n, u32 *count);
u32 dt_hart_intc(const struct dt_node *n, u32 hart); /* phandle of its cpu-intc */
u64 dt_reg_base(const struct dt_node *n);
u64 dt_reg_size(const struct dt_node *n);
u32 dt_phandle(struct dt_node *n); /* this node's own; makes it have one */
u32 dt_ref_phandle(const struct dt_node *n, const char *prop); /* of what a REF row names, or 0 */

/* For a class that stands for several chips: its name, unless the board gives one. */
void dt_compatible(struct dt_node *n, const char *name);
void dt_add_flag(struct dt_node *n, const char *name);
void dt_add_text(struct dt_node *n, const char *name, const char *text);
void dt_add_texts(struct dt_node *n, const char *name, const char *const *list, u32 count);
void dt_add_cells(struct dt_node *n, const char *name, const u32 *cells, u32 count);
static inline void dt_add_u32(struct dt_node *n, const char *name, u32 v)
{
	dt_add_cells(n, name, &v, 1);
}

/* Nobody below the guest's kernel reads the tree: what is M-mode's is not for it. */
bool dt_is_for_s_mode(const struct dt_node *n);

/* "interrupts-extended": this line of each hart that has it (harts_with_line()). */
void dt_add_hart_lines(struct dt_node *n, u32 irq);

/* The controller of the i-th interrupt of `prop`: its phandle, and the cells that
 * name that line there.  For interrupt-map. */
u32 dt_irq_parent(const struct dt_node *n, const char *prop, u32 i);
u32 dt_irq_cells(const struct dt_node *n, const char *prop, u32 i, u32 *cells);
u32 dt_irq_address_cells(const struct dt_node *n, const char *prop, u32 i);

/* A node at the root that points back at this one: syscon-poweroff and -reboot. */
void dt_add_root_node(struct dt_node *n, const char *name,
		      void (*fill)(struct dt_node *root_node, u32 back_phandle));

#endif
