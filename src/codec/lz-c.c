/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The portable LZ and GLZ kernels. */
#define CW_LZ_ISA c
#include "codec/lz-kernels.h"
