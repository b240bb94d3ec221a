/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The channel of a USB device, and the driver it has: the beginning and the end of a stream, bytes both ways, packed or
 * not, and a guest that does not take what is sent. */
#include "steps.h"

#include "channel-usbredir.h"
#include "channel/usbredir.h"
#include "codec/spicevmc.h"

#include <string.h>

static const uint8_t channels[] = { CW_CHANNEL_USBREDIR, 0 };

typedef struct {
  Steps *steps;
  SpiceSession *session;
  SpiceChannel *channel;
  GString *told;
  bool refuses; /* what the guest says next */
} Case;

static void
up (gpointer data, SpiceChannel *channel)
{
  g_string_append (((Case *) data)->told, "up; ");
}

static bool
received (gpointer data, SpiceChannel *channel, CwSlice bytes, GError **error)
{
  Case *self = data;

  g_string_append_printf (self->told, "%.*s; ", (int) bytes.size, (const char *) bytes.data);
  if (self->refuses)
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "usbredir: nonsense");
  return !self->refuses;
}

static void
down (gpointer data, SpiceChannel *channel)
{
  g_string_append (((Case *) data)->told, "down; ");
}

static const CwUsbredirDriver driver = { up, received, down };

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  if (event == SPICE_CHANNEL_ERROR_IO)
    g_string_append_printf (self->told, "error %s; ", spice_channel_get_error (channel)->message);
  if (event == SPICE_CHANNEL_CLOSED)
    g_string_append (self->told, "end; ");
}

static Case *starting;

static void
on_channel (SpiceSession *session, SpiceChannel *channel, gpointer has_driver)
{
  if (!SPICE_IS_USBREDIR_CHANNEL (channel))
    return;
  starting->channel = channel;
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), starting);
  if (has_driver)
    cw_usbredir_set_driver (channel, &driver, starting);
}

static void
with_driver (SpiceSession *session)
{
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel), GINT_TO_POINTER (1));
}

static void
without_driver (SpiceSession *session)
{
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel), NULL);
}

static void
begin (Case *self, uint32_t caps)
{
  *self = (Case){ .steps = steps_new (channels, 1, caps), .told = g_string_new (NULL) };
  starting = self;
  self->session = steps_session (self->steps, with_driver);
}

static void
end (Case *self)
{
  steps_end (self->steps, self->session, self->told);
}

static void
expect_told (Case *self, const char *expected)
{
  steps_expect_told (self->steps, CW_CHANNEL_USBREDIR, self->told, expected);
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
  g_assert_cmpstr (self->told->str, ==, expected);
  g_string_truncate (self->told, 0);
}

static void
say (Case *self, const char *text)
{
  steps_send_bytes (self->steps, CW_CHANNEL_USBREDIR, CW_MSG_SPICEVMC_DATA, text, strlen (text));
}

static void
send_zeroes (Case *self, size_t size)
{
  g_autoptr (GBytes) bytes = g_bytes_new_take (g_malloc0 (size), size);

  cw_usbredir_send (self->channel, bytes);
}

static size_t
next_plain (Case *self)
{
  const CwMsgcSpicevmcData *data = steps_next (self->steps, CW_CHANNEL_USBREDIR, CW_MSGC_SPICEVMC_DATA)->data;

  return data->data.size;
}

static size_t
next_packed (Case *self)
{
  CwSlice body = steps_next (self->steps, CW_CHANNEL_USBREDIR, CW_MSGC_SPICEVMC_COMPRESSED_DATA)->body;
  g_autoptr (GBytes) plain = NULL;

  plain = cw_spicevmc_body_decompress (body, NULL);
  g_assert_nonnull (plain);
  return g_bytes_get_size (plain);
}

static void
test_stream (void)
{
  Case c;

  begin (&c, 0);
  say (&c, "hello");
  say (&c, "again");
  expect_told (&c, "up; hello; again; ");
  send_zeroes (&c, 5000);
  g_assert_cmpuint (next_plain (&c), ==, 5000);
  /* Given up: nothing comes any more, and nothing is sent. */
  cw_usbredir_set_driver (c.channel, NULL, NULL);
  say (&c, "too late");
  send_zeroes (&c, 5);
  expect_told (&c, "down; ");
  end (&c);
}

static void
test_end (void)
{
  Case c;

  begin (&c, 0);
  say (&c, "hello");
  expect_told (&c, "up; hello; ");
  steps_close (c.steps, CW_CHANNEL_USBREDIR);
  expect_end (&c, "down; end; ");
  send_zeroes (&c, 5);
  end (&c);
}

