/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a server says in the SASL exchange and through the layer. The first byte tells how far a good server leads the
 * way (list, first answer, second answer, packets), the second the size of the pieces. With LAYER the link is made, and
 * what follows goes through the layer: as the server would seal it, or as it is. */
#include "../../unit/link/sasl-server.h"
#include "fuzz/fuzz.h"

#include <string.h>

#define LAYER 0x10
#define SEALED 0x20

static void
set_up (void)
{
  static gsize done;

  if (g_once_init_enter (&done)) {
    sasl_servers_begin ();
    atexit (sasl_servers_end);
    g_once_init_leave (&done, 1);
  }
}

/* Up to n_answers good ones; false: the server has nothing more to say. */
static void
lead (SaslServer *server, CwLink *link, unsigned n_answers)
{
  for (unsigned i = 0; i < n_answers && cw_link_status (link) == CW_LINK_RUNNING && !server->complete; i++) {
    g_autoptr (GBytes) said = cw_link_take_output (link);
    g_autoptr (GBytes) answer = said ? sasl_server_answer (server, said) : NULL;

    if (answer)
      sasl_feed (link, g_bytes_get_data (answer, NULL), g_bytes_get_size (answer));
  }
  if (server->complete && n_answers > 2)
    sasl_feed (link, "\0\0\0\0", 4);
}

static void
feed_all (CwLink *link, const uint8_t *data, size_t size, size_t step)
{
  while (size > 0 && cw_link_status (link) == CW_LINK_RUNNING) {
    size_t taken = cw_link_feed (link, data, MIN (size, step));
    GBytes *out = cw_link_take_output (link);

    g_assert_true (taken > 0 || cw_link_status (link) != CW_LINK_RUNNING);
    g_assert_true (cw_link_wanted (link) <= CW_SASL_MAX_DATA + 5);
    data += taken;
    size -= taken;
    g_clear_pointer (&out, g_bytes_unref);
  }
}

/* Into the layer, out of it, and back. */
static void
use_layer (SaslServer *server, CwSaslLayer *layer, CwSlice data, bool sealed, size_t step)
{
  g_autoptr (GBytes) packet = sealed ? sasl_server_seal (server, data.data, MIN (data.size, 1000)) : NULL;
  CwSlice in = packet ? (CwSlice){ g_bytes_get_data (packet, NULL), g_bytes_get_size (packet) } : data;
  g_auto (CwBuffer) coded = { 0 };
  g_autoptr (GError) error = NULL;
  uint8_t back[4096];
  size_t got = 0, n;

  for (size_t at = 0; at < in.size && !error; at += n) {
    n = MIN (step, in.size - at);
    cw_sasl_layer_feed (layer, (CwSlice){ in.data + at, n }, &error);
    got += cw_sasl_layer_read (layer, back + got, sizeof back - got);
  }
  if (packet)
    g_assert_cmpmem (back, got, data.data, MIN (data.size, 1000));
  cw_buffer_init (&coded, MIN (step, 1 << 20) * 16); /* which may be too little */
  g_clear_error (&error);
  if (!cw_sasl_layer_encode (layer, data, &coded, &error))
    g_assert_nonnull (error);
}

/* A good server to the end. */
static CwSaslLayer *
make_link (SaslServer *server, CwLink *link)
{
  g_autoptr (GBytes) result = NULL;

  lead (server, link, 3);
  result = sasl_server_seal (server, "\0\0\0\0", 4);
  sasl_feed (link, g_bytes_get_data (result, NULL), g_bytes_get_size (result));
  g_assert_cmpint (cw_link_status (link), ==, CW_LINK_DONE);
  return cw_link_take_layer (link);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  CwLinkParams params = { .channel_type = 2, .credentials = { SASL_USER, SASL_PASSWORD, NULL } };
  g_autoptr (CwLink) link = NULL;
  SaslServer server;
  unsigned bits;

  if (size < 2)
    return 0;
  set_up ();
  bits = data[0] & 4 ? 256 : 0;
  link = cw_link_new (&params, NULL);
  cw_link_set_peer (link, &(CwSaslPeer){ "localhost", "127.0.0.1;4711", "127.0.0.1;5900", bits });
  if (data[0] & LAYER) {
    CwSaslLayer *layer;

    sasl_server_open (&server, link, bits, "DIGEST-MD5");
    layer = make_link (&server, link);
    if (layer)
      use_layer (&server, layer, (CwSlice){ data + 2, size - 2 }, data[0] & SEALED, data[1] > 0 ? data[1] : SIZE_MAX);
    cw_sasl_layer_free (layer);
  } else if (data[0] % 4 == 0) {
    g_autofree char *list = g_strndup ((const char *) data + 2, size - 2);

    sasl_server_open (&server, link, bits, list);
  } else {
    sasl_server_open (&server, link, bits, data[0] & 8 ? "SCRAM-SHA-256,DIGEST-MD5" : "DIGEST-MD5");
    lead (&server, link, data[0] % 4 - 1 == 2 ? 3 : data[0] % 4 - 1);
    feed_all (link, data + 2, size - 2, data[1] > 0 ? data[1] : SIZE_MAX);
  }
  cw_link_feed_end (link, NULL);
  if (cw_link_status (link) == CW_LINK_DONE)
    cw_sasl_layer_free (cw_link_take_layer (link));
  else
    g_assert_nonnull (cw_link_error (link));
  sasl_server_close (&server);
  return 0;
}
