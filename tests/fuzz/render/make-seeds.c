/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Makes a folder of seeds for the render's fuzz target: the beginnings of random, valid streams, short videos, all
 * types of images; and one for the target that draws, a message each. */
#include "pair.h"
#include "records.h"
#include "samples.h"
#include "support/lz-encode.h"

#include <string.h>

#define MAX_SIZE 4000
#define N_SEEDS 8
#define N_DRAWS 300
#define MAX_DRAW 600
#define LARGE 300

static void
append (GByteArray *out, unsigned what, const CwMessage *message)
{
  const guint8 *body = message->body.data;
  gsize size = message->body.size;
  const guint8 head[] = { what, message->type, message->type >> 8, size, size >> 8 };

  if (size > 0xffff || out->len + size > MAX_SIZE)
    return;
  g_byte_array_append (out, head, sizeof head);
  g_byte_array_append (out, body, size);
}

static void
save (const char *folder, const char *name, const GByteArray *out)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr (GError) error = NULL;

  if (!g_file_set_contents (path, (const char *) out->data, out->len, &error))
    g_error ("%s", error->message);
}

static GByteArray *
begin (uint8_t how)
{
  return g_byte_array_append (g_byte_array_new (), &how, 1);
}

static void
save_random (const char *folder, unsigned seed)
{
  GPtrArray **stream = stream_random (100 + seed, 2, 25 * seed, true);
  g_autofree char *name = g_strdup_printf ("stream-%u", seed);
  g_autoptr (GByteArray) out = begin ((seed & (THREADS | TIGHT)) | (seed % 3 == 2 ? seed << REFUSED : 0));

  for (guint i = 0; i < stream[0]->len; i++) {
    for (unsigned c = 0; c < 2; c++)
      append (out, c | (i % 3 == 0 ? STEP : 0) | (i % 2 == 0 ? JOB : 0), stream[c]->pdata[i]);
  }
  save (folder, name, out);
  stream_free (stream, 2);
}

static void
append_new (GByteArray *out, unsigned what, CwMessage *message)
{
  append (out, what, message);
  cw_message_unref (message);
}

/* surface_flags: STREAMING_MODE has a way of its own. */
static void
save_video (const char *folder, const char *name, unsigned codec, uint32_t surface_flags)
{
  const CwWireRect dest = { .left = 4, .top = 4, .right = 28, .bottom = 20 };
  const CwMsgDisplayStreamCreate create = {
    .id = 3, .flags = CW_STREAM_TOP_DOWN, .codec_type = codec, .stream_width = 16, .stream_height = 16, .dest = dest
  };
  const CwMsgDisplayStreamActivateReport report = { 3, 9, 2, 1000 };
  const CwMsgDisplayStreamClip clip = { .id = 3, .clip = { .type = CW_CLIP_TYPE_RECTS, .n_rects = 1, .rects = &dest } };
  g_autoptr (GByteArray) out = begin (0);
  const uint32_t id = GUINT32_TO_LE (3);
  Arena arena;

  arena_init (&arena, 1);
  append_new (out, 0, surface_create (0, 32, 24, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY | surface_flags));
  append_new (out, STEP, stream_message (CW_MSG_DISPLAY_STREAM_CREATE, &create));
  append_new (out, 0, stream_message (CW_MSG_DISPLAY_STREAM_ACTIVATE_REPORT, &report));
  for (uint32_t i = 0; i < 4; i++) {
    const uint8_t order = i;
    CwMsgDisplayStreamData data = { 3, 990 + 10 * i, { &order, 1 } };
    CwMsgDisplayStreamDataSized sized = { 3, 995 + 10 * i, 8, 8, dest };

    if (codec == CW_VIDEO_CODEC_TYPE_MJPEG)
      data.data = pair_jpeg (&arena, 16, 16, 50 * i, 200);
    sized.data = data.data;
    append_new (out, JOB | (i % 2 ? STEP : 0), stream_message (CW_MSG_DISPLAY_STREAM_DATA, &data));
    append_new (out, JOB | STEP, stream_message (CW_MSG_DISPLAY_STREAM_DATA_SIZED, &sized));
    append_new (out, STEP | JOB, stream_message (CW_MSG_DISPLAY_STREAM_CLIP, &clip));
  }
  append_new (out, STEP, stream_message_raw (CW_MSG_DISPLAY_STREAM_DESTROY, &id, sizeof id));
  save (folder, name, out);
  arena_clear (&arena);
}

