/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Video streams of a decoder of the test's own. */
#include "pair.h"

/* A frame's first byte is a shade of grey, 0 makes it fail, and it answers one frame late. */

typedef struct {
  uint64_t number;
  uint8_t shade;
  bool has_frame, failed, shown_elsewhere;
} Odd;

static unsigned n_open;

static gpointer
odd_open (const CwVideoParams *params, GError **error)
{
  Odd *self = g_new0 (Odd, 1);

  n_open++;
  self->shown_elsewhere = params->overlay && params->overlay (params->overlay_data, self);
  return self;
}

static void
odd_push (gpointer decoder, uint64_t number, CwMessage *message, CwSlice data)
{
  Odd *self = decoder;

  *self = (Odd){ number, data.data[0], true, data.data[0] == 0, self->shown_elsewhere };
}

static CwVideoTake
odd_take (gpointer decoder, CwVideoPicture *picture, GError **error)
{
  Odd *self = decoder;
  uint32_t *word;

  if (self->failed)
    return CW_VIDEO_FAILED;
  if (!self->has_frame)
    return CW_VIDEO_NOTHING;
  self->has_frame = false;
  *picture = (CwVideoPicture){ self->number, NULL };
  if (self->shown_elsewhere)
    return CW_VIDEO_PICTURE;
  *picture = (CwVideoPicture){ self->number, cw_pixels_new (CW_PIXELS_BGRX, 1, 1, false, NULL) };
  word = (uint32_t *) (void *) picture->pixels->rows;
  *word = self->shade * 0x10101;
  return CW_VIDEO_PICTURE;
}

static void
odd_close (gpointer decoder)
{
  n_open--;
  g_free (decoder);
}

static CwVideoTake
mute_take (gpointer decoder, CwVideoPicture *picture, GError **error)
{
  return CW_VIDEO_NOTHING;
}

static bool
never (void)
{
  return false;
}

static const CwVideoDecoder absent = { .codec = CW_VIDEO_CODEC_TYPE_VP8, .is_available = never };
static const CwVideoDecoder odd = { .codec = CW_VIDEO_CODEC_TYPE_VP9,
                                    .has_pipeline = true,
                                    .open = odd_open,
                                    .push = odd_push,
                                    .take = odd_take,
                                    .close = odd_close };
static const CwVideoDecoder *const table[] = { &absent, &odd, NULL };

static void
test_table (void)
{
  CwMsgDisplayStreamData data = { PAIR_VIDEO, 1, { (const uint8_t *) "\x40", 1 } };
  Pair f;

  pair_setup (&f, 1, NULL);
  cw_render_group_set_decoders (f.group, table);
  g_assert_true (cw_render_group_can_decode (f.group, CW_VIDEO_CODEC_TYPE_MJPEG));
  g_assert_false (cw_render_group_can_decode (f.group, CW_VIDEO_CODEC_TYPE_VP8));
  g_assert_true (cw_render_group_can_decode (f.group, CW_VIDEO_CODEC_TYPE_VP9));
  pair_push (&f, 0, pair_create_video (CW_VIDEO_CODEC_TYPE_VP9, 0, &(CwWireRect){ .right = 16, .bottom = 16 }));
  g_assert_cmpuint (n_open, ==, 1);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
  pair_assert_grey (&f, 15, 15, 0x40);
  data.data.data = (const uint8_t *) "";
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
  pair_finish (&f);
  g_assert_cmpuint (n_open, ==, 0);
  g_assert_cmpuint (pair_report (&f, 0)->num_drops, ==, UINT32_MAX);
  pair_assert_grey (&f, 15, 15, 0x40);
  /* It stays closed, and nothing is kept for it. */
  data.data.data = (const uint8_t *) "\x50";
  for (unsigned i = 0; i < 100; i++)
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
  g_assert_false (cw_render_is_full (f.render[0]));
  pair_assert_grey (&f, 15, 15, 0x40);
  g_assert_cmpuint (n_open, ==, 0);
  pair_teardown (&f);
}

/* One that gives nothing keeps the channel from reading on for a while, not for ever. */
static void
test_mute (void)
{
  static const CwVideoDecoder mute
      = { .codec = CW_VIDEO_CODEC_TYPE_VP9, .open = odd_open, .push = odd_push, .take = mute_take, .close = odd_close };
  static const CwVideoDecoder *const mute_table[] = { &mute, NULL };
  CwMsgDisplayStreamData data = { PAIR_VIDEO, 1, { (const uint8_t *) "\x40", 1 } };
  int64_t due;
  Pair f;

  pair_setup (&f, 1, NULL);
  cw_render_group_set_decoders (f.group, mute_table);
  pair_push (&f, 0, pair_create_video (CW_VIDEO_CODEC_TYPE_VP9, 0, &(CwWireRect){ .right = 16, .bottom = 16 }));
  for (unsigned i = 0; !cw_render_is_full (f.render[0]); i++) {
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
    g_assert_cmpuint (i, <, 100);
  }
  pair_finish (&f);
  g_assert_true (cw_render_is_full (f.render[0]));
  due = cw_render_step (f.render[0], g_get_monotonic_time (), 1000);
  g_assert_cmpint (due, >, 0);
  g_assert_cmpint (cw_render_step (f.render[0], due, 1000), ==, CW_RENDER_NEVER);
  g_assert_false (cw_render_is_full (f.render[0]));
  g_assert_cmpuint (pair_report (&f, 0)->num_drops, ==, UINT32_MAX);
  pair_teardown (&f);
  g_assert_cmpuint (n_open, ==, 0);
}

