/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Ports: their names and events, bytes both ways, and what may wait to be sent. */
#include "steps.h"

#include "channel-port.h"
#include "channel/port.h"
#include "codec/spicevmc.h"

#include <string.h>

#define MIB ((size_t) 1024 * 1024)

static const uint8_t channels[] = { CW_CHANNEL_PORT, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpicePortChannel *port;
  GString *told;
} Case;

static void
on_notify (SpicePortChannel *port, GParamSpec *pspec, Case *self)
{
  g_autofree char *name = NULL;
  gboolean opened;

  g_object_get (port, "port-name", &name, "port-opened", &opened, NULL);
  if (g_str_equal (pspec->name, "port-name"))
    g_string_append_printf (self->told, "name %s; ", name);
  else if (g_str_equal (pspec->name, "port-opened"))
    g_string_append_printf (self->told, "%s %s; ", name, opened ? "opened" : "closed");
}

static void
on_event (SpicePortChannel *port, int event, Case *self)
{
  g_string_append_printf (self->told, "event %d; ", event);
}

static void
on_data (SpicePortChannel *port, gpointer data, int size, Case *self)
{
  g_string_append_printf (self->told, "data %.*s; ", size, (const char *) data);
}

static void
on_channel_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  if (event == SPICE_CHANNEL_ERROR_IO)
    g_string_append_printf (self->told, "error %s; ", spice_channel_get_error (channel)->message);
  else if (event == SPICE_CHANNEL_CLOSED)
    g_string_append (self->told, "end; ");
}

static void
begin (Case *self, void (*setup) (SpiceSession *session))
{
  *self = (Case){ .steps = steps_new (channels, 1, 0), .told = g_string_new (NULL) };
  self->session = steps_session (self->steps, setup);
  self->port = SPICE_PORT_CHANNEL (client_channel (self->session, CW_CHANNEL_PORT, 0));
  g_signal_connect (self->port, "notify", G_CALLBACK (on_notify), self);
  g_signal_connect (self->port, "port-event", G_CALLBACK (on_event), self);
  g_signal_connect (self->port, "port-data", G_CALLBACK (on_data), self);
  g_signal_connect (self->port, "channel-event", G_CALLBACK (on_channel_event), self);
}

static void
end (Case *self)
{
  steps_end (self->steps, self->session, self->told);
}

static void
send_init (Case *self, const char *name, size_t size, bool opened)
{
  steps_send (self->steps, CW_CHANNEL_PORT, CW_MSG_PORT_INIT,
              &(CwMsgPortInit){ .name = { (const uint8_t *) name, size }, .opened = opened });
}

static void
send_event (Case *self, uint8_t event)
{
  steps_send (self->steps, CW_CHANNEL_PORT, CW_MSG_PORT_EVENT, &(CwMsgPortEvent){ event });
}

static void
send_data (Case *self, const char *text)
{
  steps_send_bytes (self->steps, CW_CHANNEL_PORT, CW_MSG_SPICEVMC_DATA, text, strlen (text));
}

static void
expect_told (Case *self, const char *expected)
{
  steps_expect_told (self->steps, CW_CHANNEL_PORT, self->told, expected);
}

static bool
is_at_end (gpointer data)
{
  return strstr (((Case *) data)->told->str, "end; ") != NULL;
}

static void
expect_end (Case *self, const char *expected)
{
  client_await (is_at_end, self);
  g_assert_nonnull (strstr (self->told->str, expected));
  g_string_truncate (self->told, 0);
}

static void
check_name (Case *self, const char *wire, size_t size, const char *expected)
{
  g_autofree char *told = g_strdup_printf ("name %s; ", expected);

  send_init (self, wire, size, false);
  expect_told (self, told);
}

/* A port is worth more than its name: nothing about the name ends it. It has at most 255 bytes, and is UTF-8. */
static void
test_names (void)
{
  g_autofree char *x300 = g_strnfill (300, 'x'), *x255 = g_strnfill (255, 'x');
  g_autofree char *y254 = g_strnfill (254, 'y'), *y254_umlaut = g_strconcat (y254, "\xc3\xa4", NULL);
  g_autofree char *z253 = g_strnfill (253, 'z'), *z253_umlaut = g_strconcat (z253, "\xc3\xa4", NULL);
  g_autofree char *w254 = g_strnfill (254, 'w'), *w254_bad = g_strconcat (w254, "\xff", NULL);
  Case c;

  begin (&c, NULL);
  check_name (&c, "org.test.1", 11, "org.test.1");
  send_init (&c, "org.test.1", 11, false);
  expect_told (&c, "");
  check_name (&c, "without end", 11, "without end");
  check_name (&c, "", 1, "");
  check_name (&c, "a\0b", 4, "a");
  check_name (&c, x300, 301, x255);
  send_init (&c, x255, 255, false);
  expect_told (&c, "");
  check_name (&c, y254_umlaut, 257, y254);
  check_name (&c, z253_umlaut, 256, z253_umlaut);
  check_name (&c, "\xff", 2, "\xef\xbf\xbd");
  check_name (&c, w254_bad, 256, w254);
  end (&c);
}