/* Every type of image, kept and used again, on surfaces of some depths; the end of the channel that brought them. */
static void
save_images (const char *folder, const char *name, uint8_t how)
{
  static const uint32_t formats[] = { CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FMT_16_555, CW_SURFACE_FMT_8_A };
  static const uint32_t ents[] = { 1, 2, 3, 4 };
  static const uint8_t rows[16] = { 0, 1, 2, 3, 1 };
  const CwWirePalette palette = { 9, 4, ents };
  g_autoptr (GByteArray) out = begin (how), plt = cw_lz_encode_palette (CW_LZ_PLT8, rows, 4, 4, 4, true);
  CwWireImage image = { .type = CW_IMAGE_TYPE_LZ_PLT, .width = 4, .height = 4 };
  uint32_t argb[SAMPLE_SIDE * SAMPLE_SIDE];
  Arena arena;

  arena_init (&arena, 1);
  for (unsigned i = 0; i < G_N_ELEMENTS (argb); i++)
    argb[i] = i * 0x10111213;
  for (unsigned i = 0; i < G_N_ELEMENTS (formats); i++)
    append_new (out, 0, surface_create (i, 16, 16, formats[i], i == 0 ? CW_SURFACE_FLAG_PRIMARY : 0));
  for (unsigned i = 0; i < n_samples; i++) {
    CwWireImage sample = {
      .id = i, .type = samples[i].type, .flags = CW_IMAGE_FLAG_CACHE_ME, .width = SAMPLE_SIDE, .height = SAMPLE_SIDE
    };

    samples[i].fill (&arena, &sample, argb);
    append_new (out, i % 2 ? JOB : STEP, draw_copy (i % 3, i, 0, &sample, 4, 4));
    append_new (out, JOB | STEP, draw_copy (0, 4, i, image_from_cache (&arena, i, false), 4, 4));
  }
  image.lz_plt
      = (CwWireLzPlt){ .flags = CW_BITMAP_FLAG_PAL_CACHE_ME, .palette = &palette, .data = { plt->data, plt->len } };
  append_new (out, JOB | STEP, draw_copy (1, 0, 0, &image, 4, 4));
  image.lz_plt.flags = CW_BITMAP_FLAG_PAL_FROM_CACHE;
  image.lz_plt.palette_id = palette.unique;
  append_new (out, 0, draw_copy (0, 0, 0, &image, 4, 4));
  append_new (out, CHANNEL, draw_copy (0, 0, 0, image_glz (&arena, 0, 0, 2, 1, 1, 4, 4), 4, 4));
  append_new (out, RARE_CLOSE, draw_copy (0, 0, 0, image_glz (&arena, 0, 0, 1, 1, 0, 4, 4), 4, 4));
  save (folder, name, out);
  arena_clear (&arena);
}

/* Some images whose memory is kept for the next one. */
static void
save_large (const char *folder)
{
  g_autofree uint32_t *flat = g_new0 (uint32_t, LARGE * LARGE);
  g_autoptr (GByteArray) lz = cw_lz_encode (CW_LZ_RGB32, flat, LARGE, LARGE, true);
  g_autoptr (GByteArray) out = begin (0);
  const CwWireImage image
      = { .type = CW_IMAGE_TYPE_LZ_RGB, .width = LARGE, .height = LARGE, .lz_rgb = { { lz->data, lz->len } } };

  append_new (out, 0, surface_create (0, 16, 16, CW_SURFACE_FMT_32_XRGB, CW_SURFACE_FLAG_PRIMARY));
  for (unsigned i = 0; i < 4; i++)
    append_new (out, JOB | STEP, draw_copy (0, 0, 0, &image, 4, 4));
  save (folder, "large", out);
}

