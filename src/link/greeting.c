/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "link/greeting.h"

#include "base/i18n.h"

#include <glib.h>
#include <string.h>

#define TELLING 2 /* fewer bytes could be the beginning of anything */

typedef struct {
  const char *begin;
  const char *name;
} Greeting;

static const Greeting greetings[] = {
  { "RFB ", "a VNC server" },
  { "HTTP/", "a web server" },
  { "SSH-", "an SSH server" },
  { "220", "a mail or file server" },
  { "+OK", "a POP3 server" },
  { "* OK", "an IMAP server" },
  { "{\"QMP\"", "QEMU's machine protocol" },
  { "QEMU ", "QEMU's monitor" },
  { "\x15\x03", "a port for secured connections (TLS)" },
  { "\x16\x03", "a port for secured connections (TLS)" },
};

const char *
cw_greeting_name (CwSlice bytes)
{
  for (unsigned i = 0; bytes.size >= TELLING && i < G_N_ELEMENTS (greetings); i++)
    if (memcmp (bytes.data, greetings[i].begin, MIN (bytes.size, strlen (greetings[i].begin))) == 0)
      return greetings[i].name;
  return NULL;
}

static void
append_quoted (GString *text, CwSlice bytes)
{
  g_string_append_c (text, '"');
  for (size_t i = 0; i < bytes.size; i++) {
    if (g_ascii_isprint ((char) bytes.data[i]) && bytes.data[i] != '"' && bytes.data[i] != '\\')
      g_string_append_c (text, (char) bytes.data[i]);
    else
      g_string_append_printf (text, "\\x%02x", bytes.data[i]);
  }
  g_string_append_c (text, '"');
}

char *
cw_greeting_describe (CwSlice bytes)
{
  GString *text = g_string_new (NULL);
  const char *name = cw_greeting_name (bytes);

  if (name)
    g_string_printf (text, _ ("This is not a SPICE server but, it seems, %s: its link reply begins with "), name);
  else
    g_string_assign (text, _ ("This is not a SPICE server: its link reply begins with "));
  append_quoted (text, bytes);
  g_string_append_c (text, '.');
  return g_string_free (text, FALSE);
}
