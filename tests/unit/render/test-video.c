/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Video streams: MJPEG frames. */
#include "pair.h"
#include "render/frame-report.h"

#include <string.h>

static CwMessage *
create_whole (void)
{
  return pair_create_video (CW_VIDEO_CODEC_TYPE_MJPEG, CW_STREAM_TOP_DOWN, &(CwWireRect){ .right = 16, .bottom = 16 });
}

static CwMessage *
frame (Pair *self, uint32_t stamp, uint8_t upper, uint8_t lower)
{
  CwMsgDisplayStreamData data = { PAIR_VIDEO, stamp, pair_jpeg (&self->arena, 16, 16, upper, lower) };

  return stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data);
}

static CwMessage *
of_id (uint16_t type, uint32_t id)
{
  id = GUINT32_TO_LE (id);
  return stream_message_raw (type, &id, sizeof id);
}

static void
test_show (void)
{
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, frame (&f, 1, 50, 200));
  pair_assert_grey (&f, 3, 2, 50);
  pair_assert_grey (&f, 3, 14, 200);
  g_assert_cmpuint (f.recorder[0].n_invalidates, >, 0);
  g_assert_true (recorder_shadow_is_current (&f.recorder[0]));
  /* A new stream of the same id stands for the old one; its rows come bottom first. */
  pair_push (&f, 0, pair_create_video (CW_VIDEO_CODEC_TYPE_MJPEG, 0, &(CwWireRect){ .right = 16, .bottom = 16 }));
  pair_push (&f, 0, frame (&f, 2, 50, 200));
  pair_assert_grey (&f, 3, 2, 200);
  pair_assert_grey (&f, 3, 14, 50);
  g_assert_cmpuint (f.recorder[0].reports->len, ==, 0);
  pair_teardown (&f);
}

/* Scaled to where it belongs, cut by the clip that is in force when it is shown, or put elsewhere. */
static void
test_place (void)
{
  CwWireRect left_half = { .right = 8, .bottom = 16 };
  CwMsgDisplayStreamClip clip
      = { .id = PAIR_VIDEO, .clip = { .type = CW_CLIP_TYPE_RECTS, .n_rects = 1, .rects = &left_half } };
  CwMsgDisplayStreamDataSized sized
      = { PAIR_VIDEO, 3, 8, 8, .dest = { .left = 12, .top = 12, .right = 16, .bottom = 16 } };
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0,
             pair_create_video (CW_VIDEO_CODEC_TYPE_MJPEG, CW_STREAM_TOP_DOWN,
                                &(CwWireRect){ .right = 8, .bottom = 8 }));
  pair_push (&f, 0, frame (&f, 1, 50, 200));
  pair_assert_grey (&f, 4, 2, 50);
  pair_assert_grey (&f, 4, 6, 200);
  pair_assert_grey (&f, 9, 9, 0);
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, frame (&f, 2, 90, 90));
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
  pair_assert_grey (&f, 4, 4, 90);
  pair_assert_grey (&f, 9, 9, 0);
  clip.clip.n_rects = 0;
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
  pair_push (&f, 0, frame (&f, 3, 120, 120));
  pair_assert_grey (&f, 4, 4, 90);
  clip.clip.type = CW_CLIP_TYPE_NONE;
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
  sized.data = pair_jpeg (&f.arena, 8, 8, 160, 160);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA_SIZED, &sized));
  pair_assert_grey (&f, 14, 14, 160);
  pair_assert_grey (&f, 4, 4, 90);
  pair_teardown (&f);
}

