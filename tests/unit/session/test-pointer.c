/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The pointer of the guest: shapes, the cache of shapes, and what a program hears of them; and what the functions for
 * inputs put on the wire, under both of their names. */
#include "client.h"

#include <string.h>

static const uint8_t red[] = { 0, 0, 255, 255, 0, 0, 128, 128 }; /* 2×1, blue green red alpha */
static GMutex lock;
static GString *heard;

static CwWireCursor
shape (uint16_t flags, uint64_t id, uint16_t width, const void *data, size_t size)
{
  return (CwWireCursor){
    .flags = flags,
    .unique = id,
    .type = CW_CURSOR_TYPE_ALPHA,
    .width = width,
    .height = 1,
    .hot_spot_x = 9,
    .data = { data, size },
  };
}

static void
set (PeerIo *io, CwWireCursor cursor)
{
  server_send (io, CW_MSG_CURSOR_SET, &(CwMsgCursorSet){ .visible = 1, .cursor = cursor });
}

static void
serve_cursor (PeerIo *io)
{
  const CwWireCursor none = { .flags = CW_CURSOR_FLAG_NONE };

  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .visible = 1, .cursor = none });
  set (io, shape (CW_CURSOR_FLAG_CACHE_ME, 7, 2, red, sizeof red));
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 3, -4 });
  set (io, none);
  set (io, (CwWireCursor){ .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = 7 });
  set (io, (CwWireCursor){ .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = 8 });
  server_send (io, CW_MSG_CURSOR_INVAL_ONE, &(CwMsgCursorInvalOne){ 7 });
  set (io, (CwWireCursor){ .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = 7 });
  set (io, shape (0, 0, 2, red, 3)); /* too short */
  server_send (io, CW_MSG_CURSOR_HIDE, NULL);
  server_send (io, CW_MSG_CURSOR_TRAIL, &(CwMsgCursorTrail){ 0 });
  server_send (io, CW_MSG_CURSOR_INVAL_ALL, NULL);
  server_send (io, CW_MSG_CURSOR_RESET, NULL);
  server_hold (io);
}

static void
serve_inputs (PeerIo *io)
{
  uint8_t header[6], body[64];

  while (peer_read (io, header, sizeof header) && header[2] <= sizeof body && peer_read (io, body, header[2])) {
    g_mutex_lock (&lock);
    g_string_append_printf (heard, "%u", header[0]);
    for (unsigned i = 0; i < header[2]; i++)
      g_string_append_printf (heard, "%c%02x", i ? ' ' : ':', body[i]);
    g_string_append (heard, ", ");
    g_mutex_unlock (&lock);
  }
}

static void (*second_script) (PeerIo *io); /* of another pointer; NULL: it says nothing */

static void
serve_second (PeerIo *io)
{
  if (second_script)
    second_script (io);
  else
    server_hold (io);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_CURSOR, 0, CW_CHANNEL_CURSOR, 1, CW_CHANNEL_INPUTS, 0 };

  if (!peer_link (io, &PEER_LINK_INIT))
    return;
  if (io->channel_type == CW_CHANNEL_CURSOR && io->channel_id == 1) {
    serve_second (io);
  } else if (io->channel_type == CW_CHANNEL_CURSOR) {
    void (*serve_channel) (PeerIo * io) = data;

    serve_channel (io);
  } else if (io->channel_type == CW_CHANNEL_INPUTS) {
    serve_inputs (io);
  } else {
    server_send_start (io, channels, 3);
    server_hold (io);
  }
}

static GString *told;

static void
on_notify (SpiceCursorChannel *channel)
{
  SpiceCursorShape *copy;

  g_object_get (channel, "cursor", &copy, NULL);
  g_string_append_printf (told, "notify %dx%d hot %d,%d; ", copy->width, copy->height, copy->hot_spot_x,
                          copy->hot_spot_y);
  /* A copy of the program's own. */
  memset (copy->data, 0xee, 4);
  g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, copy);
}

static void
on_set (SpiceCursorChannel *channel, int width, int height, int x, int y, const uint8_t *rgba)
{
  g_string_append_printf (told, "set %02x%02x%02x%02x; ", rgba[0], rgba[1], rgba[2], rgba[3]);
}

