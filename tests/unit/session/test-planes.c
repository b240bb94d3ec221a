/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Contents in video memory in several planes: what programs see of them, with what does not fit together, and nothing
 * that leaks. */
#include "client.h"
#include "descriptors.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XR24 0x34325258
#define NV12 0x3231564e
#define UNKNOWN UINT64_C (0x00ffffffffffffff)
#define TILED UINT64_C (0x0123456789abcdef)
#define PAGE 4096

/* What a server sends. Plane i has the offset 256 · i, unless shift is added, and the stride 1000 · (i + 1); descriptor
 * i is of i + 1 pages. */
typedef struct {
  const char *name;
  uint32_t format;
  uint64_t modifier;
  unsigned n_planes, n_fds;
  uint32_t shift;
  const char *planes;  /* what a program sees that knows planes */
  const char *scanout; /* and one that does not */
} Row;

static const Row rows[] = {
  { "one", XR24, UNKNOWN, 1, 1, 0, "1 XR24 ffffffffffffff 0/1000:1 ", "XR24 1000:1" },
  { "linear", XR24, 0, 1, 1, 0, "1 XR24 0 0/1000:1 ", "XR24 1000:1" },
  { "tiled", XR24, TILED, 1, 1, 0, "1 XR24 123456789abcdef 0/1000:1 ", "XR24 1000:1" },
  { "shifted", XR24, 0, 1, 1, 8, "1 XR24 0 8/1000:1 ", "none" },
  { "two", NV12, TILED, 2, 2, 0, "2 NV12 123456789abcdef 0/1000:1 256/2000:2 ", "none" },
  { "four", NV12, UNKNOWN, 4, 4, 0, "4 NV12 ffffffffffffff 0/1000:1 256/2000:2 512/3000:3 768/4000:4 ", "none" },
  { "missing", NV12, UNKNOWN, 2, 1, 0, "none", "none" },
  { "missing-all", NV12, UNKNOWN, 4, 0, 0, "none", "none" },
  { "missing-one", XR24, 0, 1, 0, 0, "none", "none" },
  { "surplus", XR24, 0, 1, 2, 0, "1 XR24 0 0/1000:1 ", "XR24 1000:1" },
  { "surplus-five", NV12, 0, 2, 5, 0, "2 NV12 0 0/1000:1 256/2000:2 ", "none" },
  { "surplus-many", NV12, 0, 4, 60, 0, "4 NV12 0 0/1000:1 256/2000:2 512/3000:3 768/4000:4 ", "none" },
  { "off", 0, UNKNOWN, 0, 0, 0, "none", "none" },
  { "off-with-planes", 0, UNKNOWN, 3, 0, 0, "none", "none" },
  { "last", NV12, UNKNOWN, 3, 3, 0, "3 NV12 ffffffffffffff 0/1000:1 256/2000:2 512/3000:3 ", "none" },
};

typedef struct {
  const uint8_t *damaged; /* sent instead of the rows */
  size_t n_damaged;
  bool over_tcp;
  bool knows_planes;
  uint32_t client_caps; /* that the server has seen */
  int has_display;      /* atomic: it has seen them */
  int n_answered;       /* atomic: what the server heard */
  unsigned n_draws, n_scanouts;
  GString *log;
  GError *error;
} Case;

static void
send_planes (PeerIo *io, const Row *row)
{
  CwWireGlPlane planes[4];
  int fds[64];

  for (uint32_t i = 0; i < 4; i++)
    planes[i] = (CwWireGlPlane){ 256 * i + row->shift, 1000 * (i + 1) };
  for (unsigned i = 0; i < row->n_fds; i++)
    fds[i] = descriptors_memory ((i + 1) * PAGE);
  server_send (io, CW_MSG_DISPLAY_GL_SCANOUT2_UNIX,
               &(CwMsgDisplayGlScanout2Unix){ .width = 32,
                                              .height = 16,
                                              .drm_fourcc_format = row->format,
                                              .flags = CW_GL_SCANOUT_Y0TOP,
                                              .modifier = row->modifier,
                                              .n_planes = row->n_planes,
                                              .planes = planes });
  if (row->format != 0)
    g_assert_true (descriptors_send (io, fds, row->n_fds));
  for (unsigned i = 0; i < row->n_fds; i++)
    close (fds[i]);
}

