/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What display channels keep and share: images, palettes, limits. */
#include "base/bytes.h"
#include "codec/glz-window.h"
#include "pair.h"
#include "support/lz-encode.h"

#include <string.h>

#define CACHE_ME CW_IMAGE_FLAG_CACHE_ME
#define REPLACE CW_IMAGE_FLAG_CACHE_REPLACE_ME
#define HIGH CW_IMAGE_FLAG_HIGH_BITS_SET

static void
test_counts (void)
{
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x11)));
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x22))); /* the newer one counts from now on */
  pair_push (&f, 0, inval_image (7));
  pair_push (&f, 0, inval_image (8)); /* unknown */
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0));
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, false)));
  g_assert_cmphex (pair_pixel (&f, 0, 1, 1), ==, 0x22);
  pair_push (&f, 0, inval_image (7));
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  pair_teardown (&f);

  /* Replacing does not count; clearing ignores counts. */
  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x11)));
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, REPLACE, 0x33)));
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 7, true)));
  g_assert_cmphex (pair_pixel (&f, 0, 1, 1), ==, 0x33);
  pair_push (&f, 0, inval_image (7));
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x11)));
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x11)));
  pair_push (&f, 0, stream_message_raw (CW_MSG_DISPLAY_INVAL_ALL_PIXMAPS, "\0", 1));
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  pair_teardown (&f);
}

/* An operation keeps what it was pushed with, whatever happens to the cache before it is drawn. */
static void
test_wire_order (void)
{
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x11)));
  pair_push (&f, 0, draw_copy (0, 4, 0, image_from_cache (&f.arena, 7, false), 4, 4));
  pair_push (&f, 0, inval_image (7));
  pair_push (&f, 0, draw_copy (0, 8, 0, pair_plain (&f, 7, CACHE_ME, 0x22), 4, 4));
  pair_push (&f, 0, draw_copy (0, 12, 0, image_from_cache (&f.arena, 7, false), 4, 4));
  g_assert_cmphex (pair_pixel (&f, 0, 4, 0), ==, 0x11);
  g_assert_cmphex (pair_pixel (&f, 0, 12, 0), ==, 0x22);
  pair_teardown (&f);
}

static void
test_lossy (void)
{
  Pair f;
  uint32_t lossy;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy (image_jpeg (&f.arena, 9, CACHE_ME, 4, 4)));
  lossy = pair_pixel (&f, 0, 2, 2);
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x1234567));
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 9, false)));
  g_assert_cmphex (pair_pixel (&f, 0, 2, 2), ==, lossy);
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 9, true)), CW_ERROR_STATE);
  pair_push_refused (&f, pair_copy (image_jpeg (&f.arena, 9, REPLACE, 4, 4)), CW_ERROR_MALFORMED);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 9, REPLACE, 0x44)));
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 9, true)));
  g_assert_cmphex (pair_pixel (&f, 0, 2, 2), ==, 0x44);
  pair_teardown (&f);
}

static void
test_high_bits (void)
{
  Pair f;
  CwWireImage *cached, *rgba;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 1, CACHE_ME | HIGH, 0x5566)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0xff005566);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 2, CACHE_ME, 0x7788)));
  cached = image_from_cache (&f.arena, 2, false);
  cached->flags = HIGH; /* repeated by servers, without meaning */
  pair_push (&f, 0, pair_copy (cached));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0x7788);
  rgba = pair_plain (&f, 3, HIGH, 0x1020304);
  rgba->bitmap.format = CW_BITMAP_FMT_RGBA;
  pair_push (&f, 0, pair_copy (rgba));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0x1020304);
  /* The dictionary's pixels are not touched by it. */
  pair_push (&f, 0, pair_copy (image_glz (&f.arena, 4, HIGH, 0, 0, 0, 4, 4)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0) >> 24, ==, 0xff);
  pair_push (&f, 0, pair_copy (image_glz (&f.arena, 5, 0, 1, 1, 1, 4, 4)));
  g_assert_cmphex (pair_pixel (&f, 0, 3, 3) >> 24, ==, 0);
  pair_teardown (&f);
}

