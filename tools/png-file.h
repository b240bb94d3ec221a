/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <spice-client.h>
#include <stdbool.h>
#include <stdio.h>

/* Writes a rectangle of the primary surface, which lies inside it, as an 8-bit RGB PNG. */
bool png_file_write (FILE *file, const SpiceDisplayPrimary *primary, int x, int y, int width, int height,
                     GError **error);
