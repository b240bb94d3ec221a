/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The LZ and GLZ decoders, compiled once per instruction set with CW_ISA, the suffix of the table of kernels.
 *
 * Each decoder has two halves. The quick one takes the tokens that lie well inside the input and the output, without
 * looking at every byte. Whatever is unusual about a token, near the ends or wrong, makes it go back to the token's
 * first byte and leave it to the careful half, which checks everything and is the only one to report faults. */
#include "codec/lz-copy.h"

/* Input that the longest token without length extensions can make a kernel read. */
#define QUICK_INPUT 128

/* What the quick half may write too much. */
#define QUICK_OVERSHOOT CW_LZ_PIXELS_OVERSHOOT

static const uint8_t out_size[CW_LZ_N_UNITS] = { 1, 2, 4 };
static const uint8_t literal_size[CW_LZ_N_UNITS] = { 1, 2, 3 };
static const uint8_t bias[CW_LZ_N_UNITS] = { 2, 1, 0 };

static bool
fault (CwLzStream *s, const uint8_t *at, CwLzFaultKind kind, uint64_t value, uint64_t limit)
{
  s->fault = (CwLzFault){ kind, at, value, limit };
  return false;
}

/* Reads the extension of a length of 7 so far, which may not exceed left units. */
static bool
read_length (CwLzStream *s, const uint8_t *at, const uint8_t **p, CwLzUnit unit, size_t left, size_t *length)
{
  size_t n = 7;
  uint8_t more;

  do {
    if (*p == s->end)
      return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
    more = *(*p)++;
    n += more;
    if (n + bias[unit] > left)
      return fault (s, at, CW_LZ_LENGTH, n + bias[unit], left);
  } while (more == 255);
  *length = n;
  return true;
}

/* The quick half's version, for the control byte c at (*p)[-1]. The first byte of an extension is read without a
 * branch, which would often be mispredicted. The token's remaining bytes, up to 6, are readable if this returns true.
 */
CW_LZ_INLINE bool
read_length_quick (const uint8_t **p, const uint8_t *end, size_t left, uint32_t c, size_t *length)
{
  const uint32_t extended = c >= 7 << 5;
  size_t n = (c >> 5) + (**p & -extended);
  uint8_t more = 255;

  *p += extended;
  if (G_UNLIKELY (n == 7 + 255)) {
    while (more == 255 && n <= left) {
      if (end - *p <= 8)
        return false;
      more = *(*p)++;
      n += more;
    }
    if (more == 255)
      return false;
  }
  *length = n;
  return true;
}

/* Copies a match of n bytes where only room bytes may be written. */
static void
match_near_end (uint8_t *op, size_t d, size_t n, size_t unit, size_t room)
{
  if (n + CW_LZ_OVERSHOOT <= room) {
    cw_lz_match (op, d, n, unit);
    return;
  }
  if (n > 2 * CW_LZ_OVERSHOOT) {
    size_t some = n - CW_LZ_OVERSHOOT;

    cw_lz_match (op, d, some, unit);
    op += some;
    n -= some;
  }
  for (size_t i = 0; i < n; i++)
    op[i] = op[(ptrdiff_t) i - (ptrdiff_t) d];
}

static void
literals_exact (uint8_t *op, const uint8_t *p, size_t n, CwLzUnit unit, uint32_t high)
{
  for (size_t i = 0; i < n; i++, p += literal_size[unit], op += out_size[unit]) {
    if (unit == CW_LZ_UNIT_BYTE) {
      *op = *p;
    } else if (unit == CW_LZ_UNIT_RGB16) {
      *(uint16_t *) (void *) op = (p[0] & 0x7f) << 8 | p[1];
    } else {
      *(uint32_t *) (void *) op = p[0] | (uint32_t) p[1] << 8 | (uint32_t) p[2] << 16 | high;
    }
  }
}

