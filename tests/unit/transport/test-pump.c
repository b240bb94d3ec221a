/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a pump delivers, and how it ends. */
#include "pump-fixture.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LIST 8

static void
test_mini (void)
{
  Fixture f;

  set_up (&f, true);
  put_mini (&f, 101, "abc", 3);
  put_mini (&f, 102, NULL, 0);
  put (&f, "\x67\0\4", 3);
  spin (&f);
  check_log (&f, "101:3@1 102:0@2 ");
  put (&f, "\0\0\0wx", 5);
  spin (&f);
  check_log (&f, "");
  put (&f, "yz", 2);
  spin (&f);
  check_log (&f, "103:4@3 ");
  g_assert_cmpmem (g_bytes_get_data (f.last, NULL), g_bytes_get_size (f.last), "wxyz", 4);
  g_assert_cmpuint (cw_pump_bytes_read (f.pump), ==, 9 + 6 + 10);
  tear_down (&f);
}

static void
test_full (void)
{
  static const uint8_t bytes[]
      = { 7,   0, 0, 0, 0, 0, 0, 0, 101, 0, 3,  0, 0, 0,  0, 0, 0, 0, 'a', 'b', 'c', /* serial 7 */
          9,   0, 0, 0, 0, 0, 0, 0, 102, 0, 14, 0, 0, 0,  1, 0, 0, 0, /* serial 9, 14 bytes, sub_list 1 */
          'x', 1, 0, 7, 0, 0, 0, 5, 0,   1, 0,  0, 0, 's' };
  static const uint8_t sent[] = { 1, 0, 0, 0, 0, 0, 0, 0, 3, 0, 1, 0, 0, 0, 0, 0, 0, 0, 'p', /* */
                                  2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0 };
  g_autoptr (GBytes) body = g_bytes_new_static ("p", 1);
  g_autoptr (GByteArray) out = NULL;
  Fixture f;

  set_up (&f, false);
  put (&f, bytes, sizeof bytes);
  spin (&f);
  check_log (&f, "101:3@7 5:1s@9 102:14@9 ");
  g_assert_true (cw_pump_send (f.pump, 3, body, CW_PUMP_NORMAL, NULL));
  g_assert_true (cw_pump_send (f.pump, 2, NULL, CW_PUMP_NORMAL, NULL));
  spin (&f);
  out = take (&f);
  g_assert_cmpmem (out->data, out->len, sent, sizeof sent);
  tear_down (&f);
}

static void
expect_much (Fixture *self, const CwPumpFrame *frame)
{
  if (frame->type == 101)
    cw_pump_expect (self->pump, 1 << 20);
}

static int
low_water_of (GSocket *socket)
{
  int bytes = 0;

  g_assert_true (g_socket_get_option (socket, SOL_SOCKET, SO_RCVLOWAT, &bytes, NULL));
  return bytes;
}

/* Of much that is on its way, a good piece is awaited; but what comes instead comes too. */
static void
test_expected_fails_to_come (void)
{
  g_autoptr (GSocketConnection) stream = NULL;
  GSocket *socket;
  Fixture f;

  set_up_tcp (&f, &stream);
  socket = g_socket_connection_get_socket (stream);
  f.hook = expect_much;
  put_mini (&f, 101, "abc", 3);
  while (f.n_frames < 1 || low_water_of (socket) == 1)
    g_main_context_iteration (f.context, TRUE);
  put_mini (&f, 102, "d", 1);
  while (f.n_frames < 2 || low_water_of (socket) > 1)
    g_main_context_iteration (f.context, TRUE);
  check_log (&f, "101:3@1 102:1@2 ");
  tear_down (&f);
}

static void
pause_at_sub (Fixture *self, const CwPumpFrame *frame)
{
  if (frame->type == 5)
    cw_pump_pause (self->pump, 1);
}

/* WAIT_FOR_CHANNELS inside a LIST has to stop what follows in the same LIST. */
static void
test_list_pause (void)
{
  static const uint8_t list[] = { 2, 0, 10, 0, 0, 0, 17, 0, 0, 0, 5, 0, 1, 0, 0, 0, 'a', 6, 0, 2, 0, 0, 0, 'b', 'c' };
  Fixture f;

  set_up (&f, true);
  f.hook = pause_at_sub;
  put_mini (&f, LIST, list, sizeof list);
  put_mini (&f, 101, NULL, 0);
  spin (&f);
  check_log (&f, "5:1s@1 ");
  cw_pump_pause (f.pump, 2);
  cw_pump_resume (f.pump, 1);
  spin (&f);
  check_log (&f, "");
  cw_pump_resume (f.pump, 2);
  spin (&f);
  check_log (&f, "6:2s@1 8:25@1 101:0@2 ");
  tear_down (&f);
}

