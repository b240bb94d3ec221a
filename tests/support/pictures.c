/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "support/pictures.h"

#include <math.h>
#include <stdbool.h>

#define OPAQUE 0xff000000u

static uint32_t
next (uint32_t *state)
{
  uint32_t x = *state;

  x ^= x << 13;
  x ^= x >> 17;
  x ^= x << 5;
  return *state = x;
}

static unsigned
below (uint32_t *state, unsigned limit)
{
  return (uint32_t) ((uint64_t) next (state) * limit >> 32);
}

typedef struct {
  uint32_t *pixels;
  int width, height;
  uint32_t state;
} Picture;

static uint32_t *
at (Picture *self, int x, int y)
{
  return self->pixels + (size_t) y * self->width + x;
}

static uint32_t
rgb (double r, double g, double b)
{
  return OPAQUE | (uint32_t) CLAMP (r, 0, 255) << 16 | (uint32_t) CLAMP (g, 0, 255) << 8 | (uint32_t) CLAMP (b, 0, 255);
}

static uint32_t
blend (uint32_t under, uint32_t over, unsigned alpha)
{
  uint32_t result = OPAQUE;

  for (unsigned shift = 0; shift < 24; shift += 8) {
    unsigned u = under >> shift & 0xff, o = over >> shift & 0xff;

    result |= (u * (255 - alpha) + o * alpha + 127) / 255 << shift;
  }
  return result;
}

static void
fill (Picture *self, int x, int y, int width, int height, uint32_t colour)
{
  for (int j = MAX (y, 0); j < MIN (y + height, self->height); j++)
    for (int i = MAX (x, 0); i < MIN (x + width, self->width); i++)
      *at (self, i, j) = colour;
}

/* From one colour above to another below. */
static void
gradient (Picture *self, int x, int y, int width, int height, uint32_t top, uint32_t bottom)
{
  for (int j = 0; j < height; j++)
    fill (self, x, y + j, width, 1, blend (top, bottom, height > 1 ? 255 * j / (height - 1) : 0));
}

#define GLYPHS 60
#define VOCABULARY 60
#define GLYPH_WIDTH 8
#define GLYPH_HEIGHT 13

/* Coverage of made-up letters: two or three strokes each, smoothed. */
static void
make_glyphs (uint8_t glyphs[GLYPHS][GLYPH_HEIGHT][GLYPH_WIDTH], uint32_t *state)
{
  for (unsigned g = 0; g < GLYPHS; g++) {
    for (unsigned stroke = 0; stroke < 2 + g % 2; stroke++) {
      double x0 = 1 + below (state, 50) / 10.0, y0 = 1 + below (state, 100) / 10.0;
      double x1 = below (state, 2) ? x0 : 1 + below (state, 50) / 10.0;
      double y1 = below (state, 3) ? 1 + below (state, 100) / 10.0 : y0;

      for (int y = 0; y < GLYPH_HEIGHT; y++) {
        for (int x = 0; x < GLYPH_WIDTH - 1; x++) {
          double dx = x1 - x0, dy = y1 - y0, length = dx * dx + dy * dy;
          double t = length > 0 ? CLAMP (((x - x0) * dx + (y - y0) * dy) / length, 0, 1) : 0;
          double distance = hypot (x - x0 - t * dx, y - y0 - t * dy);
          int cover = (int) (255 * CLAMP (1.2 - distance, 0, 1));

          glyphs[g][y][x] = MAX (glyphs[g][y][x], cover);
        }
      }
    }
  }
}

/* Words of a small vocabulary, as desktops repeat theirs. */
static void
text (Picture *self, const uint8_t glyphs[GLYPHS][GLYPH_HEIGHT][GLYPH_WIDTH], int x, int y, int columns,
      uint32_t colour)
{
  unsigned word = 0, letter = 0;

  for (int column = 0; column < columns; column++) {
    unsigned g = (word * 7 + letter * (word % 5 + 1)) % GLYPHS;

    if (letter-- == 0) {
      word = below (&self->state, VOCABULARY);
      letter = 2 + word % 8;
      continue;
    }
    for (int j = 0; j < GLYPH_HEIGHT; j++) {
      for (int i = 0; i < GLYPH_WIDTH; i++) {
        int px = x + column * GLYPH_WIDTH + i, py = y + j;

        if (px >= 0 && px < self->width && py >= 0 && py < self->height)
          *at (self, px, py) = blend (*at (self, px, py), colour, glyphs[g][j][i]);
      }
    }
  }
}

