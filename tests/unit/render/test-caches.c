/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What display channels keep and share: images, palettes, the GLZ dictionary. */
#include "render/group.h"
#include "stream.h"
#include "support/lz-encode.h"

#include <string.h>

typedef struct {
  CwWorkerPool *pool;
  CwRenderGroup *group;
  CwRender *render[2];
  Recorder recorder[2];
  Arena arena;
} Fixture;

static void
setup (Fixture *self, unsigned n_channels, const CwRenderLimits *limits)
{
  *self = (Fixture){ .pool = cw_worker_pool_new_manual () };
  self->group = cw_render_group_new (self->pool, limits ? limits : &(CwRenderLimits){ .here_bytes = 1 });
  arena_init (&self->arena, 1);
  for (unsigned i = 0; i < 2; i++) {
    g_autoptr (CwMessage) create = surface_create (0, 16, 16, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY);

    recorder_init (&self->recorder[i]);
    if (i >= n_channels)
      continue;
    self->render[i]
        = cw_render_new (self->group, &recorder_observer, &self->recorder[i], recorder_wake, &self->recorder[i]);
    g_assert_true (cw_render_push (self->render[i], create, NULL));
  }
}

static void
teardown (Fixture *self)
{
  for (unsigned i = 0; i < 2; i++) {
    g_clear_pointer (&self->render[i], cw_render_unref);
    recorder_clear (&self->recorder[i]);
  }
  while (cw_worker_pool_n_queued (self->pool) > 0)
    cw_worker_pool_run_queued (self->pool, 0);
  cw_render_group_unref (self->group);
  cw_worker_pool_unref (self->pool);
  arena_clear (&self->arena);
}

static void
push (Fixture *self, unsigned channel, CwMessage *message)
{
  g_autoptr (CwMessage) owned = message;
  g_autoptr (GError) error = NULL;

  cw_render_push (self->render[channel], owned, &error);
  g_assert_no_error (error);
}

static void
push_refused (Fixture *self, CwMessage *message, int code)
{
  g_autoptr (CwMessage) owned = message;
  g_autoptr (GError) error = NULL;

  g_assert_false (cw_render_push (self->render[0], owned, &error));
  g_assert_error (error, CW_ERROR, code);
}

static void
finish (Fixture *self)
{
  drain (self->render, self->render[1] ? 2 : 1, self->pool, NULL, 100000);
}

/* A 4×4 bitmap of one colour. */
static CwWireImage *
plain (Fixture *self, uint64_t id, unsigned flags, uint32_t color)
{
  uint32_t words[16];
  CwWireImage *image;

  for (int i = 0; i < 16; i++)
    words[i] = color;
  image = image_words (&self->arena, 4, 4, words);
  image->id = id;
  image->flags = flags;
  return image;
}

static CwMessage *
copy (const CwWireImage *image)
{
  return draw_copy (0, 0, 0, image, 4, 4);
}

static uint32_t
pixel (Fixture *self, unsigned channel, int x, int y)
{
  CwSurfaceInfo info;
  uint32_t word;

  finish (self);
  g_assert_no_error (self->recorder[channel].failure);
  g_assert_true (cw_render_is_idle (self->render[channel]));
  g_assert_true (cw_render_get_surface (self->render[channel], 0, &info));
  memcpy (&word, info.data + (gsize) y * info.stride + x * 4, 4);
  return word;
}

#define CACHE_ME CW_IMAGE_FLAG_CACHE_ME
#define REPLACE CW_IMAGE_FLAG_CACHE_REPLACE_ME
#define HIGH CW_IMAGE_FLAG_HIGH_BITS_SET

static void
test_counts (void)
{
  Fixture f;

  setup (&f, 1, NULL);
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x11)));
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x22))); /* the newer one counts from now on */
  push (&f, 0, inval_image (7));
  push (&f, 0, inval_image (8)); /* unknown */
  push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0));
  push (&f, 0, copy (image_from_cache (&f.arena, 7, false)));
  g_assert_cmphex (pixel (&f, 0, 1, 1), ==, 0x22);
  push (&f, 0, inval_image (7));
  push_refused (&f, copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  teardown (&f);

  /* Replacing does not count; clearing ignores counts. */
  setup (&f, 1, NULL);
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x11)));
  push (&f, 0, copy (plain (&f, 7, REPLACE, 0x33)));
  push (&f, 0, copy (image_from_cache (&f.arena, 7, true)));
  g_assert_cmphex (pixel (&f, 0, 1, 1), ==, 0x33);
  push (&f, 0, inval_image (7));
  push_refused (&f, copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x11)));
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x11)));
  push (&f, 0, stream_message_raw (CW_MSG_DISPLAY_INVAL_ALL_PIXMAPS, "\0", 1));
  push_refused (&f, copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  teardown (&f);
}