static void
test_cache_limit (void)
{
  CwRenderLimits limits = { .image_cache_pixels = 1000 };
  const unsigned flags[] = { CACHE_ME, REPLACE };

  for (unsigned i = 0; i < G_N_ELEMENTS (flags); i++) {
    g_autoptr (GError) error = NULL;
    unsigned n = 0;
    Pair f;

    pair_setup (&f, 1, &limits);
    while (!error) {
      g_autoptr (CwMessage) message = pair_copy (pair_plain (&f, n, flags[i], n));

      cw_render_push (f.render[0], message, &error);
      g_assert_cmpuint (++n, <, 1000);
    }
    g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
    g_assert_cmpuint (n, >, 20);
    pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, n - 1, false)), CW_ERROR_STATE);
    pair_teardown (&f);
  }
}

/* How many pixels a window holds that is told to keep all: twice those, as images that are still needed overlap. */
static uint64_t
fill_window (Pair *f)
{
  CwGlzWindow *window = cw_render_group_get_window (f->group);
  uint64_t most = 0;

  for (uint64_t id = 0; id < 1000; id++) {
    pair_push (f, 0, draw_copy (0, 0, 0, image_glz (&f->arena, 0, 0, id, id, 0, 10, 10), 4, 4));
    pair_finish (f);
    most = MAX (most, cw_glz_window_n_pixels (window));
  }
  return most / 2;
}

/* What the server is going to be told, known only after the first images. 0 says nothing new. */
static void
test_budgets (void)
{
  CwRenderLimits limits = { .image_cache_pixels = 1000, .glz_window_pixels = 2000 };

  for (unsigned i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;
    unsigned n = 0;
    Pair f;

    pair_setup (&f, 1, &limits);
    cw_render_group_set_budgets (f.group, i == 1 ? 7000 : 0, i == 2 ? 4000 : 0);
    g_assert_cmpuint (fill_window (&f), ==, i == 1 ? 7000 : 2000);
    while (!error) {
      g_autoptr (CwMessage) message = pair_copy (pair_plain (&f, n, CACHE_ME, n));

      cw_render_push (f.render[0], message, &error);
      g_assert_cmpuint (++n, <, 1000);
    }
    g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
    /* A picture counts for its 16 pixels, and for what an entry takes besides. */
    if (i == 2)
      g_assert_cmpuint (n, >, 100);
    else
      g_assert_cmpuint (n, <, 50);
    pair_teardown (&f);
  }
}

/* Limits are for all channels together, but each has its share. */
static void
test_limits_together (void)
{
  CwRenderLimits limits = { .surface_bytes = 10000, .queue_bytes = 100000 };
  g_autoptr (CwMessage) large = surface_create (1, 40, 30, CW_SURFACE_FMT_32_ARGB, 0);
  g_autoptr (CwMessage) small = surface_create (2, 30, 20, CW_SURFACE_FMT_32_ARGB, 0);
  Pair f;

  pair_setup (&f, 2, &limits);
  g_assert_true (cw_render_push (f.render[1], large, NULL));
  pair_push_refused (&f, cw_message_ref (large), CW_ERROR_LIMIT);
  cw_render_unref (f.render[1]);
  f.render[1] = NULL;
  g_assert_true (cw_render_push (f.render[0], large, NULL));
  g_assert_true (cw_render_push (f.render[0], small, NULL));
  pair_teardown (&f);

  pair_setup (&f, 2, &limits);
  pair_finish (&f);
  while (!cw_render_is_full (f.render[0]))
    pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0));
  g_assert_false (cw_render_is_full (f.render[1]));
  for (unsigned n = 0; !cw_render_is_full (f.render[1]); n++) {
    pair_push (&f, 1, draw_fill (0, 0, 0, 4, 4, 0));
    g_assert_cmpuint (n, <, 100); /* far from all that there is room for */
  }
  pair_finish (&f);
  g_assert_false (cw_render_is_full (f.render[0]));
  g_assert_false (cw_render_is_full (f.render[1]));
  pair_teardown (&f);
}

