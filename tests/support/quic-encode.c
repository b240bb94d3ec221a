/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/quic-encode.h"

#include "codec/quic-state.h"

#include <stdbool.h>
#include <string.h>

typedef struct {
  GByteArray *out;
  uint32_t word;
  unsigned used;
} Writer;

static void
put_word (Writer *self, uint32_t word)
{
  uint8_t bytes[4] = { word, word >> 8, word >> 16, word >> 24 };

  g_byte_array_append (self->out, bytes, sizeof bytes);
}

static void
put (Writer *self, uint32_t bits, unsigned n)
{
  while (n-- > 0) {
    self->word |= (bits >> n & 1) << (31 - self->used);
    if (++self->used == 32) {
      put_word (self, self->word);
      self->word = self->used = 0;
    }
  }
}

static void
code_shape (unsigned bpc, unsigned code, unsigned *prefix, unsigned *suffix)
{
  unsigned rest;

  *prefix = MIN (26 - bpc, (1u << (bpc - code)) - 1);
  rest = (1u << bpc) - (*prefix << code);
  for (*suffix = 0; 1u << *suffix < rest; ++*suffix)
    ;
}

unsigned
cw_quic_code_length (unsigned bpc, unsigned code, unsigned value)
{
  unsigned prefix, suffix;

  code_shape (bpc, code, &prefix, &suffix);
  return value < prefix << code ? (value >> code) + 1 + code : prefix + suffix;
}

static void
put_value (Writer *self, unsigned bpc, unsigned code, unsigned value)
{
  unsigned prefix, suffix;

  code_shape (bpc, code, &prefix, &suffix);
  if (value < prefix << code) {
    put (self, 0, value >> code);
    put (self, 1, 1);
    put (self, value & ((1u << code) - 1), code);
  } else {
    put (self, 0, prefix);
    put (self, value - (prefix << code), suffix);
  }
}

/* One plane set; samples are bytes, `planes` of them a pixel. */
typedef struct {
  unsigned planes, bpc;
  uint32_t width;
  uint32_t cost[3][8][8];
  unsigned best[3][8];
  unsigned columns, wait, seed, mel;
  uint8_t *values; /* coded last at each column */
  const uint8_t *row, *above;
} Set;

static void
set_init (Set *self, unsigned planes, unsigned bpc, uint32_t width)
{
  *self = (Set){ .planes = planes, .bpc = bpc, .width = width, .seed = 255 };
  for (unsigned c = 0; c < 3; c++)
    for (unsigned b = 0; b < 8; b++)
      self->best[c][b] = bpc - 1;
  self->values = g_malloc0 (3 * (size_t) width);
}

static unsigned
bucket (const Set *self, unsigned value)
{
  unsigned b = 0;

  while (value + 1 >= 2u << b)
    b++;
  return MIN (b, self->bpc - 1);
}

static bool
equal (const Set *self, const uint8_t *row, uint32_t a, uint32_t b)
{
  return memcmp (row + a * self->planes, row + b * self->planes, self->planes) == 0;
}

static void
learn (Set *self, unsigned plane, unsigned b, unsigned value)
{
  static const unsigned triggers[] = { 110, 550, 900, 800, 550, 400, 350 };
  uint32_t *cost = self->cost[plane][b];
  unsigned best = 0;

  for (unsigned code = 0; code < self->bpc; code++) {
    cost[code] += cw_quic_code_length (self->bpc, code, value);
    if (cost[code] <= cost[best])
      best = code;
  }
  self->best[plane][b] = best;
  if (cost[best] > triggers[MIN (6, self->columns / 2048)])
    for (unsigned code = 0; code < self->bpc; code++)
      cost[code] /= 2;
}

static void
put_run (Set *self, Writer *writer, uint32_t n)
{
  while (n >= 1u << cw_quic_run_bits[self->mel]) {
    put (writer, 1, 1);
    n -= 1u << cw_quic_run_bits[self->mel];
    self->mel = MIN (31, self->mel + 1);
  }
  put (writer, 0, 1);
  put (writer, n, cw_quic_run_bits[self->mel]);
  if (self->mel > 0)
    self->mel--;
}

