/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The LZ and GLZ kernels compiled for SSSE3. */
#define CW_LZ_ISA ssse3
#include "codec/lz-kernels.h"
