/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every type of image, from the message to the surface: decoded by a worker and on the owner's thread, as it is and
 * with its high bits set. */
#include "pair.h"
#include "samples.h"
#include "support/lz-encode.h"
#include "support/quic-encode.h"

#define SIDE SAMPLE_SIDE
#define N (SIDE * SIDE)

static const uint32_t colours[N] = { 0x000000, 0x0000ff, 0x00ff00, 0xff0000, 0x102030, 0x405060, 0x708090, 0xa0b0c0,
                                     0x112233, 0x445566, 0x778899, 0xaabbcc, 0xffffff, 0xfefefe, 0x010101, 0x808080 };

/* Fades from one row to the next. */
static const uint8_t alphas[SIDE] = { 0xff, 0x80, 0x40, 0 };

static uint32_t
with_alpha (unsigned i)
{
  return colours[i] | (uint32_t) alphas[i / SIDE] << 24;
}

static uint32_t
expected (const Sample *type, unsigned i)
{
  uint32_t colour = type->is_lossy ? i < N / 2 ? 0xffffff : 0 : colours[i];

  return colour | (type->has_alpha ? (uint32_t) alphas[i / SIDE] << 24 : 0);
}

/* Onto a surface with alpha, where all four bytes arrive. */
static void
test_type (gconstpointer data)
{
  const Sample *type = data;
  const CwRenderLimits limits[] = { { .here_bytes = 1 }, { .here_bytes = 1000 } };
  uint32_t argb[N];

  for (unsigned i = 0; i < N; i++)
    argb[i] = with_alpha (i);
  for (unsigned here = 0; here < 2; here++) {
    CwWireImage image = { .type = type->type, .width = SIDE, .height = SIDE };
    Pair f;

    pair_setup (&f, 1, &limits[here]);
    pair_push (&f, 0, surface_create (1, SIDE, SIDE, CW_SURFACE_FMT_32_ARGB, 0));
    pair_finish (&f);
    type->fill (&f.arena, &image, argb);
    pair_push (&f, 0, draw_copy (1, 0, 0, &image, SIDE, SIDE));
    if (type->type != CW_IMAGE_TYPE_BITMAP)
      g_assert_cmpuint (cw_worker_pool_n_queued (f.pool) > 0, ==, !here);
    for (unsigned i = 0; i < N; i++)
      g_assert_cmphex (pair_word (&f, 1, i % SIDE, i / SIDE), ==, expected (type, i));
    pair_teardown (&f);
  }
}

/* What a decoder refuses ends the channel, and the error says which image of which message. */
static void
test_damaged (gconstpointer data)
{
  const Sample *type = data;
  const CwRenderLimits limits[] = { { .here_bytes = 1 }, { .here_bytes = 1000 } };

  for (unsigned here = 0; here < 2; here++) {
    CwWireImage image = { .type = type->type, .width = SIDE, .height = SIDE };
    Pair f;

    pair_setup (&f, 1, &limits[here]);
    image.quic.data = (CwSlice){ (const uint8_t *) "\0\0\0\0\0\0\0\0", 8 };
    if (type->type == CW_IMAGE_TYPE_ZLIB_GLZ_RGB)
      image.zlib_glz_rgb = (CwWireZlibGlz){ .glz_data_size = 100, .data = { (const uint8_t *) "\0\0\0\0\0\0\0", 8 } };
    if (type->type == CW_IMAGE_TYPE_JPEG_ALPHA)
      image.jpeg_alpha = (CwWireJpegAlpha){ .jpeg_size = 8, .data = { (const uint8_t *) "\0\0\0\0\0\0\0", 8 } };
    pair_push (&f, 0, pair_copy (&image));
    pair_finish (&f);
    g_assert_nonnull (f.recorder[0].failure);
    g_assert_true (g_str_has_prefix (f.recorder[0].failure->message, "display: draw-copy: "));
    pair_teardown (&f);
  }
}

/* Luminance is a thing of masks elsewhere; as a picture it has no meaning. */
static void
test_luminance (void)
{
  CwWireImage image = { .type = CW_IMAGE_TYPE_QUIC, .width = SIDE, .height = SIDE };
  Pair f;

  pair_setup (&f, 1, NULL);
  image.quic.data = sample_data (&f.arena, cw_quic_encode (CW_QUIC_GRAY, colours, SIDE, SIDE));
  pair_push (&f, 0, pair_copy (&image));
  pair_finish (&f);
  g_assert_error (f.recorder[0].failure, CW_ERROR, CW_ERROR_MALFORMED);
  pair_teardown (&f);
}