static CwWireImage *
indexed (Pair *self, unsigned flags, uint64_t unique, uint32_t n, const uint32_t *ents)
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
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 0, pair_copy (indexed (&f, keep, 5, 2, first)));
  pair_push (&f, 0, pair_copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0xbb);
  pair_push (&f, 0, pair_copy (indexed (&f, keep, 5, 2, second)));
  pair_push (&f, 0, pair_copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0xdd);
  /* Each channel has its own; what is missing is empty. */
  pair_push (&f, 1, draw_fill (0, 0, 0, 4, 4, 0x99));
  pair_push (&f, 1, pair_copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pair_pixel (&f, 1, 0, 0), ==, 0);
  pair_push (&f, 0, pair_copy (indexed (&f, 0, 6, 1, first))); /* index beyond the palette */
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0);
  pair_push (&f, 0, stream_message_raw (CW_MSG_DISPLAY_INVAL_PALETTE, &id, 8));
  pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x99));
  pair_push (&f, 0, pair_copy (indexed (&f, use, 5, 0, NULL)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0);
  for (int i = 0; i < 3; i++) {
    pair_push (&f, 0, pair_copy (indexed (&f, keep, 5, 2, first)));
    if (i == 2)
      cw_render_reset (f.render[0]); /* a server that sends its palettes anew */
    else
      pair_push (&f, 0, empty_message (i == 0 ? CW_MSG_DISPLAY_INVAL_ALL_PALETTES : CW_MSG_DISPLAY_RESET));
    pair_push (&f, 0, draw_fill (0, 0, 0, 4, 4, 0x99));
    pair_push (&f, 0, pair_copy (indexed (&f, use, 5, 0, NULL)));
    g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0);
  }
  /* The entries of a 16-bit surface are pixels of it. */
  pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_16_555, 0));
  pair_push (&f, 0, draw_copy (1, 0, 0, indexed (&f, 0, 6, 2, (const uint32_t[]){ 0, 0xffff7bcd }), 4, 4));
  pair_finish (&f);
  {
    CwSurfaceInfo info;

    g_assert_true (cw_render_get_surface (f.render[0], 1, &info));
    g_assert_cmphex (info.data[0] | info.data[1] << 8, ==, 0x7bcd);
  }
  pair_teardown (&f);
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
  Pair f;

  image.lz_plt = (CwWireLzPlt){ .flags = CW_BITMAP_FLAG_TOP_DOWN | CW_BITMAP_FLAG_PAL_CACHE_ME,
                                .palette = &palette,
                                .data = { data->data, data->len } };
  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, pair_copy (&image));
  g_assert_cmphex (pair_pixel (&f, 0, 3, 0) & 0xffffff, ==, 0xff7bcd);
  g_assert_cmphex (pair_pixel (&f, 0, 1, 3) & 0xffffff, ==, 0x112233);
  image.lz_plt.flags = CW_BITMAP_FLAG_TOP_DOWN | CW_BITMAP_FLAG_PAL_FROM_CACHE;
  image.lz_plt.palette_id = 5;
  image.lz_plt.palette = NULL;
  pair_push (&f, 0, surface_create (1, 4, 4, CW_SURFACE_FMT_16_555, 0));
  pair_push (&f, 0, draw_copy (1, 0, 0, &image, 4, 4));
  pair_finish (&f);
  g_assert_no_error (f.recorder[0].failure);
  g_assert_true (cw_render_get_surface (f.render[0], 1, &info));
  g_assert_cmphex (info.data[0] | info.data[1] << 8, ==, 0x7bcd);
  g_assert_cmphex (info.data[2 * info.stride] | info.data[2 * info.stride + 1] << 8, ==, 0x2233);
  pair_teardown (&f);
}