static void
test_bad_list (void)
{
  static const uint8_t beyond[] = { 1, 0, 255, 0, 0, 0 };
  static const uint8_t nested[] = { 1, 0, 6, 0, 0, 0, LIST, 0, 0, 0, 0, 0 };
  Fixture f;

  set_up (&f, true);
  put_mini (&f, LIST, beyond, sizeof beyond);
  spin (&f);
  check_log (&f, "");
  g_assert_cmpuint (f.n_closed, ==, 1);
  g_assert_error (f.closed, CW_ERROR, CW_ERROR_MALFORMED);
  tear_down (&f);

  set_up (&f, true);
  put_mini (&f, LIST, nested, sizeof nested);
  spin (&f);
  check_log (&f, "");
  g_assert_cmpuint (f.n_closed, ==, 1);
  g_assert_nonnull (f.closed);
  tear_down (&f);
}

static void
test_limit (void)
{
  Fixture f;

  set_up (&f, true);
  f.limit = 1000;
  put (&f, "\x65\0\xff\xff\xff\xff", 6);
  spin (&f);
  g_assert_cmpuint (f.n_closed, ==, 1);
  g_assert_error (f.closed, CW_ERROR, CW_ERROR_LIMIT);
  g_assert_nonnull (strstr (f.closed->message, "4294967295 > 1000"));
  g_assert_false (cw_pump_send (f.pump, 1, NULL, CW_PUMP_NORMAL, NULL));
  tear_down (&f);
}

static gpointer
write_large (gpointer data)
{
  Fixture *self = data;
  uint32_t size = 9 * 1000 * 1000;
  uint8_t *bytes = g_malloc (size + 6);
  size_t at = 0;

  memcpy (bytes, (const uint8_t[]){ 101, 0, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, size >> 24 }, 6);
  for (uint32_t i = 0; i < size; i++)
    bytes[6 + i] = (uint8_t) (i * 7 + (i >> 12));
  while (at < size + 6) {
    ssize_t n = send (self->peer, bytes + at, size + 6 - at, MSG_NOSIGNAL);

    g_assert_cmpint (n, >, 0);
    at += n;
  }
  g_free (bytes);
  put_mini (self, 102, "end", 3);
  return NULL;
}

#define SMALL "a small body"

static void
keep_large (Fixture *self, const CwPumpFrame *frame)
{
  if (frame->type == 101)
    self->large = g_bytes_ref (frame->bytes);
}

static void
test_large (void)
{
  Fixture f;
  GThread *thread;
  const uint8_t *data;
  size_t size;

  set_up (&f, true);
  f.hook = keep_large;
  thread = g_thread_new ("peer", write_large, &f);
  while (f.n_frames < 2)
    g_main_context_iteration (f.context, TRUE);
  g_thread_join (thread);
  check_log (&f, "101:9000000@1 102:3@2 ");
  tear_down (&f); /* the body outlives the pump */
  data = g_bytes_get_data (f.large, &size);
  g_assert_cmpuint (size, ==, 9000000);
  for (uint32_t i = 0; i < size; i++)
    g_assert_cmpuint (data[i], ==, (uint8_t) (i * 7 + (i >> 12)));
  g_bytes_unref (f.large);
}

/* A small body stays until the callback returns, also when that closes the connection, and another one of the same
 * thread reads what comes to it. */
static void
close_and_read (Fixture *self, const CwPumpFrame *frame)
{
  g_autofree char *noise = g_strnfill (sizeof SMALL, '#');
  Fixture other;

  g_assert_null (frame->bytes);
  cw_pump_close (self->pump);
  set_up_in (&other, self->context, true);
  put_mini (&other, 7, noise, sizeof SMALL);
  while (other.n_frames == 0)
    g_main_context_iteration (other.context, TRUE);
  tear_down (&other);
  g_assert_cmpmem (frame->body.data, frame->body.size, SMALL, sizeof SMALL);
}

static void
test_small (void)
{
  Fixture f;

  set_up (&f, true);
  f.hook = close_and_read;
  put_mini (&f, 101, SMALL, sizeof SMALL);
  while (f.n_frames == 0)
    g_main_context_iteration (f.context, TRUE);
  tear_down (&f);
}