/* In wire order with all that draws: what comes later is on top, and what has ended shows nothing. */
static void
test_order (void)
{
  Pair f;

  for (int destroy_all = 0; destroy_all < 2; destroy_all++) {
    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, create_whole ());
    pair_push (&f, 0, frame (&f, 1, 50, 50));
    pair_finish (&f);
    pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x777777));
    pair_assert_grey (&f, 2, 2, 0x77);
    pair_assert_grey (&f, 9, 9, 50);
    pair_push (&f, 0, frame (&f, 2, 200, 200));
    pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x777777));
    pair_push (&f, 0,
               destroy_all ? empty_message (CW_MSG_DISPLAY_STREAM_DESTROY_ALL)
                           : of_id (CW_MSG_DISPLAY_STREAM_DESTROY, PAIR_VIDEO));
    pair_assert_grey (&f, 9, 9, 0x77);
    pair_push (&f, 0, frame (&f, 3, 200, 200)); /* of no stream any more */
    pair_assert_grey (&f, 9, 9, 0x77);
    g_assert_cmpuint (pair_report (&f, 0)->num_drops, ==, UINT32_MAX);
    pair_teardown (&f);
  }
}

/* Frames that a worker has not begun with give way to newer ones. */
static void
test_behind (void)
{
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, create_whole ());
  for (unsigned i = 0; i < 20; i++)
    pair_push (&f, 0, frame (&f, i, 10 * i, 10 * i));
  pair_assert_grey (&f, 5, 5, 190);
  g_assert_cmpuint (f.recorder[0].n_invalidates, <, 6);
  pair_teardown (&f);
}

/* Of several frames that are due only the newest is shown, and those that show more than it does. */
static void
test_uncovered (void)
{
  CwMsgDisplayStreamDataSized sized = { PAIR_VIDEO, 1, 8, 8, .dest = { .right = 16, .bottom = 16 } };
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, create_whole ());
  sized.data = pair_jpeg (&f.arena, 8, 8, 160, 160);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA_SIZED, &sized));
  sized.multi_media_time = 2;
  sized.dest = (CwWireRect){ .left = 4, .top = 4, .right = 12, .bottom = 12 };
  sized.data = pair_jpeg (&f.arena, 8, 8, 90, 90);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA_SIZED, &sized));
  pair_assert_grey (&f, 8, 8, 90);
  pair_assert_grey (&f, 1, 1, 160);
  pair_assert_grey (&f, 14, 14, 160);
  sized.dest = (CwWireRect){ .left = 4, .top = 12, .right = 12, .bottom = 4 }; /* nowhere */
  sized.multi_media_time = 4;
  pair_push (&f, 0, frame (&f, 3, 50, 50));
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA_SIZED, &sized));
  pair_assert_grey (&f, 8, 8, 50);
  pair_teardown (&f);
}

static void
test_reports (void)
{
  CwMsgDisplayStreamActivateReport activate = { PAIR_VIDEO, 77, 5, 1000000 };
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].media.time = 1000;
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT, &activate));
  for (unsigned i = 0; i < 5; i++)
    pair_push (&f, 0, frame (&f, i == 2 ? 900 : 1100 + i, 9, 9));
  g_assert_cmpuint (f.recorder[0].reports->len, ==, 1);
  g_assert_cmpuint (pair_report (&f, 0)->stream_id, ==, PAIR_VIDEO);
  g_assert_cmpuint (pair_report (&f, 0)->unique_id, ==, 77);
  g_assert_cmpuint (pair_report (&f, 0)->start_frame_mm_time, ==, 1100);
  g_assert_cmpuint (pair_report (&f, 0)->end_frame_mm_time, ==, 1104);
  g_assert_cmpuint (pair_report (&f, 0)->num_frames, ==, 5);
  g_assert_cmpuint (pair_report (&f, 0)->num_drops, ==, 1);
  g_assert_cmpint (pair_report (&f, 0)->last_frame_delay, ==, 104);
  g_assert_cmpuint (pair_report (&f, 0)->audio_delay, ==, UINT32_MAX);
  /* Three late ones in a row are told at once. */
  f.recorder[0].media = (CwMediaTime){ 1000, true, 17 };
  for (unsigned i = 0; i < 3; i++)
    pair_push (&f, 0, frame (&f, 500 + i, 9, 9));
  g_assert_cmpuint (pair_report (&f, 1)->num_drops, ==, 3);
  g_assert_cmpuint (pair_report (&f, 1)->audio_delay, ==, 17);
  pair_finish (&f);
  pair_teardown (&f);
}

