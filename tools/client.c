/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include "connection.h"
#include "terminal.h"
#include "text.h"

#include <string.h>

/* Servers list their channels at once, but nothing marks the end; after this long without a new one that was all. An
 * empty list is not to be told from one that is late: it is believed in this long after the server's first words. */
#define LIST_QUIET_US (50 * G_TIME_SPAN_MILLISECOND)
#define NO_LIST_US (3 * G_TIME_SPAN_SECOND)
#define TICK_MS 20

struct Client {
  SpiceSession *session;
  SpiceChannel *main;
  GError *error; /* first failure of the connection */
  bool main_open;
  bool password_needed;
  bool finishing;
  bool asked; /* the user typed a password already */
  gint64 last_news;
  double limit;                 /* seconds, unless one is given */
  gint64 first_words;           /* behind the link; 0: none yet */
  ClientSessionFunc on_session; /* or NULL */
  gpointer on_session_data;

  Connection options;
};

Client *
client_new (void)
{
  Client *self = g_new0 (Client, 1);

  self->limit = 30;
  self->options.timeout = NO_SECONDS;
  return self;
}

void
client_free (Client *self)
{
  if (self->session) {
    spice_session_disconnect (self->session);
    g_signal_handlers_disconnect_by_data (self->session, self);
    g_clear_object (&self->session);
  }
  g_clear_error (&self->error);
  connection_clear (&self->options);
  g_free (self);
}

GOptionEntry *
client_entries (Client *self)
{
  return connection_entries (&self->options);
}

bool
client_check_options (Client *self, GError **error)
{
  return connection_check (&self->options, error);
}

static double
time_limit (const Client *self)
{
  return self->options.timeout == NO_SECONDS ? self->limit : self->options.timeout;
}

bool
client_leave_time (Client *self, double seconds)
{
  self->limit = MAX (self->limit, 2 * seconds);
  return time_limit (self) > seconds;
}

/* Takes the error; the first is kept. */
static void
fail (Client *self, GError *error)
{
  if (self->error || self->finishing)
    g_error_free (error);
  else
    self->error = error;
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Client *self)
{
  self->last_news = g_get_monotonic_time ();
  if (event == SPICE_CHANNEL_OPENED) {
    g_object_set_data (G_OBJECT (channel), "caraway-open", self);
    if (channel == self->main)
      self->main_open = true;
    return;
  }
  if (event == SPICE_CHANNEL_SWITCHING)
    return;
  if (channel == self->main && event == SPICE_CHANNEL_ERROR_AUTH && !self->options.password_file
      && terminal_can_ask ()) {
    self->password_needed = true;
    return;
  }
  fail (self, failure_of (self->session, channel, event));
}

static void
on_mouse_update (SpiceChannel *channel, Client *self)
{
  if (self->first_words == 0)
    self->first_words = g_get_monotonic_time ();
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  self->last_news = g_get_monotonic_time ();
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  if (SPICE_IS_MAIN_CHANNEL (channel)) {
    self->main = channel;
    g_signal_connect (channel, "main-mouse-update", G_CALLBACK (on_mouse_update), self);
  }
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  g_signal_handlers_disconnect_by_data (channel, self);
  if (channel == self->main)
    self->main = NULL;
}

