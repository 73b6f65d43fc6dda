/* net-rtl8169.c - Realtek RTL8169SB gigabit Ethernet
 *
 * Spec: Realtek RTL8169S data sheet 1.x, chapters 6 (registers) and 7 (descriptors);
 * IEEE 802.3 clause 22 (PHY registers).
 *
 * Two rings of descriptors in RAM, one to send and one to receive.  Bit OWN of a
 * descriptor says whose it is; what the driver gave is used in order, up to the end of
 * the ring (EOR):
 *
 *	 0  OWN EOR FS LS | what it is about | length       FS, LS: first and last of a frame
 *	 4  VLAN tag
 *	 8  address, 64 bits
 *
 * A frame to send is copied out and its descriptors given back at once; if the cable has
 * no room the one frame waits here.  A frame that arrives and finds no room waits too, for
 * a while: drivers give descriptors without a word, so it has to be tried again.
 *
 * Not modeled: the EEPROM, wake-up, the high-priority ring, the timer, interrupt
 * moderation, stripping of VLAN tags, vendor pages of the PHY.  A frame's check sequence
 * reads as zeros.
 */
#include "clock.h"
#include "device.h"
#include "net.h"
#include "pci.h"

#define REGISTERS 256
#define RING_MOST 1024 /* descriptors */
#define PARTS     64   /* descriptors of one frame */
#define FCS       4    /* bytes of a frame's check sequence */
#define VLAN      4    /* bytes of a tag */
#define SHORTEST  60

#define GO_ON_NS 20000 /* after a ring full of frames */
#define RETRY_NS 250000
#define RETRIES  40 /* then the frame is lost, as it would be at once on a real card */

enum {
	MAC = 0x00,
	MULTICAST = 0x08,
	COUNTERS = 0x10,
	TX_RING = 0x20,
	COMMAND = 0x37,
	POLL = 0x38,
	MASK = 0x3c,
	STATUS = 0x3e,
	TX_CONFIG = 0x40,
	RX_CONFIG = 0x44,
	MISSED = 0x4c,
	LOCK = 0x50,
	CONFIG0 = 0x51,
	CONFIG5 = 0x56,
	PHY_ACCESS = 0x60,
	PHY_STATUS = 0x6c,
	RX_MAX = 0xda,
	CPLUS = 0xe0,
	RX_RING = 0xe4,
};

enum { COMMAND_RESET = 0x10, COMMAND_RX = 0x08, COMMAND_TX = 0x04 };
enum { POLL_NORMAL = 0x40, POLL_INTERRUPT = 0x01 };
enum { UNLOCKED = 0xc0 };
enum { COUNTERS_RESET = 1, COUNTERS_DUMP = 8 };

enum {
	RX_OK = 1 << 0,
	TX_OK = 1 << 2,
	TX_ERROR = 1 << 3,
	RX_NONE = 1 << 4, /* no descriptor */
	LINK = 1 << 5,
	TX_NONE = 1 << 7,
	SOFTWARE = 1 << 8,
	SYSTEM_ERROR = 1 << 15,
};

enum {
	ACCEPT_ALL = 1 << 0,
	ACCEPT_MINE = 1 << 1,
	ACCEPT_MULTICAST = 1 << 2,
	ACCEPT_BROADCAST = 1 << 3,
};

enum { LINK_1000_FULL = 0x13 };

/* Descriptors, first word. */
#define OWN          ((u32)1 << 31)
#define EOR          ((u32)1 << 30)
#define FIRST        ((u32)1 << 29)
#define LAST         ((u32)1 << 28)
#define SEND_LARGE   ((u32)1 << 27) /* and the segment size in bits 26..16 */
#define SEND_IP      ((u32)1 << 18) /* checksums, else */
#define SEND_UDP     ((u32)1 << 17)
#define SEND_TCP     ((u32)1 << 16)
#define GOT_MULTI    ((u32)1 << 27)
#define GOT_MINE     ((u32)1 << 26)
#define GOT_BROAD    ((u32)1 << 25)
#define GOT_UDP      ((u32)1 << 18) /* and its checksum was right */
#define GOT_TCP      ((u32)1 << 17)
#define SEND_LENGTH  0xffff
#define BUFFER_BYTES 0x3fff
/* Second word. */
#define ADD_TAG      ((u32)1 << 17)

