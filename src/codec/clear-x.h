/* SPDX-License-Identifier: LGPL-2.1-or-later */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Zeroes the X of n pixels. To be called while they are in the processor's cache. */
static inline void
cw_clear_x (uint32_t *pixels, size_t n)
{
  size_t i = 0;

  /* Compilers make vectors of a loop whose length they know. */
  for (; n - i >= 16; i += 16) {
    for (size_t k = 0; k < 16; k++)
      pixels[i + k] &= 0x00ffffff;
  }
  for (; i < n; i++)
    pixels[i] &= 0x00ffffff;
}
