/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Rows of pixels from one format to another. */
#pragma once

#include "base/pixels.h"

/* n pixels; dst and src do not overlap, unless they are the same and so are the sizes of their pixels. */
typedef void (*CwConvertRow) (uint8_t *dst, const uint8_t *src, size_t n);

/* What an image becomes on a surface of another format. 32-bit formats are taken over word by word, so a surface with
 * alpha gets a sender's fourth byte. NULL: the words are taken as they are. Not for A1 and GRAY8. */
CwConvertRow cw_convert_to_format (CwPixelFormat from, CwPixelFormat to);

/* To 8888 with a definite alpha: 255 where the format has none. NULL: the words are that already. */
CwConvertRow cw_convert_to_argb (CwPixelFormat from);

/* From 8888 to a format by truncation. NULL: 32-bit formats, nothing to do. */
CwConvertRow cw_convert_from_argb (CwPixelFormat to);
