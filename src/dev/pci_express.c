/* pci_express.c - what every PCI Express function has: its capability, and power management.
 *
 * PCI Express Base 4.0 sections 5.3.1 (power states), 6.6.2 (function level reset), 7.5.2 and 7.5.3
 * (the two capabilities).
 *
 * Not modeled: D1, D2 and D3cold, PME; errors, completion timeouts.
 */
#include "pci_priv.h"

#define CAP_POWER   0x01
#define CAP_EXPRESS 0x10

/* From the start of the capability. */
enum {
	POWER_FLAGS = 0x02,
	POWER_CONTROL = 0x04,
	POWER_BYTES = 0x08,

	EXPRESS_FLAGS = 0x02,
	EXPRESS_DEVICE = 0x04,
	EXPRESS_DEVICE_CONTROL = 0x08,
	EXPRESS_LINK = 0x0c,
	EXPRESS_LINK_CONTROL = 0x10,
	EXPRESS_LINK_STATUS = 0x12,
	EXPRESS_ROOT_CONTROL = 0x1c,
	EXPRESS_DEVICE_2 = 0x24,
	EXPRESS_DEVICE_CONTROL_2 = 0x28,
	EXPRESS_LINK_2 = 0x2c,
	EXPRESS_BYTES = 0x3c,
};

enum { D0 = 0, D3HOT = 3, POWER_STATE = 3, NO_SOFT_RESET = 1 << 3, POWER_VERSION_1_2 = 3 };

enum { VERSION_2 = 2, ENDPOINT = 0 << 4, ROOT_PORT = 4 << 4, INTEGRATED_ENDPOINT = 9 << 4 };

enum {
	ROLE_BASED_ERRORS = 1 << 15,
	CAN_RESET = 1 << 28,
	START_RESET = 1 << 15,
	LINK_2_5GT_X1 = 1 << 4 | 1,
	ASPM_OPTIONAL = 1 << 22,
	NO_TIMEOUT = 1 << 4,
};

/* -- Power ----------------------------------------------------------------------------------- */

static void add_power(struct pci_function *f)
{
	u8 body[POWER_BYTES] = { 0 };

	put_le16(body + POWER_FLAGS, POWER_VERSION_1_2);
	body[POWER_CONTROL] = NO_SOFT_RESET;
	f->power = pci_add_capability(f, CAP_POWER, body + 2, sizeof(body) - 2) + POWER_CONTROL;
	f->writable[f->power] = POWER_STATE;
}

static u32 power_state(const struct pci_function *f)
{
	return f->power ? f->written[f->power] & POWER_STATE : D0;
}

bool express_awake(const struct pci_function *f)
{
	return power_state(f) == D0;
}

/* Section 5.3.1: a state that is not there is not entered. */
void express_write(struct pci_function *f, u32 off, const u8 *bytes, u32 width)
{
	u8 was = f->written[f->power];

	memcpy(f->written + off, bytes, width);
	if (power_state(f) != D0 && power_state(f) != D3HOT)
		f->written[f->power] = was;
}

/* -- The capability ---------------------------------------------------------------------------- */

static u32 kind_of(const struct pci_function *f)
{
	if (pci_is_port(f))
		return ROOT_PORT;
	return f->bus->port ? ENDPOINT : INTEGRATED_ENDPOINT;
}

/* What is integrated has no link; the number of one is that of the port. */
static void write_link(const struct pci_function *f, u8 *body, u8 *writable)
{
	const struct pci_function *port = pci_is_port(f) ? f : f->bus->port;

	if (!port)
		return;
	put_le32(body + EXPRESS_LINK,
		 LINK_2_5GT_X1 | ASPM_OPTIONAL | port->dev->engine->place.slot << 24);
	put_le16(body + EXPRESS_LINK_STATUS, LINK_2_5GT_X1);
	put_le32(body + EXPRESS_LINK_2, 1 << 1); /* 2.5 GT/s is what it can do */
	put_le16(writable + EXPRESS_LINK_CONTROL, 0x00cb);
}

static void write_endpoint(u8 *body, u8 *writable)
{
	put_le32(body + EXPRESS_DEVICE, ROLE_BASED_ERRORS | CAN_RESET);
	put_le16(writable + EXPRESS_DEVICE_CONTROL, 0x78ff | START_RESET);
	put_le32(body + EXPRESS_DEVICE_2, NO_TIMEOUT);
	put_le16(writable + EXPRESS_DEVICE_CONTROL_2, NO_TIMEOUT);
}

static void write_port(u8 *body, u8 *writable)
{
	put_le32(body + EXPRESS_DEVICE, ROLE_BASED_ERRORS);
	put_le16(writable + EXPRESS_DEVICE_CONTROL, 0x7fff);
	put_le16(writable + EXPRESS_ROOT_CONTROL, 0x001f);
}

static void add_express(struct pci_function *f)
{
	u8 body[EXPRESS_BYTES] = { 0 }, writable[EXPRESS_BYTES] = { 0 };

	put_le16(body + EXPRESS_FLAGS, (u16)(kind_of(f) | VERSION_2));
	write_link(f, body, writable);
	if (pci_is_port(f))
		write_port(body, writable);
	else
		write_endpoint(body, writable);
	f->express = pci_add_capability(f, CAP_EXPRESS, body + 2, sizeof(body) - 2);
	memcpy(f->writable + f->express + 2, writable + 2, sizeof(writable) - 2);
}

void express_init(struct pci_function *f)
{
	add_power(f);
	add_express(f);
}

/* Section 6.6.2: the reset takes the bit away that asks for it. */
bool express_wants_reset(const struct pci_function *f)
{
	return f->express && !pci_is_port(f) &&
	       pci_config(f, f->express + EXPRESS_DEVICE_CONTROL, 2) & START_RESET;
}
