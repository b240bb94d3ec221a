/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Format: pointer shapes as SPICE servers pass them on from guests, unchecked. Guests differ in whether rows of masks
 * and of 4-bit pixels are padded to bytes: padded rows are taken where the data is long enough for them. */
#include "codec/cursor.h"

#include "base/bytes.h"

#define CHECKER_DARK 0xc0303030u
#define CHECKER_LIGHT 0x30505050u
#define WHITE 0x00ffffffu

typedef struct {
  unsigned type;
  uint32_t width, height;
  bool padded; /* rows of masks and nibbles begin at bytes */
  const uint8_t *pixels, *palette, *mask;
} Shape;

static size_t
mask_size (uint32_t width, uint32_t height, bool padded)
{
  return padded ? (size_t) ((width + 7) / 8) * height : ((size_t) width * height + 7) / 8;
}

/* Bytes of the pixels and of the palette behind them; false for types without such a layout. */
static bool
color_sizes (unsigned type, uint32_t width, uint32_t height, size_t *pixels, size_t *palette)
{
  size_t area = (size_t) width * height;

  *palette = 0;
  switch (type) {
  case CW_CURSOR_TYPE_COLOR4:
    *pixels = (size_t) ((width + 1) / 2) * height;
    *palette = 16 * 4;
    return true;
  case CW_CURSOR_TYPE_COLOR8:
    *pixels = area;
    *palette = 256 * 4;
    return true;
  case CW_CURSOR_TYPE_COLOR16:
    *pixels = area * 2;
    return true;
  case CW_CURSOR_TYPE_COLOR24:
    *pixels = area * 3;
    return true;
  case CW_CURSOR_TYPE_COLOR32:
    *pixels = area * 4;
    return true;
  default:
    return false;
  }
}

static void
store (uint8_t *out, uint32_t argb)
{
  out[0] = (uint8_t) (argb >> 16);
  out[1] = (uint8_t) (argb >> 8);
  out[2] = (uint8_t) argb;
  out[3] = (uint8_t) (argb >> 24);
}

static bool
mask_bit (const Shape *self, const uint8_t *mask, uint32_t x, uint32_t y)
{
  size_t bit = self->padded ? (size_t) y * ((self->width + 7) / 8) * 8 + x : (size_t) y * self->width + x;

  return mask[bit / 8] >> (7 - bit % 8) & 1;
}

/* The colour as 0xTTRRGGBB, T being what the guest left there; *white: the raw value means "invert" under the mask. */
static uint32_t
color_at (const Shape *self, uint32_t x, uint32_t y, bool *white)
{
  size_t i = (size_t) y * self->width + x;
  uint32_t raw;

  switch (self->type) {
  case CW_CURSOR_TYPE_COLOR4: {
    size_t nibble = self->padded ? (size_t) y * ((self->width + 1) / 2) * 2 + x : i;

    raw = cw_le32 (self->palette + 4 * (self->pixels[nibble / 2] >> (nibble % 2 ? 0 : 4) & 0xf));
    break;
  }
  case CW_CURSOR_TYPE_COLOR8:
    raw = cw_le32 (self->palette + 4 * self->pixels[i]);
    break;
  case CW_CURSOR_TYPE_COLOR16:
    raw = self->pixels[2 * i] | (uint32_t) self->pixels[2 * i + 1] << 8;
    *white = raw == 0x7fff;
    return (raw & 0x7c00) << 9 | (raw & 0x3e0) << 6 | (raw & 0x1f) << 3;
  case CW_CURSOR_TYPE_COLOR24:
    raw = self->pixels[3 * i] | (uint32_t) self->pixels[3 * i + 1] << 8 | (uint32_t) self->pixels[3 * i + 2] << 16;
    break;
  default:
    raw = cw_le32 (self->pixels + 4 * i);
    break;
  }
  *white = raw == WHITE;
  return raw;
}

