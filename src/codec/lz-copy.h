/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Copying for the LZ and GLZ kernels, in the widest vectors that the including file is compiled for. All of them may
 * write up to CW_LZ_OVERSHOOT bytes too many (they are decoded later), and literals are read up to 100 bytes. */
#pragma once

#include "base/pixels.h"
#include "codec/lz-stream.h"

#include <string.h>

#if defined(__SSSE3__)
#  include <immintrin.h>
#endif

#define CW_LZ_INLINE static inline __attribute__ ((always_inline))

#if defined(__SSSE3__)
CW_LZ_INLINE __m128i
load16 (const void *from)
{
  return _mm_loadu_si128 ((const __m128i *) from);
}

CW_LZ_INLINE void
store16 (void *to, __m128i block)
{
  _mm_storeu_si128 ((__m128i *) to, block);
}
#endif

#if defined(__AVX2__)
CW_LZ_INLINE __m256i
load32 (const void *from)
{
  return _mm256_loadu_si256 ((const __m256i *) from);
}

CW_LZ_INLINE void
store32 (void *to, __m256i block)
{
  _mm256_storeu_si256 ((__m256i *) to, block);
}
#endif

/* Shorter matches are copied with few branches, longer ones in loops that suit their distance. */
#define CW_LZ_LONG 256

/* From a distance of d bytes, the smallest multiple of d that is at least 16: an equally good distance to copy whole
 * blocks from, once the first block is there. */
static const uint8_t cw_lz_multiple[16] = { 0, 16, 16, 18, 16, 20, 18, 21, 16, 18, 20, 22, 24, 26, 28, 30 };

CW_LZ_INLINE void
cw_lz_copy16 (uint8_t *to, const uint8_t *from)
{
  uint8_t block[16];

  memcpy (block, from, 16);
  memcpy (to, block, 16);
}

/* The first 16 bytes of a match at a distance of d < 16, both in bytes and multiples of unit. */
CW_LZ_INLINE void
cw_lz_first_block (uint8_t *op, size_t d, size_t unit)
{
#if defined(__SSSE3__)
  static const uint8_t pattern[16][16] __attribute__ ((aligned (16))) = {
#  define ROW(d)                                                                                                       \
    { 0 % d, 1 % d, 2 % d,  3 % d,  4 % d,  5 % d,  6 % d,  7 % d,                                                     \
      8 % d, 9 % d, 10 % d, 11 % d, 12 % d, 13 % d, 14 % d, 15 % d }
    { 0 },   ROW (1), ROW (2),  ROW (3),  ROW (4),  ROW (5),  ROW (6),  ROW (7),
    ROW (8), ROW (9), ROW (10), ROW (11), ROW (12), ROW (13), ROW (14), ROW (15),
#  undef ROW
  };
  __m128i block = load16 (op - d);

  block = _mm_shuffle_epi8 (block, load16 (pattern[d]));
  store16 (op, block);
#else
  for (size_t i = 0; i < 16; i += unit)
    memcpy (op + i, op + i - d, unit);
#endif
}

/* A match of more than CW_LZ_LONG bytes. */
static __attribute__ ((noinline)) void
cw_lz_long_match (uint8_t *op, size_t d, size_t n)
{
  if (d >= n) {
    memcpy (op, op - d, n);
  } else if (d < 16) {
    uint8_t block[16];
    size_t step = 16 / d * d;

    memcpy (block, op, 16); /* the first block is already there */
    for (size_t i = 0; i < n; i += step)
      memcpy (op + i, block, 16);
  } else if (d < 64) {
    for (size_t i = 0; i < n; i += 16)
      cw_lz_copy16 (op + i, op + i - d);
  } else {
    /* What has been copied is itself a source twice as far away. */
    while (n > 0) {
      size_t some = MIN (n, d);

      memcpy (op, op - d, some);
      op += some;
      n -= some;
      d += some;
    }
  }
}

/* A match inside the output: n bytes from d bytes before, repeating where d < n. */
CW_LZ_INLINE void
cw_lz_match (uint8_t *op, size_t d, size_t n, size_t unit)
{
  size_t far = d;

  if (d < 16) {
    cw_lz_first_block (op, d, unit);
    far = cw_lz_multiple[d];
  } else {
    cw_lz_copy16 (op, op - d);
  }
  cw_lz_copy16 (op + 16, op + 16 - far);
  if (G_LIKELY (n <= 32))
    return;
  if (n > CW_LZ_LONG) {
    cw_lz_long_match (op, d, n);
    return;
  }
  for (size_t i = 32; i < n; i += 16)
    cw_lz_copy16 (op + i, op + i - far);
}

