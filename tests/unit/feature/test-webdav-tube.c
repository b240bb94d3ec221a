/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Connections inside the process: both ends in this thread, and the server's in one of its own. */
#include "feature/webdav/tube.h"

#include "channel/spicevmc.h"
#include "feature/webdav/mux.h"

#include <string.h>

#define LARGE (8 * 1024 * 1024)

typedef struct {
  CwWebdavTube *tube;
  GIOStream *stream;
  GInputStream *in;
  GOutputStream *out;
  unsigned n_ready;
} Fixture;

static gboolean
on_ready (gpointer data)
{
  ((Fixture *) data)->n_ready++;
  return G_SOURCE_CONTINUE;
}

static void
set_up (Fixture *self, gconstpointer data)
{
  *self = (Fixture){ .tube = NULL };
  self->tube = cw_webdav_tube_new (g_main_context_default (), g_main_context_default (), on_ready, self);
  self->stream = cw_webdav_tube_stream (self->tube, g_main_context_default (), NULL);
  self->in = g_io_stream_get_input_stream (self->stream);
  self->out = g_io_stream_get_output_stream (self->stream);
}

static void
tear_down (Fixture *self, gconstpointer data)
{
  if (self->tube)
    cw_webdav_tube_free (self->tube);
  g_clear_object (&self->stream);
}

static void
run (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static gssize
write_some (Fixture *self, const void *bytes, gsize size, GError **error)
{
  return g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM (self->out), bytes, size, NULL, error);
}

static gssize
read_some (Fixture *self, void *bytes, gsize size, GError **error)
{
  return g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM (self->in), bytes, size, NULL, error);
}

/* The content of the next frame; its header has to be right. */
static GBytes *
take (Fixture *self)
{
  CwPiped piped;
  bool over;
  g_autoptr (GBytes) frame = cw_webdav_tube_take (self->tube, 0x0102030405060708, &piped, &over);
  static const uint8_t id[] = { 8, 7, 6, 5, 4, 3, 2, 1 };
  const uint8_t *bytes;
  gsize size;

  g_assert_false (over);
  if (!frame)
    return NULL;
  bytes = g_bytes_get_data (frame, &size);
  g_assert_cmpuint (size, >, CW_WEBDAV_HEADER);
  g_assert_cmpuint (size, <=, 65536);
  g_assert_cmpmem (bytes, 8, id, 8);
  g_assert_cmpuint (bytes[8] + 256 * bytes[9], ==, size - CW_WEBDAV_HEADER);
  return g_bytes_new_from_bytes (frame, CW_WEBDAV_HEADER, size - CW_WEBDAV_HEADER);
}

static gboolean
count (gpointer stream, gpointer data)
{
  ++*(unsigned *) data;
  return G_SOURCE_CONTINUE;
}

static void
test_up (Fixture *self, gconstpointer data)
{
  g_autoptr (GSource) source = g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM (self->in), NULL);
  g_autoptr (GError) error = NULL;
  unsigned n_calls = 0;
  char text[16];

  g_source_set_callback (source, G_SOURCE_FUNC (count), &n_calls, NULL);
  g_source_attach (source, NULL);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_calls, ==, 0);
  g_assert_cmpint (read_some (self, text, sizeof text, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_cmpuint (cw_webdav_tube_give (self->tube, (CwSlice){ (const uint8_t *) "abcdef", 6 }), ==, 6);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_calls, ==, 1);
  g_assert_cmpint (read_some (self, text, 4, NULL), ==, 4);
  g_assert_cmpmem (text, 4, "abcd", 4);
  cw_webdav_tube_hang_up (self->tube);
  g_assert_cmpint (read_some (self, text, 4, NULL), ==, 2);
  g_assert_cmpint (read_some (self, text, 4, NULL), ==, 0);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_calls, ==, 2);
  g_source_destroy (source);
}

