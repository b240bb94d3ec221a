/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Statements of the API's contract that no other test has as its subject; the numbers are those of
 * docs/compatibility.md. */
#include "steps.h"

#include "session/session.h"

#include <string.h>

static const uint8_t channels[] = { CW_CHANNEL_INPUTS, 0, CW_CHANNEL_CURSOR, 0, CW_CHANNEL_PORT, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceInputsChannel *inputs;
  GString *told;
} Case;

static GList *made; /* channels in the order of their signals, the last first */

static void
note_made (SpiceSession *session, SpiceChannel *channel)
{
  made = g_list_prepend (made, channel);
}

static void
listen_made (SpiceSession *session)
{
  g_signal_connect (session, "channel-new", G_CALLBACK (note_made), NULL);
}

static void
begin (Case *self)
{
  *self = (Case){ .steps = steps_new (channels, 3, 0), .told = g_string_new (NULL) };
  self->session = steps_session (self->steps, listen_made);
  self->inputs = SPICE_INPUTS_CHANNEL (client_channel (self->session, CW_CHANNEL_INPUTS, 0));
}

static void
end (Case *self)
{
  g_clear_pointer (&made, g_list_free);
  steps_end (self->steps, self->session, self->told);
}

/* --- channels --------------------------------------------------------------------------------------------------- */

static void
note_plain_event (SpiceChannel *channel, SpiceChannelEvent event, GString *told)
{
  g_string_append_printf (told, "event %d; ", event);
}

static bool
has_told (gpointer told)
{
  return ((GString *) told)->len > 0;
}

/* C5, C6: whoever closes a channel hears of it once, and of one that is closed nothing; it can be connected again. */
static void
test_closed_and_again (void)
{
  SpiceChannel *channel;
  Case c;

  begin (&c);
  channel = SPICE_CHANNEL (c.inputs);
  g_signal_connect (channel, "channel-event", G_CALLBACK (note_plain_event), c.told);
  for (unsigned i = 0; i < 2; i++) {
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    spice_channel_disconnect (channel, SPICE_CHANNEL_NONE);
    client_await (has_told, c.told);
    spice_channel_disconnect (channel, SPICE_CHANNEL_ERROR_IO);
    client_run (20);
    g_assert_cmpstr (c.told->str, ==, "event 12; ");
    g_string_truncate (c.told, 0);
    g_assert_true (spice_channel_connect (channel));
    client_await (has_told, c.told);
    g_assert_cmpstr (c.told->str, ==, "event 10; ");
    g_string_truncate (c.told, 0);
  }
  end (&c);
}

/* --- sessions --------------------------------------------------------------------------------------------------- */

static bool
is_same (GList *a, GList *b)
{
  for (; a && b; a = a->next, b = b->next) {
    if (a->data != b->data)
      return false;
  }
  return !a && !b;
}

/* S12: and the channels are only borrowed, so that the list is all that is to be freed. */
static void
test_newest_first (void)
{
  GList *first, *second;
  unsigned n_refs;
  Case c;

  begin (&c);
  n_refs = G_OBJECT (c.inputs)->ref_count;
  first = spice_session_get_channels (c.session);
  g_assert_cmpuint (g_list_length (first), ==, 4);
  g_assert_true (is_same (first, made));
  g_assert_cmpuint (G_OBJECT (c.inputs)->ref_count, ==, n_refs);
  g_list_free (first);
  second = spice_session_get_channels (c.session);
  g_assert_true (is_same (second, made));
  g_list_free (second);
  end (&c);
}

/* --- inputs ----------------------------------------------------------------------------------------------------- */

static void
expect_motion (Case *self, int dx)
{
  const CwMsgcInputsMouseMotion *motion
      = steps_next (self->steps, CW_CHANNEL_INPUTS, CW_MSGC_INPUTS_MOUSE_MOTION)->data;

  g_assert_cmpint (motion->dx, ==, dx);
}