static void
send_damaged (PeerIo *io, const Case *self)
{
  int fds[] = { descriptors_memory (PAGE), descriptors_memory (PAGE) };

  server_send_bytes (io, CW_MSG_DISPLAY_GL_SCANOUT2_UNIX, self->damaged, self->n_damaged);
  descriptors_send (io, fds, G_N_ELEMENTS (fds));
  close (fds[0]);
  close (fds[1]);
  peer_drain (io);
}

static void
serve (PeerIo *io, gpointer data)
{
  static const uint8_t channels[] = { CW_CHANNEL_DISPLAY, 0 };
  Case *self = data;

  if (!server_begin (io, &PEER_LINK_INIT, channels, 1))
    return;
  self->client_caps = io->client_caps;
  g_atomic_int_set (&self->has_display, 1);
  if (self->damaged) {
    send_damaged (io, self);
    return;
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (rows) && !self->over_tcp; i++) {
    send_planes (io, &rows[i]);
    server_send (io, CW_MSG_DISPLAY_GL_DRAW, &(CwMsgDisplayGlDraw){ 1, 2, 3, 4 });
    if (server_hear (io, CW_MSGC_DISPLAY_GL_DRAW_DONE))
      g_atomic_int_inc (&self->n_answered);
  }
}

static unsigned
pages (int fd)
{
  struct stat status;

  g_assert_cmpint (fstat (fd, &status), ==, 0);
  return (unsigned) status.st_size / PAGE;
}

static const char *
name_format (uint32_t format)
{
  return format == XR24 ? "XR24" : format == NV12 ? "NV12" : "?";
}

static void
log_planes (GString *log, const SpiceGlPlanes *planes)
{
  g_assert_cmpuint (planes->width, ==, 32);
  g_assert_cmpuint (planes->height, ==, 16);
  g_assert_true (planes->y0top);
  g_string_append_printf (log, "%u %s %" G_GINT64_MODIFIER "x ", planes->n_planes, name_format (planes->format),
                          planes->modifier);
  for (unsigned i = 0; i < planes->n_planes; i++)
    g_string_append_printf (log, "%u/%u:%u ", planes->offset[i], planes->stride[i], pages (planes->fd[i]));
  for (unsigned i = planes->n_planes; i < G_N_ELEMENTS (planes->fd); i++)
    g_assert_cmpint (planes->fd[i], ==, -1);
}

static void
on_scanout (SpiceDisplayChannel *channel, GParamSpec *pspec, Case *self)
{
  const SpiceGlScanout *scanout = spice_display_channel_get_gl_scanout (channel);
  const SpiceGlPlanes *planes = self->knows_planes ? spice_display_channel_get_gl_planes (channel) : NULL;

  self->n_scanouts++;
  if (planes)
    log_planes (self->log, planes);
  else if (scanout && !self->knows_planes)
    g_string_append_printf (self->log, "%s %u:%u", name_format (scanout->format), scanout->stride, pages (scanout->fd));
  else
    g_string_append (self->log, "none");
  g_string_append_c (self->log, '\n');
}

static void
on_draw (SpiceDisplayChannel *channel, guint x, guint y, guint width, guint height, Case *self)
{
  g_assert_true (self->knows_planes || spice_display_channel_get_gl_scanout (channel));
  self->n_draws++;
  spice_display_channel_gl_draw_done (channel);
}

static void
on_event (SpiceChannel *channel, SpiceChannelEvent event, Case *self)
{
  const GError *error = spice_channel_get_error (channel);

  if (event != SPICE_CHANNEL_OPENED && error && !self->error)
    self->error = g_error_copy (error);
}

static void
on_channel_new (SpiceSession *session, SpiceChannel *channel, Case *self)
{
  if (!SPICE_IS_DISPLAY_CHANNEL (channel))
    return;
  g_signal_connect (channel, "notify::gl-scanout", G_CALLBACK (on_scanout), self);
  g_signal_connect (channel, "gl-draw", G_CALLBACK (on_draw), self);
  g_signal_connect (channel, "channel-event", G_CALLBACK (on_event), self);
}

/* The connection's end takes the last one away. */
static bool
is_over (gpointer data)
{
  Case *self = data;

  if (self->over_tcp)
    return g_atomic_int_get (&self->has_display);
  return self->damaged ? self->error != NULL : self->n_scanouts == G_N_ELEMENTS (rows) + 1;
}

