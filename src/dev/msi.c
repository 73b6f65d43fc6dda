/* msi.c - message-signaled interrupts, from whoever sends one to a hart's interrupt file.
 *
 * RISC-V Advanced Interrupt Architecture 1.0, section "Memory region for an interrupt file".
 * A message goes to the machine as file and identity.  It comes with the lock of its sender held,
 * so it takes none: what is read here never changes.
 */
#include "core.h"

#define SETEIPNUM_LE 0 /* offset in a file's page */

void msi_files_init(struct device *dev, const struct msi_files *files)
{
	const struct device_machine *m = dev->engine->machine;

	dev->engine->msi = *files;
	for (u32 i = 0; m->hart_files && i < files->n; i++)
		m->hart_files(m->ctx, files->hart[i], files->irq, files->ids);
}

bool msi_post(struct device *controller, u32 file, u32 id)
{
	const struct device_machine *m = controller->engine->machine;
	const struct msi_files *files = &controller->engine->msi;

	return file < files->n && m->hart_msi &&
	       m->hart_msi(m->ctx, files->hart[file], files->irq, id);
}

bool msi_store(struct device *controller, u64 address, u32 data)
{
	u64 off = address - controller->engine->place.base;

	if (off % MSI_PAGE != SETEIPNUM_LE || off / MSI_PAGE >= controller->engine->msi.n)
		return false;
	msi_post(controller, (u32)(off / MSI_PAGE), data);
	return true;
}