/* I8: as many go out unacknowledged as on the first connection, and nothing is left of what waited there. */
static void
test_in_flight (void)
{
  Case c;

  begin (&c);
  for (unsigned link = 1; link <= 3; link++) {
    for (unsigned i = 0; i < 20; i++)
      spice_inputs_channel_motion (c.inputs, 1, 0, 0);
    for (unsigned i = 0; i < 8; i++)
      expect_motion (&c, 1);
    steps_heard_all (c.steps, CW_CHANNEL_INPUTS);
    steps_disconnect (SPICE_CHANNEL (c.inputs));
    g_assert_true (spice_channel_connect (SPICE_CHANNEL (c.inputs)));
    client_await (steps_works, c.inputs);
    steps_await_link (c.steps, CW_CHANNEL_INPUTS, link + 1);
  }
  end (&c);
}

/* --- the pointer ------------------------------------------------------------------------------------------------ */

static const uint8_t red[] = { 0, 0, 255, 255 }, blue[] = { 255, 0, 0, 255 }; /* blue green red alpha */

static CwWireCursor
shape (const uint8_t *pixel)
{
  return (CwWireCursor){ .type = CW_CURSOR_TYPE_ALPHA, .width = 1, .height = 1, .data = { pixel, 4 } };
}

static void
on_cursor_notify (SpiceChannel *channel, GParamSpec *pspec, GString *told)
{
  SpiceCursorShape *copy;

  g_object_get (channel, "cursor", &copy, NULL);
  g_string_append_printf (told, "notify %02x%02x%02x; ", ((uint8_t *) copy->data)[0], ((uint8_t *) copy->data)[1],
                          ((uint8_t *) copy->data)[2]);
  g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, copy);
}

static void
on_cursor_set (SpiceChannel *channel, int width, int height, int x, int y, const uint8_t *rgba, GString *told)
{
  g_string_append_printf (told, "set %02x%02x%02x; ", rgba[0], rgba[1], rgba[2]);
}

static SpiceChannel *
listen_cursor (Case *self)
{
  SpiceChannel *cursor = client_channel (self->session, CW_CHANNEL_CURSOR, 0);

  g_signal_connect (cursor, "notify::cursor", G_CALLBACK (on_cursor_notify), self->told);
  g_signal_connect (cursor, "cursor-set", G_CALLBACK (on_cursor_set), self->told);
  return cursor;
}

static void
send_set (Case *self, const uint8_t *pixel)
{
  steps_send (self->steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_SET,
              &(CwMsgCursorSet){ .visible = 1, .cursor = shape (pixel) });
}

/* U2: of each shape, with its pixels. */
static void
test_notify_before_set (void)
{
  Case c;

  begin (&c);
  listen_cursor (&c);
  steps_send (c.steps, CW_CHANNEL_CURSOR, CW_MSG_CURSOR_INIT,
              &(CwMsgCursorInit){ .visible = 1, .cursor = shape (red) });
  send_set (&c, blue);
  steps_expect_told (c.steps, CW_CHANNEL_CURSOR, c.told, "notify ff0000; set ff0000; notify 0000ff; set 0000ff; ");
  end (&c);
}

static SpiceCursorShape *
cursor_of (SpiceChannel *channel)
{
  SpiceCursorShape *copy;

  g_object_get (channel, "cursor", &copy, NULL);
  return copy;
}

/* U5: what a program does with its copy is its own business, and the copy stays when the channel's shape has gone. */
static void
test_cursor_copy (void)
{
  SpiceCursorShape *first, *second, *again;
  SpiceChannel *cursor;
  Case c;

  begin (&c);
  cursor = listen_cursor (&c);
  send_set (&c, red);
  steps_expect_told (c.steps, CW_CHANNEL_CURSOR, c.told, "notify ff0000; set ff0000; ");
  first = cursor_of (cursor);
  second = cursor_of (cursor);
  g_assert_true (first != second && first->data != second->data);
  memset (first->data, 0xee, 4);
  first->width = 77;
  g_assert_cmpmem (second->data, 4, "\377\0\0\377", 4);
  again = cursor_of (cursor);
  g_assert_cmpint (again->width, ==, 1);
  g_assert_cmpmem (again->data, 4, "\377\0\0\377", 4);
  g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, again);
  send_set (&c, blue);
  steps_expect_told (c.steps, CW_CHANNEL_CURSOR, c.told, "notify 0000ff; set 0000ff; ");
  end (&c);
  g_assert_cmpmem (second->data, 4, "\377\0\0\377", 4);
  g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, first);
  g_boxed_free (SPICE_TYPE_CURSOR_SHAPE, second);
}

/* --- the proxy's address ---------------------------------------------------------------------------------------- */

