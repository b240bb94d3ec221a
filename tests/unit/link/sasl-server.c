/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "sasl-server.h"

#include "base/buffer.h"
#include "wire/reader.h"

#include <glib/gstdio.h>
#include <string.h>

static char *folder, *database;

static int
on_option (void *context, const char *plugin, const char *name, const char **result, unsigned *size)
{
  if (strcmp (name, "sasldb_path") == 0)
    *result = database;
  else if (strcmp (name, "auxprop_plugin") == 0)
    *result = "sasldb";
  else if (strcmp (name, "pwcheck_method") == 0)
    *result = "auxprop";
  else
    return SASL_FAIL;
  if (size)
    *size = (unsigned) strlen (*result);
  return SASL_OK;
}

static int
on_log (void *context, int level, const char *text)
{
  return SASL_OK;
}

static const sasl_callback_t callbacks[] = {
  { SASL_CB_GETOPT, (int (*) (void)) (void *) on_option, NULL },
  { SASL_CB_LOG, (int (*) (void)) (void *) on_log, NULL },
  { SASL_CB_LIST_END, NULL, NULL },
};

static sasl_conn_t *
new_conn (void)
{
  sasl_conn_t *conn = NULL;

  g_assert_cmpint (sasl_server_new ("spice", "localhost", NULL, "127.0.0.1;5900", "127.0.0.1;4711", NULL,
                                    SASL_SUCCESS_DATA, &conn),
                   ==, SASL_OK);
  return conn;
}

void
sasl_servers_begin (void)
{
  sasl_conn_t *conn;

  folder = g_dir_make_tmp ("sasl-XXXXXX", NULL);
  database = g_build_filename (folder, "db", NULL);
  g_assert_cmpint (sasl_server_init (callbacks, "spice-test"), ==, SASL_OK);
  conn = new_conn ();
  g_assert_cmpint (sasl_setpass (conn, SASL_USER, SASL_PASSWORD, strlen (SASL_PASSWORD), NULL, 0, SASL_SET_CREATE), ==,
                   SASL_OK);
  sasl_dispose (&conn);
}

void
sasl_servers_end (void)
{
  g_unlink (database);
  g_rmdir (folder);
  g_free (database);
  g_free (folder);
}

void
sasl_feed (CwLink *client, const void *data, size_t size)
{
  const uint8_t *at = data;

  while (size > 0 && cw_link_wanted (client) > 0) {
    size_t n = MIN (MIN (size, cw_link_wanted (client)), 7); /* pieces as a network may make them */

    g_assert_cmpuint (cw_link_feed (client, at, n), ==, n);
    at += n;
    size -= n;
  }
}

GBytes *
sasl_link_reply (void)
{
  g_auto (CwBuffer) out = { 0 };
  static const uint8_t no_key[CW_TICKET_PUBKEY_BYTES];

  cw_buffer_init (&out, 1000);
  for (unsigned i = 0; i < 3; i++)
    cw_buffer_u32 (&out, i == 0 ? CW_LINK_MAGIC : 2);
  cw_buffer_u32 (&out, CW_LINK_REPLY_SIZE + 4);
  cw_buffer_u32 (&out, 0);
  cw_buffer_append (&out, no_key, sizeof no_key);
  cw_buffer_u32 (&out, 1);
  cw_buffer_u32 (&out, 0);
  cw_buffer_u32 (&out, CW_LINK_REPLY_SIZE);
  cw_buffer_u32 (&out, 0x0f); /* tickets, too: nobody takes them who can do better */
  return cw_buffer_steal (&out);
}

char *
sasl_server_begin (SaslServer *self, unsigned bits)
{
  sasl_security_properties_t properties
      = { .min_ssf = bits > 0 ? 0 : 56,
          .max_ssf = bits > 0 ? 0 : 100000,
          .maxbufsize = 8192,
          .security_flags = bits > 0 ? 0 : SASL_SEC_NOANONYMOUS | SASL_SEC_NOPLAINTEXT };
  const char *list;
  unsigned size = 0;

  *self = (SaslServer){ .conn = new_conn (), .bits = bits };
  g_assert_cmpint (sasl_setprop (self->conn, SASL_SEC_PROPS, &properties), ==, SASL_OK);
  if (bits > 0)
    g_assert_cmpint (sasl_setprop (self->conn, SASL_SSF_EXTERNAL, &bits), ==, SASL_OK);
  g_assert_cmpint (sasl_listmech (self->conn, NULL, ",", ",", ",", &list, &size, NULL), ==, SASL_OK);
  return g_strdup (list);
}

