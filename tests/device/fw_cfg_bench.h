/* fw_cfg_bench.h - what firmware does with fw_cfg. */
#ifndef FW_CFG_BENCH_H
#define FW_CFG_BENCH_H

#include "bench.h"

enum { DATA = 0x00, SELECTOR = 0x08, DMA = 0x10 };
enum { ERROR = 1, READ = 2, SKIP = 4, SELECT = 8, WRITE = 16 };
enum { FIRST_FILE = 0x20 };

#define REQUEST_AT (BENCH_RAM_BASE + 0x1000)
#define BUFFER_AT  (BENCH_RAM_BASE + 0x2000)

static inline void choose(struct device *fw, u32 key)
{
	device_write(fw, SELECTOR, 2, (key & 0xff) << 8 | key >> 8); /* big endian */
}

static inline void be32(u8 *to, u32 v)
{
	for (u32 i = 0; i < 4; i++)
		to[i] = (u8)(v >> (24 - 8 * i));
}

static inline u8 *ram(struct device *fw, u64 gpa)
{
	return bench_of(fw)->ram + (gpa - BENCH_RAM_BASE);
}

/* Returns the control word that the device leaves. */
static inline u32 dma(struct device *fw, u32 control, u32 length, u64 gpa)
{
	u8 *r = ram(fw, REQUEST_AT);
	u8 address[8] = { 0 };

	be32(r, control);
	be32(r + 4, length);
	be32(r + 8, (u32)(gpa >> 32));
	be32(r + 12, (u32)gpa);
	be32(address + 4, REQUEST_AT);
	wr(fw, DMA, get_le32(address));
	wr(fw, DMA + 4, get_le32(address + 4));
	return get_be32(r);
}

#endif
