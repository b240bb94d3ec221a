/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Formats of uncompressed bitmaps: CwBitmapFmt of base/protocol.h, as measured in bits. */
#pragma once

#include "base/protocol.h"

/* Bits that one pixel takes in a row; 0 for numbers that are no format. */
unsigned cw_bitmap_fmt_bits (unsigned format);
