/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/lz-encode.h"

#include <string.h>

#define HASH_BITS 20
#define LZ_FAR 73727u
#define NOWHERE UINT32_MAX
#define LONG_ENOUGH 16 /* a match like this is taken without looking at other images */

/* A token stream over units of any kind. */
typedef struct {
  GByteArray *out;
  const uint32_t *units;
  uint32_t n;
  unsigned literal_bytes, bias;
  bool glz;
  const uint32_t *earlier; /* GLZ: the units of another image */
  uint32_t n_earlier, distance;
} Stream;

static void
put_u8 (GByteArray *out, unsigned value)
{
  uint8_t byte = value;

  g_byte_array_append (out, &byte, 1);
}

static void
put_be (GByteArray *out, uint64_t value, unsigned bytes)
{
  while (bytes-- > 0)
    put_u8 (out, (unsigned) (value >> 8 * bytes) & 0xff);
}

static unsigned
hash (const uint32_t *units)
{
  return (units[0] * 0x9e3779b1u ^ units[1] * 0x85ebca77u ^ units[2] * 0xc2b2ae3du) >> (32 - HASH_BITS);
}

static void
put_literals (Stream *self, uint32_t from, uint32_t to)
{
  while (from < to) {
    uint32_t n = MIN (32, to - from);

    put_u8 (self->out, n - 1);
    for (; n > 0; n--, from++) {
      uint32_t unit = self->units[from];

      if (self->literal_bytes == 3) {
        put_u8 (self->out, unit & 0xff);
        put_u8 (self->out, unit >> 8 & 0xff);
        put_u8 (self->out, unit >> 16 & 0xff);
      } else {
        put_be (self->out, unit, self->literal_bytes);
      }
    }
  }
}

/* The control byte with 5 low bits of the form's own, and the length behind it. */
static void
put_length (Stream *self, uint32_t n, unsigned low)
{
  uint32_t length = n - self->bias;

  put_u8 (self->out, MIN (7, length) << 5 | low);
  if (length < 7)
    return;
  for (length -= 7; length >= 255; length -= 255)
    put_u8 (self->out, 255);
  put_u8 (self->out, length);
}

static void
put_lz_match (Stream *self, uint32_t n, uint32_t distance)
{
  uint32_t d = distance - 1;

  put_length (self, n, MIN (d, 8191) >> 8);
  put_u8 (self->out, MIN (d, 8191) & 0xff);
  if (d >= 8191)
    put_be (self->out, d - 8191, 2);
}

/* offset: the distance - 1, or the index in the other image if distance > 0. */
static void
put_glz_match (Stream *self, uint32_t n, uint32_t offset, uint32_t distance)
{
  bool wide = offset >= 1u << 12, very_wide = offset >= 1u << 17;
  unsigned bytes = 0, first_bits = wide ? 0 : 6;

  while (distance >> (first_bits + 8 * bytes) != 0)
    bytes++;
  put_length (self, n, wide << 4 | (offset & 15));
  put_u8 (self->out, offset >> 4 & 0xff);
  if (!wide) {
    put_u8 (self->out, bytes << 6 | (distance & 63));
    distance >>= 6;
  } else {
    put_u8 (self->out, bytes << 6 | very_wide << 5 | (offset >> 12 & 31));
  }
  for (unsigned i = 0; i < bytes; i++)
    put_u8 (self->out, distance >> 8 * i & 0xff);
  if (very_wide)
    put_u8 (self->out, offset >> 17);
}

static uint32_t
common (const uint32_t *a, const uint32_t *b, uint32_t limit)
{
  uint32_t n = 0;

  while (n < limit && a[n] == b[n])
    n++;
  return n;
}

static void
encode_stream (Stream *self)
{
  g_autofree uint32_t *here = g_malloc (sizeof (uint32_t) << HASH_BITS);
  g_autofree uint32_t *there = g_malloc (sizeof (uint32_t) << HASH_BITS);
  const uint32_t least = self->bias + 1;
  uint32_t literals = 0, i = 0;

  memset (here, 0xff, sizeof (uint32_t) << HASH_BITS);
  memset (there, 0xff, sizeof (uint32_t) << HASH_BITS);
  for (uint32_t k = 0; k + 3 <= self->n_earlier; k++)
    there[hash (self->earlier + k)] = k;
  while (i < self->n) {
    const uint32_t *units = self->units + i, room = self->n - i;
    uint32_t near = 0, other = 0, at_near = i, at_other = NOWHERE;

    if (i > 0 && units[0] == units[-1]) {
      near = common (units - 1, units, room);
      at_near = i - 1;
    }
    if (room >= 3 && near < LONG_ENOUGH) {
      unsigned h = hash (units);
      uint32_t n = here[h] == NOWHERE || (!self->glz && i - here[h] > LZ_FAR)
                       ? 0
                       : common (self->units + here[h], units, room);

      if (n > near) {
        near = n;
        at_near = here[h];
      }
      here[h] = i;
      if (near < LONG_ENOUGH && (at_other = there[h]) != NOWHERE)
        other = common (self->earlier + at_other, units, MIN (room, self->n_earlier - at_other));
    }
    if (MAX (near, other) < least + 2) {
      i++;
      continue;
    }
    put_literals (self, literals, i);
    if (other > near)
      put_glz_match (self, other, at_other, self->distance);
    else if (self->glz)
      put_glz_match (self, near, i - at_near - 1, 0);
    else
      put_lz_match (self, near, i - at_near);
    i += MAX (near, other);
    literals = i;
  }
  put_literals (self, literals, self->n);
}

