/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "client.h"

#include "terminal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Channels arrive one by one and nothing marks the last; after this long without a new one the list is complete. */
#define LIST_QUIET_US (300 * G_TIME_SPAN_MILLISECOND)
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

  double timeout;
  char *password_file;
  char *ca_file;
  char *cert_subject;
  char *pubkey_file;
  char **secure_channels;
  char *compression;
  gboolean insecure;
};

/* clang-format off */
G_DEFINE_QUARK (caraway-status-error, status_error)
/* clang-format on */

Client *
client_new (void)
{
  Client *self = g_new0 (Client, 1);

  self->timeout = 30;
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
  g_free (self->password_file);
  g_free (self->ca_file);
  g_free (self->cert_subject);
  g_free (self->pubkey_file);
  g_strfreev (self->secure_channels);
  g_free (self->compression);
  g_free (self);
}

void
client_add_options (Client *self, GOptionContext *context)
{
  const GOptionEntry entries[] = {
    { "timeout", 't', 0, G_OPTION_ARG_DOUBLE, &self->timeout, "Give up after this many seconds in all (default 30)",
      "SECONDS" },
    { "password-file", 0, 0, G_OPTION_ARG_FILENAME, &self->password_file,
      "Read the password from the first line of FILE; \"-\" is standard input", "FILE" },
    { "ca-file", 0, 0, G_OPTION_ARG_FILENAME, &self->ca_file,
      "Trust the certificate authorities in this PEM file instead of the system's", "FILE" },
    { "cert-subject", 0, 0, G_OPTION_ARG_STRING, &self->cert_subject,
      "Accept only a certificate with this subject, such as \"O=Example,CN=host\"", "SUBJECT" },
    { "pubkey-file", 0, 0, G_OPTION_ARG_FILENAME, &self->pubkey_file,
      "Accept a certificate with this public key (DER SubjectPublicKeyInfo)", "FILE" },
    { "insecure", 0, 0, G_OPTION_ARG_NONE, &self->insecure, "Accept any certificate (unsafe)", NULL },
    { "secure-channel", 0, 0, G_OPTION_ARG_STRING_ARRAY, &self->secure_channels,
      "Require TLS for this channel type; \"all\" for every one; may be repeated", "TYPE" },
    { "compression", 0, 0, G_OPTION_ARG_STRING, &self->compression,
      "Ask the server for this image compression: off, auto-glz, auto-lz, quic, glz, lz or lz4", "NAME" },
    { 0 },
  };
  GOptionGroup *group = g_option_group_new ("connection", "Connection options:", "Show connection options", self, NULL);

  g_option_group_add_entries (group, entries);
  g_option_context_add_group (context, group);
}

static void fail (Client *self, Status status, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
fail (Client *self, Status status, const char *format, ...)
{
  va_list args;

  if (self->error || self->finishing)
    return;
  va_start (args, format);
  self->error = g_error_new_valist (STATUS_ERROR, status, format, args);
  va_end (args);
}

static Status
event_status (SpiceChannelEvent event)
{
  switch (event) {
  case SPICE_CHANNEL_ERROR_CONNECT:
    return STATUS_CONNECT;
  case SPICE_CHANNEL_ERROR_TLS:
    return STATUS_TLS;
  case SPICE_CHANNEL_ERROR_AUTH:
    return STATUS_AUTH;
  default:
    return STATUS_PROTOCOL;
  }
}

static const char *
event_text (SpiceChannelEvent event)
{
  switch (event) {
  case SPICE_CHANNEL_CLOSED:
    return "the server closed the connection";
  case SPICE_CHANNEL_ERROR_CONNECT:
    return "cannot connect";
  case SPICE_CHANNEL_ERROR_TLS:
    return "TLS failed";
  case SPICE_CHANNEL_ERROR_AUTH:
    return "authentication failed";
  case SPICE_CHANNEL_ERROR_LINK:
    return "not a SPICE server, or it refused the channel";
  default:
    return "the connection broke";
  }
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Client *self)
{
  const GError *error = spice_channel_get_error (channel);
  g_autofree char *uri = NULL; /* as the library composes it: without the password */
  int type, id;

  self->last_news = g_get_monotonic_time ();
  if (event == SPICE_CHANNEL_OPENED) {
    g_object_set_data (G_OBJECT (channel), "caraway-open", self);
    if (channel == self->main)
      self->main_open = true;
    return;
  }
  if (event == SPICE_CHANNEL_SWITCHING)
    return;
  if (channel == self->main && event == SPICE_CHANNEL_ERROR_AUTH && !self->password_file && terminal_can_ask ()) {
    self->password_needed = true;
    return;
  }
  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  g_object_get (self->session, "uri", &uri, NULL);
  fail (self, event_status (event), "%s: %s (%s channel %d)%s%s", uri, event_text (event),
        spice_channel_type_to_string (type), id, error ? ": " : "", error ? error->message : "");
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  self->last_news = g_get_monotonic_time ();
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_channel_event), self);
  if (SPICE_IS_MAIN_CHANNEL (channel))
    self->main = channel;
}