#if defined(__AVX2__)
#  define CW_LZ_PIXELS_OVERSHOOT 128

/* The same for 4-byte pixels, d and n in pixels, 8 at a time. Most matches are of 32 pixels at most, of random length:
 * to copy always as many is quicker than a mispredicted branch. May write CW_LZ_PIXELS_OVERSHOOT bytes too many. */
CW_LZ_INLINE void
cw_lz_match_pixels (uint32_t *op, size_t d, size_t n)
{
  static const uint32_t pattern[9][8] __attribute__ ((aligned (32))) = {
    { 0 },
    { 0 },
    { 0, 1, 0, 1, 0, 1, 0, 1 },
    { 0, 1, 2, 0, 1, 2, 0, 1 },
    { 0, 1, 2, 3, 0, 1, 2, 3 },
    { 0, 1, 2, 3, 4, 0, 1, 2 },
    { 0, 1, 2, 3, 4, 5, 0, 1 },
    { 0, 1, 2, 3, 4, 5, 6, 0 },
    { 0, 1, 2, 3, 4, 5, 6, 7 },
  };
  static const uint8_t multiple[9] = { 0, 8, 8, 9, 8, 10, 12, 14, 8 };
  size_t near = MIN (d, 8), far = d < 8 ? multiple[near] : d;
  __m256i block = load32 (op - d);

  block = _mm256_permutevar8x32_epi32 (block, load32 (pattern[near]));
  store32 (op, block);
  for (size_t i = 8; i < 32; i += 8)
    store32 (op + i, load32 (op + i - far));
  if (G_LIKELY (n <= 32))
    return;
  if (n > CW_LZ_LONG / 4) {
    if (d >= 8) {
      cw_lz_long_match ((uint8_t *) op, 4 * d, 4 * n);
      return;
    }
    for (size_t i = 0, step = 8 / d * d; i < n; i += step)
      store32 (op + i, block);
    return;
  }
  for (size_t i = 32; i < n; i += 8)
    store32 (op + i, load32 (op + i - far));
}
#else
#  define CW_LZ_PIXELS_OVERSHOOT CW_LZ_OVERSHOOT

CW_LZ_INLINE void
cw_lz_match_pixels (uint32_t *op, size_t d, size_t n)
{
  cw_lz_match ((uint8_t *) op, 4 * d, 4 * n, 4);
}
#endif

/* n bytes from elsewhere. */
CW_LZ_INLINE void
cw_lz_copy (uint8_t *op, const uint8_t *from, size_t n)
{
  for (size_t i = 0; i < 64; i += 16)
    cw_lz_copy16 (op + i, from + i);
  if (n <= 64)
    return;
  if (n > CW_LZ_LONG) {
    memcpy (op + 64, from + 64, n - 64);
    return;
  }
  for (size_t i = 64; i < n; i += 32) {
    cw_lz_copy16 (op + i, from + i);
    cw_lz_copy16 (op + i + 16, from + i + 16);
  }
}

/* n literals of 3 bytes to pixels; high, the fourth byte, is a constant where this is used. */
CW_LZ_INLINE void
cw_lz_literals24 (uint32_t *op, const uint8_t *p, size_t n, uint32_t high)
{
#if defined(__AVX2__)
  const __m256i expand = _mm256_setr_epi8 (4, 5, 6, -1, 7, 8, 9, -1, 10, 11, 12, -1, 13, 14, 15, -1, 0, 1, 2, -1, 3, 4,
                                           5, -1, 6, 7, 8, -1, 9, 10, 11, -1);

  for (size_t i = 0; i < n; i += 8, p += 24) {
    __m256i block = load32 (p - CW_LZ_LOOK_BEHIND);

    block = _mm256_shuffle_epi8 (block, expand);
    store32 (op + i, high ? _mm256_or_si256 (block, _mm256_set1_epi32 ((int) high)) : block);
  }
#elif defined(__SSSE3__)
  const __m128i expand = _mm_setr_epi8 (0, 1, 2, -1, 3, 4, 5, -1, 6, 7, 8, -1, 9, 10, 11, -1);

  for (size_t i = 0; i < n; i += 4, p += 12) {
    __m128i block = load16 (p);

    block = _mm_shuffle_epi8 (block, expand);
    store16 (op + i, high ? _mm_or_si128 (block, _mm_set1_epi32 ((int) high)) : block);
  }
#else
  for (size_t i = 0; i < n; i++, p += 3) {
    uint32_t four;

    memcpy (&four, p, sizeof four);
    op[i] = (GUINT32_FROM_LE (four) & 0xffffff) | high;
  }
#endif
}