static void
on_move (SpiceCursorChannel *channel, int x, int y)
{
  g_string_append_printf (told, "move %d,%d; ", x, y);
}

static void
on_hide (SpiceCursorChannel *channel)
{
  g_string_append (told, "hide; ");
}

static void
on_reset (SpiceCursorChannel *channel)
{
  g_string_append (told, "reset; ");
}

static void
listen (SpiceSession *session, SpiceChannel *channel)
{
  if (!SPICE_IS_CURSOR_CHANNEL (channel))
    return;
  g_signal_connect (channel, "notify::cursor", G_CALLBACK (on_notify), NULL);
  g_signal_connect (channel, "cursor-set", G_CALLBACK (on_set), NULL);
  g_signal_connect (channel, "cursor-move", G_CALLBACK (on_move), NULL);
  g_signal_connect (channel, "cursor-hide", G_CALLBACK (on_hide), NULL);
  g_signal_connect (channel, "cursor-reset", G_CALLBACK (on_reset), NULL);
}

static bool
is_reset (gpointer data)
{
  return strstr (told->str, "reset") != NULL;
}

typedef struct {
  Server *server;
  SpiceSession *session;
} Case;

/* A session whose cursor channel has that script; listener (or NULL) is told of its channels. */
static void
begin (Case *self, void (*script) (PeerIo *io), GCallback listener)
{
  heard = g_string_new (NULL);
  told = g_string_new (NULL);
  *self = (Case){ .server = server_new (serve, script) };
  self->session = client_session (self->server);
  if (listener)
    g_signal_connect (self->session, "channel-new", listener, NULL);
  g_assert_true (spice_session_connect (self->session));
}

static void
end (Case *self)
{
  client_end (self->session);
  server_free (self->server);
  g_string_free (told, TRUE);
  g_string_free (heard, TRUE);
}

/* The pointer goes, too, with the connection. */
static void
end_with_pointer (Case *self)
{
  SpiceChannel *channel = g_object_ref (client_channel (self->session, CW_CHANNEL_CURSOR, 0));

  end (self);
  g_assert_false (spice_cursor_channel_get_position (SPICE_CURSOR_CHANNEL (channel), NULL, NULL));
  g_object_unref (channel);
}

/* U3: from the cache and not, hidden without one, notified before it is set, with the hot spot inside. */
static void
test_cursor (void)
{
  Case c;

  begin (&c, serve_cursor, G_CALLBACK (listen));
  client_await (is_reset, NULL);
  g_assert_cmpstr (told->str, ==,
                   "hide; notify 2x1 hot 2,0; set ff0000ff; move 3,-4; hide; notify 2x1 hot 2,0; set ff0000ff; "
                   "hide; hide; hide; hide; reset; ");
  end (&c);
}

/* Whatever empties the cache: none of the shapes in it is shown any more. */
static void
serve_forgotten (PeerIo *io)
{
  const CwWireCursor kept = shape (CW_CURSOR_FLAG_CACHE_ME, 7, 2, red, sizeof red);
  const CwWireCursor none = { .flags = CW_CURSOR_FLAG_NONE };
  const CwWireCursor same = { .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = 7 };

  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .visible = 1, .cursor = kept });
  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .visible = 1, .cursor = none });
  set (io, same);
  set (io, kept);
  server_send (io, CW_MSG_CURSOR_INVAL_ALL, NULL);
  set (io, same);
  set (io, kept);
  server_send (io, CW_MSG_CURSOR_RESET, NULL);
  set (io, same);
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 2 });
  server_hold (io);
}

static bool
has_moved (gpointer data)
{
  return strstr (told->str, "move") != NULL;
}

static void
test_forgotten (void)
{
  SpiceChannel *channel;
  Case c;

  begin (&c, serve_forgotten, G_CALLBACK (listen));
  client_await (has_moved, NULL);
  g_assert_cmpstr (told->str, ==,
                   "notify 2x1 hot 2,0; set ff0000ff; hide; hide; "
                   "notify 2x1 hot 2,0; set ff0000ff; hide; "
                   "notify 2x1 hot 2,0; set ff0000ff; reset; hide; move 1,2; ");
  channel = client_channel (c.session, CW_CHANNEL_CURSOR, 0);
  g_assert_true (spice_cursor_channel_get_position (SPICE_CURSOR_CHANNEL (channel), NULL, NULL));
  end_with_pointer (&c);
}