static void
on_channel_destroy (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  g_signal_handlers_disconnect_by_data (channel, self);
  if (channel == self->main)
    self->main = NULL;
}

/* The password of the connection options: a file or the environment; the command line offers no other way, and a
 * password in the URI stays possible but is visible to everybody on the machine. */
static bool
read_password (Client *self, GError **error)
{
  g_autofree char *text = NULL;

  if (self->password_file) {
    if (!terminal_read_secret_file (self->password_file, &text, error)) {
      g_prefix_error (error, "cannot read the password: ");
      return false;
    }
  } else {
    text = g_strdup (g_getenv ("CARAWAY_PASSWORD"));
  }
  if (text)
    g_object_set (self->session, "password", text, NULL);
  return true;
}

static bool
set_file_property (Client *self, const char *property, const char *path, GError **error)
{
  g_autoptr (GByteArray) bytes = NULL;
  char *data;
  gsize size;
  GError *cause = NULL;

  if (!g_file_get_contents (path, &data, &size, &cause)) {
    g_set_error (error, STATUS_ERROR, STATUS_FILE, "%s", cause->message);
    g_error_free (cause);
    return false;
  }
  bytes = g_byte_array_new_take ((guint8 *) data, size);
  g_object_set (self->session, property, bytes, NULL);
  return true;
}

static bool
check_port (Client *self, const char *property, GError **error)
{
  g_autofree char *port = NULL;

  g_object_get (self->session, property, &port, NULL);
  if (!port || g_ascii_string_to_unsigned (port, 10, 1, 65535, NULL, NULL))
    return true;
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s is not a port: ports are 1 to 65535", port);
  return false;
}

/* Sets the session's address; says why if it is none. */
static bool
apply_uri (Client *self, const char *uri, GError **error)
{
  g_autofree char *accepted = NULL;
  const char *const schemes[] = { "spice://", "spice+tls://", "spice+unix://" };
  bool known = false;

  for (gsize i = 0; i < G_N_ELEMENTS (schemes); i++)
    known |= g_str_has_prefix (uri, schemes[i]);
  if (!known) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE,
                 "\"%s\" is not a SPICE address: use spice://HOST:PORT, spice+tls://HOST:PORT or spice+unix://PATH",
                 uri);
    return false;
  }
  terminal_catch_warnings (true);
  g_object_set (self->session, "uri", uri, NULL);
  terminal_catch_warnings (false);
  g_object_get (self->session, "uri", &accepted, NULL);
  if (!accepted) {
    const char *reason = terminal_last_warning ();

    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "%s", reason ? reason : "the address is not valid");
    return false;
  }
  return check_port (self, "port", error) && check_port (self, "tls-port", error);
}

static bool
apply_compression (Client *self, GError **error)
{
  static const char *const names[] = { "off", "auto-glz", "auto-lz", "quic", "glz", "lz", "lz4" };

  if (!self->compression)
    return true;
  /* The names stand in the order of the protocol's numbers, which begin with off = 1. */
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++) {
    if (strcmp (names[i], self->compression) == 0) {
      g_object_set (self->session, "preferred-compression", (int) (SPICE_IMAGE_COMPRESSION_OFF + i), NULL);
      return true;
    }
  }
  g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--compression: \"%s\" is none; see --help", self->compression);
  return false;
}