/* Guests' drivers leave stamps out, and servers pass that on: such a frame is no late one. */
static void
test_no_stamp (void)
{
  CwMsgDisplayStreamActivateReport activate = { PAIR_VIDEO, 77, 3, 1000000 };
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].media = (CwMediaTime){ 5000, true, 10 };
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT, &activate));
  for (unsigned i = 0; i < 3; i++)
    pair_push (&f, 0, frame (&f, 0, 9, 9));
  g_assert_cmpuint (f.recorder[0].reports->len, ==, 1);
  g_assert_cmpuint (pair_report (&f, 0)->num_frames, ==, 3);
  g_assert_cmpuint (pair_report (&f, 0)->num_drops, ==, 0);
  g_assert_cmpint (pair_report (&f, 0)->last_frame_delay, ==, 0);
  g_assert_cmpuint (pair_report (&f, 0)->end_frame_mm_time, ==, 5000);
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), >, 0);
  pair_assert_grey (&f, 5, 5, 9);
  pair_teardown (&f);
}

/* Of so many frames or after so long, whichever is first; and both begin anew. */
static void
test_report_time (void)
{
  const CwMsgDisplayStreamActivateReport activate = { PAIR_VIDEO, 77, 3, 50 };
  const CwMediaTime media = { 0 };
  CwMsgcDisplayStreamReport report;
  CwFrameReport frames;

  cw_frame_report_activate (&frames, &activate);
  for (int64_t begin = 1000; begin < 500000; begin += 200000) {
    g_assert_false (cw_frame_report_count (&frames, begin, 1, 0, &media, &report));
    g_assert_false (cw_frame_report_count (&frames, begin + 49999, 2, 0, &media, &report));
    g_assert_true (cw_frame_report_count (&frames, begin + 49999, 3, 0, &media, &report));
    g_assert_cmpuint (report.num_frames, ==, 3);
    g_assert_false (cw_frame_report_count (&frames, begin + 100000, 4, 0, &media, &report));
    g_assert_true (cw_frame_report_count (&frames, begin + 150000, 5, 0, &media, &report));
    g_assert_cmpuint (report.num_frames, ==, 2);
    g_assert_cmpuint (report.start_frame_mm_time, ==, 4);
  }
}

/* What cannot be shown is told once, and the server sends pictures. */
static void
test_refused (void)
{
  CwMsgDisplayStreamCreate nowhere = { .surface_id = 9, .id = 3, .codec_type = CW_VIDEO_CODEC_TYPE_MJPEG };
  CwMsgDisplayStreamCreate beyond = { .id = 1u << 30, .codec_type = CW_VIDEO_CODEC_TYPE_MJPEG };
  CwMsgDisplayStreamClip clip = { .id = 5 };
  Pair f;

  pair_setup (&f, 1, NULL);
  for (unsigned i = 0; i < 2; i++) {
    pair_push (&f, 0, pair_create_video (200, 0, &(CwWireRect){ .right = 16, .bottom = 16 }));
    pair_push (&f, 0, frame (&f, 1, 200, 200));
    pair_push (&f, 0, frame (&f, 2, 200, 200));
    g_assert_cmpuint (f.recorder[0].reports->len, ==, i + 1);
    g_assert_cmpuint (pair_report (&f, i)->stream_id, ==, PAIR_VIDEO);
    g_assert_cmpuint (pair_report (&f, i)->num_frames, ==, 0);
    g_assert_cmpuint (pair_report (&f, i)->num_drops, ==, UINT32_MAX);
  }
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &nowhere));
  g_assert_cmpuint (pair_report (&f, 2)->stream_id, ==, 3);
  for (unsigned i = 0; i < 3; i++) {
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &beyond));
    beyond.id++;
  }
  g_assert_cmpuint (f.recorder[0].reports->len, ==, 5);
  pair_assert_grey (&f, 5, 5, 0);
  cw_render_reset (f.render[0]); /* then it may be another server, which has not begun a stream yet */
  for (unsigned i = 0; i < 2; i++) {
    pair_push (&f, 0, frame (&f, 3, 200, 200));
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &beyond));
  }
  g_assert_cmpuint (f.recorder[0].reports->len, ==, 8);
  pair_teardown (&f);
}