/* A shaded round thing on whatever is there. */
static void
icon (Picture *self, int x, int y, int size, uint32_t colour)
{
  for (int j = 0; j < size; j++) {
    for (int i = 0; i < size; i++) {
      double dx = (i - size / 2.0) / (size / 2.0), dy = (j - size / 2.0) / (size / 2.0);
      double cover = CLAMP ((1 - hypot (dx, dy)) * size / 2, 0, 1);
      uint32_t shade = blend (colour, OPAQUE | 0xffffff, (unsigned) CLAMP (100 - 70 * dx - 70 * dy, 0, 255));

      if (x + i >= 0 && x + i < self->width && y + j >= 0 && y + j < self->height)
        *at (self, x + i, y + j) = blend (*at (self, x + i, y + j), shade, (unsigned) (255 * cover));
    }
  }
}

static void
window (Picture *self, const uint8_t glyphs[GLYPHS][GLYPH_HEIGHT][GLYPH_WIDTH], int x, int y, int width, int height,
        bool dark)
{
  uint32_t paper = dark ? 0xff1e2329 : 0xffffffff, ink = dark ? 0xffc8d0d8 : 0xff202020;

  fill (self, x - 1, y - 1, width + 2, height + 2, 0xff606468);
  gradient (self, x, y, width, 28, 0xfff4f6f8, 0xffc9ced4);
  text (self, glyphs, x + 12, y + 8, MIN (40, width / 12), 0xff303438);
  for (int i = 0; i < 3; i++)
    icon (self, x + width - 24 * (i + 1), y + 6, 16, 0xff000000 | 0x3060a0 << i);
  fill (self, x, y + 28, width, 36, 0xffe8eaec);
  for (int i = 0; i < width / 44; i++)
    icon (self, x + 10 + 40 * i, y + 34, 24, OPAQUE | (next (&self->state) & 0xffffff));
  fill (self, x, y + 64, width, height - 64, paper);
  for (int line = 0; line * 15 + 87 < height; line++) {
    const unsigned columns = MAX (0, width - 24) / GLYPH_WIDTH;
    unsigned kind = below (&self->state, 10);
    uint32_t colour = kind == 0 ? 0xff2060c0 : kind == 1 ? 0xffb03030 : ink;

    if (kind < 9)
      text (self, glyphs, x + 12, y + 72 + line * 15,
            (int) (columns - below (&self->state, 2) * below (&self->state, MAX (1, columns))), colour);
  }
}

static void
draw_screenshot (Picture *self)
{
  static const double places[][4] = {
    { 0.03, 0.05, 0.46, 0.55 },
    { 0.40, 0.30, 0.50, 0.60 },
    { 0.06, 0.52, 0.32, 0.38 },
    { 0.66, 0.06, 0.31, 0.36 },
  };
  uint8_t glyphs[GLYPHS][GLYPH_HEIGHT][GLYPH_WIDTH] = { 0 };
  const int bar = MIN (40, self->height / 8);

  make_glyphs (glyphs, &self->state);
  for (int y = 0; y < self->height; y++)
    for (int x = 0; x < self->width; x++)
      *at (self, x, y) = rgb (20 + 8.0 * x / self->width, 60 + 60.0 * y / self->height, 110 + 40.0 * y / self->height);
  for (int i = 0; i * 96 + 100 < self->height; i++)
    icon (self, 8, 20 + i * 96, MIN (48, self->width / 2), OPAQUE | (next (&self->state) & 0xffffff));
  for (unsigned i = 0; i < G_N_ELEMENTS (places); i++)
    window (self, glyphs, (int) (places[i][0] * self->width), (int) (places[i][1] * self->height),
            (int) (places[i][2] * self->width), (int) (places[i][3] * self->height), i == 1);
  gradient (self, 0, self->height - bar, self->width, bar, 0xff404850, 0xff20242a);
  for (int i = 0; i < 8 && bar == 40; i++)
    icon (self, 10 + 50 * i, self->height - 36, 32, OPAQUE | (next (&self->state) & 0xffffff));
}

