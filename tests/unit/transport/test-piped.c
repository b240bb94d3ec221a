/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Messages whose end comes from a pipe. */
#include "pump-fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define SIZE 60000

typedef struct {
  int fds[2];
  unsigned n_done;
} Pipe;

static void
on_done (gpointer data)
{
  ((Pipe *) data)->n_done++;
}

static void
pipe_open (Pipe *self)
{
  self->n_done = 0;
  g_assert_cmpint (pipe2 (self->fds, O_CLOEXEC | O_NONBLOCK), ==, 0);
  g_assert_cmpint (fcntl (self->fds[1], F_SETPIPE_SZ, 1 << 20), ==, 1 << 20);
}

static void
pipe_close (Pipe *self)
{
  close (self->fds[0]);
  close (self->fds[1]);
}

/* A message of that type, whose end is so many bytes of that value. */
static void
send_behind (Fixture *f, Pipe *pipe, GBytes *begin, uint16_t type, size_t size, char value)
{
  CwPiped piped = { pipe->fds[0], size, on_done, pipe };
  g_autofree char *bytes = g_malloc (size);

  memset (bytes, value, size);
  g_assert_cmpint (write (pipe->fds[1], bytes, size), ==, size);
  g_assert_true (cw_pump_can_pipe (f->pump));
  g_assert_true (cw_pump_send_piped (f->pump, type, begin, &piped, NULL));
}

static void
send_piped (Fixture *f, Pipe *pipe, uint16_t type, size_t size, char value)
{
  g_autoptr (GBytes) begin = g_bytes_new_static ("begin", 5);

  send_behind (f, pipe, begin, type, size, value);
}

static const uint8_t *
check_message (const uint8_t *at, uint8_t type, uint32_t size)
{
  g_assert_cmpuint (at[0] + 256 * at[1], ==, type);
  g_assert_cmpuint (at[2] + 256 * at[3] + 65536 * at[4], ==, size);
  return at + 6;
}

static const uint8_t *
check_piped (const uint8_t *at, uint8_t type, uint32_t size, uint8_t value)
{
  at = check_message (at, type, 5 + size);
  g_assert_cmpmem (at, 5, "begin", 5);
  at += 5;
  for (uint32_t i = 0; i < size; i++)
    g_assert_cmpuint (at[i], ==, value);
  return at + size;
}

/* Between others of any size, to a peer that reads late, and by parts: all in their order. */
static void
test_order (void)
{
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_autoptr (GBytes) large = zeros (300000), small = zeros (100);
  g_autoptr (GSocketConnection) stream = NULL;
  const uint8_t *at;
  Pipe pipe;
  Fixture f;

  set_up_tcp (&f, &stream);
  pipe_open (&pipe);
  for (unsigned i = 0; i < 8; i++) {
    g_assert_true (cw_pump_send (f.pump, 50, small, CW_PUMP_NORMAL, NULL));
    send_piped (&f, &pipe, 51, SIZE, (char) i);
    g_assert_true (cw_pump_send (f.pump, 52, large, CW_PUMP_NORMAL, NULL));
    send_piped (&f, &pipe, 53, 1, 'x');
  }
  g_assert_cmpuint (pipe.n_done, ==, 0);
  while (all->len < 8 * (106 + 11 + SIZE + 300006 + 12)) {
    g_autoptr (GByteArray) part = NULL;

    spin (&f);
    part = take (&f);
    g_byte_array_append (all, part->data, part->len);
  }
  g_assert_cmpuint (pipe.n_done, ==, 16);
  g_assert_cmpuint (cw_pump_queued_bytes (f.pump), ==, 0);
  at = all->data;
  for (unsigned i = 0; i < 8; i++) {
    at = check_message (at, 50, 100) + 100;
    at = check_piped (at, 51, SIZE, (uint8_t) i);
    at = check_message (at, 52, 300000) + 300000;
    at = check_piped (at, 53, 1, 'x');
  }
  g_assert_cmpuint (at - all->data, ==, all->len);
  pipe_close (&pipe);
  tear_down (&f);
}

