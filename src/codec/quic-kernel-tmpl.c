/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QUIC's row kernel, compiled once per instruction set with CW_ISA, the suffix of the table of kernels.
 *
 * All time goes to one serial chain: where a code word begins depends on the length of the one before. So that chain
 * is kept to four operations a sample (or, count zeros, two shifts) without tables or branches; everything else hangs
 * beside it. A reload at the start of a pixel gives 64 true bits, and three code words without an escape are at most
 * 63 bits long. Escapes with a length of their own leave the straight path. */
#include "codec/quic-state.h"

#include <string.h>
#ifdef __SSE4_1__
#  include <immintrin.h>
#endif

#define QUIC_INLINE static inline __attribute__ ((always_inline))

/* Tables and limits of one kind of plane set; every member is a compile-time constant where it is used. */
typedef struct {
  unsigned planes, bpc, escape;
  bool first; /* the first row: nothing above */
} QuicKind;

QUIC_INLINE uint64_t
quic_load (const uint8_t *p)
{
  uint64_t value;

  memcpy (&value, p, sizeof value);
  return GUINT64_FROM_BE (value);
}

QUIC_INLINE void
quic_refill (CwQuicBits *bits)
{
  bits->acc |= quic_load (bits->p) >> bits->n;
  bits->p += (63 - bits->n) >> 3;
  bits->n |= 56;
}

/* After a pixel took more bits than were accounted for (at most 7 more). */
QUIC_INLINE void
quic_resync (CwQuicBits *bits)
{
  bits->acc = quic_load (bits->p) << -bits->n;
  bits->p += 7;
  bits->n += 56;
}

/* The escape form of codes whose suffix is longer than usual. */
static __attribute__ ((noinline, cold)) bool
quic_escape (CwQuicBits *bits, uint64_t code, QuicKind kind, unsigned *key)
{
  const unsigned number = (code & 63) - 1;
  const unsigned suffix = kind.bpc == 5 ? 4 : number == 3 ? 7 : 8;
  unsigned value;

  quic_refill (bits);
  value = (kind.escape << number) + (unsigned) (bits->acc << kind.escape >> (64 - suffix));
  bits->acc <<= kind.escape + suffix;
  bits->n -= kind.escape + suffix;
  quic_refill (bits);
  *key = 2 * value + 2;
  return value >> kind.bpc == 0;
}

/* One sample: key = 2 * u + 2, whose leading zeros select the next context. */
QUIC_INLINE bool
quic_sample (CwQuicBits *bits, uint64_t code, QuicKind kind, unsigned *key)
{
  const unsigned zeros = __builtin_clzll (bits->acc | code);
  uint64_t rest, suffix;

  if (G_UNLIKELY (zeros >= kind.escape)) {
    CwQuicBits copy = *bits; /* so that bits itself can stay in registers */
    unsigned value;

    if (!quic_escape (&copy, code, kind, &value))
      return false;
    *bits = copy;
    *key = value;
    return true;
  }
  rest = bits->acc << zeros;
  suffix = (rest ^ (uint64_t) 1 << 63) >> (-code & 63);
  *key = (unsigned) ((uint64_t) zeros << (code & 63)) + 2 * (unsigned) suffix + 2;
  bits->acc = rest << (code & 63);
  bits->n = bits->n - (int) (uint32_t) code - (int) zeros; /* in this order: only zeros is late */
  return true;
}

/* The codes for the next column; b and c only where there are three planes. Named one by one, not an array: they have
 * to stay in registers. */
typedef struct {
  uint64_t a, b, c;
} QuicCodes;

QUIC_INLINE uint64_t
quic_code (const CwQuicSet *set, unsigned plane, unsigned key)
{
  return set->code[plane][__builtin_clz (key)];
}

/* The codes that the contexts in packed select: one byte a plane, the first plane highest. */
QUIC_INLINE QuicCodes
quic_select (const CwQuicSet *set, uint32_t packed, QuicKind kind)
{
  if (kind.planes == 1)
    return (QuicCodes){ quic_code (set, 0, 2 * packed + 2), 0, 0 };
  return (QuicCodes){
    quic_code (set, 0, (packed >> 15 & 0x1fe) + 2),
    quic_code (set, 1, (packed >> 7 & 0x1fe) + 2),
    quic_code (set, 2, (packed << 1 & 0x1fe) + 2),
  };
}

