/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A server that draws and closes: the end is announced after what came before it has been drawn. */
#include "client.h"

#include "stream.h"
#include "support/quic-encode.h"

#include <string.h>
#include <sys/socket.h>

#define SIDE 64  /* of a picture */
#define ACROSS 6 /* pictures side by side */
#define N_PICTURES (ACROSS * ACROSS)
#define SETTLE_MS 10000
#define DRAIN_MS 2000 /* how long the library waits for what can still be drawn */

/* What the display channels are sent, made once. */
static GPtrArray *drawing;
static CwMessage *unknown_picture, *wipe;
static uint32_t pixels[SIDE * SIDE];

/* Display 1 is served when this is in itself: once display 0 is up, that could bring what is missing. */
static GAsyncQueue *go;

typedef enum {
  END_ORDERLY,
  END_IN_MESSAGE,
  END_BY_NONSENSE, /* a message that does not parse, and more */
  END_NEVER,
} End;

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0, CW_CHANNEL_DISPLAY, 1 };
  End end = GPOINTER_TO_INT (data);

  if (!server_begin (io, &PEER_LINK_INIT, channels, 2))
    return;
  if (io->channel_id == 1 && g_async_queue_pop (go) != go)
    return;
  for (unsigned i = 0; i < drawing->len; i++)
    server_send_message (io, drawing->pdata[i]);
  if (io->channel_id == 1)
    server_send_message (io, unknown_picture);
  else if (end == END_IN_MESSAGE)
    peer_write (io, "\1\1\377", 3);
  if (end == END_BY_NONSENSE) {
    server_send_bytes (io, CW_MSG_DISPLAY_DRAW_COPY, "nonsense", 8);
    server_send_message (io, wipe);
  } else if (end != END_NEVER || io->channel_id != 0) {
    shutdown (io->fd, SHUT_WR); /* only: what the client sends afterwards must not reset the connection */
  }
  peer_drain (io);
}

static void
make_drawing (Arena *arena)
{
  g_autoptr (GByteArray) quic = NULL;
  CwWireImage image = { .type = CW_IMAGE_TYPE_QUIC, .width = SIDE, .height = SIDE };

  for (unsigned i = 0; i < SIDE * SIDE; i++)
    pixels[i] = g_rand_int (arena->rand) & 0xffffff;
  quic = cw_quic_encode (CW_QUIC_RGB32, pixels, SIDE, SIDE);
  image.quic.data = (CwSlice){ quic->data, quic->len };
  drawing = g_ptr_array_new_with_free_func ((GDestroyNotify) cw_message_unref);
  g_ptr_array_add (drawing,
                   surface_create (0, ACROSS * SIDE, ACROSS * SIDE, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  for (unsigned i = 0; i < N_PICTURES; i++)
    g_ptr_array_add (drawing, draw_copy (0, i % ACROSS * SIDE, i / ACROSS * SIDE, &image, SIDE, SIDE));
  wipe = draw_fill (0, 0, 0, ACROSS * SIDE, ACROSS * SIDE, 0);
  unknown_picture = draw_copy (0, 0, 0, image_from_cache (arena, 77, true), SIDE, SIDE);
}

typedef struct {
  SpiceChannel *channel; /* borrowed */
  unsigned n_closed, n_errors;
  bool complete; /* every picture was there when the end came */
  bool invalidated;
} Display;

static bool
is_complete (SpiceChannel *channel)
{
  SpiceDisplayPrimary primary;

  if (!spice_display_channel_get_primary (channel, 0, &primary))
    return false;
  for (int y = 0; y < primary.height; y++)
    for (int x = 0; x < ACROSS; x++)
      if (memcmp (primary.data + y * primary.stride + x * SIDE * 4, pixels + y % SIDE * SIDE, SIDE * 4) != 0)
        return false;
  return true;
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Display *self)
{
  if (event == SPICE_CHANNEL_ERROR_IO)
    self->n_errors++;
  if (event != SPICE_CHANNEL_CLOSED)
    return;
  self->n_closed++;
  self->complete = is_complete (channel);
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, Display *self)
{
  g_assert_cmpuint (self->n_closed, ==, 0);
  self->invalidated = true;
}

static Display displays[2];

static void
watch (SpiceSession *session, SpiceChannel *channel, gpointer data)
{
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  displays[cw_channel_id (channel)].channel = channel;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), &displays[cw_channel_id (channel)]);
  g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), &displays[cw_channel_id (channel)]);
}

static bool
has_closed (gpointer data)
{
  return ((Display *) data)->n_closed > 0;
}

static bool
has_drawn (gpointer data)
{
  return ((Display *) data)->invalidated;
}

static bool
has_all (gpointer data)
{
  SpiceChannel *channel = ((Display *) data)->channel;

  return channel && is_complete (channel);
}

/* on_invalidate_1: of display 1, or NULL. */
static SpiceSession *
begin (const Server *server, GCallback on_invalidate_1)
{
  SpiceSession *session = client_session (server);

  memset (displays, 0, sizeof displays);
  g_signal_connect (session, "channel-new", G_CALLBACK (watch), NULL);
  g_assert_true (spice_session_connect (session));
  client_await (has_drawn, &displays[0]);
  if (on_invalidate_1)
    g_signal_connect (displays[1].channel, "display-invalidate", on_invalidate_1, NULL);
  g_async_queue_push (go, go);
  return session;
}

