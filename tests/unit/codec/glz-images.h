/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Small images of the dictionary, for tests of the decoder and of its window. */
#pragma once

#include "base/error.h"
#include "codec/glz.h"

enum { RGB16 = 6, RGB24, RGB32, RGBA };

GByteArray *glz_header (guint type, guint32 width, guint32 height, guint64 id, guint32 win_head_dist);
CwCodecInput glz_input (const GByteArray *data, guint32 width, guint32 height);
void glz_put_bytes (GByteArray *out, const char *bytes, gsize size);
#define PUT(out, text) glz_put_bytes (out, text, sizeof text - 1)

/* An image of 8 × 1 pixels, its first that of an earlier one if distance is not 0, the others repeating it. */
GByteArray *glz_small (guint64 id, guint32 win_head_dist, guint32 distance, guint32 colour);

/* Makes a decoder and steps it once. */
CwGlzStatus glz_begin (CwGlzWindow *window, const GByteArray *data, CwGlzDecoder **decoder, guint64 *needed,
                       GError **error);

/* Decodes an image of glz_small() that must need nothing. Returns the colour of all its pixels. */
guint32 glz_decode (CwGlzWindow *window, guint64 id, guint32 win_head_dist, guint32 distance, guint32 colour);

/* Likewise, one that must fail; and which images the window has. */
void glz_assert_fails (CwGlzWindow *window, guint64 id, guint32 win_head_dist, guint32 distance, CwErrorCode code);
void glz_assert_holds (CwGlzWindow *window, guint64 first, guint64 last);
