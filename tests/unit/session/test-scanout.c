/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents in video memory: descriptors on socket pairs, answers to drawing, and nothing that leaks. */
#include "client.h"
#include "descriptors.h"

#include <string.h>
#include <unistd.h>

#define XR24 0x34325258

typedef struct {
  Server *server;
  SpiceSession *session;
  GString *log;
  bool answers;   /* gl-draw */
  int n_answered; /* atomic: what the server heard */
  bool sabotage;  /* the descriptor does not come */
} Case;

static void
send_scanout (PeerIo *io, uint32_t width, uint32_t format, bool with_descriptor)
{
  int fd = descriptors_memory (4096);

  server_send (io, CW_MSG_DISPLAY_GL_SCANOUT_UNIX,
               &(CwMsgDisplayGlScanoutUnix){ width, 16, 4 * width, format, CW_GL_SCANOUT_Y0TOP });
  if (format != 0)
    g_assert_true (descriptors_send (io, &fd, with_descriptor));
  close (fd);
}

static void
send_draw (PeerIo *io, uint32_t x)
{
  server_send (io, CW_MSG_DISPLAY_GL_DRAW, &(CwMsgDisplayGlDraw){ x, 2, 3, 4 });
}

/* Waits for as many answers. */
static void
hear (PeerIo *io, Case *self, unsigned n)
{
  for (; n > 0 && server_hear (io, CW_MSGC_DISPLAY_GL_DRAW_DONE); n--)
    g_atomic_int_inc (&self->n_answered);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0 };
  Case *self = data;

  if (!server_begin (io, &PEER_LINK_INIT, channels, 1))
    return;
  send_draw (io, 1); /* nothing to draw yet: the channel answers by itself */
  hear (io, self, 1);
  send_scanout (io, 32, XR24, true);
  send_draw (io, 5);
  hear (io, self, 1);
  send_scanout (io, 64, XR24, true);
  send_draw (io, 6);
  hear (io, self, 1);
  send_scanout (io, 48, XR24, !self->sabotage);
  send_scanout (io, 0, 0, false); /* none any more */
  send_scanout (io, 80, XR24, true);
}

static void
on_scanout (SpiceDisplayChannel *channel, GParamSpec *pspec, Case *self)
{
  const SpiceGlScanout *scanout = spice_display_channel_get_gl_scanout (channel);
  SpiceGlScanout *copy;

  g_object_get (channel, "gl-scanout", &copy, NULL);
  g_assert_true ((scanout == NULL) == (copy == NULL));
  if (!scanout) {
    g_string_append (self->log, "none; ");
    return;
  }
  g_assert_cmpint (copy->fd, !=, scanout->fd);
  g_assert_cmpint (lseek (copy->fd, 0, SEEK_END), ==, 4096);
  g_string_append_printf (self->log, "%ux%u/%u %x %d; ", scanout->width, scanout->height, scanout->stride,
                          scanout->format, scanout->y0top);
  spice_gl_scanout_free (copy);
}

static void
on_draw (SpiceDisplayChannel *channel, guint x, guint y, guint width, guint height, Case *self)
{
  g_string_append_printf (self->log, "draw %u %u %u %u; ", x, y, width, height);
  spice_display_channel_gl_draw_done (channel);
  spice_display_channel_gl_draw_done (channel); /* once too often */
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  g_signal_connect (channel, "notify::gl-scanout", G_CALLBACK (on_scanout), self);
  if (self->answers)
    g_signal_connect (channel, "gl-draw", G_CALLBACK (on_draw), self);
}

static bool
is_over (gpointer data)
{
  Case *self = data;

  return g_str_has_suffix (self->log->str, "80x16/320 34325258 1; none; ");
}

