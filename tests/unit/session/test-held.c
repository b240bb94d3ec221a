/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said while a channel moves to another host: nothing of it goes to the first, and how much may wait. */
#include "steps.h"

#include "channel-port.h"
#include "channel/private.h"
#include "spice-client.h"

#define MIB ((size_t) 1024 * 1024)

static const uint8_t channels[] = { CW_CHANNEL_PORT, 0 };

typedef struct {
  bool done;
  gssize n;
  GError *error;
} Written;

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpicePortChannel *port;
  char *bytes;
} Case;

static bool
is_opened (gpointer port)
{
  gboolean opened;

  g_object_get (port, "port-opened", &opened, NULL);
  return opened;
}

/* A channel that has said its last to the host it comes from. */
static void
begin (Case *self)
{
  self->steps = steps_new (channels, 1, 0);
  self->session = steps_session (self->steps, NULL);
  self->port = SPICE_PORT_CHANNEL (client_channel (self->session, CW_CHANNEL_PORT, 0));
  self->bytes = g_malloc0 (17 * MIB);
  steps_send (self->steps, CW_CHANNEL_PORT, CW_MSG_PORT_INIT,
              &(CwMsgPortInit){ .name = { (const uint8_t *) "p", 2 }, .opened = 1 });
  client_await (is_opened, self->port);
  cw_channel_set_state (SPICE_CHANNEL (self->port), CW_CHANNEL_MIGRATING);
}

static void
end (Case *self)
{
  client_end (self->session);
  steps_free (self->steps);
  g_free (self->bytes);
}

static void
on_written (GObject *port, GAsyncResult *result, gpointer data)
{
  Written *self = data;

  self->done = true;
  self->n = spice_port_channel_write_finish (SPICE_PORT_CHANNEL (port), result, &self->error);
}

static bool
is_written (gpointer data)
{
  return ((Written *) data)->done;
}

static void
write_bytes (Case *self, size_t size, Written *written)
{
  *written = (Written){ false, 0, NULL };
  spice_port_channel_write_async (self->port, self->bytes, size, NULL, on_written, written);
}

static void
expect_failed (Written *written, const char *text)
{
  client_await (is_written, written);
  g_assert_error (written->error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_assert_cmpstr (written->error->message, ==, text);
  g_clear_error (&written->error);
}

static void
disconnect (Case *self)
{
  spice_channel_disconnect (SPICE_CHANNEL (self->port), SPICE_CHANNEL_NONE);
}

/* What waits when the connection ends has never been sent, and that is said. */
static void
test_dropped (void)
{
  Written first, second;
  Case c;

  begin (&c);
  write_bytes (&c, 100000, &first);
  spice_port_channel_event (c.port, CW_PORT_EVENT_BREAK);
  write_bytes (&c, 0, &second);
  client_run (20);
  g_assert_false (first.done || second.done);
  disconnect (&c);
  expect_failed (&first, "The connection has ended.");
  expect_failed (&second, "The connection has ended.");
  end (&c);
}

/* 16 MiB, with 128 bytes for each message; what is dropped makes room. */
static void
test_limit (void)
{
  Written most, refused, again;
  Case c;

  begin (&c);
  write_bytes (&c, 16 * MIB - 256 * 128, &most);
  client_run (20);
  g_assert_false (most.done);
  write_bytes (&c, 1, &refused);
  expect_failed (&refused, "Too much waits to be sent already.");
  disconnect (&c);
  expect_failed (&most, "The connection has ended.");
  spice_channel_connect (SPICE_CHANNEL (c.port));
  steps_await_link (c.steps, CW_CHANNEL_PORT, 2);
  steps_send (c.steps, CW_CHANNEL_PORT, CW_MSG_PORT_INIT,
              &(CwMsgPortInit){ .name = { (const uint8_t *) "p", 2 }, .opened = 1 });
  client_await (is_opened, c.port);
  cw_channel_set_state (SPICE_CHANNEL (c.port), CW_CHANNEL_MIGRATING);
  write_bytes (&c, 16 * MIB - 256 * 128, &again);
  client_run (20);
  g_assert_false (again.done);
  disconnect (&c);
  expect_failed (&again, "The connection has ended.");
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/held/dropped", test_dropped);
  g_test_add_func ("/held/limit", test_limit);
  return g_test_run ();
}
