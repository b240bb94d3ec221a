/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/lz-stream.h"

#include "base/cpu.h"
#include "base/error.h"

#include <string.h>

/* Pixels that get their alpha from the same bytes, which stay in the processor's cache. */
#define FILL_AT_ONCE 2048

const CwLzKernels *
cw_lz_kernels (uint32_t cpu_flags)
{
#if defined(__x86_64__) || defined(__i386__)
  if (cpu_flags & CW_CPU_AVX2)
    return &cw_lz_kernels_avx2;
  if (cpu_flags & CW_CPU_SSSE3)
    return &cw_lz_kernels_ssse3;
#endif
  return &cw_lz_kernels_c;
}

void
cw_lz_set_fault (GError **error, const char *codec, const CwLzFault *fault, const uint8_t *data)
{
  static const char *const texts[] = {
    [CW_LZ_LITERALS] = "literal run longer than the units left",
    [CW_LZ_LENGTH] = "match longer than the units left",
    [CW_LZ_DISTANCE] = "match distance beyond the units decoded",
    [CW_LZ_IMAGE_DISTANCE] = "image distance beyond win_head_dist",
    [CW_LZ_OFFSET] = "match beyond the pixels of the referenced image",
  };
  size_t at = fault->at - data;

  if (fault->kind == CW_LZ_TRUNCATED)
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED, "%s: token at +%zu: the data ends inside it", codec, at);
  else
    g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
                 "%s: token at +%zu: %s: %" G_GUINT64_FORMAT " > %" G_GUINT64_FORMAT, codec, at, texts[fault->kind],
                 fault->value, fault->limit);
}

bool
cw_lz_check_expansion (const char *codec, CwSlice input, uint64_t n_units, GError **error)
{
  if (n_units <= (uint64_t) input.size * CW_LZ_MAX_UNITS_PER_BYTE)
    return true;
  g_set_error (error, CW_ERROR, CW_ERROR_MALFORMED,
               "%s: %" G_GUINT64_FORMAT " units cannot come from %zu bytes of tokens: limit %d per byte", codec,
               n_units, input.size, CW_LZ_MAX_UNITS_PER_BYTE);
  return false;
}

/* The length of a match with the byte before, and *p behind the token; 0: it is something else, or wrong. */
static size_t
repeat (const uint8_t **p, const uint8_t *end)
{
  size_t n = *(*p)++ >> 5;
  uint8_t more = n == 7 ? 255 : 0;

  if ((*p)[-1] & 31)
    return 0;
  for (; more == 255 && *p < end; n += more)
    more = *(*p)++;
  return more < 255 && *p < end && *(*p)++ == 0 ? n + 2 : 0;
}

static size_t
same_literals (const uint8_t **p, const uint8_t *end, uint8_t value)
{
  size_t n = *(*p)++ + 1;

  if ((size_t) (end - *p) < n)
    return 0;
  for (size_t i = 0; i < n; i++) {
    if (*(*p)++ != value)
      return 0;
  }
  return n;
}

bool
cw_lz_is_constant (const CwLzStream *stream, size_t n, uint8_t *value)
{
  const uint8_t *p = stream->p, *end = stream->end;

  if (end - p < 2 || *p >= 32)
    return false;
  *value = p[1];
  for (size_t done = 0; done < n;) {
    size_t some;

    if (p == end)
      return false;
    some = *p < 32 ? same_literals (&p, end, *value) : repeat (&p, end);
    if (some == 0 || some > n - done)
      return false;
    done += some;
  }
  return true;
}

void
cw_lz_fill_alpha (const CwLzKernels *kernels, uint32_t *pixels, uint8_t value, size_t n)
{
  uint8_t alpha[FILL_AT_ONCE + CW_LZ_OVERSHOOT];

  memset (alpha, value, sizeof alpha);
  for (size_t i = 0; i < n; i += FILL_AT_ONCE)
    kernels->set_alpha (pixels + i, alpha, MIN (n - i, FILL_AT_ONCE));
}