static void
test_too_many_palettes (void)
{
  static const uint32_t ents[] = { 1 };
  g_autoptr (GError) error = NULL;
  Pair f;

  pair_setup (&f, 1, NULL);
  for (unsigned i = 0; !error; i++) {
    g_autoptr (CwMessage) message = pair_copy (indexed (&f, CW_BITMAP_FLAG_PAL_CACHE_ME, i, 1, ents));

    g_assert_cmpuint (i, <, 5000);
    cw_render_push (f.render[0], message, &error);
    if (i % 100 == 0)
      pair_finish (&f);
  }
  g_assert_error (error, CW_ERROR, CW_ERROR_LIMIT);
  pair_teardown (&f);
}

/* Images of operations that draw nothing, or that cannot be drawn yet, enter caches and dictionary all the same. */
static void
test_touched (void)
{
  Pair f;
  CwMsgDisplayDrawText text = {
    .str = &(CwWireString){ .flags = 1 },
    .fore_brush = { .type = CW_BRUSH_TYPE_PATTERN },
    .back_brush = { .type = CW_BRUSH_TYPE_PATTERN },
  };
  CwMsgDisplayDrawAlphaBlend nothing = { 0 };

  pair_setup (&f, 1, NULL);
  text.fore_brush.pattern.image = pair_plain (&f, 21, CACHE_ME, 0x21);
  text.back_brush.pattern.image = image_glz (&f.arena, 0, 0, 0, 0, 0, 4, 4);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_TEXT, &text));
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 21, true)));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0x21);
  nothing.base.surface_id = 99; /* unknown, and alpha 0, and an empty box */
  nothing.src_bitmap = image_glz (&f.arena, 0, 0, 1, 1, 1, 4, 4);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_ALPHA_BLEND, &nothing));
  pair_push (&f, 0, pair_copy_glz (&f, 2, 1, 0));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), !=, 0x21);
  pair_teardown (&f);
}

/* A large cached image is kept as it came until it has been needed again and again; its pixels are the same always. */
static void
test_recipes (void)
{
  CwRenderLimits limits = { .here_bytes = 1, .decoded_bytes = 1000 };
  CwWireImage *wire;
  CwImage *image;
  Pair f;

  pair_setup (&f, 2, &limits);
  wire = image_jpeg (&f.arena, 7, CACHE_ME, 200, 200);
  wire->jpeg.data = pair_jpeg (&f.arena, 200, 200, 128, 128);
  pair_push (&f, 0, draw_copy (0, 0, 0, wire, 200, 200));
  pair_finish (&f);
  image = cw_image_cache_get (f.group->cache, 7, false);
  g_assert_null (image->pixels);
  for (unsigned i = 0; i < 4; i++) {
    unsigned channel = i % 2;

    pair_push (&f, channel, draw_fill (0, 0, 0, 16, 16, 0));
    pair_push (&f, channel, pair_copy (image_from_cache (&f.arena, 7, false)));
    g_assert_cmphex (pair_pixel (&f, channel, 1, 1) & 0xffffff, ==, 0x808080);
    g_assert_cmpint (image->pixels != NULL, ==, i >= 1);
  }
  cw_image_unref (image);
  /* Dropped in the middle of it. */
  wire->id = 8;
  pair_push (&f, 0, draw_copy (0, 0, 0, wire, 200, 200));
  pair_finish (&f);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 8, false)));
  pair_push (&f, 0, inval_image (8));
  cw_render_reset (f.render[0]);
  pair_teardown (&f);
}

/* A large bitmap is cached as the bytes of its message, unless they are much more than its pixels; a small one is not,
 * beside which there may be others. The pixels are the same. */