/* TX_CONFIG tells the chips of the family apart. */
#define REVISION 0x10000000

/* IEEE 802.3 table 22-6. */
enum {
	PHY_CONTROL,
	PHY_STATE,
	PHY_ID1,
	PHY_ID2,
	PHY_ADVERTISED,
	PHY_PARTNER,
	PHY_EXPANSION,
	PHY_GIGABIT_CONTROL = 9,
	PHY_GIGABIT_STATE,
	PHY_EXTENDED = 15,
	PHY_PAGE = 31,
	PHY_REGISTERS,
};

enum { PHY_RESET = 1 << 15, PHY_DOWN = 1 << 11, PHY_RESTART = 1 << 9 };
enum { PHY_NEGOTIATED = 1 << 5, PHY_LINK = 1 << 2 };

#define PHY_ABILITIES     0x7949 /* 10 and 100 Mb/s, both ways; negotiation */
#define PHY_ID            0x001cc912
#define PHY_CONTROL_RESET 0x1140 /* negotiate, gigabit, both ways */
#define PHY_BASIC         0x01e1
#define PHY_PARTNER_HAS   0x45e1
#define PHY_GIGABIT       0x0300
#define PHY_GIGABIT_LINK  0x3c00
#define PHY_GIGABIT_ABLE  0x3000
#define PHY_ACCESS_DONE   ((u32)1 << 31) /* also: it is to be written */

struct descriptor {
	u32 what, tag;
	u64 address;
};

struct nic {
	struct device dev;

	/* properties */
	u8 mac[6];
	struct net *host;

	u8 regs[REGISTERS];
	u16 phy[PHY_REGISTERS];
	u32 tx_at, rx_at; /* the descriptor that comes next */
	bool tx_more;     /* the ring has more than one go may do */
	u32 retries;      /* of a frame that finds no room; 0: there is none */
	u64 again_ns;     /* when either is looked at again */
	bool link;
	u64 tx_frames, tx_errors, rx_frames, rx_missed;
	u64 rx_mine, rx_broad, rx_multi;

	/* The frame that waits for the cable: 0 bytes, none.  Lost in a snapshot, as frames
	 * may be. */
	u32 waiting;
	struct net_work work;
	u8 frame[NET_FRAME_MAX + VLAN];
};

static void pend(struct nic *n, u32 bits)
{
	put_le16(n->regs + STATUS, (u16)(get_le16(n->regs + STATUS) | bits));
}

/* -- The PHY --------------------------------------------------------------------------- */

static bool has_link(const struct nic *n)
{
	return net_link(n->host) && !(n->phy[PHY_CONTROL] & PHY_DOWN);
}

static void phy_reset(struct nic *n)
{
	memset(n->phy, 0, sizeof(n->phy));
	n->phy[PHY_CONTROL] = PHY_CONTROL_RESET;
	n->phy[PHY_ID1] = PHY_ID >> 16;
	n->phy[PHY_ID2] = PHY_ID & 0xffff;
	n->phy[PHY_ADVERTISED] = PHY_BASIC;
	n->phy[PHY_EXPANSION] = 1;
	n->phy[PHY_GIGABIT_CONTROL] = PHY_GIGABIT;
	n->phy[PHY_EXTENDED] = PHY_GIGABIT_ABLE;
}

static u16 phy_read(const struct nic *n, u32 r)
{
	bool up = has_link(n);

	if (n->phy[PHY_PAGE] && r != PHY_PAGE)
		return 0;
	switch (r) {
	case PHY_STATE:
		return (u16)(PHY_ABILITIES | (up ? PHY_NEGOTIATED | PHY_LINK : 0));
	case PHY_PARTNER:
		return up ? PHY_PARTNER_HAS : 0;
	case PHY_GIGABIT_STATE:
		return up ? PHY_GIGABIT_LINK : 0;
	default:
		return n->phy[r];
	}
}

static void phy_control(struct nic *n, u16 v)
{
	if (v & PHY_RESET)
		phy_reset(n);
	else
		n->phy[PHY_CONTROL] = v & (u16)~PHY_RESTART;
	if (v & (PHY_RESET | PHY_RESTART))
		pend(n, LINK); /* it was gone for a moment */
}

