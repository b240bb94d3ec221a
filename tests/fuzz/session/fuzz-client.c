/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole client, as a program has it: a session whose channels get one end of socket pairs each, what a server says
 * at the others, and a program that does what it likes between and inside all signals. The input is records of
 *
 *   channel (the low four bits), type (2 bytes), size (2 bytes), body    a message, or, with type 0xffff, bare bytes
 *   0x80 | channel, what                                                 the program does it now
 *   0xc0 | channel, what                                                 … inside the next signal
 */
#include "fuzz/fuzz.h"

#include <errno.h>
#include <glib-unix.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <spice-client.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CONNECTIONS 64
#define PATIENCE_MS 20000
#define LINK_KEY_SIZE 162

enum { MAIN_INIT = 103, MAIN_CHANNELS_LIST = 104 };

typedef struct {
  SpiceChannel *channel; /* borrowed by the session's means: only valid while it is listed */
  int fd;                /* the server's end, or -1 */
} Connection;

typedef struct {
  SpiceSession *session;
  Connection connections[MAX_CONNECTIONS];
  unsigned n_connections;
  uint8_t next_act;   /* inside a signal; 0: none */
  uint8_t next_reply; /* to the next connection; 0: a good one */
  unsigned depth;
  bool gone;
} Client;

static void act (Client *self, SpiceChannel *channel, uint8_t what);

/* --- the server's side ----------------------------------------------------------------------------------------- */

static gpointer
make_reply (gpointer data)
{
  EVP_PKEY *key = EVP_RSA_gen (1024);
  uint8_t *reply = g_malloc0 (206), *at = reply + 20;
  const uint32_t words[] = { 0x51444552, 2, 2, 186, 0 }, tail[] = { 1, 1, 178, 0x0b, 0x55, 0 };

  memcpy (reply, words, sizeof words);
  g_assert_cmpint (i2d_PUBKEY (key, NULL), ==, LINK_KEY_SIZE);
  i2d_PUBKEY (key, &at);
  memcpy (at, tail, sizeof tail);
  EVP_PKEY_free (key);
  return reply;
}

/* The link's reply and its good result: they may be sent before they are asked for. */
static const uint8_t *
link_reply (void)
{
  static GOnce once = G_ONCE_INIT;

  return g_once (&once, make_reply, NULL);
}

