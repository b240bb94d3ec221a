/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QUIC's row kernel with BMI2's free-standing shifts, LZCNT and AVX2. */
#include "codec/quic-kernel.h"

const CwQuicKernels cw_quic_kernels_avx2 = QUIC_KERNELS;