static void
test_events (void)
{
  Case c;

  begin (&c, NULL);
  send_init (&c, "p", 2, true);
  expect_told (&c, "p opened; event 0; name p; ");
  send_event (&c, CW_PORT_EVENT_OPENED); /* already */
  expect_told (&c, "event 0; ");
  send_event (&c, CW_PORT_EVENT_CLOSED);
  expect_told (&c, "p closed; event 1; ");
  send_event (&c, CW_PORT_EVENT_BREAK);
  expect_told (&c, "event 2; ");
  send_event (&c, CW_PORT_EVENT_OPENED);
  expect_told (&c, "p opened; event 0; ");
  send_event (&c, 200);
  expect_told (&c, "event 200; ");
  send_init (&c, "p", 2, true);
  expect_told (&c, "");
  send_init (&c, "q", 2, false);
  expect_told (&c, "q closed; event 1; name q; ");
  send_init (&c, "q", 2, true);
  expect_told (&c, "q opened; event 0; ");
  /* The name is there until all has been told. */
  spice_channel_disconnect (SPICE_CHANNEL (c.port), SPICE_CHANNEL_CLOSED);
  client_await (is_at_end, &c);
  g_assert_cmpstr (c.told->str, ==, "q closed; event 1; end; ");
  {
    g_autofree char *name = NULL;

    g_object_get (c.port, "port-name", &name, NULL);
    g_assert_null (name);
  }
  end (&c);
}

static void
end_at_event (SpicePortChannel *port, int event, gpointer data)
{
  spice_channel_disconnect (SPICE_CHANNEL (port), SPICE_CHANNEL_CLOSED);
}

/* A handler of what the first message says may end the connection: the rest of it is not told any more. */
static void
test_ended_at_once (void)
{
  Case c;

  begin (&c, NULL);
  g_signal_connect (c.port, "port-event", G_CALLBACK (end_at_event), NULL);
  send_init (&c, "p", 2, true);
  client_await (is_at_end, &c);
  g_assert_cmpstr (c.told->str, ==, "p opened; event 0; p closed; event 1; end; ");
  g_string_truncate (c.told, 0);
  end (&c);
}

static void
send_compressed (Case *self, const char *text)
{
  g_autoptr (GBytes) body = cw_spicevmc_body_compress ((CwSlice){ (const uint8_t *) text, strlen (text) });

  g_assert_nonnull (body);
  steps_send_bytes (self->steps, CW_CHANNEL_PORT, CW_MSG_SPICEVMC_COMPRESSED_DATA, g_bytes_get_data (body, NULL),
                    g_bytes_get_size (body));
}

/* Data comes from open ports only, whatever has been said. */
static void
test_data (void)
{
  g_autofree char *long_text = g_strnfill (2000, 'l'), *told_long = g_strdup_printf ("data %s; ", long_text);
  CwMsgSpicevmcCompressedData plain
      = { .type = CW_DATA_COMPRESSION_TYPE_NONE, .data = { (const uint8_t *) "plain", 5 } };
  Case c;

  begin (&c, NULL);
  send_init (&c, "p", 2, false);
  expect_told (&c, "name p; ");
  send_data (&c, "one");
  expect_told (&c, "p opened; data one; ");
  send_data (&c, "");
  expect_told (&c, "");
  send_data (&c, "two");
  send_data (&c, "three");
  expect_told (&c, "data two; data three; ");
  send_compressed (&c, long_text);
  expect_told (&c, told_long);
  steps_send (c.steps, CW_CHANNEL_PORT, CW_MSG_SPICEVMC_COMPRESSED_DATA, &plain);
  expect_told (&c, "data plain; ");
  steps_send_bytes (c.steps, CW_CHANNEL_PORT, CW_MSG_SPICEVMC_COMPRESSED_DATA, "\1\10\0\0\0nonsense", 13);
  expect_end (&c, "error The server sent a damaged message. (");
  end (&c);
}

