/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that somebody else wrote, on its way to a terminal or a file. */
#pragma once

#include <glib.h>

/* Characters that operate terminals (C0, C1) or turn the order of what is read (bidirectional controls), and bytes that
 * are not UTF-8, as \u escapes; everything else as it is. */
char *text_escape (const char *text);

/* The same for JSON that is made already: line breaks between its members stay. */
char *text_escape_json (const char *json);

/* Overwrites what was a secret, and frees it. */
void text_wipe (char *secret);
