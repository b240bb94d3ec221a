/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Channels whose largest messages begin and never end: the session has room for some, not for those of all. */
#include "client.h"

#include <string.h>

#define DISPLAYS 4

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[]
      = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_DISPLAY, 1, CW_CHANNEL_DISPLAY, 2, CW_CHANNEL_DISPLAY, 3 };
  const uint32_t size = 257 << 20;
  const uint8_t header[6] = { CW_MSG_DISPLAY_DRAW_COPY & 0xff,
                              CW_MSG_DISPLAY_DRAW_COPY >> 8,
                              size & 0xff,
                              size >> 8 & 0xff,
                              size >> 16 & 0xff,
                              size >> 24 };

  if (!server_begin (io, &PEER_LINK_INIT, channels, DISPLAYS))
    return;
  peer_write (io, header, sizeof header);
  server_hold (io);
}

static unsigned n_failed;

static bool
has_failed (gpointer session)
{
  n_failed = 0;
  for (int id = 0; id < DISPLAYS; id++) {
    SpiceChannel *channel = client_channel (session, CW_CHANNEL_DISPLAY, id);
    const GError *error = channel ? spice_channel_get_error (channel) : NULL;

    if (!error)
      continue;
    n_failed++;
    g_assert_nonnull (strstr (error->message, "a body of 269484032 bytes beside 808452096 that are being read"));
  }
  return n_failed > 0;
}

static void
test_bodies (void)
{
  Server *server = server_new (serve, NULL);
  SpiceSession *session = client_session (server);

  g_assert_true (spice_session_connect (session));
  client_await (has_failed, session);
  client_settle (server, CLIENT_PATIENCE);
  g_assert_true (has_failed (session));
  g_assert_cmpuint (n_failed, ==, 1);
  client_end (session);
  server_free (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/bodies/shared", test_bodies);
  return g_test_run ();
}
