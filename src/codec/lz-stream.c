/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/lz-stream.h"

#include "base/cpu.h"
#include "base/error.h"

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
