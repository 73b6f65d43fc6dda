/* banned.h - functions of libc that this project never calls: they do not compile. */
#ifndef BANNED_H
#define BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#undef strcpy
#undef strcat
#undef strncpy
#undef strncat
#undef sprintf
#undef vsprintf
#undef strtok
#undef atoi
#undef atol
#undef atoll
#undef atof
#undef gets
#undef alloca
#define strcpy(d, s)        banned_strcpy_use_snprintf
#define strcat(d, s)        banned_strcat_use_str_add
#define strncpy(d, s, n)    banned_strncpy_use_snprintf
#define strncat(d, s, n)    banned_strncat_use_str_add
#define sprintf(...)        banned_sprintf_use_snprintf
#define vsprintf(...)       banned_vsprintf_use_vsnprintf
#define strtok(s, d)        banned_strtok_use_strcspn
#define atoi(s)             banned_atoi_use_a_checked_parser
#define atol(s)             banned_atol_use_a_checked_parser
#define atoll(s)            banned_atoll_use_a_checked_parser
#define atof(s)             banned_atof_use_a_checked_parser
#define alloca(n)           banned_alloca
/* clang-format on */

#endif
