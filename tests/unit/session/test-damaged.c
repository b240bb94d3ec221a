/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which damaged messages a channel passes over, with one warning per kind, and which ones end it. */
#include "client.h"

#include "wire/types.h"

#include <string.h>

#define LAST_PING 77

typedef struct {
  uint8_t channel;
  uint16_t type;
} Kind;

static const Kind tolerated[] = {
  { CW_CHANNEL_MAIN, CW_MSG_PING },
  { CW_CHANNEL_MAIN, CW_MSG_DISCONNECTING },
  { CW_CHANNEL_MAIN, CW_MSG_NOTIFY },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_INIT },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_MOUSE_MODE },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_MULTI_MEDIA_TIME },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_NAME },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_UUID },
  { CW_CHANNEL_INPUTS, CW_MSG_NOTIFY },
  { CW_CHANNEL_INPUTS, CW_MSG_INPUTS_KEY_MODIFIERS },
  { CW_CHANNEL_CURSOR, CW_MSG_CURSOR_SET },
  { CW_CHANNEL_CURSOR, CW_MSG_CURSOR_MOVE },
  { CW_CHANNEL_CURSOR, CW_MSG_CURSOR_TRAIL },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT },
  { CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_VOLUME },
  { CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_MUTE },
  { CW_CHANNEL_PLAYBACK, CW_MSG_PLAYBACK_LATENCY },
  { CW_CHANNEL_RECORD, CW_MSG_RECORD_VOLUME },
  { CW_CHANNEL_RECORD, CW_MSG_RECORD_MUTE },
};

static const Kind fatal[] = {
  { CW_CHANNEL_MAIN, CW_MSG_SET_ACK },
  { CW_CHANNEL_MAIN, CW_MSG_WAIT_FOR_CHANNELS },
  { CW_CHANNEL_MAIN, CW_MSG_LIST },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_CHANNELS_LIST },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_AGENT_TOKEN },
  { CW_CHANNEL_MAIN, CW_MSG_MAIN_AGENT_CONNECTED_TOKENS },
  { CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INIT },
  { CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INVAL_ONE },
  { CW_CHANNEL_INPUTS, CW_MSG_INPUTS_INIT },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_SURFACE_CREATE },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_SURFACE_DESTROY },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_DRAW_COPY },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_DRAW_STROKE },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_INVAL_LIST },
  { CW_CHANNEL_DISPLAY, CW_MSG_DISPLAY_STREAM_CREATE },
};

static gint n_answered; /* channels that answered the last ping */
static gint n_warnings;

static bool
open_channel (PeerIo *io)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY,  0, CW_CHANNEL_INPUTS, 0, CW_CHANNEL_CURSOR, 0,
                                      CW_CHANNEL_PLAYBACK, 0, CW_CHANNEL_RECORD, 0 };

  return peer_link (io, &PEER_LINK_INIT)
         && (io->channel_type != CW_CHANNEL_MAIN || server_send_start (io, channels, 5));
}

/* Reads until the answer to the last ping. */
static bool
await_pong (PeerIo *io)
{
  for (;;) {
    uint8_t header[6];
    uint32_t size;
    g_autofree uint8_t *body = NULL;

    if (!peer_read (io, header, sizeof header))
      return false;
    memcpy (&size, header + 2, sizeof size);
    size = GUINT32_FROM_LE (size);
    body = g_malloc (size + 1);
    if (!peer_read (io, body, size))
      return false;
    if (header[0] == CW_MSGC_PONG && header[1] == 0 && size == 12 && body[0] == LAST_PING)
      return true;
  }
}

/* Every kind three times: bodies of no byte, and of one less than it takes. */
static void
serve_tolerated (PeerIo *io, gpointer data)
{
  CwMsgPing ping = { .id = LAST_PING };
  static const uint8_t zeroes[64];

  if (!open_channel (io))
    return;
  for (unsigned i = 0; i < G_N_ELEMENTS (tolerated); i++) {
    size_t least = cw_message_info (tolerated[i].channel, CW_FROM_SERVER, tolerated[i].type)->layout->min_wire;

    g_assert_cmpuint (least, <=, sizeof zeroes);
    if (tolerated[i].channel == io->channel_type) {
      server_send_bytes (io, tolerated[i].type, NULL, 0);
      server_send_bytes (io, tolerated[i].type, zeroes, least - 1);
      server_send_bytes (io, tolerated[i].type, NULL, 0);
    }
  }
  server_send (io, CW_MSG_PING, &ping);
  if (await_pong (io)) {
    g_atomic_int_inc (&n_answered);
    g_main_context_wakeup (NULL);
  }
  peer_drain (io);
}

static void
count_warning (const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
  g_assert_nonnull (strstr (text, "damaged"));
  g_atomic_int_inc (&n_warnings);
}

static bool
all_answered (gpointer data)
{
  return g_atomic_int_get (&n_answered) == 6;
}