/* Decodes one token at *op with all checks. high: what literals of 4 bytes have in the last. */
static __attribute__ ((noinline)) bool
lz_token (CwLzStream *s, uint8_t *out, uint8_t **op, uint8_t *limit, size_t slack, CwLzUnit unit, uint32_t high)
{
  const uint8_t *at = s->p, *p = at;
  size_t size = out_size[unit], left = (limit - *op) / size, decoded = (*op - out) / size, n, d;

  if (p == s->end)
    return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
  if (*p < 32) {
    n = *p++ + 1;
    if (n > left)
      return fault (s, at, CW_LZ_LITERALS, n, left);
    if ((size_t) (s->end - p) < n * literal_size[unit])
      return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
    literals_exact (*op, p, n, unit, high);
    p += n * literal_size[unit];
  } else {
    n = *p >> 5;
    d = (*p++ & 31) << 8;
    if (n == 7 && !read_length (s, at, &p, unit, left, &n))
      return false;
    n += bias[unit];
    if (n > left)
      return fault (s, at, CW_LZ_LENGTH, n, left);
    if (p == s->end)
      return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
    d |= *p++;
    if (d == 8191) {
      if (s->end - p < 2)
        return fault (s, at, CW_LZ_TRUNCATED, 0, 0);
      d += (size_t) p[0] << 8 | p[1];
      p += 2;
    }
    d++;
    if (d > decoded)
      return fault (s, at, CW_LZ_DISTANCE, d, decoded);
    match_near_end (*op, d * size, n * size, size, limit + slack - *op);
  }
  *op += n * size;
  s->p = p;
  return true;
}

CW_LZ_INLINE bool
lz_decode (CwLzStream *s, uint8_t *out, size_t n_units, size_t slack, CwLzUnit unit, uint32_t high)
{
  const size_t size = out_size[unit];
  const uint8_t *const quick_input = s->end - s->p >= QUICK_INPUT ? s->end - QUICK_INPUT : NULL;
  uint8_t *const limit = out + n_units * size;
  ptrdiff_t missing = QUICK_OVERSHOOT - (ptrdiff_t) MIN (slack, QUICK_OVERSHOOT);
  const uint8_t *p = s->p;
  uint8_t *op = out;

  while (op < limit) {
    const uint8_t *const at = p;

    if (quick_input && p <= quick_input) {
      ptrdiff_t left = limit - op - missing;
      size_t n, d;

      if (*p < 32) {
        n = *p++ + 1;
        if ((ptrdiff_t) (n * size) > left)
          goto careful;
        if (unit == CW_LZ_UNIT_BYTE)
          cw_lz_literals8 (op, p, n);
        else if (unit == CW_LZ_UNIT_RGB16)
          cw_lz_literals16 ((uint16_t *) (void *) op, p, n);
        else
          cw_lz_literals24 ((uint32_t *) (void *) op, p, n, high);
        p += n * literal_size[unit];
        op += n * size;
        continue;
      }
      d = (*p & 31) << 8;
      p++;
      if (!read_length_quick (&p, s->end, limit - op, p[-1], &n))
        goto careful;
      n += bias[unit];
      d |= *p++;
      if (G_UNLIKELY (d == 8191)) {
        d += (size_t) p[0] << 8 | p[1];
        p += 2;
      }
      d++;
      if ((ptrdiff_t) (n * size) > left || d * size > (size_t) (op - out))
        goto careful;
      if (unit == CW_LZ_UNIT_RGB24)
        cw_lz_match_pixels ((uint32_t *) (void *) op, d, n);
      else
        cw_lz_match (op, d * size, n * size, size);
      op += n * size;
      continue;
    }
  careful:
    s->p = at;
    if (!lz_token (s, out, &op, limit, slack, unit, high))
      return false;
    p = s->p;
  }
  s->p = p;
  return true;
}

static bool
lz_byte (CwLzStream *s, uint8_t *out, size_t n_units, size_t slack)
{
  return lz_decode (s, out, n_units, slack, CW_LZ_UNIT_BYTE, 0);
}

static bool
lz_rgb16 (CwLzStream *s, uint8_t *out, size_t n_units, size_t slack)
{
  return lz_decode (s, out, n_units, slack, CW_LZ_UNIT_RGB16, 0);
}

static bool
lz_rgb24 (CwLzStream *s, uint8_t *out, size_t n_units, size_t slack)
{
  return lz_decode (s, out, n_units, slack, CW_LZ_UNIT_RGB24, 0);
}

static bool
lz_opaque (CwLzStream *s, uint8_t *out, size_t n_units, size_t slack)
{
  return lz_decode (s, out, n_units, slack, CW_LZ_UNIT_RGB24, 0xff000000);
}

#include "codec/glz-kernels-tmpl.h"

#define TABLE_NAME(isa) TABLE_NAME_ (isa)
#define TABLE_NAME_(isa) cw_lz_kernels_##isa
#define STRING(isa) STRING_ (isa)
#define STRING_(isa) #isa

const CwLzKernels TABLE_NAME (CW_ISA) = {
  .name = STRING (CW_ISA),
  .lz = { lz_byte, lz_rgb16, lz_rgb24 },
  .lz_opaque = lz_opaque,
  .glz = { glz_alpha, glz_rgb16, glz_rgb24 },
  .set_alpha = cw_lz_set_alpha,
};
