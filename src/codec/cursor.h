/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Pointer shapes of the cursor channel, all types, to RGBA. */
#pragma once

#include "base/error.h"
#include "base/protocol.h"
#include "base/slice.h"

#include <stdbool.h>

/* Larger than any pointer hardware; keeps the result within 4 MiB. */
#define CW_CURSOR_MAX_SIDE 1024

/* type: CwCursorType, unchecked.
 * width * height pixels of the bytes R, G, B, A, to be freed with g_free (); alpha shapes stay premultiplied. NULL:
 * CW_ERROR_LIMIT for a side of 0 or beyond the maximum, CW_ERROR_UNSUPPORTED for an unknown type, CW_ERROR_MALFORMED
 * when data is too short, CW_ERROR_MEMORY. */
uint8_t *cw_cursor_decode (unsigned type, uint32_t width, uint32_t height, CwSlice data, GError **error);
