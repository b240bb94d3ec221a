/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a display channel tells of its surface and its monitors, step by step, and what it says to the server. */
#include "client.h"

#include "stream.h"

#include <string.h>
#include <sys/socket.h>

/* The server sends a step when it is asked to; the client says that all of it has come by what the last one causes. */
typedef struct {
  GAsyncQueue *steps;       /* CwMessage; the server takes the reference */
  GAsyncQueue *from_client; /* GBytes: type and body of what it sent */
  uint8_t id;
  bool knows_monitors;
} Script;

static CwMessage *the_end; /* ends the script */

static gpointer
listen_to_client (gpointer data)
{
  PeerIo *io = ((gpointer *) data)[0];
  Script *script = ((gpointer *) data)[1];
  uint8_t header[6], body[4096];

  while (peer_read (io, header, sizeof header)) {
    uint32_t size = header[2] | (uint32_t) header[3] << 8;

    g_assert_cmpuint (size, <=, sizeof body);
    if (size > 0 && !peer_read (io, body, size))
      break;
    if (header[0] > CW_MSGC_DISCONNECTING) {
      g_autoptr (GByteArray) message = g_byte_array_new ();

      g_byte_array_append (message, header, 2);
      g_byte_array_append (message, body, size);
      g_async_queue_push (script->from_client, g_bytes_new (message->data, message->len));
    }
  }
  return NULL;
}

static void
serve (PeerIo *io, gpointer data)
{
  Script *script = data;
  const uint8_t channels[] = { CW_CHANNEL_DISPLAY, script->id };
  gpointer both[] = { io, script };
  PeerLink link = PEER_LINK_INIT;
  CwMessage *message;
  GThread *listener;

  link.channel_caps = 1u << CW_DISPLAY_CAP_PREF_COMPRESSION;
  link.channel_caps |= script->knows_monitors ? 1u << CW_DISPLAY_CAP_MONITORS_CONFIG : 0;
  if (!server_begin (io, &link, channels, 1))
    return;
  listener = g_thread_new ("listener", listen_to_client, both);
  while ((message = g_async_queue_pop (script->steps)) != the_end) {
    server_send_message (io, message);
    cw_message_unref (message);
  }
  shutdown (io->fd, SHUT_RDWR);
  g_thread_join (listener);
}

typedef struct {
  Script script;
  Server *server;
  SpiceSession *session;
  SpiceChannel *display;
  GString *log;
} Fixture;

static void note (Fixture *self, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
note (Fixture *self, const char *format, ...)
{
  va_list args;

  if (self->log->len > 0)
    g_string_append_c (self->log, ' ');
  va_start (args, format);
  g_string_append_vprintf (self->log, format, args);
  va_end (args);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Fixture *self)
{
  note (self, event == SPICE_CHANNEL_OPENED ? "opened" : event == SPICE_CHANNEL_CLOSED ? "closed" : "error");
}

static void
on_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer data,
           Fixture *self)
{
  g_assert_cmpint (stride, ==, 4 * width);
  g_assert_cmpint (shmid, ==, -1);
  g_assert_nonnull (data);
  note (self, "create:%d:%dx%d", format, width, height);
}

static void
on_destroy (SpiceChannel *channel, Fixture *self)
{
  note (self, "destroy");
}

static void
on_mark (SpiceChannel *channel, int mark, Fixture *self)
{
  note (self, "mark:%d", mark);
}

static void
on_monitors (SpiceChannel *channel, GParamSpec *pspec, Fixture *self)
{
  g_autoptr (GArray) monitors = NULL;
  unsigned max;

  g_object_get (channel, "monitors", &monitors, "monitors-max", &max, NULL);
  g_assert_nonnull (monitors);
  note (self, "monitors:%u/%u", monitors->len, max);
  for (unsigned i = 0; i < monitors->len; i++) {
    const SpiceDisplayMonitorConfig *m = &g_array_index (monitors, SpiceDisplayMonitorConfig, i);

    g_assert_cmpuint (m->id, <, max);
    note (self, "%u,%u,%u,%u", m->x, m->y, m->width, m->height);
  }
}

static void
on_invalidate (SpiceChannel *channel, int x, int y, int width, int height, Fixture *self)
{
  note (self, "drawn:%d,%d,%d,%d", x, y, width, height);
}