static void phy_write(struct nic *n, u32 r, u16 v)
{
	if (n->phy[PHY_PAGE] && r != PHY_PAGE)
		return;
	switch (r) {
	case PHY_CONTROL:
		phy_control(n, v);
		break;
	case PHY_ADVERTISED:
	case PHY_GIGABIT_CONTROL:
	case PHY_PAGE:
		n->phy[r] = v;
		break;
	default:
		break;
	}
}

static void phy_access(struct nic *n)
{
	u32 v = get_le32(n->regs + PHY_ACCESS), r = v >> 16 & 31;

	if (v & PHY_ACCESS_DONE) {
		phy_write(n, r, (u16)v);
		v &= ~PHY_ACCESS_DONE;
	} else {
		v = PHY_ACCESS_DONE | r << 16 | phy_read(n, r);
	}
	put_le32(n->regs + PHY_ACCESS, v);
}

/* -- Descriptors ------------------------------------------------------------------------- */

static u64 ring_base(const struct nic *n, u32 reg)
{
	return align_down(get_le64(n->regs + reg), 256);
}

/* False: it is the driver's, or nowhere.  OWN first: the rest is good only after it. */
static bool fetch(struct nic *n, u32 ring, u32 at, struct descriptor *d)
{
	u64 gpa = ring_base(n, ring) + at * sizeof(u8[16]);
	u8 raw[16];

	if (!dma_read(&n->dev, gpa, raw, 4)) {
		pend(n, SYSTEM_ERROR);
		return false;
	}
	d->what = get_le32(raw);
	if (!(d->what & OWN))
		return false;
	dma_fence();
	if (!dma_read(&n->dev, gpa + 4, raw + 4, 12))
		return false;
	d->tag = get_le32(raw + 4);
	d->address = get_le64(raw + 8);
	return true;
}

/* The driver looks at the first word only, so what it stands for is written before it. */
static void give_back(struct nic *n, u32 ring, u32 at, u32 what)
{
	u8 raw[4];

	put_le32(raw, what);
	dma_fence();
	dma_write(&n->dev, ring_base(n, ring) + at * sizeof(u8[16]), raw, sizeof(raw));
}

static u32 after(u32 at, const struct descriptor *d)
{
	return d->what & EOR ? 0 : (at + 1) % RING_MOST;
}

/* -- Sending ------------------------------------------------------------------------------ */

static void add_tag(struct nic *n, u32 *len, u16 tag)
{
	u8 *at = n->frame + 12;

	memmove(at + VLAN, at, *len - 12);
	put_be16(at, 0x8100);
	put_be16(at + 2, (u16)(tag << 8 | tag >> 8)); /* the descriptor has it in this order */
	*len += VLAN;
}

/* The checksum of TCP or UDP is left to the cable: what it starts from is the sum of the
 * pseudo-header.  Frames that are not IPv4 go as they are. */
static void offload(struct nic *n, u32 len, u32 what, struct net_work *w)
{
	u32 ip_at = get_be16(n->frame + 12) == 0x8100 ? 14 + VLAN : 14;
	u8 *ip = n->frame + ip_at;
	u32 bytes, at, field;
	bool large = what & SEND_LARGE, tcp = large || what & SEND_TCP;

	if (len < ip_at + 20 || get_be16(ip - 2) != 0x0800)
		return;
	bytes = (ip[0] & 0xfu) * 4;
	at = ip_at + bytes;
	field = tcp ? 16 : 6;
	if (bytes < 20 || at + field + 2 > len)
		return;
	if (large || what & SEND_IP) {
		put_be16(ip + 10, 0);
		put_be16(ip + 10, sum16_end(sum16(0, ip, bytes)));
	}
	if (!tcp && !(what & SEND_UDP))
		return;
	put_be16(ip + bytes + field, sum16(ip[9] + (len - at), ip + 12, 8));
	w->csum = true;
	w->csum_start = (u16)at;
	w->csum_offset = (u16)field;
	if (large) {
		w->cut = NET_TSO4;
		w->mss = what >> 16 & 0x7ff;
	}
}

