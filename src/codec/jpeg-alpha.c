/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/jpeg-alpha.h"

#include "base/cpu.h"
#include "base/error.h"
#include "codec/jpeg-reader.h"
#include "codec/lz-stream.h"
#include "codec/lz.h"

#define MIN_JPEG_SIZE 4 /* start and end markers */

/* What a kernel may read of the plane behind its end. */
#define PLANE_SLACK 32

/* Only the alpha rows have an orientation; the colours always start at the top. A kernel may write whole vectors, so
 * rows go from the first to the last: each one sets right what the one before it has written too much. */
static void
merge_alpha (CwPixels *pixels, const uint8_t *plane, bool top_down)
{
  const CwLzKernels *kernels = cw_lz_kernels (cw_cpu_flags ());

  for (uint32_t y = 0; y < pixels->height; y++) {
    const uint8_t *alpha = plane + (size_t) (top_down ? y : pixels->height - 1 - y) * pixels->width;

    kernels->set_alpha ((uint32_t *) (void *) cw_pixels_row (pixels, y), alpha, pixels->width);
  }
}

/* The pixels are opaque so far. */
static void
set_alpha (CwPixels *pixels, uint8_t value)
{
  const CwLzKernels *kernels = cw_lz_kernels (cw_cpu_flags ());

  for (uint32_t y = 0; y < pixels->height && value != 255; y++)
    cw_lz_fill_alpha (kernels, (uint32_t *) (void *) cw_pixels_row (pixels, y), value, pixels->width);
}

static bool
decode_alpha (const CwCodecInput *in, CwPixels *pixels, bool *top_down, GError **error)
{
  CwSlice data = { in->data.data + in->jpeg_size, in->data.size - in->jpeg_size };
  g_autofree uint8_t *plane = NULL;
  uint8_t value;

  if (cw_lz_alpha_constant (data, in->width, in->height, top_down, &value)) {
    set_alpha (pixels, value);
    return true;
  }
  plane = g_try_malloc ((size_t) in->width * in->height + PLANE_SLACK);
  if (!plane) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "jpeg_alpha: no memory for %u×%u bytes of alpha", in->width,
                 in->height);
    return false;
  }
  if (!cw_lz_alpha_decode (data, in->width, in->height, top_down, plane, error))
    return false;
  merge_alpha (pixels, plane, *top_down);
  return true;
}

bool
cw_jpeg_alpha_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  g_autoptr (CwJpegReader) reader = cw_jpeg_reader_new ();
  g_autoptr (CwPixels) pixels = NULL;
  bool top_down, announced = in->flags & CW_JPEG_ALPHA_TOP_DOWN;
  CwJpegFile file = { .width = in->width, .height = in->height, .flags = CW_JPEG_ALPHA, .pool = in->pool };

  if (in->jpeg_size < MIN_JPEG_SIZE || in->jpeg_size > in->data.size) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "jpeg_alpha: jpeg_size %u is outside %d … %zu", in->jpeg_size,
                 MIN_JPEG_SIZE, in->data.size);
    return false;
  }
  file.data = (CwSlice){ in->data.data, in->jpeg_size };
  if (!cw_jpeg_reader_decode (reader, &file, &pixels, error) || !decode_alpha (in, pixels, &top_down, error))
    return false;
  if (top_down != announced) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "jpeg_alpha: top_down is %d in the alpha part, %d in the flags",
                 top_down, announced);
    return false;
  }
  *out = g_steal_pointer (&pixels);
  return true;
}
