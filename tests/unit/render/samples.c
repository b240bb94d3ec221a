/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "samples.h"

#include "pair.h"
#include "support/lz-encode.h"
#include "support/quic-encode.h"

#include <libdeflate.h>
#include <lz4.h>
#include <string.h>

#define SIDE SAMPLE_SIDE
#define N (SIDE * SIDE)

static CwSlice
keep (Arena *arena, const void *bytes, gsize size)
{
  return (CwSlice){ memcpy (arena_alloc (arena, size), bytes, size), size };
}

CwSlice
sample_data (Arena *arena, GByteArray *bytes)
{
  CwSlice kept = keep (arena, bytes->data, bytes->len);

  g_byte_array_unref (bytes);
  return kept;
}

static void
fill_bitmap (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  uint32_t le[N];

  for (unsigned i = 0; i < N; i++)
    le[i] = GUINT32_TO_LE (argb[i]);
  image->bitmap = (CwWireBitmap){ .format = CW_BITMAP_FMT_RGBA,
                                  .flags = CW_BITMAP_FLAG_TOP_DOWN,
                                  .x = SIDE,
                                  .y = SIDE,
                                  .stride = 4 * SIDE,
                                  .data = keep (arena, le, sizeof le) };
}

static void
fill_quic (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  image->quic.data = sample_data (arena, cw_quic_encode (CW_QUIC_RGBA, argb, SIDE, SIDE));
}

static void
fill_lz (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  image->lz_rgb.data = sample_data (arena, cw_lz_encode (CW_LZ_RGBA, argb, SIDE, SIDE, true));
}

static void
fill_glz (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  image->glz_rgb.data = sample_data (arena, cw_glz_encode (CW_LZ_RGBA, argb, SIDE, SIDE, true, 0, NULL, 0, 0));
}

static void
fill_zlib_glz (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  g_autoptr (GByteArray) glz = cw_glz_encode (CW_LZ_RGBA, argb, SIDE, SIDE, true, 0, NULL, 0, 0);
  struct libdeflate_compressor *deflater = libdeflate_alloc_compressor (6);
  uint8_t packed[1000];
  gsize size = libdeflate_zlib_compress (deflater, glz->data, glz->len, packed, sizeof packed);

  libdeflate_free_compressor (deflater);
  image->zlib_glz_rgb = (CwWireZlibGlz){ .glz_data_size = glz->len, .data = keep (arena, packed, size) };
}

static void
fill_lz4 (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  uint8_t out[200] = { 1, CW_BITMAP_FMT_RGBA };
  uint32_t le[N], be;
  int size;

  for (unsigned i = 0; i < N; i++)
    le[i] = GUINT32_TO_LE (argb[i]);
  size = LZ4_compress_default ((const char *) le, (char *) out + 6, sizeof le, sizeof out - 6);
  be = GUINT32_TO_BE (size);
  memcpy (out + 2, &be, 4);
  image->lz4.data = keep (arena, out, 6 + size);
}

/* These two are shades of grey: white above, black below. */
static void
fill_jpeg (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  image->jpeg.data = pair_jpeg (arena, SIDE, SIDE, 0xff, 0);
}

static void
fill_jpeg_alpha (Arena *arena, CwWireImage *image, const uint32_t *argb)
{
  CwSlice jpeg = pair_jpeg (arena, SIDE, SIDE, 0xff, 0);
  g_autoptr (GByteArray) both = g_byte_array_new ();
  g_autoptr (GByteArray) alpha = cw_lz_encode (CW_LZ_XXXA, argb, SIDE, SIDE, true);

  g_byte_array_append (both, jpeg.data, jpeg.size);
  g_byte_array_append (both, alpha->data, alpha->len);
  image->jpeg_alpha = (CwWireJpegAlpha){ .flags = CW_JPEG_ALPHA_TOP_DOWN,
                                         .jpeg_size = jpeg.size,
                                         .data = keep (arena, both->data, both->len) };
}

const Sample samples[] = {
  { "bitmap", CW_IMAGE_TYPE_BITMAP, fill_bitmap, true, false },
  { "quic", CW_IMAGE_TYPE_QUIC, fill_quic, true, false },
  { "lz-rgb", CW_IMAGE_TYPE_LZ_RGB, fill_lz, true, false },
  { "glz-rgb", CW_IMAGE_TYPE_GLZ_RGB, fill_glz, true, false },
  { "zlib-glz-rgb", CW_IMAGE_TYPE_ZLIB_GLZ_RGB, fill_zlib_glz, true, false },
  { "lz4", CW_IMAGE_TYPE_LZ4, fill_lz4, true, false },
  { "jpeg", CW_IMAGE_TYPE_JPEG, fill_jpeg, false, true },
  { "jpeg-alpha", CW_IMAGE_TYPE_JPEG_ALPHA, fill_jpeg_alpha, true, true },
};
const unsigned n_samples = G_N_ELEMENTS (samples);