static int n_served; /* atomic */

/* The second connection begins with a shape that it has not got. */
static void
serve_again (PeerIo *io)
{
  if (g_atomic_int_add (&n_served, 1) == 0) {
    set (io, shape (CW_CURSOR_FLAG_CACHE_ME, 7, 2, red, sizeof red));
    server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 2 });
  } else {
    set (io, (CwWireCursor){ .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = 7 });
    server_send (io, CW_MSG_CURSOR_RESET, NULL);
  }
  server_hold (io);
}

/* What is kept goes with the connection. */
static void
test_connected_again (void)
{
  SpiceChannel *channel;
  Case c;

  begin (&c, serve_again, G_CALLBACK (listen));
  client_await (has_moved, NULL);
  channel = client_channel (c.session, CW_CHANNEL_CURSOR, 0);
  spice_channel_disconnect (channel, SPICE_CHANNEL_CLOSED);
  g_assert_true (spice_channel_connect (channel));
  client_await (is_reset, NULL);
  g_assert_cmpstr (told->str, ==, "notify 2x1 hot 2,0; set ff0000ff; move 1,2; hide; reset; ");
  end (&c);
}

/* So many shapes are kept, or so many bytes of their pictures; one beyond is shown and not kept. */
static void
recall (PeerIo *io, uint64_t id)
{
  set (io, (CwWireCursor){ .flags = CW_CURSOR_FLAG_FROM_CACHE, .unique = id });
}

static void
serve_many (PeerIo *io)
{
  for (unsigned id = 1; id <= 1025; id++)
    set (io, shape (CW_CURSOR_FLAG_CACHE_ME, id, 2, red, sizeof red));
  set (io, shape (CW_CURSOR_FLAG_CACHE_ME, 1, 1, red, 4)); /* in place of the other */
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 1 });
  recall (io, 1);
  recall (io, 1024);
  recall (io, 1025);
  server_send (io, CW_MSG_CURSOR_RESET, NULL);
  server_hold (io);
}

/* Each is of 4 MiB, from two bits for a pixel. */
static void
fill_cache (PeerIo *io)
{
  g_autofree uint8_t *bits = g_malloc0 (1024 * 1024 / 4);

  for (unsigned id = 1; id <= 16; id++) {
    CwWireCursor cursor = shape (CW_CURSOR_FLAG_CACHE_ME, id, 1024, bits, 1024 * 1024 / 4);

    cursor.type = CW_CURSOR_TYPE_MONO;
    cursor.height = 1024;
    set (io, cursor);
  }
}

static void
serve_large (PeerIo *io)
{
  fill_cache (io);
  set (io, shape (CW_CURSOR_FLAG_CACHE_ME, 17, 1, red, 4));
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 1, 1 });
  recall (io, 16);
  recall (io, 17);
  server_send (io, CW_MSG_CURSOR_INVAL_ONE, &(CwMsgCursorInvalOne){ 3 });
  set (io, shape (CW_CURSOR_FLAG_CACHE_ME, 17, 1, red, 4));
  recall (io, 17);
  server_send (io, CW_MSG_CURSOR_RESET, NULL);
  server_hold (io);
}

static void
expect_recalled (void (*script) (PeerIo *io), const char *last, const char *recalled)
{
  g_autofree char *expected = g_strdup_printf ("%smove 1,1; %sreset; ", last, recalled);
  Case c;

  begin (&c, script, G_CALLBACK (listen));
  client_await (is_reset, NULL);
  g_assert_true (g_str_has_suffix (told->str, expected));
  end (&c);
}

static GAsyncQueue *gates[2]; /* of the pointers' servers */

static void
move_and_wait (PeerIo *io, unsigned n)
{
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ (int16_t) n, (int16_t) n });
  g_async_queue_pop (gates[io->channel_id]);
}

static void
serve_first_of_two (PeerIo *io)
{
  fill_cache (io);
  move_and_wait (io, 1);
  server_send (io, CW_MSG_CURSOR_INVAL_ALL, NULL);
  move_and_wait (io, 3);
}