/* Returns how many descriptors are left. */
static int
run (Case *self)
{
  int before = descriptors_count ();
  Server *server = server_new (serve, self);
  SpiceSession *session = self->over_tcp ? client_session (server) : client_session_fd (server, 0);

  self->log = g_string_new (NULL);
  g_signal_connect (session, "channel-new", G_CALLBACK (on_channel_new), self);
  g_assert_true (self->over_tcp ? spice_session_connect (session) : spice_session_open_fd (session, -1));
  client_await (is_over, self);
  client_end (session);
  server_free (server);
  return descriptors_left (before);
}

static void
case_clear (Case *self)
{
  g_string_free (self->log, TRUE);
  g_clear_error (&self->error);
}

/* What programs see that know planes, and those that do not. */
static void
test_rows (gconstpointer knows_planes)
{
  Case self = { .knows_planes = knows_planes != NULL };
  g_autoptr (GString) expected = g_string_new (NULL);
  unsigned n_shown = 0;

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    const char *seen = self.knows_planes ? rows[i].planes : rows[i].scanout;

    g_string_append_printf (expected, "%s\n", seen);
    n_shown += strcmp (seen, "none") != 0;
    if (g_str_has_prefix (rows[i].name, "missing"))
      g_test_expect_message ("GSpice", G_LOG_LEVEL_WARNING, "*came without its descriptor*");
  }
  g_string_append (expected, "none\n");
  g_assert_cmpint (run (&self), ==, 0);
  g_test_assert_expected_messages ();
  g_assert_cmpstr (self.log->str, ==, expected->str);
  /* The channel has answered for what the program has not been asked. */
  g_assert_cmpuint (self.n_draws, ==, n_shown);
  g_assert_cmpint (g_atomic_int_get (&self.n_answered), ==, G_N_ELEMENTS (rows));
  case_clear (&self);
}

typedef struct {
  const char *name;
  uint8_t n_planes; /* that are announced */
  size_t size;      /* of the body */
  const char *error;
} Damage;

static const Damage damages[] = {
  { "none", 0, 25, "*planes: 0 < 1*" },
  { "five", 5, 25 + 8 * 5, "*planes*5 elements > 4*" },
  { "many", 255, 25 + 8 * 255, "*planes*255 elements > 4*" },
  { "cut", 2, 25 + 8, "*planes*" },
  { "cut-in-plane", 1, 25 + 7, "*planes*" },
  { "cut-before", 1, 20, "*gl-scanout2-unix*" },
};

static void
test_damage (gconstpointer data)
{
  const Damage *row = data;
  uint8_t body[25 + 8 * 255] = { 32, 0, 0, 0, 16, 0, 0, 0, 'X', 'R', '2', '4' };
  Case self = { .damaged = body, .n_damaged = row->size };

  body[16] = row->n_planes;
  g_assert_cmpint (run (&self), ==, 0);
  g_test_message ("%s", self.error->message);
  g_assert_true (g_pattern_match_simple (row->error, self.error->message));
  g_assert_cmpuint (self.n_scanouts, ==, 0);
  case_clear (&self);
}

/* The server is told that planes can come only where they can. */
static void
test_announced (gconstpointer over_tcp)
{
  const uint32_t one = 1u << CW_DISPLAY_CAP_GL_SCANOUT, planes = 1u << CW_DISPLAY_CAP_GL_SCANOUT2;
  static const char *const variables[] = { NULL, "SPICE_DISPLAY_CAP_GL_SCANOUT2", "SPICE_DISPLAY_CAP_GL_SCANOUT" };
  const uint32_t expected[] = { over_tcp ? one : one | planes, one, 0 };

  for (unsigned i = 0; i < G_N_ELEMENTS (variables); i++) {
    static const uint8_t damaged[25];
    Case self = { .over_tcp = over_tcp != NULL, .damaged = over_tcp ? NULL : damaged, .n_damaged = 3 };

    if (variables[i])
      g_setenv (variables[i], "0", TRUE);
    g_assert_cmpint (run (&self), ==, 0);
    if (variables[i])
      g_unsetenv (variables[i]);
    g_assert_cmphex (self.client_caps & (one | planes), ==, expected[i]);
    case_clear (&self);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/planes/known", "", test_rows);
  g_test_add_data_func ("/planes/unknown", NULL, test_rows);
  for (unsigned i = 0; i < G_N_ELEMENTS (damages); i++) {
    g_autofree char *path = g_strdup_printf ("/planes/damaged/%s", damages[i].name);

    g_test_add_data_func (path, &damages[i], test_damage);
  }
  g_test_add_data_func ("/planes/announced/unix", NULL, test_announced);
  g_test_add_data_func ("/planes/announced/tcp", "", test_announced);
  return g_test_run ();
}