/* One column's values, packed; selects the next column's codes. */
QUIC_INLINE bool
quic_column (CwQuicBits *bits, const CwQuicSet *set, QuicKind kind, QuicCodes *codes, uint32_t *packed)
{
  unsigned a, b, c;

  quic_refill (bits);
  if (!quic_sample (bits, codes->a, kind, &a))
    return false;
  codes->a = quic_code (set, 0, a);
  if (kind.planes == 1) {
    *packed = (a >> 1) - 1;
    return true;
  }
  if (!quic_sample (bits, codes->b, kind, &b))
    return false;
  codes->b = quic_code (set, 1, b);
  if (!quic_sample (bits, codes->c, kind, &c))
    return false;
  codes->c = quic_code (set, 2, c);
  if (G_UNLIKELY (bits->n < 0))
    quic_resync (bits);
  *packed = (a << 15) + (b << 7) + (c >> 1) - 0x010101;
  return true;
}

/* The pixel to the left, on its way from column to column: three (or one) samples, a byte each. */
#ifdef __SSE4_1__
/* Complemented, because there is only an average that rounds up. */
typedef __m128i QuicPixel;

QUIC_INLINE QuicPixel
quic_pixel_load (uint32_t pixel)
{
  return _mm_cvtsi32_si128 ((int) ~pixel);
}

QUIC_INLINE uint32_t
quic_pixel_store (QuicPixel pixel)
{
  return ~(uint32_t) _mm_cvtsi128_si32 (pixel);
}
#else
typedef uint32_t QuicPixel;

QUIC_INLINE QuicPixel
quic_pixel_load (uint32_t pixel)
{
  return pixel;
}

QUIC_INLINE uint32_t
quic_pixel_store (QuicPixel pixel)
{
  return pixel;
}
#endif

/* The prediction plus the difference that u stands for. */
QUIC_INLINE QuicPixel
quic_reconstruct (QuicPixel left, uint32_t above, uint32_t packed, QuicKind kind)
{
  const unsigned max = (1u << kind.bpc) - 1;
#ifdef __SSE4_1__
  const __m128i u = _mm_cvtsi32_si128 ((int) packed);
  const __m128i half = _mm_and_si128 (_mm_srli_epi16 (u, 1), _mm_set1_epi8 (0x7f));
  const __m128i odd = _mm_and_si128 (u, _mm_set1_epi8 (1));
  const __m128i guess = kind.first ? left : _mm_avg_epu8 (left, quic_pixel_load (above));
  const __m128i difference = _mm_xor_si128 (half, _mm_sub_epi8 (_mm_setzero_si128 (), odd));
  const __m128i pixel = _mm_sub_epi8 (guess, difference);

  return kind.bpc == 8 ? pixel : _mm_or_si128 (pixel, _mm_set1_epi8 ((char) ~max));
#else
  const uint32_t ones = 0x010101, low7 = 0x7f * ones;
  const uint32_t guess = kind.first ? left : (left & above) + ((left ^ above) >> 1 & low7);
  const uint32_t difference = (packed >> 1 & low7) ^ (packed & ones) * max;

  if (kind.bpc < 8)
    return (guess + difference) & max * ones;
  return ((guess & low7) + (difference & low7)) ^ ((guess ^ difference) & (ones << 7));
#endif
}

/* Adds a value's lengths to the costs of a bucket and halves them once the least exceeds trigger; returns where the
 * least is, the first if there are several. Costs stay below 2^15: all lengths are at least 1 and at most 26, so no
 * cost exceeds 26 times the least + 26. */
