/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/quic.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/error.h"
#include "codec/quic-state.h"

#include <string.h>

typedef enum { QUIC_GRAY = 1, QUIC_RGB16, QUIC_RGB24, QUIC_RGB32, QUIC_RGBA } QuicType;

#define HEADER_BYTES 20
#define MAGIC 0x43495551u /* "QUIC" */

/* How much of the payload is turned around at a time, so that it stays in the cache until it is read. */
#define CHUNK_BYTES 32768

typedef struct {
  const CwQuicKernels *kernels;
  QuicType type;
  uint32_t width, height;
  CwPixels *pixels;

  /* Input: words not yet in the window; the window, big-endian bytes followed by zeros. */
  const uint8_t *words;
  size_t n_words;
  uint8_t *window;
  size_t window_size; /* without the CW_QUIC_ROW_BYTES zeros behind it */
  size_t window_fill;
  CwQuicBits bits;

  CwQuicSet colour, alpha;
  uint32_t *rows[4]; /* two rows of colour, two of alpha, where they are not decoded in place */
  void *scratch;     /* holds window, rows and what the sets point to */
} Decoder;

static bool
check_header (const CwCodecInput *in, QuicType *type, GError **error)
{
  static const char *const names[] = { "magic", "version", "type", "width", "height" };
  const uint32_t least[] = { MAGIC, 0, QUIC_GRAY, in->width, in->height };
  const uint32_t most[] = { MAGIC, 0, QUIC_RGBA, in->width, in->height };

  if (in->data.size < HEADER_BYTES) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "quic: %zu bytes, the header has %d", in->data.size,
                 HEADER_BYTES);
    return false;
  }
  for (unsigned i = 0; i < G_N_ELEMENTS (names); i++) {
    uint32_t value = cw_le32 (in->data.data + 4 * i);

    if (value < least[i] || value > most[i]) {
      g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "quic: %s %u, must be %u … %u", names[i], value, least[i],
                   most[i]);
      return false;
    }
  }
  if (in->width == 0 || in->height == 0) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "quic: %u×%u pixels", in->width, in->height);
    return false;
  }
  *type = cw_le32 (in->data.data + 8);
  return true;
}

/* Before anything is allocated: the payload has a bit for every sample that is always coded. */
static bool
check_plausible (const CwCodecInput *in, QuicType type, GError **error)
{
  const uint64_t samples = type == QUIC_GRAY ? 1 : type == QUIC_RGBA ? 4 : 3;
  const uint64_t columns = in->width + (uint64_t) (in->height - 1) * MIN (in->width, 3);
  const uint64_t bits = (uint64_t) (in->data.size / 4 * 4 - HEADER_BYTES) * 8;

  if (bits < columns * samples) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
                 "quic: %" G_GUINT64_FORMAT " bits of data, %u×%u pixels take at "
                 "least %" G_GUINT64_FORMAT,
                 bits, in->width, in->height, columns * samples);
    return false;
  }
  return true;
}

static CwPixels *
new_pixels (const CwCodecInput *in, QuicType type, GError **error)
{
  static const CwPixelFormat formats[] = {
    [QUIC_GRAY] = CW_PIXELS_GRAY8, [QUIC_RGB16] = CW_PIXELS_X1R5G5B5, [QUIC_RGB24] = CW_PIXELS_BGRX,
    [QUIC_RGB32] = CW_PIXELS_BGRX, [QUIC_RGBA] = CW_PIXELS_BGRA,
  };

  return cw_pixels_new_in (in->pool, formats[type], in->width, in->height, false, error);
}

/* Everything a decoder needs besides the pixels, in one block. */
static bool
allocate (Decoder *self, GError **error)
{
  const size_t over = CW_QUIC_ROW_BYTES (self->width);
  const size_t row = (self->width + CW_QUIC_OVERSHOOT + 15) / 16 * 16;
  const size_t window = (MIN (self->n_words * 4, over + CHUNK_BYTES) + 63) / 64 * 64;
  const size_t n_rows = 2 + G_N_ELEMENTS (self->rows);
  uint32_t *rows;

  self->scratch = g_try_malloc (n_rows * row * sizeof (uint32_t) + window + over);
  if (!self->scratch) {
    g_set_error (error, CW_ERROR, CW_ERROR_MEMORY, "quic: no memory to decode rows of %u pixels", self->width);
    return false;
  }
  rows = self->scratch;
  self->colour.last = rows;
  self->alpha.last = rows + row;
  for (unsigned i = 0; i < G_N_ELEMENTS (self->rows); i++)
    self->rows[i] = rows + (2 + i) * row;
  self->window = (uint8_t *) (rows + n_rows * row);
  self->window_size = window;
  memset (self->window + window, 0, over);
  return true;
}

static void
init_set (CwQuicSet *set, const CwQuicFamily *family, unsigned bpc)
{
  memset (set->cost, 0, sizeof set->cost);
  for (unsigned c = 0; c < CW_QUIC_MAX_PLANES; c++)
    for (unsigned i = 0; i < G_N_ELEMENTS (set->code[c]); i++)
      set->code[c][i] = family->code[bpc - 1];
  set->columns = 0;
  set->wait = 1;
  set->seed = 255;
  set->mel = 0;
}

/* The next bit's place in the window, in bits. */
static uint64_t
position (const Decoder *self)
{
  return (uint64_t) (self->bits.p - self->window) * 8 - self->bits.n;
}

