/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "canvas/rop.h"

#include "base/protocol.h"

#include <stdbool.h>
#include <string.h>
#include <wchar.h>

CwRop
cw_rop_from_descriptor (uint16_t descriptor, uint16_t invert_s, uint16_t invert_d)
{
  CwRop s = descriptor & invert_s ? CW_ROP_S ^ 0xf : CW_ROP_S;
  CwRop d = descriptor & invert_d ? CW_ROP_D ^ 0xf : CW_ROP_D;
  CwRop result;

  /* The first bit set decides. A truth table combines like the bits it stands for. */
  if (descriptor & CW_ROPD_OP_PUT)
    result = s;
  else if (descriptor & CW_ROPD_OP_OR)
    result = s | d;
  else if (descriptor & CW_ROPD_OP_AND)
    result = s & d;
  else if (descriptor & CW_ROPD_OP_XOR)
    result = s ^ d;
  else if (descriptor & CW_ROPD_OP_BLACKNESS)
    return CW_ROP_ZERO;
  else if (descriptor & CW_ROPD_OP_WHITENESS)
    return CW_ROP_ONES;
  else if (descriptor & CW_ROPD_OP_INVERS)
    return CW_ROP_NOT_D;
  else
    return CW_ROP_S;
  return descriptor & CW_ROPD_INVERS_RES ? result ^ 0xf : result;
}

static uint64_t
spread (bool bit)
{
  return bit ? ~(uint64_t) 0 : 0;
}

/* Every function of two bits is (D & A) ^ B, where A and B are functions of S alone: A tells whether D matters, B is
 * the result for D = 0. Each of them is (S & change) ^ zero. */
typedef struct {
  uint64_t a_zero, a_change, b_zero, b_change;
} Form;

static Form
rop_form (CwRop rop)
{
  bool b0 = rop & 1, b1 = rop & 4;
  bool a0 = b0 != ((rop & 2) != 0), a1 = b1 != ((rop & 8) != 0);

  return (Form){ spread (a0), spread (a0 != a1), spread (b0), spread (b0 != b1) };
}

static inline uint64_t
load64 (const uint8_t *p)
{
  uint64_t value;

  memcpy (&value, p, sizeof value);
  return value;
}

void
cw_rop_row (CwRop rop, uint8_t *dst, const uint8_t *src, size_t size)
{
  Form form = rop_form (rop);
  size_t i = 0;

  if (rop == CW_ROP_S) {
    memmove (dst, src, size);
    return;
  }
  for (; i + 8 <= size; i += 8) {
    uint64_t s = load64 (src + i), d = load64 (dst + i);

    d = (d & ((s & form.a_change) ^ form.a_zero)) ^ (s & form.b_change) ^ form.b_zero;
    memcpy (dst + i, &d, sizeof d);
  }
  for (; i < size; i++)
    dst[i] = (dst[i] & ((src[i] & form.a_change) ^ form.a_zero)) ^ (src[i] & form.b_change) ^ form.b_zero;
}

/* All but the last 0 to 7 bytes; returns how many. */
static size_t
fill (uint8_t *dst, uint64_t word, size_t size)
{
  size_t i = 0;

  /* The C library has this in the processor's widest stores. */
  if (sizeof (wchar_t) == 4 && (uint32_t) word == word >> 32 && (uintptr_t) dst % 4 == 0) {
    i = size & ~(size_t) 7;
    wmemset ((wchar_t *) (void *) dst, (wchar_t) word, i / 4);
  }
  for (; i + 8 <= size; i += 8)
    memcpy (dst + i, &word, sizeof word);
  return i;
}

void
cw_rop_row_constant (CwRop rop, uint8_t *dst, uint64_t src, size_t size)
{
  Form form = rop_form (rop);
  uint64_t a = (src & form.a_change) ^ form.a_zero, b = (src & form.b_change) ^ form.b_zero;
  uint8_t tail_a[8], tail_b[8];
  size_t i = 0;

  memcpy (tail_a, &a, sizeof a);
  memcpy (tail_b, &b, sizeof b);
  if (a == 0)
    i = fill (dst, b, size);
  for (; i + 8 <= size; i += 8) {
    uint64_t d = (load64 (dst + i) & a) ^ b;

    memcpy (dst + i, &d, sizeof d);
  }
  for (size_t k = 0; i < size; i++, k++)
    dst[i] = (dst[i] & tail_a[k]) ^ tail_b[k];
}

/* What the result is where the brush is 0, and what it is where it is 1, are functions of source and destination. */
static inline uint64_t
apply3 (const Form *zero, const Form *one, uint64_t p, uint64_t s, uint64_t d)
{
  uint64_t z = (d & ((s & zero->a_change) ^ zero->a_zero)) ^ (s & zero->b_change) ^ zero->b_zero;
  uint64_t o = (d & ((s & one->a_change) ^ one->a_zero)) ^ (s & one->b_change) ^ one->b_zero;

  return (z & ~p) | (o & p);
}

void
cw_rop3_row (uint8_t rop3, uint8_t *dst, const uint8_t *src, const uint8_t *brush, size_t size)
{
  Form zero = rop_form (rop3 & 15), one = rop_form (rop3 >> 4);
  size_t i = 0;

  for (; i + 8 <= size; i += 8) {
    uint64_t d = apply3 (&zero, &one, load64 (brush + i), load64 (src + i), load64 (dst + i));

    memcpy (dst + i, &d, sizeof d);
  }
  for (; i < size; i++)
    dst[i] = apply3 (&zero, &one, brush[i], src[i], dst[i]);
}