/* Many sizes around the block and copy limits, in pieces of odd sizes, against the bytes they were made of. */
static void
check_pattern (Fixture *self, const CwPumpFrame *frame)
{
  for (size_t i = 0; i < frame->body.size; i++)
    g_assert_cmpuint (frame->body.data[i], ==, (uint8_t) (frame->type + i));
}

static void
test_sizes (void)
{
  static const uint32_t sizes[] = { 0, 1, 255, 256, 257, 5000, 65519, 65529, 65530, 65531, 65536, 70000, 1, 131072, 3 };
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  GString *expected = g_string_new (NULL);
  Fixture f;

  for (unsigned round = 0; round < 3; round++) {
    for (unsigned k = 0; k < G_N_ELEMENTS (sizes); k++) {
      uint32_t size = sizes[k];
      uint8_t header[6] = { k, 1, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, 0 };

      g_byte_array_append (bytes, header, 6);
      for (uint32_t i = 0; i < size; i++)
        g_byte_array_append (bytes, &(uint8_t){ (uint8_t) (k + i) }, 1);
      g_string_append_printf (expected, "%u:%u@%u ", 256 + k, size, round * (unsigned) G_N_ELEMENTS (sizes) + k + 1);
    }
  }
  set_up (&f, true);
  f.hook = check_pattern;
  for (size_t at = 0, step = 1; at < bytes->len; step = step * 3 % 40009 + 1) {
    size_t n = MIN (step, bytes->len - at);

    put (&f, bytes->data + at, n);
    at += n;
    spin (&f);
  }
  check_log (&f, expected->str);
  tear_down (&f);
  g_string_free (expected, TRUE);
}

static void
test_orderly_end (void)
{
  Fixture f;

  set_up (&f, true);
  put_mini (&f, 101, "abc", 3);
  close (f.peer);
  f.peer = -1;
  spin (&f);
  check_log (&f, "101:3@1 ");
  g_assert_cmpuint (f.n_closed, ==, 1);
  g_assert_no_error (f.closed);
  tear_down (&f);
}

static void
test_cut_message (gconstpointer data)
{
  Fixture f;

  set_up (&f, true);
  put (&f, "\x65\0\3\0\0\0ab", GPOINTER_TO_SIZE (data));
  spin (&f);
  close (f.peer);
  f.peer = -1;
  spin (&f);
  g_assert_cmpuint (f.n_closed, ==, 1);
  g_assert_error (f.closed, CW_ERROR, CW_ERROR_CLOSED);
  tear_down (&f);
}

/* A unix socket closed with unread bytes resets its peer. */
static void
test_reset (gconstpointer data)
{
  bool write_first = data != NULL;
  Fixture f;

  set_up (&f, true);
  g_assert_true (cw_pump_send (f.pump, 1, NULL, CW_PUMP_NORMAL, NULL));
  spin (&f);
  cw_pump_pause (f.pump, 1);
  close (f.peer);
  f.peer = -1;
  if (write_first)
    g_assert_true (cw_pump_send (f.pump, 1, NULL, CW_PUMP_NORMAL, NULL));
  spin (&f);
  g_assert_cmpuint (f.n_closed, ==, 0);
  cw_pump_resume (f.pump, 1);
  spin (&f);
  g_assert_cmpuint (f.n_closed, ==, 1);
  g_assert_error (f.closed, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED);
  tear_down (&f);
}

static void
nest (Fixture *self, const CwPumpFrame *frame)
{
  g_autoptr (GByteArray) out = NULL;

  if (frame->type != 101)
    return;
  g_assert_true (cw_pump_send (self->pump, 1, NULL, CW_PUMP_NORMAL, NULL));
  put_mini (self, 103, NULL, 0);
  cw_pump_pause (self->pump, 1);
  cw_pump_resume (self->pump, 1);
  spin (self);
  g_string_append (self->log, "| ");
  out = take (self);
  g_assert_cmpmem (out->data, out->len, "\1\0\0\0\0\0", 6);
}

static void
test_nested_loop (void)
{
  Fixture f;

  set_up (&f, true);
  f.hook = nest;
  put_mini (&f, 101, NULL, 0);
  put_mini (&f, 102, NULL, 0);
  spin (&f);
  check_log (&f, "101:0@1 | 102:0@2 103:0@3 ");
  tear_down (&f);
}

static void
close_in_frame (Fixture *self, const CwPumpFrame *frame)
{
  cw_pump_close (self->pump);
}

