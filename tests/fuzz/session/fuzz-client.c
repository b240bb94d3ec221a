/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The whole client, as a program has it: a session, what servers say at the other ends of its sockets, and a program
 * that does what it likes. The first byte says how it connects (the masks below); then come records of
 *
 *   channel, type (2 bytes), size (2 bytes), body    a message, or what one of the types below says
 *   0x40 | connection, …                             likewise, by its number: channels have several in a migration
 *   0x80 | channel, what                             the program does it now
 *   0xc0 | channel, what                             … inside the next signal */
#include "client-program.h"
#include "fuzz/fuzz.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define N_CHANNELS 10
#define PATIENCE_MS 20000

/* The first byte. BY_SOCKETS: of the program. */
enum { BY_SOCKETS, BY_PATH, BY_PORT, BY_TLS_PORT, WAY = 3, RECORD = 4, READ_ONLY = 8, WITH_NAME = 16, BARE = 32 };

/* Types that no message has. */
enum {
  SAY_BYTES = 0xffff,
  PASS = 0xfffe, /* a byte, the kind and the number of descriptors */
  MOVE = 0xfffd, /* type of a message of migrations (2 bytes), what goes with it */
  GREET = 0xfffc /* how the next connection is greeted */
};

static void
give_socket (SpiceChannel *channel, int with_tls, Client *self)
{
  int fds[2], type, id;

  g_object_get (channel, "channel-type", &type, "channel-id", &id, NULL);
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) != 0
      || !servers_take (&self->servers, fds[1], type, id)) {
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    return;
  }
  spice_channel_open_fd (channel, fds[0]);
}

static void
on_channel (SpiceSession *session, SpiceChannel *channel, Client *self)
{
  g_signal_connect (channel, "open-fd", G_CALLBACK (give_socket), self);
  client_listen (self, G_OBJECT (channel));
  if (!SPICE_IS_MAIN_CHANNEL (channel))
    spice_channel_connect (channel);
}

/* --- a run ----------------------------------------------------------------------------------------------------- */

static void
begin (Client *self, uint8_t how)
{
  g_autofree char *port = g_strdup_printf ("%u", servers_port ()),
                  *recording = g_build_filename (servers_folder (), "recording", NULL);

  g_signal_connect (self->session, "channel-new", G_CALLBACK (on_channel), self);
  client_listen (self, G_OBJECT (self->session));
  g_object_set (self->session, "read-only", (how & READ_ONLY) != 0, "gl-scanout", TRUE, NULL);
  if (how & WITH_NAME)
    g_object_set (self->session, "username", "fred", "password", "secret", NULL);
  if (how & RECORD)
    g_assert_true (spice_session_start_recording (self->session, recording, NULL));
  self->servers.are_bare = how & BARE;
  switch (how & WAY) {
  case BY_SOCKETS:
    spice_session_open_fd (self->session, -1);
    return;
  case BY_PATH:
    g_object_set (self->session, "unix-path", servers_path (), NULL);
    break;
  default:
    g_object_set (self->session, "host", "127.0.0.1", (how & WAY) == BY_PORT ? "port" : "tls-port", port, NULL);
  }
  spice_session_connect (self->session);
}

static void
say (Client *self, const Connection *to, uint16_t type, const uint8_t *body, size_t size)
{
  switch (type) {
  case SAY_BYTES:
    servers_say_bytes (to, body, size);
    break;
  case PASS:
    if (size > 2)
      servers_pass (to, body[0], body[1], body[2]);
    break;
  case MOVE:
    if (size > 2)
      servers_move (to, (uint16_t) (body[0] | body[1] << 8), body[2]);
    break;
  case GREET:
    self->servers.next_greeting = size > 0 ? body[0] : 0;
    break;
  default:
    servers_say (to, type, body, (uint32_t) size);
  }
}

static void
do_act (Client *self, uint8_t channel, uint8_t what)
{
  Connection *connection = servers_newest (&self->servers, channel & 0xf);

  if (channel & 0x40)
    self->next_act = what;
  else
    client_act (self, connection ? client_find (self, connection->type, connection->id) : NULL, what);
}

/* How much of the input it took. */
static size_t
do_record (Client *self, const uint8_t *data, size_t size)
{
  Connection *connection;
  uint16_t type, body;

  if (data[0] & 0x80) {
    do_act (self, data[0], size > 1 ? data[1] : 0);
    return 2;
  }
  if (size < 5)
    return size;
  memcpy (&type, data + 1, 2);
  memcpy (&body, data + 3, 2);
  body = (uint16_t) MIN (body, size - 5);
  connection = data[0] & 0x40 ? servers_exactly (&self->servers, data[0] & 0x3f)
                              : servers_newest (&self->servers, data[0] & 0xf);
  if (connection)
    say (self, connection, type, data + 5, body);
  return 5 + (size_t) body;
}

/* Nothing is left behind, whatever has happened. */
static void
end (Client *self)
{
  int64_t late = g_get_monotonic_time () + PATIENCE_MS * INT64_C (1000);

  self->next_act = 0;
  servers_hang_up_all (&self->servers);
  spice_session_disconnect (self->session);
  g_object_unref (self->session);
  while (self->n_objects > 0 || self->n_asked > 0) {
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (50);
    servers_hang_up_all (&self->servers);
    if (g_get_monotonic_time () > late)
      g_error ("%u objects and %u calls do not end", self->n_objects, self->n_asked);
  }
  g_object_unref (self->cancellable);
}

int
LLVMFuzzerTestOneInput (const uint8_t *data, size_t size)
{
  Client self = { .session = spice_session_new (), .cancellable = g_cancellable_new () };

  if (size < 1)
    data = (const uint8_t *) "", size = 1;
  begin (&self, *data);
  for (unsigned i = 0; i < 200 && self.servers.n_connections < N_CHANNELS; i++)
    client_turn (&self, 10);
  data++;
  size--;
  while (size > 0) {
    size_t taken = do_record (&self, data, size);

    client_turn (&self, 20);
    data += MIN (taken, size);
    size -= MIN (taken, size);
  }
  /* Decoders work meanwhile. */
  for (unsigned quiet = 0; quiet < 5; quiet++) {
    client_turn (&self, 50);
    g_usleep (100);
  }
  end (&self);
  return 0;
}