/* An operation keeps what it was pushed with, whatever happens to the cache before it is drawn. */
static void
test_wire_order (void)
{
  Fixture f;

  setup (&f, 1, NULL);
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x11)));
  push (&f, 0, draw_copy (0, 4, 0, image_from_cache (&f.arena, 7, false), 4, 4));
  push (&f, 0, inval_image (7));
  push (&f, 0, draw_copy (0, 8, 0, plain (&f, 7, CACHE_ME, 0x22), 4, 4));
  push (&f, 0, draw_copy (0, 12, 0, image_from_cache (&f.arena, 7, false), 4, 4));
  g_assert_cmphex (pixel (&f, 0, 4, 0), ==, 0x11);
  g_assert_cmphex (pixel (&f, 0, 12, 0), ==, 0x22);
  teardown (&f);
}

static void
test_lossy (void)
{
  Fixture f;
  uint32_t lossy;

  setup (&f, 1, NULL);
  push (&f, 0, copy (image_jpeg (&f.arena, 9, CACHE_ME, 4, 4)));
  lossy = pixel (&f, 0, 2, 2);
  push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x1234567));
  push (&f, 0, copy (image_from_cache (&f.arena, 9, false)));
  g_assert_cmphex (pixel (&f, 0, 2, 2), ==, lossy);
  push_refused (&f, copy (image_from_cache (&f.arena, 9, true)), CW_ERROR_STATE);
  push_refused (&f, copy (image_jpeg (&f.arena, 9, REPLACE, 4, 4)), CW_ERROR_MALFORMED);
  push (&f, 0, copy (plain (&f, 9, REPLACE, 0x44)));
  push (&f, 0, copy (image_from_cache (&f.arena, 9, true)));
  g_assert_cmphex (pixel (&f, 0, 2, 2), ==, 0x44);
  teardown (&f);
}

static void
test_high_bits (void)
{
  Fixture f;
  CwWireImage *cached, *rgba;

  setup (&f, 1, NULL);
  push (&f, 0, copy (plain (&f, 1, CACHE_ME | HIGH, 0x5566)));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0xff005566);
  push (&f, 0, copy (plain (&f, 2, CACHE_ME, 0x7788)));
  cached = image_from_cache (&f.arena, 2, false);
  cached->flags = HIGH; /* repeated by servers, without meaning */
  push (&f, 0, copy (cached));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x7788);
  rgba = plain (&f, 3, HIGH, 0x1020304);
  rgba->bitmap.format = CW_BITMAP_FMT_RGBA;
  push (&f, 0, copy (rgba));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x1020304);
  /* The dictionary's pixels are not touched by it. */
  push (&f, 0, copy (image_glz (&f.arena, 4, HIGH, 0, 0, 0, 4, 4)));
  g_assert_cmphex (pixel (&f, 0, 0, 0) >> 24, ==, 0xff);
  push (&f, 0, copy (image_glz (&f.arena, 5, 0, 1, 1, 1, 4, 4)));
  g_assert_cmphex (pixel (&f, 0, 3, 3) >> 24, ==, 0);
  teardown (&f);
}

static void
test_cache_limit (void)
{
  CwRenderLimits limits = { .image_cache_pixels = 1000 };
  Fixture f;
  unsigned n = 0;
  g_autoptr (GError) error = NULL;

  setup (&f, 1, &limits);
  while (!error) {
    g_autoptr (CwMessage) message = copy (plain (&f, n, CACHE_ME, n));

    cw_render_push (f.render[0], message, &error);
    g_assert_cmpuint (++n, <, 1000);
  }
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  g_assert_cmpuint (n, >, 20);
  teardown (&f);
}

