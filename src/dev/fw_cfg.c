/* fw_cfg.c - the way from a fw_cfg to the devices that offer items of it. */
#include "fw_cfg.h"

#include "core.h"

bool fw_cfg_offer(struct device *owner, struct device *fw, struct fw_cfg_item *item, struct err *e)
{
	struct fw_cfg_item **at = &fw->engine->fw_cfg_items;

	assert(item->size <= FW_CFG_ITEM_MOST);
	for (; *at; at = &(*at)->next)
		if (!strcmp((*at)->name, item->name))
			return err_set(e, "%s has an item `%s` already, of %s", fw->name,
				       item->name, (*at)->owner->name);
	item->owner = owner;
	*at = item;
	return true;
}

const struct fw_cfg_item *fw_cfg_item(const struct device *fw, u32 which)
{
	const struct fw_cfg_item *item = fw->engine->fw_cfg_items;

	while (item && which--)
		item = item->next;
	return item;
}

void fw_cfg_item_read(struct device *fw, const struct fw_cfg_item *item, u32 at, u8 *to, u32 n)
{
	assert(range_inside(at, n, 0, item->size));
	device_unlock(fw);
	device_lock(item->owner);
	memcpy(to, item->bytes + at, n);
	device_unlock(item->owner);
	device_lock(fw);
}

void fw_cfg_item_write(struct device *fw, const struct fw_cfg_item *item, u32 at, const u8 *from,
		       u32 n)
{
	struct device *owner = item->owner;

	assert(range_inside(at, n, 0, item->size));
	device_unlock(fw);
	device_lock(owner);
	memcpy(item->bytes + at, from, n);
	item->written(owner);
	device_changed(owner);
	device_unlock(owner);
	device_lock(fw);
}