static uint32_t *
map_units (CwLzType type, bool alpha, const uint32_t *pixels, uint32_t n)
{
  uint32_t *units = g_new (uint32_t, n);

  for (uint32_t i = 0; i < n; i++) {
    uint32_t p = pixels[i];

    units[i] = alpha                 ? p >> 24
               : type == CW_LZ_RGB16 ? (p >> 9 & 0x7c00) | (p >> 6 & 0x03e0) | (p >> 3 & 0x001f)
                                     : p & 0xffffff;
  }
  return units;
}

static void
encode_pixels (GByteArray *out, CwLzType type, const uint32_t *pixels, uint32_t n, bool glz, const uint32_t *earlier,
               uint32_t n_earlier, uint32_t distance)
{
  for (unsigned pass = 0; pass < 2; pass++) {
    bool alpha = pass == 1;
    g_autofree uint32_t *units = NULL, *others = NULL;
    Stream stream = { .out = out, .n = n, .glz = glz, .n_earlier = n_earlier, .distance = distance };

    if (alpha ? type < CW_LZ_RGBA : type > CW_LZ_RGBA)
      continue;
    units = map_units (type, alpha, pixels, n);
    others = map_units (type, alpha, earlier, n_earlier);
    stream.units = units;
    stream.earlier = others;
    stream.literal_bytes = alpha ? 1 : type == CW_LZ_RGB16 ? 2 : 3;
    stream.bias = alpha ? 2 : type == CW_LZ_RGB16 ? 1 : 0;
    encode_stream (&stream);
  }
}

static GByteArray *
start (CwLzType type, uint32_t width, uint32_t height, uint32_t stride, bool top_down)
{
  const uint32_t words[] = { 0x20205a4c, 0x00010001, type, width, height, stride, top_down };
  GByteArray *out = g_byte_array_new ();

  for (unsigned i = 0; i < G_N_ELEMENTS (words); i++)
    put_be (out, words[i], 4);
  return out;
}

GByteArray *
cw_lz_encode (CwLzType type, const uint32_t *pixels, uint32_t width, uint32_t height, bool top_down)
{
  const unsigned bytes = type == CW_LZ_RGB16 ? 2 : type == CW_LZ_RGB24 ? 3 : type == CW_LZ_A8 ? 1 : 4;
  GByteArray *out = start (type, width, height, width * bytes, top_down);

  encode_pixels (out, type, pixels, width * height, false, NULL, 0, 0);
  return out;
}

GByteArray *
cw_lz_encode_palette (CwLzType type, const uint8_t *rows, uint32_t stride, uint32_t width, uint32_t height,
                      bool top_down)
{
  GByteArray *out = start (type, width, height, stride, top_down);
  g_autofree uint32_t *units = g_new (uint32_t, (size_t) stride * height);
  Stream stream = { .out = out, .units = units, .n = stride * height, .literal_bytes = 1, .bias = 2 };

  for (uint32_t i = 0; i < stream.n; i++)
    units[i] = rows[i];
  encode_stream (&stream);
  return out;
}

GByteArray *
cw_glz_encode (CwLzType type, const uint32_t *pixels, uint32_t width, uint32_t height, bool top_down, uint64_t id,
               const uint32_t *earlier, uint32_t n_earlier, uint32_t distance)
{
  const unsigned bytes = type == CW_LZ_RGB16 ? 2 : type == CW_LZ_RGB24 ? 3 : 4;
  GByteArray *out = g_byte_array_new ();

  put_be (out, 0x20205a4c, 4);
  put_be (out, 0x00010001, 4);
  put_u8 (out, type | top_down << 4);
  put_be (out, width, 4);
  put_be (out, height, 4);
  put_be (out, width * bytes, 4);
  put_be (out, id, 8);
  put_be (out, earlier ? distance : 0, 4);
  encode_pixels (out, type, pixels, width * height, true, earlier, earlier ? n_earlier : 0, distance);
  return out;
}