/* Returns how many descriptors are left. */
static int
run (bool answers, bool sabotage, const char *expected)
{
  Case self = { .answers = answers, .sabotage = sabotage, .log = g_string_new (NULL) };
  int before = descriptors_count ();

  self.server = server_new (serve, &self);
  self.session = client_session_fd (self.server, 0);
  g_signal_connect (self.session, "channel-new", G_CALLBACK (on_channel_new), &self);
  if (sabotage)
    g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*came without its descriptor*");
  g_assert_true (spice_session_open_fd (self.session, -1));
  client_await (is_over, &self);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (self.log->str, ==, expected);
  g_assert_cmpint (g_atomic_int_get (&self.n_answered), ==, 3);
  client_end (self.session);
  server_free (self.server);
  g_string_free (self.log, TRUE);
  return descriptors_left (before);
}

static void
test_answered (void)
{
  g_assert_cmpint (
      run (true, false,
           "32x16/128 34325258 1; draw 5 2 3 4; 64x16/256 34325258 1; draw 6 2 3 4; 48x16/192 34325258 1; none; "
           "80x16/320 34325258 1; none; "),
      ==, 0);
}

static void
test_unanswered (void)
{
  g_assert_cmpint (
      run (false, false,
           "32x16/128 34325258 1; 64x16/256 34325258 1; 48x16/192 34325258 1; none; 80x16/320 34325258 1; none; "),
      ==, 0);
}

static void
test_missing (void)
{
  g_assert_cmpint (
      run (true, true,
           "32x16/128 34325258 1; draw 5 2 3 4; 64x16/256 34325258 1; draw 6 2 3 4; none; none; 80x16/320 34325258 1; "
           "none; "),
      ==, 0);
}

typedef struct {
  int n_served, n_answered; /* atomic; what the second connection heard */
  unsigned n_drawn;
} Again;

static void
serve_again (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0 };
  Again *self = data;

  if (!server_begin (io, &PEER_LINK_INIT, channels, 1))
    return;
  send_scanout (io, 32, XR24, true);
  send_draw (io, 5);
  if (g_atomic_int_add (&self->n_served, 1) == 0) {
    server_hold (io);
    return;
  }
  while (server_hear (io, CW_MSGC_DISPLAY_GL_DRAW_DONE))
    g_atomic_int_inc (&self->n_answered);
}

static void
count_draw (SpiceDisplayChannel *channel, guint x, guint y, guint width, guint height, Again *self)
{
  self->n_drawn++;
}

static void
count_draws (SpiceSession *session, SpiceChannel *channel, Again *self)
{
  if (SPICE_IS_DISPLAY_CHANNEL (channel))
    g_signal_connect (channel, "gl-draw", G_CALLBACK (count_draw), self);
}

static bool
is_drawn (gpointer n_drawn)
{
  return *(unsigned *) n_drawn > 0;
}

/* What one connection has drawn is not answered on the next. */
static void
test_connected_again (void)
{
  Again self = { 0 };
  Server *server = server_new (serve_again, &self);
  SpiceSession *session = client_session_fd (server, 0);
  SpiceChannel *display;

  g_signal_connect (session, "channel-new", G_CALLBACK (count_draws), &self);
  g_assert_true (spice_session_open_fd (session, -1));
  client_await (is_drawn, &self.n_drawn);
  self.n_drawn = 0;
  display = client_channel (session, CW_CHANNEL_DISPLAY, 0);
  spice_channel_disconnect (display, SPICE_CHANNEL_CLOSED);
  g_assert_true (spice_channel_connect (display));
  client_await (is_drawn, &self.n_drawn);
  for (unsigned i = 0; i < 2; i++)
    spice_display_channel_gl_draw_done (SPICE_DISPLAY_CHANNEL (display));
  client_end (session);
  server_free (server);
  g_assert_cmpint (g_atomic_int_get (&self.n_answered), ==, 1);
}

#define N_BUSY 40 /* more scanouts than may wait */

