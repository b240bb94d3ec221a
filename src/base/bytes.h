/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers in bytes, at any address. */
#pragma once

#include <stdint.h>

static inline uint16_t
cw_le16 (const uint8_t *p)
{
  return (uint16_t) (p[0] | p[1] << 8);
}

static inline uint32_t
cw_le24 (const uint8_t *p)
{
  return p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16;
}

static inline uint32_t
cw_le32 (const uint8_t *p)
{
  return cw_le24 (p) | (uint32_t) p[3] << 24;
}

static inline uint32_t
cw_be32 (const uint8_t *p)
{
  return (uint32_t) p[0] << 24 | (uint32_t) p[1] << 16 | (uint32_t) p[2] << 8 | p[3];
}