static void
put_column (Set *self, Writer *writer, uint32_t i)
{
  const unsigned n = self->planes, modulus = 1u << self->bpc;
  unsigned used[3], value[3];

  for (unsigned c = 0; c < n; c++) {
    unsigned sample = self->row[i * n + c], guess, context, d;

    if (i == 0) {
      guess = self->above ? self->above[c] : 0;
      context = self->above ? self->values[c] : 0;
    } else {
      guess = self->row[(i - 1) * n + c];
      if (self->above)
        guess = (guess + self->above[i * n + c]) / 2;
      context = self->values[(i - 1) * n + c];
    }
    d = (sample - guess) % modulus;
    value[c] = d <= (modulus - 1) / 2 ? 2 * d : 2 * (modulus - 1 - d) + 1;
    used[c] = bucket (self, context);
    put_value (writer, self->bpc, self->best[c][used[c]], value[c]);
  }
  for (unsigned c = 0; c < n; c++)
    self->values[i * n + c] = value[c];
  if (self->wait > 0) {
    self->wait--;
    return;
  }
  for (unsigned c = 0; c < n; c++)
    learn (self, c, used[c], value[c]);
  self->seed = (self->seed + 1) % 256;
  self->wait = cw_quic_random[self->seed] & ((1u << MIN (6, self->columns / 2048)) - 1);
}

static void
put_row (Set *self, Writer *writer, const uint8_t *row, const uint8_t *above)
{
  uint32_t i = 0, end = 0, blocked = 0;

  self->row = row;
  self->above = above;
  while (i < self->width) {
    if (i == end) {
      end = self->columns >= 6 * 2048 ? self->width : MIN (self->width, i + 2048 - self->columns % 2048);
      blocked = 0;
    }
    if (above && i >= 3 && i != blocked && equal (self, above, i - 1, i) && equal (self, row, i - 1, i - 2)) {
      uint32_t n = 0;

      while (i + n < end && equal (self, row, i - 1, i + n))
        n++;
      put_run (self, writer, n);
      blocked = i;
      i += n;
      self->columns += n;
      if (n > 0)
        continue;
    }
    put_column (self, writer, i++);
    self->columns++;
  }
}

/* The samples of a plane set, from bits `shift` up of every byte. */
static uint8_t *
split (const uint32_t *pixels, size_t n, unsigned planes, unsigned first_byte, unsigned shift)
{
  uint8_t *samples = g_malloc (n * planes);

  for (size_t i = 0; i < n; i++)
    for (unsigned c = 0; c < planes; c++)
      samples[i * planes + c] = (pixels[i] >> 8 * (first_byte - c) & 0xff) >> shift;
  return samples;
}

GByteArray *
cw_quic_encode (CwQuicType type, const uint32_t *pixels, uint32_t width, uint32_t height)
{
  const uint32_t header[] = { 0x43495551, 0, type, width, height };
  const size_t n = (size_t) width * height;
  const unsigned planes = type == CW_QUIC_GRAY ? 1 : 3;
  g_autofree uint8_t *colour = split (pixels, n, planes, type == CW_QUIC_GRAY ? 0 : 2, type == CW_QUIC_RGB16 ? 3 : 0);
  g_autofree uint8_t *alpha = type == CW_QUIC_RGBA ? split (pixels, n, 1, 3, 0) : NULL;
  Writer writer = { .out = g_byte_array_new () };
  Set colour_set, alpha_set;

  for (unsigned i = 0; i < G_N_ELEMENTS (header); i++)
    put_word (&writer, header[i]);
  set_init (&colour_set, planes, type == CW_QUIC_RGB16 ? 5 : 8, width);
  set_init (&alpha_set, 1, 8, width);
  for (uint32_t y = 0; y < height; y++) {
    const uint8_t *row = colour + (size_t) y * width * planes;

    put_row (&colour_set, &writer, row, y > 0 ? row - (size_t) width * planes : NULL);
    if (alpha) {
      row = alpha + (size_t) y * width;
      put_row (&alpha_set, &writer, row, y > 0 ? row - width : NULL);
    }
  }
  if (writer.used > 0)
    put_word (&writer, writer.word);
  put_word (&writer, 0);
  g_free (colour_set.values);
  g_free (alpha_set.values);
  return writer.out;
}