/* One channel refers to what the other has yet to bring. */
/* Limits are for all channels together, but each has its share. */
static void
test_limits_together (void)
{
  CwRenderLimits limits = { .surface_bytes = 10000, .queue_bytes = 100000 };
  g_autoptr (CwMessage) large = surface_create (1, 40, 30, CW_SURFACE_FMT_32_ARGB, 0);
  g_autoptr (CwMessage) small = surface_create (2, 30, 20, CW_SURFACE_FMT_32_ARGB, 0);
  Fixture f;

  setup (&f, 2, &limits);
  g_assert_true (cw_render_push (f.render[1], large, NULL));
  push_refused (&f, cw_message_ref (large), CW_ERROR_LIMIT);
  cw_render_unref (f.render[1]);
  f.render[1] = NULL;
  g_assert_true (cw_render_push (f.render[0], large, NULL));
  g_assert_true (cw_render_push (f.render[0], small, NULL));
  teardown (&f);

  setup (&f, 2, &limits);
  finish (&f);
  while (!cw_render_is_full (f.render[0]))
    push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0));
  g_assert_false (cw_render_is_full (f.render[1]));
  for (unsigned n = 0; !cw_render_is_full (f.render[1]); n++) {
    push (&f, 1, draw_fill (0, 0, 0, 4, 4, 0));
    g_assert_cmpuint (n, <, 30);
  }
  finish (&f);
  g_assert_false (cw_render_is_full (f.render[0]));
  g_assert_false (cw_render_is_full (f.render[1]));
  teardown (&f);
}

static void
test_parking (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0x1));
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), ==, 0);
  push (&f, 0, copy (image_from_cache (&f.arena, 7, true)));
  push (&f, 0, draw_fill (0, 8, 8, 16, 16, 0x2));
  push (&f, 0, copy (plain (&f, 8, CACHE_ME, 0x88)));
  push (&f, 0, inval_image (7));
  finish (&f);
  g_assert_false (cw_render_is_idle (f.render[0]));
  /* Reading goes on: the end of the stream may be what comes next. */
  g_assert_false (cw_render_is_full (f.render[0]));
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), !=, 0);
  /* Lossy does not do. What the other stores behind its own wait is not there either. */
  push (&f, 1, copy (image_jpeg (&f.arena, 7, CACHE_ME, 4, 4)));
  finish (&f);
  g_assert_false (cw_render_is_idle (f.render[0]));
  f.recorder[0].n_wakes = 0;
  push (&f, 1, copy (plain (&f, 7, REPLACE, 0x77)));
  g_assert_cmpuint (f.recorder[0].n_wakes, ==, 1);
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), ==, 0);
  g_assert_cmphex (pixel (&f, 0, 9, 9), ==, 0x2);
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x88);
  /* The invalidation behind it came after, so 7 is gone; 8 is there for both. */
  push (&f, 1, copy (image_from_cache (&f.arena, 8, true)));
  g_assert_cmphex (pixel (&f, 1, 0, 0), ==, 0x88);
  push (&f, 0, copy (image_from_cache (&f.arena, 7, true)));
  g_assert_cmpuint (cw_render_first_waiting_serial (f.render[0]), !=, 0);
  /* Nobody is left to bring it: an error, after what was before. */
  push (&f, 1, empty_message (CW_MSG_DISPLAY_MARK));
  g_clear_pointer (&f.render[1], cw_render_unref);
  finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_STATE);
  teardown (&f);
}

/* A sibling whose connection has ended brings nothing any more, though its picture stays. */
static void
test_parking_alone (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 0, copy (image_from_cache (&f.arena, 7, true)));
  finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  cw_render_reset (f.render[1]);
  finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_STATE);
  g_clear_error (&f.recorder[0].failure);
  cw_render_reset (f.render[0]);
  cw_render_begin (f.render[1]);
  push (&f, 0, copy (image_from_cache (&f.arena, 7, true)));
  push (&f, 1, copy (plain (&f, 7, CACHE_ME, 0x77)));
  finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_true (cw_render_is_idle (f.render[0]));
  teardown (&f);
}

