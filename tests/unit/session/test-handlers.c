/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whatever a program does in a handler of whatever signal: nothing breaks, everything ends, and a handler is not
 * overtaken by its own channel. A run for each pair of signal and action; worth the most under a sanitizer. */
#include "client.h"
#include "handlers-server.h"

#include "session/session.h"
#include "stream.h"

#define N_ACTS 3 /* how often a run acts */
#define NESTED_MS 10
#define SETTLE_MS 1000
#define SLOW_MS 20 /* of the list of a server that tells slowly */

/* --- the program ----------------------------------------------------------------------------------------------- */

typedef struct Run Run;
typedef void (*Act) (Run *self, SpiceChannel *channel);

struct Run {
  Server *server;
  SpiceSession *session; /* NULL when given back */
  unsigned session_alive;
  Act act;
  unsigned n_acts, n_seen;
  unsigned n_channels; /* alive */
  int n_opened;        /* minus CLOSED */
  SpiceChannel *busy;  /* whose handler runs a loop: it may emit nothing */
};

static void
act_nothing (Run *self, SpiceChannel *channel)
{
}

static void
act_disconnect (Run *self, SpiceChannel *channel)
{
  if (self->session)
    spice_session_disconnect (self->session);
}

static void
act_give_back (Run *self, SpiceChannel *channel)
{
  act_disconnect (self, channel);
  g_clear_object (&self->session);
}

static void
act_connect (Run *self, SpiceChannel *channel)
{
  /* While a disconnection is about to happen it would be a mistake of the program. */
  if (self->session && !self->session->priv->disconnecting)
    spice_session_connect (self->session);
}

static void
act_loop (Run *self, SpiceChannel *channel)
{
  client_settle (self->server, NESTED_MS);
}

static void
act_close_channel (Run *self, SpiceChannel *channel)
{
  /* The reason comes out whatever the state, and CLOSED without OPENED would be a lie. */
  if (channel)
    spice_channel_disconnect (channel, cw_channel_is_ready (channel) ? SPICE_CHANNEL_CLOSED : SPICE_CHANNEL_NONE);
}

static void
act_close_channel_later (Run *self, SpiceChannel *channel)
{
  if (channel)
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
}

static void
act_reopen_channel (Run *self, SpiceChannel *channel)
{
  act_close_channel_later (self, channel);
  if (channel)
    spice_channel_connect (channel);
}

static void
act_reopen_and_loop (Run *self, SpiceChannel *channel)
{
  act_reopen_channel (self, channel);
  client_settle (self->server, NESTED_MS);
}

static void
act_disconnect_and_loop (Run *self, SpiceChannel *channel)
{
  act_disconnect (self, channel);
  client_settle (self->server, NESTED_MS);
}

static void
act_give_back_and_loop (Run *self, SpiceChannel *channel)
{
  act_give_back (self, channel);
  client_settle (self->server, NESTED_MS);
}

static void
act_connect_and_loop (Run *self, SpiceChannel *channel)
{
  act_connect (self, channel);
  client_settle (self->server, NESTED_MS);
}

static void
act_disconnect_loop_connect (Run *self, SpiceChannel *channel)
{
  act_disconnect_and_loop (self, channel);
  act_connect (self, channel);
  client_settle (self->server, NESTED_MS);
}

static void
act_hold (Run *self, SpiceChannel *channel)
{
  if (channel)
    g_object_ref (channel);
  act_give_back_and_loop (self, channel);
  if (channel)
    g_object_unref (channel);
}

static const struct {
  const char *name;
  Act act;
} acts[] = {
  { "nothing", act_nothing },
  { "loop", act_loop },
  { "disconnect", act_disconnect },
  { "disconnect-and-loop", act_disconnect_and_loop },
  { "give-back", act_give_back },
  { "give-back-and-loop", act_give_back_and_loop },
  { "hold", act_hold },
  { "connect", act_connect },
  { "connect-and-loop", act_connect_and_loop },
  { "disconnect-loop-connect", act_disconnect_loop_connect },
  { "close-channel", act_close_channel },
  { "close-channel-later", act_close_channel_later },
  { "reopen-channel", act_reopen_channel },
  { "reopen-and-loop", act_reopen_and_loop },
};

typedef enum { OF_SESSION, OF_MAIN, OF_DISPLAY, OF_INPUTS, OF_CURSOR } Of;

