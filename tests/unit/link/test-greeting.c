/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What servers of other kinds say first: each is known by what it says, by two bytes of it, and by no single one. */
#include "link/greeting.h"

#include <glib.h>
#include <string.h>

typedef struct {
  const char *bytes;
  const char *name; /* NULL: unknown */
} Row;

static const Row rows[] = {
  { "RFB 003.008\n", "a VNC server" },
  { "HTTP/1.1 400 Bad Request\r\n", "a web server" },
  { "SSH-2.0-x\r\n", "an SSH server" },
  { "220 mail ESMTP\r\n", "a mail or file server" },
  { "+OK ready\r\n", "a POP3 server" },
  { "* OK IMAP4rev1\r\n", "an IMAP server" },
  { "{\"QMP\": {", "QEMU's machine protocol" },
  { "QEMU 7.2.0 monitor", "QEMU's monitor" },
  { "\x15\x03\x01", "a port for secured connections (TLS)" },
  { "\x16\x03\x01", "a port for secured connections (TLS)" },
  { "RFC", NULL },
  { "hello", NULL },
  { "\x15\x04", NULL },
};

static void
test_names (void)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    const Row *row = &rows[i];

    for (size_t n = 2; n <= strlen (row->bytes); n++) {
      const char *name = cw_greeting_name ((CwSlice){ (const uint8_t *) row->bytes, n });

      if (row->name || n == strlen (row->bytes))
        g_assert_cmpstr (name, ==, row->name);
    }
    g_assert_null (cw_greeting_name ((CwSlice){ (const uint8_t *) row->bytes, 1 }));
    g_assert_null (cw_greeting_name ((CwSlice){ 0 }));
  }
}

/* What comes from outside is shown so that nothing in it looks like text of ours. */
static void
test_quoting (void)
{
  static const uint8_t bytes[] = { 'a', '"', '\\', 0, 0x1b, 0x7f, 0xe9, '~', ' ' };
  g_autofree char *text = cw_greeting_describe ((CwSlice){ bytes, sizeof bytes });

  g_assert_cmpstr (text, ==,
                   "This is not a SPICE server: its link reply begins with "
                   "\"a\\x22\\x5c\\x00\\x1b\\x7f\\xe9~ \".");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/greeting/names", test_names);
  g_test_add_func ("/greeting/quoting", test_quoting);
  return g_test_run ();
}
