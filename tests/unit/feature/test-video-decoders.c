/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which decoder a stream of VP8 gets, and how it goes on when hardware does not keep what it promises. */
#include "fake-decoder.h"

#include "base/error.h"
#include "feature/video/gst-kinds.h"
#include "feature/video/video.h"

#include <gst/app/gstappsink.h>
#include <gst/app/gstappsrc.h>
#include <gst/gst.h>
#include <string.h>

#define WIDTH 64
#define HEIGHT 48
#define N_FRAMES 10
#define PATIENCE (120 * G_TIME_SPAN_SECOND)

typedef struct {
  CwWorkerPool *pool;
  CwWorkerGroup *workers;
  CwPixelPool *pixels;
  CwWaker *waker;
  uint32_t remembered;
  GMutex lock;
  GCond woken;
  unsigned n_wakes; /* under the lock */
} Fixture;

static GPtrArray *film;  /* GBytes: frames, of which only the first needs no other */
static GPtrArray *other; /* half as large */

static void
on_wake (gpointer data)
{
  Fixture *self = data;

  g_mutex_lock (&self->lock);
  self->n_wakes++;
  g_cond_broadcast (&self->woken);
  g_mutex_unlock (&self->lock);
}

static void
setup (Fixture *self)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  g_cond_init (&self->woken);
  self->pool = cw_worker_pool_new (2);
  self->workers = cw_worker_group_new (self->pool);
  self->pixels = cw_pixel_pool_new (0);
  self->waker = cw_waker_new (on_wake, self);
  fake_reset ();
}

static void
teardown (Fixture *self)
{
  cw_waker_end (self->waker);
  cw_waker_unref (self->waker);
  cw_worker_group_unref (self->workers);
  cw_worker_pool_unref (self->pool);
  cw_pixel_pool_unref (self->pixels);
  g_cond_clear (&self->woken);
  g_mutex_clear (&self->lock);
}

static const CwVideoDecoder *
vp8 (void)
{
  for (unsigned i = 0; cw_gst_decoders[i]; i++) {
    if (cw_gst_decoders[i]->codec == CW_VIDEO_CODEC_TYPE_VP8)
      return cw_gst_decoders[i];
  }
  g_assert_not_reached ();
}

static gpointer
open_stream (Fixture *self)
{
  const CwVideoParams params = {
    .top_down = true,
    .workers = self->workers,
    .pool = self->pixels,
    .waker = self->waker,
    .remembered = &self->remembered,
  };

  g_assert_true (vp8 ()->is_available ());
  return vp8 ()->open (&params, NULL);
}

static void
push (gpointer stream, uint64_t number, GBytes *frame)
{
  gsize size;
  const uint8_t *data = g_bytes_get_data (frame, &size);
  const uint32_t head[] = { GUINT32_TO_LE (1), GUINT32_TO_LE (2), GUINT32_TO_LE (size) };
  GByteArray *body = g_byte_array_new ();
  g_autoptr (GBytes) bytes = NULL;
  g_autoptr (CwMessage) message = NULL;

  g_byte_array_append (body, (const guint8 *) head, sizeof head);
  g_byte_array_append (body, data, (guint) size);
  bytes = g_byte_array_free_to_bytes (body);
  message = cw_message_parse (CW_CHANNEL_DISPLAY, CW_FROM_SERVER, CW_MSG_DISPLAY_STREAM_DATA, 1, bytes, NULL);
  g_assert_nonnull (message);
  vp8 ()->push (stream, number, message, ((const CwMsgDisplayStreamData *) message->data)->data);
}

static CwVideoTake
wait (Fixture *self, gpointer stream, CwVideoPicture *picture, GError **error)
{
  gint64 end = g_get_monotonic_time () + PATIENCE;

  for (;;) {
    CwVideoTake took;
    unsigned n_wakes;

    g_mutex_lock (&self->lock);
    n_wakes = self->n_wakes;
    g_mutex_unlock (&self->lock);
    cw_waker_rearm (self->waker);
    took = vp8 ()->take (stream, picture, error);
    if (took != CW_VIDEO_NOTHING)
      return took;
    g_mutex_lock (&self->lock);
    while (self->n_wakes == n_wakes) {
      if (!g_cond_wait_until (&self->woken, &self->lock, end))
        g_error ("no picture");
    }
    g_mutex_unlock (&self->lock);
  }
}

static unsigned
luma (unsigned frame)
{
  return 30 + 20 * frame;
}