/* n literals of 2 bytes to 16-bit pixels; the top bit carries nothing. */
CW_LZ_INLINE void
cw_lz_literals16 (uint16_t *op, const uint8_t *p, size_t n)
{
#if defined(__SSSE3__)
  const __m128i swap = _mm_setr_epi8 (1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);

  for (size_t i = 0; i < n; i += 8, p += 16) {
    __m128i block = _mm_shuffle_epi8 (load16 (p), swap);

    store16 (op + i, _mm_and_si128 (block, _mm_set1_epi16 (0x7fff)));
  }
#else
  for (size_t i = 0; i < n; i++, p += 2)
    op[i] = (p[0] & 0x7f) << 8 | p[1];
#endif
}

/* n literals of 2 bytes to 32-bit pixels. */
CW_LZ_INLINE void
cw_lz_literals16_wide (uint32_t *op, const uint8_t *p, size_t n)
{
#if defined(__AVX2__)
  const __m128i swap = _mm_setr_epi8 (1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14);

  for (size_t i = 0; i < n; i += 8, p += 16) {
    __m256i v = _mm256_cvtepu16_epi32 (_mm_shuffle_epi8 (load16 (p), swap));
    __m256i r = _mm256_and_si256 (_mm256_slli_epi32 (v, 9), _mm256_set1_epi32 (0xf80000));
    __m256i g = _mm256_and_si256 (_mm256_slli_epi32 (v, 6), _mm256_set1_epi32 (0xf800));
    __m256i b = _mm256_and_si256 (_mm256_slli_epi32 (v, 3), _mm256_set1_epi32 (0xf8));
    __m256i high = _mm256_or_si256 (_mm256_or_si256 (r, g), b);
    __m256i low = _mm256_and_si256 (_mm256_srli_epi32 (high, 5), _mm256_set1_epi32 (0x070707));

    store32 (op + i, _mm256_or_si256 (high, low));
  }
#else
  for (size_t i = 0; i < n; i++, p += 2)
    op[i] = cw_rgb_of_555 ((uint32_t) p[0] << 8 | p[1]);
#endif
}

CW_LZ_INLINE void
cw_lz_literals8 (uint8_t *op, const uint8_t *p, size_t n)
{
  cw_lz_copy16 (op, p);
  cw_lz_copy16 (op + 16, p + 16);
}

/* The alpha bytes of n pixels. */
CW_LZ_INLINE void
cw_lz_gather_alpha (uint8_t *op, const uint32_t *pixels, size_t n)
{
#if defined(__SSSE3__)
  for (size_t i = 0; i < n; i += 16) {
    const uint32_t *from = pixels + i;
    __m128i a = _mm_srli_epi32 (load16 (from), 24), b = _mm_srli_epi32 (load16 (from + 4), 24);
    __m128i c = _mm_srli_epi32 (load16 (from + 8), 24), d = _mm_srli_epi32 (load16 (from + 12), 24);

    store16 (op + i, _mm_packus_epi16 (_mm_packs_epi32 (a, b), _mm_packs_epi32 (c, d)));
  }
#else
  for (size_t i = 0; i < n; i++)
    op[i] = pixels[i] >> 24;
#endif
}

static void
cw_lz_set_alpha (uint32_t *pixels, const uint8_t *alpha, size_t n)
{
#if defined(__AVX2__)
  const __m256i colour = _mm256_set1_epi32 (0xffffff);

  for (size_t i = 0; i < n; i += 8) {
    __m256i a = _mm256_cvtepu8_epi32 (_mm_loadl_epi64 ((const __m128i *) (const void *) (alpha + i)));
    __m256i bgr = _mm256_and_si256 (load32 (pixels + i), colour);

    store32 (pixels + i, _mm256_or_si256 (bgr, _mm256_slli_epi32 (a, 24)));
  }
#elif defined(__SSSE3__)
  const __m128i colour = _mm_set1_epi32 (0xffffff);
  const __m128i spread = _mm_setr_epi8 (-1, -1, -1, 0, -1, -1, -1, 1, -1, -1, -1, 2, -1, -1, -1, 3);

  for (size_t i = 0; i < n; i += 4) {
    __m128i bgr = _mm_and_si128 (load16 (pixels + i), colour);
    int32_t four;

    memcpy (&four, alpha + i, 4);
    store16 (pixels + i, _mm_or_si128 (bgr, _mm_shuffle_epi8 (_mm_cvtsi32_si128 (four), spread)));
  }
#else
  for (size_t i = 0; i < n; i++)
    pixels[i] = (pixels[i] & 0xffffff) | (uint32_t) alpha[i] << 24;
#endif
}