/* High bits are set in this use of the picture only: not in the dictionary, which has the same pixels. */
static void
test_high_bits (void)
{
  CwWireImage first
      = { .type = CW_IMAGE_TYPE_GLZ_RGB, .flags = CW_IMAGE_FLAG_HIGH_BITS_SET, .width = SIDE, .height = SIDE };
  CwWireImage second = { .type = CW_IMAGE_TYPE_GLZ_RGB, .width = SIDE, .height = SIDE };
  Pair f;

  pair_setup (&f, 1, NULL);
  pair_push (&f, 0, surface_create (1, SIDE, SIDE, CW_SURFACE_FMT_32_XRGB, 0));
  first.glz_rgb.data = sample_data (&f.arena, cw_glz_encode (CW_LZ_RGB32, colours, SIDE, SIDE, true, 0, NULL, 0, 0));
  second.glz_rgb.data
      = sample_data (&f.arena, cw_glz_encode (CW_LZ_RGB32, colours, SIDE, SIDE, true, 1, colours, N, 1));
  pair_push (&f, 0, draw_copy (1, 0, 0, &first, SIDE, SIDE));
  for (unsigned i = 0; i < N; i++)
    g_assert_cmphex (pair_word (&f, 1, i % SIDE, i / SIDE), ==, colours[i] | 0xff000000);
  pair_push (&f, 0, draw_copy (1, 0, 0, &second, SIDE, SIDE));
  for (unsigned i = 0; i < N; i++)
    g_assert_cmphex (pair_word (&f, 1, i % SIDE, i / SIDE), ==, colours[i]);
  pair_teardown (&f);
}

/* Several that compute run at a time, of those that copy one: a second one would only slow it. */
static void
test_kinds (void)
{
  static const struct {
    unsigned type;
    CwJobKind kind;
  } rows[] = {
    { CW_IMAGE_TYPE_QUIC, CW_JOB_COMPUTES },       { CW_IMAGE_TYPE_JPEG, CW_JOB_COMPUTES },
    { CW_IMAGE_TYPE_JPEG_ALPHA, CW_JOB_COMPUTES }, { CW_IMAGE_TYPE_BITMAP, CW_JOB_COPIES },
    { CW_IMAGE_TYPE_LZ_PLT, CW_JOB_COPIES },       { CW_IMAGE_TYPE_LZ_RGB, CW_JOB_COPIES },
    { CW_IMAGE_TYPE_LZ4, CW_JOB_COPIES },
  };

  for (size_t i = 0; i < G_N_ELEMENTS (rows); i++) {
    const CwWireImage wire = { .type = rows[i].type };
    const CwDecodeJob job = { .wire = &wire };

    g_assert_cmpint (cw_decode_job_kind (&job), ==, rows[i].kind);
  }
}

/* By default an image of 64 KiB is decoded at once, a larger one by a worker; and there are always workers. */
static void
test_defaults (void)
{
  for (unsigned own = 0; own < 2; own++) {
    g_autoptr (CwWorkerPool) pool = own ? cw_worker_pool_new_manual () : NULL;
    g_autoptr (CwRenderGroup) group = cw_render_group_new (pool, NULL);
    Recorder recorder;
    CwRender *render;
    Arena arena;

    recorder_init (&recorder);
    arena_init (&arena, 1);
    render = cw_render_new (group, &recorder_observer, &recorder, recorder_wake, &recorder);
    for (unsigned more = 0; more < 2; more++) {
      CwWireImage *image = image_lz4 (&arena, 0, 0, CW_BITMAP_FMT_32BIT, 128, 128 + more);
      g_autoptr (CwMessage) create = surface_create (more, 128, 129, CW_SURFACE_FMT_32_XRGB, 0);
      g_autoptr (CwMessage) copy = draw_copy (more, 0, 0, image, 128, 128 + more);

      g_assert_true (cw_render_push (render, create, NULL));
      g_assert_true (cw_render_push (render, copy, NULL));
      if (own)
        g_assert_cmpuint (cw_worker_pool_n_queued (pool), ==, more);
    }
    drain (&render, 1, pool, NULL, 100000);
    g_assert_true (cw_render_is_idle (render));
    g_assert_no_error (recorder.failure);
    cw_render_unref (render);
    recorder_clear (&recorder);
    arena_clear (&arena);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (unsigned i = 0; i < n_samples; i++) {
    g_autofree char *path = g_strdup_printf ("/render/images/%s", samples[i].name);
    g_autofree char *damaged = g_strdup_printf ("/render/images/damaged-%s", samples[i].name);

    g_test_add_data_func (path, &samples[i], test_type);
    if (samples[i].type != CW_IMAGE_TYPE_BITMAP)
      g_test_add_data_func (damaged, &samples[i], test_damaged);
  }
  g_test_add_func ("/render/images/luminance", test_luminance);
  g_test_add_func ("/render/images/high-bits", test_high_bits);
  g_test_add_func ("/render/images/kinds", test_kinds);
  g_test_add_func ("/render/images/defaults", test_defaults);
  return g_test_run ();
}