static void
assert_picture (Fixture *self, gpointer stream, uint64_t number, unsigned luminance, uint32_t width)
{
  CwVideoPicture picture;
  int shade = (int) (luminance - 16) * 255 / 219;

  g_assert_cmpint (wait (self, stream, &picture, NULL), ==, CW_VIDEO_PICTURE);
  g_assert_cmpuint (picture.number, ==, number);
  g_assert_nonnull (picture.pixels);
  g_assert_cmpuint (picture.pixels->width, ==, width);
  for (unsigned i = 0; i < 3; i++)
    g_assert_cmpint (ABS (picture.pixels->rows[4 * (width / 2) + i] - shade), <, 8);
  cw_pixels_unref (picture.pixels);
}

/* A whole stream, each frame of which is shown, with so many frames before the first picture. */
static void
assert_shown_after (Fixture *self, unsigned n_before)
{
  gpointer stream = open_stream (self);

  for (unsigned i = 0; i < n_before; i++)
    push (stream, i + 1, film->pdata[i]);
  assert_picture (self, stream, 1, luma (0), WIDTH);
  for (unsigned i = n_before; i < N_FRAMES; i++)
    push (stream, i + 1, film->pdata[i]);
  for (unsigned i = 1; i < N_FRAMES; i++)
    assert_picture (self, stream, i + 1, luma (i), WIDTH);
  vp8 ()->close (stream);
}

/* So few that nothing counts as mute, however slow the machine is. */
static void
assert_shown (Fixture *self)
{
  assert_shown_after (self, 5);
}

static void
test_software (void)
{
  Fixture f;

  setup (&f); /* where both have rank NONE */
  assert_shown (&f);
  g_assert_cmpuint (fake_n_made (FAKE_VA) + fake_n_made (FAKE_V4L2), ==, 0);
  g_assert_cmphex (f.remembered, ==, 0);
  teardown (&f);
}

static void
test_hardware (void)
{
  g_autofree char *seen = NULL;
  Fixture f;

  setup (&f);
  fake_want (FAKE_VA, FAKE_WORKS);
  fake_want (FAKE_V4L2, FAKE_WORKS);
  assert_shown (&f);
  assert_shown (&f);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 2);
  g_assert_cmpuint (fake_n_frames (FAKE_VA), ==, 2 * N_FRAMES);
  g_assert_cmpuint (fake_n_made (FAKE_V4L2), ==, 0);
  g_assert_cmphex (f.remembered, ==, 0);
  seen = fake_seen ();
  g_assert_cmpstr (seen, ==, "vavp8dec: live no-delay flexible");
  teardown (&f);
}

/* No frame is lost, and the hardware is not asked again, but by another session. */
static void
test_falls_over (gconstpointer fault)
{
  unsigned n_before = GPOINTER_TO_INT (fault) == FAKE_IS_MUTE ? N_FRAMES : 5;
  Fixture f;

  setup (&f);
  fake_want (FAKE_VA, GPOINTER_TO_INT (fault));
  assert_shown_after (&f, n_before);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 1);
  assert_shown_after (&f, n_before);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 1);
  f.remembered = 0;
  assert_shown_after (&f, n_before);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 2);
  teardown (&f);
}

/* Frames that come while one decoder fails, or afterwards, go to the next; there may be other hardware. */
static void
test_one_by_one (void)
{
  gpointer stream;
  Fixture f;

  setup (&f);
  fake_want (FAKE_VA, FAKE_FAILS_AT_FIRST);
  fake_want (FAKE_V4L2, FAKE_WORKS);
  stream = open_stream (&f);
  for (unsigned i = 0; i < N_FRAMES; i++) {
    push (stream, i + 1, film->pdata[i]);
    assert_picture (&f, stream, i + 1, luma (i), WIDTH);
  }
  vp8 ()->close (stream);
  assert_shown (&f);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 1);
  g_assert_cmpuint (fake_n_frames (FAKE_VA), ==, 1);
  g_assert_cmpuint (fake_n_made (FAKE_V4L2), ==, 2);
  g_assert_cmpuint (fake_n_frames (FAKE_V4L2), ==, 2 * N_FRAMES);
  teardown (&f);
}

static void
test_all_fail (void)
{
  Fixture f;

  setup (&f);
  fake_want (FAKE_VA, FAKE_DOES_NOT_START);
  fake_want (FAKE_V4L2, FAKE_REFUSES_CAPS);
  assert_shown (&f);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 1);
  g_assert_cmpuint (fake_n_made (FAKE_V4L2), ==, 1);
  assert_shown (&f);
  g_assert_cmpuint (fake_n_made (FAKE_VA) + fake_n_made (FAKE_V4L2), ==, 2);
  teardown (&f);
}