/* Each would wait for what the other has behind its own wait: no honest server can cause that, so it is an error. */
static void
test_deadlock (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 1, copy (image_from_cache (&f.arena, 10, false)));
  push (&f, 1, copy (plain (&f, 11, CACHE_ME, 1)));
  push_refused (&f, copy (image_from_cache (&f.arena, 11, false)), CW_ERROR_STATE);
  finish (&f);
  g_assert_false (cw_render_is_idle (f.render[1]));
  g_assert_no_error (f.recorder[1].failure);
  /* The channel of the error ends, and there is nobody left to wait for. */
  cw_render_reset (f.render[0]);
  finish (&f);
  g_assert_error (f.recorder[1].failure, CW_ERROR, CW_ERROR_STATE);
  teardown (&f);
}

static CwWireImage *
indexed (Fixture *self, unsigned flags, uint64_t unique, uint32_t n, const uint32_t *ents)
{
  CwWireImage *image = image_bitmap (&self->arena, 0, 0, CW_BITMAP_FMT_8BIT, 4, 4);
  CwWirePalette *palette = arena_alloc (&self->arena, sizeof *palette);

  *palette = (CwWirePalette){ unique, n, ents };
  image->bitmap.flags = flags;
  image->bitmap.palette_id = unique;
  image->bitmap.palette = flags & CW_BITMAP_FLAG_PAL_FROM_CACHE ? NULL : palette;
  memset ((guint8 *) image->bitmap.data.data, 1, 16);
  return image;
}

static void
test_palettes (void)
{
  static const uint32_t first[] = { 0xaa, 0xbb }, second[] = { 0xcc, 0xdd };
  const unsigned keep = CW_BITMAP_FLAG_PAL_CACHE_ME, use = CW_BITMAP_FLAG_PAL_FROM_CACHE;
  uint64_t id = GUINT64_TO_LE (5);
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 0, copy (indexed (&f, keep, 5, 2, first)));
  push (&f, 0, copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0xbb);
  push (&f, 0, copy (indexed (&f, keep, 5, 2, second)));
  push (&f, 0, copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0xdd);
  /* Each channel has its own; what is missing is empty. */
  push (&f, 1, draw_fill (0, 0, 0, 4, 4, 0x99));
  push (&f, 1, copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pixel (&f, 1, 0, 0), ==, 0);
  push (&f, 0, copy (indexed (&f, 0, 6, 1, first))); /* index beyond the palette */
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0);
  push (&f, 0, stream_message_raw (CW_MSG_DISPLAY_INVAL_PALETTE, &id, 8));
  push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x99));
  push (&f, 0, copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0);
  for (int i = 0; i < 2; i++) {
    push (&f, 0, copy (indexed (&f, keep, 5, 2, first)));
    push (&f, 0, empty_message (i == 0 ? CW_MSG_DISPLAY_INVAL_ALL_PALETTES : CW_MSG_DISPLAY_RESET));
    push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x99));
    push (&f, 0, copy (indexed (&f, use, 5, 0, NULL)));
    g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0);
  }
  /* The entries of a 16-bit surface are pixels of it. */
  push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_16_555, 0));
  push (&f, 0, draw_copy (1, 0, 0, indexed (&f, 0, 6, 2, (const uint32_t[]){ 0, 0xffff7bcd }), 4, 4));
  finish (&f);
  {
    CwSurfaceInfo info;

    g_assert_true (cw_render_get_surface (f.render[0], 1, &info));
    g_assert_cmphex (info.data[0] | info.data[1] << 8, ==, 0x7bcd);
  }
  teardown (&f);
}