/* The channel hears when what it gave has gone. */
static void
test_up_told (Fixture *self, gconstpointer data)
{
  g_autofree uint8_t *bytes = g_malloc0 (LARGE);

  g_assert_cmpuint (cw_webdav_tube_give (self->tube, (CwSlice){ bytes, LARGE }), ==, LARGE);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 0);
  g_assert_cmpint (read_some (self, bytes, LARGE / 2, NULL), ==, LARGE / 2);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 0);
  g_assert_cmpint (read_some (self, bytes, LARGE / 2 - 1, NULL), ==, LARGE / 2 - 1);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 1);
  g_assert_cmpuint (cw_webdav_tube_waiting (self->tube), ==, 1);
  cw_webdav_tube_hang_up (self->tube);
  g_assert_cmpint (read_some (self, bytes, LARGE, NULL), ==, 1);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 2);
}

/* Only where much has waited is it told when that has gone, and once for each time. */
static void
test_up_low (Fixture *self, gconstpointer data)
{
  const size_t low = 64 * 1024;
  g_autofree uint8_t *bytes = g_malloc0 (low);

  g_assert_cmpuint (cw_webdav_tube_give (self->tube, (CwSlice){ bytes, low }), ==, low);
  g_assert_cmpint (read_some (self, bytes, 10, NULL), ==, 10);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 0);
  g_assert_cmpuint (cw_webdav_tube_give (self->tube, (CwSlice){ bytes, 12 }), ==, low + 2);
  g_assert_cmpint (read_some (self, bytes, 1, NULL), ==, 1);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 0);
  g_assert_cmpint (read_some (self, bytes, 1, NULL), ==, 1);
  g_assert_cmpint (read_some (self, bytes, 1, NULL), ==, 1);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 1);
  g_assert_cmpint (read_some (self, bytes, 1, NULL), ==, 1);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 1);
}

/* What is written in one turn of the loop is one frame, and told of once. */
static void
test_down (Fixture *self, gconstpointer data)
{
  g_autoptr (GBytes) content = NULL;
  CwPiped piped;
  bool over;

  g_assert_cmpint (write_some (self, "head", 4, NULL), ==, 4);
  g_assert_cmpint (write_some (self, "body", 4, NULL), ==, 4);
  g_assert_cmpuint (self->n_ready, ==, 0);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 1);
  content = take (self);
  g_assert_cmpmem (g_bytes_get_data (content, NULL), g_bytes_get_size (content), "headbody", 8);
  g_assert_null (take (self));
  g_assert_true (g_io_stream_close (self->stream, NULL, NULL));
  run ();
  g_assert_cmpuint (self->n_ready, ==, 2);
  g_assert_null (cw_webdav_tube_take (self->tube, 1, &piped, &over));
  g_assert_true (over);
  g_assert_cmpuint (cw_webdav_tube_give (self->tube, (CwSlice){ (const uint8_t *) "late", 4 }), ==, 0);
}