static void
note_notify (GObject *object, GParamSpec *pspec, GString *told)
{
  g_string_append_printf (told, "%s ", pspec->name);
}

typedef struct {
  const char *name;
  const gchar *(*get) (SpiceURI *uri);
  void (*set) (SpiceURI *uri, const gchar *value);
} UriPart;

static const UriPart parts[] = {
  { "scheme", spice_uri_get_scheme, spice_uri_set_scheme },
  { "hostname", spice_uri_get_hostname, spice_uri_set_hostname },
  { "user", spice_uri_get_user, spice_uri_set_user },
  { "password", spice_uri_get_password, spice_uri_set_password },
};

static void
check_part (SpiceURI *uri, const UriPart *part, const char *value, GString *told)
{
  g_autofree char *read = NULL, *expected = g_strdup_printf ("%s ", part->name);
  char *given = g_strdup (value);

  part->set (uri, given);
  if (given)
    memset (given, 'x', strlen (given));
  g_free (given);
  g_assert_cmpstr (told->str, ==, expected);
  g_assert_cmpstr (part->get (uri), ==, value);
  g_object_get (uri, part->name, &read, NULL);
  g_assert_cmpstr (read, ==, value);
  g_string_truncate (told, 0);
  g_object_set (uri, part->name, value, NULL);
  g_assert_cmpstr (told->str, ==, expected);
  g_assert_cmpstr (part->get (uri), ==, value);
  g_string_truncate (told, 0);
}

/* Z1: each is notified each time, changed or not. */
static void
test_uri_parts (void)
{
  static const char *const values[] = { "a", "a", NULL, NULL, "", "b:/@", "a" };
  g_autoptr (GObject) object = g_object_new (SPICE_TYPE_URI, NULL);
  SpiceURI *uri = SPICE_URI (object);
  g_autoptr (GString) told = g_string_new (NULL);
  guint port;

  g_signal_connect (uri, "notify", G_CALLBACK (note_notify), told);
  for (unsigned i = 0; i < G_N_ELEMENTS (parts); i++) {
    g_assert_null (parts[i].get (uri));
    for (unsigned v = 0; v < G_N_ELEMENTS (values); v++)
      check_part (uri, &parts[i], values[v], told);
  }
  for (unsigned i = 0; i < 4; i++) {
    spice_uri_set_port (uri, i / 2);
    g_assert_cmpuint (spice_uri_get_port (uri), ==, i / 2);
    g_object_get (uri, "port", &port, NULL);
    g_assert_cmpuint (port, ==, i / 2);
  }
  g_object_set (uri, "port", 3128, NULL);
  g_assert_cmpuint (spice_uri_get_port (uri), ==, 3128);
  g_assert_cmpstr (told->str, ==, "port port port port port ");
}

/* Z2: and nothing else has to be there. */
static void
test_uri_incomplete (void)
{
  g_autoptr (GObject) object = g_object_new (SPICE_TYPE_URI, "port", 1, "user", "u", "password", "p", NULL);
  SpiceURI *uri = SPICE_URI (object);
  g_autofree char *text = NULL;

  g_assert_null (spice_uri_to_string (uri));
  spice_uri_set_scheme (uri, "http");
  g_assert_null (spice_uri_to_string (uri));
  spice_uri_set_scheme (uri, NULL);
  spice_uri_set_hostname (uri, "h");
  g_assert_null (spice_uri_to_string (uri));
  spice_uri_set_scheme (uri, "http");
  spice_uri_set_user (uri, NULL);
  spice_uri_set_password (uri, NULL);
  text = spice_uri_to_string (uri);
  g_assert_cmpstr (text, ==, "http://h:1");
}

/* --- 2.4 errors ------------------------------------------------------------------------------------------------- */

static void
note_event (SpiceChannel *channel, SpiceChannelEvent event, GString *told)
{
  const GError *error = spice_channel_get_error (channel);

  if (error)
    g_assert_true (g_utf8_validate (error->message, -1, NULL) && *error->message);
  g_string_append_printf (told, "%d %s %d; ", event, error ? g_quark_to_string (error->domain) : "none",
                          error ? error->code : 0);
}

#define FAILED_TOLD "spice-client-error-quark 0; "

