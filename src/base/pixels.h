/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A refcounted rectangle of pixels: what decoders produce, caches hold and drawing reads. */
#pragma once

#include "base/geometry.h"
#include "base/pixel-pool.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
  CW_PIXELS_BGRX,     /* u32 0xXXRRGGBB in host order; X means nothing unless said otherwise */
  CW_PIXELS_BGRA,     /* u32 0xAARRGGBB in host order, colour premultiplied */
  CW_PIXELS_X1R5G5B5, /* u16 in host order */
  CW_PIXELS_R5G6B5,   /* u16 in host order */
  CW_PIXELS_A8,       /* one byte alpha */
  CW_PIXELS_A1,       /* one bit alpha; rows of whole bytes, pixel x is bit x % 8 of byte x / 8 */
  CW_PIXELS_GRAY8,    /* one byte luminance; no surface has it */
} CwPixelFormat;

/* More than any screen; small enough that width * height * 4 fits every size type used here. Surfaces, whose
 * coordinates are computed with in 16.16 fixed point, have limits of their own. */
#define CW_PIXELS_MAX_AREA ((uint64_t) 1 << 26)
#define CW_PIXELS_MAX_SIDE 65535

/* Writable bytes behind the last row's end (and before the first) so that kernels may store whole vectors. */
#define CW_PIXELS_SLACK 64

typedef struct {
  gatomicrefcount ref_count;
  CwPixelFormat format;
  uint32_t width, height;
  ptrdiff_t stride; /* bytes from a row to the row below it; negative where rows are stored bottom-up */
  uint8_t *rows;    /* first pixel of the top row */
  uint8_t *first;   /* first pixel of the row stored first: rows, or the bottom row where stride is negative */
  void *storage;
  size_t capacity;   /* bytes of storage */
  CwPixelPool *pool; /* where storage goes afterwards, or NULL */
  size_t sparse;     /* about how many bytes of storage no page may be there for */
  /* Of pixels in somebody else's memory, which is let go by this; or NULL. */
  void (*release) (gpointer owner);
  gpointer owner;
} CwPixels;

/* Allocates uninitialised pixels, rows stored top-down or bottom-up, each row a multiple of 4 bytes long (32-bit
 * formats: tightly packed). Fails with CW_ERROR_LIMIT on a side of 0 or beyond the limits above, with
 * CW_ERROR_MEMORY when there is not enough. Never aborts: sizes are the peer's. Any thread. */
CwPixels *cw_pixels_new (CwPixelFormat format, uint32_t width, uint32_t height, bool bottom_up, GError **error);

/* The same with memory from a pool, if it is not NULL. */
CwPixels *cw_pixels_new_in (CwPixelPool *pool, CwPixelFormat format, uint32_t width, uint32_t height, bool bottom_up,
                            GError **error);

/* Moves fresh pixels a little, once, so that their first row is not aligned to vectors: for writers that store aligned
 * rows past the caches, where the pixels are wanted next. */
void cw_pixels_unalign (CwPixels *self);

/* All zero, stored top-down; cheap, because large memory is zero without being touched. */
CwPixels *cw_pixels_new_zeroed (CwPixelFormat format, uint32_t width, uint32_t height, GError **error);
/* Pixels in memory that release (owner) lets go: rows of so many bytes, a multiple of 4, of which the first is the top
 * or the bottom one. They must not be written. */
CwPixels *cw_pixels_new_wrapped (CwPixelFormat format, uint32_t width, uint32_t height, void *first, size_t stride,
                                 bool bottom_up, void (*release) (gpointer owner), gpointer owner);

/* Makes some more of them all zero again: some megabytes beyond *done, which begins with 0. Of large ones that were
 * made so the memory is given back and taken anew. TRUE when nothing is left. */
bool cw_pixels_zero_some (CwPixels *self, size_t *done);

/* All of a rectangle is about to be written. Makes that faster where the memory is large and fresh: its pages come in
 * one go, instead of one fault each. */
void cw_pixels_expect_write (CwPixels *self, const CwRect *rect);

CwPixels *cw_pixels_ref (CwPixels *self);
void cw_pixels_unref (CwPixels *self);

/* Bits per pixel of a format. */
unsigned cw_pixel_format_bits (CwPixelFormat format);

/* Bytes the pixels occupy, for accounting. */
size_t cw_pixels_size (const CwPixels *self);

/* 0x00RRGGBB of a 555 word, the high bits of each channel repeated in its low ones. */
static inline uint32_t
cw_rgb_of_555 (uint32_t word)
{
  uint32_t high = (word << 9 & 0xf80000) | (word << 6 & 0xf800) | (word << 3 & 0xf8);

  return high | (high >> 5 & 0x070707);
}

static inline uint8_t *
cw_pixels_row (const CwPixels *self, uint32_t y)
{
  return self->rows + (ptrdiff_t) y * self->stride;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (CwPixels, cw_pixels_unref)
