/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Format: u8 top-down, u8 bitmap format, then blocks: u32 big-endian size and as many bytes of a raw LZ4 block. A block
 * may refer to the 64 KiB of output before it. All output together is the rows in the order of encoding, unpadded. */
#include "codec/lz4.h"

#include "base/bytes.h"
#include "base/error.h"
#include "codec/clear-x.h"

#include <lz4.h>
#include <string.h>

#define HISTORY 65536 /* bytes of output that a later block may refer to */
#define MAX_RATIO 255 /* no LZ4 block expands to more than this many times its size */

typedef struct {
  CwPixelFormat pixels;
  unsigned bytes_per_pixel;
} Lz4Layout;

static const Lz4Layout layouts[] = {
  [CW_BITMAP_FMT_16BIT] = { CW_PIXELS_X1R5G5B5, 2 }, [CW_BITMAP_FMT_24BIT] = { CW_PIXELS_BGRX, 3 },
  [CW_BITMAP_FMT_32BIT] = { CW_PIXELS_BGRX, 4 },     [CW_BITMAP_FMT_RGBA] = { CW_PIXELS_BGRA, 4 },
  [CW_BITMAP_FMT_8BIT_A] = { CW_PIXELS_A8, 1 },
};

static bool
fail (GError **error, const char *what, uint64_t value, uint64_t limit)
{
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "lz4: %s: %" G_GUINT64_FORMAT ", limit %" G_GUINT64_FORMAT, what,
               value, limit);
  return false;
}

/* Whole pixels of 32 bits. */
static void
clear_x (uint8_t *from, uint8_t *to)
{
  cw_clear_x ((uint32_t *) (void *) from, (size_t) (to - from) / 4);
}

/* Fills packed[0 … total) from the blocks. With clear, zeroes the X of pixels, but only once no later block can refer
 * to it any more: that is soon enough to find it in the processor's cache. */
static bool
read_blocks (CwSlice data, uint8_t *packed, size_t total, bool clear, GError **error)
{
  size_t at = 0, done = 0, cleared = 0;

  do {
    uint32_t size;
    size_t history = MIN (done, HISTORY);
    int got;

    if (data.size - at < 4)
      return fail (error, "bytes left for a block's size field of 4", data.size - at, 4);
    size = cw_be32 (data.data + at);
    at += 4;
    if (size == 0 || size > data.size - at || size > LZ4_MAX_INPUT_SIZE)
      return fail (error, "block size", size, data.size - at);
    got = LZ4_decompress_safe_usingDict ((const char *) data.data + at, (char *) packed + done, size, total - done,
                                         (const char *) packed + done - history, history);
    if (got <= 0)
      return fail (error, "corrupt block, or one beyond the image, after so many bytes of output", done, total);
    at += size;
    done += got;
    if (clear && done > HISTORY) {
      size_t end = (done - HISTORY) & ~(size_t) 3;

      clear_x (packed + cleared, packed + end);
      cleared = end;
    }
  } while (at < data.size);
  if (done != total)
    return fail (error, "bytes of output", done, total);
  if (clear)
    clear_x (packed + cleared, packed + total);
  return true;
}

/* Moves rows from where they were unpacked, at the end of the pixels' memory, to their places; going forward never
 * overwrites what is still to be moved, because no row or pixel is larger packed than in its place. */
static void
spread (CwPixels *pixels, const uint8_t *packed, unsigned bytes_per_pixel)
{
  size_t stride = ABS (pixels->stride), width = pixels->width;
  const uint8_t *from = packed;

  for (uint32_t y = 0; y < pixels->height; y++) {
    uint8_t *row = pixels->first + y * stride;

    if (bytes_per_pixel == 3) {
      for (size_t x = 0; x < width; x++, from += 3) {
        uint32_t pixel = cw_le24 (from);

        memcpy (row + x * 4, &pixel, sizeof pixel);
      }
    } else if (bytes_per_pixel == 2) {
      for (size_t x = 0; x < width; x++, from += 2) {
        uint16_t pixel = cw_le16 (from) & 0x7fff;

        memcpy (row + x * 2, &pixel, sizeof pixel);
      }
    } else {
      memmove (row, from, width);
      from += width;
    }
  }
}

bool
cw_lz4_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  g_autoptr (CwPixels) pixels = NULL;
  const Lz4Layout *layout;
  CwSlice blocks;
  uint64_t total;
  uint8_t *packed;

  if (in->data.size < 2)
    return fail (error, "payload size, 2 are needed", in->data.size, 2);
  if (in->data.data[1] < CW_BITMAP_FMT_16BIT || in->data.data[1] > CW_BITMAP_FMT_8BIT_A) {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "lz4: format %u is outside %d … %d", in->data.data[1],
                 CW_BITMAP_FMT_16BIT, CW_BITMAP_FMT_8BIT_A);
    return false;
  }
  layout = &layouts[in->data.data[1]];
  blocks = (CwSlice){ in->data.data + 2, in->data.size - 2 };
  total = (uint64_t) in->width * in->height;
  if (total <= CW_PIXELS_MAX_AREA && total * layout->bytes_per_pixel > (uint64_t) blocks.size * MAX_RATIO)
    return fail (error, "bytes of image are more than the payload can give", total * layout->bytes_per_pixel,
                 (uint64_t) blocks.size * MAX_RATIO);
  pixels = cw_pixels_new_in (in->pool, layout->pixels, in->width, in->height, in->data.data[0] == 0, error);
  if (!pixels)
    return false;
  total *= layout->bytes_per_pixel;
  packed = pixels->first + cw_pixels_size (pixels) - total;
  if (!read_blocks (blocks, packed, total, layout == &layouts[CW_BITMAP_FMT_32BIT], error))
    return false;
  if (layout->bytes_per_pixel < 4)
    spread (pixels, packed, layout->bytes_per_pixel);
  *out = g_steal_pointer (&pixels);
  return true;
}
