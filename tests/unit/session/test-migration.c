/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Migration against scripted servers: what both sides of it are told, in which order, and what happens when one of them
 * does not keep to the protocol. */
#include "client.h"
#include "migration-rows.h"

#include "channel/private.h"
#include "session/session.h"

#include <string.h>

static const Row *row;   /* the running one */
static GString *said[4]; /* by the scripts: source main, source inputs, target main, target inputs */
static unsigned port_of_target;
static int n_target_inputs; /* atomic: connections of them there */

/* Of a target whose main channel closes, or that the program ends, the others do not come up: the client notices before
 * it has them all. */
static uint32_t
caps_of (const PeerIo *io, gpointer target)
{
  if (!target)
    return 0xf;
  if ((row->ends_target || (row->target_main && row->target_main->op == CLOSE)) && io->channel_type != CW_CHANNEL_MAIN)
    migration_await (NOBODY_WAITS);
  return row->target_main_caps;
}

static void
serve (PeerIo *io, bool target)
{
  const PeerLink link = { 0, 0x0b, 0, "", 0, caps_of, GINT_TO_POINTER (target) };
  const Step *main = target ? row->target_main : row->source_main;
  const Step *inputs = target ? row->target_inputs : row->source_inputs;
  static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0 };
  const Step *script = NULL; /* of other channels */
  bool is_main;

  if (!peer_link (io, &link))
    return;
  is_main = io->channel_type == CW_CHANNEL_MAIN;
  /* A main channel that is not announced as a migration's begins a session. */
  if (is_main && io->connection_id == 0)
    server_send_start (io, channels, 1);
  if (target && !is_main)
    g_atomic_int_inc (&n_target_inputs);
  migration_count ();
  if (is_main)
    script = main;
  else if (io->channel_type == CW_CHANNEL_INPUTS)
    script = inputs;
  migration_run_script (io, script, port_of_target, said[2 * target + !is_main]);
}

static void
serve_source (PeerIo *io, gpointer data)
{
  serve (io, false);
}

static void
serve_target (PeerIo *io, gpointer data)
{
  serve (io, true);
}

typedef struct {
  SpiceSession *session;
  GString *states, *events;
  unsigned n_opened, n_flushed;
  size_t n_read; /* by the channel before it moves */
} Seen;

static Seen *running; /* of the running row */

/* What was held has gone to the target. */
static void
on_flushed (GObject *channel, GAsyncResult *result, gpointer data)
{
  g_assert_true (spice_channel_flush_finish (SPICE_CHANNEL (channel), result, NULL));
  ((Seen *) data)->n_flushed = 2;
}

static void
on_state (SpiceSession *session, GParamSpec *pspec, Seen *self)
{
  static const char *const names[] = { "none", "switching", "migrating", "connecting" };
  SpiceSessionMigration state;

  g_object_get (session, "migration-state", &state, NULL);
  g_string_append_printf (self->states, "%s ", names[state]);
  if (state == SPICE_SESSION_MIGRATION_NONE)
    migration_count ();
  if (state == SPICE_SESSION_MIGRATION_MIGRATING && row->had_path)
    g_object_set (session, "unix-path", "/of/the/source", NULL);
}

/* Within the handler, so that nothing is left of the migration when it returns. */
static void
end_at (const char *moment, Seen *self, SpiceSession *target)
{
  if (!row->ends_at || strcmp (row->ends_at, moment) != 0)
    return;
  if (row->ends_target)
    spice_session_disconnect (target);
  else
    spice_channel_disconnect (client_channel (self->session, CW_CHANNEL_MAIN, 0), SPICE_CHANNEL_CLOSED);
}

/* How often a channel of the session was told to begin anew on the target: half of a migration without MIGRATE; and
 * how often it was up after that. */
static unsigned n_taken_over, n_up;
static void (*reset_inputs) (SpiceChannel *channel, gboolean migrating);
static void (*up_inputs) (SpiceChannel *channel);

static void
count_reset (SpiceChannel *channel, gboolean migrating)
{
  n_taken_over += migrating != FALSE;
  reset_inputs (channel, migrating);
  if (migrating)
    end_at ("reset", running, NULL);
}

