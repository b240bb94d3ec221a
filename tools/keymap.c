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

/* Keys beyond a plain keyboard: pause, F13 to F24, power and media keys. */
static const struct {
  const char *name;
  guint scancode;
} more_keys[] = {
  { "pause", KEYMAP_PAUSE }, { "break", 0x146 },     { "f13", 0x5d },         { "f14", 0x5e },
  { "f15", 0x5f },           { "f16", 0x55 },        { "f17", 0x103 },        { "f18", 0x177 },
  { "f19", 0x104 },          { "f20", 0x5a },        { "f21", 0x74 },         { "f22", 0x179 },
  { "f23", 0x6d },           { "f24", 0x6f },        { "power", 0x15e },      { "sleep", 0x15f },
  { "wake", 0x163 },         { "mute", 0x120 },      { "volumedown", 0x12e }, { "volumeup", 0x130 },
  { "playpause", 0x122 },    { "stop", 0x124 },      { "previous", 0x110 },   { "next", 0x119 },
  { "media", 0x16d },        { "mail", 0x16c },      { "calculator", 0x121 }, { "homepage", 0x132 },
  { "search", 0x165 },       { "favorites", 0x166 }, { "refresh", 0x167 },    { "forward", 0x169 },
  { "back", 0x16a },         { "kpequal", 0x59 },    { "kpcomma", 0x7e },
};

/* What QEMU, X and virsh call them, without case, "_" and the prefix "KEY_", and what that is here. */
static const struct {
  const char *theirs, *ours;
} aliases[] = {
  { "ret", "enter" },
  { "spc", "space" },
  { "controll", "ctrl" },
  { "controlr", "rctrl" },
  { "ctrll", "ctrl" },
  { "ctrlr", "rctrl" },
  { "leftctrl", "ctrl" },
  { "rightctrl", "rctrl" },
  { "altl", "alt" },
  { "altr", "altgr" },
  { "leftalt", "alt" },
  { "rightalt", "altgr" },
  { "isolevel3shift", "altgr" },
  { "shiftl", "shift" },
  { "shiftr", "rshift" },
  { "leftshift", "shift" },
  { "rightshift", "rshift" },
  { "metal", "super" },
  { "metar", "rsuper" },
  { "leftmeta", "super" },
  { "rightmeta", "rsuper" },
  { "superl", "super" },
  { "superr", "rsuper" },
  { "meta", "super" },
  { "windows", "super" },
  { "compose", "menu" },
  { "prior", "pageup" },
  { "pgup", "pageup" },
  { "pgdn", "pagedown" },
  { "graveaccent", "grave" },
  { "leftbrace", "bracketleft" },
  { "rightbrace", "bracketright" },
  { "dot", "period" },
  { "asterisk", "kpmultiply" },
  { "kpasterisk", "kpmultiply" },
  { "kpslash", "kpdivide" },
  { "kpadd", "kpplus" },
  { "kpsubtract", "kpminus" },
  { "kpdot", "kpperiod" },
  { "kpdecimal", "kpperiod" },
  { "quoteright", "apostrophe" },
  { "quoteleft", "grave" },
  { "102nd", "less" },
  { "printscreen", "print" },
  { "prtsc", "print" },
  { "audiomute", "mute" },
  { "audiolowervolume", "volumedown" },
  { "audioraisevolume", "volumeup" },
  { "audioplay", "playpause" },
  { "audiostop", "stop" },
  { "audioprev", "previous" },
  { "audionext", "next" },
  { "xf86audiomute", "mute" },
  { "xf86audiolowervolume", "volumedown" },
  { "xf86audioraisevolume", "volumeup" },
  { "xf86audioplay", "playpause" },
  { "xf86audiostop", "stop" },
  { "xf86audioprev", "previous" },
  { "xf86audionext", "next" },
  { "nextsong", "next" },
  { "previoussong", "previous" },
  { "stopcd", "stop" },
  { "xf86poweroff", "power" },
  { "xf86sleep", "sleep" },
  { "wakeup", "wake" },
  { "ac", "homepage" },
};

static guint
find_plain_key (const char *name)
{
  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    if (strcmp (keys[i].name, name) == 0)
      return keys[i].scancode;
  for (gsize i = 0; i < G_N_ELEMENTS (more_keys); i++)
    if (strcmp (more_keys[i].name, name) == 0)
      return more_keys[i].scancode;
  return 0;
}

/* 0x1e, or with its prefix 0xe01d. */
static guint
parse_scancode (const char *text)
{
  guint64 code;
  guint prefix;

  if (!g_str_has_prefix (text, "0x") || !g_ascii_string_to_unsigned (text + 2, 16, 1, 0xe07f, &code, NULL))
    return 0;
  prefix = (guint) code >> 8;
  if ((prefix != 0 && prefix != 0xe0) || (code & 0xff) > 0x7f || (code & 0xff) == 0)
    return 0;
  return (guint) (code & 0x7f) | (prefix ? 0x100 : 0);
}

