/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A display draws a picture that another one brings, whose link is not over yet: the server knows of that display, and
 * may have sent it everything already. */
#include "client.h"
#include "stream.h"

typedef struct {
  Arena arenas[2];
  SpiceSession *session;
  int n_answers;     /* atomic: of the first display to pings */
  int may_link;      /* atomic: the second one */
  int has_asked;     /* atomic: it has sent its ticket */
  unsigned n_failed; /* displays */
} Case;

/* The link's result. */
static const uint8_t accepted[4];

static void
await (const int *flag)
{
  while (!g_atomic_int_get (flag))
    g_usleep (1000);
}

static void
draw (PeerIo *io, Arena *arena, const CwWireImage *image)
{
  CwMessage *create = surface_create (0, 64, 64, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY);
  CwMessage *copy = draw_copy (0, 0, 0, image, 8, 8);

  server_send_message (io, create);
  server_send_message (io, copy);
  cw_message_unref (create);
  cw_message_unref (copy);
}

/* Answers to the pings behind it say that the drawing has been received. */
static void
serve_first (PeerIo *io, Case *self)
{
  await (&self->has_asked);
  draw (io, &self->arenas[0], image_from_cache (&self->arenas[0], 7, false));
  for (uint32_t i = 0; i < 2; i++) {
    server_send (io, CW_MSG_PING, &(CwMsgPing){ .id = i });
    if (server_hear (io, CW_MSGC_PONG))
      g_atomic_int_inc (&self->n_answers);
  }
  server_hold (io);
}

static void
serve_second (PeerIo *io, Case *self)
{
  g_atomic_int_set (&self->has_asked, 1);
  await (&self->may_link);
  peer_write (io, accepted, sizeof accepted);
  draw (io, &self->arenas[1], image_bitmap (&self->arenas[1], 7, CW_IMAGE_FLAG_CACHE_ME, CW_BITMAP_FMT_32BIT, 8, 8));
  server_hold (io);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_DISPLAY, 1 };

  if (!peer_link_until_ticket (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_DISPLAY && io->channel_id == 1) {
    serve_second (io, data);
    return;
  }
  peer_write (io, accepted, sizeof accepted);
  if (io->channel_type == CW_CHANNEL_DISPLAY) {
    serve_first (io, data);
    return;
  }
  server_send_start (io, channels, 2);
  server_hold (io);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  self->n_failed += event != SPICE_CHANNEL_OPENED;
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
}

static bool
has_received (gpointer data)
{
  Case *self = data;

  return self->n_failed > 0 || g_atomic_int_get (&self->n_answers) == 2;
}

static bool
shows (SpiceChannel *display)
{
  SpiceDisplayPrimary primary;

  return display && spice_display_channel_get_primary (display, 0, &primary) && primary.data[0] != 0;
}

static bool
both_show (gpointer data)
{
  Case *self = data;

  return shows (client_channel (self->session, CW_CHANNEL_DISPLAY, 0))
         && shows (client_channel (self->session, CW_CHANNEL_DISPLAY, 1));
}

static void
test_linking (void)
{
  Server *server;
  Case c = { 0 };

  for (unsigned i = 0; i < 2; i++)
    arena_init (&c.arenas[i], i + 1);
  server = server_new (serve, &c);
  c.session = client_session (server);
  g_signal_connect (c.session, "channel-new", G_CALLBACK (on_channel), &c);
  g_assert_true (spice_session_connect (c.session));
  client_await (has_received, &c);
  g_assert_cmpuint (c.n_failed, ==, 0);
  g_atomic_int_set (&c.may_link, 1);
  client_await (both_show, &c);
  g_assert_cmpuint (c.n_failed, ==, 0);
  g_signal_handlers_disconnect_by_data (c.session, &c);
  client_end (c.session);
  server_free (server);
  for (unsigned i = 0; i < 2; i++)
    arena_clear (&c.arenas[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/siblings/linking", test_linking);
  return g_test_run ();
}
