/* aia.h - names of the Advanced Interrupt Architecture 1.0: CSRs, what they select, and where
 * machines/riscv-virt.yaml has an APLIC and IMSICs.
 */
/* clang-format off */
#ifndef AIA_H
#define AIA_H

#define siselect 0x150
#define sireg    0x151
#define stopei   0x15c
#define stopi    0xdb0
#define mvien    0x308
#define mvip     0x309
#define miselect 0x350
#define mireg    0x351
#define mtopei   0x35c
#define mtopi    0xfb0

#define IPRIO0      0x30
#define EIDELIVERY  0x70
#define EITHRESHOLD 0x72
#define EIP0        0x80
#define EIE0        0xc0

#define APLIC_M 0x0c000000
#define APLIC_S 0x0d000000
#define IMSIC_M 0x24000000
#define IMSIC_S 0x28000000

/* Offsets from a domain that are beyond an immediate of 12 bits */
#define SETIP       0x1c00
#define SETIPNUM    0x1cdc
#define IN_CLRIP    0x1d00
#define CLRIPNUM    0x1ddc
#define SETIE       0x1e00
#define SETIENUM    0x1edc
#define CLRIENUM    0x1fdc
#define SETIPNUM_LE 0x2000
#define GENMSI      0x3000
#define TARGET      0x3000
#define IDC         0x4000

#define DELEGATED 0x400
#define EDGE1     4
#define LEVEL1    6
#define LEVEL0    7

/* A register behind a window, `m` or `s`: written, read, and read with a value. */
#define PUT(w, select, value) li t6, select; csrw w##iselect, t6; li t6, value; csrw w##ireg, t6
#define GET(w, reg, select)   li t6, select; csrw w##iselect, t6; csrr reg, w##ireg
#define REG(w, select, value) GET(w, a0, select); EQ(a0, value)

/* A word at base + offset: written, read. */
#define STORE(base, off, value) li t5, (base)+(off); li t6, value; sw t6, 0(t5)
#define LOAD(reg, base, off)    li t5, (base)+(off); lwu reg, 0(t5)
#define WORD(base, off, value)  LOAD(a0, base, off); EQ(a0, value)

#endif