/* Programs rely on the name when they hear of a port. */
static void
test_before_init (gconstpointer data)
{
  Case c;

  begin (&c, NULL);
  if (data)
    send_data (&c, data);
  else
    send_event (&c, CW_PORT_EVENT_OPENED);
  expect_end (&c, "came before init");
  end (&c);
}

/* --- writing ---------------------------------------------------------------------------------------------------- */

typedef struct {
  bool done;
  gssize n;
  GError *error;
} Written;

static void
on_written (GObject *port, GAsyncResult *result, gpointer data)
{
  Written *self = data;

  g_assert_false (self->done);
  g_assert_true (g_task_is_valid (result, port));
  self->done = true;
  self->n = spice_port_channel_write_finish (SPICE_PORT_CHANNEL (port), result, &self->error);
}

static bool
is_written (gpointer data)
{
  return ((Written *) data)->done;
}

/* Its end comes in a later turn. */
static void
write_bytes (Case *self, const void *bytes, size_t size, GCancellable *cancellable, Written *written)
{
  *written = (Written){ false, 0, NULL };
  spice_port_channel_write_async (self->port, bytes, size, cancellable, on_written, written);
  g_assert_false (written->done);
}

static void
expect_written (Written *self, size_t size)
{
  client_await (is_written, self);
  g_assert_no_error (self->error);
  g_assert_cmpint (self->n, ==, size);
}

static void
expect_failed (Written *self, GQuark domain, int code, const char *text)
{
  client_await (is_written, self);
  g_assert_error (self->error, domain, code);
  if (text)
    g_assert_cmpstr (self->error->message, ==, text);
  g_assert_cmpint (self->n, ==, -1);
  g_clear_error (&self->error);
}

static void
expect_heard (Case *self, const char *bytes, size_t size)
{
  const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_PORT, CW_MSGC_SPICEVMC_DATA)->data;

  g_assert_cmpmem (data->data.data, data->data.size, bytes, size);
}

static void
open_port (Case *self)
{
  send_init (self, "p", 2, true);
  expect_told (self, "p opened; event 0; name p; ");
}

/* Cancelling is answered though the machine reads nothing; the buffer is the program's then, and its bytes go on. */
static void
test_cancelled (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *bytes = g_malloc (4 * 65536), *same = g_malloc (65536);
  Written written[2];
  Case c;

  memset (bytes, 'x', 4 * 65536);
  memset (same, 'x', 65536);
  begin (&c, NULL);
  open_port (&c);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, true);
  write_bytes (&c, same, 65536, NULL, &written[0]);
  write_bytes (&c, bytes, 4 * 65536, cancellable, &written[1]);
  client_run (20);
  g_cancellable_cancel (cancellable);
  expect_failed (&written[1], G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  memset (bytes, 'y', 4 * 65536);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, false);
  for (unsigned i = 0; i < 5; i++)
    expect_heard (&c, same, 65536);
  expect_written (&written[0], 65536);
  write_bytes (&c, "end", 3, cancellable, &written[0]);
  expect_failed (&written[0], G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  steps_heard_all (c.steps, CW_CHANNEL_PORT);
  /* One that has been answered is cancelled in vain. */
  g_cancellable_reset (cancellable);
  write_bytes (&c, "end", 3, cancellable, &written[0]);
  expect_heard (&c, "end", 3);
  expect_written (&written[0], 3);
  g_cancellable_cancel (cancellable);
  /* The end of the connection finds one that was cancelled. */
  g_cancellable_reset (cancellable);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, true);
  write_bytes (&c, bytes, 4 * 65536, cancellable, &written[1]);
  g_cancellable_cancel (cancellable);
  expect_failed (&written[1], G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  end (&c);
}