static void
watch (SpiceSession *session, SpiceChannel *channel, Fixture *self)
{
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  self->display = g_object_ref (channel);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
  g_signal_connect (channel, "display-primary-create", G_CALLBACK (on_create), self);
  g_signal_connect (channel, "display-primary-destroy", G_CALLBACK (on_destroy), self);
  g_signal_connect (channel, "display-mark", G_CALLBACK (on_mark), self);
  g_signal_connect (channel, "display-invalidate", G_CALLBACK (on_invalidate), self);
  g_signal_connect (channel, "notify::monitors", G_CALLBACK (on_monitors), self);
}

typedef struct {
  Fixture *fixture;
  const char *log;
} Expected;

static bool
has_come (gpointer data)
{
  const Expected *expected = data;

  return strcmp (expected->fixture->log->str, expected->log) == 0;
}

static void
expect (Fixture *self, const char *log)
{
  Expected expected = { self, log };

  client_run_until (CLIENT_PATIENCE, has_come, &expected);
  client_settle (self->server, 1000);
  g_assert_cmpstr (self->log->str, ==, log);
  g_string_truncate (self->log, 0);
}

static void
step (Fixture *self, CwMessage *message, const char *log)
{
  g_async_queue_push (self->script.steps, message);
  expect (self, log);
}

static void
fixture_init (Fixture *self, uint8_t id, bool knows_monitors)
{
  *self = (Fixture){ .log = g_string_new (NULL) };
  self->script
      = (Script){ g_async_queue_new (), g_async_queue_new_full ((GDestroyNotify) g_bytes_unref), id, knows_monitors };
  self->server = server_new (serve, &self->script);
  self->session = client_session (self->server);
  g_signal_connect (self->session, "channel-new", G_CALLBACK (watch), self);
  g_assert_true (spice_session_connect (self->session));
  expect (self, "opened monitors:0/1");
}

static void
fixture_clear (Fixture *self)
{
  g_async_queue_push (self->script.steps, the_end);
  expect (self, "closed");
  g_object_unref (self->display);
  client_end (self->session);
  g_assert_cmpstr (self->log->str, ==, "");
  server_free (self->server);
  g_async_queue_unref (self->script.steps);
  g_async_queue_unref (self->script.from_client);
  g_string_free (self->log, TRUE);
}

static CwMessage *
primary (uint32_t width, uint32_t height, uint32_t format)
{
  return surface_create (0, width, height, format, CW_SURFACE_FLAG_PRIMARY);
}

static CwMessage *
monitors (uint16_t max, unsigned n)
{
  const CwWireHead heads[] = { { .width = 320, .height = 480 },
                               { .monitor_id = 1, .width = 320, .height = 480, .x = 320 },
                               { .monitor_id = 7, .width = 1, .height = 1 } };

  return stream_message (CW_MSG_DISPLAY_MONITORS_CONFIG, &(CwMsgDisplayMonitorsConfig){ max, n, heads });
}

static bool
get_primary (Fixture *self, SpiceDisplayPrimary *out)
{
  return spice_display_channel_get_primary (self->display, 0, out);
}

static uint32_t
pixel (const SpiceDisplayPrimary *surface, int x, int y)
{
  uint32_t word;

  memcpy (&word, surface->data + y * surface->stride + 4 * x, sizeof word);
  return word & 0xffffff;
}

/* D2, D3 */
static void
test_sequence (void)
{
  SpiceDisplayPrimary surface;
  Fixture f;

  fixture_init (&f, 0, true);
  g_assert_false (get_primary (&f, &surface));
  step (&f, primary (640, 480, CW_SURFACE_FMT_32_XRGB), "create:32:640x480");
  g_assert_true (get_primary (&f, &surface));
  g_assert_false (surface.marked);
  g_assert_cmpint (surface.width, ==, 640);
  step (&f, empty_message (CW_MSG_DISPLAY_MARK), "mark:1");
  g_assert_true (get_primary (&f, &surface) && surface.marked);
  step (&f, monitors (4, 1), "monitors:1/4 0,0,320,480");
  step (&f, draw_fill (0, 10, 20, 40, 60, 0xff0000), "drawn:10,20,30,40");
  g_assert_cmphex (pixel (&surface, 10, 20), ==, 0xff0000);
  step (&f, primary (640, 480, CW_SURFACE_FMT_32_XRGB), "");
  g_assert_cmphex (pixel (&surface, 10, 20), ==, 0xff0000);
  step (&f, primary (800, 600, CW_SURFACE_FMT_32_XRGB), "destroy create:32:800x600");
  g_assert_true (get_primary (&f, &surface) && surface.marked);
  step (&f, empty_message (CW_MSG_DISPLAY_RESET), "mark:0");
  step (&f, surface_destroy (0), "destroy");
  g_assert_false (get_primary (&f, &surface));
  step (&f, empty_message (CW_MSG_DISPLAY_RESET), "mark:0");
  step (&f, primary (32, 32, CW_SURFACE_FMT_16_555), "create:16:32x32");
  fixture_clear (&f);
}