/* On a surface for nothing but video the observer is asked, when the stream's turn comes, and may do anything. */
static void
reset_render (gpointer render)
{
  cw_render_reset (render);
}

static void
test_overlay (void)
{
  CwMsgDisplayStreamData data = { PAIR_VIDEO, 1, { (const uint8_t *) "\x40", 1 } };
  const CwWireRect whole = { .right = 16, .bottom = 16 };
  const unsigned flags = CW_SURFACE_FLAG_PRIMARY | CW_SURFACE_FLAG_STREAMING_MODE;
  Pair f;

  for (unsigned i = 0; i < 4; i++) {
    pair_setup (&f, 1, NULL);
    cw_render_group_set_decoders (f.group, table);
    pair_push (&f, 0, surface_create (0, 17, 16, CW_SURFACE_FMT_32_XRGB, flags));
    pair_finish (&f);
    g_string_truncate (f.recorder[0].log, 0);
    f.recorder[0].takes_video = i == 1;
    if (i >= 2) {
      f.recorder[0].hook = reset_render;
      f.recorder[0].hook_data = f.render[0];
    }
    pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x2)); /* told at once */
    pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0));   /* told before the observer is asked */
    pair_push (&f, 0,
               pair_create_video (i == 3 ? CW_VIDEO_CODEC_TYPE_MJPEG : CW_VIDEO_CODEC_TYPE_VP9, CW_STREAM_TOP_DOWN,
                                  &whole));
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
    g_assert_cmpuint (n_open, ==, 0);
    pair_assert_grey (&f, 15, 15, i == 0 ? 0x40 : 0);
    g_assert_cmpstr (f.recorder[0].log->str, ==, i == 3 ? "overlay:none" : "overlay:pipeline");
    g_assert_cmpuint (n_open, ==, i < 2);
    g_assert_cmpuint (f.recorder[0].reports->len, ==, 0);
    pair_teardown (&f);
    g_assert_cmpuint (n_open, ==, 0);
  }
}

/* What has been drawn before is told before the observer is asked, and may be the end of it too. */
static void
on_invalidate (gpointer recorder, const CwRect *box)
{
  Recorder *self = recorder;

  if (++self->n_invalidates == 2)
    self->hook (self->hook_data);
}

static void
test_overlay_last (void)
{
  const unsigned flags = CW_SURFACE_FLAG_PRIMARY | CW_SURFACE_FLAG_STREAMING_MODE;
  const unsigned codecs[] = { CW_VIDEO_CODEC_TYPE_VP9, CW_VIDEO_CODEC_TYPE_MJPEG };
  const CwWireRect whole = { .right = 16, .bottom = 16 };
  CwRenderObserver observer = recorder_observer;

  observer.invalidate = on_invalidate;
  for (unsigned i = 0; i < G_N_ELEMENTS (codecs); i++) {
    Pair f;

    pair_setup (&f, 1, NULL);
    cw_render_group_set_decoders (f.group, table);
    cw_render_unref (f.render[0]);
    f.render[0] = cw_render_new (f.group, &observer, &f.recorder[0], recorder_wake, &f.recorder[0]);
    f.recorder[0].blind = true;
    pair_push (&f, 0, surface_create (0, 17, 16, CW_SURFACE_FMT_32_XRGB, flags));
    pair_finish (&f);
    f.recorder[0].hook = reset_render;
    f.recorder[0].hook_data = f.render[0];
    pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x2)); /* told at once */
    pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x3));
    pair_push (&f, 0, pair_create_video (codecs[i], CW_STREAM_TOP_DOWN, &whole));
    pair_finish (&f);
    g_assert_cmpuint (f.recorder[0].n_invalidates, ==, 2);
    g_assert_cmpstr (f.recorder[0].log->str, ==, "create:17x16/32");
    g_assert_cmpuint (f.recorder[0].reports->len, ==, 0);
    g_assert_cmpuint (n_open, ==, 0);
    pair_teardown (&f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/decoders/table", test_table);
  g_test_add_func ("/render/decoders/mute", test_mute);
  g_test_add_func ("/render/decoders/overlay", test_overlay);
  g_test_add_func ("/render/decoders/overlay-last", test_overlay_last);
  return g_test_run ();
}
