/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "pump-fixture.h"

#include <gio/gio.h>
#include <sys/socket.h>
#include <unistd.h>

static void
on_frame (gpointer data, const CwPumpFrame *frame)
{
  Fixture *self = data;

  if (self->n_frames++ < 100)
    g_string_append_printf (self->log, "%u:%zu%s@%" G_GUINT64_FORMAT " ", frame->type, frame->body.size,
                            frame->is_sub ? "s" : "", frame->serial);
  g_clear_pointer (&self->last, g_bytes_unref);
  self->last = cw_pump_frame_keep (frame);
  if (self->hook)
    self->hook (self, frame);
}

static void
on_closed (gpointer data, const GError *error)
{
  Fixture *self = data;

  self->n_closed++;
  self->closed = error ? g_error_copy (error) : NULL;
}

static uint32_t
frame_limit (gpointer data, uint16_t type)
{
  return ((Fixture *) data)->limit;
}

static const CwPumpEvents events = { on_frame, on_closed, frame_limit };

void
set_up (Fixture *self, bool mini)
{
  g_autoptr (GMainContext) context = g_main_context_new ();

  set_up_in (self, context, mini);
}

void
set_up_in (Fixture *self, GMainContext *context, bool mini)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocket) socket = NULL;
  g_autoptr (GSocketConnection) stream = NULL;
  int fds[2];

  *self = (Fixture){ .context = g_main_context_ref (context), .log = g_string_new (NULL), .limit = 64 << 20 };
  g_assert_cmpint (socketpair (AF_UNIX, SOCK_STREAM, 0, fds), ==, 0);
  socket = g_socket_new_from_fd (fds[0], &error);
  g_assert_no_error (error);
  stream = g_socket_connection_factory_create_connection (socket);
  self->peer = fds[1];
  self->pump = cw_pump_new (G_IO_STREAM (stream), self->context, mini, &events, self);
}

void
set_up_tcp (Fixture *self, GSocketConnection **stream)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) peer = NULL;
  g_autoptr (GError) error = NULL;
  guint16 port = g_socket_listener_add_any_inet_port (listener, NULL, &error);

  g_assert_no_error (error);
  g_socket_client_set_enable_proxy (client, FALSE);
  *self = (Fixture){ .context = g_main_context_new (), .log = g_string_new (NULL), .limit = 64 << 20 };
  *stream = g_socket_client_connect_to_host (client, "127.0.0.1", port, NULL, &error);
  g_assert_no_error (error);
  peer = g_socket_listener_accept (listener, NULL, NULL, &error);
  g_assert_no_error (error);
  self->peer = dup (g_socket_get_fd (g_socket_connection_get_socket (peer)));
  self->pump = cw_pump_new (G_IO_STREAM (*stream), self->context, true, &events, self);
}

void
tear_down (Fixture *self)
{
  cw_pump_unref (self->pump);
  while (g_main_context_iteration (self->context, FALSE))
    ;
  g_main_context_unref (self->context);
  if (self->peer >= 0)
    close (self->peer);
  g_string_free (self->log, TRUE);
  g_clear_error (&self->closed);
  g_clear_error (&self->flushed);
  g_clear_pointer (&self->last, g_bytes_unref);
}

void
spin (Fixture *self)
{
  for (unsigned i = 0; i < 50; i++)
    g_main_context_iteration (self->context, FALSE);
}

void
put (Fixture *self, const void *data, size_t size)
{
  g_assert_cmpint (send (self->peer, data, size, MSG_NOSIGNAL), ==, (ssize_t) size);
}

void
put_mini (Fixture *self, uint16_t type, const void *body, uint32_t size)
{
  uint8_t header[6] = { type & 0xff, type >> 8, size & 0xff, size >> 8 & 0xff, size >> 16 & 0xff, size >> 24 };

  put (self, header, sizeof header);
  if (size > 0)
    put (self, body, size);
}

GByteArray *
take (Fixture *self)
{
  GByteArray *all = g_byte_array_new ();
  uint8_t data[65536];
  ssize_t n;

  while ((n = recv (self->peer, data, sizeof data, MSG_DONTWAIT)) > 0)
    g_byte_array_append (all, data, n);
  return all;
}

void
check_log (Fixture *self, const char *expected)
{
  g_assert_cmpstr (self->log->str, ==, expected);
  g_string_truncate (self->log, 0);
}

void
on_flushed (gpointer data, const GError *error)
{
  Fixture *self = data;

  self->n_flushed++;
  g_clear_error (&self->flushed);
  self->flushed = error ? g_error_copy (error) : NULL;
}

GBytes *
zeros (size_t size)
{
  return g_bytes_new_take (g_malloc0 (size), size);
}