/* False: it waits. */
static bool send_frame(struct nic *n, u32 len, const struct descriptor *d)
{
	n->work = (struct net_work){ 0 };
	if (d->tag & ADD_TAG)
		add_tag(n, &len, (u16)d->tag);
	if (d->what & (SEND_LARGE | SEND_IP | SEND_UDP | SEND_TCP))
		offload(n, len, d->what, &n->work);
	if (len < SHORTEST) {
		memset(n->frame + len, 0, SHORTEST - len);
		len = SHORTEST;
	}
	if (net_send(n->host, n->frame, len, &n->work))
		return true;
	n->waiting = len;
	return false;
}

/* The parts of a frame, in n->frame; 0: there is none to send. */
static u32 gather(struct nic *n, const struct descriptor *d, u32 count)
{
	u32 len = 0;

	for (u32 i = 0; i < count; i++) {
		u32 part = d[i].what & SEND_LENGTH;

		if (len + part > NET_FRAME_MAX - VLAN ||
		    !dma_read(&n->dev, d[i].address, n->frame + len, part)) {
			guest_error(&n->dev, "a frame to send is too long or not in RAM");
			return 0;
		}
		len += part;
	}
	if (len < NET_FRAME_MIN || !(d->what & FIRST)) {
		guest_error(&n->dev, "%u bytes to send are no frame", len);
		return 0;
	}
	return len;
}

/* One frame, all of its descriptors or none.  False: that was all for now. */
static bool send_next(struct nic *n)
{
	struct descriptor d[PARTS];
	u32 count = 0, at = n->tx_at, len;

	do {
		if (!fetch(n, TX_RING, at, &d[count])) {
			pend(n, TX_NONE);
			return false;
		}
		at = after(at, &d[count]);
	} while (!(d[count++].what & LAST) && count < PARTS);
	len = gather(n, d, count);
	for (u32 i = 0; i < count; i++) {
		give_back(n, TX_RING, n->tx_at, d[i].what & ~OWN);
		n->tx_at = after(n->tx_at, &d[i]);
	}
	n->tx_frames += len != 0;
	n->tx_errors += len == 0;
	pend(n, len ? TX_OK : TX_ERROR);
	return !len || send_frame(n, len, d);
}

static void transmit(struct nic *n)
{
	n->tx_more = false;
	if (!(n->regs[COMMAND] & COMMAND_TX))
		return;
	if (n->waiting && !net_send(n->host, n->frame, n->waiting, &n->work))
		return;
	n->waiting = 0;
	for (u32 i = 0; i < RING_MOST; i++)
		if (!send_next(n))
			return;
	n->tx_more = true;
	n->again_ns = clock_ns(&n->dev) + GO_ON_NS;
}

/* -- Receiving ---------------------------------------------------------------------------- */

/* IEEE 802.3 section 3.2.8, bits as they come: the hash of a multicast address. */
static u32 crc_of(const u8 *p, u32 n)
{
	u32 crc = UINT32_MAX;

	for (u32 i = 0; i < 8 * n; i++) {
		u32 bit = ((u32)p[i / 8] >> i % 8 & 1) ^ crc >> 31;

		crc = crc << 1 ^ (bit ? 0x04c11db7 : 0);
	}
	return crc;
}

static bool hash_has(const struct nic *n, const u8 *to)
{
	u32 bit = crc_of(to, 6) >> 26;

	return n->regs[MULTICAST + bit / 8] >> bit % 8 & 1;
}

/* What the address makes of it, for the descriptor; 0: it is not for us. */
static u32 accepted(struct nic *n, const u8 *to)
{
	static const u8 everybody[6] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };
	u32 accepts = n->regs[RX_CONFIG];
	bool mine = !memcmp(to, n->regs + MAC, 6), broad = !memcmp(to, everybody, 6);
	bool multi = (to[0] & 1) && !broad;

	if (!(accepts & ACCEPT_ALL) && !(mine && accepts & ACCEPT_MINE) &&
	    !(broad && accepts & ACCEPT_BROADCAST) &&
	    !(multi && accepts & ACCEPT_MULTICAST && hash_has(n, to)))
		return 0;
	n->rx_mine += !broad && !multi;
	n->rx_broad += broad;
	n->rx_multi += multi;
	return broad ? GOT_BROAD : multi ? GOT_MULTI : GOT_MINE;
}

