/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of keys, and the keys that type a text, as PC set 1 scan codes (0x100 | code for E0-prefixed keys). */
#pragma once

#include <glib.h>
#include <stdbool.h>

typedef struct {
  guint scancode;
  bool shift;
} KeyStroke;

/* The stroke that types a character on a US keyboard; false if there is none. */
bool keymap_find_character (gunichar character, KeyStroke *stroke);

/* "ctrl+alt+del" → scan codes in the order of pressing. Names are case-insensitive. */
GArray *keymap_parse_combination (const char *text, GError **error);

/* All key names, for help and completion; NULL-terminated. */
const char *const *keymap_names (void);