static void
setup_manual (Fixture *self)
{
  setup (self);
  cw_worker_group_unref (self->workers);
  cw_worker_pool_unref (self->pool);
  self->pool = cw_worker_pool_new_manual ();
  self->workers = cw_worker_group_new (self->pool);
}

/* A stream that ends before its decoder is there: what a worker makes for it is not kept. */
static void
test_closed_early (void)
{
  gpointer stream;
  Fixture f;

  setup_manual (&f);
  fake_want (FAKE_VA, FAKE_WORKS);
  stream = open_stream (&f);
  push (stream, 1, film->pdata[0]);
  vp8 ()->close (stream);
  cw_worker_pool_run_queued (f.pool, 0);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 1);
  g_assert_false (fake_is_kept (FAKE_VA));
  teardown (&f);
}

/* One that has been given up complains while it is stopped, just when the next one has failed: that is no news, and
 * makes nobody forget the other failure. */
static void
test_late_complaint (void)
{
  CwVideoPicture picture;
  gpointer stream;
  Fixture f;

  setup_manual (&f);
  fake_want (FAKE_VA, FAKE_COMPLAINS);
  fake_want (FAKE_V4L2, FAKE_DOES_NOT_START);
  stream = open_stream (&f);
  push (stream, 1, film->pdata[0]);
  cw_worker_pool_run_queued (f.pool, 0);
  while (cw_worker_pool_n_queued (f.pool) == 0) {
    g_assert_cmpint (vp8 ()->take (stream, &picture, NULL), ==, CW_VIDEO_NOTHING);
    g_thread_yield ();
  }
  cw_worker_pool_run_queued (f.pool, 0);
  fake_complain ();
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 0);
  g_assert_cmpint (vp8 ()->take (stream, &picture, NULL), ==, CW_VIDEO_NOTHING);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
  cw_worker_pool_run_queued (f.pool, 0);
  assert_picture (&f, stream, 1, luma (0), WIDTH);
  vp8 ()->close (stream);
  teardown (&f);
}

/* What other frames need is gone then. The next stream does better. */
static void
test_fails_later (void)
{
  g_autoptr (GError) error = NULL;
  CwVideoPicture picture;
  gpointer stream;
  Fixture f;

  setup (&f);
  fake_want (FAKE_VA, FAKE_FAILS_AT_THIRD);
  stream = open_stream (&f);
  for (unsigned i = 0; i < 2; i++) {
    push (stream, i + 1, film->pdata[i]);
    assert_picture (&f, stream, i + 1, luma (i), WIDTH);
  }
  push (stream, 3, film->pdata[2]);
  g_assert_cmpint (wait (&f, stream, &picture, &error), ==, CW_VIDEO_FAILED);
  g_assert_nonnull (error);
  vp8 ()->close (stream);
  assert_shown (&f);
  g_assert_cmpuint (fake_n_made (FAKE_VA), ==, 1);
  teardown (&f);
}

/* A key frame of another size. */
static void
test_sizes (void)
{
  Fixture f;

  for (unsigned hardware = 0; hardware < 2; hardware++) {
    gpointer stream;

    setup (&f);
    if (hardware)
      fake_want (FAKE_VA, FAKE_WORKS);
    stream = open_stream (&f);
    for (unsigned i = 0; i < 4; i++)
      push (stream, i + 1, (i < 2 ? film : other)->pdata[i % 2]);
    for (unsigned i = 0; i < 4; i++)
      assert_picture (&f, stream, i + 1, luma (i % 2), i < 2 ? WIDTH : WIDTH / 2);
    vp8 ()->close (stream);
    g_assert_cmpuint (fake_n_made (FAKE_VA), ==, hardware);
    g_assert_cmphex (f.remembered, ==, 0);
    teardown (&f);
  }
}

/* No side of a picture is longer than 8192 pixels; one that is fails the stream, and nothing of it is shown. */
static void
test_largest (void)
{
  static const struct {
    unsigned width, height;
    bool fits;
  } rows[] = { { 8192, 16, true }, { 8193, 16, false }, { 16, 8192, true }, { 16, 8193, false } };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_autoptr (GPtrArray) frames = fake_film (rows[i].width, rows[i].height, 1, luma);
    g_autoptr (GError) error = NULL;
    CwVideoPicture picture;
    gpointer stream;
    Fixture f;

    setup (&f);
    stream = open_stream (&f);
    push (stream, 1, frames->pdata[0]);
    if (rows[i].fits) {
      assert_picture (&f, stream, 1, luma (0), rows[i].width);
    } else {
      g_assert_cmpint (wait (&f, stream, &picture, &error), ==, CW_VIDEO_FAILED);
      g_assert_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED);
    }
    vp8 ()->close (stream);
    teardown (&f);
  }
}