/* What the socket does not take is lost. */
static void
say_bytes (const Connection *to, const void *bytes, size_t size)
{
  if (to->fd >= 0 && send (to->fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
    g_assert_true (errno == EAGAIN || errno == EPIPE || errno == ECONNRESET);
}

static void
say (const Connection *to, uint16_t type, const void *body, uint32_t size)
{
  g_autofree uint8_t *message = g_malloc (6 + size);

  memcpy (message, &type, 2);
  memcpy (message + 2, &size, 4);
  if (size > 0)
    memcpy (message + 6, body, size);
  say_bytes (to, message, 6 + size);
}

/* A server that refuses the ticket, the channel, or says nothing of sense; then good ones again. */
static void
greet (Client *self, const Connection *to)
{
  uint8_t reply[206];
  unsigned how = self->next_reply % 4;

  memcpy (reply, link_reply (), sizeof reply);
  if (how == 1)
    reply[202] = self->next_reply;
  else if (how == 2)
    reply[16] = self->next_reply;
  else if (how == 3)
    memset (reply, self->next_reply, 16);
  self->next_reply = 0;
  say_bytes (to, reply, sizeof reply);
}

static void
say_start (const Connection *to)
{
  static const uint8_t kinds[][2]
      = { { SPICE_CHANNEL_DISPLAY, 0 }, { SPICE_CHANNEL_INPUTS, 0 },   { SPICE_CHANNEL_CURSOR, 0 },
          { SPICE_CHANNEL_PORT, 0 },    { SPICE_CHANNEL_PLAYBACK, 0 }, { SPICE_CHANNEL_RECORD, 0 },
          { SPICE_CHANNEL_DISPLAY, 1 }, { SPICE_CHANNEL_USBREDIR, 0 }, { SPICE_CHANNEL_WEBDAV, 0 } };
  const uint32_t init[] = { 1, 1, 3, 1, 1, 10, 1000, 0 };
  uint8_t list[4 + sizeof kinds] = { G_N_ELEMENTS (kinds) };

  memcpy (list + 4, kinds, sizeof kinds);
  say (to, MAIN_INIT, init, sizeof init);
  say (to, MAIN_CHANNELS_LIST, list, sizeof list);
}

/* --- the program ----------------------------------------------------------------------------------------------- */

static void
on_signal (GClosure *closure, GValue *result, guint n_values, const GValue *values, gpointer hint, gpointer data)
{
  Client *self = closure->data;
  uint8_t what = self->next_act;
  GObject *object = g_value_get_object (values);

  self->next_act = 0;
  if (what == 0 || self->depth > 2)
    return;
  self->depth++;
  act (self, SPICE_IS_CHANNEL (object) ? SPICE_CHANNEL (object) : NULL, what);
  self->depth--;
}

static void
listen_to_all (Client *self, GObject *object)
{
  for (GType type = G_OBJECT_TYPE (object); type != G_TYPE_OBJECT; type = g_type_parent (type)) {
    unsigned n;
    g_autofree unsigned *ids = g_signal_list_ids (type, &n);

    for (unsigned i = 0; i < n; i++) {
      GClosure *closure = g_closure_new_simple (sizeof (GClosure), self);

      g_closure_set_marshal (closure, on_signal);
      g_signal_connect_closure_by_id (object, ids[i], 0, closure, FALSE);
    }
  }
}

static void
give_socket (SpiceChannel *channel, int with_tls, Client *self)
{
  Connection *connection = &self->connections[self->n_connections];
  int fds[2];

  if (self->n_connections == MAX_CONNECTIONS || socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0) {
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    return;
  }
  *connection = (Connection){ channel, fds[1] };
  self->n_connections++;
  greet (self, connection);
  if (SPICE_IS_MAIN_CHANNEL (channel))
    say_start (connection);
  spice_channel_open_fd (channel, fds[0]);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  g_signal_connect (channel, "open-fd", G_CALLBACK (give_socket), self);
  listen_to_all (self, G_OBJECT (channel));
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

static void
on_gone (gpointer data, GObject *session)
{
  ((Client *) data)->gone = true;
}

static void
use_inputs (SpiceInputsChannel *inputs, uint8_t what)
{
  spice_inputs_channel_key_press (inputs, what);
  spice_inputs_channel_motion (inputs, what, -what, 1);
  spice_inputs_channel_position (inputs, what, what, what % 3, 0);
  spice_inputs_channel_button_press (inputs, 1 + what % 5, 0);
  spice_inputs_channel_key_release (inputs, what);
  spice_inputs_channel_set_key_locks (inputs, what % 8);
}

static void
use_main (SpiceMainChannel *main_channel, uint8_t what)
{
  static const uint32_t types[] = { VD_AGENT_CLIPBOARD_UTF8_TEXT };

  spice_main_channel_update_display (main_channel, what % 4, 0, 0, 640 + what, 480, TRUE);
  spice_main_channel_update_display_enabled (main_channel, what % 4, what & 1, TRUE);
  spice_main_channel_request_mouse_mode (main_channel, 1 + what % 2);
  spice_main_channel_clipboard_selection_grab (main_channel, what % 3, (uint32_t *) types, 1);
  spice_main_channel_clipboard_selection_notify (main_channel, what % 3, types[0], (const uint8_t *) "text", 4);
  spice_main_channel_clipboard_selection_request (main_channel, what % 3, types[0]);
  spice_main_channel_clipboard_selection_release (main_channel, what % 3);
  spice_main_channel_send_monitor_config (main_channel);
}

/* Every byte that is shown can be read. */
static void
use_display (SpiceChannel *display)
{
  SpiceDisplayPrimary primary;
  volatile uint8_t sum = 0;

  if (!spice_display_channel_get_primary (display, 0, &primary))
    return;
  for (int y = 0; y < primary.height; y++)
    sum = (uint8_t) (sum + primary.data[(gssize) y * primary.stride]);
}

static void
on_answer (GObject *channel, GAsyncResult *result, gpointer data)
{
  if (GPOINTER_TO_INT (data) == 0)
    spice_channel_flush_finish (SPICE_CHANNEL (channel), result, NULL);
  else
    spice_channel_shutdown_finish (SPICE_CHANNEL (channel), result, NULL);
}

static void
use (SpiceChannel *channel, uint8_t what)
{
  if (SPICE_IS_INPUTS_CHANNEL (channel))
    use_inputs (SPICE_INPUTS_CHANNEL (channel), what);
  else if (SPICE_IS_MAIN_CHANNEL (channel))
    use_main (SPICE_MAIN_CHANNEL (channel), what);
  else if (SPICE_IS_DISPLAY_CHANNEL (channel))
    use_display (channel);
  else if (SPICE_IS_PORT_CHANNEL (channel))
    spice_port_channel_event (SPICE_PORT_CHANNEL (channel), what);
}

static void
hang_up (Client *self, SpiceChannel *channel)
{
  for (unsigned i = 0; i < self->n_connections; i++) {
    Connection *connection = &self->connections[i];

    if (connection->channel == channel && connection->fd >= 0)
      close (connection->fd);
    if (connection->channel == channel)
      connection->fd = -1;
  }
}

static void
act (Client *self, SpiceChannel *channel, uint8_t what)
{
  GObject *guard = channel ? g_object_ref (G_OBJECT (channel)) : NULL;

  if (!channel && what % 12 != 0)
    what = 1;
  switch (what % 12) {
  case 0:
    for (unsigned i = 0; i < 5; i++)
      g_main_context_iteration (NULL, FALSE);
    break;
  case 1:
    spice_session_disconnect (self->session);
    break;
  case 2:
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    break;
  case 3:
    spice_channel_disconnect (channel, SPICE_CHANNEL_CLOSED);
    break;
  case 4:
    spice_channel_connect (channel);
    break;
  case 5:
    spice_channel_flush_async (channel, NULL, on_answer, GINT_TO_POINTER (0));
    break;
  case 6:
    spice_channel_shutdown_async (channel, NULL, on_answer, GINT_TO_POINTER (1));
    break;
  case 7:
    hang_up (self, channel);
    break;
  case 10:
    self->next_reply = what / 12;
    break;
  case 11:
    spice_channel_disconnect (channel, SPICE_CHANNEL_ERROR_IO);
    break;
  default:
    use (channel, what);
  }
  g_clear_object (&guard);
}

/* --- a run ----------------------------------------------------------------------------------------------------- */

/* The newest connection of the channel that had the number-th one; NULL: there is none. */
static Connection *
connection_at (Client *self, unsigned number)
{
  Connection *found = self->n_connections > 0 ? &self->connections[number % self->n_connections] : NULL;

  for (unsigned i = 0; found && i < self->n_connections; i++)
    if (self->connections[i].channel == found->channel)
      found = &self->connections[i];
  return found;
}

static bool
is_listed (Client *self, const SpiceChannel *channel)
{
  g_autoptr (GList) channels = spice_session_get_channels (self->session);

  return g_list_find (channels, channel) != NULL;
}

static void
turn (unsigned n)
{
  while (n-- > 0 && g_main_context_iteration (NULL, FALSE))
    ;
}

/* How much of the input it took. */
static size_t
do_record (Client *self, const uint8_t *data, size_t size)
{
  Connection *connection = connection_at (self, data[0] & 0xf);
  uint16_t type, body;

  if (data[0] & 0x80) {
    uint8_t what = size > 1 ? data[1] : 0;

    if (data[0] & 0x40)
      self->next_act = what;
    else if (connection && is_listed (self, connection->channel))
      act (self, connection->channel, what);
    return 2;
  }
  if (size < 5)
    return size;
  memcpy (&type, data + 1, 2);
  memcpy (&body, data + 3, 2);
  body = (uint16_t) MIN (body, size - 5);
  if (connection && type == 0xffff)
    say_bytes (connection, data + 5, body);
  else if (connection)
    say (connection, type, data + 5, body);
  return 5 + (size_t) body;
}

static void
end (Client *self)
{
  int64_t late = g_get_monotonic_time () + PATIENCE_MS * INT64_C (1000);

  self->next_act = 0;
  for (unsigned i = 0; i < self->n_connections; i++)
    if (self->connections[i].fd >= 0)
      close (self->connections[i].fd);
  spice_session_disconnect (self->session);
  g_object_unref (self->session);
  while (!self->gone) {
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (50);
    if (g_get_monotonic_time () > late)
      g_error ("the session does not end");
  }
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Client self = { .session = spice_session_new () };

  g_object_weak_ref (G_OBJECT (self.session), on_gone, &self);
  g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel), &self);
  listen_to_all (&self, G_OBJECT (self.session));
  spice_session_open_fd (self.session, -1);
  for (unsigned i = 0; i < 200 && self.n_connections < 10; i++)
    turn (10);
  while (size > 0) {
    size_t taken = MIN (do_record (&self, data, size), size);

    turn (20);
    data += taken;
    size -= taken;
  }
  /* Decoders work meanwhile. */
  for (unsigned quiet = 0; quiet < 5; quiet++) {
    turn (50);
    g_usleep (100);
  }
  end (&self);
  return 0;
}