static void
test_bitmaps (void)
{
  static const struct {
    uint32_t w, h, stride;
    bool is_kept;
  } rows[] = { { 200, 150, 800, true }, { 200, 150, 880, true }, { 200, 150, 1600, false }, { 100, 100, 400, false } };
  Pair f;

  pair_setup (&f, 1, NULL);
  for (uint64_t i = 0; i < G_N_ELEMENTS (rows); i++) {
    size_t size = (size_t) rows[i].stride * rows[i].h;
    g_autofree uint8_t *bytes = g_malloc (size);
    CwWireImage *wire;
    CwImage *image;

    for (size_t k = 0; k < size; k++)
      bytes[k] = (uint8_t) (k % 251 + i);
    wire = pair_bytes (&f, CW_BITMAP_FMT_32BIT, rows[i].w, rows[i].h, rows[i].stride, bytes);
    wire->id = i + 1;
    wire->flags = CACHE_ME;
    pair_push (&f, 0, draw_copy (0, 0, 0, wire, 16, 16));
    pair_push (&f, 0, draw_fill (0, 0, 0, 16, 16, 0));
    pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, i + 1, false)));
    pair_finish (&f);
    image = cw_image_cache_get (f.group->cache, i + 1, false);
    g_assert_cmpint (image->message != NULL, ==, rows[i].is_kept);
    cw_image_unref (image);
    for (int y = 0; y < 4; y++)
      g_assert_cmphex (pair_color (&f, 3, y), ==, cw_le32 (bytes + y * rows[i].stride + 12) & 0xffffff);
  }
  pair_teardown (&f);
}

/* A new connection starts with empty caches and a new dictionary, while jobs of the old one may still run. */
static void
test_clear (void)
{
  Pair f;

  pair_setup (&f, 2, NULL);
  pair_push (&f, 0, pair_copy (pair_plain (&f, 7, CACHE_ME, 0x11)));
  pair_push (&f, 1, pair_copy_glz (&f, 5, 1, 0));
  pair_finish (&f);
  pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0));
  for (int c = 0; c < 2; c++)
    cw_render_reset (f.render[c]);
  cw_render_group_clear (f.group);
  for (int c = 0; c < 2; c++)
    cw_render_begin (f.render[c]);
  pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 8));
  pair_push (&f, 1, pair_copy_glz (&f, 1, 1, 8));
  g_assert_cmphex (pair_pixel (&f, 1, 8, 2), ==, pair_pixel (&f, 0, 8, 0));
  cw_render_close (f.render[1]);
  pair_push_refused (&f, pair_copy (image_from_cache (&f.arena, 7, false)), CW_ERROR_STATE);
  pair_teardown (&f);
}

/* The memory of a decoded image serves the next one, until it is given up. */
static void
test_memory (void)
{
  CwWireImage *image;
  size_t unused;
  Pair f;

  pair_setup (&f, 1, NULL);
  image = image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 200, 150);
  pair_push (&f, 0, draw_copy (0, 0, 0, image, 200, 150));
  pair_finish (&f);
  unused = cw_pixel_pool_unused (cw_worker_pool_pixels (f.pool)); /* of all sessions */
  g_assert_cmpuint (unused, >=, 200 * 150 * 4);
  pair_push (&f, 0, draw_copy (0, 0, 0, image, 200, 150));
  pair_finish (&f);
  g_assert_cmpuint (cw_pixel_pool_unused (f.group->pixels), ==, unused);
  cw_render_trim (f.render[0], 0);
  g_assert_cmpuint (cw_pixel_pool_unused (f.group->pixels), ==, 0);
  pair_teardown (&f);
}

