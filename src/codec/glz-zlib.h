/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The deflated form of GLZ payloads. */
#pragma once

#include "codec/codec.h"

/* Inflates the GLZ payload inside a ZLIB_GLZ_RGB image: in->glz_data_size bytes, which g_free() releases. NULL on
 * failure. Any thread. */
uint8_t *cw_glz_inflate (const CwCodecInput *in, GError **error);
