/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the first call to the last reference: who is told what, in which order, and when all is gone; the numbers are
 * those of docs/compatibility.md. */
#include "client.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define SETTLE_MS 1000
#define NO_SOCKET (-1)
#define CLOSED 100 /* at the other end */

static GMutex lock;
static GString *heard; /* types of what the inputs' server has read */

static void
serve_inputs (PeerIo *io)
{
  uint8_t header[6], body[256];

  server_send (io, CW_MSG_INPUTS_INIT, &(CwMsgInputsInit){ 5 });
  while (peer_read (io, header, sizeof header) && peer_read (io, body, header[2])) {
    g_mutex_lock (&lock);
    g_string_append_printf (heard, "%u ", header[0]);
    g_mutex_unlock (&lock);
  }
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0, CW_CHANNEL_CURSOR, 0 };

  if (!server_begin (io, &PEER_LINK_INIT, channels, 2))
    return;
  if (io->channel_type == CW_CHANNEL_INPUTS)
    serve_inputs (io);
  else if (server_send (io, CW_MSG_CURSOR_HIDE, NULL))
    server_hold (io);
}

typedef struct {
  Server *server;
  SpiceSession *session;
  SpiceChannel *seen[3]; /* NULL again when they are gone */
  unsigned n_seen;
  bool calling;  /* a function of the library is being called that may tell no result */
  bool nested;   /* OPENED of inputs runs a loop */
  int other_end; /* of a socket, or -1 */
  GString *told;
} Case;

static void
note_modifiers (SpiceChannel *channel, Case *self)
{
  g_string_append (self->told, "modifiers; ");
}

static void
note_hidden (SpiceChannel *channel, bool *hidden)
{
  *hidden = true;
}

static bool
is_set (gpointer flag)
{
  return *(bool *) flag;
}

static bool
is_closed (gpointer channel)
{
  return !cw_channel_is_running (channel);
}

/* Another channel is opened and brings data meanwhile. */
static void
open_other (Case *self)
{
  SpiceChannel *cursor = client_channel (self->session, CW_CHANNEL_CURSOR, 0);
  bool hidden = false;
  gulong handler;

  spice_channel_disconnect (cursor, SPICE_CHANNEL_NONE);
  client_await (is_closed, cursor);
  handler = g_signal_connect (cursor, "cursor-hide", G_CALLBACK (note_hidden), &hidden);
  g_assert_true (spice_channel_connect (cursor));
  client_await (is_set, &hidden);
  g_signal_handler_disconnect (cursor, handler);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  g_autoptr (GEnumClass) class = g_type_class_ref (SPICE_TYPE_CHANNEL_EVENT);

  g_assert_false (self->calling);
  g_assert_false (g_error_matches (spice_channel_get_error (channel), G_IO_ERROR, G_IO_ERROR_TIMED_OUT));
  g_string_append_printf (self->told, "%s; ", g_enum_get_value (class, (int) event)->value_nick);
  if (!self->nested || event != SPICE_CHANNEL_OPENED || !SPICE_IS_INPUTS_CHANNEL (channel))
    return;
  open_other (self);
  client_settle (self->server, SETTLE_MS);
  g_assert_null (strstr (self->told->str, "modifiers"));
  g_mutex_lock (&lock);
  g_assert_cmpstr (heard->str, ==, "");
  g_mutex_unlock (&lock);
  g_string_append (self->told, "loop; ");
}

static void
on_new (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  if (self->n_seen < G_N_ELEMENTS (self->seen)) {
    self->seen[self->n_seen] = channel;
    g_object_add_weak_pointer (G_OBJECT (channel), (gpointer *) &self->seen[self->n_seen++]);
  }
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  if (!self->nested || !SPICE_IS_INPUTS_CHANNEL (channel))
    return;
  g_signal_connect (channel, "inputs-modifiers", G_CALLBACK (note_modifiers), self);
  spice_inputs_channel_set_key_locks (SPICE_INPUTS_CHANNEL (channel), 5);
}

static void
on_destroy (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  g_string_append (self->told, "destroy; ");
}

static void
on_disconnected (SpiceSession *session, Case *self)
{
  g_assert_false (self->calling);
  g_string_append (self->told, "disconnected; ");
}

static void
begin (Case *self)
{
  *self = (Case){ .server = server_new (serve, NULL), .other_end = -1, .told = g_string_new (NULL) };
  heard = g_string_new (NULL);
}

static void
watch (Case *self, SpiceSession *session)
{
  self->session = session;
  g_object_add_weak_pointer (G_OBJECT (session), (gpointer *) &self->session);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_new), self);
  g_signal_connect (session, "channel-destroy", G_CALLBACK (on_destroy), self);
  g_signal_connect (session, "disconnected", G_CALLBACK (on_disconnected), self);
}