static void
test_complete (gconstpointer data)
{
  Server *server = server_new (serve, (gpointer) data);
  SpiceSession *session = begin (server, NULL);

  client_await (has_closed, &displays[0]);
  g_assert_true (displays[0].complete);
  client_settle (server, SETTLE_MS);
  g_assert_cmpuint (displays[0].n_closed, ==, 1);
  g_assert_cmpuint (displays[0].n_errors, ==, GPOINTER_TO_INT (data) == END_BY_NONSENSE);
  client_end (session);
  server_free (server);
}

/* The stream has ended and all that can be drawn is drawn, but an unknown picture keeps display 1. */
static void
await_stream_end (Server *server)
{
  client_await (has_all, &displays[1]);
  client_settle (server, SETTLE_MS);
  g_assert_cmpuint (displays[1].n_closed, ==, 0);
}

/* The picture the last operation waits for never comes. */
static void
test_bounded (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (END_NEVER));
  SpiceSession *session = begin (server, NULL);

  await_stream_end (server);
  client_await (has_closed, &displays[1]);
  g_assert_true (displays[1].complete);
  client_end (session);
  server_free (server);
}

/* It cannot come any more once the only other display has ended too: an error, not an orderly end. */
static void
test_hopeless (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (END_ORDERLY));
  SpiceSession *session = begin (server, NULL);

  client_await (has_closed, &displays[1]);
  g_assert_true (displays[1].complete);
  g_assert_cmpuint (displays[1].n_errors, ==, 1);
  client_end (session);
  server_free (server);
}

static void
nested_disconnect (SpiceChannel *channel, int x, int y, int width, int height, gpointer data)
{
  spice_channel_disconnect (channel, SPICE_CHANNEL_CLOSED);
}

static bool
is_up (gpointer data)
{
  return cw_channel_is_ready (((Display *) data)->channel);
}

/* Nor does what was waited for end the next connection, which the server leaves silent. */
static void
test_own_end_again (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (END_NEVER));
  SpiceSession *session = begin (server, NULL);

  await_stream_end (server);
  spice_channel_disconnect (displays[1].channel, SPICE_CHANNEL_CLOSED);
  client_await (has_closed, &displays[1]);
  g_assert_true (spice_channel_connect (displays[1].channel));
  client_await (is_up, &displays[1]);
  client_run (DRAIN_MS + 200);
  g_assert_true (is_up (&displays[1]));
  g_assert_cmpuint (displays[1].n_closed, ==, 1);
  g_async_queue_push (go, server);
  client_end (session);
  server_free (server);
}

/* Nobody waits for the drawing when it is the program that ends the connection. */
static void
test_own_end (gconstpointer data)
{
  Server *server = server_new (serve, GINT_TO_POINTER (END_NEVER));
  SpiceSession *session = begin (server, NULL);

  await_stream_end (server);
  if (data)
    spice_channel_disconnect (client_channel (session, CW_CHANNEL_DISPLAY, 1), SPICE_CHANNEL_NONE);
  else
    spice_session_disconnect (session);
  /* At once: while nothing is waited for. */
  for (unsigned i = 0; i < 100 && !displays[1].n_closed; i++)
    g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (displays[1].n_closed, ==, 1);
  if (data)
    client_run (DRAIN_MS + 200); /* no timer is left */
  g_assert_cmpuint (displays[1].n_closed, ==, 1);
  client_end (session);
  server_free (server);
}

/* In a handler, with something left to draw. */
static void
test_end_in_handler (void)
{
  Server *server = server_new (serve, GINT_TO_POINTER (END_NEVER));
  SpiceSession *session = begin (server, G_CALLBACK (nested_disconnect));

  client_await (has_drawn, &displays[1]);
  client_settle (server, SETTLE_MS);
  g_assert_cmpuint (displays[1].n_closed, ==, 1);
  client_end (session);
  server_free (server);
}

int
main (int argc, char **argv)
{
  Arena arena;
  int result;

  g_test_init (&argc, &argv, NULL);
  arena_init (&arena, 5);
  go = g_async_queue_new ();
  make_drawing (&arena);
  g_test_add_data_func ("/ending/complete", GINT_TO_POINTER (END_ORDERLY), test_complete);
  g_test_add_data_func ("/ending/complete-in-message", GINT_TO_POINTER (END_IN_MESSAGE), test_complete);
  g_test_add_data_func ("/ending/complete-before-nonsense", GINT_TO_POINTER (END_BY_NONSENSE), test_complete);
  g_test_add_func ("/ending/bounded", test_bounded);
  g_test_add_func ("/ending/hopeless", test_hopeless);
  g_test_add_data_func ("/ending/own-end/session", NULL, test_own_end);
  g_test_add_data_func ("/ending/own-end/channel", "", test_own_end);
  g_test_add_func ("/ending/own-end/again", test_own_end_again);
  g_test_add_func ("/ending/own-end/in-handler", test_end_in_handler);
  result = g_test_run ();
  g_async_queue_unref (go);
  g_ptr_array_unref (drawing);
  cw_message_unref (unknown_picture);
  cw_message_unref (wipe);
  arena_clear (&arena);
  return result;
}