static const struct {
  Of of;
  const char *signal;
  ServerMood mood;
} signals[] = {
  { OF_SESSION, "channel-new", SERVER_STAYS },
  { OF_SESSION, "channel-destroy", SERVER_STAYS },
  { OF_SESSION, "channel-destroy", SERVER_TELLS_SLOWLY },
  { OF_SESSION, "disconnected", SERVER_STAYS },
  { OF_SESSION, "mm-time-reset", SERVER_STAYS },
  { OF_SESSION, "notify::name", SERVER_STAYS },
  { OF_SESSION, "notify::uuid", SERVER_STAYS },
  { OF_MAIN, "channel-event", SERVER_STAYS },
  { OF_MAIN, "main-mouse-update", SERVER_STAYS },
  { OF_MAIN, "main-agent-update", SERVER_STAYS },
  { OF_MAIN, "main-clipboard-selection", SERVER_STAYS },
  { OF_MAIN, "main-clipboard-selection-grab", SERVER_STAYS },
  { OF_MAIN, "main-clipboard-selection-release", SERVER_STAYS },
  { OF_MAIN, "main-clipboard-selection-request", SERVER_STAYS },
  { OF_MAIN, "notify::mouse-mode", SERVER_STAYS },
  { OF_MAIN, "notify::agent-connected", SERVER_STAYS },
  { OF_DISPLAY, "channel-event", SERVER_STAYS },
  { OF_DISPLAY, "channel-event", SERVER_CLOSES },
  { OF_DISPLAY, "channel-event", SERVER_REFUSES },
  { OF_DISPLAY, "display-primary-create", SERVER_STAYS },
  { OF_DISPLAY, "display-primary-create", SERVER_CLOSES },
  { OF_DISPLAY, "display-primary-destroy", SERVER_STAYS },
  { OF_DISPLAY, "display-invalidate", SERVER_STAYS },
  { OF_DISPLAY, "display-invalidate", SERVER_CLOSES },
  { OF_DISPLAY, "display-mark", SERVER_STAYS },
  { OF_DISPLAY, "notify::monitors", SERVER_STAYS },
  { OF_INPUTS, "channel-event", SERVER_STAYS },
  { OF_INPUTS, "channel-event", SERVER_CLOSES },
  { OF_INPUTS, "inputs-modifiers", SERVER_STAYS },
  { OF_CURSOR, "channel-event", SERVER_CLOSES },
  { OF_CURSOR, "notify::cursor", SERVER_STAYS },
  { OF_CURSOR, "cursor-set", SERVER_STAYS },
  { OF_CURSOR, "cursor-move", SERVER_STAYS },
  { OF_CURSOR, "cursor-hide", SERVER_STAYS },
  { OF_CURSOR, "cursor-reset", SERVER_STAYS },
};

typedef struct {
  unsigned signal, act;
} Pair;

typedef struct {
  Run *run;
  SpiceChannel *channel; /* borrowed; NULL for the session */
} Hook;

static void
free_hook (gpointer data, GClosure *closure)
{
  g_free (data);
}

/* emitter: the channel whose signal it is; NULL for the session. */
static void
hooked (Run *self, SpiceChannel *channel, SpiceChannel *emitter)
{
  SpiceChannel *busy = self->busy;

  self->n_seen++;
  if (self->n_acts >= N_ACTS)
    return;
  self->n_acts++;
  self->busy = self->act == act_loop && emitter ? emitter : busy;
  self->act (self, channel);
  self->busy = busy;
}

static void
on_signal (Hook *hook)
{
  hooked (hook->run, hook->channel, hook->channel);
}

static void
connect_hook (Run *self, gpointer instance, const char *signal, SpiceChannel *channel)
{
  Hook *hook = g_new (Hook, 1);

  *hook = (Hook){ self, channel };
  g_signal_connect_data (instance, signal, G_CALLBACK (on_signal), hook, free_hook, G_CONNECT_SWAPPED);
}

/* Any signal of a channel: not while a handler of it is at work. */
static void
on_any (Hook *hook)
{
  if (hook->channel == hook->run->busy)
    g_error ("the channel does not wait for its own handler");
}

static void
watch_all (Run *self, SpiceChannel *channel)
{
  for (GType type = G_OBJECT_TYPE (channel); type != G_TYPE_OBJECT; type = g_type_parent (type)) {
    unsigned n;
    g_autofree unsigned *ids = g_signal_list_ids (type, &n);

    for (unsigned i = 0; i < n; i++) {
      Hook *hook = g_new (Hook, 1);

      *hook = (Hook){ self, channel };
      g_signal_connect_data (channel, g_signal_name (ids[i]), G_CALLBACK (on_any), hook, free_hook, G_CONNECT_SWAPPED);
    }
  }
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Run *self)
{
  g_autoptr (GSocket) socket = NULL;

  g_object_get (channel, "socket", &socket, NULL);
  if (event == SPICE_CHANNEL_OPENED)
    self->n_opened++;
  else if (event == SPICE_CHANNEL_CLOSED)
    self->n_opened--;
}

/* All that was announced is readable. */
static void
read_primary (SpiceChannel *channel)
{
  SpiceDisplayPrimary primary;
  volatile guint8 sum = 0;

  if (!spice_display_channel_get_primary (channel, 0, &primary))
    return;
  for (int i = 0; i < primary.stride * primary.height; i += 97)
    sum = (guint8) (sum + primary.data[i]);
}

static void
on_drawn (SpiceChannel *channel, int x, int y, int width, int height, gpointer data)
{
  read_primary (channel);
}