/* Descriptors for that many bytes; 0: the driver has not given enough. */
static u32 find_room(struct nic *n, struct descriptor *d, u32 bytes)
{
	u32 count = 0, at = n->rx_at, room = 0;

	while (room < bytes) {
		if (count == PARTS || !fetch(n, RX_RING, at, &d[count]))
			return 0;
		room += d[count].what & BUFFER_BYTES;
		at = after(at, &d[count++]);
	}
	return count;
}

/* Bytes [from, to) of the frame and its check sequence. */
static void store(struct nic *n, u64 gpa, const u8 *bytes, u32 len, u32 from, u32 to)
{
	static const u8 fcs[FCS];
	u32 data = from < len ? MIN(to, len) - from : 0;

	if (!dma_write(&n->dev, gpa, bytes + from, data) ||
	    !dma_write(&n->dev, gpa + data, fcs, to - from - data))
		pend(n, SYSTEM_ERROR);
}

static u32 checked(const struct nic *n, const u8 *bytes, u32 len, const struct net_work *w)
{
	bool ip = len > 34 && get_be16(bytes + 12) == 0x0800;

	if (!w->good || !ip || !(n->regs[CPLUS] & 0x20))
		return 0;
	return bytes[23] == 6 ? GOT_TCP : bytes[23] == 17 ? GOT_UDP : 0;
}

static void deliver(struct nic *n, const struct descriptor *d, u32 count, const u8 *bytes, u32 len,
		    u32 what)
{
	u32 total = len + FCS, from = 0;

	for (u32 i = 0; i < count; i++) {
		u32 to = MIN(total, from + (d[i].what & BUFFER_BYTES));
		bool last = i + 1 == count;

		store(n, d[i].address, bytes, len, from, to);
		give_back(n, RX_RING, n->rx_at,
			  (d[i].what & EOR) | (i ? 0 : FIRST) | (last ? LAST : 0) | what |
				  (last ? total : to - from));
		n->rx_at = after(n->rx_at, &d[i]);
		from = to;
	}
	n->rx_frames++;
	pend(n, RX_OK);
}

/* False: it is to come again.  A driver that never makes room loses it in the end. */
static bool no_room(struct nic *n)
{
	pend(n, RX_NONE);
	n->again_ns = clock_ns(&n->dev) + RETRY_NS;
	if (++n->retries <= RETRIES)
		return false;
	n->retries = 0;
	n->rx_missed++;
	return true;
}

static bool nic_frame(struct device *dev, const u8 *bytes, u32 len, const struct net_work *w)
{
	struct nic *n = (struct nic *)dev;
	struct descriptor d[PARTS];
	u32 most = get_le16(n->regs + RX_MAX), what, count;

	if (!(n->regs[COMMAND] & COMMAND_RX) || (most && len + FCS > most)) /* 0: any */
		return true;
	what = accepted(n, bytes);
	if (!what)
		return true;
	count = find_room(n, d, len + FCS);
	if (!count)
		return no_room(n);
	n->retries = 0;
	deliver(n, d, count, bytes, len, what | checked(n, bytes, len, w));
	return true;
}

/* -- Registers ------------------------------------------------------------------------------ */

/* Bits that a write changes, by offset; the rest are told what is there.  The address and
 * the configuration only while they are unlocked. */
static const struct {
	u8 from, to, mask;
	bool locked;
} writable[] = {
	{ MAC, MAC + 5, 0xff, true },
	{ MULTICAST, MULTICAST + 7, 0xff, false },
	{ COUNTERS, COUNTERS + 7, 0xff, false },
	{ TX_RING, TX_RING + 15, 0xff, false },
	{ COMMAND, COMMAND, COMMAND_RX | COMMAND_TX, false },
	{ MASK, MASK + 1, 0xff, false },
	{ TX_CONFIG + 1, TX_CONFIG + 1, 0x07, false },
	{ TX_CONFIG + 2, TX_CONFIG + 2, 0x0f, false },
	{ TX_CONFIG + 3, TX_CONFIG + 3, 0x03, false },
	{ RX_CONFIG, RX_CONFIG + 3, 0xff, false },
	{ LOCK, LOCK, UNLOCKED, false },
	{ CONFIG0, CONFIG5, 0xff, true },
	{ PHY_ACCESS, PHY_ACCESS + 3, 0xff, false },
	{ RX_MAX, RX_MAX, 0xff, false },
	{ RX_MAX + 1, RX_MAX + 1, 0x3f, false },
	{ CPLUS, CPLUS + 3, 0xff, false },
	{ RX_RING, RX_RING + 8, 0xff, false }, /* and how early to send */
};