static void
test_write (void)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autofree char *bytes = g_malloc (150000);
  Written written[2];
  Case c;

  for (unsigned i = 0; i < 150000; i++)
    bytes[i] = (char) (i >> 6);
  begin (&c, NULL);
  write_bytes (&c, "early", 5, NULL, &written[0]);
  expect_failed (&written[0], SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "The port is not open.");
  open_port (&c);
  write_bytes (&c, "first", 5, NULL, &written[0]);
  write_bytes (&c, bytes, 150000, NULL, &written[1]);
  expect_heard (&c, "first", 5);
  expect_heard (&c, bytes, 65536);
  expect_heard (&c, bytes + 65536, 65536);
  expect_heard (&c, bytes + 131072, 150000 - 131072);
  expect_written (&written[0], 5);
  expect_written (&written[1], 150000);
  write_bytes (&c, NULL, 0, NULL, &written[0]);
  expect_written (&written[0], 0);
  g_cancellable_cancel (cancellable);
  write_bytes (&c, "never", 5, cancellable, &written[0]);
  expect_failed (&written[0], G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  spice_port_channel_event (c.port, CW_PORT_EVENT_BREAK);
  g_assert_cmpuint (((const CwMsgcPortEvent *) steps_next (c.steps, CW_CHANNEL_PORT, CW_MSGC_PORT_EVENT)->data)->event,
                    ==, CW_PORT_EVENT_BREAK);
  steps_heard_all (c.steps, CW_CHANNEL_PORT);
  send_event (&c, CW_PORT_EVENT_CLOSED);
  expect_told (&c, "p closed; event 1; ");
  write_bytes (&c, "late", 4, NULL, &written[0]);
  expect_failed (&written[0], SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "The port is not open.");
  end (&c);
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS

static void
on_old_written (GObject *port, GAsyncResult *result, gpointer data)
{
  Written *self = data;

  self->done = true;
  self->n = spice_port_write_finish (SPICE_PORT_CHANNEL (port), result, &self->error);
}

static void
test_old_names (void)
{
  Written written = { false, 0, NULL };
  Case c;

  begin (&c, NULL);
  open_port (&c);
  spice_port_write_async (c.port, "old", 3, NULL, on_old_written, &written);
  spice_port_event (c.port, 7);
  expect_heard (&c, "old", 3);
  g_assert_cmpuint (((const CwMsgcPortEvent *) steps_next (c.steps, CW_CHANNEL_PORT, CW_MSGC_PORT_EVENT)->data)->event,
                    ==, 7);
  expect_written (&written, 3);
  end (&c);
}

G_GNUC_END_IGNORE_DEPRECATIONS

/* The end of the channel comes before the answer to a write, whose bytes have left: they have not been lost. */
static void
test_written_before_end (void)
{
  Written written;
  Case c;

  begin (&c, NULL);
  open_port (&c);
  write_bytes (&c, "last words", 10, NULL, &written);
  spice_channel_disconnect (SPICE_CHANNEL (c.port), SPICE_CHANNEL_CLOSED);
  g_assert_false (written.done);
  expect_heard (&c, "last words", 10);
  expect_written (&written, 10);
  end (&c);
}

/* What is written between spice_session_disconnect () and its execution arrives too. */
static void
test_written_before_disconnect (void)
{
  Written written;
  Case c;

  begin (&c, NULL);
  open_port (&c);
  spice_session_disconnect (c.session);
  write_bytes (&c, "last words", 10, NULL, &written);
  g_assert_false (written.done);
  expect_heard (&c, "last words", 10);
  expect_written (&written, 10);
  end (&c);
}

/* Of a server that does not listen 64 MiB are kept, with 1 KiB for each write; a single one may have any size. */
static void
test_limit (void)
{
  g_autofree char *bytes = g_malloc0 (70 * MIB);
  Written large, small;
  Case c;

  begin (&c, NULL);
  open_port (&c);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, true);
  /* So it reads what it has begun to wait for, and nothing more. */
  write_bytes (&c, "x", 1, NULL, &small);
  expect_heard (&c, "x", 1);
  expect_written (&small, 1);
  write_bytes (&c, bytes, 70 * MIB, NULL, &large);
  client_run (20);
  write_bytes (&c, "y", 1, NULL, &small);
  expect_failed (&small, G_IO_ERROR, G_IO_ERROR_BUSY, "Too much waits to be sent already.");
  spice_port_channel_event (c.port, CW_PORT_EVENT_BREAK);
  g_assert_false (large.done);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, false);
  for (size_t at = 0; at < 70 * MIB; at += 65536)
    expect_heard (&c, bytes, 65536);
  expect_written (&large, 70 * MIB);
  write_bytes (&c, "z", 1, NULL, &small);
  expect_heard (&c, "z", 1);
  expect_written (&small, 1);
  end (&c);
}

static void
test_many_writes (void)
{
  g_autofree char *bytes = g_malloc0 (MIB);
  g_autofree Written *empty = g_new0 (Written, 65536);
  unsigned n = 0;
  Written first, refused;
  Case c;

  begin (&c, NULL);
  open_port (&c);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, true);
  write_bytes (&c, "x", 1, NULL, &first);
  expect_heard (&c, "x", 1);
  expect_written (&first, 1);
  write_bytes (&c, bytes, MIB, NULL, &first);
  client_run (20);
  /* Each keeps memory, whether or not it has bytes. */
  while (cw_spicevmc_has_room (cw_port_channel_pipe (c.port), 0)) {
    g_assert_cmpuint (n, <, 65536);
    write_bytes (&c, NULL, 0, NULL, &empty[n++]);
  }
  g_assert_cmpuint (n, >, 64000);
  write_bytes (&c, NULL, 0, NULL, &refused);
  expect_failed (&refused, G_IO_ERROR, G_IO_ERROR_BUSY, NULL);
  g_assert_false (first.done);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, false);
  expect_written (&first, MIB);
  while (n > 0)
    expect_written (&empty[--n], 0);
  end (&c);
}