static void
on_channel_gone (gpointer data, GObject *object)
{
  ((Run *) data)->n_channels--;
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Run *self)
{
  self->n_channels++;
  g_object_weak_ref (G_OBJECT (channel), on_channel_gone, self);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  watch_all (self, channel);
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_drawn), NULL);
}

static const char *
signal_of (const Pair *pair, SpiceChannel *channel)
{
  GType (*const types[]) (void) = { spice_session_get_type, spice_main_channel_get_type, spice_display_channel_get_type,
                                    spice_inputs_channel_get_type, spice_cursor_channel_get_type };

  return G_TYPE_CHECK_INSTANCE_TYPE (channel, types[signals[pair->signal].of]()) ? signals[pair->signal].signal : NULL;
}

typedef struct {
  Run *run;
  const Pair *pair;
} Wiring;

static void
wire_channel (SpiceSession *session, SpiceChannel *channel, Wiring *wiring)
{
  const char *signal = signal_of (wiring->pair, channel);

  if (signal)
    connect_hook (wiring->run, channel, signal, channel);
}

static void
act_on_channel_new (SpiceSession *session, SpiceChannel *channel, Run *self)
{
  hooked (self, channel, NULL);
}

static void
on_session_gone (gpointer data, GObject *object)
{
  ((Run *) data)->session_alive = 0;
}

/* Not before the program disconnects. */
static bool
comes_late (const char *signal)
{
  return g_str_equal (signal, "channel-destroy") || g_str_equal (signal, "disconnected");
}

static bool
has_been_seen (gpointer data)
{
  return ((Run *) data)->n_seen > 0;
}

static bool
is_over (gpointer data)
{
  Run *self = data;

  return !self->session_alive && self->n_channels == 0;
}

static bool
has_no_channels (gpointer data)
{
  Run *self = data;
  g_autoptr (GList) channels = self->session ? spice_session_get_channels (self->session) : NULL;

  return !channels;
}

static void
set_up (Run *self, Wiring *wiring)
{
  const char *signal = signals[wiring->pair->signal].signal;
  bool of_session = signals[wiring->pair->signal].of == OF_SESSION;

  self->session = client_session (self->server);
  self->session_alive = 1;
  g_object_weak_ref (G_OBJECT (self->session), on_session_gone, self);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (wire_channel), wiring);
  if (g_str_has_prefix (signal, "channel-") && of_session)
    g_signal_connect (self->session, signal, G_CALLBACK (act_on_channel_new), self);
  else if (of_session)
    connect_hook (self, self->session, signal, NULL);
}

static void
test_pair (gconstpointer data)
{
  const Pair *pair = data;
  ServerMood mood = signals[pair->signal].mood;
  Run self = { .server = server_new (mood == SERVER_REFUSES ? handlers_refuse : handlers_serve, GINT_TO_POINTER (mood)),
               .act = acts[pair->act].act };
  Wiring wiring = { &self, pair };
  SpiceSession *session;

  set_up (&self, &wiring);
  session = g_object_ref (self.session);
  g_assert_true (spice_session_connect (session));
  g_object_unref (session);
  if (!comes_late (signals[pair->signal].signal))
    client_await (has_been_seen, &self);
  client_settle (self.server, mood == SERVER_TELLS_SLOWLY ? SLOW_MS : SETTLE_MS);
  /* Disconnecting may be what the handlers wait for, and they may connect again. */
  for (unsigned i = 0; i < 10 && self.session && (i == 0 || !has_no_channels (&self)); i++) {
    session = g_object_ref (self.session);
    spice_session_disconnect (session);
    client_run_until (500, has_no_channels, &self);
    client_settle (self.server, mood == SERVER_TELLS_SLOWLY ? SLOW_MS : SETTLE_MS);
    g_object_unref (session);
  }
  g_assert_cmpuint (self.n_seen, >, 0);
  g_assert_true (has_no_channels (&self));
  g_clear_object (&self.session);
  if (!client_run_until (CLIENT_PATIENCE, is_over, &self))
    g_error ("%u sessions and %u channels are left", self.session_alive, self.n_channels);
  g_assert_cmpint (self.n_opened, ==, 0);
  server_free (self.server);
}

int
main (int argc, char **argv)
{
  g_autoptr (GPtrArray) pairs = g_ptr_array_new_with_free_func (g_free);
  Arena arena;
  int result;

  g_test_init (&argc, &argv, NULL);
  arena_init (&arena, 5);
  handlers_make_drawing (&arena);
  for (unsigned s = 0; s < G_N_ELEMENTS (signals); s++)
    for (unsigned a = 0; a < G_N_ELEMENTS (acts); a++) {
      g_autofree char *path = g_strdup_printf ("/handlers/G6/%u-%s/%s", s, signals[s].signal, acts[a].name);
      Pair *pair = g_new (Pair, 1);

      *pair = (Pair){ s, a };
      g_ptr_array_add (pairs, pair);
      g_test_add_data_func (path, pair, test_pair);
    }
  result = g_test_run ();
  handlers_free_drawing ();
  arena_clear (&arena);
  return result;
}