static void
test_down_bound (Fixture *self, gconstpointer data)
{
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (self->out);
  g_autofree uint8_t *bytes = g_malloc0 (LARGE);
  g_autoptr (GError) error = NULL;
  gssize n = write_some (self, bytes, LARGE, NULL), taken = 0;

  g_assert_cmpint (n, >, 0);
  g_assert_cmpint (n, <, LARGE / 8);
  g_assert_cmpint (write_some (self, bytes, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  g_assert_false (g_pollable_output_stream_is_writable (out));
  while (!g_pollable_output_stream_is_writable (out)) {
    g_autoptr (GBytes) content = take (self);

    g_assert_nonnull (content);
    taken += (gssize) g_bytes_get_size (content);
  }
  g_assert_cmpint (taken, <, n);
  g_clear_error (&error);
  cw_webdav_tube_hang_up (self->tube);
  g_assert_cmpint (write_some (self, bytes, 1, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
  g_assert_null (take (self));
}

static void
test_channel_first (Fixture *self, gconstpointer data)
{
  char byte;

  cw_webdav_tube_free (g_steal_pointer (&self->tube));
  g_assert_cmpint (read_some (self, &byte, 1, NULL), ==, 0);
  g_assert_cmpint (write_some (self, "x", 1, NULL), ==, -1);
  run ();
  g_assert_cmpuint (self->n_ready, ==, 0);
}

/* An echo, in a thread of its own. */
typedef struct {
  CwWebdavTube *tube;
  GMainContext *context;
} Echo;

static void
wait_for (GSource *source, GMainContext *context)
{
  unsigned n_calls = 0;

  g_source_set_callback (source, G_SOURCE_FUNC (count), &n_calls, NULL);
  g_source_attach (source, context);
  while (n_calls == 0)
    g_main_context_iteration (context, TRUE);
  g_source_destroy (source);
  g_source_unref (source);
}

static gpointer
echo (gpointer data)
{
  Echo *self = data;
  g_autoptr (GIOStream) stream = cw_webdav_tube_stream (self->tube, self->context, NULL);
  GPollableInputStream *in = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream));
  GPollableOutputStream *out = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream));
  uint8_t bytes[10000];
  gssize n;

  while ((n = g_pollable_input_stream_read_nonblocking (in, bytes, sizeof bytes, NULL, NULL)) != 0) {
    gssize written = 0;

    if (n < 0)
      wait_for (g_pollable_input_stream_create_source (in, NULL), self->context);
    while (written < n) {
      gssize once
          = g_pollable_output_stream_write_nonblocking (out, bytes + written, (gsize) (n - written), NULL, NULL);

      if (once < 0)
        wait_for (g_pollable_output_stream_create_source (out, NULL), self->context);
      else
        written += once;
    }
  }
  return NULL;
}

typedef struct {
  CwWebdavTube *tube;
  GByteArray *back;
  bool over;
} Echoed;

static gboolean
on_echoed (gpointer data)
{
  Echoed *self = data;
  CwPiped piped;
  GBytes *frame;

  while ((frame = cw_webdav_tube_take (self->tube, 1, &piped, &self->over))) {
    g_byte_array_append (self->back, (const guint8 *) g_bytes_get_data (frame, NULL) + CW_WEBDAV_HEADER,
                         (guint) g_bytes_get_size (frame) - CW_WEBDAV_HEADER);
    g_bytes_unref (frame);
  }
  return G_SOURCE_CONTINUE;
}

static void
test_threads (void)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autofree uint8_t *bytes = g_malloc (LARGE);
  Echoed self = { .back = g_byte_array_new () };
  Echo other = { .context = context };
  GThread *thread;
  size_t given = 0;

  for (unsigned i = 0; i < LARGE; i++)
    bytes[i] = (uint8_t) (i * 7 + i / 1000);
  self.tube = cw_webdav_tube_new (g_main_context_default (), context, on_echoed, &self);
  other.tube = self.tube;
  thread = g_thread_new ("echo", echo, &other);
  while (self.back->len < LARGE) {
    while (given < LARGE && cw_webdav_tube_waiting (self.tube) < 200000) {
      size_t n = MIN (65535, LARGE - given);

      cw_webdav_tube_give (self.tube, (CwSlice){ bytes + given, n });
      given += n;
    }
    g_main_context_iteration (NULL, TRUE);
  }
  g_assert_cmpmem (self.back->data, self.back->len, bytes, LARGE);
  g_assert_false (self.over);
  cw_webdav_tube_hang_up (self.tube);
  while (!self.over)
    g_main_context_iteration (NULL, TRUE);
  g_thread_join (thread);
  cw_webdav_tube_free (self.tube);
  g_byte_array_unref (self.back);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add ("/webdav-tube/up", Fixture, NULL, set_up, test_up, tear_down);
  g_test_add ("/webdav-tube/up-told", Fixture, NULL, set_up, test_up_told, tear_down);
  g_test_add ("/webdav-tube/up-low", Fixture, NULL, set_up, test_up_low, tear_down);
  g_test_add ("/webdav-tube/down", Fixture, NULL, set_up, test_down, tear_down);
  g_test_add ("/webdav-tube/down-bound", Fixture, NULL, set_up, test_down_bound, tear_down);
  g_test_add ("/webdav-tube/channel-first", Fixture, NULL, set_up, test_channel_first, tear_down);
  g_test_add_func ("/webdav-tube/threads", test_threads);
  return g_test_run ();
}