static void
make_read_only (SpiceSession *session)
{
  g_object_set (session, "read-only", TRUE, NULL);
}

static void
test_read_only (void)
{
  Written written;
  Case c;

  begin (&c, make_read_only);
  open_port (&c);
  write_bytes (&c, "x", 1, NULL, &written);
  expect_failed (&written, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED, "The session is read-only.");
  spice_port_channel_event (c.port, CW_PORT_EVENT_BREAK);
  send_data (&c, "comes");
  expect_told (&c, "data comes; ");
  end (&c);
}

/* --- diverted --------------------------------------------------------------------------------------------------- */

static GString *diverted;
static unsigned n_rooms;

static void
take_diverted (SpiceChannel *channel, CwSlice bytes)
{
  g_string_append_len (diverted, (const char *) bytes.data, (gssize) bytes.size);
}

static void
take_room (SpiceChannel *channel)
{
  n_rooms++;
}

static bool
has_room (gpointer data)
{
  return n_rooms > 0;
}

/* What a kind made from ports takes for itself. */
static void
test_diverted (void)
{
  static const CwSpicevmcEvents events = { take_diverted, take_room };
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (MIB), MIB);
  CwSpicevmc *pipe;
  Case c;

  diverted = g_string_new (NULL);
  begin (&c, NULL);
  pipe = cw_port_channel_pipe (c.port);
  cw_port_channel_divert (c.port, &events);
  send_init (&c, "p", 2, false);
  send_data (&c, "lost");
  expect_told (&c, "name p; ");
  send_event (&c, CW_PORT_EVENT_OPENED);
  send_data (&c, "taken");
  expect_told (&c, "p opened; event 0; ");
  g_assert_cmpstr (diverted->str, ==, "taken");

  steps_set_deaf (c.steps, CW_CHANNEL_PORT, true);
  g_assert_false (cw_spicevmc_is_full (pipe));
  g_assert_true (cw_spicevmc_write (pipe, bytes, NULL, NULL, NULL));
  g_assert_true (cw_spicevmc_is_full (pipe));
  g_assert_true (cw_spicevmc_is_full (pipe));
  client_run (20);
  g_assert_cmpuint (n_rooms, ==, 0);
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, false);
  client_await (has_room, NULL);
  g_assert_cmpuint (cw_channel_queued_bytes (SPICE_CHANNEL (c.port)), <, CW_SPICEVMC_FULL);
  for (size_t at = 0; at < MIB; at += 65536)
    expect_heard (&c, g_bytes_get_data (bytes, NULL), 65536);
  steps_heard_all (c.steps, CW_CHANNEL_PORT);
  g_assert_cmpuint (n_rooms, ==, 1);

  /* Nobody asks a pipe that has ended. */
  steps_set_deaf (c.steps, CW_CHANNEL_PORT, true);
  g_assert_true (cw_spicevmc_write (pipe, bytes, NULL, NULL, NULL));
  g_assert_true (cw_spicevmc_is_full (pipe));
  spice_channel_disconnect (SPICE_CHANNEL (c.port), SPICE_CHANNEL_CLOSED);
  client_await (is_at_end, &c);
  end (&c);
  g_assert_cmpuint (n_rooms, ==, 1);
  g_string_free (diverted, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/port/names", test_names);
  g_test_add_func ("/port/events", test_events);
  g_test_add_func ("/port/ended-at-once", test_ended_at_once);
  g_test_add_func ("/port/data", test_data);
  g_test_add_data_func ("/port/before-init/event", NULL, test_before_init);
  g_test_add_data_func ("/port/before-init/data", "early", test_before_init);
  g_test_add_func ("/port/G9-write", test_write);
  g_test_add_func ("/port/cancelled", test_cancelled);
  g_test_add_func ("/port/T4-written-before-end", test_written_before_end);
  g_test_add_func ("/port/written-before-disconnect", test_written_before_disconnect);
  g_test_add_func ("/port/old-names", test_old_names);
  g_test_add_func ("/port/limit", test_limit);
  g_test_add_func ("/port/many-writes", test_many_writes);
  g_test_add_func ("/port/read-only", test_read_only);
  g_test_add_func ("/port/diverted", test_diverted);
  return g_test_run ();
}