/* An image that nobody is interested in any more is not decoded. */
static void
test_not_wanted (void)
{
  for (unsigned closed = 0; closed < 2; closed++) {
    CwPixelPool *pixels;
    Pair f;

    pair_setup (&f, 1, NULL);
    pixels = cw_worker_pool_pixels (f.pool);
    pair_push (&f, 0, draw_copy (0, 0, 0, image_lz4 (&f.arena, 1, 0, CW_BITMAP_FMT_32BIT, 200, 150), 200, 150));
    g_assert_cmpuint (cw_worker_pool_n_queued (f.pool), ==, 1);
    cw_pixel_pool_trim (pixels, 0);
    if (closed)
      cw_render_close (f.render[0]);
    pair_finish (&f);
    g_assert_cmpint (cw_pixel_pool_unused (pixels) > 0, ==, !closed);
    pair_teardown (&f);
    /* One for the dictionary neither, if no sibling is there. */
    pair_setup (&f, 1, NULL);
    pair_push (&f, 0, pair_copy_glz (&f, 0, 0, 0));
    pair_push (&f, 0, pair_copy_glz (&f, 1, 1, 0));
    if (closed)
      cw_render_close (f.render[0]);
    pair_finish (&f);
    g_assert_cmpint (cw_glz_window_n_pixels (cw_render_group_get_window (f.group)) > 0, ==, !closed);
    pair_teardown (&f);
  }
}

static void
test_cached_masks (void)
{
  Pair f;
  CwMsgDisplayDrawFill fill = { .base.box = { .right = 4, .bottom = 4 },
                                .brush = { .type = CW_BRUSH_TYPE_SOLID, .color = 0x77 },
                                .rop_descriptor = CW_ROPD_OP_PUT };
  CwWireImage *mask;

  pair_setup (&f, 1, NULL);
  mask = image_bitmap (&f.arena, 3, CACHE_ME, CW_BITMAP_FMT_1BIT_LE, 4, 4);
  memset ((guint8 *) mask->bitmap.data.data, 0x5, 16);
  fill.mask = (CwWireQMask){ .flags = CW_MASK_INVERS, .bitmap = mask };
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0);
  g_assert_cmphex (pair_pixel (&f, 0, 1, 0), ==, 0x77);
  /* Stored as it was before it got inverted. */
  fill.mask = (CwWireQMask){ .bitmap = image_from_cache (&f.arena, 3, false) };
  fill.brush.color = 0x88;
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0x88);
  g_assert_cmphex (pair_pixel (&f, 0, 1, 0), ==, 0x77);
  /* An ordinary image as a mask: where it is not 0. The mask as an image: an error, no more. */
  pair_push (&f, 0, pair_copy (pair_plain (&f, 4, CACHE_ME, 0)));
  fill.mask.bitmap = image_from_cache (&f.arena, 4, false);
  pair_push (&f, 0, stream_message (CW_MSG_DISPLAY_DRAW_FILL, &fill));
  g_assert_cmphex (pair_pixel (&f, 0, 0, 0), ==, 0);
  pair_push (&f, 0, pair_copy (image_from_cache (&f.arena, 3, false)));
  pair_finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_MALFORMED);
  pair_teardown (&f);
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
  g_test_add_func ("/render/caches/budgets", test_budgets);
  g_test_add_func ("/render/caches/limits-together", test_limits_together);
  g_test_add_func ("/render/caches/masks", test_cached_masks);
  g_test_add_func ("/render/caches/recipes", test_recipes);
  g_test_add_func ("/render/caches/bitmaps", test_bitmaps);
  g_test_add_func ("/render/caches/clear", test_clear);
  g_test_add_func ("/render/caches/memory", test_memory);
  g_test_add_func ("/render/caches/not-wanted", test_not_wanted);
  g_test_add_func ("/render/caches/touched", test_touched);
  g_test_add_func ("/render/palettes/cache", test_palettes);
  g_test_add_func ("/render/palettes/lz", test_lz_palette);
  g_test_add_func ("/render/palettes/limit", test_too_many_palettes);
  return g_test_run ();
}