/* D4: the last picture stays, and is there for those who ask. */
static void
test_stays (void)
{
  SpiceDisplayPrimary surface;
  unsigned width;
  Fixture f;

  fixture_init (&f, 0, true);
  step (&f, primary (64, 48, CW_SURFACE_FMT_32_XRGB), "create:32:64x48");
  step (&f, draw_fill (0, 0, 0, 64, 48, 0x123456), "drawn:0,0,64,48");
  g_async_queue_push (f.script.steps, the_end);
  expect (&f, "closed");
  g_assert_true (get_primary (&f, &surface));
  g_assert_cmphex (pixel (&surface, 0, 0), ==, 0x123456);
  g_assert_true (spice_channel_connect (f.display));
  expect (&f, "opened monitors:0/1");
  g_assert_true (get_primary (&f, &surface));
  g_assert_cmphex (pixel (&surface, 0, 0), ==, 0x123456);
  step (&f, primary (10, 10, CW_SURFACE_FMT_32_XRGB), "destroy create:32:10x10");
  g_object_get (f.display, "width", &width, NULL);
  g_assert_cmpuint (width, ==, 10);
  fixture_clear (&f);
}

/* D5, D7 */
static void
test_monitors (void)
{
  g_autoptr (GArray) before = NULL, again = NULL;
  Fixture f;

  fixture_init (&f, 0, true);
  step (&f, monitors (4, 1), "monitors:1/4 0,0,320,480");
  g_object_get (f.display, "monitors", &before, NULL);
  g_object_get (f.display, "monitors", &again, NULL);
  step (&f, monitors (1, 2), "monitors:1/1 0,0,320,480");
  step (&f, monitors (0, 1), "monitors:1/1 0,0,320,480");
  step (&f, monitors (2, 0), "");
  step (&f, monitors (2, 2), "monitors:2/2 0,0,320,480 320,0,320,480");
  step (&f, monitors (4, 3), "monitors:2/4 0,0,320,480 320,0,320,480"); /* an id that is no index */
  step (&f, monitors (1000, 1), "monitors:1/256 0,0,320,480");
  for (unsigned i = 0; i < 2; i++) {
    const GArray *array = i ? again : before;

    g_assert_cmpuint (array->len, ==, 1);
    g_assert_cmpuint (g_array_index (array, SpiceDisplayMonitorConfig, 0).width, ==, 320);
  }
  fixture_clear (&f);
}

/* D6: a server that does not speak of monitors: each surface is one. */
static void
test_no_monitors (void)
{
  Fixture f;

  fixture_init (&f, 0, false);
  step (&f, primary (640, 480, CW_SURFACE_FMT_32_XRGB), "create:32:640x480 monitors:1/1 0,0,640,480");
  step (&f, primary (320, 200, CW_SURFACE_FMT_32_XRGB), "destroy create:32:320x200 monitors:1/1 0,0,320,200");
  fixture_clear (&f);
}

/* A secondary display without a surface is off, unless a new one comes soon. */
static void
test_unmark (void)
{
  int64_t start;
  Fixture f;

  fixture_init (&f, 1, true);
  step (&f, primary (64, 48, CW_SURFACE_FMT_32_XRGB), "create:32:64x48");
  step (&f, empty_message (CW_MSG_DISPLAY_MARK), "mark:1");
  step (&f, surface_destroy (0), "destroy");
  step (&f, primary (64, 48, CW_SURFACE_FMT_32_XRGB), "create:32:64x48");
  client_run (1300);
  expect (&f, "");
  step (&f, surface_destroy (0), "destroy");
  start = g_get_monotonic_time ();
  expect (&f, "mark:0");
  g_assert_cmpint (g_get_monotonic_time () - start, >, G_USEC_PER_SEC / 2);
  fixture_clear (&f);
}

static void
wish (SpiceChannel *channel, GParamSpec *pspec, SpiceSession *session)
{
  g_object_set (session, "preferred-compression", SPICE_IMAGE_COMPRESSION_QUIC, NULL);
}

static void
expect_message (Fixture *self, const void *expected, size_t size)
{
  g_autoptr (GBytes) message = g_async_queue_timeout_pop (self->script.from_client, CLIENT_PATIENCE * 1000);

  g_assert_nonnull (message);
  g_assert_cmpmem (g_bytes_get_data (message, NULL), g_bytes_get_size (message), expected, size);
}