static void
serve_second_of_two (PeerIo *io)
{
  g_async_queue_pop (gates[1]);
  for (unsigned n = 2; n <= 4; n += 2) {
    set (io, shape (CW_CURSOR_FLAG_CACHE_ME, 1, 1, red, 4));
    recall (io, 1);
    move_and_wait (io, n);
  }
}

static bool
has_moved_to (gpointer move)
{
  return g_str_has_suffix (told->str, move);
}

#define TWO "notify 2x1 hot 2,0; set ff0000ff; "
#define ONE "notify 1x1 hot 1,0; set ff0000ff; "
#define LARGE "notify 1024x1024 hot 9,0; set 000000ff; "

/* All pointers of a session share the bytes: what one has given back the other may keep. */
static void
test_two (void)
{
  static const unsigned order[] = { 1, 0, 1 };
  Case c;

  for (unsigned i = 0; i < 2; i++)
    gates[i] = g_async_queue_new ();
  second_script = serve_second_of_two;
  begin (&c, serve_first_of_two, G_CALLBACK (listen));
  for (unsigned n = 1; n <= 4; n++) {
    g_autofree char *move = g_strdup_printf ("move %u,%u; ", n, n);

    client_await (has_moved_to, move);
    if (n < 4)
      g_async_queue_push (gates[order[n - 1]], &c);
  }
  g_assert_true (
      g_str_has_suffix (told->str, LARGE "move 1,1; " ONE "hide; move 2,2; move 3,3; " ONE ONE "move 4,4; "));
  for (unsigned i = 0; i < 2; i++)
    g_async_queue_push (gates[i], &c);
  end (&c);
  second_script = NULL;
  for (unsigned i = 0; i < 2; i++)
    g_async_queue_unref (gates[i]);
}

static void
test_limits (void)
{
  expect_recalled (serve_many, TWO TWO ONE, ONE TWO "hide; ");
  expect_recalled (serve_large, LARGE LARGE ONE, LARGE "hide; " ONE ONE);
}

/* Each message's place, and whether the pointer is to be seen, as it stands when the signal comes. */
static void
serve_places (PeerIo *io)
{
  const CwWireCursor none = { .flags = CW_CURSOR_FLAG_NONE };
  const CwWireCursor picture = shape (0, 0, 2, red, sizeof red);

  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .x = 30, .y = -40, .visible = 1, .cursor = picture });
  server_send (io, CW_MSG_CURSOR_SET, &(CwMsgCursorSet){ .x = 5, .y = 6, .visible = 1, .cursor = picture });
  server_send (io, CW_MSG_CURSOR_HIDE, NULL);
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ -7, 8 });
  server_send (io, CW_MSG_CURSOR_SET, &(CwMsgCursorSet){ .x = 9, .y = 1, .visible = 0, .cursor = picture });
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 2, 3 });
  server_send (io, CW_MSG_CURSOR_SET, &(CwMsgCursorSet){ .x = 2, .y = 3, .visible = 1, .cursor = none });
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 4, 4 });
  server_send (io, CW_MSG_CURSOR_INIT, &(CwMsgCursorInit){ .x = 1, .y = 1, .visible = 0, .cursor = picture });
  server_send (io, CW_MSG_CURSOR_MOVE, &(CwMsgCursorMove){ 4, 5 });
  server_send (io, CW_MSG_CURSOR_RESET, NULL);
  server_hold (io);
}

static void
on_place (SpiceCursorChannel *channel)
{
  int x, y;
  bool shown = spice_cursor_channel_get_position (channel, &x, &y);

  g_assert_cmpint (spice_cursor_channel_get_position (channel, NULL, NULL), ==, shown);
  g_string_append_printf (told, "%d,%d%s ", x, y, shown ? "" : " hidden");
}

static void
listen_for_places (SpiceSession *session, SpiceChannel *channel)
{
  static const char *const names[] = { "notify::cursor", "cursor-hide", "cursor-move", "cursor-reset" };

  for (unsigned i = 0; SPICE_IS_CURSOR_CHANNEL (channel) && i < G_N_ELEMENTS (names); i++)
    g_signal_connect (channel, names[i], G_CALLBACK (on_place), NULL);
  if (SPICE_IS_CURSOR_CHANNEL (channel))
    g_signal_connect (channel, "cursor-reset", G_CALLBACK (on_reset), NULL);
}