/* All that can be done at this time, for the render. Returns when it is due again. */
static int64_t
run_at (Pair *self, int64_t now)
{
  int64_t due;

  do {
    while (cw_worker_pool_n_queued (self->pool) > 0)
      cw_worker_pool_run_queued (self->pool, 0);
    due = cw_render_step (self->render[0], now, 100000);
  } while (due == 0 || cw_worker_pool_n_queued (self->pool) > 0);
  return due;
}

static uint8_t
grey_now (Pair *self)
{
  CwSurfaceInfo info;

  g_assert_true (cw_render_get_surface (self->render[0], 0, &info));
  return info.data[0];
}

/* While sound plays, pictures keep time with it, but not for long. */
static void
test_sound (void)
{
  const int64_t now = g_get_monotonic_time ();
  int64_t due;
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].media = (CwMediaTime){ 1000, true, 10 };
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, frame (&f, 1050, 50, 50));
  due = run_at (&f, now);
  g_assert_cmpint (grey_now (&f), ==, 0); /* decoded, and not shown */
  g_assert_cmpint (due, ==, now + 50000);
  f.recorder[0].media.time = 1050;
  pair_assert_grey (&f, 5, 5, 50);
  /* Late, with a newer one there: not worth decoding. */
  pair_push (&f, 0, frame (&f, 1060, 120, 120));
  pair_push (&f, 0, frame (&f, 1040, 160, 160));
  g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
  f.recorder[0].media.time = 1100;
  pair_finish (&f);
  /* Late, but all there is. */
  pair_push (&f, 0, frame (&f, 1090, 200, 200));
  pair_assert_grey (&f, 5, 5, 200);
  pair_teardown (&f);
}

/* A frame that is early is kept for so long after it has come, and only so many are. */
static void
test_early (void)
{
  int64_t before, after, due;
  uint8_t first;
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].media = (CwMediaTime){ 1000, true, 10 };
  pair_push (&f, 0, create_whole ());
  before = g_get_monotonic_time ();
  pair_push (&f, 0, frame (&f, 9000, 90, 90));
  after = g_get_monotonic_time ();
  due = run_at (&f, before);
  g_assert_cmpint (due, >=, before + 150000);
  g_assert_cmpint (due, <=, after + 150000);
  g_assert_cmpint (run_at (&f, due - 1), ==, due);
  g_assert_cmpint (grey_now (&f), ==, 0);
  g_assert_cmpint (run_at (&f, due), ==, CW_RENDER_NEVER);
  g_assert_cmpint (grey_now (&f), >=, 87);

  before = g_get_monotonic_time ();
  first = grey_now (&f);
  for (unsigned i = 0; i < 8; i++) {
    pair_push (&f, 0, frame (&f, 9001 + i, 110 + 10 * i, 110 + 10 * i));
    run_at (&f, before);
  }
  g_assert_cmpint (grey_now (&f), ==, first);
  pair_push (&f, 0, frame (&f, 9009, 190, 190));
  g_assert_cmpint (run_at (&f, before), >=, before + 150000);
  g_assert_cmpint (grey_now (&f), >=, 107);
  g_assert_cmpint (grey_now (&f), <=, 113);
  pair_teardown (&f);
}

/* When the server's clock has gone back, what was to come by the old one is not waited for. */
static void
test_back (void)
{
  const int64_t now = g_get_monotonic_time ();
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].media = (CwMediaTime){ 1000, true, 10 };
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, frame (&f, 9000, 90, 90));
  run_at (&f, now);
  pair_push (&f, 0, frame (&f, 1000, 200, 200));
  g_assert_cmpint (run_at (&f, now), ==, CW_RENDER_NEVER);
  g_assert_cmpint (grey_now (&f), >=, 197);
  pair_teardown (&f);
}

