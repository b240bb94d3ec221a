/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "text.h"

#include <stdbool.h>
#include <string.h>

static bool
is_harmful (gunichar c)
{
  if (g_unichar_iscntrl (c) || (c >= 0x80 && c < 0xa0))
    return true;
  return c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x2069)
         || c == 0xfeff || (c >= 0xe0000 && c <= 0xe007f);
}

static char *
escape (const char *text, const char *kept)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *out = g_string_new (NULL);

  for (const char *p = valid; *p != 0; p = g_utf8_next_char (p)) {
    gunichar c = g_utf8_get_char (p);

    if (!is_harmful (c) || (c < 128 && strchr (kept, (char) c)))
      g_string_append_unichar (out, c);
    else if (c < 0x10000)
      g_string_append_printf (out, "\\u%04x", c);
    else /* as JSON has it */
      g_string_append_printf (out, "\\u%04x\\u%04x", 0xd800 + ((c - 0x10000) >> 10), 0xdc00 + (c & 0x3ff));
  }
  return g_string_free (out, FALSE);
}

char *
text_escape (const char *text)
{
  return escape (text, "");
}

char *
text_escape_json (const char *json)
{
  return escape (json, "\n");
}

void
text_wipe (char *secret)
{
  if (secret)
    explicit_bzero (secret, strlen (secret));
  g_free (secret);
}