static void
count_up (SpiceChannel *channel)
{
  n_up += n_taken_over > 0;
  up_inputs (channel);
}

static void
watch_inputs (void)
{
  SpiceChannelClass *class = g_type_class_ref (SPICE_TYPE_INPUTS_CHANNEL);

  up_inputs = class->channel_up;
  class->channel_up = count_up;
  reset_inputs = class->channel_reset;
  class->channel_reset = count_reset;
}

/* Before anything else goes on: what a handler has ended is not connected to anybody. */
static gboolean
check_unconnected (gpointer channel)
{
  g_assert_cmpint (((SpiceChannel *) channel)->priv->state, ==, CW_CHANNEL_UNCONNECTED);
  return G_SOURCE_REMOVE;
}

static void
on_target_channel (SpiceSession *target, SpiceChannel *channel, Seen *self)
{
  if (row->ends_at && !row->ends_target
      && strcmp (row->ends_at, spice_channel_type_to_string (cw_channel_type (channel))) == 0)
    g_idle_add_full (G_PRIORITY_HIGH, check_unconnected, g_object_ref (channel), g_object_unref);
  end_at (spice_channel_type_to_string (cw_channel_type (channel)), self, target);
}

static void
on_started (SpiceMainChannel *main, SpiceSession *target, Seen *self)
{
  g_signal_connect (target, "channel-new", G_CALLBACK (on_target_channel), self);
  end_at ("started", self, target);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Seen *self)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);

  /* What opens first is the same in all rows. */
  if (event == SPICE_CHANNEL_OPENED && self->n_opened++ < 2)
    return;
  if (event == SPICE_CHANNEL_OPENED && row->forbids_sound && SPICE_IS_PLAYBACK_CHANNEL (channel))
    g_object_set (self->session, "enable-audio", FALSE, NULL);
  if (event == SPICE_CHANNEL_CLOSED || event == SPICE_CHANNEL_OPENED)
    migration_count ();
  g_string_append_printf (self->events, "%s:%s ", spice_channel_type_to_string (cw_channel_type (channel)),
                          g_enum_get_value (class, (int) event)->value_nick);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Seen *self)
{
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  if (SPICE_IS_MAIN_CHANNEL (channel))
    g_signal_connect (channel, "migration-started", G_CALLBACK (on_started), self);
}

static size_t
count_read (SpiceChannel *channel)
{
  gulong n;

  g_object_get (channel, "total-read-bytes", &n, NULL);
  return n;
}

/* Nothing of what waited is counted any more, and of the target's bytes only what has come since. */
static void
check_moved (Seen *self)
{
  SpiceChannel *inputs = client_channel (self->session, CW_CHANNEL_INPUTS, 0);

  g_assert_cmpuint (inputs->priv->held_bytes, ==, 0);
  g_assert_cmpuint (count_read (inputs), ==, self->n_read + 6 + strlen (MIGRATION_BLOB));
}

/* Everything the row says has happened, or cannot happen any more; keys are pressed until one has arrived. */
static bool
is_over (gpointer data)
{
  Seen *self = data;
  SpiceChannel *inputs = client_channel (self->session, CW_CHANNEL_INPUTS, 0);
  g_autofree char *text = NULL;
  bool over;

  text = migration_heard (said, G_N_ELEMENTS (said));
  over = strcmp (self->states->str, row->states) == 0 && strcmp (self->events->str, row->events) == 0
         && strcmp (text, row->heard) == 0;
  if (row->presses_early) {
    if (inputs && self->n_flushed == 0 && inputs->priv->state == CW_CHANNEL_MIGRATING) {
      self->n_flushed = 1;
      self->n_read = count_read (inputs);
      spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (inputs), 30);
      spice_channel_flush_async (inputs, NULL, on_flushed, self);
      migration_count ();
    }
    return over && self->n_flushed == 2;
  }
  if (inputs && cw_channel_is_started (inputs) && strstr (row->heard, "101 ") && !strstr (text, "101 ")
      && strcmp (self->states->str, row->states) == 0)
    spice_inputs_channel_key_press (SPICE_INPUTS_CHANNEL (inputs), 30);
  return over;
}