/* No error with what is good, one with what is bad, which stays until the next attempt. */
static void
test_errors_of_events (void)
{
  SpiceChannel *inputs;
  const GError *kept;
  Case c;

  begin (&c);
  inputs = SPICE_CHANNEL (c.inputs);
  g_assert_null (spice_channel_get_error (inputs));
  g_signal_connect (inputs, "channel-event", G_CALLBACK (note_event), c.told);
  steps_disconnect (SPICE_CHANNEL (c.inputs));
  g_assert_true (spice_channel_connect (inputs));
  client_await (steps_works, inputs);
  steps_await_link (c.steps, CW_CHANNEL_INPUTS, 2);
  steps_send_bytes (c.steps, CW_CHANNEL_INPUTS, CW_MSG_WAIT_FOR_CHANNELS, "\377", 1);
  client_await (steps_is_closed, inputs);
  g_assert_cmpstr (c.told->str, ==, "12 none 0; 10 none 0; 24 " FAILED_TOLD "12 " FAILED_TOLD);
  kept = spice_channel_get_error (inputs);
  g_assert_nonnull (kept);
  client_run (20);
  g_assert_true (spice_channel_get_error (inputs) == kept);
  g_assert_true (spice_channel_connect (inputs));
  g_assert_null (spice_channel_get_error (inputs));
  client_await (steps_works, inputs);
  end (&c);
}

static bool
has_failed (gpointer data)
{
  return ((GString *) data)->len > 0;
}

static void
note_destroyed (SpiceSession *session, SpiceChannel *channel, GString *told)
{
  note_event (channel, SPICE_CHANNEL_NONE, told);
}

/* Errors of GIO keep their domain and code, and can still be read when the channel is said to go. */
static void
test_errors_of_gio (void)
{
  g_autoptr (SpiceSession) session = spice_session_new ();
  g_autoptr (GString) told = g_string_new (NULL);
  g_autofree char *refused
      = g_strdup_printf ("%d g-io-error-quark %d; ", SPICE_CHANNEL_ERROR_CONNECT, G_IO_ERROR_CONNECTION_REFUSED);
  SpiceChannel *main;

  g_object_set (session, "host", "127.0.0.1", "port", "1", NULL);
  g_signal_connect (session, "channel-destroy", G_CALLBACK (note_destroyed), told);
  g_assert_true (spice_session_connect (session));
  main = client_channel (session, CW_CHANNEL_MAIN, 0);
  g_signal_connect (main, "channel-event", G_CALLBACK (note_event), told);
  client_await (has_failed, told);
  g_assert_cmpstr (told->str, ==, refused);
  g_string_truncate (told, 0);
  spice_session_disconnect (session);
  client_await (has_failed, told);
  g_assert_true (g_str_has_prefix (told->str, "0 g-io-error-quark "));
  client_run (20);
}

static void
test_error_codes (void)
{
  static const int codes[] = { SPICE_CLIENT_ERROR_FAILED,
                               SPICE_CLIENT_ERROR_USB_DEVICE_REJECTED,
                               SPICE_CLIENT_ERROR_USB_DEVICE_LOST,
                               SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD,
                               SPICE_CLIENT_ERROR_AUTH_NEEDS_USERNAME,
                               SPICE_CLIENT_ERROR_AUTH_NEEDS_PASSWORD_AND_USERNAME,
                               SPICE_CLIENT_ERROR_USB_SERVICE };

  for (int i = 0; i < (int) G_N_ELEMENTS (codes); i++)
    g_assert_cmpint (codes[i], ==, i);
  g_assert_cmpstr (g_quark_to_string (spice_client_error_quark ()), ==, "spice-client-error-quark");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/statements/C5-C6-closed-and-again", test_closed_and_again);
  g_test_add_func ("/statements/S12-newest-first", test_newest_first);
  g_test_add_func ("/statements/I8-in-flight", test_in_flight);
  g_test_add_func ("/statements/U2-notify-before-set", test_notify_before_set);
  g_test_add_func ("/statements/U5-copy", test_cursor_copy);
  g_test_add_func ("/statements/Z1-parts", test_uri_parts);
  g_test_add_func ("/statements/Z2-incomplete", test_uri_incomplete);
  g_test_add_func ("/statements/2.4-events", test_errors_of_events);
  g_test_add_func ("/statements/2.4-gio", test_errors_of_gio);
  g_test_add_func ("/statements/2.4-codes", test_error_codes);
  return g_test_run ();
}