/* A stream may end at any moment: before a frame, with frames on their way, while decoders change, with pictures that
 * nobody has taken. */
static void
test_ends (void)
{
  for (FakeFault fault = FAKE_WORKS; fault <= FAKE_IS_MUTE; fault++) {
    for (unsigned moment = 0; moment < 4; moment++) {
      CwVideoPicture picture;
      gpointer stream;
      Fixture f;

      setup (&f);
      fake_want (FAKE_VA, fault);
      stream = open_stream (&f);
      for (unsigned i = 0; i < N_FRAMES && moment > 0; i++) {
        push (stream, i + 1, film->pdata[i]);
        if (moment == 2 && vp8 ()->take (stream, &picture, NULL) == CW_VIDEO_PICTURE)
          cw_pixels_unref (picture.pixels);
      }
      if (moment == 3)
        assert_picture (&f, stream, 1, luma (0), WIDTH);
      vp8 ()->close (stream);
      teardown (&f);
    }
  }
}

static bool
show (gpointer data, gpointer pipeline)
{
  unsigned *n = data;

  g_assert_true (GST_IS_PIPELINE (pipeline));
  return n[1]++, n[0];
}

/* Where the tests run, no window is to come up. */
static void
hide_windows (void)
{
  GList *sinks
      = gst_element_factory_list_get_elements (GST_ELEMENT_FACTORY_TYPE_SINK | GST_ELEMENT_FACTORY_TYPE_MEDIA_VIDEO
                                                   | GST_ELEMENT_FACTORY_TYPE_MEDIA_IMAGE,
                                               GST_RANK_MARGINAL);

  for (GList *l = sinks; l; l = l->next)
    gst_plugin_feature_set_rank (l->data, GST_RANK_NONE);
  gst_plugin_feature_list_free (sinks);
}

/* An application that shows the video by itself is told when each frame would be shown; one that does not want to gets
 * the pictures. */
static void
test_overlay (void)
{
  hide_windows ();
  for (unsigned wanted = 0; wanted < 2; wanted++) {
    unsigned n[2] = { wanted, 0 };
    CwVideoParams params = { .top_down = false, .overlay = show, .overlay_data = n };
    CwVideoPicture picture;
    gpointer stream;
    Fixture f;

    setup (&f);
    params.workers = f.workers;
    params.pool = f.pixels;
    params.waker = f.waker;
    params.remembered = &f.remembered;
    stream = vp8 ()->open (&params, NULL);
    g_assert_cmpuint (n[1], ==, 1);
    g_assert_cmpint (vp8 ()->take (stream, &picture, NULL), ==, CW_VIDEO_NOTHING);
    for (unsigned i = 0; i < 3; i++) {
      push (stream, i + 1, film->pdata[i]);
      if (wanted) {
        g_assert_cmpint (vp8 ()->take (stream, &picture, NULL), ==, CW_VIDEO_PICTURE);
        g_assert_null (picture.pixels);
        g_assert_cmpuint (picture.number, ==, i + 1);
        g_assert_cmpint (vp8 ()->take (stream, &picture, NULL), ==, CW_VIDEO_NOTHING);
      } else {
        assert_picture (&f, stream, i + 1, luma (i), WIDTH);
      }
    }
    vp8 ()->close (stream);
    teardown (&f);
  }
}

/* How large a frame of VP8 is stands in its first bytes, if it needs no other. */
static void
test_caps (void)
{
  static const struct {
    uint8_t bytes[10];
    size_t size;
    int width, height; /* 0: it does not say */
  } rows[] = {
    { { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00 }, 10, 320, 240 },
    { { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0xff, 0xff, 0x01, 0x80 }, 10, 16383, 1 }, /* above is the scale */
    { { 0x11, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00 }, 10, 0, 0 },
    { { 0x10, 0, 0, 0x9c, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00 }, 10, 0, 0 },
    { { 0x10, 0, 0, 0x9d, 0x02, 0x2a, 0x40, 0x01, 0xf0, 0x00 }, 10, 0, 0 },
    { { 0x10, 0, 0, 0x9d, 0x01, 0x2b, 0x40, 0x01, 0xf0, 0x00 }, 10, 0, 0 },
    { { 0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x40, 0x01, 0xf0, 0x00 }, 9, 0, 0 },
  };

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    CwSlice frame = { rows[i].bytes, rows[i].size };
    g_autoptr (GstCaps) caps = cw_gst_kind_read_caps (&cw_gst_kinds[CW_GST_VP8], frame);
    int width = 0, height = 0;

    g_assert_null (cw_gst_kind_read_caps (&cw_gst_kinds[CW_GST_VP9], frame));
    g_assert_true ((caps != NULL) == (rows[i].width > 0));
    if (!caps)
      continue;
    g_assert_cmpstr (gst_structure_get_name (gst_caps_get_structure (caps, 0)), ==, "video/x-vp8");
    gst_structure_get (gst_caps_get_structure (caps, 0), "width", G_TYPE_INT, &width, "height", G_TYPE_INT, &height,
                       NULL);
    g_assert_cmpint (width, ==, rows[i].width);
    g_assert_cmpint (height, ==, rows[i].height);
  }
}