/* Compressed with a palette: its entries become 32-bit colours first, also where they are pixels of 16 bits. */
static void
test_lz_palette (void)
{
  static const uint32_t ents[] = { 0, 0xff7bcd, 0x112233 };
  static const uint8_t rows[4][4] = { { 1, 1, 1, 1 }, { 1, 1, 1, 1 }, { 2, 2, 2, 2 }, { 1, 2, 0, 1 } };
  g_autoptr (GByteArray) data = cw_lz_encode_palette (CW_LZ_PLT8, rows[0], 4, 4, 4, true);
  CwWirePalette palette = { 5, 3, ents };
  CwWireImage image = { .type = CW_IMAGE_TYPE_LZ_PLT, .width = 4, .height = 4 };
  CwSurfaceInfo info;
  Fixture f;

  image.lz_plt = (CwWireLzPlt){ .flags = CW_BITMAP_FLAG_TOP_DOWN | CW_BITMAP_FLAG_PAL_CACHE_ME,
                                .palette = &palette,
                                .data = { data->data, data->len } };
  setup (&f, 1, NULL);
  push (&f, 0, copy (&image));
  g_assert_cmphex (pixel (&f, 0, 3, 0) & 0xffffff, ==, 0xff7bcd);
  g_assert_cmphex (pixel (&f, 0, 1, 3) & 0xffffff, ==, 0x112233);
  image.lz_plt.flags = CW_BITMAP_FLAG_TOP_DOWN | CW_BITMAP_FLAG_PAL_FROM_CACHE;
  image.lz_plt.palette_id = 5;
  image.lz_plt.palette = NULL;
  push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_16_555, 0));
  push (&f, 0, draw_copy (1, 0, 0, &image, 4, 4));
  finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_true (cw_render_get_surface (f.render[0], 1, &info));
  g_assert_cmphex (info.data[0] | info.data[1] << 8, ==, 0x7bcd);
  g_assert_cmphex (info.data[2 * info.stride] | info.data[2 * info.stride + 1] << 8, ==, 0x2233);
  teardown (&f);
}

static void
test_too_many_palettes (void)
{
  static const uint32_t ents[] = { 1 };
  g_autoptr (GError) error = NULL;
  Fixture f;

  setup (&f, 1, NULL);
  for (unsigned i = 0; !error; i++) {
    g_autoptr (CwMessage) message = copy (indexed (&f, CW_BITMAP_FLAG_PAL_CACHE_ME, i, 1, ents));

    g_assert_cmpuint (i, <, 5000);
    cw_render_push (f.render[0], message, &error);
    if (i % 100 == 0)
      finish (&f);
  }
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  teardown (&f);
}

/* The other channel is there, says nothing and does not go away either. */
static void
assert_gives_up (Fixture *self)
{
  const int64_t now = g_get_monotonic_time ();
  int64_t due;

  finish (self);
  due = cw_render_step (self->render[1], now, 1000);
  g_assert_cmpint (due, >, now);
  g_assert_cmpint (cw_render_step (self->render[1], due - 1, 1000), ==, due);
  g_assert_no_error (self->recorder[1].failure);
  g_assert_cmpint (cw_render_step (self->render[1], due, 1000), ==, CW_RENDER_NEVER);
  g_assert_error (self->recorder[1].failure, CW_ERROR, CW_ERROR_STATE);
  g_test_message ("%s", self->recorder[1].failure->message);
}

static void
test_never_brought (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 1, copy (image_from_cache (&f.arena, 7, false)));
  assert_gives_up (&f);
  teardown (&f);
}

static CwMessage *
copy_glz (Fixture *self, uint64_t glz_id, uint32_t dist, int x)
{
  return draw_copy (0, x, 0, image_glz (&self->arena, 0, 0, glz_id, MIN (glz_id, 4), dist, 4, 4), 4, 4);
}

static void
test_glz_across_channels (void)
{
  Fixture f;
  uint32_t first;

  setup (&f, 2, NULL);
  push (&f, 1, copy_glz (&f, 1, 1, 0)); /* refers to 0, which comes by the other channel */
  push (&f, 1, copy_glz (&f, 2, 1, 4));
  finish (&f);
  g_assert_false (cw_render_is_idle (f.render[1]));
  push (&f, 0, copy_glz (&f, 0, 0, 0));
  first = pixel (&f, 0, 0, 0);
  g_assert_cmphex (pixel (&f, 1, 0, 2), ==, first); /* the second half begins as image 0 does */
  g_assert_cmphex (pixel (&f, 1, 4, 2), ==, pixel (&f, 1, 0, 0));
  teardown (&f);
}

static void
test_glz_never_brought (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 1, copy_glz (&f, 1, 1, 0));
  assert_gives_up (&f);
  teardown (&f);
}

