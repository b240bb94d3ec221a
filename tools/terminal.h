/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a command says to the person in front of it: progress, questions, and warnings of the library as errors. */
#pragma once

#include <glib.h>
#include <stdbool.h>

/* Installs the log handler; call first in main(). */
void terminal_init (void);

/* Shows "waiting for WHAT" on standard error if that is a terminal and it takes longer than a moment; NULL removes
 * it. */
void terminal_progress (const char *what);

/* Whether a person can be asked (there is a controlling terminal). */
bool terminal_can_ask (void);

/* Asks on the controlling terminal, without echo, which is restored whatever happens. NULL when there is none or the
 * answer is the end of file. For text_wipe(). */
char *terminal_ask_secret (const char *prompt);

/* The first line of the file, or of standard input for "-", without its newline. For text_wipe(). */
bool terminal_read_secret_file (const char *path, char **text, GError **error);

/* While on, the library's warnings are kept instead of printed; the last one is the reason of a refusal. */
void terminal_catch_warnings (bool on);
const char *terminal_last_warning (void);

/* What the server wanted a person to read a moment ago, escaped; NULL: nothing. */
const char *terminal_last_notice (void);