static void
end (Case *self)
{
  server_free (self->server);
  if (self->other_end >= 0)
    close (self->other_end);
  g_string_free (self->told, TRUE);
  g_string_free (heard, TRUE);
}

static bool
work (gpointer data)
{
  Case *self = data;
  const int types[] = { CW_CHANNEL_MAIN, CW_CHANNEL_INPUTS, CW_CHANNEL_CURSOR };

  for (unsigned i = 0; i < G_N_ELEMENTS (types); i++) {
    SpiceChannel *channel = client_channel (self->session, types[i], 0);

    if (!channel || !cw_channel_is_started (channel))
      return false;
  }
  return true;
}

static void
begin_connected (Case *self)
{
  begin (self);
  watch (self, client_session (self->server));
  g_assert_true (spice_session_connect (self->session));
  client_await (work, self);
  g_assert_cmpuint (self->n_seen, ==, 3);
  g_string_truncate (self->told, 0);
}

static bool
are_gone (gpointer data)
{
  const Case *self = data;

  return !self->session && !self->seen[0] && !self->seen[1] && !self->seen[2];
}

static bool
has_told (gpointer data)
{
  return ((Case *) data)->told->len > 0;
}

static bool
is_disconnected (gpointer data)
{
  return strstr (((Case *) data)->told->str, "disconnected") != NULL;
}

/* G1 */
static void
test_last_reference (void)
{
  SpiceSession *session;
  Case c;

  begin_connected (&c);
  g_object_unref (c.session);
  client_settle (c.server, SETTLE_MS);
  g_assert_nonnull (c.session);
  g_assert_true (work (&c));
  g_assert_cmpstr (c.told->str, ==, "");
  g_object_get (c.seen[0], "spice-session", &session, NULL);
  g_assert_true (session == c.session);
  spice_session_disconnect (session);
  g_object_unref (session);
  client_await (are_gone, &c);
  end (&c);
}

/* G2: connected, and with a connection that has just been asked for. */
static void
test_one_turn (void)
{
  Case c;

  begin_connected (&c);
  spice_session_disconnect (c.session);
  g_object_unref (c.session);
  client_await (are_gone, &c);
  g_assert_true (g_str_has_suffix (c.told->str, "closed; closed; closed; disconnected; "));
  end (&c);

  begin (&c);
  watch (&c, client_session (c.server));
  g_assert_true (spice_session_connect (c.session));
  spice_session_disconnect (c.session);
  g_object_unref (c.session);
  client_await (are_gone, &c);
  g_assert_cmpstr (c.told->str, ==, "destroy; disconnected; ");
  end (&c);
}

typedef struct {
  const char *name;
  const char *property, *value; /* in place of the server's port */
  bool secure;                  /* all channels have to be */
  int by_socket;                /* that ends so: a SHUT_… of this end, or CLOSED */
  const char *told;
} Attempt;

static const Attempt attempts[] = {
  { "good", NULL, NULL, false, NO_SOCKET, "opened; " },
  { "refused", "port", "1", false, NO_SOCKET, "error-connect; " },
  { "no-port", "port", NULL, false, NO_SOCKET, "error-connect; " },
  { "no-secure-port", NULL, NULL, true, NO_SOCKET, "error-connect; " },
  { "no-socket", "unix-path", "/nonexistent/socket", false, NO_SOCKET, "error-connect; " },
  { "closed-socket", NULL, NULL, false, CLOSED, "error-link; " },
  { "ended-reading", NULL, NULL, false, SHUT_RD, "error-link; " },
  { "ended-writing", NULL, NULL, false, SHUT_WR, "error-link; " },
  { "ended", NULL, NULL, false, SHUT_RDWR, "error-link; " },
};

static bool
call (Case *self, const Attempt *row)
{
  int fds[2];

  if (row->by_socket == NO_SOCKET)
    return spice_session_connect (self->session);
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  if (row->by_socket == CLOSED)
    close (fds[1]);
  else
    shutdown (fds[0], row->by_socket);
  self->other_end = row->by_socket == CLOSED ? -1 : fds[1];
  return spice_session_open_fd (self->session, fds[0]);
}

/* G4: what comes of it is told later, however early it is known; and what can come to nothing is not waited for. */
static void
test_told_later (gconstpointer data)
{
  static const char *const all[] = { "all", NULL };
  const Attempt *row = data;
  SpiceSession *session;
  Case c;

  begin (&c);
  session = client_session (c.server);
  watch (&c, session);
  if (row->property)
    g_object_set (session, row->property, row->value, NULL);
  if (row->secure)
    g_object_set (session, "secure-channels", all, NULL);
  c.calling = true;
  g_assert_true (call (&c, row));
  g_assert_cmpuint (c.n_seen, ==, 1);
  c.calling = false;
  client_await (has_told, &c);
  g_assert_cmpstr (c.told->str, ==, row->told);
  c.calling = true;
  spice_session_disconnect (session);
  c.calling = false;
  client_await (is_disconnected, &c);
  g_object_unref (session);
  client_await (are_gone, &c);
  end (&c);
}