/* Each channel stands at an image that only the other can bring. */
static void
test_all_wait (void)
{
  for (unsigned first = 0; first < 2; first++) {
    Fixture f;

    setup (&f, 2, NULL);
    push (&f, first, copy_glz (&f, 5, 1, 0));
    finish (&f);
    g_assert_no_error (f.recorder[first].failure);
    push (&f, 1 - first, copy_glz (&f, 7, 1, 0));
    finish (&f);
    g_assert_error (f.recorder[1 - first].failure, CW_ERROR, CW_ERROR_STATE);
    /* Then the other has nobody left. */
    g_assert_error (f.recorder[first].failure, CW_ERROR, CW_ERROR_STATE);
    teardown (&f);
  }
}

/* One takes no more messages, the other decodes no more images. */
static void
test_mixed_waits (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 1, copy_glz (&f, 1, 1, 0));
  finish (&f);
  push_refused (&f, copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  teardown (&f);
  /* What is decoded before it is still to come. */
  setup (&f, 2, NULL);
  push (&f, 1, copy_glz (&f, 1, 1, 0));
  push (&f, 0, copy_glz (&f, 0, 0, 0));
  push (&f, 0, copy (image_from_cache (&f.arena, 7, false)));
  push (&f, 1, copy (plain (&f, 7, CACHE_ME, 0x7)));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x7);
  g_assert_cmphex (pixel (&f, 1, 0, 0), ==, 0x7);
  teardown (&f);
}

static void
test_glz_missing (void)
{
  Fixture f;

  /* Alone: an error at once. */
  setup (&f, 1, NULL);
  push (&f, 0, copy_glz (&f, 3, 1, 0));
  finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_STATE);
  teardown (&f);

  /* With another channel: when that has gone. */
  setup (&f, 2, NULL);
  push (&f, 0, copy_glz (&f, 3, 1, 0));
  finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_false (cw_render_is_idle (f.render[0]));
  g_clear_pointer (&f.render[1], cw_render_unref);
  finish (&f);
  g_assert_nonnull (f.recorder[0].failure);
  teardown (&f);

  /* The channel that was to bring it has closed before decoding it: it still does. */
  setup (&f, 2, NULL);
  push (&f, 1, copy_glz (&f, 0, 0, 0));
  push (&f, 0, copy_glz (&f, 1, 1, 0));
  g_clear_pointer (&f.render[1], cw_render_unref);
  g_assert_cmphex (pixel (&f, 0, 0, 2), !=, 0);
  teardown (&f);
}

/* Images of operations that draw nothing, or that cannot be drawn yet, enter caches and dictionary all the same. */
static void
test_touched (void)
{
  Fixture f;
  CwMsgDisplayDrawText text = {
    .str = &(CwWireString){ .flags = 1 },
    .fore_brush = { .type = CW_BRUSH_TYPE_PATTERN },
    .back_brush = { .type = CW_BRUSH_TYPE_PATTERN },
  };
  CwMsgDisplayDrawAlphaBlend nothing = { 0 };

  setup (&f, 1, NULL);
  text.fore_brush.pattern.image = plain (&f, 21, CACHE_ME, 0x21);
  text.back_brush.pattern.image = image_glz (&f.arena, 0, 0, 0, 0, 0, 4, 4);
  push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_TEXT, &text));
  push (&f, 0, copy (image_from_cache (&f.arena, 21, true)));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x21);
  nothing.base.surface_id = 99; /* unknown, and alpha 0, and an empty box */
  nothing.src_bitmap = image_glz (&f.arena, 0, 0, 1, 1, 1, 4, 4);
  push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &nothing));
  push (&f, 0, copy_glz (&f, 2, 1, 0));
  g_assert_cmphex (pixel (&f, 0, 0, 0), !=, 0x21);
  teardown (&f);
}