static u8 writable_at(const struct nic *n, u32 off)
{
	bool locked = n->regs[LOCK] != UNLOCKED;

	for (size_t i = 0; i < ARRAY_LEN(writable); i++)
		if (off >= writable[i].from && off <= writable[i].to)
			return writable[i].locked && locked ? 0 : writable[i].mask;
	return 0;
}

static void chip_reset(struct nic *n)
{
	u8 mac[6];

	memcpy(mac, n->regs + MAC, sizeof(mac));
	memset(n->regs, 0, sizeof(n->regs));
	memcpy(n->regs + MAC, mac, sizeof(mac));
	put_le32(n->regs + TX_CONFIG, REVISION);
	put_le16(n->regs + RX_MAX, 0x1fff);
	n->tx_at = n->rx_at = n->waiting = n->retries = 0;
	n->tx_more = false;
}

/* Table of 64 bytes; its address has the command in its low bits. */
static void dump_counters(struct nic *n)
{
	u32 command = get_le32(n->regs + COUNTERS) & (COUNTERS_RESET | COUNTERS_DUMP);
	u64 gpa = align_down(get_le64(n->regs + COUNTERS), 64);
	u8 raw[64] = { 0 };

	if (command & COUNTERS_RESET)
		n->tx_frames = n->tx_errors = n->rx_frames = n->rx_missed = n->rx_mine =
			n->rx_broad = n->rx_multi = 0;
	put_le64(raw, n->tx_frames);
	put_le64(raw + 8, n->rx_frames);
	put_le64(raw + 16, n->tx_errors);
	put_le16(raw + 28, (u16)n->rx_missed);
	put_le64(raw + 40, n->rx_mine);
	put_le64(raw + 48, n->rx_broad);
	put_le32(raw + 56, (u32)n->rx_multi);
	if (command && !dma_write(&n->dev, gpa, raw, sizeof(raw)))
		pend(n, SYSTEM_ERROR);
	n->regs[COUNTERS] &= (u8) ~(COUNTERS_RESET | COUNTERS_DUMP);
}

static void poll(struct nic *n, u8 v)
{
	if (v & POLL_INTERRUPT)
		pend(n, SOFTWARE);
	if (v & POLL_NORMAL)
		transmit(n);
}

static void command(struct nic *n, u8 v)
{
	if (v & COMMAND_RESET)
		chip_reset(n);
	if (n->regs[COMMAND] & COMMAND_RX)
		net_ready(n->host);
}

static void write_byte(struct nic *n, u32 off, u8 v)
{
	u8 mask = writable_at(n, off), *r = &n->regs[off];

	if (off == STATUS || off == STATUS + 1)
		*r &= (u8)~v;
	else if (off >= MISSED && off < MISSED + 4)
		n->rx_missed = 0;
	else
		*r = (u8)((*r & ~mask) | (v & mask));
}

/* Byte `off` of `n` that are written begins with or has in it the register at `reg`. */
static bool touches(u64 off, u32 width, u32 reg, u32 bytes)
{
	return ranges_overlap(off, width, reg, bytes);
}

static void nic_write(struct device *dev, u32 bar, u64 off, u32 width, u64 value)
{
	struct nic *n = (struct nic *)dev;

	for (u32 i = 0; i < width; i++)
		write_byte(n, (u32)off + i, (u8)(value >> 8 * i));
	if (touches(off, width, TX_RING, 8))
		n->tx_at = 0;
	if (touches(off, width, RX_RING, 8))
		n->rx_at = 0;
	if (touches(off, width, COUNTERS, 1))
		dump_counters(n);
	if (touches(off, width, PHY_ACCESS + 3, 1))
		phy_access(n);
	if (touches(off, width, COMMAND, 1))
		command(n, (u8)(value >> 8 * (COMMAND - off)));
	if (touches(off, width, POLL, 1))
		poll(n, (u8)(value >> 8 * (POLL - off)));
	if (touches(off, width, STATUS, 2) && n->retries)
		net_ready(n->host);
	(void)bar;
}