/* Drops what has been read from the window and brings in as much of the payload as fits. */
static void
fill_window (Decoder *self)
{
  const uint64_t bit = position (self);
  const size_t start = bit / 8, left = self->window_fill - start;
  const size_t n = MIN ((self->window_size - left) / 4, self->n_words);
  uint8_t *restrict to = self->window + left;
  const uint8_t *restrict from = self->words;
  uint64_t next;

  memmove (self->window, self->window + start, left);
  for (size_t i = 0; i < n; i++) {
    uint32_t value;

    memcpy (&value, from + 4 * i, sizeof value);
    value = GUINT32_SWAP_LE_BE (value);
    memcpy (to + 4 * i, &value, sizeof value);
  }
  self->words += 4 * n;
  self->n_words -= n;
  self->window_fill = left + 4 * n;
  memset (self->window + self->window_fill, 0, self->window_size - self->window_fill);
  memcpy (&next, self->window, sizeof next);
  self->bits.acc = GUINT64_FROM_BE (next) << bit % 8;
  self->bits.p = self->window + 7;
  self->bits.n = 56 - (int) (bit % 8);
}

static bool
decode_plane_row (Decoder *self, CwQuicRowFunc func, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t y,
                  GError **error)
{
  const uint64_t bit = position (self);

  if (self->n_words > 0 && self->window_fill - bit / 8 < CW_QUIC_ROW_BYTES (self->width))
    fill_window (self);
  if (!func (&self->bits, set, above, row, self->width)) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "quic: row %u of %u: a value or a run beyond its range", y,
                 self->height);
    return false;
  }
  if (position (self) > (uint64_t) self->window_fill * 8) {
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "quic: the data end in row %u of %u", y, self->height);
    return false;
  }
  return true;
}

static bool
decode_in_place (Decoder *self, GError **error)
{
  const uint32_t *above = NULL;

  for (uint32_t y = 0; y < self->height; y++) {
    uint32_t *row = (void *) cw_pixels_row (self->pixels, y);

    if (!decode_plane_row (self, self->kernels->rgb8, &self->colour, above, row, y, error))
      return false;
    above = row;
  }
  return true;
}

static bool
decode_rgba (Decoder *self, GError **error)
{
  const uint32_t *colour_above = NULL, *alpha_above = NULL;

  for (uint32_t y = 0; y < self->height; y++) {
    uint32_t *colour = self->rows[y % 2], *alpha = self->rows[2 + y % 2];

    if (!decode_plane_row (self, self->kernels->rgb8, &self->colour, colour_above, colour, y, error)
        || !decode_plane_row (self, self->kernels->single8, &self->alpha, alpha_above, alpha, y, error))
      return false;
    self->kernels->merge_alpha ((void *) cw_pixels_row (self->pixels, y), colour, alpha, self->width);
    colour_above = colour;
    alpha_above = alpha;
  }
  return true;
}

static bool
decode_rgb16 (Decoder *self, GError **error)
{
  const uint32_t *above = NULL;

  for (uint32_t y = 0; y < self->height; y++) {
    uint32_t *row = self->rows[y % 2];

    if (!decode_plane_row (self, self->kernels->rgb5, &self->colour, above, row, y, error))
      return false;
    self->kernels->narrow_16 ((void *) cw_pixels_row (self->pixels, y), row, self->width);
    above = row;
  }
  return true;
}

static bool
decode_gray (Decoder *self, GError **error)
{
  const uint32_t *above = NULL;

  for (uint32_t y = 0; y < self->height; y++) {
    uint32_t *row = self->rows[y % 2];
    uint8_t *out = cw_pixels_row (self->pixels, y);

    if (!decode_plane_row (self, self->kernels->single8, &self->colour, above, row, y, error))
      return false;
    for (uint32_t x = 0; x < self->width; x++)
      out[x] = row[x];
    above = row;
  }
  return true;
}

static bool
decode (Decoder *self, GError **error)
{
  const CwQuicTables *tables = cw_quic_tables ();

  if (self->type == QUIC_RGB16)
    init_set (&self->colour, &tables->bpc5, 5);
  else
    init_set (&self->colour, &tables->bpc8, 8);
  init_set (&self->alpha, &tables->bpc8, 8);
  self->bits = (CwQuicBits){ .p = self->window };
  fill_window (self);
  switch (self->type) {
  case QUIC_GRAY:
    return decode_gray (self, error);
  case QUIC_RGB16:
    return decode_rgb16 (self, error);
  case QUIC_RGBA:
    return decode_rgba (self, error);
  case QUIC_RGB24:
  case QUIC_RGB32:
    break;
  }
  return decode_in_place (self, error);
}

bool
cw_quic_decode_with (const CwQuicKernels *kernels, const CwCodecInput *in, CwPixels **out, GError **error)
{
  g_autoptr (CwPixels) pixels = NULL;
  Decoder self = { .kernels = kernels, .width = in->width, .height = in->height };
  bool done;

  if (!check_header (in, &self.type, error) || !check_plausible (in, self.type, error))
    return false;
  pixels = new_pixels (in, self.type, error);
  if (!pixels)
    return false;
  self.pixels = pixels;
  self.words = in->data.data + HEADER_BYTES;
  self.n_words = (in->data.size - HEADER_BYTES) / 4;
  done = allocate (&self, error) && decode (&self, error);
  g_free (self.scratch);
  if (done)
    *out = g_steal_pointer (&pixels);
  return done;
}

const CwQuicKernels *
cw_quic_kernels (uint32_t cpu_flags)
{
#if defined(__x86_64__)
  const uint32_t needed = CW_CPU_AVX2 | CW_CPU_BMI2 | CW_CPU_SSE41;

  if ((cpu_flags & needed) == needed)
    return &cw_quic_kernels_avx2;
#endif
  return &cw_quic_kernels_c;
}

bool
cw_quic_decode (const CwCodecInput *in, CwPixels **out, GError **error)
{
  return cw_quic_decode_with (cw_quic_kernels (cw_cpu_flags ()), in, out, error);
}