static gboolean
tick (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

/* what is NULL: without a time limit. */
static bool
run_until (Client *self, bool (*done) (gpointer data), gpointer data, const char *what, GError **error)
{
  gint64 deadline = what ? g_get_monotonic_time () + (gint64) (time_limit (self) * G_USEC_PER_SEC) : G_MAXINT64;
  guint ticker = g_timeout_add (TICK_MS, tick, NULL);
  bool ok = false;

  while (!self->error) {
    if (done (data)) {
      ok = true;
      break;
    }
    /* What done () has found wrong is the reason, however late it is. */
    if (!self->error && g_get_monotonic_time () >= deadline) {
      g_set_error (error, STATUS_ERROR, STATUS_TIMEOUT, "gave up after %g s, waiting for %s", time_limit (self), what);
      break;
    }
    g_main_context_iteration (NULL, TRUE);
  }
  g_source_remove (ticker);
  if (!ok && self->error)
    g_propagate_error (error, g_error_copy (self->error));
  return ok;
}

bool
client_wait (Client *self, bool (*done) (gpointer data), gpointer data, const char *what, GError **error)
{
  bool ok;

  terminal_progress (what);
  ok = run_until (self, done, data, what, error);
  terminal_progress (NULL);
  return ok;
}

bool
client_run (Client *self, bool (*done) (gpointer data), gpointer data, GError **error)
{
  return run_until (self, done, data, NULL, error);
}

void
client_close_channel (Client *self, SpiceChannel *channel)
{
  g_signal_handlers_disconnect_by_data (channel, self);
  spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
}

static bool
is_main_open (gpointer data)
{
  Client *self = data;

  return self->password_needed || self->main_open;
}

bool
client_has_channels (Client *self)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  if (channels && channels->next)
    return g_get_monotonic_time () - self->last_news > LIST_QUIET_US;
  return self->first_words > 0 && g_get_monotonic_time () - self->first_words > NO_LIST_US;
}

static bool
has_channels (gpointer client)
{
  return client_has_channels (client);
}

bool
client_wait_channels (Client *self, GError **error)
{
  return client_wait (self, has_channels, self, "the server's channels", error);
}

void
client_on_session (Client *self, ClientSessionFunc func, gpointer data)
{
  self->on_session = func;
  self->on_session_data = data;
}

/* The limit has passed before the library's own, which says as much. */
static void
explain_silence (const Client *self, GError **error)
{
  g_autofree char *uri = NULL;

  g_object_get (self->session, "uri", &uri, NULL);
  if (g_error_matches (*error, STATUS_ERROR, STATUS_TIMEOUT) && !self->error)
    g_prefix_error (error, "%s: the server is too slow, or nobody is there: ", uri ? uri : "the server");
}

/* Up to the main channel: what else is offered comes a moment later. */
bool
client_connect_main (Client *self, const char *uri, GError **error)
{
  self->session = spice_session_new ();
  if (self->on_session && !self->on_session (self->session, self->on_session_data, error))
    return false;
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "channel-destroy", G_CALLBACK (on_channel_destroy), self);
  if (!connection_apply (&self->options, self->session, uri, error))
    return false;

  for (;;) {
    char *password;
    bool ok;

    self->password_needed = false;
    if (!spice_session_connect (self->session)) {
      g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the session does not start");
      return false;
    }
    if (!client_wait (self, is_main_open, self, "the server", error)) {
      explain_silence (self, error);
      return false;
    }
    if (!self->password_needed)
      return true;
    password = terminal_ask_secret (self->asked ? "Wrong password. Password: " : "Password: ");
    if (!password) {
      g_set_error (error, STATUS_ERROR, STATUS_NO_PASSWORD, "the server wants a password and none was given");
      return false;
    }
    self->asked = true;
    ok = connection_set_password (self->session, password, error);
    text_wipe (password);
    if (!ok)
      return false;
  }
}

bool
client_connect (Client *self, const char *uri, GError **error)
{
  return client_connect_main (self, uri, error) && client_wait_channels (self, error);
}

static bool
is_open (gpointer data)
{
  return g_object_get_data (data, "caraway-open") != NULL;
}

GError *
client_lacks (Client *self, const char *what)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  if (channels && channels->next)
    return g_error_new (STATUS_ERROR, STATUS_UNSUPPORTED, "the server has no %s", what);
  return g_error_new (STATUS_ERROR, STATUS_NO_CHANNELS,
                      "the server has no %.*s: it offers no channel but main, nothing to see or operate (does the "
                      "machine have a display?)",
                      (int) strcspn (what, ";"), what);
}

