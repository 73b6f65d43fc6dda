/* fw_cfg.h - items of a fw_cfg that belong to other devices, for the guest to read and write.
 *
 * The bytes are a member of their owner and among its rows of .state, so no byte is in two
 * places.  What is in an item, how large it is and what it is called never change once the
 * machine is built.
 */
#ifndef FW_CFG_H
#define FW_CFG_H

#include "device.h"

#define FW_CFG_ITEM_MOST 64 /* bytes */

/* A member of the owner. */
struct fw_cfg_item {
	const char *name;
	u8 *bytes;
	u32 size;
	/* A hook: the guest has written into it.  The owner's lock is held, and update follows. */
	void (*written)(struct device *owner);

	struct device *owner; /* the engine's from here on */
	struct fw_cfg_item *next;
};

/* In init() of the owner.  False: `fw` has one of that name. */
bool fw_cfg_offer(struct device *owner, struct device *fw, struct fw_cfg_item *item, struct err *e);

/* -- For the fw_cfg ----------------------------------------------------------------
 *
 * Reading and writing lets the lock of `fw` go meanwhile: other harts may have reached it when
 * these return.  [at, at + n) lies in the item.
 */
const struct fw_cfg_item *fw_cfg_item(const struct device *fw, u32 which); /* or NULL */
void fw_cfg_item_read(struct device *fw, const struct fw_cfg_item *item, u32 at, u8 *to, u32 n);
void fw_cfg_item_write(struct device *fw, const struct fw_cfg_item *item, u32 at, const u8 *from,
		       u32 n);

#endif