void
sasl_server_open (SaslServer *self, CwLink *client, unsigned bits, const char *mechanisms)
{
  g_autofree char *all = sasl_server_begin (self, bits);
  const char *list = mechanisms ? mechanisms : all;
  uint32_t le;
  GBytes *said = cw_link_take_output (client);
  g_autoptr (GBytes) reply = sasl_link_reply ();

  g_clear_pointer (&said, g_bytes_unref);
  sasl_feed (client, g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));
  said = cw_link_take_output (client);
  g_assert_cmpmem (g_bytes_get_data (said, NULL), g_bytes_get_size (said), "\2\0\0\0", 4);
  g_bytes_unref (said);
  le = GUINT32_TO_LE ((uint32_t) strlen (list));
  sasl_feed (client, &le, sizeof le);
  sasl_feed (client, list, strlen (list));
}

void
sasl_server_close (SaslServer *self)
{
  sasl_dispose (&self->conn);
}

/* A piece of the client's: NULL when it is absent. */
static CwSlice
read_piece (CwReader *reader)
{
  uint32_t size = cw_reader_u32 (reader, "size");
  CwSlice piece = cw_reader_slice (reader, size, "data");

  if (size == 0)
    return (CwSlice){ 0 };
  g_assert_cmpuint (piece.data[size - 1], ==, 0);
  return (CwSlice){ piece.data, size - 1 };
}

GBytes *
sasl_server_answer (SaslServer *self, GBytes *said)
{
  CwSlice bytes, piece;
  CwReader reader;
  g_auto (CwBuffer) out = { 0 };
  const char *answer = NULL;
  unsigned size = 0;
  int result;

  bytes.data = g_bytes_get_data (said, &bytes.size);
  cw_reader_init (&reader, "client", bytes);
  if (!self->started) {
    CwSlice name = cw_reader_slice (&reader, cw_reader_u32 (&reader, "size"), "name");
    g_autofree char *text = g_strndup ((const char *) name.data, name.size);

    self->started = true;
    piece = read_piece (&reader);
    result = sasl_server_start (self->conn, text, (const char *) piece.data, (unsigned) piece.size, &answer, &size);
  } else {
    piece = read_piece (&reader);
    result = sasl_server_step (self->conn, (const char *) piece.data, (unsigned) piece.size, &answer, &size);
  }
  g_assert_cmpuint (cw_reader_left (&reader), ==, 0);
  if (!cw_reader_finish (&reader, NULL) || (result != SASL_OK && result != SASL_CONTINUE))
    return NULL;
  self->complete = result == SASL_OK;
  cw_buffer_init (&out, 1 << 20);
  cw_buffer_u32 (&out, answer ? size + 1 : 0);
  if (answer) {
    cw_buffer_append (&out, answer, size);
    cw_buffer_u8 (&out, 0);
  }
  cw_buffer_u8 (&out, self->complete);
  return cw_buffer_steal (&out);
}

GBytes *
sasl_server_seal (SaslServer *self, const void *data, size_t size)
{
  const char *out;
  unsigned n;

  g_assert_cmpint (sasl_encode (self->conn, data, (unsigned) size, &out, &n), ==, SASL_OK);
  return g_bytes_new (out, n);
}

GBytes *
sasl_server_unseal (SaslServer *self, GBytes *coded)
{
  const char *out;
  unsigned n;
  size_t size;
  const void *data = g_bytes_get_data (coded, &size);

  g_assert_cmpint (sasl_decode (self->conn, data, (unsigned) size, &out, &n), ==, SASL_OK);
  return g_bytes_new (out, n);
}

/* Cyrus' DIGEST-MD5 does not give back the ciphers it fetches from OpenSSL; only whole stacks show that it is it. */
const char *__lsan_default_suppressions (void);
const char *__asan_default_options (void);

__attribute__ ((visibility ("default"))) const char *
__lsan_default_suppressions (void)
{
  return "leak:libdigestmd5.so\n";
}

__attribute__ ((visibility ("default"))) const char *
__asan_default_options (void)
{
  return "fast_unwind_on_malloc=0";
}
