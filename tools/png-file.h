/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <spice-client.h>
#include <stdbool.h>

/* Writes a rectangle of the primary surface as an 8-bit RGB PNG. The file appears complete or not at all; "-" is
 * standard output. */
bool png_file_write (const char *path, const SpiceDisplayPrimary *primary, int x, int y, int width, int height,
                     GError **error);