QUIC_INLINE unsigned
quic_add_costs (uint16_t cost[8], const uint16_t length[8], unsigned trigger, QuicKind kind)
{
#ifdef __SSE4_1__
  /* Codes that do not exist come first; they must not be the least. */
  const __m128i absent = kind.bpc == 8 ? _mm_setzero_si128 () : _mm_setr_epi16 (-1, -1, -1, 0, 0, 0, 0, 0);
  __m128i sum = _mm_add_epi16 (_mm_loadu_si128 ((const void *) cost), _mm_loadu_si128 ((const void *) length));
  const uint32_t least = (uint32_t) _mm_cvtsi128_si32 (_mm_minpos_epu16 (_mm_or_si128 (sum, absent)));

  _mm_storeu_si128 ((void *) cost, _mm_srl_epi16 (sum, _mm_cvtsi32_si128 ((least & 0xffff) > trigger)));
  return least >> 16;
#else
  unsigned best = 8 - kind.bpc, least;

  for (unsigned i = 0; i < 8; i++)
    cost[i] += length[i];
  least = cost[best];
  for (unsigned i = best + 1; i < 8; i++) {
    best = cost[i] < least ? i : best;
    least = MIN (cost[i], least);
  }
  if (least > trigger)
    for (unsigned i = 0; i < 8; i++)
      cost[i] >>= 1;
  return best;
#endif
}

/* Bucket and code in use of one plane learn from a value. */
QUIC_INLINE void
quic_learn (CwQuicSet *set, unsigned plane, unsigned context, unsigned value, unsigned trigger, QuicKind kind,
            const CwQuicFamily *family)
{
  const unsigned bucket = MIN (kind.bpc - 1, 31 - __builtin_clz (context + 1));
  const unsigned best = quic_add_costs (set->cost[plane][bucket], family->length[value], trigger, kind);

  set->code[plane][30 - bucket] = family->code[7 - best];
  if (bucket == kind.bpc - 1)
    set->code[plane][29 - bucket] = family->code[7 - best];
}

static const uint16_t quic_trigger[7] = { 110, 550, 900, 800, 550, 400, 350 };

QUIC_INLINE void
quic_adapt (CwQuicSet *set, unsigned pace, uint32_t context, uint32_t values, QuicKind kind, const CwQuicFamily *family)
{
  for (unsigned c = 0; c < kind.planes; c++) {
    unsigned shift = 8 * (kind.planes - 1 - c);

    quic_learn (set, c, context >> shift & 0xff, values >> shift & 0xff, quic_trigger[pace], kind, family);
  }
  set->seed++;
  set->wait = 1 + (cw_quic_random[set->seed] & ((1u << pace) - 1));
}

/* The length of a run; the caller checks it. */
QUIC_INLINE uint32_t
quic_run (CwQuicBits *bits, CwQuicSet *set, const CwQuicTables *tables)
{
  unsigned hits, state, rest;
  uint32_t length;

  quic_refill (bits);
  hits = __builtin_clzll (~bits->acc | 1);
  state = MIN (set->mel + hits, 31);
  rest = cw_quic_run_bits[state];
  /* Hits in the last state stay in it. More of them than fit the reader exceed the width of any image. */
  length = tables->run_sum[state] - tables->run_sum[set->mel] + ((set->mel + hits - state) << cw_quic_run_bits[31]);
  length += (uint32_t) (bits->acc << hits >> (63 - rest)); /* with the 0 that ends the hits */
  bits->acc = bits->acc << hits << 1 << rest;
  bits->n -= hits + 1 + rest;
  set->mel = state - (state > 0);
  return length;
}

/* May write CW_QUIC_OVERSHOOT pixels too many. */
QUIC_INLINE void
quic_fill (uint32_t *out, uint32_t pixel, uint32_t n)
{
  const uint64_t two = (uint64_t) pixel << 32 | pixel;
  uint32_t *end = out + n;

  do {
    for (unsigned i = 0; i < 8; i += 2)
      memcpy (out + i, &two, sizeof two);
    out += 8;
  } while (out < end);
}

/* The end of the segment that column i is in. */
QUIC_INLINE uint32_t
quic_segment_end (const CwQuicSet *set, uint32_t i, uint32_t width)
{
  if (set->columns >= CW_QUIC_SETTLED)
    return width;
  return MIN (width, i + CW_QUIC_SEGMENT - set->columns % CW_QUIC_SEGMENT);
}