/* What is no drawing, and questions that come too early or too late. */
static void
save_states (const char *folder)
{
  const CwMsgDisplayMode modes[] = { { 16, 16, 32 }, { 16, 8, 16 } };
  const CwMsgDisplayMonitorsConfig monitors = { 1, 1, &(CwWireHead){ .width = 8, .height = 8 } };
  const CwMsgDisplayInvalPalette palette = { 9 };
  const CwMsgDisplayGlDraw gl = { 0, 0, 1, 1 };
  g_autoptr (GByteArray) out = begin (TIGHT);
  Arena arena;

  arena_init (&arena, 1);
  append_new (out, STEP, stream_message (CW_MSG_DISPLAY_MODE, &modes[0]));
  append_new (out, STEP, empty_message (CW_MSG_DISPLAY_MARK));
  append_new (out, STEP, stream_message (CW_MSG_DISPLAY_MONITORS_CONFIG, &monitors));
  append_new (out, STEP, stream_message (CW_MSG_DISPLAY_MODE, &modes[1]));
  append_new (out, 0, stream_message (CW_MSG_DISPLAY_INVAL_PALETTE, &palette));
  append_new (out, 0, empty_message (CW_MSG_DISPLAY_INVAL_ALL_PALETTES));
  append_new (out, STEP, stream_message (CW_MSG_DISPLAY_GL_DRAW, &gl));
  append_new (out, 0, surface_create (1, 8, 8, CW_SURFACE_FMT_1_A, 0));
  append_new (out, STEP, draw_fill (1, 0, 0, 4, 4, 1));
  for (uint32_t id = 2; id < 30; id++)
    append_new (out, 0, surface_create (id, 2, 2, CW_SURFACE_FMT_32_ARGB, 0));
  append_new (out, STEP, surface_create (20, 3, 3, CW_SURFACE_FMT_32_ARGB, 0)); /* in place of the other */
  for (uint32_t id = 2; id < 28; id++)
    append_new (out, STEP, surface_destroy (id));
  append_new (out, RARE_BUDGETS, inval_image (5));
  append_new (out, RARE_BUDGETS | STEP | JOB, inval_image (6));
  append_new (out, RARE_BEGIN, draw_copy (0, 0, 0, image_from_cache (&arena, 5, true), 4, 4));
  append_new (out, RARE_LATER, draw_fill (0, 0, 0, 4, 4, 1));
  append_new (out, RARE_LATER, draw_fill (0, 0, 0, 4, 4, 1));
  append_new (out, RARE_BEGIN, draw_copy (0, 0, 0, image_surface (&arena, 1), 4, 4));
  append_new (out, CHANNEL | RARE_RESET, surface_destroy (0));
  append_new (out, STEP | RARE_CLEAR, empty_message (CW_MSG_DISPLAY_RESET));
  save (folder, "states", out);
  arena_clear (&arena);
}

/* Small ones, within each of the target's surfaces in turn. */
static void
save_draws (const char *folder)
{
  const uint32_t box[] = { GUINT32_TO_LE (2), GUINT32_TO_LE (3), GUINT32_TO_LE (40), GUINT32_TO_LE (50) };
  GPtrArray **stream = stream_random (7, 1, 1500, true);
  unsigned n = 0;

  for (guint i = 0; i < stream[0]->len && n < N_DRAWS; i++) {
    const CwMessage *message = stream[0]->pdata[i];
    g_autofree char *name = g_strdup_printf ("random-%u", n);
    g_autoptr (GByteArray) out = g_byte_array_new ();
    const guint8 *body = message->body.data;
    gsize size = message->body.size;
    const guint8 head[] = { 0, n % 5, message->type, message->type >> 8 };

    if (message->type < CW_MSG_DISPLAY_DRAW_FILL || message->type == CW_MSG_DISPLAY_SURFACE_CREATE || size > MAX_DRAW)
      continue;
    g_byte_array_append (out, head, sizeof head);
    g_byte_array_append (out, body, size);
    memcpy (out->data + sizeof head + 4, box, sizeof box);
    save (folder, name, out);
    n++;
  }
  stream_free (stream, 1);
}

int
main (int argc, char **argv)
{
  if (argc != 3 || g_mkdir_with_parents (argv[1], 0777) != 0 || g_mkdir_with_parents (argv[2], 0777) != 0)
    g_error ("usage: make-render-seeds FOLDER FOLDER-OF-DRAW");
  for (unsigned seed = 1; seed <= N_SEEDS; seed++)
    save_random (argv[1], seed);
  save_video (argv[1], "video", CW_VIDEO_CODEC_TYPE_MJPEG, 0);
  save_video (argv[1], "video-alone", CW_VIDEO_CODEC_TYPE_MJPEG, CW_SURFACE_FLAG_STREAMING_MODE);
  save_video (argv[1], "video-other", CW_VIDEO_CODEC_TYPE_VP8, 0);
  save_video (argv[1], "video-elsewhere", CW_VIDEO_CODEC_TYPE_VP8, CW_SURFACE_FLAG_STREAMING_MODE);
  save_images (argv[1], "images", 0);
  save_images (argv[1], "images-tight", TIGHT);
  save_images (argv[1], "images-threads", THREADS);
  save_large (argv[1]);
  save_states (argv[1]);
  save_draws (argv[2]);
  return 0;
}
