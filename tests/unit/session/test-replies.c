/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a client has to answer: a server that asks and asks, and reads nothing for a while, gets all answers in the end,
 * in order; and each window of messages is acknowledged. */
#include "client.h"

#include <string.h>

#define N_PINGS 20000 /* many times what may wait */

typedef struct {
  int n_right; /* atomic: answers, in order */
} Asked;

static gpointer
ask (gpointer data)
{
  PeerIo *io = data;
  bool there = true;

  for (uint32_t i = 0; there && i < N_PINGS; i++)
    there = server_send (io, CW_MSG_PING, &(CwMsgPing){ .id = i, .timestamp = (uint64_t) i << 32 | 7 });
  return NULL;
}

/* The next PONG, behind whatever else a client says in mini headers. */
static bool
read_answer (PeerIo *io, uint8_t body[12])
{
  uint8_t header[6], other[64];

  while (peer_read (io, header, sizeof header) && header[2] <= sizeof other && header[3] == 0) {
    bool is_answer = header[0] == CW_MSGC_PONG && header[1] == 0 && header[2] == 12;

    if (!peer_read (io, is_answer ? body : other, header[2]))
      return false;
    if (is_answer)
      return true;
  }
  return false;
}

static bool
is_right (const uint8_t body[12], uint32_t id)
{
  uint8_t expected[12] = { 0 };

  for (unsigned i = 0; i < 4; i++)
    expected[i] = expected[8 + i] = (uint8_t) (id >> 8 * i);
  expected[4] = 7;
  return memcmp (body, expected, sizeof expected) == 0;
}

/* Listens for half of the answers, then is deaf again. */
static void
serve (PeerIo *io, gpointer data)
{
  Asked *self = data;
  GThread *thread;
  uint8_t body[12];

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  thread = g_thread_new ("asks", ask, io);
  for (uint32_t i = 0; i < N_PINGS; i++) {
    if (i % (N_PINGS / 2) == 0)
      g_usleep (200000);
    if (!read_answer (io, body) || !is_right (body, i))
      break;
    g_atomic_int_inc (&self->n_right);
  }
  peer_drain (io);
  g_thread_join (thread);
}

static bool
is_answered (gpointer data)
{
  return g_atomic_int_get (&((Asked *) data)->n_right) == N_PINGS;
}

static void
test_replies (void)
{
  Asked asked = { 0 };
  Server *server = server_new (serve, &asked);
  /* Little that the system keeps for us. */
  SpiceSession *session = client_session_fd (server, 4096);

  g_assert_true (spice_session_open_fd (session, -1));
  client_run_until (CLIENT_PATIENCE, is_answered, &asked);
  g_assert_cmpint (g_atomic_int_get (&asked.n_right), ==, N_PINGS);
  client_end (session);
  server_free (server);
}

#define WINDOW 3
#define N_MESSAGES 7

typedef struct {
  uint32_t generation;
  unsigned n_acks;
  int is_over; /* atomic */
} Acked;

static void
serve_window (PeerIo *io, gpointer data)
{
  Acked *self = data;
  uint8_t header[6], body[64];
  unsigned n_pongs = 0;

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  server_send (io, CW_MSG_SET_ACK, &(CwMsgSetAck){ .generation = 0x01020304, .window = WINDOW });
  for (uint32_t i = 0; i < N_MESSAGES; i++)
    server_send (io, CW_MSG_PING, &(CwMsgPing){ .id = i });
  while (n_pongs < N_MESSAGES && peer_read (io, header, sizeof header) && header[2] <= sizeof body
         && peer_read (io, body, header[2])) {
    if (header[0] == CW_MSGC_ACK_SYNC)
      self->generation = body[0] | body[1] << 8 | body[2] << 16 | (uint32_t) body[3] << 24;
    self->n_acks += header[0] == CW_MSGC_ACK;
    n_pongs += header[0] == CW_MSGC_PONG;
  }
  g_atomic_int_set (&self->is_over, 1);
  peer_drain (io);
}

static bool
is_acked (gpointer data)
{
  return g_atomic_int_get (&((Acked *) data)->is_over) != 0;
}

static void
test_window (void)
{
  Acked acked = { 0 };
  Server *server = server_new (serve_window, &acked);
  SpiceSession *session = client_session (server);

  g_assert_true (spice_session_connect (session));
  client_await (is_acked, &acked);
  g_assert_cmphex (acked.generation, ==, 0x01020304);
  g_assert_cmpuint (acked.n_acks, ==, N_MESSAGES / WINDOW);
  client_end (session);
  server_free (server);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/replies/deaf-server", test_replies);
  g_test_add_func ("/replies/window", test_window);
  return g_test_run ();
}
