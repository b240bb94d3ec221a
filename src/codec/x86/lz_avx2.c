/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The LZ and GLZ kernels compiled for AVX2. */
#define CW_LZ_ISA avx2
#include "codec/lz-kernels.h"