static bool
apply_options (Client *self, const char *uri, GError **error)
{
  if (!apply_uri (self, uri, error))
    return false;
  if (self->timeout <= 0 || self->timeout > 86400) {
    g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--timeout must be above 0 and at most 86400 seconds");
    return false;
  }
  for (char **name = self->secure_channels; name && *name; name++) {
    if (strcmp (*name, "all") != 0 && spice_channel_string_to_type (*name) == -1) {
      g_set_error (error, STATUS_ERROR, STATUS_USAGE, "--secure-channel: \"%s\" is not a channel type", *name);
      return false;
    }
  }
  g_object_set (self->session, "secure-channels", self->secure_channels, NULL);
  if (!apply_compression (self, error))
    return false;
  if (self->ca_file) {
    if (!g_file_test (self->ca_file, G_FILE_TEST_IS_REGULAR)) {
      g_set_error (error, STATUS_ERROR, STATUS_FILE, "--ca-file: there is no file \"%s\"", self->ca_file);
      return false;
    }
    g_object_set (self->session, "ca-file", self->ca_file, NULL);
  }
  if (self->cert_subject)
    g_object_set (self->session, "cert-subject", self->cert_subject, NULL);
  if (self->pubkey_file && !set_file_property (self, "pubkey", self->pubkey_file, error))
    return false;
  if (self->insecure)
    g_object_set (self->session, "verify", 0, NULL);
  return read_password (self, error);
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
  gint64 deadline = what ? terminal_start_time () + (gint64) (self->timeout * G_USEC_PER_SEC) : G_MAXINT64;
  guint ticker = g_timeout_add (TICK_MS, tick, NULL);
  bool ok = false;

  while (!self->error) {
    if (done (data)) {
      ok = true;
      break;
    }
    if (g_get_monotonic_time () >= deadline) {
      g_set_error (error, STATUS_ERROR, STATUS_TIMEOUT, "gave up after %g s, waiting for %s", self->timeout, what);
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
main_settled (gpointer data)
{
  Client *self = data;
  g_autoptr (GList) channels = NULL;

  if (self->password_needed)
    return true;
  if (!self->main_open)
    return false;
  channels = spice_session_get_channels (self->session);
  return channels && channels->next && g_get_monotonic_time () - self->last_news > LIST_QUIET_US;
}

bool
client_connect (Client *self, const char *uri, GError **error)
{
  self->session = spice_session_new ();
  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_signal_connect (self->session, "channel-destroy", G_CALLBACK (on_channel_destroy), self);
  if (!apply_options (self, uri, error))
    return false;

  for (;;) {
    g_autofree char *password = NULL;

    self->password_needed = false;
    if (!spice_session_connect (self->session)) {
      g_set_error (error, STATUS_ERROR, STATUS_FAILED, "the session does not start");
      return false;
    }
    if (!client_wait (self, main_settled, self, "the server", error))
      return false;
    if (!self->password_needed)
      return true;
    password = terminal_ask_secret (self->asked ? "Wrong password. Password: " : "Password: ");
    if (!password) {
      g_set_error (error, STATUS_ERROR, STATUS_AUTH, "the server wants a password and none was given");
      return false;
    }
    self->asked = true;
    g_object_set (self->session, "password", password, NULL);
  }
}

static bool
is_open (gpointer data)
{
  return g_object_get_data (data, "caraway-open") != NULL;
}

static char *
list_channels (Client *self, int type)
{
  g_autoptr (GList) channels = g_list_reverse (spice_session_get_channels (self->session));
  GString *text = g_string_new (NULL);

  for (GList *l = channels; l; l = l->next) {
    int channel_type, id;

    g_object_get (l->data, "channel-type", &channel_type, "channel-id", &id, NULL);
    if (type == -1 || type == channel_type)
      g_string_append_printf (text, "%s%s %d", text->len > 0 ? ", " : "", spice_channel_type_to_string (channel_type),
                              id);
  }
  return g_string_free (text, FALSE);
}

SpiceChannel *
client_open_channel (Client *self, int type, int id, GError **error)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);
  g_autofree char *offered = NULL;
  g_autofree char *what = g_strdup_printf ("%s channel %d", spice_channel_type_to_string (type), id);

  for (GList *l = channels; l; l = l->next) {
    SpiceChannel *channel = l->data;
    int channel_type, channel_id;

    g_object_get (channel, "channel-type", &channel_type, "channel-id", &channel_id, NULL);
    if (channel_type != type || channel_id != id)
      continue;
    if (!is_open (channel)) {
      spice_channel_connect (channel);
      if (!client_wait (self, is_open, channel, what, error))
        return NULL;
    }
    return channel;
  }
  offered = list_channels (self, -1);
  g_set_error (error, STATUS_ERROR, STATUS_UNSUPPORTED, "the server has no %s; it offers: %s", what, offered);
  return NULL;
}

SpiceInputsChannel *
client_connect_inputs (Client *self, const char *uri, GError **error)
{
  SpiceChannel *channel = NULL;

  if (client_connect (self, uri, error))
    channel = client_open_channel (self, SPICE_CHANNEL_INPUTS, 0, error);
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

  return client_wait (self, is_past, &until, "the pause to end", error);
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

/* Waits until everything queued on the channel has been written to the socket. */
static bool
flush_channel (Client *self, SpiceChannel *channel, GError **error)
{
  Flush flush = { 0 };
  bool ok;

  spice_channel_flush_async (channel, NULL, on_flushed, &flush);
  ok = client_wait (self, flush_done, &flush, "the input to be sent", error);
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

bool
client_finish (Client *self, SpiceChannel *channel, GError **error)
{
  bool disconnected = false;
  gulong handler;
  bool ok;

  if (channel && !flush_channel (self, channel, error))
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