static void
test_position (void)
{
  Case c;

  begin (&c, serve_places, G_CALLBACK (listen_for_places));
  client_await (is_reset, NULL);
  g_assert_cmpstr (told->str, ==,
                   "30,-40 5,6 5,6 hidden -7,8 9,1 hidden 2,3 2,3 hidden 4,4 1,1 hidden 1,1 hidden 4,5 4,5 hidden "
                   "reset; ");
  end_with_pointer (&c);
}

static bool
inputs_work (gpointer session)
{
  SpiceChannel *inputs = client_channel (session, CW_CHANNEL_INPUTS, 0);

  return inputs && cw_channel_is_started (inputs);
}

static bool
has_heard_all (gpointer data)
{
  bool all;

  g_mutex_lock (&lock);
  all = strstr (heard->str, "103:") != NULL;
  g_mutex_unlock (&lock);
  return all;
}

G_GNUC_BEGIN_IGNORE_DEPRECATIONS
static const struct {
  void (*motion) (SpiceInputsChannel *channel, gint dx, gint dy, gint button_state);
  void (*position) (SpiceInputsChannel *channel, gint x, gint y, gint display, gint button_state);
  void (*press) (SpiceInputsChannel *channel, gint button, gint button_state);
  void (*release) (SpiceInputsChannel *channel, gint button, gint button_state);
  void (*key_press) (SpiceInputsChannel *channel, guint scancode);
  void (*key_release) (SpiceInputsChannel *channel, guint scancode);
  void (*key_press_and_release) (SpiceInputsChannel *channel, guint scancode);
  void (*set_key_locks) (SpiceInputsChannel *channel, guint locks);
} names[] = {
  { spice_inputs_channel_motion, spice_inputs_channel_position, spice_inputs_channel_button_press,
    spice_inputs_channel_button_release, spice_inputs_channel_key_press, spice_inputs_channel_key_release,
    spice_inputs_channel_key_press_and_release, spice_inputs_channel_set_key_locks },
  { spice_inputs_motion, spice_inputs_position, spice_inputs_button_press, spice_inputs_button_release,
    spice_inputs_key_press, spice_inputs_key_release, spice_inputs_key_press_and_release, spice_inputs_set_key_locks },
};
G_GNUC_END_IGNORE_DEPRECATIONS

/* Scan codes with their prefix, the mask of buttons, motion, position. */
static void
test_inputs (gconstpointer data)
{
  unsigned at = GPOINTER_TO_UINT (data);
  SpiceInputsChannel *inputs;
  Case c;

  begin (&c, serve_cursor, NULL);
  client_await (inputs_work, c.session);
  inputs = SPICE_INPUTS_CHANNEL (client_channel (c.session, CW_CHANNEL_INPUTS, 0));
  names[at].key_press (inputs, 0x1e);
  names[at].key_release (inputs, 0x14b);
  names[at].key_press_and_release (inputs, 0x1e);
  names[at].motion (inputs, 5, -2, 0);
  names[at].press (inputs, 2, 1);
  names[at].release (inputs, 2, 3);
  names[at].position (inputs, 100, 50, 1, 4);
  names[at].set_key_locks (inputs, 6);
  client_await (has_heard_all, NULL);
  g_test_message ("%s", heard->str);
  g_assert_true (g_str_has_prefix (heard->str, "101:1e 00 00 00, 102:e0 cb 00 00, "));
  g_assert_nonnull (strstr (heard->str, "111:05 00 00 00 fe ff ff ff 00 00, 113:02 03 00, 114:02 01 00, "
                                        "112:64 00 00 00 32 00 00 00 04 00 01, 103:06 00, "));
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/pointer/two", test_two);
  g_test_add_func ("/pointer/U3-cursor", test_cursor);
  g_test_add_func ("/pointer/forgotten", test_forgotten);
  g_test_add_func ("/pointer/connected-again", test_connected_again);
  g_test_add_func ("/pointer/limits", test_limits);
  g_test_add_func ("/pointer/position", test_position);
  g_test_add_data_func ("/pointer/inputs", GUINT_TO_POINTER (0), test_inputs);
  g_test_add_data_func ("/pointer/inputs/old-names", GUINT_TO_POINTER (1), test_inputs);
  return g_test_run ();
}