static char *
list_channels (Client *self)
{
  g_autoptr (GList) channels = g_list_reverse (spice_session_get_channels (self->session));
  GString *text = g_string_new (NULL);

  for (GList *l = channels; l; l = l->next) {
    int channel_type, id;

    g_object_get (l->data, "channel-type", &channel_type, "channel-id", &id, NULL);
    g_string_append_printf (text, "%s%s %d", text->len > 0 ? ", " : "", spice_channel_type_to_string (channel_type),
                            id);
  }
  return g_string_free (text, FALSE);
}

static SpiceChannel *
find_channel (Client *self, int type, int id)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  for (GList *l = channels; l; l = l->next) {
    int channel_type, channel_id;

    g_object_get (l->data, "channel-type", &channel_type, "channel-id", &channel_id, NULL);
    if (channel_type == type && channel_id == id)
      return l->data;
  }
  return NULL;
}

typedef struct {
  Client *client;
  int type, id;
} Wanted;

static bool
is_offered (gpointer data)
{
  Wanted *wanted = data;

  return find_channel (wanted->client, wanted->type, wanted->id) || client_has_channels (wanted->client);
}

void
client_connect_new (SpiceSession *session, SpiceChannel *channel)
{
  int type;

  g_object_get (channel, "channel-type", &type, NULL);
  if (type != SPICE_CHANNEL_MAIN && !connection_disables (session, type))
    spice_channel_connect (channel);
}

SpiceChannel *
client_open_channel (Client *self, int type, int id, GError **error)
{
  g_autofree char *what = g_strdup_printf ("%s channel %d", spice_channel_type_to_string (type), id);
  Wanted wanted = { self, type, id };
  SpiceChannel *channel;

  if (!client_wait (self, is_offered, &wanted, what, error))
    return NULL;
  channel = find_channel (self, type, id);
  if (!channel) {
    g_autofree char *offered = list_channels (self);
    g_autofree char *lack = g_strdup_printf ("%s; it offers: %s", what, offered);

    g_propagate_error (error, client_lacks (self, lack));
    return NULL;
  }
  if (!is_open (channel)) {
    spice_channel_connect (channel);
    if (!client_wait (self, is_open, channel, what, error))
      return NULL;
  }
  return channel;
}

SpiceChannel *
client_connect_channel (Client *self, const char *uri, int type, int id, GError **error)
{
  return client_connect_main (self, uri, error) ? client_open_channel (self, type, id, error) : NULL;
}

/* Display 0, or the first of all, when 0 is not among them. */
static bool
has_display (gpointer data)
{
  Client *self = data;
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  if (find_channel (self, SPICE_CHANNEL_DISPLAY, 0))
    return true;
  if (!client_has_channels (self))
    return false;
  for (GList *l = channels; l; l = l->next)
    if (SPICE_IS_DISPLAY_CHANNEL (l->data))
      return true;
  fail (self, client_lacks (self, "display"));
  return false;
}

bool
client_wait_display (Client *self, GError **error)
{
  return client_wait (self, has_display, self, "a display", error);
}

SpiceInputsChannel *
client_connect_inputs (Client *self, const char *uri, GError **error)
{
  SpiceChannel *channel = client_connect_channel (self, uri, SPICE_CHANNEL_INPUTS, 0, error);

  return channel ? SPICE_INPUTS_CHANNEL (channel) : NULL;
}

SpiceInputsChannel *
client_connected_inputs (Client *self, GError **error)
{
  SpiceChannel *channel = client_open_channel (self, SPICE_CHANNEL_INPUTS, 0, error);

  return channel ? SPICE_INPUTS_CHANNEL (channel) : NULL;
}

static bool
is_past (gpointer data)
{
  return g_get_monotonic_time () >= *(gint64 *) data;
}

bool
client_sleep (Client *self, unsigned ms, GError **error)
{
  gint64 until = g_get_monotonic_time () + ms * G_TIME_SPAN_MILLISECOND;

  return client_run (self, is_past, &until, error);
}

static void
on_locks (SpiceInputsChannel *inputs, bool *told)
{
  *told = true;
}

