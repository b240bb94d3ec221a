/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bitwise functions of a source and the destination. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* A truth table: bit 2 * S + D is the result for source bit S and destination bit D. */
typedef uint8_t CwRop;

#define CW_ROP_ZERO 0x0
#define CW_ROP_NOT_D 0x5
#define CW_ROP_D 0xa
#define CW_ROP_S 0xc
#define CW_ROP_ONES 0xf

/* invert_s and invert_d (CW_ROPD_INVERS_SRC, …) tell which bits invert the two operands of this operation. */
CwRop cw_rop_from_descriptor (uint16_t descriptor, uint16_t invert_s, uint16_t invert_d);

/* dst = rop (src, dst) on size bytes; no overlap unless dst == src. */
void cw_rop_row (CwRop rop, uint8_t *dst, const uint8_t *src, size_t size);

/* The same with a constant source that repeats every 8 bytes. */
void cw_rop_row_constant (CwRop rop, uint8_t *dst, uint64_t src, size_t size);

/* dst = rop3 (brush, src, dst), where bit 4 * P + 2 * S + D of rop3 is the result for the bits P, S and D. */
void cw_rop3_row (uint8_t rop3, uint8_t *dst, const uint8_t *src, const uint8_t *brush, size_t size);