static guint
find_key (const char *text)
{
  g_autofree char *lower = g_ascii_strdown (text, -1);
  g_autoptr (GString) name = g_string_new (g_str_has_prefix (lower, "key_") ? lower + 4 : lower);
  guint code = parse_scancode (lower);

  if (code == 0)
    code = find_plain_key (lower);
  if (code != 0)
    return code;
  g_string_replace (name, "_", "", 0);
  for (gsize i = 0; i < G_N_ELEMENTS (aliases); i++)
    if (strcmp (aliases[i].theirs, name->str) == 0)
      return find_plain_key (aliases[i].ours);
  return find_plain_key (name->str);
}

bool
keymap_find_character (gunichar character, KeyStroke *stroke)
{
  if (character < 128 && g_ascii_isalpha (character)) {
    const char name[] = { g_ascii_tolower (character), 0 };

    *stroke = (KeyStroke){ find_plain_key (name), g_ascii_isupper (character), true };
    return true;
  }
  for (gsize i = 0; i < G_N_ELEMENTS (characters); i++) {
    if (character == (guchar) characters[i].plain
        || (characters[i].shifted != 0 && character == (guchar) characters[i].shifted)) {
      *stroke = (KeyStroke){ characters[i].scancode, character != (guchar) characters[i].plain, false };
      return true;
    }
  }
  return false;
}

/* One character that is no name of a key, or an upper-case letter: what types it. */
static bool
add_character (GArray *codes, const char *text)
{
  static const guint shift = 0x2a;
  gunichar character = g_utf8_get_char_validated (text, -1);
  KeyStroke stroke;

  if (*text == 0 || g_utf8_strlen (text, -1) != 1 || !keymap_find_character (character, &stroke))
    return false;
  if (stroke.shift)
    g_array_append_val (codes, shift);
  g_array_append_val (codes, stroke.scancode);
  return true;
}

/* Names joined by separator; false: one of them is none. */
static bool
add_names (GArray *codes, const char *text, const char *separator, const char **wrong)
{
  g_auto (GStrv) names = g_strsplit (text, separator, -1);

  for (guint i = 0; names[i]; i++) {
    guint code = find_key (names[i]);

    if (code == 0) {
      *wrong = g_intern_string (names[i]);
      return false;
    }
    g_array_append_val (codes, code);
  }
  return names[0] != NULL;
}

GArray *
keymap_parse_combination (const char *text, GError **error)
{
  g_autoptr (GArray) codes = g_array_new (FALSE, FALSE, sizeof (guint));
  g_autofree char *where = NULL;
  const char *wrong = "", *part = "";

  if (g_utf8_validate (text, -1, NULL) && !g_ascii_islower (*text) && add_character (codes, text))
    return g_steal_pointer (&codes);
  if (add_names (codes, text, "+", &wrong))
    return g_steal_pointer (&codes);
  g_array_set_size (codes, 0);
  if (strchr (text, '-') && add_names (codes, text, "-", &part)) /* as others write it: ctrl-alt-f1 */
    return g_steal_pointer (&codes);
  if (*part && !strchr (text, '+'))
    wrong = part;
  where = strcmp (wrong, text) == 0 ? g_strdup ("") : g_strdup_printf (" in \"%s\"", text);
  g_set_error (error, STATUS_ERROR, STATUS_USAGE,
               "\"%s\"%s is not the name of a key; \"caraway key --list\" prints them", wrong, where);
  return NULL;
}

void
keymap_send (SpiceInputsChannel *inputs, guint scancode, bool down)
{
  static const guint pause[] = { 0x21d, 0x45 };

  /* Pause is a sequence of two codes, in the same order when it is let go. */
  for (guint i = 0; i < (scancode == KEYMAP_PAUSE ? 2u : 1u); i++) {
    guint code = scancode == KEYMAP_PAUSE ? pause[i] : scancode;

    if (down)
      spice_inputs_channel_key_press (inputs, code);
    else
      spice_inputs_channel_key_release (inputs, code);
  }
}

const char *const *
keymap_names (void)
{
  static const char *names[G_N_ELEMENTS (keys) + G_N_ELEMENTS (more_keys) + 1];

  for (gsize i = 0; i < G_N_ELEMENTS (keys); i++)
    names[i] = keys[i].name;
  for (gsize i = 0; i < G_N_ELEMENTS (more_keys); i++)
    names[G_N_ELEMENTS (keys) + i] = more_keys[i].name;
  return names;
}