static void
test_tolerated (void)
{
  Server *server = server_new (serve_tolerated, NULL);
  SpiceSession *session = client_session (server);
  GLogLevelFlags mask = g_log_set_always_fatal (G_LOG_FATAL_MASK);
  guint handler = g_log_set_handler ("GSpice", G_LOG_LEVEL_WARNING, count_warning, NULL);

  g_assert_true (spice_session_connect (session));
  client_await (all_answered, NULL);
  g_assert_cmpint (n_warnings, ==, G_N_ELEMENTS (tolerated));
  g_log_remove_handler ("GSpice", handler);
  g_log_set_always_fatal (mask);
  client_end (session);
  server_free (server);
}

static bool
is_row (uint8_t channel, uint16_t type)
{
  for (unsigned i = 0; i < G_N_ELEMENTS (tolerated); i++)
    if (tolerated[i].type == type && (tolerated[i].channel == channel || type < 100))
      return true;
  return false;
}

/* Every kind that the protocol's files call so is among the rows, and no other. */
static void
test_complete (void)
{
  for (uint8_t channel = 1; channel < 16; channel++) {
    for (uint16_t type = 1; type < 400; type++) {
      const CwMessageInfo *info = cw_message_info (channel, CW_FROM_SERVER, type);

      if (info && info->tolerated != is_row (channel, type))
        g_error ("%s %s: %s", cw_channel_type_name (channel), info->name,
                 info->tolerated ? "may be damaged, and is no row of this test" : "may not be damaged");
    }
  }
}

static void
serve_fatal (PeerIo *io, gpointer data)
{
  const Kind *kind = data;

  if (!open_channel (io))
    return;
  if (io->channel_type == kind->channel)
    server_send_bytes (io, kind->type, NULL, 0);
  peer_drain (io);
}

typedef struct {
  const Kind *kind;
  char *error; /* what the channel was told, or NULL */
} Ended;

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Ended *self)
{
  int type;

  g_object_get (channel, "channel-type", &type, NULL);
  if (event != SPICE_CHANNEL_ERROR_IO)
    return;
  g_assert_cmpint (type, ==, self->kind->channel);
  g_assert_null (self->error);
  self->error = g_strdup (spice_channel_get_error (channel)->message);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Ended *self)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
}

static bool
has_ended (gpointer data)
{
  return ((Ended *) data)->error != NULL;
}

static void
test_fatal (gconstpointer data)
{
  const Kind *kind = data;
  const char *name = cw_message_info (kind->channel, CW_FROM_SERVER, kind->type)->name;
  Server *server = server_new (serve_fatal, (gpointer) kind);
  SpiceSession *session = client_session (server);
  Ended ended = { .kind = kind };

  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), &ended);
  g_assert_true (spice_session_connect (session));
  client_await (has_ended, &ended);
  g_assert_nonnull (strstr (ended.error, kind->type == CW_MSG_LIST ? "sub-messages" : name));
  client_end (session);
  server_free (server);
  g_free (ended.error);
}

static void
serve_notify (PeerIo *io, gpointer data)
{
  const GString *text = data;
  CwMsgNotify notify = { .severity = 2, .message = { (const uint8_t *) text->str, text->len } };

  if (!open_channel (io))
    return;
  if (io->channel_type == CW_CHANNEL_MAIN)
    server_send (io, CW_MSG_NOTIFY, &notify);
  peer_drain (io);
}

static void
keep_note (const gchar *domain, GLogLevelFlags level, const gchar *text, gpointer data)
{
  const char *note = strstr (text, "the server notes");

  if (note)
    g_string_assign (data, note);
}

static bool
has_noted (gpointer data)
{
  return ((const GString *) data)->len > 0;
}

/* What a server notes goes to the log as far as it is short, and without what operates terminals. */
static void
test_notify (void)
{
  g_autoptr (GString) text = g_string_new ("\x1b[2J\xff"), noted = g_string_new (NULL);
  g_autofree char *begun = g_strnfill (256 - 5, 'n'), *expected = NULL;
  guint handler = g_log_set_handler ("GSpice", G_LOG_LEVEL_DEBUG, keep_note, noted);
  Server *server;
  SpiceSession *session;

  for (unsigned i = 0; i < 2000; i++)
    g_string_append_c (text, 'n');
  /* The replacement character, escaped too. */
  expected = g_strconcat ("the server notes (2): \\033[2J\\357\\277\\275", begun, NULL);
  server = server_new (serve_notify, text);
  session = client_session (server);
  g_assert_true (spice_session_connect (session));
  client_await (has_noted, noted);
  client_end (session);
  server_free (server);
  g_log_remove_handler ("GSpice", handler);
  g_assert_cmpstr (noted->str, ==, expected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/damaged/tolerated", test_tolerated);
  g_test_add_func ("/damaged/complete", test_complete);
  g_test_add_func ("/damaged/notify", test_notify);
  for (unsigned i = 0; i < G_N_ELEMENTS (fatal); i++) {
    g_autofree char *path
        = g_strdup_printf ("/damaged/fatal/%s-%u", cw_channel_type_name (fatal[i].channel), fatal[i].type);

    g_test_add_data_func (path, &fatal[i], test_fatal);
  }
  return g_test_run ();
}
