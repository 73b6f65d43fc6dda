/* image.h - files that a hart can run: what they are and where they belong.
 *
 * Files come from users and may be hostile: sizes and offsets are checked before
 * they are added.  Nothing here touches guest memory.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "base.h"

enum image_kind {
	IMAGE_IS_RAW,
	IMAGE_IS_ELF,
	IMAGE_IS_LINUX, /* Documentation/arch/riscv/boot-image-header.rst */
};

struct segment {
	u64 gpa, size; /* size: in memory */
	const u8 *bytes;
	u64 nbytes; /* in the file; the rest is zero */
};

enum { IMAGE_SEGMENTS = 32 };

struct image {
	char *path;
	u8 *bytes; /* owned */
	size_t len;
	enum image_kind kind;
	u32 xlen;      /* of an ELF */
	bool anywhere; /* an ELF that relocates itself (ET_DYN): segments count from 0 */
	bool has_entry;
	u64 entry; /* physical */
	struct segment segment[IMAGE_SEGMENTS];
	u32 nsegments;
	/* LINUX: from its header */
	u64 text_offset, image_size;
};

struct image_source {
	void *ctx;
	u8 *(*read_file)(void *ctx, const char *path, size_t max, size_t *len, struct err *e);
	bool (*unpack)(const u8 *from, size_t n, size_t max, u8 **to, size_t *len, struct err *e);
};

/* Reads, unpacks (gzip, zstd, EFI zboot) and recognizes.  A kernel or ELF: anything else is
 * E0501, which says what the file is. */
bool image_open(struct image *im, const struct image_source *src, const char *path, struct err *e);
/* One segment at `gpa`, whatever it holds. */
bool image_open_raw(struct image *im, const struct image_source *src, const char *path, u64 gpa,
		    struct err *e);
void image_close(struct image *im);

/* The bytes of a file, or NULL: E0503. */
u8 *image_read(const struct image_source *src, const char *path, size_t max, size_t *len,
	       struct err *e);
/* False: these bytes are known to be something else; E0501 says what. */
bool image_is_code(const struct image *im, struct err *e);
/* What is wrong with a file that begins well: E0501 and E0504.  Returns false. */
enum image_refusal { IMAGE_DAMAGED, IMAGE_FOREIGN };
bool image_refuse(const struct image *im, struct err *e, enum image_refusal why, const char *fmt,
		  ...) PRINTF(4, 5);

/* ELF (elf.c): fills segments and entry. */
bool elf_read(struct image *im, struct err *e);
/* The value of a symbol; false if there is none or it is no ELF. */
bool elf_symbol(const struct image *im, const char *name, u64 *value);

#endif