/* Whether a run code stands before column i >= 3. */
QUIC_INLINE bool
quic_may_run (const uint32_t *above, const uint32_t *row, size_t i)
{
  return ((above[i] ^ above[i - 1]) | (row[i - 1] ^ row[i - 2])) == 0;
}

QUIC_INLINE bool
quic_row (CwQuicBits *reader, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width, QuicKind kind)
{
  const CwQuicTables *tables = cw_quic_tables ();
  const CwQuicFamily *family = kind.bpc == 8 ? &tables->bpc8 : &tables->bpc5;
  CwQuicBits bits = *reader;
  uint32_t *last = set->last;
  uint32_t end = 0, values = kind.first ? 0 : last[0], context = 0;
  QuicPixel left = quic_pixel_load (kind.first ? 0 : above[0]);
  unsigned pace = 0;

  for (size_t i = 0; i < width;) {
    QuicCodes codes;
    size_t from, stop;

    if (i == end) {
      pace = MIN (6, set->columns / CW_QUIC_SEGMENT);
      end = quic_segment_end (set, i, width);
      set->columns = MIN (CW_QUIC_SETTLED, set->columns + end - i);
    }
    if (!kind.first && i >= 3 && quic_may_run (above, row, i)) {
      const uint32_t n = quic_run (&bits, set, tables);

      if (G_UNLIKELY (n > end - i))
        return false;
      if (n > 0) {
        quic_fill (row + i, row[i - 1], n);
        i += n;
        values = last[i - 1];
        continue;
      }
      /* No run starts twice in one column. */
    }
    stop = !kind.first && i < 3 ? i + 1 : MIN (end, i + set->wait);
    from = i;
    codes = quic_select (set, values, kind);
    do {
      context = values;
      if (!quic_column (&bits, set, kind, &codes, &values))
        return false;
      last[i] = values;
      left = quic_reconstruct (left, kind.first ? 0 : above[i], values, kind);
      row[i] = quic_pixel_store (left);
    } while (++i < stop && (kind.first || !quic_may_run (above, row, i)));
    set->wait -= i - from;
    if (set->wait == 0)
      quic_adapt (set, pace, context, values, kind, family);
  }
  *reader = bits;
  return true;
}

static bool
quic_row_rgb8 (CwQuicBits *bits, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width)
{
  if (!above)
    return quic_row (bits, set, NULL, row, width, (QuicKind){ 3, 8, CW_QUIC_ESCAPE_8, true });
  return quic_row (bits, set, above, row, width, (QuicKind){ 3, 8, CW_QUIC_ESCAPE_8, false });
}

static bool
quic_row_rgb5 (CwQuicBits *bits, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width)
{
  if (!above)
    return quic_row (bits, set, NULL, row, width, (QuicKind){ 3, 5, CW_QUIC_ESCAPE_5, true });
  return quic_row (bits, set, above, row, width, (QuicKind){ 3, 5, CW_QUIC_ESCAPE_5, false });
}

static bool
quic_row_single8 (CwQuicBits *bits, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width)
{
  if (!above)
    return quic_row (bits, set, NULL, row, width, (QuicKind){ 1, 8, CW_QUIC_ESCAPE_8, true });
  return quic_row (bits, set, above, row, width, (QuicKind){ 1, 8, CW_QUIC_ESCAPE_8, false });
}

static void
quic_merge_alpha (uint32_t *restrict out, const uint32_t *restrict colour, const uint32_t *restrict alpha,
                  uint32_t width)
{
  for (uint32_t i = 0; i < width; i++)
    out[i] = colour[i] | alpha[i] << 24;
}

static void
quic_narrow_16 (uint16_t *restrict out, const uint32_t *restrict colour, uint32_t width)
{
  for (uint32_t i = 0; i < width; i++)
    out[i] = (colour[i] >> 6 & 0x7c00) | (colour[i] >> 3 & 0x03e0) | (colour[i] & 0x001f);
}

#define TABLE_NAME(isa) TABLE_NAME_ (isa)
#define TABLE_NAME_(isa) cw_quic_kernels_##isa

const CwQuicKernels TABLE_NAME (CW_ISA) = {
  quic_row_rgb8, quic_row_rgb5, quic_row_single8, quic_merge_alpha, quic_narrow_16,
};
