/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Names of keys, and the keys that type a text, as PC set 1 scan codes (0x100 | code for E0-prefixed keys). */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

typedef struct {
  guint scancode;
  bool shift;
  bool letter; /* Caps Lock changes what it types */
} KeyStroke;

#define KEYMAP_PAUSE 0x1000 /* not one code, but a sequence */

/* The stroke that types a character on a US keyboard; false if there is none. */
bool keymap_find_character (gunichar character, KeyStroke *stroke);

/* "ctrl+alt+del" → codes for keymap_send() in the order of pressing. Names are case-insensitive; those of QEMU, X and
 * virsh are known too, and scan codes. */
GArray *keymap_parse_combination (const char *text, GError **error);
void keymap_send (SpiceInputsChannel *inputs, guint scancode, bool down);

/* All key names, for help and completion; NULL-terminated. */
const char *const *keymap_names (void);
