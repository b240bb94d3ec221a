/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Palette images: the units are decoded to bytes first, then whole rows are looked up. */
#include "base/cpu.h"
#include "base/error.h"
#include "codec/lz-header.h"
#include "codec/lz-stream.h"
#include "codec/lz.h"

#include <string.h>

/* Pixels that a byte can stand for. */
typedef struct {
  uint32_t colours[256];
  uint32_t pairs[256][2]; /* of a byte of 2 pixels */
  uint32_t fours[16][4];  /* of half a byte of 8 pixels */
} Lookup;

static void
lookup_init (Lookup *self, CwLzType type, const uint32_t *palette, uint32_t n_palette)
{
  for (uint32_t i = 0; i < 256; i++)
    self->colours[i] = palette[i % n_palette] & 0xffffff;
  if (type == CW_LZ_PLT4_BE || type == CW_LZ_PLT4_LE) {
    for (unsigned i = 0; i < 256; i++) {
      self->pairs[i][type == CW_LZ_PLT4_LE] = self->colours[i >> 4];
      self->pairs[i][type == CW_LZ_PLT4_BE] = self->colours[i & 15];
    }
  } else if (type == CW_LZ_PLT1_BE || type == CW_LZ_PLT1_LE) {
    for (unsigned i = 0; i < 16; i++)
      for (unsigned x = 0; x < 4; x++)
        self->fours[i][x] = self->colours[i >> (type == CW_LZ_PLT1_LE ? x : 3 - x) & 1];
  }
}

/* May write up to 7 pixels behind the row. */
static void
expand_row (const Lookup *self, CwLzType type, uint32_t *to, const uint8_t *from, uint32_t stride)
{
  const unsigned first = type == CW_LZ_PLT1_LE ? 0 : 4;

  switch (type) {
  case CW_LZ_PLT8:
    for (uint32_t i = 0; i < stride; i++)
      to[i] = self->colours[from[i]];
    break;
  case CW_LZ_PLT4_LE:
  case CW_LZ_PLT4_BE:
    for (uint32_t i = 0; i < stride; i++)
      memcpy (to + 2 * (size_t) i, self->pairs[from[i]], sizeof self->pairs[0]);
    break;
  default:
    for (uint32_t i = 0; i < stride; i++) {
      memcpy (to + 8 * (size_t) i, self->fours[from[i] >> first & 15], sizeof self->fours[0]);
      memcpy (to + 8 * (size_t) i + 4, self->fours[from[i] >> (4 - first) & 15], sizeof self->fours[0]);
    }
  }
}

bool
cw_lz_plt_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  const uint32_t types
      = 1u << CW_LZ_PLT1_LE | 1u << CW_LZ_PLT1_BE | 1u << CW_LZ_PLT4_LE | 1u << CW_LZ_PLT4_BE | 1u << CW_LZ_PLT8;
  g_autoptr (CwPixels) pixels = NULL;
  g_autofree uint8_t *units = NULL;
  Lookup lookup;
  CwLzHeader header;
  CwLzStream stream;
  size_t n;

  if (!in->palette || in->n_palette == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "lz: palette with %u entries for a palette image",
                 !in->palette ? 0 : in->n_palette);
    return false;
  }
  if (!cw_lz_header_read (in->data, in->width, in->height, types, &header, &stream, error))
    return false;
  n = (size_t) header.stride * in->height;
  units = g_try_malloc (n + CW_LZ_OVERSHOOT);
  if (!units) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "lz: no memory for %zu bytes of palette indices", n);
    return false;
  }
  if (!cw_lz_kernels (cw_cpu_flags ())->lz[CW_LZ_UNIT_BYTE](&stream, units, n, CW_LZ_OVERSHOOT)) {
    cw_lz_set_fault (error, "lz", &stream.fault, in->data.data);
    return false;
  }
  pixels = cw_pixels_new_in (in->pool, CW_PIXELS_BGRX, in->width, in->height, !header.top_down, error);
  if (!pixels)
    return false;
  lookup_init (&lookup, header.type, in->palette, in->n_palette);
  for (uint32_t y = 0; y < in->height; y++)
    expand_row (&lookup, header.type, (uint32_t *) (void *) pixels->first + (size_t) y * in->width,
                units + (size_t) y * header.stride, header.stride);
  *out = g_steal_pointer (&pixels);
  return true;
}