static void
decode_color (const Shape *self, uint8_t *out)
{
  for (uint32_t y = 0; y < self->height; y++)
    for (uint32_t x = 0; x < self->width; x++, out += 4) {
      bool white = false;
      uint32_t color = color_at (self, x, y, &white);

      if (!mask_bit (self, self->mask, x, y))
        store (out, color | 0xff000000u);
      else if (white)
        store (out, (x ^ y) & 1 ? CHECKER_DARK : CHECKER_LIGHT);
      else
        store (out, color);
    }
}

static void
decode_alpha (const Shape *self, uint8_t *out)
{
  size_t area = (size_t) self->width * self->height;

  for (size_t i = 0; i < area; i++)
    store (out + 4 * i, cw_le32 (self->pixels + 4 * i));
}

static bool
has_neighbour (const Shape *self, const uint8_t * xor, uint32_t x, uint32_t y)
{
  for (uint32_t j = y - 1; j <= y + 1; j++)
    for (uint32_t i = x - 1; i <= x + 1; i++)
      if ((i != x || j != y) && mask_bit (self, xor, i, j))
        return true;
  return false;
}

/* AND mask, then XOR mask. A shape that only inverts (a text beam) is drawn white with a black edge, so that it can be
 * seen on white ground. */
static void
decode_mono (const Shape *self, uint8_t *out)
{
  size_t size = mask_size (self->width, self->height, true);
  const uint8_t *and = self->pixels, *xor = self->pixels + size;
  bool edge = true;

  for (size_t i = 0; i < size && edge; i++)
    edge = and[i] == 0xff;
  for (uint32_t y = 0; y < self->height; y++)
    for (uint32_t x = 0; x < self->width; x++, out += 4) {
      bool inner = x > 0 && y > 0 && x + 1 < self->width && y + 1 < self->height;

      if (mask_bit (self, xor, x, y))
        store (out, 0xffffffffu);
      else if (!mask_bit (self, and, x, y) || (edge && inner && has_neighbour (self, xor, x, y)))
        store (out, 0xff000000u);
      else
        store (out, 0);
    }
}

static bool
take_data (Shape *self, CwSlice data, GError **error)
{
  size_t pixels, palette = 0, needed;

  self->pixels = data.data;
  if (self->type == CW_CURSOR_TYPE_ALPHA) {
    needed = (size_t) self->width * self->height * 4;
  } else if (self->type == CW_CURSOR_TYPE_MONO) {
    self->padded = true;
    needed = 2 * mask_size (self->width, self->height, true);
  } else if (color_sizes (self->type, self->width, self->height, &pixels, &palette)) {
    self->padded = data.size >= pixels + palette + mask_size (self->width, self->height, true);
    needed = pixels + palette + mask_size (self->width, self->height, self->padded);
    self->palette = data.data + pixels;
    self->mask = data.data + pixels + palette;
  } else {
    g_set_error (error, CW_ERROR, CW_ERROR_UNSUPPORTED, "cursor: type: %u is unknown", self->type);
    return false;
  }
  if (data.size < needed) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "cursor: data: %" G_GSIZE_FORMAT " < %" G_GSIZE_FORMAT " bytes",
                 data.size, needed);
    return false;
  }
  return true;
}

uint8_t *
cw_cursor_decode (unsigned type, uint32_t width, uint32_t height, CwSlice data, GError **error)
{
  Shape shape = { .type = type, .width = width, .height = height };
  uint8_t *out;

  if (width < 1 || width > CW_CURSOR_MAX_SIDE || height < 1 || height > CW_CURSOR_MAX_SIDE) {
    g_set_error (error, CW_ERROR, CW_ERROR_LIMIT, "cursor: size: %u x %u, 1 to %d allowed", width, height,
                 CW_CURSOR_MAX_SIDE);
    return NULL;
  }
  if (!take_data (&shape, data, error))
    return NULL;
  out = g_try_malloc ((size_t) width * height * 4);
  if (!out) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "cursor: no memory for %u x %u pixels", width, height);
    return NULL;
  }
  if (type == CW_CURSOR_TYPE_ALPHA)
    decode_alpha (&shape, out);
  else if (type == CW_CURSOR_TYPE_MONO)
    decode_mono (&shape, out);
  else
    decode_color (&shape, out);
  return out;
}
