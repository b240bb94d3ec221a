/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Two channels exchange their connections: bytes, numbers and counters go to the other one. */
#include "channel/live.h"

#include <gio/gio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEADER 18 /* full headers, so that message numbers are to be seen */

typedef struct {
  CwLive *live;
  int server;
  unsigned n_received; /* by this owner */
  uint64_t last_serial;
} Owner;

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  CwLive *live = data;
  Owner *owner = (Owner *) live->channel;

  owner->n_received++;
  owner->last_serial = live->received_serial = frame->serial;
  cw_ack_window_received (&live->ack);
}

static const CwPumpEvents events = { .frame = on_frame };

static CwLive *
make_live (Owner *owner)
{
  CwConnection *connection = g_new0 (CwConnection, 1);
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  int fds[2];

  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), ==, 0);
  owner->server = fds[0];
  connection->socket = g_socket_new_from_fd (fds[1], &error);
  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (connection->socket);
  connection->stream = G_IO_STREAM (g_steal_pointer (&stream));
  /* Owners stand for channels: nothing here looks into them. */
  return cw_live_new ((SpiceChannel *) owner, connection, NULL, &events, 1);
}

static void
owner_init (Owner *self)
{
  *self = (Owner){ .server = -1 };
  self->live = make_live (self);
  cw_ack_window_set (&self->live->ack, 100);
  cw_pump_resume (self->live->pump, 1);
}

static void
owner_clear (Owner *self)
{
  cw_live_close (self->live);
  close (self->server);
}

/* An empty message of the server. */
static void
serve (Owner *self, uint64_t serial)
{
  uint8_t header[HEADER] = { 0 };

  serial = GUINT64_TO_LE (serial);
  memcpy (header, &serial, sizeof serial);
  header[8] = 200;
  g_assert_cmpint (write (self->server, header, sizeof header), ==, sizeof header);
}

static void
run_until (const unsigned *counter, unsigned value)
{
  while (*counter < value)
    g_main_context_iteration (NULL, TRUE);
}

static void
set_flag (gpointer data, const GError *error)
{
  g_assert_no_error (error);
  *(unsigned *) data = 1;
}

/* Sends through what the owner has, and says which number the server at this end of which pair saw. */
static uint64_t
send_and_read (Owner *sender, int server)
{
  uint8_t header[HEADER];
  uint64_t serial;
  unsigned sent = 0;

  g_assert_true (cw_pump_send (sender->live->pump, 3, NULL, CW_PUMP_NORMAL, NULL));
  cw_pump_flush (sender->live->pump, set_flag, &sent);
  run_until (&sent, 1);
  g_assert_cmpint (recv (server, header, sizeof header, MSG_DONTWAIT), ==, sizeof header);
  memcpy (&serial, header, sizeof serial);
  return GUINT64_FROM_LE (serial);
}

static void
test_exchange (void)
{
  Owner a, b;

  owner_init (&a);
  owner_init (&b);
  for (unsigned i = 1; i <= 3; i++)
    g_assert_cmpuint (send_and_read (&a, a.server), ==, i);
  g_assert_cmpuint (send_and_read (&b, b.server), ==, 1);
  serve (&a, 1);
  serve (&a, 2);
  run_until (&a.n_received, 2);

  cw_live_exchange (&a.live, &b.live);
  g_assert_cmpuint (b.live->received_serial, ==, 2);
  g_assert_cmpuint (b.live->ack.count, ==, 98);
  g_assert_cmpuint (a.live->received_serial, ==, 0);
  g_assert_cmpuint (a.live->ack.count, ==, 100);

  /* What a sends goes where b was connected, and is counted there. */
  g_assert_cmpuint (send_and_read (&a, b.server), ==, 2);
  g_assert_cmpuint (send_and_read (&b, a.server), ==, 4);
  serve (&a, 3);
  run_until (&b.n_received, 1);
  g_assert_cmpuint (b.last_serial, ==, 3);
  serve (&b, 1);
  run_until (&a.n_received, 3);
  g_assert_cmpuint (a.last_serial, ==, 1);
  owner_clear (&a);
  owner_clear (&b);
}

/* Bytes that waited unread belong to the new owner as well. */
static void
test_unread (void)
{
  Owner a, b;

  owner_init (&a);
  owner_init (&b);
  cw_pump_pause (b.live->pump, 2);
  serve (&b, 1);
  serve (&b, 2);
  cw_live_exchange (&a.live, &b.live);
  cw_pump_resume (a.live->pump, 2);
  run_until (&a.n_received, 2);
  g_assert_cmpuint (b.n_received, ==, 0);
  owner_clear (&a);
  owner_clear (&b);
}

/* The numbers of a channel go on, on a connection that has counted none. */
static void
test_continue (void)
{
  Owner a, b;

  owner_init (&a);
  owner_init (&b);
  for (unsigned i = 1; i <= 5; i++)
    g_assert_cmpuint (send_and_read (&a, a.server), ==, i);
  serve (&a, 7);
  run_until (&a.n_received, 1);
  cw_live_continue (b.live, a.live);
  g_assert_cmpuint (b.live->received_serial, ==, 7);
  g_assert_cmpuint (send_and_read (&b, b.server), ==, 6);
  owner_clear (&a);
  owner_clear (&b);
}

/* Closed while something else still knows it: nothing comes any more. */
static void
test_close (void)
{
  Owner a;
  g_autoptr (CwLive) live = NULL;

  owner_init (&a);
  live = cw_live_ref (a.live);
  serve (&a, 1);
  owner_clear (&a);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_assert_cmpuint (a.n_received, ==, 0);
  g_assert_null (live->channel);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/live/exchange", test_exchange);
  g_test_add_func ("/live/unread", test_unread);
  g_test_add_func ("/live/continue", test_continue);
  g_test_add_func ("/live/close", test_close);
  return g_test_run ();
}