/* A frame whose time has come does not wait until everything that is drawn beside it is done. */
static void
test_busy (void)
{
  int64_t now = g_get_monotonic_time (), due;
  Pair f;

  pair_setup (&f, 1, NULL);
  f.recorder[0].media = (CwMediaTime){ 1000, true, 10 };
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, frame (&f, 1050, 90, 90));
  due = run_at (&f, now);
  f.recorder[0].media.time = 1050;
  pair_push (&f, 0, surface_create (1, 512, 512, CW_SURFACE_FMT_32_ARGB, 0));
  for (int i = 0; i < 100; i++)
    pair_push (&f, 0, draw_fill (1, i, i, 400 + i, 400 + i, 0));
  while (grey_now (&f) < 87 && !cw_render_is_idle (f.render[0]))
    g_assert_cmpint (cw_render_step (f.render[0], due, now - due), ==, 0);
  g_assert_false (cw_render_is_idle (f.render[0]));
  pair_teardown (&f);
}

static void
test_surface_goes (void)
{
  CwMsgDisplayStreamCreate on_other = {
    .surface_id = 1, .id = PAIR_VIDEO, .codec_type = CW_VIDEO_CODEC_TYPE_MJPEG, .dest = { .right = 16, .bottom = 16 }
  };
  CwSurfaceInfo info;
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, surface_create (1, 20, 20, CW_SURFACE_FMT_16_565, 0));
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &on_other));
  pair_push (&f, 0, frame (&f, 1, 255, 255));
  pair_finish (&f);
  g_assert_true (cw_render_get_surface (f.render[0], 1, &info));
  g_assert_cmphex (info.data[2 * 5] | info.data[2 * 5 + 1] << 8, ==, 0xffff);
  g_assert_cmphex (info.data[2 * 17] | info.data[2 * 17 + 1] << 8, ==, 0);
  pair_push (&f, 0, frame (&f, 2, 9, 9));
  pair_push (&f, 0, surface_destroy (1));
  pair_finish (&f);
  pair_push (&f, 0, frame (&f, 3, 9, 9));
  pair_finish (&f);
  g_assert_false (cw_render_get_surface (f.render[0], 1, &info));
  pair_teardown (&f);
}

/* Where there is nothing to be seen nothing is drawn, however it is said. */
static void
test_nowhere (void)
{
  static const CwWireRect places[] = { { 0 },
                                       { .left = 5, .right = 5, .bottom = 9 },
                                       { .left = 9, .top = 9, .right = 2, .bottom = 2 },
                                       { .left = 100, .top = 100, .right = 120, .bottom = 120 },
                                       { .left = INT32_MIN, .right = INT32_MAX, .top = 20, .bottom = 30 },
                                       { .right = 1 << 24, .bottom = 1 << 24 } /* an image's edge */ };

  for (size_t i = 0; i < G_N_ELEMENTS (places); i++) {
    Pair f;

    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, pair_create_video (CW_VIDEO_CODEC_TYPE_MJPEG, CW_STREAM_TOP_DOWN, &places[i]));
    pair_push (&f, 0, frame (&f, 1, 50, 50));
    pair_assert_grey (&f, 5, 5, 0);
    pair_teardown (&f);
  }
}

static CwMessage *
clip (uint32_t n, const CwWireRect *rects)
{
  CwMsgDisplayStreamClip data
      = { PAIR_VIDEO, { .type = rects ? CW_CLIP_TYPE_RECTS : CW_CLIP_TYPE_NONE, .n_rects = n, .rects = rects } };

  return stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &data);
}