static u64 nic_read(struct device *dev, u32 bar, u64 off, u32 width)
{
	const struct nic *n = (struct nic *)dev;
	u64 v = 0;

	for (u32 i = width; i-- > 0;)
		v = v << 8 | n->regs[off + i];
	(void)bar;
	return v;
}

/* -- Life ------------------------------------------------------------------------------------ */

static void nic_update(struct device *dev)
{
	struct nic *n = (struct nic *)dev;

	if (n->link != has_link(n))
		pend(n, LINK);
	n->link = has_link(n);
	n->regs[PHY_STATUS] = n->link ? LINK_1000_FULL : 0;
	put_le32(n->regs + MISSED, (u32)MIN(n->rx_missed, 0xffffff));
	if (n->tx_more || n->retries)
		timer_at(dev, n->again_ns);
	else
		timer_off(dev);
	pci_intx(dev, get_le16(n->regs + STATUS) & get_le16(n->regs + MASK));
}

static void nic_timer(struct device *dev)
{
	struct nic *n = (struct nic *)dev;

	n->again_ns = clock_ns(dev) + RETRY_NS;
	if (n->tx_more)
		transmit(n);
	if (n->retries)
		net_ready(n->host);
}

static void nic_net_changed(struct device *dev)
{
	struct nic *n = (struct nic *)dev;

	if (n->waiting)
		transmit(n);
}

static void nic_reset(struct device *dev)
{
	struct nic *n = (struct nic *)dev;

	memcpy(n->regs + MAC, n->mac, sizeof(n->mac));
	chip_reset(n);
	phy_reset(n);
	n->link = has_link(n);
	net_ready(n->host);
}

static bool nic_init(struct device *dev, struct err *e)
{
	struct nic *n = (struct nic *)dev;
	static const u8 none[6];

	if (!memcmp(n->mac, none, sizeof(none)))
		net_default_mac(n->host, n->mac);
	net_takes(n->host, 0);
	(void)e;
	return true;
}

/* clang-format off */
#define SELF struct nic

DEVICE(net_rtl8169) = {
	.name         = "net-rtl8169",
	.doc          = "Realtek RTL8169 network card, for guests without virtio",
	.linux_driver = "r8169",
	.linux_config = "R8169",
	.linux_name   = "eth",
	.qemu         = "rtl8139",
	.size         = sizeof(SELF),
	.on           = BUS_PCI,
	.example      = "net0: {device: net-rtl8169, host: {net: slirp}}",
	.init         = nic_init,
	.reset        = nic_reset,
	.update       = nic_update,
	.timer        = nic_timer,
	.frame        = nic_frame,
	.net_changed  = nic_net_changed,

	.pci = &(const struct pci_class){
		.vendor = 0x10ec, .device = 0x8169, .revision = 0x10, .class_code = 0x020000,
		.subsystem_vendor = 0x10ec, .subsystem = 0x8169,
		.bar  = { { .size = REGISTERS, .io = true }, { .size = REGISTERS } },
		.intx = true,
		.read = nic_read, .write = nic_write,
	},

	.props = PROPS(
		PROP_MAC(mac, .doc = "its address; made from its name if not given"),
		PROP_NET(host, .doc = "what its cable leads to")),

	.state = STATE(
		FIELD(regs), FIELD(phy),
		FIELD_MAX(tx_at, RING_MOST - 1), FIELD_MAX(rx_at, RING_MOST - 1),
		FIELD(tx_more), FIELD_MAX(retries, RETRIES), FIELD(again_ns), FIELD(link),
		FIELD(tx_frames), FIELD(tx_errors), FIELD(rx_frames), FIELD(rx_missed),
		FIELD(rx_mine), FIELD(rx_broad), FIELD(rx_multi)),
};
