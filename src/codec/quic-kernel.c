/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "codec/quic-kernel.h"

#include "base/cpu.h"

const CwQuicKernels cw_quic_kernels_c = QUIC_KERNELS;

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