/* A new connection starts with empty caches and a new dictionary, while jobs of the old one may still run. */
static void
test_clear (void)
{
  Fixture f;

  setup (&f, 2, NULL);
  push (&f, 0, copy (plain (&f, 7, CACHE_ME, 0x11)));
  push (&f, 1, copy_glz (&f, 5, 1, 0));
  finish (&f);
  push (&f, 0, copy_glz (&f, 0, 0, 0));
  for (int c = 0; c < 2; c++)
    cw_render_reset (f.render[c]);
  cw_render_group_clear (f.group);
  for (int c = 0; c < 2; c++)
    cw_render_begin (f.render[c]);
  push (&f, 0, copy_glz (&f, 0, 0, 8));
  push (&f, 1, copy_glz (&f, 1, 1, 8));
  g_assert_cmphex (pixel (&f, 1, 8, 2), ==, pixel (&f, 0, 8, 0));
  cw_render_close (f.render[1]);
  push_refused (&f, copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  teardown (&f);
}

/* The memory of a decoded image serves the next one, until it is given up. */
static void
test_memory (void)
{
  CwWireImage *image;
  size_t unused;
  Fixture f;

  setup (&f, 1, NULL);
  image = image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 200, 150);
  push (&f, 0, draw_copy (0, 0, 0, image, 200, 150));
  finish (&f);
  unused = cw_pixel_pool_unused (f.group->pixels);
  g_assert_cmpuint (unused, >=, 200 * 150 * 4);
  push (&f, 0, draw_copy (0, 0, 0, image, 200, 150));
  finish (&f);
  g_assert_cmpuint (cw_pixel_pool_unused (f.group->pixels), ==, unused);
  cw_render_trim (f.render[0]);
  g_assert_cmpuint (cw_pixel_pool_unused (f.group->pixels), ==, 0);
  teardown (&f);
}

static void
test_cached_masks (void)
{
  Fixture f;
  CwMsgDisplayDrawFill fill = { .base.box = { .right = 4, .bottom = 4 },
                                .brush = { .type = CW_BRUSH_TYPE_SOLID, .color = 0x77 },
                                .rop_descriptor = CW_ROPD_OP_PUT };
  CwWireImage *mask;

  setup (&f, 1, NULL);
  mask = image_bitmap (&f.arena, 3, CACHE_ME, CW_BITMAP_FMT_1BIT_LE, 4, 4);
  memset ((guint8 *) mask->bitmap.data.data, 0x5, 16);
  fill.mask = (CwWireQMask){ .flags = CW_MASK_INVERS, .bitmap = mask };
  push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0);
  g_assert_cmphex (pixel (&f, 0, 1, 0), ==, 0x77);
  /* Stored as it was before it got inverted. */
  fill.mask = (CwWireQMask){ .bitmap = image_from_cache (&f.arena, 3, false) };
  fill.brush.color = 0x88;
  push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0x88);
  g_assert_cmphex (pixel (&f, 0, 1, 0), ==, 0x77);
  /* An ordinary image as a mask: where it is not 0. The mask as an image: an error, no more. */
  push (&f, 0, copy (plain (&f, 4, CACHE_ME, 0)));
  fill.mask.bitmap = image_from_cache (&f.arena, 4, false);
  push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pixel (&f, 0, 0, 0), ==, 0);
  push (&f, 0, copy (image_from_cache (&f.arena, 3, false)));
  finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_MALFORMED);
  teardown (&f);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/render/caches/counts", test_counts);
  g_test_add_func ("/render/caches/wire-order", test_wire_order);
  g_test_add_func ("/render/caches/lossy", test_lossy);
  g_test_add_func ("/render/caches/high-bits", test_high_bits);
  g_test_add_func ("/render/caches/limit", test_cache_limit);
  g_test_add_func ("/render/caches/limits-together", test_limits_together);
  g_test_add_func ("/render/caches/parking", test_parking);
  g_test_add_func ("/render/caches/parking-alone", test_parking_alone);
  g_test_add_func ("/render/caches/deadlock", test_deadlock);
  g_test_add_func ("/render/caches/never-brought", test_never_brought);
  g_test_add_func ("/render/caches/masks", test_cached_masks);
  g_test_add_func ("/render/caches/clear", test_clear);
  g_test_add_func ("/render/caches/memory", test_memory);
  g_test_add_func ("/render/caches/touched", test_touched);
  g_test_add_func ("/render/palettes/cache", test_palettes);
  g_test_add_func ("/render/palettes/lz", test_lz_palette);
  g_test_add_func ("/render/palettes/limit", test_too_many_palettes);
  g_test_add_func ("/render/glz/across-channels", test_glz_across_channels);
  g_test_add_func ("/render/glz/missing", test_glz_missing);
  g_test_add_func ("/render/glz/never-brought", test_glz_never_brought);
  g_test_add_func ("/render/glz/all-wait", test_all_wait);
  g_test_add_func ("/render/glz/mixed-waits", test_mixed_waits);
  return g_test_run ();
}