/* Where plugins are looked for is what GStreamer says: folders besides the system's, or in its place. */
static void
test_available (void)
{
  static const struct {
    const char *variable;
    bool replaces;
  } rows[] = { { "GST_PLUGIN_PATH_1_0", false },
               { "GST_PLUGIN_PATH", false },
               { "GST_PLUGIN_SYSTEM_PATH_1_0", true },
               { "GST_PLUGIN_SYSTEM_PATH", true } };
  const CwGstKind *kind = &cw_gst_kinds[CW_GST_VP8];

  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++)
    g_unsetenv (rows[i].variable);
  g_assert_true (cw_gst_kind_is_available (kind));
  for (unsigned i = 0; i < G_N_ELEMENTS (rows); i++) {
    g_setenv (rows[i].variable, "/nonexistent", TRUE);
    g_assert_true (cw_gst_kind_is_available (kind) == !rows[i].replaces);
    g_setenv (rows[i].variable, "/nonexistent::" PLUGINS_DIR, TRUE);
    g_assert_true (cw_gst_kind_is_available (kind));
    g_unsetenv (rows[i].variable);
  }
}

/* Where not even software decodes it the stream fails, and no hardware is blamed. The last test: it takes the software
 * away. */
static void
test_no_software (void)
{
  GstRegistry *registry = gst_registry_get ();
  GstPluginFeature *software = gst_registry_lookup_feature (registry, "vp8dec");
  g_autoptr (GError) error = NULL;
  CwVideoPicture picture;
  gpointer stream;
  Fixture f;

  g_assert_nonnull (software);
  gst_registry_remove_feature (registry, software);
  gst_object_unref (software);
  setup (&f);
  stream = open_stream (&f);
  push (stream, 1, film->pdata[0]);
  g_assert_cmpint (wait (&f, stream, &picture, &error), ==, CW_VIDEO_FAILED);
  g_assert_nonnull (error);
  g_assert_cmphex (f.remembered, ==, 0);
  vp8 ()->close (stream);
  teardown (&f);
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  gst_init (NULL, NULL);
  fake_register ();
  film = fake_film (WIDTH, HEIGHT, N_FRAMES, luma);
  other = fake_film (WIDTH / 2, HEIGHT / 2, N_FRAMES, luma);
  g_test_add_func ("/video-decoders/software", test_software);
  g_test_add_func ("/video-decoders/hardware", test_hardware);
  g_test_add_data_func ("/video-decoders/does-not-start", GINT_TO_POINTER (FAKE_DOES_NOT_START), test_falls_over);
  g_test_add_data_func ("/video-decoders/refuses-caps", GINT_TO_POINTER (FAKE_REFUSES_CAPS), test_falls_over);
  g_test_add_data_func ("/video-decoders/fails-at-first", GINT_TO_POINTER (FAKE_FAILS_AT_FIRST), test_falls_over);
  g_test_add_data_func ("/video-decoders/mute", GINT_TO_POINTER (FAKE_IS_MUTE), test_falls_over);
  g_test_add_func ("/video-decoders/one-by-one", test_one_by_one);
  g_test_add_func ("/video-decoders/all-fail", test_all_fail);
  g_test_add_func ("/video-decoders/closed-early", test_closed_early);
  g_test_add_func ("/video-decoders/late-complaint", test_late_complaint);
  g_test_add_func ("/video-decoders/fails-later", test_fails_later);
  g_test_add_func ("/video-decoders/sizes", test_sizes);
  g_test_add_func ("/video-decoders/largest", test_largest);
  g_test_add_func ("/video-decoders/ends", test_ends);
  g_test_add_func ("/video-decoders/available", test_available);
  g_test_add_func ("/video-decoders/overlay", test_overlay);
  g_test_add_func ("/video-decoders/caps", test_caps);
  g_test_add_func ("/video-decoders/no-software", test_no_software);
  status = g_test_run ();
  g_ptr_array_unref (film);
  g_ptr_array_unref (other);
  return status;
}
