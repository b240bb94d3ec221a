/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A secret that stands nowhere in the program but where it is put, and how often it stands in the memory of the
 * process. */
#pragma once

#include <glib.h>

/* First of all: what is freed stays as it was, and no function is looked up at its first call, which leaves the
 * processor's registers on the stack: the program begins again where that is to be had only so. */
void secret_init (char **argv);

/* A text with the secret in it; to be wiped. */
char *secret_make (const char *before, const char *behind);
void secret_wipe (char *text);

/* In all memory that can be written, the free parts of the heap among it. */
unsigned secret_count (void);
