/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What this processor can do, for choosing SIMD kernels at run time. */
#pragma once

#include <stdint.h>

typedef enum {
  CW_CPU_SSSE3 = 1 << 0,
  CW_CPU_SSE41 = 1 << 1,
  CW_CPU_AVX2 = 1 << 2,
  CW_CPU_BMI2 = 1 << 3, /* with BMI1 and LZCNT, as every processor that has it */
  CW_CPU_NEON = 1 << 4,
} CwCpuFlags;

/* The features found once at first use, less those named in the environment variable CARAWAY_CPU_DISABLE, a list
 * such as "avx2,bmi2" or "all" (for tests and for telling a kernel's fault from the rest). Any thread. */
uint32_t cw_cpu_flags (void);
