/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* QUIC's row kernel, as a template: quic-kernel.c and x86/quic_avx2.c include it, each compiled for its processor,
 * and get a static table `kernels`.
 *
 * All time goes to one serial chain: where a code word begins depends on the length of the one before. So that chain
 * is kept to four operations a sample (or, count zeros, two shifts) without tables or branches; everything else hangs
 * beside it. A reload at the start of a pixel gives 64 true bits, and three code words without an escape are at most
 * 63 bits long. Escapes with a length of their own leave the straight path. */
#include "codec/quic-state.h"

#include <string.h>
#ifdef __SSE4_1__
#include <immintrin.h>
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
  bits->n -= (int) (zeros + (uint32_t) code);
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

/* Three (or one) samples at once, a byte each: the prediction plus the difference that u stands for. */
QUIC_INLINE uint32_t
quic_reconstruct (uint32_t left, uint32_t above, uint32_t packed, QuicKind kind)
{
  const uint32_t ones = 0x010101, low7 = 0x7f * ones, max = ((1u << kind.bpc) - 1) * ones;
  uint32_t guess, difference;

  guess = kind.first ? left : (left & above) + ((left ^ above) >> 1 & low7);
  difference = (packed >> 1 & low7) ^ (packed & ones) * ((1u << kind.bpc) - 1);
  if (kind.bpc < 8)
    return (guess + difference) & max;
  return ((guess & low7) + (difference & low7)) ^ ((guess ^ difference) & (ones << 7));
}

/* Adds a value's lengths to the costs of a bucket and halves them once the least exceeds trigger; returns where the
 * least is, the first if there are several. Costs stay below 2^15: all lengths are at least 1 and at most 26, so no cost
 * exceeds 26 times the least + 26. */
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
quic_adapt (CwQuicSet *set, unsigned pace, uint32_t context, uint32_t values, QuicKind kind,
            const CwQuicFamily *family)
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

QUIC_INLINE bool
quic_row (CwQuicBits *reader, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width, QuicKind kind)
{
  const CwQuicTables *tables = cw_quic_tables ();
  const CwQuicFamily *family = kind.bpc == 8 ? &tables->bpc8 : &tables->bpc5;
  CwQuicBits bits = *reader;
  QuicCodes codes;
  uint32_t *last = set->last;
  uint32_t i = 0, end = 0, left = kind.first ? 0 : above[0], upper_left = left;
  uint32_t values = kind.first ? 0 : last[0], context = 0;
  unsigned pace = 0;

  while (i < width) {
    uint32_t from, stop, changed = 1;

    if (i == end) {
      pace = MIN (6, set->columns / CW_QUIC_SEGMENT);
      end = quic_segment_end (set, i, width);
      from = end - i;
      set->columns = MIN (CW_QUIC_SETTLED, set->columns + from);
    }
    stop = MIN (end, i + set->wait);
    if (kind.first)
      ;
    else if (i < 3)
      stop = i + 1;
    else
      changed = row[i - 1] ^ row[i - 2];

    codes = quic_select (set, values, kind);
    for (from = i;;) {
      uint32_t upper = kind.first ? 0 : above[i];

      if (!kind.first && ((upper ^ upper_left) | changed) == 0) {
        uint32_t n;

        n = quic_run (&bits, set, tables);
        if (G_UNLIKELY (n > end - i))
          return false;
        set->wait -= i - from;
        from = i;
        if (n > 0) {
          quic_fill (row + i, left, n);
          from = i += n;
          values = last[i - 1];
          upper_left = above[i - 1];
          break;
        }
        /* No run starts twice in one column. */
      }
      context = values;
      if (!quic_column (&bits, set, kind, &codes, &values))
        return false;
      last[i] = values;
      changed = left;
      left = quic_reconstruct (left, upper, values, kind);
      changed ^= left;
      row[i] = left;
      upper_left = upper;
      if (++i >= stop)
        break;
    }
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
  if (above == NULL)
    return quic_row (bits, set, NULL, row, width, (QuicKind){ 3, 8, CW_QUIC_ESCAPE_8, true });
  return quic_row (bits, set, above, row, width, (QuicKind){ 3, 8, CW_QUIC_ESCAPE_8, false });
}

static bool
quic_row_rgb5 (CwQuicBits *bits, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width)
{
  if (above == NULL)
    return quic_row (bits, set, NULL, row, width, (QuicKind){ 3, 5, CW_QUIC_ESCAPE_5, true });
  return quic_row (bits, set, above, row, width, (QuicKind){ 3, 5, CW_QUIC_ESCAPE_5, false });
}

static bool
quic_row_single8 (CwQuicBits *bits, CwQuicSet *set, const uint32_t *above, uint32_t *row, uint32_t width)
{
  if (above == NULL)
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

#define QUIC_KERNELS \
  { quic_row_rgb8, quic_row_rgb5, quic_row_single8, quic_merge_alpha, quic_narrow_16 }