/* Behind small messages that are written together, wherever what fits together ends: the longest begin goes whole. */
static void
test_behind_small (void)
{
  enum { TOGETHER = 65536, MESSAGE = 4000 };
  g_autoptr (GBytes) begin = zeros (CW_PIPED_BEGIN_MAX), small = zeros (MESSAGE - 6);

  for (size_t left = 6; left <= 6 + CW_PIPED_BEGIN_MAX + CW_FRAME_HEADER_MAX; left += 4) {
    const size_t size = TOGETHER - TOGETHER / MESSAGE * MESSAGE - left;
    g_autoptr (GBytes) last = zeros (size - 6);
    g_autoptr (GSocketConnection) stream = NULL;
    g_autoptr (GByteArray) all = g_byte_array_new ();
    const uint8_t *at;
    Pipe pipe;
    Fixture f;

    set_up_tcp (&f, &stream);
    pipe_open (&pipe);
    for (unsigned i = 0; i < TOGETHER / MESSAGE; i++)
      g_assert_true (cw_pump_send (f.pump, 50, small, CW_PUMP_NORMAL, NULL));
    g_assert_true (cw_pump_send (f.pump, 50, last, CW_PUMP_NORMAL, NULL));
    send_behind (&f, &pipe, begin, 51, 10, 'x');
    while (all->len < TOGETHER - left + 6 + CW_PIPED_BEGIN_MAX + 10) {
      g_autoptr (GByteArray) part = NULL;

      spin (&f);
      part = take (&f);
      g_byte_array_append (all, part->data, part->len);
    }
    at = check_message (all->data + TOGETHER - left, 51, CW_PIPED_BEGIN_MAX + 10);
    g_assert_cmpmem (at, CW_PIPED_BEGIN_MAX, g_bytes_get_data (begin, NULL), CW_PIPED_BEGIN_MAX);
    g_assert_cmpmem (at + CW_PIPED_BEGIN_MAX, 10, "xxxxxxxxxx", 10);
    g_assert_cmpuint (pipe.n_done, ==, 1);
    pipe_close (&pipe);
    tear_down (&f);
  }
}

/* What does not fit stays the caller's; what has been taken is let go with the connection, begun or not. */
static void
test_dropped (void)
{
  g_autoptr (GBytes) begin = g_bytes_new_static ("begin", 5);
  g_autoptr (GBytes) large = zeros (8 << 20);
  g_autoptr (GError) error = NULL;
  Pipe pipe;
  Fixture f;

  set_up (&f, true);
  pipe_open (&pipe);
  send_piped (&f, &pipe, 51, SIZE, 'a');
  g_assert_true (cw_pump_send (f.pump, 52, large, CW_PUMP_NORMAL, NULL)); /* the peer does not read */
  send_piped (&f, &pipe, 53, SIZE, 'b');
  spin (&f);
  cw_pump_set_queue_limit (f.pump, 1000);
  g_assert_false (cw_pump_send_piped (f.pump, 54, begin, &(CwPiped){ pipe.fds[0], SIZE, on_done, &pipe }, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_clear_error (&error);
  g_assert_cmpuint (pipe.n_done, <, 2);
  cw_pump_close (f.pump);
  g_assert_cmpuint (pipe.n_done, ==, 2);
  g_assert_false (cw_pump_send_piped (f.pump, 54, begin, &(CwPiped){ pipe.fds[0], SIZE, on_done, &pipe }, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_CLOSED);
  g_assert_cmpuint (pipe.n_done, ==, 2);
  pipe_close (&pipe);
  tear_down (&f);
}

/* Writing to a peer that is gone ends the connection, not the program. */
static void
test_no_signal (void)
{
  g_autoptr (GSocketConnection) stream = NULL;
  Pipe pipe;
  Fixture f;

  set_up_tcp (&f, &stream);
  pipe_open (&pipe);
  signal (SIGPIPE, SIG_DFL);
  for (unsigned i = 0; i < 10; i++)
    send_piped (&f, &pipe, 51, SIZE, 'a');
  cw_pump_pause (f.pump, 1); /* reading would find the end first */
  close (f.peer);
  f.peer = -1;
  while (pipe.n_done < 10 && cw_pump_queued_bytes (f.pump) > 0) {
    spin (&f);
    cw_pump_flush (f.pump, on_flushed, &f);
    spin (&f);
    if (f.flushed)
      break;
  }
  g_assert_nonnull (f.flushed);
  signal (SIGPIPE, SIG_IGN);
  cw_pump_close (f.pump);
  g_assert_cmpuint (pipe.n_done, ==, 10);
  pipe_close (&pipe);
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/piped/order", test_order);
  g_test_add_func ("/piped/behind-small", test_behind_small);
  g_test_add_func ("/piped/dropped", test_dropped);
  g_test_add_func ("/piped/no-signal", test_no_signal);
  return g_test_run ();
}