/* S14, and again after it. */
static void
test_order_of_end (void)
{
  SpiceSession *session;
  Case c;

  begin_connected (&c);
  session = c.session;
  for (unsigned i = 0; i < 2; i++) {
    spice_session_disconnect (session);
    g_assert_cmpstr (c.told->str, ==, "");
    client_await (is_disconnected, &c);
    client_settle (c.server, SETTLE_MS);
    g_assert_cmpstr (c.told->str, ==, "destroy; destroy; destroy; closed; closed; closed; disconnected; ");
    g_assert_null (spice_session_get_channels (session));
    g_assert_true (spice_session_connect (session));
    client_await (work, &c);
    g_string_truncate (c.told, 0);
  }
  client_end (session);
  end (&c);
}

static void
on_open_fd (SpiceChannel *channel, int with_tls, Case *self)
{
  int type;

  g_object_get (channel, "channel-type", &type, NULL);
  g_string_append_printf (self->told, "%d asks %d; ", type, with_tls);
  g_assert_true (spice_channel_open_fd (channel, server_socket (self->server)));
}

static void
listen_open_fd (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  g_signal_connect (channel, "open-fd", G_CALLBACK (on_open_fd), self);
}

static void
connect_others (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  unsigned before = (unsigned) self->told->len;

  if (SPICE_IS_MAIN_CHANNEL (channel))
    return;
  g_assert_true (spice_channel_connect (channel));
  g_assert_cmpuint (self->told->len, >, before); /* asked within the call */
}

static unsigned
times (const char *text, const char *part)
{
  unsigned n = 0;

  for (; (text = strstr (text, part)); text++)
    n++;
  return n;
}

/* S18 without a socket for main, S19 with one: who has none asks once, within the call, and OPENED comes of it. */
static void
test_open_fd (gconstpointer data)
{
  bool given = data != NULL;
  SpiceSession *session = spice_session_new ();
  Case c;

  begin (&c);
  watch (&c, session);
  g_signal_connect (session, "channel-new", G_CALLBACK (listen_open_fd), &c);
  g_signal_connect (session, "channel-new", G_CALLBACK (connect_others), &c);
  g_assert_true (spice_session_open_fd (session, given ? server_socket (c.server) : -1));
  g_assert_cmpstr (c.told->str, ==, given ? "" : "1 asks 0; ");
  client_await (work, &c);
  client_settle (c.server, SETTLE_MS);
  g_assert_cmpuint (times (c.told->str, "1 asks 0; "), ==, given ? 0 : 1);
  g_assert_cmpuint (times (c.told->str, "3 asks 0; "), ==, 1);
  g_assert_cmpuint (times (c.told->str, "4 asks 0; "), ==, 1);
  g_assert_cmpuint (times (c.told->str, "asks"), ==, given ? 2 : 3);
  g_assert_cmpuint (times (c.told->str, "opened; "), ==, 3);
  client_end (session);
  end (&c);
}

static bool
has_gone_on (gpointer data)
{
  bool any;

  g_mutex_lock (&lock);
  any = heard->len > 0;
  g_mutex_unlock (&lock);
  return any && g_str_has_suffix (((Case *) data)->told->str, "modifiers; ");
}

/* C2, G5: what a channel has to say when it comes up waits for the handler of OPENED, and so does what it is told;
 * other channels do not. */
static void
test_opened_first (void)
{
  SpiceSession *session;
  Case c;

  begin (&c);
  c.nested = true;
  session = client_session (c.server);
  watch (&c, session);
  g_assert_true (spice_session_connect (session));
  client_await (has_gone_on, &c);
  g_assert_nonnull (strstr (c.told->str, "loop; modifiers; "));
  client_end (session);
  g_assert_cmpstr (heard->str, ==, "103 ");
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/lifetime/G1-last-reference", test_last_reference);
  g_test_add_func ("/lifetime/G2-one-turn", test_one_turn);
  for (unsigned i = 0; i < G_N_ELEMENTS (attempts); i++) {
    g_autofree char *path = g_strdup_printf ("/lifetime/G4-told-later/%s", attempts[i].name);

    g_test_add_data_func (path, &attempts[i], test_told_later);
  }
  g_test_add_func ("/lifetime/S14-order-of-end", test_order_of_end);
  g_test_add_data_func ("/lifetime/S18-asked", NULL, test_open_fd);
  g_test_add_data_func ("/lifetime/S19-given", "", test_open_fd);
  g_test_add_func ("/lifetime/C2-G5-opened-first", test_opened_first);
  return g_test_run ();
}
