/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a server sends its client: what is believed of it, and a client that is sent around. */
#include "steps.h"

#include "channel/private.h"
#include "session/session.h"

#include <string.h>

#define MAX_SWITCHES 16

/* --- what is believed ------------------------------------------------------------------------------------------- */

typedef struct {
  const char *name;
  const char *host;
  uint16_t port, sport;
  const char *subject;
  const char *own_subject; /* the session's */
  const char *result;      /* "host port tls-port subject", or how the error ends */
  int code;                /* of the error, or -1 */
  bool is_secured;         /* the source speaks TLS */
} Row;

static const Row rows[] = {
  { "plain", "h", 1, 0, NULL, NULL, "h 1 - -", -1 },
  { "both", "h", 1, 2, NULL, NULL, "h 1 2 -", -1 },
  { "most", "h", 65534, 65535, NULL, NULL, "h 65534 - -", -1 },
  { "tls", "h", 0, 65534, NULL, NULL, "h - 65534 -", -1 },
  { "subject", "h", 1, 2, "CN=x", NULL, "h 1 2 CN=x", -1 },
  { "own-subject", "h", 1, 2, "CN=x", "CN=own", "h 1 2 -", -1 },
  { "no-host", "", 1, 2, NULL, NULL, "no host", CW_ERROR_MALFORMED },
  { "no-port", "h", 0, 0, NULL, NULL, "no port", CW_ERROR_MALFORMED },
  { "odd-port", "h", 65535, 65535, NULL, NULL, "no port", CW_ERROR_MALFORMED },
  { "secured", "h", 1, 2, NULL, NULL, "h - 2 -", -1, true },
  { "secured-plain", "h", 1, 0, NULL, NULL, "no port for TLS", CW_ERROR_MALFORMED, true },
  { "secured-subject", "h", 1, 2, "CN=x", "CN=own", "h - 2 CN=x", -1, true },
  { "host-not-utf-8", "\xff", 1, 2, NULL, NULL, "host of the destination is not UTF-8", CW_ERROR_MALFORMED },
  { "subject-not-utf-8", "h", 1, 2, "\xff", NULL, "subject of the destination is not UTF-8", CW_ERROR_MALFORMED },
};

static CwSlice
slice_of (const char *text)
{
  return (CwSlice){ (const uint8_t *) text, text ? strlen (text) + 1 : 0 };
}

static SpiceSession *
session_with_main (void)
{
  SpiceSession *session = spice_session_new ();

  g_assert_nonnull (spice_channel_new (session, CW_CHANNEL_MAIN, 0));
  return session;
}

static const char *
or_dash (const char *text)
{
  return text ? text : "-";
}

static void
test_row (gconstpointer data)
{
  const Row *row = data;
  SpiceSession *session = session_with_main ();
  CwWireMigrationDst dst = {
    .port = row->port, .sport = row->sport, .host = slice_of (row->host), .cert_subject = slice_of (row->subject)
  };
  CwConnection connection = { .is_tls = row->is_secured };
  CwLive live = { .connection = &connection };
  SpiceChannel *main = client_channel (session, CW_CHANNEL_MAIN, 0);
  g_auto (CwDestination) to = { 0 };
  g_autoptr (GError) error = NULL;

  g_object_set (session, "cert-subject", row->own_subject, NULL);
  main->priv->live = &live;
  if (row->code < 0) {
    g_autofree char *result = NULL;

    g_assert_true (cw_destination_init (&to, session, &dst, &error));
    result = g_strdup_printf ("%s %s %s %s", to.host, or_dash (to.port), or_dash (to.tls_port), or_dash (to.subject));
    g_assert_cmpstr (result, ==, row->result);
  } else {
    g_assert_false (cw_destination_init (&to, session, &dst, &error));
    g_assert_error (error, CW_ERROR, row->code);
    g_assert_true (g_str_has_suffix (error->message, row->result));
    g_assert_null (to.host);
  }
  main->priv->live = NULL;
  client_end (session);
}