static void
drop_in_frame (Fixture *self, const CwPumpFrame *frame)
{
  g_clear_pointer (&self->pump, cw_pump_unref);
}

static void
test_end_in_frame (gconstpointer data)
{
  Fixture f;

  set_up (&f, true);
  f.hook = data ? drop_in_frame : close_in_frame;
  put_mini (&f, 101, NULL, 0);
  put_mini (&f, 102, NULL, 0);
  spin (&f);
  check_log (&f, "101:0@1 ");
  g_assert_cmpuint (f.n_closed, ==, 0);
  tear_down (&f);
}

static void
count_slowly (Fixture *self, const CwPumpFrame *frame)
{
  g_usleep (1000);
}

static gboolean
count_dispatch (gpointer data)
{
  ++*(unsigned *) data;
  return G_SOURCE_CONTINUE;
}

/* A source of this priority that is always ready while 100 frames of a millisecond come: how often it ran. */
static unsigned
run_beside (int priority)
{
  GSource *source = g_idle_source_new ();
  unsigned n = 0;
  Fixture f;

  set_up (&f, true);
  f.hook = count_slowly;
  for (unsigned i = 0; i < 100; i++)
    put_mini (&f, 101, NULL, 0);
  g_source_set_priority (source, priority);
  g_source_set_callback (source, count_dispatch, &n, NULL);
  g_source_attach (source, f.context);
  while (f.n_frames < 100)
    g_main_context_iteration (f.context, FALSE);
  g_source_destroy (source);
  g_source_unref (source);
  tear_down (&f);
  return n;
}

/* A turn is two of these frames. Nobody starves whoever is always ready, and is not starved. */
static void
test_budget (void)
{
  g_assert_cmpuint (run_beside (G_PRIORITY_DEFAULT), >=, 49);
  g_assert_cmpuint (run_beside (G_PRIORITY_HIGH_IDLE + 20), >=, 49);
  g_assert_cmpuint (run_beside (G_PRIORITY_DEFAULT_IDLE), >=, 24);
}

/* The last reference is dropped in a loop inside a callback: nothing comes any more. */
static void
drop_in_nested_loop (Fixture *self, const CwPumpFrame *frame)
{
  g_clear_pointer (&self->pump, cw_pump_unref);
  spin (self);
}

static void
test_drop_nested (void)
{
  Fixture f;

  set_up (&f, true);
  f.hook = drop_in_nested_loop;
  put_mini (&f, 101, NULL, 0);
  put_mini (&f, 102, NULL, 0);
  cw_pump_flush (f.pump, on_flushed, &f);
  while (f.n_frames == 0 || f.n_flushed == 0)
    g_main_context_iteration (f.context, TRUE);
  spin (&f);
  check_log (&f, "101:0@1 ");
  g_assert_cmpuint (f.n_closed, ==, 0);
  tear_down (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pump/mini", test_mini);
  g_test_add_func ("/pump/full", test_full);
  g_test_add_func ("/pump/list-pause", test_list_pause);
  g_test_add_func ("/pump/C13-bad-list", test_bad_list);
  g_test_add_func ("/pump/C13-limit", test_limit);
  g_test_add_func ("/pump/large", test_large);
  g_test_add_func ("/pump/small", test_small);
  g_test_add_func ("/pump/sizes", test_sizes);
  g_test_add_func ("/pump/orderly-end", test_orderly_end);
  g_test_add_data_func ("/pump/cut/in-header", GSIZE_TO_POINTER (1), test_cut_message);
  g_test_add_data_func ("/pump/cut/after-header", GSIZE_TO_POINTER (6), test_cut_message);
  g_test_add_data_func ("/pump/cut/in-body", GSIZE_TO_POINTER (8), test_cut_message);
  g_test_add_data_func ("/pump/reset/reading", NULL, test_reset);
  g_test_add_data_func ("/pump/reset/writing", "", test_reset);
  g_test_add_func ("/pump/expected-fails-to-come", test_expected_fails_to_come);
  g_test_add_func ("/pump/nested-loop", test_nested_loop);
  g_test_add_data_func ("/pump/end-in-frame/close", NULL, test_end_in_frame);
  g_test_add_data_func ("/pump/end-in-frame/drop", "", test_end_in_frame);
  g_test_add_func ("/pump/budget", test_budget);
  g_test_add_func ("/pump/drop-nested", test_drop_nested);
  return g_test_run ();
}