/* D1: the wish of a handler of notify::monitors is what is told, behind INIT. */
static void
test_first_message (void)
{
  static const uint8_t expected[] = { CW_MSGC_DISPLAY_INIT, 0, 1, 0, 0, 0x40, 1, 0, 0, 0, 0, 1, 0, 0, 0x30, 0 };
  g_autoptr (GError) error = NULL;
  const uint8_t compression[] = { CW_MSGC_DISPLAY_PREFERRED_COMPRESSION, 0, SPICE_IMAGE_COMPRESSION_QUIC };
  const int bad[] = { 99 };
  Fixture f;

  fixture_init (&f, 0, true);
  expect_message (&f, expected, sizeof expected);
  g_assert_false (spice_display_channel_change_preferred_video_codec_types (f.display, bad, 1, &error));
  g_assert_error (error, SPICE_CLIENT_ERROR, SPICE_CLIENT_ERROR_FAILED);
  g_object_set (f.session, "preferred-compression", SPICE_IMAGE_COMPRESSION_OFF, NULL);
  g_signal_connect (f.display, "notify::monitors", G_CALLBACK (wish), f.session);
  g_async_queue_push (f.script.steps, the_end);
  expect (&f, "closed");
  g_assert_true (spice_channel_connect (f.display));
  expect (&f, "opened monitors:0/1");
  expect_message (&f, expected, sizeof expected);
  expect_message (&f, compression, sizeof compression);
  fixture_clear (&f);
}

static CwMessage *
video (uint32_t surface, uint32_t id)
{
  return stream_message (CW_MSG_DISPLAY_STREAM_CREATE,
                         &(CwMsgDisplayStreamCreate){ .surface_id = surface,
                                                      .id = id,
                                                      .codec_type = CW_VIDEO_CODEC_TYPE_MJPEG,
                                                      .stream_width = 8,
                                                      .stream_height = 8,
                                                      .src_width = 8,
                                                      .src_height = 8,
                                                      .dest = { 0, 0, 8, 8 } });
}

static CwMessage *
picture (uint32_t id)
{
  return stream_message (CW_MSG_DISPLAY_STREAM_DATA,
                         &(CwMsgDisplayStreamData){ id, 1, { (const uint8_t *) "\xff\xd8nonsense", 10 } });
}

static bool
has_ended (gpointer data)
{
  return strstr (((Fixture *) data)->log->str, "closed") != NULL;
}

/* D10: such videos are passed over, and such surfaces end the channel; what comes then is shown. */
static void
test_hostile (void)
{
  static const uint32_t ids[] = { 0, 1u << 30, UINT32_MAX };
  Fixture f;

  fixture_init (&f, 0, true);
  for (unsigned i = 0; i < G_N_ELEMENTS (ids); i++) {
    step (&f, video (77, ids[i]), "");
    step (&f, picture (ids[i]), "");
  }
  step (&f, primary (64, 48, CW_SURFACE_FMT_32_XRGB), "create:32:64x48");
  for (unsigned i = 0; i < G_N_ELEMENTS (ids); i++) {
    step (&f, video (0, ids[i]), "");
    step (&f, picture (ids[i]), "");
  }
  step (&f, draw_fill (0, 0, 0, 9, 9, 1), "drawn:0,0,9,9");
  g_async_queue_push (f.script.steps, primary (65535, 65535, CW_SURFACE_FMT_32_XRGB));
  client_await (has_ended, &f);
  g_test_message ("%s", f.log->str);
  g_string_truncate (f.log, 0);
  g_async_queue_push (f.script.steps, the_end);
  g_assert_true (spice_channel_connect (f.display));
  expect (&f, "opened monitors:0/1");
  step (&f, primary (32, 32, CW_SURFACE_FMT_32_XRGB), "destroy create:32:32x32");
  fixture_clear (&f);
}

int
main (int argc, char **argv)
{
  int result;

  g_test_init (&argc, &argv, NULL);
  the_end = empty_message (CW_MSG_DISPLAY_MARK);
  g_test_add_func ("/display/D2-D3-sequence", test_sequence);
  g_test_add_func ("/display/D4-stays", test_stays);
  g_test_add_func ("/display/D5-D7-monitors", test_monitors);
  g_test_add_func ("/display/D6-no-monitors", test_no_monitors);
  g_test_add_func ("/display/unmark", test_unmark);
  g_test_add_func ("/display/D1-first-message", test_first_message);
  g_test_add_func ("/display/D10-hostile", test_hostile);
  result = g_test_run ();
  cw_message_unref (the_end);
  return result;
}
