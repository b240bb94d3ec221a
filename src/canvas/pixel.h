/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single pixels and channels. Loads and stores take any alignment: a source may lie in the middle of a message. */
#pragma once

#include "base/pixels.h"

#include <string.h>

/* Pixels of a row handled at a time where a row goes through a buffer on the stack. */
#define CW_CANVAS_RUN 1024

static inline uint32_t
cw_load32 (const uint8_t *p)
{
  uint32_t value;

  memcpy (&value, p, sizeof value);
  return value;
}

static inline void
cw_store32 (uint8_t *p, uint32_t value)
{
  memcpy (p, &value, sizeof value);
}

static inline uint16_t
cw_load16 (const uint8_t *p)
{
  uint16_t value;

  memcpy (&value, p, sizeof value);
  return value;
}

static inline void
cw_store16 (uint8_t *p, uint16_t value)
{
  memcpy (p, &value, sizeof value);
}

static inline uint32_t
cw_widen5 (uint32_t value)
{
  return value << 3 | value >> 2;
}

static inline uint32_t
cw_widen6 (uint32_t value)
{
  return value << 2 | value >> 4;
}

/* 0x00RRGGBB of a 565 word. */
static inline uint32_t
cw_rgb_of_565 (uint32_t word)
{
  return cw_widen5 (word >> 11 & 31) << 16 | cw_widen6 (word >> 5 & 63) << 8 | cw_widen5 (word & 31);
}

static inline uint16_t
cw_555_of_rgb (uint32_t rgb)
{
  return (rgb >> 9 & 0x7c00) | (rgb >> 6 & 0x03e0) | (rgb >> 3 & 0x001f);
}

static inline uint16_t
cw_565_of_rgb (uint32_t rgb)
{
  return (rgb >> 8 & 0xf800) | (rgb >> 5 & 0x07e0) | (rgb >> 3 & 0x001f);
}

/* Bytes per pixel; not for A1. */
static inline size_t
cw_pixel_size (CwPixelFormat format)
{
  return cw_pixel_format_bits (format) / 8;
}
