/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of a compressed spicevmc message. */
#pragma once

#include "base/slice.h"

#include <glib.h>

/* Bytes such a body may expand to. Servers send at most 65568. */
#define CW_SPICEVMC_BODY_MAX_SIZE (1024 * 1024)

/* Returns the bytes that the message stands for, the body of the plain data message; at least one. NULL with
 * CW_ERROR_MALFORMED, UNSUPPORTED (a compression other than LZ4), LIMIT or MEMORY. body is only read during the call.
 * Any thread. */
GBytes *cw_spicevmc_body_decompress (CwSlice body, GError **error);

/* The body of a compressed message that stands for these bytes, at most CW_SPICEVMC_BODY_MAX_SIZE; NULL when it would
 * not be shorter, or there is no memory. Any thread. */
GBytes *cw_spicevmc_body_compress (CwSlice plain);
