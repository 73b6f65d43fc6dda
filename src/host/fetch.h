/* fetch.h - guests: recipes in boards/guests/, and what was made of them in the cache.
 *
 *	<cache>/apt/...              private state of apt: index, configuration
 *	<cache>/store/SHA256.deb     packages, named by their content
 *	<cache>/guests/NAME/PART     kernel, initrd, image, firmware, ...
 *	<cache>/guests/NAME/manifest what it was made from (JSON)
 *
 * All parts are read-only but the image: that is the user's disk, which fetch_guest()
 * replaces only when told to.
 */
#ifndef FETCH_H
#define FETCH_H

#include "base.h"

enum guest_state {
	GUEST_NONE,
	GUEST_OLD,      /* the recipe has changed since it was made */
	GUEST_OLD_DISK, /* since its disk was made: that was kept when all else was made anew */
	GUEST_CURRENT
};

struct guest_info {
	char *name, *description;
	enum guest_state state;
	u64 bytes;      /* of disk that it takes */
	char *manifest; /* or NULL */
};

struct guests {
	struct guest_info *list;
	size_t n, cap;
};

/* All recipes, in the order of their names. */
bool fetch_list(struct guests *out, struct err *e);
void guests_free(struct guests *g);

/* The file that is a part of a fetched guest ("kernel", "initrd", "image", or a part of
 * its recipe), or its "bootargs" as text.  NULL: E0702, with the command to run. */
char *fetch_part(const char *guest, const char *part, struct err *e);
bool fetch_is_there(const char *guest);
/* It was made by a recipe that has changed since: another fetch makes it anew, and keeps the
 * disk. */
bool fetch_is_old(const char *guest);
/* Whether its disk was ever mounted. */
bool fetch_disk_used(const char *guest);

enum fetch_stage {
	FETCH_WAIT,   /* for another fetch */
	FETCH_INDEX,  /* the list of packages */
	FETCH_GET,    /* packages */
	FETCH_UNPACK, /* `total` packages */
	FETCH_BUILD,  /* initrd and disk */
	FETCH_SETUP,  /* the guest configures its packages; `total` of them */
	FETCH_DONE /* `text` is the kernel's release; done 0: the disk was kept; total 0: there was
		      nothing to do */
};

struct fetch_progress {
	enum fetch_stage stage;
	const char *text; /* what the stage is busy with */
	u64 done, total;  /* INDEX: per cent; GET: bytes; total 0: cannot be told */
};

struct fetch_options {
	bool offline;       /* never touch the network */
	bool fresh;         /* newest packages, a new disk, even if all is there */
	const char *mirror; /* of Debian, instead of the one of the host's apt; or NULL */
	void (*progress)(void *ctx, const struct fetch_progress *p);
	void *ctx;
};

bool fetch_guest(const char *guest, const struct fetch_options *o, struct err *e);
/* Removes packages that no guest is made from, and leftovers; *bytes: what that freed. */
bool fetch_prune(u64 *bytes, struct err *e);

#endif