static void
check_taken_over (void)
{
  bool ended = row->ends_at && strcmp (row->ends_at, "reset") == 0;
  bool moved = strstr (row->heard, "109 ") && !g_str_has_prefix (row->events, "inputs:closed");

  g_assert_cmpuint (n_taken_over, ==, moved || ended);
  g_assert_cmpuint (n_up, ==, moved);
}

static void
check_port (SpiceSession *session, const Server *source)
{
  g_autofree char *port = NULL, *path = NULL, *target = g_strdup_printf ("%u", port_of_target);

  g_object_get (session, "port", &port, "unix-path", &path, NULL);
  g_assert_cmpstr (port, ==, row->stays ? server_port (source) : target);
  g_assert_cmpstr (path, ==, NULL);
}

/* A port of our own on which nobody listens; one that was closed may be another program's soon. */
static GSocket *
bind_port (void)
{
  GSocket *socket = g_socket_new (G_SOCKET_FAMILY_IPV4, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_TCP, NULL);
  g_autoptr (GSocketAddress) any = g_inet_socket_address_new_from_string ("127.0.0.1", 0), bound = NULL;

  g_assert_true (g_socket_bind (socket, any, FALSE, NULL));
  bound = g_socket_get_local_address (socket, NULL);
  port_of_target = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (bound));
  return socket;
}

static void
test_row (gconstpointer data)
{
  Server *source, *target = NULL;
  g_autoptr (GSocket) nobody = NULL;
  Seen seen = { .states = g_string_new (NULL), .events = g_string_new (NULL) };
  g_autofree char *text = NULL;

  row = data;
  running = &seen;
  migration_set_count (0);
  n_taken_over = n_up = 0;
  n_target_inputs = 0;
  for (unsigned i = 0; i < G_N_ELEMENTS (said); i++)
    said[i] = g_string_new (NULL);
  source = server_new (serve_source, NULL);
  if (row->target_is_gone) {
    nobody = bind_port ();
  } else {
    target = server_new (serve_target, NULL);
    port_of_target = (unsigned) strtoul (server_port (target), NULL, 10);
  }
  if (row->mig_host)
    g_setenv ("SPICE_MIG_HOST", row->mig_host, TRUE);
  seen.session = client_session (source);
  g_signal_connect (seen.session, "notify::migration-state", G_CALLBACK (on_state), &seen);
  g_signal_connect (seen.session, "channel-new", G_CALLBACK (on_channel), &seen);
  g_assert_true (spice_session_connect (seen.session));
  if (!client_run_until (CLIENT_PATIENCE, is_over, &seen))
    g_test_message ("states “%s”, events “%s”", seen.states->str, seen.events->str);
  client_settle (source, 200);
  g_assert_cmpstr (seen.states->str, ==, row->states);
  g_assert_cmpstr (seen.events->str, ==, row->events);
  check_port (seen.session, source);
  if (row->presses_early)
    check_moved (&seen);
  check_taken_over ();
  g_unsetenv ("SPICE_MIG_HOST");
  g_signal_handlers_disconnect_by_data (seen.session, &seen);
  for (GList *at = seen.session->priv->channels; at; at = at->next)
    g_signal_handlers_disconnect_by_data (at->data, &seen);
  client_end (seen.session);
  migration_set_count (NOBODY_WAITS);
  server_free (source);
  if (target)
    server_free (target);
  if (row->without_inputs)
    g_assert_cmpint (n_target_inputs, ==, 0);
  text = migration_heard (said, G_N_ELEMENTS (said));
  g_assert_cmpstr (text, ==, row->heard);
  for (unsigned i = 0; i < G_N_ELEMENTS (said); i++)
    g_string_free (said[i], TRUE);
  g_string_free (seen.states, TRUE);
  g_string_free (seen.events, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  watch_inputs ();
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/migration/S23-%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  return g_test_run ();
}
