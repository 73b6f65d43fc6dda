/* terminal.h - the user's terminal in raw mode, and as it was again. */
#ifndef TERMINAL_H
#define TERMINAL_H

#include "base.h"

/* Raw until terminal_restore(), which SIGTERM, SIGHUP, SIGINT and every crash do too,
 * before what they did anyway.  Again is fine: a shell may have changed it meanwhile.
 * Nothing happens while another program has the foreground.  One a process: it has one terminal. */
bool terminal_raw(int fd, struct err *e);
void terminal_restore(void); /* also from a signal handler, also twice */
bool terminal_is_raw(void);
bool terminal_size(int fd, u32 *columns, u32 *rows);

#endif