/* More rectangles than a region takes show nothing; the pictures after them are shown again. */
static void
test_clips (void)
{
  const CwWireRect left = { .right = 8, .bottom = 16 };
  g_autofree CwWireRect *many = g_new0 (CwWireRect, 1025);
  Pair f;

  for (unsigned i = 0; i <= 1024; i++)
    many[i] = (CwWireRect){ .left = i % 2, .top = i % 3, .right = 16, .bottom = 16 };
  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, create_whole ());
  pair_push (&f, 0, clip (1, &left));
  pair_push (&f, 0, frame (&f, 1, 0x40, 0x40));
  pair_assert_grey (&f, 7, 7, 0x40);
  pair_assert_grey (&f, 8, 7, 0);
  pair_push (&f, 0, clip (1025, many));
  pair_push (&f, 0, frame (&f, 2, 0x80, 0x80));
  pair_assert_grey (&f, 7, 7, 0x40);
  pair_push (&f, 0, clip (0, NULL));
  pair_push (&f, 0, frame (&f, 3, 0xc0, 0xc0));
  pair_assert_grey (&f, 8, 7, 0xc0);
  pair_teardown (&f);
}

/* A large picture is painted in portions, and the connection may end in between. */
static void
test_portions (void)
{
  const CwWireRect whole = { .right = 400, .bottom = 400 };

  for (unsigned gone = 0; gone < 2; gone++) {
    unsigned n = 0;
    Pair f;

    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, surface_create (0, 400, 400, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
    pair_push (&f, 0, pair_create_video (CW_VIDEO_CODEC_TYPE_MJPEG, CW_STREAM_TOP_DOWN, &whole));
    pair_finish (&f);
    pair_push (&f, 0, frame (&f, 1, 0x40, 0x40));
    while (cw_worker_pool_n_queued (f.pool) > 0)
      cw_worker_pool_run_queued (f.pool, 0);
    /* A step without time does a portion of each thing that there is. */
    while (cw_render_step (f.render[0], g_get_monotonic_time (), 0) == 0) {
      if (gone && n == 1)
        cw_render_reset (f.render[0]);
      g_assert_cmpuint (n++, <, 100);
    }
    g_assert_cmpuint (n, >, 1);
    pair_assert_grey (&f, 399, 399, gone ? 0 : 0x40);
    pair_teardown (&f);
  }
}

/* Bad frames are lost, and nothing else happens; a stream may end at any moment. */
static void
test_hostile (void)
{
  CwMsgDisplayStreamData data = { PAIR_VIDEO, 1, { (const uint8_t *) "\xff\xd8nonsense", 10 } };
  Pair f;

  for (unsigned end = 0; end < 4; end++) {
    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, create_whole ());
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
    pair_push (&f, 0, frame (&f, 1, 50, 50));
    pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
    if (end == 0)
      pair_assert_grey (&f, 5, 5, 50);
    else if (end == 1)
      cw_render_reset (f.render[0]);
    else if (end == 2)
      pair_push (&f, 0, create_whole ());
    else
      pair_push (&f, 0, of_id (CW_MSG_DISPLAY_STREAM_DESTROY, PAIR_VIDEO)); /* and the render goes with it */
    pair_teardown (&f);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/video/show", test_show);
  g_test_add_func ("/render/video/place", test_place);
  g_test_add_func ("/render/video/order", test_order);
  g_test_add_func ("/render/video/behind", test_behind);
  g_test_add_func ("/render/video/uncovered", test_uncovered);
  g_test_add_func ("/render/video/reports", test_reports);
  g_test_add_func ("/render/video/no-stamp", test_no_stamp);
  g_test_add_func ("/render/video/report-time", test_report_time);
  g_test_add_func ("/render/video/refused", test_refused);
  g_test_add_func ("/render/video/sound", test_sound);
  g_test_add_func ("/render/video/early", test_early);
  g_test_add_func ("/render/video/back", test_back);
  g_test_add_func ("/render/video/busy", test_busy);
  g_test_add_func ("/render/video/surface-goes", test_surface_goes);
  g_test_add_func ("/render/video/nowhere", test_nowhere);
  g_test_add_func ("/render/video/clips", test_clips);
  g_test_add_func ("/render/video/portions", test_portions);
  g_test_add_func ("/render/video/hostile", test_hostile);
  return g_test_run ();
}
