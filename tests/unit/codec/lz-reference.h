/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* LZ and GLZ decoded one byte and one unit at a time, and random streams of tokens: what the kernels are compared
 * with. Shares no code with them but the description of a unit. */
#pragma once

#include "codec/lz-stream.h"

#include <string.h>

/* Where referenced images come from; an image is what it decodes to. */
typedef struct {
  uint32_t distance, n_pixels;
  const uint32_t *pixels;
} RefImage;

typedef struct {
  bool glz;
  CwLzUnit unit;
  guint32 max_distance;
  const RefImage *images;
  guint n_images;
} RefFormat;

static inline const RefImage *
ref_image (const RefFormat *format, guint32 distance)
{
  for (guint i = 0; i < format->n_images; i++)
    if (format->images[i].distance == distance)
      return &format->images[i];
  return NULL;
}

/* Decodes to one guint32 per unit. Returns the bytes consumed, or -1 if the stream is bad. */
static inline gssize
ref_decode (const RefFormat *format, const guint8 *data, gsize size, guint32 *units, gsize n_units)
{
  static const guint bias[] = { 2, 1, 0 };
  gsize at = 0, done = 0;

#define NEXT(var)                                                                                                      \
  if (at == size)                                                                                                      \
    return -1;                                                                                                         \
  var = data[at++]

  while (done < n_units) {
    guint32 c, e, a, b, offset, distance = 0;
    guint64 n;

    NEXT (c);
    if (c < 32) {
      for (n = c + 1; n > 0; n--) {
        guint32 value = 0, x;

        if (done == n_units)
          return -1;
        for (guint i = 0; i <= (guint) format->unit; i++) {
          NEXT (x);
          value |= format->unit == CW_LZ_UNIT_RGB16 ? x << (8 - 8 * i) : x << 8 * i;
        }
        if (format->unit == CW_LZ_UNIT_RGB16)
          value &= 0x7fff;
        if (format->unit == CW_LZ_UNIT_RGB16 && format->glz) {
          guint32 red = value >> 10, green = value >> 5 & 31, blue = value & 31;

          value = (red << 3 | red >> 2) << 16 | (green << 3 | green >> 2) << 8 | (blue << 3 | blue >> 2);
        }
        units[done++] = value;
      }
      continue;
    }
    n = c >> 5;
    if (n == 7)
      do {
        NEXT (e);
        n += e;
      } while (e == 255);
    n += bias[format->unit];
    NEXT (a);
    if (!format->glz) {
      offset = (c & 31) << 8 | a;
      if (offset == 8191) {
        guint32 h, l;

        NEXT (h);
        NEXT (l);
        offset += h << 8 | l;
      }
    } else {
      offset = (c & 15) | a << 4;
      NEXT (b);
      if ((c & 16) == 0)
        distance = b & 63;
      else
        offset |= (b & 31) << 12;
      for (guint i = 0; i < b >> 6; i++) {
        NEXT (e);
        distance |= e << ((c & 16) == 0 ? 6 + 8 * i : 8 * i);
      }
      if ((c & 16) != 0 && (b & 32) != 0) {
        NEXT (e);
        offset |= e << 17;
      }
    }
    if (n > n_units - done)
      return -1;
    if (distance == 0) {
      if (offset + 1 > done)
        return -1;
      for (; n > 0; n--, done++)
        units[done] = units[done - offset - 1];
    } else {
      const RefImage *image = ref_image (format, distance);

      if (distance > format->max_distance || !image || offset + n > image->n_pixels)
        return -1;
      for (; n > 0; n--)
        units[done++] = format->unit == CW_LZ_UNIT_BYTE ? image->pixels[offset++] >> 24 : image->pixels[offset++];
    }
  }
#undef NEXT
  return at;
}

static inline guint32
ref_below (GRand *rand, guint32 limit)
{
  return g_rand_int (rand) % limit;
}

/* Small most of the time, sometimes anything up to limit. */
static inline guint32
ref_size (GRand *rand, guint32 limit)
{
  static const guint32 sizes[] = { 4, 20, 40, 300, 3000, G_MAXUINT32 };

  guint32 size = sizes[ref_below (rand, G_N_ELEMENTS (sizes))];

  return limit == 0 ? 0 : ref_below (rand, MIN (limit, size));
}

static inline void
ref_put (GByteArray *out, guint32 byte)
{
  guint8 b = byte;

  g_byte_array_append (out, &b, 1);
}

/* A match of n units; offset is counted as on the wire. */
static inline void
ref_put_match (GByteArray *out, const RefFormat *format, guint32 n, guint32 offset, guint32 distance)
{
  static const guint bias[] = { 2, 1, 0 };
  guint32 length = n - bias[format->unit];
  bool wide = offset >= 4096, wider = offset >= 131072;
  guint32 c = MIN (length, 7) << 5, k;

  if (!format->glz)
    c |= MIN (offset, 8191) >> 8;
  else
    c |= (wide ? 16 : 0) | (offset & 15);
  ref_put (out, c);
  if (length >= 7) {
    for (length -= 7; length >= 255; length -= 255)
      ref_put (out, 255);
    ref_put (out, length);
  }
  if (!format->glz) {
    ref_put (out, MIN (offset, 8191) & 255);
    if (offset >= 8191) {
      ref_put (out, (offset - 8191) >> 8);
      ref_put (out, (offset - 8191) & 255);
    }
    return;
  }
  ref_put (out, offset >> 4 & 255);
  if (!wide) {
    for (k = 0; distance >> (6 + 8 * k) != 0; k++)
      continue;
    ref_put (out, k << 6 | (distance & 63));
    for (guint i = 0; i < k; i++)
      ref_put (out, distance >> (6 + 8 * i) & 255);
  } else {
    for (k = 0; distance >> 8 * k != 0; k++)
      continue;
    ref_put (out, k << 6 | (wider ? 32 : 0) | (offset >> 12 & 31));
    for (guint i = 0; i < k; i++)
      ref_put (out, distance >> 8 * i & 255);
    if (wider)
      ref_put (out, offset >> 17);
  }
}

/* Appends a random valid stream of exactly n_units. */
static inline void
ref_put_random (GByteArray *out, GRand *rand, const RefFormat *format, gsize n_units)
{
  static const guint bias[] = { 2, 1, 0 };
  gsize done = 0;

  while (done < n_units) {
    guint32 left = n_units - done, n;
    const RefImage *image = format->n_images > 0 ? &format->images[ref_below (rand, format->n_images)] : NULL;
    guint kind = ref_below (rand, image ? 3 : 2);

    if (kind == 0 || done == 0 || left < bias[format->unit] + 1) {
      n = 1 + ref_below (rand, MIN (left, 32));
      ref_put (out, n - 1);
      for (guint i = 0; i < n * (format->unit + 1); i++)
        ref_put (out, ref_below (rand, 256));
    } else if (kind == 1) {
      n = bias[format->unit] + 1 + ref_size (rand, left - bias[format->unit]);
      ref_put_match (out, format, n, ref_size (rand, MIN (done, format->glz ? 1 << 25 : 73727)), 0);
    } else {
      guint32 offset = ref_size (rand, image->n_pixels - bias[format->unit]);
      guint32 most = MIN (left, image->n_pixels - offset) - bias[format->unit];

      n = bias[format->unit] + 1 + ref_size (rand, most);
      if (n > MIN (left, image->n_pixels - offset))
        continue;
      ref_put_match (out, format, n, offset, image->distance);
    }
    done += n;
  }
}