static void
test_nonsense (void)
{
  Case c;

  begin (&c, 0);
  c.refuses = true;
  say (&c, "boo");
  expect_end (&c, "up; boo; down; error The server sent a damaged message. (usbredir: nonsense); end; ");
  end (&c);
}

/* Where the server takes that, and where it pays. */
static void
test_packed (void)
{
  Case c;

  begin (&c, 1u << CW_SPICEVMC_CAP_DATA_COMPRESS_LZ4);
  expect_told (&c, "up; ");
  send_zeroes (&c, 1000);
  g_assert_cmpuint (next_plain (&c), ==, 1000);
  send_zeroes (&c, 1001);
  g_assert_cmpuint (next_packed (&c), ==, 1001);
  send_zeroes (&c, 70000);
  g_assert_cmpuint (next_packed (&c), ==, 65536);
  g_assert_cmpuint (next_packed (&c), ==, 70000 - 65536);
  end (&c);
}

/* B6: nothing of what is not as long as it says comes to the device, and nothing that long is allocated. */
static void
test_bad_sizes (void)
{
  static const uint8_t zeroes[5000];
  static const uint32_t sizes[] = { 0, 4999, 5001, 1024 * 1024 + 1, UINT32_MAX };
  g_autoptr (GBytes) body = cw_spicevmc_body_compress ((CwSlice){ zeroes, sizeof zeroes });
  size_t size = g_bytes_get_size (body);

  for (unsigned i = 0; i < G_N_ELEMENTS (sizes); i++) {
    g_autofree uint8_t *changed = g_memdup2 (g_bytes_get_data (body, NULL), size);
    uint32_t le = GUINT32_TO_LE (sizes[i]);
    Case c;

    begin (&c, 0);
    memcpy (changed + 1, &le, sizeof le);
    steps_send_bytes (c.steps, CW_CHANNEL_USBREDIR, CW_MSG_SPICEVMC_COMPRESSED_DATA, changed, size);
    client_await (is_at_end, &c);
    g_test_message ("%s", c.told->str);
    g_assert_true (g_str_has_prefix (c.told->str, "up; down; error "));
    end (&c);
  }
}

static bool
is_full (gpointer data)
{
  return ((Case *) data)->told->len > 0;
}

static bool
is_anew (gpointer data)
{
  return strstr (((Case *) data)->told->str, "anew; ") != NULL;
}

/* A guest that takes nothing is not heard either, until what waits has gone. */
static void
test_full (void)
{
  Case c;

  begin (&c, 0);
  expect_told (&c, "up; ");
  steps_set_deaf (c.steps, CW_CHANNEL_USBREDIR, true);
  for (unsigned i = 0; i < 8; i++)
    send_zeroes (&c, 65536);
  say (&c, "question");
  client_run (50);
  g_assert_cmpstr (c.told->str, ==, "");
  steps_set_deaf (c.steps, CW_CHANNEL_USBREDIR, false);
  client_await (is_full, &c);
  for (unsigned i = 0; i < 8; i++)
    g_assert_cmpuint (next_plain (&c), ==, 65536);
  expect_told (&c, "question; ");
  /* What did not go is forgotten with its connection. */
  steps_set_deaf (c.steps, CW_CHANNEL_USBREDIR, true);
  for (unsigned i = 0; i < 8; i++)
    send_zeroes (&c, 65536);
  spice_channel_disconnect (c.channel, SPICE_CHANNEL_NONE);
  spice_channel_connect (c.channel);
  steps_set_deaf (c.steps, CW_CHANNEL_USBREDIR, false);
  steps_await_link (c.steps, CW_CHANNEL_USBREDIR, 2);
  say (&c, "anew");
  client_await (is_anew, &c);
  g_assert_cmpstr (c.told->str, ==, "down; end; up; anew; ");
  end (&c);
}

static void
test_no_driver (void)
{
  Case c = { .steps = steps_new (channels, 1, 0), .told = g_string_new (NULL) };

  starting = &c;
  c.session = steps_session (c.steps, without_driver);
  expect_end (&c,
              "error The server sent a message that does not belong there. (usbredir: there is no USB device manager "
              "that could serve this channel); end; ");
  end (&c);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("SPICE_PROXY");
  g_test_add_func ("/usbredir/stream", test_stream);
  g_test_add_func ("/usbredir/end", test_end);
  g_test_add_func ("/usbredir/nonsense", test_nonsense);
  g_test_add_func ("/usbredir/packed", test_packed);
  g_test_add_func ("/usbredir/B6-bad-sizes", test_bad_sizes);
  g_test_add_func ("/usbredir/full", test_full);
  g_test_add_func ("/usbredir/no-driver", test_no_driver);
  return g_test_run ();
}