/* One byte more is too much. */
static void
test_limits (void)
{
  SpiceSession *session = session_with_main ();
  g_autofree char *host = g_strnfill (255, 'h'), *long_host = g_strnfill (256, 'h');
  g_autofree char *subject = g_strnfill (4096, 's'), *long_subject = g_strnfill (4097, 's');
  CwWireMigrationDst dst = { .port = 1, .host = slice_of (host), .cert_subject = slice_of (subject) };
  CwDestination to = { 0 };
  g_autoptr (GError) error = NULL;

  g_assert_true (cw_destination_init (&to, session, &dst, &error));
  g_assert_cmpstr (to.host, ==, host);
  g_assert_cmpstr (to.subject, ==, subject);
  cw_destination_clear (&to);
  dst.host = slice_of (long_host);
  g_assert_false (cw_destination_init (&to, session, &dst, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_clear_error (&error);
  dst.host = slice_of (host);
  dst.cert_subject = slice_of (long_subject);
  g_assert_false (cw_destination_init (&to, session, &dst, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  client_end (session);
}

/* --- sent around -------------------------------------------------------------------------------------------------- */

typedef struct {
  const char *host, *subject;
  bool has_agent; /* where the client is at first */
  bool always;    /* every connection is sent on, not the first alone */
  unsigned port;
  int n_linked; /* atomic: main channels */
} Sender;

static void
serve (PeerIo *io, gpointer data)
{
  Sender *self = data;
  CwMsgMainMigrateSwitchHost to
      = { .port = (uint16_t) self->port, .host = slice_of (self->host), .cert_subject = slice_of (self->subject) };
  bool sends;

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  sends = g_atomic_int_add (&self->n_linked, 1) == 0 || self->always;
  server_send_start (io, NULL, 0);
  if (sends && self->has_agent)
    server_send (io, CW_MSG_MAIN_AGENT_CONNECTED, NULL);
  if (sends)
    server_send (io, CW_MSG_MAIN_MIGRATE_SWITCH_HOST, &to);
  server_hold (io);
}

typedef struct {
  Sender *sender;
  int n;
} Links;

static bool
are_linked (gpointer data)
{
  const Links *links = data;

  return g_atomic_int_get (&links->sender->n_linked) >= links->n;
}

static bool
is_ready (gpointer session)
{
  SpiceChannel *main = client_channel (session, CW_CHANNEL_MAIN, 0);

  return main && cw_channel_is_started (main);
}

static SpiceSession *
begin (Sender *sender, Server **server, int n)
{
  SpiceSession *session;

  *server = server_new (serve, sender);
  sender->port = (unsigned) strtoul (server_port (*server), NULL, 10);
  session = client_session (*server);
  g_assert_true (spice_session_connect (session));
  client_await (are_linked, &(Links){ sender, n });
  client_settle (*server, 200);
  g_assert_cmpint (g_atomic_int_get (&sender->n_linked), ==, n);
  client_await (is_ready, session);
  return session;
}

static void
test_around (void)
{
  Sender sender = { .host = "127.0.0.1", .always = true };
  Server *server;
  SpiceSession *session = begin (&sender, &server, 1 + MAX_SWITCHES);

  client_end (session);
  server_free (server);
}

/* What is demanded of a server's certificate from then on. */
static void
test_subject (void)
{
  Sender sender = { .host = "127.0.0.1", .subject = "CN=other" };
  Server *server;
  SpiceSession *session = begin (&sender, &server, 2);
  g_autofree char *subject = NULL;
  guint verify;

  g_object_get (session, "cert-subject", &subject, "verify", &verify, NULL);
  g_assert_cmpstr (subject, ==, "CN=other");
  g_assert_cmpuint (verify, ==, SPICE_SESSION_VERIFY_HOSTNAME | SPICE_SESSION_VERIFY_SUBJECT);
  client_end (session);
  server_free (server);
}

static void
test_nowhere (void)
{
  Sender sender = { .host = "\xff" };
  Server *server;
  SpiceSession *session = begin (&sender, &server, 1);
  g_autofree char *host = NULL;

  g_object_get (session, "host", &host, NULL);
  g_assert_cmpstr (host, ==, "127.0.0.1");
  client_end (session);
  server_free (server);
}

static void
on_agent (SpiceMainChannel *main, GParamSpec *pspec, GString *told)
{
  gboolean connected;

  g_object_get (main, "agent-connected", &connected, NULL);
  g_string_append_c (told, connected ? '1' : '0');
}

static void
listen_to_agent (SpiceSession *session, SpiceChannel *channel, GString *told)
{
  if (SPICE_IS_MAIN_CHANNEL (channel))
    g_signal_connect (channel, "notify::agent-connected", G_CALLBACK (on_agent), told);
}

/* The guest's agent stays where it is. */
static void
test_agent (void)
{
  Sender sender = { .host = "127.0.0.1", .has_agent = true };
  Server *server = server_new (serve, &sender);
  SpiceSession *session = client_session (server);
  GString *told = g_string_new (NULL);

  sender.port = (unsigned) strtoul (server_port (server), NULL, 10);
  g_signal_connect (session, "channel-new", G_CALLBACK (listen_to_agent), told);
  g_assert_true (spice_session_connect (session));
  client_await (are_linked, &(Links){ &sender, 2 });
  client_await (is_ready, session);
  g_assert_cmpstr (told->str, ==, "10");
  client_end (session);
  server_free (server);
  g_string_free (told, TRUE);
}

static void
end_main (SpiceSession *session)
{
  g_signal_handlers_disconnect_by_func (session, end_main, NULL);
  spice_channel_disconnect (client_channel (session, CW_CHANNEL_MAIN, 0), SPICE_CHANNEL_NONE);
}

/* A program that hears of the new host ends the connection; the next one is to that host all the same. */
static void
test_ended_in_handler (void)
{
  Sender sender = { .host = "localhost" };
  Server *server = server_new (serve, &sender);
  SpiceSession *session = client_session (server);
  g_autofree char *host = NULL;

  sender.port = (unsigned) strtoul (server_port (server), NULL, 10);
  g_signal_connect (session, "notify::host", G_CALLBACK (end_main), NULL);
  g_assert_true (spice_session_connect (session));
  client_await (are_linked, &(Links){ &sender, 2 });
  client_await (is_ready, session);
  g_object_get (session, "host", &host, NULL);
  g_assert_cmpstr (host, ==, "localhost");
  client_end (session);
  server_free (server);
}

/* Sockets of the application's lead where they lead. */
static void
test_sockets (void)
{
  Steps *steps = steps_new (NULL, 0, 0);
  SpiceSession *session = steps_session (steps, NULL);
  CwMsgMainMigrateSwitchHost to = { .port = 1, .host = slice_of ("127.0.0.1") };

  steps_await_link (steps, CW_CHANNEL_MAIN, 1);
  steps_next (steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_ATTACH_CHANNELS);
  steps_send (steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_MIGRATE_SWITCH_HOST, &to);
  steps_heard_all (steps, CW_CHANNEL_MAIN);
  client_run (20);
  steps_heard_all (steps, CW_CHANNEL_MAIN);
  g_assert_true (is_ready (session));
  client_end (session);
  steps_free (steps);
}

static void
on_reached (PeerIo *io, gpointer n_reached)
{
  g_atomic_int_inc ((int *) n_reached);
}

/* Nor does such a session follow its guest; the server is told. */
static void
test_sockets_stay (void)
{
  int n_reached = 0;
  Server *target = server_new (on_reached, &n_reached);
  Steps *steps = steps_new (NULL, 0, 0);
  SpiceSession *session = steps_session (steps, NULL);
  CwMsgMainMigrateBegin to = { .dst = { .sport = 65535, .host = slice_of ("127.0.0.1") } };

  to.dst.port = (uint16_t) strtoul (server_port (target), NULL, 10);
  steps_await_link (steps, CW_CHANNEL_MAIN, 1);
  steps_next (steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_ATTACH_CHANNELS);
  steps_send (steps, CW_CHANNEL_MAIN, CW_MSG_MAIN_MIGRATE_BEGIN, &to);
  steps_next (steps, CW_CHANNEL_MAIN, CW_MSGC_MAIN_MIGRATE_CONNECT_ERROR);
  g_assert_cmpint (g_atomic_int_get (&n_reached), ==, 0);
  g_assert_true (is_ready (session));
  client_end (session);
  steps_free (steps);
  server_free (target);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autofree char *path = g_strdup_printf ("/destination/%s", rows[i].name);

    g_test_add_data_func (path, &rows[i], test_row);
  }
  g_test_add_func ("/destination/limits", test_limits);
  g_test_add_func ("/switch-host/around", test_around);
  g_test_add_func ("/switch-host/subject", test_subject);
  g_test_add_func ("/switch-host/agent", test_agent);
  g_test_add_func ("/switch-host/nowhere", test_nowhere);
  g_test_add_func ("/switch-host/ended-in-handler", test_ended_in_handler);
  g_test_add_func ("/switch-host/sockets", test_sockets);
  g_test_add_func ("/migration/sockets", test_sockets_stay);
  return g_test_run ();
}
