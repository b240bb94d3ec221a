/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Capital letters, digits and a little punctuation, 5×7 pixels each. */
#pragma once

#include "picture.h"

/* One line of text as a bitmap of one bit a pixel with a palette of two colours (0xRRGGBB). */
DemoPicture *demo_font_picture (const char *text, int scale, guint32 ink, guint32 paper);