/* Smooth noise: values on a grid, blended between them. */
static double
octave (uint32_t seed, double x, double y)
{
  int ix = (int) x, iy = (int) y;
  double fx = x - ix, fy = y - iy, corner[4];

  for (int i = 0; i < 4; i++) {
    uint32_t h = (uint32_t) (ix + i % 2) * 0x9e3779b1u ^ (uint32_t) (iy + i / 2) * 0x85ebca77u ^ seed * 0xc2b2ae3du;

    h ^= h >> 15;
    h *= 0x2c1b3c6du;
    h ^= h >> 13;
    corner[i] = (h & 0xffff) / 65535.0;
  }
  fx = fx * fx * (3 - 2 * fx);
  fy = fy * fy * (3 - 2 * fy);
  return (corner[0] * (1 - fx) + corner[1] * fx) * (1 - fy) + (corner[2] * (1 - fx) + corner[3] * fx) * fy;
}

/* About normal with deviation 1. */
static double
grain (uint32_t *state)
{
  uint32_t a = next (state), b = next (state);

  return ((a & 0xffff) + (a >> 16) + (b & 0xffff) + (b >> 16)) / 65535.0 * 1.7320508 - 3.4641016;
}

static void
draw_photo (Picture *self)
{
  const double grain_deviation = 2.33;

  for (int y = 0; y < self->height; y++) {
    for (int x = 0; x < self->width; x++) {
      double sample[3];

      for (unsigned c = 0; c < 3; c++) {
        sample[c] = 20 + grain (&self->state) * grain_deviation;
        for (unsigned o = 0; o < 4; o++)
          sample[c] += octave (4 * (o > 1 ? 0 : c) + o, x * (1 << o) / 400.0, y * (1 << o) / 400.0) * 120 / (1 << o);
      }
      *at (self, x, y) = rgb (sample[0], sample[1], sample[2]);
    }
  }
}

static void
draw_noise (Picture *self)
{
  for (int y = 0; y < self->height; y++)
    for (int x = 0; x < self->width; x++)
      *at (self, x, y) = OPAQUE | next (&self->state) >> 8;
}

static void
draw_flat (Picture *self)
{
  fill (self, 0, 0, self->width, self->height, 0xff336699);
  for (int i = 0; i < self->width * self->height / 500; i++)
    *at (self, (int) below (&self->state, self->width), (int) below (&self->state, self->height))
        = OPAQUE | next (&self->state) >> 8;
}

const char *
cw_picture_name (CwPictureKind kind)
{
  static const char *const names[] = { "screenshot", "photo", "noise", "flat" };

  return names[kind];
}

uint32_t *
cw_picture_new (CwPictureKind kind, uint32_t width, uint32_t height, uint32_t seed)
{
  static void (*const draw[]) (Picture *) = { draw_screenshot, draw_photo, draw_noise, draw_flat };
  Picture self = { .pixels = g_new0 (uint32_t, (size_t) width * height),
                   .width = width,
                   .height = height,
                   .state = seed * 2654435761u | 1 };

  draw[kind](&self);
  return self.pixels;
}

void
cw_picture_add_alpha (uint32_t *pixels, uint32_t width, uint32_t height)
{
  for (uint32_t y = 0; y < height; y++) {
    for (uint32_t x = 0; x < width; x++) {
      double soft = hypot (2.0 * x / width - 1, 2.0 * y / height - 1) * 3 - 1.5;
      uint32_t alpha = (uint32_t) (255 * CLAMP (1 - soft, 0, 1));

      pixels[(size_t) y * width + x] = (pixels[(size_t) y * width + x] & 0xffffff) | alpha << 24;
    }
  }
}
