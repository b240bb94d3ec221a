/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "keymap.h"

#include "client.h"

#include <string.h>

static const struct {
  const char *name;
  guint scancode;
} keys[] = {
  { "a", 0x1e },          { "b", 0x30 },          { "c", 0x2e },           { "d", 0x20 },
  { "e", 0x12 },          { "f", 0x21 },          { "g", 0x22 },           { "h", 0x23 },
  { "i", 0x17 },          { "j", 0x24 },          { "k", 0x25 },           { "l", 0x26 },
  { "m", 0x32 },          { "n", 0x31 },          { "o", 0x18 },           { "p", 0x19 },
  { "q", 0x10 },          { "r", 0x13 },          { "s", 0x1f },           { "t", 0x14 },
  { "u", 0x16 },          { "v", 0x2f },          { "w", 0x11 },           { "x", 0x2d },
  { "y", 0x15 },          { "z", 0x2c },          { "1", 0x02 },           { "2", 0x03 },
  { "3", 0x04 },          { "4", 0x05 },          { "5", 0x06 },           { "6", 0x07 },
  { "7", 0x08 },          { "8", 0x09 },          { "9", 0x0a },           { "0", 0x0b },
  { "minus", 0x0c },      { "equal", 0x0d },      { "bracketleft", 0x1a }, { "bracketright", 0x1b },
  { "semicolon", 0x27 },  { "apostrophe", 0x28 }, { "grave", 0x29 },       { "backslash", 0x2b },
  { "comma", 0x33 },      { "period", 0x34 },     { "slash", 0x35 },       { "less", 0x56 },
  { "space", 0x39 },      { "tab", 0x0f },        { "enter", 0x1c },       { "return", 0x1c },
  { "esc", 0x01 },        { "escape", 0x01 },     { "backspace", 0x0e },   { "ctrl", 0x1d },
  { "control", 0x1d },    { "rctrl", 0x11d },     { "alt", 0x38 },         { "altgr", 0x138 },
  { "ralt", 0x138 },      { "shift", 0x2a },      { "rshift", 0x36 },      { "super", 0x15b },
  { "win", 0x15b },       { "rsuper", 0x15c },    { "menu", 0x15d },       { "capslock", 0x3a },
  { "numlock", 0x45 },    { "scrolllock", 0x46 }, { "insert", 0x152 },     { "ins", 0x152 },
  { "delete", 0x153 },    { "del", 0x153 },       { "home", 0x147 },       { "end", 0x14f },
  { "pageup", 0x149 },    { "pagedown", 0x151 },  { "up", 0x148 },         { "down", 0x150 },
  { "left", 0x14b },      { "right", 0x14d },     { "print", 0x137 },      { "sysrq", 0x54 },
  { "f1", 0x3b },         { "f2", 0x3c },         { "f3", 0x3d },          { "f4", 0x3e },
  { "f5", 0x3f },         { "f6", 0x40 },         { "f7", 0x41 },          { "f8", 0x42 },
  { "f9", 0x43 },         { "f10", 0x44 },        { "f11", 0x57 },         { "f12", 0x58 },
  { "kp0", 0x52 },        { "kp1", 0x4f },        { "kp2", 0x50 },         { "kp3", 0x51 },
  { "kp4", 0x4b },        { "kp5", 0x4c },        { "kp6", 0x4d },         { "kp7", 0x47 },
  { "kp8", 0x48 },        { "kp9", 0x49 },        { "kpplus", 0x4e },      { "kpminus", 0x4a },
  { "kpmultiply", 0x37 }, { "kpdivide", 0x135 },  { "kpenter", 0x11c },    { "kpperiod", 0x53 },
};

/* The keys of a US keyboard that type punctuation, row by row: plain and shifted character. */
static const struct {
  char plain, shifted;
  guint scancode;
} characters[] = {
  { '1', '!', 0x02 },  { '2', '@', 0x03 }, { '3', '#', 0x04 },  { '4', '$', 0x05 }, { '5', '%', 0x06 },
  { '6', '^', 0x07 },  { '7', '&', 0x08 }, { '8', '*', 0x09 },  { '9', '(', 0x0a }, { '0', ')', 0x0b },
  { '-', '_', 0x0c },  { '=', '+', 0x0d }, { '[', '{', 0x1a },  { ']', '}', 0x1b }, { ';', ':', 0x27 },
  { '\'', '"', 0x28 }, { '`', '~', 0x29 }, { '\\', '|', 0x2b }, { ',', '<', 0x33 }, { '.', '>', 0x34 },
  { '/', '?', 0x35 },  { ' ', 0, 0x39 },   { '\n', 0, 0x1c },   { '\t', 0, 0x0f },
};

static guint
find_key (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (g_ascii_strcasecmp (keys[i].name, name) == 0)
      return keys[i].scancode;
  return 0;
}

bool
keymap_find_character (gunichar character, KeyStroke *stroke)
{
  if (character < 128 && g_ascii_isalpha (character)) {
    const char name[] = { g_ascii_tolower (character), 0 };

    *stroke = (KeyStroke){ find_key (name), g_ascii_isupper (character) };
    return true;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (characters); i++) {
    if (character == (guchar) characters[i].plain
        || (characters[i].shifted != 0 && character == (guchar) characters[i].shifted)) {
      *stroke = (KeyStroke){ characters[i].scancode, character != (guchar) characters[i].plain };
      return true;
    }
  }
  return false;
}

GArray *
keymap_parse_combination (const char *text, GError **error)
{
  g_autoptr (GArray) codes = g_array_new (FALSE, FALSE, sizeof (guint));
  g_auto (GStrv) names = g_strsplit (text, "+", -1);

  for (guint i = 0; names[i]; i++) {
    guint code = find_key (names[i]);

    if (code == 0) {
      g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                   "\"%s\" in \"%s\" is not the name of a key; \"caraway key --list\" prints them", names[i], text);
      return NULL;
    }
    g_array_append_val (codes, code);
  }
  if (codes->len == 0) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "an empty key combination");
    return NULL;
  }
  return g_steal_pointer (&codes);
}

const char *const *
keymap_names (void)
{
  static const char *names[G_N_ELEMENTS (keys) + 1];

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    names[i] = keys[i].name;
  return names;
}
