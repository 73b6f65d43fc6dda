/* edid.c - what a monitor says of itself.
 *
 * VESA E-EDID Standard 1.4, section 3: one block of 128 bytes.  The preferred mode is a
 * detailed timing with the blanking of CVT 1.2 with reduced blanking; a fixed rate of 60
 * frames a second, and fewer where the pixel clock would not fit its 16 bits.
 */
#include "core.h"

#define BLANK_X   160u /* CVT: pixels between two lines */
#define FRAMES    60u
#define CLOCK_MAX 65535u /* of 10 kHz */
#define MOST      4095u  /* 12 bits */

enum { AT_MODE = 54, AT_NAME = 72, AT_RANGE = 90, AT_SPARE = 108, AT_SUM = 127 };

/* CVT: 460 us between two frames, and room for porches and sync. */
static u32 blank_lines(u32 y)
{
	return MAX(y * 460 / (1000000 / FRAMES - 460) + 1, 16);
}

/* Section 3.10.2 */
static void write_mode(u8 *d, u32 x, u32 y)
{
	u32 blank = blank_lines(y);
	u64 clock = (u64)(x + BLANK_X) * (y + blank) * FRAMES / 10000;
	u32 mm_x = x * 254 / 960, mm_y = y * 254 / 960; /* 96 dots an inch */

	put_le16(d, (u16)MIN(clock, CLOCK_MAX));
	d[2] = (u8)x;
	d[3] = BLANK_X;
	d[4] = (u8)(x >> 8 << 4);
	d[5] = (u8)y;
	d[6] = (u8)blank;
	d[7] = (u8)(y >> 8 << 4);
	d[8] = 48;          /* horizontal front porch */
	d[9] = 32;          /* horizontal sync */
	d[10] = 3 << 4 | 6; /* vertical front porch and sync */
	d[12] = (u8)mm_x;
	d[13] = (u8)mm_y;
	d[14] = (u8)(mm_x >> 8 << 4 | mm_y >> 8);
	d[17] = 0x1a; /* digital, separate sync: +h -v */
}

/* Section 3.8: for guests whose picture cannot grow, as Linux's console; at 60 Hz. */
static void write_smaller_modes(u8 *edid, u32 x, u32 y)
{
	static const struct {
		u32 x, y;
		u8 at, bit;
	} modes[] = { { 640, 480, 35, 5 }, { 800, 600, 35, 0 }, { 1024, 768, 36, 3 } };

	for (u32 i = 0; i < ARRAY_LEN(modes); i++)
		if (modes[i].x <= x && modes[i].y <= y)
			edid[modes[i].at] |= (u8)(1 << modes[i].bit);
}

/* Section 3.10.3.4: 13 characters, ended by a line feed and spaces. */
static void write_name(u8 *d, const char *name)
{
	size_t n = strnlen(name, 13);

	d[3] = 0xfc;
	memset(d + 5, ' ', 13);
	memcpy(d + 5, name, n);
	if (n < 13)
		d[5 + n] = '\n';
}

/* Section 3.10.3.3: anything goes; 10 MHz units of pixel clock. */
static void write_range(u8 *d)
{
	static const u8 range[] = { 0,  0, 0,    0xfd, 0,   1,   120, 15,  255,
				    66, 1, '\n', ' ',  ' ', ' ', ' ', ' ', ' ' };

	memcpy(d, range, sizeof(range));
}

void display_edid(u8 *edid, const char *name, u32 width, u32 height)
{
	static const u8 header[] = { 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0 };
	/* Section 3.7: sRGB */
	static const u8 colors[] = { 0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54 };
	u32 x = MIN(MAX(width, 64), MOST), y = MIN(MAX(height, 64), MOST);
	u8 sum = 0;

	memset(edid, 0, EDID_BYTES);
	memcpy(edid, header, sizeof(header));
	put_be16(edid + 8, ('V' - '@') << 10 | ('M' - '@') << 5 | ('B' - '@'));
	put_le16(edid + 10, 1); /* product */
	edid[17] = 2026 - 1990;
	edid[18] = 1;
	edid[19] = 4;
	edid[20] = 0xa5;                         /* digital, 8 bits a color, DisplayPort */
	edid[21] = (u8)MIN(x * 254 / 9600, 255); /* cm */
	edid[22] = (u8)MIN(y * 254 / 9600, 255);
	edid[23] = 120;  /* gamma 2.2 */
	edid[24] = 0x06; /* sRGB, the first timing is the native one */
	memcpy(edid + 25, colors, sizeof(colors));
	write_smaller_modes(edid, x, y);
	memset(edid + 38, 1, 16); /* no standard timings */
	write_mode(edid + AT_MODE, x, y);
	write_name(edid + AT_NAME, name);
	write_range(edid + AT_RANGE);
	edid[AT_SPARE + 3] = 0x10; /* a dummy */
	for (u32 i = 0; i < AT_SUM; i++)
		sum = (u8)(sum + edid[i]);
	edid[AT_SUM] = (u8)-sum;
}