static void
serve_mixed (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0 };
  PeerLink link = PEER_LINK_INIT;
  const CwMsgDisplaySurfaceCreate create
      = { .width = 32, .height = 16, .format = CW_SURFACE_FMT_32_XRGB, .flags = CW_SURFACE_FLAG_PRIMARY };
  const CwMsgDisplaySurfaceDestroy destroy = { 0 };

  link.channel_caps = 1u << CW_DISPLAY_CAP_MONITORS_CONFIG;
  if (!server_begin (io, &link, channels, 1))
    return;
  server_send (io, CW_MSG_DISPLAY_SURFACE_CREATE, &create);
  server_send (io, CW_MSG_DISPLAY_MARK, NULL);
  send_scanout (io, 32, XR24, true);
  send_draw (io, 5);
  server_send (io, CW_MSG_DISPLAY_MARK, NULL);
  send_draw (io, 6);
  server_send (io, CW_MSG_DISPLAY_SURFACE_DESTROY, &destroy);
  server_send (io, CW_MSG_DISPLAY_SURFACE_CREATE, &create);
  for (unsigned i = 0; i < N_BUSY; i++)
    send_scanout (io, 33 + i, XR24, true);
  server_send (io, CW_MSG_DISPLAY_MARK, NULL);
  send_draw (io, 7);
  server_hold (io);
}

static void
note_create (SpiceChannel *channel, int format, int width, int height, int stride, int shmid, gpointer pixels,
             GString *log)
{
  g_string_append (log, "create ");
}

static void
note_destroy (SpiceChannel *channel, GString *log)
{
  g_string_append (log, "destroy ");
}

static void
note_mark (SpiceChannel *channel, int mark, GString *log)
{
  g_string_append (log, "mark ");
}

static void
note_scanout (SpiceDisplayChannel *channel, GParamSpec *pspec, GString *log)
{
  const SpiceGlScanout *scanout = spice_display_channel_get_gl_scanout (channel);

  g_string_append_printf (log, "scanout:%u ", scanout ? scanout->width : 0);
}

static void
note_draw (SpiceDisplayChannel *channel, guint x, guint y, guint width, guint height, GString *log)
{
  g_string_append_printf (log, "draw:%u ", x);
}

static void
note_all (SpiceSession *session, SpiceChannel *channel, GString *log)
{
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  g_signal_connect (channel, "display-primary-create", G_CALLBACK (note_create), log);
  g_signal_connect (channel, "display-primary-destroy", G_CALLBACK (note_destroy), log);
  g_signal_connect (channel, "display-mark", G_CALLBACK (note_mark), log);
  g_signal_connect (channel, "notify::gl-scanout", G_CALLBACK (note_scanout), log);
  g_signal_connect (channel, "gl-draw", G_CALLBACK (note_draw), log);
}

static bool
has_drawn_last (gpointer log)
{
  return strstr (((GString *) log)->str, "draw:7 ") != NULL;
}

/* Programs show what they have heard of last, the surface or video memory: they hear it as the server has said it. */
static void
test_order (void)
{
  g_autoptr (GString) expected = g_string_new ("create mark scanout:32 draw:5 mark draw:6 destroy create ");
  GString *log = g_string_new (NULL);
  int before = descriptors_count ();
  Server *server = server_new (serve_mixed, NULL);
  SpiceSession *session = client_session_fd (server, 0);

  for (unsigned i = 0; i < N_BUSY; i++)
    g_string_append_printf (expected, "scanout:%u ", 33 + i);
  g_string_append (expected, "mark draw:7 ");
  g_signal_connect (session, "channel-new", G_CALLBACK (note_all), log);
  g_assert_true (spice_session_open_fd (session, -1));
  client_await (has_drawn_last, log);
  g_assert_cmpstr (log->str, ==, expected->str);
  client_end (session);
  server_free (server);
  g_string_free (log, TRUE);
  g_assert_cmpint (descriptors_left (before), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/scanout/D8-answered", test_answered);
  g_test_add_func ("/scanout/24.41-unanswered", test_unanswered);
  g_test_add_func ("/scanout/connected-again", test_connected_again);
  g_test_add_func ("/scanout/missing-descriptor", test_missing);
  g_test_add_func ("/scanout/order", test_order);
  return g_test_run ();
}
