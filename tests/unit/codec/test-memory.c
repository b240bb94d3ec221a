/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every decoder with each of its allocations failing in turn. */
#include "base/error.h"
#include "codec/codec.h"
#include "codec/glz.h"
#include "codec/spicevmc.h"

#include "refuse.h"

typedef struct {
  const char *file;
  CwCodecInput in;
  unsigned n_allocations; /* at least */
} Case;

static const uint32_t palette[16] = { 0xff0000, 0x00ff00, 0x0000ff };

static const Case cases[] = {
  { "quic-rgb32-64x48-photo.bin", { .codec = CW_CODEC_QUIC, .width = 64, .height = 48 }, 1 },
  { "lz-rgb32-64x48-flat-td1.bin", { .codec = CW_CODEC_LZ_RGB, .width = 64, .height = 48 }, 1 },
  { "lz-rgba-33x29-photo-td1.bin", { .codec = CW_CODEC_LZ_RGB, .width = 33, .height = 29 }, 1 },
  { "lz-plt4_le-150x100-ui-td0.bin",
    { .codec = CW_CODEC_LZ_PLT, .width = 150, .height = 100, .palette = palette, .n_palette = 16 },
    2 },
  { "glz-scroll-00.bin", { .codec = CW_CODEC_GLZ_RGB, .width = 94, .height = 71 }, 1 },
  { "zlib-glz-00.bin", { .codec = CW_CODEC_ZLIB_GLZ_RGB, .width = 23, .height = 72, .glz_data_size = 1103 }, 3 },
  { "jpeg-from32-64x48-photo.bin", { .codec = CW_CODEC_JPEG, .width = 64, .height = 48 }, 1 },
  { "jpeg_alpha-40x40-alpha-td1.bin",
    { .codec = CW_CODEC_JPEG_ALPHA, .width = 40, .height = 40, .flags = 1, .jpeg_size = 852 },
    2 },
  { "lz4-24bit-77x60-ui-td1.bin", { .codec = CW_CODEC_LZ4, .width = 77, .height = 60 }, 1 },
  { "mjpeg-1-96x64-photo-q70.bin", { .codec = CW_CODEC_MJPEG, .width = 96, .height = 64, .flags = 1 }, 1 },
};

static void
load (const char *file, char **content, CwSlice *data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, file, NULL);
  g_autoptr (GError) error = NULL;
  gsize size;

  g_file_get_contents (path, content, &size, &error);
  g_assert_no_error (error);
  *data = (CwSlice){ (const uint8_t *) *content, size };
}

static bool
decode_glz (const CwCodecInput *in, CwPixels **out, GError **error)
{
  g_autoptr (CwGlzWindow) window = cw_glz_window_new (1 << 20);
  g_autoptr (CwGlzDecoder) decoder = cw_glz_decoder_new (window, in, error);
  uint64_t needed;

  if (!decoder || cw_glz_decoder_step (decoder, &needed, error) != CW_GLZ_DONE)
    return false;
  *out = cw_glz_decoder_steal_pixels (decoder);
  return true;
}

static void
test_codec (gconstpointer data)
{
  const Case *c = data;
  CwCodecInput in = c->in;
  CwCodecDecode decode = cw_codec_get (in.codec)->decode;
  g_autofree char *content = NULL;
  bool refused = true;
  unsigned n;

  load (c->file, &content, &in.data);

  for (n = 0; refused; n++) {
    g_autoptr (CwPixels) pixels = NULL;
    g_autoptr (GError) error = NULL;

    refuse_next (n, 0);
    if ((decode ? decode : decode_glz) (&in, &pixels, &error)) {
      g_assert_nonnull (pixels);
      refused = refuse_has ();
      g_assert_false (refused);
    } else {
      g_assert_null (pixels);
      g_assert_error (error, CW_ERROR, CW_ERROR_MEMORY);
    }
  }
  refuse_none ();
  g_assert_cmpuint (n - 1, >=, c->n_allocations);
}

static void
test_vmc (void)
{
  g_autofree char *content = NULL;
  g_autoptr (GError) error = NULL;
  CwSlice body;

  load ("vmc-text.bin", &content, &body);
  refuse_next (0, 0);
  g_assert_null (cw_spicevmc_body_decompress (body, &error));
  g_assert_error (error, CW_ERROR, CW_ERROR_MEMORY);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  for (size_t i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree char *path = g_strdup_printf ("/codec/memory/%s", cases[i].file);

    g_test_add_data_func (path, &cases[i], test_codec);
  }
  g_test_add_func ("/codec/memory/vmc", test_vmc);
  return g_test_run ();
}