bool
client_read_locks (Client *self, SpiceInputsChannel *inputs, int *locks, GError **error)
{
  bool ok = true, told = false;

  g_object_get (inputs, "key-modifiers", locks, NULL);
  g_signal_connect (inputs, "inputs-modifiers", G_CALLBACK (on_locks), &told);
  /* When none is on, servers may have said so before anybody listened. */
  for (unsigned i = 0; ok && i < 10 && !told && *locks == 0; i++)
    ok = client_sleep (self, 20, error);
  g_signal_handlers_disconnect_by_data (inputs, &told);
  g_object_get (inputs, "key-modifiers", locks, NULL);
  return ok;
}

typedef struct {
  bool done, ok;
  GError *error;
} Flush;

static void
on_flushed (GObject *object, GAsyncResult *result, gpointer data)
{
  Flush *flush = data;

  flush->ok = spice_channel_flush_finish (SPICE_CHANNEL (object), result, &flush->error);
  flush->done = true;
}

static bool
flush_done (gpointer data)
{
  return ((Flush *) data)->done;
}

static void
on_disconnected (SpiceSession *session, gpointer data)
{
  *(bool *) data = true;
}

static bool
is_true (gpointer data)
{
  return *(bool *) data;
}

bool
client_flush (Client *self, SpiceChannel *channel, GError **error)
{
  Flush flush = { 0 };
  bool ok;

  spice_channel_flush_async (channel, NULL, on_flushed, &flush);
  ok = run_until (self, flush_done, &flush, "the server to take what is sent", error);
  /* A server that does not read must not keep us: closing ends the flush. */
  if (!flush.done)
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
  while (!flush.done)
    g_main_context_iteration (NULL, TRUE);
  if (ok && !flush.ok) {
    g_set_error (error, STATUS_ERROR, STATUS_PROTOCOL, "the input was not sent: %s",
                 flush.error ? flush.error->message : "the connection ended");
    ok = false;
  }
  g_clear_error (&flush.error);
  return ok;
}

static void
on_shut_down (GObject *object, GAsyncResult *result, gpointer data)
{
  Flush *flush = data;

  flush->ok = spice_channel_shutdown_finish (SPICE_CHANNEL (object), result, &flush->error);
  flush->done = true;
}

static gboolean
on_late (gpointer data)
{
  g_cancellable_cancel (data);
  return G_SOURCE_CONTINUE;
}

bool
client_shut_down (Client *self, SpiceChannel *channel, GError **error)
{
  g_autoptr (GCancellable) late = g_cancellable_new ();
  guint timer = g_timeout_add ((guint) (time_limit (self) * 1000), on_late, late);
  Flush shutdown = { 0 };

  self->finishing = true;
  spice_channel_shutdown_async (channel, late, on_shut_down, &shutdown);
  while (!shutdown.done)
    g_main_context_iteration (NULL, TRUE);
  g_source_remove (timer);
  if (g_error_matches (shutdown.error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_set_error (error, STATUS_ERROR, STATUS_TIMEOUT,
                 "gave up after %g s, waiting for the server to read everything; it may lose the end of it",
                 time_limit (self));
  else if (!shutdown.ok)
    g_set_error (error, STATUS_ERROR, STATUS_PROTOCOL,
                 "the connection ended before the server had read everything; it may have lost the end of it: %s",
                 shutdown.error->message);
  g_clear_error (&shutdown.error);
  return shutdown.ok;
}

bool
client_finish (Client *self, SpiceChannel *channel, GError **error)
{
  bool disconnected = false;
  gulong handler;
  bool ok;

  if (channel && (!client_flush (self, channel, error) || !client_shut_down (self, channel, error)))
    return false;
  self->finishing = true;
  handler = g_signal_connect (self->session, "disconnected", G_CALLBACK (on_disconnected), &disconnected);
  spice_session_disconnect (self->session);
  ok = client_wait (self, is_true, &disconnected, "the connection to close", error);
  g_signal_handler_disconnect (self->session, handler);
  return ok;
}

SpiceSession *
client_session (Client *self)
{
  return self->session;
}

SpiceMainChannel *
client_main (Client *self)
{
  return SPICE_MAIN_CHANNEL (self->main);
}
