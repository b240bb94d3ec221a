/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include "picture.h"

#include <stdio.h>

/* Writes an 8-bit RGB PNG. When it fails errno is what it was then. */
bool png_file_write (FILE *file, const Picture *picture, GError **error);
